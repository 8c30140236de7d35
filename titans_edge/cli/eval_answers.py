"""titans-edge eval run, babilong and held-out: questions with known answers, asked in several modes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from titans_edge import library
from titans_edge.cli import common
from titans_edge.cli.eval_options import (
    Count,
    Data,
    Distractors,
    Lengths,
    Mode,
    Out,
    Samples,
    Seed,
    Tasks,
    drawn,
    known,
    several,
)

if TYPE_CHECKING:
    from titans_edge.chat import Chat
    from titans_edge.evaluate.cases import Case
    from titans_edge.evaluate.runner import Answer


def run(
    file: Annotated[Path, typer.Argument(help="A JSONL file of cases.")],
    mode: Mode = "memory",
    limit: Annotated[int, typer.Option(help="At most this many cases (0: all).", min=0)] = 0,
    distractors: Distractors = None,
    n: Count = 1000,
    seed: Seed = 0,
    out: Out = None,
    backbone: common.Backbone = library.DEFAULT,
    graft: common.GraftOption = None,
    context: common.Context = 8192,
    gpu_layers: common.GpuLayers = None,
) -> None:
    """Print accuracy, n and the 95 % interval, per task, for a file of cases.

    A case: {"id", "context" or "turns", "question", "target" or "targets", "labels" (optional), "task" (optional)}.

    \b
    Example:
      titans-edge eval cases.jsonl --mode auto,full --json answers.json
    """
    from titans_edge.evaluate import cases, report

    report.check(out, file, *([distractors] if distractors else []))
    lines = drawn(distractors, n, seed)
    made = [cases.among(case, lines, seed) for case in cases.load(file)[: limit or None]]
    _evaluate(lambda chat: made, mode, out, backbone, graft, context, gpu_layers)


def babilong(
    data: Data = None,
    tasks: Tasks = "qa1,qa2,qa3,qa4,qa5",
    lengths: Lengths = "0k",
    samples: Samples = 100,
    seed: Seed = 0,
    mode: Mode = "memory",
    reuse: Annotated[
        bool,
        typer.Option("--reuse", help="Compute what is read of a sentence once; twenty cases are read plainly too."),
    ] = False,
    out: Out = None,
    backbone: common.Backbone = library.DEFAULT,
    graft: common.GraftOption = None,
    context: common.Context = 8192,
    gpu_layers: common.GpuLayers = None,
) -> None:
    """BABILong-style: facts of bAbI among sentences of books.

    \b
    Examples:
      titans-edge eval babilong --data DATA --lengths 0k,1k --samples 200
      titans-edge eval babilong --data DATA --lengths 64k --samples 20 --mode memory,document --reuse
    """
    from titans_edge.errors import UsageError
    from titans_edge.evaluate import cases, report

    if data is None:
        raise UsageError("`eval babilong` needs a folder with bAbI and books.", "Name it with --data.")
    wanted = known(several(tasks, "--tasks"), list(cases.TASKS), "Tasks")
    long = known(several(lengths, "--lengths"), list(cases.LENGTHS), "Lengths")
    report.check(out)

    def make(chat: Chat) -> list[Case]:
        count = chat.backbone.vocab.encode
        return list(cases.babilong(data, wanted, long, samples, seed, lambda s: len(count(s))))

    _evaluate(make, mode, out, backbone, graft, context, gpu_layers, reuse)


def held_out(
    samples: Samples = 100,
    seed: Seed = 0,
    mode: Mode = "memory",
    out: Out = None,
    backbone: common.Backbone = library.DEFAULT,
    graft: common.GraftOption = None,
    context: common.Context = 8192,
    gpu_layers: common.GpuLayers = None,
) -> None:
    """Stories of people, places and things that training never named.

    \b
    Example:
      titans-edge eval held-out --samples 12
    """
    from titans_edge.evaluate import cases, report

    report.check(out)
    _evaluate(lambda chat: list(cases.held_out(samples, seed)), mode, out, backbone, graft, context, gpu_layers)


def _evaluate(
    make: Callable[[Chat], list[Case]],
    mode: str,
    out: Path | None,
    backbone: str,
    graft: str | None,
    context: int,
    gpu_layers: int | None,
    reuse: bool = False,
) -> None:
    """Open what the modes need, answer, print and save."""
    from titans_edge.evaluate import runner

    modes = several(mode, "--mode")
    no_memory = not any(runner.mode_named(m).told for m in modes)
    with common.open_chat(
        backbone,
        graft,
        None,
        no_memory=no_memory,
        context=context,
        gpu_layers=gpu_layers,
        sampling=runner.SAMPLING,
    ) as chat:
        measure(chat, make(chat), modes, out, reuse)


def measure(chat: Chat, cases: list[Case], modes: list[str], out: Path | None, reuse: bool = False) -> None:
    """Answer every case in every mode. What is done is printed and saved even where Ctrl-C or an error ends it."""
    from contextlib import nullcontext

    from rich.console import Console
    from rich.progress import Progress

    from titans_edge.evaluate import report, runner
    from titans_edge.evaluate import reuse as reusing

    for mode in modes:
        runner.told_in(runner.mode_named(mode), cases)  # what cannot work is said before the work
    done: list[Answer] = []
    complete, checked = False, dict[str, tuple[int, int]]()
    try:
        with Progress(console=Console(stderr=True)) as bar:
            with reusing.kept(chat) if reuse else nullcontext():
                for mode in modes:
                    task = bar.add_task(mode, total=len(cases))
                    for answer in runner.answers(chat, cases, mode):
                        done.append(answer)
                        bar.advance(task)
            for mode in modes if reuse else ():
                if runner.mode_named(mode).told:
                    bar.add_task(f"{mode}, read plainly", total=None)
                    checked[mode] = reusing.agreement(chat, cases, mode, done)
        complete = True
    finally:
        if done:
            print(table(done))
            for mode, (n, same) in checked.items():
                print(f"{mode}: {same} of {n} answers the same where all was read plainly")
            report.save(out, {**runner.as_json(done, complete), **({"checked": checked} if reuse else {})})
        if not complete:
            typer.echo(f"! Stopped: {len(done)} of {len(cases) * len(modes)} answers were given.", err=True)


def table(answers: list[Answer]) -> str:
    """The rows as lines for people."""
    from titans_edge.evaluate import runner

    rows = runner.table(answers)
    task, mode = (max(len(x) for x in (name, *names)) + 2 for name, names in _columns(answers))
    lines = [f"{'task':<{task}}{'mode':<{mode}}{'right':>7}   95 % interval      n"]
    for r in rows:
        share = f"{r.accuracy:>6.1f} %   {r.low:>5.1f} – {r.high:<5.1f} {r.n:>6}"
        lines.append(f"{r.task:<{task}}{r.mode:<{mode}}{share}")
    return "\n".join(lines)


def _columns(answers: list[Answer]) -> list[tuple[str, set[str]]]:
    return [("task", {a.task for a in answers}), ("mode", {a.mode for a in answers})]
