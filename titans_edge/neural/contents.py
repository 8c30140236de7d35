"""Words as vectors: whitened projections of their rows in the backbone's own embedding table.

Nothing here is learnt, so a word training never saw is as good as any other. A word of several tokens is
the sum of its tokens' vectors, each rotated by its place (a superposition code; Plate 1995, Holographic
Reduced Representations), and can be taken apart again (`decode`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from titans_edge.features import WORD_TOKENS
from titans_edge.gguf_header import TensorSpan

PLACE_SHIFT = 61  # how far the i-th token's vector is rotated: i * PLACE_SHIFT dimensions
ROLE_SHIFTS = (17, 91, 149)  # rotations whose product's signs make a word the second part of a key
KEEP = 0.33  # a token explains less than this of a word vector: there is no further token


@dataclass
class Contents:
    """Token ids to vectors. mean (n_embd,) and basis (n_embd, d) whiten the table; all three tensors are part of the
    graft.
    """

    table: TensorSpan
    mean: Tensor
    basis: Tensor
    inverse: Tensor  # (d, d): a relation's vector -> its inverse's; nearly the identity for all other words

    def __post_init__(self) -> None:
        self._known: dict[int, Tensor] = {}
        self._all: Tensor | None = None

    @property
    def dim(self) -> int:
        return int(self.basis.shape[1])

    def tokens(self, ids: Tensor) -> Tensor:
        """Unit vectors of token ids (...,) -> (..., d); zero for -1."""
        missing = [i for i in set(ids.flatten().tolist()) if i >= 0 and i not in self._known]
        if missing:
            rows = torch.from_numpy(self.table.rows(missing).copy())
            self._known.update(zip(missing, self.project(rows), strict=True))
        zero = torch.zeros(self.dim)
        flat = [self._known[i] if i >= 0 else zero for i in ids.flatten().tolist()]
        return torch.stack(flat).view(*ids.shape, self.dim) if flat else torch.zeros(*ids.shape, self.dim)

    def project(self, rows: Tensor) -> Tensor:
        """Embedding rows (..., n_embd) -> unit vectors (..., d)."""
        return F.normalize((rows - self.mean) @ self.basis, dim=-1)

    def words(self, ids: Tensor) -> Tensor:
        """Words given as token ids (..., WORD_TOKENS), -1 padded -> unit vectors (..., d)."""
        parts = self.tokens(ids)
        turned = [parts[..., i, :].roll(i * PLACE_SHIFT, -1) for i in range(WORD_TOKENS)]
        return F.normalize(torch.stack(turned).sum(0), dim=-1)

    def decode(self, vector: Tensor) -> list[int]:
        """Token ids of the word a vector (d,) stands for: the nearest token, taken off, place by place."""
        table = self._table()
        rest = F.normalize(vector, dim=0)
        out: list[int] = []
        for i in range(WORD_TOKENS):
            turned = rest.roll(-i * PLACE_SHIFT, 0)
            near = (table @ turned.to(table.dtype)).float().topk(8).indices
            exact = self.tokens(near) @ turned
            best = int(exact.argmax())
            if out and float(exact[best]) < KEEP:
                break
            out.append(int(near[best]))
            rest = rest - float(exact[best]) * self.tokens(near[best]).roll(i * PLACE_SHIFT, 0)
        return out

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
