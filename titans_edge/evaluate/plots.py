"""Pictures of long conversations (recall by age and by changes, norms of the state, loss on neutral text), of capacity,
of what a first token costs, and of any table that has intervals. Needs matplotlib.

Knows how to draw figures, not how they were measured.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from titans_edge import pictures
from titans_edge.evaluate.capacity import Cell
from titans_edge.evaluate.cost import Figure
from titans_edge.evaluate.long import Conversation, Row, by_age, by_changes
from titans_edge.evaluate.pages import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw(conversations: Sequence[Conversation], folder: Path, suffix: str = "png") -> list[Path]:
    """Write the four pictures; their paths."""
    parts: list[tuple[str, pictures.Fill]] = [
        ("recall by age", lambda ax: _recall(ax, conversations, by_age, "turns since the value was told")),
        ("recall by changes", lambda ax: _recall(ax, conversations, by_changes, "times the value was changed")),
        ("norms", lambda ax: _norms(ax, conversations)),
        ("neutral loss", lambda ax: _loss(ax, conversations)),
    ]
    return [pictures.draw(folder / f"{title.replace(' ', '-')}.{suffix}", title, fill) for title, fill in parts]


def draw_capacity(cells: Sequence[Cell], path: Path) -> Path:
    """Draw the curves of what was asked at each number of facts, PNG or SVG by the path, which is returned."""
    return pictures.draw(path, "capacity", lambda ax: _capacity(ax, cells))


def _capacity(ax: Axes, cells: Sequence[Cell]) -> None:
    """A line a kind of memory, with 95 % intervals; facts by powers of two."""
    for name in cells[0].shares():
        points = [(c.facts, c.shares()[name]) for c in cells if c.shares()[name].n]
        bars = [[s.share - s.low for _, s in points], [s.high - s.share for _, s in points]]
        ax.errorbar([n for n, _ in points], [s.share for _, s in points], bars, marker="o", capsize=3, label=name)
    ax.set_xscale("log", base=2)
    ticks = [c.facts for c in cells]
    ax.set(xlabel="facts told", ylabel="right, %", ylim=(0, 104), xticks=ticks, xticklabels=list(map(str, ticks)))


def draw_cost(figures: Sequence[Figure], path: Path) -> Path:
    """Draw the first token of turn 2 by the length of what was told, cold and warm: PNG or SVG by the path, which is
    returned.
    """
    return pictures.draw(path, "first token of turn 2", lambda ax: _turn_two(ax, figures))


def _turn_two(ax: Axes, figures: Sequence[Figure]) -> None:
    """Medians with least and most, both axes by powers."""
    lines: dict[str, list[tuple[int, tuple[float, ...]]]] = {}
    for f in figures:
        if found := re.fullmatch(r"turn 2 after (\d+) tokens, (.+)", f.name):
            for what, values in (("cold", f.first), ("warm", f.later)):
                lines.setdefault(f"{found[2]}, {what}", []).append((int(found[1]), values))
    for name, points in lines.items():
        middle = [statistics.median(v) for _, v in points]
        bars = [[m - min(v) for m, (_, v) in zip(middle, points, strict=True)],
                [max(v) - m for m, (_, v) in zip(middle, points, strict=True)]]  # fmt: skip
        style = "-" if name.endswith("cold") else "--"
        ax.errorbar([n for n, _ in points], middle, bars, marker="o", capsize=3, linestyle=style, label=name)
    if lines:
        ax.set_xscale("log", base=2)
        ax.set_yscale("log")
    ax.set(xlabel="tokens told before the question", ylabel="first token, s")


def draw_table(table: Table, path: Path) -> Path:
    """Draw a line a mode and kind of share, by the table's rows, with 95 % intervals: PNG or SVG by the path, which is
    returned.
    """

    def fill(ax: Axes) -> None:
        curves = table.curves()
        labels = list(dict.fromkeys(label for points in curves.values() for label, _ in points))
        for i, (name, points) in enumerate(curves.items()):
            at = [labels.index(label) + 0.08 * i for label, _ in points]
            shares = [share for _, (share, _, _) in points]
            bars = [[max(0.0, s - low), max(0.0, high - s)] for _, (s, low, high) in points]
            ax.errorbar(at, shares, list(zip(*bars, strict=True)), marker="o", capsize=3, label=name)
        ax.set(ylabel="%", ylim=(0, 104), xticks=range(len(labels)))
        ax.set_xticklabels(labels, rotation=45, ha="right", parse_math=False)

    return pictures.draw(path, table.name, fill)


def _recall(ax: Axes, conversations: Sequence[Conversation], cut: Any, label: str) -> None:
    """A line a length, with 95 % intervals."""
    order: list[str] = [r.name for r in cut([a for c in conversations for a in c.asked])]
    for i, turns in enumerate(sorted({c.turns for c in conversations})):
        rows: list[Row] = cut([a for c in conversations if c.turns == turns for a in c.asked])
        at = [order.index(r.name) + 0.08 * i for r in rows]
        bars = [[r.share - r.low for r in rows], [r.high - r.share for r in rows]]
        ax.errorbar(at, [r.share for r in rows], bars, marker="o", capsize=3, label=f"{turns} turns")
    ax.set(xlabel=label, ylabel="current value answered, %", ylim=(0, 104), xticks=range(len(order)), xticklabels=order)


def _norms(ax: Axes, conversations: Sequence[Conversation]) -> None:
    """The longest conversations, a colour a relation."""
    longest = max(c.turns for c in conversations)
    for n, c in enumerate(c for c in conversations if c.turns == longest):
        for i, relation in enumerate(c.marks[0].norms if c.marks else ()):
            label = relation.lower() if n == 0 else None
            ax.plot(
                [m.turn for m in c.marks], [m.norms[relation] for m in c.marks], color=f"C{i}", alpha=0.7, label=label
            )
    ax.set(xlabel="turn", ylabel="norm of the relation", ylim=(0, None))


def _loss(ax: Axes, conversations: Sequence[Conversation]) -> None:
    for c in conversations:
        marks = [m for m in c.marks if m.loss is not None]
        moved = [100 * ((m.loss or 0.0) / c.loss_off - 1) for m in marks]
        ax.plot([m.turn for m in marks], moved, marker=".", label=f"{c.turns} turns, seed {c.seed}")
    ax.axhline(0.5, color="grey", linestyle="--")
    ax.axhline(-0.5, color="grey", linestyle="--")
    ax.set(xlabel="turn", ylabel="loss on neutral text, with memory − without, %")
