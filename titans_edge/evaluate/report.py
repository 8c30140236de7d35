"""Results as a JSON file: all of it or the file that was there before.

Knows files. Knows nothing of what the results say.
"""

from __future__ import annotations

import json
import os
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
    text = json.dumps(results, indent=1, ensure_ascii=False)
    handle, name = tempfile.mkstemp(prefix=f".{out.name}.", dir=out.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="\n") as f:
            f.write(text)
        os.chmod(name, 0o644)
        os.replace(name, out)
    except OSError as e:
        Path(name).unlink(missing_ok=True)
        raise UsageError(f"{out} cannot be written ({e.strerror}).", "Name another file with --json.") from e
