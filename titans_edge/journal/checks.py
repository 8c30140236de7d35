"""What makes a row of a journal sound: its checksum, and values that this program could have written. No files."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Callable
from typing import Any

from titans_edge import facts
from titans_edge.errors import TitansError
from titans_edge.journal.schema import (
    answer_checksum,
    facts_checksum,
    ruling,
    ruling_checksum,
    snapshot_checksum,
    span_checksum,
)

MAX_TIME = 253_402_214_400.0  # seconds since 1970: the last day of the year 9999, which every time zone can still show
MAX_OFFSET, MAX_NUMBER = 2**53, 2**63 - 1
SPAN, FACTS, RULING, ANSWER = "its text or source", "its facts", "its ruling", "its answer"
Row = tuple[Any, ...]  # of schema.ROWS


def faults(row: Row, vocabulary: int | None = None, *, graft: str = "", contents: bool = True) -> dict[str, str]:
    """What is wrong with a span, by part; empty for a sound one. vocabulary: how many tokens there are.

    It is asked of facts that `graft` read only. contents: look into the facts too, not only at their checksum (about
    40 µs a span more).
    """
    found = {}
    for part, present, check in _PARTS:
        try:
            why = check(row) if present is None or row[present] is not None else ""
        except (ValueError, TypeError, AttributeError, OverflowError):
            why = "a value of the wrong kind"
        if why:
            found[part] = why
    if contents and FACTS not in found and row[11] is not None:
        why = facts_wrong(row[11], vocabulary if row[10] == graft else None)
        found |= {FACTS: why} if why else {}
    return found


def is_time(value: float) -> bool:
    """A moment that can be shown: 1970 to 9999."""
    return math.isfinite(value) and 0.0 <= value <= MAX_TIME


def _span(row: Row) -> str:
    number, text, kind, name, offset, time, surprise, guarded, kept, *_ = row
    if span_checksum(number, text, kind, name, (time, offset, surprise, guarded)) != kept:
        return "wrong checksum"
    if not is_time(time):
        return "no such time"
    if not 0 <= offset <= MAX_OFFSET or guarded not in (0, 1):
        return "no such place"
    return "" if surprise is None or math.isfinite(surprise) else "no such surprise"


def _facts(row: Row) -> str:
    graft, record, kept = row[10:13]
    return "" if facts_checksum(row[0], graft, record) == kept else "wrong checksum"


def facts_wrong(record: bytes, vocabulary: int | None) -> str:
    """Why a record cannot be used; "" for a sound one."""
    try:
        found, sentence = facts.read(record)
    except TitansError as e:
        return e.message.rstrip(".")
    ids = [i for fact in found for p in facts.phrases(fact) for i in (*p.surface, *p.address)]
    ids += [i for word in sentence.words for i in word] if sentence is not None else []
    return "" if vocabulary is None or max(ids, default=0) < vocabulary else "a token that the backbone does not have"


def _ruling(row: Row) -> str:
    made = ruling(row)
    if ruling_checksum(row[0], made) != row[19]:
        return "wrong checksum"
    sound = all(math.isfinite(x) and 0.0 <= x <= 1.0 for x in (made.scale, made.trust)) and made.policy >= 0
    return "" if sound else "no such effect"


def _answer(row: Row) -> str:
    accept, time, kept = row[20:23]
    if answer_checksum(row[0], bool(accept), time) != kept:
        return "wrong checksum"
    return "" if accept in (0, 1) and is_time(time) else "no such answer"


_PARTS: tuple[tuple[str, int | None, Callable[[Row], str]], ...] = (
    (SPAN, None, _span),
    (FACTS, 11, _facts),
    (RULING, 13, _ruling),
    (ANSWER, 20, _answer),
)


def base_wrong(standing: Any, state: Any, kept: Any) -> str:
    """Why the state a journal begins with cannot be used; "" for a sound one."""
    try:
        if snapshot_checksum(0, standing, state) != kept:
            return "wrong checksum"
        json.loads(standing)
        return "" if len(zlib.decompress(state)) % 8 == 0 else "no state"
    except (zlib.error, ValueError, TypeError, AttributeError):
        return "a value of the wrong kind"


def operation_wrong(result: Any, time: Any) -> str:
    """Why an operation's noted result cannot be used; "" for a sound one."""
    try:
        return "" if isinstance(json.loads(result), dict) and math.isfinite(time) else "no such result"
    except (ValueError, TypeError):
        return "a value of the wrong kind"


def vocabulary_of(meta: str | None) -> int | None:
    """How many tokens the backbone has, as the journal's meta says."""
    return int(meta) if meta is not None and meta.isdecimal() else None
