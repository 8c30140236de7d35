"""What a memory knows of documents, and what is to be done with a file beside that. Reads files; changes nothing."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from titans_edge.documents.files import File, Found, is_gone
from titans_edge.documents.formats import text_of
from titans_edge.documents.plain import document_bytes
from titans_edge.errors import DocumentError
from titans_edge.journal.documents import PREFIX, Document

Status = Literal["new", "changed", "unchanged", "moved", "failed", "gone", "forgotten", "stopped"]


@dataclass(frozen=True)
class Step:
    """What is to be done with a file: `document` is noted in place of `replaced` (operations) once what is left of
    `text`, from group `document.parts` on, is written. notes: what the user should know, or why it failed.
    """

    file: File
    status: Status
    document: Document | None = None
    replaced: tuple[str, ...] = ()
    text: str = ""
    notes: tuple[str, ...] = ()


class Shelf:
    """documents, names: as `MemoryClient.documents` gives them; found: the files of this call."""

    def __init__(self, documents: Iterable[Document], names: Iterable[str], found: Found) -> None:
        self._of: dict[str, list[Document]] = {}
        self._complete: dict[str, list[Document]] = {}
        self._names = Counter(names)
        for d in documents:
            self._of.setdefault(d.path, []).append(d)
            if d.complete:
                self._complete.setdefault(d.digest, []).append(d)
        self._new = [f.path for f in found.files if str(f.path) not in self._of]
        self._suffixes: dict[int, Counter[str]] = {}

    def step(self, file: File, limit: int) -> Step:
        """What is to be done with a file that may be larger than `limit` bytes, or no document at all."""
        try:
            raw = document_bytes(file.path, limit)
            return self._beside(file, raw, limit)
        except DocumentError as e:
            said = str(e).replace(str(file.path), file.shown)
            kept = " What was read of it before is kept." if str(file.path) in self._of else ""
            return Step(file, "failed", notes=(said + kept,))

    def gone(self, found: Found) -> list[tuple[Path, list[Document]]]:
        """Documents below the named folders whose files are gone, by path."""
        paths = ((Path(path), each) for path, each in self._of.items())
        return [(path, each) for path, each in paths if found.below(path) and is_gone(path)]

    def settled(self, step: Step) -> None:
        """A step was done: the files after it are seen beside that."""
        if step.document is None:
            return
        over = {*step.replaced, step.document.operation}
        for path in {step.document.path, *step.notes[:1]} if step.status == "moved" else {step.document.path}:
            left = [d for d in self._of.pop(path, []) if d.operation not in over]
            self._of |= {path: left} if left else {}
        self._of.setdefault(step.document.path, []).append(step.document)
        self._names[step.document.name] += 1

    def _beside(self, file: File, raw: bytes, limit: int) -> Step:
        path, digest = str(file.path), hashlib.sha256(raw).hexdigest()
        known = self._of.get(path, [])
        same = next((d for d in known if d.complete and d.digest == digest), None)
        if same is not None:  # what is beside it was not read to its end, or came with another memory
            return Step(file, "unchanged", same, _operations(known, same))
        moved = next((d for d in self._complete.get(digest, []) if d.path in self._of and is_gone(Path(d.path))), None)
        if moved is not None:
            return Step(file, "moved", replace(moved, path=path), _operations(known, moved), notes=(moved.path,))
        text = text_of(raw, file.shown, limit)
        begun = replace(self._document(file.path, known, digest, text.text), time=time.time())
        status: Status = "changed" if any(d.complete for d in known) else "new"
        return Step(file, status, begun, _operations(known, begun), text.text, text.notes)

    def _document(self, path: Path, known: list[Document], digest: str, text: str) -> Document:
        """One that was begun and not ended, if it is of the same text; else a new one."""
        of_text = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
        for d in known:
            if not d.complete and (d.digest, d.text) == (digest, of_text):
                return d
        name = next((d.name for d in known if path.as_posix().endswith(f"/{d.name}")), None)
        return Document(PREFIX + uuid.uuid4().hex, str(path), name or self._name(path), digest, of_text, 0.0)

    def _name(self, path: Path) -> str:
        """As much of a path's end as tells it from every other document."""
        for n in range(1, len(path.parts)):
            name = _suffix(path, n)
            if n not in self._suffixes:
                self._suffixes[n] = Counter(_suffix(p, n) for p in self._new)
            if not self._names[name] and self._suffixes[n][name] <= 1:
                return name
        return _suffix(path, len(path.parts))


def _operations(known: Iterable[Document], kept: Document) -> tuple[str, ...]:
    return tuple(d.operation for d in known if d.operation != kept.operation)


def _suffix(path: Path, n: int) -> str:
    return "/".join(path.parts[-n:]).encode("utf-8", "replace").decode()
