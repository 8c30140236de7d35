"""What can be asked of a journal's tables: spans by number, word, source and decision, figures, snapshots, soundness.

Knows rows and checksums; changes nothing, but for a note of a damaged snapshot.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from titans_edge.errors import MemoryStateError
from titans_edge.journal import checks, schema
from titans_edge.journal.file import damaged, translated
from titans_edge.journal.schema import FORMAT, ROWS, Entry
from titans_edge.rulings import RECALLED, Decision
from titans_edge.sources import named
from titans_edge.text import plain

PAGE = 500  # rows fetched at once


class Reading:
    """The reading half of a `Journal`."""

    path: Path | None
    notices: list[str]
    _db: sqlite3.Connection | None

    @property
    def db(self) -> sqlite3.Connection:
        """The open database. Raises MemoryStateError after `close`."""
        if self._db is None:
            raise MemoryStateError(f"The memory {self.path} is closed.", "Open it again.")
        return self._db

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
        parts = (self._select(f"WHERE s.id IN ({marks(p)}) ORDER BY s.id", tuple(p)) for p in in_parts(_sorted(ids)))
        return [e for part in parts for e in part]

    def known(self, ids: Sequence[int]) -> list[int]:
        """Those of the ids that there are, in order."""
        parts = (self.db.execute(f"SELECT id FROM spans WHERE id IN ({marks(p)})", p) for p in in_parts(_sorted(ids)))
        return sorted(int(i) for part in parts for (i,) in part)

    def group(self, operation: str, part: int) -> list[Entry]:
        """The spans of one group that are still there, in order."""
        return list(self._select("WHERE b.operation = ? AND b.part = ? ORDER BY s.id", (operation, part)))

    def unread(self, *grafts: str, limit: int = -1) -> list[Entry]:
        """Spans whose facts none of `grafts` has read, in order."""
        where = f"WHERE f.graft IS NULL OR f.graft NOT IN ({marks(grafts)}) ORDER BY s.id LIMIT ?"
        return list(self._select(where, (*grafts, limit)))

    def count_unread(self, *grafts: str) -> int:
        sql = f"""SELECT count(*) FROM spans s LEFT JOIN facts f ON f.span = s.id
            WHERE f.graft IS NULL OR f.graft NOT IN ({marks(grafts)})"""
        return int(self._one(sql, grafts)[0])

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

    def quarantine(self, limit: int = -1, before: int = checks.MAX_NUMBER) -> list[Entry]:
        """What waits for the user's word; the newest `limit` of those before span `before`."""
        values = (Decision.QUARANTINED.value, before, limit)
        return list(self._select("WHERE r.decision = ? AND s.id < ? ORDER BY s.id DESC LIMIT ?", values))[::-1]

    def find(
        self,
        *,
        text: str = "",
        source: str = "",
        since: float | None = None,
        limit: int = -1,
        before: int = checks.MAX_NUMBER,
    ) -> list[Entry]:
        """Spans with all words of `text`, of a source as `sources.named` reads it, since a time; the newest `limit` of
        those before span `before`.
        """
        where, values = ["s.id < ?"], list[Any]([before])
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
            f" AND rtrim(w.text) NOT LIKE '%?' AND r.decision IN ({marks(allowed)})"
            " ORDER BY bm25(words), w.rowid DESC LIMIT ?",
            (quoted(words, "OR"), *allowed, limit),
        )
        return [(int(i), float(score)) for i, score in rows]

    def last_operation(self, operation: str = "") -> list[int]:
        """Ids of the spans of a message or document that are still there; "": of the last one that left any."""
        rows = self.db.execute(
            "SELECT s.id FROM spans s JOIN batches b ON b.id = s.batch WHERE b.operation = coalesce(nullif(?, ''),"
            " (SELECT b.operation FROM spans s JOIN batches b ON b.id = s.batch ORDER BY s.id DESC LIMIT 1))"
            " ORDER BY s.id",
            (operation,),
        )
        return [int(r[0]) for r in rows]

    def operation(self, prefix: str, since: float) -> str:
        """The last operation that begins with `prefix` and left a span since a time; "" where there is none."""
        row = self.db.execute(
            "SELECT b.operation FROM batches b JOIN spans s ON s.batch = b.id"
            " WHERE b.operation >= ? AND b.operation < ? AND s.time >= ? ORDER BY s.id DESC LIMIT 1",
            (prefix, prefix + "\U0010ffff", since),
        ).fetchone()
        return "" if row is None else str(row[0])

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

    def growth(self, steps: int) -> tuple[float, list[tuple[float, str, int]]]:
        """(seconds of a step, [(when a step begins, kind of source, sentences told in it)]) of what is there, in order;
        at most so many steps, and one for the newest.
        """
        first, last = self._one("SELECT min(time), max(time) FROM spans")
        if first is None:
            return 0.0, []
        step = max(1.0, (last - first) / steps)
        rows = self.db.execute(
            "SELECT CAST((s.time - ?) / ? AS INTEGER), o.kind, count(*) FROM spans s JOIN sources o ON o.id = s.source"
            " GROUP BY 1, 2 ORDER BY 1, 2",
            (first, step),
        )
        return step, [(first + n * step, str(kind), int(count)) for n, kind, count in rows]

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
        where = "" if ids is None else f"WHERE s.id IN ({marks(ids)})"
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


def _sorted(ids: Sequence[int]) -> list[int]:
    """Each id that may be one, once."""
    return sorted({i for i in ids if 0 < i <= checks.MAX_NUMBER})


def in_parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """As many at a time as one statement takes."""
    return (ids[at : at + PAGE] for at in range(0, len(ids), PAGE))


def marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


def quoted(words: Sequence[str], joined: str) -> str:
    """Words as an FTS5 query, each quoted, so that nothing in them is an operator."""
    parts = plain(" ".join(words)).replace("\0", " ").split()
    worded = [p for p in parts if any(c.isalnum() for c in p)]  # a part without a word would match nothing
    return f" {joined} ".join('"' + p.replace('"', '""') + '"' for p in worded) or '""'
