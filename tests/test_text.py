"""Sentences, clauses, words, and what asks."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from titans_edge.asked_for import (
    asks_for_a_date,
    asks_for_a_favour,
    asks_for_a_secret,
    asks_for_a_sum,
    asks_for_advice,
    asks_when_told,
    gives_the_name,
)
from titans_edge.questions import as_question
from titans_edge.text import (
    Span,
    begins_back,
    calm,
    content_words,
    is_question,
    sentences,
    spans,
    tells_a_change,
    words,
)

ANY = st.characters()  # with surrogates and zero bytes
PIECES = st.sampled_from(
    [
        *(
            "Mr. Okafor",
            "J. R. R. Tolkien",
            "block C. My cat",
            "3.9",
            "7.40 a.m. ",
            "1,000 ",
            "12/05/2026",
            "word",
            "I ",
            "x.",
        ),
        *(
            "anna@example.org",
            "https://a.org/b?c=d.",
            '"Salt, Fat"',
            "“Go.” she",
            "(so",
            "that, ",
            "; ",
            ": ",
            "— ",
            "and ",
        ),
        *(
            "because ",
            "My ",
            "!",
            "?",
            "…",
            "...",
            "。",
            "！",
            "「はい。」",
            "\n",
            "\n\n",
            "\r\n",
            "\n- ",
            "\n1. ",
            "\n# ",
        ),
        *(
            "\u2028",
            "\u2029",
            "\0",
            "\ud800",
            "e\u0301",
            "न\u094d",
            "\u200c",
            "\ufe0f",
            "👍🏽",
            "_",
            "*",
            "'s",
            "’s",
            " ",
            "  ",
            "\t",
        ),
    ]
)
TEXTS = st.text(ANY, max_size=200) | st.lists(PIECES | st.text(ANY, max_size=5), max_size=40).map("".join)


def cut(text: str) -> list[str]:
    return [s.text for s in sentences(text)]


def fold(text: str) -> str:
    return " ".join(text.split())


def letters(text: str) -> list[str]:
    return [c for c in text if c.isalnum()]


def check(text: str, found: list[Span]) -> None:
    """In order, apart, nothing left between them but white space, and each is the text at its range."""
    assert [s.start for s in found] == sorted(s.start for s in found)
    bounds = [0, *(x for s in found for x in (s.start, s.end)), len(text)]
    assert bounds == sorted(bounds)
    assert all(s.text and fold(text[s.start : s.end]) == s.text for s in found)
    assert all(text[s.start : s.end].strip() == text[s.start : s.end] for s in found)
    assert not "".join(text[a:b] for a, b in zip(bounds[::2], bounds[1::2], strict=True)).strip()


@given(TEXTS)
def test_sentences_hold_the_whole_text_and_stand_where_they_say(text: str) -> None:
    found = sentences(text)
    check(text, found)
    assert letters("".join(s.text for s in found)) == letters(text)


@given(
    TEXTS,
    st.integers(1, 40),
    st.sampled_from([len, lambda s: len(s.encode("utf-8", "replace")), lambda s: len(s.split())]),
)
def test_spans_fit_and_lose_no_letters(text: str, limit: int, count) -> None:  # type: ignore[no-untyped-def]
    found = list(spans(text, count, limit))
    check(text, found)
    assert all(count(s.text) <= limit or len(s.text) == 1 for s in found)
    assert letters("".join(s.text for s in found)) == letters(text)


@given(TEXTS)
def test_a_text_that_fits_is_cut_into_its_sentences_only(text: str) -> None:
    assert list(spans(text, len, 10_000)) == sentences(text)


@example("0\n" + 35 * "0")
@example("0\n*\n")
@example("0\n#\n1.\n")
@given(TEXTS.filter(lambda t: "\r" not in t))
def test_line_ends_of_windows_change_nothing(text: str) -> None:
    other = text.replace("\n", "\r\n")
    assert [s.text for s in spans(other, len, 30)] == [s.text for s in spans(text, len, 30)]


@pytest.mark.parametrize(
    "text",
    [
        "Hi! | I've just moved to Leeds. | My landlord is called Mr. Okafor.",
        "Mr. Smith went home. | He slept! | Then?",
        "My office is in block C. | My cat is ill.",
        "I take vitamin D. | It helps. | We go on with plan B. | She won. | I got grade A. | The end.",
        "We meet in room B. | Anna is there. | So am I. | Mary came.",
        "J. Smith met J. R. R. Tolkien and Samuel L. Jackson. | George W. Bush came.",
        "P. C. Brown of the F. F., and Miss C. J. Kirby left. | It is by H. G. - so he says.",
        "See p. 5, c. 1900, at 9 a.m., or so.",
        "Dr. No and Prof. A. Amari live in St. Ives, No. 5. | No. | I don't.",
        "I live in St. Mary's Rd. | My dog barks at Main St. | He is old.",
        "The U.S. Navy has a Ph.D. student, e.g. The Times wrote. | I live in the U.S. | My dog too.",
        "My flight leaves at 7.40 a.m. tomorrow. | It is 9 a.m. Tuesday there.",
        "I bought apples, pears etc. and figs. | Then plums, etc. | My bag is full.",
        "Version v2.1 costs 3.9 or 1,000.50, see https://a.org/b?c=d.e or my.txt. | Write to anna.smith@x.org. | Bye.",
        'He said "Go." | She went (at last!). | "Who?" | She left.',
        '"Go!" said he. | It was red (really!) to me. | (So it is.) | Well… | "Yes."',
        "i live in leeds. | my dog is rex. | it is old",
        "На Пушкина А. С. Петров живёт. | Он стар.",
        "See chapter 3. | It is long. | I was born in 1987. | He was not.",
        "मैं घर गया। | वह आया। | هل أنت هنا؟ | نعم.",
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str) -> None:
    assert cut(text.replace(" | ", " ")) == text.split(" | ")


def test_chinese_and_japanese_need_no_blank() -> None:
    assert cut("他走。真的！“好。”然后？「はい。」") == ["他走。", "真的！", "“好。”", "然后？", "「はい。」"]


def test_wrapped_lines_are_one_sentence_and_items_are_several() -> None:
    text = "# To buy\nThis is\nfor Mr.\nOkafor:\n- milk\n- eggs and\n  bacon\n1. Ask Anna. Twice\n2. Go\n\nlast\nwords"
    assert cut(text) == [
        "# To buy",
        "This is for Mr. Okafor:",
        "- milk",
        "- eggs and bacon",
        "1. Ask Anna.",
        "Twice",
        "2. Go",
        "last words",
    ]


def test_a_dash_at_the_start_of_a_wrapped_line_is_no_item() -> None:
    assert len(cut("He wrote the names of nine devils and of their servants\n- and of kings - in the corners.")) == 1
    items = "- the names of nine devils and of all their many servants\n- the names of kings\n- and of queens"
    assert cut(items) == items.splitlines()


def clauses(text: str, limit: int) -> list[str]:
    return [s.text for s in spans(text, lambda s: len(s.split()), limit)]


def test_long_sentences_are_cut_at_punctuation_before_conjunctions_before_blanks() -> None:
    text = "Anna and Tom live in Leeds, my brother stays here because he works in York; we all meet on Sundays"
    assert clauses(text, 10) == [
        "Anna and Tom live in Leeds,",
        "my brother stays here because he works in York;",
        "we all meet on Sundays",
    ]
    assert clauses("my brother stays here because he works in York", 6) == [
        "my brother stays here",
        "because he works in York",
    ]
    assert clauses("one two three four five six", 4) == ["one two three", "four five six"]


@pytest.mark.parametrize(
    "whole",
    [
        '"Salt, Fat, Acid and Heat"',
        "“me and my car”",
        "1 234 567 890",
        "+44 113 496 0000",
        "New York City Hall",
        "‘this, that’",
    ],
)
@pytest.mark.parametrize("before", range(1, 8))
def test_no_cut_inside_a_quoted_name_a_number_or_a_name(whole: str, before: int) -> None:
    text = f"{' '.join(['so'] * before)} {whole} is what we have got here on our shelf of things"
    assert any(whole in s for s in clauses(text, 8))


def test_no_cut_inside_an_address_that_fits() -> None:
    for address in ("anna.smith@mail.example.org", "https://example.org/a,b;c/and/d?e=f"):
        text = f"so it is that we all of us write to {address} when there is a thing to be said"
        assert any(address in s.text for s in spans(text, len, 40))


def test_a_letter_keeps_its_marks_where_a_word_is_cut() -> None:
    text = "e\u0301o\u0302" * 200
    assert all(s.text[0] in "eo" for s in spans(text, len, 15))


OLD_WORD = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:[-'’](?!s\b)[^\W\d_]+)*|\w+|['’]s\b")  # the shipped graft's


@given(st.text(st.sampled_from("abcdesSé I'’-.,;:!?()\"“”&/@#+*\n"), max_size=60))
def test_words_of_letters_are_those_the_graft_was_trained_with(text: str) -> None:
    if re.search(r"@|//|www", text):  # addresses
        return
    assert [(w.text, w.start) for w in words(text)] == [(m.group(), m.start()) for m in OLD_WORD.finditer(text)]


@pytest.mark.parametrize(
    "text",
    [
        "tangerine42 K11-4417 7:40 3.9 1,000 12/05/2026 2026-11-20T10:00+02:00 B2 +44 v2.1-beta 192.168.0.1:80",
        "anna.smith@example.org https://a.org/x?y=1#z www.a.org/b github.com/anna/repo my_file.pdf b.txt user@host",
        "well-known O'Brien rock'n'roll iPhone 1990s 3rd 20th-century can’t 5'11 -5 −3.5 24/7 10:30am A1.B2 3/B7",
        "cafe\u0301 नमस्ते ภาษาไทยครับที่ می‌خواهم שָׁלוֹם Ångström m² ½ col·lecció צה״ל தமிழ்",
    ],
)
def test_each_of_these_is_one_word(text: str) -> None:
    for punctuation in ("", ",", ".", "!", ")"):
        spaced = f"{punctuation} ".join(text.split()) + punctuation
        assert [w.text for w in words(spaced)] == text.split()


def test_words_leave_signs_that_belong_to_no_word() -> None:
    found = words("My dog's code: £3.50 (10%), C++ and C#! __x__ and/or e.g. 👍🏽 ❤️ 1️⃣")
    assert " ".join(w.text for w in found) == "My dog 's code 3.50 10 C and C x and or e g 1"


@given(TEXTS)
def test_words_stand_where_they_say_and_hold_every_letter(text: str) -> None:
    found = words(text)
    assert all(text[w.start : w.end] == w.text for w in found)
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert letters("".join(w.text for w in found)) == letters(text)
    content_words(text)
    is_question(text)


def test_content_words_keep_codes_whole() -> None:
    assert content_words("What is the code tangerine42 of Anna's bike?") == ["code", "tangerine42", "anna", "bike"]


ODD = [
    "\ud800",
    "\0",
    "\u2028",
    ".",
    "a",
    "a ",
    "a. ",
    "A. ",
    "\n",
    "\n- a",
    "1. \n",
    '"',
    "?)",
    "' ",
    "e\u0301",
    "a.",
    "@a.",
    "-",
]


@pytest.mark.parametrize("odd", ODD)
def test_a_long_text_of_one_thing_is_cut(odd: str) -> None:
    text = odd * (8_000 // len(odd))
    check(text, sentences(text))
    found = list(spans(text, len, 50))
    check(text, found)
    assert all(len(s.text) <= 50 for s in found)
    words(text)
    is_question(text)


QUESTIONS = """
Who is my landlord|Tell me where the key is.|Do you remember my dog|Remind me where I live|Which city do I live in|who
What's my code|Can you tell me my code|whats my code|where do i live|Where is the key|How old is Anna|Where?
In which city do I live|Please tell me my name|And what about the cat|So, who is it|hey, where is my key|What?!
did I tell you about Tom|Is my dog called Rex|I'd like to know where I live.|Whose car is red|who lives in Leeds
What time does my flight leave|What colour is my car|"Where is it?"|Really?...|你叫什么？
Could you please remind me of it|they want my number, what is it|the town by the lake, where's that again?
Who's there|What’s my name|Have I told you|When does it leave|Where did I put it...|What day is it today|Tell us more
when is my flight|Do I have a sister|Where's mum|Why not
handball starts at what time|Kindly tell me the code|omg when is the test|wot day is it due
whos my boss|whit time does it begin|my scissors, where did i put them
where tf did i leave it|where about does she live|quick how does the mother in law like her cuppa
my brain is gone, whats my own sister called
does leo have a wife|is leo still in the band
is Leo married|was Tom at home|did ella eat|has mike moved|can Leo teach on mondays|will Tom come
does Karen work on fridays|Did Tom pass his exam|Has Leo had his jab|did mum call|is Mum diabetic|how bad was my fall
how strict is my boss|is karen my daughter|do my cats fight|how heavy is the lamp|by when must i report
until when do they stay|through which city does it go"""
STATEMENTS = """
Write a poem|Write a poem about where I live|My dog is ill.|When I was young I lived in Leeds.|What I like is tea.|Hi!
Where I live it rains.|How nice!|What a day!|Which is why I left.|Remind me to buy milk.|Remember my birthday is 5 May.
I know who did it.|He asked "where is it?"|Whoever comes is welcome.|Have a nice day.|Do the dishes.|Will is my brother.
May is my sister.|Hello|?x|However, I left.|Tell Anna that I am here.|Mary moved to the bathroom.
I've just moved to Leeds.|Willow is my cat.|So I moved.|Now my code is 12.|Well, he left.|Canada is big.
We found it, which was nice|In which case I left.|Why I left is a long story.|now is the 24 of january
Leeds, where I live, is wet.|Tom, who is my boss, is nice.|Tom, who's my boss, is nice.|What we did was fun.
did laundry and cleaned|does not work|Did yoga today|has been raining|May Brown called.|Will Smith is great.
is also my neighbour|was really tired|DIDN'T WIN but we danced|doesn't get sick|Didn't know there were two
has moved to Leeds|How lovely is that!|do the garden|does night shifts|does shift work|does web design|did tax return
Does jiu jitsu on Tuesdays.|does piano mondays|did law school in leeds|did maths homework|did everything myself
does like tea|does eat fish|did see dr smith|did call mum|did tell you|have Friday off|has Monday off|Has two kids
have Italian lessons on Tuesdays at 7|have Type 2 diabetes|Has Crohn's disease.|have Anna's wedding on Saturday
did French at school|did Pilates on monday|do Zumba on Thursdays|did Anna a favour|was Mayor of Leeds
is German but lives in Spain|is Mum's birthday on Friday|was Anna's before|Must Call Anna on Friday
will Move to Leeds in May|Should Be there at 8|could Not sleep|Would Like a dog|Will Brown lost his job
Will Brown gave me his drill.|Will Brown got married|Will Brown can cook|May Lee told me the code is 4417.
Can Demir bought my car|is opposite our school|is outside my house|was once my boss|was all my fault|is half my age
is where my parents live|is because my dad left|has groceries delivered on Tuesdays|has kids named Tom and Ann
has surgery booked for may|has money left|do my shopping on Saturdays at Aldi|do my laundry on sundays
do my job from home|How dad is doing worries me.|how things have changed|near which we live|into which we moved
how cool is that|near what used to be the mill|is still in bed
are both still at work|is away still at his mums|is now still at school|is not still at it"""


@pytest.mark.parametrize("text", re.split(r"[|\n]", QUESTIONS.strip()))
def test_what_asks_is_a_question(text: str) -> None:
    assert is_question(text)


@pytest.mark.parametrize("text", ["", *re.split(r"[|\n]", STATEMENTS.strip())])
def test_what_states_or_commands_is_none(text: str) -> None:
    assert not is_question(text)


@pytest.mark.parametrize(
    "text",
    [
        "My defence was put off until May.", "The wedding is called off.", "I don't work there any longer.",
        "Turns out the dog is a cat.", "My new doctor is Dr. Sabbe.", "I've raised the price to six pounds.",
        "They'd like twenty cakes rather than twelve.", "I've sold the Škoda.", "We put the start back from the 16th.",
        "The customer's put me back a week.",
    ],
)  # fmt: skip
def test_a_change_is_told_in_many_words(text: str) -> None:
    assert tells_a_change(text) and not tells_a_change("I put the cat out.")


def test_what_begins_with_a_word_that_means_nothing_does_not_refer_back() -> None:
    assert (
        begins_back("shes 84") and begins_back("hes ill") and begins_back("thats it") and not begins_back("shed is red")
    )
    assert begins_back("Its roof is red.") and begins_back("It's red.") and not begins_back("its official, i moved")


@pytest.mark.parametrize(
    "text",
    [
        "On what date did I mention where the fuse is?", "When did I tell you about the car?",
        "when did i tell u that?", "Which day did I first tell you I'd bought it?",
    ],
)  # fmt: skip
def test_who_asks_when_it_was_told_asks_for_that_day(text: str) -> None:
    assert asks_when_told(text)


@pytest.mark.parametrize(
    "text", ["What did I tell you last week?", "When does my flight leave?", "When did I ask Renee to marry me?"]
)
def test_another_day_is_not_the_day_it_was_told(text: str) -> None:
    assert not asks_when_told(text)


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("On what date is my appointment?", True), ("what's the calendar date of my dentist visit?", True),
        ("Which day is the concert?", True), ("When is the concert?", False), ("What time is it?", False),
    ],
)  # fmt: skip
def test_who_asks_for_a_date_wants_a_day(text: str, asks: bool) -> None:
    assert asks_for_a_date(text) is asks


@pytest.mark.parametrize(
    ("span", "question"),
    [
        ("my nan Maureen sent me a parcel", "what's my nan's name?"),
        ("I saw my old landlord, Mr. Okafor.", "Who is my landlord?"),
        ("My best friend Zoë is here.", "What is my best friend called?"),
        ("our cat Tom", "whats the name of our cat?"),
        ("Hi! I'm Marta and I teach.", "What's my name?"), ("Hello, this is Priya.", "Who am I?"),
    ],
)  # fmt: skip
def test_a_name_behind_what_it_names_is_what_is_asked_for(span: str, question: str) -> None:
    assert gives_the_name(span, question)


@pytest.mark.parametrize(
    ("span", "question"),
    [
        ("I see my dentist Monday.", "Who is my dentist?"), ("my nan sent me socks", "what's my nan's name?"),
        ("my dog Rex", "What's my cat's name?"), ("my nan Maureen", "Where does my nan live?"),
        ("His nan Maureen", "what's my nan's name?"), ("I'm Dutch and I like it.", "What's my name?"),
        ("I'm OK, thanks.", "What's my name?"), ("It's Christmas!", "Who am I?"), ("I AM TIRED AND LATE", "Who am I?"),
        ("I'm from Ghent.", "Who am I?"), ("I'm Marta.", "What's my sister's name?"),
    ],
)  # fmt: skip
def test_another_name_and_another_question_are_not(span: str, question: str) -> None:
    assert not gives_the_name(span, question)


@pytest.mark.parametrize(
    ("text", "quiet"),
    [("WHAT FLOWERS DID DOLORES LIKE", "what flowers did dolores like"), ("WHO IS ED?", "who is ed?"),
     ("What does NASA do?", "What does NASA do?"), ("NASA", "NASA"), ("4417 K11", "4417 K11")],
)  # fmt: skip
def test_what_is_shouted_is_read_in_small_letters(text: str, quiet: str) -> None:
    assert calm(text) == quiet


@pytest.mark.parametrize(
    ("wanted", "question"),
    [
        ("door code at work", "What is the door code at work?"),
        ("I need the plumber's number.", "What is the plumber's number?"),
        ("condo card number pls, guard asking", "What is the condo card number?"),
        ("I'd like to have the code", "What is the code?"),
        ("Sorry, I forgot my dentist's name.", "What is my dentist's name?"),
        ("when that inspector coming", "when that inspector coming?"), ("please", "please"),
    ],
)  # fmt: skip
def test_what_is_wanted_is_looked_up_as_a_question(wanted: str, question: str) -> None:
    assert as_question(wanted) == question


def test_what_is_drafted_or_suggested_by_somebody_is_no_favour() -> None:
    for asked in ("when does my supervisor want the draft?", "who will help me move?", "What did Ann suggest?"):
        assert not asks_for_advice(asked) and not asks_for_a_favour(asked)
    for favour in ("help me write a letter?", "I need help with maths, ok?", "hi, write me a poem?", "can you help?"):
        assert asks_for_advice(favour) and asks_for_a_favour(favour)


@pytest.mark.parametrize(
    ("question", "sums"),
    [
        ("What is 17 times 23?", True), ("what's 12 x 4", True), ("How many minutes are there in a week?", True),
        ("What is 20% of 80?", True), ("How many times a week do I swim?", False), ("Is it 7-9 or 24/7?", False),
        ("What is 3 - 2?", True),
        ("How many days a week does Ana work?", False), ("What is my code 4417 for?", False), ("2 x 3 is 6.", False),
    ],
)  # fmt: skip
def test_a_calculation_asks_for_nothing_that_was_told(question: str, sums: bool) -> None:
    assert asks_for_a_sum(question) is sums


@pytest.mark.parametrize(
    ("question", "secret"),
    [
        ("What's the door code of the office?", True), ("What is the alarm code of the warehouse?", True),
        ("whats the wifi password", True), ("What is the combination of the safe?", True),
        ("What is the country code of France?", False), ("What is a QR code?", False),
        ("What is the code of conduct?", False), ("What makes a good password?", False),
    ],
)  # fmt: skip
def test_who_asks_for_a_secret_asks_for_what_was_told(question: str, secret: bool) -> None:
    assert asks_for_a_secret(question) is secret
