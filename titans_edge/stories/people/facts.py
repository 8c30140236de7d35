"""One fact at a time: drawn, told in words of its split, asked about, changed. Keeps what this person has told already,
so that nothing contradicts it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from titans_edge.stories.people.beings import Being, kind_of, somebody
from titans_edge.stories.people.draw import Draw, kept
from titans_edge.stories.people.frames import BEFORE, asked, corrected, indirect, said
from titans_edge.stories.people.model import Asked, Told
from titans_edge.stories.people.tables import exclusive
from titans_edge.stories.people.topic import USER, Line, Owner, Topic, capital, render


@dataclass(frozen=True)
class Fact:
    """A told fact. line: the phrasing it was told in; being: whom it is about, None for the user or a thing."""

    topic: Topic
    being: Being | None
    values: dict[str, str]
    line: Line
    told: Told

    @property
    def category(self) -> str:
        return "them" if self.being or self.topic.who == "other" else "thing" if self.topic.who == "thing" else "me"


class Maker:
    """Makes the facts of one person."""

    def __init__(self, rng: random.Random, held_out: bool) -> None:
        self.rng, self.held_out = rng, held_out
        self.draw = Draw(rng, held_out)
        self.relations: set[str] = set()
        self.groups: set[str] = set()  # groups told of anybody
        self.owned: set[tuple[str, str]] = set()  # (exclusive set, owner)
        self.beings = [somebody(self.draw, self.relations) for _ in range(rng.randint(3, 5))]

    # -- which phrasings and topics are open

    def lines(self, topic: Topic, kind: str, is_user: bool) -> list[Line]:
        """The phrasings of this split and of this kind of owner."""
        return topic.open(kind, self.held_out, is_user)

    def free(self, topic: Topic, being: Being | None) -> bool:
        """True where nothing told so far speaks against telling this of this owner."""
        owner = being.name if being else "user"
        if (exclusive(topic.group), owner) in self.owned and "k" not in topic.kinds:
            return False
        if (topic.group, owner) in self.owned or (being is None and self.relations & set(topic.uses)):
            return False
        return bool(topic.usable(self.held_out, being is None))

    def _take(self, topic: Topic, being: Being | None, values: dict[str, str]) -> None:
        owner = being.name if being else "user"
        self.groups.add(topic.group)
        self.owned |= {(topic.group, owner), (exclusive(topic.group), owner)}
        if being is None:
            self.relations |= {kind_of(values.get(u, u)) for u in topic.uses}

    def values(self, topic: Topic) -> dict[str, str]:
        """A value for every slot; a relation is one that no person has."""
        values = {slot: self.draw.one(kind) for slot, kind in topic.kinds.items()}
        while "k" in topic.uses and kind_of(values["k"]) in self.relations:
            values["k"] = self.draw.one(topic.kinds["k"])
        return values

    # -- making facts

    def fact(self, category: str, topics: Sequence[Topic]) -> Fact:
        """A fact of a category ("me", "them", "thing") on a topic that is free."""
        while True:
            topic = self.rng.choice(topics)
            being = self.rng.choice(self.beings) if category == "them" and topic.who == "both" else None
            right = {"me": ("me", "both"), "them": ("both", "other"), "thing": ("thing",)}[category]
            if topic.who in right and not topic.of("B") and self.free(topic, being):
                return self.told(topic, being)

    def told(self, topic: Topic, being: Being | None, values: dict[str, str] | None = None) -> Fact:
        """A fact on this topic, put into words."""
        values = values or self.values(topic)
        self._take(topic, being, values)
        line = self._statement(topic, being is None)
        sentence = render(line.text, self.owner(being), values)
        return Fact(topic, being, values, line, Told(said(sentence, self.rng, self.held_out)))

    def _statement(self, topic: Topic, is_user: bool) -> Line:
        return self.rng.choice(topic.usable(self.held_out, is_user))

    def owner(self, being: Being | None) -> Owner:
        return being.told() if being else USER

    def reference(self, topics: Sequence[Topic]) -> Fact:
        """A fact told with "she" or "it", the sentence before saying who or what that is."""
        if self.rng.random() < 0.25:
            return self._thing_reference(self.rng.choice([t for t in topics if t.of("B")]))
        being = somebody(self.draw, self.relations)
        able = [t for t in topics if t.who == "both" and self.free(t, being)]
        topic = self.rng.choice(able)
        values = self.values(topic)
        self._take(topic, being, values)
        line = self._statement(topic, False)
        before = capital(self.rng.choice(kept(BEFORE, self.held_out)).format(being.told().subject))
        text = said(render(line.text, being.pronoun(), values), self.rng, self.held_out)
        return Fact(topic, being, values, line, Told(text, before))

    def _thing_reference(self, topic: Topic) -> Fact:
        values = self.values(topic)
        self._take(topic, None, values)
        before = capital(render(self.rng.choice(self.lines(topic, "B", True)).text, USER, values))
        line = self.rng.choice(self.lines(topic, "S", True))
        text = said(render(line.text, USER, values), self.rng, self.held_out)
        return Fact(topic, None, values, line, Told(text, before))

    def pair(self, scheme: str, topics: Sequence[Topic]) -> tuple[Fact, Fact]:
        """Two facts that are alike: of one topic with two owners or two things, or of one owner."""
        while True:
            topic, other = self.rng.sample(topics, 2)
            one, two = self.rng.sample(self.beings, 2)
            if topic.of("B") or other.of("B"):
                continue
            if scheme == "owners" and topic.who == "both":
                owners = [None, two] if self.rng.random() < 0.4 else [one, two]
                if all(self.free(topic, b) for b in owners):
                    return self.told(topic, owners[0]), self.told(topic, owners[1])
            if scheme == "keys" and "k" in topic.kinds and "k" not in topic.uses and self.free(topic, None):
                return self.told(topic, None), self.told(topic, None)
            apart = topic.who == other.who == "both" and exclusive(topic.group) != exclusive(other.group)
            if scheme == "same owner" and apart and self.free(topic, one) and self.free(other, one):
                return self.told(topic, one), self.told(other, one)

    def with_addition(self, topics: Sequence[Topic]) -> tuple[Fact, Fact]:
        """A fact and another of the same kind that holds beside it ("I also like tea")."""
        while True:
            topic = self.rng.choice([t for t in topics if t.of("A")])
            being = self.rng.choice([None, self.rng.choice(self.beings)]) if topic.who == "both" else None
            if self.free(topic, being):
                first = self.told(topic, being)
                values = self.values(topic)
                line = self.rng.choice(self.lines(topic, "A", being is None))
                text = capital(render(line.text, self.owner(being), values))
                return first, Fact(topic, being, values, line, Told(text))

    # -- changes

    def changed(self, topics: Sequence[Topic]) -> tuple[Fact, Line | None, str]:
        """A fact, the phrasing of its change (None: simply told anew) and the new value."""
        while True:
            topic = self.rng.choice(topics)
            being = self.rng.choice([None, self.rng.choice(self.beings)]) if topic.who == "both" else None
            past, change = (self.lines(topic, kind, being is None) for kind in "PC")
            if past and change and self.free(topic, being):
                old = self.told(topic, being)
                if not self.questions(old) or not [p for p in past if p.slots <= old.line.slots]:
                    continue
                return (
                    old,
                    self.rng.choice(change) if self.rng.random() < 0.65 else None,
                    self.draw.one(topic.kinds["v"]),
                )

    def retold(self, old: Fact, line: Line | None, value: str) -> Told:
        """The new sentence."""
        values = old.values | {"v": value, "o": old.values["v"]}
        marked = line is not None or self.rng.random() < 0.5
        line = line or self._statement(old.topic, old.being is None)
        sentence = render(line.text, self.owner(old.being), values)
        if (
            marked
            and "{o}" not in line.text
            and self.rng.random() < 0.6
            and sentence[-1] == "."
            and "?" not in sentence
        ):
            return Told(corrected(sentence, self.rng, self.held_out))
        return Told(said(sentence, self.rng, self.held_out))

    def past(self, fact: Fact) -> Line:
        """A question about what held before the change."""
        lines = self.lines(fact.topic, "P", fact.being is None)
        return self.rng.choice([p for p in lines if p.slots <= fact.line.slots])

    # -- questions

    def questions(self, fact: Fact) -> list[Line]:
        """The questions this told sentence answers, in random order."""
        able = fact.line.slots | (set(fact.values) if fact.told.before and not fact.being else set())
        lines = self.lines(fact.topic, "Q", fact.being is None)
        fitting = [q for q in lines if q.slots <= able and q.asks in fact.line.slots]
        return self.rng.sample(fitting, len(fitting))

    def ask(self, fact: Fact, line: Line) -> Asked:
        """The question in words, with the answer as it stands in the sentence."""
        owner = fact.being.asked(self.rng) if fact.being else USER
        question = self.worded(line, owner, fact.values)
        return Asked(question, self.answer(fact.told.text, fact.values[line.asks]), fact.told)

    def worded(self, line: Line, owner: Owner, values: dict[str, str]) -> str:
        if self.rng.random() < 0.25 and (template := indirect(line.text, self.rng, self.held_out)):
            question = capital(render(template, owner, values))
            return question.lower() if self.rng.random() < 0.1 else question
        return asked(render(line.text, owner, values), self.rng, self.held_out)

    def untold(self, topic: Topic) -> str:
        """A question on a topic, about the user or about somebody they know."""
        being = self.rng.choice(self.beings) if topic.who == "both" and self.rng.random() < 0.3 else None
        lines = self.lines(topic, "Q", being is None) or topic.of("Q")
        return self.worded(self.rng.choice(lines), being.asked(self.rng) if being else USER, self.values(topic))

    @staticmethod
    def answer(text: str, value: str) -> str:
        """The value as it stands in the text (which may be in lower case)."""
        at = text.lower().find(value.lower())
        return text[at : at + len(value)] if at >= 0 else value
