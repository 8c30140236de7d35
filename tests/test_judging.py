"""Two spans that answer only together, and a sure association that the backbone finds outspoken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.answering import Answering, answering, client, hear, text
from tests.test_prompt import states
from titans_edge.answers import chosen
from titans_edge.asking import Asking
from titans_edge.backbone.injection import Prompt
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.speaker import Speaker
from titans_edge.events import Remembered
from titans_edge.judging import ALONE, PAIRS, earlier, outspoken, pairs, together, whole
from titans_edge.judging import answering as answering_spans
from titans_edge.session import Session
from titans_edge.sidecar.readout import MemoryReadout

CAR = "What kind of car is my snorkel in?"
TOLD = ["I left my snorkel in Gideon's car.", "Gideon drives a green Fiat.", "My rent is 540 a month."]


def spans(*texts: str, match: float = 0.5) -> list[dict[str, Any]]:
    return [{"id": i, "text": t, "kind": "user", "match": match} for i, t in enumerate(texts, 1)]


def ids(found: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> list[tuple[int, int]]:
    return [(a["id"], b["id"]) for a, b in found]


def test_two_are_read_together_that_a_word_joins_which_is_not_the_questions() -> None:
    assert ids(pairs(spans(*TOLD), [0.3, 0.9, 0.9], CAR)) == [(1, 2)]
    assert pairs(spans(*TOLD), [0.3, 0.9, 0.9], "What kind of car does Gideon drive?") == [], "the question's own word"
    assert pairs(spans(*TOLD), [0.9 * (1 - ALONE), 0.9, 0.9], CAR) == [], "one surely answers alone"
    assert pairs(spans(*TOLD), [], CAR) == [] and pairs([], [], CAR) == []
    snorkel, fiat, _ = spans(*TOLD)
    assert ids(pairs([snorkel], [0.3], CAR, (fiat,))) == [(1, 2)], "which was found, and not worth reading alone"


def test_what_was_told_later_stands_later_and_a_word_that_many_have_joins_nothing() -> None:
    assert ids(pairs(spans(TOLD[1], TOLD[0]), [0.9, 0.3], CAR)) == [(1, 2)]
    many = [f"Gideon has a {thing}." for thing in ("boat", "dog", "shed")]
    assert pairs(spans(TOLD[0], *many), [0.3, 0.9, 0.9, 0.9], CAR) == []
    linked = [f"{name} sails with Gideon{n % 2}." for n, name in enumerate("ABCDEFGH")]
    assert len(pairs(spans("My snorkel is with Gideon0 and Gideon1.", *linked[:4]), [0.3] * 5, CAR)) <= PAIRS


def test_a_span_is_not_read_with_one_that_says_it_already() -> None:
    both = spans("My flatmate is Yuki.", "She plays the cello.")
    both[1]["said"] = "My flatmate is Yuki. She plays the cello."
    assert pairs(both, [0.4, 0.3], "Which instrument?") == []


def test_two_that_answer_and_one_of_which_changes_the_other_are_rivals() -> None:
    both = spans("Lucinda is on the paint counter.", "Moved Lucinda off paint, she's in lumber now.")
    where = "Which department is she in?"
    assert ids(pairs(both, [0.4, 0.6], where)) == [(1, 2)]
    assert pairs(both, [0.4, 0.4], where) == []
    same = spans("Lucinda is on the paint counter.", "Lucinda is good at paint.")
    assert ids(pairs(same, [0.4, 0.4], where)) == [(1, 2)], "it tells of no change"


def test_two_answer_together_where_they_do_and_no_span_alone_does_as_well() -> None:
    two = pairs(spans(*TOLD), [0.3, 0.9, 0.9], CAR)
    assert together(two, [0.04], [0.3, 0.9]) == 0
    assert together(two, [0.1], [0.3, 0.9]) is None, "hardly likelier than one alone"
    assert together(two, [0.4], [0.9, 0.9]) is None, "not likely enough"
    assert together([], [], [0.5]) is None and together(two, [], [0.5]) is None, "they could not be read"


def test_a_span_that_is_not_worth_reading_alone_may_answer_with_another(tiny: Backbone) -> None:
    snorkel, fiat, rent = spans(*TOLD)
    readout = replace(MemoryReadout.empty(tiny.n_embd), retrieved=(snorkel, fiat, rent))
    kept = chosen(
        readout, [snorkel], CAR, lambda texts: [0.5 / len(t) ** 4 for t in texts], k=4, likely=0.9, askable=True
    )
    assert [s["id"] for s in kept.retrieved] == [1, 2]


def test_what_was_told_later_takes_no_place_where_it_changes_nothing(tiny: Backbone) -> None:
    """Where changes are judged; else the newest that surely answers holds now."""
    found = spans("My tea is green.", "Our tea is black.")
    readout = replace(MemoryReadout.empty(tiny.n_embd), retrieved=tuple(found))

    def given_of(changes: Any, *untold: float, question: str = "Which tea do I like?") -> list[int]:
        kept = chosen(readout, found, question, lambda _: list(untold), changes, k=4, likely=0.9, askable=True)
        return [s["id"] for s in kept.retrieved]

    assert given_of(None, 0.02, 0.1) == [2] and given_of(lambda *_: [], 0.02, 0.1) == [1]
    assert given_of(lambda *_: [], 0.02, 0.1, question="Which tea do I like now?") == [2], "it is what holds now"
    assert given_of(lambda *_: [], 0.05, 0.06) == [1, 2], "as likely: the backbone reads both"
    seen = list[list[int]]()
    given_of(lambda one, also: seen.append([one["id"], *(s["id"] for s in also)]) or [], 0.02, 0.1)
    assert seen == [[1, 1, 2]]


def test_what_the_user_changed_later_is_given_in_its_place(tiny: Backbone) -> None:
    rent, new, tea, last = spans(
        "My rent is 400.", "The landlord wants 450 from May.", "The landlord likes tea.", "He took 460 in the end."
    )
    asked_of = list[int]()

    def given_of(
        question: str, *later: dict[str, Any], found: Sequence[dict[str, Any]] = (rent,), alone: float = 0.7
    ) -> list[int]:
        def changes(span: dict[str, Any], also: Sequence[dict[str, Any]]) -> Sequence[tuple[dict[str, Any], float]]:
            asked_of.append(span["id"])
            assert all(s in found for s in also), "what surely answers is looked at too"
            return [(s, 0.99 if s in (new, last) else 0.95) for s in later if s["id"] > span["id"]]

        def read(texts: Sequence[Sequence[dict[str, Any]]]) -> list[float]:
            return [0.05 if text[0] in found else alone for text in texts]

        readout = replace(MemoryReadout.empty(tiny.n_embd), retrieved=tuple(found))
        kept = chosen(readout, found, question, read, changes, k=4, likely=0.9, askable=True)
        return [s["id"] for s in kept.retrieved]

    assert given_of("How much is my rent?", new) == [2] and given_of("How much is my rent?") == [1]
    assert given_of("How much is my rent?", new, tea) == [2], "what has no number changes no amount"
    assert given_of("How much is my rent?", tea) == [1]
    assert given_of("How much is my rent?", new, last) == [4], "what changed the likeliest change"
    assert given_of("How much is my rent?", new, alone=0.97) == [1], "by itself it does not answer at all"
    (other,) = spans("My boat cost 900.")
    other["id"] = 5
    assert given_of("How much is my rent?", other, alone=0.75) == [1], "nor does that, and it tells of no change"
    assert given_of("How much is my rent?", other, alone=0.4) == [5]
    rows = np.zeros((1, tiny.n_embd), np.float32)
    sure = replace(MemoryReadout.empty(tiny.n_embd), rows=rows, behind=(rent,), plain=True)
    for later, now in (([(new, 0.9)], [2]), ([], [])):
        kept = chosen(
            sure, [rent], "How much is my rent?", lambda texts: [0.1] * len(texts), lambda *_, it=later: it, k=4,
            likely=0.5, askable=True,
        )  # fmt: skip
        assert ([s["id"] for s in kept.retrieved], len(kept.rows)) == (now, int(not now)), "of an association too"
    del asked_of[:]
    assert given_of("How much was my rent before?", new) == [1], "it held before"
    assert given_of("What are all the things about my rent?", new) == [1]
    assert given_of("How much is my rent?", new, found=[{**rent, "kind": "document"}]) == [1], "not the user's word"
    assert asked_of == []


def test_a_change_of_something_else_and_one_of_a_change_that_tells_of_none_are_none(tiny: Backbone) -> None:
    exam, other, moved, lunch = spans(
        "The pharmacology exam is on 19 May.", "My parasitology exam is on 6 May.", "Parasitology is on 11 May now.",
        "Lunch is on 12 May.",
    )  # fmt: skip

    def given_of(found: Sequence[dict[str, Any]], sure: dict[int, float], later: dict[int, float]) -> list[int]:
        def changes(span: dict[str, Any], _: object) -> Sequence[tuple[dict[str, Any], float]]:
            return [(s, later[s["id"]]) for s in (moved, lunch) if s["id"] in later and s["id"] > span["id"]]

        def read(texts: Sequence[Sequence[dict[str, Any]]]) -> list[float]:
            return [1 - sure.get(text[0]["id"], 0.1) for text in texts]

        readout = replace(MemoryReadout.empty(tiny.n_embd), retrieved=tuple(found))
        kept = chosen(
            readout, found, "When is the pharmacology exam?", read, changes, k=4, likely=0.9, askable=True
        )  # fmt: skip
        return [s["id"] for s in kept.retrieved]

    answers = {1: 0.97, 2: 0.7, 3: 0.8, 4: 0.8}
    assert given_of([exam], answers, {3: 0.97}) == [3]
    assert given_of([exam, other], answers, {3: 0.97}) == [1], "it changes the other one"
    assert given_of([exam], answers, {3: 0.99, 4: 0.97}) == [3] and given_of([exam], answers, {3: 0.99, 4: 0.985}) == [
        4
    ]


def test_an_association_stands_unless_another_span_surely_answers_and_it_does_not_or_was_told_before() -> None:
    old, new, other = spans("Bowls meets on Tuesdays.", "Bowls has moved to Fridays.", "It rained.")
    assert outspoken(old, [old, new, other], [0.1, 0.1, 0.9]) == new, "told after it"
    assert outspoken(new, [old, new, other], [0.1, 0.1, 0.9]) is None
    assert outspoken(other, [old, new, other], [0.1, 0.9, 0.9]) == old, "it does not answer, and another does"
    assert outspoken(other, [old, new, other], [0.5, 0.5, 0.5]) is None, "nothing surely does"
    assert outspoken(other, [old, new, other], [0.1, 0.1]) is None, (
        "it was not read: it may stand in one message with them"
    )
    document = {**new, "kind": "document"}
    assert outspoken(old, [old, document], [0.1, 0.1]) is None, "not the user's word"
    assert outspoken(old, [old, document], [0.9, 0.1]) is None, "nor where the user's does not seem to answer"
    assert outspoken(document, [old, document], [0.1, 0.9]) == old


def test_for_the_past_an_association_that_tells_of_a_change_gives_way_to_what_was_said_before_it() -> None:
    first, second, tea = spans("My doctor is Dr. Vermeulen.", "My new doctor is Dr. Sabbe.", "I like tea.")
    assert earlier(second, [second, first, tea], [0.1, 0.3, 0.9])["id"] == 1  # type: ignore[index]
    assert earlier(first, [second, first, tea], [0.1, 0.3, 0.9]) is None, "it tells of no change"
    assert earlier(second, [second, first, tea], [0.1, 0.9, 0.9]) is None, "nothing before it may answer"
    assert earlier(second, [first, tea], [0.3, 0.9]) is None, "it was not read"


def test_what_holds_now_and_what_held_are_known_by_words_of_change() -> None:
    rent = spans("My rent is 540.", "My rent went up, it's 585 now.", "Now I like tea.", "My rent is late.")

    def chosen(*likely: float, past: bool = False, several: bool = False, sure: Sequence[int] = ()) -> list[int]:
        read = [s | {"match": p} for s, p in zip(rent, likely, strict=False)]
        return [s["id"] for s in answering_spans(read, 4, sure, past=past, several=several)]

    assert chosen(0.9, 0.6, 0.6, 0.6, sure=(1,)) == [2], "told later, tells of a change, and of the rent"
    assert chosen(0.9, 0.35, sure=(1,)) == [1] and chosen(0.9, 0.6, sure=(1,), several=True) == [1]
    assert chosen(0.8, 0.9, past=True, sure=(2,)) == [1] and chosen(0.2, 0.9, past=True, sure=(2,)) == [2]
    assert chosen(0.9, 0.5, past=True, sure=(1,)) == [1], "what was chosen tells of no change"
    document = [s | {"match": p, "kind": "document"} for s, p in zip(rent, (0.9, 0.6), strict=False)]
    assert [s["id"] for s in answering_spans(document, 4, (1,))] == [1], "lines of a document are in no order of time"


def given(session: Session, question: str) -> list[str]:
    return [s["text"] for e in hear(session, question) if isinstance(e, Remembered) for s in e.retrieved]


def judge(monkeypatch: pytest.MonkeyPatch, tiny: Backbone, likely: dict[str, float]) -> None:
    """A backbone that finds of each text so likely that it answers: what most words of the key stand in counts."""

    def untold(self: Speaker, prompt: Prompt, lines: Sequence[Sequence[int]], *asked: object) -> list[float]:
        texts = [b"".join(tiny.vocab.piece(t) for t in line).decode() for line in lines]
        return [
            1 - next((p for words, p in likely.items() if all(w in t for w in words.split("|"))), 0.01) for t in texts
        ]

    monkeypatch.setattr(Speaker, "untold", untold)


def test_two_facts_are_given_together(tiny: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Answering(tiny.n_embd, texts=TOLD)
    memory.prompt = Prompt(states(tiny), 5, 1.1)
    with Session(tiny, client(memory)) as session:
        judge(monkeypatch, tiny, {"snorkel|Fiat": 0.97, "snorkel": 0.7})
        assert given(session, CAR) == TOLD[:2]
        judge(monkeypatch, tiny, {"snorkel|Fiat": 0.85, "snorkel": 0.84})
        assert given(session, CAR) == TOLD[:1]


def test_a_sure_association_is_checked_by_the_backbone(tiny: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["Bowls meets on Tuesdays.", "Bowls has moved to Fridays."]
    memory = answering(tiny, rows="Tuesdays", texts=texts)
    memory.behind, memory.plain = memory.spans[:1], True
    memory.prompt = Prompt(states(tiny), 5, 1.1)
    with Session(tiny, client(memory)) as session:
        judge(monkeypatch, tiny, {"Fridays": 0.95, "Tuesdays": 0.96})
        assert given(session, "When does bowls meet?") == texts[1:]
        assert given(session, "When did bowls meet before?") == texts[:1], "the past is the association's"
        judge(monkeypatch, tiny, {"Tuesdays": 0.96})
        assert given(session, "When does bowls meet?") == texts[:1]
        judge(monkeypatch, tiny, {"Fridays": 0.95})
        memory.plain = False
        assert given(session, "When does bowls meet?") == texts[:1], "what a hop led to stands"


@pytest.mark.parametrize(
    ("message", "wants"),
    [
        ("I need the plumber's number.", True),
        ("so i just need the police report number", True),
        ("wifi password please", True),
        ("I can’t remember the locker code", True),
        ("Sorry, I forgot my dentist's name.", True),
        ("I'd like to have the code", True),
        ("Kindly give me the combination of the safe.", True),
        ("Show me my locker code.", True),
        ("gate code at work", True),
        ("mum's birthday", True),
        ("gate code 4417", False),
        ("Rex barked", False),
        ("Thanks a lot", False),
        ("it rained again", False),
        ("the gate code at work is a secret thing", False),
        ("gate code, by the way", False),
        ("The exam was moved. more time yesss", False),
        ("name of the restaurant we go to", True),
        ("The name of my dog is Rex", False),
        ("when that inspector coming", True),
        ("When that happened, I left.", False),
        ("What I like is tea.", False),
        ("I needed a plumber.", False),
        ("I like plumbers.", False),
        ("The plumber came.", False),
        ("Please, the plumber came.", False),
        ("What is the plumber's number?", False),  # that asks
    ],
)
def test_a_message_that_is_no_question_may_want_what_was_told(message: str, wants: bool) -> None:
    assert Asking.of(message).wants is wants


def test_what_may_want_it_is_given_only_what_surely_answers_and_never_told_that_nobody_told(
    tiny: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = answering(tiny, rows="blue", texts=["The plumber's number is 4417.", "It rained."])
    memory.prompt, memory.untold = Prompt(states(tiny), 5, 0.5), True
    with Session(tiny, client(memory)) as session, Session(tiny) as plain:
        judge(monkeypatch, tiny, {"plumber": 0.95})
        assert given(session, "I need the plumber's number.") == ["The plumber's number is 4417."]
        judge(monkeypatch, tiny, {"plumber": 0.75})
        events = hear(session, "I need the plumber's number.")
        assert text(events) == text(hear(plain, "I need the plumber's number.")), "else nothing is changed"
        assert given(session, "The plumber came.") == []


def test_a_name_behind_what_it_names_answers_where_the_user_said_it(tiny: Backbone) -> None:
    said, other = spans("My nan Maureen sent me socks.", "I like tea.")
    none = MemoryReadout.empty(tiny.n_embd)

    def given_of(*found: dict[str, Any]) -> list[int]:
        readout = replace(none, retrieved=found)
        kept = chosen(
            readout, found, "What's my nan's name?", lambda texts: [0.99] * len(texts), k=4, likely=0.5, askable=True
        )
        return [s["id"] for s in kept.retrieved]

    assert given_of(said, other) == [1] and given_of(other) == []
    assert given_of({**said, "kind": "document"}, other) == [], "whose nan is that?"


@pytest.mark.parametrize(
    ("text", "question", "answers"),
    [
        ("My ute is at the garage.", "How much will the garage charge me?", False),
        ("My pension is paid on the 14th.", "How much is my pension?", False),
        ("It costs forty-two euros.", "How much is it?", True), ("Half a glass.", "How much does he drink?", True),
        ("Anna turned 7.", "How old is Anna?", True), ("My flight is on Monday.", "What's my flight number?", False),
        ("My sisters are Ana and Eva.", "How many sisters do I have?", True),
    ],
)  # fmt: skip
def test_what_has_no_number_says_no_amount(tiny: Backbone, text: str, question: str, answers: bool) -> None:
    found = spans(text)
    readout = replace(MemoryReadout.empty(tiny.n_embd), retrieved=tuple(found))
    kept = chosen(readout, found, question, lambda texts: [0.05] * len(texts), k=4, likely=0.85, askable=True)
    assert kept.untold is not answers and bool(kept.retrieved) is answers


def test_an_association_comes_with_what_was_said_of_it_in_one_breath(tiny: Backbone) -> None:
    (cat,) = spans("My cat is called Rex.")
    rows = np.zeros((1, tiny.n_embd), np.float32)

    def behind(said: str) -> str:
        readout = replace(MemoryReadout.empty(tiny.n_embd), rows=rows, behind=(cat,), plain=True)
        read = [cat | {"said": said}]
        kept = chosen(readout, read, "What colour is my cat?", lambda texts: [0.1] * len(texts), k=4, likely=0.5,
                      askable=True)  # fmt: skip
        return str(kept.behind[0].get("said", ""))

    assert behind("I went out. My cat is called Rex. He's brown.") == "My cat is called Rex. He's brown."
    assert behind("My cat is called Rex. I went out.") == "", "another thing"


def test_an_association_is_read_as_it_would_be_given_so_that_the_reply_can_go_on_behind_it(tiny: Backbone) -> None:
    (cat,) = spans("My cat is called Rex.")
    readout = replace(MemoryReadout.empty(tiny.n_embd), rows=np.zeros((1, tiny.n_embd), np.float32), behind=(cat,),
                      plain=True)  # fmt: skip
    found = [cat | {"said": "It rained all day. My cat is called Rex. I went out."}, *spans("", "Another.")[1:]]
    read = list[dict[str, Any]]()

    def judge(texts: Sequence[Sequence[dict[str, Any]]]) -> list[float]:
        read.extend(s for (s,) in texts)
        return [0.1] * len(texts)

    kept = chosen(readout, found, "What is my cat's name?", judge, k=4, likely=0.5, askable=True)
    assert [whole(s) for s in read] == ["My cat is called Rex.", "Another."]
    assert [whole(s) for s in kept.behind] == ["My cat is called Rex."]


def test_who_asks_of_one_thing_is_given_what_names_it(tiny: Backbone) -> None:
    found = spans("Mary took the milk.", "My landlord lives in Leeds.")

    def given_of(question: str) -> list[int]:
        readout = replace(MemoryReadout.empty(tiny.n_embd), retrieved=tuple(found))
        kept = chosen(readout, found, question, lambda texts: [0.5] * len(texts), k=4, likely=0.85, askable=True)
        return sorted(s["id"] for s in kept.retrieved)

    assert given_of("Where is Mary?") == [1]
    assert given_of("Where is Tom?") == given_of("Where is Mary's milk?") == [1, 2]
