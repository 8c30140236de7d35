"""A conversation: a session with a history. `turn` streams a reply, then learns; a full context drops the oldest turns.

A turn that is not heard to its end teaches nothing until `commit` is called, and what was said of it stands in the
history. `undo`, `retry` and `withdraw` take turns back; while `private` is set nothing that is said is learned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, compress
from pathlib import Path
from typing import Any
from uuid import uuid4

from titans_edge.backbone.model import Backbone
from titans_edge.backbone.sampling import Sampling
from titans_edge.backbone.spans import features
from titans_edge.backbone.speaker import Speaker
from titans_edge.errors import ContextOverflow, MemoryStateError, SidecarError, UsageError
from titans_edge.events import Done, Event, Notice, Remembered, Text
from titans_edge.framing import Message
from titans_edge.history import folded, said_in, tells
from titans_edge.questions import is_question
from titans_edge.routes import Mode
from titans_edge.session import RETRIEVED, Session
from titans_edge.sidecar.client import MemoryClient
from titans_edge.sources import ASSISTANT, USER, Source
from titans_edge.suspicion import voices
from titans_edge.text import spans

AGAIN = 0.7  # temperature of a reply that is asked for again, where 0 would give the same
Operations = list[str]  # by which the memory knows what a turn taught


@dataclass(frozen=True)
class Dropped(Notice):
    """The oldest turns have left the window."""


@dataclass(frozen=True)
class Unlearned(Notice):
    """What was said could not be kept. exit_code: of the error that says why."""

    exit_code: int


@dataclass(frozen=True)
class Undone:
    """What `undo` took back. texts: out of the memory; restored: see `MemoryClient.undo`; turns: that held one of the
    texts, and left the conversation; exchange: whether the last exchange left it; before: where there were no texts,
    what the next `undo` takes back.
    """

    texts: tuple[str, ...] = ()
    restored: int | None = None
    turns: int = 0
    exchange: bool = False
    before: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class _Turn:
    asked: Message
    reply: Message
    given: list[str]  # spans it was given as text
    operations: Operations


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
        self.context = context
        self.memory_mode: Mode | str = Mode(mode)
        self.facts = tuple[str, ...]()
        self.session = Session(
            backbone, client, context=context, system=system, k=k, learn_replies=learn_replies, route=route, heads=heads
        )
        self.rulings: list[dict[str, Any]] = []  # the policy's, on the last text learned
        self.remembered: Remembered | None = None  # what the last turn was given
        self.switch: Callable[[str], None] | None = None  # opens another backbone in this one's place, where it can
        self.private = False  # while it is set, nothing that is said is learned
        self._earlier: list[_Turn] = []  # turns that left the window
        self._messages: list[Message] = []
        self._given: list[list[str]] = []  # the spans each turn of these was given as text
        self._operations: list[Operations] = []  # by which the memory knows each turn of these
        self._told: list[Operations] = []  # all that `undo` takes back, the last one last
        self._open: list[str] | None = None  # the reply's text so far, of a turn that is not over
        self._learns = ""  # of the last turn: "all" of it, its "reply" or nothing
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

    def move(self, backbone: Backbone, client: MemoryClient | None) -> None:
        """Go on with another backbone and its memory. The old ones are the caller's to close."""
        old = self.session
        options = {"k": old.k, "learn_replies": old.learn_replies, "system": old.system or ""}
        self.session = Session(backbone, client, context=self.context, **options)  # type: ignore[arg-type]
        self.backbone, self.client, self.remembered = backbone, client, None
        old.close()

    # --- the conversation's text

    @property
    def messages(self) -> list[Message]:
        """All that was said in this conversation, also what left the window. The user begins, and both alternate."""
        self._over()
        return [m for t in self._earlier for m in (t.asked, t.reply)] + self._messages

    def new(self) -> None:
        """Drop the conversation's text; the memory stays."""
        self._earlier, self._messages, self._given, self._operations, self._open = [], [], [], [], None
        self.remembered = None

    def reset(self) -> None:
        """The memory was emptied: nothing of the conversation is left, nor of what could be taken back."""
        self.new()
        self._told = []

    def load(self, messages: Sequence[Message]) -> None:
        """Go on with another conversation; nothing of it is learned. The user begins, and both alternate."""
        self.new()
        self._messages = list(messages)
        self._given = [[] for _ in messages[::2]]
        self._operations = [[uuid4().hex] for _ in messages[::2]]
        self._told += self._operations

    def last_message(self) -> str:
        """What the user said last. Raises UsageError where nothing was said."""
        self._over()
        if not self._messages:
            raise UsageError("Nothing was said in this conversation yet.", "Type a message first.")
        return self._messages[-2]["content"]

    def forget(self, texts: Sequence[str]) -> int:
        """What was forgotten leaves the conversation: turns in which one of these texts was said, by either side, or
        given from the memory. White space and case do not count. Returns how many turns those were.
        """
        turns, window = self._turns(), len(self._earlier)
        heard = [list(map(folded, (t.asked["content"], t.reply["content"], *t.given))) for t in turns]
        gone = said_in(filter(None, map(folded, texts)), chain(*heard))
        kept = [not any(tells(said, text) for said in each for text in gone) for each in heard]
        self._earlier = list(compress(turns[:window], kept[:window]))
        self._show(list(compress(turns[window:], kept[window:])))
        return len(kept) - sum(kept)

    def _turns(self) -> list[_Turn]:
        """All of them, those that left the window first."""
        self._over()
        operations = [*self._operations, *([] for _ in self._given[len(self._operations) :])]
        window = zip(self._messages[::2], self._messages[1::2], self._given, operations, strict=True)
        return [*self._earlier, *(_Turn(*turn) for turn in window)]

    def _show(self, turns: Sequence[_Turn]) -> None:
        """These are the window."""
        self._messages = [m for t in turns for m in (t.asked, t.reply)]
        self._given, self._operations = [t.given for t in turns], [t.operations for t in turns]

    # --- turns

    def turn(self, message: str, *, learn: bool = True) -> Iterator[Event]:
        """Read the memory, speak, then learn the message. Closing the iterator stops the reply, and nothing is
        learned; nor without `learn`, until `commit`.
        """
        self._over()
        operations = [uuid4().hex]
        if self.client is not None:
            self.client.begin(operation=operations[0])
        self._told.append(operations)  # `undo` is about this message now, also where it is refused or not learned
        self._learns = "" if self.private else "all"
        yield from self._spoken(message, operations, learn)

    def retry(self) -> Iterator[Event]:
        """The last reply again, with another seed. What its message taught stays, and is not taught twice; before
        there is a new reply the old one stands.
        """
        message, turns, before = self.last_message(), self._turns(), self.remembered
        last, kept = turns[-1], self.sampling
        self._show(turns[len(self._earlier) : -1])
        learned = self.client is not None and self.session.learn_replies and self.client.told(*last.operations)
        self._learns = "reply" if learned and not self.private else ""
        begun = False
        try:
            if kept.temperature == 0:
                self.sampling = replace(kept, temperature=AGAIN)
                yield Notice(f"At temperature 0 the reply would be the same; this one is drawn at {AGAIN}.")
            for event in self._spoken(message, last.operations):
                begun = True
                yield event
        finally:
            self.sampling = kept
            if not begun:
                self._show([*self._turns()[len(self._earlier) :], last])
                self.remembered, self._learns = before, ""

    def withdraw(self) -> Undone:
        """Take the last exchange back, text and memory, whatever was told after it."""
        self.last_message()
        operations = self._operations[-1]
        return self._take_back(operations)

    def undo(self) -> Undone:
        """Take back what was said, told or read last, text and memory."""
        self._over()
        self.noted()
        if self.client is None and self._operations:
            return self._take_back(self._operations[-1])
        return self._take_back(self._told[-1] if self._told else [])

    def _take_back(self, operations: Operations) -> Undone:
        client, before = self.client, list[dict[str, Any]]()
        if client is not None:
            client.undo(*([] if operations == [client.last] else operations))  # fails: nothing is changed here either
        if operations in self._told:
            self._told.remove(operations)
        texts, restored = (client.forgotten, client.restored) if client is not None else ([], None)
        turns = self.forget(texts)
        left = self._turns()
        exchange = bool(operations and left) and left[-1].operations is operations
        if exchange:
            self._earlier = self._earlier if len(left) > len(self._earlier) + 1 else []
            self._show(left[len(self._earlier) : -1])
            self.remembered = None
        if client is not None and not texts:
            before = self._next(client)
        return Undone(tuple(texts), restored, turns, exchange or turns > 0, tuple(before))

    def _next(self, client: MemoryClient) -> list[dict[str, Any]]:
        """What the next `undo` takes out of the memory; what was forgotten since is passed over, but for exchanges."""
        while self._told:
            found = client.told(*self._told[-1])
            if found or any(self._told[-1] is operations for operations in self._operations):
                return found
            self._told.pop()
        return client.before

    def noted(self) -> None:
        """What others told the memory by its client counts as told here."""
        last = self.client.last if self.client is not None else ""
        if last and not any(last in operations for operations in self._told):
            self._told.append([last])

    def _spoken(self, message: str, operations: Operations, learn: bool = True) -> Iterator[Event]:
        said: list[str] = []
        self.remembered = None
        for event in self._reply(message):
            if self._open is None:
                self._messages.append({"role": "user", "content": message})
                self._given.append([])
                self._operations.append(operations)
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
            yield Unlearned(f"{e} The message was not learned.", e.exit_code)

    def commit(self, time: float | None = None) -> None:
        """Learn the last message, if that has not been done and is not to be left; see `Session.commit`."""
        learns, self._learns = self._learns, ""
        operations = self._operations[-1] if self._operations else [""]
        if learns == "all":
            self.session.commit(time, operation=operations[0])
        elif learns and self.client is not None:  # the old reply is forgotten, the new one learned
            self.client.forget([s["id"] for s in self.client.told(*operations) if s["kind"] == ASSISTANT.kind])
            operations.append(uuid4().hex)
            self.session.commit(time, said=(), operation=operations[-1])

    def learn(self, text: str, source: Source = USER, time: float | None = None) -> Iterator[tuple[int, int]]:
        """Write a text on the fast path: yields (spans, tokens) written after each group. Durable at the end."""
        for step in self.session.learn(text, source, time):
            self.noted()
            yield step
        if self.client is not None:
            self.rulings = self.client.wait()

    def remember(self, text: str) -> list[dict[str, Any]]:
        """Learn a text as if it had been said, without a reply; what was decided about each span."""
        if self.client is None:
            raise UsageError("The memory is off.", "Start without --no-memory.")
        self._told.append([uuid4().hex])
        plain = text.encode("utf-8", "replace").decode("utf-8")
        self.session.tell(voices(plain), self._told[-1][0])
        self.rulings = self.client.wait()
        return self.rulings

    def correct(self, span: dict[str, Any], text: str) -> dict[str, Any]:
        """Put a sentence in the place of a stored one, as if the user had said it then: all of that, or nothing.
        Returns what was decided about it; what held the old one is `forget`'s business.
        """
        session, count = self.session, self.backbone.vocab.encode
        if self.client is None or session.reader is None:
            raise UsageError("The memory is off.", "Start without --no-memory.")
        plain = text.encode("utf-8", "replace").decode("utf-8")
        cut = [s.text for s in spans(plain, lambda s: len(count(s)))]
        if len(cut) != 1:
            hint = "Give one, or /forget the old one and tell the new ones."
            raise UsageError(f"That is {len(cut) or 'no'} sentence{'s' * (len(cut) > 1)}.", hint)
        follows = [s["text"] for s in self.client.get([span["id"] - 1]) if s["kind"] == USER.kind]
        return self.client.correct(span["id"], cut[0], list(features(session.reader, [*follows, cut[0]])))

    def recall(self, words: str) -> Remembered:
        """What the memory would give for these words, asked as a question; nothing is said or learned."""
        if self.client is None:
            raise UsageError("The memory is off.", "Start without --no-memory.")
        return self.session.recall(words if is_question(words) else f"{words.rstrip(' .!')}?", Mode(self.memory_mode))

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
            if at:
                turns = self._turns()
                self._earlier = turns[: len(self._earlier) + at // 2]
                self._show(turns[len(self._earlier) :])
                yield Dropped("The context was full: the oldest turns were dropped, the memory stays.")
            yield event
            yield from events
            return

    def _sampling(self) -> Sampling:
        """The next reply's: a seed gives the same conversation again, but not every reply the same luck."""
        seed = self.sampling.seed
        here = replace(self.sampling, seed=None if seed is None else (seed + self._replies) % 2**32)
        self._replies += 1
        return here
