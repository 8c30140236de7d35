"""Which stored spans go with a question: by its key, by the words they share, and then looked at side by side.

Knows journal and fold; nothing of how what is found is put to the model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from titans_edge.asked_for import asks_for_a_secret, asks_of_himself, asks_what_was_told
from titans_edge.features import SpanFeatures, word_ids
from titans_edge.journal import Entry, Journal, documents
from titans_edge.journal.search import coverage, known_words, likeness
from titans_edge.judging import likelier
from titans_edge.neural.keys import outside, rarity
from titans_edge.neural.sentences import SentenceMemory
from titans_edge.neural.store import Address
from titans_edge.neural.told import Evidence
from titans_edge.rulings import RECALLED
from titans_edge.sidecar.fold import Fold
from titans_edge.sources import USER
from titans_edge.text import content_words, is_question, tells, words
from titans_edge.wanted import of_somebody_introduced

LOOKED_AT = 20  # candidates by key, and by words, that the matcher sees
BY_MATCH = 0.5  # weight of the matcher's logit beside cosine and BM25, each as a share of the best
SOME, MUCH = 0.05, 0.3  # of a question's words a span must share; a question not about the user may be about the world
LIKELY, SURE = 0.5, 0.85  # a span that likely answers; one that does, whatever the message looks like
ABOUT = 0.85  # a message this likely about what was told is not about the world
MAYBE = 0.1  # one less likely than that is; between the two it is for whoever reads what was found to say
# what a usual memory has for any message at all: a small one looks no emptier, as the head was trained on usual ones
LEAST = Evidence(match=0.02, cosine=0.25)
# log-odds by which a message is likelier about what was told: a question about us, about me, and one with a name of
# several tokens, which few but the user know
OF_US, OF_ME, NAMED = 1.0, 2.0, 1.0
NEWEST = 12  # of the user's own, where a question about the user shares no word with anything
_ABOUT_THE_USER = re.compile(r"\b(?:I|me|my|mine|we|us|our|ours|I'm|I've)\b", re.I)


@dataclass(frozen=True)
class Found:
    """A span, how likely it answers (0..1), what it is ordered by, its share of the question's words (0..1), and the
    cosine of the keys.
    """

    entry: Entry
    match: float
    score: float = 0.0
    share: float = 0.0
    cosine: float = 0.0


def rank(
    journal: Journal, fold: Fold, sentences: SentenceMemory, question: SpanFeatures, text: str, also: Sequence[int] = ()
) -> list[Found]:
    """The spans that may answer, the likeliest first. also: look at these too.

    Questions, and what the policy held back, are never among them.
    """
    asked = sentences.ask(question)
    cosines = dict(zip(fold.sentences.spans, fold.sentences.cosines(asked.key).tolist(), strict=True))
    near = sorted(cosines, key=lambda i: cosines[i], reverse=True)[: 4 * LOOKED_AT]
    asked_for = content_words(text)
    by_words = dict(journal.like(asked_for, LOOKED_AT))
    ids = [e.id for e in _allowed(journal, near)][:LOOKED_AT]
    ids += [i for i in by_words if i not in ids and i in cosines]
    ids += [i for i in (*_behind(fold, by_words), *also) if i not in ids and i in cosines]
    if not ids:
        return []
    bm25, shares = likeness(journal, asked_for, ids), coverage(journal, asked_for, ids)
    beside = outside(*(np.array([of[i] for i in ids], np.float32) for of in (cosines, bm25, shares)))
    match = sentences.match(asked, [fold.sentences.candidate(i) for i in ids], beside)[:, 0]
    logit = np.log(np.clip(match, 1e-6, 1 - 1e-6) / (1 - np.clip(match, 1e-6, 1 - 1e-6)))
    score = beside[:, 0] / max(float(beside[:, 0].max()), 1e-6) + beside[:, 1] + BY_MATCH * logit
    entries = {e.id: e for e in _allowed(journal, ids)}
    found = [
        Found(entries[i], float(m), float(s), shares[i], cosines[i])
        for i, m, s in zip(ids, match, score, strict=True)
        if i in entries
    ]
    return sorted(found, key=lambda f: (f.score, f.entry.id), reverse=True)


def about_what_was_told(
    journal: Journal, sentences: SentenceMemory, question: SpanFeatures, text: str, found: Sequence[Found]
) -> float:
    """How likely (0..1) a message asks for what was told, and not about the world: one that names a document that was
    read surely does, or that asks for what only who was told it can know. found: what `rank` found for it.
    """
    if any(name.lower() in text.lower() for name in documents.names(journal.db) if len(name) > 2):
        return 1.0
    if asks_for_a_secret(text):
        return 1.0
    if sentences.told is None:
        return float(about_the_user(text) or any(f.match >= LIKELY for f in found))
    asked = content_words(text)
    known = set(known_words(journal, asked))
    rare = [rarity(ids) for word, ids in _words(text, question) if word.lower() in known]
    evidence = Evidence(
        max([LEAST.match, *(f.match for f in found)]),
        max((f.share for f in found), default=0.0),
        max([LEAST.cosine, *(f.cosine for f in found)]),
        max(rare, default=0.0),
        len(known) / max(1, len(set(asked))),
    )
    if evidence.match >= SURE:
        return 1.0
    of_me = asks_of_himself(text)
    by = OF_ME if of_me else OF_US if asks_what_was_told(text) else 0.0
    named = any(
        len(ids) > 1 and name[0].isupper() and name.lower() in known for name, ids in _words(text, question)[1:]
    )
    likely = likelier(sentences.told.about(question.hidden, evidence), by + NAMED * named)
    if of_somebody_introduced(text, [f.entry.text for f in found if f.entry.source.kind == USER.kind]):
        return max(likely, ABOUT)
    return max(likely, MAYBE) if named or of_me else likely


def _words(text: str, question: SpanFeatures) -> list[tuple[str, tuple[int, ...]]]:
    """A question's words, and the token ids of each."""
    return [(w.text, ids) for w, ids in zip(words(text), word_ids(question.address), strict=False)]


