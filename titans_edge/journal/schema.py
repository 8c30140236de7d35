"""Tables of a journal, and its rows as values. Format 1 was a bare state, without a journal; 2 kept vectors."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from titans_edge.errors import UsageError
from titans_edge.journal.file import digest
from titans_edge.rulings import Decision, Ruling
from titans_edge.sources import Source

FORMAT, APPLICATION = 3, 0x7E0E
MAGIC = b"SQLite format 3\0"
INDEXED = "tokenize='porter unicode61 remove_diacritics 2'"  # how texts are cut into stems
TABLES = f"""
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sources(id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, UNIQUE(kind, name));
CREATE TABLE batches(id INTEGER PRIMARY KEY AUTOINCREMENT, operation TEXT NOT NULL, part INTEGER NOT NULL,
    UNIQUE(operation, part));
CREATE TABLE operations(operation TEXT PRIMARY KEY, result TEXT NOT NULL, time REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE spans(
    id INTEGER PRIMARY KEY AUTOINCREMENT, batch INTEGER NOT NULL REFERENCES batches ON DELETE CASCADE,
    source INTEGER NOT NULL REFERENCES sources, offset INTEGER NOT NULL, text TEXT NOT NULL, time REAL NOT NULL,
    surprise REAL, guarded INTEGER NOT NULL, checksum BLOB NOT NULL);
CREATE INDEX spans_batch ON spans(batch);
CREATE TABLE facts(span INTEGER PRIMARY KEY REFERENCES spans ON DELETE CASCADE,
    graft TEXT NOT NULL, record BLOB NOT NULL, checksum BLOB NOT NULL);
CREATE TABLE rulings(span INTEGER PRIMARY KEY REFERENCES spans ON DELETE CASCADE, decision TEXT NOT NULL,
    scale REAL NOT NULL, reason TEXT NOT NULL, confined INTEGER NOT NULL, trust REAL NOT NULL, policy INTEGER NOT NULL,
    checksum BLOB NOT NULL);
CREATE TABLE answers(span INTEGER PRIMARY KEY REFERENCES spans ON DELETE CASCADE, accept INTEGER NOT NULL,
    time REAL NOT NULL, checksum BLOB NOT NULL);
CREATE TABLE snapshots(span INTEGER PRIMARY KEY, standing TEXT NOT NULL, state BLOB NOT NULL, checksum BLOB NOT NULL);
CREATE VIRTUAL TABLE words USING fts5(text, content='spans', content_rowid='id',
    {INDEXED});
CREATE TRIGGER words_in AFTER INSERT ON spans BEGIN INSERT INTO words(rowid, text) VALUES (new.id, new.text); END;
CREATE TRIGGER words_out AFTER DELETE ON spans BEGIN
    INSERT INTO words(words, rowid, text) VALUES ('delete', old.id, old.text); END;
"""
ROWS = """SELECT s.id, s.text, o.kind, o.name, s.offset, s.time, s.surprise, s.guarded, s.checksum, b.operation,
    f.graft, f.record, f.checksum, r.decision, r.scale, r.reason, r.confined, r.trust, r.policy, r.checksum,
    a.accept, a.time, a.checksum
    FROM spans s JOIN sources o ON o.id = s.source JOIN batches b ON b.id = s.batch LEFT JOIN facts f ON f.span = s.id
    LEFT JOIN rulings r ON r.span = s.id LEFT JOIN answers a ON a.span = s.id """


@dataclass(frozen=True)
class NewSpan:
    """What is to be written: offset of the span in its source, characters; surprise in nats (None: unknown)."""

    text: str
    offset: int = 0
    surprise: float | None = None
    record: bytes | None = None  # its facts; None: not read yet


@dataclass(frozen=True)
class Entry:
    """One span as it stands in the journal. record: its facts as `graft` read them (None: not read yet).

    ruling None: not decided yet. answer: the user's word on it, or None.
    """

    id: int
    text: str
    source: Source
    offset: int
    time: float
    surprise: float | None
    guarded: bool
    operation: str
    graft: str
    record: bytes | None
    ruling: Ruling | None
    answer: bool | None

    def shown(self) -> dict[str, Any]:
        """As JSON, without the record."""
        r = self.ruling
        return {
            "id": self.id,
            "text": self.text,
            "kind": self.source.kind,
            "source": self.source.label,
            "name": self.source.name,
            "offset": self.offset,
            "time": self.time,
            "surprise": self.surprise,
            "trust": self.source.trust,
            "decision": "undecided" if r is None else r.decision.value,
            "scale": 0.0 if r is None else r.scale,
            "reason": "" if r is None else r.reason,
        }


def entry(row: tuple[Any, ...]) -> Entry:
    """A row of ROWS as an entry. Raises ValueError where a value is of the wrong kind."""
    return Entry(
        id=int(row[0]),
        text=str(row[1]),
        source=source(row[2], row[3]),
        offset=int(row[4]),
        time=float(row[5]),
        surprise=None if row[6] is None else float(row[6]),
        guarded=bool(row[7]),
        operation=str(row[9]),
        graft=row[10] or "",
        record=row[11],
        ruling=None if row[13] is None else ruling(row),
        answer=None if row[20] is None else bool(row[20]),
    )


def ruling(row: tuple[Any, ...]) -> Ruling:
    """What was decided about a row of ROWS."""
    decision, scale, reason, confined, trust, policy = row[13:19]
    return Ruling(Decision(decision), float(scale), str(reason), bool(confined), float(trust), int(policy))


def span_checksum(span: int, text: str, kind: str, name: str, figures: tuple[float, int, float | None, int]) -> bytes:
    """figures: time, offset, surprise, guarded; as the file gives them back, whatever numbers they came as."""
    time, offset, surprise, guarded = figures
    plain = (span, float(time), int(offset), None if surprise is None else float(surprise), int(guarded))
    return digest(text.encode(), kind.encode(), name.encode(), repr(plain).encode())


def facts_checksum(span: int, graft: str, record: bytes) -> bytes:
    return digest(str(span).encode(), graft.encode(), record)


def snapshot_checksum(span: int, standing: str, state: bytes) -> bytes:
    """state: packed. That of span 0, with which a journal begins, is as formats 1 and 2 had it."""
    return digest(*([str(span).encode()] if span else []), standing.encode(), state)


def ruling_checksum(span: int, r: Ruling) -> bytes:
    effect = (float(r.scale), r.reason, bool(r.confined), float(r.trust), int(r.policy))
    return digest(repr((span, r.decision.value, *effect)).encode())


def answer_checksum(span: int, accept: bool, time: float) -> bytes:
    return digest(repr((span, bool(accept), float(time))).encode())


def source(kind: str, name: str) -> Source:
    """A stored source; of a kind this version does not know: imported."""
    try:
        return Source(kind, name)
    except UsageError:
        return Source("imported", f"{kind} {name}".strip())


def insert_ruling(db: sqlite3.Connection, span: int, r: Ruling) -> None:
    db.execute(
        "INSERT OR REPLACE INTO rulings VALUES (?,?,?,?,?,?,?,?)",
        (span, r.decision.value, r.scale, r.reason, int(r.confined), r.trust, r.policy, ruling_checksum(span, r)),
    )


def statements() -> list[str]:
    """TABLES, one statement each (a script would end a transaction)."""
    out, held = [], ""
    for part in TABLES.split(";"):
        held += part + ";"
        if sqlite3.complete_statement(held):
            out.append(held.strip())
            held = ""
    return [s for s in out if s != ";"]
