"""The memory as a fold over its journal: entry by entry, the guard decides and the rule writes.

The one way a state comes about, live or replayed; so a state is a pure function of graft and journal, to the bit, on
the
same machine and build. Knows entries, not files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from titans_edge.errors import MemoryStateError
from titans_edge.guard import Held, Proposal, Standing, Verdict, decide, listen
from titans_edge.journal import Entry
from titans_edge.neural.memory import Address, Association, NeuralMemory, Update
from titans_edge.neural.records import unpack
from titans_edge.neural.rule import State

SAME, NEAR = 0.9, 0.5  # keys with this cosine are the same word; with this, alike enough to be recalled
BESIDE = 0.25  # squared length of a key's part outside the user's keys; below it, there is no room beside them
AGREES = 0.7  # cosine of two contents that say the same


class Keys:
    """What was written into one bank so far: keys (N, dk), and whose span each was, with its trust. Newest last.

    own: an orthonormal basis (R, dk) of the keys of the user's own words.
    """

    def __init__(self, dim: int) -> None:
        self._keys, self.n = np.zeros((16, dim), np.float32), 0
        self.own = np.zeros((0, dim), np.float32)
        self.spans: list[int] = []
        self.trust: list[float] = []

    @property
    def keys(self) -> np.ndarray:
        return self._keys[: self.n]

    def protect(self, key: Tensor) -> None:
        """Add a key to the basis (Gram-Schmidt, twice for accuracy), unless it lies in it already."""
        rest = self.outside(self.outside(key.numpy()))
        size = float(np.linalg.norm(rest))
        if size > 1e-3:
            self.own = np.concatenate([self.own, rest[None] / size])

    def outside(self, key: np.ndarray) -> np.ndarray:
        """The part of a key that is orthogonal to all of the user's."""
        return key - (self.own @ key) @ self.own if len(self.own) else key

    def add(self, key: Tensor, span: int, trust: float) -> None:
        if self.n == len(self._keys):
            self._keys = np.concatenate([self._keys, np.zeros_like(self._keys)])
        self._keys[self.n] = key.numpy()
        self.n += 1
        self.spans.append(span)
        self.trust.append(trust)

    def cut(self, n: int, own: int) -> None:
        """Back to n writes and a basis of `own` vectors."""
        self.n, self.own = n, self.own[:own]
        del self.spans[n:], self.trust[n:]

    def holder(self, key: Tensor) -> int | None:
        """Index of the last write under this very key."""
        same = np.flatnonzero(self.keys @ key.numpy() >= SAME)
        return int(same[-1]) if len(same) else None


@dataclass(frozen=True)
class Mark:
    """Where a replay stood, to go back to."""

    state: State
    standing: Standing
    last: int
    counts: tuple[tuple[int, int], ...]  # of keys and of the basis, a bank each


@dataclass(frozen=True)
class _Update:
    """One write's part in a bank: u k^T was added to the momentum, with the write's eta and alpha."""

    span: int
    key: Tensor
    vector: Tensor
    eta: float
    alpha: float


@dataclass(frozen=True)
class Share:
    """How much of a readout came from one write: the shares of one read add up to 1."""

    span: int
    hop: int
    bank: int
    share: float


