"""Curves of a training: the loss of every step of every part, as its checkpoints hold them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from titans_edge import pictures

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WINDOWS = 50  # of a curve: each point of the mean is of so many a part of the steps


def losses(folder: Path) -> dict[str, list[float]]:
    """Of each part that was begun in a run's folder, in the order in which they were last trained; NaN where an older
    version made a step.
    """
    files = sorted(folder.glob("*.pt"), key=lambda path: path.stat().st_mtime_ns)
    found = (torch.load(path, weights_only=True, mmap=True) for path in files)
    return {c["part"]: c["losses"] for c in found if isinstance(c, dict) and c.get("losses")}


def draw(folder: Path, path: Path) -> Path:
    """Write a panel a part, PNG or SVG by the name."""
    return pictures.draw_all(path, [(part, _curve(made)) for part, made in losses(folder).items()])


def _curve(made: Sequence[float]) -> pictures.Fill:
    def fill(ax: Axes) -> None:
        known, steps = np.array(made), np.arange(1, len(made) + 1)
        ax.plot(steps, known, ".", markersize=2, alpha=0.4, label="a step")
        wide = max(1, len(known) // WINDOWS)
        whole = len(known) // wide * wide
        if wide > 1:
            mean = known[:whole].reshape(-1, wide).mean(1)
            ax.plot(steps[:whole].reshape(-1, wide).mean(1), mean, label=f"mean of {wide}")
        ax.set(xlabel="step", ylabel="loss")

    return fill
