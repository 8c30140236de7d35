"""What is left in a damaged journal: rows, told apart by their shapes, and of each span what is sound by its checksums.

Knows the tables of formats 2 and 3. A page that is lost costs what stood on it: a span whose source is lost is tried
with all sources there are (its checksum knows the right one); groups and sources are read from their indexes too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from titans_edge.journal import checks, format_2
from titans_edge.journal.pages import Row
from titans_edge.journal.schema import answer_checksum, ruling_checksum, source, span_checksum
from titans_edge.sources import TRUST

# A row's values, a letter each: null, integer, real (a whole one is stored as an integer), text, bytes.
LETTERS = {type(None): "n", int: "i", float: "r", str: "t", bytes: "b"}
SHAPES = {
    "spans": "niiit[ri][rin]ib",
    "spans_2": "niiit[ri][rin]i[bn]b",
    "facts": "ntbb",  # of snapshots too
    "rulings": "nt[ri]ti[ri]ib",
    "answers": "ni[ri]b",
    "rulings_2": "nt[ri]t",  # called verdicts then
    "answers_2": "ni[ri]",
    "sources": "ntt",
    "batches": "nti",
    "numbers": "ti",
}
INDEX_SHAPES = {
    "meta": "tt",
    "named": "tt[ri]",
    "batches": "tii",
    "places": "ii",
}  # named: operations, or sources by name
KINDS = (*TRUST, "web")  # of sources; `web` in format 2
LAST = 2**53  # no span has a number beyond
LOST = ("imported", "source lost")  # kind and name given to a span whose source is
PARTS = {"facts": (checks.FACTS, 10, 13), "rulings": (checks.RULING, 13, 20), "answers": (checks.ANSWER, 20, 23)}
Values = tuple[Any, ...]


@dataclass(frozen=True)
class SoundSpan:
    """row: as schema.ROWS gives it, without the parts that are `lost`; batch, operation, part: its group."""

    row: Values
    batch: int
    operation: str
    part: int
    lost: tuple[str, ...]


@dataclass
class Remains:
    """What stood in a file. rows: by table and number, every version; places: span's number to its group's."""

    rows: dict[str, dict[int, list[Values]]] = field(default_factory=dict)
    places: dict[int, int] = field(default_factory=dict)
    meta: dict[str, str] = field(default_factory=dict)
    operations: dict[str, tuple[str, float]] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)  # the last that were given, by table

    def of(self, table: str, number: int) -> list[Values]:
        """Every version of a row; more than one where pages are broken."""
        return self.rows.get(table, {}).get(number, [])

    def spans(self) -> Iterator[SoundSpan]:
        """Every span whose text is sound, in order."""
        for number in sorted({*self.rows.get("spans", {}), *self.rows.get("spans_2", {})}):
            found = self._span(number) if 0 < number <= LAST else None
            if found is not None:
                yield found

    def traces(self) -> set[int]:
        """Numbers of all spans there were, as far as anything speaks of them."""
        tables = ("spans", "spans_2", "facts", "rulings", "answers", "rulings_2", "answers_2")
        seen = set(self.places).union(*(self.rows.get(t, {}) for t in tables))
        last = self.numbers.get("spans", max(self.places, default=LAST))
        return {n for n in seen if 0 < n <= last}

    def base(self) -> tuple[Values | None, bool]:
        """The state the journal begins with, where it is sound; and whether there was one that is not."""
        versions = self.of("snapshots", 0)
        sound = [v for v in versions if not checks.base_wrong(*v)]
        return (sound[0], False) if sound else (None, bool(versions))

    # --- one span

    def _span(self, number: int) -> SoundSpan | None:
        for batch, head in self._heads(number):
            row, lost = list(head) + [None] * 13, list[str]()
            for table, (part, start, end) in PARTS.items():
                versions = self._versions(table, number, head)
                sound = [v for v in versions if not self._wrong(head, start, v, part)]
                row[start:end] = sound[0] if sound else row[start:end]
                lost += [part] if versions and not sound else []
            operation, part_of = (self.of("batches", batch) or [(f"repaired-{batch}", 0)])[0]
            row[9] = str(operation)
            return SoundSpan(tuple(row), batch, str(operation), int(part_of), tuple(lost))
        return None

    def _heads(self, number: int) -> Iterator[tuple[int, Values]]:
        """(group, the first ten values of schema.ROWS) of a span, where they are sound."""
        versions = [(False, v) for v in self.of("spans", number)] + [(True, v) for v in self.of("spans_2", number)]
        for old, (batch, origin, offset, text, time, surprise, guarded, *rest) in versions:
            own = self.of("sources", origin)
            for kind, name in [*own, *self._sources(), *([] if own else [LOST])]:
                head = (number, text, kind, name, offset, time, surprise, guarded, rest[-1], "")
                if old or (kind, name) == LOST:
                    head = _summed_up(head, rest[0] if old else None, checked=(kind, name) != LOST)
                if checks.SPAN not in checks.faults((*head, *[None] * 13)):
                    yield batch, head

    def _sources(self) -> list[tuple[str, str]]:
        """Every source there is, and those without a name."""
        known = [(str(k), str(n)) for versions in self.rows.get("sources", {}).values() for k, n in versions]
        return known + [(kind, "") for kind in KINDS]

    def _versions(self, table: str, number: int, head: Values) -> list[Values]:
        """Facts, ruling or answer of a span as schema.ROWS has them, of either format."""
        old = self.of(f"{table}_2", number) if table != "facts" else []
        if table == "rulings":
            made = [format_2.new_ruling(v[0], v[1], v[2], source(head[2], head[3]).trust) for v in old]
            old = [
                (r.decision.value, r.scale, r.reason, int(r.confined), r.trust, r.policy, ruling_checksum(number, r))
                for r in made
                if r is not None
            ]
        if table == "answers":
            old = [(accept, at, answer_checksum(number, accept, at)) for accept, at in old]
        return [*self.of(table, number), *old]

    def _wrong(self, head: Values, start: int, version: Values, part: str) -> bool:
        """Is this version of a part of a span not sound?"""
        row = [*head, *[None] * 13]
        row[start : start + len(version)] = version
        vocabulary = checks.vocabulary_of(self.meta.get("vocabulary"))
        return part in checks.faults(tuple(row), vocabulary, graft=self.meta.get("graft", ""))


def collect(rows: Iterable[Row]) -> Remains:
    """Rows, sorted into tables by their shapes."""
    found = Remains()
    for row in rows:
        table = _table("".join(LETTERS[type(v)] for v in row.values), row.number is None)
        if table is not None and all(_is_text(v) for v in row.values if table not in ("spans", "spans_2")):
            _note(found, table, row.number, row.values)
    _renumber(found)
    return found


def _renumber(found: Remains) -> None:
    """Where the index of groups says that a span has another number than it stands under, it is tried with that."""
    numbers: dict[int, set[int]] = {}
    for number, batch in found.places.items():
        numbers.setdefault(batch, set()).add(number)
    for table in ("spans", "spans_2"):
        rows = found.rows.get(table, {})
        strays = [(n, v) for n, versions in rows.items() for v in versions if n not in numbers.get(v[0], {n})]
        for number, values in strays:
            free = [n for n in sorted(numbers[values[0]]) if all(v[0] != values[0] for v in rows.get(n, []))]
            if free:
                rows[number].remove(values)
                _add(found, table, free[0], values)


@lru_cache
def _table(letters: str, in_index: bool) -> str | None:
    """The table that has such rows."""
    shapes = INDEX_SHAPES if in_index else SHAPES
    return next((table for table, shape in shapes.items() if re.fullmatch(shape, letters)), None)


def _note(found: Remains, table: str, number: int | None, v: Values) -> None:
    """Put a row where it belongs."""
    if table == "meta":
        found.meta[v[0]] = v[1]
    elif table == "numbers":
        found.numbers |= {v[0]: v[1]} if 0 <= v[1] <= LAST else {}
    elif table == "places":
        found.places[v[1]] = v[0]
    elif table == "named" and v[0] not in KINDS:
        found.operations[v[0]] = (v[1], float(v[2]))
    elif number is None:  # an index of groups, or of sources
        _add(found, "batches" if table == "batches" else "sources", v[2], v[:2])
    elif table == "facts" and v[1].startswith("{"):
        if number == 0:
            _add(found, "snapshots", 0, v[1:])
    else:
        _add(found, table, number, v[1:])


def _add(found: Remains, table: str, number: int, values: Values) -> None:
    held = found.rows.setdefault(table, {}).setdefault(number, [])
    if values not in held:
        held.append(values)


def _summed_up(head: Values, record: bytes | None, *, checked: bool) -> Values:
    """The head of a span with format 3's checksum in place of format 2's, or of the one a lost source was in."""
    number, text, kind, name, offset, time, surprise, guarded, kept, operation = head
    try:
        figures = (float(time), offset, None if surprise is None else float(surprise), guarded)
        if checked and format_2.checksum(text, kind, name, figures, record) != kept:
            return head
        check = span_checksum(number, text, kind, name, (figures[0], offset, figures[2], guarded))
    except (ValueError, TypeError):
        return head
    return number, text, kind, name, offset, time, surprise, guarded, check, operation


def _is_text(value: object) -> bool:
    """Not a text with bytes that are none."""
    return not isinstance(value, str) or value.isascii() or value.encode("utf-8", "ignore").decode() == value
