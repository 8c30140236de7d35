"""The simulated people: what they tell is consistent, answers stand in it, and what is held out is never trained on."""

from __future__ import annotations

import itertools
import random
import re
from functools import lru_cache

import pytest

from titans_edge.stories.lexicon import held_out
from titans_edge.stories.people import Person, people
from titans_edge.stories.people import frames as frames_of_people
from titans_edge.stories.people.draw import kept, pool
from titans_edge.stories.people.extras import _chains
from titans_edge.stories.people.facts import Maker
from titans_edge.stories.people.kinds import CLOSED, KINDS
from titans_edge.stories.people.requests import REQUESTS
from titans_edge.stories.people.tables import near, topics
from titans_edge.stories.people.words import LISTS

_POINTS_BACK = re.compile(r"\b(she|he|her|his|him|it|it's|they|there|them)\b", re.IGNORECASE)
_KINDS = [(t, kind) for t in topics() for kind in t.lines]


@lru_cache(None)
def some(held: bool) -> tuple[Person, ...]:
    return tuple(people(5, 40, held))


both = pytest.mark.parametrize("held", [False, True])


@both
def test_the_same_seed_gives_the_same_people_and_another_seed_others(held: bool) -> None:
    assert list(people(5, 3, held)) == list(some(held)[:3])
    assert not {t for p in people(6, 3, held) for t in p.told} & {t for p in some(held)[:3] for t in p.told}


@both
def test_every_answer_stands_in_the_sentence_that_was_told(held: bool) -> None:
    for person in some(held):
        for asked in person.asked:
            assert asked.told in person.told and asked.answer in asked.told.text
        for two in person.two_facts:
            assert two.first in person.told and two.second in person.told and two.answer in two.second.text
        for change in person.changes:
            assert change.old_answer in change.old.text and change.new_answer in change.new.text
            assert change.old_answer.lower() != change.new_answer.lower()


@both
def test_a_person_has_eight_to_fourteen_sentences_and_something_of_everything(held: bool) -> None:
    for person in some(held):
        assert 8 <= len(person.told) <= 14 and len(set(person.told)) == len(person.told)
        assert 1 <= len(person.changes) <= 2 and 1 <= len(person.alike) <= 2 and 1 <= len(person.two_facts) <= 2
        assert person.asked and person.untold and person.requests
        assert all(a.first in person.told and a.second in person.told for a in person.alike)


@both
def test_a_sentence_that_needs_the_one_before_follows_it_and_points_back(held: bool) -> None:
    for person in some(held):
        backward = [(a, b) for a, b in itertools.pairwise(person.told) if b.before]
        assert len(backward) == sum(bool(t.before) for t in person.told) == 1
        for first, second in backward:
            assert second.before == first.text and _POINTS_BACK.search(second.text)


@both
def test_nobody_contradicts_themselves(held: bool) -> None:
    """Asked in the same words, no question has two answers, and a change is of something told nothing else of."""
    for person in some(held):
        answers: dict[str, set[str]] = {}
        for asked in person.asked:
            answers.setdefault(asked.question.lower().strip("?. "), set()).add(asked.answer.lower())
        assert all(len(a) == 1 for a in answers.values())
        told = {t.text for t in person.told}
        assert not any(c.old.text in told or c.new.text in told for c in person.changes)


def test_of_one_owner_a_topic_is_free_only_until_it_is_told() -> None:
    maker = Maker(random.Random(1), False)
    city = next(t for t in topics() if t.name == "city")
    sister = maker.beings[0]
    assert maker.free(city, None) and maker.free(city, sister)
    maker.told(city, None)
    assert not maker.free(city, None) and maker.free(city, sister)


@both
def test_what_is_untold_is_of_a_topic_far_from_all_that_was_told(held: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[set[str], str]] = []
    plain = Maker.untold

    def watched(self: Maker, topic):  # type: ignore[no-untyped-def]
        seen.append(({near(g) for g in self.groups}, near(topic.group)))
        return plain(self, topic)

    monkeypatch.setattr(Maker, "untold", watched)
    asked = [q for p in people(8, 10, held) for q in p.untold]
    assert len(seen) == len(asked) and all(there not in told for told, there in seen)


@pytest.mark.parametrize("name", [n for n in LISTS if n not in CLOSED])
def test_words_held_out_are_never_among_the_words_of_training(name: str) -> None:
    train, test = pool(name, False), pool(name, True)
    assert len(test) >= 3 and len(train) > len(test)
    assert all(held_out(w) for w in test) and not any(held_out(w) for w in train)


def test_every_list_of_phrasings_holds_a_share_out_that_training_never_uses() -> None:
    lists = [[f"{x.who}{x.asks}{x.text}" for x in t.of(kind)] for t, kind in _KINDS]
    lists += [
        list(getattr(frames_of_people, n))
        for n in ("OPENERS", "CLOSERS", "CORRECTIONS", "ASKING", "INDIRECT", "BEFORE")
    ]
    lists += [REQUESTS.strip().splitlines(), [str(c) for c in _chains()]]
    for phrasings in lists:
        train, test = set(kept(phrasings, False)), set(kept(phrasings, True))
        assert len(phrasings) == len(set(phrasings)) and train | test == set(phrasings)
        assert len(phrasings) == 1 or (train and test and not train & test)


def test_every_topic_can_be_told_and_asked_in_both_splits() -> None:
    for topic in topics():
        assert all(topic.usable(held, True) for held in (False, True)) or topic.of("B"), topic.name
        if topic.who == "both":
            assert all(topic.usable(held, False) for held in (False, True)), topic.name


def test_no_two_people_of_different_splits_share_a_sentence() -> None:
    trained = {t.text.lower() for p in some(False) for t in p.told}
    assert not trained & {t.text.lower() for p in some(True) for t in p.told}


def test_every_kind_a_topic_or_chain_names_exists() -> None:
    named = {k for t in topics() for k in t.kinds.values()} | {k for _, kinds, _ in _chains() for k in kinds.values()}
    named |= {m for r in REQUESTS.splitlines() for m in re.findall(r"\{(\w+?)2?\}", r)}
    named |= {m for v in KINDS.values() for m in re.findall(r"\{(\w+)\}", v)}
    assert not {k for k in named if k not in KINDS and k not in LISTS}


def test_the_topics_are_as_many_and_as_richly_put_as_promised() -> None:
    assert len(topics()) >= 90 and len(REQUESTS.strip().splitlines()) >= 150
    for topic in topics():
        assert len(topic.of("S")) >= 4 and len(topic.of("Q")) >= 4, topic.name


@both
def test_people_say_things_in_many_ways(held: bool) -> None:
    told = [t.text for p in some(held) for t in p.told]
    assert len(set(told)) > 0.97 * len(told)


@pytest.mark.slow
def test_two_hundred_people_say_two_thousand_different_sentences() -> None:
    assert len({t.text for p in people(1, 200) for t in p.told}) >= 2_000
