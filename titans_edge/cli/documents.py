"""What a memory has read, for people: name, file, sentences, and when."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from titans_edge.cli import common
from titans_edge.errors import UsageError

if TYPE_CHECKING:
    from titans_edge.journal import Journal
    from titans_edge.journal.documents import Document


def print_all(journal: Journal, as_json: bool) -> None:
    """A line for each document, the first read first."""
    from titans_edge.journal.documents import documents

    found = documents(journal.db)
    for d in found:
        print(json.dumps(_fields(d)) if as_json else f"{_named(d)}  {_file(d)}")
    if not found and not as_json:
        print("No documents.")


def print_one(journal: Journal, name: str, as_json: bool) -> None:
    """One by its name or its path."""
    from titans_edge.journal.documents import documents, spans_of

    path = str(Path(name).expanduser().absolute())
    found = [d for d in documents(journal.db) if name in (d.name, d.path) or path == d.path]
    if not found:
        hint = "Numbers are in `titans-edge memory list NAME`, documents with --documents."
        raise UsageError(f"There is no sentence and no document {name!r}.", hint)
    for d in found:
        spans = journal.get(spans_of(journal.db, [d.operation]))
        decided = Counter("undecided" if s.ruling is None else s.ruling.decision.value for s in spans)
        if as_json:
            print(json.dumps({**_fields(d), "decisions": dict(decided)}))
            continue
        decisions = ", ".join(f"{n} {what}" for what, n in decided.most_common())
        lines = {"document": d.name, "file": _file(d), "read": _when(d), "sentences": f"{d.sentences}: {decisions}"}
        print("\n".join(f"{k:<10}{common.printable(v)}" for k, v in lines.items()))


def _fields(d: Document) -> dict[str, object]:
    return {
        "name": d.name,
        "path": _path(d),
        "sentences": d.sentences,
        "time": d.time,
        "complete": d.complete,
        "sha256": d.digest,
    }


def _named(d: Document) -> str:
    return common.printable(f"{d.name:<24}{d.sentences:>7} sentences  {_when(d)}")


def _file(d: Document) -> str:
    from titans_edge.documents.files import is_gone

    left = "" if d.complete else "  (not read to its end: `titans-edge read` goes on)"
    return common.printable(_path(d)) + ("  (deleted)" if is_gone(Path(d.path)) else "") + left


def _path(d: Document) -> str:
    return d.path.encode("utf-8", "replace").decode()


def _when(d: Document) -> str:
    return f"{datetime.fromtimestamp(d.time):%Y-%m-%d %H:%M}"
