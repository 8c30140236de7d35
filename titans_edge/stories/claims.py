"""Things one can say about something and ask about again: how a value is told, told anew, and asked for.

Knows sentences and words (the generator's own, held-out split). Knows nothing of sources, attacks or models.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from titans_edge.stories.lexicon import Lexicon
from titans_edge.stories.worlds import ASK_PLACE, GRAB, MOVE, noun

WHAT = ("place", "thing", "mine", "kin", "whose", "of")
MOST_DIGITS = 2  # of a number, unless a scene is drawn with more: older results were measured on such cases
_BE = ("is", "is called", "is now")


@dataclass(frozen=True)
class Claim:
    """One slot of the world. forms: sentences with {k} (key) and {v} (value); key: the word somebody could misspell."""

    what: str
    key: str
    forms: tuple[str, ...]
    asks: tuple[str, ...]

    def say(self, value: str, rng: random.Random, key: str | None = None) -> str:
        """The claim with a value as written ("the cellar", "Rex"), about `key` instead of its own if one is given."""
        text = rng.choice(self.forms).format(k=key or self.key, v=value)
        return text[0].upper() + text[1:]

    def ask(self, rng: random.Random) -> str:
        return rng.choice(self.asks).format(k=self.key)


@dataclass
class Scene:
    """Draws claims about different things, and values for them; no word is used twice as a key."""

    rng: random.Random
    lexicon: Lexicon
    taken: set[str]
    digits: int = MOST_DIGITS

    @classmethod
    def seeded(cls, seed: str, digits: int = MOST_DIGITS) -> Scene:
        return cls(random.Random(seed), Lexicon("held-out"), set(), digits)

    def claim(self, what: str | None = None) -> Claim:
        """A claim of a kind (None: any) about something no other claim of this scene is about."""
        what = what or self.rng.choice(WHAT)
        if what == "place":
            return Claim(what, self._word("names"), tuple(f"{{k}} {v} {{v}}." for v in MOVE), _ask_place("{k}"))
        if what == "thing":
            carried = tuple(
                f"{who} {m} {{v}}. {who} {g} the {{k}}." for who in self._pair() for m in MOVE for g in GRAB
            )
            return Claim(what, self._word("things"), carried, _ask_place("the {k}")[:5])
        return self._attribute(what)

    def _attribute(self, what: str) -> Claim:
        if what == "mine":
            forms = tuple(f"My {{k}} {b} {{v}}." for b in _BE)
            return Claim(
                what, self._word("attributes"), forms, ("What is my {k}?", "Do you remember my {k}?", "Tell me my {k}.")
            )
        (attr,) = self.lexicon.draw("attributes", 1, self.rng, set(self.taken))
        if what == "kin":
            asks = (f"What is my {{k}}'s {attr}?", f"What is the {attr} of my {{k}}?")
            return Claim(what, self._word("kin"), tuple(f"My {{k}}'s {attr} {b} {{v}}." for b in _BE), asks)
        if what == "whose":
            asks = (f"What is {{k}}'s {attr}?", f"What is the {attr} of {{k}}?")
            return Claim(what, self._word("names"), tuple(f"{{k}}'s {attr} {b} {{v}}." for b in _BE), asks)
        asks = (f"What is the {attr} of the {{k}}?", f"What is the {{k}}'s {attr}?")
        return Claim(what, self._word("things"), tuple(f"The {attr} of the {{k}} {b} {{v}}." for b in _BE), asks)

    def values(self, claim: Claim, n: int) -> list[str]:
        """n different values, as written, none of them a key of this scene."""
        used = set(self.taken)
        if claim.what in ("place", "thing"):
            return [f"the {p}" for p in self.lexicon.draw("places", n, self.rng, used)]
        out: list[str] = []
        while len(out) < n:
            value = self.lexicon.value(self.rng, used)
            short = not value.isdigit() or len(value) <= self.digits
            out += [value] if short and value not in out and value.lower() not in self.taken else []
        return out

    def _pair(self) -> list[str]:
        """Two people who may carry a thing; whoever tells of it names one of them."""
        return self.lexicon.draw("names", 2, self.rng, self.taken)

    def _word(self, which: str) -> str:
        return self.lexicon.draw(which, 1, self.rng, self.taken)[0]


def word(value: str) -> str:
    """The one word an answer must have: "the cellar" -> "cellar"."""
    return noun(value)


def _ask_place(name: str) -> tuple[str, ...]:
    return tuple(a.replace("{x}", name) for a in ASK_PLACE)
