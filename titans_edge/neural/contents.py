"""Phrases as vectors: whitened projections of their tokens' rows in the backbone's own embedding table.

Nothing here is learnt, so a word training never saw is as good as any other. Up to SHORT tokens are the sum of the
tokens' vectors, each rotated by its place (a superposition code; Plate 1995, Holographic Reduced Representations):
words that share tokens are alike, and a vector can be taken apart again (`decode`). Longer phrases, numbers among them,
are the product of their tokens' signs, each rotated by its place: two that differ in one token have nearly nothing in
common.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from titans_edge.errors import MemoryStateError
from titans_edge.gguf_header import TensorSpan

SHORT = 4  # tokens that are superposed; longer phrases are bound
PLACE_SHIFT = 61  # how far the i-th token's vector is rotated: i * PLACE_SHIFT dimensions
ROLE_SHIFTS = (17, 91, 149)  # rotations whose product's signs make a word the second part of a key
CACHED = 4_096  # of each kind: vectors that are kept at hand, the newest
KEEP = 0.33  # a token explains less than this of a word vector: there is no further token


@dataclass
class Contents:
    """Token ids to vectors. mean (n_embd,) and basis (n_embd, d) whiten the table; all are part of the graft."""

    table: TensorSpan
    mean: Tensor
    basis: Tensor
    inverse: Tensor  # (d, d): a relation's vector -> its inverse's; nearly the identity for all other words

    def __post_init__(self) -> None:
        self._known: dict[int, Tensor] = {}
        self._phrases: dict[tuple[int, ...], Tensor] = {}
        self._means: dict[tuple[int, ...], Tensor] = {}
        self._all: Tensor | None = None
        self._wide: Tensor | None = None

    @property
    def dim(self) -> int:
        return int(self.basis.shape[1])

    def tokens(self, ids: Sequence[int]) -> Tensor:
        """Unit vectors (n, d) of token ids. Raises MemoryStateError for ids beyond the vocabulary."""
        missing = [i for i in dict.fromkeys(ids) if i not in self._known]
        if missing:
            if not all(0 <= i < self.table.shape[0] for i in missing):
                raise MemoryStateError(
                    "A fact has token ids this backbone does not know.", "Run `titans-edge memory verify`."
                )
            rows = torch.from_numpy(self.table.rows(missing).copy())
            for i, row in zip(missing, rows, strict=True):  # one by one: the bits must not depend on the company
                self._known[i] = self.project(row)
        out = torch.stack([self._known[i] for i in ids]) if ids else torch.zeros(0, self.dim)
        _bounded(self._known)
        return out

    def project(self, rows: Tensor) -> Tensor:
        """Embedding rows (..., n_embd) -> unit vectors (..., d)."""
        return F.normalize((rows - self.mean) @ self.basis, dim=-1)

    def phrase(self, ids: Sequence[int]) -> Tensor:
        """The unit vector (d,) of a phrase of any length; zero for one without tokens."""
        key = tuple(ids)
        if key not in self._phrases:
            self._phrases[key] = self._phrase(key)
            _bounded(self._phrases)
        return self._phrases[key]

    def mean_of(self, ids: Sequence[int]) -> Tensor:
        """The unit vector (d,) of a word by what its tokens mean, wherever they stand; zero for one without tokens."""
        key = tuple(ids)
        if key not in self._means:
            parts = self.tokens(key)
            self._means[key] = F.normalize(parts.sum(0), dim=0) if len(parts) else torch.zeros(self.dim)
            _bounded(self._means)
        return self._means[key]

    def _phrase(self, ids: tuple[int, ...]) -> Tensor:
        parts = self.tokens(ids)
        if len(ids) <= SHORT:
            turned = [part.roll(i * PLACE_SHIFT) for i, part in enumerate(parts)]
            return F.normalize(torch.stack(turned).sum(0), dim=0) if turned else torch.zeros(self.dim)
        signs = [second(part).roll(i * PLACE_SHIFT) for i, part in enumerate(parts)]
        bound: Tensor = torch.stack(signs).prod(0) / self.dim**0.5
        return bound

    def words(self, ids: Tensor) -> Tensor:
        """Words given as token ids (..., N), -1 padded -> unit vectors (..., d)."""
        flat = [self.phrase([i for i in row if i >= 0]) for row in ids.flatten(0, -2).tolist()]
        return torch.stack(flat).view(*ids.shape[:-1], self.dim) if flat else torch.zeros(*ids.shape[:-1], self.dim)

    def decode(self, vector: Tensor) -> list[int]:
        """Token ids of the short word a vector (d,) stands for, out of the whole vocabulary: the nearest token, taken
        off, place by place. For memories that do not say which phrases they hold.
        """
        table = self._table()
        rest = F.normalize(vector, dim=0)
        out: list[int] = []
        for i in range(SHORT):
            turned = rest.roll(-i * PLACE_SHIFT, 0)
            near = (table @ turned.to(table.dtype)).float().topk(8).indices
            exact = self.tokens(near.tolist()) @ turned
            best = int(exact.argmax())
            if out and float(exact[best]) < KEEP:
                break
            out.append(int(near[best]))
            rest = rest - float(exact[best]) * self.tokens([out[-1]])[0].roll(i * PLACE_SHIFT, 0)
        return out

    def nearest_tokens(self, vectors: Tensor) -> list[int]:
        """The token of the whole vocabulary nearest to each vector (n, d)."""
        if self._wide is None:
            self._wide = self._table().float()  # where there are no instructions for bfloat16, this is much faster
        return [int(i) for i in (vectors @ self._wide.T).argmax(-1)]

    def _table(self) -> Tensor:
        """All tokens' unit vectors (vocabulary, d) bfloat16, made at first use (about four seconds)."""
        if self._all is None:
            step = 8192
            parts = [
                self.project(torch.from_numpy(self.table.rows(np.arange(i, min(i + step, self.table.shape[0])))))
                for i in range(0, self.table.shape[0], step)
            ]
            self._all = torch.cat([p.bfloat16() for p in parts])
        return self._all


def _bounded(kept: dict[Any, Tensor]) -> None:
    """What came first goes first."""
    while len(kept) > CACHED:
        del kept[next(iter(kept))]


def second(words: Tensor) -> Tensor:
    """A word vector as the second part of a key: signs (..., d), nearly orthogonal even for like words."""
    a, b, c = (words.roll(s, -1) for s in ROLE_SHIFTS)
    return torch.where(a * b * c >= 0, 1.0, -1.0)


def inversion(pairs: Tensor) -> Tensor:
    """The smallest change of the identity (d, d) that swaps each pair of word vectors: pairs (n, 2, d)."""
    here, there = pairs.flatten(0, 1), pairs.flip(1).flatten(0, 1)
    change: Tensor = (there - here).T @ torch.linalg.pinv(here.T)
    return torch.eye(pairs.shape[-1]) + change


def whitening(rows: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """Mean (n,) and PCA-whitening basis (n, dim) of embedding rows (tokens, n)."""
    mean = rows.mean(0)
    values, vectors = torch.linalg.eigh(torch.cov((rows - mean).T))
    keep = values.flip(0)[:dim]
    return mean, vectors.flip(1)[:, :dim] / keep.sqrt()
