"""Files of exported memories: a head and one object a span, as JSON lines, bare or within a safetensors file.

Everything read from one is checked here. Knows the files' format (3, and how 2 is read); no journals.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from titans_edge.errors import DataError
from titans_edge.journal.checks import MAX_NUMBER, MAX_OFFSET, is_time
from titans_edge.rulings import Decision
from titans_edge.sources import TRUST

SUFFIXES = (".jsonl", ".safetensors")
NAME, FORMAT = "titans-memory", 3
MAX_TEXT, MAX_RECORD = 1_000_000, 10_000_000  # bytes
NEXT = "Export one with `titans-edge memory export`."
Number = Annotated[int, Meta(ge=-MAX_NUMBER, le=MAX_NUMBER)]
Name = Annotated[str, Meta(max_length=4096)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]


class Head(msgspec.Struct):
    """graft: by which the facts were read; base: the memory began with a state that no file of spans holds; documents:
    packed, which files the spans of some operations are from.
    """

    format: str
    graft: str = ""
    base: bool = False
    documents: list[str] = []


class Decided(msgspec.Struct):
    """A ruling, field by field."""

    decision: Decision
    scale: Share
    reason: str
    confined: bool
    trust: Share
    policy: Annotated[int, Meta(ge=0, le=MAX_NUMBER)]


class Line(msgspec.Struct):
    """A span. answered: when the user answered; record: its facts as `graft` read them, in base64."""

    id: Number
    operation: Name
    text: str
    kind: str
    name: Name
    offset: Annotated[int, Meta(ge=0, le=MAX_OFFSET)]
    time: float
    surprise: float | None
    guarded: bool
    answer: bool | None = None
    answered: float | None = None
    ruling: Decided | None = None
    graft: Name = ""
    record: bytes | None = None


class _Line2(msgspec.Struct):
    """A span of format 2. ruling: the user's answer. Its record, vectors, is not looked at."""

    id: Number
    event: Name
    text: str
    kind: str
    source: Name
    place: Annotated[int, Meta(ge=0, le=MAX_OFFSET)]
    time: float
    surprise: float | None
    guarded: bool
    ruling: bool | None = None


def check_suffix(path: Path) -> None:
    """Raises DataError for a file of another kind."""
    if path.suffix not in SUFFIXES:
        raise DataError(f"{path} is neither {' nor '.join(SUFFIXES)}.", "Choose one by the file's ending.")


def write(path: Path, head: Head, lines: Iterable[Line]) -> int:
    """Write a file, for its owner only, under a temporary name first. Returns how many spans."""
    check_suffix(path)
    try:
        descriptor, tmp = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as f:
                parts = [msgspec.json.encode(head), *map(msgspec.json.encode, lines)]
                f.write(_packed(path, b"\n".join(parts) + b"\n"))
                f.flush()
                os.fsync(f.fileno())
            Path(tmp).replace(path)
        except BaseException:
            Path(tmp).unlink(missing_ok=True)
            raise
    except OSError as e:
        raise DataError(f"{path} cannot be written ({e.strerror}).", "Check the folder and its space.") from e
    return len(parts) - 1


def _packed(path: Path, lines: bytes) -> bytes:
    if path.suffix == ".jsonl":
        return lines
    return save({"lines": np.frombuffer(lines, np.uint8)}, {"format": f"{NAME} {FORMAT}"})


def read(path: Path) -> tuple[Head, list[Line]]:
    """Head and spans of a file. Raises DataError, naming the line, for what is not one."""
    check_suffix(path)
    try:
        rows = _rows(path)
        head = next(rows, (1, b""))[1]
    except (OSError, SafetensorError, KeyError, ValueError, TypeError) as e:
        why = e.strerror if isinstance(e, OSError) else str(e)
        raise DataError(f"{path} is no exported memory ({why}).", NEXT) from e
    found = _head(path, head)
    lines = []
    for number, row in rows:
        try:
            lines.append(_checked(_line(row, found)))
        except (msgspec.DecodeError, ValueError, RecursionError) as e:
            raise DataError(f"{path}, line {number}: {e}.", "Nothing was imported.") from e
    return found, lines


def _rows(path: Path) -> Iterator[tuple[int, bytes]]:
    """(number, line), the head first; lines end at line feeds only."""
    raw = path.read_bytes() if path.suffix == ".jsonl" else _unpacked(path)
    lines = raw.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    return ((n, line) for n, line in enumerate(lines, 1) if line.strip())


def _unpacked(path: Path) -> bytes:
    with safe_open(path, "np") as f:
        meta = f.metadata() or {}
        if "lines" in f.keys():  # noqa: SIM118  # it is no dictionary
            return bytes(f.get_tensor("lines").tobytes())
    rows = [json.dumps(r) for r in json.loads(meta["spans"])]
    return "\n".join([json.dumps({"format": meta["format"], "graft": meta["graft"]}), *rows]).encode()


def _head(path: Path, raw: bytes) -> Head:
    try:
        head = msgspec.json.decode(raw, type=Head)
        name, version = head.format.split()
        if name != NAME or int(version) < 2:
            raise ValueError(f"format {head.format[:40]!r}")
    except (msgspec.DecodeError, ValueError) as e:
        raise DataError(f"{path}, line 1: this is no exported memory ({e}).", NEXT) from e
    if int(version) > FORMAT:
        raise DataError(f"{path} was written by a newer Titans Edge ({head.format}).", "Upgrade titans-edge.")
    return head


def _line(raw: bytes, head: Head) -> Line:
    if head.format.endswith(" 3"):
        return msgspec.json.decode(raw, type=Line)
    r = msgspec.json.decode(raw, type=_Line2)
    kind, name = (r.kind, r.source) if r.kind != "web" else ("imported", f"web {r.source}".strip())
    answered = None if r.ruling is None else r.time
    return Line(r.id, r.event, r.text, kind, name, r.place, r.time, r.surprise, r.guarded, r.ruling, answered)


def _checked(line: Line) -> Line:
    """What the types do not say. Raises ValueError."""
    if line.kind not in TRUST:
        raise ValueError(f"there is no kind of source {line.kind[:40]!r}")
    if not line.text.strip() or len(line.text.encode()) > MAX_TEXT:
        raise ValueError(f"the text is empty or longer than {MAX_TEXT // 1_000_000} MB")
    if not is_time(line.time) or (line.answered is not None and not is_time(line.answered)):
        raise ValueError("the time is not within the years 1970 to 9999")
    if line.surprise is not None and not math.isfinite(line.surprise):
        raise ValueError("the surprise is no number")
    if line.record is not None and len(line.record) > MAX_RECORD:
        raise ValueError("its facts are too long")
    return line


def identity(line: Line) -> tuple[str, int, float]:
    """What makes two spans the same, wherever they came by: text, offset, time."""
    return line.text, line.offset, line.time


def canonical(lines: list[Line]) -> bytes:
    """A file's spans, the same for every format they are kept in."""
    found: list[Any] = [[*identity(line), line.kind, line.name, line.operation] for line in lines]
    return msgspec.msgpack.encode(found)
