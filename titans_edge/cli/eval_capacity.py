"""titans-edge eval capacity: how many facts a memory holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from titans_edge import library
from titans_edge.cli import common
from titans_edge.cli.eval_options import Out, Seed, several
from titans_edge.errors import UsageError

if TYPE_CHECKING:
    from titans_edge.chat import Chat
    from titans_edge.evaluate.capacity import Cell, Plan


def capacity(
    facts: Annotated[str, typer.Option(help="How many facts are told; several with commas.")] = (
        "8,16,32,64,128,256,512,1024,2048,4096"
    ),
    samples: Annotated[int, typer.Option(help="Facts asked of each memory's state and sentences.", min=1)] = 40,
    auto: Annotated[int, typer.Option(help="How many of them are asked as `chat` does.", min=0)] = 20,
    seed: Seed = 0,
    png: Annotated[Path | None, typer.Option(help="Draw the curve into this PNG or SVG.")] = None,
    out: Out = None,
    backbone: common.Backbone = library.DEFAULT,
    graft: common.GraftOption = None,
    context: common.Context = 2048,
    gpu_layers: common.GpuLayers = None,
) -> None:
    """Facts of the generator told to one memory: answers from its state, sentences found, and what `chat` says.

    \b
    Example:
      titans-edge eval capacity --facts 8,64,512 --png capacity.png
    """
    from titans_edge import pictures
    from titans_edge.evaluate import capacity as suite
    from titans_edge.evaluate import report
    from titans_edge.evaluate.runner import SAMPLING

    report.check(out)
    pictures.check(png)
    plan = suite.Plan(suite.sizes([_whole(x) for x in several(facts, "--facts")]), samples, auto, seed)
    with common.open_chat(backbone, graft, None, context=context, gpu_layers=gpu_layers, sampling=SAMPLING) as chat:
        measure(chat, plan, out, png)


def measure(chat: Chat, plan: Plan, out: Path | None, png: Path | None) -> None:
    """Ask at every size, save after each. What is done is printed, drawn and saved even where Ctrl-C ends it."""
    from rich.console import Console
    from rich.progress import Progress

    from titans_edge.evaluate import capacity as suite
    from titans_edge.evaluate import plots, report

    done: list[Cell] = []
    finished = 0
    try:
        with Progress(console=Console(stderr=True)) as bar:
            whole = bar.add_task("capacity", total=plan.steps())
            for cell in suite.run(chat, plan, done, lambda n: bar.advance(whole, n)):
                finished += 1
                bar.update(whole, description=f"{cell.facts} facts")
                report.save(out, suite.as_json(done, plan, finished == len(plan.sizes)))
    finally:
        if finished < len(plan.sizes):
            typer.echo(f"! Stopped: {finished} of {len(plan.sizes)} memories were asked.", err=True)
            report.save(out, suite.as_json(done, plan, False))
        if any(c.memory for c in done):
            _show(done)
            if png is not None:
                print(plots.draw_capacity(done, png))


def _show(done: list[Cell]) -> None:
    """A row a size."""
    from rich.console import Console
    from rich.table import Table

    table = Table("facts", *(f"{name}, %" for name in done[0].shares()), "n", "state")
    for c in done:
        cells = [f"{s.share:.1f} ({s.low:.0f} – {s.high:.0f})" if s.n else "–" for s in c.shares().values()]
        table.add_row(str(c.facts), *cells, str(len(c.memory)), f"{c.state_bytes / 1e6:.1f} MB")
    Console(width=max(110, Console().width)).print(table)


def _whole(number: str) -> int:
    if not number.isdecimal():
        raise UsageError(f"{number!r} is no whole number.", "For example --facts 8,64,512.")
    return int(number)
