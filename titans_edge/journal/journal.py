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

from titans_edge.errors import MemoryStateError, UsageError
from titans_edge.journal import checks, documents, format_2, replaced, schema
from titans_edge.journal.documents import Document
from titans_edge.journal.file import connect, damaged, lock, log_wrong, newer, translated
from titans_edge.journal.reading import Reading, in_parts, marks
from titans_edge.journal.schema import FORMAT, Entry, NewSpan
from titans_edge.rulings import Ruling
from titans_edge.sources import USER, Source
from titans_edge.text import plain

SNAPSHOTS = 2  # kept
OPERATIONS = 1000  # results of the last so many are kept, for operations that are sent again; the others go
PRUNED = 100  # after so many
OPERATION = "SELECT b.operation FROM spans s JOIN batches b ON b.id = s.batch WHERE s.id = ?"

LATEST = """SELECT coalesce((SELECT s.time FROM spans s JOIN sources o ON o.id = s.source WHERE o.kind <> 'imported'
    ORDER BY s.id DESC LIMIT 1), 0.0)"""  # a foreign file's clock is not ours


class Journal(Reading):
    """An open journal; path None: one in this process's memory. Raises MemoryStateError for what cannot be used.

    write: take the lock and allow changes; check: verify every page and checksum first.
    """

    def __init__(self, path: Path | None, *, write: bool = True, check: bool = True) -> None:
        self.path, self.notices = path, list[str]()
        self._noted, self._notes = 0.0, 0  # when the last operation was noted; how many since the oldest were let go
        self._lock = lock(path) if path is not None and write else None
        self._db: sqlite3.Connection | None = None
        try:
            new = path is None or not path.exists() or path.stat().st_size == 0
            if not new and path is not None and not is_sqlite(path):
                raise damaged(path, "it is no journal")
            # a writer may be at it meanwhile: then a second look finds it sound
            if not new and path is not None and log_wrong(path) and (wrong := log_wrong(path)):
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
        now: float | None = None,
    ) -> list[Entry]:
        """Inside a transaction: the spans of one group, as entries. at: when, of what is copied from elsewhere.

        Else time never runs backwards, whatever the clock does. now: what it shows, in seconds since 1970; None: look.
        Raises UsageError where that is no time, and for a span that stands nowhere in a text.
        """
        if now is not None and not checks.is_time(now):
            raise UsageError(f"{now!r} is no time between 1970 and 9999.", "Give seconds since 1970.")
        for s in spans:
            if type(s.offset) is not int or not 0 <= s.offset <= checks.MAX_OFFSET:
                raise UsageError(f"{s.offset!r} is no place in a text.", "Count its characters from 0.")
        source = Source(source.kind, plain(source.name))
        self.db.execute("INSERT OR IGNORE INTO sources(kind, name) VALUES (?, ?)", (source.kind, source.name))
        (origin,) = self._one("SELECT id FROM sources WHERE kind = ? AND name = ?", (source.kind, source.name))
        batch = self.db.execute("INSERT INTO batches(operation, part) VALUES (?, ?)", (operation, part)).lastrowid
        latest = self._one(LATEST)[0]
        clock = time.time() if now is None else now
        when = min(max(clock, latest), checks.MAX_TIME) if at is None else float(at)
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

    def drop_facts(self, span: int) -> None:
        """Inside a transaction: a span counts as unread again."""
        self.db.execute("DELETE FROM facts WHERE span = ?", (span,))

    def undecide(self, span: int) -> None:
        """Inside a transaction: what was decided about a span is to be decided anew."""
        self.db.execute("DELETE FROM rulings WHERE span = ?", (span,))

    def has(self, operation: str, part: int) -> bool:
        """Was this group written before? (A group sent again after a crash must not be written twice.)"""
        found = self.db.execute("SELECT 1 FROM batches WHERE operation = ? AND part = ?", (operation, part)).fetchone()
        return found is not None or self.result(f"{operation}.{part}") is not None

    def done(self, operation: str, result: dict[str, Any]) -> None:
        """Inside a transaction: note an operation's result, which is what it answers when it is sent again."""
        if not operation:
            return
        if self._noted == 0.0 or self._notes >= PRUNED:
            kept = "SELECT operation FROM operations ORDER BY time DESC LIMIT ?"
            self.db.execute(f"DELETE FROM operations WHERE operation NOT IN ({kept})", (OPERATIONS,))
            self._noted, self._notes = self._one("SELECT coalesce(max(time), 0.0) FROM operations")[0], 0
        self._noted, self._notes = max(time.time(), self._noted + 1e-6), self._notes + 1  # whatever the clock does
        values = (operation, json.dumps(result), self._noted)
        self.db.execute("INSERT OR REPLACE INTO operations VALUES (?, ?, ?)", values)

    def result(self, operation: str) -> dict[str, Any] | None:
        """The result of an operation that was done already."""
        row = self.db.execute("SELECT result FROM operations WHERE operation = ?", (operation,)).fetchone()
        found: dict[str, Any] | None = None if row is None else json.loads(row[0])
        return found

    def decide(self, rulings: Iterable[tuple[int, Ruling]]) -> None:
        """Inside a transaction: note what was decided about spans."""
        for span, ruling in rulings:
            schema.insert_ruling(self.db, span, ruling)

    def decide_here(self, rulings: Iterable[tuple[int, Ruling]]) -> None:
        """The same where nothing may be written: for this connection only."""
        with translated(self.path):
            self.db.execute("PRAGMA temp_store=MEMORY")
            self.db.execute(
                "CREATE TEMP TABLE IF NOT EXISTS rulings(span INTEGER PRIMARY KEY,"
                " decision, scale, reason, confined, trust, policy, checksum)"  # SQLite looks here before the file
            )
            self.db.execute("INSERT OR REPLACE INTO temp.rulings SELECT * FROM main.rulings")
            self.decide(rulings)

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

    def forget(self, ids: Sequence[int], operation: str = "", document: Document | None = None) -> int:
        """Remove spans with all that is known of them; later ones are to be decided anew. Returns how many there were.

        Committed when it returns. What the file's free pages still hold goes with `compact`. document: is noted with
        it, in place of what the spans were of; the user's word on them is on its spans of the same words then. Where a
        reading ends with that, `undo` of it brings the spans back.
        """
        with self.transaction():
            there = self.known(ids)
            for span, accept, at in documents.answers(self.db, there, document.operation) if document else ():
                self.note_answer(span, accept, at)
            if there and document is not None and documents.ends(self.db, document):
                replaced.keep(self.db, document.operation, there)
            elif there:
                replaced.let_go(self.db)
            self._remove(there)
            if document is not None:
                documents.put(self.db, document)
            self.done(operation, {"forgotten": len(there)})
        return len(there)

    def undo(self, message: str = "", operation: str = "") -> tuple[int, int | None]:
        """Forget what a message or document left; "": the last one that left anything. What a document replaced is back
        as it was. Returns how many spans were forgotten, and how many are back (None: it had replaced nothing; 0: its
        old version is not kept any more, see `replaced`).
        """
        with self.transaction():
            there = self.last_operation(message)
            (of,) = self._one(OPERATION, (there[0],)) if there else ("",)
            back = replaced.put_back(self.db, of)
            self._remove(there)
            if back:
                self._undecide(back[0])
            told = len(there), None if back is None else len(back)
            self.done(operation, {"forgotten": told[0], "restored": told[1]})
        return told

    def _remove(self, there: Sequence[int]) -> None:
        """Inside a transaction: spans that there are, with all that only they held; later ones are undecided."""
        for part in in_parts(there):
            self.db.execute(f"DELETE FROM spans WHERE id IN ({marks(part)})", part)
        if there:
            self._undecide(there[0])
            self.db.execute("DELETE FROM batches WHERE id NOT IN (SELECT batch FROM spans)")
            self.db.execute("DELETE FROM sources WHERE id NOT IN (SELECT source FROM spans)")
            documents.drop_forgotten(self.db)
            replaced.drop_forgotten(self.db)

    def correct(self, span: int, text: str, record: bytes, graft: str, operation: str = "") -> None:
        """Put another text in a span's place, as the user's own word: its number and time stay, what was decided about
        it and the spans after it is to be decided anew. All or nothing; the old text goes as in `forget`.
        """
        with self.transaction():
            (old,) = self.get([span])
            (batch,) = self._one("SELECT batch FROM spans WHERE id = ?", (span,))
            self.db.execute("INSERT OR IGNORE INTO sources(kind, name) VALUES (?, ?)", (USER.kind, USER.name))
            (origin,) = self._one("SELECT id FROM sources WHERE kind = ? AND name = ?", (USER.kind, USER.name))
            figures = (old.time, old.offset, None, int(old.guarded))
            check = schema.span_checksum(span, plain(text), USER.kind, USER.name, figures)
            self.db.execute("DELETE FROM spans WHERE id = ?", (span,))
            values = (span, batch, origin, old.offset, plain(text), old.time, None, int(old.guarded), check)
            self.db.execute("INSERT INTO spans VALUES (?,?,?,?,?,?,?,?,?)", values)
            self.put_facts(span, graft, record)
            self._undecide(span)
            self.db.execute("DELETE FROM sources WHERE id NOT IN (SELECT source FROM spans)")
            replaced.let_go(self.db)
            self.done(operation, {})

    def clear(self, operation: str = "") -> None:
        """Forget everything. In RAM the numbers begin again, as they do where all that was asked since is repeated."""
        with self.transaction():
            for table in ("spans", "batches", "sources", "snapshots"):
                self.db.execute(f"DELETE FROM {table}")
            documents.drop_forgotten(self.db)
            replaced.drop_forgotten(self.db)
            if self.path is None:
                self.db.execute("DELETE FROM sqlite_sequence")
            self.done(operation, {})

    def compact(self) -> None:
        """Merge the index, give freed pages back, empty the write-ahead log. Needs room on the disk for a copy."""
        with translated(self.path):
            self.db.execute("INSERT INTO words(words) VALUES ('rebuild')")
            self.db.execute("VACUUM")
        self.checkpoint()

    def checkpoint(self) -> None:
        """Take the write-ahead log into the file and empty it. Raises MemoryStateError while somebody reads."""
        with translated(self.path):
            busy = self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise MemoryStateError("Another process is reading the memory.", "Try again when it has ended.")

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

    # --- inside

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
