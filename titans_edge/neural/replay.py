"""The memory as a fold over its journal: entry by entry, the guard decides and the rule writes.

The one way a state comes about, live or replayed; so a state is a pure function of graft and journal, to the bit, on the
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
from titans_edge.neural.memory import SILENT, Address, Association, NeuralMemory, Update
from titans_edge.neural.records import unpack
from titans_edge.neural.rule import State

SAME, NEAR = 0.9, 0.5  # keys with this cosine are the same word; with this, alike enough to disturb each other
AGREES = 0.7  # cosine of two contents that say the same


class Keys:
    """What was written into one bank so far: keys (N, dk), and whose span each was, with its trust. Newest last."""

    def __init__(self, dim: int) -> None:
        self._keys, self.n = np.zeros((16, dim), np.float32), 0
        self.spans: list[int] = []
        self.trust: list[float] = []

    @property
    def keys(self) -> np.ndarray:
        return self._keys[: self.n]

    def add(self, key: Tensor, span: int, trust: float) -> None:
        if self.n == len(self._keys):
            self._keys = np.concatenate([self._keys, np.zeros_like(self._keys)])
        self._keys[self.n] = key.numpy()
        self.n += 1
        self.spans.append(span)
        self.trust.append(trust)

    def cut(self, n: int) -> None:
        self.n = n
        del self.spans[n:], self.trust[n:]

    def near(self, key: Tensor) -> Iterator[int]:
        """Indices of the writes under keys like this one, newest first, one for each distinct key."""
        alike = self.keys @ key.numpy() if self.n else np.zeros(0, np.float32)
        kept: list[int] = []
        for i in np.flatnonzero(alike >= NEAR)[::-1]:
            if not kept or float((self.keys[kept] @ self.keys[i]).max()) < SAME:
                kept.append(int(i))
                yield int(i)


@dataclass(frozen=True)
class Mark:
    """Where a replay stood, to go back to."""

    state: State
    standing: Standing
    last: int
    counts: tuple[int, ...]


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
        """One entry; None where it writes nothing and nothing is wrong with it. Changes the state in place: see `mark`."""
        self.last = e.id
        if e.record is None and e.guarded and e.ruling is None:
            verdict, self.standing = listen(e.text, e.source, self.standing)
            return verdict
        if e.record is None:
            return None
        a = unpack(e.record)
        proposal = self._proposal(e, a)
        verdict, self.standing = decide(proposal, self.standing)
        if verdict.scale > 0:
            self.state, update = self.memory.learn(self.state, a, verdict.scale)
            self._index(e, a, proposal.held)
            self._keep(e, a, update)
        return verdict

    def _keep(self, e: Entry, a: Association, update: Update) -> None:
        w = a.writes
        for n, bank in enumerate(a.banks.tolist() if self.updates is not None else ()):
            assert self.updates is not None
            self.updates[bank].append(_Update(e.id, w.key[n], update.vectors[n], float(w.eta[n]), float(w.alpha[n])))

    def extend(self, entries: Iterable[Entry]) -> list[tuple[int, str, float, str]]:
        """Entries in order; their verdicts as the journal keeps them. Raises MemoryStateError if the state is not finite."""
        out = [(e.id, v.decision, v.scale, v.reason) for e in entries if (v := self.add(e)) is not None]
        if not bool(torch.isfinite(self.state.memory).all()):
            raise MemoryStateError("A write would have made the memory infinite; it was left out.", "Please report the text.")
        return out

    def mark(self) -> Mark:
        state = State(self.state.memory.clone(), self.state.momentum.clone())
        return Mark(state, self.standing, self.last, tuple(k.n for k in self.index))

    def back(self, m: Mark) -> None:
        self.state, self.standing, self.last = m.state, m.standing, m.last
        for keys, n in zip(self.index, m.counts, strict=True):
            keys.cut(n)

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
            agreed = [h.trust for h in held if h.bank == bank and h.same and not h.differs]
            self.index[bank].add(key, e.id, max([own, *agreed]))

    def _proposal(self, e: Entry, a: Association) -> Proposal:
        now, value = self.memory.held(self.state, a)
        surprise = float((now - value).norm(dim=-1).max())
        held = tuple(self._held(a, value)) if e.guarded and e.source.kind != "user" and e.ruling is None else ()
        return Proposal(e.text, e.source, surprise, held, e.ruling, e.guarded)

    def _held(self, a: Association, value: Tensor) -> Iterator[Held]:
        """What earlier writes left under these keys and keys like them."""
        d = self.memory.dim
        for n, bank in enumerate(a.banks.tolist()):
            keys = self.index[bank]
            for i in keys.near(a.writes.key[n]):
                there = self.state.memory[bank, :d] @ torch.from_numpy(keys.keys[i])
                if float(there.norm()) >= SILENT:
                    alike = float(torch.nn.functional.cosine_similarity(there, value[n, :d], dim=0))
                    same = float(a.writes.key[n] @ torch.from_numpy(keys.keys[i])) >= SAME
                    yield Held(keys.trust[i], alike < AGREES, keys.spans[i], bank, same)

    # --- questions about what is held

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
