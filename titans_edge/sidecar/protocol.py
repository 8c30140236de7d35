"""Frames between the runtime and the memory process: length, then msgpack; arrays as raw bytes. No pickle.

Knows messages, not what they do. A frame is a little-endian u32 length and that many bytes.
"""

from __future__ import annotations

import struct
from typing import Any, BinaryIO

import msgspec
import numpy as np
import numpy.typing as npt

from titans_edge.features import SpanFeatures

MAX_FRAME = 1 << 30


class Array(msgspec.Struct):
    shape: tuple[int, ...]
    dtype: str
    data: bytes


class Span(msgspec.Struct):
    hidden: Array
    address: Array
    surface: Array
    surprise: float | None


class Request(msgspec.Struct):
    """op: see `MemoryService`; and close."""

    op: str
    args: dict[str, Any] = {}
    spans: list[Span] = []
    arrays: dict[str, Array] = {}


class Reply(msgspec.Struct):
    ok: bool
    result: dict[str, Any] = {}
    arrays: dict[str, Array] = {}
    error: str = ""  # class name in titans_edge.errors
    message: str = ""
    hint: str = ""


def pack(array: npt.NDArray[Any]) -> Array:
    plain = np.ascontiguousarray(array)
    return Array(plain.shape, plain.dtype.str, plain.tobytes())


def unpack(a: Array) -> npt.NDArray[Any]:
    return np.frombuffer(a.data, np.dtype(a.dtype)).reshape(a.shape)


def pack_span(s: SpanFeatures) -> Span:
    known = None if s.surprise != s.surprise else float(s.surprise)
    return Span(pack(s.hidden), pack(s.address), pack(s.surface), known)


def unpack_span(s: Span) -> SpanFeatures:
    surprise = float("nan") if s.surprise is None else s.surprise
    return SpanFeatures(unpack(s.hidden), unpack(s.address), unpack(s.surface), surprise)


def frame(message: Request | Reply) -> bytes:
    body = msgspec.msgpack.encode(message)
    return struct.pack("<I", len(body)) + body


def read_exactly(stream: BinaryIO, n: int) -> bytes:
    """n bytes, or b"" at the end of the stream."""
    parts, got = [], 0
    while got < n:
        part = stream.read(n - got)
        if not part:
            return b""
        parts.append(part)
        got += len(part)
    return b"".join(parts)
