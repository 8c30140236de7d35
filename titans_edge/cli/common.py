"""What several commands share: options, and opening backbone and memory. Heavy imports happen inside."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypedDict

import typer
from typing_extensions import Unpack

from titans_edge import library
from titans_edge.errors import MemoryStateError, UsageError

if TYPE_CHECKING:
    from titans_edge.backbone.sampling import Sampling
    from titans_edge.chat import Chat
    from titans_edge.engine import Engine
    from titans_edge.routes import Mode
    from titans_edge.sidecar.client import MemoryClient


def memories(begun: str = "") -> list[str]:
    """Names of the memories there are that begin so."""
    try:
        return sorted(p.stem for p in library.memories_dir().glob("*.memory") if p.stem.startswith(begun))
    except OSError:
        return []


def backbones(begun: str = "") -> list[str]:
    """Names of the catalogue that begin so."""
    return [name for name in library.catalogue() if name.startswith(begun)]


Backbone = Annotated[
    str,
    typer.Option(
        "--backbone", "-b", autocompletion=backbones, help="A name from `titans-edge models`, or a .gguf file."
    ),
]


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
Memory = Annotated[str, typer.Option("--memory", "-m", autocompletion=memories, help="Name of the memory to use.")]
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
Stop = Annotated[
    list[str] | None,
    typer.Option("--stop", help="A text that ends the reply, and is not shown. May be repeated."),
]
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

    A memory whose text another graft read last is read anew first. `Chat.switch` opens another backbone in its place.
    """
    from titans_edge.chat import Chat
    from titans_edge.engine import Engine

    if memory is not None:
        library.memory_path(memory)  # a bad name is an error before anything is loaded

    def opened(name: str, graft: str | None) -> Engine:
        return Engine(name, graft, with_memory=not no_memory, gpu_layers=gpu_layers, on_progress=show_progress)

    def remembering(engine: Engine, guard: bool) -> MemoryClient | None:
        if no_memory:
            return None
        return engine.memory(memory or "unkept", kept=memory is not None, write=write, guard=guard)

    with ExitStack() as stack:
        engine = stack.enter_context(opened(backbone, graft))
        client = remembering(engine, guard)
        if client is not None and not write and client.info.get("stale"):
            client.close()
            _read_anew(engine, memory or "unkept", guard)
            client = remembering(engine, guard)
        if client is not None:
            stack.callback(client.close)
            show_notices(client)
        heads = library.heads_dir() if client is not None else None
        chat = stack.enter_context(Chat(engine.backbone, client, heads=heads, **options))
        if write:
            _catch_up(chat)
        elif client is not None and client.info.get("stale"):
            print("! Sentences of this memory are still to be read, and another program holds it.", file=sys.stderr)
        if memory is not None and write:
            chat.switch = _Switch(chat, engine, stack, opened, remembering)
        yield chat


def _read_anew(engine: Engine, memory: str, guard: bool) -> None:
    """What was imported, or another graft read last, is read; not while another program writes to the memory."""
    from titans_edge.chat import Chat

    try:
        client = engine.memory(memory, guard=guard)
    except MemoryStateError:
        return
    with closing(client), Chat(engine.backbone, client) as chat:
        _catch_up(chat)


class _Switch:
    """Opens another backbone in the place of a chat's; where that fails, the chat goes on with its own."""

    def __init__(
        self,
        chat: Chat,
        engine: Engine,
        stack: ExitStack,
        opened: Callable[[str, str | None], Engine],
        remembering: Callable[[Engine, bool], MemoryClient | None],
    ) -> None:
        self._chat, self._engine, self._opened, self._remembering = chat, engine, opened, remembering
        self._stack = stack

    def __call__(self, name: str) -> None:
        """Raises what stands against it, and then nothing is changed."""
        engine = self._opened(name, None)  # the graft that is shipped for it
        with ExitStack() as failed:
            failed.callback(engine.close)
            try:
                self._move(engine)
                _catch_up(self._chat)
            except BaseException:
                self._move(self._engine)
                _catch_up(self._chat)
                raise
            failed.pop_all()
        self._stack.callback(engine.close)
        self._engine.close()
        self._engine = engine

    def _move(self, engine: Engine) -> None:
        """The memory's file has one writer: it is closed there before it is opened here."""
        chat, guard = self._chat, True
        if chat.client is not None:
            guard = chat.client.guard
            chat.client.close()
        client = self._remembering(engine, guard)
        if client is not None:
            self._stack.callback(client.close)
            show_notices(client)
        try:
            chat.move(engine.backbone, client)
        except BaseException:
            if client is not None:
                client.close()
            raise


def _catch_up(chat: Chat) -> None:
    chat.session.catch_up(lambda done, of: show_progress(done, of, "reading the memory's text anew"))


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


def restored(spans: int | None) -> str:
    """What an undo brought back, as `MemoryClient.restored` has it: a sentence after a blank, or nothing."""
    if spans is None:
        return ""
    if not spans:
        return " The version it had replaced is not kept any more; `titans-edge read` that file again."
    return f" The version it had replaced is there again ({spans} sentence{'s' * (spans != 1)})."


def telling(spans: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of the spans an answer was given, those that likely hold it: none far less likely than the best."""
    best = max((s.get("match", 0.0) for s in spans), default=0.0)
    return [s for s in spans if s.get("match", best) >= CITED * best]


def printable(text: str) -> str:
    """Text without control characters, which could write over what a terminal shows."""
    return "".join(" " if unicodedata.category(c) == "Cc" else c for c in text)
