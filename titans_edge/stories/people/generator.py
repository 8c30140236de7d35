"""Simulated people: consistent facts of different topics, told and asked about as people do. Entry: `people`.

Knows how facts go together to a person (no contradictions, changes, look-alikes, references, two-fact questions);
the topics and words are tables beside it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from titans_edge.stories.people.extras import requests, two_by_chain, two_by_name
from titans_edge.stories.people.facts import Fact, Maker
from titans_edge.stories.people.model import Alike, Asked, Change, Person, Told, TwoFacts
from titans_edge.stories.people.tables import near, topics

_SHARES = {"me": 0.4, "them": 0.35, "thing": 0.25}


def people(seed: int, n: int, held_out: bool = False) -> Iterator[Person]:
    """n simulated persons, the same ones for the same seed; held_out: words and phrasings never used otherwise."""
    for i in range(n):
        yield _Life(random.Random(f"people {seed} {i} {held_out}"), held_out).person()


class _Life:
    """Builds one person. blocks: what is told, in pieces whose order may be shuffled."""

    def __init__(self, rng: random.Random, held_out: bool) -> None:
        self.rng, self.held_out = rng, held_out
        self.make = Maker(rng, held_out)
        self.blocks: list[list[Told]] = []
        self.asked: list[Asked] = []
        self.facts: list[Fact] = []
        self.counts = dict.fromkeys(_SHARES, 0)

    def person(self) -> Person:
        wanted = self.rng.randint(8, 14)
        two = [self._two_facts() for _ in range(self.rng.choice((1, 1, 2)))]
        alike = [self._alike() for _ in range(self.rng.choice((1, 1, 2)))]
        self._reference()
        while sum(map(len, self.blocks)) < wanted:
            self._plain()
        changes = [self._change() for _ in range(self.rng.choice((1, 1, 2)))]
        self.rng.shuffle(self.blocks)
        return Person(
            told=tuple(t for block in self.blocks for t in block),
            asked=tuple(self.asked),
            changes=tuple(changes),
            alike=tuple(alike),
            two_facts=tuple(two),
            untold=tuple(self._untold() for _ in range(self.rng.randint(2, 4))),
            requests=requests(self.make, self.rng.randint(2, 4)),
        )

    def _keep(self, *facts: Fact, ask: bool = True) -> None:
        """Tells these facts as one block and asks about each once or twice."""
        for fact in facts:
            self.facts.append(fact)
            self.counts[fact.category] += 1
            if ask:
                self._ask(fact)
        self.blocks.append([f.told for f in facts])

    def _ask(self, fact: Fact) -> None:
        questions = self.make.questions(fact)
        for line in questions[: self.rng.choice((1, 1, 2))]:
            self.asked.append(self.make.ask(fact, line))

    def _plain(self) -> None:
        """One more fact, of the kind that is furthest behind its share."""
        total = 1 + sum(self.counts.values())
        category = max(_SHARES, key=lambda c: _SHARES[c] * total - self.counts[c])
        self._keep(self.make.fact(category, topics()))

    def _reference(self) -> None:
        """Two sentences: the second needs the first to say whom or what it is about."""
        fact = self.make.reference(topics())
        self._ask(fact)
        self.counts[fact.category] += 1
        self.blocks.append([Told(fact.told.before), fact.told])

    def _alike(self) -> Alike:
        """Two similar facts that are both true."""
        scheme = self.rng.choice(("owners", "owners", "keys", "also", "same owner"))
        if scheme == "also":
            first, second = self.make.with_addition(topics())
            self._keep(first, second, ask=False)
            return Alike(first.told, second.told)
        first, second = self.make.pair(scheme, topics())
        self._keep(first)
        self._keep(second)
        return Alike(first.told, second.told)

    def _change(self) -> Change:
        """An old and a new sentence about something this person tells nothing else of."""
        old, line, new_value = self.make.changed(topics())
        new = self.make.retold(old, line, new_value)
        question, past = self.make.questions(old)[0], self.make.past(old)
        return Change(
            old.told,
            new,
            self.make.ask(old, question).question,
            self.make.ask(old, past).question,
            self.make.answer(old.told.text, old.values["v"]),
            self.make.answer(new.text, new_value),
        )

    def _two_facts(self) -> TwoFacts:
        if self.rng.random() < 0.5:
            pair = two_by_chain(self.make)
            self.blocks += [[pair.first], [pair.second]]
            return pair
        first, second, pair = two_by_name(self.make, topics())
        self._keep(first)
        self._keep(second)
        return pair

    def _untold(self) -> str:
        told = {near(g) for g in self.make.groups}
        free = [t for t in topics() if near(t.group) not in told and t.of("Q") and not t.of("B")]
        return self.make.untold(self.rng.choice(free))
