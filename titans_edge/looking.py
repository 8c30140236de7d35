"""Is the answer in what was recalled? The lines are read once more with the question in front, through the backbone's
lower half, and the memory's pointer says where the answer stands, or that it stands nowhere.

Knows nothing of how lines are found, nor what is said where there is no answer.
"""

from __future__ import annotations

from collections.abc import Sequence

from titans_edge.backbone.looking import look
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.reader import Reader
from titans_edge.sidecar.client import MemoryClient


class Looker:
    """A reader of its own on the backbone; closed by its owner."""

    def __init__(self, backbone: Backbone, memory: MemoryClient, layer: int) -> None:
        self.memory, self._reader = memory, Reader(backbone, layer, max_spans=1)

    def close(self) -> None:
        """May run twice."""
        self._reader.close()

    def none(self, question: str, lines: Sequence[str]) -> float | None:
        """Log-odds that no line answers the question; None where that cannot be said."""
        looked = look(self._reader, question, lines)
        pointed = self.memory.point(looked) if looked is not None and lines else None
        return None if not pointed else float(pointed["none"])


def looker(backbone: Backbone, memory: MemoryClient | None) -> Looker | None:
    """None where the memory's graft has no pointer."""
    layer = 0 if memory is None else int(memory.info.get("looks", 0))
    return Looker(backbone, memory, layer) if memory is not None and layer else None
