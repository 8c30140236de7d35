"""Relative times get their dates, and a question's time of telling its range; the calendar is Python's own."""

from __future__ import annotations

import random
import re
import string
from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from titans_edge.when import Dating, asked_range, meant, resolved, the_day, today_line
from titans_edge.when.spans import MONTHS, WEEKDAYS, month, week, weekend, year

SATURDAY = datetime(2026, 11, 21, 10)
TUESDAY = datetime(2026, 11, 24, 17, 30)
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(9998, 12, 31, 23, 59))
INSERTED = re.compile(
    rf" \((?:(?:{'|'.join(WEEKDAYS)}) )?(?:\d{{1,2}}(?: \w+(?: \d{{1,4}})?)? to )?"
    rf"(?:\d{{1,2}} )?(?:(?:{'|'.join(MONTHS)}) )?\d{{1,4}}\)"
)

TIMED = [
    ("My dentist appointment is tomorrow at nine.", "tomorrow (Sunday 22 November 2026) at nine."),
    ("Tonight we eat out.", "Tonight (Saturday 21 November 2026) we"),
    ("She called this morning.", "this morning (Saturday 21 November 2026)."),
    ("I fly tomorrow morning.", "tomorrow morning (Sunday 22 November 2026)."),
    ("I'm back the day after tomorrow.", "the day after tomorrow (Monday 23 November 2026)."),
    ("Yesterday's match was lost.", "Yesterday's (Friday 20 November 2026) match"),
    ("I slept badly last night.", "last night (Friday 20 November 2026)."),
    ("I lost it the day before yesterday!", "the day before yesterday (Thursday 19 November 2026)!"),
    ("Next Monday I start.", "Next Monday (Monday 23 November 2026) I"),
    ("We met last Tuesday.", "last Tuesday (Tuesday 17 November 2026)."),
    ("This Friday is off.", "This Friday (Friday 27 November 2026) is"),
    ("It opens this coming Sunday.", "this coming Sunday (Sunday 22 November 2026)."),
    ("The exam is Monday in a week.", "Monday in a week (Monday 30 November 2026)."),
    ("The exam is a week on Monday.", "a week on Monday (Monday 30 November 2026)."),
    ("I saw her on Tuesday.", "on Tuesday (Tuesday 17 November 2026)."),
    ("She comes on Tuesday.", "on Tuesday (Tuesday 24 November 2026)."),
    ("On Tuesday I met Ben.", "On Tuesday (Tuesday 17 November 2026) I"),
    ("On Friday Ben comes.", "On Friday (Friday 27 November 2026) Ben"),
    ("I need it by Friday.", "by Friday (Friday 27 November 2026)."),
    ("I booked a table for Friday.", "for Friday (Friday 27 November 2026)."),
    ("It's been closed since Monday.", "since Monday (Monday 16 November 2026)."),
    ("Actually, the meeting was moved to Thursday.", "to Thursday (Thursday 26 November 2026)."),
    ("It was moved from Monday to Thursday.", "to Thursday (Thursday 26 November 2026)."),
    ("The appointment is Monday at nine.", "Monday (Monday 23 November 2026) at nine."),
    ("see you monday", "see you monday (Monday 23 November 2026)"),
    ("Friday next week is off.", "Friday next week (Friday 27 November 2026) is"),
    ("He leaves in three days.", "in three days (Tuesday 24 November 2026)."),
    ("it's due in 3 days and i havent started", "in 3 days (Tuesday 24 November 2026) and i"),
    ("she visits in 19 days and the room is full", "in 19 days (Thursday 10 December 2026) and the"),
    ("The inspector comes in eighteen days.", "in eighteen days (Wednesday 9 December 2026)."),
    ("dentist in 8 days, a filling, im scared", "in 8 days (Sunday 29 November 2026), a filling"),
    ("My examination is in exactly two weeks.", "in exactly two weeks (Saturday 5 December 2026)."),
    ("I can collect it in four days.", "in four days (Wednesday 25 November 2026)."),
    ("The course starts in two weeks' time.", "in two weeks' time (Saturday 5 December 2026)."),
    ("It is due in a fortnight.", "in a fortnight (Saturday 5 December 2026)."),
    ("We move in six months.", "in six months (May 2027)."),
    ("We moved here three years ago.", "three years ago (2023)."),
    ("Two days ago I fell.", "Two days ago (Thursday 19 November 2026) I"),
    ("One week ago it rained.", "One week ago (Saturday 14 November 2026) it"),
    ("Next week I start.", "Next week (23 to 29 November 2026) I"),
    ("The week after next is free.", "The week after next (30 November to 6 December 2026) is"),
    ("We hiked last weekend.", "last weekend (14 to 15 November 2026)."),
    ("I'm broke this month.", "this month (November 2026)."),
    ("We marry next year.", "next year (2027)."),
    ("My flight leaves on 14 March.", "14 March (2027)."),
    ("The exam is on March 14th at noon.", "March 14th (2027) at"),
    ("The deadline is the 3rd of May.", "the 3rd of May (2027)."),
    ("The plumber comes on the 3rd.", "on the 3rd (Thursday 3 December 2026)."),
    ("The parcel came on the 3rd.", "on the 3rd (Tuesday 3 November 2026)."),
    ("The party is on Friday the 4th.", "on Friday the 4th (Friday 4 December 2026)."),
    ("I'm moving in June.", "in June (2027)."),
    ("I've got a meeting on Monday.", "on Monday (Monday 23 November 2026)."),
    ("MY TEST IS TOMORROW", "TOMORROW (Sunday 22 November 2026)"),
    ("I have been ill since 10 October.", "10 October (2026)."),
    ("And two days ago I fell.", "two days ago (Thursday 19 November 2026) I"),
    ("The concert is on Tuesday, December 1st, at two.", "on Tuesday, December 1st (2026), at"),
    ("We meet on Tuesday, 1 December.", "on Tuesday, 1 December (2026)."),
    ("It is on Monday, 9 o'clock.", "on Monday (Monday 23 November 2026), 9"),
    ("Three weeks from today we fly.", "Three weeks from today (Saturday 12 December 2026) we"),
    ("I bought it on 10 November.", "10 November (2026)."),
    ("Next Monday morning's exam.", "Next Monday morning's (Monday 23 November 2026) exam"),
    ("I need it by Wed.", "by Wed (Wednesday 25 November 2026)."),
    ("i'll see the dentist on tues at 4", "on tues (Tuesday 24 November 2026) at"),
    ("the party is on fri", "on fri (Friday 27 November 2026)"),
    ("The ground floor is moved on Tue.", "on Tue (Tuesday 24 November 2026)."),
    ("My café opens “soon”, tomorrow.", "tomorrow (Sunday 22 November 2026)."),
]  # fmt: skip

