"""The memory as a fold over its journal: span by span, what was decided is done, and what is new is decided.

The one way a state comes about, live or replayed; so a state is a pure function of graft and journal, to the bit, on
the same machine and build. A ruling that is in the journal is never made again. Knows entries, not files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from titans_edge import policy
from titans_edge.errors import MemoryStateError
from titans_edge.facts import Fact, Key, Phrase, Sentence, read
from titans_edge.journal import Entry
from titans_edge.neural.cleanup import Cleanup
from titans_edge.neural.memory import NeuralMemory
from titans_edge.neural.sentences import Sentences
from titans_edge.neural.store import Address, Explains, Protects, Store, Write, surprise
from titans_edge.neural.verbatim import Verbatim, flattened
from titans_edge.policy import Held, Proposal, Standing
from titans_edge.rulings import Ruling
from titans_edge.text import refers_back, tells

SAME, NEAR = 0.9, 0.5  # keys with this cosine are the same word; with this, alike enough to be retrieved
AGREES = 0.7  # cosine of two contents that say the same
FOLD = 2  # counts the ways to fold a journal: a snapshot of another is not gone on with
Vectors = npt.NDArray[np.float32]


class Last(NamedTuple):
    """A write under a key. value: the phrase's token ids, None where it was what another key held."""

    trust: float
    span: int
    value: tuple[int, ...] | None


class Index:
    """Which spans wrote under which keys. By ids: exactly; by vectors: for what a question reads, which has no ids."""

    def __init__(self, shards: int, dim: int) -> None:
        self._vectors = [np.zeros((16, dim), np.float32) for _ in range(shards)]
        self.spans: list[list[int]] = [[] for _ in range(shards)]  # newest last
        self._held: dict[Any, list[Last]] = {}  # by the key's ids, newest last
        self._order: list[tuple[Any, int]] = []  # (ids, shard) in the order they came

    def __len__(self) -> int:
        return len(self._order)

    def add(self, fact: Fact, at: Address, span: int, trust: float) -> None:
        spans, vectors = self.spans[at.shard], self._vectors[at.shard]
        if len(spans) == len(vectors):
            self._vectors[at.shard] = vectors = np.concatenate([vectors, np.zeros_like(vectors)])
        vectors[len(spans)] = at.key.numpy()
        spans.append(span)
        ids = fact.key.ids()
        self._held.setdefault(ids, []).append(Last(trust, span, _value(fact)))
        self._order.append((ids, at.shard))

    def cut(self, n: int) -> None:
        """Back to the first n writes."""
        for ids, shard in reversed(self._order[n:]):
            self.spans[shard].pop()
            self._held[ids].pop()
        del self._order[n:]

    def keys(self) -> Counter[int]:
        """How many distinct keys were written, by shard."""
        return Counter(shard for _, shard in set(self._order))

    def held(self, key: Key) -> Last | None:
        """The last write under this very key."""
        found = self._held.get(key.ids())
        return found[-1] if found else None

    def alike(self, at: Address) -> Vectors:
        """Cosine of an address with each key written into its shard."""
        n = len(self.spans[at.shard])
        cosines: Vectors = self._vectors[at.shard][:n] @ at.key.numpy()
        return cosines


@dataclass(frozen=True)
class Mark:
    """Where a fold stood, to go back to."""

    store: Store
    standing: Standing
    last: int
    indexed: int
    known: int
    sentences: int
    verbatim: Verbatim | None


@dataclass(frozen=True)
class Share:
    """How much of a readout came from one write: the shares of one read add up to 1."""

    span: int
    hop: int
    relation: str
    share: float


class UnreadableFacts(MemoryStateError):
    """A span's facts are not this graft's, whatever their record says; its text can be read anew."""

    def __init__(self, span: int, why: MemoryStateError) -> None:
        super().__init__(f"The facts of span #{span} cannot be used: {why.message}", why.hint)
        self.span = span


