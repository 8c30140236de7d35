"""The soft prompt behind a message that only tells: which messages those are, and that nothing of it stays."""

from __future__ import annotations

import numpy as np
import pytest

from tests.answering import Answering, client, hear, said, watched_logits
from tests.test_prompt import states
from titans_edge.asking import only_tells
from titans_edge.backbone.injection import Prefix
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.speaker import Speaker
from titans_edge.errors import DataError
from titans_edge.framing import framed
from titans_edge.replying import UNSURE, Listened
from titans_edge.routes import Mode
from titans_edge.session import Session
from titans_edge.stories.replies import read, replies

TOLD = "My key is in the shed."
TELL = [
    TOLD,
    "Hi! I am Bo. My cat is called Tom.",
    "my dog rex died last night",
    "The bicycle lock opens with 2094.",
    "ok so the wifi is tulip-4482",
    "I have to be at work by 6.",
    "Remember that I'm allergic to nuts.",
    "Let is spelled with an e.",
    "Keep in mind that I like tea.",
    "yo its dre",
    "sold the car",
    "kinda want to learn spanish",
    "Start date is 5 May.",
    "Guess what! I got the job.",
    "Alright mate. Name's Des. Plasterer, Swansea",
]
DO_NOT = [
    "Where is my key?",
    "My key is lost. Where is the other one?",
    "Write me a poem. I love trams.",
    "Make it shorter.",
    "and its old name",
    "Be brief.",
    "Say it in French.",
    "Count to ten.",
    "Improve my text.",
    "Translate to French: I am here.",
    "I need the number of my dentist",
    "gate code 4411",
    "Teach me Spanish, I'm a beginner.",
    "Cheer me up, I'm sad.",
    "From now on you answer in French.",
    "You are a pirate now.",
    "Set an alarm for 6.",
    "Forget that I'm vegan.",
    "Thanks!",
    "I am here. " * 40,
]


@pytest.mark.parametrize("message", TELL)
def test_a_message_that_only_tells(message: str) -> None:
    assert only_tells(message, []) and only_tells(message, said("I live here.", "Fine.", "Where do I live?", "Here."))
    for work in ("Write me a poem about trams.", "Plan a trip to Rome.", "I want a poem."):
        assert not only_tells(message, said(work, "Here it is."))
    for long in ("Put it in water.\nWait.", "Put it in water and wait. " * 10):
        advice = said("How do I boil an egg?", long)
        assert not only_tells(message, advice) and only_tells(message, [*advice, *said("Thanks!", "Any time.")])
    assert only_tells(message, said("do i work on tuesdays?", "You have not told me that.")), "nor is that work"
    assert only_tells(message, said("Can I eat eggs?", "You told me: “I can't stand eggs.”")), "that was an answer"
    assert not only_tells(message, said("I am here.", "Is it an animal?")), "it is an answer"
    poem = said("Write me a poem.", "Trams.", "My wife has a cat.", "Cats.")
    assert not only_tells(message, poem) and only_tells(message, [*poem, *said("Who wrote Hamlet?", "He did.")])
    assert only_tells(message, said("Write me a poem.", "Trams.", "I like it.", "Good.", "I do.", "Well.")), "long ago"


def test_a_word_on_the_last_reply_is_no_telling() -> None:
    talk = said("What is the capital of Australia?", "Sydney.")
    for message in (
        "No, it's Canberra.",
        "That's wrong.",
        "Your answer is wrong.",
        "It still doesn't compile, my code.",
    ):
        assert not only_tells(message, talk)


@pytest.mark.parametrize("message", DO_NOT)
def test_a_message_that_wants_something_or_says_nothing(message: str) -> None:
    assert not only_tells(message, [])


