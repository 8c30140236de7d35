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
    """Holds up to `capacity` entries. With n_embd > 0 it takes rows (n, n_embd) instead of ids."""

    def __init__(self, capacity: int, n_embd: int = 0) -> None:
        self.capacity, self.n_embd = capacity, n_embd
        self._raw = llama_cpp.llama_batch_init(capacity, n_embd, 1)
        self._closed = False
        self.n = 0

    def clear(self) -> None:
        """Ready for new entries. Raises ModelError once it is freed: its memory is others' then."""
        if self._closed:
            raise ModelError("This context of the backbone is closed.", "Open a new session.")
        self.n = 0
        self._raw.n_tokens = 0

    def add_tokens(self, ids: Sequence[int], pos: int, seq: int, logits: str | Sequence[bool]) -> None:
        """Append ids at positions pos… of sequence `seq`. logits: "none", "last" or "all", or for each whether."""
        for i, token in enumerate(ids):
            self._raw.token[self.n + i] = token
        self._place(len(ids), pos, seq, logits)

    def add_rows(self, rows: FloatArray, pos: int, seq: int, logits: str) -> None:
        """Append embedding rows (n, n_embd) at positions pos…"""
        flat = np.ascontiguousarray(rows, np.float32)
        at = ctypes.addressof(self._raw.embd.contents) + self.n * self.n_embd * 4
        ctypes.memmove(at, flat.ctypes.data, flat.nbytes)
        self._place(len(rows), pos, seq, logits)

    def _place(self, n: int, pos: int, seq: int, logits: str | Sequence[bool]) -> None:
        raw, base = self._raw, self.n
        if isinstance(logits, str):
            logits = [logits == "all" or (logits == "last" and i == n - 1) for i in range(n)]
        for i in range(n):
            raw.pos[base + i] = pos + i
            raw.n_seq_id[base + i] = 1
            raw.seq_id[base + i][0] = seq
            raw.logits[base + i] = logits[i]
        self.n += n
        raw.n_tokens = self.n

    def decode(self, ctx: int, *, stopped_ok: bool = False) -> None:
        """Run llama_decode. `stopped_ok`: a tap callback ends the graph early on purpose."""
        code = llama_cpp.llama_decode(ctx, self._raw)
        if code == 0 or (stopped_ok and code > 1):
            return
        if code == 1:
            raise ContextOverflow("The text does not fit into the context.", "Shorten it, or raise --context.")
        raise ModelError(f"llama.cpp could not decode (code {code}).", "Run again with --verbose for its log.")

    def close(self) -> None:
        if not self._closed:
            llama_cpp.llama_batch_free(self._raw)
            self._closed = True
