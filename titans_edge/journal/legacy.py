"""Memories of format 1 (a bare state: safetensors and a checksum), taken over as the state a journal begins with.

Such a file has no text: it goes on under the graft that wrote it, or not at all. Knows files, not what a state means.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from titans_edge.errors import MemoryStateError
from titans_edge.journal.file import PRIVATE, lock, store
from titans_edge.journal.journal import Journal
from titans_edge.journal.schema import MAGIC


def is_legacy(path: Path) -> bool:
    """A file that is no SQLite file and ends in its own checksum. Raises MemoryStateError where it cannot be read."""
    try:
        if not path.is_file() or path.stat().st_size < 40:
            return False
        with path.open("rb") as f:
            if f.read(len(MAGIC)) == MAGIC:
                return False
        raw = path.read_bytes()
    except OSError as e:
        raise MemoryStateError(f"{path} cannot be read ({e.strerror}).", "Check the file and its folder.") from e
    return hashlib.sha256(raw[:-32]).digest() == raw[-32:]


def migrate(path: Path, graft: str, replaced: Sequence[str] = ()) -> str:
    """Replace the file by a journal that begins with its state; the old one stays beside it. Returns what was done.

    graft: the id of the one in use; replaced: ids of those it goes on for. The state: memory, then momentum, each heads
    x values x keys, float32. "" where another process has done it meanwhile.
    """
    held = lock(path)
    try:
        if not is_legacy(path):
            return ""
        return _migrate(path.resolve(), graft, replaced)
    except OSError as e:
        raise MemoryStateError(f"{path} cannot be written ({e.strerror}).", "Check the folder and its space.") from e
    finally:
        held.release()


def _migrate(path: Path, graft: str, replaced: Sequence[str]) -> str:
    raw = path.read_bytes()
    state = _state(path, raw)
    written_by = _writer(raw)
    if written_by not in (graft, *replaced):
        raise MemoryStateError(
            f"The memory {path.stem} was written by another graft.",
            "Use that graft with --graft, or start another memory with --memory NAME.",
        )
    made, kept = path.with_suffix(".new"), path.with_suffix(".format-1")
    with Journal(None) as journal:
        journal.set_meta("graft", graft)
        journal.put_snapshot(0, {}, state)
        store(journal.db, made)
    with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE), "wb") as f:
        f.write(raw)
        f.flush()
        os.fsync(f.fileno())
    made.replace(path)
    return (
        f"The memory {path.stem} has a journal now. What it held before cannot be listed; the old file is {kept.name}."
    )


def _state(path: Path, raw: bytes) -> bytes:
    try:
        tensors = load(raw[:-32])
        memory, momentum = tensors["memory"], tensors["momentum"]
        sound = memory.shape == momentum.shape and np.isfinite(memory).all() and np.isfinite(momentum).all()
        if not sound or memory.dtype != np.float32 or momentum.dtype != np.float32:
            raise ValueError("no such state")
    except (SafetensorError, KeyError, ValueError, TypeError) as e:
        raise MemoryStateError(f"The memory {path} cannot be read ({e}).", "Start another with --memory NAME.") from e
    return memory.tobytes() + momentum.tobytes()


def _writer(raw: bytes) -> str:
    """Id of the graft that wrote the file, by its head."""
    header = raw[8 : 8 + int.from_bytes(raw[:8], "little")]
    found = re.search(rb'"graft":"([^"]*)"', header)
    return found[1].decode("utf-8", "replace") if found else ""
