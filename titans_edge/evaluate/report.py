"""Results as a JSON file, with the command that made them: all of it or the file that was there before.

Knows files. Knows nothing of what the results say.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
import tempfile
from pathlib import Path

from titans_edge.errors import UsageError


def check(out: Path | None, *inputs: Path) -> None:
    """Before hours of work: raises UsageError where `out` cannot be written, or is one of the files that are read."""
    if out is None:
        return
    if out.is_dir() or not out.parent.is_dir() or not os.access(out.parent, os.W_OK):
        raise UsageError(f"{out} cannot be written.", "Name a file in a folder that is there with --json.")
    if any(out.resolve() == p.resolve() for p in inputs):
        raise UsageError(f"{out} is what is read.", "Name another file with --json.")


def save(out: Path | None, results: object) -> None:
    """Write to a temporary file beside `out`, then put it in its place. out None: nothing."""
    if out is None:
        return
    made = results if isinstance(results, dict) else {"rows": results}
    write(out, json.dumps({"command": command(), **made}, indent=1, ensure_ascii=False))


def command() -> str:
    """What was called, as it is typed."""
    return shlex.join(["titans-edge", *sys.argv[1:]])


def write(out: Path, text: str, hint: str = "Name another file with --json.") -> None:
    """A text as a file: all of it or the one that was there before. Raises UsageError with this hint."""
    name = ""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{out.name}.", dir=out.parent)
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="\n") as f:
            f.write(text)
        os.chmod(name, 0o644)
        os.replace(name, out)
    except OSError as e:
        if name:
            Path(name).unlink(missing_ok=True)
        raise UsageError(f"{out} cannot be written ({e.strerror}).", hint) from e
