"""Which later words say that a sentence holds no more, as far as words show it. Knows stems and words of change.

What a question is given is decided anew for each, with the graft (`sidecar.recall`, `judging`); this is for people.
"""

from __future__ import annotations

from titans_edge.journal import Entry, Journal
from titans_edge.questions import is_question
from titans_edge.text import content_words, stems, tells_a_change

LOOKED_AT = 32
SHARED, SHORT = 2, 5  # words both say, at least; one will do where either has no more words than SHORT


def changed_by(journal: Journal, entry: Entry) -> list[Entry]:
    """Later sentences of a source no less trusted that tell of a change in the same thing, oldest first."""
    about = stems(entry.text)
    found = journal.get(sorted(i for i, _ in journal.like(content_words(entry.text), LOOKED_AT) if i > entry.id))
    return [e for e in found if e.source.trust >= entry.source.trust and _tells(e.text, about)]


def _tells(text: str, about: set[str]) -> bool:
    if is_question(text) or not tells_a_change(text):
        return False
    said = stems(text)
    return len(said & about) >= (1 if min(len(said), len(about)) <= SHORT else SHARED)