class Replay:
    """State, standing of the guard and index of keys after the entries so far."""

    def __init__(self, memory: NeuralMemory, base: bytes | None = None) -> None:
        """base: the state a journal begins with, where it is not empty (a memory older than the journal)."""
        self.memory = memory
        self.state, self.standing, self.last = memory.empty(), Standing(), 0
        self.index = [Keys(memory.dim) for _ in range(memory.config.banks)]
        self.updates: list[list[_Update]] | None = None  # filled where it is a list: a bank each
        if base is not None:
            self.state = self._state(base)

    # --- forwards

    def add(self, e: Entry) -> Verdict | None:
        """One entry; None where it writes nothing and nothing is wrong with it. Changes the state in place: see
        `mark`.
        """
        self.last = e.id
        if e.record is None and e.guarded and e.ruling is None:
            verdict, self.standing = listen(e.text, e.source, self.standing)
            return verdict
        if e.record is None:
            return None
        a = unpack(e.record)
        along = self._along(a) if e.guarded and not _own(e) else None
        proposal = self._proposal(e, a, along)
        verdict, self.standing = decide(proposal, self.standing)
        if verdict.scale > 0:
            self.state, update = self.memory.learn(self.state, a, verdict.scale, along)
            self._index(e, a, proposal.held)
            self._keep(e, a, update)
        return verdict

    def _keep(self, e: Entry, a: Association, update: Update) -> None:
        w = a.writes
        for n, bank in enumerate(a.banks.tolist() if self.updates is not None else ()):
            assert self.updates is not None
            self.updates[bank].append(
                _Update(e.id, update.along[n], update.vectors[n], float(w.eta[n]), float(update.alpha[n]))
            )

    def extend(self, entries: Iterable[Entry]) -> list[tuple[int, str, float, str]]:
        """Entries in order; their verdicts as the journal keeps them. Raises MemoryStateError if the state is not
        finite.
        """
        out = [(e.id, v.decision, v.scale, v.reason) for e in entries if (v := self.add(e)) is not None]
        if not bool(torch.isfinite(self.state.memory).all()):
            raise MemoryStateError(
                "A write would have made the memory infinite; it was left out.", "Please report the text."
            )
        return out

    def mark(self) -> Mark:
        state = State(self.state.memory.clone(), self.state.momentum.clone())
        return Mark(state, self.standing, self.last, tuple((k.n, len(k.own)) for k in self.index))

    def back(self, m: Mark) -> None:
        self.state, self.standing, self.last = m.state, m.standing, m.last
        for keys, counts in zip(self.index, m.counts, strict=True):
            keys.cut(*counts)

    def resume(self, last: int, standing: dict[str, Any], state: bytes, before: Iterable[Entry]) -> None:
        """Start from a snapshot; `before` are the entries it covers, whose keys are indexed and not applied again."""
        self.state, self.standing, self.last = self._state(state), Standing.of(standing["guard"]), last
        for e in before:
            if e.record is not None and e.scale > 0:
                self._index(e, unpack(e.record), ())
        for keys, trust in zip(self.index, standing["trust"], strict=True):
            keys.trust = list(trust)

    def standing_state(self) -> dict[str, Any]:
        """What a snapshot keeps besides the state."""
        return {"guard": self.standing.state(), "trust": [k.trust for k in self.index]}

    def dump(self) -> bytes:
        return self.state.memory.numpy().tobytes() + self.state.momentum.numpy().tobytes()

    def _state(self, raw: bytes) -> State:
        empty = self.memory.empty().memory
        if len(raw) != 2 * empty.nbytes:
            raise MemoryStateError("A snapshot has the wrong size.", "Run `titans-edge memory verify`.")
        both = torch.from_numpy(np.frombuffer(raw, np.float32).copy()).view(2, *empty.shape)
        return State(both[0].clone(), both[1].clone())

    def _index(self, e: Entry, a: Association, held: Sequence[Held]) -> None:
        """Who says what a more trusted source said already does not become its owner."""
        own = 1.0 if e.ruling else e.source.trust
        for bank, key in zip(a.banks.tolist(), a.writes.key, strict=True):
            agreed = [h.trust for h in held if h.bank == bank and not h.differs]
            self.index[bank].add(key, e.id, max([own, *agreed]))
            if _own(e):
                self.index[bank].protect(key)

    def _along(self, a: Association) -> Tensor:
        """The keys' parts (n, dk) outside the user's keys, as `rule.step` wants them: what is read under those stays
        as it is.
        """
        rows = []
        for bank, key in zip(a.banks.tolist(), a.writes.key, strict=True):
            rest = torch.from_numpy(self.index[bank].outside(key.numpy()))
            rows.append(rest / (rest @ key).clamp_min(BESIDE))
        return torch.stack(rows)

    def _proposal(self, e: Entry, a: Association, along: Tensor | None) -> Proposal:
        now, value = self.memory.held(self.state, a)
        surprise = float((now - value).norm(dim=-1).max())
        if along is None:
            return Proposal(e.text, e.source, surprise, (), e.ruling, e.guarded)
        room = bool(((along * a.writes.key).sum(-1) > 1 - 1e-3).all())
        held = tuple(self._held(a, now, value))
        return Proposal(e.text, e.source, surprise, held, e.ruling, e.guarded, room)

    def _held(self, a: Association, now: Tensor, value: Tensor) -> Iterator[Held]:
        """What earlier writes left under these keys."""
        d = self.memory.dim
        alike = torch.nn.functional.cosine_similarity(now[:, :d], value[:, :d]).tolist()
        for n, bank in enumerate(a.banks.tolist()):
            keys = self.index[bank]
            i = keys.holder(a.writes.key[n])
            if i is not None:
                yield Held(keys.trust[i], alike[n] < AGREES, keys.spans[i], bank)

    # --- questions about what is held

    def knows(self, path: Sequence[Address]) -> bool:
        """Was anything written under the very key a question read first? Otherwise what came back is the noise of the
        others.
        """
        return (
            bool(path) and self.index[path[0].bank].holder(path[0].key / path[0].key.norm().clamp_min(1e-6)) is not None
        )

    def recall(self, path: Sequence[Address], k: int) -> list[int]:
        """Spans written under the keys a question read, best first: the same key first, then the newest."""
        found: dict[int, tuple[float, int]] = {}
        for step in path:
            keys = self.index[step.bank]
            key = step.key / step.key.norm().clamp_min(1e-6)
            alike = keys.keys @ key.numpy() if keys.n else np.zeros(0, np.float32)
            for i in np.flatnonzero(alike >= NEAR):
                rank = (1.0 if alike[i] >= SAME else float(alike[i]), int(i))
                found[keys.spans[i]] = max(found.get(keys.spans[i], (0.0, 0)), rank)
        return sorted(found, key=lambda span: found[span], reverse=True)[:k]


def _own(e: Entry) -> bool:
    """The user's own words, or accepted by the user."""
    return e.source.kind == "user" or e.ruling is True


def shares(replay: Replay, path: Sequence[Address]) -> list[Share]:
    """Which writes the reads of `path` drew on, largest first. `replay` has to have kept its updates.

    Exact: M q is the sum of b_i (k_i . q) u_i over the updates u_i k_i^T (`rule.solve` has the same sum). With A_t the
    product of (1 - alpha) after t, b_t = A_t + eta_{t+1} b_{t+1}.
    """
    assert replay.updates is not None
    out: list[Share] = []
    for hop, step in enumerate(path, 1):
        there = replay.state.memory[step.bank] @ step.key
        size = max(float(there @ there), 1e-9)
        decay, weight, eta_after = 1.0, 0.0, 0.0
        for u in reversed(replay.updates[step.bank]):
            weight = decay + eta_after * weight
            out.append(Share(u.span, hop, step.bank, weight * float(u.key @ step.key) * float(u.vector @ there) / size))
            decay, eta_after = decay * (1 - u.alpha), u.eta
    return sorted(out, key=lambda s: (s.hop, -abs(s.share)))
