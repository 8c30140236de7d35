"""titans-edge read: documents into memory."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated

import typer

from titans_edge import library
from titans_edge.cli import common
from titans_edge.documents import read_document
from titans_edge.sources import Source

SHOWN = 5  # quarantined spans printed for each file


def read(
    files: Annotated[list[Path], typer.Argument(help="Text files, UTF-8.")],
    backbone: common.Backbone = library.DEFAULT,
    graft: common.GraftOption = None,
    memory: common.Memory = "default",
    guard: common.Guard = True,
    gpu_layers: common.GpuLayers = None,
    as_json: common.Json = False,
) -> None:
    """Read documents into memory. All files are checked before the first is read; each is durable when it is done.

    Example: [bold]titans-edge read notes.txt diary.txt --memory work[/bold]
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    texts = [read_document(f) for f in files]
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    out = []
    with common.open_chat(backbone, graft, memory, gpu_layers=gpu_layers, guard=guard, context=512) as chat, bar:
        for path, text in zip(files, texts, strict=True):
            task = bar.add_task(path.name, total=max(1, len(chat.backbone.vocab.encode(text))), speed="")
            began, tokens, spans = time.perf_counter(), 0, 0
            for n, t in chat.learn(text, Source("document", path.name)):
                tokens, spans = tokens + t, spans + n
                bar.update(task, completed=tokens, speed=f"{tokens / (time.perf_counter() - began):.0f} tokens/s")
            assert chat.client is not None
            held = [v for v in chat.rulings if v["decision"] == "quarantined"]
            for v in held[:SHOWN]:
                why = common.printable(f"({v['reason']}): {v['text']}")
                bar.console.print(f"! quarantined #{v['id']} {why}", markup=False, highlight=False)
            if len(held) > SHOWN:
                bar.console.print(f"! and {len(held) - SHOWN} more: titans-edge memory list --quarantine -m {memory}")
            common.show_notices(chat.client)
            seconds = time.perf_counter() - began
            bar.update(task, completed=bar.tasks[task].total)
            out.append(
                {
                    "file": str(path),
                    "tokens": tokens,
                    "spans": spans,
                    "seconds": seconds,
                    "tokens_per_s": tokens / seconds,
                    "quarantined": len(held),
                }
            )
    for r in out:
        print(
            json.dumps(r)
            if as_json
            else f"{r['file']}: {r['spans']} spans, {r['tokens']} tokens, {r['tokens_per_s']:.0f} tokens/s"
        )