UNTIMED = """
May I come in?
I may come, but I may not.
They march to the castle.
The march to the sea was long.
Wait a second.
She came second in the race.
The sun sets early here.
Sunny is my dog.
It was a week-long course.
We use Monday.com at work.
Our site is tuesday.example.com.
Write to me@friday.org.
I love Black Friday sales.
Tuesday Weld is an actress.
Good Friday is a quiet day.
Friday's restaurant is the best one in town.
I swim on Mondays.
I swim every Friday.
Each Tuesday we play chess.
I always swim on Friday.
I work Monday to Friday.
I work from Monday to Friday.
I'll do it soon.
We can talk later.
He sat on the bench.
We wed in spring.
the party is on sat
My daughter April likes horses.
June is my aunt.
August is a strong name.
I read it in three days.
She can run it in three days.
There are seven days in a week.
The batteries last for years.
He has lived here for two years.
My son is two years old.
She bought the first edition.
He lives on the 3rd floor.
He is the 3rd of four brothers.
My birthday is 14 March.
I was born on 3 May.
The rent is due on the 1st.
We met on 14 March 2020.
She said "I'll come tomorrow" and left.
He wrote ‘see you on Friday’ on it.
They sang 'Yesterday' all evening.
My favourite song is Yesterday.
I read USA Today.
There is no tomorrow.
I booked it on Friday.
I promised to call on Friday.
The next week he was gone.
It was the last Friday of the month.
We play on Friday nights.
She goes to Sunday school.
She reads it on Sunday mornings.
May 5 people come along?
In 2014, it closed on Sunday.
We're getting the sofa delivered on Thursday.
I was invited to a party on Saturday.
A year and two months ago it closed.
The first Monday in June is a holiday.
Two or three days ago it was fine.
About two weeks ago it began.
The song Friday I'm in Love is by The Cure.
Robinson Crusoe called him Friday.
Set the timer to ten minutes.
He'll be here in ten minutes.
Once a week I cook.
The code of locker K11 is 4417.
I have 3 cats and 2 dogs.
Chapter 3 may be the best.
Dec is short for declaration.
The second of them is mine.
We ran 5 km in the heat.
The deadline is 14/3.
He is on the moon.
Long ago there was a king.
""".strip().splitlines()


