"""What of a message asks, and whether the conversation speaks of it already. Knows texts only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from titans_edge.framing import Message
from titans_edge.questions import as_question, may_ask
from titans_edge.text import calm, content_words, is_question, sentences

_NAMES = re.compile(r"(?<=[\w,'’] )[A-Z0-9]")


@dataclass(frozen=True)
class Asking:
    """parts: a message's sentences; questions: those that ask; asked: what is looked for, the last question or the
    last sentence, with the others where it says nothing without them ("I'm at the padlock. What's the code?"). wants:
    nothing asks, and what is said may want what was told all the same. put: what is looked for as a question, in small
    letters where the message shouts.
    """

    parts: tuple[str, ...]
    questions: tuple[str, ...]
    asked: str
    wants: bool = False
    put: str = ""

    @classmethod
    def of(cls, message: str) -> Asking:
        parts = tuple(s.text for s in sentences(message)) or (message,)
        questions = tuple(p for p in parts if is_question(p))
        asked = (questions or parts)[-1]
        says = len(set(content_words(asked))) > 1 or _NAMES.search(asked) is not None
        whole = asked if says or not questions or asked != parts[-1] else " ".join(parts)
        wants = not questions and may_ask(asked, alone=len(parts) == 1)
        return cls(parts, questions, whole, wants, calm(as_question(whole) if wants else whole))

    @property
    def told(self) -> tuple[str, ...]:
        """What the message says beside what it asks."""
        return tuple(p for p in self.parts if p not in self.questions and p not in self.asked)


def spoken_of(question: str, messages: Sequence[Message]) -> bool:
    """Whether a word the question is about stands in the conversation, where the model can see it."""
    said = {w for m in messages if m.get("role") != "system" for w in content_words(m.get("content", ""))}
    return bool(said & set(content_words(question)))
