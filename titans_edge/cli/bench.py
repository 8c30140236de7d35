"""titans-edge bench: what the memory costs, beside plain llama.cpp in the same run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from titans_edge import library
from titans_edge.cli import common
from titans_edge.documents import read_document


def bench(
    file: Annotated[Path, typer.Argument(help="A text to read, some thousand words.")],
    backbone: common.Backbone = library.DEFAULT,
    graft: common.GraftOption = None,
    tokens: Annotated[int, typer.Option(help="How much of the text to read.", min=256)] = 4000,
    start: Annotated[bool, typer.Option("--start/--no-start", help="Time whole `ask` commands too.")] = True,
    as_json: common.Json = False,
) -> None:
    """Reading, first token, decoding and start-up, the first time and later, as ratios to the plain backbone.

    Example: [bold]titans-edge bench book.txt[/bold]
    """
    from titans_edge.backbone.sampling import Sampling
    from titans_edge.evaluate import cost

    text = read_document(file)
    with common.open_chat(backbone, graft, None, sampling=Sampling(max_tokens=64)) as chat:
        figures, given = cost.measure(chat, text, tokens)
    if start:
        figures += cost.fresh(library.find_backbone(backbone), library.find_graft(graft, backbone))
    print(json.dumps(cost.as_json(figures, given)) if as_json else cost.table(figures, given))
