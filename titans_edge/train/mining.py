"""Candidates for a question as a memory would find them, from sentences that are in training only."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from titans_edge.journal.reading import quoted
from titans_edge.text import content_words

Scores = npt.NDArray[np.float32]


class WordIndex:
    """The journal's full-text search over a list of sentences."""

    def __init__(self, sentences: Sequence[str]) -> None:
        self.n = len(sentences)
        self._db = sqlite3.connect(":memory:")
        self._db.execute("CREATE VIRTUAL TABLE words USING fts5(text, tokenize='porter unicode61 remove_diacritics 2')")
        self._db.executemany("INSERT INTO words(rowid, text) VALUES (?, ?)", enumerate(sentences))
        self._having: dict[str, npt.NDArray[np.int64]] = {}

    def scores(self, question: str) -> tuple[Scores, Scores]:
        """BM25 and coverage (0..1) of each sentence (n,)."""
        bm25, share, whole = np.zeros(self.n, np.float32), np.zeros(self.n, np.float32), 0.0
        words = list(dict.fromkeys(content_words(question)))
        if not words:
            return bm25, share
        query = "SELECT rowid, -bm25(words) FROM words WHERE words MATCH ?"
        for i, score in self._db.execute(query, (quoted(words, "OR"),)):
            bm25[i] = score
        for word in words:
            having = self._with(word)
            weight = math.log(1 + self.n / (len(having) + 0.5))
            whole += weight
            share[having] += weight
        return bm25, share / whole

    def has(self, word: str) -> bool:
        """Whether any sentence has a word."""
        return len(self._with(word)) > 0

    def _with(self, word: str) -> npt.NDArray[np.int64]:
        if word not in self._having:
            rows = self._db.execute("SELECT rowid FROM words WHERE words MATCH ?", (quoted([word], "OR"),)).fetchall()
            self._having[word] = np.array([r[0] for r in rows], np.int64)
        return self._having[word]


def outside(cosines: Scores, bm25: Scores, share: Scores, rows: Sequence[int]) -> Scores:
    """What the matcher is told of candidates beside their words (len(rows), 3)."""
    best = max(float(bm25[rows].max(initial=0.0)), 1e-6)
    made: Scores = np.stack([cosines[rows], bm25[rows] / best, share[rows]], -1).astype(np.float32)
    return made


def candidates(cosines: Scores, bm25: Scores, n: int) -> list[int]:
    """The n best by the sum of cosine and BM25, each divided by its best."""
    fused = cosines / max(float(cosines.max(initial=0.0)), 1e-6) + bm25 / max(float(bm25.max(initial=0.0)), 1e-6)
    return [int(i) for i in np.argsort(-fused, kind="stable")[:n]]
