"""titans-edge ask: one question, one answer."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from titans_edge import library
from titans_edge.cli import common
from titans_edge.documents import decode, read_document
from titans_edge.errors import DocumentError, UsageError

MAX_INPUT = 4 * 2**20  # bytes of standard input: far more than a context takes


def ask(
    question: Annotated[str | None, typer.Argument(help="What to ask; -: what comes from standard input.")] = None,
    prompt: Annotated[
        str | None, typer.Option("--prompt", "-p", help="The question, or what stands before the rest of it.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="A text file that is asked, or asked about.")
    ] = None,
    backbone: common.Backbone = library.DEFAULT,
    graft: common.GraftOption = None,
    memory: common.Memory = "default",
    no_memory: common.NoMemory = False,
    recall: common.Recall = 4,
    rows: common.Rows = True,
    route: common.Route = "text",
    context: common.Context = 8192,
    gpu_layers: common.GpuLayers = None,
    temperature: common.Temperature = 0.0,
    top_p: common.TopP = 1.0,
    top_k: common.TopK = 0,
    min_p: common.MinP = 0.0,
    repeat_penalty: common.RepeatPenalty = 1.1,
    seed: common.Seed = None,
    max_tokens: common.MaxTokens = 512,
    stop: common.Stop = None,
    json_schema: Annotated[
        str | None, typer.Option(help="A JSON schema, or a file with one: the answer is JSON that fits it.")
    ] = None,
    grammar: Annotated[Path | None, typer.Option(help="A file in llama.cpp's GBNF that the answer fits.")] = None,
    system: common.System = None,
    as_json: common.Json = False,
) -> None:
    """Ask one question; the memory is read, not written. --prompt, --file and the question make one text in this order.

    With --json-schema or --grammar the answer is the model's own words only, in that form: sentences are recalled, and
    nothing is said in its place.

    --json prints one object: `answer`; `recalled`, the stored sentences it was given, as `memory list --json` has them;
    `rows`, `routes`, `confidence` and `relation`, what came from the neural memory and how; and the reply's figures.

    \b
    Examples:
      titans-edge ask "Where is Mary?" --json
      git log -5 | titans-edge ask -p "What was changed?" -
      titans-edge ask "Who is Mary?" --json-schema '{"type": "object", "properties": {"who": {"type": "string"}}}'
    """
    asked = _asked(prompt, file, question)
    from titans_edge.backbone.sampling import Sampling
    from titans_edge.events import Done, Notice, Remembered, Text

    fits, stops = _fitting(json_schema, grammar), tuple(stop or ())
    sampling = Sampling(temperature, top_p, top_k, min_p, repeat_penalty, seed, max_tokens, stops, fits)
    out: dict[str, object] = {
        "question": asked,
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
        sampling=sampling,
        system=system,
        mode=common.mode(recall, rows),
        k=recall,
        route=route,
    ) as chat:
        for event in chat.turn(asked, learn=False):
            if isinstance(event, Text):
                pieces.append(event.text)
                if not as_json:
                    print(event.text, end="", flush=True)
            elif isinstance(event, Remembered):
                known = {"rows": event.rows, "confidence": event.confidence, "relation": event.relation}
                out |= known | {"recalled": list(event.retrieved), "routes": list(event.routes)}
                cited = [common.cite(r) for r in common.telling(event.retrieved)]
            elif isinstance(event, Notice):
                print(f"! {event.text}", file=sys.stderr)
            elif isinstance(event, Done):
                figures = {"first_token_s": event.first_token, "tokens": event.tokens, "seconds": event.seconds}
                out |= figures | {"stop_reason": event.stop_reason, "prompt_tokens": event.prompt_tokens}
    print(json.dumps({**out, "answer": "".join(pieces)}) if as_json else "\n".join(["", *cited]))


def _asked(prompt: str | None, file: Path | None, question: str | None) -> str:
    """The parts that were given, as one text. Raises UsageError where there is none, DocumentError for no text."""
    parts = [] if prompt is None else [prompt]
    parts += [] if file is None else [read_document(file)]
    parts += [] if question is None else [_input() if question == "-" else question]
    if not parts:
        raise UsageError("There is no question.", "Give one, `-` for standard input, -p TEXT or -f FILE.")
    text = "\n\n".join(p.strip() for p in parts if p.strip())
    if not text:
        raise UsageError("The question is empty.", "Type one.")
    return text


def _fitting(schema: str | None, grammar: Path | None) -> str:
    """The grammar that the answer has to fit; "": none."""
    from titans_edge.backbone.grammar import of_json, tried

    if schema is not None and grammar is not None:
        raise UsageError("There is a schema and a grammar.", "Give one of them.")
    if grammar is not None:
        return tried(read_document(grammar))
    if schema is None:
        return ""
    return of_json(schema if schema.lstrip().startswith("{") else read_document(Path(schema)))


def _input() -> str:
    raw = sys.stdin.buffer.read(MAX_INPUT + 1)
    if len(raw) > MAX_INPUT:
        hint = "Write it to a file, and read that into memory: `titans-edge read FILE`."
        raise DocumentError(f"Standard input has more than {MAX_INPUT >> 20} MB.", hint)
    return decode(raw, "Standard input")