@dataclass
class Fold:
    """Store, standing of the policy, index of keys after the entries so far. base: a state older than the journal."""

    memory: NeuralMemory
    store: Store
    base: bytes | None = None
    key: int = 0  # numbers of a sentence's key; 0: this graft makes none
    standing: Standing = field(default_factory=Standing)
    last: int = 0

    def __post_init__(self) -> None:
        self.index = Index(len(self.memory.relations), self.memory.dim)
        self.known = Cleanup(self.memory.contents)
        self.sentences = Sentences(self.key)
        self.verbatim = Verbatim(self.key, self.memory.contents) if self.key else None
        if self.base is not None:
            self.store.load(self.base)

    # --- forwards

    def add(self, e: Entry) -> Ruling:
        """One entry: what was decided about it, or is decided now, is done."""
        if e.record is None:
            raise MemoryStateError(
                f"Span #{e.id} has not been read by this graft.", "Open the memory with `titans-edge chat`."
            )
        self.last = e.id
        facts, writes, sentence = self._read(e.id, e.record)
        self._seen(e.id, sentence)
        proposal = self._proposal(e, facts, writes, judged=e.ruling is not None)
        ruling = e.ruling or policy.decide(proposal, self.standing)
        self.standing = policy.after(self.standing, proposal, ruling)
        if ruling.scale > 0 and facts:
            self.store.write(e.id, writes, ruling.scale, confined=ruling.confined)
            self._indexed(e, facts, writes, ruling)
        if self.verbatim is not None and e.source.kind == "user" and tells(e.text):
            self._recited(e)
        return ruling

    def _recited(self, e: Entry) -> None:
        """The user's own words into the state, after the ones they refer back to."""
        assert self.verbatim is not None
        before, words = self.sentences.candidate(e.id)
        tokens = flattened([*before, *words] if refers_back(e.text) else words)
        if tokens:
            self.verbatim.write(self.sentences.key_of(e.id), tokens)

    def _read(self, span: int, record: bytes) -> tuple[tuple[Fact, ...], list[Write], Sentence | None]:
        """A record's facts, and as vectors. Raises UnreadableFacts where this graft cannot have written them."""
        try:
            facts, sentence = read(record)
            if self.key and (sentence is None or len(sentence.key) != 2 * self.key):
                raise MemoryStateError("It has no key of this graft.")
            return facts, [self.memory.write(f) for f in facts], sentence
        except MemoryStateError as e:
            raise UnreadableFacts(span, e) from e

    def _seen(self, span: int, sentence: Sentence | None) -> None:
        if self.key and sentence is not None:
            self.sentences.add(span, sentence)

    def extend(
        self, entries: Iterable[Entry], step: Callable[[int], None] = lambda span: None
    ) -> list[tuple[int, Ruling]]:
        """Entries in order; the rulings that were made now. step is called after each.

        Raises MemoryStateError where a number is not finite.
        """
        made = []
        for e in entries:
            ruling = self.add(e)
            if e.ruling is None:
                made.append((e.id, ruling))
            step(e.id)
        if not self.finite():
            raise MemoryStateError(
                "A write would have made the memory infinite; it was left out.", "Please report the text."
            )
        return made

    def _proposal(self, e: Entry, facts: Sequence[Fact], writes: Sequence[Write], *, judged: bool) -> Proposal:
        """judged: the ruling is there already; only what the standing takes from a span is needed."""
        startle, both = surprise(self.store, writes)
        held: tuple[Held, ...] = ()
        room = True
        if not judged:
            held = tuple(self._held(facts, both))
            room = not isinstance(self.store, Protects) or all(self.store.room(w.at) for w in writes)
        return Proposal(e.text, e.source, e.operation, len(facts), startle, held, e.answer, e.guarded, room)

    def _held(self, facts: Sequence[Fact], both: Sequence[tuple[torch.Tensor, torch.Tensor]]) -> Iterator[Held]:
        """What earlier writes left under these keys; both: (held, value) of each. Phrases differ by their words."""
        d = self.memory.dim
        for fact, (now, value) in zip(facts, both, strict=True):
            if (last := self.index.held(fact.key)) is None:
                continue
            differs = _value(fact) != last.value
            if last.value is None or _value(fact) is None:
                differs = float(torch.nn.functional.cosine_similarity(now[:d], value[:d], dim=0)) < AGREES
            yield Held(last.trust, differs, last.span)

    def _indexed(self, e: Entry, facts: Sequence[Fact], writes: Sequence[Write], ruling: Ruling) -> None:
        own = e.source.kind == "user" or e.answer is True
        protects = self.store if own and isinstance(self.store, Protects) else None
        for fact, w in zip(facts, writes, strict=True):
            self.index.add(fact, w.at, e.id, ruling.trust)
            if isinstance(fact.value, Phrase):
                self.known.add(fact.value)
            if protects is not None:
                protects.protect(w.at)

    # --- back, and from a snapshot

    def mark(self) -> Mark:
        counts = (len(self.index), len(self.known), len(self.sentences))
        verbatim = None if self.verbatim is None else self.verbatim.copy()
        return Mark(self.store.copy(), self.standing, self.last, *counts, verbatim)

    def back(self, m: Mark) -> None:
        self.store, self.standing, self.last = m.store, m.standing, m.last
        self.index.cut(m.indexed)
        self.known.cut(m.known)
        self.sentences.cut(m.sentences)
        self.verbatim = m.verbatim

    def resume(self, last: int, standing: dict[str, Any], state: bytes, before: Iterable[Entry]) -> None:
        """Start from a snapshot; `before` are the entries it covers, whose keys are indexed and not applied again."""
        for e in before:
            if e.ruling is None or e.record is None:
                raise MemoryStateError(
                    f"A snapshot covers span #{e.id}, which is undecided.", "Run `titans-edge memory verify`."
                )
            facts, writes, sentence = self._read(e.id, e.record)
            self._seen(e.id, sentence)
            if e.ruling.scale > 0:
                self._indexed(e, facts, writes, e.ruling)
        self.load(state)
        self.standing, self.last = Standing.of(standing), last

    def dump(self) -> bytes:
        """The state: associations, then sentences."""
        return self.store.dump() + (self.verbatim.dump() if self.verbatim is not None else b"")

    def load(self, state: bytes) -> None:
        """Raises MemoryStateError for bytes that are no state of this graft's sizes."""
        cut = len(state) if self.verbatim is None else len(self.store.dump())
        self.store.load(state[:cut])
        if self.verbatim is not None:
            self.verbatim.load(state[cut:])

    def finite(self) -> bool:
        return self.store.finite() and (self.verbatim is None or self.verbatim.finite())

    # --- questions about what is held

    def knows(self, path: Sequence[Address]) -> bool:
        """Was anything written under the very key a question read first? Else what came back is the others' noise."""
        return bool(path) and bool((self.index.alike(path[0]) >= SAME).any())

    def spans_at(self, path: Sequence[Address], k: int) -> list[int]:
        """Spans written under the keys a question read, best first: the same key first, then the newest."""
        found: dict[int, tuple[float, int]] = {}
        for at in path:
            alike = self.index.alike(at)
            for i in np.flatnonzero(alike >= NEAR):
                rank = (1.0 if alike[i] >= SAME else float(alike[i]), int(i))
                span = self.index.spans[at.shard][i]
                found[span] = max(found.get(span, (0.0, 0)), rank)
        return sorted(found, key=lambda span: found[span], reverse=True)[:k]

    def behind(self, path: Sequence[Address]) -> list[int]:
        """The newest span written under each of the very keys that were read: what an association rests on."""
        out: list[int] = []
        for at in path:
            same = np.flatnonzero(self.index.alike(at) >= SAME)
            out += [self.index.spans[at.shard][int(same[-1])]] if len(same) else []
        return list(dict.fromkeys(out))

    def shares(self, path: Sequence[Address]) -> list[Share]:
        """Which writes the reads of `path` drew on, largest first. Raises MemoryStateError for a store without it."""
        if not isinstance(self.store, Explains):
            raise MemoryStateError(
                "This kind of memory cannot say where an answer came from.", "/memory WORDS searches it."
            )
        names = self.memory.relations.phrases
        out = [
            Share(span, hop, names[at.shard].text, share)
            for hop, at in enumerate(path, 1)
            for span, share in self.store.explain(at)
        ]
        return sorted(out, key=lambda s: (s.hop, -abs(s.share)))


def _value(fact: Fact) -> tuple[int, ...] | None:
    return fact.value.address if isinstance(fact.value, Phrase) else None
