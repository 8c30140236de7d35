"""Files into a memory: what is new is read, what changed takes the place of its old version, the rest costs nothing.

A document is noted, read group by group, then noted as complete in one transaction with the end of its old version: at
any moment the old one is whole, or the new one, and what was begun is gone on with. An undo of the reading brings the
old one back (`journal.replaced`). Knows sessions; no terminals.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from titans_edge.documents.files import File, Found
from titans_edge.documents.plain import MAX_DOCUMENT_BYTES, NO_TEXT
from titans_edge.documents.shelf import Shelf, Status, Step
from titans_edge.errors import UsageError
from titans_edge.journal.documents import Document
from titans_edge.session import Session
from titans_edge.sidecar.client import MemoryClient
from titans_edge.sources import Source

OnProgress = Callable[[File, int, int], None]  # tokens done, of how many


@dataclass(frozen=True)
class Outcome:
    """What became of one file. shown: its name as the user gave it; name: its source's in the memory.

    status: `new` and `changed` were read, `moved` is known under another path, `failed` says why in `notes`, `gone` has
    no file any more, `forgotten` neither, `stopped` is gone on with the next time. sentences, tokens: that were read
    now; held: rulings on those that were held back.
    """

    path: Path
    shown: str
    status: Status
    name: str = ""
    sentences: int = 0
    tokens: int = 0
    seconds: float = 0.0
    held: tuple[dict[str, Any], ...] = ()
    notes: tuple[str, ...] = ()


def read_files(
    session: Session,
    found: Found,
    *,
    limit: int = MAX_DOCUMENT_BYTES,
    prune: bool = False,
    on_progress: OnProgress = lambda file, done, of: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Outcome]:
    """Bring a session's memory to what the files of `find` say now; yields what became of each, durable when it does.

    limit: bytes of a file; prune: documents below the named folders whose files are gone are forgotten; stopped: asked
    after each group. A document that cannot be read is an outcome; raises MemoryStateError or SidecarError where the
    memory cannot be written: what was begun is gone on with the next time.
    """
    memory = session.memory
    if memory is None:
        raise UsageError("There is no memory to write to.", "Leave out --no-memory.")
    shelf = Shelf(*memory.documents(), found)
    for name, why in found.problems:
        yield Outcome(Path(name), name, "failed", notes=(f"{name} {why}",))
    for file in found.files:
        if stopped():
            return
        step = shelf.step(file, limit)
        if _passed_over(step, found):
            continue
        outcome = _done(session, memory, step, on_progress, stopped)
        yield outcome
        if outcome.status == "stopped":
            return
        shelf.settled(step)
    for path, documents in shelf.gone(found):
        yield _gone(memory, path, documents, prune)


def planned(documents: list[Document], names: set[str], found: Found, limit: int) -> Iterator[Outcome]:
    """What `read_files` would do; nothing is changed."""
    shelf = Shelf(documents, names, found)
    for name, why in found.problems:
        yield Outcome(Path(name), name, "failed", notes=(f"{name} {why}",))
    for file in found.files:
        step = shelf.step(file, limit)
        if not _passed_over(step, found):
            shelf.settled(step)
            yield _outcome(step)
    for path, gone in shelf.gone(found):
        yield Outcome(path, str(path), "gone", gone[-1].name)


def needs_memory(documents: list[Document], names: set[str], found: Found, limit: int, *, prune: bool = False) -> bool:
    """Whether there is anything to do but to say what failed; stops looking at the first file that is new."""
    shelf = Shelf(documents, names, found)
    steps = (shelf.step(file, limit) for file in found.files)
    return any(s.document is not None and (s.status != "unchanged" or s.replaced) for s in steps) or (
        prune and bool(shelf.gone(found))
    )


def _passed_over(step: Step, found: Found) -> bool:
    """Whether it is something in a folder that only its end shows to be no text; it is counted."""
    binary = (
        step.status == "failed" and not step.file.named and step.notes[0].startswith(f"{step.file.shown} {NO_TEXT}")
    )
    found.skipped["binary"] += binary
    return binary


def _outcome(step: Step) -> Outcome:
    name = step.document.name if step.document is not None else ""
    return Outcome(step.file.path, step.file.shown, step.status, name, notes=step.notes)


def _done(
    session: Session, memory: MemoryClient, step: Step, on_progress: OnProgress, stopped: Callable[[], bool]
) -> Outcome:
    out, document = _outcome(step), step.document
    if document is None:
        return out
    if not step.text:
        if step.status == "moved" or step.replaced:
            memory.note(document, step.replaced)
        return out
    began = time.perf_counter()
    if not document.parts:
        memory.note(document)
    of, tokens, spans, ended = len(session.backbone.vocab.encode(step.text)), 0, 0, True
    source = Source("document", document.name)
    for n, t in session.learn(step.text, source, operation=document.operation, part=document.parts):
        tokens, spans = tokens + t, spans + n
        on_progress(step.file, tokens, max(of, tokens))
        if stopped():
            ended = False
            break
    held = tuple(r for r in memory.wait() if r["decision"] == "quarantined")
    if ended:
        memory.note(replace(document, complete=True), step.replaced)
    out = replace(out, sentences=spans, tokens=tokens, seconds=time.perf_counter() - began, held=held)
    return out if ended else replace(out, status="stopped")


def _gone(memory: MemoryClient, path: Path, documents: list[Document], prune: bool) -> Outcome:
    if not prune:
        return Outcome(path, str(path), "gone", documents[-1].name)
    n = memory.note(None, [d.operation for d in documents])
    return Outcome(path, str(path), "forgotten", documents[-1].name, sentences=n)
