"""What asks for all that was told, and which sentences it wants."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.answering import Answering, client, hear, text
from titans_edge.backbone.model import Backbone
from titans_edge.listing import MOST, Listing, asks_for_all, told_of
from titans_edge.routes import listed
from titans_edge.session import Session
from titans_edge.text import asks_to_do, tells

LINES = ["I live in Porto.", "Hello!", "Write me a poem about trams.", "Where is the key?", "Ben has a boat."]
HIMSELF = Listing(himself=True)


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What do you know about me?", HIMSELF),
        ("Tell me what you know about me.", HIMSELF),
        ("tell me about myself", HIMSELF),
        ("What do you remember?", Listing()),
        ("ok, what have i told you so far?", Listing()),
        ("Can you tell me everything I told you about Ben?", Listing("Ben")),
        ("what do you know about my car", Listing("my car")),
        ("What did I tell you about the wifi?", Listing("the wifi")),
        ("What did I just tell you?", Listing(last=True)),
        ("Hello! What do you know about me?", HIMSELF),
        ("List everything you know about me.", HIMSELF),
        ("Describe me.", HIMSELF),
        ("What have I said about Mr. Okafor?", Listing("Mr. Okafor")),
        ("What do you know about the moon?", Listing("the moon", sure=False)),
        ("What do you know about her?", None),
        ("What do you have?", None),
        ("What was the last thing I said?", Listing(last=True)),
        ("What do you know about penguins?", Listing("penguins", sure=False)),
        ("What did I say about penguins?", Listing("penguins")),
        ("Tell me about Paris.", None),
        ("What did I say my name was?", None),
        ("What do you know?" * 2, None),
        ("Do you know where I live?", None),
        ("What did I tell you I would buy?", None),
    ],
)
def test_who_asks_for_all_is_told_from_who_asks_for_something(question: str, wanted: Listing | None) -> None:
    assert asks_for_all(question) == wanted


def test_a_time_of_telling_is_no_topic() -> None:
    for question in ("What did I tell you yesterday about the car?", "What did I tell you about the car yesterday?"):
        assert asks_for_all(question, then=True) == Listing("the car")
    assert asks_for_all("What did I tell you last week?", then=True) == Listing()
    assert asks_for_all("Where did I say I was last week?", then=True) is None


def test_of_many_sentences_the_newest_are_listed_and_of_the_user_his_own() -> None:
    spans = [{"text": f"Ben has {n} boats."} for n in range(MOST)] + [{"text": "I live in Porto."}, {"text": "Hm, so."}]
    assert told_of(spans, Listing()) == spans[2:] and told_of(spans, Listing("Ben")) == spans[2:]
    assert told_of(spans, HIMSELF) == [{"text": "I live in Porto."}]
    assert told_of(spans, Listing(last=True)) == [{"text": "Hm, so."}]
    assert told_of(spans[:3], HIMSELF) == spans[:3], "nothing is said in the first person"


def test_a_word_in_small_letters_is_a_topic_where_somebody_is_called_so() -> None:
    spans = [{"text": "We have a cat, Momo."}, {"text": "momo eats at 7."}]
    assert (
        told_of(spans, Listing("momo", sure=False)) == spans and told_of(spans[1:], Listing("momo", sure=False)) == []
    )


def test_questions_requests_and_greetings_tell_nothing() -> None:
    assert [line for line in LINES if tells(line)] == [LINES[0], LINES[4]]
    for left_out in (
        "keep my spare key w the neighbor Mr Lopez",
        "play drums in a ska band",
    ):
        assert tells(left_out), "who leaves himself out"
    for request in (
        "play a song for me",
        "make a pun about pizza",
        "keep answers short please",
        "start a poem about rain",
    ):
        assert not tells(request)
    assert tells("Took me ages, the ferry.") and tells("Brought us flowers.") and not tells("Cheer me up.")
    assert tells("Help me remember: my locker code is 4411.") and tells("Give me a call at 555-1234.")
    for request in ("Make it shorter.", "Say it in French.", "Plan a trip to Rome.", "I want a poem about trams."):
        assert not tells(request) and asks_to_do(request)
    assert tells("Write the code 4411 on the box and keep it.") and tells("Give it to Ann on Friday.")


@pytest.mark.grounded
def test_all_that_was_told_is_said_word_for_word_and_without_the_model(tiny: Backbone) -> None:
    memory = Answering(tiny.n_embd, texts=LINES)
    with Session(tiny, client(memory), clock=lambda: datetime(2026, 11, 24).timestamp()) as session:
        assert text(hear(session, "What have I told you?")) == "You told me:\n- “I live in Porto.”\n- “Ben has a boat.”"
        assert text(hear(session, "What do you know about me?")) == "You told me: “I live in Porto.”"
        assert text(hear(session, "What did I tell you last week?")) == "You have not told me that."
        memory.spans = ()
        assert "You told me" not in text(hear(session, "What do you know about my car?")), "it goes on as any question"


def test_a_single_sentence_is_no_list() -> None:
    assert listed([{"id": 1, "text": "I live in Porto.", "kind": "user"}]) == "You told me: “I live in Porto.”"
