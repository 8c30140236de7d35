"""titans-edge eval long: conversations of many turns, with restarts in between."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from titans_edge import library
from titans_edge.cli import common
from titans_edge.cli.eval_options import Out, Seed, known, several, share
from titans_edge.errors import UsageError

if TYPE_CHECKING:
    from rich.table import Table

    from titans_edge.evaluate.long import Conversation, Plan
    from titans_edge.sidecar.client import MemoryClient

MOST_CONTEXT = 2048  # positions: every question has a conversation of its own


def long(
    turns: Annotated[str, typer.Option(help="Turns of a conversation; several with commas.")] = "10,50,200",
    seeds: Annotated[int, typer.Option(help="Conversations of each length.", min=1)] = 3,
    guard: Annotated[str, typer.Option(help="off or on.")] = "on",
    plots: Annotated[Path | None, typer.Option(help="Write pictures into this folder.")] = None,
    format: Annotated[str, typer.Option(help="Of the pictures: png or svg.")] = "png",
    text: Annotated[Path | None, typer.Option(help="Neutral text to take the loss on; default: our own.")] = None,
    seed: Seed = 0,
    out: Out = None,
    backbone: common.Backbone = library.DEFAULT,
    graft: common.GraftOption = None,
    context: common.Context = 2048,
    gpu_layers: common.GpuLayers = None,
) -> None:
    """Recall by age and by number of changes; what the memory does to the loss on neutral text.

    \b
    Example:
      titans-edge eval long --turns 10,50 --seeds 1 --plots DIR
    """
    from titans_edge import pictures
    from titans_edge.evaluate import report
    from titans_edge.evaluate.long import Plan

    lengths = tuple(_whole(x) for x in several(turns, "--turns"))
    known([guard], ["off", "on"], "Guard")
    known([format], list(pictures.FORMATS), "Format")
    report.check(out, *([text] if text else []))
    plan = Plan(lengths, range(seed, seed + seeds), guard == "on", text, min(context, MOST_CONTEXT))
    done: list[Conversation] = []
    try:
        for conversation in _hold(plan, backbone, graft, gpu_layers):
            done.append(conversation)
            _save(out, done, plan)
    finally:
        if done:
            _print(done)
    if plots is not None:
        from titans_edge.evaluate.plots import draw

        for picture in draw(done, plots, format):
            print(picture)


def _whole(number: str) -> int:
    if not number.isdecimal():
        raise UsageError(f"{number!r} is no whole number.", "For example --turns 10,50,200.")
    return int(number)


def _hold(plan: Plan, backbone: str, graft: str | None, gpu_layers: int | None) -> Iterator[Conversation]:
    """Every conversation, with a bar."""
    from rich.console import Console
    from rich.progress import Progress

    from titans_edge.backbone.model import Backbone
    from titans_edge.evaluate import long as suite
    from titans_edge.sidecar.client import MemoryClient

    path, shipped = library.find_backbone(backbone), library.find_graft(graft, backbone)

    def opener(file: Path) -> MemoryClient:
        return MemoryClient.open(str(path), str(shipped), str(file))

    with (
        Backbone(path, gpu_layers=gpu_layers) as model,
        tempfile.TemporaryDirectory() as folder,
        Progress(console=Console(stderr=True)) as bar,
    ):
        whole = bar.add_task("long", total=sum(plan.turns) * len(plan.seeds))
        yield from suite.run(model, opener, Path(folder), plan, lambda n: bar.advance(whole, n))


def _save(out: Path | None, done: list[Conversation], plan: Plan) -> None:
    from titans_edge.evaluate import long as suite
    from titans_edge.evaluate import report

    complete = len(done) == len(plan.turns) * len(plan.seeds)
    report.save(out, {"complete": complete, **suite.as_json(done)})


def _print(done: list[Conversation]) -> None:
    from rich.console import Console

    console = Console(width=max(120, Console().width))
    for table in _tables(done):
        console.print(table)


def _tables(done: list[Conversation]) -> tuple[Table, Table]:
    """A row a length; and recall cut by age and by changes."""
    from rich.table import Table

    from titans_edge.evaluate import long as suite

    whole = Table(
        *("turns", "asked", "recall", "95 % interval", "restarts", "neutral loss", "NaN"),
        *("norm, half → end", "state", "file"),
    )
    cut = Table("turns", "by", "", "n", "recall", "95 % interval")
    for turns in sorted({c.turns for c in done}):
        some = [c for c in done if c.turns == turns]
        asked = [a for c in some for a in c.asked]
        r = suite.overall(asked)
        whole.add_row(str(turns), str(r.n), *share((r.share, r.low, r.high)), *suite.figures(some))
        for by, rows in (("age", suite.by_age(asked)), ("changes", suite.by_changes(asked))):
            for r in rows:
                cells = (str(turns), by, r.name, str(r.n), *share((r.share, r.low, r.high)))
                cut.add_row(*cells, end_section=r is rows[-1])
    return whole, cut
