"""Results appear whole or not at all: work in a folder beside, then rename file by file into place.

An interrupted run leaves the folder beside; the next one wipes it. A lock in it keeps two runs apart.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from titans_edge.errors import ModelError, UsageError


@contextmanager
def workplace(out: Path) -> Iterator[Path]:
    """An empty folder on the disk of `out`, gone at the end whatever happens. `out` itself is made by `deliver`."""
    out = out.absolute()
    place = out.parent / f".{out.name}.convert"
    lock = FileLock(place / ".lock")
    try:
        place.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        raise UsageError(
            f"Another conversion is writing to {out}.", "Wait for it, or name another folder with --out."
        ) from None
    except OSError as e:
        raise _cannot_make(out, e) from e
    try:
        try:
            _empty(place)  # what an interrupted run left
            (place / "work").mkdir()
        except OSError as e:
            raise _cannot_make(out, e) from e
        yield place / "work"
    finally:
        shutil.rmtree(place / "work", ignore_errors=True)
        with suppress(OSError):  # still locked: nobody else can be at work here
            (place / ".lock").unlink()
        lock.release()
        with suppress(OSError):
            place.rmdir()


def _cannot_make(out: Path, e: OSError) -> ModelError:
    return ModelError(f"{out} cannot be made ({e.strerror}).", "Name another folder with --out.")


def _empty(place: Path) -> None:
    for x in place.iterdir():
        if x.is_dir() and not x.is_symlink():
            shutil.rmtree(x)
        elif x.name != ".lock":
            x.unlink()


def deliver(files: list[Path], out: Path, suffix: str = "") -> list[Path]:
    """Rename finished files into `out`, replacing those of the same name. Returns where they are now."""
    out.mkdir(parents=True, exist_ok=True)
    there = [out / (f.name + suffix) for f in files]
    for file, to in zip(files, there, strict=True):
        file.replace(to)
    return there
