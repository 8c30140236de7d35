"""Keys and values of some positions of a sequence, as llama.cpp hands them out: what they are of, whether they are
whole, and the same at other positions.

Knows the form of `llama_state_seq_get_data` (a mark, the cells' positions, for each layer a type, a row's size and the
rows) well enough to refuse what does not fit it, and how a plain model turns keys by their position. Where either is
not so, llama.cpp is asked to move them, or they are not used. Knows no contexts.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from titans_edge.errors import ModelError

MAGIC = 0xAF143CD8
MAX_LAYERS = 4096
CELL, CELLS = struct.Struct("<iIi"), struct.Struct("<IiII")  # a position, how many sequences, which; what comes first
HALF = 1  # ggml's number for 16-bit floats
_NEXT = "The sentences are read as text; nothing is lost."


@dataclass(frozen=True)
class Form:
    """What all states of one context have in common: (ggml type, bytes of a position) of keys and values by layer.

    transposed: values are kept by number, not by position (no flash attention).
    """

    transposed: bool
    keys: tuple[tuple[int, int], ...]
    values: tuple[tuple[int, int], ...]

    @property
    def position(self) -> int:
        """Bytes of one position in all layers."""
        return sum(size for _, size in self.keys + self.values)


@dataclass(frozen=True)
class Kept:
    """Keys and values of `tokens` at positions `start`…, computed after `before`. origin: by what (`Backbone`, build,
    form), check: over all of it.
    """

    origin: bytes
    before: bytes  # digest of the tokens they were computed after
    tokens: tuple[int, ...]
    start: int
    state: bytes
    check: bytes

    def __len__(self) -> int:
        return len(self.tokens)

    @classmethod
    def of(cls, origin: bytes, before: Sequence[int], tokens: Sequence[int], state: bytes) -> Kept:
        """What stands after `before`, sealed."""
        after, ids, start = digest_of(before), tuple(tokens), len(before)
        return cls(origin, after, ids, start, state, _seal(origin, after, ids, start, state))

    def sound(self) -> bool:
        """Whether it is what it was when it was made."""
        return self.check == _seal(self.origin, self.before, self.tokens, self.start, self.state)


def digest_of(tokens: Sequence[int]) -> bytes:
    """Of token ids in order."""
    return hashlib.blake2b(struct.pack(f"<{len(tokens)}i", *tokens), digest_size=16).digest()


def _seal(origin: bytes, before: bytes, tokens: tuple[int, ...], start: int, state: bytes) -> bytes:
    made = hashlib.blake2b(digest_size=16)
    for part in (origin, before, digest_of(tokens), start.to_bytes(8, "little", signed=True), state):
        made.update(len(part).to_bytes(8, "little") + part)
    return made.digest()


@dataclass(frozen=True)
class Rope:
    """How a model turns its keys: `turned` numbers of each head of `head`, in pairs, by base**(-2i/turned) a position.

    halves: a pair is (i, i + turned/2), else (2i, 2i + 1).
    """

    head: int
    turned: int
    base: float
    halves: bool

    def turn(self, keys: npt.NDArray[np.float16], by: int) -> npt.NDArray[np.float16]:
        """Keys (cells, numbers) of one layer, `by` positions on."""
        angle = by * self.base ** (-np.arange(0, self.turned, 2) / self.turned)
        cos, sin = np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
        heads = keys.astype(np.float32).reshape(len(keys), -1, self.head)
        half = self.turned // 2
        one, two = slice(0, self.turned, 2), slice(1, self.turned, 2)
        if self.halves:
            one, two = slice(0, half), slice(half, self.turned)
        a, b = heads[..., one].copy(), heads[..., two].copy()
        heads[..., one], heads[..., two] = a * cos - b * sin, a * sin + b * cos
        return heads.reshape(keys.shape).astype(np.float16)


class State:
    """A state taken apart. Raises ModelError for one that is not whole, or of a form this program does not know."""

    def __init__(self, raw: bytes) -> None:
        self.raw, self._at = raw, 0
        magic, _, streams, cells = self._take(CELLS)
        if magic != MAGIC or streams != 1 or not 0 < cells <= len(raw) // CELL.size:
            raise _unknown()
        met = [self._take(CELL) for _ in range(cells)]
        self.positions = tuple(position for position, _, _ in met)
        transposed, layers = self._take(struct.Struct("<II"))
        if transposed > 1 or layers > MAX_LAYERS or any(n != 1 for _, n, _ in met):
            raise _unknown()
        self._keys: list[int] = []  # where each layer's begin
        self._values: list[int] = []
        keys = tuple(self._rows(cells) for _ in range(layers))
        values = tuple(self._columns(cells) if transposed else self._rows(cells, key=False) for _ in range(layers))
        if self._at != len(raw):
            raise _unknown()
        self.form = Form(bool(transposed), keys, values)

    def keys(self, layer: int) -> npt.NDArray[np.float16]:
        """(cells, numbers) of a layer whose keys are 16-bit floats."""
        _, size = self.form.keys[layer]
        rows = np.frombuffer(self.raw, np.float16, len(self.positions) * size // 2, self._keys[layer])
        return rows.reshape(len(self.positions), -1)

    def values(self, layer: int) -> npt.NDArray[np.float16]:
        """(cells, numbers) of a layer whose values are 16-bit floats."""
        (_, size), cells = self.form.values[layer], len(self.positions)
        numbers = np.frombuffer(self.raw, np.float16, cells * size // 2, self._values[layer])
        return numbers.reshape(-1, cells).T if self.form.transposed else numbers.reshape(cells, -1)

    def filled(self, keys: npt.NDArray[np.float16], values: npt.NDArray[np.float16]) -> State:
        """The same with other keys and values (layers, cells, numbers). Raises ModelError where they do not fit."""
        out, cells = bytearray(self.raw), len(self.positions)
        both = (
            (keys, self.form.keys, self._keys, False),
            (values, self.form.values, self._values, self.form.transposed),
        )
        for given, kinds, starts, across in both:
            if given.shape[:2] != (len(kinds), cells) or {*kinds} != {(HALF, 2 * given.shape[2])}:
                raise ModelError("Trained keys and values are not of this context's form.", _NEXT)
            for rows, at in zip(given, starts, strict=True):
                raw = np.ascontiguousarray(rows.T if across else rows).tobytes()
                out[at : at + len(raw)] = raw
        return State(bytes(out))

    def moved(self, rope: Rope, by: int) -> bytes:
        """The same, `by` positions on. Only where all keys are 16-bit floats."""
        out = bytearray(self.raw)
        for i, position in enumerate(self.positions):
            struct.pack_into("<i", out, CELLS.size + i * CELL.size, position + by)
        for layer, at in enumerate(self._keys):
            turned = rope.turn(self.keys(layer), by).tobytes()
            out[at : at + len(turned)] = turned
        return bytes(out)

    def _take(self, form: struct.Struct) -> tuple[int, ...]:
        self._skip(form.size)
        return form.unpack_from(self.raw, self._at - form.size)

    def _skip(self, size: int) -> None:
        if not 0 <= size <= len(self.raw) - self._at:
            raise _unknown()
        self._at += size

    def _rows(self, cells: int, *, key: bool = True) -> tuple[int, int]:
        kind, size = self._take(struct.Struct("<iQ"))
        (self._keys if key else self._values).append(self._at)
        self._skip(size * cells)
        return kind, size

    def _columns(self, cells: int) -> tuple[int, int]:
        kind, size, width = self._take(struct.Struct("<iII"))
        self._values.append(self._at)
        self._skip(size * width * cells)
        return kind, size * width


def _unknown() -> ModelError:
    return ModelError("The kept keys and values are damaged, or of another build of llama.cpp.", _NEXT)
