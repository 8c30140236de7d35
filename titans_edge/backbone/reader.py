"""Reads texts fast: hidden states of an inner layer, many spans a batch, the rest of the graph not run.

A callback asks llama.cpp for the tensor `l_out-L` and ends the graph there. Each span is a sequence of
its own, so spans do not see each other and a span's hidden states depend on its text alone.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any

import llama_cpp
import numpy as np

from titans_edge.backbone.batch import Batch, FloatArray
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.pace import BATCHES, Pace, Setting
from titans_edge.errors import ModelError

BATCH_TOKENS = 512  # of a span, at most


class Reader:
    """Texts to hidden states (T, n_embd) of layer `layer`, counted from 0 as llama.cpp counts `l_out-N`.

    cache: a folder in which is kept what reads fastest on this machine (None: nowhere).
    """

    def __init__(self, backbone: Backbone, layer: int, max_spans: int = 64, cache: Path | None = None) -> None:
        if not 0 <= layer < backbone.n_layer - 1:
            raise ModelError(
                f"{backbone.name} has no inner layer {layer}.", f"Layers go from 0 to {backbone.n_layer - 2}."
            )
        self.backbone, self.layer, self.max_spans = backbone, layer, max_spans
        self._tap = _Tap(f"l_out-{layer}".encode())
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = params.n_batch = params.n_ubatch = max(BATCHES)
        params.n_seq_max = max_spans
        params.kv_unified = True
        params.cb_eval = self._tap.callback
        self._owned = backbone.context(params)
        self._batch = Batch(max(BATCHES))
        self._owned.own(self._batch)
        self._threads = backbone.threads
        self.pace = Pace(backbone.threads)
        if cache is not None:
            self.pace = Pace.kept(cache, f"{backbone.identity}, llama.cpp {llama_cpp.__version__}", backbone.threads)

    def close(self) -> None:
        """Free the context. May run twice."""
        self._owned.close()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def read(self, spans: Sequence[Sequence[int]]) -> Iterator[FloatArray]:
        """Hidden states of each span's token ids, in order: one (T, n_embd) float32 array a span."""
        for group, setting in _groups(spans, self.max_spans, self.pace.next):
            yield from self._read_group(group, setting)

    def _read_group(self, group: list[Sequence[int]], setting: Setting) -> Iterator[FloatArray]:
        ctx = self._owned.handle
        if setting.threads != self._threads:
            llama_cpp.llama_set_n_threads(ctx, setting.threads, setting.threads)
            self._threads = setting.threads
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(ctx), False)
        self._batch.clear()
        for seq, ids in enumerate(group):
            self._batch.add_tokens(ids, 0, seq, "last")
        self._tap.arm()
        began = time.perf_counter()
        self._batch.decode(ctx, stopped_ok=True)
        self.pace.took(setting, self._batch.n, time.perf_counter() - began)
        hidden = self._tap.take(self._batch.n, self.backbone.n_embd)
        at = 0
        for ids in group:
            yield hidden[at : at + len(ids)]
            at += len(ids)


def _groups(
    spans: Sequence[Sequence[int]], max_spans: int, setting_for: Callable[[int], Setting]
) -> Iterator[tuple[list[Sequence[int]], Setting]]:
    """Spans in order, as many together as their setting has room for, which goes by the tokens that are left."""
    group: list[Sequence[int]] = []
    left = sum(len(ids) for ids in spans)
    used, setting = 0, setting_for(left)
    for ids in spans:
        if not 0 < len(ids) <= BATCH_TOKENS:
            raise ModelError(f"A span has {len(ids)} tokens; 1 to {BATCH_TOKENS} can be read.", "Cut the text first.")
        if group and (used + len(ids) > setting.tokens or len(group) == max_spans):
            yield group, setting
            left -= used
            group, used, setting = [], 0, setting_for(left)
        group.append(ids)
        used += len(ids)
    if group:
        yield group, setting


class _Tap:
    """The eval callback: takes one named tensor, then ends the graph."""

    def __init__(self, name: bytes) -> None:
        self.name = name
        self._ggml = _ggml()
        self._got: FloatArray | None = None
        self._error = ""
        self.callback = llama_cpp.ggml_backend_sched_eval_callback(self._call)  # kept alive with self

    def arm(self) -> None:
        self._got, self._error = None, ""

    def take(self, n_tokens: int, n_embd: int) -> FloatArray:
        if self._got is None or self._got.size != n_tokens * n_embd:
            raise ModelError(
                f"llama.cpp gave no tensor {self.name.decode()}.", self._error or "This model cannot be tapped."
            )
        return self._got.reshape(n_tokens, n_embd)

    def _call(self, tensor: int, ask: bool, _user: Any) -> bool:
        if self._ggml.ggml_get_name(tensor) != self.name:
            return not ask
        if ask:
            return True
        out = np.empty(self._ggml.ggml_nelements(tensor), np.float32)
        self._ggml.ggml_backend_tensor_get(tensor, out.ctypes.data, 0, out.nbytes)
        self._got = out
        return False  # the layers above are not needed


@lru_cache(1)
def _ggml() -> ctypes.CDLL:
    """libggml-base, which lies beside libllama, with the three calls the tap needs."""
    folder = Path(llama_cpp.__file__).parent / "lib"
    found = sorted(
        p for pattern in ("*ggml-base*.so", "*ggml-base*.dylib", "ggml-base*.dll") for p in folder.glob(pattern)
    )
    if not found:
        raise ModelError("llama-cpp-python's ggml-base library was not found.", "Reinstall llama-cpp-python 0.3.36.")
    lib = ctypes.CDLL(str(found[0]))
    lib.ggml_get_name.argtypes, lib.ggml_get_name.restype = [ctypes.c_void_p], ctypes.c_char_p
    lib.ggml_nelements.argtypes, lib.ggml_nelements.restype = [ctypes.c_void_p], ctypes.c_int64
    lib.ggml_backend_tensor_get.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t]
    lib.ggml_backend_tensor_get.restype = None
    return lib
