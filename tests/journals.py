"""Journals with everything a span may have, for tests of files: facts, rulings, answers, operations, sources."""

from __future__ import annotations

import re
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from titans_edge import facts
from titans_edge.facts import Fact, Key, Phrase
from titans_edge.journal import Journal, NewSpan
from titans_edge.rulings import Decision, Ruling
from titans_edge.sources import USER, Source

GRAFT = "graft-1"
NOTES = Source("document", "notes.txt")


def fact(text: str, rate: float = 0.75, token: int = 7) -> Fact:
    """First word of the text is where its last word is, both as they stand there."""
    found = list(re.finditer(r"\w+", text))
    first, last = (Phrase(m[0], m.start(), m.end(), (token, 8), (9,)) for m in (found[0], found[-1]))
    return Fact(Key(Phrase("is in", 0, 0, (1,), (1,)), first), last, rate)


def record(text: str, **of: Any) -> bytes:
    return facts.pack((fact(text, **of),))


def sentence(n: int) -> str:
    return f"Box {n} with a label of some length stands in room {n * 7 % 100}."


def fill(path: Path, count: int) -> None:
    """A closed journal of `count` messages of one sentence: each fourth a document's, each fifth quarantined, each
    tenth answered.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(0o600)
    path.write_bytes(_filled(count))


@cache
def _filled(count: int) -> bytes:
    """The same whoever asks: written once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.memory"
        filled(path, count).close()
        return path.read_bytes()


def filled(path: Path | None, count: int) -> Journal:
    """As `fill`, and still open."""
    journal = Journal(path)
    journal.db.execute("PRAGMA synchronous=OFF")  # tests need not wait for the disk
    journal.set_meta("graft", GRAFT)
    for n in range(count):
        tell(journal, sentence(n), n, NOTES if n % 4 == 3 else USER)
    return journal


def tell(journal: Journal, text: str, n: int, source: Source = USER, at: float | None = None) -> int:
    """One message, decided; returns its number."""
    held = n % 5 == 4
    ruling = Ruling(Decision.QUARANTINED if held else Decision.WRITTEN, 0.0 if held else 0.5, "why", True, 0.9, 3)
    with journal.transaction():
        span = NewSpan(text, n, None if n % 2 else 0.25 * n, record(text))
        when = 1_700_000_000.25 + n if at is None else at
        (made,) = journal.append(f"op-{n}", 0, source, [span], graft=GRAFT, at=when)
        journal.decide([(made.id, ruling)])
        if n % 10 == 9:
            journal.note_answer(made.id, True, when + 5.5)
        journal.done(f"op-{n}.0", {"n": n})
    return made.id


def contents(path: Path) -> list[tuple[Any, ...]]:
    """All that a journal says of its spans, and when the user answered."""
    with Journal(path, write=False) as journal:
        answered = journal.answer_times()
        return [(e, answered.get(e.id)) for e in journal.entries()]
