"""What several tests say to a memory, straight to its host: a request goes in, a reply comes back, no pipe between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from titans_edge.features import SpanFeatures
from titans_edge.sidecar.host import MemoryHost
from titans_edge.sidecar.protocol import Reply, Request, pack_span, unpack
from titans_edge.sources import USER, Source

TEXTS = [
    "Mary went to the kitchen.",
    "John took the milk there.",
    "My dog's name is Rex.",
    "Mary went to the garden.",
    "It rained.",
    "The milk is in the garden.",
    "John gave the milk to Mary.",
    "Where is Mary?",
]
DOCUMENT = Source("document", "notes.txt")
_numbers = count()


class Told:
    """A memory of a host, and what is said to it. spans: features of TEXTS."""

    def __init__(
        self, host: MemoryHost, spans: Sequence[SpanFeatures], path: Path | None, name: str, **of: bool
    ) -> None:
        self.host, self.spans, self.path, self.name = host, spans, path, name
        self.info = self.ask("open", path=None if path is None else str(path), **of).result

    def ask(self, op: str, features: Sequence[SpanFeatures] = (), operation: str = "", **args: Any) -> Reply:
        return self.host.handle(Request(op, self.name, operation, args, [pack_span(s) for s in features]))

    def change(self, op: str, *, operation: str = "", **args: Any) -> dict[str, Any]:
        return self.ask(op, operation=operation or fresh(), **args).result

    def tell(self, *which: int, source: Source = USER, texts: Sequence[str] = (), **of: Any) -> list[dict[str, Any]]:
        """Each span as a message of its own, with other words where there are some. Returns the rulings."""
        said = texts or [TEXTS[i] for i in which]
        return [self.write([i], [t], source, **of)[0] for i, t in zip(which, said, strict=True)]

    def write(self, which: Sequence[int], texts: Sequence[str] = (), source: Source = USER, *, operation: str = "",
              part: int = 0, guard: bool = True) -> list[dict[str, Any]]:  # fmt: skip
        """Spans of one message."""
        said = list(texts) or [TEXTS[i] for i in which]
        args = {"part": part, "kind": source.kind, "name": source.name, "texts": said, "offsets": [0] * len(said)}
        features = [self.spans[i] for i in which]
        rulings: list[dict[str, Any]] = self.ask("write", features, operation or fresh(), guard=guard, **args).result[
            "rulings"
        ]
        return rulings

    def state(self) -> bytes:
        state: bytes = self.ask("state").result["state"]
        return state

    def texts(self, **of: Any) -> list[str]:
        return [s["text"] for s in self.ask("find", **of).result["spans"]]

    def decisions(self) -> list[str]:
        return [s["decision"] for s in self.ask("find").result["spans"]]

    def rows(self, question: int = 7) -> bytes:
        reply = self.ask("retrieve", [self.spans[question]], text=TEXTS[question], k=0)
        return np.asarray(unpack(reply.arrays["rows"])).tobytes()

    def retrieved(self, text: str, k: int = 4, question: int | None = None) -> list[str]:
        features = [] if question is None else [self.spans[question]]
        return [s["text"] for s in self.ask("retrieve", features, text=text, k=k).result["retrieved"]]

    def stats(self) -> dict[str, Any]:
        return self.ask("stats").result

    def close(self) -> None:
        self.ask("close")


Open = Callable[..., Told]


def fresh() -> str:
    """An operation id that was not used yet."""
    return f"operation-{next(_numbers)}"
