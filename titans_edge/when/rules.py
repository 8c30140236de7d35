"""The days that a matched expression of time means, one rule for each kind; None where two readings stay open.

Knows the calendar and the tense of a sentence. Knows patterns only by the names of their groups (`day`, `month`, `nth`,
`which`, `part`, ...). The readings chosen are said at `titans_edge.when.resolved`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta

from titans_edge.when import spans
from titans_edge.when.spans import Span
from titans_edge.when.tense import Tense, is_habit, sentence_around, tense

NUMBERS = (
    "a", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip
_MOVED = re.compile(r"\b(?:moved|changed|rescheduled|postponed|pushed|shifted|brought|put|delayed|deferred)\b", re.I)
_VAGUE = re.compile(
    r"\b(?:or|to|about|around|almost|nearly|over|than|roughly|some|least|most|approximately|maybe|perhaps|first time"
    r"|(?:years?|months?|weeks?|days?),? and|half|every)\s{1,4}$|[-–~]$",
    re.IGNORECASE,
)
_ANNUAL = re.compile(
    r"\b(?:birthdays?|born|anniversar\w{1,3}|holiday|celebrates?|festival|rent|salary|wages|bills?"
    r"|name day|independence|constitution|season|per|fiscal)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")
_COUNTED = re.compile(r"\s(?:people|[a-z]{3,}s)\b")  # May 5 people come?
_LONG_AGO = re.compile(r"\b(?:married|died|founded|divorced|retired|graduated)\b", re.IGNORECASE)
_MONTHS = "|".join(m[:3] for m in spans.MONTHS)
_DATED = re.compile(
    rf",? (?:the )?(?:\d{{1,2}}(?:st|nd|rd|th)\b|\d{{1,2}} (?:of )?(?:{_MONTHS})|(?:{_MONTHS})[a-z]*\.? \d)",
    re.IGNORECASE,
)
_WILL = re.compile(r"(?:\b(?:will|shall|going to)|['’]ll|(?:['’](?:m|re|s)|\b(?:is|are|am))\s\w+ing)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Said:
    """A match of an expression in a text: where it is found and on what day it was said. back: always look back."""

    match: re.Match[str]
    day: date
    back: bool

    def __getitem__(self, group: str) -> str:
        return (self.match.groupdict().get(group) or "").lower()

    def around(self) -> tuple[str, str]:
        """What stands before and after it in its sentence."""
        return sentence_around(self.match.string, self.match.start(), self.match.end())

    def tense(self) -> Tense:
        """Which way a day that can be either is looked for."""
        return "past" if self.back else tense(*self.around())

    def other_year(self) -> bool:
        """Whether the sentence speaks of a year that is not the one it was said in, or the next to it."""
        years = _YEAR.findall(" ".join(self.around()))
        return any(abs(int(y) - self.day.year) > 1 for y in years)

    def capital(self, group: str) -> bool:
        """Whether a group is written with a capital letter."""
        return bool((self.match.groupdict().get(group) or "")[:1].isupper())


def moved(said: Said) -> Span | None:
    """`moved from Monday to Thursday`; `Monday to Friday` alone is a habit."""
    return _weekday(said, _number(said)) if _MOVED.search(said.around()[0]) and not said.back else None


def day_word(said: Said) -> Span | None:
    days = {"today": 0, "tonight": 0, "tomorrow": 1, "yesterday": -1}[said["word"]]
    before = said.match.string[max(0, said.match.start() - 8) : said.match.start()]
    name = said.match["word"].istitle() and bool(re.search(r"\w[ \t]+$", before))  # USA Today
    if name or re.search(r"\bno\s+$", before):
        return None
    return spans.day(said.day, days).at("night" if said["word"] == "tonight" else said["part"])


def around_day(said: Said) -> Span:
    return spans.day(said.day, 2 if said["after"] else -2)


def part_of_day(said: Said) -> Span:
    return spans.day(said.day, 0 if said["which"] == "this" else -1).at(said["half"])


def _amount(said: Said) -> int:
    """Days or months in `three weeks`, `a year`."""
    n = said["n"]
    number = int(n) if n.isdigit() else 1 if n == "an" else max(1, NUMBERS.index(n))
    return number * {"day": 1, "week": 7, "fortnight": 14, "month": 1, "year": 1}[said["unit"]]


def _shifted(said: Said, amount: int) -> Span | None:
    if _VAGUE.search(said.match.string[max(0, said.match.start() - 20) : said.match.start()]):
        return None
    if said["unit"] in ("month", "year"):
        return (spans.month if said["unit"] == "month" else spans.year)(said.day, amount)
    return spans.day(said.day, amount)


def in_amount(said: Said) -> Span | None:
    """`in three days`, but not how long something took or takes."""
    before, after = said.around()
    open_ended = said["n"] in ("a", "an") and not said["time"] and said["unit"] in ("day", "year")
    if is_habit(before, after) or (not said["time"] and (open_ended or _lasts(before, after))):
        return None
    return _shifted(said, _amount(said))


def _lasts(before: str, after: str) -> bool:
    if re.search(
        r"\bcan (?:collect|fetch|pick|have|come|move|go|start|leave|get)\b[^.!?]{0,30}$", before, re.IGNORECASE
    ):
        return False  # it is ready then
    after = re.split(r"[,(]", after)[0]  # "dentist in 8 days, I'm scared"
    able = re.search(r"\b(?:can|could|able|days|hours|weeks|times?|months|minutes|once|twice|not|\w+n['’]t)\b", before)
    return bool(able) or tense(before, after) != "ahead"


def ago(said: Said) -> Span | None:
    return _shifted(said, -_amount(said))


def amount_from(said: Said) -> Span | None:
    """`a week from today`, `two weeks from Friday`, `a week on Monday`, `Monday in a week`."""
    if said["word"]:
        amount = _amount(said)
        later = 1 if said["word"] == "tomorrow" else 0
        return _shifted(replace(said, day=said.day + timedelta(days=later)), amount)
    return _weekday(said, _number(said), _amount(said)) if said["unit"] in ("week", "fortnight") else None


def period(said: Said) -> Span | None:
    text, start = said.match.string, said.match.start()
    which = said["which"].split()[-1]
    if which != "coming" and re.search(r"\b(?:the|these|those|very)\s+$", text[max(0, start - 8) : start], re.I):
        return None  # the last week: how long, not when
    if (which, said["unit"]) == ("this", "year") and not said.back:
        return None  # it says next to nothing
    by = {"next": 1, "coming": 1, "this": 0}.get(which, -1)
    if which == "coming" and said["unit"] == "weekend":
        by = 0
    make = {"week": spans.week, "weekend": spans.weekend, "month": spans.month, "year": spans.year}[said["unit"]]
    return make(said.day, by)


def second_week(said: Said) -> Span:
    return spans.week(said.day, 2 if said["after"] else -2)


def in_week(said: Said) -> Span | None:
    """`Friday next week`, `next week on Friday`."""
    weeks = {"next": 1, "this": 0, "last": -1}[said["which"]]
    return spans.day(spans.week(said.day, weeks).start, _number(said)).at(said["part"])


def _number(said: Said) -> int:
    return [d[:3].lower() for d in spans.WEEKDAYS].index(said["day"][:3])


def _weekday(said: Said, number: int, more: int = 0) -> Span | None:
    """The next such day after the one it was said on; `more` days later, where it was not said on such a day."""
    ahead = (number - said.day.weekday() - 1) % 7 + 1
    return None if more and ahead == 7 else spans.day(said.day, ahead + more)


def _last_weekday(said: Said, number: int) -> Span:
    return spans.day(said.day, -((said.day.weekday() - number - 1) % 7 + 1))


def _abbreviated(said: Said) -> bool:
    """Whether `sat`, `sun`, `wed`, `mon` may stand there as words of their own."""
    return said["day"].lower() in ("sat", "sun", "wed", "mon") and not said.capital("day")


def which_weekday(said: Said) -> Span | None:
    """`next Monday`, `this Friday`, `last Tuesday`, `the coming Sunday`."""
    text, start = said.match.string, said.match.start()
    the = re.search(r"\b(?:the|very|every|first|and|a)\s+$", text[max(0, start - 8) : start], re.IGNORECASE)
    which, number = said["which"].split()[-1], _number(said)
    if _abbreviated(said) or _DATED.match(said.around()[1]) or (the and which != "coming"):
        return None
    if which == "next":
        return spans.day(spans.week(said.day, 1).start, number).at(said["part"])
    if which in ("last", "past", "previous"):
        return _last_weekday(said, number).at(said["part"])
    if which == "this":
        if number == said.day.weekday():
            return spans.day(said.day).at(said["part"])
        looks = said.tense()
        found = {"past": _last_weekday(said, number), "ahead": _weekday(said, number)}.get(looks)
        return found.at(said["part"]) if found else None
    found = _weekday(said, number)
    return found.at(said["part"]) if found else None


def on_weekday(said: Said) -> Span | None:
    """`on Friday`, `by Friday`, `see you Monday`: the verb says which way to look."""
    before, after = said.around()
    capital = re.match(r"\s(?!I\b)[A-Z][a-z]", after) and not said.capital("how")
    if _abbreviated(said) or _DATED.match(after):
        return None
    if not said.back and (capital or is_habit(before, after) or said.other_year()):
        return None
    how = said["how"].split()[0]
    if how == "since":
        looks: Tense = "past"
    elif how == "to" and not re.search(r"\bforward $", before) and not _MOVED.search(before):
        return None  # he goes to Sunday lunches
    elif how in ("to", "for", "by", "see", "meet", "starting"):
        looks = "ahead"
    else:
        looks = said.tense()
        if looks == "past" and how != "on" and not said.back:
            return None  # I was there until Friday
    if said.back:
        looks = "past"
    return _looking(said, looks)


def _looking(said: Said, looks: Tense) -> Span | None:
    if looks == "unsure":
        return None
    found = _last_weekday(said, _number(said)) if looks == "past" else _weekday(said, _number(said))
    return found.at(said["part"]) if found else None


def bare_weekday(said: Said) -> Span | None:
    """`Monday at nine`, `Friday morning`."""
    before, after = said.around()
    if _abbreviated(said) or _DATED.match(after) or is_habit(before, after) or said.capital("part"):
        return None
    return _looking(said, said.tense())


def _month_number(said: Said) -> int:
    return [m[:3].lower() for m in spans.MONTHS].index(said["month"][:3]) + 1


def dated(said: Said) -> Span | None:
    """A date without its year: only the year is added, where it lies less than nine months ahead or just behind."""
    before, after = said.around()
    month, number, nth = said.match["month"], _month_number(said), int(said["nth"])
    word = month.lower() in ("may", "march", "mar", "sep", "dec", "jan") and not said["th"]
    if word and (month[0].islower() or _COUNTED.match(after)):
        return None
    if not said.back and (is_habit(before, after) or _ANNUAL.search(before) or _ANNUAL.search(after)):
        return None
    since = bool(re.search(r"\bsince (?:the )?$", before, re.IGNORECASE))
    looks: Tense = "past" if since else said.tense()
    longest = 4000 if said.back else 365 if since else 60  # days back that are certain
    if not said.back and (
        said.other_year() or (looks == "past" and (_LONG_AGO.search(before) or _LONG_AGO.search(after)))
    ):
        return None
    for year in (said.day.year + y for y in ((0, -1, -2, -3, -4) if looks == "past" else (0, 1))):
        found = _valid(year, number, nth)
        days = (found - said.day).days if found else 0
        if found and ((looks == "past" and -longest <= days <= 0) or (looks == "ahead" and 0 <= days <= 270)):
            return replace(spans.day(found), label=str(year))
    return None


def _valid(year: int, month: int, nth: int) -> date | None:
    try:
        return date(year, month, nth)
    except ValueError:
        return None


def on_nth(said: Said) -> Span | None:
    """`on the 3rd`: the month is added."""
    before, after = said.around()
    if is_habit(before, after) or _ANNUAL.search(before) or _ANNUAL.search(after) or said.other_year():
        return None
    looks: Tense = "ahead" if said["how"] in ("to", "for", "by") else "past" if said["how"] == "since" else said.tense()
    if said.back:
        looks = "past"
    if looks == "unsure" or int(said["nth"]) == said.day.day:
        return None
    for months in range(0, -4, -1) if looks == "past" else range(4):
        first = spans.month(said.day, months).start
        found = _valid(first.year, first.month, int(said["nth"]))
        if found and (found < said.day) == (looks == "past"):
            return spans.day(found)
    return None


def weekday_nth(said: Said) -> Span | None:
    """`Friday the 27th`: the month in which both are true, this one or one of the next three."""
    for months in range(4):
        first = spans.month(said.day, months).start
        found = _valid(first.year, first.month, int(said["nth"]))
        if found and found.weekday() == _number(said) and said.tense() == "ahead" and found >= said.day:
            return spans.day(found)
    return None


def which_month(said: Said) -> Span | None:
    """`next March` where only one can be meant, `last March`, `this March`."""
    number, now = _month_number(said), said.day.month
    if not said.capital("month"):
        return None
    if said["which"] == "this":
        return spans.month(said.day, number - now)
    if said["which"] == "last":
        return spans.month(said.day, -((now - number - 1) % 12 + 1))
    return None if number > now else spans.month(said.day, 12 + number - now)


def in_month(said: Said) -> Span | None:
    """`I'm moving in March`: the year is added where the verb looks ahead, and it is less than nine months away."""
    before, after = said.around()
    months = (_month_number(said) - said.day.month) % 12
    if said.back and said.capital("month"):
        return spans.month(said.day, months - 12 if months else 0)
    if not said.capital("month") or not 0 < months < 9 or is_habit(before, after) or not _WILL.search(before):
        return None
    if tense(before, after) != "ahead":
        return None
    found = spans.month(said.day, months)
    return replace(found, label=str(found.start.year))
