"""What can be put into the backbone's sequence beside the conversation's own tokens, and taken out again.

A route (`titans_edge.routes`) makes injections; the speaker feeds them. A new kind of injection is a class here and a
branch in `Speaker.inject`.
"""

from __future__ import annotations

from dataclasses import dataclass

from titans_edge.backbone.batch import FloatArray


@dataclass(frozen=True)
class Rows:
    """Embedding rows (n, n_embd) at the input layer."""

    rows: FloatArray

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Tokens:
    """Text as token ids."""

    ids: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Injection:
    """Parts in the order they are fed."""

    parts: tuple[Rows | Tokens, ...] = ()

    def __len__(self) -> int:
        return sum(map(len, self.parts))


@dataclass(frozen=True)
class Handle:
    """Where an injection stands: positions [start, end)."""

    start: int
    end: int
