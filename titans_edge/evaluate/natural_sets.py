"""People's messages and questions on them, as they lie in the package: `natural/dev.json` and the others of `SETS`.

Knows the files' form. Knows nothing of memories or of how a question is put.
"""

from __future__ import annotations

from datetime import date, datetime, time
from importlib.resources import files
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec

from titans_edge.errors import DataError
from titans_edge.evaluate.cases import Case
from titans_edge.evaluate.wording import words

HALVES = ("dev", "test")
# plain and stated: whole sentences and plain questions; typed: as people type in a chat; ordinary and reworded: both,
# asked in like words and in others; talk: both, whose questions lean on one another, or want yes or no; asked: people
# of every kind, who ask as much of what they never told; chosen: both kinds, with which rules were chosen
SETS = (*HALVES, "plain", "stated", "typed", "ordinary", "reworded", "talk", "asked", "chosen")
KINDS = ("word", "phrase", "number", "time", "changed", "past", "reference", "two", "when", "whether", "untold")
NOWHERE = ("two", "when", "untold")  # no one sentence holds the answer
TODAY = date(2026, 11, 24)  # the day a set was written for that names none
DAY = 86400.0


class Message(msgspec.Struct, frozen=True):
    """What a person typed, and how many days before today."""

    text: str
    days_ago: Annotated[float, msgspec.Meta(ge=0, le=20000)] = 0.0


class Question(msgspec.Struct, frozen=True):
    """targets: wordings of the answer, any of which will do; none where it was never told."""

    id: str
    question: str
    targets: tuple[str, ...]
    kind: str


class Person(msgspec.Struct, frozen=True):
    """Somebody who told things and asks about them. `told` is oldest first once it is loaded."""

    name: str
    told: tuple[Message, ...]
    questions: tuple[Question, ...]

    def case(self, question: Question) -> Case:
        """A question as the evaluations of cases have it."""
        first, more = (*question.targets, "")[0], question.targets[1:]
        turns = tuple(m.text for m in self.told)
        context = "\n".join(turns)
        return Case(question.id, context, question.question, first, task=question.kind, turns=turns, targets=more)


class _People(msgspec.Struct):
    people: tuple[Person, ...]
    today: date = TODAY


class _Plain(msgspec.Struct):
    question: str


class _Questions(msgspec.Struct):
    questions: tuple[str | _Plain, ...]


Read = TypeVar("Read")


def shipped(name: str) -> Path:
    """Where a file of the package lies: one of `SETS`, "world" or "untold"."""
    return Path(str(files("titans_edge.evaluate").joinpath("natural", f"{name}.json")))


def people(*paths: Path) -> list[Person]:
    """Everybody in these files. Raises DataError that names the first thing wrong."""
    found = [_ordered(p) for path in paths for p in _decoded(path, _People).people]
    names = [p.name for p in found]
    ids = [q.id for p in found for q in p.questions]
    for what, some in (("people are named", names), ("questions have the id", ids)):
        if twice := [x for x in some if some.count(x) > 1]:
            raise DataError(f"Two {what} {twice[0]!r}.", "Give each its own.")
    for p in found:
        for q in p.questions:
            if wrong := _wrong(q):
                raise DataError(f"{p.name}, question {q.id}: {wrong}.", "See `titans-edge eval natural --help`.")
    if not found or not ids:
        raise DataError(f"{' and '.join(map(str, paths))} asks nothing.", 'A set is {"people": [...]}.')
    return found


def day(*paths: Path) -> date:
    """The day all of these files were written for. Raises DataError where they differ."""
    days = {_decoded(path, _People).today for path in paths}
    if len(days) != 1:
        raise DataError("These sets were written for different days.", "Say which: --today 2026-11-24.")
    return days.pop()


def questions(path: Path) -> list[str]:
    """Plain questions: {"questions": ["…", …]}, or objects with "question"."""
    asked = [q if isinstance(q, str) else q.question for q in _decoded(path, _Questions).questions]
    if not asked or not all(q.strip() for q in asked):
        raise DataError(f"{path} holds no questions, or an empty one.", 'Write {"questions": ["…"]}.')
    return asked


def noon(day: date = TODAY) -> float:
    """A day's noon here, in seconds since 1970."""
    return datetime.combine(day, time(12)).timestamp()


def _decoded(path: Path, form: type[Read]) -> Read:
    try:
        return msgspec.json.decode(path.read_bytes(), type=form)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise DataError(f"{path} cannot be read ({e}).", "Name a set of people and questions in JSON.") from e


def _ordered(p: Person) -> Person:
    return msgspec.structs.replace(p, told=tuple(sorted(p.told, key=lambda m: -m.days_ago)))


def _wrong(q: Question) -> str:
    """What is wrong with a question; "" if nothing."""
    if q.kind not in KINDS:
        return f"there is no kind {q.kind!r}"
    if not q.question.strip():
        return "it asks nothing"
    if q.kind != "untold" and not (q.targets and all(words(t) for t in q.targets)):
        return "a target is missing or empty"
    return ""
