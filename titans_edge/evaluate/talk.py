"""How evaluations speak with the program: tell something as a source, state a lot, and hear a reply."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from titans_edge.chat import Chat
from titans_edge.evaluate.distractors import TOGETHER
from titans_edge.session import Event, Text
from titans_edge.sources import USER, Source


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


def state(
    chat: Chat, statements: Sequence[str], time: float | None = None, progress: Callable[[int], None] = lambda n: None
) -> None:
    """Statements as the user's own words on the fast path, a paragraph each; told at one time (None: now)."""
    for at in range(0, len(statements), TOGETHER):
        group = statements[at : at + TOGETHER]
        for _ in chat.session.learn("\n\n".join(group), USER, time):
            pass
        progress(len(group))


def hear(events: Iterator[Event]) -> str:
    """The whole reply. Every event is taken, so the turn comes to its end."""
    return "".join(e.text for e in events if isinstance(e, Text)).strip()


def ask(chat: Chat, question: str, *, learn: bool = False) -> str:
    """The answer to a question in a fresh conversation: only the memory can know."""
    chat.new()
    return hear(chat.turn(question, learn=learn))
