"""Files that are read again whenever they have changed and been left alone for a while.

The events of the file system only wake it: what changed is found by looking, so that nothing is missed, and editors
that write beside a file and rename are no special case. The memory is held only while it is written.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from titans_edge.documents.files import File, Found, find, is_gone
from titans_edge.documents.formats import INSTALL
from titans_edge.documents.plain import MAX_DOCUMENT_BYTES
from titans_edge.documents.reading import OnProgress, Outcome, read_files
from titans_edge.errors import MemoryStateError, UsageError
from titans_edge.session import Session

QUIET = 2.0  # seconds a file was not touched before it is read: it may be written in parts
TICK = 0.5  # seconds between two looks at files that were named
AGAIN = 5.0  # seconds until a memory that is in use is tried again
Mark = tuple[int, ...]  # what tells one state of a file from another


@dataclass
class _Watched:
    """done: files as they were when they were read; new: others, and since when they have been as they are."""

    done: dict[Path, Mark] = field(default_factory=dict)
    new: dict[Path, tuple[Mark, float]] = field(default_factory=dict)

    def ready(self, files: Sequence[File], now: float) -> list[File]:
        """Those that changed and have been quiet since; and by `new`, those that are not yet."""
        marks = {f.path: _mark(f.path) for f in files}
        marks |= {path: () for path in self.done if path not in marks and is_gone(path)}
        changed = {path: mark for path, mark in marks.items() if self.done.get(path) != mark}
        before, self.new = self.new, {}
        for path, mark in changed.items():
            known = before.get(path)
            self.new[path] = known if known is not None and known[0] == mark else (mark, now)
        quiet = {path for path, (_, since) in self.new.items() if now - since >= QUIET}
        return [f for f in files if f.path in quiet] + [File(p, str(p)) for p in quiet if marks[p] == ()]

    def read(self, file: Path) -> None:
        self.done[file] = self.new.pop(file)[0]


def watch_files(
    names: Sequence[str | os.PathLike[str]],
    opened: Callable[[], AbstractContextManager[Session]],
    stop: threading.Event,
    *,
    limit: int = MAX_DOCUMENT_BYTES,
    prune: bool = False,
    on_progress: OnProgress = lambda file, done, of: None,
    on_trouble: Callable[[str], None] = lambda text: None,
) -> Iterator[Outcome]:
    """Read what is there, then what changes, until `stop` is set; see `read_files`.

    opened: opens a session on the memory, for as long as something is written; while that fails, `on_trouble` is told
    once, and it is tried again. Raises UsageError where nothing can be watched.
    """
    found, watched = find(names), _Watched()
    ticks = _ticks(found, stop)
    with opened() as session:
        for file in found.files:
            watched.new[file.path] = (_mark(file.path), 0.0)
        yield from read_files(session, found, limit=limit, prune=prune, on_progress=on_progress, stopped=stop.is_set)
    for file in found.files:
        watched.read(file.path)
    trouble, later, woken = "", 0.0, True  # it may have changed meanwhile
    for event in ticks:
        woken |= event
        if not (woken or watched.new or _touched(found, watched, names)) or time.monotonic() < later:
            continue
        woken = False
        found = find(names)
        ready = watched.ready(found.files, time.monotonic())
        if not ready:
            continue
        try:
            with opened() as session:
                yield from _read(session, found, ready, watched, limit, prune, on_progress, stop)
            trouble = ""
        except MemoryStateError as e:
            later = time.monotonic() + AGAIN
            if str(e) != trouble:
                trouble = str(e)
                on_trouble(trouble)


def _read(
    session: Session, found: Found, ready: Sequence[File], watched: _Watched, limit: int, prune: bool,
    on_progress: OnProgress, stop: threading.Event,
) -> Iterator[Outcome]:  # fmt: skip
    """Files that are ready, and of those that are gone, what becomes of their documents."""
    gone = [f.path for f in ready if watched.new[f.path][0] == ()]
    inside, outside = [p for p in gone if found.below(p)], [p for p in gone if not found.below(p)]
    there = [f for f in ready if f.path not in gone]
    for files, folders, forgets in ((there, inside, prune), ([], outside, False)):
        now = Found(list(files), folders)
        yield from read_files(session, now, limit=limit, prune=forgets, on_progress=on_progress, stopped=stop.is_set)
    if not stop.is_set():
        for file in ready:
            watched.read(file.path)


def _touched(found: Found, watched: _Watched, names: Sequence[str | os.PathLike[str]]) -> bool:
    """Whether a file outside the folders is not as it was when it was read, or is a new match of a pattern."""
    others = [n for n in names if not os.path.isdir(n)]
    files = find(others).files if others else []
    return any(watched.done.get(f.path) != _mark(f.path) for f in files)


def _ticks(found: Found, stop: threading.Event) -> Iterator[bool]:
    """Now and then, until `stop`: whether something happened in the folders."""
    if not found.folders:
        return _clock(stop)
    try:
        from watchfiles import watch
    except ImportError as e:
        raise UsageError("--watch takes watchfiles, which is not installed.", INSTALL) from e
    events = watch(
        *found.folders, watch_filter=None, debounce=200, step=50, stop_event=stop, rust_timeout=int(1000 * TICK),
        yield_on_timeout=True, raise_interrupt=False, ignore_permission_denied=True,
    )  # fmt: skip
    return map(bool, events)


def _clock(stop: threading.Event) -> Iterator[bool]:
    while not stop.wait(TICK):
        yield False


def _mark(path: Path) -> Mark:
    """A file's state; () where there is none."""
    try:
        about = path.stat()
    except (OSError, ValueError):
        return ()
    return about.st_mtime_ns, about.st_ctime_ns, about.st_size, about.st_ino
