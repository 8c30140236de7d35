"""Keys of whole sentences, and the match of a question with one of them.

`KeyEncoder` makes one vector of a span (seen with the span before it) or of a question, by the same weights but for a
learned flag. `Matcher` looks at a question and a candidate side by side, word by word. Both see a word as the mean of
its tokens' vectors (`contents.py`): a text costs no pass through the backbone, and any word will do. Knows no journal.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from titans_edge.features import MAX_WORDS

EARLIER = 12  # words of the span before that are seen: its last ones
POOLED = 128  # numbers of a key that are not words
RARE = math.log(150_000)  # token ids rise with rarity: merges are learnt in order
SIGNS = 2  # of a word: how rare its rarest token is, how many tokens it has
OUTSIDE = 3  # what is known of a pair beside its words
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class KeyConfig:
    dim: int  # of word vectors
    width: int = 256
    heads: int = 4
    layers: int = 2
    dropout: float = 0.15
    told: int = 0  # width of the head that tells what was told from the world (`told.py`); 0: there is none

    @property
    def key(self) -> int:
        """Numbers of a key."""
        return self.dim + POOLED


@dataclass(frozen=True)
class Words:
    """N texts padded to W words. content (N, W, d); signs (N, W, SIGNS); mask (N, W); earlier (N, W): words of the span
    before.
    """

    content: Tensor
    signs: Tensor
    mask: Tensor
    earlier: Tensor


def rarity(word: Sequence[int]) -> float:
    """How rare a word of these token ids is in the language, 0..1."""
    return math.log(1 + max(word, default=0)) / RARE


def signs(ids: Sequence[Sequence[int]]) -> Tensor:
    """(W, SIGNS) of words given as token ids."""
    rows = [(rarity(word), min(len(word), 6) / 3.0) for word in ids]
    return torch.tensor(rows).view(-1, SIGNS)


def padded(texts: Sequence[tuple[Sequence[int], Sequence[int]]], content: Tensor, signs: Tensor) -> Words:
    """Texts (the span before, the span), their words given as rows of a table: content (n, d), signs (n, SIGNS)."""
    at = torch.full((len(texts), max(1, *(len(b) + len(s) for b, s in texts))), -1)
    earlier = torch.zeros(at.shape)
    for i, (before, span) in enumerate(texts):
        at[i, : len(before) + len(span)] = torch.tensor([*before, *span], dtype=torch.long)
        earlier[i, : len(before)] = 1.0
    mask = at >= 0
    at = at.clamp_min(0)
    return Words(content[at] * mask[..., None], signs[at] * mask[..., None], mask, earlier)


def outside(cosines: Floats, bm25: Floats, shares: Floats) -> Floats:
    """What is known of n candidates beside their words (n, OUTSIDE): cosine, BM25 as a share of the best, coverage."""
    best = max(float(bm25.max(initial=0.0)), 1e-6)
    made: Floats = np.stack([cosines, bm25 / best, shares], -1).astype(np.float32)
    return made


class KeyEncoder(nn.Module):
    """A small bidirectional transformer over the words of a text."""

    def __init__(self, c: KeyConfig) -> None:
        super().__init__()
        self.config = c
        self.content = nn.Linear(c.dim + SIGNS, c.width)
        self.position = nn.Embedding(2 * MAX_WORDS, c.width)
        self.flags = nn.Parameter(torch.zeros(2, c.width))  # asking; earlier
        layer = nn.TransformerEncoderLayer(
            c.width, c.heads, 2 * c.width, c.dropout, activation="gelu", batch_first=True, norm_first=True
        )
        self.mix = nn.TransformerEncoder(layer, c.layers, enable_nested_tensor=False)
        self.out = nn.LayerNorm(c.width)
        self.importance = nn.Linear(c.width, 1)
        self.pool = nn.Linear(c.width, 1)
        self.whole = nn.Linear(c.width, POOLED)
        self.balance = nn.Parameter(torch.tensor(0.0))
        self.drop = nn.Dropout(c.dropout)

    def forward(self, x: Words, asking: bool) -> tuple[Tensor, Tensor]:
        """Unit keys (N, key), and the words as they are seen in their text (N, W, width)."""
        states = self._states(x, asking)
        weight = F.softplus(self.importance(states)).squeeze(-1) * x.mask
        words = F.normalize((weight[..., None] * x.content).sum(1), dim=-1)
        shares = self.pool(states).masked_fill(~x.mask[..., None], -torch.inf).softmax(1)
        pooled = F.normalize(self.whole((shares * states).sum(1)), dim=-1)
        part = self.balance.sigmoid()
        return torch.cat([part.sqrt() * words, (1 - part).sqrt() * pooled], -1), states

    def _states(self, x: Words, asking: bool) -> Tensor:
        seen = self.content(self.drop(torch.cat([x.content * self.config.dim**0.5, x.signs], -1)))
        seen = seen + self.position.weight[: seen.shape[1]] + x.earlier[..., None] * self.flags[1]
        if asking:
            seen = seen + self.flags[0]
        out: Tensor = self.out(self.mix(seen, src_key_padding_mask=~x.mask))
        return out


class Matcher(nn.Module):
    """Does this candidate answer the question? Of two statements: does the new one take the old one's place?

    A candidate's words are contents only, so nothing but token ids has to be kept of it.
    """

    def __init__(self, c: KeyConfig) -> None:
        super().__init__()
        self.config = c
        self.content = nn.Linear(c.dim + SIGNS + 1, c.width)  # and how near the nearest word of the question is
        self.near = nn.Linear(2, c.width)  # how near the candidate's nearest word is, and how rare the own word
        self.position = nn.Embedding(2 * MAX_WORDS, c.width)
        self.flags = nn.Parameter(torch.randn(3, c.width) * 0.02)  # candidate; earlier; a statement, not a question
        layer = nn.TransformerEncoderLayer(
            c.width, c.heads, 2 * c.width, c.dropout, activation="gelu", batch_first=True, norm_first=True
        )
        self.mix = nn.TransformerEncoder(layer, c.layers, enable_nested_tensor=False)
        self.out = nn.LayerNorm(c.width)
        self.head = nn.Linear(c.width, 2)  # answers; replaces
        self.outside = nn.Linear(OUTSIDE, 2)
        with torch.no_grad():
            self.outside.weight.fill_(2.0)

    def forward(self, q: Words, states: Tensor, c: Words, outside: Tensor, statement: bool = False) -> Tensor:
        """Logits (N, 2) of N questions (or new statements) each beside one candidate.

        states (N, Wq, width): the question's words as `KeyEncoder` sees them; outside (N, OUTSIDE): cosine of the
        keys, BM25 as a share of the best candidate's, share of the question's words (rare ones counting more).
        """
        alike = q.content @ c.content.transpose(1, 2)
        alike = alike.masked_fill(~c.mask[:, None, :] | ~q.mask[:, :, None], -1.0)
        ours, theirs = alike.amax(2), alike.amax(1)
        asked = states + self.near(torch.stack([ours, ours * q.signs[..., 0]], -1))
        seen = torch.cat([c.content * self.config.dim**0.5, c.signs, theirs[..., None]], -1)
        told = self.content(seen) + self.flags[0]
        told = told + self.position.weight[: told.shape[1]] + c.earlier[..., None] * self.flags[1]
        if statement:
            asked = asked + self.flags[2]
        mask = torch.cat([q.mask, c.mask], 1)
        both = self.out(self.mix(torch.cat([asked, told], 1), src_key_padding_mask=~mask))
        pooled = (both * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        out: Tensor = self.head(pooled) + self.outside(outside)
        return out
