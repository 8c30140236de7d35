"""The gate: from the memory's readout and the question to rows for the backbone's input.

N learned queries, shifted by the question, attend over the readout's slots: the embedding rows of the word the
memory answers with, and rows learned in training. Closed at initialisation (`opening` = 0): then, as whenever the
memory is not sure, there are no rows at all, and the backbone's logits are those without memory to the last bit.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

LEAD, TAIL = 6, 4  # learned rows before and after the answer's own rows


class Gate(nn.Module):
    """rows = tanh(opening) * (learned rows + what the queries attend to). Sizes: n = n_embd, width of the question."""

    def __init__(self, n_embd: int, width: int, rank: int = 64) -> None:
        super().__init__()
        self.rows = nn.Parameter(torch.randn(LEAD + TAIL, n_embd) * 0.01)
        self.query = nn.Linear(width, rank)
        self.slots = nn.Parameter(torch.randn(LEAD + TAIL, rank) * 0.1)
        self.key = nn.Linear(n_embd, rank)
        self.value = nn.Linear(n_embd, rank)
        self.lift = nn.Linear(rank, n_embd, bias=False)
        nn.init.zeros_(self.lift.weight)
        self.opening = nn.Parameter(torch.zeros(()))

    @property
    def closed(self) -> bool:
        return float(self.opening.detach()) == 0.0

    def start_from(self, rows: Tensor) -> None:
        """Begin training at the embedding rows (LEAD + TAIL, n_embd) of ordinary words, open."""
        with torch.no_grad():
            self.rows.copy_(rows)
            self.opening.fill_(2.0)

    def forward(self, answer: Tensor, question: Tensor) -> Tensor:
        """answer (k, n_embd): rows of the readout's tokens; question (width,). Returns (LEAD + k + TAIL, n_embd)."""
        scale = float(answer.detach().norm(dim=-1).mean().clamp_min(1e-6))
        slots = answer / scale  # embedding rows are small; keys see them at unit size
        weights = ((self.slots + self.query(question)) @ self.key(slots).T / self.slots.shape[1] ** 0.5).softmax(-1)
        learned = self.rows + scale * self.lift(weights @ self.value(slots))
        opened = torch.tanh(self.opening) * learned / torch.tanh(torch.tensor(2.0))
        return torch.cat([opened[:LEAD], answer, opened[LEAD:]])
