"""Is a message about what was told, or about the world? A small trained head decides it.

It sees the message's words as the backbone's inner layer does, and what was found in the memory for them: "Who wrote
Hamlet?" and "Who wrote to Lena?" differ by both. Knows no words and no journal.
"""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

DROPPED = 0.3
LOGIT = 5.0  # logits are divided by this


@dataclass(frozen=True)
class Evidence:
    """What was found for a message: the best candidate's match (0..1), the largest share of the message's words that
    one span has (0..1), the best cosine of keys, how rare in the language the rarest word is that some span has (0..1,
    as `keys.signs`), and the share of its words that any span has (0..1).
    """

    match: float = 0.0
    share: float = 0.0
    cosine: float = 0.0
    rarity: float = 0.0
    known: float = 0.0

    def row(self) -> tuple[float, ...]:
        match = min(max(self.match, 1e-4), 1 - 1e-4)
        return (math.log(match / (1 - match)) / LOGIT, *astuple(self)[1:])


class Told(nn.Module):
    """Logits from the words' hidden states and the evidence."""

    def __init__(self, n_embd: int, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(3 * n_embd)
        self.message = nn.Linear(3 * n_embd, width)
        self.evidence = nn.Linear(len(Evidence().row()), width)
        self.out = nn.Linear(width, 1)
        self.drop = nn.Dropout(DROPPED)

    def forward(self, seen: Tensor, evidence: Tensor) -> Tensor:
        """Logits (N,) of N messages. seen (N, 3 n_embd): see `seen`; evidence (N, 5): rows of `Evidence`."""
        both = self.message(self.drop(self.norm(seen))) + self.evidence(evidence)
        out: Tensor = self.out(self.drop(F.relu(both))).squeeze(-1)
        return out

    @torch.no_grad()
    def about(self, hidden: npt.NDArray[np.float16], evidence: Evidence) -> float:
        """How likely a message is about what was told (0..1). hidden (W, n_embd): of its words, at least one."""
        return float(self(torch.from_numpy(seen(hidden))[None], torch.tensor([evidence.row()])).sigmoid())


def seen(hidden: npt.NDArray[np.float16]) -> npt.NDArray[np.float32]:
    """What the head sees of W words' states (W, n_embd): their mean, the last and the first (3 n_embd,)."""
    states = hidden.astype(np.float32)
    return np.concatenate([states.mean(0), states[-1], states[0]])
