"""How much of a question a stored span shares, by its words. Knows the full-text index, not what words mean."""

from __future__ import annotations

import math
from collections.abc import Sequence

from titans_edge.journal.reading import Reading, quoted


def coverage(journal: Reading, words: Sequence[str], ids: Sequence[int]) -> dict[int, float]:
    """0..1 for each span: the share of the words it has (by their stems), rare words counting more.

    A word's weight is log(1 + N / (n + 1/2)), for n of N spans that have it.
    """
    total, weights = journal.count(), dict.fromkeys(ids, 0.0)
    whole = 0.0
    marks = ",".join("?" * len(ids))
    for word in dict.fromkeys(words):
        query = quoted([word], "OR")
        (n,) = journal.db.execute("SELECT count(*) FROM words WHERE words MATCH ?", (query,)).fetchone()
        weight = math.log(1 + total / (n + 0.5))
        whole += weight
        sql = f"SELECT rowid FROM words WHERE words MATCH ? AND rowid IN ({marks})"
        for (i,) in journal.db.execute(sql, (query, *ids)) if n else ():
            weights[i] += weight
    return {i: w / whole if whole else 0.0 for i, w in weights.items()}


def likeness(journal: Reading, words: Sequence[str], ids: Sequence[int]) -> dict[int, float]:
    """BM25 of each of these spans (larger is better; 0 where no word is shared)."""
    scores = dict.fromkeys(ids, 0.0)
    if words:
        marks = ",".join("?" * len(ids))
        sql = f"SELECT rowid, -bm25(words) FROM words WHERE words MATCH ? AND rowid IN ({marks})"
        scores |= {int(i): float(s) for i, s in journal.db.execute(sql, (quoted(words, "OR"), *ids))}
    return scores


def known_words(journal: Reading, words: Sequence[str]) -> list[str]:
    """Those of the words that some span has, by their stems."""
    query = "SELECT 1 FROM words WHERE words MATCH ? LIMIT 1"
    return [w for w in dict.fromkeys(words) if journal.db.execute(query, (quoted([w], "OR"),)).fetchone()]
