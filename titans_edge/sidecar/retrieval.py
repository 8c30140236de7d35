"""Which stored spans go with a question: by the keys it read, by the words they share, else the user's newest ones.

Knows journal and fold; nothing of how what is found is put to the model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from titans_edge.journal import Entry, Journal
from titans_edge.journal.search import coverage
from titans_edge.neural.store import Address
from titans_edge.rulings import RECALLED
from titans_edge.sidecar.fold import Fold
from titans_edge.text import content_words, is_question

SOME, MUCH = 0.05, 0.3  # of a question's words a span must share; a question not about the user may be about the world
NEWEST = 12  # of the user's own, where a question about the user shares no word with anything
_ABOUT_THE_USER = re.compile(r"\b(?:I|me|my|mine|we|us|our|ours|I'm|I've)\b", re.I)


def retrieve(journal: Journal, fold: Fold | None, path: Sequence[Address], text: str, k: int) -> list[Entry]:
    """At most k spans that may answer `text`, best first; at most NEWEST of the user's own where there is none.

    Questions, and what the policy held back, are never among them.
    """
    if k <= 0:
        return []
    words, personal = content_words(text), _ABOUT_THE_USER.search(text) is not None
    by_key = fold.spans_at(path, 4 * k) if fold is not None else []
    by_words = [i for i, _ in journal.like(words, 4 * k) if i not in by_key]
    shares = coverage(journal, words, by_words)
    by_words = [i for i in by_words if shares[i] >= (SOME if personal else MUCH)]
    found = _allowed(journal, [*by_key, *by_words])[:k]
    if not found and personal:
        found = _allowed(journal, [e.id for e in reversed(journal.find(source="you", limit=2 * NEWEST))])[:NEWEST]
    return found


def _allowed(journal: Journal, ids: Sequence[int]) -> list[Entry]:
    entries = {e.id: e for e in journal.get(ids)}
    there = [entries[i] for i in ids if i in entries]
    told = [e for e in there if not is_question(e.text)]
    return [e for e in told if e.ruling is not None and e.ruling.decision in RECALLED]
