"""Sentences held word for word in a state of fixed size: each token under the sentence's key, at its place.

The write is a delta rule in the metric of the keys seen so far (recursive least squares, Haykin 2002, eq. 13.19; the
delta rule is Titans' update with momentum and forgetting at 0): what was held under the very key is replaced, what is
held under others is disturbed as little as can be. Knows vectors and token ids; no texts, no journal.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from titans_edge.errors import MemoryStateError
from titans_edge.neural.contents import Contents

PLACES = 32  # tokens of a sentence
RIDGE, SOFT = 0.5, 0.1  # of the metric at the beginning; how far a write stays from replacing what was there
SILENT = 0.35  # a place that returns less than this norm holds no token


class Verbatim:
    """values (key, PLACES * d) float32, metric (key, key) float64: P = (sum of k kᵀ + RIDGE I)⁻¹."""

    def __init__(self, key: int, dim: int) -> None:
        self.key, self.dim = key, dim
        self.values = torch.zeros(key, PLACES * dim)
        self.metric = torch.eye(key, dtype=torch.float64) / RIDGE

    def copy(self) -> Verbatim:
        out = Verbatim.__new__(Verbatim)
        out.key, out.dim, out.values, out.metric = self.key, self.dim, self.values.clone(), self.metric.clone()
        return out

    def write(self, key: Tensor, tokens: Tensor) -> None:
        """key (key,), unit; tokens (n, d): unit vectors of the sentence's first tokens."""
        value = torch.zeros(PLACES, self.dim)
        value[: len(tokens)] = tokens[:PLACES]
        direction = self.metric @ key.double()
        length = float(key.double() @ direction)
        wrong = value.flatten() - key @ self.values
        self.values += torch.outer((direction / (length + SOFT)).float(), wrong)
        self.metric -= torch.outer(direction, direction) / (1 + length)

    def read(self, key: Tensor) -> Tensor:
        """(PLACES, d)."""
        return (key @ self.values).view(PLACES, self.dim)

    def recite(self, key: Tensor, contents: Contents) -> list[int]:
        """Token ids of what is held under a key, up to the first silent place."""
        held = self.read(key)
        silent = (held.norm(dim=-1) < SILENT).nonzero()
        n = int(silent[0]) if len(silent) else PLACES
        return contents.nearest_tokens(held[:n]) if n else []

    @property
    def size(self) -> int:
        """Bytes."""
        return self.values.numel() * 4 + self.metric.numel() * 8

    def finite(self) -> bool:
        return bool(torch.isfinite(self.values.sum()) and torch.isfinite(self.metric.sum()))

    def dump(self) -> bytes:
        return self.values.numpy().tobytes() + self.metric.numpy().tobytes()

    def load(self, state: bytes) -> None:
        """Raises MemoryStateError for bytes of another size."""
        if len(state) != self.size:
            raise MemoryStateError("A state of sentences has the wrong size.", "Run `titans-edge memory verify NAME`.")
        cut = self.values.numel() * 4
        self.values = torch.frombuffer(bytearray(state[:cut]), dtype=torch.float32).view(self.values.shape)
        self.metric = torch.frombuffer(bytearray(state[cut:]), dtype=torch.float64).view(self.metric.shape)


def flattened(words: Sequence[Sequence[int]]) -> list[int]:
    """Tokens of a sentence, word by word."""
    return [token for word in words for token in word][:PLACES]
