"""Texts as the tensors keys and matcher look at. Knows token ids; nothing is read through the backbone."""

from __future__ import annotations

import random
from collections.abc import Sequence

import torch

from titans_edge.backbone.vocabulary import Vocabulary
from titans_edge.features import MAX_WORDS
from titans_edge.neural.contents import Contents
from titans_edge.neural.keys import EARLIER, Words, padded, signs
from titans_edge.text import spans, words

Text = tuple[str, str]  # the span before ("": none), the text


class TextTable:
    """Looks texts up; each word's vector is made once."""

    def __init__(self, vocab: Vocabulary, contents: Contents) -> None:
        self.vocab, self.contents = vocab, contents
        self._texts: dict[str, list[int]] = {"": []}
        self._numbers: dict[tuple[int, ...], int] = {}
        self._ids: list[tuple[int, ...]] = []
        self._made = 0
        self._vectors, self._signs = torch.zeros(1024, contents.dim), torch.zeros(1024, 2)

    def words(self, texts: Sequence[Text], *, drop: float = 0.0) -> Words:
        """drop: this share of the words is left out, for training."""
        rows = [[self._text(before)[-EARLIER:], self._text(text)] for before, text in texts]
        if drop:
            rows = [[[w for w in part if random.random() >= drop] or part for part in parts] for parts in rows]
        self._make()
        return padded([(before, text) for before, text in rows], self._vectors, self._signs)

    def length(self, text: Text) -> int:
        """How many words of it are seen."""
        return min(EARLIER, len(self._text(text[0]))) + len(self._text(text[1]))

    def cut(self, text: str) -> list[str]:
        """A message as the spans a memory keeps."""
        return [s.text for s in spans(text, lambda t: len(self.vocab.encode(t)))]

    def has_words(self, text: str) -> bool:
        return bool(self._text(text))

    def _text(self, text: str) -> list[int]:
        if text not in self._texts:
            self._texts[text] = [self._number(self.vocab.word_ids(w.text.lower())) for w in words(text)[:MAX_WORDS]]
        return self._texts[text]

    def _number(self, ids: tuple[int, ...]) -> int:
        if ids not in self._numbers:
            self._numbers[ids] = len(self._ids)
            self._ids.append(ids)
        return self._numbers[ids]

    def _make(self) -> None:
        """Vectors of words met since the last time."""
        new = self._ids[self._made :]
        while len(self._vectors) < len(self._ids):
            self._vectors, self._signs = (torch.cat([x, torch.zeros_like(x)]) for x in (self._vectors, self._signs))
        if new:
            self._vectors[self._made : len(self._ids)] = torch.stack([self.contents.mean_of(ids) for ids in new])
            self._signs[self._made : len(self._ids)] = signs(new)
            self._made = len(self._ids)
