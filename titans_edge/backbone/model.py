"""A loaded GGUF backbone: handle, sizes, vocabulary, template, fingerprint; refuses what is unsafe to drive."""

from __future__ import annotations

import hashlib
import os
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

import llama_cpp

from titans_edge.backbone import logs
from titans_edge.backbone.state import Rope
from titans_edge.backbone.template import ChatTemplate
from titans_edge.backbone.vocabulary import Vocabulary
from titans_edge.errors import ModelError
from titans_edge.gguf_header import Header, TensorSpan, fingerprint, read_header

ALL_LAYERS = 999  # more than any model has
_MULTI_ROPE = {"mrope": 8, "imrope": 40}  # llama_rope_type values that read several positions a token


class Context:
    """One llama_context, and what must be closed before it."""

    def __init__(self, handle: int, siblings: list[Context]) -> None:
        self._handle, self._siblings, self.closed = handle, siblings, False
        self._stack = ExitStack()
        self._stack.callback(llama_cpp.llama_free, handle)

    @property
    def handle(self) -> int:
        """llama.cpp's pointer. Raises ModelError once it is freed: llama.cpp itself would crash."""
        if self.closed:
            raise ModelError("This context of the backbone is closed.", "Open a new session.")
        return self._handle

    def own(self, closeable: Any) -> None:
        """Close `closeable` before the context."""
        self._stack.callback(closeable.close)

    def close(self) -> None:
        """May run twice."""
        self.closed = True
        self._stack.close()
        if self in self._siblings:
            self._siblings.remove(self)


