"""What becomes of the spans that may answer: which are given, which were replaced by later ones, or that none was told.

Knows spans and how likely each answers; nothing of how they are put to the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from titans_edge.asked_for import asks_for_a_secret, asks_for_the_past, asks_what_was_told
from titans_edge.journal import Entry, Journal
from titans_edge.neural.sentences import SentenceMemory
from titans_edge.sentence_ends import listed
from titans_edge.sidecar.fold import Fold
from titans_edge.sidecar.retrieval import MUCH, Found, allowed
from titans_edge.text import WAS_BEFORE, begins_back, content_words, refers_back, stems, tells_a_change

CLEAR_BEST, CLEAR = 0.65, 0.2  # where the best is this likely, those below that share of it are not given
CHOSEN = 8  # where more than so many are asked for, whoever asks chooses among them
BESIDE = 0.15  # a span below this share of the best one's likelihood is far less likely than that
UNTOLD = 0.01  # a question about the user was not answered by anything told where no span is likelier than this
SECOND = 0.01  # a span that shares a rare word with the best is given too, if it is likelier than this
FEW = 50  # a word is rare that not one in so many spans has
AROUND = 2  # spans before and after, of the same message, that are given with one
# words that two messages on anything may share
OF_ANYTHING = listed(
    "so one i'm say says said saying tell told got get gets getting no not never i've like up out only same back"
    " because off u all good come comes coming came left after put other first if thank thanks take takes took make"
    " makes made need needs too am every down own here w over next gone again always wait wrong really just still now"
    " went go goes going know think want wants wanted anyway well yes ok lol"
)
LIKE = 60  # spans that share words, among which later ones are looked for
NEIGHBOURS, NEAR = 3, 0.45  # later spans that may take a span's place: so many, with keys at least so near
SAME = 2  # content words that a change and what it changes share, at least
RIVAL = 0.6  # a later span that answers less likely than this share of the earlier one takes no place
REPLACES = 0.8  # a later span that takes an earlier one's place more likely than this does

Get = Callable[[Sequence[int]], list[Entry]]  # spans by their numbers


@dataclass(frozen=True)
class Recalled:
    """found: best first; said: the message around each, as it is given; replaced: spans that no longer hold, and the
    ones that hold now; left: those of the former that were found too, and are left out for that. maybe: the question
    may be about the world, for which nothing was found.
    """

    found: tuple[Found, ...] = ()
    left: tuple[Found, ...] = ()
    said: tuple[tuple[int, str], ...] = ()
    replaced: tuple[tuple[int, int], ...] = ()
    untold: bool = False
    maybe: bool = False

    def shown(self) -> list[dict[str, Any]]:
        """As JSON, best first."""
        return [
            self._shown(f) | {"replaces": [old for old, new in self.replaced if new == f.entry.id]} for f in self.found
        ]

    def shown_left(self) -> list[dict[str, Any]]:
        """What is left out, each with the span that took its place."""
        later = dict(self.replaced)
        return [self._shown(f) | {"replaced_by": later[f.entry.id]} for f in self.left]

    def _shown(self, f: Found) -> dict[str, Any]:
        return f.entry.shown() | {"match": f.match, "said": dict(self.said).get(f.entry.id, f.entry.text)}


def recall(fold: Fold, sentences: SentenceMemory, found: Sequence[Found], text: str, k: int, get: Get) -> Recalled:
    """At most k messages of `found` (best first), and the later spans that take the place of one of them. For a
    question about what was told; one about the world is given nothing.
    """
    best, shared = (max((getattr(f, of) for f in found), default=0.0) for of in ("match", "share"))
    if best < UNTOLD and shared < MUCH and (asks_what_was_told(text) or asks_for_a_secret(text)):
        return Recalled(untold=True)
    clear = CLEAR * best if best >= CLEAR_BEST and k <= CHOSEN else 0.0
    kept = _distinct([f for f in found if f.match >= clear], k)
    if not kept:
        return Recalled()
    kept = _with_second(fold, kept, found, k)
    past, replaced = asks_for_the_past(text), dict(_replaced(fold, sentences, kept, found, get))
    replaced |= {} if past else _changed(kept, found)
    there = {f.entry.id for f in kept}
    kept += [Found(e, best) for e in get(sorted(set(replaced.values()) - there))]
    left = [] if past else [f for f in kept if f.entry.id in replaced]
    kept = [f for f in kept if f not in left]
    said = (*_said(kept, replaced, get, past=past), *_said(left, {}, get, past=past))
    return Recalled(tuple(kept), tuple(left), said, tuple(replaced.items()))


def told_later(journal: Journal, one: Entry, text: str, n: int) -> Recalled:
    """At most n of the user's messages after the one that a span is of, in the order of telling: those that share most
    words with a text.
    """
    like = [i for i, _ in journal.like([w for w in content_words(text) if w not in OF_ANYTHING], LIKE)]
    entries = {e.id: e for e in journal.get([i for i in like if i > one.id])}
    after = [entries[i] for i in dict.fromkeys(like) if i in entries and entries[i].operation != one.operation]
    kept = _distinct([Found(e, 0.0) for e in after if e.source.kind == one.source.kind == "user" and allowed(e)], n)
    kept.sort(key=lambda f: f.entry.id)
    return Recalled(tuple(kept), said=tuple(_said(kept, {}, journal.get, past=False)))


def _distinct(found: Sequence[Found], k: int) -> list[Found]:
    """The best of each message, at most k of them."""
    best: dict[str, Found] = {}
    for f in found:
        best.setdefault(f.entry.operation, f)
    return list(best.values())[:k]


def _with_second(fold: Fold, kept: Sequence[Found], found: Sequence[Found], k: int) -> list[Found]:
    """And, in the place of the last, the likeliest span that shares a rare word with the best: some need two."""
    rare = _rare(fold, kept[0].entry.id)
    second = [f for f in found if f.match >= SECOND and rare & set(fold.sentences.words[f.entry.id])]
    second = [f for f in second if f.entry.operation != kept[0].entry.operation]
    if not second or second[0].entry.operation in {f.entry.operation for f in kept}:
        return list(kept)
    return [*kept[: max(1, k - 1)], second[0]]


def _rare(fold: Fold, span: int) -> set[tuple[int, ...]]:
    """Words of a span that few others have: by their token ids."""
    words = fold.sentences
    return {w for w in set(words.words[span]) if words.having(w) <= max(2, len(words) // FEW)}


def _replaced(
    fold: Fold, sentences: SentenceMemory, kept: Sequence[Found], found: Sequence[Found], get: Get
) -> list[tuple[int, int]]:
    """(earlier, later) where a later span of a source no less trusted takes an earlier one's place, and may answer
    too: what else the earlier says is not lost to a question about that.
    """
    out, match = [], {f.entry.id: f.match for f in found}
    for f in kept:
        for later in get(fold.sentences.later(f.entry.id, NEIGHBOURS, NEAR)):
            if later.source.trust < f.entry.source.trust or not allowed(later):
                continue
            if match.get(later.id, 0.0) < RIVAL * f.match:
                continue
            asked = sentences.asked(*fold.sentences.candidate(later.id))
            outside = np.array([[fold.sentences.cosine(later.id, f.entry.id), 0.0, 0.0]], np.float32)
            if sentences.match(asked, [fold.sentences.candidate(f.entry.id)], outside, statement=True)[0, 1] > REPLACES:
                out.append((f.entry.id, later.id))
    return out


def _changed(kept: Sequence[Found], found: Sequence[Found]) -> dict[int, int]:
    """{earlier: later} where a later one that was found too says that something changed, is about the same words, and
    has no fewer of the question's: what else the earlier says is not lost to a question about that.
    """
    out: dict[int, int] = {}
    for f in kept:
        about = stems(f.entry.text)
        for g in found:
            later = g.entry.id > f.entry.id and g.share >= f.share and g.entry.source.trust >= f.entry.source.trust
            if later and tells_a_change(g.entry.text) and len(about & stems(g.entry.text)) >= SAME:
                out[f.entry.id] = max(g.entry.id, out.get(f.entry.id, 0))
    return out


def _said(kept: Sequence[Found], replaced: dict[int, int], get: Get, *, past: bool) -> Iterator[tuple[int, str]]:
    """Each span with what was said around it in one breath (and the message before, where one begins with "she"),
    without what was replaced; where that is asked for, it is marked.
    """
    for f in kept:
        near = get(range(f.entry.id - AROUND, f.entry.id + AROUND + 1))
        parts = [e for e in near if e.operation == f.entry.operation and allowed(e)]
        if f.entry.source.kind != "user" and not refers_back(f.entry.text):
            parts = [f.entry]
        parts = [*(e for e in _meant(parts[0], get) if e.id not in replaced), *parts] if parts else parts
        held = [e for e in parts if past or e.id not in replaced]
        yield f.entry.id, _in_a_row([f"{e.text}{WAS_BEFORE}" if e.id in replaced else e.text for e in held])


def _in_a_row(texts: Sequence[str]) -> str:
    """Sentences behind one another; each but the last has an end."""
    ended = [t if t[-1:] in ".!?…)\"'”’:;," else f"{t}." for t in texts[:-1]]
    return " ".join([*ended, *texts[-1:]])


def _meant(first: Entry, get: Get) -> list[Entry]:
    """The user's sentence just before a message of his that begins with "she", "it" or the like; else none."""
    if first.source.kind != "user" or not begins_back(first.text):
        return []
    return [
        e for e in get([first.id - 1]) if e.source == first.source and e.operation != first.operation and allowed(e)
    ]
