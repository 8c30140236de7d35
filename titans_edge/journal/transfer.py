"""Journals in and out of files (JSONL, safetensors), put together, and saved from damage. Exact: records travel as
they are.
"""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from titans_edge.errors import DataError, MemoryStateError
from titans_edge.journal import Entry, Journal, NewSpan
from titans_edge.sources import Source

FORMATS = (".jsonl", ".safetensors")


def save(journal: Journal, path: Path) -> int:
    """Write every span to `path`, by its ending; temporary name first. Returns how many."""
    lines = [_line(journal, e) for e in journal.entries()]
    tmp = path.with_name(path.name + ".tmp")
    try:
        if path.suffix == ".safetensors":
            arrays = {
                f"record.{r['id']}": np.frombuffer(base64.b64decode(r.pop("record")), np.uint8)
                for r in lines
                if r["record"]
            }
            meta = {"format": "titans-memory 2", "graft": journal.meta("graft") or "", "spans": json.dumps(lines)}
            save_file(arrays or {"empty": np.zeros(1, np.uint8)}, tmp, meta)
        else:
            head = {"format": "titans-memory 2", "graft": journal.meta("graft") or ""}
            tmp.write_text("".join(json.dumps(x, ensure_ascii=False) + "\n" for x in (head, *lines)), "utf-8")
        tmp.replace(path)
    except OSError as e:
        tmp.unlink(missing_ok=True)
        raise DataError(
            f"{path} cannot be written ({e.strerror}).", "Check the folder and the space on the disk."
        ) from e
    return len(lines)


def load(path: Path) -> tuple[str, list[Entry], list[str]]:
    """(graft, entries, their events) of an exported file. Raises DataError where it is not one."""
    try:
        if path.suffix == ".safetensors":
            with safe_open(path, "np") as f:
                meta = f.metadata()
                rows = json.loads(meta["spans"])
                held = set(f.keys())
                for r in rows:
                    name = f"record.{r['id']}"
                    r["record"] = base64.b64encode(f.get_tensor(name).tobytes()).decode() if name in held else None
                return str(meta["graft"]), *_entries(rows)
        head, *lines = path.read_text("utf-8").splitlines()
        return str(json.loads(head)["graft"]), *_entries([json.loads(x) for x in lines if x.strip()])
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as e:
        raise DataError(f"{path} is no exported memory ({e}).", "Export one with `titans-edge memory export`.") from e


def merge(journals: Sequence[Journal], into: Journal) -> int:
    """All spans of several journals, by time (of one time: in the order of the journals). Returns how many."""
    grafts = {g for j in journals if (g := j.meta("graft")) is not None}
    if len(grafts) > 1:
        raise MemoryStateError(
            f"The memories were written by different grafts ({', '.join(sorted(grafts))}).", "Merge like with like."
        )
    if any(j.base() is not None for j in journals):
        raise MemoryStateError(
            "A memory that began before there were journals cannot be merged.", "It has no list of its spans."
        )
    if grafts:
        into.set_meta("graft", grafts.pop())
    rows = sorted(
        ((e.time, n, e.id, e, f"{n}-{j.event_of(e.batch)}") for n, j in enumerate(journals) for e in j.entries()),
        key=lambda row: row[:3],
    )
    return len(copy([r[3] for r in rows], into, [r[4] for r in rows]))


def add(into: Journal, graft: str, entries: Sequence[Entry], events: Iterable[str]) -> int:
    """Append exported spans to a journal of the same graft. Returns how many."""
    if (known := into.meta("graft")) not in (None, graft):
        raise MemoryStateError(
            f"The file was written with another graft ({graft}, this memory's is {known}).",
            "Write its text to a file and read it with `titans-edge read`.",
        )
    into.set_meta("graft", graft)
    again = into.count()
    return len(copy(entries, into, [f"import-{again}-{e}" for e in events]))


def salvage(path: Path) -> tuple[int, int, Path]:
    """Move a damaged journal aside and keep every sound span. Returns (kept, lost, where the damaged file is)."""
    kept: list[Entry] = []
    events: list[str] = []
    meta: dict[str, str] = {}
    lost = 0
    try:
        with Journal(path, check=False) as old:
            bad = set(old.unsound())
            kept = [e for e in old.entries() if e.id not in bad]
            lost = len(bad)
            meta = old.metas()
            events = [old.event_of(e.batch) for e in kept]
    except (MemoryStateError, sqlite3.Error):
        kept, events, lost = [], [], -1
    aside = next(p for n in range(1, 10_000) if not (p := path.with_suffix(f".damaged-{n}")).exists())
    path.rename(aside)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    with Journal(path) as new:
        for key, value in meta.items():
            new.set_meta(key, value)
        copy(kept, new, events)
    return len(kept), lost, aside


def copy(entries: Sequence[Entry], into: Journal, events: Sequence[str]) -> list[int]:
    """Append entries in order, each a group of its own under its event, with its time and its ruling. Returns the new
    ids.
    """
    ids, parts = [], dict[str, int]()
    with into.transaction():
        for e, event in zip(entries, events, strict=True):
            parts[event] = part = parts.get(event, -1) + 1
            span = NewSpan(e.text, e.place, e.surprise, e.record)
            (made,) = into.append(event, part, e.source, [span], guarded=e.guarded, at=e.time)
            if e.ruling is not None:
                into.note_ruling(made.id, e.ruling, e.time)
            ids.append(made.id)
    return ids


def _line(journal: Journal, e: Entry) -> dict[str, Any]:
    record = None if e.record is None else base64.b64encode(e.record).decode()
    return {
        "id": e.id,
        "event": journal.event_of(e.batch),
        "text": e.text,
        "kind": e.source.kind,
        "source": e.source.name,
        "place": e.place,
        "time": e.time,
        "surprise": e.surprise,
        "guarded": e.guarded,
        "ruling": e.ruling,
        "decision": e.decision,
        "reason": e.reason,
        "record": record,
    }


def _entries(rows: list[dict[str, Any]]) -> tuple[list[Entry], list[str]]:
    entries = [
        Entry(
            int(r["id"]),
            str(r["text"]),
            Source(r["kind"], r["source"]),
            int(r["place"]),
            float(r["time"]),
            r["surprise"],
            bool(r["guarded"]),
            None if r["record"] is None else base64.b64decode(r["record"]),
            0,
            "",
            0.0,
            "",
            r["ruling"],
        )
        for r in rows
    ]
    return entries, [str(r["event"]) for r in rows]
