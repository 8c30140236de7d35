"""What a conversation tells that the memory does not know, as it was said in private: it is judged with what the memory
knows, and the newest word holds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from titans_edge.answers import Spans
from titans_edge.asking import speaks_of, told_here
from titans_edge.framing import Message
from titans_edge.judging import whole
from titans_edge.sidecar.readout import MemoryReadout
from titans_edge.sources import USER
from titans_edge.suspicion import voices
from titans_edge.text import plain, tells

HERE = "here"  # marks a span that is no memory's
FIRST = 1 << 40  # the number of the first such span: no memory holds so many
PRIVATE = 8  # sentences of the conversation that may have been told in private, at most


def told_in_private(
    question: str, before: Sequence[Message], readout: MemoryReadout, stored: Callable[[str], bool]
) -> list[str]:
    """The user's own sentences that share a word with a question (of a listing: all), which the memory has not found
    and has not stored, and after which nothing of what it found was told.
    """
    found = [whole(s) for s in (*readout.retrieved, *readout.replaced, *readout.behind)]
    told = [plain(t) for t in told_here(question, before, None if readout.listing else 0.0)]
    known = [any(t in text for text in found) for t in told]
    after = told[max((n for n, k in enumerate(known, 1) if k), default=0) :]
    own = [t for t in after if tells(t) and not any(v.pasted for v in voices(t))]
    return [t for t in own[-PRIVATE:] if not stored(t)]


def with_told(readout: MemoryReadout, told: Sequence[str], now: float) -> MemoryReadout:
    """A readout whose spans are to be judged, with such sentences as the newest of them; a listing of what is stored is
    none where something else was told. now: seconds since 1970.
    """
    if readout.listing and told:
        return replace(readout, retrieved=(), listing=False)
    if not told or readout.prompt is None:
        return readout
    also = [
        {"id": n, "text": t, "kind": USER.kind, "source": USER.label, "time": now, "match": 0.5, HERE: True}
        for n, t in enumerate(told, FIRST)
    ]
    return replace(readout, retrieved=(*readout.retrieved, *also), untold=False)


def is_known(question: str, told: Sequence[str], given: Spans) -> bool:
    """Whether nothing told in private has most of a question's words, or what is given has such: else the conversation
    is seen.
    """
    return not any(speaks_of(question, t) for t in told) or any(s.get(HERE) for s in given)
