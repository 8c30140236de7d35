"""titans-edge eval ablate: what each part of the memory's rule is worth."""

from __future__ import annotations

from titans_edge import library
from titans_edge.cli import common
from titans_edge.cli.eval_options import Data, Lengths, Out, Samples, Seed, Tasks, known, several
from titans_edge.errors import UsageError


def ablate(
    data: Data = None,
    tasks: Tasks = "qa1,qa2,qa3,qa4,qa5",
    lengths: Lengths = "0k",
    samples: Samples = 100,
    seed: Seed = 0,
    out: Out = None,
    backbone: common.Backbone = library.DEFAULT,
    graft: common.GraftOption = None,
    gpu_layers: common.GpuLayers = None,
) -> None:
    """The rule with one part switched: momentum, forgetting, learning rate, surprise, hops; answers from the state.

    BABILong-style samples, and stories of words that training never saw. The answer is the phrase nearest to what the
    state gives; the backbone reads and does not speak.

    \b
    Example:
      titans-edge eval ablate --data DATA --samples 50 --json ablation.json
    """
    from dataclasses import asdict

    from rich.console import Console
    from rich.progress import Progress

    from titans_edge.backbone.model import Backbone
    from titans_edge.backbone.reader import Reader
    from titans_edge.backbone.speaker import Speaker
    from titans_edge.evaluate import ablation, cases, report
    from titans_edge.neural import graft as grafts

    if data is None:
        raise UsageError("`eval ablate` needs a folder with bAbI and books.", "Name it with --data.")
    wanted = known(several(tasks, "--tasks"), list(cases.TASKS), "Tasks")
    long = known(several(lengths, "--lengths"), list(cases.LENGTHS), "Lengths")
    report.check(out)
    found = library.find_graft(graft, backbone)
    with (
        Backbone(library.find_backbone(backbone), gpu_layers=gpu_layers) as model,
        Speaker(model, 1024) as speaker,
        Progress(console=Console(stderr=True)) as bar,
    ):
        trained = grafts.load(found, model.header).eval()
        made = list(cases.babilong(data, wanted, long, samples, seed, lambda s: len(model.vocab.encode(s))))
        made += cases.held_out(samples, seed)
        task = bar.add_task("ablate", total=len(made) * len(ablation.SWITCHES))
        cells = list[ablation.Cell]()
        with Reader(model, trained.info.layer) as reader:
            bench = ablation.Bench(trained.memory, reader, speaker)
            for cell in ablation.run(bench, made, ablation.SWITCHES, lambda n: bar.advance(task, n)):
                cells.append(cell)
                report.save(out, {"complete": False, "cells": [asdict(c) for c in cells]})
    print(ablation.table(cells))
    report.save(out, {"complete": True, "cells": [asdict(c) for c in cells]})
