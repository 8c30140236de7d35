"""Batches of stories as tensors, made from cached features and labels."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from titans_edge.neural.contents import Contents
from titans_edge.neural.memory import SpanBatch
from titans_edge.stories.worlds import Story
from titans_edge.text import words as split_words
from titans_edge.train import labels
from titans_edge.train.cache import FeatureCache
from titans_edge.train.labels import SpanLabels


@dataclass(frozen=True)
class StoryBatch:
    """B stories of up to T spans. index (B, T) into `spans` (-1 padding); question (B,) into `spans`.

    answer (B, d) surface vectors; answerable (B,); targets: labels of `spans` as (N, H) tensors; subject (N,); slot
    (B,).
    """

    spans: SpanBatch
    asking: Tensor
    index: Tensor
    question: Tensor
    answer: Tensor
    answerable: Tensor
    key: Tensor
    second: Tensor
    value: Tensor
    write: Tensor
    subject: Tensor
    slot: Tensor
    kinds: list[str]


class Dataset:
    """Looks texts up in the cache; everything in memory, gathered per batch."""

    def __init__(self, cache: FeatureCache, contents: Contents) -> None:
        self.cache, self.contents = cache, contents
        self.hidden, address, surface = cache.arrays()
        rows = torch.from_numpy(np.concatenate([address, surface]).astype(np.int64))
        unique, inverse = torch.unique(rows, dim=0, return_inverse=True)
        self.vectors = torch.cat([contents.words(unique[i : i + 4096]) for i in range(0, len(unique), 4096)])
        self.address, self.surface = inverse[: len(address)], inverse[len(address) :]

    def batch(self, stories: list[Story], noise: list[list[str]], strangers: list[bool]) -> StoryBatch:
        """noise: extra sentences for each story, spread among its facts. strangers: leave the answering facts out."""
        texts: dict[str, int] = {}
        marks: list[SpanLabels] = []
        rows, asked = [], []
        for story, extra, strange in zip(stories, noise, strangers, strict=True):
            facts = [] if strange else list(story.facts)
            line = [self._add(f.text, labels.of_fact, f, texts, marks) for f in facts]
            spare = [self._add(t, None, None, texts, marks) for t in extra]
            rows.append(_spread(line, spare))
            asked.append(self._add(story.question.text, labels.of_question, story.question, texts, marks))
        longest = max(1, max(len(r) for r in rows))
        index = torch.tensor([r + [-1] * (longest - len(r)) for r in rows])
        answers = [self.answer_vector(s) for s in stories]
        asking = torch.zeros(len(texts))
        asking[asked] = 1.0
        key, second, value, write = (
            torch.from_numpy(np.stack([getattr(m, k) for m in marks])) for k in ("key", "second", "value", "write")
        )
        return StoryBatch(
            spans=self._spans(list(texts)),
            asking=asking,
            index=index,
            question=torch.tensor(asked),
            answer=torch.stack(answers),
            answerable=torch.tensor([0.0 if s else 1.0 for s in strangers]),
            key=key,
            second=second,
            value=value,
            write=write,
            subject=torch.tensor([m.subject for m in marks]),
            slot=torch.tensor([marks[q].slot for q in asked]),
            kinds=[s.kind for s in stories],
        )

    def answer_vector(self, story: Story) -> Tensor:
        """Surface vector of the answer's word, found among the story's own words; zero if it is not there."""
        low = story.question.answer.lower()
        for text in [f.text for f in reversed(story.facts)]:
            i = self.cache.index[text]
            for j, w in enumerate(split_words(text)[: self.cache.length[i]]):
                if w.text.lower() == low:
                    return self.vectors[self.surface[self.cache.start[i] + j]]
        return torch.zeros(self.contents.dim)

    def _add(self, text, label, what, texts: dict[str, int], marks: list[SpanLabels]) -> int:  # type: ignore[no-untyped-def]
        if text not in texts:
            texts[text] = len(texts)
            marks.append(labels.silent() if label is None else label(what, self.cache.words(text)))
        return texts[text]

    def _spans(self, texts: list[str]) -> SpanBatch:
        ids = [self.cache.index[t] for t in texts]
        lengths = torch.tensor([self.cache.length[i] for i in ids])
        starts = torch.tensor([self.cache.start[i] for i in ids])
        w = int(lengths.max())
        mask = torch.arange(w) < lengths[:, None]
        rows = (starts[:, None] + torch.arange(w)).clamp_max(len(self.hidden) - 1)
        hidden = torch.from_numpy(self.hidden[rows.numpy()].astype(np.float32)) * mask[..., None]
        address, surface = (self.vectors[x[rows]] * mask[..., None] for x in (self.address, self.surface))
        return SpanBatch(hidden, mask, address, surface, torch.tensor([self.cache.surprise[i] for i in ids]))


def _spread(line: list[int], spare: list[int]) -> list[int]:
    """Spare spans at even places among the line's, both in order."""
    slots = sorted(
        [((i + 0.5) / max(1, len(line)), 0, x) for i, x in enumerate(line)]
        + [((i + 0.5) / max(1, len(spare)), 1, x) for i, x in enumerate(spare)]
    )
    return [x for _, _, x in slots]


def draw_noise(rng: random.Random, pool: list[str], most: int) -> list[str]:
    return rng.sample(pool, rng.randint(0, min(most, len(pool)))) if pool and most else []
