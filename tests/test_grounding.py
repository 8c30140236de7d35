"""A reply that is to be read from what was told: what of it is shown, and when it was invented."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from titans_edge.grounding import HESITANT, LENIENT, MOST, UNSURE, Grounding, numbers

KEY = "The spare key is under the blue flowerpot."


def shown(reply: str, told: list[str], asked: str, step: int = 1) -> tuple[str, bool]:
    grounding, out = Grounding(told, asked), ""
    for at in range(0, len(reply), step):
        out += grounding.add(reply[at : at + step])
        if grounding.invented:
            return out, True
    return out + grounding.end(whole=True), grounding.invented


@pytest.mark.parametrize(
    ("told", "asked", "reply"),
    [
        (KEY, "Where's the spare key?", "The spare key is under the blue flowerpot."),
        ("I'm moving to Leeds.", "Where do I move?", "You moved to Leeds."),
        ("My shifts start at 19:30.", "When does my shift begin?", "It begins at 19:30."),
        ("The baby is 7lb 4oz.", "What does the baby weigh?", "The baby weighs 7 pounds 4 ounces."),
        ("The tablet is at nine now.", "When do I take the tablet?", "At 9:00 AM."),
        ("He wants thirty-two desks.", "How many desks?", "You must build 32 desks."),
        ("It is the twenty-third of May.", "When is it?", "On 23 May."),
        ("Invoices go to bill@odd.example, since Monday.", "Where do I send my bills?", "To bill@odd.example."),
        ("My sister is a dentist.", "Do I have a sister?", "Yes, you have a sister."),
        ("我的房东是奥卡福先生。", "我的房东是谁？", "你的房东是王先生。"),
    ],
)
def test_a_reply_that_says_what_was_told_is_shown_whole(told: str, asked: str, reply: str) -> None:
    for step in (1, 3, 1000):
        assert shown(reply, [told], asked, step) == (reply, False)


@pytest.mark.parametrize(
    ("told", "asked", "reply", "invented"),
    [
        ("My rent is due on the 5th.", "When is it due?", "When is it due? On the 5th.", True),
        ("Tom lives in Ghent.", "Where does Tom live?", "Tom lives in Ghent. Anything else?", False),
        ("The light is always on.", "Is there light?", "The light is always on.", False),
        ("The fox said: Who goes there?", "What did the fox say?", "Who goes there?", False),
        ("I'm allergic to penicillin.", "What am I allergic to?", "Penicillin is allergic to.", True),
        ("I live with Kuba.", "Who is Kuba?", "Kuba is the one you live with.", False),
        ("Joyce will feed Magellan.", "Who will feed Magellan?", "Magellan will feed Joyce.", True),
        ("owe my cousin Ray 300", "how much do i still owe ray", "Ray still owes you 300.", True),
        ("owe my cousin Ray 300", "how much do i still owe ray", "You still owe Ray 300.", False),
        ("Joyce will feed Magellan.", "Who will feed Magellan?", "Magellan will be fed by Joyce.", False),
        ("Joyce will feed Magellan.", "Who will feed Magellan?", "Joyce will feed Magellan.", False),
        ("Joyce feeds the cat Rex.", "Who is feeding the cat?", "The cat is feeding Rex.", True),
        ("My wife is Margaret.", "Who is Margaret?", "Margaret is your wife.", False),
        ("Bo's teacher is Miss Bright.", "Who teaches Bo?", "Bo's teacher is Miss Bright.", False),
        ("I owe Darren 40 quid.", "how much do i owe darren?", "Darren owes Darren 40 quid.", True),
        ("Ann Lee married Ann Poe.", "Who did Ann Lee marry?", "Ann Lee married Ann Poe.", False),
        ("The move got pushed to the 21st.", "when do i move?", "You moved on the 21st.", True),
        ("The move got pushed to the 21st.", "when do i move?", "You move on the 21st.", False),
        ("I moved on the 21st.", "when did i move?", "You moved on the 21st.", False),
    ],
)
def test_a_reply_that_asks_or_ends_in_the_air_is_not_read_from_what_was_told(
    told: str, asked: str, reply: str, invented: bool
) -> None:
    assert shown(reply, [told], asked)[1] is invented


@pytest.mark.parametrize(
    ("reply", "invented"),
    [
        ("Octopus was your supplier.", True), ("British Gas was your supplier.", False),
        ("You changed from British Gas to Octopus.", False),
    ],
)  # fmt: skip
def test_what_came_instead_is_not_what_was_before(reply: str, invented: bool) -> None:
    told = "I changed my supplier from British Gas to Octopus."
    for past in (True, False):
        found = Grounding([told], "Who was my supplier before?", past=past)
        found.add(reply)
        found.end(whole=True)
        assert found.invented is (invented and past)


def test_a_reply_to_the_user_on_himself_that_does_not_speak_to_him_is_shown_once_it_is_whole() -> None:
    for reply, at_once in (("Kuba has your bike.", False), ("You gave it to Kuba.", True)):
        grounding = Grounding(["I gave my bike to Kuba, so he has it."], "Who has my bike?")
        assert bool("".join(map(grounding.add, reply))) is at_once
    grounding = Grounding(["Kuba has the bike."], "Who has the bike?")
    assert "".join(map(grounding.add, "Kuba has it.")) == "Kuba has ", "nor is it held back where it is not on him"


def test_what_was_before_is_shown_once_it_is_whole_and_does_not_hold_now() -> None:
    for reply, invented in (("He lived in Tampa.", False), ("He lives in Tampa now.", True)):
        grounding = Grounding(["Mike lives in Tampa."], "Where did Mike live before?", past=True)
        assert "".join(map(grounding.add, reply)) == "", "held back"
        assert grounding.end(whole=True) == ("" if invented else reply) and grounding.invented is invented


def test_what_the_model_is_unsure_of_is_not_shown_and_where_it_hesitates_nothing_is_before_the_sentence_is_whole() -> (
    None
):
    said = ["The", " key", " is", " under", " the", " blue", " flowerpot", ".", " It", " is", " red."]

    def heard(*nats: float, lenient: bool = False) -> list[str]:
        grounding, out = Grounding([KEY], "Where's the spare key?", lenient=lenient), list[str]()
        for word, n in zip(said, nats, strict=False):
            out.append(grounding.add(word, n))
            if grounding.invented:
                return out
        return [*out, grounding.end(whole=True)]

    sure = heard(*[0.01] * len(said))
    assert "".join(sure) == "".join(said) and "blue" in "".join(sure[:7]), "as it comes"
    hesitant = heard(*[HESITANT / 2] * 3, *[0.0] * 8)
    assert "".join(hesitant) == "".join(said) and "".join(hesitant[:8]) == ""
    assert "".join(heard(*[UNSURE / 4] * len(said))) == ""
    assert "".join(heard(UNSURE + 0.1, *[0.0] * 10, lenient=True)) == "".join(said)
    assert "".join(heard(LENIENT + 0.1, *[0.0] * 10, lenient=True)) == ""
    later = heard(*[0.01] * 8, *[UNSURE] * 3)
    assert "".join(later) == "".join(said), "only the first sentence counts"


@pytest.mark.parametrize(
    ("told", "asked", "reply", "before"),
    [
        (KEY, "Where's the spare key?", "The spare key is a unique identifier.", ""),
        ("I proposed to Renee.", "What is Renee's job?", "Renee is a nurse.", ""),
        ("I have two cats, Duchess is grey.", "How old is Duchess?", "Duchess is 12 years old.", ""),
        ("I ordered a desk in oak.", "What does it cost?", "The oak costs $120 in all.", "The oak costs "),
        ("A jar is six pounds fifty.", "What do I charge for a jar?", "A jar is $6.", ""),
        ("I saved 2300 so far.", "What did I save for Japan?", "You have saved 2300 yen.", "You have saved 2300 "),
        ("Reg 212-C-8842.", "The man wants my registration. What is it?", "The man wants your registration.", ""),
        (KEY, "Where's the key?", "word " * MOST, ""),
        ("My account is 77-B.", "can you give me my account number?", "Yes, I can give you your account number.", ""),
    ],
)  # fmt: skip
def test_a_reply_that_says_nothing_of_it_or_another_number_is_not(
    told: str, asked: str, reply: str, before: str
) -> None:
    for step in (1, 3, 1000):
        out, invented = shown(reply, [told], asked, step)
        assert invented and out in (before, "" if step == 1000 else before)


@pytest.mark.parametrize(
    ("reply", "invented"),
    [
        ("Your cat is brown.", True), ("Your cat Paris is ginger too.", False),
        ("Paris is ginger. It is brown.", False),
        ("Paris is 7 years.", False), ("Paris is ging.", False), ("Yes, Paris is brown.", False),
        ("Paris is a big dog!", True), ("Paris lives at K7x.", False),
    ],
)  # fmt: skip
def test_a_reply_whose_first_sentence_ends_in_a_word_of_its_own_is_invented(reply: str, invented: bool) -> None:
    for step in (1, 1000):
        said, found = shown(reply, ["I have a ginger cat called Paris, who is 7."], "What does my cat look like?", step)
        assert found is invented and reply.startswith(said)


def test_a_reply_that_was_cut_off_is_shown_as_far_as_it_went() -> None:
    grounding = Grounding([KEY], "Where's the spare key?")
    assert grounding.add("The spare key is un") == "" and grounding.end(whole=False) == "The spare key is un"
    assert not grounding.invented


def test_numbers_are_read_in_figures_and_in_words() -> None:
    assert numbers("At 7:40 on the twelfth, forty-two or Ninety, twentieth, no one") == {7, 40, 12, 42, 90, 20}
    assert numbers("twenty-one, twenty-fourth, a second, forty-hand") == {21, 24}
    assert numbers("0 1 one first") == set()
    assert numbers("9" * 10_000) == {int("9" * 100)} and numbers("٤٤") == {44}


@given(st.lists(st.sampled_from(["Leeds", "was", "my", "7", "key", "\n", "é", "…"]), max_size=12), st.integers(1, 9))
def test_what_is_shown_is_the_replys_beginning_however_it_comes(words: list[str], step: int) -> None:
    reply = " ".join(words)
    out, invented = shown(reply, ["I live in Leeds, at number 7."], "Where do I live?", step)
    assert reply.startswith(out) if invented else out == reply
