"""Journals of format 2, which kept vectors: what makes one sound, and how it becomes format 3.

Text, sources, times, decisions and the user's answers stay; facts are read anew from the text. Opens no files.
"""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Any

from titans_edge.journal.checks import is_time
from titans_edge.journal.file import digest
from titans_edge.journal.schema import FORMAT, answer_checksum, insert_ruling, source, span_checksum, statements
from titans_edge.rulings import Decision, Ruling

SPANS = """SELECT s.id, s.batch, s.source, s.place, s.text, s.time, s.surprise, s.guarded, s.record, s.checksum, o.kind,
    o.name FROM spans s JOIN sources o ON o.id = s.source ORDER BY s.id"""


def checksum(text: str, kind: str, name: str, figures: tuple[Any, ...], record: bytes | None) -> bytes:
    """Of a span. figures: time, place, surprise, guarded."""
    return digest(text.encode(), kind.encode(), name.encode(), repr(figures).encode(), record or b"")


def wrong(db: sqlite3.Connection) -> list[str]:
    """What is wrong with the file, one sentence each; empty when it is sound."""
    found = [str(r[0]) for r in db.execute("PRAGMA integrity_check") if r[0] != "ok"]
    found += [f"row {r[1]} of {r[0]} refers to nothing" for r in db.execute("PRAGMA foreign_key_check")]
    return found + [f"span #{row[0]}: {why}" for row in db.execute(SPANS) if (why := span_wrong(row))]


def span_wrong(row: tuple[Any, ...]) -> str:
    """Why a row of SPANS cannot be used; "" for a sound one."""
    _, _, _, place, text, time, surprise, guarded, record, kept, kind, name = row
    try:
        if checksum(text, kind, name, (time, place, surprise, guarded), record) != kept:
            return "wrong checksum"
        return "" if is_time(time) and place >= 0 else "values that cannot be"
    except (TypeError, ValueError, AttributeError):
        return "a value of the wrong kind"


def migrate(db: sqlite3.Connection) -> None:
    """Format 2 to 3, in one transaction."""
    db.execute("BEGIN IMMEDIATE")
    try:
        spans = db.execute(SPANS).fetchall()
        verdicts = db.execute("SELECT span, decision, scale, reason FROM verdicts").fetchall()
        answers = db.execute("SELECT span, accept, time FROM rulings").fetchall()
        kept = {name: db.execute(f"SELECT * FROM {name}").fetchall() for name in ("meta", "sources", "batches")}
        base = db.execute("SELECT * FROM snapshots WHERE span = 0").fetchall()
        numbers = db.execute("SELECT name, seq FROM sqlite_sequence WHERE name IN ('spans', 'batches')").fetchall()
        for name in ("words", "snapshots", "rulings", "verdicts", "spans", "batches", "sources", "meta"):
            db.execute(f"DROP TABLE {name}")
        for statement in statements():
            db.execute(statement)
        for name, rows in (*kept.items(), ("snapshots", base)):
            if rows:
                db.executemany(f"INSERT INTO {name} VALUES ({','.join('?' * len(rows[0]))})", rows)
        _insert(db, spans, verdicts, answers)
        set_numbers(db, numbers)
        db.execute(f"PRAGMA user_version={FORMAT}")
        db.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # a full disk has ended it already
            db.execute("ROLLBACK")
        raise


def _insert(
    db: sqlite3.Connection,
    spans: list[tuple[Any, ...]],
    verdicts: list[tuple[Any, ...]],
    answers: list[tuple[Any, ...]],
) -> None:
    """Old rows into the new tables."""
    trust = {}
    for row in spans:
        db.execute("INSERT INTO spans VALUES (?,?,?,?,?,?,?,?,?)", new_span(row))
        trust[row[0]] = source(row[10], row[11]).trust
    for span, decision, scale, reason in verdicts:
        ruling = new_ruling(decision, scale, reason, trust[span])
        if ruling is not None:
            insert_ruling(db, span, ruling)
    for span, accept, time in answers:
        db.execute("INSERT INTO answers VALUES (?,?,?,?)", (span, accept, time, answer_checksum(span, accept, time)))


def new_span(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row of SPANS as a row of format 3's table."""
    number, batch, origin, place, text, time, surprise, guarded, _, _, kind, name = row
    check = span_checksum(number, text, kind, name, (time, place, surprise, guarded))
    return number, batch, origin, place, text, time, surprise, guarded, check


def new_ruling(decision: str, scale: float, reason: str, trust: float) -> Ruling | None:
    """A verdict as a ruling of policy 0; None, which is to be decided anew, for what it cannot have been.

    `withheld` was the quarantine of what held no fact.
    """
    try:
        kind = Decision.QUARANTINED if decision == "withheld" else Decision(decision)
    except ValueError:
        return None
    if not isinstance(scale, int | float) or not 0.0 <= scale <= 1.0 or not isinstance(reason, str):
        return None
    return Ruling(kind, float(scale), reason, trust < 1.0 and scale > 0, trust, 0)


def set_numbers(db: sqlite3.Connection, numbers: list[tuple[str, int]]) -> None:
    """The last number given by each table, so that the number of a forgotten span is not given again."""
    for name, last in numbers:
        db.execute("DELETE FROM sqlite_sequence WHERE name = ?", (name,))
        db.execute("INSERT INTO sqlite_sequence(name, seq) VALUES (?, ?)", (name, last))
