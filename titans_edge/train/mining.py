"""Candidates for a question as a memory would find them, from sentences that are in training only."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from titans_edge.journal.schema import INDEXED
from titans_edge.journal.search import coverage, known_words, likeness
from titans_edge.text import content_words

Scores = npt.NDArray[np.float32]


class WordIndex:
    """A list of sentences with the journal's full-text index over it."""

    def __init__(self, sentences: Sequence[str]) -> None:
        self.n = len(sentences)
        self.db = sqlite3.connect(":memory:")
        self.db.execute(f"CREATE VIRTUAL TABLE words USING fts5(text, {INDEXED})")
        self.db.executemany("INSERT INTO words(rowid, text) VALUES (?, ?)", enumerate(sentences))

    def count(self) -> int:
        return self.n

    def likeness(self, question: str) -> Scores:
        """BM25 of each sentence (n,)."""
        bm25 = np.zeros(self.n, np.float32)
        for i, score in likeness(self, content_words(question)).items():
            bm25[i] = score
        return bm25

    def coverage(self, question: str, rows: Sequence[int]) -> Scores:
        """The share of the question's words (0..1) that each of these sentences has (len(rows),)."""
        shares = coverage(self, content_words(question), rows)
        return np.array([shares[i] for i in rows], np.float32)

    def known(self, question: str) -> list[str]:
        """Those of the question's words that some sentence has."""
        return known_words(self, content_words(question))


def candidates(cosines: Scores, bm25: Scores, n: int) -> list[int]:
    """The n best by the sum of cosine and BM25, each divided by its best."""
    fused = cosines / max(float(cosines.max(initial=0.0)), 1e-6) + bm25 / max(float(bm25.max(initial=0.0)), 1e-6)
    return [int(i) for i in np.argsort(-fused, kind="stable")[:n]]
