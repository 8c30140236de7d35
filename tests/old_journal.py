"""Makes memories as format 2 had them (its tables and its checksum, as they were), and as format 1 had them."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from safetensors.numpy import save

from titans_edge.journal.file import digest

TABLES = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sources(id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, UNIQUE(kind, name));
CREATE TABLE batches(id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, part INTEGER NOT NULL,
    UNIQUE(event, part));
CREATE TABLE spans(
    id INTEGER PRIMARY KEY AUTOINCREMENT, batch INTEGER NOT NULL REFERENCES batches ON DELETE CASCADE,
    source INTEGER NOT NULL REFERENCES sources, place INTEGER NOT NULL, text TEXT NOT NULL, time REAL NOT NULL,
    surprise REAL, guarded INTEGER NOT NULL, record BLOB, checksum BLOB NOT NULL);
CREATE INDEX spans_batch ON spans(batch);
CREATE TABLE verdicts(span INTEGER PRIMARY KEY REFERENCES spans ON DELETE CASCADE,
    decision TEXT NOT NULL, scale REAL NOT NULL, reason TEXT NOT NULL);
CREATE TABLE rulings(span INTEGER PRIMARY KEY REFERENCES spans ON DELETE CASCADE, accept INTEGER NOT NULL,
    time REAL NOT NULL);
CREATE TABLE snapshots(span INTEGER PRIMARY KEY, standing TEXT NOT NULL, state BLOB NOT NULL, checksum BLOB NOT NULL);
CREATE VIRTUAL TABLE words USING fts5(text, content='spans', content_rowid='id',
    tokenize='unicode61 remove_diacritics 2');
CREATE TRIGGER words_in AFTER INSERT ON spans BEGIN INSERT INTO words(rowid, text) VALUES (new.id, new.text); END;
CREATE TRIGGER words_out AFTER DELETE ON spans BEGIN
    INSERT INTO words(words, rowid, text) VALUES ('delete', old.id, old.text); END;
"""


class Old(NamedTuple):
    """A span of format 2. verdict: decision, scale, reason; accept: the user's answer."""

    text: str
    kind: str = "user"
    name: str = ""
    time: float = 1000.0
    place: int = 0
    surprise: float | None = 0.5
    record: bytes | None = b"vectors"
    verdict: tuple[str, float, str] | None = ("written", 1.0, "your own words")
    accept: bool | None = None


def make_format_2(path: Path, spans: Sequence[Old], base: tuple[str, bytes] | None = None) -> Path:
    """A journal of format 2, in WAL mode and closed. base: standing and packed state of snapshot 0."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA foreign_keys=ON")
    db.execute("PRAGMA secure_delete=ON")
    db.executescript(f"BEGIN; {TABLES} PRAGMA application_id={0x7E0E}; PRAGMA user_version=2; COMMIT;")
    db.execute("INSERT INTO meta VALUES ('graft', 'old-graft')")
    for n, s in enumerate(spans):
        _insert(db, n, s)
    if base is not None:
        db.execute("INSERT INTO snapshots VALUES (0, ?, ?, ?)", (*base, digest(base[0].encode(), base[1])))
    db.close()
    return path


def _insert(db: sqlite3.Connection, n: int, s: Old) -> None:
    db.execute("INSERT OR IGNORE INTO sources(kind, name) VALUES (?, ?)", (s.kind, s.name))
    (source,) = db.execute("SELECT id FROM sources WHERE kind = ? AND name = ?", (s.kind, s.name)).fetchone()
    batch = db.execute("INSERT INTO batches(event, part) VALUES (?, 0)", (f"event-{n}",)).lastrowid
    figures = repr((s.time, s.place, s.surprise, 1)).encode()
    check = digest(s.text.encode(), s.kind.encode(), s.name.encode(), figures, s.record or b"")
    span = db.execute(
        "INSERT INTO spans(batch, source, place, text, time, surprise, guarded, record, checksum)"
        " VALUES (?,?,?,?,?,?,1,?,?)",
        (batch, source, s.place, s.text, s.time, s.surprise, s.record, check),
    ).lastrowid
    if s.verdict is not None:
        db.execute("INSERT INTO verdicts VALUES (?,?,?,?)", (span, *s.verdict))
    if s.accept is not None:
        db.execute("INSERT INTO rulings VALUES (?,?,?)", (span, int(s.accept), s.time + 1))


def make_format_1(path: Path, graft: str = "old-graft", value: float = 1.5) -> tuple[Path, bytes]:
    """A bare state (2 heads of 3 x 4, memory and momentum) with its checksum; and the state's bytes."""
    memory = np.full((2, 3, 4), value, np.float32)
    momentum = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    raw = save({"memory": memory, "momentum": momentum}, {"graft": graft})
    path.write_bytes(raw + hashlib.sha256(raw).digest())
    return path, memory.tobytes() + momentum.tobytes()
