"""Rows out of an SQLite file that SQLite itself can no longer read: page by page, each page by itself, log included.

Knows the file format (sqlite.org/fileformat2.html) and no tables: a row is its number and its values. What is stale, by
the log or by the file's own size, is not looked at, so nothing forgotten comes back.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass

Value = int | float | str | bytes | None
SIZES = tuple(2**n for n in range(9, 17))  # a page may have
USUAL = 4096  # what SQLite makes
INDEX_INNER, INDEX_LEAF, TABLE_LEAF = 2, 10, 13  # kinds of page that hold rows
MAX_CELL = 1 << 28  # bytes of one row
_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}  # bytes by type
_LOG_MAGIC = 0x377F0682  # with 1 added: its checksums are of big-endian numbers


@dataclass(frozen=True)
class Row:
    """number: its rowid; None for a row of an index, or of a table without rowids."""

    number: int | None
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Log:
    """What a write-ahead log adds. size: of the file then, in pages (0: unsaid).

    broken: how many pages before sound ones are not as they were written; and its head, if that is not.
    """

    pages: dict[int, bytes]
    size: int
    broken: int


def page_size(raw: bytes) -> int:
    """As the file's first page says; what SQLite makes where that page is destroyed."""
    size = int.from_bytes(raw[16:18], "big")
    size = 65536 if size == 1 else size
    return size if size in SIZES else USUAL


