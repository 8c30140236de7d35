"""What a reading replaced: the rows of a document's old version, kept so that taking the reading back brings them back.

They lie in a row of `meta` under the operation of the new version, the newest old version of a document only. Whatever
else is forgotten or corrected lets all of them go (their words could be the same ones); a mark stays, so that an undo
can say so. Knows rows; what is decided about them is decided anew.
"""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from titans_edge.journal.file import digest
from titans_edge.journal.reading import in_parts, marks

PREFIX = "replaced:"  # of keys in `meta`, before the operation
_KEYS = "key >= 'replaced:' AND key < 'replaced;'"
_BATCHES = "SELECT DISTINCT b.id, b.operation, b.part FROM batches b JOIN spans s ON s.batch = b.id WHERE s.id IN "
_SPANS = """SELECT s.id, o.kind, o.name, s.batch, s.offset, s.text, s.time, s.surprise, s.guarded, s.checksum
    FROM spans s JOIN sources o ON o.id = s.source WHERE s.id IN """
_OF_SPANS = {"facts": "SELECT * FROM facts WHERE span IN ", "answers": "SELECT * FROM answers WHERE span IN "}


def keep(db: sqlite3.Connection, operation: str, spans: Sequence[int]) -> None:
    """Inside a transaction: keep spans that a reading is about to replace."""
    batches = _rows(db, _BATCHES, spans)
    operations = sorted({b[1] for b in batches})
    replaced = [PREFIX + o for o in operations]  # what these replaced themselves is let go
    notes = _rows(db, "SELECT key, value FROM meta WHERE key IN ", operations)
    notes += [(key, "") for (key,) in _rows(db, "SELECT key FROM meta WHERE key IN ", replaced)]
    tables = {"meta": notes, "batches": batches, "spans": _rows(db, _SPANS, spans)}
    tables |= {table: _rows(db, sql, spans) for table, sql in _OF_SPANS.items()}
    packed = json.dumps(tables, default=lambda blob: {"blob": base64.b64encode(blob).decode()})
    db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (PREFIX + operation, _check(packed) + packed))


def put_back(db: sqlite3.Connection, operation: str) -> list[int] | None:
    """Inside a transaction: the rows a reading replaced, as they were. Returns their spans' ids: none where they were
    let go; None where it replaced nothing.
    """
    row = db.execute("SELECT value FROM meta WHERE key = ?", (PREFIX + operation,)).fetchone()
    if row is None:
        return None
    check, packed = row[0][:24], row[0][24:]
    if check != _check(packed):
        return []
    tables = json.loads(packed, object_hook=lambda o: base64.b64decode(o["blob"]) if "blob" in o else o)
    named = [s[1:3] for s in tables["spans"]]
    db.executemany("INSERT OR IGNORE INTO sources(kind, name) VALUES (?, ?)", named)
    spans = """INSERT INTO spans(id, source, batch, offset, text, time, surprise, guarded, checksum)
        VALUES (?,(SELECT id FROM sources WHERE kind = ? AND name = ?),?,?,?,?,?,?,?)"""
    db.executemany("INSERT OR REPLACE INTO meta VALUES (?,?)", tables["meta"])
    db.executemany("INSERT INTO batches VALUES (?,?,?)", tables["batches"])
    db.executemany(spans, tables["spans"])
    db.executemany("INSERT INTO facts VALUES (?,?,?,?)", tables["facts"])
    db.executemany("INSERT INTO answers VALUES (?,?,?,?)", tables["answers"])
    return [s[0] for s in tables["spans"]]


def let_go(db: sqlite3.Connection) -> None:
    """Inside a transaction: no old version is kept any more."""
    db.execute(f"UPDATE meta SET value = '' WHERE {_KEYS}")


def drop_forgotten(db: sqlite3.Connection) -> None:
    """Inside a transaction: forget what was replaced by documents that are forgotten themselves."""
    gone = f"substr(key, {len(PREFIX) + 1}) NOT IN (SELECT operation FROM batches)"
    db.execute(f"DELETE FROM meta WHERE {_KEYS} AND {gone}")


def _rows(db: sqlite3.Connection, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    found = [row for part in in_parts(values) for row in db.execute(f"{sql} ({marks(part)}) ORDER BY 1", part)]
    return list(dict.fromkeys(found))  # a group may be met in two parts


def _check(packed: str) -> str:
    return digest(packed.encode()).hex()
