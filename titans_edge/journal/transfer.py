"""Spans in and out of journals: exported, imported, merged. Nothing is there twice, whatever way it comes back.

An imported file is not believed: its spans count as `imported`, whatever it says of their sources, unless the user says
that it is a backup of theirs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from titans_edge import facts
from titans_edge.errors import MemoryStateError, TitansError
from titans_edge.journal import checks, documents, exchange, replaced
from titans_edge.journal.documents import PREFIX
from titans_edge.journal.exchange import Decided, Head, Line
from titans_edge.journal.file import digest, store, translated
from titans_edge.journal.journal import Journal
from titans_edge.journal.schema import NewSpan
from titans_edge.journal.upkeep import alone, delete
from titans_edge.rulings import Ruling
from titans_edge.sources import Source
from titans_edge.text import plain

MAX_LABEL = 200  # characters of an imported source's name


@dataclass(frozen=True)
class Imported:
    """added, known: spans that are new, and that were there; unread: of the new, those with facts to be read anew."""

    added: int
    known: int
    unread: int


def export(journal: Journal, path: Path) -> int:
    """Write every span to `path`, by its ending, as of one moment. Returns how many."""
    with translated(journal.path):
        journal.db.execute("BEGIN")
        try:
            head = Head(f"{exchange.NAME} {exchange.FORMAT}", journal.meta("graft") or "", journal.base() is not None)
            head.documents = [d.packed() for d in documents.documents(journal.db)]
            return exchange.write(path, head, _lines(journal))
        finally:
            journal.db.execute("ROLLBACK")


def import_file(memory: Path, file: Path, *, mine: bool = False) -> Imported:
    """Append the spans of an exported file to a memory, which is made where it is not there: all that are new, or none.

    mine: the user's own backup: sources, answers and decisions are taken as they are, and facts where the memory is of
    the same graft and they stand in the text.
    """
    head, lines = exchange.read(file)
    made = not memory.exists()
    try:
        with Journal(memory) as journal:
            return add(journal, file.name, lines, mine=mine, of=head.documents if mine else ())
    except MemoryStateError:
        if made:
            delete(memory)
        raise


def add(into: Journal, label: str, lines: Sequence[Line], *, mine: bool = False, of: Sequence[str] = ()) -> Imported:
    """Append lines that are not there yet; see `import_file`. label: the file's name, which imported sources bear; of:
    documents they are of, packed.
    """
    lines = [_plain(line) for line in lines]
    operation = f"import:{digest(exchange.canonical(lines)).hex()}"
    empty = into.count() == 0
    before = Counter((e.text, e.offset, e.time) for e in into.entries())
    new = [line for line in lines if not _met(before, exchange.identity(line))]
    if mine:
        new = _with_sound_facts(new if empty else [_undecided(line) for line in new], into)
    else:
        new = [_not_believed(line, label, operation) for line in new]
    with into.transaction():
        copy(new, into)
        for document in map(documents.unpacked, of):
            if document is not None:
                documents.put(into.db, document)
        documents.drop_forgotten(into.db)
    return Imported(len(new), len(lines) - len(new), sum(line.record is None for line in new))


def merge(journals: Sequence[Journal], target: Path) -> int:
    """A new memory of all spans of several, by time (of one time: in the order of the journals). Returns how many.

    All is decided anew, since each was decided without the others.
    """
    if any(j.base() is not None for j in journals):
        raise MemoryStateError("A memory older than journals cannot be merged.", "It has no list of its spans.")
    rows = _joined(journals)
    metas = [set(j.metas().items()) for j in journals]
    with Journal(None) as made, alone(target):
        for key, value in set.intersection(*metas) | {m for each in metas for m in each if m[0].startswith(PREFIX)}:
            made.set_meta(key, value)
        replaced.let_go(made.db)  # spans have other numbers here
        with made.transaction():
            copy(rows, made)
        part = target.with_suffix(".new")
        store(made.db, part)
        part.replace(target)
    return len(rows)


def _joined(journals: Sequence[Journal]) -> list[Line]:
    """Their lines by time. What one journal has as often as another is the same; it keeps what answer it has in any."""
    found: dict[tuple[str, int, float], list[tuple[int, Line]]] = {}
    for n, journal in enumerate(journals):
        met = Counter[tuple[str, int, float]]()
        for line in map(_undecided, _lines(journal)):
            same = found.setdefault(exchange.identity(line), [])
            at = met[exchange.identity(line)]
            met[exchange.identity(line)] += 1
            if at == len(same):
                same.append((n, line))
            elif same[at][1].answer is None:
                kept = msgspec.structs.replace(same[at][1], answer=line.answer, answered=line.answered)
                same[at] = (same[at][0], kept)
    rows = [(line.time, n, line.id, line) for same in found.values() for n, line in same]
    return [row[3] for row in sorted(rows, key=lambda row: row[:3])]


def copy(lines: Iterable[Line], into: Journal) -> None:
    """Inside a transaction: append spans in order, each a group of its own within its operation."""
    parts: dict[str, int] = {}
    for line in lines:
        if line.operation not in parts:
            parts[line.operation] = into.parts(line.operation)
        part = parts[line.operation]
        parts[line.operation] += 1
        span = NewSpan(line.text, line.offset, line.surprise, line.record)
        source = Source(line.kind, line.name)
        (made,) = into.append(
            line.operation, part, source, [span], graft=line.graft, guarded=line.guarded, at=line.time
        )
        if line.answer is not None:
            into.note_answer(made.id, line.answer, line.time if line.answered is None else line.answered)
        if line.ruling is not None:
            into.decide([(made.id, Ruling(**msgspec.structs.asdict(line.ruling)))])


def _lines(journal: Journal) -> Iterator[Line]:
    """A journal's spans as lines of a file."""
    answered = journal.answer_times()
    for e in journal.entries():
        r = e.ruling
        yield Line(
            e.id, e.operation, e.text, e.source.kind, e.source.name, e.offset, e.time, e.surprise, e.guarded,
            e.answer, answered.get(e.id),
            None if r is None else Decided(r.decision, r.scale, r.reason, r.confined, r.trust, r.policy),
            e.graft, e.record,
        )  # fmt: skip


