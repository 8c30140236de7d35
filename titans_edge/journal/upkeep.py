"""A memory's files as a whole: what lies beside it, renaming, emptying, deleting. Knows names and locks, no rows."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from titans_edge.errors import MemoryStateError, UsageError
from titans_edge.journal.file import lock, lock_of, log_of, remove, store
from titans_edge.journal.journal import Journal
from titans_edge.journal.legacy import is_legacy

BESIDE = r"\.(damaged-\d+|format-1|new|whole)(-wal|-shm)?(\.part)?"  # what repairs and upgrades leave, after the name


def leftovers(path: Path) -> list[Path]:
    """Files of repairs and upgrades beside a memory, which may hold text that was forgotten since."""
    real = path.resolve()
    found = {p for folder, stem in {(path.parent, path.stem), (real.parent, real.stem)} for p in _beside(folder, stem)}
    return sorted(found)


def orphans(folder: Path) -> dict[str, list[Path]]:
    """Such files whose memory is gone, by its name."""
    out: dict[str, list[Path]] = {}
    for p in sorted(folder.iterdir()) if folder.is_dir() else []:
        found = re.fullmatch(rf"(.+?){BESIDE}", p.name)
        if found and not (folder / f"{found[1]}.memory").exists():
            out.setdefault(found[1], []).append(p)
    return out


def _beside(folder: Path, stem: str) -> Iterator[Path]:
    if folder.is_dir():
        yield from (p for p in folder.iterdir() if re.fullmatch(re.escape(stem) + BESIDE, p.name))


@contextlib.contextmanager
def alone(path: Path) -> Iterator[Callable[[], None]]:
    """Holds a memory's lock. Gives a function that removes the lock's file at the end, for a memory that is gone."""
    held = lock(path)
    file, gone = lock_of(path), list[bool]()
    try:
        yield lambda: gone.append(True)
        if gone:
            with contextlib.suppress(OSError):  # some systems delete no open file
                file.unlink(missing_ok=True)
    finally:
        held.release()
    if gone and os.name == "nt":
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)


def clean(path: Path) -> list[str]:
    """Remove what repairs and upgrades left beside a memory. Returns the files' names."""
    with alone(path) as ends:
        found = remove_leftovers(path)
        if not path.exists():
            ends()
    return found


def remove_leftovers(path: Path) -> list[str]:
    """The same, for one who has the memory's lock."""
    found = leftovers(path)
    for each in found:
        _unlink(each)
    return [p.name for p in found]


def delete(path: Path) -> None:
    """Delete a memory with all that lies beside it, be it sound or damaged."""
    with alone(path) as ends:
        remove_leftovers(path)
        remove(path.resolve())
        remove(path)
        ends()


def reset(path: Path) -> str:
    """Forget everything and keep the name. Returns "" or why the file's remains could not be overwritten."""
    if is_legacy(path):
        _begin_anew(path)
    with Journal(path, check=False) as journal:
        journal.clear()
        remove_leftovers(path)
        return tidy(journal)


def _begin_anew(path: Path) -> None:
    """An empty journal in the place of a memory of format 1."""
    real = path.resolve()
    made = real.with_suffix(".new")
    with alone(path), Journal(None) as journal:
        store(journal.db, made)
        os.replace(made, real)


def rename(path: Path, target: Path) -> None:
    """Give a memory another name, and what lies beside it too. Raises MemoryStateError where it is in use."""
    if not is_legacy(path):
        with Journal(path, check=False) as journal:  # takes in its log when it is closed
            journal.checkpoint()
    with alone(path) as ends, alone(target):
        if target.exists():
            raise UsageError(f"There is a memory {target.stem!r} already.", "Choose another name, or delete it first.")
        log = log_of(path)
        if log.exists() and log.stat().st_size:
            raise MemoryStateError(
                f"The memory {path.stem} is being read by another process.", "Try again in a moment."
            )
        for each in list(_beside(path.parent, path.stem)):
            each.replace(_free(target.with_name(target.stem + each.name[len(path.stem) :])))
        if not path.is_symlink():
            for end in ("-wal", "-shm"):
                path.with_name(path.name + end).unlink(missing_ok=True)
        path.replace(target)
        ends()


def tidy(journal: Journal) -> str:
    """Overwrite what was forgotten and give its room back, as far as that works. Returns "" or why it did not."""
    try:
        journal.compact()
    except MemoryStateError as e:
        with contextlib.suppress(MemoryStateError):
            journal.checkpoint()
        return e.message
    return ""


def _free(path: Path) -> Path:
    """A name like this one that is not taken: NAME.damaged-1, NAME.damaged-2."""
    while path.exists():
        number = re.search(r"damaged-(\d+)", path.name)
        if number is None:
            break
        path = path.with_name(path.name.replace(number[0], f"damaged-{int(number[1]) + 1}"))
    return path


def _unlink(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as e:
        raise MemoryStateError(f"{path} cannot be deleted ({e.strerror}).", "Close what uses it, and try again.") from e
