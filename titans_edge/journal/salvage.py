"""Repairs a damaged journal: what is sound by its own checksum is kept, whatever became of the pages around it.

At any moment the memory's file is the old one or the new one, whole. Knows files and their order; what is in them is
found by `pages` and `remains`.
"""

from __future__ import annotations

import contextlib
import errno
import filecmp
import itertools
import os
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from titans_edge.errors import MemoryStateError
from titans_edge.journal import checks, documents, format_2, pages
from titans_edge.journal.file import (
    PRIVATE,
    DamagedError,
    connect,
    damaged,
    lock,
    log_of,
    log_wrong,
    newer,
    remove,
    store,
    sync,
    translated,
)
from titans_edge.journal.journal import Journal
from titans_edge.journal.remains import PARTS, Remains, SoundSpan, collect
from titans_edge.journal.schema import APPLICATION, FORMAT
from titans_edge.text import plain


@dataclass(frozen=True)
class Repair:
    """What a repair kept. lost: numbers of spans that left a trace only; parts: what kept spans lost, by name.

    base_lost: the state the journal began with was there and is damaged.
    """

    kept: int
    lost: list[int]
    parts: dict[str, list[int]]
    base_lost: bool
    aside: Path


def check(path: Path) -> int:
    """How many spans there are, once all of the file and its log is found sound; no byte of it is changed.

    Raises DamagedError for what is not sound, MemoryStateError for what cannot be read (a newer format among it).
    """
    with Journal(path, write=False, check=False) as journal, translated(path):
        wrong, count = journal.verify(), journal.count()
        wrong += [] if wrong else _words_wrong(journal)
    wrong += [log] if (log := log_wrong(path)) else []
    if wrong:
        more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise damaged(path, wrong[0] + more)
    return count


def salvage(path: Path) -> Repair | None:
    """Put a repaired journal in the place of a damaged one, which stays beside it as NAME.damaged-N; None: it is sound.

    Raises MemoryStateError, with the file untouched, where it is in use, of a newer format, or holds nothing to keep.
    """
    held = lock(path)
    try:
        return _salvage(path.resolve()) if _is_damaged(path) else None
    except OSError as e:
        hint = "Free some space." if e.errno == errno.ENOSPC else "Check the folder."
        raise MemoryStateError(f"{path} cannot be repaired ({e.strerror}); it is as it was.", hint) from e
    finally:
        held.release()


def _is_damaged(path: Path) -> bool:
    try:
        check(path)
    except DamagedError:
        return True
    return False


def _words_wrong(journal: Journal) -> list[str]:
    """Does the index of words fit the text? Asked of a copy in RAM, since asking is a statement that writes."""
    with contextlib.closing(connect(None, True)) as copy:
        journal.db.backup(copy)
        try:
            copy.execute("INSERT INTO words(words, rank) VALUES ('integrity-check', 1)")
        except sqlite3.DatabaseError as e:
            return [f"its index of words: {e}"]
    return []


def _salvage(path: Path) -> Repair:
    raw, log = path.read_bytes(), _bytes(log_of(path))
    whole, size = pages.with_log(raw, log)
    _refuse_newer(path, whole)
    found = collect(pages.rows(whole, size))
    kept, parts = set[int](), dict[str, list[int]]()
    made = path.with_suffix(".new")
    with Journal(None) as new:
        with new.transaction():
            for span in found.spans():
                kept.add(span.row[0])
                _keep(new, span)
                for part in span.lost:
                    parts.setdefault(part, []).append(span.row[0])
            base, base_lost = found.base()
            _keep_rest(new, found, base, max(kept, default=0))
            if found.traces() - kept:
                documents.doubt(new.db)
        if not kept and base is None:
            raise MemoryStateError(
                f"Nothing that {path} holds could be read; it is left as it is.",
                f"Start another memory with --memory NAME, or remove it with `titans-edge memory delete {path.stem}`.",
            )
        store(new.db, made)
    try:
        _verify(made)
        aside = _set_aside(path)
        _swap(path, made, whole if log else None)
    except BaseException:
        remove(made)
        raise
    return Repair(len(kept), sorted(found.traces() - kept), parts, base_lost, aside)


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _refuse_newer(path: Path, whole: bytes) -> None:
    version, application = (int.from_bytes(whole[at : at + 4], "big") for at in (60, 68))
    if whole[:15] == b"SQLite format 3" and application == APPLICATION and version > FORMAT:
        raise newer(path, version)


