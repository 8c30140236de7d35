"""titans-edge eval: measure memory against full context, question only and shuffled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from titans_edge import store
from titans_edge.cli import common
from titans_edge.errors import UsageError

if TYPE_CHECKING:
    from titans_edge.evaluate.cases import Case
    from titans_edge.runtime import Chat


def evaluate(
    what: Annotated[str, typer.Argument(help="A JSONL file of cases, `babilong`, or `held-out`.")],
    mode: Annotated[str, typer.Option(help="memory, full, question or shuffled; several with commas.")] = "memory",
    backbone: common.Backbone = store.DEFAULT,
    graft: common.GraftOption = None,
    limit: Annotated[int, typer.Option(help="At most this many cases of a file (0: all).")] = 0,
    out: Annotated[Path | None, typer.Option("--json", help="Write rows and every answer to this file.")] = None,
    data: Annotated[Path | None, typer.Option(help="babilong: folder with bAbI and books.")] = None,
    tasks: Annotated[str, typer.Option(help="babilong: tasks.")] = "qa1,qa2,qa3,qa4,qa5",
    lengths: Annotated[str, typer.Option(help="babilong: 0k,1k,2k,…")] = "0k",
    samples: Annotated[int, typer.Option(help="babilong, held-out: samples a cell.", min=1)] = 100,
    seed: Annotated[int, typer.Option(help="Seed of the samples.")] = 0,
    context: common.Context = 8192,
    gpu_layers: common.GpuLayers = None,
) -> None:
    """Print accuracy, n and the 95 % interval, per task.

    A case: {"id", "context" or "turns", "question", "target", "labels" (optional), "task" (optional)}.

    Examples: [bold]titans-edge eval cases.jsonl --mode memory,full[/bold] ·
    [bold]titans-edge eval babilong --data DATA --lengths 0k,1k --samples 200[/bold] · [bold]titans-edge eval held-out[/bold]
    """
    from rich.console import Console
    from rich.progress import Progress

    from titans_edge.evaluate import runner

    modes = mode.split(",")
    answers: list[runner.Answer] = []
    with common.open_chat(
        backbone, graft, None, no_memory=modes == ["full"], context=context, gpu_layers=gpu_layers, sampling=runner.GREEDY
    ) as chat:
        cases = _cases(what, chat, data, tasks.split(","), lengths.split(","), samples, seed)
        cases = cases[:limit] if limit else cases
        with Progress(console=Console(stderr=True)) as bar:
            for m in modes:
                task = bar.add_task(m, total=len(cases))
                answers += runner.run(chat, cases, m, lambda n, task=task: bar.advance(task, n))  # type: ignore[misc]
    print(f"{'task':<14}{'mode':<10}{'right':>7}   95 % interval      n")
    for m in modes:
        for r in runner.table([a for a in answers if a.mode == m]):
            print(f"{r.task:<14}{r.mode:<10}{r.accuracy:>6.1f} %   {r.low:>5.1f} – {r.high:<5.1f} {r.n:>6}")
    if out is not None:
        out.write_text(json.dumps(runner.as_json(answers), indent=1), "utf-8")


def _cases(what: str, chat: Chat, data: Path | None, tasks: list[str], lengths: list[str], samples: int, seed: int) -> list[Case]:
    from titans_edge.evaluate import cases

    if what == "held-out":
        return list(cases.held_out(samples, seed))
    if what != "babilong":
        return cases.load(Path(what))
    if data is None:
        raise UsageError("`eval babilong` needs a folder with bAbI and books.", "Name it with --data.")
    bad = [x for x in tasks if x not in cases.TASKS] + [x for x in lengths if x not in cases.LENGTHS]
    if bad:
        raise UsageError(f"Unknown: {', '.join(bad)}.", f"Tasks: {', '.join(cases.TASKS)}; lengths: {', '.join(cases.LENGTHS)}.")
    return list(cases.babilong(data, tasks, lengths, samples, seed, lambda s: len(chat.backbone.vocab.encode(s))))
