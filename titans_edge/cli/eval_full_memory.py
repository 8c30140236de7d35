"""titans-edge eval natural --world and --untold: one memory of everybody's messages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from titans_edge.cli.eval_options import share as cells

if TYPE_CHECKING:
    from titans_edge.chat import Chat
    from titans_edge.evaluate.full_memory import Pair
    from titans_edge.evaluate.natural_runs import Plan
    from titans_edge.evaluate.natural_sets import Person
    from titans_edge.evaluate.runner import Answer


def measure(chat: Chat, people: list[Person], plan: Plan, questions: dict[str, list[str]], out: Path | None) -> None:
    """questions: of "world", of "untold" or both. What is done is printed and saved even where Ctrl-C ends it."""
    from rich.console import Console
    from rich.progress import Progress

    from titans_edge.evaluate import full_memory, report
    from titans_edge.evaluate import natural_runs as runs

    world, untold = questions.get("world", []), questions.get("untold", [])
    empty: list[Answer] = []
    full: list[Answer] = []
    admitted: list[Answer] = []
    complete = False
    told = sum(len(p.told) for p in people) + len(plan.lines)
    runs.memory_of(chat).reset()
    try:
        with Progress(console=Console(stderr=True)) as bar:
            whole = bar.add_task("full memory", total=2 * len(world) + told + len(untold))

            def step(n: int = 1) -> None:
                bar.advance(whole, n)

            _take(full_memory.ask(chat, world, plan.now, "world"), empty, step)
            full_memory.fill(chat, people, plan, step)
            _take(full_memory.ask(chat, world, plan.now, "world"), full, step)
            _take(full_memory.ask(chat, untold, plan.now, "untold"), admitted, step)
        complete = True
    finally:
        pairs = full_memory.pairs(empty, full)
        if empty or admitted:
            report.save(out, full_memory.as_json(pairs, admitted, complete))
        _show(pairs, admitted)
        if not complete:
            typer.echo("! Stopped before the last question.", err=True)


def _take(answers: Iterable[Answer], into: list[Answer], step: Callable[[], None]) -> None:
    for answer in answers:
        into.append(answer)
        step()


def _show(pairs: list[Pair], untold: list[Answer]) -> None:
    from titans_edge.evaluate.full_memory import share

    for what, hits in (
        ("questions about the world answered as with an empty memory, token for token", [p.same for p in pairs]),
        ("questions on what was never told answered by saying so", [a.right for a in untold]),
    ):
        if hits:
            of, interval = cells(share(hits))
            print(f"{of} of {len(hits)} {what} (95 % interval {interval})")
    for p in pairs:
        if not p.same:
            print(f"- {p.question}\n    empty: {p.empty}\n    full:  {p.full}")
