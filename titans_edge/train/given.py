"""Lines a memory gives for people's questions, and which of them answer: what the soft prompt is trained on.

Everybody in `stories.written` tells a memory of this graft what they typed, and asks as `chat` does.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from titans_edge.routes import said
from titans_edge.session import Session
from titans_edge.sources import USER
from titans_edge.stories.written import Question, Writer, written
from titans_edge.suspicion import voices

FEWEST = 2  # lines where a question's message is not among them
Made = TypeVar("Made")
DAY, NOW = 86400.0, 1_795_521_600.0  # noon of 24 November 2026, UTC: the messages tell days before it


@dataclass(frozen=True)
class Given:
    """A question and (line, whether it answers), in no order that tells."""

    question: str
    lines: tuple[tuple[str, bool], ...]


def given(who: Writer, session: Session, rng: random.Random) -> Iterator[Given]:
    """Somebody's questions about what was told, or might have been. session: with an empty memory, which holds what
    they typed afterwards.
    """
    number = _told(who, session)
    texts = [said({"text": text, "kind": USER.kind, "time": NOW - days * DAY}) for days, text in who.messages]
    for q in who.questions:
        if q.kind == "world":
            continue
        lines = {number[s["id"]]: said(s) for s in session.retrieve(q.text).retrieved if s["id"] in number}
        if not lines:
            ranked = [number[s["id"]] for s in session.rank(q.text, 5 * session.k) if s["id"] in number]
            lines = {n: texts[n] for n in list(dict.fromkeys(ranked))[: rng.randint(FEWEST, session.k)]}
        lines |= {n: texts[n] for n in q.told[:1] if n not in lines}
        kept = [(line, n in q.told) for n, line in lines.items() if _clear(n, line, q)]
        rng.shuffle(kept)
        if kept:
            yield Given(q.text, tuple(kept))


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


def _told(who: Writer, session: Session) -> dict[int, int]:
    """Everything is told; the message of each span that is kept."""
    assert session.memory is not None
    for n, (days, text) in enumerate(who.messages):
        session.tell(voices(text), f"{who.name}-{n}", NOW - days * DAY)
    session.memory.wait()
    kept = ((n, session.memory.told(f"{who.name}-{n}")) for n in range(len(who.messages)))
    return {span["id"]: n for n, spans in kept for span in spans}


def _clear(n: int, line: str, q: Question) -> bool:
    """Whether it is clear if a message's line answers: the first one a question needs does; the others do in part, and
    one that has the answer's words may.
    """
    return n in q.told[:1] or not (n in q.told or _holds(line, q.targets))


def _holds(line: str, targets: Sequence[str]) -> bool:
    return any(t.lower() in line.lower() for t in targets)
