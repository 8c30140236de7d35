"""The memory: reads facts out of spans, and answers to questions out of a store.

`NeuralMemory` ties encoder, contents and reader together. Training calls `soft_*` (differentiable, a batch of stories
at once); the product calls `facts`, `write` and `ask` (hard choices). Knows no journal and no policy, and of relations
only what the graft says: how many there are, which is tracked, which are each other's mirror.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from titans_edge.errors import MemoryStateError
from titans_edge.facts import Fact, Key, Phrase
from titans_edge.features import SpanFeatures, word_ids
from titans_edge.neural import rule
from titans_edge.neural.contents import Contents, second
from titans_edge.neural.encoder import Choices, EncoderConfig, SpanEncoder
from titans_edge.neural.groups import alike
from titans_edge.neural.matrix import MatrixStore
from titans_edge.neural.relations import Relations
from titans_edge.neural.rule import Writes
from titans_edge.neural.store import Address, Store, Write

SILENT = 0.5  # a bank that returns less than this norm has nothing stored under the key
WRITE_THRESHOLD = 0.5  # a span writes into a bank when the write gate is above this


@dataclass(frozen=True)
class Readout:
    """The memory's answer: a surface vector (d,), how sure the memory is (0..1), the relation and hop it came from.

    path: the reads that led to it, in order (one a hop); asked: the question as the encoder saw it (width,).
    """

    surface: Tensor
    confidence: float
    relation: str
    hop: int
    path: tuple[Address, ...] = ()
    asked: Tensor | None = None


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
    """Everything trained in stage 1. Sizes: H banks (one a relation), values 2d (address and surface), keys d."""

    def __init__(self, config: EncoderConfig, contents: Contents, relations: Relations) -> None:
        super().__init__()
        h = config.banks
        self.config, self.contents, self.relations = config, contents, relations
        self.encoder = SpanEncoder(config)
        self.slot = nn.Linear(config.width, 2 * h)  # which bank answers, at the first or the second hop
        self.known = nn.Parameter(torch.tensor([4.0, 4.0, 4.0]))  # weight of |r| and -|r'| for hop 1, of |r'| for hop 2
        self.route = nn.Parameter(torch.zeros(h, h))  # the second hop of bank i starts at what bank j returned
        self.asked = nn.Linear(config.width, 1)  # is this a question the memory should answer
        self.sure = nn.Parameter(torch.tensor([8.0, -4.0]))  # confidence from the norm of what was read

    @property
    def dim(self) -> int:
        return self.contents.dim

    def new_store(self, *, remember: bool = False) -> Store:
        """An empty store of the graft's sizes. remember: it is asked to `explain`."""
        c = self.config
        return MatrixStore(c.banks, 2 * self.dim, self.dim, momentum=c.momentum > 0, remember=remember)

    # --- the product: one span after the other, hard choices

    @torch.no_grad()
    def facts(self, spans: Sequence[SpanFeatures], texts: Sequence[str]) -> list[tuple[Fact, ...]]:
        """What each span says, whatever the state. Raises MemoryStateError for hidden states that are not finite."""
        out: list[tuple[Fact, ...]] = [()] * len(spans)
        for group in alike([len(s) for s in spans]):
            batch = collate([spans[i] for i in group], self.contents)
            if not bool(torch.isfinite(batch.hidden).all()):
                raise MemoryStateError(
                    "The backbone gave numbers that are not finite; nothing is written.", "Please report the text."
                )
            choices = self.encoder(batch.hidden, batch.mask, torch.zeros(len(group)), batch.surprise)
            for n, i in enumerate(group):
                out[i] = self._facts(choices, n, spans[i], texts[i])
        return out

    def _facts(self, c: Choices, n: int, span: SpanFeatures, text: str) -> tuple[Fact, ...]:
        words, found = len(span), []
        subject = _phrase(span, int(c.subject[n].argmax()), text)
        for bank in (c.write[n].sigmoid() > WRITE_THRESHOLD).nonzero()[:, 0].tolist():
            aspect, value = int(c.second[n, bank].argmax()), int(c.value[n, bank].argmax())
            none = c.second.shape[-1] - 1  # the last choice: no second word; what is held at the subject
            key = Key(
                self.relations.phrases[bank],
                _phrase(span, int(c.key[n, bank, :words].argmax()), text),
                None if aspect == none else _phrase(span, aspect, text),
            )
            held = Key(self.relations.phrases[self.relations.tracked], subject)
            rates = (c.theta[n, bank], c.alpha[n, bank], c.eta[n, bank])
            rate, forgetting, momentum = (float(x.sigmoid().half()) for x in rates)
            momentum = float(torch.tensor(momentum * self.config.momentum).half())
            found.append(Fact(key, held if value == none else _phrase(span, value, text), rate, forgetting, momentum))
        return tuple(found)

    def write(self, fact: Fact) -> Write:
        """A fact as vectors. Raises MemoryStateError where this graft does not know its relation."""
        value, held = torch.zeros(2 * self.dim), None
        if isinstance(fact.value, Key):
            held = self.address(fact.value)
        else:
            value = torch.cat([self.contents.phrase(fact.value.address), self.contents.phrase(fact.value.surface)])
        return Write(self.address(fact.key), value, held, fact.rate, fact.forgetting, fact.momentum)

    def address(self, key: Key) -> Address:
        """Where a key is held."""
        vector = self.contents.phrase(key.subject.address)
        if key.aspect is not None:
            vector = vector * second(self.contents.phrase(key.aspect.address))
        return Address(self.relations.shard(key.relation.text), F.normalize(vector, dim=0))

    @torch.no_grad()
    def ask(self, store: Store, question: SpanFeatures, *, hops: int = 2) -> Readout:
        """At most two hops through the memory, starting at the question's own words."""
        if not len(question):
            return Readout(torch.zeros(self.dim), 0.0, "", 0)
        batch = collate([question], self.contents)
        choices = self.encoder(batch.hidden, batch.mask, torch.ones(1), batch.surprise)
        every = torch.arange(self.config.banks)
        soft = self._look(choices, batch, lambda k: store.read(every, k[0])[None], hard=True, hops=hops)
        hop, bank = divmod(int(soft.slots[0].argmax()), self.config.banks)
        path = self._path(soft, bank, hop)
        relation = self.relations.phrases[bank].text
        sure = float(soft.confidence[0].sigmoid())
        return Readout(soft.surface[0], sure, relation, hop + 1, path, choices.pooled[0])

    def _path(self, soft: SoftReadout, bank: int, hop: int) -> tuple[Address, ...]:
        """The reads behind a slot: its own, and before it the one its second hop started from."""

        def first(b: int) -> Address:
            shard = self.relations.mirror[b] if bool(soft.turned[0, b]) else b
            return Address(shard, F.normalize(soft.keys[0][0, b], dim=0))

        second_hop = F.normalize(soft.keys[1][0, bank], dim=0)
        return (first(int(self.route[bank].argmax())), Address(bank, second_hop)) if hop else (first(bank),)

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

    def _look(self, c: Choices, batch: SpanBatch, read: rule.Read, hard: bool, hops: int = 2) -> SoftReadout:
        """Read every bank at the question's own keys, then at what those brought back; choose one read of one bank."""
        keys = self._keys(c, batch, hard)
        first, turned = read(keys), torch.zeros(keys.shape[:2], dtype=torch.bool)  # (B, H, 2d), (B, H)
        if hard:
            first, keys, turned = self._mirrored(first, keys, c, batch, read)
        start = self._second_keys(first, c, batch, hard)
        then = read(start)
        norms = [r[..., : self.dim].norm(dim=-1).clamp_max(1.2) for r in (first, then)]
        slots = self._slots(c, *norms)
        if hops < 2:
            slots[:, self.config.banks :] = -torch.inf
        chosen = _one_hot(slots) if hard else _softmax(slots)
        surface = (chosen[:, None] @ torch.cat([first, then], 1)[..., self.dim :])[:, 0]
        norm = (chosen * torch.cat(norms, -1)).sum(-1)
        sure = self.asked(c.pooled)[:, 0] + self.sure[0] * norm + self.sure[1]
        return SoftReadout(surface, sure, slots, (keys, start), turned)

    def _second_keys(self, first: Tensor, c: Choices, batch: SpanBatch, hard: bool) -> Tensor:
        """Keys of the second hop (B, H, d): the word one bank returned, as `route` says, and the question's aspect."""
        route = _one_hot(self.route) if hard else _softmax(self.route)
        word = torch.einsum("ij,bjd->bid", route, first[..., : self.dim])
        word = word / word.norm(dim=-1, keepdim=True).clamp_min(0.5)
        keys: Tensor = word * self._second(c, batch, hard)
        return keys

    def _slots(self, c: Choices, first: Tensor, then: Tensor) -> Tensor:
        """Logits (B, 2H) of which bank answers at which hop, from the question and how much each read brought back."""
        want = self.slot(c.pooled).view(-1, 2, self.config.banks)
        one = want[:, 0] + self.known[0] * first - self.known[1] * then
        return torch.cat([one, want[:, 1] + self.known[2] * then], -1)

    def _mirrored(
        self, first: Tensor, keys: Tensor, c: Choices, batch: SpanBatch, read: rule.Read
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Where nothing is held as it was asked, the mirror relation is read under the inverse aspect.

        "The bath is west of the hall" answers "what is the hall east of?". Returns (values, keys, where it was done).
        """
        mirror = self.relations.mirror
        inverse = second(batch.address @ self.contents.inverse.T)
        weight = _one_hot(c.second)
        bound = (_one_hot(c.key) @ batch.address) * (weight[..., :-1] @ inverse + weight[..., -1:])
        other = read(bound[:, mirror])[:, mirror]
        has_mirror = torch.tensor([m != bank for bank, m in enumerate(mirror)])
        turn = (first[..., : self.dim].norm(dim=-1) < SILENT) & has_mirror
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
    address, surface = torch.zeros(n, w, contents.dim), torch.zeros(n, w, contents.dim)
    contents.tokens([int(i) for s in spans for ids in (s.address, s.surface) for i in ids[ids >= 0]])  # read at once
    for i, s in enumerate(spans):
        hidden[i, : len(s)] = torch.from_numpy(s.hidden.astype(np.float32))
        mask[i, : len(s)] = True
        address[i, : len(s)] = torch.stack([contents.phrase(ids) for ids in word_ids(s.address)])
        surface[i, : len(s)] = torch.stack([contents.phrase(ids) for ids in word_ids(s.surface)])
    return SpanBatch(hidden, mask, address, surface, torch.tensor([s.surprise for s in spans]))


def _phrase(span: SpanFeatures, word: int, text: str) -> Phrase:
    """One word of a span as a phrase."""
    start, end = span.places[word].tolist()
    surface, address = (word_ids(rows[word : word + 1])[0] for rows in (span.surface, span.address))
    return Phrase(text[start:end], start, end, surface, address)


def _softmax(logits: Tensor) -> Tensor:
    return logits.softmax(-1)


def _one_hot(logits: Tensor) -> Tensor:
    return F.one_hot(logits.argmax(-1), logits.shape[-1]).float()
