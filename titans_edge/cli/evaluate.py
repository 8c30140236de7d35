"""titans-edge eval: measure memory against full context, question only and shuffled; attacks on it; long
conversations.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from titans_edge import library
from titans_edge.cli import common
from titans_edge.errors import UsageError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from titans_edge.evaluate.cases import Case
    from titans_edge.evaluate.long import Conversation, Plan
    from titans_edge.evaluate.poison import Row as PoisonRow
    from titans_edge.evaluate.runner import Answer
    from titans_edge.runtime import Chat


def evaluate(
    what: Annotated[str, typer.Argument(help="A JSONL file of cases, `babilong`, `held-out`, `poison` or `long`.")],
    mode: Annotated[str, typer.Option(help="memory, full, question or shuffled; several with commas.")] = "memory",
    backbone: common.Backbone = library.DEFAULT,
    graft: common.GraftOption = None,
    limit: Annotated[int, typer.Option(help="At most this many cases of a file (0: all).")] = 0,
    out: Annotated[Path | None, typer.Option("--json", help="Write rows and every answer to this file.")] = None,
    data: Annotated[Path | None, typer.Option(help="babilong: folder with bAbI and books.")] = None,
    tasks: Annotated[str, typer.Option(help="babilong: tasks.")] = "qa1,qa2,qa3,qa4,qa5",
    lengths: Annotated[str, typer.Option(help="babilong: 0k,1k,2k,…")] = "0k",
    samples: Annotated[int, typer.Option(help="babilong, held-out, poison: samples a cell.", min=1)] = 100,
    seed: Annotated[int, typer.Option(help="Seed of the samples.")] = 0,
    kinds: Annotated[str, typer.Option(help="poison: kinds of attack and of honest text; default: all.")] = "",
    guard: Annotated[str, typer.Option(help="poison: off, on or both. long: off or on.")] = "",
    resume: Annotated[
        bool, typer.Option("--resume", help="poison: keep what is in the file of --json, run what is missing.")
    ] = False,
    turns: Annotated[str, typer.Option(help="long: turns of a conversation; several with commas.")] = "10,50,200",
    seeds: Annotated[int, typer.Option(help="long: conversations of each length.", min=1)] = 3,
    plots: Annotated[Path | None, typer.Option(help="long: write PNGs into this folder.")] = None,
    text: Annotated[Path | None, typer.Option(help="long: neutral text to take the loss on; default: our own.")] = None,
    context: common.Context = 8192,
    gpu_layers: common.GpuLayers = None,
) -> None:
    """Print accuracy, n and the 95 % interval, per task.

    A case: {"id", "context" or "turns", "question", "target", "labels" (optional), "task" (optional)}.

    Examples: [bold]titans-edge eval cases.jsonl --mode memory,full[/bold] ·
    [bold]titans-edge eval babilong --data DATA --lengths 0k,1k --samples 200[/bold] · [bold]titans-edge eval held-
    out[/bold] ·
    [bold]titans-edge eval poison --samples 20[/bold] · [bold]titans-edge eval long --plots DIR[/bold]
    """
    if what == "poison":
        with _open(backbone, graft, min(context, 2048), gpu_layers) as chat:
            _poison(chat, kinds, guard or "both", samples, seed, out, resume)
        return
    if what == "long":
        from titans_edge.evaluate.long import Plan

        plan = Plan(_whole(turns), range(seed, seed + seeds), guard != "off", text, min(context, 2048))
        _long(plan, backbone, graft, gpu_layers, out, plots)
        return
    from rich.console import Console
    from rich.progress import Progress

    from titans_edge.evaluate import runner

    modes = mode.split(",")
    answers: list[runner.Answer] = []
    with common.open_chat(
        backbone,
        graft,
        None,
        no_memory=modes == ["full"],
        context=context,
        gpu_layers=gpu_layers,
        sampling=runner.GREEDY,
    ) as chat:
        cases = _cases(what, chat, data, tasks.split(","), lengths.split(","), samples, seed)
        cases = cases[:limit] if limit else cases
        with Progress(console=Console(stderr=True)) as bar:
            for m in modes:
                task = bar.add_task(m, total=len(cases))
                answers += runner.run(chat, cases, m, lambda n, task=task: bar.advance(task, n))  # type: ignore[misc]
    _print_answers(answers, modes)
    if out is not None:
        out.write_text(json.dumps(runner.as_json(answers), indent=1), "utf-8")


def _print_answers(answers: list[Answer], modes: list[str]) -> None:
    from titans_edge.evaluate.runner import table

    print(f"{'task':<14}{'mode':<10}{'right':>7}   95 % interval      n")
    for m in modes:
        for r in table([a for a in answers if a.mode == m]):
            print(f"{r.task:<14}{r.mode:<10}{r.accuracy:>6.1f} %   {r.low:>5.1f} – {r.high:<5.1f} {r.n:>6}")


def _open(backbone: str, graft: str | None, context: int, gpu_layers: int | None) -> AbstractContextManager[Chat]:
    from titans_edge.evaluate.runner import GREEDY

    return common.open_chat(backbone, graft, None, context=context, gpu_layers=gpu_layers, sampling=GREEDY)


def _poison(chat: Chat, kinds: str, guard: str, samples: int, seed: int, out: Path | None, resume: bool) -> None:
    """Run what is asked for, save after every kind, print the table."""
    from rich.console import Console
    from rich.progress import Progress

    from titans_edge.evaluate import poison
    from titans_edge.stories import attacks

    wanted = kinds.split(",") if kinds else list(attacks.ALL)
    bad = [k for k in wanted if k not in attacks.ALL]
    if bad:
        raise UsageError(f"Unknown: {', '.join(bad)}.", f"Kinds: {', '.join(attacks.ALL)}.")
    if resume and out is None:
        raise UsageError("--resume needs a file.", "Name it with --json.")
    outcomes = poison.load(out, samples, seed) if out is not None and resume else []
    guards = poison.GUARDS if guard == "both" else (guard,)
    done = {(o.kind, o.guard) for o in outcomes}
    todo = [(k, g) for k in wanted for g in guards if (k, g) not in done]
    with Progress(console=Console(stderr=True)) as bar:
        whole = bar.add_task("poison", total=samples * len(todo))
        for kind, g in todo:
            bar.update(whole, description=f"{kind}, guard {g}")
            outcomes += poison.run(chat, kind, samples, seed, g, lambda n: bar.advance(whole, n))
            if out is not None:
                poison.save(out, outcomes, samples, seed)
    _print_poison(poison.table(outcomes))


def _print_poison(rows: list[PoisonRow]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("kind", "guard", "n", "attack success", "95 % interval", "truth answered", "95 % interval")
    for r in rows:
        success = ("–", "") if r.success is None else _share(r.success)
        table.add_row(r.kind, r.guard, str(r.n), *success, *_share(r.right), end_section=r.guard == "on")
    Console(width=max(100, Console().width)).print(table)


def _long(
    plan: Plan, backbone: str, graft: str | None, gpu_layers: int | None, out: Path | None, plots: Path | None
) -> None:
    """Hold every conversation, save after each, print the tables, draw."""
    import tempfile

    from rich.console import Console
    from rich.progress import Progress

    from titans_edge.backbone.model import Backbone
    from titans_edge.evaluate import long
    from titans_edge.sidecar.client import MemoryClient

    path, shipped = library.find_backbone(backbone), library.find_graft(graft, backbone)
    done: list[long.Conversation] = []

    def opener(file: Path) -> MemoryClient:
        return MemoryClient(str(path), str(shipped), str(file))

    with (
        Backbone(path, gpu_layers=gpu_layers) as model,
        tempfile.TemporaryDirectory() as folder,
        Progress(console=Console(stderr=True)) as bar,
    ):
        whole = bar.add_task("long", total=sum(plan.turns) * len(plan.seeds))
        for conversation in long.run(model, opener, Path(folder), plan, lambda n: bar.advance(whole, n)):
            done.append(conversation)
            if out is not None:
                out.write_text(json.dumps(long.as_json(done), indent=1, ensure_ascii=False), "utf-8")
    _print_long(done)
    if plots is not None:
        from titans_edge.evaluate.plots import draw

        for picture in draw(done, plots):
            print(picture)


def _print_long(done: list[Conversation]) -> None:
    from rich.console import Console
    from rich.table import Table

    from titans_edge.evaluate import long

    console = Console(width=max(120, Console().width))
    table = Table(
        "turns",
        "asked",
        "recall",
        "95 % interval",
        "restarts",
        "neutral loss",
        "NaN",
        "norm, half → end",
        "state",
        "file",
    )
    rows = Table("turns", "by", "", "n", "recall", "95 % interval")
    for turns in sorted({c.turns for c in done}):
        some = [c for c in done if c.turns == turns]
        asked = [a for c in some for a in c.asked]
        r = long.overall(asked)
        table.add_row(str(turns), str(r.n), *_share((r.share, r.low, r.high)), *long.figures(some))
        for by, cut in (("age", long.by_age(asked)), ("changes", long.by_changes(asked))):
            for r in cut:
                rows.add_row(
                    str(turns), by, r.name, str(r.n), *_share((r.share, r.low, r.high)), end_section=r is cut[-1]
                )
    console.print(table)
    console.print(rows)


def _whole(numbers: str) -> tuple[int, ...]:
    try:
        return tuple(int(x) for x in numbers.split(","))
    except ValueError as e:
        raise UsageError(f"{numbers!r} is no list of whole numbers.", "For example --turns 10,50,200.") from e


def _share(x: tuple[float, float, float]) -> tuple[str, str]:
    return f"{x[0]:.1f} %", f"{x[1]:.1f} – {x[2]:.1f}"


def _cases(
    what: str, chat: Chat, data: Path | None, tasks: list[str], lengths: list[str], samples: int, seed: int
) -> list[Case]:
    from titans_edge.evaluate import cases

    if what == "held-out":
        return list(cases.held_out(samples, seed))
    if what != "babilong":
        return cases.load(Path(what))
    if data is None:
        raise UsageError("`eval babilong` needs a folder with bAbI and books.", "Name it with --data.")
    bad = [x for x in tasks if x not in cases.TASKS] + [x for x in lengths if x not in cases.LENGTHS]
    if bad:
        raise UsageError(
            f"Unknown: {', '.join(bad)}.", f"Tasks: {', '.join(cases.TASKS)}; lengths: {', '.join(cases.LENGTHS)}."
        )
    return list(cases.babilong(data, tasks, lengths, samples, seed, lambda s: len(chat.backbone.vocab.encode(s))))
