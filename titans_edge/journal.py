"""The journal of one memory: every span in order, with text, source, trust, time, surprise and what it writes.

One SQLite file (WAL, synchronous=FULL): what `append` has returned from is on the disk. Knows rows and checksums, not
what
a record means, and imports no torch: listing, searching and forgetting need neither the graft nor the backbone. The
state of
the memory is a fold over `entries`; snapshots only save time.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from titans_edge.errors import MemoryStateError, UsageError
from titans_edge.journal_file import connect, damaged, digest, lock, translated
from titans_edge.sources import Source

FORMAT, APPLICATION = 2, 0x7E0E  # format 1 was a bare state, without a journal
SNAPSHOTS = 2  # kept
MAGIC = b"SQLite format 3\0"
_TABLES = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sources(id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, UNIQUE(kind, name));
CREATE TABLE batches(id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, part INTEGER NOT NULL, UNIQUE(event,
part));
CREATE TABLE spans(
    id INTEGER PRIMARY KEY AUTOINCREMENT, batch INTEGER NOT NULL REFERENCES batches ON DELETE CASCADE,
    source INTEGER NOT NULL REFERENCES sources, place INTEGER NOT NULL, text TEXT NOT NULL, time REAL NOT NULL,
    surprise REAL, guarded INTEGER NOT NULL, record BLOB, checksum BLOB NOT NULL);
CREATE INDEX spans_batch ON spans(batch);
CREATE TABLE verdicts(span INTEGER PRIMARY KEY REFERENCES spans ON DELETE CASCADE,
    decision TEXT NOT NULL, scale REAL NOT NULL, reason TEXT NOT NULL);
CREATE TABLE rulings(span INTEGER PRIMARY KEY REFERENCES spans ON DELETE CASCADE, accept INTEGER NOT NULL, time REAL
NOT NULL);
CREATE TABLE snapshots(span INTEGER PRIMARY KEY, standing TEXT NOT NULL, state BLOB NOT NULL, checksum BLOB NOT NULL);
CREATE VIRTUAL TABLE words USING fts5(text, content='spans', content_rowid='id', tokenize='unicode61 remove_diacritics
2');
CREATE TRIGGER words_in AFTER INSERT ON spans BEGIN INSERT INTO words(rowid, text) VALUES (new.id, new.text); END;
CREATE TRIGGER words_out AFTER DELETE ON spans BEGIN
    INSERT INTO words(words, rowid, text) VALUES ('delete', old.id, old.text); END;
"""
_ROWS = """SELECT s.id, s.text, o.kind, o.name, s.place, s.time, s.surprise, s.guarded, s.record, s.checksum, s.batch,
    v.decision, v.scale, v.reason, r.accept FROM spans s JOIN sources o ON o.id = s.source
    LEFT JOIN verdicts v ON v.span = s.id LEFT JOIN rulings r ON r.span = s.id """


@dataclass(frozen=True)
class NewSpan:
    """What is to be written: place is the character offset in its source; surprise in nats (None: unknown); record or
    None.
    """

    text: str
    place: int = 0
    surprise: float | None = None
    record: bytes | None = None


@dataclass(frozen=True)
class Entry:
    """One span as it stands in the journal. decision: see `guard.Verdict`; "" where it has yet to be decided."""

    id: int
    text: str
    source: Source
    place: int
    time: float
    surprise: float | None
    guarded: bool
    record: bytes | None
    batch: int
    decision: str
    scale: float
    reason: str
    ruling: bool | None

    def shown(self) -> dict[str, Any]:
        """As JSON, without the record."""
        return {
            "id": self.id,
            "text": self.text,
            "kind": self.source.kind,
            "source": self.source.label,
            "place": self.place,
            "time": self.time,
            "surprise": self.surprise,
            "writes": self.record is not None,
            "trust": self.source.trust,
            "decision": self.decision or ("undecided" if self.record else "nothing to write"),
            "scale": self.scale,
            "reason": self.reason,
        }


