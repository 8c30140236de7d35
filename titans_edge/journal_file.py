"""How a journal's file is opened, locked and checked: SQLite's settings and errors. Knows no tables."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from titans_edge.errors import MemoryStateError


def connect(path: Path | None, write: bool) -> sqlite3.Connection:
    with translated(path):
        if path is None:
            db = sqlite3.connect(":memory:", isolation_level=None)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            mode = "rwc" if write else "ro"
            db = sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=5.0)
        if write:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA foreign_keys=ON")
        db.execute("PRAGMA secure_delete=ON")
    return db


def lock(path: Path) -> sqlite3.Connection:
    """One writer a memory: an exclusive transaction on a file beside it, let go by the system when the process ends."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(path.with_suffix(".lock"), isolation_level=None, timeout=0.2)
        db.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as e:
        if "locked" not in str(e):
            raise MemoryStateError(
                f"{path} cannot be written ({e}).", "Check the folder and the space on the disk."
            ) from e
        raise MemoryStateError(
            f"The memory {path.stem} is in use by another process.",
            "Close the other chat, or use another memory with --memory NAME; `titans-edge ask` and `memory list` only read.",
        ) from e
    except OSError as e:
        raise MemoryStateError(f"{path.parent} cannot be written ({e.strerror}).", "Check the folder.") from e
    return db


@contextlib.contextmanager
def translated(path: Path | None) -> Iterator[None]:
    """SQLite's errors, as ours."""
    try:
        yield
    except sqlite3.DatabaseError as e:
        text = str(e)
        if "full" in text or "disk I/O" in text:
            raise MemoryStateError(
                f"The memory cannot be written ({text}).", "Free some space; nothing saved is lost."
            ) from e
        if any(word in text for word in ("locked", "readonly", "unable to open")):
            raise MemoryStateError(
                f"The memory {path} cannot be used ({text}).", "Check the file and its folder."
            ) from e
        raise damaged(path, text) from e


def damaged(path: Path | None, why: str) -> MemoryStateError:
    name = path.stem if path else "in RAM"
    return MemoryStateError(
        f"The memory {path} is damaged ({why}).",
        f"`titans-edge memory verify {name} --repair` keeps every sound span; or start another with --memory NAME.",
    )


def digest(*parts: bytes) -> bytes:
    digest = hashlib.blake2b(digest_size=12)
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.digest()
