"""The people a user speaks of: a name, a relation, and how they are referred to. Knows no topics."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from titans_edge.stories.people.draw import Draw
from titans_edge.stories.people.topic import Owner

_HER, _HIS = ("she", "her", "her"), ("he", "his", "him")
_WOMEN = (
    "sister", "cousin", "aunt", "mother", "best friend", "friend", "colleague", "neighbour", "flatmate", "boss",
    "niece", "grandmother", "wife", "girlfriend", "stepmother", "godmother", "ex-girlfriend", "old school friend",
    "hairdresser", "sister-in-law", "choir friend", "mum", "landlady", "old teacher",
)  # fmt: skip
_MEN = (
    "brother", "cousin", "uncle", "father", "best friend", "friend", "colleague", "neighbour", "flatmate", "boss",
    "nephew", "grandfather", "husband", "boyfriend", "stepfather", "godfather", "ex-boyfriend", "old school friend",
    "brother-in-law", "tennis partner", "dad", "landlord", "old teacher", "half-brother",
)  # fmt: skip
_SAME = {
    "wife": "spouse", "husband": "spouse", "girlfriend": "spouse", "boyfriend": "spouse", "mum": "mother",
    "dad": "father", "landlady": "landlord", "choir friend": "friend", "old school friend": "friend",
    "best friend": "friend",
}  # fmt: skip


@dataclass(frozen=True)
class Being:
    """Somebody the user knows. style: how the user always speaks of them: "full", "name" or "relation"."""

    name: str
    relation: str
    again: tuple[str, str, str]
    style: str

    def told(self) -> Owner:
        """As they are named in what is told."""
        names = {"full": f"my {self.relation} {self.name}", "name": self.name, "relation": f"my {self.relation}"}
        return self._owner(names[self.style])

    def asked(self, rng: random.Random) -> Owner:
        """As a question may name them: any way that what was told makes clear."""
        full = (self.name, f"my {self.relation}", f"my {self.relation} {self.name}")
        return self._owner(rng.choice(full)) if self.style == "full" else self.told()

    def pronoun(self) -> Owner:
        """As "she" or "he", where the sentence before has named them."""
        return Owner(self.again[0], self.again[1], self.again)

    def _owner(self, name: str) -> Owner:
        return Owner(name, name + "'s", self.again)


def kind_of(relation: str) -> str:
    """Relations that would be taken for one another have one kind ("husband", "boyfriend": spouse)."""
    return _SAME.get(relation, relation)


def somebody(draw: Draw, taken_relations: set[str]) -> Being:
    """A new being whose name and relation nobody else has; taken_relations grows."""
    rng = draw.rng
    woman = rng.random() < 0.5
    relation = _free(rng, _WOMEN if woman else _MEN, taken_relations)
    taken_relations.add(kind_of(relation))
    name = draw.one("woman" if woman else "man")
    if rng.random() < 0.2:
        name += " " + draw.one("last")
    style = rng.choices(("full", "name", "relation"), (0.4, 0.35, 0.25))[0]
    return Being(name, relation, _HER if woman else _HIS, style)


def _free(rng: random.Random, relations: Sequence[str], taken: set[str]) -> str:
    return rng.choice([r for r in relations if kind_of(r) not in taken])