def _behind(fold: Fold, by_words: Iterable[int]) -> list[int]:
    """Spans told right behind one that shares words with the question: they may be about the same."""
    follows = {before: span for span, before in fold.sentences.before.items()}
    return [follows[i] for i in by_words if i in follows]


def retrieve(journal: Journal, fold: Fold | None, path: Sequence[Address], text: str, k: int) -> list[Entry]:
    """For a graft without keys: at most k spans by what was read and by words, best first; at most NEWEST of the
    user's own where there is none.
    """
    if k <= 0:
        return []
    asked_for, personal = content_words(text), about_the_user(text)
    by_key = fold.spans_at(path, 4 * k) if fold is not None else []
    by_words = [i for i, _ in journal.like(asked_for, 4 * k) if i not in by_key]
    shares = coverage(journal, asked_for, by_words)
    by_words = [i for i in by_words if shares[i] >= (SOME if personal else MUCH)]
    found = _allowed(journal, [*by_key, *by_words])[:k]
    if not found and personal:
        found = _allowed(journal, [e.id for e in reversed(journal.find(source="you", limit=2 * NEWEST))])[:NEWEST]
    return found


def told_between(journal: Journal, ranked: Sequence[Found], first: float, last: float) -> list[Found]:
    """What was told between two moments: what may answer, best first; else the user's newest words of that time."""
    inside = [f for f in ranked if first <= f.entry.time < last and f.match >= SOME]
    if inside:
        return inside[:NEWEST]
    own = [e for e in journal.find(source="you", since=first) if e.time < last]
    return [Found(e, 0.0) for e in _allowed(journal, [e.id for e in own])[-NEWEST:]]


def about_the_user(text: str) -> bool:
    return _ABOUT_THE_USER.search(text) is not None


def allowed(e: Entry) -> bool:
    """Whether a span may be given to the model at all: no question and no mere request or greeting, and not
    held back by the policy.
    """
    says = tells(e.text) if e.source.kind == USER.kind else not is_question(e.text)
    return says and e.ruling is not None and e.ruling.decision in RECALLED


def _allowed(journal: Journal, ids: Sequence[int]) -> list[Entry]:
    entries = {e.id: e for e in journal.get(ids)}
    return [entries[i] for i in ids if i in entries and allowed(entries[i])]
