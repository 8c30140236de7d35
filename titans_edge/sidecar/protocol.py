"""Frames between the runtime and the memory process: length, then msgpack; arrays as raw bytes. No pickle.

Knows messages, not what they do. A frame is a little-endian u32 length and that many bytes. The runtime sends
requests; the memory process answers each of them, in order, with any number of `Progress` and then one `Reply`.
"""

from __future__ import annotations

import struct
from typing import Any, BinaryIO, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from titans_edge import errors
from titans_edge.errors import SidecarFailed
from titans_edge.features import SpanFeatures

MAX_FRAME = 1 << 27  # bytes; four letters of text read as a length are more, so text among the frames is noticed
HEAD = struct.Struct("<I")


class Array(msgspec.Struct):
    """An array's shape, numpy's name of its type, and its bytes in C order."""

    shape: tuple[int, ...]
    dtype: str
    data: bytes


class Span(msgspec.Struct):
    """`SpanFeatures` on their way."""

    hidden: Array
    address: Array
    surface: Array
    places: Array
    surprise: float | None


class Request(msgspec.Struct):
    """op: what to do, see `MemoryHost`; memory: which one; operation: of what changes something, known to the journal.

    The same operation may be sent twice and is done once; its answer is the same both times. id: echoed in the reply.
    """

    op: str
    memory: str = ""
    operation: str = ""
    args: dict[str, Any] = {}
    spans: list[Span] = []
    arrays: dict[str, Array] = {}
    id: int = 0


class Reply(msgspec.Struct, tag="reply"):
    """The answer to a request. error: class name in titans_edge.errors, or of any other exception."""

    ok: bool
    result: dict[str, Any] = {}
    arrays: dict[str, Array] = {}
    error: str = ""
    message: str = ""
    hint: str = ""
    id: int = 0  # the request's; 0: of a frame that could not be read


class Progress(msgspec.Struct, tag="progress"):
    """A long request is at `done` of `of`; `what` in a few words. It shows that the process is alive."""

    done: int
    of: int
    what: str = ""


class _Envelope(msgspec.Struct):
    id: int = 0


Known = TypeVar("Known")
_ANSWERS: msgspec.msgpack.Decoder[Reply | Progress] = msgspec.msgpack.Decoder(Reply | Progress)
_REQUESTS = msgspec.msgpack.Decoder(Request)
_ENVELOPES = msgspec.msgpack.Decoder(_Envelope)


def pack(array: npt.NDArray[Any]) -> Array:
    plain = np.ascontiguousarray(array)
    return Array(array.shape, plain.dtype.str, plain.tobytes())


def unpack(a: Array) -> npt.NDArray[Any]:
    """A read-only view of the bytes."""
    return np.frombuffer(a.data, np.dtype(a.dtype)).reshape(a.shape)


def pack_span(s: SpanFeatures) -> Span:
    known = None if s.surprise != s.surprise else float(s.surprise)
    return Span(pack(s.hidden), pack(s.address), pack(s.surface), pack(s.places), known)


def unpack_span(s: Span) -> SpanFeatures:
    surprise = float("nan") if s.surprise is None else s.surprise
    return SpanFeatures(
        hidden=unpack(s.hidden),
        address=unpack(s.address),
        surface=unpack(s.surface),
        places=unpack(s.places),
        surprise=surprise,
    )


def frame(message: Request | Reply | Progress) -> bytes:
    """The bytes of a message. Raises SidecarFailed where it has none: too long, or something msgpack does not know."""
    try:
        body = msgspec.msgpack.encode(message)
    except (TypeError, ValueError, OverflowError) as e:
        raise SidecarFailed(f"A message to or from the memory process cannot be encoded: {e}.") from e
    if len(body) > MAX_FRAME:
        raise SidecarFailed(
            f"A message to or from the memory process has {len(body):,} bytes, more than {MAX_FRAME:,}.",
            "Read or write less at once.",
        )
    return HEAD.pack(len(body)) + body


def answer_in(body: bytes) -> Reply | Progress:
    """What the memory process sent. Raises SidecarFailed."""
    answer: Reply | Progress = _decoded(body, _ANSWERS)
    return answer


def request_in(body: bytes) -> Request:
    """What the runtime sent. Raises SidecarFailed."""
    return _decoded(body, _REQUESTS)


def id_in(body: bytes) -> int:
    """The id of a message that is otherwise not understood, 0 where it has none."""
    try:
        return _decoded(body, _ENVELOPES).id
    except SidecarFailed:
        return 0


def _decoded(body: bytes, decoder: msgspec.msgpack.Decoder[Known]) -> Known:
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as e:
        raise SidecarFailed(f"A message to or from the memory process cannot be read: {e}.") from e


def failure(error: BaseException, id: int = 0) -> Reply:
    """An error as a reply, to be raised again on the other side."""
    message, hint = getattr(error, "message", None), getattr(error, "hint", "")
    known = next((kind for kind in type(error).__mro__ if kind.__module__ == errors.__name__), type(error))
    return Reply(False, error=known.__name__, message=message or str(error), hint=hint, id=id)


def read_exactly(stream: BinaryIO, n: int) -> bytes:
    """n bytes, or fewer at the end of the stream."""
    got = bytearray()
    while len(got) < n:
        part = stream.read(min(n - len(got), 1 << 20))
        if not part:
            break
        got += part
    return bytes(got)
