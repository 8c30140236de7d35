"""A conversation: a session with a history. `turn` streams a reply, then learns; a full context drops the oldest turns.

A turn that is not heard to its end teaches nothing until `commit` is called, and what was said of it stands in the
history.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, compress
from pathlib import Path
from typing import Any

from titans_edge.backbone.model import Backbone
from titans_edge.backbone.sampling import Sampling
from titans_edge.backbone.speaker import Speaker
from titans_edge.errors import ContextOverflow, MemoryStateError, SidecarError
from titans_edge.history import folded, said_in, tells
from titans_edge.routes import Mode
from titans_edge.session import RETRIEVED, Done, Event, Message, Notice, Remembered, Session, Text
from titans_edge.sidecar.client import MemoryClient
from titans_edge.sources import USER, Source


class Chat:
    """One conversation with one memory. client None: the plain backbone. Closed by `with`.

    mode: what a turn takes from the memory; facts: lines that stand where retrieved spans would, in every turn; the
    rest as in `Session`.
    """

    def __init__(
        self,
        backbone: Backbone,
        client: MemoryClient | None,
        *,
        context: int = 8192,
        sampling: Sampling | None = None,
        system: str | None = None,
        mode: Mode = Mode.AUTO,
        k: int = RETRIEVED,
        learn_replies: bool = False,
        route: str = "text",
        heads: Path | None = None,
    ) -> None:
        self.backbone, self.client, self.sampling = backbone, client, sampling or Sampling()
        self.memory_mode: Mode | str = Mode(mode)
        self.facts = tuple[str, ...]()
        self.session = Session(
            backbone, client, context=context, system=system, k=k, learn_replies=learn_replies, route=route, heads=heads
        )
        self.rulings: list[dict[str, Any]] = []  # the policy's, on the last text learned
        self.remembered: Remembered | None = None  # what the last turn was given
        self._messages: list[Message] = []
        self._given: list[list[str]] = []  # the spans each turn of these was given as text
        self._open: list[str] | None = None  # the reply's text so far, of a turn that is not over
        self._replies = 0

    @property
    def speaker(self) -> Speaker:
        return self.session.speaker

    @property
    def system(self) -> str | None:
        """The system prompt of conversations that bring none; None: the template's own."""
        return self.session.system

    @system.setter
    def system(self, text: str | None) -> None:
        self.session.system = text

    def close(self) -> None:
        self.session.close()

    def __enter__(self) -> Chat:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def new(self) -> None:
        """Drop the conversation's text; the memory stays."""
        self._messages, self._given, self._open = [], [], None

    def forget(self, texts: Sequence[str]) -> int:
        """What was forgotten leaves the conversation: turns in which one of these texts was said, by either side, or
        given from the memory. White space and case do not count. Returns how many turns those were.
        """
        self._over()
        turns = list(zip(self._messages[::2], self._messages[1::2], self._given, strict=True))
        heard = [list(map(folded, (asked["content"], reply["content"], *given))) for asked, reply, given in turns]
        gone = said_in(filter(None, map(folded, texts)), chain(*heard))
        kept = [not any(tells(said, text) for said in each for text in gone) for each in heard]
        self._messages = [m for asked, reply, _ in compress(turns, kept) for m in (asked, reply)]
        self._given = list(compress(self._given, kept))
        return len(kept) - sum(kept)

    def turn(self, message: str, *, learn: bool = True) -> Iterator[Event]:
        """Read the memory, speak, then learn the message. Closing the iterator stops the reply, and nothing is
        learned.
        """
        self._over()
        said: list[str] = []
        self.remembered = None
        if self.client is not None:
            self.client.begin()  # `undo` is about this message now, also where it is refused or not learned
        for event in self._reply(message):
            if self._open is None:
                self._messages.append({"role": "user", "content": message})
                self._given.append([])
                self._open = said
            if isinstance(event, Remembered):
                self.remembered = event
                self._given[-1] += [s.get("said") or s["text"] for s in event.retrieved]
            if isinstance(event, Text):
                said.append(event.text)
            yield event
            if isinstance(event, Done) and event.stop_reason == "context":
                yield Notice("The context is full; /new drops the conversation's text and keeps the memory.")
        self._over()
        if learn:
            yield from self._learned()

    def _over(self) -> None:
        """What was said of the last turn is its reply, also where it was broken off."""
        if self._open is not None:
            self._messages.append({"role": "assistant", "content": "".join(self._open)})
            self._open = None

    def _learned(self) -> Iterator[Event]:
        try:
            self.commit()
        except (SidecarError, MemoryStateError) as e:
            yield Notice(f"{e} The message was not learned.")

    def commit(self, time: float | None = None) -> None:
        """Learn the last message, if that has not been done; see `Session.commit`."""
        self.session.commit(time)

    def learn(self, text: str, source: Source = USER, time: float | None = None) -> Iterator[tuple[int, int]]:
        """Write a text on the fast path: yields (spans, tokens) written after each group. Durable at the end."""
        yield from self.session.learn(text, source, time)
        if self.client is not None:
            self.rulings = self.client.wait()

    def surprise(self, passage: str) -> tuple[Any, bool]:
        """See `Session.surprise`."""
        return self.session.surprise(passage, Mode(self.memory_mode))

    def _reply(self, message: str) -> Iterator[Event]:
        """The session's reply; while the messages do not fit, the oldest turns leave the window (and stay in memory).

        Where not even the message alone fits, the history stays as it is.
        """
        mode, sampling = Mode(self.memory_mode), self._sampling()
        said = self._messages
        for at in range(0, len(said) + 1, 2):
            messages = [*said[at:], {"role": "user", "content": message}]
            events = self.session.reply(messages, sampling, mode=mode, facts=self.facts, whole=at < len(said))
            try:
                event = next(events)
            except ContextOverflow:
                if at >= len(said):
                    raise
                continue
            self._messages, self._given = said[at:], self._given[at // 2 :]
            if at:
                yield Notice("The context was full: the oldest turns were dropped, the memory stays.")
            yield event
            yield from events
            return

    def _sampling(self) -> Sampling:
        """The next reply's: a seed gives the same conversation again, but not every reply the same luck."""
        seed = self.sampling.seed
        here = replace(self.sampling, seed=None if seed is None else (seed + self._replies) % 2**32)
        self._replies += 1
        return here
