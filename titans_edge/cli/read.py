"""titans-edge read: documents into memory, and kept as their files are."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from titans_edge import library
from titans_edge.cli import common
from titans_edge.errors import UsageError

if TYPE_CHECKING:
    from rich.progress import Progress

    from titans_edge.documents.files import File, Found
    from titans_edge.documents.reading import Outcome
    from titans_edge.journal.documents import Document

SHOWN = 5  # quarantined sentences printed for each file
PATIENCE = 2.0  # seconds before there is a bar
FAILED = 9  # exit code
SAID = {"new": "", "changed": "changed, ", "stopped": "stopped after "}


def read(
    files: Annotated[list[str], typer.Argument(help="Files, folders, or patterns such as 'notes/**/*.md'.")],
    backbone: common.Backbone = library.DEFAULT,
    graft: common.GraftOption = None,
    memory: common.Memory = "default",
    prune: Annotated[bool, typer.Option("--prune", help="Forget documents of these folders that are deleted.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Go on reading what changes, until Ctrl-C.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    max_mb: Annotated[float, typer.Option(min=0.001, max=4096, help="Largest file, and text in one, in MB.")] = 256,
    guard: common.Guard = True,
    gpu_layers: common.GpuLayers = None,
    as_json: common.Json = False,
) -> None:
    """Read documents into memory: text, Markdown, HTML, PDF, DOCX. A changed one takes the place of its old version, an
    unchanged one costs nothing, and one that fails does not keep the others from being read.

    \b
    Example:
      titans-edge read notes.txt diary.txt --memory work
    """
    from titans_edge.documents.files import find
    from titans_edge.documents.reading import needs_memory, planned, read_files

    if watch and dry_run:
        raise UsageError("--watch reads, and --dry-run does not.", "Leave one of them out.")
    found, limit = find(files), int(max_mb * 2**20)
    known, names = _known(memory)
    show = Shown(memory, as_json, dry_run)
    if watch:
        _watch(files, memory, show, limit, prune, backbone=backbone, graft=graft, guard=guard, gpu_layers=gpu_layers)
        return
    if dry_run or not needs_memory(known, names, found, limit, prune=prune):
        for outcome in planned(known, names, found, limit):
            show.outcome(outcome)
    else:
        with (
            common.open_chat(backbone, graft, memory, gpu_layers=gpu_layers, guard=guard, context=512) as chat,
            interrupts() as stop,
            show,
        ):
            for outcome in read_files(
                chat.session, found, limit=limit, prune=prune, on_progress=show.progress, stopped=stop.is_set
            ):
                show.outcome(outcome)
            assert chat.client is not None
            common.show_notices(chat.client)
        if stop.is_set():
            show.summary(found)
            print("titans-edge: Stopped. The same command goes on where it was.", file=sys.stderr)
            raise typer.Exit(130)
    show.summary(found)
    if show.count["failed"]:
        raise typer.Exit(FAILED)


class Shown:
    """Prints outcomes: results to stdout, what went wrong to stderr; a bar at a terminal once it takes long."""

    def __init__(self, memory: str, as_json: bool, planned: bool) -> None:
        self._memory, self._json, self._planned = memory, as_json, planned
        self.count = Counter[str]()
        self._began = time.monotonic()
        self._bar: Progress | None = None

    def __enter__(self) -> Shown:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def progress(self, file: File, done: int, of: int) -> None:
        if not sys.stderr.isatty() or time.monotonic() - self._began < PATIENCE:
            return
        if self._bar is None:
            self._bar = _bar()
            self._bar.start()
            self._task = self._bar.add_task(common.printable(file.path.name), total=of)
        self._bar.update(self._task, completed=done, total=of)

    def outcome(self, o: Outcome) -> None:
        """One line a file; of unchanged ones in folders there may be too many."""
        self._end()
        self.count[o.status] += 1
        if self._json:
            print(json.dumps(_fields(o)), flush=True)
        elif o.status == "failed":
            print(_plain(f"titans-edge: {' '.join(o.notes)}"), file=sys.stderr)
        elif o.status != "unchanged":
            print(_plain(f"{o.shown}: {self._said(o)}"), flush=True)
        for note in o.notes if o.status in SAID else ():
            print(_plain(f"! {note}"), file=sys.stderr)
        for v in o.held[:SHOWN]:
            print(_plain(f"! quarantined #{v['id']} ({v['reason']}): {v['text']}"), file=sys.stderr)
        if len(o.held) > SHOWN:
            more = f"! and {len(o.held) - SHOWN} more: titans-edge memory list {self._memory} --quarantine"
            print(more, file=sys.stderr)

    def _said(self, o: Outcome) -> str:
        if o.status == "moved":
            return f"was {o.notes[0]}, and is the same"
        if o.status in ("gone", "forgotten"):
            return "deleted" + (
                f", {o.sentences} sentences forgotten" if o.status == "forgotten" else "; --prune forgets it"
            )
        if self._planned:
            return f"{o.status}, would be read"
        speed = o.tokens / max(o.seconds, 1e-9)
        return f"{SAID[o.status]}{o.sentences} sentences, {o.tokens} tokens, {speed:.0f} tokens/s"

    def summary(self, found: Found) -> None:
        """Where there was more than one file to speak of."""
        passed = [f"{n} {what}" for what, n in sorted(found.skipped.items()) if n]
        several = sum(self.count.values()) - self.count["failed"] > 1
        if self._json or not (several or passed or self.count["unchanged"] or not self.count):
            return
        counts = [f"{n} {status}" for status, n in self.count.items()]
        print(f"{', '.join(counts) or 'no documents'}{'; passed over: ' if passed else ''}{', '.join(passed)}")

    def _end(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def _bar() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False)


def _fields(o: Outcome) -> dict[str, object]:
    """An outcome as JSON."""
    return {
        "file": _plain(o.shown),
        "status": o.status,
        "path": _plain(str(o.path)),
        "name": o.name,
        "tokens": o.tokens,
        "spans": o.sentences,
        "seconds": o.seconds,
        "tokens_per_s": o.tokens / o.seconds if o.seconds else 0.0,
        "quarantined": len(o.held),
        "notes": [_plain(note) for note in o.notes],
    }


def _plain(text: str) -> str:
    """Text that can be printed, whatever a file is called."""
    return common.printable(text.encode("utf-8", "replace").decode())


def _known(memory: str) -> tuple[list[Document], set[str]]:
    """The documents of a memory that may not be there yet, without its process."""
    from titans_edge.errors import MemoryStateError
    from titans_edge.journal import Journal, documents
    from titans_edge.journal.legacy import is_legacy

    path = library.memory_path(memory)
    if not path.exists() or not path.stat().st_size or is_legacy(path):
        return [], set()
    try:
        with Journal(path, write=False, check=False) as journal:
            return documents.documents(journal.db), documents.names(journal.db)
    except MemoryStateError:  # is said where the memory is opened
        return [], set()


def _watch(names: list[str], memory: str, show: Shown, limit: int, prune: bool, *, guard: bool, **of: Any) -> None:
    """Until Ctrl-C. The memory is opened when there is something to write, so that a chat may have it between."""
    from titans_edge.documents.files import Found
    from titans_edge.documents.watching import watch_files
    from titans_edge.engine import Engine
    from titans_edge.session import Session

    began = time.monotonic()
    with Engine(**of, on_progress=common.show_progress) as engine, interrupts() as stop, show:

        @contextmanager
        def opened() -> Iterator[Session]:
            with engine.memory(memory, guard=guard) as client, engine.session(client, context=512) as session:
                session.catch_up()
                common.show_notices(client)
                yield session
                common.show_notices(client)

        print("Watching; Ctrl-C ends it.", file=sys.stderr)
        for outcome in watch_files(
            names, opened, stop, limit=limit, prune=prune, on_progress=show.progress, on_trouble=_trouble
        ):
            show.outcome(outcome)
    show.summary(Found())
    print(f"Watched for {(time.monotonic() - began) / 60:.1f} min.", file=sys.stderr)


def _trouble(text: str) -> None:
    print(_plain(f"! {text} It is tried again."), file=sys.stderr)


@contextmanager
def interrupts() -> Iterator[threading.Event]:
    """Ctrl-C asks to stop between two groups of sentences; the second one ends at once."""
    stop = threading.Event()

    def press(number: int, _: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = signal.signal(signal.SIGINT, press)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