class Journal:
    """An open journal; path None: one in this process's memory. Raises MemoryStateError for what cannot be used."""

    def __init__(self, path: Path | None, *, write: bool = True, check: bool = True) -> None:
        self.path, self._lock, self.notices = path, None, list[str]()
        if path is not None and write:
            self._lock = lock(path)
        try:
            new = path is None or not path.exists() or path.stat().st_size == 0
            if not new and path is not None and path.open("rb").read(16) != MAGIC:
                raise damaged(path, "it is no journal")
            self._db = connect(path, write)
            if new:
                self._create()
            with translated(path):
                self._check(deep=check)
        except (TypeError, ValueError, AttributeError) as e:  # a flipped bit can change a value's type
            self.close()
            raise damaged(path, f"a value of the wrong kind: {e}") from e
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        for db in (getattr(self, "_db", None), self._lock):
            if db is not None:
                with contextlib.suppress(sqlite3.Error):
                    db.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # --- writing: each of these is durable when it returns

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. Errors of the disk become MemoryStateError; the journal stays as it was."""
        with translated(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise

    def append(
        self,
        event: str,
        part: int,
        source: Source,
        spans: Sequence[NewSpan],
        *,
        guarded: bool = True,
        at: float | None = None,
    ) -> list[Entry]:
        """Inside a transaction: the spans of one group, as entries. Time never runs backwards, whatever the clock
        does.
        """
        source = Source(source.kind, _plain(source.name))
        self._db.execute("INSERT OR IGNORE INTO sources(kind, name) VALUES (?, ?)", (source.kind, source.name))
        (origin,) = self._one("SELECT id FROM sources WHERE kind = ? AND name = ?", (source.kind, source.name))
        batch = self._db.execute("INSERT INTO batches(event, part) VALUES (?, ?)", (event, part)).lastrowid
        latest = self._one("SELECT coalesce((SELECT time FROM spans ORDER BY id DESC LIMIT 1), 0)")[
            0
        ]  # times never fall
        when = max(time.time() if at is None else at, latest)
        ids = []
        for s in spans:
            text = _plain(s.text)
            check = _span_checksum(text, source, (when, s.place, s.surprise, int(guarded)), s.record)
            ids.append(
                self._db.execute(
                    "INSERT INTO spans(batch, source, place, text, time, surprise, guarded, record, checksum) VALUES"
                    " (?,?,?,?,?,?,?,?,?)",
                    (batch, origin, s.place, text, when, s.surprise, int(guarded), s.record, check),
                ).lastrowid
            )
        return list(self._select("WHERE s.batch = ? ORDER BY s.id", (batch,))) if ids else []

    def has(self, event: str, part: int) -> bool:
        """Was this group written before? (A group sent again after a crash must not be written twice.)"""
        return bool(self._db.execute("SELECT 1 FROM batches WHERE event = ? AND part = ?", (event, part)).fetchone())

    def decide(self, verdicts: Iterable[tuple[int, str, float, str]]) -> None:
        """Note verdicts (span, decision, scale, reason)."""
        self._db.executemany("INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?, ?)", verdicts)

    def rule(self, span: int, accept: bool) -> None:
        """The user's word on a quarantined span; what came after is decided anew when the journal is replayed."""
        with self.transaction():
            self._db.execute("INSERT OR REPLACE INTO rulings VALUES (?, ?, ?)", (span, int(accept), time.time()))
            self._undecide(span)

    def forget(self, ids: Sequence[int]) -> int:
        """Remove spans; text, record and index go too, and the pages are overwritten. Returns how many there were."""
        if not ids:
            return 0
        with self.transaction():
            marks = ",".join("?" * len(ids))
            gone = self._db.execute(f"DELETE FROM spans WHERE id IN ({marks})", list(ids)).rowcount
            self._undecide(min(ids))
            self._db.execute("DELETE FROM batches WHERE id NOT IN (SELECT batch FROM spans)")
            self._db.execute("DELETE FROM sources WHERE id NOT IN (SELECT source FROM spans)")
        self.compact()
        return int(gone)

    def clear(self) -> None:
        """Forget everything."""
        with self.transaction():
            for table in ("spans", "batches", "sources", "snapshots"):
                self._db.execute(f"DELETE FROM {table}")
        if self.path is not None:
            self.compact()

    def compact(self) -> None:
        """Merge the index, give freed pages back, empty the write-ahead log."""
        with translated(self.path):
            self._db.execute("INSERT INTO words(words) VALUES ('rebuild')")
            self._db.execute("VACUUM")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def put_snapshot(self, span: int, standing: dict[str, Any], state: bytes) -> None:
        """The state after `span`; the oldest snapshots go."""
        packed, text = zlib.compress(state, 1), json.dumps(standing)
        with self.transaction():
            check = digest(text.encode(), packed)
            self._db.execute("INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?)", (span, text, packed, check))
            self._db.execute(
                "DELETE FROM snapshots WHERE span > 0 AND span NOT IN (SELECT span FROM snapshots ORDER BY span DESC LIMIT ?)",
                (SNAPSHOTS,),
            )

    def base(self) -> bytes | None:
        """The state this journal begins with, where it is not empty: that of a memory older than the journal."""
        row = self._db.execute("SELECT state, standing, checksum FROM snapshots WHERE span = 0").fetchone()
        if row is None:
            return None
        if digest(row[1].encode(), row[0]) != row[2]:
            raise damaged(self.path, "its first state is damaged")
        return zlib.decompress(row[0])

    def metas(self) -> dict[str, str]:
        return dict(self._db.execute("SELECT key, value FROM meta").fetchall())

    def set_meta(self, key: str, value: str) -> None:
        with self.transaction():
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def note_ruling(self, span: int, accept: bool, at: float) -> None:
        """Inside a transaction: a ruling that comes with a copied span."""
        self._db.execute("INSERT INTO rulings VALUES (?, ?, ?)", (span, int(accept), at))

    def _undecide(self, first: int) -> None:
        self._db.execute("DELETE FROM verdicts WHERE span >= ?", (first,))
        self._db.execute("DELETE FROM snapshots WHERE span >= ?", (first,))

    # --- reading

    def meta(self, key: str) -> str | None:
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """All spans in order, from the one after `after`."""
        return self._select("WHERE s.id > ? ORDER BY s.id", (after,))

    def get(self, ids: Sequence[int]) -> list[Entry]:
        return list(self._select(f"WHERE s.id IN ({','.join('?' * len(ids))}) ORDER BY s.id", tuple(ids)))

    def quarantine(self) -> list[Entry]:
        return list(self._select("WHERE v.decision = 'quarantined' ORDER BY s.id", ()))

    def find(self, *, text: str = "", source: str = "", since: float | None = None, limit: int = -1) -> list[Entry]:
        """Spans that contain all words of `text`, of a source (its kind or name), since a time; the newest `limit`,
        in order.
        """
        where, values = ["1"], list[Any]()
        if text:
            where.append("s.id IN (SELECT rowid FROM words WHERE words MATCH ?)")
            values.append(_match(text, "AND"))
        if source:
            where.append("(o.kind = ? OR o.name = ?)")
            values += [source, source]
        if since is not None:
            where.append("s.time >= ?")
            values.append(since)
        found = self._select(f"WHERE {' AND '.join(where)} ORDER BY s.id DESC LIMIT ?", (*values, limit))
        return list(found)[::-1]

    def like(self, words: Sequence[str], limit: int) -> list[int]:
        """Ids of the spans that share most with `words` (BM25), best first; questions, and what the guard held back,
        left out.
        """
        if not words:
            return []
        rows = self._db.execute(
            "SELECT w.rowid FROM words w LEFT JOIN verdicts v ON v.span = w.rowid WHERE words MATCH ? AND w.text NOT LIKE '%?'"
            " AND coalesce(v.decision, '') NOT IN ('quarantined', 'rejected', 'repeated', 'withheld') "
            "ORDER BY bm25(words), w.rowid DESC LIMIT ?",
            (_match(" ".join(words), "OR"), limit),
        )
        return [int(r[0]) for r in rows]

    def last_event(self) -> list[int]:
        """Ids of the spans of the last message or document."""
        rows = self._db.execute(
            "SELECT s.id FROM spans s JOIN batches b ON b.id = s.batch WHERE b.event ="
            " (SELECT event FROM batches ORDER BY id DESC LIMIT 1) ORDER BY s.id"
        )
        return [int(r[0]) for r in rows]

    def event_of(self, batch: int) -> str:
        """The message or document a group belongs to."""
        return str(self._one("SELECT event FROM batches WHERE id = ?", (batch,))[0])

    def summary(self) -> dict[str, Any]:
        """What the journal holds, in figures: sentences by source and by the guard's decision, snapshots, graft,
        format.
        """
        by_source = self._db.execute(
            "SELECT CASE name WHEN '' THEN kind ELSE kind || ': ' || name END, count(*)"
            " FROM spans s JOIN sources o ON o.id = s.source GROUP BY o.id ORDER BY 2 DESC"
        )
        decided = self._db.execute(
            "SELECT coalesce(v.decision, 'nothing to write'), count(*) FROM spans s LEFT JOIN verdicts v ON v.span = s.id"
            " GROUP BY 1 ORDER BY 2 DESC"
        )
        times = self._one("SELECT min(time), max(time) FROM spans")
        return {
            "format": FORMAT,
            "graft": self.meta("graft"),
            "sentences": self.count(),
            "sources": dict(by_source.fetchall()),
            "decisions": dict(decided.fetchall()),
            "snapshots": self._one("SELECT count(*) FROM snapshots")[0],
            "first": times[0],
            "last": times[1],
        }

    def count(self) -> int:
        return int(self._one("SELECT count(*) FROM spans")[0])

    def snapshot(self) -> tuple[int, dict[str, Any], bytes] | None:
        """The newest sound snapshot; damaged ones are passed over, and that is noted."""
        for span, standing, state, check in self._db.execute("SELECT * FROM snapshots ORDER BY span DESC"):
            if digest(standing.encode(), state) == check:
                with contextlib.suppress(zlib.error, ValueError):
                    return int(span), json.loads(standing), zlib.decompress(state)
            self.notices.append(
                f"A snapshot of the memory was damaged; it was rebuilt from the journal ({self.count()} spans)."
            )
        return None

    def verify(self) -> list[str]:
        """What is wrong with the file, one sentence each; empty when it is sound."""
        wrong = [str(r[0]) for r in self._db.execute("PRAGMA integrity_check") if r[0] != "ok"]
        wrong += [f"row {r[1]} of {r[0]} refers to nothing" for r in self._db.execute("PRAGMA foreign_key_check")]
        return wrong + [f"span #{i}: its checksum is wrong" for i in self.unsound()]

    def unsound(self) -> list[int]:
        """Ids of spans whose checksum is wrong."""
        rows = self._db.execute(_ROWS)
        return [r[0] for r in rows if _span_checksum(r[1], _source(r[2], r[3]), (r[5], r[4], r[6], r[7]), r[8]) != r[9]]

    # --- inside

    def _select(self, where: str, values: tuple[Any, ...]) -> Iterator[Entry]:
        for r in self._db.execute(_ROWS + where, values).fetchall():
            yield Entry(
                r[0],
                r[1],
                _source(r[2], r[3]),
                r[4],
                r[5],
                r[6],
                bool(r[7]),
                r[8],
                r[10],
                r[11] or "",
                r[12] or 0.0,
                r[13] or "",
                None if r[14] is None else bool(r[14]),
            )

    def _one(self, sql: str, values: tuple[Any, ...] = ()) -> tuple[Any, ...]:
        row: tuple[Any, ...] = self._db.execute(sql, values).fetchone()
        return row

    def _create(self) -> None:
        with translated(self.path):
            self._db.executescript(
                f"BEGIN; {_TABLES} PRAGMA application_id={APPLICATION}; PRAGMA user_version={FORMAT}; COMMIT;"
            )

    def _check(self, deep: bool) -> None:
        version = self._one("PRAGMA user_version")[0]
        if version > FORMAT:
            raise MemoryStateError(
                f"{self.path} was written by a newer Titans Edge (format {version}).", "Upgrade titans-edge."
            )
        if version < FORMAT or self._one("PRAGMA application_id")[0] != APPLICATION:
            raise damaged(self.path, "it is no journal")
        if deep and self.path is not None and (wrong := self.verify()):
            raise damaged(self.path, wrong[0])


def _source(kind: str, name: str) -> Source:
    try:
        return Source(kind, name)
    except UsageError:
        return Source("imported", f"{kind}:{name}")


def _span_checksum(text: str, source: Source, figures: tuple[float | None, ...], record: bytes | None) -> bytes:
    return digest(text.encode(), source.kind.encode(), source.name.encode(), repr(figures).encode(), record or b"")


def _plain(text: str) -> str:
    """Without lone surrogates, which are no text."""
    return text.encode("utf-8", "replace").decode()


def _match(text: str, joined: str) -> str:
    """Words as an FTS5 query, each quoted, so that nothing in them is an operator."""
    words = ['"' + w.replace('"', '""') + '"' for w in _plain(text).replace("\0", " ").split()]
    return f" {joined} ".join(words) or '""'
