"""Word lists for stories, split into words training may use and words held out to test on.

Half of what training draws are words of the backbone's own vocabulary or invented ones, so that thousands
of different words stand where names, places and things stand.
"""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files

OPEN = ("names", "places", "proper_places", "things", "values", "attributes")  # lists with held-out words
_BABI = frozenset(
    [
        "mary",
        "john",
        "sandra",
        "daniel",
        "fred",
        "bill",
        "jeff",
        "julie",
        "kitchen",
        "garden",
        "office",
        "hallway",
        "bedroom",
        "bathroom",
        "football",
        "milk",
        "apple",
    ]
)
_ONSETS = [
    "b",
    "br",
    "c",
    "cl",
    "d",
    "dr",
    "f",
    "fl",
    "g",
    "gr",
    "h",
    "j",
    "k",
    "l",
    "m",
    "n",
    "p",
    "pr",
    "qu",
    "r",
    "s",
    "sh",
    "st",
    "t",
    "th",
    "tr",
    "v",
    "w",
    "z",
]
_VOWELS = ["a", "e", "i", "o", "u", "ai", "ea", "oo", "ou"]
_CODAS = ["b", "ck", "d", "g", "l", "ll", "m", "n", "nd", "nt", "r", "rd", "s", "ss", "t", "x"]


@lru_cache(1)
def _lists() -> dict[str, list[str]]:
    raw = json.loads(files("titans_edge.stories").joinpath("words.json").read_text("utf-8"))
    return {k: list(dict.fromkeys(v.split())) for k, v in raw.items()}


def held_out(word: str) -> bool:
    """True for the fifth of all words (by checksum) that training never sees; bAbI's own words are never held out."""
    low = word.lower()
    return low not in _BABI and zlib.crc32(low.encode()) % 5 == 0


@cache
def _pool(which: str, unseen: bool) -> list[str]:
    """The words of a list that may be drawn."""
    pool = _lists()[which]
    return [w for w in pool if held_out(w) == unseen] if which in OPEN else pool


@dataclass
class Lexicon:
    """Draws words. split: "train" leaves out held-out words, "held-out" draws only those."""

    split: str = "train"
    mined: Sequence[str] = field(default_factory=tuple)  # lower-case words of the backbone's vocabulary
    strange: float = 0.5  # share of mined or invented words, training only

    def draw(self, which: str, n: int, rng: random.Random, taken: set[str]) -> list[str]:
        """n words of one list, none of them in `taken` (lower case), which grows by them."""
        pool = _pool(which, self.split == "held-out")
        out: list[str] = []
        while len(out) < n:
            word = rng.choice(pool)
            if self.split == "train" and which in OPEN and rng.random() < self.strange:
                word = self._strange(rng, capital=which in ("names", "proper_places"))
            if word.lower() not in taken:
                out.append(word)
                taken.add(word.lower())
        return out

    def value(self, rng: random.Random, taken: set[str]) -> str:
        """What an attribute may be: a word, a name, a place, a number."""
        kind = rng.choice(("values", "values", "names", "proper_places", "number"))
        if kind == "number":
            return str(rng.randrange(10 ** rng.randint(1, 4)))
        return self.draw(kind, 1, rng, taken)[0]

    def _strange(self, rng: random.Random, capital: bool) -> str:
        while True:
            word = rng.choice(self.mined) if self.mined and rng.random() < 0.7 else _invent(rng)
            if not held_out(word):
                return word.capitalize() if capital else word


def _invent(rng: random.Random) -> str:
    syllables = [rng.choice(_ONSETS) + rng.choice(_VOWELS) for _ in range(rng.randint(1, 2))]
    return "".join(syllables) + rng.choice(_CODAS)
