"""What becomes of the spans that may answer: which are given, which were replaced by later ones, or that none was told.

Knows spans and how likely each answers; nothing of how they are put to the model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from titans_edge.journal import Entry
from titans_edge.neural.sentences import SentenceMemory
from titans_edge.questions import asks_for_the_past, asks_what_was_told
from titans_edge.sidecar.fold import Fold
from titans_edge.sidecar.retrieval import Found, about_the_user
from titans_edge.text import refers_back

LIKELY, PERSONAL = 0.5, 0.1  # spans below this are not given: to any question, to one about the user
BESIDE = 0.15  # nor those below this share of the best one's likelihood
UNTOLD = 0.1  # a question about the user that no span answers more likely than this was not told
SECOND = 0.01  # nor one that shares a rare word with the best, below this
FEW = 50  # a word is rare that not one in so many spans has
NEIGHBOURS, NEAR = 3, 0.3  # later spans that may take a span's place: so many, with keys at least so near
REPLACES = 0.5  # a later span that takes an earlier one's place more likely than this does

Get = Callable[[Sequence[int]], list[Entry]]  # spans by their numbers


@dataclass(frozen=True)
class Recalled:
    """found: best first; replaced: spans that no longer hold, by the ones that hold now; before: texts of the spans
    some have to be read after.
    """

    found: tuple[Found, ...] = ()
    replaced: tuple[tuple[int, int], ...] = ()
    before: tuple[tuple[int, str], ...] = ()
    untold: bool = False

    def shown(self) -> list[dict[str, Any]]:
        """As JSON, best first."""
        replaced, before = dict(self.replaced), dict(self.before)
        return [
            f.entry.shown()
            | {"match": f.match, "before": before.get(f.entry.id, ""), "replaced_by": replaced.get(f.entry.id)}
            for f in self.found
        ]


def recall(fold: Fold, sentences: SentenceMemory, found: Sequence[Found], text: str, k: int, get: Get) -> Recalled:
    """At most k of `found` (best first), and the later spans that take the place of one of them."""
    personal, best = about_the_user(text), found[0].match if found else 0.0
    floor = PERSONAL if personal else LIKELY
    kept = [f for f in found if f.match >= max(floor, BESIDE * best)][:k]
    if not kept:
        return Recalled(untold=personal and best < UNTOLD and asks_what_was_told(text))
    kept = _with_second(fold, kept, found, k)
    replaced = dict(_replaced(fold, sentences, kept))
    there = {f.entry.id for f in kept}
    kept += [Found(e, best) for e in get(sorted(set(replaced.values()) - there)) if e.ruling and e.ruling.scale >= 0]
    if not asks_for_the_past(text):
        kept = [f for f in kept if f.entry.id not in replaced]
    return Recalled(tuple(kept), tuple(replaced.items()), tuple(_before(fold, kept, get)))


def _with_second(fold: Fold, kept: Sequence[Found], found: Sequence[Found], k: int) -> list[Found]:
    """And the likeliest span that shares a rare word with the best one: a question may need two."""
    first, there = kept[0], {f.entry.id for f in kept}
    rare = _rare(fold, first.entry.id)
    for f in found:
        if f.entry.id not in there and rare & set(fold.sentences.words[f.entry.id]):
            return [*kept[: k - 1], f] if f.match >= SECOND else list(kept)
    return list(kept)


def _rare(fold: Fold, span: int) -> set[tuple[int, ...]]:
    """Words of a span that few others have: by their token ids."""
    words = fold.sentences
    return {w for w in set(words.words[span]) if words.having(w) <= max(2, len(words) // FEW)}


def _replaced(fold: Fold, sentences: SentenceMemory, kept: Sequence[Found]) -> list[tuple[int, int]]:
    """(earlier, later) where a later span of the user's own takes an earlier one's place."""
    out = []
    for f in kept:
        for later in fold.sentences.later(f.entry.id, NEIGHBOURS, NEAR):
            asked = sentences.asked(*fold.sentences.candidate(later))
            outside = np.array([[fold.sentences.cosine(later, f.entry.id), 0.0, 0.0]], np.float32)
            if sentences.match(asked, [fold.sentences.candidate(f.entry.id)], outside, statement=True)[0, 1] > REPLACES:
                out.append((f.entry.id, later))
    return out


def _before(fold: Fold, kept: Sequence[Found], get: Get) -> list[tuple[int, str]]:
    """What has to be read before spans that refer back."""
    earlier = {f.entry.id: fold.sentences.before.get(f.entry.id) for f in kept if refers_back(f.entry.text)}
    texts = {e.id: e.text for e in get([i for i in earlier.values() if i is not None])}
    return [(span, texts[i]) for span, i in earlier.items() if i in texts]
