"""titans-edge eval alarms: how much honest prose the guard would hold back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from titans_edge.cli.eval_options import Out

if TYPE_CHECKING:
    from titans_edge.evaluate.alarms import Alarms

SHOWN = 3  # examples a text


def alarms(
    files: Annotated[list[Path], typer.Argument(help="Honest prose: texts, or JSONL with `sentence`; also .xz.")],
    out: Out = None,
) -> None:
    """Sentences of honest prose that would be withheld if somebody else than you said them. Needs no backbone.

    \b
    Example:
      titans-edge eval alarms book.txt letters.txt
    """
    from rich.console import Console
    from rich.progress import Progress

    from titans_edge.evaluate import report
    from titans_edge.evaluate.alarms import as_json, measure

    report.check(out, *files)
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("reading", total=len(files))
        rows = measure(files, lambda n: bar.advance(task, n))
    print(table(rows))
    report.save(out, as_json(rows))


def table(rows: Sequence[Alarms]) -> str:
    """A line a text, with some of what would be withheld below it."""
    wide = max(len(name) for name in ("text", *(r.name for r in rows))) + 2
    lines = [f"{'text':<{wide}}{'sentences':>10}{'withheld':>10}{'':>10}  95 % interval"]
    for r in rows:
        share, low, high = r.share
        lines.append(f"{r.name:<{wide}}{r.n:>10}{len(r.withheld):>10}{share:>8.3f} %  {low:.3f} – {high:.3f}")
        lines += [f"  {why}: {sentence}" for sentence, why in r.withheld[:SHOWN] if r.name != "all"]
    return "\n".join(lines)
