"""A chat without a backbone: it answers from what it is given, and writes down all it was asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from titans_edge.backbone.sampling import Sampling
from titans_edge.chat import Chat
from titans_edge.errors import ContextOverflow
from titans_edge.events import Done, Event, Remembered, Text
from titans_edge.sources import Source


@dataclass(frozen=True)
class Asked:
    """One turn as the chat saw it. before: messages of the same conversation; known: what the memory held."""

    message: str
    memory_mode: str
    facts: tuple[str, ...]
    before: tuple[str, ...]
    known: tuple[str, ...]
    max_tokens: int
    learn: bool


class TalkMemory:
    """The memory of `TalkChat`: what was told, in order."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def reset(self) -> None:
        self.told.clear()

    def wait(self) -> list[dict[str, Any]]:
        return []


@dataclass
class TalkChat:
    """`Chat` as evaluations use it. The reply's last words are everything it was given: memory, facts or nothing.

    seconds: what each thing takes by its clock: the first time and later times.
    """

    client: TalkMemory | None = field(default_factory=TalkMemory)
    memory_mode: str = "auto"
    facts: tuple[str, ...] = ()
    sampling: Sampling = field(default_factory=Sampling)
    rulings: list[dict[str, Any]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    conversation: list[str] = field(default_factory=list)
    interrupt_at: int | None = None  # Ctrl-C is pressed in this turn
    gives_rows: bool = True
    now: float = 0.0
    system: str | None = "ours"
    seconds: dict[str, tuple[float, float]] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)

    @property
    def backbone(self) -> TalkChat:
        return self

    @property
    def session(self) -> TalkChat:
        return self

    @property
    def vocab(self) -> TalkChat:
        return self

    @property
    def speaker(self) -> TalkChat:
        return self

    n_ctx = 4096

    def encode(self, text: str) -> list[str]:
        return text.split(" ")

    def decode(self, tokens: Sequence[str]) -> str:
        return " ".join(tokens)

    def clear(self) -> None:
        self.new()

    def feed(self, tokens: Sequence[str]) -> None:
        self._takes("feed")

    def new(self) -> None:
        self.conversation.clear()

    def learn(self, text: str, source: Source) -> Iterator[tuple[int, int]]:
        assert self.client is not None and self.memory_mode != "off"
        self.client.told.append(text)
        self.read.append(text)
        self._takes("learn")
        yield 1, len(text.split())

    def turn(self, message: str, *, learn: bool = True) -> Iterator[Event]:
        known = tuple(self.client.told) if self.client is not None else ()
        before, limit = tuple(self.conversation), self.sampling.max_tokens
        self.asked.append(Asked(message, self.memory_mode, self.facts, before, known, limit, learn))
        if len(self.asked) == self.interrupt_at:
            raise KeyboardInterrupt
        if "too long" in " ".join((message, *self.facts)):
            raise ContextOverflow("The message has 9999 tokens.", "Make it shorter.")
        rows = bool(known) and self.gives_rows and self.memory_mode in ("auto", "association", "both")
        text = known if self.memory_mode in ("text", "both") else ()
        if rows or text:
            routes = ("text",) * bool(text) + ("association",) * rows
            yield Remembered(routes, 5 * rows, 0.9, "place", 1, tuple({"text": t} for t in text))
        yield Text("I was given: ")
        yield Text(" ".join((*(known if rows else text), *self.facts, *before)) or "nothing")
        first = self._takes(self.memory_mode)
        yield Done(first, 11, first + 2.0)  # ten tokens after the first in two seconds
        self.conversation.append(message)
        if learn and self.client is not None:
            self.client.told.append(message)

    def surprise(self, passage: str) -> tuple[Any, bool]:
        given = self.memory_mode != "off" and bool(self.client and self.client.told)
        return np.full(len(passage), 2.0 + given, np.float32), given

    def clock(self) -> float:
        return self.now

    def _takes(self, what: str) -> float:
        first, later = self.seconds.get(what, (1.0, 1.0))
        took = later if self.times.get(what) else first
        self.times[what] = self.times.get(what, 0) + 1
        self.now += took
        return took


def as_chat(fake: TalkChat) -> Chat:
    return cast(Chat, fake)
