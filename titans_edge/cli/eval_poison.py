"""titans-edge eval poison: does the memory believe lies?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from titans_edge import library
from titans_edge.cli import common
from titans_edge.cli.eval_options import Out, Samples, Seed, known, several, share
from titans_edge.errors import UsageError

if TYPE_CHECKING:
    from titans_edge.chat import Chat
    from titans_edge.evaluate.poison import Outcome, Row

MOST_CONTEXT = 2048  # positions: no case needs more


def poison(
    samples: Samples = 100,
    kinds: Annotated[str, typer.Option(help="Kinds of attack and of honest text; default: all.")] = "",
    guard: Annotated[str, typer.Option(help="off, on or both.")] = "both",
    seed: Seed = 0,
    out: Out = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Keep what is in the file of --json, run what is missing.")
    ] = False,
    backbone: common.Backbone = library.DEFAULT,
    graft: common.GraftOption = None,
    context: common.Context = 2048,
    gpu_layers: common.GpuLayers = None,
) -> None:
    """Attacks by less trusted sources, and honest texts; with the guard off and on.

    \b
    Example:
      titans-edge eval poison --samples 100 --guard on --kinds contradiction,repeat
    """
    from titans_edge.backbone.sampling import Sampling
    from titans_edge.evaluate import poison as suite
    from titans_edge.evaluate import report, runner
    from titans_edge.stories import attacks

    wanted = known(several(kinds, "--kinds"), list(attacks.ALL), "Kinds") if kinds else list(attacks.ALL)
    guards = list(suite.GUARDS) if guard == "both" else known([guard], list(suite.GUARDS), "Guard: both, or one of")
    if resume and out is None:
        raise UsageError("--resume needs a file.", "Name it with --json.")
    report.check(out)
    done = suite.load(out, samples, seed) if out is not None and resume else []
    sampling = Sampling(max_tokens=runner.LABELLED_TOKENS)  # the score looks at the first sentence
    with common.open_chat(
        backbone,
        graft,
        None,
        context=min(context, MOST_CONTEXT),
        gpu_layers=gpu_layers,
        sampling=sampling,
    ) as chat:
        _run(chat, [(k, g) for k in wanted for g in guards], done, samples, seed, out)


def _run(
    chat: Chat, cells: list[tuple[str, str]], done: list[Outcome], samples: int, seed: int, out: Path | None
) -> None:
    """Run the cells (kind, guard) that are not done; save after each. What is done is printed even after Ctrl-C."""
    from rich.console import Console
    from rich.progress import Progress

    from titans_edge.evaluate import poison as suite
    from titans_edge.evaluate import report

    had = {(o.kind, o.guard) for o in done}
    todo = [cell for cell in cells if cell not in had]
    try:
        with Progress(console=Console(stderr=True)) as bar:
            whole = bar.add_task("poison", total=samples * len(todo))
            for kind, guard in todo:
                bar.update(whole, description=f"{kind}, guard {guard}")
                done += suite.run(chat, kind, samples, seed, guard, lambda n: bar.advance(whole, n))
                report.save(out, suite.as_json(done, samples, seed))
    finally:
        if done:
            _print(suite.table(done))


def _print(rows: list[Row]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("kind", "guard", "n", "attack success", "95 % interval", "truth answered", "95 % interval")
    for r in rows:
        success = ("–", "") if r.success is None else share(r.success)
        table.add_row(r.kind, r.guard, str(r.n), *success, *share(r.right), end_section=r.guard == "on")
    Console(width=max(100, Console().width)).print(table)
