"""Text to token ids and back, through llama.cpp's tokenizer.

A word's canonical ids are those of a space and the word, as it stands inside a sentence: "Mary" at the
start of a sentence and " Mary" inside one then are the same content for the memory.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import lru_cache

import llama_cpp


class Vocabulary:
    """Tokenizer of one loaded model. The handle belongs to the model; nothing here closes it."""

    def __init__(self, handle: int) -> None:
        self.handle = handle
        self.size = int(llama_cpp.llama_vocab_n_tokens(handle))
        self.bos = int(llama_cpp.llama_vocab_bos(handle))
        self.eos = int(llama_cpp.llama_vocab_eos(handle))
        self.add_bos = bool(llama_cpp.llama_vocab_get_add_bos(handle))
        self.word_ids = lru_cache(maxsize=100_000)(self._word_ids)

    def encode(self, text: str, *, special: bool = False, bos: bool = False) -> list[int]:
        """Token ids of `text`. `special` lets "<|im_start|>" mean the control token: templates only, no user text."""
        raw = text.encode("utf-8", "replace")
        room = len(raw) + 2
        buf = (llama_cpp.llama_token * room)()
        n = llama_cpp.llama_tokenize(self.handle, raw, len(raw), buf, room, False, special)
        ids = list(buf[:n])
        missing = bos and self.add_bos and ids[:1] != [self.bos]  # a template may have written it
        return [self.bos, *ids] if missing else ids

    def piece(self, token: int, *, special: bool = False) -> bytes:
        """The bytes of one token; b"" for control tokens unless `special`."""
        buf = ctypes.create_string_buffer(256)
        n = llama_cpp.llama_token_to_piece(self.handle, token, buf, 256, 0, special)
        return buf.raw[:n] if n > 0 else b""

    def decode(self, tokens: Sequence[int]) -> str:
        return b"".join(self.piece(t) for t in tokens).decode("utf-8", "replace")

    def is_end(self, token: int) -> bool:
        """True for every end-of-generation token of the model."""
        return bool(llama_cpp.llama_vocab_is_eog(self.handle, token))

    def _word_ids(self, word: str) -> tuple[int, ...]:
        return tuple(self.encode(" " + word))
