"""Whole sentences: read into keys, held beside each other, found by a question.

Knows vectors and the numbers of spans; no texts, no journal. What is held is a function of the spans' records.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from titans_edge.facts import Sentence
from titans_edge.features import SpanFeatures, word_ids
from titans_edge.neural.contents import Contents
from titans_edge.neural.groups import alike
from titans_edge.neural.keys import EARLIER, OUTSIDE, KeyConfig, KeyEncoder, Matcher, Words, padded, signs
from titans_edge.neural.told import Told
from titans_edge.neural.verbatim import Verbatim

AT_ONCE = 64  # candidates matched
Vectors = npt.NDArray[np.float32]
Ids = tuple[int, ...]


@dataclass(frozen=True)
class Asked:
    """A question (or a new statement) as the memory sees it: key (key,), words, and their states (1, W, width)."""

    key: Vectors
    words: Words
    states: Tensor


class SentenceMemory(nn.Module):
    """The trained part: keys, matcher, and, where the graft has it, what tells a message about the told from others."""

    def __init__(self, config: KeyConfig, contents: Contents) -> None:
        super().__init__()
        self.config, self.contents = config, contents
        self.keys, self.matcher = KeyEncoder(config), Matcher(config)
        self.told = Told(contents.table.shape[1], config.told) if config.told else None

    @torch.no_grad()
    def read(self, spans: Sequence[SpanFeatures], before: Sequence[SpanFeatures | None]) -> list[Sentence]:
        """Spans as sentences; before: the span told just before each, None where that has nothing to do with it.

        A span without words gets a key of zeros.
        """
        words = [word_ids(s.address) for s in spans]
        earlier = [None if b is None else word_ids(b.address) for b in before]
        alone = self._keys([([], w) for w in words])
        linked = iter(self._keys([(b, w) for b, w in zip(earlier, words, strict=True) if b is not None]))
        return [
            Sentence(_bytes(key), tuple(w), b"" if b is None else _bytes(next(linked)), int(b is not None))
            for w, b, key in zip(words, earlier, alone, strict=True)
        ]

    def _keys(self, texts: Sequence[tuple[Sequence[Ids], Sequence[Ids]]]) -> Vectors:
        """Keys (n, key) of spans of words, each with those of the span before it."""
        out = np.zeros((len(texts), self.config.key), np.float32)
        lengths = [len(before[-EARLIER:]) + len(span) if span else 0 for before, span in texts]
        for group in alike(lengths):
            keys, _ = self.keys(self._words([texts[i] for i in group]), asking=False)
            out[group] = keys.numpy()
        return out

    @torch.no_grad()
    def ask(self, question: SpanFeatures) -> Asked:
        """A question of at least one word."""
        words = self._words([([], word_ids(question.address))])
        key, states = self.keys(words, asking=True)
        return Asked(key[0].numpy(), words, states)

    @torch.no_grad()
    def asked(self, before: Sequence[Ids], span: Sequence[Ids]) -> Asked:
        """A statement, to be held against others."""
        words = self._words([(before, span)])
        key, states = self.keys(words, asking=False)
        return Asked(key[0].numpy(), words, states)

    @torch.no_grad()
    def match(
        self, asked: Asked, candidates: Sequence[tuple[Sequence[Ids], Sequence[Ids]]], outside: Vectors,
        *, statement: bool = False,
    ) -> Vectors:  # fmt: skip
        """Probabilities (n, 2) that a candidate answers, and that the statement takes its place.

        candidates: words of the span before (or none), and of the span; outside (n, OUTSIDE): see `Matcher`.
        """
        out = np.zeros((len(candidates), 2), np.float32)
        q = asked.words
        for at in range(0, len(candidates), AT_ONCE):
            group = candidates[at : at + AT_ONCE]
            n = len(group)
            wide = Words(*(x.expand(n, *x.shape[1:]) for x in (q.content, q.signs, q.mask, q.earlier)))
            told = self._words(group)
            by = torch.from_numpy(outside[at : at + n])
            logits = self.matcher(wide, asked.states.expand(n, -1, -1), told, by, statement)
            out[at : at + n] = logits.sigmoid().numpy()
        return out

    @torch.no_grad()
    def recite(self, held: Verbatim, asked: Asked, n: int) -> list[tuple[list[int], float]]:
        """Up to n sentences out of the state alone, as token ids with how likely each answers, best first.

        What is read at the question's key is read again at its own, which the others disturb less; then the question
        goes on without that key.
        """
        found, query = dict[Ids, None](), torch.from_numpy(asked.key)
        for _ in range(n + 2):
            tokens = held.recite(query)
            if not tokens:
                break
            key, _ = self.keys(self._words([((), [(t,) for t in tokens])]), asking=False)
            if again := held.recite(key[0]):
                found[tuple(again)] = None
            query = query - (query @ key[0]) * key[0]
        if not found:
            return []
        keys, _ = self.keys(self._words([((), [(t,) for t in ids]) for ids in found]), asking=False)
        outside = np.zeros((len(found), OUTSIDE), np.float32)
        outside[:, 0] = keys.numpy() @ asked.key
        match = self.match(asked, [((), [(t,) for t in ids]) for ids in found], outside)[:, 0]
        order = np.argsort(-match, kind="stable")[:n]
        recited = list(found)
        return [(list(recited[i]), float(match[i])) for i in order]

    def _words(self, texts: Sequence[tuple[Sequence[Ids], Sequence[Ids]]]) -> Words:
        """Each word's vector is made once."""
        numbers: dict[Ids, int] = {(): 0}  # no word, so that there is a row

        def numbered(words: Sequence[Ids]) -> list[int]:
            return [numbers.setdefault(word, len(numbers)) for word in words]

        rows = [(numbered(before[-EARLIER:]), numbered(span)) for before, span in texts]
        known = list(numbers)[1:]
        content = torch.stack([torch.zeros(self.config.dim), *(self.contents.mean_of(word) for word in known)])
        return padded(rows, content, signs(list(numbers)))