def _met(known: Counter[tuple[str, int, float]], key: tuple[str, int, float]) -> bool:
    """Is one of these left among the known? It is used up then."""
    known[key] -= 1
    return known[key] >= 0


def _undecided(line: Line) -> Line:
    return msgspec.structs.replace(line, ruling=None)


def _plain(line: Line) -> Line:
    """As the journal would keep it."""
    return msgspec.structs.replace(line, text=plain(line.text), name=plain(line.name), operation=plain(line.operation))


def _not_believed(line: Line, file: str, operation: str) -> Line:
    """A span of somebody's file: where it is from, and nothing that was decided about it elsewhere."""
    name = f"{file}: {Source(line.kind, line.name).label}"[:MAX_LABEL]
    return Line(line.id, operation, line.text, "imported", name, line.offset, line.time, line.surprise, True)


def _with_sound_facts(lines: list[Line], into: Journal) -> list[Line]:
    """Facts are kept where they could have been read from the text, by the graft that `into` is of; else they go."""
    graft, vocabulary = into.meta("graft"), checks.vocabulary_of(into.meta("vocabulary"))
    out, before = list[Line](), ""
    for line in lines:
        wrong = graft not in (None, line.graft) or not line.graft or not _stand(line, before, vocabulary)
        out.append(msgspec.structs.replace(line, graft="", record=None) if wrong else line)
        before = line.text
    return out


def _stand(line: Line, before: str, vocabulary: int | None) -> bool:
    """Are a line's facts sound, and does each phrase stand where it says, in the text or in the one before it?"""
    if line.record is None or checks.facts_wrong(line.record, vocabulary):
        return False
    try:
        found = facts.unpack(line.record)
    except TitansError:
        return False
    earlier = (p for f in found for p in facts.phrases(f) if p.earlier and p.end > p.start)
    return all(facts.stands_in(f, line.text) for f in found) and all(before[p.start : p.end] == p.text for p in earlier)
