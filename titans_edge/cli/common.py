"""What several commands share: options, and opening backbone and memory. Heavy imports happen inside."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypedDict

import typer
from typing_extensions import Unpack

from titans_edge import library
from titans_edge.errors import UsageError

if TYPE_CHECKING:
    from titans_edge.backbone.sampling import Sampling
    from titans_edge.chat import Chat
    from titans_edge.routes import Mode
    from titans_edge.sidecar.client import MemoryClient

Backbone = Annotated[str, typer.Option("--backbone", "-b", help="A name from `titans-edge models`, or a .gguf file.")]


def _of_the_backbone(ctx: typer.Context, value: str | None) -> str | None:
    """A graft of the settings belongs to the backbone of the settings, not to one that a flag names."""
    came = [ctx.get_parameter_source(name) for name in ("graft", "backbone")]
    return None if [c.name for c in came if c is not None] == ["DEFAULT_MAP", "COMMANDLINE"] else value


GraftOption = Annotated[
    str | None,
    typer.Option(
        "--graft", "-g", callback=_of_the_backbone, help="A graft file; default: the one shipped for the backbone."
    ),
]
Memory = Annotated[str, typer.Option("--memory", "-m", help="Name of the memory to use.")]
NoMemory = Annotated[bool, typer.Option("--no-memory", help="The plain backbone.")]
Context = Annotated[int, typer.Option("--context", min=128, help="Positions of the backbone's context.")]
GpuLayers = Annotated[
    int | None, typer.Option("--gpu-layers", help="Layers on the GPU; default: all if this build has one.")
]
Recall = Annotated[
    int,
    typer.Option("--recall", min=0, max=20, help="Stored sentences a question is given as text, at most (0: none)."),
]
Rows = Annotated[bool, typer.Option("--rows/--no-rows", help="Answer from the neural memory where it is sure.")]
Route = Annotated[
    Literal["text", "kv"],
    typer.Option("--route", help="kv: keys and values of recalled sentences are kept, and not computed in every turn."),
]
Guard = Annotated[bool, typer.Option("--guard/--no-guard", help="Doubt what less trusted sources say.")]
Temperature = Annotated[float, typer.Option("--temperature", help="0 takes the likeliest token.")]
TopP = Annotated[float, typer.Option("--top-p", help="Nucleus sampling; 1: off.")]
TopK = Annotated[int, typer.Option("--top-k", help="0: off.")]
MinP = Annotated[float, typer.Option("--min-p", help="0: off.")]
RepeatPenalty = Annotated[float, typer.Option("--repeat-penalty", help="1: off.")]
Seed = Annotated[int | None, typer.Option("--seed", help="Seed of sampling; default: another one each time.")]
MaxTokens = Annotated[int, typer.Option("--max-tokens", help="Longest reply.")]
System = Annotated[
    str | None, typer.Option("--system", help="System prompt; default: one that knows of the memory; '': the model's.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class ChatOptions(TypedDict, total=False):
    """What `Chat` takes besides backbone and memory."""

    context: int
    sampling: Sampling | None
    system: str | None
    mode: Mode
    k: int
    learn_replies: bool
    route: str


@contextmanager
def open_chat(
    backbone: str,
    graft: str | None,
    memory: str | None,
    *,
    no_memory: bool = False,
    gpu_layers: int | None = None,
    guard: bool = True,
    write: bool = True,
    **options: Unpack[ChatOptions],
) -> Iterator[Chat]:
    """A chat on a backbone and a saved memory (memory None: one that is not kept). Closed in order at the end.

    A memory whose text another graft read last is read anew first.
    """
    from titans_edge.chat import Chat
    from titans_edge.engine import Engine

    if memory is not None:
        library.memory_path(memory)  # a bad name is an error before anything is loaded
    with (
        Engine(backbone, graft, with_memory=not no_memory, gpu_layers=gpu_layers, on_progress=show_progress) as engine,
        ExitStack() as stack,
    ):
        client = None
        if not no_memory:
            client = stack.enter_context(
                engine.memory(memory or "unkept", kept=memory is not None, write=write, guard=guard)
            )
            show_notices(client)
        heads = library.heads_dir() if memory is not None else None
        chat = stack.enter_context(Chat(engine.backbone, client, heads=heads, **options))
        if write:
            chat.session.catch_up(lambda done, of: show_progress(done, of, "reading the memory's text anew"))
        elif client is not None and client.info.get("stale"):
            print(
                "! The memory was read by another graft: only its text answers until a chat opens it.", file=sys.stderr
            )
        yield chat


def show_progress(done: int, of: int, what: str) -> None:
    """One line that changes, at a terminal; nothing in a pipe."""
    if sys.stderr.isatty():
        print(f"\r{what}: {done} of {of}", end="\n" if done >= of else "", file=sys.stderr, flush=True)


def show_notices(client: MemoryClient) -> None:
    """What the memory wants its user to know."""
    for notice in client.notices():
        print(f"! {notice}", file=sys.stderr)


def mode(recall: int, rows: bool) -> Mode:
    """What a turn takes from the memory, as --recall and --rows say."""
    from titans_edge.routes import Mode

    if recall and rows:
        return Mode.AUTO
    return Mode.TEXT if recall else Mode.ASSOCIATION if rows else Mode.OFF


def source_named(label: str) -> str:
    """A source as the user names it, as it is cited: `you`, `pasted`, `notes.txt`, `document:you`; "": any."""
    if label and not label.strip():
        raise UsageError("The source is empty.", "Write you, pasted, or a document's name as it is listed.")
    return label.strip()


CITED = 0.2  # of the best one's likelihood: what an answer's note cites; /why shows all


def cite(span: dict[str, Any]) -> str:
    """A stored span (`Entry.shown`) as people see it: [3] you, 12 Nov: "..." """
    day = datetime.fromtimestamp(span["time"])
    return f'[{span["id"]}] {printable(span["source"])}, {day.day} {day:%b}: "{printable(span["text"])}"'


def telling(spans: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of the spans an answer was given, those that likely hold it: none far less likely than the best."""
    best = max((s.get("match", 0.0) for s in spans), default=0.0)
    return [s for s in spans if s.get("match", best) >= CITED * best]


def printable(text: str) -> str:
    """Text without control characters, which could write over what a terminal shows."""
    return "".join(" " if unicodedata.category(c) == "Cc" else c for c in text)
