"""Reads a GGUF file's header fast: where a tensor lies, and a hash of the tokenizer.

gguf.GGUFReader builds Python objects for all 300,000 tokenizer strings (6 s on a laptop core);
this walks over them (0.2 s). It knows the container format and nothing about models.
Format: GGUF specification v3, little endian.
"""

from __future__ import annotations

import hashlib
import math
import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType
from gguf.quants import dequantize

from titans_edge.errors import ModelError

_SCALARS = {0: "B", 1: "b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING, _ARRAY = 8, 9
Value = int | float | bool | str


@dataclass(frozen=True)
class TensorSpan:
    """A tensor's place in a file: enough for any process to read its rows without parsing the header."""

    path: str
    name: str
    shape: tuple[int, ...]  # numpy order, rows first
    ggml_type: int
    offset: int
    nbytes: int

    def memmap(self) -> npt.NDArray[np.uint8]:
        """Raw quantised bytes, (rows, bytes a row)."""
        rows = int(np.prod(self.shape[:-1])) if len(self.shape) > 1 else 1
        return np.memmap(self.path, np.uint8, "r", self.offset, (rows, self.nbytes // rows))

    def rows(self, index: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Dequantised rows, (len(index), columns) float32."""
        raw = np.asarray(self.memmap()[np.asarray(index, np.int64)])
        kind = GGMLQuantizationType(self.ggml_type)
        if kind is GGMLQuantizationType.F32:
            return raw.view(np.float32)
        return np.asarray(dequantize(raw, kind), np.float32)


@dataclass(frozen=True)
class Header:
    """What a GGUF says of itself: scalar metadata, array lengths, tensors, a hash of all tokenizer bytes."""

    path: str
    meta: dict[str, Value]
    array_lengths: dict[str, int]
    tensors: dict[str, TensorSpan]
    tokenizer_hash: str


class _Walk:
    def __init__(self, buf: mmap.mmap) -> None:
        self.buf, self.at = buf, 0

    def scalar(self, code: str) -> Value:
        (value,) = struct.unpack_from(code, self.buf, self.at)
        self.at += struct.calcsize(code)
        return value  # type: ignore[no-any-return]

    def integer(self, code: str = "<Q") -> int:
        return int(self.scalar(code))

    def string(self) -> str:
        size = self.integer()
        if self.at + size > len(self.buf):
            raise struct.error("string runs past the end")
        raw = self.buf[self.at : self.at + size]
        self.at += size
        return raw.decode("utf-8", "replace")

    def skip_strings(self, count: int) -> None:
        unpack, buf, at = struct.Struct("<Q").unpack_from, self.buf, self.at
        for _ in range(count):
            at += 8 + unpack(buf, at)[0]
        self.at = at


def read_header(path: Path | str) -> Header:
    """Walk the header. Raises ModelError when the file is no GGUF, or shorter than it says."""
    path = Path(path)
    if path.is_dir():
        raise ModelError(f"{path} is a directory, not a GGUF file.", "Name the .gguf file itself.")
    if not path.is_file():
        raise ModelError(f"There is no file {path}.", "See `titans-edge models` for what can be pulled.")
    if path.stat().st_size < 24:
        raise ModelError(f"{path} is too short to be a GGUF file.", "Download it again.")
    with path.open("rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as buf:
        if buf[:4] != b"GGUF":
            raise ModelError(f"{path} is not a GGUF file.", "Name a .gguf file, or `titans-edge pull` one.")
        try:
            return _read(str(path), buf)
        except (struct.error, ArithmeticError, KeyError, ValueError, IndexError) as e:
            raise ModelError(f"{path} is damaged or cut short ({e}).", "Download it again.") from e


def _read(path: str, buf: mmap.mmap) -> Header:
    walk = _Walk(buf)
    walk.at = 4
    version = walk.integer("<I")
    if version not in (2, 3):
        raise ValueError(f"GGUF version {version}")
    n_tensors, n_meta = walk.integer(), walk.integer()
    meta: dict[str, Value] = {}
    lengths: dict[str, int] = {}
    digest = hashlib.sha256()
    for _ in range(n_meta):
        key = walk.string()
        start = walk.at
        kind = walk.integer("<I")
        if kind == _STRING:
            meta[key] = walk.string()
        elif kind == _ARRAY:
            lengths[key] = _skip_array(walk)
        else:
            meta[key] = walk.scalar(_SCALARS[kind])
        if key.startswith("tokenizer.ggml."):
            digest.update(key.encode() + buf[start : walk.at])
    infos = [_tensor_info(walk) for _ in range(n_tensors)]
    align = int(meta.get("general.alignment", 32))
    base = (walk.at + align - 1) // align * align
    tensors = {}
    for name, shape, kind, offset in infos:
        block, size = GGML_QUANT_SIZES[GGMLQuantizationType(kind)]
        nbytes = math.prod(shape) // block * size
        if base + offset + nbytes > len(buf):
            raise ValueError(f"tensor {name} runs past the end of the file")
        tensors[name] = TensorSpan(path, name, shape, kind, base + offset, nbytes)
    return Header(path, meta, lengths, tensors, digest.hexdigest())


def _skip_array(walk: _Walk) -> int:
    kind, count = walk.integer("<I"), walk.integer()
    if kind == _STRING:
        walk.skip_strings(count)
    else:
        walk.at += count * struct.calcsize(_SCALARS[kind])
    if walk.at > len(walk.buf):
        raise ValueError("an array runs past the end of the file")
    return count


def read_arrays(path: Path | str, prefix: str) -> dict[str, list[Value]]:
    """The arrays whose key starts with `prefix`, element by element (a vocabulary: half a second), of a sound file."""
    out: dict[str, list[Value]] = {}
    with Path(path).open("rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as buf:
        walk = _Walk(buf)
        walk.at = 16
        for _ in range(walk.integer()):
            key = walk.string()
            kind = walk.integer("<I")
            if kind == _ARRAY and key.startswith(prefix):
                item, count = walk.integer("<I"), walk.integer()
                out[key] = [walk.string() if item == _STRING else walk.scalar(_SCALARS[item]) for _ in range(count)]
            elif kind == _ARRAY:
                _skip_array(walk)
            elif kind == _STRING:
                walk.string()
            else:
                walk.scalar(_SCALARS[kind])
    return out


def _tensor_info(walk: _Walk) -> tuple[str, tuple[int, ...], int, int]:
    name = walk.string()
    dims = [walk.integer() for _ in range(walk.integer("<I"))]
    kind, offset = walk.integer("<I"), walk.integer()
    return name, tuple(reversed(dims)), kind, offset


def fingerprint(header: Header) -> dict[str, str]:
    """What binds a graft to a backbone: architecture, sizes, tokenizer and token embedding.

    Two quantisations of one model differ only in `embedding`.
    """
    arch = str(header.meta.get("general.architecture", "?"))
    embd = header.tensors.get("token_embd.weight")
    if embd is None:
        raise ModelError(f"{header.path} has no token_embd.weight.", "Use a text model's GGUF.")
    sizes = [header.meta.get(f"{arch}.{k}", 0) for k in ("block_count", "embedding_length", "attention.head_count")]
    return {
        "architecture": arch,
        "sizes": "x".join(str(s) for s in [*sizes, embd.shape[0]]),
        "tokenizer": header.tokenizer_hash[:16],
        "embedding": hashlib.sha256(embd.memmap().data).hexdigest()[:16],
    }
