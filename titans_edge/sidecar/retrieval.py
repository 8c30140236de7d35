"""Which stored spans go with a question: by the keys it read, by the words they share, else the user's newest ones.

Knows journal and fold; nothing of how what is found is put to the model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from titans_edge.journal import Entry, Journal
from titans_edge.neural.store import Address
from titans_edge.rulings import RECALLED
from titans_edge.sidecar.fold import Fold
from titans_edge.text import content_words

NEWEST = 12  # of the user's own, where a question about the user shares no word with anything
_ABOUT_THE_USER = re.compile(r"\b(?:I|me|my|mine|we|us|our|ours|I'm|I've)\b", re.I)


def retrieve(journal: Journal, fold: Fold | None, path: Sequence[Address], text: str, k: int) -> list[Entry]:
    """At most k spans that may answer `text`, best first; at most NEWEST of the user's own where there is none.

    Questions, and what the policy held back, are never among them.
    """
    if k <= 0:
        return []
    ids = fold.spans_at(path, 4 * k) if fold is not None else []
    ids += [i for i, _ in journal.like(content_words(text), k) if i not in ids]
    found = _allowed(journal, ids)[:k]
    if not found and _ABOUT_THE_USER.search(text):
        found = _allowed(journal, [e.id for e in reversed(journal.find(source="you", limit=2 * NEWEST))])[:NEWEST]
    return found


def _allowed(journal: Journal, ids: Sequence[int]) -> list[Entry]:
    entries = {e.id: e for e in journal.get(ids)}
    there = [entries[i] for i in ids if i in entries]
    told = [e for e in there if not e.text.rstrip().endswith("?")]
    return [e for e in told if e.ruling is not None and e.ruling.decision in RECALLED]
