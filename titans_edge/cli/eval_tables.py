"""How accuracy and retrieval are printed: a row a kind, a column a mode or a number of sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from titans_edge.evaluate.retrieval import Found
    from titans_edge.evaluate.runner import Answer


def accuracy(answers: Sequence[Answer], kind: str) -> None:
    """Per cent right. Nothing where nothing was answered."""
    from rich.table import Table

    from titans_edge.evaluate import runner

    rows = {(r.task, r.mode): r for r in runner.table(answers)}
    if not rows:
        return
    modes = list(dict.fromkeys(mode for _, mode in rows))
    table = Table(kind, "n", *(f"{m}, % right" for m in modes))
    for name in (*(t for t in dict.fromkeys(t for t, _ in rows) if t != "all"), "all"):
        found = [rows.get((name, m)) for m in modes]
        most = max(r.n for r in found if r is not None)
        cells = ["" if r is None else _cell(r.accuracy, r.n, most) for r in found]
        table.add_row(name, str(most), *cells)
    _print(table)


def _cell(accuracy: float, n: int, most: int) -> str:
    return f"{accuracy:.1f}" if n == most else f"{accuracy:.1f} (n {n})"


def retrieval(found: Sequence[Found]) -> None:
    """Share of questions whose right sentence is among the first. Nothing where nothing was looked for."""
    from rich.table import Table

    from titans_edge.evaluate import retrieval as scores

    if not found:
        return
    table = Table("right sentence among the first", "n", *(f"{k}, %" for k in scores.FIRST), "95 % interval of 4")
    for r in scores.table(found):
        table.add_row(r.kind, str(r.n), *(f"{r.at[k][0]:.1f}" for k in r.at), f"{r.at[4][1]:.1f} – {r.at[4][2]:.1f}")
    _print(table)


def _print(table: Table) -> None:
    from rich.console import Console

    Console(width=max(110, Console().width)).print(table)