@pytest.mark.parametrize(("text", "part"), TIMED)
def test_a_relative_time_is_followed_by_its_date(text: str, part: str) -> None:
    now = resolved(text, SATURDAY)
    assert part in now
    assert INSERTED.sub("", now) == text


@pytest.mark.parametrize("text", UNTIMED)
def test_nothing_is_added_where_no_time_is_certain(text: str) -> None:
    rng = random.Random(text)
    for _ in range(20):
        assert resolved(text, datetime(1970, 1, 1, 12) + timedelta(days=rng.randrange(2_000_000))) == text


def test_ordinary_sentences_are_sixty_or_more() -> None:
    assert len(set(UNTIMED)) >= 60


def label(of: date) -> str:
    return f"({WEEKDAYS[of.weekday()]} {of.day} {MONTHS[of.month - 1]} {of.year})"


def test_tomorrow_is_the_next_day_on_2000_days() -> None:
    rng = random.Random(9)
    for _ in range(2000):
        told = datetime(1970, 1, 1, rng.randrange(24)) + timedelta(days=rng.randrange(2_900_000))
        assert resolved("It is tomorrow.", told) == f"It is tomorrow {label(told.date() + timedelta(days=1))}."
        assert resolved("Yesterday it was.", told) == f"Yesterday {label(told.date() - timedelta(days=1))} it was."
        assert resolved("in 45 days", told) == f"in 45 days {label(told.date() + timedelta(days=45))}"


@given(MOMENTS.filter(lambda t: t.year < 9998), st.sampled_from(WEEKDAYS))
def test_a_weekday_is_that_weekday_near_the_day_it_was_told(told: datetime, name: str) -> None:
    for text, least, most in (
        (f"on {name}", 1, 7), (f"last {name}", -7, -1), (f"next {name}", 1, 13), (f"I left on {name}", -7, -1),
        (f"this {name}", 0, 6), (f"{name} in a week", 8, 13),
    ):  # fmt: skip
        near = [told.date() + timedelta(days=d) for d in range(least, most + 1)]
        near = [d for d in near if WEEKDAYS[d.weekday()] == name]
        now = resolved(text, told)
        assert now in [f"{text} {label(d)}" for d in near] or (not near and now == text)


@pytest.mark.parametrize(
    ("told", "monday"),
    [((2026, 11, 21), 23), ((2026, 11, 22), 23), ((2026, 11, 23), 30), ((2026, 11, 24), 30), ((2026, 11, 27), 30)],
)
def test_next_monday_is_the_monday_of_the_next_week(told: tuple[int, int, int], monday: int) -> None:
    assert resolved("next Monday", datetime(*told)) == f"next Monday (Monday {monday} November 2026)"


