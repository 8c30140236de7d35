"""What invented people type to a chat program, and ask it later, written by hand for training: `written()` reads it.

A file is lines of text: "@ name" begins a person; "26 text" is a message and how many days ago it was (a line break is
written "\\n"); "! 3 > 0" says that message 3 changes what message 0 says; "? kind 1 2 | question | wording ; wording |
reply" is a question, the messages it needs, wordings of the answer and the best reply. Knows the form, not the words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from titans_edge.errors import DataError

YES_OR_NO = "yesno"  # the first wording of its answer is "yes" or "no"
KINDS = ("word", "phrase", "number", "time", "reference", "changed", "past", "two", YES_OR_NO, "untold", "world")
PLAIN = ("untold", "world")  # kinds of questions that no message answers
_MESSAGE = re.compile(r"(\d+(?:\.\d+)?) (.+)")
_CHANGE = re.compile(r"! (\d+) > (\d+)")


@dataclass(frozen=True)
class Question:
    """told: numbers of the messages it needs, the one that answers first; targets: wordings of the answer; reply: one
    sentence. All three are empty for what no message answers.
    """

    kind: str
    text: str
    told: tuple[int, ...] = ()
    targets: tuple[str, ...] = ()
    reply: str = ""


@dataclass
class Writer:
    """Somebody who types. messages: (days ago, text), oldest first; changes: (later, earlier) numbers of messages."""

    name: str
    messages: list[tuple[float, str]] = field(default_factory=list)
    changes: list[tuple[int, int]] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)


@cache
def written() -> tuple[Writer, ...]:
    """Everybody in the package's files."""
    there = sorted((f for f in files(__name__).iterdir() if f.name.endswith(".txt")), key=lambda f: f.name)
    return tuple(w for f in there for w in read(f.name, f.read_text(encoding="utf-8")))


def read(name: str, text: str) -> Iterator[Writer]:
    """The people of one file. Raises DataError that names the first line that is none of the form."""
    who: Writer | None = None
    for n, line in enumerate(text.splitlines(), 1):
        if line.startswith("@ "):
            if who is not None:
                yield who
            who = Writer(line[2:].strip())
        elif line.strip() and (who is None or not _take(who, line)):
            raise DataError(f"{name}, line {n}, is no message, change or question.", "The form is in stories/written.")
    if who is not None:
        yield who


def _take(who: Writer, line: str) -> bool:
    """Add a line to what somebody typed, if it is of the form."""
    if line.startswith("? "):
        question = _question(line[2:], len(who.messages))
        who.questions += [question] if question is not None else []
        return question is not None
    if change := _CHANGE.fullmatch(line.strip()):
        later, earlier = int(change[1]), int(change[2])
        who.changes.append((later, earlier))
        return earlier < later < len(who.messages)
    message = _MESSAGE.fullmatch(line)
    who.messages += [(float(message[1]), message[2].replace("\\n", "\n"))] if message else []
    return message is not None


def _question(line: str, messages: int) -> Question | None:
    parts = [p.strip() for p in line.split(" | ")]
    kind, *numbers = parts[0].split()
    if kind in PLAIN:
        return Question(kind, parts[1]) if len(parts) == 2 and not numbers else None
    if kind not in KINDS or len(parts) != 4 or not numbers or not all(n.isdecimal() for n in numbers):
        return None
    told = tuple(map(int, numbers))
    targets = tuple(t.strip() for t in parts[2].split(" ; ") if t.strip())
    return Question(kind, parts[1], told, targets, parts[3]) if max(told) < messages and targets else None