# --- the new file


def _keep(new: Journal, span: SoundSpan) -> None:
    """Write a span with its number, its group and what is sound of the rest."""
    number, text, kind, name, offset, time, surprise, guarded, check = span.row[:9]
    new.db.execute("INSERT OR IGNORE INTO sources(kind, name) VALUES (?, ?)", (kind, name))
    group = (span.batch, plain(span.operation), span.part)
    new.db.execute("INSERT OR IGNORE INTO batches VALUES (?, ?, ?)", group)
    if not new.db.execute("SELECT 1 FROM batches WHERE id = ?", (span.batch,)).fetchone():
        new.db.execute("INSERT INTO batches VALUES (?, ?, 0)", (span.batch, f"repaired-{span.batch}"))
    (origin,) = new.db.execute("SELECT id FROM sources WHERE kind = ? AND name = ?", (kind, name)).fetchone()
    values = (number, span.batch, origin, offset, text, time, surprise, guarded, check)
    new.db.execute("INSERT INTO spans VALUES (?,?,?,?,?,?,?,?,?)", values)
    for table, (_, start, end) in PARTS.items():
        if span.row[start] is not None:
            part = (number, *span.row[start:end])
            new.db.execute(f"INSERT INTO {table} VALUES ({','.join('?' * len(part))})", part)


def _keep_rest(new: Journal, found: Remains, base: tuple[object, ...] | None, last: int) -> None:
    """Meta, operations, the first state, and the last numbers given, so that none is given again."""
    new.db.executemany("INSERT INTO meta VALUES (?, ?)", found.meta.items())
    for operation, (result, at) in found.operations.items():
        if not checks.operation_wrong(result, at):
            new.db.execute("INSERT INTO operations VALUES (?, ?, ?)", (operation, result, at))
    if base is not None:
        new.db.execute("INSERT INTO snapshots VALUES (0, ?, ?, ?)", base)
    given = max(last, found.numbers.get("spans", 0), *found.traces(), 0)
    (group,) = new.db.execute("SELECT coalesce(max(id), 0) FROM batches").fetchone()
    format_2.set_numbers(new.db, [("spans", given), ("batches", max(group, found.numbers.get("batches", 0)))])


def _verify(made: Path) -> None:
    """The new file is sound; nothing else may take the old one's place."""
    with Journal(made, write=False, check=False) as journal:
        wrong = journal.verify()
    for end in ("-wal", "-shm"):  # a reader's, empty
        made.with_name(made.name + end).unlink(missing_ok=True)
    if wrong:
        raise damaged(made, wrong[0])


# --- taking its place


def _set_aside(path: Path) -> Path:
    """A copy of the damaged file and its log, for its owner only; one that is there already, where it is the same."""
    for n in itertools.count(1):
        aside = path.with_suffix(f".damaged-{n}")
        if not aside.exists():
            break
        if filecmp.cmp(path, aside, shallow=False) and _bytes(log_of(path)) == _bytes(log_of(aside)):
            return aside
    for source, target in ((log_of(path), aside.with_name(aside.name + "-wal")), (path, aside)):
        if source.exists() and source.stat().st_size:
            _copy(source, target)
    return aside


def _copy(source: Path, target: Path) -> None:
    """A copy that is whole when it has its name."""
    part = target.with_name(target.name + ".part")
    try:
        part.unlink(missing_ok=True)
        with (
            source.open("rb") as f,
            os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as out,
        ):
            shutil.copyfileobj(f, out)
        sync(part)
        part.replace(target)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def _swap(path: Path, made: Path, whole: bytes | None) -> None:
    """Put the new file in the old one's place. whole: the old file with its log applied, where it has one.

    The old file takes up its log before the log goes, so that there is no moment at which anything is missing, and none
    at which the new file stands beside a log that is not its own.
    """
    if whole is not None:
        taken = path.with_suffix(".whole")
        try:
            with os.fdopen(os.open(taken, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE), "wb") as f:
                f.write(whole)
            sync(taken)
            taken.replace(path)
        except OSError:
            taken.unlink(missing_ok=True)
            raise
        for end in ("-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)
    made.replace(path)
    path.with_name(path.name + "-shm").unlink(missing_ok=True)
