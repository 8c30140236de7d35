"""Soft prompts: trained keys and values behind a message. One makes the frozen backbone say whether a line of the
memory before it answers a question, one whether of two lines the later one changes the answer, one makes it read its
reply from the lines, and one makes it reply like a friend to what it is only told.

n positions at every layer (prefix tuning: Li and Liang 2021, arXiv 2101.00190; P-tuning v2: Liu et al. 2021, arXiv
2110.07602). The backbone's weights stay as they are, and nothing of a prompt stays behind. Keys are turned as at
positions 0 to n - 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

SMALLEST = 0.02  # of a layer's scale


@dataclass(frozen=True)
class PrefixConfig:
    """layers of the backbone, positions, and numbers of a layer's keys (heads times numbers a head)."""

    layers: int
    positions: int
    width: int


@dataclass(frozen=True)
class PromptConfig(PrefixConfig):
    """Of a prompt that judges. untold: the token that says a line does not answer, or changes nothing; likely: how
    likely (0..1) it has to be of all lines that they do not answer, or that it changes something.
    """

    untold: int
    likely: float = 0.5


Config = TypeVar("Config", bound=PrefixConfig)


class SoftPrompt(nn.Module, Generic[Config]):
    """states (layers, 2, positions, width): keys and values where training began; moved: what it added, in their
    scale.
    """

    start: Tensor

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        shape = (config.layers, 2, config.positions, config.width)
        self.register_buffer("start", torch.zeros(shape))
        self.moved = nn.Parameter(torch.zeros(shape))

    def start_from(self, states: Tensor) -> None:
        """Begin training at the keys and values of ordinary words."""
        with torch.no_grad():
            self.start.copy_(states)
            self.moved.zero_()

    def forward(self) -> Tensor:
        """Keys and values (layers, 2, positions, width)."""
        scale = self.start.std(dim=(2, 3), keepdim=True).clamp_min(SMALLEST)
        return self.start + scale * self.moved
