"""titans-edge eval alarms: how much honest prose the guard would hold back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from titans_edge.cli import common
from titans_edge.cli.eval_options import Out

if TYPE_CHECKING:
    from titans_edge.evaluate.alarms import Row

SHOWN = 3  # examples a text


def alarms(
    files: Annotated[list[Path], typer.Argument(help="Texts of honest prose.")],
    out: Out = None,
) -> None:
    """Sentences of honest prose that would be withheld, per text. Needs no backbone.

    Example: [bold]titans-edge eval alarms book.txt letters.txt[/bold]
    """
    from dataclasses import asdict

    from titans_edge.evaluate import report
    from titans_edge.evaluate.alarms import alarms as measure

    report.check(out, *files)
    rows = list(measure([(str(f), common.read_document(f)) for f in files]))
    print(table(rows))
    report.save(out, {"rows": [asdict(r) for r in rows]})


def table(rows: Sequence[Row]) -> str:
    """A line a text with some of what would be withheld below it, and one of all."""
    wide = max(len(name) for name in ("text", "all", *(r.name for r in rows))) + 2
    lines = [f"{'text':<{wide}}{'sentences':>10}{'withheld':>10}"]
    for r in rows:
        lines.append(_line(r.name, r.sentences, r.withheld, wide))
        lines += [f"  {x}" for x in r.examples[:SHOWN]]
    if len(rows) > 1:
        lines.append(_line("all", sum(r.sentences for r in rows), sum(r.withheld for r in rows), wide))
    return "\n".join(lines)


def _line(name: str, sentences: int, withheld: int, wide: int) -> str:
    share = 100 * withheld / max(1, sentences)
    return f"{name:<{wide}}{sentences:>10}{withheld:>10}{share:>8.2f} %"
