"""Two people who told things and ask about them, as a set of `eval natural` has them; and a chat that is watched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from titans_edge.chat import Chat
from titans_edge.events import Event


def asks(id: str, question: str, kind: str, *targets: str) -> dict[str, Any]:
    return {"id": id, "question": question, "targets": list(targets), "kind": kind}


ANNA = {
    "name": "Anna",
    "told": [
        {"text": "The key lies under the mat.", "days_ago": 1},
        {"text": "I live in Leeds. My dog is called Rex.", "days_ago": 9},
        {"text": "I just had lunch.", "days_ago": 0.25},
    ],
    "questions": [
        asks("a1", "Where is the key?", "phrase", "under the mat", "mat"),
        asks("a2", "What is my dog called?", "word", "rex"),
        asks("a3", "What is my cat called?", "untold"),
        asks("a4", "Who lives where the dog lives?", "two", "Leeds"),
        asks("a5", "Where is the aquarium?", "word", "Leeds"),
    ],
}
BEN = {
    "name": "Ben",
    "told": [{"text": "Quinoa for lunch at 7:40.", "days_ago": 3}],
    "questions": [
        asks("b1", "When is quinoa?", "time", "07:40"),
        asks("b2", "What do I take on Sunday?", "word", "kippers"),
    ],
}
SET = {"people": [ANNA, BEN]}


def written(path: Path, content: Any = SET) -> Path:
    path.write_text(json.dumps(content))
    return path


@dataclass(frozen=True)
class Turn:
    """message: what was asked or told; known: the texts of the memory then; now: what the session's clock showed."""

    message: str
    mode: str
    known: tuple[str, ...]
    now: float
    learn: bool
    before: int  # messages of the same conversation
    max_tokens: int
    facts: tuple[str, ...]


class Watched(Chat):
    """A chat that writes down its turns. interrupt_at: Ctrl-C is pressed in that turn, counted from 1."""

    interrupt_at = 0

    def watch(self, interrupt_at: int = 0) -> list[Turn]:
        """From here on."""
        self.turns, self.interrupt_at = list[Turn](), interrupt_at
        return self.turns

    def turn(self, message: str, *, learn: bool = True) -> Iterator[Event]:
        known = () if self.client is None else tuple(s["text"] for s in self.client.find())
        self.turns.append(
            Turn(message, str(self.memory_mode), known, self.session.clock(), learn, len(self._messages),
                 self.sampling.max_tokens, self.facts)
        )  # fmt: skip
        if len(self.turns) == self.interrupt_at:
            raise KeyboardInterrupt
        return super().turn(message, learn=learn)
