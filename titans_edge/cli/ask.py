"""titans-edge ask: one question, one answer."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from titans_edge import library
from titans_edge.cli import common


def ask(
    question: Annotated[str, typer.Argument(help="What to ask.")],
    backbone: common.Backbone = library.DEFAULT,
    graft: common.GraftOption = None,
    memory: common.Memory = "default",
    no_memory: common.NoMemory = False,
    recall: common.Recall = 4,
    rows: common.Rows = True,
    context: common.Context = 8192,
    gpu_layers: common.GpuLayers = None,
    max_tokens: Annotated[int, typer.Option(help="Longest reply.")] = 256,
    as_json: common.Json = False,
) -> None:
    """Ask one question; the memory is read, not written.

    --json prints one object: `answer`; `recalled`, the stored sentences it was given, as `memory list --json` has them;
    `rows`, `routes`, `confidence` and `relation`, what came from the neural memory and how; and the reply's figures.

    Example: [bold]titans-edge ask "Where is Mary?" --json[/bold]
    """
    from titans_edge.backbone.sampling import Sampling
    from titans_edge.session import Done, Notice, Remembered, Text

    out: dict[str, object] = {
        "question": question,
        "rows": 0,
        "confidence": 0.0,
        "relation": "",
        "recalled": [],
        "routes": [],
    }
    pieces: list[str] = []
    cited: list[str] = []
    with common.open_chat(
        backbone,
        graft,
        memory,
        no_memory=no_memory,
        context=context,
        gpu_layers=gpu_layers,
        write=False,
        sampling=Sampling(max_tokens=max_tokens),
        mode=common.mode(recall, rows),
        k=recall,
    ) as chat:
        for event in chat.turn(question, learn=False):
            if isinstance(event, Text):
                pieces.append(event.text)
                if not as_json:
                    print(event.text, end="", flush=True)
            elif isinstance(event, Remembered):
                known = {"rows": event.rows, "confidence": event.confidence, "relation": event.relation}
                out |= known | {"recalled": list(event.retrieved), "routes": list(event.routes)}
                cited = [common.cite(r) for r in event.retrieved]
            elif isinstance(event, Notice):
                print(f"! {event.text}", file=sys.stderr)
            elif isinstance(event, Done):
                figures = {"first_token_s": event.first_token, "tokens": event.tokens, "seconds": event.seconds}
                out |= figures | {"stop_reason": event.stop_reason, "prompt_tokens": event.prompt_tokens}
    print(json.dumps({**out, "answer": "".join(pieces)}) if as_json else "\n".join(["", *cited]))