def test_ends_of_months_and_years() -> None:
    assert resolved("tomorrow", datetime(2028, 2, 28)) == "tomorrow (Tuesday 29 February 2028)"
    assert resolved("tomorrow", datetime(2100, 2, 28)) == "tomorrow (Monday 1 March 2100)"
    assert resolved("next month", datetime(2026, 1, 31)) == "next month (February 2026)"
    assert resolved("last month", datetime(2026, 3, 31)) == "last month (February 2026)"
    assert resolved("a month ago", datetime(2026, 1, 31)) == "a month ago (December 2025)"
    assert resolved("next year", datetime(2028, 2, 29)) == "next year (2029)"
    assert resolved("It is on the 31st.", datetime(2026, 9, 5)) == "It is on the 31st (Saturday 31 October 2026)."
    assert resolved("It is on 29 February.", datetime(2027, 12, 1)) == "It is on 29 February (2028)."
    assert resolved("It is on 30 February.", datetime(2027, 12, 1)) == "It is on 30 February."
    assert resolved("this week", datetime(2026, 12, 31)) == "this week (28 December 2026 to 3 January 2027)"


@given(MOMENTS, st.integers(-30, 30))
def test_spans_are_the_calendars(of: datetime, by: int) -> None:
    if not 1 < of.year + by < 9990:
        return
    assert (week(of.date(), by).start - of.date()).days in range(7 * by - 6, 7 * by + 1)
    assert week(of.date(), by).start.weekday() == 0 == weekend(of.date(), by).end.weekday()
    assert month(of.date(), by).end == month(of.date(), by + 1).start
    assert (month(of.date(), by).start.day, year(of.date(), by).start.year) == (1, of.year + by)


PIECES = """
tomorrow today on by next last this in a two 3 31 days weeks months years ago Monday friday Sat sun May march 14 2027
the 3rd of week weekend month year from to since I saw will was 'd " “ ” ' ( ) . , ! ? é 日 and every moved see you `
"""
WORDS = st.sampled_from([*PIECES.split(), "\n", ""])
TEXTS = st.one_of(st.lists(WORDS, max_size=25).map(" ".join), st.text(max_size=60))


@given(TEXTS, MOMENTS)
def test_without_what_was_inserted_the_text_is_the_same(text: str, told: datetime) -> None:
    now = resolved(text, told)
    if not INSERTED.search(text):
        assert INSERTED.sub("", now) == text
    assert resolved(now, told) == now  # said once only
    asked_range(text + " what did I tell you " + text, told)


@pytest.mark.parametrize(
    "text", ["", " ", "?", "tomorrow", "in 9999 years", "9999 years ago", "on the 99th", "on 99 May"]
)
def test_no_year_is_too_early_or_too_late(text: str) -> None:
    for told in (datetime(1, 1, 1), datetime(1970, 1, 1), datetime(9998, 12, 31), datetime.max):
        for asked in (text, f"next year, last year, next week, last Monday, {text}"):
            assert INSERTED.sub("", resolved(asked, told)) == asked
            asked_range(f"What did I tell you {asked}?", told)
        assert today_line(told).endswith(f"{told.year}.")


