"""What a conversation tells that the memory does not know, as it was said in private: it is judged with what the memory
knows, and the newest word holds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from titans_edge.answers import Spans
from titans_edge.asking import told_here
from titans_edge.framing import Message
from titans_edge.judging import whole
from titans_edge.sidecar.readout import MemoryReadout
from titans_edge.sources import USER
from titans_edge.text import plain

HERE = "here"  # marks a span that is no memory's
PRIVATE = 8  # sentences of the conversation that may have been told in private, at most


def told_in_private(
    question: str, before: Sequence[Message], readout: MemoryReadout, stored: Callable[[str], bool]
) -> list[str]:
    """The user's sentences that share a word with a question, which the memory did not find and has not stored."""
    found = [whole(s) for s in (*readout.retrieved, *readout.replaced, *readout.behind)]
    told = [t for t in map(plain, told_here(question, before, 0.0)) if not any(t in text for text in found)]
    return [t for t in told[-PRIVATE:] if not stored(t)]


def with_told(readout: MemoryReadout, told: Sequence[str], now: float) -> MemoryReadout:
    """A readout whose spans are to be judged, with such sentences as the newest of them. now: seconds since 1970."""
    if not told or readout.prompt is None:
        return readout
    newest = max((int(s["id"]) for s in (*readout.retrieved, *readout.replaced)), default=0)
    also = [
        {"id": n, "text": t, "kind": USER.kind, "source": USER.label, "time": now, "match": 0.5, HERE: True}
        for n, t in enumerate(told, newest + 1)
    ]
    return replace(readout, retrieved=(*readout.retrieved, *also), untold=False)


def is_known(question: str, before: Sequence[Message], told: Sequence[str], given: Spans) -> bool:
    """Whether nothing told in private has most of a question's words, or what is given has such: else the conversation
    is seen.
    """
    mostly = {plain(t) for t in told_here(question, before)}
    return mostly.isdisjoint(told) or any(s.get(HERE) for s in given)