def test_what_is_told_is_replied_to_behind_the_prompt_apart_and_nothing_of_it_stays(
    tiny: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, seen = Answering(tiny.n_embd), watched_logits(monkeypatch)
    with Session(tiny, client(memory), context=512) as session, Speaker(tiny, 512) as speaker:
        prompt = framed(tiny, said(TOLD), session.system)
        hear(session, TOLD)
        memory.listening = Prefix(states(tiny, seed=5))
        hear(session, TOLD)
        assert session.speaker.length == len(session.speaker.ids), "nothing of it stays"
        hear(session, "I am here.", "Fine.", TOLD)
        hear(session, "I am here.", "Fine.", TOLD, "Fine.", "I am there.")
        assert session.speaker.length == len(session.speaker.ids)
        del seen[-1]
        speaker.feed([*prompt.head, *prompt.message])
        speaker.splice.put_trained(memory.listening.states)
        speaker.feed(prompt.tail)
        without, alone, later = seen
        assert np.abs(without - alone).max() > 1e-2, "it does change what is said"
        assert np.allclose(alone, speaker.last_logits(), atol=1e-3)
        assert np.allclose(later, alone, atol=1e-3), "whatever was said before"
        seen.clear()
        for memory.listening in (None, Prefix(states(tiny, seed=5))):
            for asked in ("Where is the key?", "Write me a poem about keys."):
                hear(session, asked)
            hear(session, TOLD, mode=Mode.OFF)
            hear(session, "Write me a poem.", "Keys.", TOLD)
        assert all(np.array_equal(one, other) for one, other in zip(seen[:4], seen[4:], strict=True))
    seen.clear()
    with Session(tiny, client(memory), system="Be brief.") as session:
        for memory.listening in (None, Prefix(states(tiny, seed=5))):
            hear(session, TOLD)
    assert np.array_equal(*seen), "under another system prompt it was not trained"


@pytest.mark.parametrize(
    ("reply", "instead"),
    [
        ("Sorry about the bike, and sorry for the thief.", "I'm sorry to hear that."),
        ("Congratulations to Mr. Okafor, Leeds!", "Noted."),
        ("Welcome to you, and a cat.", "Hello, nice to meet you."),
        ("Porto, all right.", "Noted."),
        ("Oh, that's great news!", "Noted."),
        ("Oh no, the poor thing.", "I'm sorry to hear that."),
    ],
)
def test_a_reply_of_which_the_model_is_unsure_is_not_shown(reply: str, instead: str) -> None:
    for nats, shown in ((0.9 * UNSURE / len(reply), True), (2 * UNSURE / len(reply), False)):
        heard = Listened("Hello, we saw it.")
        parts = [heard.take(letter, nats, "") for letter in reply] + [heard.take("", 0.0, "stop")]
        assert "".join(parts) == (reply if shown else "")
        assert (heard.invented, heard.instead) == (not shown, "" if shown else instead)


def test_it_never_refuses_what_it_is_told() -> None:
    kind = "I'm so sorry, I can't help but feel for you."
    assert Listened("my dog died").take(kind, 0.1, "stop") == kind
    heard = Listened("im kaimana, 15, but everyone calls me kai")
    assert heard.take("I'm sorry, but I can't assist with that.", 0.1, "stop") == "" and heard.instead == "Noted: 15."


@pytest.mark.parametrize(
    ("message", "reply", "said"),
    [
        ("Ola's cat is called Pierogi.", "Hello, nice to meet you.", "Noted: Pierogi."),
        ("Good evening. I have two kids, Ella and Jonas.", "Good evening, Ella and Jonas.", "Hello, nice to meet you."),
        ("hey, I'm Nora and this is Bo", "Hello, Nora.", "Hello, Nora."),
        ("my name is nora", "Hi, Nora.", "Hi, Nora."),
        ("I moved to Leeds.", "Welcome.", "Welcome."),
        ("I'm new here, in Leeds.", "Welcome to Leeds.", "Welcome to Leeds."),
        ("Good morning, I have an exam.", "Good morning! Good luck on Friday.", "Good morning! Good luck on Friday."),
        ("We hike in Wales.", "Hiking in Wales sounds fun.", "Hiking in Wales sounds fun."),
        ("My friend Dot moved into a home.", "Nice to meet you.", "Noted: Dot."),
    ],
)
def test_nobody_is_greeted_who_does_not_greet(message: str, reply: str, said: str) -> None:
    heard = Listened(message)
    shown = heard.take(reply, 0.1, "stop")
    assert shown + heard.instead == said


@pytest.mark.parametrize(
    ("message", "noted"),
    [
        ("My brother Tom is a pilot, he lives in New York with Clara.", "Noted: Tom, New York, Clara."),
        ("The wifi password is tulip-4482.", "Noted: tulip-4482."),
        ("I'm here. She is at 7:40 on Tuesdays, I think.", "Noted: 7:40, Tuesdays."),
        ("I like tea.", "Noted."),
        ("Thanks. I live at 5 Elm Road.", "Noted: 5 Elm Road."),
        ("thanks for asking, the dog died", "Noted."),
        ("the dog is called Ty", "Noted: Ty."),
        ("My mum said thanks", "Noted."),
        ("The baby is due on 3 May, on floor 4 of it.", "Noted: 3 May."),
        ("my shifts are mon, wed and fri, 7 to 7", "Noted."),
        ("we move to 22 Canal Row, flat 4b, by 7:30", "Noted: 22 Canal Row, 4b, 7:30."),
        ("It was Mr. Pike, at St. Mary's on February 9th.", "Noted: Mr. Pike, St. Mary's, February 9th."),
    ],
)
def test_names_and_numbers_are_noted(message: str, noted: str) -> None:
    heard = Listened(message)
    assert heard.take("Well.", UNSURE + 1, "stop") == "" and heard.instead == noted


def test_a_reply_is_shown_as_it_comes_once_its_first_sentence_is_over() -> None:
    heard = Listened("I am here.")
    assert [heard.take(t, 0.1, "") for t in ("Okay", ".", " It", " is")] == ["", "", "Okay. It", " is"]
    assert heard.take("", 0.0, "length") == "" and not heard.invented


def test_replies_are_pairs_of_short_sentences_to_messages_that_do_not_ask() -> None:
    pairs = replies()
    assert len(pairs) > 1000 and len({m.lower() for m, _ in pairs}) == len(pairs)
    assert all(len(reply.split()) <= 16 and reply.strip() == reply for _, reply in pairs)
    assert not any(reply.endswith("?") or reply.startswith("Ha,") for _, reply in pairs)
    assert read("> a\\nb\n< c\n") == [("a\nb", "c")]


@pytest.mark.parametrize("text", ["a", "> a\n", "> a\n> b\n", "> a\n< \n", "< a\n> b\n"])
def test_a_file_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(DataError, match=r"replies|no reply"):
        read(text)
