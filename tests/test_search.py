"""Which stored sentences a question is given by their words: those that share much of it, rare words counting more."""

from __future__ import annotations

import pytest

from titans_edge.journal import Journal, NewSpan
from titans_edge.journal.search import coverage, likeness
from titans_edge.rulings import Decision, Ruling
from titans_edge.sidecar.retrieval import NEWEST, retrieve
from titans_edge.sources import USER
from titans_edge.text import content_words
from titans_edge.train.mining import WordIndex

TOLD = [
    "The spare key is under the blue flowerpot.", "I've just moved to Leeds.", "Elif studies law.",
    "My flight to Oslo leaves on Tuesday.", "Is it blue?",
]  # fmt: skip


def journal_of(*texts: str, decision: Decision = Decision.KEPT) -> Journal:
    journal = Journal(None)
    with journal.transaction():
        for n, text in enumerate(texts):
            (e,) = journal.append(f"o{n}", 0, USER, [NewSpan(text)])
            journal.decide([(e.id, Ruling(decision, 0.0, ""))])
    return journal


def asked(journal: Journal, question: str, k: int = 4) -> list[str]:
    return [e.text for e in retrieve(journal, None, (), question, k)]


def test_a_span_is_found_by_the_stems_of_its_words() -> None:
    journal = journal_of(*TOLD)
    assert asked(journal, "What did Elif study?") == ["Elif studies law."]
    assert asked(journal, "Where are the spare keys?") == [TOLD[0]]


def test_a_question_about_the_world_is_given_nothing_for_one_word_of_many() -> None:
    journal = journal_of(*TOLD)
    assert asked(journal, "What colour do you get when you mix blue and yellow?") == []
    assert asked(journal, "Who wrote Hamlet?") == []


def test_a_question_about_the_user_that_shares_no_word_is_given_the_newest_of_the_users_own() -> None:
    journal = journal_of(*TOLD)
    assert asked(journal, "Which city am I in?") == [TOLD[3], TOLD[2], TOLD[1], TOLD[0]]
    many = journal_of(*(f"Thing {n} is here." for n in range(40)))
    assert len(asked(many, "Which city am I in?")) == NEWEST


def test_what_is_held_back_is_never_given() -> None:
    for decision in (Decision.QUARANTINED, Decision.REJECTED, Decision.REPEATED):
        journal = journal_of(*TOLD, decision=decision)
        assert asked(journal, "Where is the spare key?") == [] == asked(journal, "Which city am I in?")


def test_coverage_is_the_weighted_share_of_the_words() -> None:
    journal = journal_of("red apple", "red pear", "red plum")
    shares = coverage(journal, ["red", "apple"], [1, 2, 3])
    assert shares[1] == 1.0 and shares[2] == shares[3] < 0.5
    assert coverage(journal, [], [1]) == {1: 0.0} and coverage(journal, ['"', "*", "a OR b"], [1])[1] == 0.0


def test_candidates_in_training_are_scored_as_a_memory_scores_them() -> None:
    journal, index, words = journal_of(*TOLD), WordIndex(TOLD), content_words("Where is my blue flowerpot key?")
    every = range(1, len(TOLD) + 1)
    found = likeness(journal, words, list(every))
    assert found == likeness(journal, words) | dict.fromkeys(set(every) - set(likeness(journal, words)), 0.0)
    question = "Where is my blue flowerpot key?"
    assert index.likeness(question).tolist() == pytest.approx([found[i] for i in every]) and max(found.values()) > 0
    shares = coverage(journal, words, list(every))
    assert index.coverage(question, range(len(TOLD))).tolist() == pytest.approx([shares[i] for i in every])
