"""Sentences held word for word in a state of fixed size: each token under the sentence's key, at its place.

The write is a delta rule in the metric of the keys seen so far (recursive least squares, Haykin 2002, eq. 13.19; the
delta rule is Titans' update with momentum and forgetting at 0): what was held under the very key is replaced, what is
held under others is disturbed as little as can be. Writes are taken in together, CHUNK at a time, which gives what one
after the other would. Knows vectors and token ids; no texts, no journal.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from titans_edge.errors import MemoryStateError
from titans_edge.neural.contents import Contents

PLACES = 32  # tokens of a sentence
CHUNK = 32  # writes taken in together; the state is a function of the writes' order alone, whenever it is read
RIDGE, SOFT = 0.5, 0.1  # of the metric at the beginning; how far a write stays from replacing what was there
SILENT = 0.35  # a place that returns less than this norm holds no token
NONE = -1  # stands where there is no token


class Verbatim:
    """values (key, PLACES * d) float32, metric (key, key) float64: P = (sum of k kᵀ + RIDGE I)⁻¹, of full chunks; and
    the writes since, as keys and token ids.
    """

    def __init__(self, key: int, contents: Contents) -> None:
        self.key, self.contents = key, contents
        self._values = torch.zeros(key, PLACES * contents.dim)  # never changed in place: copies share it
        self._metric = torch.eye(key, dtype=torch.float64) / RIDGE
        self._waiting: list[tuple[Tensor, list[int]]] = []  # fewer than CHUNK
        self._held: Tensor | None = None  # the values with what waits, once they were read

    def copy(self) -> Verbatim:
        out = Verbatim.__new__(Verbatim)
        out.key, out.contents, out._held = self.key, self.contents, self._held
        out._values, out._metric, out._waiting = self._values, self._metric, list(self._waiting)
        return out

    def write(self, key: Tensor, tokens: Sequence[int]) -> None:
        """key (key,), unit; the first PLACES of the sentence's token ids."""
        self._held = None
        self._waiting.append((key, list(tokens[:PLACES])))
        if len(self._waiting) == CHUNK:
            self._values, self._metric = self._taken_in()
            self._waiting = []

    def _taken_in(self) -> tuple[Tensor, Tensor]:
        """Values and metric with what waits: the recursion over the writes, but for its products with the two, which
        are taken once.
        """
        keys, wrong = torch.stack([key for key, _ in self._waiting]), self._said()
        wide = keys.double()
        directions = wide @ self._metric  # of each key in the metric before any of these; made its own below
        gains, lengths = torch.zeros_like(directions), torch.zeros(len(keys), dtype=torch.float64)
        for i, key in enumerate(wide):
            directions[i] -= ((directions[:i] @ key) / (1 + lengths[:i])) @ directions[:i]
            lengths[i] = key @ directions[i]
            gains[i] = directions[i] / (lengths[i] + SOFT)
        gain = gains.float()
        wrong -= keys @ self._values
        earlier = keys @ gain.T  # what write j changed under key i, for j < i
        for i in range(1, len(keys)):
            wrong[i] -= earlier[i, :i] @ wrong[:i]
        shrunk = directions.T @ (directions / (1 + lengths)[:, None])
        return torch.addmm(self._values, gain.T, wrong), self._metric - shrunk

    def _said(self) -> Tensor:
        """What is to be held under the waiting keys (n, PLACES * d)."""
        out = torch.zeros(len(self._waiting), PLACES, self.contents.dim)
        for row, (_, tokens) in zip(out, self._waiting, strict=True):
            row[: len(tokens)] = self.contents.tokens(tokens)
        return out.flatten(1)

    @property
    def values(self) -> Tensor:
        if self._held is None:
            self._held = self._taken_in()[0] if self._waiting else self._values
        return self._held

    def read(self, key: Tensor) -> Tensor:
        """(PLACES, d)."""
        return (key @ self.values).view(PLACES, self.contents.dim)

    def recite(self, key: Tensor) -> list[int]:
        """Token ids of what is held under a key, up to the first silent place."""
        held = self.read(key)
        silent = (held.norm(dim=-1) < SILENT).nonzero()
        n = int(silent[0]) if len(silent) else PLACES
        return self.contents.nearest_tokens(held[:n]) if n else []

    @property
    def size(self) -> int:
        """Bytes."""
        return self._values.numel() * 4 + self._metric.numel() * 8 + self._room

    @property
    def _room(self) -> int:
        """Bytes for what waits."""
        return CHUNK * 4 * (self.key + PLACES)

    def finite(self) -> bool:
        keys = [key for key, _ in self._waiting]
        return all(bool(torch.isfinite(x.sum())) for x in (self._values, self._metric, *keys))

    def dump(self) -> bytes:
        keys = np.zeros((CHUNK, self.key), np.float32)
        tokens = np.full((CHUNK, PLACES), NONE, np.int32)
        for i, (key, ids) in enumerate(self._waiting):
            keys[i], tokens[i, : len(ids)] = key.numpy(), ids
        return b"".join(x.tobytes() for x in (self._values.numpy(), self._metric.numpy(), keys, tokens))

    def load(self, state: bytes) -> None:
        """Also takes a state in which nothing ever waited. Raises MemoryStateError for bytes of another size."""
        if len(state) == self.size - self._room:
            state += Verbatim(self.key, self.contents).dump()[-self._room :]
        if len(state) != self.size:
            raise MemoryStateError("A state of sentences has the wrong size.", "Run `titans-edge memory verify NAME`.")
        kinds = (("<f4", self._values.shape), ("<f8", self._metric.shape), ("<f4", (CHUNK, self.key)))
        parts, at = [], 0
        for kind, shape in (*kinds, ("<i4", (CHUNK, PLACES))):
            n = int(np.prod(shape))
            parts.append(np.frombuffer(state, kind, n, at).reshape(shape).copy())
            at += parts[-1].nbytes
        values, metric, keys, tokens = parts
        self._values, self._metric, self._held = torch.from_numpy(values), torch.from_numpy(metric), None
        said = [[int(i) for i in row if i != NONE] for row in tokens]
        self._waiting = [(torch.from_numpy(key), ids) for key, ids in zip(keys, said, strict=True) if ids]


def flattened(words: Sequence[Sequence[int]]) -> list[int]:
    """Tokens of a sentence, word by word."""
    return [token for word in words for token in word][:PLACES]
