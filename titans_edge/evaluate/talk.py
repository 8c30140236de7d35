"""How evaluations speak with the program: tell something as a source, and hear the first sentence of a reply."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, cast

from titans_edge.runtime import Chat, Event, Text
from titans_edge.sources import Source


@dataclass(frozen=True)
class Told:
    """A text and where it comes from: kind as in `sources` ("user", "document", "pasted", "web", …), name of the
    document.
    """

    text: str
    kind: str = "user"
    name: str = ""


def tell(chat: Chat, told: Told) -> list[dict[str, Any]]:
    """The user's words are a turn whose reply is cut off after its first token; all else is read into the memory.

    Returns the guard's verdicts.
    """
    if told.kind == "user":
        with _closing(chat.turn(told.text)) as events:
            next(events)
        return [] if chat.client is None else chat.client.wait()
    for _ in chat.learn(told.text, Source(told.kind, told.name)):
        pass
    return chat.verdicts


def hear(events: Iterator[Event]) -> str:
    """The reply up to the end of its first sentence, where the score stops looking; the rest is not generated."""
    said = ""
    with _closing(events) as running:
        for event in running:
            said += event.text if isinstance(event, Text) else ""
            if re.search(r"[.\n]", said.strip()):
                break
    return said.strip()


def ask(chat: Chat, question: str, *, learn: bool = False) -> str:
    """The answer to a question in a fresh conversation: only the memory can know."""
    chat.new()
    return hear(chat.turn(question, learn=learn))


def _closing(events: Iterator[Event]) -> closing[Generator[Event, None, None]]:
    return closing(cast("Generator[Event, None, None]", events))
