"""Pictures of a memory: when it was told what, how surprising that was, and how alike its sentences' keys are; and how
any picture becomes a file.

Knows rows of a journal and how to draw them (matplotlib, imported when something is drawn); opens no memory.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from titans_edge import facts
from titans_edge.errors import UsageError
from titans_edge.sources import LABELS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from titans_edge.journal import Entry

FORMATS = ("png", "svg")
WIDTH, HEIGHT, DPI = 6.4, 4.0, 150  # inches, inches, dots an inch
KEYS = 300  # sentences whose keys are compared, at most: the newest
NEAR = 9  # sentences of a running mean

Told = Sequence[tuple[float, str, int]]  # when, kind of source, sentences
Fill = Callable[["Axes"], None]


def growth(step: float, told: Told) -> Fill:
    """Sentences that are there by when they were told, a line a kind of source; as `Journal.growth` has them."""

    def fill(ax: Axes) -> None:
        end = told[-1][0] + step
        for kind in dict.fromkeys(kind for _, kind, _ in told):
            mine = [(at, n) for at, k, n in told if k == kind]
            at = [told[0][0], *(t for t, _ in mine), end]
            held = np.cumsum([0, *(n for _, n in mine), 0])
            when = np.array([datetime.fromtimestamp(t) for t in at], "datetime64[ms]")
            ax.step(when, held, where="post", label=LABELS.get(kind, f"{kind}s"))
        ax.set(ylabel="sentences", ylim=(0, None))
        ax.tick_params(axis="x", rotation=20)

    return fill


def surprise(values: Sequence[float]) -> Fill:
    """Nats a token of each sentence in order, NaN where it is not known, and a running mean."""

    def fill(ax: Axes) -> None:
        known = np.array(values, float)
        ax.plot(np.arange(1, len(known) + 1), known, ".", markersize=4, alpha=0.6, label="a sentence")
        if len(known) > NEAR:
            ax.plot(np.arange(1, len(known) + 1), _smooth(known), label=f"mean of {NEAR}")
        ax.set(xlabel="sentence", ylabel="surprise, nats a token", ylim=(0, None))

    return fill


def likeness(similar: npt.NDArray[np.float32], ids: Sequence[int]) -> Fill:
    """How alike keys (n, n) are, by the numbers of their sentences."""

    def fill(ax: Axes) -> None:
        shown = ax.imshow(similar, vmin=-1, vmax=1, cmap="RdBu_r", interpolation="nearest")
        ax.figure.colorbar(shown, ax=ax, label="cosine")
        at = np.unique(np.linspace(0, len(ids) - 1, min(6, len(ids))).astype(int))
        names = [f"#{ids[i]}" for i in at]
        ax.set(xticks=at, xticklabels=names, yticks=at, yticklabels=names)

    return fill


def similarity(entries: Sequence[Entry]) -> tuple[npt.NDArray[np.float32], list[int]]:
    """Cosines (n, n) between the keys of the newest sentences that have one, and those sentences' numbers."""
    read = [(e.id, facts.read(e.record)[1]) for e in entries if e.record is not None]
    keyed = [(i, np.frombuffer(s.linked or s.key, "<f2").astype(np.float32)) for i, s in read if s is not None]
    found = [(i, k) for i, k in keyed if keyed and k.shape == keyed[-1][1].shape][-KEYS:]
    if not found:
        return np.zeros((0, 0), np.float32), []
    keys = np.stack([k for _, k in found])
    keys /= np.maximum(np.linalg.norm(keys, axis=1, keepdims=True), 1e-12)
    return keys @ keys.T, [i for i, _ in found]


def check(path: Path | None) -> None:
    """Before hours of work: raises UsageError for a picture that could not be drawn. None: there is none."""
    if path is None:
        return
    if path.suffix[1:] not in FORMATS or path.is_dir() or not os.access(path.parent, os.W_OK):
        raise UsageError(f"{path} cannot be drawn.", "Name a .png or .svg in a folder that is there.")


def draw(path: Path, title: str, fill: Fill) -> Path:
    """Write a picture, private like what it shows: all of it, or the file that was there before. PNG or SVG by its
    name. Raises UsageError where it cannot be written.
    """
    return draw_all(path, [(title, fill)])


def draw_all(path: Path, panels: Sequence[tuple[str, Fill]]) -> Path:
    """The same for several panels, one below the other: each its title and what is in it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure((WIDTH, HEIGHT * max(1, len(panels))), DPI, layout="constrained")
    FigureCanvasAgg(figure)
    for n, (title, fill) in enumerate(panels, 1):
        ax = figure.add_subplot(len(panels), 1, n)
        ax.set_title(title, parse_math=False)
        fill(ax)
        if not ax.images:
            ax.grid(alpha=0.3)
        if ax.get_legend_handles_labels()[0]:
            ax.legend(fontsize="small")
    _save(path, lambda name: figure.savefig(name, format=path.suffix[1:]))
    return path


def _save(path: Path, write: Callable[[str], Any]) -> None:
    name = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(handle)
        write(name)
        os.replace(name, path)
    except OSError as e:
        if name is not None:
            Path(name).unlink(missing_ok=True)
        raise UsageError(f"{path} cannot be written ({e.strerror or e}).", "Name another folder.") from e


def _smooth(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """A running mean over what is known."""
    near, known = np.ones(NEAR), np.isfinite(values)
    total = np.convolve(np.where(known, values, 0.0), near, "same")
    count = np.convolve(known.astype(float), near, "same")
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))
