"""What several commands share: options, and opening backbone and memory. Heavy imports happen inside."""

from __future__ import annotations

import codecs
import re
import stat
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

import typer
from typing_extensions import Unpack

from titans_edge import library
from titans_edge.errors import DocumentError, UsageError

if TYPE_CHECKING:
    from titans_edge.backbone.sampling import Sampling
    from titans_edge.chat import Chat
    from titans_edge.routes import Mode
    from titans_edge.sidecar.client import MemoryClient

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
    int,
    typer.Option("--recall", min=0, max=20, help="Stored sentences a question is given as text, at most (0: none)."),
]
Rows = Annotated[bool, typer.Option("--rows/--no-rows", help="Answer from the neural memory where it is sure.")]
Guard = Annotated[bool, typer.Option("--guard/--no-guard", help="Doubt what less trusted sources say.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class ChatOptions(TypedDict, total=False):
    """What `Chat` takes besides backbone and memory."""

    context: int
    sampling: Sampling | None
    system: str | None
    mode: Mode
    k: int
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
        chat = stack.enter_context(Chat(engine.backbone, client, **options))
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


def since(text: str) -> float:
    """A moment in seconds since 1970: a date or time in ISO 8601, `today`, `yesterday`, or an age (`30m`, `2h`, `3d`,
    `2 weeks ago`). Raises UsageError for anything else, and for a moment before 1970 or after 9999.
    """
    try:
        moment = _moment(text.strip()).timestamp()
    except (ValueError, OverflowError, OSError):  # OSError: a moment Windows cannot place
        moment = -1.0
    if moment < 0:
        raise UsageError(f"{text!r} is no time since 1970.", "Write 2026-11-20, yesterday, or an age such as 2h or 3d.")
    return moment


_AGE = re.compile(r"(?:([0-9]+) ?|(an?|last) )(m|min|minute|h|hour|d|day|w|week)s?(?: ago)?")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def _moment(text: str) -> datetime:
    """Raises ValueError or OverflowError for what is no moment."""
    now, low = datetime.now(), text.lower()
    if low in ("today", "yesterday"):
        return now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=low == "yesterday")
    age = _AGE.fullmatch(low)
    if age:
        return now - timedelta(**{_UNITS[age[3][0]]: int(age[1] or 1)})
    return datetime.fromisoformat(re.sub("[zZ]$", "+00:00", text))


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


def cite(span: dict[str, Any]) -> str:
    """A stored span (`Entry.shown`) as people see it: [3] you, 12 Nov: "..." """
    day = datetime.fromtimestamp(span["time"])
    return f'[{span["id"]}] {printable(span["source"])}, {day.day} {day:%b}: "{printable(span["text"])}"'


def printable(text: str) -> str:
    """Text without control characters, which could write over what a terminal shows."""
    return "".join(" " if unicodedata.category(c) == "Cc" else c for c in text)


def read_document(path: Path) -> str:
    """A document's text, UTF-8 or what its byte order mark says. Raises DocumentError for what is no text."""
    raw = _document_bytes(path)
    encoding = next((name for mark, name in _ENCODINGS if raw.startswith(mark)), "utf-8")
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as e:
        raise DocumentError(
            f"{path} is not {encoding.upper()} text (byte {e.start}).", "Convert it to UTF-8 first."
        ) from e
    if "\0" in text:
        raise DocumentError(f"{path} is not text.", "Convert it to plain text first.")
    if not text.strip():
        raise DocumentError(f"{path} is empty.", "There is nothing to remember.")
    return text


MAX_DOCUMENT_BYTES = 256 * 2**20
_ENCODINGS = (  # the longer mark first: UTF-32's begins like UTF-16's
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def _document_bytes(path: Path) -> bytes:
    """The bytes of a regular file: a device or pipe might never end."""
    try:
        about = path.stat()
        if stat.S_ISDIR(about.st_mode):
            raise DocumentError(f"{path} is a directory.", "Name text files.")
        if not stat.S_ISREG(about.st_mode):
            raise DocumentError(f"{path} is no file but a device or pipe.", "Write the text to a file first.")
        if about.st_size > MAX_DOCUMENT_BYTES:
            raise DocumentError(f"{path} is larger than {MAX_DOCUMENT_BYTES >> 20} MB.", "Split it into smaller files.")
        return path.read_bytes()
    except (OSError, ValueError) as e:  # ValueError: a name with a zero byte
        reason = getattr(e, "strerror", None) or e
        raise DocumentError(f"{path} cannot be read ({reason}).", "Check the name and your rights to it.") from e
