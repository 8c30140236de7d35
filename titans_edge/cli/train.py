"""titans-edge train: make a graft for a backbone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from titans_edge import library
from titans_edge.cli import common
from titans_edge.errors import UsageError


def train(
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the graft goes.")] = Path("graft.gguf"),
    backbone: common.Backbone = library.DEFAULT,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder with `books/train` for background text and `qa/train_*` for natural questions."),
    ] = None,
    run: Annotated[Path, typer.Option(help="Folder of checkpoints; run again to go on.")] = Path("runs/graft"),
    steps: Annotated[int, typer.Option(help="Steps of stage 1 (memory and reader).", min=1)] = 1500,
    gate_steps: Annotated[int, typer.Option(help="Steps of stage 2 (gate).", min=0)] = 240,
    stories: Annotated[int, typer.Option(help="Stories to train on.", min=64)] = 6000,
    persons: Annotated[int, typer.Option(help="Invented people whose sentences keys are trained on.", min=16)] = 5000,
    key_steps: Annotated[
        int, typer.Option(help="Steps of stage 3 (keys of sentences); 0: --keep's stage 3 is kept.", min=0)
    ] = 1500,
    match_steps: Annotated[int, typer.Option(help="Steps of stage 3 (matcher).", min=0)] = 1000,
    prompt_steps: Annotated[int, typer.Option(help="Steps of stage 4 (which line answers); 0: none.", min=0)] = 400,
    speak_steps: Annotated[int, typer.Option(help="Steps of stage 5 (the reply from it); 0: none.", min=0)] = 500,
    change_steps: Annotated[int, typer.Option(help="Steps of stage 6 (what changed it); 0: none.", min=0)] = 300,
    listen_steps: Annotated[
        int, typer.Option(help="Steps of stage 7 (replies to what is told); 0: none.", min=0)
    ] = 400,
    keep: Annotated[
        Path | None,
        typer.Option(help="A graft whose memory and gate are kept; stages 3 to 7 are trained, or kept where 0 steps."),
    ] = None,
    layer: Annotated[int, typer.Option(help="Layer of the backbone to read.", min=0)] = 4,
    seed: Annotated[int, typer.Option(help="Seed of everything.")] = 1,
    plot: Annotated[
        Path | None, typer.Option(help="Draw the loss of every step, a panel a part, into this PNG or SVG.")
    ] = None,
    threads: Annotated[int, typer.Option(help="CPU threads of torch (0: its default).", min=0)] = 0,
) -> None:
    """Train a graft for a backbone: about three hours on two CPU cores; a part of it that was interrupted goes on.

    \b
    Example:
      titans-edge train --data DATA --out graft.gguf --plot loss.svg
      titans-edge train --keep graft.gguf --key-steps 0 --match-steps 0 --prompt-steps 0 --speak-steps 0 -o new.gguf
    """
    from titans_edge import pictures

    pictures.check(plot)
    if keep is None and not key_steps:
        raise UsageError("There is no stage 3 to keep.", "Name a graft with --keep, or give --key-steps.")
    from dataclasses import replace

    import torch
    from rich.console import Console
    from rich.progress import Progress, TaskID, TimeRemainingColumn

    from titans_edge.backbone.model import Backbone
    from titans_edge.neural import graft as grafts
    from titans_edge.train.recipe import Recipe
    from titans_edge.train.run import train as train_graft

    if threads:
        torch.set_num_threads(threads)
    recipe = Recipe(
        seed=seed, layer=layer, stories=stories, steps=steps, gate_steps=gate_steps, persons=persons,
        key_steps=key_steps, match_steps=match_steps, prompt_steps=prompt_steps, speak_steps=speak_steps,
        change_steps=change_steps, listen_steps=listen_steps,
    )  # fmt: skip
    tasks: dict[str, TaskID] = {}
    with (
        Backbone(library.find_backbone(backbone)) as model,
        Progress(*Progress.get_default_columns()[:-1], TimeRemainingColumn(), console=Console(stderr=True)) as bar,
    ):

        def report(part: str, done: int, of: int, remark: str) -> None:
            if part not in tasks:
                tasks[part] = bar.add_task(part)
            bar.update(tasks[part], completed=done, total=of, description=f"{part}: {remark}")

        start = None if keep is None else grafts.load(keep, model.header)
        if start is not None and keep is not None:  # where stage 3 is kept it reads the same: memories of it go on
            start.info = replace(start.info, replaces=(*start.info.replaces, grafts.file_id(keep)))
        train_graft(model, recipe, data, run, out, report, start)
    print(out)
    if plot is not None:
        from titans_edge.train import curves

        print(curves.draw(run, plot))
