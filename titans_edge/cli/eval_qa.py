"""titans-edge eval qa: one memory of many sentences, and a question on each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from titans_edge import library
from titans_edge.cli import common, eval_tables
from titans_edge.cli.eval_options import Count, Distractors, Mode, Out, RankOnly, Seed, drawn, modes
from titans_edge.errors import UsageError

if TYPE_CHECKING:
    from titans_edge.chat import Chat
    from titans_edge.evaluate.qa import Results, Triple


def qa(
    file: Annotated[
        Path | None, typer.Argument(help="A .jsonl or .jsonl.xz of sentence, question and (optional) answer.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Folder with qa/dev_mixed.jsonl.xz, in place of a file.")] = None,
    samples: Annotated[int, typer.Option(help="Ask only so many of the questions (0: all).", min=0)] = 0,
    mode: Mode = "auto",
    rank_only: RankOnly = False,
    distractors: Distractors = None,
    n: Count = 1000,
    seed: Seed = 0,
    out: Out = None,
    backbone: common.Backbone = library.DEFAULT,
    graft: common.GraftOption = None,
    context: common.Context = 4096,
    gpu_layers: common.GpuLayers = None,
) -> None:
    """Every sentence in one memory: is the right one among the first found, and is the question answered?

    Mode full is told the right sentence alone; shuffled asks about sentences the memory was not told.

    \b
    Example:
      titans-edge eval qa --data DATA --distractors DATA/qa/persona_lines.txt.xz --rank-only
    """
    from titans_edge.evaluate import qa as suite
    from titans_edge.evaluate import report
    from titans_edge.evaluate.runner import SAMPLING

    if (file is None) == (data is None):
        raise UsageError("`eval qa` needs a file or a folder of data.", "Name one of them: FILE.jsonl, or --data DIR.")
    path = file or suite.dev_file(data or Path())
    report.check(out, path, *([distractors] if distractors else []))
    wanted = () if rank_only else modes(mode)
    triples = suite.load(path)
    statements = suite.told(triples, drawn(distractors, n, seed), seed)
    with common.open_chat(backbone, graft, None, context=context, gpu_layers=gpu_layers, sampling=SAMPLING) as chat:
        measure(chat, triples, suite.sample(triples, samples, seed), statements, wanted, out)


def measure(
    chat: Chat,
    triples: list[Triple],
    asked: list[Triple],
    statements: list[str],
    modes: tuple[str, ...],
    out: Path | None,
) -> None:
    """Look for sentences, then ask; saved after each mode. What is done is printed and saved even after Ctrl-C."""
    from rich.console import Console
    from rich.progress import Progress

    from titans_edge.evaluate import qa as suite
    from titans_edge.evaluate import report

    if modes and not any(t.answer for t in asked):
        raise UsageError("No question has an answer to compare with.", "Ask with --rank-only.")
    others = list(suite.halves(triples)) if "shuffled" in modes else []
    done, wanted, complete = suite.Results(), set(asked), False
    try:
        with Progress(console=Console(stderr=True)) as bar:
            telling = bar.add_task("telling", total=len(statements))
            suite.tell(chat, statements, lambda k: bar.advance(telling, k))
            for found in bar.track(suite.look(chat, asked), len(asked), description="finding"):
                done.found.append(found)
            report.save(out, suite.as_json(done, len(statements), not modes))
            for mode in sorted(modes, key=lambda m: m == "shuffled"):  # it needs other memories
                task = bar.add_task(mode, total=sum(bool(t.answer) for t in asked))
                for told, some in others if mode == "shuffled" else [([], asked)]:
                    if told:
                        suite.tell(chat, told)
                    for answer in suite.answer(chat, [t for t in some if t in wanted], mode):
                        done.answers.append(answer)
                        bar.advance(task)
                report.save(out, suite.as_json(done, len(statements), False))
        complete = True
    finally:
        if done.found:
            report.save(out, suite.as_json(done, len(statements), complete))
        show(done, complete)


def show(done: Results, complete: bool) -> None:
    """The tables, as far as they go."""
    eval_tables.accuracy(done.answers, "set")
    eval_tables.retrieval(done.found)
    if not complete:
        typer.echo(f"! Stopped after {len(done.found)} looked for and {len(done.answers)} answered.", err=True)
