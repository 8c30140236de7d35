"""What a memory gives a model for people's questions, and the reply it should make of it: text to train the prompt on.

Everybody in `stories.written` tells a memory of this graft what they typed, and asks as `chat` does.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from titans_edge.routes import said
from titans_edge.session import RETRIEVED, UNTOLD, Session
from titans_edge.sources import USER
from titans_edge.stories.written import Question, Writer
from titans_edge.suspicion import voices

GONE = 0.15  # of the questions on one message are asked again without it
SURE = ("word", "phrase", "number", "time")  # kinds whose answer stands in one message only
DAY, NOW = 86400.0, 1_795_521_600.0  # noon of 24 November 2026, UTC: the messages tell days before it


@dataclass(frozen=True)
class Given:
    """Lines in the order of telling, a question, and the reply; "": whatever the model says without the lines."""

    lines: tuple[str, ...]
    question: str
    reply: str


def given(who: Writer, session: Session, rng: random.Random) -> Iterator[Given]:
    """Somebody's questions. session: with an empty memory, which holds what they typed afterwards."""
    number = _told(who, session)
    texts = [said({"text": text, "kind": USER.kind, "time": NOW - days * DAY}) for days, text in who.messages]
    for q in who.questions:
        ranked = [number[s["id"]] for s in session.rank(q.text, 5 * RETRIEVED) if s["id"] in number]
        likely = list(dict.fromkeys(ranked))
        lines = {number[s["id"]]: said(s) for s in session.retrieve(q.text).retrieved if s["id"] in number}
        lines = lines or {n: texts[n] for n in likely[: rng.randint(1, RETRIEVED)]}
        _complete(lines, q, texts)
        if lines:
            yield Given(_ordered(lines), q.text, UNTOLD if q.kind == "untold" else q.reply)
        rest = {n: texts[n] for n in likely if n not in q.told}
        rest = dict(list(rest.items())[:RETRIEVED])
        if q.kind in SURE and rest and rng.random() < GONE and not _holds(rest.values(), q.targets):
            yield Given(_ordered(rest), q.text, UNTOLD)


def _told(who: Writer, session: Session) -> dict[int, int]:
    """Everything is told; the message of each span that is kept."""
    assert session.memory is not None
    for n, (days, text) in enumerate(who.messages):
        session.tell(voices(text), f"{who.name}-{n}", NOW - days * DAY)
    session.memory.wait()
    kept = ((n, session.memory.told(f"{who.name}-{n}")) for n in range(len(who.messages)))
    return {span["id"]: n for n, spans in kept for span in spans}


def _complete(lines: dict[int, str], q: Question, texts: Sequence[str]) -> None:
    """What a question needs takes the place of what was found last, where it was not found."""
    needed = q.told[:1] if q.kind in ("past", "changed") else q.told
    for n in needed:
        if n in lines:
            continue
        others = [i for i in lines if i not in q.told]
        if len(lines) >= RETRIEVED and others:
            del lines[others[-1]]
        lines[n] = texts[n]


def _ordered(lines: dict[int, str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(lines[n] for n in sorted(lines)))


def _holds(lines: Iterable[str], targets: Sequence[str]) -> bool:
    text = " ".join(lines).lower()
    return any(t.lower() in text for t in targets)
