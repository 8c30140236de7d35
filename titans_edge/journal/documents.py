"""Documents of a journal: which file an operation has read, and whether to its end. Knows rows, no files.

A document is a row of `meta`. It names the operation its sentences were written under; once none of them is left the
document is none either, so what is forgotten is forgotten with its path. What is read is noted as incomplete first; the
note that it is complete goes, in one transaction, with what it replaces.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from titans_edge.journal.checks import is_time

PREFIX = "document:"  # of operations, and of keys in `meta`
_KEYS = "key >= 'document:' AND key < 'document;'"


@dataclass(frozen=True)
class Document:
    """path: of the file, absolute; name: of the source; digest, text: hashes of its bytes and of the text in them.

    time: when it was read, seconds since 1970. sentences, parts: what the journal has of it, as it stands.
    """

    operation: str
    path: str
    name: str
    digest: str
    text: str
    time: float
    complete: bool = False
    sentences: int = 0
    parts: int = 0

    def packed(self) -> str:
        """As JSON in ASCII: a path may be no Unicode."""
        return json.dumps({k: v for k, v in asdict(self).items() if k not in ("sentences", "parts")})


def unpacked(raw: str) -> Document | None:
    """A packed document; None for what is none, as in a file that was damaged or made by others."""
    try:
        made = Document(**json.loads(raw))
        said = (made.operation, made.path, made.name, made.digest, made.text)
        sound = all(isinstance(v, str) for v in said) and isinstance(made.complete, bool) and is_time(made.time)
    except (ValueError, TypeError, RecursionError):
        return None
    return made if sound and made.operation.startswith(PREFIX) else None


def documents(db: sqlite3.Connection) -> list[Document]:
    """All of which a sentence is left, the first read first."""
    counts = {
        str(operation): (int(n), int(parts))
        for operation, n, parts in db.execute(
            "SELECT b.operation, count(*), max(b.part) + 1 FROM batches b JOIN spans s ON s.batch = b.id"
            f" WHERE b.operation >= '{PREFIX}' AND b.operation < 'document;' GROUP BY 1"
        )
    }
    rows = [unpacked(value) for (value,) in db.execute(f"SELECT value FROM meta WHERE {_KEYS}")]
    there = [d for d in rows if d is not None and d.operation in counts]
    full = (replace(d, sentences=counts[d.operation][0], parts=counts[d.operation][1]) for d in there)
    return sorted(full, key=lambda d: (d.time, d.operation))


def names(db: sqlite3.Connection) -> set[str]:
    """Names of all sources that are documents, also of texts without a file."""
    return {str(name) for (name,) in db.execute("SELECT name FROM sources WHERE kind = 'document'")}


def put(db: sqlite3.Connection, document: Document) -> None:
    """Inside a transaction: note a document in place of what was noted of its operation."""
    db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (document.operation, document.packed()))


def ends(db: sqlite3.Connection, document: Document) -> bool:
    """Whether noting a document ends a reading that was noted as begun."""
    row = db.execute("SELECT value FROM meta WHERE key = ?", (document.operation,)).fetchone()
    begun = None if row is None else unpacked(row[0])
    return document.complete and begun is not None and not begun.complete


def spans_of(db: sqlite3.Connection, operations: Sequence[str]) -> list[int]:
    """Ids of the sentences written under these operations."""
    found = list[int]()
    for operation in operations:
        rows = db.execute(
            "SELECT s.id FROM spans s JOIN batches b ON b.id = s.batch WHERE b.operation = ?", (operation,)
        )
        found += [int(i) for (i,) in rows]
    return sorted(found)


def answers(db: sqlite3.Connection, spans: Sequence[int], operation: str) -> list[tuple[int, bool, float]]:
    """What the user answered about these spans, for those of an operation with the same words: span, word, when."""
    said = dict[str, tuple[bool, float]]()
    for span in spans:
        row = db.execute(
            "SELECT s.text, a.accept, a.time FROM answers a JOIN spans s ON s.id = a.span WHERE s.id = ?", (span,)
        ).fetchone()
        if row is not None:
            said[row[0]] = bool(row[1]), float(row[2])
    rows = db.execute(
        "SELECT s.id, s.text FROM spans s JOIN batches b ON b.id = s.batch WHERE b.operation = ?", (operation,)
    )
    return [(int(i), *said[text]) for i, text in rows.fetchall() if text in said]


def drop_forgotten(db: sqlite3.Connection) -> None:
    """Inside a transaction: forget the documents of which no sentence is left."""
    db.execute(f"DELETE FROM meta WHERE {_KEYS} AND key NOT IN (SELECT operation FROM batches)")


def doubt(db: sqlite3.Connection) -> None:
    """Inside a transaction: sentences may be missing, so each document is to be read again when it is met."""
    for document in documents(db):
        put(db, replace(document, digest=""))
