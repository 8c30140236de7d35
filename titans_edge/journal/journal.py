"""The journal of one memory: every span in order, with text, source, time, surprise, its facts and what was decided.

One SQLite file (WAL, synchronous=FULL): what a transaction has returned from is on the disk. Knows rows and checksums,
not what a fact means, and imports no torch: listing, searching and forgetting need neither the graft nor the backbone.
The state of the memory is a fold over `entries`; snapshots only save time.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from titans_edge.errors import MemoryStateError
from titans_edge.journal import checks, format_2, schema
from titans_edge.journal.file import connect, damaged, lock, log_wrong, newer, translated
from titans_edge.journal.schema import FORMAT, ROWS, Entry, NewSpan
from titans_edge.rulings import RECALLED, Decision, Ruling
from titans_edge.sources import Source, named

SNAPSHOTS = 2  # kept
OPERATIONS = 1000  # results of the last so many are kept, for operations that are sent again
PAGE = 500  # rows fetched at once


class Journal:
    """An open journal; path None: one in this process's memory. Raises MemoryStateError for what cannot be used.

    write: take the lock and allow changes; check: verify every page and checksum first.
    """

    def __init__(self, path: Path | None, *, write: bool = True, check: bool = True) -> None:
        self.path, self.notices = path, list[str]()
        self._lock = lock(path) if path is not None and write else None
        self._db: sqlite3.Connection | None = None
        try:
            new = path is None or not path.exists() or path.stat().st_size == 0
            if not new and path is not None and not is_sqlite(path):
                raise damaged(path, "it is no journal")
            if write and not new and path is not None and (wrong := log_wrong(path)):
                raise damaged(path, wrong)
            self._db = connect(path, write)
            with translated(path):
                if new:
                    self._begin(write)
                else:
                    self._check(write, deep=check)
        except (TypeError, ValueError, AttributeError, KeyError) as e:  # a flipped bit can change a value's type
            self.close()
            raise damaged(path, f"a value of the wrong kind: {e}") from e
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """May run twice."""
        if self._db is not None:
            with contextlib.suppress(sqlite3.Error):
                self._db.close()
            self._db = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def db(self) -> sqlite3.Connection:
        """The open database. Raises MemoryStateError after `close`."""
        if self._db is None:
            raise MemoryStateError(f"The memory {self.path} is closed.", "Open it again.")
        return self._db

    # --- writing: a transaction is durable when it returns

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. Errors of the disk become MemoryStateError; the journal stays as it was."""
        with translated(self.path):
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.db.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self.db.execute("ROLLBACK")
                raise

    def append(
        self,
        operation: str,
        part: int,
        source: Source,
        spans: Sequence[NewSpan],
        *,
        graft: str = "",
        guarded: bool = True,
        at: float | None = None,
    ) -> list[Entry]:
        """Inside a transaction: the spans of one group, as entries. at: when, of what is copied from elsewhere.

        Else time never runs backwards, whatever the clock does.
        """
        source = Source(source.kind, plain(source.name))
        self.db.execute("INSERT OR IGNORE INTO sources(kind, name) VALUES (?, ?)", (source.kind, source.name))
        (origin,) = self._one("SELECT id FROM sources WHERE kind = ? AND name = ?", (source.kind, source.name))
        batch = self.db.execute("INSERT INTO batches(operation, part) VALUES (?, ?)", (operation, part)).lastrowid
        latest = self._one("SELECT coalesce((SELECT time FROM spans ORDER BY id DESC LIMIT 1), 0.0)")[0]
        when = max(time.time(), latest) if at is None else float(at)
        last = self._one("SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'spans'), 0)")[0]
        for number, s in enumerate(spans, last + 1):
            text, figures = plain(s.text), (when, s.offset, s.surprise, int(guarded))
            check = schema.span_checksum(number, text, source.kind, source.name, figures)
            values = (number, batch, origin, s.offset, text, when, s.surprise, int(guarded), check)
            self.db.execute("INSERT INTO spans VALUES (?,?,?,?,?,?,?,?,?)", values)
            if s.record is not None:
                self.put_facts(number, graft, s.record)
        return list(self._select("WHERE s.batch = ? ORDER BY s.id", (batch,)))

    def put_facts(self, span: int, graft: str, record: bytes) -> None:
        """Inside a transaction: a span's facts as `graft` reads them, in place of what another read."""
        check = schema.facts_checksum(span, graft, record)
        self.db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?, ?, ?)", (span, graft, record, check))

    def has(self, operation: str, part: int) -> bool:
        """Was this group written before? (A group sent again after a crash must not be written twice.)"""
        found = self.db.execute("SELECT 1 FROM batches WHERE operation = ? AND part = ?", (operation, part)).fetchone()
        return found is not None or self.result(f"{operation}.{part}") is not None

    def done(self, operation: str, result: dict[str, Any]) -> None:
        """Inside a transaction: note an operation's result, which is what it answers when it is sent again."""
        if not operation:
            return
        self.db.execute(
            "INSERT OR REPLACE INTO operations VALUES (?, ?, ?)", (operation, json.dumps(result), time.time())
        )
        self.db.execute(
            "DELETE FROM operations WHERE operation NOT IN"
            " (SELECT operation FROM operations ORDER BY time DESC LIMIT ?)",
            (OPERATIONS,),
        )

    def result(self, operation: str) -> dict[str, Any] | None:
        """The result of an operation that was done already."""
        row = self.db.execute("SELECT result FROM operations WHERE operation = ?", (operation,)).fetchone()
        found: dict[str, Any] | None = None if row is None else json.loads(row[0])
        return found

    def decide(self, rulings: Iterable[tuple[int, Ruling]]) -> None:
        """Inside a transaction: note what was decided about spans."""
        for span, ruling in rulings:
            schema.insert_ruling(self.db, span, ruling)

    def answer(self, span: int, accept: bool, operation: str = "") -> None:
        """The user's word on a quarantined span; what came after it is to be decided anew."""
        with self.transaction():
            self.note_answer(span, accept, time.time())
            self._undecide(span)
            self.done(operation, {})

    def note_answer(self, span: int, accept: bool, at: float) -> None:
        """Inside a transaction: a word of the user's, as it is."""
        check = schema.answer_checksum(span, accept, at)
        self.db.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)", (span, int(accept), at, check))

    def forget(self, ids: Sequence[int], operation: str = "") -> int:
        """Remove spans with all that is known of them; later ones are to be decided anew. Returns how many there were.

        Committed when it returns. What the file's free pages still hold goes with `compact`.
        """
        with self.transaction():
            gone = 0
            for at in range(0, len(ids), PAGE):
                part = list(ids[at : at + PAGE])
                gone += self.db.execute(f"DELETE FROM spans WHERE id IN ({_marks(part)})", part).rowcount
            if gone:
                self._undecide(min(ids))
                self.db.execute("DELETE FROM batches WHERE id NOT IN (SELECT batch FROM spans)")
                self.db.execute("DELETE FROM sources WHERE id NOT IN (SELECT source FROM spans)")
            self.done(operation, {"forgotten": gone})
        return gone

    def clear(self, operation: str = "") -> None:
        """Forget everything."""
        with self.transaction():
            for table in ("spans", "batches", "sources", "snapshots"):
                self.db.execute(f"DELETE FROM {table}")
            self.done(operation, {})

    def compact(self) -> None:
        """Merge the index, give freed pages back, empty the write-ahead log. Needs room on the disk for a copy."""
        with translated(self.path):
            self.db.execute("INSERT INTO words(words) VALUES ('rebuild')")
            self.db.execute("VACUUM")
        self.checkpoint()

    def checkpoint(self) -> None:
        """Take the write-ahead log into the file and empty it, as far as readers allow."""
        with translated(self.path):
            self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def put_snapshot(self, span: int, standing: dict[str, Any], state: bytes) -> None:
        """The state after `span`; the oldest snapshots go."""
        packed, text = zlib.compress(state, 1), json.dumps(standing)
        with self.transaction():
            check = schema.snapshot_checksum(span, text, packed)
            self.db.execute("INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?)", (span, text, packed, check))
            self.db.execute(
                "DELETE FROM snapshots WHERE span > 0 AND span NOT IN"
                " (SELECT span FROM snapshots ORDER BY span DESC LIMIT ?)",
                (SNAPSHOTS,),
            )

    def drop_snapshots(self) -> None:
        """Inside a transaction: all but the state a journal older than journals begins with."""
        self.db.execute("DELETE FROM snapshots WHERE span > 0")

    def set_meta(self, key: str, value: str) -> None:
        with self.transaction():
            self.db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def _undecide(self, first: int) -> None:
        self.db.execute("DELETE FROM rulings WHERE span >= ?", (first,))
        self.db.execute("DELETE FROM snapshots WHERE span >= ?", (first,))

    # --- reading

    def meta(self, key: str) -> str | None:
        row = self.db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def metas(self) -> dict[str, str]:
        return dict(self.db.execute("SELECT key, value FROM meta").fetchall())

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """All spans in order, from the one after `after`; fetched in pages."""
        while True:
            page = list(self._select("WHERE s.id > ? ORDER BY s.id LIMIT ?", (after, PAGE)))
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1].id

    def get(self, ids: Sequence[int]) -> list[Entry]:
        """Spans by their ids, in order; unknown ids are left out."""
        out: list[Entry] = []
        for at in range(0, len(ids), PAGE):
            part = tuple(ids[at : at + PAGE])
            out += self._select(f"WHERE s.id IN ({_marks(part)}) ORDER BY s.id", part)
        return out

    def unread(self, graft: str, limit: int = -1) -> list[Entry]:
        """Spans whose facts `graft` has not read, in order."""
        where = "WHERE (f.graft IS NULL OR f.graft <> ?) ORDER BY s.id LIMIT ?"
        return list(self._select(where, (graft, limit)))

    def count_unread(self, graft: str) -> int:
        sql = "SELECT count(*) FROM spans s LEFT JOIN facts f ON f.span = s.id WHERE f.graft IS NULL OR f.graft <> ?"
        return int(self._one(sql, (graft,))[0])

    def decisions(self, after: int = 0) -> dict[int, Decision]:
        """What was decided, by span, of those after `after`."""
        rows = self.db.execute("SELECT span, decision FROM rulings WHERE span > ?", (after,))
        return {int(span): Decision(d) for span, d in rows}

    def parts(self, operation: str) -> int:
        """The number its next group would have."""
        return int(self._one("SELECT coalesce(max(part) + 1, 0) FROM batches WHERE operation = ?", (operation,))[0])

    def answer_times(self) -> dict[int, float]:
        """When the user answered, by span."""
        return dict(self.db.execute("SELECT span, time FROM answers").fetchall())

    def quarantine(self, limit: int = -1) -> list[Entry]:
        """What waits for the user's word; the newest `limit`."""
        values = (Decision.QUARANTINED.value, limit)
        return list(self._select("WHERE r.decision = ? ORDER BY s.id DESC LIMIT ?", values))[::-1]

    def find(self, *, text: str = "", source: str = "", since: float | None = None, limit: int = -1) -> list[Entry]:
        """Spans with all words of `text`, of a source as `sources.named` reads it, since a time; the newest `limit`."""
        where, values = ["1"], list[Any]()
        if text:
            where.append("s.id IN (SELECT rowid FROM words WHERE words MATCH ?)")
            values.append(quoted(text.split(), "AND"))
        if source:
            for column, value in zip(("o.kind", "o.name"), named(source), strict=True):
                where += [f"{column} = ?"] if value is not None else []
                values += [value] if value is not None else []
        if since is not None:
            where.append("s.time >= ?")
            values.append(since)
        found = self._select(f"WHERE {' AND '.join(where)} ORDER BY s.id DESC LIMIT ?", (*values, limit))
        return list(found)[::-1]

    def like(self, words: Sequence[str], limit: int) -> list[tuple[int, float]]:
        """(id, score) of spans that share most with `words` (BM25, larger is better), best first, then newest first.

        Questions, and what the policy held back, are left out.
        """
        if not words:
            return []
        allowed = [d.value for d in RECALLED]
        rows = self.db.execute(
            "SELECT w.rowid, -bm25(words) FROM words w JOIN rulings r ON r.span = w.rowid WHERE words MATCH ?"
            f" AND rtrim(w.text) NOT LIKE '%?' AND r.decision IN ({_marks(allowed)})"
            " ORDER BY bm25(words), w.rowid DESC LIMIT ?",
            (quoted(words, "OR"), *allowed, limit),
        )
        return [(int(i), float(score)) for i, score in rows]

    def last_operation(self) -> list[int]:
        """Ids of the spans of the last message or document that left any."""
        rows = self.db.execute(
            "SELECT s.id FROM spans s JOIN batches b ON b.id = s.batch WHERE b.operation ="
            " (SELECT b.operation FROM spans s JOIN batches b ON b.id = s.batch ORDER BY s.id DESC LIMIT 1)"
            " ORDER BY s.id"
        )
        return [int(r[0]) for r in rows]

    def summary(self) -> dict[str, Any]:
        """What the journal holds, in figures: spans by source and by decision, snapshots, graft, format."""
        by_source = self.db.execute(
            "SELECT CASE name WHEN '' THEN kind ELSE kind || ': ' || name END, count(*)"
            " FROM spans s JOIN sources o ON o.id = s.source GROUP BY o.id ORDER BY 2 DESC"
        )
        decided = self.db.execute(
            "SELECT coalesce(r.decision, 'undecided'), count(*) FROM spans s LEFT JOIN rulings r ON r.span = s.id"
            " GROUP BY 1 ORDER BY 2 DESC"
        )
        first, last = self._one("SELECT min(time), max(time) FROM spans")
        return {
            "format": FORMAT,
            "graft": self.meta("graft"),
            "sentences": self.count(),
            "sources": dict(by_source.fetchall()),
            "decisions": dict(decided.fetchall()),
            "snapshots": self._one("SELECT count(*) FROM snapshots")[0],
            "first": first,
            "last": last,
        }

    def count(self) -> int:
        return int(self._one("SELECT count(*) FROM spans")[0])

    def last(self) -> int:
        """Id of the newest span, 0 where there is none."""
        return int(self._one("SELECT coalesce(max(id), 0) FROM spans")[0])

    def snapshot(self) -> tuple[int, dict[str, Any], bytes] | None:
        """The newest sound snapshot; damaged ones are passed over, and that is noted."""
        for span, standing, state, check in self.db.execute(
            "SELECT * FROM snapshots WHERE span > 0 ORDER BY span DESC"
        ):
            with contextlib.suppress(zlib.error, ValueError, TypeError, AttributeError):
                if schema.snapshot_checksum(span, standing, state) == check:
                    return int(span), json.loads(standing), zlib.decompress(state)
            self.notices.append(
                f"A snapshot was damaged; the memory was rebuilt from the journal ({self.count()} spans)."
            )
        return None

    def base(self) -> bytes | None:
        """The state this journal begins with, where it is not empty: that of a memory older than the journal."""
        row = self.db.execute("SELECT standing, state, checksum FROM snapshots WHERE span = 0").fetchone()
        if row is None:
            return None
        if why := checks.base_wrong(*row):
            raise damaged(self.path, f"its first state: {why}")
        return zlib.decompress(row[1])

    def verify(self, *, contents: bool = True) -> list[str]:
        """What is wrong with the file, one sentence each; empty when it is sound. contents: see `checks.faults`."""
        found = [str(r[0]) for r in self.db.execute("PRAGMA integrity_check") if r[0] != "ok"]
        found += [f"row {r[1]} of {r[0]} refers to nothing" for r in self.db.execute("PRAGMA foreign_key_check")]
        base = self.db.execute("SELECT standing, state, checksum FROM snapshots WHERE span = 0").fetchone()
        if base is not None and (why := checks.base_wrong(*base)):
            found.append(f"its first state: {why}")
        for operation, result, at in self.db.execute("SELECT * FROM operations"):
            if why := checks.operation_wrong(result, at):
                found.append(f"operation {operation}: {why}")
        return found + [f"span #{i}: {what}" for i, what in self.unsound(contents=contents)]

    def unsound(self, ids: Sequence[int] | None = None, *, contents: bool = True) -> Iterator[tuple[int, str]]:
        """(id, what is wrong) of spans that are not sound; ids: only of these."""
        vocabulary, graft = checks.vocabulary_of(self.meta("vocabulary")), self.meta("graft") or ""
        where = "" if ids is None else f"WHERE s.id IN ({_marks(ids)})"
        for row in self.db.execute(ROWS + where, ids or ()):
            for part, why in checks.faults(row, vocabulary, graft=graft, contents=contents).items():
                yield row[0], f"{part}: {why}"

    # --- inside

    def _select(self, where: str, values: tuple[Any, ...]) -> Iterator[Entry]:
        with translated(self.path):
            rows = self.db.execute(ROWS + where, values).fetchall()
        try:
            yield from [schema.entry(row) for row in rows]
        except (TypeError, ValueError) as e:
            raise damaged(self.path, f"a value of the wrong kind: {e}") from e

    def _one(self, sql: str, values: tuple[Any, ...] = ()) -> tuple[Any, ...]:
        row: tuple[Any, ...] = self.db.execute(sql, values).fetchone()
        return row

    def _create(self) -> None:
        self.db.executescript(
            f"BEGIN; {schema.TABLES} PRAGMA application_id={schema.APPLICATION}; PRAGMA user_version={FORMAT}; COMMIT;"
        )

    def _check(self, write: bool, *, deep: bool) -> None:
        version, application = self._one("PRAGMA user_version")[0], self._one("PRAGMA application_id")[0]
        if version == application == 0 and self._one("SELECT count(*) FROM sqlite_master")[0] == 0:
            self._begin(write)  # a process died while it made the file
            return
        if version > FORMAT:
            raise newer(self.path, version)
        if version < 2 or application != schema.APPLICATION:
            raise damaged(self.path, "it is no journal")
        if version < FORMAT:
            self._upgrade(write)
        if deep and (wrong := self.verify(contents=False)):
            raise damaged(self.path, wrong[0])

    def _begin(self, write: bool) -> None:
        """An empty journal; in RAM where nothing may be written."""
        if not write:
            self._replace(connect(None, True))
        self._create()

    def _upgrade(self, write: bool) -> None:
        """An older format: migrated where that is allowed, else as a copy in RAM."""
        if wrong := format_2.wrong(self.db):
            raise damaged(self.path, wrong[0])
        if not write:
            copy = connect(None, True)
            self.db.backup(copy)
            self._replace(copy)
        format_2.migrate(self.db)
        if write:
            self.notices.append("The memory was brought to the format of this version; its text is read anew once.")

    def _replace(self, db: sqlite3.Connection) -> None:
        self.db.close()
        self._db = db


def is_sqlite(path: Path) -> bool:
    with path.open("rb") as f:
        return f.read(len(schema.MAGIC)) == schema.MAGIC


def plain(text: str) -> str:
    """Without lone surrogates, which are no text."""
    return text.encode("utf-8", "replace").decode()


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


def quoted(words: Sequence[str], joined: str) -> str:
    """Words as an FTS5 query, each quoted, so that nothing in them is an operator."""
    quoted = ['"' + w.replace('"', '""') + '"' for w in plain(" ".join(words)).replace("\0", " ").split()]
    return f" {joined} ".join(quoted) or '""'
