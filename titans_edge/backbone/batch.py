"""One llama_batch, owned: filled with token ids or with embedding rows (never both), then decoded."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import llama_cpp
import numpy as np
import numpy.typing as npt

from titans_edge.errors import ContextOverflow, ModelError

FloatArray = npt.NDArray[np.float32]


class Batch:
    """Holds up to `capacity` entries. With n_embd > 0 it takes rows (n, n_embd) instead of ids.

    Its fields are numpy arrays that llama.cpp is pointed at, so whole spans are set at once.
    """

    def __init__(self, capacity: int, n_embd: int = 0) -> None:
        self.capacity, self.n_embd = capacity, n_embd
        self._token = np.zeros(capacity, np.int32)
        self._embd = np.zeros((capacity, n_embd), np.float32)
        self._pos, self._seq = np.zeros(capacity, np.int32), np.zeros(capacity, np.int32)
        self._n_seq, self._logits = np.ones(capacity, np.int32), np.zeros(capacity, np.int8)
        self._seqs = self._seq.ctypes.data + 4 * np.arange(capacity, dtype=np.uintp)  # where each entry's sequence is
        self._raw = llama_cpp.llama_batch()
        rows: tuple[str, npt.NDArray[np.generic]] = ("embd", self._embd) if n_embd else ("token", self._token)
        fields = (("pos", self._pos), ("n_seq_id", self._n_seq), ("seq_id", self._seqs), ("logits", self._logits))
        types = {f[0]: f[1] for f in self._raw._fields_}
        for name, array in (rows, *fields):
            setattr(self._raw, name, ctypes.cast(array.ctypes.data, types[name]))
        self._closed = False
        self.n = 0

    def clear(self) -> None:
        """Ready for new entries. Raises ModelError once it is closed: its context is gone then."""
        if self._closed:
            raise ModelError("This context of the backbone is closed.", "Open a new session.")
        self.n = 0
        self._raw.n_tokens = 0

    def add_tokens(self, ids: Sequence[int], pos: int, seq: int, logits: str | Sequence[bool]) -> None:
        """Append ids at positions pos… of sequence `seq`. logits: "none", "last" or "all", or for each whether."""
        self._token[self.n : self.n + len(ids)] = ids
        self._place(len(ids), pos, seq, logits)

    def add_rows(self, rows: FloatArray, pos: int, seq: int, logits: str) -> None:
        """Append embedding rows (n, n_embd) at positions pos…"""
        self._embd[self.n : self.n + len(rows)] = rows
        self._place(len(rows), pos, seq, logits)

    def _place(self, n: int, pos: int, seq: int, logits: str | Sequence[bool]) -> None:
        here = slice(self.n, self.n + n)
        self._pos[here] = np.arange(pos, pos + n)
        self._seq[here] = seq
        self._logits[here] = logits == "all" if isinstance(logits, str) else logits
        if n and logits == "last":
            self._logits[self.n + n - 1] = 1
        self.n += n
        self._raw.n_tokens = self.n

    def decode(self, ctx: int, *, stopped_ok: bool = False) -> None:
        """Run llama_decode. `stopped_ok`: a tap callback ends the graph early on purpose."""
        code = llama_cpp.llama_decode(ctx, self._raw)
        if code == 0 or (stopped_ok and code > 1):
            return
        if code == 1:
            raise ContextOverflow("The text does not fit into the context.", "Shorten it, or raise --context.")
        raise ModelError(f"llama.cpp could not decode (code {code}).", "Run again with --verbose for its log.")

    def close(self) -> None:
        """May run twice."""
        self._closed = True