@pytest.mark.parametrize(
    "piece", ["on ", '"', "“", "in 3 ", "1", " ", "the ", "'", "Monday ", "Monday to ", "last\n", "a", "`", "moved "]
)
def test_a_long_text_of_one_kind_is_read(piece: str) -> None:
    text = piece * (20_000 // len(piece))
    assert INSERTED.sub("", resolved(text, SATURDAY)) == text


ASKED = [
    ("What did I tell you last week?", (11, 16), (11, 23)),
    ("what did I say yesterday about the car?", (11, 23), (11, 24)),
    ("What have I told you today?", (11, 24), (11, 25)),
    ("Since Monday, what did I mention?", (11, 23), (11, 25)),
    ("What have I told you since Monday?", (11, 23), (11, 25)),
    ("What did I tell you two weeks ago?", (11, 7), (11, 14)),
    ("What did I mention three days ago?", (11, 21), (11, 22)),
    ("What did I say in October?", (10, 1), (11, 1)),
    ("What did I say on 3 November?", (11, 3), (11, 4)),
    ("What did I say on November 3rd, 2026?", (11, 3), (11, 4)),
    ("What did we talk about on the 3rd?", (11, 3), (11, 4)),
    ("What did I tell you on Friday?", (11, 20), (11, 21)),
    ("What did we discuss last Friday?", (11, 20), (11, 21)),
    ("Did I mention anything on Monday?", (11, 23), (11, 24)),
    ("Which book did I mention last month?", (10, 1), (11, 1)),
    ("Tell me what I told you in the last three days.", (11, 21), (11, 25)),
    ("Summarise everything I told you this week.", (11, 23), (11, 30)),
    ("What did I tell you about the car yesterday?", (11, 23), (11, 24)),
    ("Yesterday I told you about a key. Where is it?", (11, 23), (11, 24)),
    ("Hi there! It rained. Since Monday, what did I mention?", (11, 23), (11, 25)),
    ("It rained. " * 99 + "What did I tell you last week?", (11, 16), (11, 23)),
    ("what did i tell u yesterday", (11, 23), (11, 24)),
    ("Did I tell you yesterday that I am ill?", (11, 23), (11, 24)),
    ("Do you remember what I told you last week?", (11, 16), (11, 23)),
    ("What did I tell you last week that I'd buy tomorrow?", (11, 16), (11, 23)),
    ("What did I tell you the week before last?", (11, 9), (11, 16)),
    ("And what have I asked you so far today?", (11, 24), (11, 25)),
    ("What did I write to you the day before yesterday?", (11, 22), (11, 23)),
]  # fmt: skip
NOT_ASKED = """
What did I do yesterday?
When is my flight next week?
What did I say I did yesterday?
What did Ben tell me yesterday?
What did I tell Ben yesterday?
What did I tell you about yesterday's meeting?
What did I tell you about the dinner on Friday?
Did I tell you that I saw Ben yesterday?
Where did I say I was last week?
What should I tell you tomorrow?
What did I say about tomorrow?
What will I say on Friday?
What did I say at the meeting yesterday?
What did I tell you?
What did I tell you recently?
Yesterday was fine.
Who did I say is coming on Monday?
Today I saw a fox.
I told you yesterday that I moved to Rome.
Today I told you a secret.
I have to tell you something tomorrow.
""".strip().splitlines()


@pytest.mark.parametrize(("question", "start", "end"), ASKED)
def test_a_question_asks_for_a_time_of_telling(question: str, start: tuple[int, int], end: tuple[int, int]) -> None:
    assert asked_range(question, TUESDAY) == (datetime(2026, *start), datetime(2026, *end))


@pytest.mark.parametrize("question", NOT_ASKED)
def test_a_time_of_something_else_is_no_time_of_telling(question: str) -> None:
    assert asked_range(question, TUESDAY) is None


@given(MOMENTS.filter(lambda t: 1971 < t.year < 9998), st.integers(1, 11))
def test_a_range_contains_what_was_told_then(now: datetime, n: int) -> None:
    for words, told in (
        ("today", now), ("yesterday", now - timedelta(days=1)), (f"{n} days ago", now - timedelta(days=n)),
        (f"{n} weeks ago", now - timedelta(days=7 * n)), ("this week", now), ("last week", now - timedelta(days=7)),
        (f"on {WEEKDAYS[(now - timedelta(days=3)).weekday()]}", now - timedelta(days=3)), ("since yesterday", now),
        (f"in the last {n + 1} days", now - timedelta(days=n + 1)), (f"in {MONTHS[now.month - 1]}", now),
        (f"on {now.day} {MONTHS[now.month - 1]}", now), (f"in {now.year - 1}", now.replace(year=now.year - 1, day=1)),
    ):  # fmt: skip
        asked = asked_range(f"What did I tell you {words}?", now)
        assert asked is not None and asked[0] <= told < asked[1], words
        assert asked[0] <= now


def test_a_moment_with_a_time_zone_is_read_as_local_time() -> None:
    aware = TUESDAY.replace(tzinfo=timezone(timedelta(hours=9)))
    question = "What did I tell you yesterday?"
    assert asked_range(question, aware) == asked_range(question, TUESDAY)
    assert resolved("tomorrow", aware) == resolved("tomorrow", TUESDAY)


def test_a_date_is_said_once() -> None:
    now = resolved("He comes tomorrow, she next week.", SATURDAY)
    assert resolved(now, SATURDAY) == now


def test_parts_of_a_day_are_hours() -> None:
    morning = asked_range("What did I tell you this morning?", TUESDAY)
    night = asked_range("What did we talk about last night?", TUESDAY)
    assert morning == (datetime(2026, 11, 24), datetime(2026, 11, 24, 12))
    assert night == (datetime(2026, 11, 23, 18), datetime(2026, 11, 24, 6))


def test_lines_with_dates() -> None:
    assert today_line(TUESDAY) == "Today is Tuesday, 24 November 2026."
    assert all(c in string.ascii_letters for name in (*MONTHS, *WEEKDAYS) for c in name)


DATES = {
    "friday": "Friday 27 November 2026",
    "in 3 days": "Thursday 26 November 2026",
    "tomorrow": "Tuesday 24 November 2026",
}


@pytest.mark.parametrize(
    ("reply", "shown"),
    [
        ("It is due in 3 days.", "It is due in 3 days (Thursday 26 November 2026)."),
        ("In 3 days", "In 3 days (Thursday 26 November 2026)"),
        ("Tomorrow, in 3 days.", "Tomorrow (Tuesday 24 November 2026), in 3 days (Thursday 26 November 2026)."),
        ("in 3 days, in 3 days", "in 3 days (Thursday 26 November 2026), in 3 days"),
        ("It is in 3 days (Thursday 26 November 2026).", "It is in 3 days (Thursday 26 November 2026)."),
        ("On Thursday 26 November 2026, in 3 days.", "On Thursday 26 November 2026, in 3 days."),
        ("On Friday, 27 November 2026.", "On Friday, 27 November 2026."),
        ("On Friday 27 November.", "On Friday 27 November."),
        ("On Friday, 28 people.", "On Friday (Friday 27 November 2026), 28 people."),
        ("It is in 30 days; within 3 daysies.", "It is in 30 days; within 3 daysies."),
        ("", ""),
    ],
)
@pytest.mark.parametrize("step", [1, 2, 5, 100])
def test_a_relative_time_that_is_repeated_gets_its_date_once(reply: str, shown: str, step: int) -> None:
    dating = Dating(DATES)
    parts = [dating.add(reply[at : at + step]) for at in range(0, len(reply), step)]
    assert "".join([*parts, dating.add("", over=True)]) == shown


@given(st.lists(st.sampled_from(["in ", "3", " days", "tomorrow", " ", "(", "a"]), max_size=12))
def test_dating_adds_brackets_and_nothing_else_however_a_reply_comes(parts: list[str]) -> None:
    apart, whole = Dating(DATES), Dating(DATES)
    shown = "".join([*map(apart.add, parts), apart.add("", over=True)])
    assert shown == whole.add("".join(parts), over=True)
    for label in DATES.values():
        shown = shown.replace(f" ({label})", "")
    assert shown == "".join(parts)


def test_what_a_text_means_is_known_by_its_words() -> None:
    told = datetime(2026, 11, 23, 12)
    assert meant("Due In 3 days, and on 14 March.", told) == {"in 3 days": "Thursday 26 November 2026"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("dentist in 3 days, i'm scared", "Thursday 26 November 2026"),
        ("The hospital rang me today: I am to come in three days.", "Thursday 26 November 2026"),
        ("I am to come in three days, and to Leeds next Friday.", ""),
        ("The concert is on 5 December, the rehearsal in three days.", ""),
        ("Rehearsal is every Wednesday, the concert in three days.", ""),
        ("It was today.", ""),
        ("It rained.", ""),
    ],
)
def test_the_one_day_a_text_speaks_of_is_known(text: str, found: str) -> None:
    assert the_day(text, datetime(2026, 11, 23, 12)) == found
