"""What several commands share: options, and opening backbone and memory. Heavy imports happen inside."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

import typer
from typing_extensions import Unpack

from titans_edge import library
from titans_edge.errors import DocumentError, UsageError

if TYPE_CHECKING:
    from titans_edge.backbone.sampling import Sampling
    from titans_edge.runtime import Chat

Backbone = Annotated[str, typer.Option("--backbone", "-b", help="A name from `titans-edge models`, or a .gguf file.")]
GraftOption = Annotated[
    str | None, typer.Option("--graft", "-g", help="A graft file; default: the one shipped for the backbone.")
]
Memory = Annotated[str, typer.Option("--memory", "-m", help="Name of the memory to use.")]
NoMemory = Annotated[bool, typer.Option("--no-memory", help="The plain backbone.")]
Context = Annotated[int, typer.Option("--context", min=128, help="Positions of the backbone's context.")]
GpuLayers = Annotated[
    int | None, typer.Option("--gpu-layers", help="Layers on the GPU; default: all if this build has one.")
]
Recall = Annotated[
    int, typer.Option("--recall", min=0, max=20, help="Give up to so many stored sentences as text; cite them.")
]
Rows = Annotated[bool, typer.Option("--rows/--no-rows", help="Give the memory's own embedding rows.")]
Guard = Annotated[bool, typer.Option("--guard/--no-guard", help="Doubt what less trusted sources say.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class ChatOptions(TypedDict, total=False):
    """What `Chat` takes besides backbone and memory."""

    context: int
    sampling: Sampling | None
    system: str | None
    recall: int
    rows: bool
    learn_replies: bool


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
    """A chat on a backbone and a saved memory (memory None: one that is not kept). Closed in order at the end."""
    from titans_edge.backbone.model import Backbone as Model
    from titans_edge.runtime import Chat
    from titans_edge.sidecar.client import MemoryClient

    path = library.find_backbone(backbone)
    kept = str(library.memory_path(memory)) if memory is not None else None
    client = None
    with Model(path, gpu_layers=gpu_layers) as model:
        try:
            if not no_memory:
                found = str(library.find_graft(graft, backbone))
                client = MemoryClient(str(path), found, kept, guard=guard, write=write)
                for notice in client.info["notices"]:
                    print(f"! {notice}", file=sys.stderr)
            yield Chat(model, client, **options)
        finally:
            if client is not None:
                client.close()


def since(text: str) -> float:
    """A moment in seconds since 1970: a date or time in ISO 8601, `today`, `yesterday`, or an age (`30m`, `2h`,
    `3d`).
    """
    now = datetime.now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    units = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
    if text in ("today", "yesterday"):
        return (midnight - timedelta(days=text == "yesterday")).timestamp()
    if text[:-1].isdigit() and text[-1] in units:
        return (now - timedelta(**{units[text[-1]]: int(text[:-1])})).timestamp()
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError as e:
        raise UsageError(f"{text!r} is no time.", "Write 2026-11-20, yesterday, or an age such as 2h or 3d.") from e


def source_named(label: str) -> str:
    """A source as the user names it, as it is cited: `you`, `pasted`, `notes.txt`, `document:you`; "": any."""
    if label and not label.strip():
        raise UsageError("The source is empty.", "Write you, pasted, or a document's name as it is listed.")
    return label.strip()


def cite(span: dict[str, Any]) -> str:
    """A stored span (`Entry.shown`) as people see it: [3] you, 12 Nov: "..." """
    day = datetime.fromtimestamp(span["time"])
    return f'[{span["id"]}] {printable(span["source"])}, {day.day} {day:%b}: "{printable(span["text"])}"'


def printable(text: str) -> str:
    """Text without control characters, which could write over what a terminal shows."""
    return "".join(" " if unicodedata.category(c) == "Cc" else c for c in text)


def read_document(path: Path) -> str:
    """A document's text. Raises DocumentError for what is no text."""
    if path.is_dir():
        raise DocumentError(f"{path} is a directory.", "Name text files.")
    try:
        raw = path.read_bytes()
    except OSError as e:
        raise DocumentError(f"{path} cannot be read ({e.strerror}).", "Check the name.") from e
    if b"\0" in raw[:65536]:
        raise DocumentError(f"{path} is not text.", "Convert it to plain text first.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        raise DocumentError(f"{path} is not UTF-8 text (byte {e.start}).", "Convert it to UTF-8 first.") from e
    if not text.strip():
        raise DocumentError(f"{path} is empty.", "There is nothing to remember.")
    return text
