"""titans-edge eval natural: what people really say, and ask about later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from titans_edge import library
from titans_edge.cli import common, eval_full_memory, eval_tables
from titans_edge.cli.eval_options import (
    Count,
    Distractors,
    Mode,
    Out,
    RankOnly,
    Seed,
    drawn,
    known,
    modes,
    several,
)
from titans_edge.errors import UsageError

if TYPE_CHECKING:
    from titans_edge.chat import Chat
    from titans_edge.evaluate.natural_runs import Plan, Results
    from titans_edge.evaluate.natural_sets import Person


def natural(
    half: Annotated[
        str, typer.Option(help="dev, test, both, plain, stated, typed, ordinary, reworded, talk, chosen: who.")
    ] = "dev",
    file: Annotated[Path | None, typer.Option(help="A set of your own in place of the shipped ones.")] = None,
    people: Annotated[str, typer.Option(help="Only these people; with commas.")] = "",
    kinds: Annotated[str, typer.Option(help="Only these kinds of questions; with commas.")] = "",
    mode: Mode = "auto",
    distractors: Distractors = None,
    n: Count = 1000,
    seed: Seed = 0,
    rank_only: RankOnly = False,
    fast: Annotated[
        bool, typer.Option("--fast", help="Read the messages without replying to each: much faster.")
    ] = False,
    together: Annotated[
        bool, typer.Option("--together", help="All of a person's questions in one conversation.")
    ] = False,
    world: Annotated[
        bool, typer.Option("--world", help="Instead: are replies about the world the same with a full memory?")
    ] = False,
    untold: Annotated[
        bool, typer.Option("--untold", help="Instead: does a full memory admit what it was never told?")
    ] = False,
    today: Annotated[
        str, typer.Option(help="The day on which all is asked, YYYY-MM-DD; default: the set's.", show_default=False)
    ] = "",
    out: Out = None,
    route: common.Route = "text",
    backbone: common.Backbone = library.DEFAULT,
    graft: common.GraftOption = None,
    context: common.Context = 8192,
    gpu_layers: common.GpuLayers = None,
) -> None:
    """Accuracy and retrieval on messages as people type them: a memory a person, every question in a new
    conversation.

    A set: {"today", "people": [{"name", "told": [{"text", "days_ago"}], "questions": [{"id", "question", "targets",
    "kind"}]}]}.

    \b
    Example:
      titans-edge eval natural --half dev --mode auto,memory,full --json answers.json
    """
    from titans_edge.evaluate import natural_sets, report
    from titans_edge.evaluate.natural_runs import Plan

    files = [file] if file is not None else [natural_sets.shipped(h) for h in _halves(half)]
    report.check(out, *files, *([distractors] if distractors else []))
    who = _chosen(natural_sets.people(*files), people)
    asked = tuple(known(several(kinds, "--kinds"), list(natural_sets.KINDS), "Kinds")) if kinds else natural_sets.KINDS
    plan = Plan(modes(mode), asked, _noon(today, files), drawn(distractors, n, seed), seed, rank_only, fast, together)
    if world or untold:
        questions = {
            name: natural_sets.questions(natural_sets.shipped(name))
            for name, wanted in (("world", world), ("untold", untold))
            if wanted
        }
        with _chat(backbone, graft, context, gpu_layers, route) as chat:
            eval_full_memory.measure(chat, who, plan, questions, out)
        return
    who = [p for p in who if plan.asks(p)]
    if not who:
        raise UsageError("Nobody asks a question of these kinds.", "Name others with --kinds.")
    with _chat(backbone, graft, context, gpu_layers, route, no_memory=not plan.needs_memory) as chat:
        measure(chat, who, plan, out)


@contextmanager
def _chat(
    backbone: str, graft: str | None, context: int, gpu_layers: int | None, route: str, no_memory: bool = False
) -> Iterator[Chat]:
    """As `chat` opens it, on a memory that is not kept."""
    from titans_edge.evaluate.runner import SAMPLING

    with common.open_chat(
        backbone, graft, None, no_memory=no_memory, context=context, gpu_layers=gpu_layers, route=route,
        sampling=SAMPLING,
    ) as chat:  # fmt: skip
        yield chat
        kept = chat.speaker.kept
        if kept is not None and kept.why:
            typer.echo(f"! Read as text instead: {kept.why}", err=True)


def measure(chat: Chat, people: list[Person], plan: Plan, out: Path | None) -> None:
    """Ask everybody, save after each person. What is done is printed and saved even where Ctrl-C ends it."""
    from rich.console import Console
    from rich.progress import Progress

    from titans_edge.evaluate import natural_runs as runs
    from titans_edge.evaluate import report

    runs.check(chat, people, plan)
    done, finished = runs.Results(), 0
    try:
        with Progress(console=Console(stderr=True)) as bar:
            whole = bar.add_task("natural", total=runs.steps(people, plan))
            for name in runs.run(chat, people, plan, done, lambda n: bar.advance(whole, n)):
                finished += 1
                bar.update(whole, description=name)
                report.save(out, runs.as_json(done, plan, finished == len(people)))
    finally:
        if finished < len(people):
            typer.echo(f"! Stopped: {finished} of {len(people)} people were asked.", err=True)
            if done.answers or done.found:
                report.save(out, runs.as_json(done, plan, False))
        show(done)


def show(done: Results) -> None:
    """The tables: per cent right, where the right sentence was found, and needless refusals."""
    from titans_edge.evaluate import natural_runs as runs

    eval_tables.accuracy(done.answers, "kind")
    eval_tables.retrieval(done.found)
    for r in runs.refusals(done.answers):
        if r.answerable:
            print(f"{r.mode}: {r.refused} of {r.answerable} answerable questions refused ({r.share:.1f} %)")


def _halves(half: str) -> list[str]:
    from titans_edge.evaluate.natural_sets import HALVES, SETS

    return list(HALVES) if half == "both" else known([half], list(SETS), "Half: both, or one of")


def _chosen(people: list[Person], names: str) -> list[Person]:
    if not names:
        return people
    wanted = known(several(names, "--people"), [p.name for p in people], "People")
    return [p for p in people if p.name in wanted]


def _noon(today: str, files: Sequence[Path]) -> float:
    from datetime import date

    from titans_edge.evaluate.natural_sets import day, noon

    if not today:
        return noon(day(*files))
    try:
        return noon(date.fromisoformat(today))
    except (ValueError, OverflowError, OSError) as e:
        raise UsageError(f"{today!r} is no day.", "Write --today 2026-11-24.") from e
