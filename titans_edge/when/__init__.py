"""Times in sentences: what "tomorrow" meant when it was told, and which time of telling a question asks for.

Knows English and the calendar; takes naive local moments and gives dates. Knows no clock, no journal and no model.
"""

from __future__ import annotations

from datetime import datetime

from titans_edge.when import spans
from titans_edge.when.asked import asked_range
from titans_edge.when.dating import Dating, meant
from titans_edge.when.spans import WEEKDAYS, written
from titans_edge.when.words import DATE, expressions

__all__ = ["Dating", "asked_range", "day", "meant", "now_line", "resolved", "the_day", "today_line"]


def resolved(text: str, told: datetime) -> str:
    """The text with each relative time followed by its date in brackets: "tomorrow (Sunday 22 November 2026)".

    Readings, where people differ: weeks are Monday to Sunday. "next Monday" is the Monday of the next week ("next
    Monday" on a Saturday: in two days; on a Tuesday: in six). "last Monday" is the one nearest before. "this Monday"
    is today or the nearest, back or ahead by the verb. "on Monday" is never today: the one after, or the one before
    where the nearest verb is in the past tense ("I saw her on Tuesday"); where such a verb leaves it open ("I booked it
    on Tuesday", "I promised to come on Tuesday") nothing is added; "to", "for" and "by" Monday look ahead, "since"
    looks back. "this weekend" is of this week, "next weekend" of the next. Months and years away become a month or a
    year. A date without a year gets its year when it lies within nine months ahead, or sixty days back with a past
    verb, and the sentence speaks of no birthday or habit.
    Quotations, names, habits and vague times are left alone. Nothing but " (...)" is ever added.
    """
    parts, at = [], 0
    for found in expressions(text, told.date()):
        if not text.startswith(" (", found.end):  # it has its date
            parts += [text[at : found.end], f" ({found.span.label})"]
            at = found.end
    return "".join([*parts, text[at:]])


def the_day(text: str, told: datetime) -> str:
    """The one day a text speaks of by a relative time, but for the day of telling itself ("they rang me today"); ""
    where there is none, or another day is named.
    """
    found = meant(text, told)
    days, rest = {*found.values()} - {day(told)}, text.lower()
    for words in found:
        rest = rest.replace(words, " ")
    return days.pop() if len(days) == 1 and DATE.search(rest) is None else ""


def today_line(now: datetime) -> str:
    """`Today is Tuesday, 24 November 2026.`"""
    return f"Today is {WEEKDAYS[now.weekday()]}, {written(now)}."


def now_line(now: datetime) -> str:
    """`It is 9:05 on Tuesday, 24 November 2026.`"""
    return f"It is {now.hour}:{now.minute:02} on {WEEKDAYS[now.weekday()]}, {written(now)}."


def day(moment: datetime) -> str:
    """`Tuesday 24 November 2026`."""
    return spans.day(moment.date()).label
