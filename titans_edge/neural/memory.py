"""The memory: writes spans into a state, reads a question out of it. State goes in, state comes out.

`NeuralMemory` ties encoder, contents, rule and reader together. Training calls `soft_*` (differentiable, a
batch of stories at once); the product calls `write` and `read` (hard choices, one span after the other).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from titans_edge.errors import MemoryStateError
from titans_edge.features import SpanFeatures
from titans_edge.neural import rule
from titans_edge.neural.contents import Contents, second
from titans_edge.neural.encoder import Choices, EncoderConfig, SpanEncoder
from titans_edge.neural.rule import State, Writes
from titans_edge.stories.relations import Bank

SILENT = 0.5  # a bank that returns less than this norm has nothing stored under the key
ENCODED = 64  # spans encoded at once
WRITE_THRESHOLD = 0.5  # a span writes into a bank when the write gate is above this


@dataclass(frozen=True)
class Association:
    """What one span writes: the indices (n,) of its banks, and its write in each (no T dimension, n banks)."""

    banks: Tensor
    writes: Writes


@dataclass(frozen=True)
class Update:
    """What a write did: what was added, u a^T: u (n, 2d), a (n, d); and the forgetting alpha (n,)."""

    vectors: Tensor
    along: Tensor
    alpha: Tensor


@dataclass(frozen=True)
class Address:
    """A bank that was read, and under which key (d,)."""

    bank: int
    key: Tensor


@dataclass(frozen=True)
class Readout:
    """The memory's answer: a surface vector (d,), how sure the memory is (0..1), the bank and hop it came from.

    path: the reads that led to it, in order (one a hop).
    """

    surface: Tensor
    confidence: float
    bank: str
    hop: int
    path: tuple[Address, ...] = ()


@dataclass(frozen=True)
class SoftReadout:
    """surface (B, d); confidence logit (B,); slot logits (B, 2H).

    keys: those of the first and the second hop (B, H, d); turned (B, H): read from the other end of the relation.
    """

    surface: Tensor
    confidence: Tensor
    slots: Tensor
    keys: tuple[Tensor, Tensor]
    turned: Tensor


@dataclass(frozen=True)
class SpanBatch:
    """N spans padded to W words. hidden (N, W, n_embd); mask (N, W); address, surface (N, W, d); surprise (N,)."""

    hidden: Tensor
    mask: Tensor
    address: Tensor
    surface: Tensor
    surprise: Tensor


class NeuralMemory(nn.Module):
    """Everything trained in stage 1. Sizes: H banks, values 2d (address and surface of a word), keys d."""

    def __init__(self, config: EncoderConfig, contents: Contents) -> None:
        super().__init__()
        h = config.banks
        self.config, self.contents = config, contents
        self.encoder = SpanEncoder(config)
        self.slot = nn.Linear(config.width, 2 * h)  # which bank answers, at the first or the second hop
        self.known = nn.Parameter(torch.tensor([4.0, 4.0, 4.0]))  # weight of |r| and -|r'| for hop 1, of |r'| for hop 2
        route = torch.zeros(h, h)
        route[Bank.PLACE, Bank.PLACE] = route[Bank.BEFORE, Bank.HOLDER] = 2.0
        self.route = nn.Parameter(route)  # the second hop of bank i starts at what bank j returned
        self.asked = nn.Linear(config.width, 1)  # is this a question the memory should answer
        self.sure = nn.Parameter(torch.tensor([8.0, -4.0]))  # confidence from the norm of what was read

    @property
    def dim(self) -> int:
        return self.contents.dim

    def empty(self) -> State:
        return State.zero(self.config.banks, 2 * self.dim, self.dim)

    # --- the product: one span after the other, hard choices

    @torch.no_grad()
    def encode(self, spans: Sequence[SpanFeatures]) -> list[Association | None]:
        """What each span would write; None: nothing. No state has a part in it.

        Raises MemoryStateError for hidden states that are not finite.
        """
        full = [i for i, s in enumerate(spans) if len(s)]
        out: list[Association | None] = [None] * len(spans)
        for at in range(0, len(full), ENCODED):
            group = full[at : at + ENCODED]
            batch = collate([spans[i] for i in group], self.contents)
            if not bool(torch.isfinite(batch.hidden).all()):
                raise MemoryStateError(
                    "The backbone gave numbers that are not finite; nothing is written.", "Please report the text."
                )
            w = self.writes(
                self.encoder(batch.hidden, batch.mask, torch.zeros(len(group)), batch.surprise), batch, hard=True
            )
            for n in w.write.any(-1).nonzero()[:, 0].tolist():
                on = w.write[n].nonzero()[:, 0]
                out[group[n]] = Association(on, w.at(n).banks(on))
        return out

    @torch.no_grad()
    def learn(
        self, state: State, a: Association, scale: float = 1.0, along: Tensor | None = None
    ) -> tuple[State, Update]:
        """One `rule.step` on the banks the span writes into; the others stay as they are. Changes `state` in place.

        scale (0..1) of the learning rate; along (n, dk): see `rule.step`.
        """
        before = rule.context_read(state, a.writes)
        part = State(state.memory[a.banks], state.momentum[a.banks])
        error = rule.error_of(part, a.writes, before)
        alpha = (
            a.writes.alpha if along is None else torch.zeros_like(a.writes.alpha)
        )  # nor may it make the memory forget
        after, _ = rule.step(part, replace(a.writes, theta=a.writes.theta * scale, alpha=alpha), before, along)
        state.memory[a.banks], state.momentum[a.banks] = after.memory, after.momentum
        vectors = -scale * a.writes.theta[:, None] * error
        return state, Update(vectors, a.writes.key if along is None else along, alpha)

    def write(self, state: State, spans: Sequence[SpanFeatures], trust: float = 1.0) -> State:
        """Spans in order into a copy of the state; `trust` (0..1) scales the learning rate."""
        state = State(state.memory.clone(), state.momentum.clone())
        for a in filter(None, self.encode(spans)):
            state, _ = self.learn(state, a, trust)
        return state

    @torch.no_grad()
    def held(self, state: State, a: Association) -> tuple[Tensor, Tensor]:
        """What the banks hold under the association's keys, and what it would put there: (n, 2d) each."""
        value = a.writes.base + a.writes.rho[:, None] * rule.context_read(state, a.writes)[None]
        return rule.read(State(state.memory[a.banks], state.momentum[a.banks]), a.writes.key), value

    @torch.no_grad()
    def read(self, state: State, question: SpanFeatures) -> Readout:
        """Two hops through the memory, starting at the question's own words."""
        if not len(question):
            return Readout(torch.zeros(self.dim), 0.0, "", 0)
        batch = collate([question], self.contents)
        choices = self.encoder(batch.hidden, batch.mask, torch.ones(1), batch.surprise)
        soft = self._look(choices, batch, lambda k: rule.read(state, k[0])[None], hard=True)
        hop, bank = divmod(int(soft.slots[0].argmax()), self.config.banks)
        path = self._path(soft, bank, hop)
        return Readout(soft.surface[0], float(soft.confidence[0].sigmoid()), Bank(bank).name, hop + 1, path)

    def _path(self, soft: SoftReadout, bank: int, hop: int) -> tuple[Address, ...]:
        """The reads behind a slot: its own, and before it the one its second hop started from."""
        swap = {int(Bank.SUBJECT): int(Bank.OBJECT), int(Bank.OBJECT): int(Bank.SUBJECT)}

        def first(b: int) -> Address:
            return Address(swap[b] if bool(soft.turned[0, b]) else b, soft.keys[0][0, b])

        return (first(int(self.route[bank].argmax())), Address(bank, soft.keys[1][0, bank])) if hop else (first(bank),)

    # --- shared by both

    def writes(self, c: Choices, batch: SpanBatch, hard: bool) -> Writes:
        """Choices over words -> keys, values and rates, (N, H, …)."""
        pick = _one_hot if hard else _softmax
        value = pick(c.value)
        both = torch.cat([batch.address, batch.surface], -1)
        gate = c.write.sigmoid()
        on = (gate > WRITE_THRESHOLD).float()
        return Writes(
            key=self._keys(c, batch, hard),
            base=value[..., :-1] @ both,
            context=(pick(c.subject)[:, None] @ batch.address)[:, 0],
            rho=value[..., -1],
            write=on if hard else on + gate - gate.detach(),
            theta=c.theta.sigmoid(),
            eta=c.eta.sigmoid() * self.config.momentum,
            alpha=c.alpha.sigmoid(),
        )

    def _keys(self, c: Choices, batch: SpanBatch, hard: bool) -> Tensor:
        pick = _one_hot if hard else _softmax
        return F.normalize((pick(c.key) @ batch.address) * self._second(c, batch, hard), dim=-1)

    def _second(self, c: Choices, batch: SpanBatch, hard: bool) -> Tensor:
        weight = (_one_hot if hard else _softmax)(c.second)
        return weight[..., :-1] @ second(batch.address) + weight[..., -1:]

    def _look(self, c: Choices, batch: SpanBatch, recall: rule.Recall, hard: bool) -> SoftReadout:
        d, h = self.dim, self.config.banks
        keys = self._keys(c, batch, hard)
        first, turned = recall(keys), torch.zeros(keys.shape[:2], dtype=torch.bool)  # (B, H, 2d)
        if hard:
            first, keys, turned = self._from_the_other_end(first, keys, c, batch, recall)
        route = _one_hot(self.route) if hard else _softmax(self.route)
        start = torch.einsum("ij,bjd->bid", route, first[..., :d])
        start = start / start.norm(dim=-1, keepdim=True).clamp_min(0.5)
        start = start * self._second(c, batch, hard)
        then = recall(start)
        n1, n2 = (r[..., :d].norm(dim=-1).clamp_max(1.2) for r in (first, then))
        want = self.slot(c.pooled).view(-1, 2, h)
        slots = torch.cat([want[:, 0] + self.known[0] * n1 - self.known[1] * n2, want[:, 1] + self.known[2] * n2], -1)
        chosen = _one_hot(slots) if hard else _softmax(slots)
        norm = (chosen * torch.cat([n1, n2], -1)).sum(-1)
        surface = (chosen[:, None] @ torch.cat([first, then], 1)[..., d:])[:, 0]
        sure = self.asked(c.pooled)[:, 0] + self.sure[0] * norm + self.sure[1]
        return SoftReadout(surface, sure, slots, (keys, start), turned)

    def _from_the_other_end(
        self, first: Tensor, keys: Tensor, c: Choices, batch: SpanBatch, recall: rule.Recall
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Where a relation was not told as it is asked, read its inverse. Also the keys read, and where that was done.

        "The bath is west of the hall" answers "what is the hall east of?".
        """
        swap = list(range(self.config.banks))
        swap[Bank.SUBJECT], swap[Bank.OBJECT] = Bank.OBJECT, Bank.SUBJECT
        turned = second(batch.address @ self.contents.inverse.T)
        weight = _one_hot(c.second)
        bound = (_one_hot(c.key) @ batch.address) * (weight[..., :-1] @ turned + weight[..., -1:])
        other = recall(bound[:, swap])[:, swap]
        silent = first[..., : self.dim].norm(dim=-1) < SILENT
        mine = torch.zeros(self.config.banks, dtype=torch.bool)
        mine[[Bank.SUBJECT, Bank.OBJECT]] = True
        turn = silent & mine
        return torch.where(turn[..., None], other, first), torch.where(turn[..., None], bound, keys), turn

    # --- training: many stories at once

    def soft_read(self, solved: rule.Solved, c: Choices, batch: SpanBatch) -> SoftReadout:
        """Read one question a story from solved chunks (B stories)."""
        return self._look(c, batch, solved.read, hard=False)


def collate(spans: Sequence[SpanFeatures], contents: Contents) -> SpanBatch:
    """Pad spans to the longest."""
    n, w = len(spans), max(len(s) for s in spans)
    hidden = torch.zeros(n, w, spans[0].hidden.shape[1])
    mask = torch.zeros(n, w, dtype=torch.bool)
    ids = torch.full((2, n, w, spans[0].address.shape[1]), -1)
    for i, s in enumerate(spans):
        hidden[i, : len(s)] = torch.from_numpy(s.hidden.astype(np.float32))
        mask[i, : len(s)] = True
        ids[0, i, : len(s)] = torch.from_numpy(s.address.astype(np.int64))
        ids[1, i, : len(s)] = torch.from_numpy(s.surface.astype(np.int64))
    address, surface = contents.words(ids)
    return SpanBatch(hidden, mask, address, surface, torch.tensor([s.surprise for s in spans]))


def _softmax(logits: Tensor) -> Tensor:
    return logits.softmax(-1)


def _one_hot(logits: Tensor) -> Tensor:
    return F.one_hot(logits.argmax(-1), logits.shape[-1]).float()
