"""What counts as a right answer: with labels BABILong's metric, without them the target's own words."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from titans_edge.evaluate import wording
from titans_edge.evaluate.score import MOST_WORDS, correct, wilson

RIGHT = [
    ("Your landlord is called Mr. Okafor.", "Mr. Okafor"),
    ("Your landlord is Mr Okafor", "Mr. Okafor"),
    ("Mr. Okafor is your landlord. He lives upstairs.", "Okafor"),
    ("Dr. Amari suggests twice a day.", "twice a day"),
    ("I think it was Dr. Amari. Yes.", "dr amari"),
    ("It measured 3.9.", "3.9"),
    ("He is in Rome now", "rome"),
    ("ROME!", "Rome"),
    ("It is\n\nunder the blue\nflowerpot.", "under the blue flowerpot"),
    ("That is Mary's.", "Mary"),
    ("It’s O’Brien’s", "O'Brien"),
    ("“Pride – and Prejudice”", "Pride - and Prejudice"),
    ("In Malmö, I believe", "Malmo"),
    ("In Malmo, I believe", "Malmö"),
    ("Lodz", "Łódź"),
    ("the Strasse", "Straße"),
    ("a Rome-based firm", "Rome"),
    ("Rome/Italy", "Rome"),
    ("so\u00adft and zero\u200bwidth", "soft"),
    ("Ｒｏｍｅ", "Rome"),
    # numbers
    ("She is ninety.", "90"),
    ("She is 90 years old", "ninety"),
    ("twenty-one of them", "21"),
    ("Twenty one of them", "21"),
    ("1,000 people", "1000"),
    ("one thousand people", "1,000"),
    ("a thousand people", "1000"),
    ("1\u202f000 people", "1000"),
    ("the 3rd door", "third"),
    ("the third door", "3rd"),
    ("the twenty-first", "21st"),
    ("room two hundred and five", "205"),
    ("room two hundred five", "205"),
    ("room 205", "two hundred and five"),
    ("two thousand three hundred and forty-five", "2345"),
    ("three point nine", "3.9"),
    ("12 hundred", "twelve hundred"),
    ("1.5 million", "1500000"),
    ("in nineteen eighty-seven", "1987"),
    ("twenty twenty-six", "2026"),
    ("one, two, three", "2"),
    ("two and three", "3"),
    ("between one hundred and two hundred", "200"),
    ("a 3-hour drive", "3"),
    ("a third-floor flat", "3rd"),
    ("It is -5 outside", "minus five"),
    ("pages 4, 5 and 6", "5"),
    # times, prices, shares
    ("At 7:40.", "7:40"),
    ("At 07:40", "7:40"),
    ("At 7.40", "7:40"),
    ("at 7:40am", "7:40 a.m."),
    ("at 7:40 a.m. on Tuesday", "7:40"),
    ("at seven a.m.", "7 am"),
    ("9 A.M.", "9 a.m."),
    ("It costs £3.50.", "£3.50"),
    ("It costs 3.50 pounds", "£3.50"),
    ("$5 million", "five million dollars"),
    ("12%", "12 %"),
    ("twelve per cent", "12%"),
    ("about 12 percent of it", "12 %"),
    ("12kg", "12 kg"),
    # codes and addresses
    ("The code is K11-4417.", "K11-4417"),
    ("the code is k11 4417", "K11-4417"),
    ("Write to anna.b@mail.example.", "anna.b@mail.example"),
    ("Write to <anna.b@mail.example>", "Anna.B@mail.example"),
    ("It is tangerine42.", "tangerine42"),
    ("On 2026-11-24.", "2026-11-24"),
    ("In the U.S. only", "US"),
    ("Version 3.10", "3.10"),
    ("東京に行きます", "東京"),
    ("The answer is: 42", "42"),
    ("Answer:42", "42"),
]

WRONG = [
    ("romeo", "rome"),
    ("chrome", "rome"),
    ("42", "4"),
    ("4", "42"),
    ("13.9", "3.9"),
    ("3.95", "3.9"),
    ("1.3.9", "3.9"),
    ("3.9", "3"),
    ("3.9", "9"),
    ("3,9", "3"),
    ("7:40", "7"),
    ("7:40", "40"),
    ("7.4", "7:40"),
    ("twenty-one", "20"),
    ("twenty-one", "1"),
    ("twenty-one", "one"),
    ("two hundred and five", "5"),
    ("two hundred and five", "200"),
    ("1,000", "1"),
    ("21,000", "1000"),
    ("one thousand two hundred", "1000"),
    ("1987", "1988"),
    ("the third", "three"),
    ("3rd", "3"),
    ("-5", "5"),
    ("twenty, five", "25"),
    ("between one hundred and two hundred", "102"),
    ("K11-4417", "4417"),
    ("K11-4417", "K11"),
    ("K11-44178", "K11-4417"),
    ("BK11-4417", "K11-4417"),
    ("X4-K11-4417", "K11-4417"),
    ("tangerine42", "tangerine"),
    ("tangerine42", "42"),
    ("joanna.b@mail.example", "anna.b@mail.example"),
    ("anna.b@mail.example", "b@mail.example"),
    ("anna.b@mail.example", "anna"),
    ("2026-11-24", "24"),
    ("2026-11-24", "2026"),
    ("flat 4B", "4"),
    ("10²", "102"),
    ("2½", "21"),
    ("Version 3.1", "3.10"),
    ("PIN 417", "0417"),
    ("$3.50", "£3.50"),
    ("day a twice", "twice a day"),
    ("twice each day", "twice a day"),
    ("Amari", "Dr. Amari"),
    ("", "rome"),
    ("rome", ""),
    ("?!", "?!"),
    ("東", "東京"),
    ("12", "12 %"),
]


@pytest.mark.parametrize(("answer", "target"), RIGHT)
def test_an_answer_that_has_the_targets_words_is_right(answer: str, target: str) -> None:
    assert correct(answer, target, (), "?")


@pytest.mark.parametrize(("answer", "target"), WRONG)
def test_part_of_a_word_a_number_or_a_code_is_not_the_target(answer: str, target: str) -> None:
    assert not correct(answer, target, (), "?")


def test_an_answer_of_more_than_forty_words_is_wrong() -> None:
    assert correct("word " * (MOST_WORDS - 1) + "Rome.", "rome", (), "?")
    assert not correct("word " * MOST_WORDS + "Rome.", "rome", (), "?")
    assert not correct("Rome. " + "word " * MOST_WORDS, "rome", (), "?")


def test_any_of_the_alternatives_will_do() -> None:
    assert correct("the movies", "the cinema", (), "?", ("the movies", "the pictures"))
    assert not correct("the theatre", "the cinema", (), "?", ("the movies", "the pictures"))


@pytest.mark.parametrize(
    ("answer", "target", "right"),
    [
        ("It meets on Tuesdays.", "Tuesday", True), ("I build a staircase.", "staircases", True),
        ("on the 26th of May", "26", True), ("the 6th", "6", False), ("at 9:00", "nine", True),
        ("two boxes", "box", True), ("in both cities", "city", True),
        ("as they say", "a", False), ("the glass", "glas", False), ("the cart", "car", False), ("4s", "4", False),
    ],
)  # fmt: skip
def test_a_plural_is_the_same_word(answer: str, target: str, right: bool) -> None:
    assert correct(answer, target, (), "?") == right


def test_labelled_cases_keep_babilongs_metric() -> None:
    labels = ("kitchen", "garden", "office")
    assert correct("The Kitchen. Not the garden.", "kitchen", labels, "Where is Mary?")
    assert not correct("Well. The kitchen.", "kitchen", labels, "Where is Mary?")
    assert not correct("kitchen or garden", "kitchen", labels, "Where is Mary?")
    assert correct("the office is north of the kitchen", "office", labels, "What is north of the kitchen?")
    assert correct("the kitchenette", "kitchen", labels, "Where is Mary?")  # its known fault
    assert correct("word " * 50 + "kitchen", "kitchen", labels, "Where is Mary?")  # it has no limit
    assert not correct("the garden", "kitchen", labels, "Where is Mary?", ("garden",))  # and no alternatives


def test_a_list_of_labels_has_to_be_whole_and_alone() -> None:
    labels = ("apple", "football", "milk", "nothing")
    asked = ("milk,football", labels, "What is Mary carrying?")
    assert correct("The football and the milk.", *asked) and correct("nothing", "nothing", *asked[1:])
    assert not correct("The milk.", *asked) and not correct("milk, football, apple", *asked)


def _babilong_as_it_was(answer: str, target: str, labels: tuple[str, ...], question: str) -> bool:
    first = re.split(r"[.\n]", answer.strip().lower(), maxsplit=1)[0]
    found = {x for x in map(str.lower, labels) if x in first}
    found -= {x for x in map(str.lower, labels) if x in question.lower()} - {target.lower()}
    return found == {target.lower()}


_SOME = st.lists(st.sampled_from(["kitchen", "garden", "the", ".", "\n", "Office", "north of"]), max_size=6)


@given(_SOME, st.sampled_from(["kitchen", "garden", "Office"]), _SOME)
def test_the_labelled_metric_is_what_it_was(answer: list[str], target: str, question: list[str]) -> None:
    labels = ("kitchen", "garden", "Office")
    asked = (" ".join(answer), target, labels, " ".join(question))
    assert correct(*asked) == _babilong_as_it_was(*asked)


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_whatever_has_a_word_is_found_in_itself_and_among_others(before: str, target: str, after: str) -> None:
    if wording.words(target):
        assert wording.has(target, target)
    wording.has(f"{before} {target} {after}", target)  # never raises


@given(st.integers(0, 999_999))
def test_a_number_in_words_is_its_figures(n: int) -> None:
    assert wording.has(f"It is {spelt(n)}, I think", str(n)) and wording.has(f"It is {n:,}, I think", spelt(n))
    assert not wording.has(spelt(n), str(n + 1)) and not wording.has(str(10 * n + 1), spelt(n))


def spelt(n: int) -> str:
    """English for 0 to 999,999, written another way than the code that reads it."""
    small = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    tens = "twenty thirty forty fifty sixty seventy eighty ninety"
    names = dict(enumerate([*small.split(), "seventeen", "eighteen", "nineteen"]))
    names |= dict(zip(range(20, 100, 10), tens.split(), strict=True))
    if n in names:
        return names[n]
    if n < 100:
        return f"{names[n // 10 * 10]}-{names[n % 10]}"
    size, word = (1000, "thousand") if n >= 1000 else (100, "hundred")
    head, rest = f"{spelt(n // size)} {word}", n % size
    return f"{head}{' and' if rest < 100 else ''} {spelt(rest)}" if rest else head


def test_accents_may_be_one_character_or_two() -> None:
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert correct(unicodedata.normalize(form, "Café Zoë"), "cafe zoe", (), "?")


def test_intervals_hold_the_share() -> None:
    low, high = wilson(95, 100)
    assert 88 < low < 90 and 97 < high < 99
    assert wilson(0, 0) == (0.0, 100.0)