class Backbone:
    """One llama_model. Contexts made from it are closed before it."""

    def __init__(self, path: Path | str, *, gpu_layers: int | None = None, threads: int | None = None) -> None:
        """gpu_layers: None offloads everything if this build has a GPU backend, half where that does not fit, and
        nothing where half does not either.
        """
        self.header: Header = read_header(path)
        self.path = str(path)
        self.threads = threads or max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 4)
        logs.install()
        llama_cpp.llama_backend_init()
        params = llama_cpp.llama_model_default_params()
        params.use_extra_bufts = not uses_amx()
        logs.recent_errors.clear()
        handle = None
        for layers in self._layers() if gpu_layers is None else (gpu_layers,):
            params.n_gpu_layers = self.gpu_layers = layers
            if handle := llama_cpp.llama_model_load_from_file(os.fsencode(path), params):
                break
        if not handle:
            why = logs.recent_errors[0] if logs.recent_errors else "no reason given"
            raise ModelError(f"llama.cpp cannot load {path}: {why}", "Download it again, or pull another.")
        self._children: list[Context] = []
        self.closed = False
        self._stack = ExitStack()
        self._stack.callback(llama_cpp.llama_model_free, handle)
        self.handle = handle
        try:
            self._check()
        except ModelError:
            self.close()
            raise
        self.vocab = Vocabulary(llama_cpp.llama_model_get_vocab(handle))

    def _layers(self) -> tuple[int, ...]:
        """How many layers go to the GPU: what is tried, the first that fits is taken."""
        there = self.header.meta.get(f"{self.header.meta.get('general.architecture')}.block_count", 0)
        return (ALL_LAYERS, int(str(there)) // 2, 0) if supports_gpu() else (0,)

    def _check(self) -> None:
        rope = llama_cpp.llama_model_rope_type(self.handle)
        name = str(self.header.meta.get("general.name", self.path))
        if rope in _MULTI_ROPE.values():
            raise ModelError(f"{name} uses M-RoPE: its embedding batches are unsafe.", "Use a plain text model.")
        if llama_cpp.llama_model_is_recurrent(self.handle) or llama_cpp.llama_model_is_hybrid(self.handle):
            raise ModelError(f"{name} is a recurrent model and cannot be tapped.", "Use a plain transformer.")
        if llama_cpp.llama_model_has_encoder(self.handle):
            raise ModelError(f"{name} is an encoder model, not a chat model.", "Use a decoder such as Qwen2.5.")
        if llama_cpp.llama_model_n_swa(self.handle) > 0:
            raise ModelError(f"{name} uses a sliding window and cannot be tapped.", "Use a plain transformer.")

    @property
    def n_embd(self) -> int:
        return int(llama_cpp.llama_model_n_embd(self.handle))

    @property
    def n_layer(self) -> int:
        return int(llama_cpp.llama_model_n_layer(self.handle))

    @property
    def n_head_kv(self) -> int:
        return int(llama_cpp.llama_model_n_head_kv(self.handle))

    @property
    def n_ctx_train(self) -> int:
        return int(llama_cpp.llama_model_n_ctx_train(self.handle))

    @property
    def name(self) -> str:
        return str(self.header.meta.get("general.name", Path(self.path).stem))

    @cached_property
    def fingerprint(self) -> dict[str, str]:
        return fingerprint(self.header)

    @cached_property
    def identity(self) -> str:
        """Of this very file: what its header says, its size and time, and its last megabyte. Quick where `fingerprint`
        reads all of a tensor.
        """
        with open(self.path, "rb") as f:
            at = os.fstat(f.fileno())
            f.seek(max(0, at.st_size - (1 << 20)))
            made = hashlib.blake2b(f.read(1 << 20), digest_size=16)
        made.update(
            repr((at.st_size, at.st_mtime_ns, self.header.tokenizer_hash, sorted(self.header.meta.items()))).encode()
        )
        return made.hexdigest()

    @cached_property
    def rope(self) -> Rope | None:
        """How keys are turned by their position; None where it is not one of the two plain ways."""
        kinds = {int(llama_cpp.LLAMA_ROPE_TYPE_NORM): False, int(llama_cpp.LLAMA_ROPE_TYPE_NEOX): True}
        meta = self.header.meta
        arch = str(meta.get("general.architecture", ""))
        heads = int(meta.get(f"{arch}.attention.head_count", 0) or 0)
        kind = int(llama_cpp.llama_model_rope_type(self.handle))
        scaled = str(meta.get(f"{arch}.rope.scaling.type", "none")) != "none" or f"{arch}.rope.scale_linear" in meta
        if kind not in kinds or not heads or scaled or "rope_freqs.weight" in self.header.tensors:
            return None
        head = int(meta.get(f"{arch}.attention.key_length", self.n_embd // heads))
        turned = int(meta.get(f"{arch}.rope.dimension_count", head))
        return Rope(head, turned, float(meta.get(f"{arch}.rope.freq_base", 10000.0)), kinds[kind])

    @cached_property
    def template(self) -> ChatTemplate:
        source = self.header.meta.get("tokenizer.chat_template")
        ids = (self.vocab.bos, self.vocab.eos)  # negative where the model has none
        bos, eos = (self.vocab.piece(i, special=True).decode("utf-8", "replace") if i >= 0 else "" for i in ids)
        return ChatTemplate(str(source) if source else None, bos=bos, eos=eos)

    @property
    def embedding(self) -> TensorSpan:
        """Where the token embedding table lies, for whoever needs rows of it."""
        return self.header.tensors["token_embd.weight"]

    def context(self, params: Any) -> Context:
        """A llama_context of this model. Whoever asked for it closes it; what is left is closed with the backbone."""
        if self.closed:
            raise ModelError("The backbone is closed.", "Load it again.")
        params.n_threads = params.n_threads_batch = self.threads
        handle = llama_cpp.llama_init_from_model(self.handle, params)
        if not handle:
            raise ModelError("llama.cpp could not make a context.", "Lower --context, or free some memory.")
        made = Context(int(handle), self._children)
        self._children.append(made)
        return made

    def close(self) -> None:
        """Contexts first, then the model. May run twice."""
        self.closed = True
        while self._children:
            self._children[-1].close()
        self._stack.close()

    def __enter__(self) -> Backbone:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self.close()


def supports_gpu() -> bool:
    """True if llama.cpp was built with a GPU backend."""
    return bool(llama_cpp.llama_supports_gpu_offload())


def uses_amx() -> bool:
    """True if llama.cpp was compiled for AMX (a recent Xeon, with GCC's -march=native).

    Such a build dies of an illegal instruction at its first matrix product where GCC took the tiles' configuration away
    (llama.cpp's pull request 26954), so its repacked weights, which is where AMX comes in, are not used: slower, and
    it runs. `doctor` says how to compile it without.
    """
    return b"AMX_INT8 = 1" in llama_cpp.llama_print_system_info()
