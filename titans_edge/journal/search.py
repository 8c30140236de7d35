"""How much of a question a stored span shares, by its words. Knows the full-text index, not what words mean."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Sequence
from typing import Protocol

from titans_edge.journal.reading import marks, quoted


class Indexed(Protocol):
    """Texts with a full-text index `words` over them, as a journal has it."""

    @property
    def db(self) -> sqlite3.Connection: ...

    def count(self) -> int:
        """How many texts there are."""


def coverage(texts: Indexed, words: Sequence[str], ids: Sequence[int]) -> dict[int, float]:
    """0..1 for each text: the share of the words it has (by their stems), rare words counting more.

    A word's weight is log(1 + N / (n + 1/2)), for n of N texts that have it.
    """
    total, weights = texts.count(), dict.fromkeys(ids, 0.0)
    whole = 0.0
    for word in dict.fromkeys(words):
        query = quoted([word], "OR")
        (n,) = texts.db.execute("SELECT count(*) FROM words WHERE words MATCH ?", (query,)).fetchone()
        weight = math.log(1 + total / (n + 0.5))
        whole += weight
        sql = f"SELECT rowid FROM words WHERE words MATCH ? AND rowid IN ({marks(ids)})"
        for (i,) in texts.db.execute(sql, (query, *ids)) if n else ():
            weights[i] += weight
    return {i: w / whole if whole else 0.0 for i, w in weights.items()}


def likeness(texts: Indexed, words: Sequence[str], ids: Sequence[int] | None = None) -> dict[int, float]:
    """BM25 of each of these texts (larger is better; 0 where no word is shared); ids None: of all that share a word."""
    scores = dict.fromkeys(ids or (), 0.0)
    if words:
        among = "" if ids is None else f"AND rowid IN ({marks(ids)})"
        sql = f"SELECT rowid, -bm25(words) FROM words WHERE words MATCH ? {among}"
        scores |= {int(i): float(s) for i, s in texts.db.execute(sql, (quoted(words, "OR"), *(ids or ())))}
    return scores


def known_words(texts: Indexed, words: Sequence[str]) -> list[str]:
    """Those of the words that some text has, by their stems."""
    query = "SELECT 1 FROM words WHERE words MATCH ? LIMIT 1"
    return [w for w in dict.fromkeys(words) if texts.db.execute(query, (quoted([w], "OR"),)).fetchone()]
