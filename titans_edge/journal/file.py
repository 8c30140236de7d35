"""How a journal's file is opened, locked and checked: SQLite's settings and errors. Knows no tables."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from titans_edge.errors import MemoryStateError
from titans_edge.journal import pages

PRIVATE = 0o600  # memories are their owner's alone
NEXT = "Close the other chat, or use another memory with --memory NAME; `titans-edge ask` and `memory list` only read."


def connect(path: Path | None, write: bool) -> sqlite3.Connection:
    """A connection; path None: a database in this process's memory. A new file is created for its owner only.

    Threads may take turns with it: whoever holds it in several sees to that, as `sidecar.delivery` does.
    """
    with translated(path):
        if path is None:
            db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        else:
            if write:
                _create_private(path)
            mode = "mode=rw" if write else "mode=ro&immutable=1" if _fixed(path) else "mode=ro"
            name = f"{path.absolute().as_uri()}?{mode}"
            db = sqlite3.connect(name, uri=True, isolation_level=None, timeout=5.0, check_same_thread=False)
        if write:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA foreign_keys=ON")
        db.execute("PRAGMA secure_delete=ON")
    return db


def log_of(path: Path) -> Path:
    """SQLite's write-ahead log of a file; a link's is beside what it links to."""
    real = path.resolve()
    return real.with_name(real.name + "-wal")


def log_wrong(path: Path) -> str:
    """What is wrong with a file's write-ahead log; "" for a sound one.

    SQLite passes over all that comes after a damaged page of it without a word, and what was acknowledged is gone. (The
    last transaction, torn by a crash, was not acknowledged, and is no damage.)
    """
    log = log_of(path)
    if not log.exists() or not log.stat().st_size:
        return ""
    with path.open("rb") as f:
        size = pages.page_size(f.read(100))
    broken = pages.read_log(log.read_bytes(), size).broken
    return f"its write-ahead log: {broken} pages have a wrong checksum" if broken else ""


def _fixed(path: Path) -> bool:
    """A file in a folder that cannot be written, where SQLite cannot make the files it coordinates readers by."""
    log = log_of(path)
    return not os.access(log.parent, os.W_OK) and (not log.exists() or log.stat().st_size == 0)


def _create_private(path: Path) -> None:
    """Make folder and file if they are not there; SQLite gives its log the file's own mode."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE))
        if path.stat().st_mode & 0o077:
            path.chmod(PRIVATE)
    except OSError as e:
        raise MemoryStateError(f"{path} cannot be written ({e.strerror}).", "Check the folder and its space.") from e


def lock_of(path: Path) -> Path:
    """The file that is locked; a link and what it links to have one."""
    return path.resolve().with_suffix(".lock")


def lock(path: Path) -> FileLock:
    """One writer a memory: a lock beside the file, let go by the system when the process ends."""
    held = FileLock(lock_of(path), timeout=0.2, mode=PRIVATE, thread_local=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        held.acquire()
    except Timeout as e:
        raise MemoryStateError(f"The memory {path.stem} is in use by another process.", NEXT) from e
    except OSError as e:
        raise MemoryStateError(f"{path.parent} cannot be written ({e.strerror}).", "Check the folder.") from e
    return held


@contextlib.contextmanager
def translated(path: Path | None) -> Iterator[None]:
    """SQLite's errors, as ours."""
    try:
        yield
    except UnicodeDecodeError as e:  # SQLite speaks of what it found in the file
        raise damaged(path, "bytes that are no text") from e
    except sqlite3.DatabaseError as e:
        text = str(e)
        if "full" in text or "disk I/O" in text:
            hint = "Free some space; nothing saved is lost."
            raise MemoryStateError(f"The memory cannot be written ({text}).", hint) from e
        if any(word in text for word in ("locked", "readonly", "unable to open")):
            raise MemoryStateError(
                f"The memory {path} cannot be used ({text}).", "Check the file and its folder."
            ) from e
        raise damaged(path, text) from e


class DamagedError(MemoryStateError):
    """A file is not what it was; what is sound of it can be kept."""


def damaged(path: Path | None, why: str) -> DamagedError:
    """The error for a file that is not what it was."""
    name = path.stem if path else "in RAM"
    return DamagedError(
        f"The memory {path} is damaged ({why}).",
        f"`titans-edge memory verify {name} --repair` keeps every sound span; or start another with --memory NAME.",
    )


def newer(path: Path | None, version: int) -> MemoryStateError:
    """The error for a file of a format to come."""
    return MemoryStateError(f"{path} was written by a newer Titans Edge (format {version}).", "Upgrade titans-edge.")


def store(db: sqlite3.Connection, path: Path) -> None:
    """Write a database from this process's memory to a new file, whole and on the disk when this returns."""
    remove(path)
    try:
        with translated(path):
            file = connect(path, write=True)
            with contextlib.closing(file):
                db.backup(file)
                file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        sync(path)
    except BaseException:
        remove(path)
        raise


def remove(path: Path) -> None:
    """Delete a database with its log. Raises MemoryStateError where the system does not let it."""
    try:
        for each in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))):
            each.unlink(missing_ok=True)
    except OSError as e:
        raise MemoryStateError(f"{path} cannot be deleted ({e.strerror}).", "Close what uses it, and try again.") from e


def sync(path: Path) -> None:
    """Until a file's contents are on the disk."""
    with path.open("rb+") as f:
        os.fsync(f.fileno())


def digest(*parts: bytes) -> bytes:
    """A checksum of several strings of bytes, each with its length."""
    made = hashlib.blake2b(digest_size=12)
    for part in parts:
        made.update(len(part).to_bytes(8, "little") + part)
    return made.digest()
