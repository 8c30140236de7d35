"""Journals that are damaged on purpose: bits, pages, logs; for tests of repair."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.journals import filled, sentence, tell
from titans_edge.journal import Journal
from titans_edge.journal.salvage import Repair, salvage

PAGE = 4096


def open_with_log(path: Path, count: int) -> Journal:
    """A journal whose last writes are only in its log, as after a crash (close it at the end of the test)."""
    journal = filled(path, 0)
    journal.db.execute("PRAGMA wal_autocheckpoint=0")
    for n in range(count):
        tell(journal, sentence(n), n)
    return journal


def repaired(path: Path) -> Repair:
    found = salvage(path)
    assert found is not None
    return found


def page_of(path: Path, name: str) -> list[int]:
    """Numbers of the pages of a table or index, its root first."""
    db = sqlite3.connect(path)
    rows = db.execute("SELECT pageno FROM dbstat WHERE name = ? ORDER BY path", (name,)).fetchall()
    db.close()
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    return [r[0] for r in rows]


def destroy(path: Path, number: int, byte: bytes = b"\xa5") -> None:
    with path.open("r+b") as f:
        f.seek((number - 1) * PAGE)
        f.write(byte * PAGE)


def flip(path: Path, what: bytes, *, nth: int = 0) -> None:
    """Change one bit of the nth place where these bytes stand."""
    raw = bytearray(path.read_bytes())
    at = -1
    for _ in range(nth + 1):
        at = raw.index(what, at + 1)
    raw[at] ^= 1
    path.write_bytes(raw)
