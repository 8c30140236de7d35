"""The store that is shipped: one matrix a shard, changed by the gated delta rule (`rule`, arXiv 2501.00663, eq. 8-15).

Confined writes go only along directions no protected key has (orthogonal weights modification; Zeng et al. 2019, eq.
1): what is read under the protected keys does not change. The newest keys are protected, on `PROTECTED` of the
dimensions, so that others always have room. `explain` splits a read exactly into the parts of the writes behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from titans_edge.errors import MemoryStateError
from titans_edge.neural.rule import clamp
from titans_edge.neural.store import Address, Write, value_of

PROTECTED = 0.5  # share of a shard's dimensions that protected keys may take
AFTER = 0.75  # of those, how many are left when the oldest are let go
BESIDE = 0.25  # squared length of a key's part outside the protected ones; below it, there is no room beside them
Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True)
class _Update:
    """One write's part in a shard: vector along^T was added to the momentum, with its eta and alpha."""

    span: int
    along: Tensor
    vector: Tensor
    eta: float
    alpha: float


class Basis:
    """An orthonormal basis (R, dk) of the newest protected keys."""

    def __init__(self, dim: int) -> None:
        self.rows: Vectors = np.zeros((0, dim), np.float32)
        self.keys: dict[bytes, Vectors] = {}  # those the basis covers, each once, the newest last
        self.most = max(1, int(PROTECTED * dim))

    def copy(self) -> Basis:
        made = Basis(self.rows.shape[1])
        made.rows, made.keys = self.rows, dict(self.keys)
        return made

    def outside(self, key: Vectors) -> Vectors:
        """The part of a key that is orthogonal to all protected ones."""
        inside = np.asarray((self.rows @ key) @ self.rows, np.float32)
        return key - inside

    def add(self, key: Vectors) -> None:
        """One key more; when there are too many, the oldest are let go."""
        self.keys.pop(key.tobytes(), None)
        self.keys[key.tobytes()] = key
        self._span(key)
        if len(self.rows) > self.most:
            self._let_go()

    def _let_go(self) -> None:
        """A basis of the newest keys only, on AFTER of the directions."""
        newest, kept = list(self.keys.values()), 0
        self.rows = self.rows[:0]
        while kept < len(newest) and len(self.rows) < AFTER * self.most:
            kept += 1
            self._span(newest[-kept])
        self.keys = {k.tobytes(): k for k in newest[len(newest) - kept :]}

    def _span(self, key: Vectors) -> None:
        """Gram-Schmidt, twice for accuracy; a key that lies in the basis already adds nothing."""
        rest = self.outside(self.outside(key))
        size = float(np.linalg.norm(rest))
        if size > 1e-3:
            self.rows = np.concatenate([self.rows, rest[None] / size])


