"""Where in the lines a question is asked of its answer stands, or that it stands in none.

A small transformer over the states of an inner layer of the backbone, which saw the question first and then the lines;
it points at the answer's first and last token (answer pointer: Wang and Jiang 2017, arXiv 1608.07905, section 2.3, the
boundary model), or at none (Rajpurkar et al. 2018). Knows no words and no memory.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from titans_edge.features import END, FRAME, Looked

MOST = 24  # tokens of an answer
TOKENS = 512  # of a question and its lines
LINES = 9  # lines told apart
NOTHING = -1e4


@dataclass(frozen=True)
class Pointed:
    """none: log-odds that no line answers, against the best answer; line, start, end: that one, in characters."""

    none: float
    line: int
    start: int
    end: int


class Pointer(nn.Module):
    def __init__(self, n_embd: int, width: int, layers: int = 2, heads: int = 4, dropout: float = 0.15) -> None:
        super().__init__()
        self.norm, self.enter = nn.LayerNorm(n_embd), nn.Linear(n_embd, width)
        self.where = nn.Embedding(LINES - FRAME, width)
        self.position = nn.Embedding(TOKENS, width)
        layer = nn.TransformerEncoderLayer(
            width, heads, 2 * width, dropout, activation="gelu", batch_first=True, norm_first=True
        )
        self.mix = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.out = nn.LayerNorm(width)
        self.ends = nn.Linear(width, 2)
        self.none = nn.Linear(width, 2)
        self.drop = nn.Dropout(dropout)

    def forward(self, hidden: Tensor, where: Tensor, mask: Tensor) -> Tensor:
        """Logits (N, 1 + T, 2) of an answer's first and last token; row 0: there is none.

        hidden (N, T, n_embd), where (N, T) and mask (N, T) of N texts padded to T tokens: see `Looked`.
        """
        place = self.where((where - FRAME).clamp(0, LINES - FRAME - 1))
        x = self.enter(self.drop(self.norm(hidden))) + place + self.position.weight[: hidden.shape[1]]
        x = self.out(self.mix(x, src_key_padding_mask=~mask))
        tokens = self.ends(x).masked_fill(~(mask & (where >= 0))[..., None], NOTHING)
        end = (mask & (where == END))[..., None]
        pooled = (x * end).sum(1) / end.sum(1).clamp_min(1)
        return torch.cat([self.none(pooled)[:, None], tokens], 1)

    @torch.no_grad()
    def point(self, looked: Looked) -> Pointed | None:
        """The likeliest answer; None where there is no line, or the text is too long."""
        if not (looked.where >= 0).any() or len(looked) > TOKENS:
            return None
        hidden = torch.from_numpy(looked.hidden.astype(np.float32))[None]
        where = torch.from_numpy(looked.where.astype(np.int64))[None]
        logits = self(hidden, where, torch.ones_like(where, dtype=torch.bool))[0]
        return best(logits, looked)


def best(logits: Tensor, looked: Looked) -> Pointed:
    """The likeliest range of at most MOST tokens in one line. logits (1 + T, 2)."""
    first, last = logits.log_softmax(0).unbind(1)
    n = len(looked)
    line = torch.from_numpy(looked.where.astype(np.int64))
    both = first[1:, None] + last[None, 1:]
    far = torch.arange(n)[None, :] - torch.arange(n)[:, None]
    fits = (far >= 0) & (far < MOST) & (line[:, None] == line[None, :]) & (line >= 0)[:, None]
    both = both.masked_fill(~fits, -math.inf)
    a, b = divmod(int(both.argmax()), n)
    none = float(first[0] + last[0] - both[a, b])
    return Pointed(none, int(line[a]), int(looked.places[a, 0]), int(looked.places[b, 1]))
