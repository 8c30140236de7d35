"""What becomes of the spans that may answer: given, replaced, joined with what was said around them, or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from titans_edge.facts import Sentence
from titans_edge.journal import Entry
from titans_edge.neural.sentences import Sentences
from titans_edge.rulings import Decision, Ruling
from titans_edge.sidecar.recall import Recalled, recall
from titans_edge.sidecar.retrieval import Found
from titans_edge.sources import USER, Source

DOCUMENT = Source("document", "notes.txt")
TOLD = Ruling(Decision.WRITTEN, 1.0, "", False, 1.0, 1)
HELD = Ruling(Decision.QUARANTINED, 0.0, "", False, 0.0, 1)


class Memory:
    """Spans told in messages, how likely each answers, and which later span takes which earlier one's place."""

    def __init__(self, *messages: str, replaces: dict[int, int] | None = None, source: Source = USER) -> None:
        self.entries: dict[int, Entry] = {}
        self.held = Sentences(2)
        self.replaces = replaces or {}
        for n, message in enumerate(messages):
            for text in message.split("|"):
                self._add(text, f"operation-{n}", source)

    def _add(self, text: str, operation: str, source: Source) -> None:
        i = len(self.entries) + 1
        self.entries[i] = Entry(i, text, source, 0, 0.0, None, True, operation, "", None, TOLD, None)
        words = tuple((sum(map(ord, w)),) for w in text.lower().strip(".").split())
        self.held.add(i, Sentence(np.array([1, 0], "<f2").tobytes(), words))

    def get(self, ids: Sequence[int]) -> list[Entry]:
        return [self.entries[i] for i in sorted(ids) if i in self.entries]

    def asked(self, before: Any, words: tuple[tuple[int, ...], ...]) -> int:
        return next(i for i, w in self.held.words.items() if w == words)

    def match(self, later: int, candidates: Sequence[Any], outside: Any, *, statement: bool) -> np.ndarray:
        earlier = [self.asked(*c) for c in candidates]
        return np.array([[0.0, float(self.replaces.get(later) == e)] for e in earlier], np.float32)

    def recall(self, question: str, likely: dict[int, float], k: int = 4) -> Recalled:
        found = [Found(self.entries[i], p) for i, p in sorted(likely.items(), key=lambda x: -x[1])]
        fold: Any = SimpleNamespace(sentences=self.held)
        sentences: Any = self
        return recall(fold, sentences, found, question, k, self.get)


def ids(r: Recalled) -> list[int]:
    return [f.entry.id for f in r.found]


def lines(r: Recalled) -> list[str]:
    return [s["said"] for s in r.shown()]


def test_where_one_span_clearly_answers_those_far_less_likely_are_left_out() -> None:
    m = Memory("Paris is a cat.", "Rome burns.")
    assert ids(m.recall("What is my cat called?", {1: 0.4})) == [1]
    assert ids(m.recall("What is my cat called?", {1: 0.9, 2: 0.11})) == [1], "the best is clear"
    assert ids(m.recall("What is my cat called?", {1: 0.4, 2: 0.05})) == [1, 2]
    assert ids(m.recall("What is my cat called?", {1: 0.4, 2: 0.05}, k=1)) == [1]


def test_only_a_question_about_something_the_user_may_have_told_was_not_told() -> None:
    m = Memory("Rome burns.")
    for question, untold in (
        ("Where do I live?", True),
        ("Who is my dentist?", True),
        ("What should I cook for my wife?", False),
        ("Can you help me with my letter?", False),
        ("Where is Rome?", False),
        ("What is the alarm code of the shed?", True),
    ):
        assert m.recall(question, {1: 0.001}).untold is untold, question
        assert m.recall(question, {}).untold is untold, question
    assert not m.recall("Where do I live?", {1: 0.3}).untold


def test_what_a_later_sentence_replaced_is_left_out_and_where_the_past_is_asked_for_it_is_marked() -> None:
    m = Memory("The meeting is on Tuesday.", "It is on Thursday now.", "I like tea.", replaces={2: 1})
    now = m.recall("When is my meeting?", {1: 0.9, 2: 0.6})
    assert ids(now) == [2] and now.shown()[0]["replaces"] == [1]
    assert ids(m.recall("Whom do I meet?", {1: 0.9, 2: 0.2})) == [1, 2], "it is not about what is asked"
    assert lines(m.recall("When is my meeting?", {1: 0.9, 2: 0.8})) == ["It is on Thursday now."]
    (left,) = m.recall("When is my meeting?", {1: 0.9, 2: 0.8}).shown_left()
    assert (left["id"], left["replaced_by"], left["match"]) == (1, 2, 0.9)
    past = m.recall("When was my meeting before?", {1: 0.9, 2: 0.8})
    assert past.shown_left() == []
    assert lines(past) == ["The meeting is on Tuesday. (this was before)", "It is on Thursday now."]


