"""Spans of days and how they are called in English: a day, a week from Monday, a month, a year.

Knows the calendar from year 1 to 9999. Knows no words to be read, no clock and no time zone: naive dates only.
A span that would leave the calendar raises ValueError or OverflowError.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# as people write one: mon, tues, thurs, Fridays
WEEKDAY = "|".join(f"{day[:3]}s?|{day[:4]}s?|{day[:5]}|{day}s?" for day in WEEKDAYS)
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
MONTH = "|".join(f"{m[:3]}(?:{m[3:]})?" for m in MONTHS)  # a pattern of a month, whole or cut to three letters
WHOLE_DAY = (0, 24)
HOURS = {"morning": (0, 12), "noon": (11, 14), "afternoon": (12, 18), "evening": (17, 24), "night": (18, 30)}


@dataclass(frozen=True)
class Span:
    """Days from `start` up to, not including, `end`; `hours` of its first and last day (30: 6 a.m. of the next)."""

    start: date
    end: date
    label: str
    hours: tuple[int, int] = WHOLE_DAY

    def moments(self) -> tuple[datetime, datetime]:
        """[first moment, first moment after it)."""
        last = datetime.combine(self.end - timedelta(days=1), time())
        first = datetime.combine(self.start, time())
        return first + timedelta(hours=self.hours[0]), last + timedelta(hours=self.hours[1])

    def at(self, part: str | None) -> Span:
        """The same day, only a part of it: morning, afternoon, evening, night."""
        return replace(self, hours=HOURS[part.lower()]) if part else self


def day(of: date, days: int = 0) -> Span:
    """One day, `days` after another."""
    of = of + timedelta(days=days)
    return Span(of, of + timedelta(days=1), f"{WEEKDAYS[of.weekday()]} {written(of)}")


def week(of: date, weeks: int = 0) -> Span:
    """Monday to Sunday, `weeks` after the week with a day in it."""
    monday = of + timedelta(days=7 * weeks - of.weekday())
    return _days(monday, monday + timedelta(days=6))


def weekend(of: date, weeks: int = 0) -> Span:
    """Saturday and Sunday of the week with a day in it, or `weeks` later."""
    monday = week(of, weeks).start
    return _days(monday + timedelta(days=5), monday + timedelta(days=6))


def month(of: date, months: int = 0) -> Span:
    """A month, `months` after the one with a day in it."""
    year_, month_ = divmod(of.year * 12 + of.month - 1 + months, 12)
    first = date(year_, month_ + 1, 1)
    return Span(first, date(year_ + month_ // 11, (month_ + 1) % 12 + 1, 1), f"{MONTHS[month_]} {year_}")


def year(of: date, years: int = 0) -> Span:
    """A year, `years` after the one with a day in it."""
    first = date(of.year + years, 1, 1)
    return Span(first, date(first.year + 1, 1, 1), str(first.year))


def written(of: date) -> str:
    """`22 November 2026`"""
    return f"{of.day} {MONTHS[of.month - 1]} {of.year}"


def _days(first: date, last: date) -> Span:
    begins = written(first)
    if first.year == last.year:
        begins = str(first.day) if first.month == last.month else f"{first.day} {MONTHS[first.month - 1]}"
    return Span(first, last + timedelta(days=1), f"{begins} to {written(last)}")