def with_log(raw: bytes, log: bytes) -> tuple[bytes, int]:
    """The file with its log applied, as SQLite would show it; and its page size."""
    size = page_size(raw)
    added = read_log(log, size)
    count = min(added.size or _own_size(raw, size), (len(raw) + len(log)) // size + 1)
    pages = [added.pages.get(n) or raw[(n - 1) * size : n * size].ljust(size, b"\0") for n in range(1, count + 1)]
    return b"".join(pages), size


def _own_size(raw: bytes, size: int) -> int:
    """Pages in the file: as its header says where that can be believed, else as it is long."""
    said, long = int.from_bytes(raw[28:32], "big"), -(-len(raw) // size)
    believed = raw[24:28] == raw[92:96] and raw[:6] == b"SQLite" and said > 0
    return min(said, long) if believed else long


# --- the write-ahead log


def read_log(log: bytes, size: int) -> Log:
    """Apply a log's transactions in order. The last ones are left out where they are torn, as SQLite does too."""
    pages: dict[int, bytes] = {}
    held: dict[int, bytes] = {}
    torn: list[tuple[dict[int, bytes], int, int]] = []  # transactions with a broken frame, until a sound one follows
    count = bad = 0
    head_sound, frames = _frames(log, size)
    broken = 0 if head_sound else 1
    for number, commit, page, sound in frames:
        held[number] = page
        bad += not sound
        if not commit or not sound:
            continue
        torn.append((held, commit, bad))
        if not bad:
            for part, size_then, wrong in torn:
                pages, count, broken = pages | part, size_then, broken + wrong
            torn = []
        held, bad = {}, 0
    return Log({n: p for n, p in pages.items() if n <= count}, count, broken if pages else 0)


def _frames(log: bytes, size: int) -> tuple[bool, Iterator[tuple[int, int, bytes, bool]]]:
    """Is its head sound? And (page number, size of the file after a commit or 0, page, is it sound) of its frames."""
    if len(log) < 32 + 24 + size:
        return True, iter(())
    magic = int.from_bytes(log[:4], "big")
    native = "<" if sys.byteorder == "little" else ">"
    order = ("<", ">")[magic & 1] if magic | 1 == _LOG_MAGIC | 1 else native
    kept = struct.unpack(">2I", log[24:32])
    if kept == _checksum(log[:24], (0, 0), order) and any(kept):
        return True, _chain(log, size, log[16:24], kept, order)
    return False, _chain(log, size, log[40:48], None, order)


def _chain(
    log: bytes, size: int, salts: bytes, before: tuple[int, ...] | None, order: str
) -> Iterator[tuple[int, int, bytes, bool]]:
    """Frames with these salts; each one's checksum goes on from that of the one before it (None: unknown)."""
    for at in range(32, len(log) - 24 - size + 1, 24 + size):
        head, page = log[at : at + 24], log[at + 24 : at + 24 + size]
        if head[8:16] != salts:
            return
        kept = struct.unpack(">2I", head[16:24])
        sound = before is None or _checksum(head[:8] + page, (before[0], before[1]), order) == kept
        before = kept
        number, commit = struct.unpack(">2I", head[:8])
        yield number, commit, page, sound


def _checksum(data: bytes, seed: tuple[int, int], order: str) -> tuple[int, int]:
    a, b = seed
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for x, y in zip(words[::2], words[1::2], strict=True):
        a = (a + x + b) & 0xFFFFFFFF
        b = (b + y + a) & 0xFFFFFFFF
    return a, b


# --- pages and rows


def rows(raw: bytes, size: int) -> Iterator[Row]:
    """Every row that can be read on any page; what is broken is passed over, row by row."""
    for start in range(0, len(raw), size):
        page = raw[start : start + size]
        kind = page[0] if len(page) == size else 0  # the first page, with its header, holds names of tables only
        if kind not in (INDEX_INNER, INDEX_LEAF, TABLE_LEAF):
            continue
        first = 12 if kind == INDEX_INNER else 8
        for n in range(min(int.from_bytes(page[3:5], "big"), size // 4)):
            pointer = int.from_bytes(page[first + 2 * n : first + 2 * n + 2], "big")
            row = _cell(raw, size, page, pointer, kind)
            if row is not None:
                yield row


def _cell(raw: bytes, size: int, page: bytes, at: int, kind: int) -> Row | None:
    """The row that a cell holds, or None where it cannot be read."""
    try:
        at += 4 if kind == INDEX_INNER else 0
        length, at = _varint(page, at)
        number = None
        if kind == TABLE_LEAF:
            number, at = _varint(page, at)
            number -= (number >> 63) << 64
        return Row(number, _values(_payload(raw, size, page, at, length, kind)))
    except (IndexError, ValueError, struct.error):
        return None


def _payload(raw: bytes, size: int, page: bytes, at: int, length: int, kind: int) -> bytes:
    """The bytes of a row, which may go on over further pages."""
    if length > min(len(raw), MAX_CELL):
        raise ValueError("longer than the file")
    least = (size - 12) * 32 // 255 - 23
    most = size - 35 if kind == TABLE_LEAF else (size - 12) * 64 // 255 - 23
    here = length
    if length > most:
        here = least + (length - least) % (size - 4)
        here = least if here > most else here
    out, at = page[at : at + here], at + here
    following = int.from_bytes(page[at : at + 4], "big") if here < length else 0
    while len(out) < length:
        start = (following - 1) * size
        if following < 1 or start >= len(raw):
            raise ValueError("goes on nowhere")
        out += raw[start + 4 : start + size][: length - len(out)]
        following = int.from_bytes(raw[start : start + 4], "big")
    return out


def _values(record: bytes) -> tuple[Value, ...]:
    end, at = _varint(record, 0)
    kinds = []
    while at < end:
        kind, at = _varint(record, at)
        kinds.append(kind)
    at, out = end, list[Value]()
    for kind in kinds:
        length = _INTEGERS.get(kind) or (8 if kind == 7 else (kind - 12) // 2 if kind >= 12 else 0)
        part = record[at : at + length]
        if len(part) != length:
            raise ValueError("cut short")
        out.append(_value(kind, part))
        at += length
    return tuple(out)


def _value(kind: int, part: bytes) -> Value:
    if kind in _INTEGERS:
        return int.from_bytes(part, "big", signed=True)
    if kind == 7:
        return float(struct.unpack(">d", part)[0])
    if kind >= 12:
        return part.decode("utf-8", "surrogateescape") if kind % 2 else part
    return {0: None, 8: 0, 9: 1}[kind] if kind in (0, 8, 9) else _reserved(kind)


def _reserved(kind: int) -> Value:
    raise ValueError(f"no type {kind}")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of one to nine bytes, and where it ends."""
    value = 0
    for n in range(9):
        byte = data[at + n]
        if n == 8:
            return (value << 8) | byte, at + 9
        value = (value << 7) | (byte & 0x7F)
        if byte < 0x80:
            return value, at + n + 1
    raise ValueError("no number")
