"""Results appear whole or not at all: work in a folder beside, then rename file by file into place.

An interrupted run leaves the folder beside; the next one wipes it. A lock on it keeps two runs apart.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from titans_edge.errors import ModelError, UsageError


@contextmanager
def workplace(out: Path) -> Iterator[Path]:
    """An empty folder on the disk of `out`, gone at the end whatever happens. `out` itself is made by `deliver`."""
    out = out.absolute()
    place = out.parent / f".{out.name}.convert"
    try:
        place.mkdir(parents=True, exist_ok=True)
        lock = os.open(place, os.O_RDONLY)
    except OSError as e:
        raise ModelError(f"{out} cannot be made ({e.strerror}).", "Name another folder with --out.") from e
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(
                f"Another conversion is writing to {out}.", "Wait for it, or name another folder with --out."
            ) from None
        try:
            _empty(place)  # what an interrupted run left
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)
    finally:
        os.close(lock)


def _empty(place: Path) -> None:
    for x in place.iterdir():
        shutil.rmtree(x) if x.is_dir() and not x.is_symlink() else x.unlink()


def deliver(files: list[Path], out: Path, suffix: str = "") -> list[Path]:
    """Rename finished files into `out`, replacing those of the same name. Returns where they are now."""
    out.mkdir(parents=True, exist_ok=True)
    there = [out / (f.name + suffix) for f in files]
    for file, to in zip(files, there, strict=True):
        file.replace(to)
    return there
