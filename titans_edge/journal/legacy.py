"""Memories of format 1 (a bare state: safetensors and a checksum), taken over as the state a journal begins with."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from safetensors import SafetensorError
from safetensors.numpy import load

from titans_edge.errors import MemoryStateError
from titans_edge.journal.journal import Journal
from titans_edge.journal.schema import MAGIC


def is_legacy(path: Path) -> bool:
    """A file that is no SQLite file and ends in its own checksum."""
    if not path.is_file() or path.stat().st_size < 40 or path.open("rb").read(16) == MAGIC:
        return False
    raw = path.read_bytes()
    return hashlib.sha256(raw[:-32]).digest() == raw[-32:]


def migrate(path: Path, graft: str, replaced: Sequence[str] = ()) -> str:
    """Replace the file by a journal that begins with its state; the old one stays beside it. Returns what was done."""
    raw = path.read_bytes()
    header_size = int.from_bytes(raw[:8], "little")
    try:
        tensors = load(raw[:-32])
        written_by = raw[8 : 8 + header_size]
        state = tensors["memory"].tobytes() + tensors["momentum"].tobytes()
    except (SafetensorError, KeyError) as e:
        raise MemoryStateError(f"The memory {path} cannot be read ({e}).", "Start another with --memory NAME.") from e
    if not any(f'"graft":"{g}"'.encode() in written_by for g in (graft, *replaced)):
        raise MemoryStateError(
            f"The memory {path.stem} was written by another graft.",
            "Use that graft with --graft, or start another memory with --memory NAME.",
        )
    made = path.with_suffix(".new")
    made.unlink(missing_ok=True)
    with Journal(made) as journal:
        journal.set_meta("graft", graft)
        journal.put_snapshot(0, {}, state)
        journal.compact()
    kept = path.with_suffix(".format-1")
    path.rename(kept)
    made.rename(path)
    return (
        f"The memory {path.stem} has a journal now. What it held before cannot be listed; the old file is {kept.name}."
    )
