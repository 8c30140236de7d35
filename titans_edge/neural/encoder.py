"""Looks at a span's hidden states and chooses: which words are keys, which is the value, whether to write.

Only choices are learnt. What is stored are contents (`contents.py`), so nothing here has to know a word.
The same key heads serve spans and questions.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from titans_edge.features import MAX_WORDS

SURPRISE_CENTRE, SURPRISE_SCALE = 4.0, 2.0  # nats a token: typical of a short sentence, and its spread


@dataclass(frozen=True)
class EncoderConfig:
    n_embd: int  # width of the backbone's hidden states
    banks: int
    width: int = 192
    heads: int = 4
    layers: int = 2
    dropout: float = 0.1
    momentum: float = 0.0  # the largest eta; 0 is the plain gated delta rule: momentum brings changed values back


@dataclass(frozen=True)
class Choices:
    """Logits for N spans of W words (padding at -inf), H banks.

    key (N, H, W); second (N, H, W+1), the last: none; value (N, H, W+1), the last: what is read at the subject;
    subject (N, W); write, theta, eta, alpha (N, H); pooled (N, width).
    """

    key: Tensor
    second: Tensor
    value: Tensor
    subject: Tensor
    write: Tensor
    theta: Tensor
    eta: Tensor
    alpha: Tensor
    pooled: Tensor


class SpanEncoder(nn.Module):
    """A small bidirectional transformer over the words of one span, with a head for each choice."""

    def __init__(self, c: EncoderConfig) -> None:
        super().__init__()
        self.config = c
        self.norm = nn.LayerNorm(c.n_embd)
        self.project = nn.Linear(c.n_embd, c.width)
        self.position = nn.Embedding(MAX_WORDS, c.width)
        self.asking = nn.Parameter(torch.zeros(c.width))
        layer = nn.TransformerEncoderLayer(
            c.width, c.heads, 2 * c.width, c.dropout, activation="gelu", batch_first=True, norm_first=True
        )
        self.mix = nn.TransformerEncoder(layer, c.layers, enable_nested_tensor=False)
        self.out = nn.LayerNorm(c.width)
        self.pool = nn.Linear(c.width, 1)
        self.words = nn.Linear(c.width, 3 * c.banks + 1)  # key, second, value per bank; subject
        self.whole = nn.Linear(c.width, 6 * c.banks)  # none, read; write, theta, eta, alpha per bank
        self.startle = nn.Parameter(torch.full((c.banks,), 0.1))  # how much surprise raises the learning rate
        self.drop = nn.Dropout(c.dropout)
        with torch.no_grad():
            bias = self.whole.bias.view(6, c.banks)
            bias[2], bias[3], bias[4], bias[5] = -1.0, 2.0, -4.0, -6.0

    def forward(self, hidden: Tensor, mask: Tensor, asking: Tensor, surprise: Tensor) -> Choices:
        """hidden (N, W, n_embd); mask (N, W) True at words; asking (N,) 1 for questions; surprise (N,) nats or NaN."""
        n, w, _ = hidden.shape
        x = self.project(self.drop(self.norm(hidden))) + self.position.weight[:w] + asking[:, None, None] * self.asking
        x = self.out(self.mix(x, src_key_padding_mask=~mask))
        pooled = (self.pool(x).masked_fill(~mask[..., None], -torch.inf).softmax(1) * x).sum(1)
        h = self.config.banks
        per_word = self.words(x).masked_fill(~mask[..., None], -torch.inf)
        none, back, write, theta, eta, alpha = self.whole(pooled).view(n, 6, h).unbind(1)
        startled = ((surprise - SURPRISE_CENTRE) / SURPRISE_SCALE).nan_to_num(0.0).clamp(-3, 3)
        key, second, value = per_word[..., : 3 * h].view(n, w, 3, h).permute(2, 0, 3, 1)
        return Choices(
            key,
            torch.cat([second, none[..., None]], -1),
            torch.cat([value, back[..., None]], -1),
            per_word[..., -1],
            write,
            theta + startled[:, None] * self.startle,
            eta,
            alpha,
            pooled,
        )