class Sentences:
    """What is held: span numbers in order, their keys (n, key), and their words."""

    def __init__(self, width: int) -> None:
        self._keys = np.zeros((64, width), np.float32)
        self.spans: list[int] = []
        self.words: dict[int, tuple[Ids, ...]] = {}
        self.before: dict[int, int] = {}
        self._having: Counter[Ids] = Counter()  # how many spans have a word

    def __len__(self) -> int:
        return len(self.spans)

    def add(self, span: int, sentence: Sentence) -> None:
        """Raises ValueError for a key of another width."""
        n, earlier = len(self.spans), span - sentence.before
        linked = bool(sentence.linked) and earlier in self.words
        key = np.frombuffer(sentence.linked if linked else sentence.key, "<f2").astype(np.float32)
        if n == len(self._keys):
            self._keys = np.concatenate([self._keys, np.zeros_like(self._keys)])
        self._keys[n] = key
        self.spans.append(span)
        self.words[span] = sentence.words
        self._having.update(set(sentence.words))
        if linked:
            self.before[span] = earlier

    def cut(self, n: int) -> None:
        """Back to the first n."""
        for span in self.spans[n:]:
            self._having.subtract(set(self.words.pop(span)))
            self.before.pop(span, None)
        del self.spans[n:]

    def cosines(self, key: Vectors) -> Vectors:
        """(n,) of all that is held, in order."""
        out: Vectors = self._keys[: len(self.spans)] @ key
        return out

    def key_of(self, span: int) -> Tensor:
        """The key (key,) that a span is found by."""
        return torch.from_numpy(self._keys[self._at(span)].copy())

    def cosine(self, a: int, b: int) -> float:
        """Of two spans' keys."""
        return float(self._keys[self._at(a)] @ self._keys[self._at(b)])

    def later(self, span: int, n: int, near: float) -> list[int]:
        """The n spans after this one whose keys are nearest to its own, and at least so near."""
        at = self._at(span)
        cosines = self._keys[at + 1 : len(self.spans)] @ self._keys[at]
        best = np.argsort(-cosines, kind="stable")[:n]
        return [self.spans[at + 1 + int(i)] for i in best if cosines[i] >= near]

    def having(self, word: Ids) -> int:
        """How many spans have a word."""
        return self._having[word]

    def _at(self, span: int) -> int:
        return bisect_left(self.spans, span)

    def candidate(self, span: int) -> tuple[tuple[Ids, ...], tuple[Ids, ...]]:
        """Words of the span before, if it counts, and of the span."""
        return self.words[self.before[span]] if span in self.before else (), self.words[span]


def _bytes(key: Vectors) -> bytes:
    return key.astype("<f2").tobytes()
