"""What several tests say to a memory, and how they look at its state."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from titans_edge.features import SpanFeatures
from titans_edge.sidecar.client import MemoryClient
from titans_edge.sources import USER, Source

TEXTS = [
    "Mary went to the kitchen.", "John took the milk there.", "My dog's name is Rex.", "Mary went to the garden.", "It rained.",
    "The milk is in the garden.", "John gave the milk to Mary.", "Where is Mary?",
]  # fmt: skip
Open = Callable[..., MemoryClient]


def tell(c: MemoryClient, spans: Sequence[SpanFeatures], which: Sequence[int], source: Source = USER) -> None:
    """Each span as a message of its own."""
    for i in which:
        c.event()
        c.write([spans[i]], [TEXTS[i]], source)
    c.wait()


def state(c: MemoryClient) -> bytes:
    s = c.state()
    return s["memory"].data + s["momentum"].data