class MatrixStore:
    """H matrices (dv, dk), none of them ever changed in place: copies share them.

    momentum: keep one (a graft that uses none halves its state). remember: keep what `explain` needs.
    """

    def __init__(self, shards: int, dv: int, dk: int, *, momentum: bool = False, remember: bool = False) -> None:
        self.matrices = [torch.zeros(dv, dk) for _ in range(shards)]
        self.momenta = [torch.zeros(dv, dk) for _ in range(shards)] if momentum else None
        self._bases = [Basis(dk) for _ in range(shards)]
        self._updates: list[list[_Update]] | None = [[] for _ in range(shards)] if remember else None

    def read(self, shards: Tensor, keys: Tensor) -> Tensor:
        return torch.stack([self.matrices[n] @ key for n, key in zip(shards.tolist(), keys, strict=True)])

    def write(self, span: int, writes: Sequence[Write], scale: float = 1.0, *, confined: bool = False) -> None:
        """`rule.step` on the shards written; the others stay as they are. A confined write does not forget either."""
        values = [value_of(self, w) for w in writes]
        for w, value in zip(writes, values, strict=True):
            self._step(span, w, value, scale * w.rate, confined)

    def _step(self, span: int, w: Write, value: Tensor, rate: float, confined: bool) -> None:
        n, key = w.at.shard, w.at.key
        along = self._along(w.at) if confined else key
        alpha, eta = 0.0 if confined else w.forgetting, 0.0
        vector = -rate * clamp(self.matrices[n] @ key - value)
        if self.momenta is None:
            self.matrices[n] = torch.addr(self.matrices[n], vector, along, beta=1 - alpha)
        else:
            eta = w.momentum
            self.momenta[n] = torch.addr(self.momenta[n], vector, along, beta=eta)
            self.matrices[n] = (1 - alpha) * self.matrices[n] + self.momenta[n]
        if self._updates is not None:
            self._updates[n].append(_Update(span, along, vector, eta, alpha))

    def _along(self, at: Address) -> Tensor:
        """The key's part outside the protected keys, scaled so that a write along it is read back under the key."""
        rest = torch.from_numpy(self._bases[at.shard].outside(at.key.numpy()))
        return rest / (rest @ at.key).clamp_min(BESIDE)

    def protect(self, at: Address) -> None:
        self._bases[at.shard].add(at.key.numpy())

    def room(self, at: Address) -> bool:
        key = at.key.numpy()
        return bool(self._bases[at.shard].outside(key) @ key > BESIDE)

    def explain(self, at: Address) -> list[tuple[int, float]]:
        """M q is the sum of b_i (k_i . q) u_i over the updates u_i k_i^T (`rule.solve` has the same sum). With A_t the
        product of (1 - alpha) after t, b_t = A_t + eta_{t+1} b_{t+1}.
        """
        if self._updates is None:
            raise MemoryStateError("This state does not remember its writes.", "Build it again with remember=True.")
        there = self.matrices[at.shard] @ at.key
        size = max(float(there @ there), 1e-9)
        decay, weight, eta_after = 1.0, 0.0, 0.0
        out = []
        for u in reversed(self._updates[at.shard]):
            weight = decay + eta_after * weight
            out.append((u.span, weight * float(u.along @ at.key) * float(u.vector @ there) / size))
            decay, eta_after = decay * (1 - u.alpha), u.eta
        return out[::-1]

    def dump(self) -> bytes:
        return b"".join(m.numpy().tobytes() for m in (*self.matrices, *(self.momenta or ())))

    def load(self, raw: bytes) -> None:
        """Also takes a state with a momentum that is not used any more. Protected keys are not part of it."""
        n, (dv, dk) = len(self.matrices), self.matrices[0].shape
        size = 4 * n * dv * dk
        if len(raw) not in (size, 2 * size) or (self.momenta is not None and len(raw) != 2 * size):
            raise MemoryStateError("A state has the wrong size.", "Run `titans-edge memory verify`.")
        both = torch.from_numpy(np.frombuffer(raw, np.float32).copy()).view(-1, dv, dk)
        self.matrices = [m.clone() for m in both[:n]]
        self.momenta = [m.clone() for m in both[n:]] if self.momenta is not None else None

    def copy(self) -> MatrixStore:
        made = MatrixStore(0, 1, 1)
        made.matrices = list(self.matrices)
        made.momenta = None if self.momenta is None else list(self.momenta)
        made._bases = [b.copy() for b in self._bases]
        made._updates = None if self._updates is None else [list(u) for u in self._updates]
        return made

    def finite(self) -> bool:
        return all(bool(torch.isfinite(m.sum())) for m in self.matrices)  # 30 times as fast as each number alone

    def describe(self) -> dict[str, object]:
        """bytes; per shard the matrix's norm, how many keys it holds apart at most, and how many are protected."""
        return {
            "bytes": sum(m.nbytes for m in (*self.matrices, *(self.momenta or ()))),
            "norms": [float(m.norm()) for m in self.matrices],
            "capacity": self.matrices[0].shape[1],
            "protected": [len(b.rows) for b in self._bases],
        }
