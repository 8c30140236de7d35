"""What the slash commands of a chat share: the table they stand in, and what each has to work with.

A new command is one function with `@command(...)` above it, in any of the `slash_*` files: its help line, what its
argument is completed with, and what it does.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from titans_edge.cli import common
from titans_edge.cli.typeahead import unseen
from titans_edge.errors import UsageError

if TYPE_CHECKING:
    from titans_edge.chat import Chat
    from titans_edge.cli.prompt import Lines
    from titans_edge.events import Event
    from titans_edge.history import History
    from titans_edge.sidecar.client import MemoryClient

SHOWN = 20  # sentences listed, at most
MAX_ID = 2**63 - 1


class Room:
    """One chat, where its lines come from, and how it speaks. say: shows the events of a turn, and learns from it."""

    def __init__(self, talk: Chat, history: History, lines: Lines, say: Callable[[Iterator[Event]], None]) -> None:
        self.talk, self.history, self.lines, self.say = talk, history, lines, say
        self.last = ""  # figures of the last reply
        self.told_of_window = False  # the user knows that this conversation's oldest turns left it

    @property
    def client(self) -> MemoryClient:
        if self.talk.client is None:
            raise UsageError("The memory is off.", "Start without --no-memory.")
        return self.talk.client

    def confirm(self, question: str) -> bool:
        return self.lines.confirm(question)

    @contextmanager
    def whole(self) -> Iterator[list[int]]:
        """What runs inside is not left in the middle by Ctrl-C: see `interrupts`."""
        with interrupts(self.talk.client) as pressed:
            yield pressed

    def fresh(self) -> None:
        """Another conversation begins."""
        self.told_of_window = False

    def gone(self, texts: list[str], turns: int | None = None) -> None:
        """What was forgotten leaves the prompt's history, the conversation and the last answer's sources; what is ruled
        otherwise now. turns: that left the conversation already.
        """
        self.history.forget(texts)
        turns = self.talk.forget(texts) if turns is None else turns
        if turns:
            print(f"{turns} turn{'s' * (turns > 1)} of this conversation held it, and left it too.")
        given = self.talk.remembered
        if given is not None:
            left = tuple(s for s in given.retrieved if not any(text in (s.get("said") or s["text"]) for text in texts))
            self.talk.remembered = replace(given, retrieved=left)
        self.changed()
        if texts and self.client.path is not None:
            from titans_edge.journal.upkeep import leftovers

            for file in leftovers(self.client.path):
                print(f"! {file.name} may still hold it: `titans-edge memory clean` removes what repairs left.")

    def changed(self) -> None:
        for s in self.client.changed:
            print(f"! {s['decision']} now: {common.cite(s)}")


@dataclass(frozen=True)
class Command:
    """name: with its slash; usage: its arguments; help: one line; completes: what its argument is ("path", "paths",
    "setting", "backbone" or nothing that can be guessed).
    """

    name: str
    usage: str
    help: str
    run: Callable[[Room, str], None]
    completes: str = ""


COMMANDS: dict[str, Command] = {}
Run = Callable[[Room, str], None]


def command(name: str, usage: str, help: str, completes: str = "") -> Callable[[Run], Run]:
    """Puts a function into the table: it gets the room, and what stands after the command's name."""

    def put(run: Run) -> Run:
        COMMANDS[name] = Command(name, usage, help, run, completes)
        return run

    return put


@contextmanager
def interrupts(client: MemoryClient | None) -> Iterator[list[int]]:
    """Collects Ctrl-C instead of raising it: llama.cpp must not be left in the middle of a step. What waits for the
    memory's answer is in the middle of nothing, and ends. What is typed meanwhile is not shown: see `unseen`.
    """
    pressed: list[int] = []

    def press(number: int, _: object) -> None:
        pressed.append(number)
        if client is not None and client.asking:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, press)
    try:
        with unseen():
            yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


def listed(spans: list[dict[str, Any]], otherwise: str) -> None:
    """Print stored sentences, the newest ones where they are many; or what to say where there are none."""
    for s in spans[-SHOWN:]:
        print(f"  {common.cite(s)}")
    if len(spans) > SHOWN:
        print(f"  and {len(spans) - SHOWN} older ones")
    if not spans:
        print(otherwise)


def number(text: str) -> int:
    """The number of a span as the user types it, `12` or `#12`; a number the journal could not hold is none."""
    found = re.fullmatch(r"#?([0-9]{1,19})", text)
    if found is None or int(found[1]) > MAX_ID:
        raise UsageError(
            f"{text[:40]!r} is no number of a sentence.", "Numbers stand in brackets in /memory WORDS and /quarantine."
        )
    return int(found[1])


def file(text: str, usage: str) -> Path:
    """A file the user names, with or without quotes around it."""
    for quote in "\"'":
        if len(text) > 1 and text[0] == text[-1] == quote:
            text = text[1:-1]
    if not text.strip():
        raise UsageError("Which file?", f"Write {usage}.")
    return Path(text).expanduser()


def nothing(text: str, name: str) -> None:
    """Refuse arguments of a command that takes none, rather than to pass over them."""
    if text:
        raise UsageError(f"{name} takes nothing after it.", "See /help.")
