"""How evaluations speak with the program: tell something as a source, state a lot, and hear a reply."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from titans_edge.backbone.spans import features
from titans_edge.chat import Chat
from titans_edge.errors import UsageError
from titans_edge.events import Event, Text
from titans_edge.sources import USER, Source
from titans_edge.text import Span, spans

TOGETHER = 64  # spans that are read at once: four times as fast as one by one
Statement = tuple[str, float | None]  # a text, and when it was told, in seconds since 1970 (None: now)


@dataclass(frozen=True)
class Told:
    """A text and where it comes from: kind as in `sources` ("user", "document", "pasted", …), name of the document."""

    text: str
    kind: str = "user"
    name: str = ""


def tell(chat: Chat, told: Told) -> list[dict[str, Any]]:
    """The user's words are a turn, with a reply of one token because nobody hears it; all else is read into the memory.

    Returns the guard's rulings.
    """
    if told.kind != "user":
        for _ in chat.learn(told.text, Source(told.kind, told.name)):
            pass
        return list(chat.rulings)
    before = chat.sampling
    chat.sampling = replace(before, max_tokens=1)
    try:
        hear(chat.turn(told.text))
    finally:
        chat.sampling = before
    if chat.client is not None:
        chat.rulings = chat.client.wait()
    return list(chat.rulings)


def state(chat: Chat, statements: Sequence[Statement], progress: Callable[[int], None] = lambda n: None) -> None:
    """Statements as the user's own words, a message each: as `Session.learn` of one after the other, only that they
    are read together. A memory's `wait` makes sure of them.
    """
    waiting: list[tuple[list[Span], float | None]] = []
    for text, time in statements:
        cut = list(spans(text, lambda s: len(chat.backbone.vocab.encode(s))))
        if sum(len(c) for c, _ in waiting) + len(cut) > TOGETHER:
            _written(chat, waiting, progress)
        if len(cut) > TOGETHER:
            for _ in chat.session.learn(text, USER, time):
                pass
            progress(1)
        else:
            waiting.append((cut, time))
    _written(chat, waiting, progress)


def _written(chat: Chat, waiting: list[tuple[list[Span], float | None]], progress: Callable[[int], None]) -> None:
    """What waits, read together and written one by one; nothing waits afterwards."""
    memory, reader = chat.session.memory, chat.session.reader
    if memory is None or reader is None:
        raise UsageError("There is no memory to write to.", "Leave out --no-memory.")
    read = iter(list(features(reader, [s.text for cut, _ in waiting for s in cut])) if waiting else [])
    for cut, time in waiting:
        memory.begin(time)
        memory.write(list(islice(read, len(cut))), [s.text for s in cut], USER, [s.start for s in cut])
    progress(len(waiting))
    waiting.clear()


def hear(events: Iterator[Event]) -> str:
    """The whole reply. Every event is taken, so the turn comes to its end."""
    return "".join(e.text for e in events if isinstance(e, Text)).strip()


def ask(chat: Chat, question: str, *, learn: bool = False) -> str:
    """The answer to a question in a fresh conversation: only the memory can know."""
    chat.new()
    return hear(chat.turn(question, learn=learn))
