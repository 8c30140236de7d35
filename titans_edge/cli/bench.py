"""titans-edge bench: what the memory costs, beside plain llama.cpp in the same run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from titans_edge import library
from titans_edge.cli import common


def bench(
    file: Annotated[Path, typer.Argument(help="A text to read, some thousand words.")],
    backbone: common.Backbone = library.DEFAULT,
    graft: common.GraftOption = None,
    tokens: Annotated[int, typer.Option(help="How much of the text to read.", min=256)] = 4000,
    as_json: common.Json = False,
) -> None:
    """Reading speed, first token and decoding with memory, as ratios to the plain backbone.

    Example: [bold]titans-edge bench book.txt[/bold]
    """
    from titans_edge.backbone.sampling import Sampling
    from titans_edge.evaluate.cost import measure

    text = common.read_document(file)
    with common.open_chat(backbone, graft, None, sampling=Sampling(max_tokens=64)) as chat:
        figures = measure(chat, text, tokens)
    if as_json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:<42}{value:>10.2f}")
