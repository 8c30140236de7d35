"""Draws words and composed values (a time, a street, an e-mail address) of one split. Knows no sentences."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeVar

from titans_edge.stories.lexicon import held_out as word_held_out
from titans_edge.stories.people.kinds import CHECKED, CLOSED, KINDS
from titans_edge.stories.people.words import LISTS

_T = TypeVar("_T")
_SLOT = re.compile(r"\{(\w+)\}")
_AN = re.compile(r"\b([Aa]) (?=[aeiouAEIOU]|8|11\b|18\b)(?!uni|use|usu|one\b|eu|uku|U[A-Z ])")


@lru_cache(None)
def pool(name: str, held_out: bool) -> tuple[str, ...]:
    """The words of one list that belong to a split; a closed list (weekdays, colours) belongs to both."""
    words = tuple(dict.fromkeys(" ".join(w.split()) for w in LISTS[name].split(",") if w.strip()))
    return words if name in CLOSED else tuple(w for w in words if word_held_out(w) == held_out)


def kept(templates: Sequence[_T], held_out: bool) -> tuple[_T, ...]:
    """The phrasings of a split: every fourth is held out, in a shorter list the last one (a single one is for both)."""
    n = len(templates)
    if n == 1:
        return tuple(templates)
    last = n - 1 if n < 4 else -1
    return tuple(t for i, t in enumerate(templates) if (i % 4 == 3 or i == last) == held_out)


def with_an(text: str) -> str:
    """The text with "a apple" as "an apple"."""
    return _AN.sub(lambda m: m[1] + "n ", text)


class Draw:
    """Draws values for one person; no two are the same."""

    def __init__(self, rng: random.Random, held_out: bool) -> None:
        self.rng, self.held_out = rng, held_out
        self.taken: set[str] = set()

    def one(self, kind: str) -> str:
        """A value of a kind or list that was not drawn before (a small list may run dry: then one drawn before)."""
        value = ""
        for _ in range(60):
            value = self._value(kind)
            if value.lower() not in self.taken and self._fits(kind, value):
                break
        self.taken.add(value.lower())
        return value

    def _fits(self, kind: str, value: str) -> bool:
        checked = kind in CHECKED or any(c.isdigit() for c in value)
        return not checked or kind in CLOSED or word_held_out(value) == self.held_out

    def _value(self, kind: str) -> str:
        if kind in LISTS:
            return self.rng.choice(pool(kind, self.held_out))
        text = self.rng.choice(KINDS[kind].split("|"))
        text = _SLOT.sub(lambda m: self._value(m[1]), text)
        if kind.startswith("low_"):
            text = re.sub(r"[^a-z0-9@.\-_]", "", text.lower())
        text = re.sub("#", lambda _: str(self.rng.randrange(10)), text)
        text = re.sub("%", lambda _: str(self.rng.randrange(1, 10)), text)
        return with_an(re.sub(r"\^", lambda _: self.rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ"), text))
