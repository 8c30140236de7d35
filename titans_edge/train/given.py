"""Lines and a question, and which of the lines answer it: what the soft prompts that judge are trained on.

Everybody in `stories.written` is asked of what he typed himself; of what does not answer, that which shares the
question's words is drawn more often, as a memory finds it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from titans_edge.routes import said
from titans_edge.sources import USER
from titans_edge.stories.written import YES_OR_NO, Question, Writer, written
from titans_edge.text import stems

LINES = 4  # of a question, at most
ALIKE, NEAR, NEAREST = 4, 2, 3  # of so many lines that share most words are drawn so many, and where none answers
TWO_NEEDED, TWO_WRONG, ONE_OF_TWO = 0.7, 0.06, 0.08  # how often two lines are put together: both needed, neither, one
Made = TypeVar("Made")
DAY, NOW = 86400.0, 1_795_521_600.0  # noon of 24 November 2026, UTC: the messages tell days before it


@dataclass(frozen=True)
class Asked:
    """A question about what was told, or might have been. right: lines that answer, those it needs together; wrong:
    lines that clearly do not, which share most words first.
    """

    question: str
    right: tuple[str, ...]
    wrong: tuple[str, ...]
    together: bool


@dataclass(frozen=True)
class Given:
    """A question and (lines that are put together, whether they answer)."""

    question: str
    lines: tuple[tuple[tuple[str, ...], bool], ...]


def lines_of(who: Writer) -> list[str]:
    """Somebody's messages, as they are told to the model."""
    return [said({"text": text, "kind": USER.kind, "time": NOW - days * DAY}) for days, text in who.messages]


def asked(who: Writer) -> list[Asked]:
    """Somebody's questions but those about the world."""
    lines, words = lines_of(who), [stems(text) for _, text in who.messages]
    out = list[Asked]()
    for q in who.questions:
        about, clear = stems(q.text), [n for n in range(len(lines)) if n not in q.told and _clear(lines[n], q)]
        often = {w: sum(w in of for of in words) for w in about}
        alike = {n: sum(1 / often[w] for w in about & words[n]) for n in clear}
        wrong = tuple(lines[n] for n in sorted(clear, key=lambda n: -alike[n]))
        if q.kind != "world" and (q.told or wrong):
            out.append(Asked(q.text, tuple(lines[n] for n in q.told), wrong, q.kind == "two" and len(q.told) > 1))
    return out


def given(one: Asked, rng: random.Random) -> Given:
    """A question with a few of its lines."""
    near, far = list(one.wrong[:ALIKE]), list(one.wrong[ALIKE:])
    rng.shuffle(near)
    rng.shuffle(far)
    out = list[tuple[tuple[str, ...], bool]]()
    if one.right:
        beside = [rng.choice(far)] if far and rng.random() < ONE_OF_TWO else []
        out.append((tuple(_mixed([one.right[0], *beside], rng)), True))
    if one.together and rng.random() < TWO_NEEDED:
        out.append((tuple(_mixed(one.right[:2], rng)), True))
    for line in [*near[: NEAR if one.right else NEAREST], *far][: LINES - len(out)]:
        beside = [rng.choice(far)] if far and rng.random() < TWO_WRONG else []
        out.append((tuple(_mixed(dict.fromkeys([line, *beside]), rng)), False))
    return Given(one.question, tuple(out))


def _mixed(lines: Iterable[str], rng: random.Random) -> list[str]:
    out = list(lines)
    rng.shuffle(out)
    return out


def drawn(n: int, seed: int) -> list[Writer]:
    """So many of those who were written by hand, or all of them."""
    return random.Random(seed).sample(written(), min(n, len(written())))


def of_each(
    people: Sequence[Writer],
    folder: Path,
    form: type[Made],
    make: Callable[[Writer], list[Made]],
    report: Callable[[int, int, str], None],
) -> list[Made]:
    """What is made of each of the people, who has a file in the folder: made once, and taken up again. report: done,
    of, remarks.
    """
    folder.mkdir(exist_ok=True)
    out = list[Made]()
    for n, who in enumerate(people, 1):
        file = folder / f"{who.name}.json"
        if not file.exists():
            file.with_suffix(".tmp").write_bytes(msgspec.json.encode(make(who)))
            file.with_suffix(".tmp").replace(file)
        out += msgspec.json.decode(file.read_bytes(), type=list[form])  # type: ignore[valid-type]
        report(n, len(people), f"{len(out)} questions")
    return out


def _clear(line: str, q: Question) -> bool:
    """Whether it is clear that a message which the question does not need does not answer: one that has the answer's
    words may.
    """
    return not any(t.lower() in line.lower() for t in q.targets[q.kind == YES_OR_NO :])