def test_a_change_in_so_many_words_takes_the_place_of_what_it_is_about_unless_the_question_is_about_the_rest() -> None:
    old, new = "The meeting with the bank is on Thursday in Leeds.", "Actually, the bank's meeting was moved to Friday."
    m = Memory(old, new, "My bank is near.")

    def asked(question: str, **share: float) -> Recalled:
        found = [Found(m.entries[i], p, share=s) for i, p, s in ((1, 0.9, share["old"]), (2, 0.6, share["new"]))]
        return recall(SimpleNamespace(sentences=m.held), m, found, question, 4, m.get)  # type: ignore[arg-type]

    assert lines(asked("When is my meeting with the bank?", old=0.5, new=0.5)) == [new]
    assert lines(asked("In which town is my meeting with the bank?", old=0.7, new=0.5)) == [old, new]
    before = asked("When was my meeting with the bank before?", old=0.5, new=0.5)
    assert lines(before) == [old, new], "in the order of telling"
    m.entries[2] = replace(m.entries[2], text="The bank's meeting is fun.")
    assert ids(asked("When is my meeting with the bank?", old=0.5, new=0.5)) == [1, 2], "nothing says that it changed"
    m.entries[2] = replace(m.entries[2], text="Actually, the bank is closed.")
    assert ids(asked("When is my meeting with the bank?", old=0.5, new=0.5)) == [1, 2], "one word is shared"


def test_a_sentence_comes_with_its_message_and_a_message_comes_once() -> None:
    m = Memory("Ingrid lives next door.|She drives a red Volvo.|Lovely!", "I like tea.")
    r = m.recall("What does my neighbour drive?", {2: 0.9, 1: 0.8, 4: 0.5})
    assert ids(r) == [2, 4]
    assert lines(r) == ["Ingrid lives next door. She drives a red Volvo. Lovely!", "I like tea."]


def test_a_message_that_begins_with_she_comes_with_the_sentence_before_it() -> None:
    m = Memory(
        "I like tea.|My mum lives in Enugu.", "And she's 71.|Lovely!", "She is nice, I hear.", "Is it?", "It is."
    )
    assert lines(m.recall("How old is my mum?", {3: 0.9})) == ["My mum lives in Enugu. And she's 71. Lovely!"]
    assert lines(m.recall("Where does my mum live?", {2: 0.9})) == ["I like tea. My mum lives in Enugu."]
    assert lines(m.recall("Is it so?", {7: 0.9})) == ["It is."], "a question is given to nobody"
    assert lines(Memory("Rome burns.", "It is hot.", source=DOCUMENT).recall("Is it?", {2: 0.9})) == ["It is hot."]


def test_what_is_held_back_is_not_given_as_a_neighbour_nor_are_questions() -> None:
    m = Memory("Ingrid lives next door.|She drives a red Volvo.|Who drives a Saab?")
    m.entries[1] = Entry(1, "Ingrid lives next door.", USER, 0, 0.0, None, True, "operation-0", "", None, HELD, None)
    assert lines(m.recall("What does my neighbour drive?", {2: 0.9})) == ["She drives a red Volvo."]


def test_a_sentence_of_a_document_stands_alone_unless_it_refers_back() -> None:
    m = Memory("The tower is tall.|Its roof is green.|Nothing else.", source=DOCUMENT)
    assert lines(m.recall("How tall is the tower?", {1: 0.9})) == ["The tower is tall."]
    assert lines(m.recall("Which roof is green?", {2: 0.9})) == ["The tower is tall. Its roof is green. Nothing else."]


def test_a_span_that_shares_a_rare_word_with_the_best_comes_too() -> None:
    m = Memory("Bram owns the parrot.", "Bram lives in Ghent.", "Anna lives in Lyon.")
    assert ids(m.recall("In which city does the owner of the parrot live?", {1: 0.9, 3: 0.05, 2: 0.04})) == [1, 2]
    assert ids(m.recall("In which city does the owner of my parrot live?", {1: 0.9, 3: 0.05, 2: 0.04}, k=2)) == [1, 2]


def test_a_document_never_takes_the_place_of_the_users_words_but_the_user_of_a_documents() -> None:
    for first, second, replaced in ((USER, DOCUMENT, False), (DOCUMENT, USER, True), (USER, USER, True)):
        m = Memory("The meeting is on Tuesday.", "It is on Thursday now.", replaces={2: 1})
        for i, source in ((1, first), (2, second)):
            m.entries[i] = replace(m.entries[i], source=source)
        assert ids(m.recall("When is my meeting?", {1: 0.9, 2: 0.8})) == ([2] if replaced else [1, 2])
