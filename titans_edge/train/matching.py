"""Training of the matcher: which candidate answers a question, and which statement takes another's place."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from titans_edge.neural.keys import Words, outside
from titans_edge.neural.sentences import SentenceMemory
from titans_edge.train.episodes import Episode
from titans_edge.train.mining import Scores, WordIndex, candidates
from titans_edge.train.texts import Text, TextTable

CANDIDATES = 10  # of a question
GONE = 0.3  # of the questions lose the sentences that answer them: then none of what is left is right
NEAR, OTHERS = 0.3, 8  # cosine of statements that might be taken for a change; so many of them an episode
NO_TEXT = -30.0  # the logit where there is no candidate
HALF = 0.5  # weight of each candidate's own right or wrong, beside the choice among them


@dataclass(frozen=True)
class Item:
    """A question, its candidates (None: there were no more), what is known of them beside their words, and the right
    ones (1.0).
    """

    question: str
    texts: tuple[Text | None, ...]
    outside: Scores
    right: tuple[float, ...]


@dataclass(frozen=True)
class Statements:
    """A later statement, an earlier one, the cosine of their keys, and whether the later takes its place."""

    later: Text
    earlier: Text
    cosine: float
    replaces: bool


@torch.no_grad()
def encoded(sentences: SentenceMemory, table: TextTable, texts: Sequence[Text], *, asking: bool) -> Scores:
    """Keys (n, key)."""
    parts = [sentences.keys(table.words(texts[at : at + 256]), asking)[0] for at in range(0, len(texts), 256)]
    keys: Scores = torch.cat(parts).numpy()
    return keys


def mine(
    e: Episode, sentences: SentenceMemory, table: TextTable, rng: random.Random
) -> tuple[list[Item], list[Statements]]:
    """An episode's questions with the candidates a memory would find, and its pairs of statements."""
    e = replace(e, asked=tuple(a for a in e.asked if table.has_words(a[0])))
    told = encoded(sentences, table, e.texts, asking=False)
    pairs = statements(e, told, rng)
    if not e.asked:
        return [], pairs
    cosines = encoded(sentences, table, [("", q) for q, _ in e.asked], asking=True) @ told.T
    index = WordIndex([text for _, text in e.texts])
    return [
        _item(e, question, right, near, index, rng) for (question, right), near in zip(e.asked, cosines, strict=True)
    ], pairs


def statements(e: Episode, told: Scores, rng: random.Random) -> list[Statements]:
    """An episode's pairs, and others whose keys are near each other though neither takes the other's place."""
    known = {(a, b): same for a, b, same in e.pairs}
    near = told @ told.T
    other = [(int(a), int(b)) for a, b in np.argwhere(near >= NEAR) if a != b and (a, b) not in known]
    pairs = known | dict.fromkeys(rng.sample(other, min(OTHERS, len(other))), False)
    return [Statements(e.texts[a], e.texts[b], float(near[a, b]), same) for (a, b), same in pairs.items()]


def _item(
    e: Episode, question: str, right: tuple[int, ...], near: Scores, index: WordIndex, rng: random.Random
) -> Item:
    bm25 = index.likeness(question)
    found = [i for i in candidates(near, bm25, CANDIDATES + len(right)) if i not in right]
    rows = [*right, *found][:CANDIDATES]
    rng.shuffle(rows)
    known = outside(near[rows], bm25[rows], index.coverage(question, rows))
    missing = CANDIDATES - len(rows)
    return Item(
        question,
        (*(e.texts[i] for i in rows), *[None] * missing),
        np.concatenate([known, np.zeros((missing, known.shape[1]), np.float32)]),
        (*(float(i in right) for i in rows), *[0.0] * missing),
    )


def untold(item: Item) -> Item:
    """The same question where what answers it was never told."""
    left = tuple(None if right else text for text, right in zip(item.texts, item.right, strict=True))
    return replace(item, texts=left, right=(0.0,) * len(left))


def answers_loss(sentences: SentenceMemory, table: TextTable, batch: Sequence[Item]) -> Tensor:
    """Cross-entropy over the candidates where one is right, and binary cross-entropy of each."""
    asked = table.words([("", item.question) for item in batch])
    with torch.no_grad():
        _, states = sentences.keys(asked, True)
    many = Words(*(x.repeat_interleave(CANDIDATES, 0) for x in (asked.content, asked.signs, asked.mask, asked.earlier)))
    told = table.words([text or ("", "") for item in batch for text in item.texts])
    known = torch.from_numpy(np.concatenate([item.outside for item in batch]))
    logits = sentences.matcher(many, states.repeat_interleave(CANDIDATES, 0), told, known)[:, 0].view(-1, CANDIDATES)
    real = torch.tensor([[text is not None for text in item.texts] for item in batch])
    right = torch.tensor([item.right for item in batch])
    logits = logits.masked_fill(~real, NO_TEXT)
    each: Tensor = (F.binary_cross_entropy_with_logits(logits, right, reduction="none") * real).sum(1).mean()
    some = right.sum(1) > 0
    if not bool(some.any()):
        return HALF * each
    share = right[some] / right[some].sum(1, keepdim=True)
    choice: Tensor = -(logits[some].log_softmax(1) * share).sum(1).mean()
    return HALF * each + choice


def replaces_loss(sentences: SentenceMemory, table: TextTable, batch: Sequence[Statements]) -> Tensor:
    """Binary cross-entropy."""
    later = table.words([s.later for s in batch])
    with torch.no_grad():
        _, states = sentences.keys(later, False)
    known = torch.tensor([[s.cosine, 0.0, 0.0] for s in batch])
    logits = sentences.matcher(later, states, table.words([s.earlier for s in batch]), known, True)[:, 1]
    return F.binary_cross_entropy_with_logits(logits, torch.tensor([float(s.replaces) for s in batch]))
