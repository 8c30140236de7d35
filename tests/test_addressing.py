"""A reply read from the user's words speaks to him, whole or letter by letter."""

from __future__ import annotations

import pytest

from titans_edge.addressing import Addressing

SPOKEN = [
    ("I live in Porto.", "You live in Porto."),
    ("I am allergic to shellfish.", "You are allergic to shellfish."),
    ("I'm 41, and I’ve two sons.", "You're 41, and you've two sons."),
    ("My dog is called Rex and I was sad.", "Your dog is called Rex and you were sad."),
    ("Our car broke down; we were late.", "Your car broke down; you were late."),
    ("It belongs to my sister and me.", "It belongs to your sister and you."),
    ("Stanley has the allotment next to mine.", "Stanley has the allotment next to yours."),
    ("Mr. Pargeter told me to rest.", "Mr. Pargeter told you to rest."),
    ("I told you earlier that my husband has a job.", "You told me earlier that your husband has a job."),
    ("When I was five I moved.", "When you were five you moved."),
    ("On Monday I wasn't there, so am I.", "On Monday you weren't there, so are you."),
    ("i still am a nurse, and i'm tall", "You still are a nurse, and you're tall"),
    ("I'm a teacher. I don't have a car.", "You're a teacher. You don't have a car."),
    ("I can't find my keys.", "You can't find your keys."),
]
KEPT = [
    "You told me that.",
    "Pieter works at the harbour.",
    "Your code is I7.",
    "The film is My Fair Lady.",
    "She lives in the US.",
    "It was Queen Elizabeth I.",
    "I don't know that.",
    "I'm sorry, I cannot help.",
    "You told me: “My code is 12, and I am late.”",
    'The note says "my keys are gone".',
    "She was there, and Tom was too.",
    "I am sorry, I can't help with that.",
    "Elizabeth I was queen before World War I was fought.",
    "The gold mine opens at 7 am.",
    "Write to my.name@example.org, or to I.M. Pei.",
    "It is type I diabetes.",
]


@pytest.mark.parametrize(("reply", "spoken"), [*SPOKEN, *((text, text) for text in KEPT)])
def test_the_user_is_spoken_to_whole_or_letter_by_letter(reply: str, spoken: str) -> None:
    assert Addressing().add(reply, over=True) == spoken
    slowly = Addressing()
    shown = [slowly.add(letter) for letter in reply]
    assert "".join(shown) + slowly.add("", over=True) == spoken


@pytest.mark.parametrize(
    ("question", "reply", "spoken"),
    [
        ("how old is my sister", "Her sister is 11.", "Your sister is 11."),
        ("Where is our boat?", "Their boat is in Lagos. His boat sank.", "Your boat is in Lagos. Your boat sank."),
        ("Who has Tom's boat?", "His boat is with Ann.", "His boat is with Ann."),
        ("How old is my sister?", "Tom says her sister is 11.", "Tom says her sister is 11."),
        ("i gave anna my number, what is her number", "Her number is 555.", "Her number is 555."),
        ("my name is Tom, what is my boss's name", "His name is Karl.", "His name is Karl."),
        ("My birthday is in May. When is my dad's?", "His birthday is in June.", "His birthday is in June."),
        ("who is my cousin's cousin", "Her cousin is Max.", "Her cousin is Max."),
    ],
)
def test_what_the_user_calls_his_is_nobody_elses(question: str, reply: str, spoken: str) -> None:
    assert Addressing(question).add(reply, over=True) == spoken
    slowly = Addressing(question)
    assert "".join(slowly.add(letter) for letter in reply) + slowly.add("", over=True) == spoken


def test_what_was_shown_is_never_taken_back() -> None:
    for reply, spoken in SPOKEN:
        filter_, shown = Addressing(), ""
        for letter in f"{reply} And so on it goes, for a good while.":
            shown += filter_.add(letter)
            assert f"{spoken} And so on it goes, for a good while.".startswith(shown)
