"""What a store of associations has to do. `matrix.MatrixStore` is one; another is a class in a file of its own, made by
`NeuralMemory.new_store`.

Knows vectors; no words, no sources, no files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor


@dataclass(frozen=True)
class Address:
    """Where something is held: a shard, chosen by the key's relation, and a unit vector (d,)."""

    shard: int
    key: Tensor


@dataclass(frozen=True)
class Write:
    """One association. value (dv,): what is to be held at `at`; held: what is held there now comes to it.

    rate, forgetting, momentum: 0..1.
    """

    at: Address
    value: Tensor
    held: Address | None
    rate: float
    forgetting: float = 0.0
    momentum: float = 0.0


class Store(Protocol):
    """Associations from keys to values, in a state that can be kept as bytes."""

    def read(self, shards: Tensor, keys: Tensor) -> Tensor:
        """What is held: shards (n,), keys (n, d) -> (n, dv); zero where nothing is."""
        ...

    def write(self, span: int, writes: Sequence[Write], scale: float = 1.0, *, confined: bool = False) -> None:
        """All writes of one span: what is held elsewhere is read before the first of them. scale (0..1): of the rates.

        confined: what is read under protected keys must not change; a store without `protect` may ignore it.
        """
        ...

    def dump(self) -> bytes: ...

    def load(self, raw: bytes) -> None:
        """Take a dumped state. Raises MemoryStateError when it does not fit."""
        ...

    def copy(self) -> Store:
        """An independent store in the same state."""
        ...

    def finite(self) -> bool:
        """False once a number in the state is not finite."""
        ...

    def describe(self) -> dict[str, object]:
        """For people: bytes, and per shard how full it is."""
        ...


@runtime_checkable
class Protects(Protocol):
    """A store that can keep what is read under some keys from changing by the writes of others."""

    def protect(self, at: Address) -> None: ...

    def room(self, at: Address) -> bool:
        """Can a confined write at this address still be told from the protected keys?"""
        ...


@runtime_checkable
class Explains(Protocol):
    """A store that can say which writes a read draws on."""

    def explain(self, at: Address) -> list[tuple[int, float]]:
        """(span, share) of each write, in the order they were written; the shares of one read add up to 1."""
        ...


def surprise(store: Store, writes: Sequence[Write]) -> tuple[float, list[tuple[Tensor, Tensor]]]:
    """The largest |held - value| over a span's writes, and (held, value) of each."""
    both = [(held_at(store, w.at), value_of(store, w)) for w in writes]
    return max((float(torch.linalg.vector_norm(held - value)) for held, value in both), default=0.0), both


def value_of(store: Store, w: Write) -> Tensor:
    """What a write would put at its address now (dv,)."""
    return w.value if w.held is None else w.value + held_at(store, w.held)


def held_at(store: Store, at: Address) -> Tensor:
    """What is held at one address (dv,)."""
    return store.read(torch.tensor([at.shard]), at.key[None])[0]
