"""English expressions of time and the days they mean, counted from the day they were said.

Knows a table of patterns, tried in order at each word that can begin one; what is quoted, a name or a habit matches
without a meaning, and what leaves two readings open has none. Knows nothing of what is done with the days.
The readings chosen are said at `titans_edge.when.resolved`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from titans_edge import when_spans as spans
from titans_edge.when_spans import Span
from titans_edge.when_tense import Tense, is_habit, sentence_around, tense

_ = r"\s{1,4}"
NUMBERS = ("a", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_N = rf"(?P<n>\d{{1,4}}|an?|{'|'.join(NUMBERS[1:])})"
_UNIT = r"(?P<unit>day|week|fortnight|month|year)s?"
_FULL = "|".join(spans.WEEKDAYS).lower()
_DAY = rf"(?P<day>{_FULL}|(?:mon|tues?|weds?|thu(?:rs?)?|fri|sat|sun)\b\.?)"
_PART = rf"(?:{_}(?P<part>morning|noon|afternoon|evening|night)(?!['’]))?"
MONTH = rf"(?P<month>{'|'.join(spans.MONTHS).lower()}|(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b\.?)"
_NTH = r"(?P<nth>\d{1,2})(?P<th>st|nd|rd|th)?"
_S = r"(?:['’]s)?"
_OVER = r"(?![\w@/-]|[.:,]\w)"  # the expression's last word is over
_PLAIN = r"(?!['’])" + _OVER
_QUOTES = r"'(?:[^'\n]|(?<=\w)'(?=\w)){1,200}'(?!\w)|\"[^\"\n]{1,500}\"|“[^”\n]{1,500}”|‘[^\n’]{1,200}’(?!\w)|«[^»\n]{1,500}»"
_TIME = r"(?:\d|noon|midnight|half|quarter|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
_START = re.compile(
    rf"(?<![\w@/#'’$£€-])(?<!\w[.:,])(?:[\"“‘«'`]|\d|(?:today|tonight|tomorrow|yesterday|the|day|week|this|next|last|coming"
    rf"|previous|past|on|by|until|till|to|for|since|before|after|from|starting|you|in|an?|{'|'.join(NUMBERS[1:])}"
    rf"|{_FULL}|mon|tues?|weds?|thu(?:rs?)?|fri|sat|sun|{'|'.join(spans.MONTHS)}"
    rf"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b)",
    re.IGNORECASE,
)
_MOVED = re.compile(r"\b(?:moved|changed|rescheduled|postponed|pushed|shifted|brought|put|delayed|deferred)\b", re.I)
_VAGUE = re.compile(
    r"\b(?:or|to|about|around|almost|nearly|over|than|roughly|some|least|most|approximately|maybe|perhaps|first time"
    r"|and|half|only|every|the)\s{1,4}$|[-–~]$",
    re.IGNORECASE,
)
_ANNUAL = re.compile(
    r"\b(?:birthdays?|born|anniversar\w{1,3}|holiday|founded|died|married|celebrates?|festival|rent|salary|wages|bills?"
    r"|name day|independence|constitution|season|per|fiscal)\b",
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

    def capital(self, group: str) -> bool:
        """Whether a group is written with a capital letter."""
        return bool((self.match.groupdict().get(group) or "")[:1].isupper())


@dataclass(frozen=True)
class Expression:
    """A resolved expression of time: text[start:end] means a span of days."""

    start: int
    end: int
    span: Span


Rule = Callable[[Said], Span | None]


def expressions(text: str, said: date, back: bool = False) -> Iterator[Expression]:
    """The expressions of time in a text that have one meaning, in order, none inside another."""
    at = 0
    while trigger := _START.search(text, at):
        at = trigger.start() + 1
        for pattern, rule in RULES:
            match = pattern.match(text, trigger.start())
            if match is None:
                continue
            at = match.end()
            try:
                span = rule(Said(match, said, back))
            except (ValueError, OverflowError):  # before year 1 or after 9999, or no such day
                span = None
            if span is not None:
                yield Expression(match.start(), match.end(), span)
            break


def _nothing(said: Said) -> None:
    """Matches so that nothing inside it is read."""


def _moved(said: Said) -> Span | None:
    """`moved from Monday to Thursday`; `Monday to Friday` alone is a habit."""
    return _weekday(said, _number(said)) if _MOVED.search(said.around()[0]) and not said.back else None


def _day_word(said: Said) -> Span | None:
    days = {"today": 0, "tonight": 0, "tomorrow": 1, "yesterday": -1}[said["word"]]
    before = said.match.string[max(0, said.match.start() - 8) : said.match.start()]
    name = said.capital("word") and bool(re.search(r"[\w,]\s+$", before))  # USA Today
    if name or re.search(r"\bno\s+$", before):
        return None
    return spans.day(said.day, days).at("night" if said["word"] == "tonight" else said["part"])


def _around_day(said: Said) -> Span:
    return spans.day(said.day, 2 if said["after"] else -2)


def _part(said: Said) -> Span:
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


def _in(said: Said) -> Span | None:
    """`in three days`, but not how long something took or takes."""
    before, after = said.around()
    open_ended = said["n"] in ("a", "an") and not said["time"] and said["unit"] in ("day", "year")
    if is_habit(before, after) or (not said["time"] and (open_ended or _lasts(before, after))):
        return None
    return _shifted(said, _amount(said))


def _lasts(before: str, after: str) -> bool:
    able = re.search(r"\b(?:can|could|able|days|hours|weeks|times?|months|minutes|once|twice|not|\w+n['’]t)\b", before)
    return bool(able) or tense(before, after) != "ahead"


def _ago(said: Said) -> Span | None:
    return _shifted(said, -_amount(said))


def _from(said: Said) -> Span | None:
    """`a week from today`, `two weeks from Friday`, `a week on Monday`, `Monday in a week`."""
    if said["word"]:
        amount = _amount(said)
        later = 1 if said["word"] == "tomorrow" else 0
        return _shifted(replace(said, day=said.day + timedelta(days=later)), amount)
    return _weekday(said, _number(said), _amount(said)) if said["unit"] in ("week", "fortnight") else None


def _period(said: Said) -> Span | None:
    text, start = said.match.string, said.match.start()
    if said["which"] not in ("coming", "this coming") and re.search(r"\b(?:the|these|those|very)\s+$", text[max(0, start - 8) : start], re.I):
        return None  # the last week: how long, not when
    by = {"next": 1, "coming": 1, "this": 0}.get(said["which"], -1)
    if said["which"] == "coming" and said["unit"] == "weekend":
        by = 0
    make = {"week": spans.week, "weekend": spans.weekend, "month": spans.month, "year": spans.year}[said["unit"]]
    return make(said.day, by)


def _second_week(said: Said) -> Span:
    return spans.week(said.day, 2 if said["after"] else -2)


def _in_week(said: Said) -> Span | None:
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
    """Whether `sat`, `sun`, `wed` stand there as words of their own."""
    return len(said["day"]) < 6 and said["day"] not in ("monday",) and not said.capital("day")


def _which_weekday(said: Said) -> Span | None:
    """`next Monday`, `this Friday`, `last Tuesday`, `the coming Sunday`."""
    text, start = said.match.string, said.match.start()
    the = re.search(r"\b(?:the|very|every|first|and|a)\s+$", text[max(0, start - 8) : start], re.IGNORECASE)
    which, number = said["which"].split()[-1], _number(said)
    if _abbreviated(said) or (the and which != "coming"):
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


def _on_weekday(said: Said) -> Span | None:
    """`on Friday`, `by Friday`, `see you Monday`: the verb says which way to look."""
    before, after = said.around()
    capital = re.match(r"\s(?!I\b)[A-Z]", after) and not said.capital("how")
    if _abbreviated(said) or is_habit(before, after) or (capital and not said.back):
        return None
    how = said["how"].split()[0]
    if how == "since":
        looks: Tense = "past"
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


def _bare_weekday(said: Said) -> Span | None:
    """`Monday at nine`, `Friday morning`."""
    if _abbreviated(said) or is_habit(*said.around()) or said.match.group("part" if said["part"] else "day")[0].isupper() and said["part"]:
        return None
    return _looking(said, said.tense())


def _month_number(said: Said) -> int:
    return [m[:3].lower() for m in spans.MONTHS].index(said["month"][:3]) + 1


def _date(said: Said) -> Span | None:
    """A date without its year: only the year is added, where it lies less than nine months ahead or just behind."""
    before, after = said.around()
    month = said.match["month"]
    if month.lower() in ("may", "march", "mar", "sep", "dec", "jan") and month[0].islower() and not said["th"]:
        return None
    if not said.back and (is_habit(before, after) or _ANNUAL.search(before) or _ANNUAL.search(after)):
        return None
    looks = said.tense()
    number, nth = _month_number(said), int(said["nth"])
    for year in (said.day.year + y for y in ((0, -1, -4) if looks == "past" else (0, 1))):
        with_year = _valid(year, number, nth)
        if with_year is None:
            continue
        distance = (with_year - said.day).days
        if looks == "past" and -(60 if not said.back else 4000) <= distance <= 0:
            return replace(spans.day(with_year), label=str(year))
        if looks == "ahead" and 0 <= distance <= 270:
            return replace(spans.day(with_year), label=str(year))
    return None


def _valid(year: int, month: int, nth: int) -> date | None:
    try:
        return date(year, month, nth)
    except ValueError:
        return None


def _on_nth(said: Said) -> Span | None:
    """`on the 3rd`: the month is added."""
    before, after = said.around()
    if is_habit(before, after) or _ANNUAL.search(before) or _ANNUAL.search(after):
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


def _which_month(said: Said) -> Span | None:
    """`next March` where only one can be meant, `last March`, `this March`."""
    number, now = _month_number(said), said.day.month
    if not said.capital("month"):
        return None
    if said["which"] == "this":
        return spans.month(said.day, number - now)
    if said["which"] == "last":
        return spans.month(said.day, -((now - number - 1) % 12 + 1))
    return None if number > now else spans.month(said.day, 12 + number - now)


def _in_month(said: Said) -> Span | None:
    """`I'm moving in March`: the year is added where the verb looks ahead, and it is less than nine months away."""
    before, after = said.around()
    months = (_month_number(said) - said.day.month) % 12
    if said.back and said.capital("month"):
        return spans.month(said.day, months - 12 if months else 0)
    if not said.capital("month") or not 0 < months < 9 or is_habit(before, after) or not _WILL.search(before):
        return None
    if _ANNUAL.search(before) or tense(before, after) != "ahead":
        return None
    found = spans.month(said.day, months)
    return replace(found, label=str(found.start.year))


_NO_YEAR = r"(?!\s?,?\s?\(?(?:\d|['’]\d)|\s(?:of\s)?(?:last|next|this|every|each)\b)"
_THE_NTH_ENDS = (
    r"(?=\s*(?:$|[.,;!?)]|[-–—]\s)|\s+(?:at|in the|for|with|from|and (?:I|we|he|she|it|they)|because|when|before|after|to|by"
    r"|we|I|he|she|they|it|is|will|my|our)\b)"
)
_HOW = r"(?P<how>on|by|until|till|to|for|since|before|after|from|starting|see you|meet you)"


def _rule(pattern: str, rule: Rule) -> tuple[re.Pattern[str], Rule]:
    return re.compile(pattern.replace(" ", _), re.IGNORECASE), rule


RULES = (
    (re.compile(rf"{_QUOTES}|`[^`\n]{{1,500}}`", re.IGNORECASE), _nothing),
    _rule(rf"(?:from )?(?:{_FULL}|mon|tue|wed|thu|fri|sat|sun)\b(?: (?:to|through|thru|till|until) |\s?[-–]\s?){_DAY}{_PLAIN}", _moved),
    _rule(rf"(?:the )?day (?:(?P<after>after tomorrow)|before yesterday){_S}{_OVER}", _around_day),
    _rule(rf"(?P<word>today|tonight|tomorrow|yesterday){_PART}{_S}{_OVER}", _day_word),
    _rule(rf"(?P<which>this) (?P<half>morning|afternoon|evening){_S}{_OVER}", _part),
    _rule(rf"(?P<which>last) (?P<half>night|evening){_S}{_OVER}", _part),
    _rule(rf"{_N} {_UNIT} ago{_OVER}", _ago),
    _rule(rf"{_N} {_UNIT} (?:from|on) (?:(?:next )?{_DAY}|(?P<word>today|tomorrow|now)){_PLAIN}", _from),
    _rule(rf"(?P<n>a) (?P<unit>week|fortnight) (?P<word>today|tomorrow){_PLAIN}", _from),
    _rule(rf"(?:on )?{_DAY} in {_N} (?P<unit>week|fortnight)s?(?:['’]s?)?(?: time)?{_OVER}", _from),
    _rule(
        rf"in {_N} {_UNIT}(?:(?P<time>['’]s? time| time)|(?!['’]))(?! (?:of|or|and|to|old|if)\b){_OVER}",
        _in,
    ),
    _rule(rf"(?:the )?week (?:(?P<after>after next)|before last){_S}{_OVER}", _second_week),
    _rule(rf"(?:on )?{_DAY}{_PART} (?:of )?(?P<which>this|next|last) week{_OVER}", _in_week),
    _rule(rf"(?P<which>this|next|last) week,? (?:on )?{_DAY}{_PART}{_PLAIN}", _in_week),
    _rule(
        rf"(?P<which>this coming|next|last|this|coming|previous) (?P<unit>weekend|week|month|year){_S}(?! of\b){_OVER}", _period
    ),
    _rule(
        rf"(?P<which>this coming|this past|next|last|this|coming|past) {_DAY}{_PART}{_S}"
        rf"(?! (?:of|before|in (?:the month|every|each|{MONTH.replace('?P<month>', '?:')}))\b|,? (?:the )?\d){_OVER}",
        _which_weekday,
    ),
    _rule(rf"{_HOW} {_DAY}{_PART}(?!,? (?:the )?(?:\d{{1,2}}(?:st|nd|rd|th)?\b(?! ?(?:am|pm|:)))){_PLAIN}", _on_weekday),
    _rule(rf"{_DAY}(?: (?P<part>morning|afternoon|evening|night)|(?= at {_TIME})){_PLAIN}", _bare_weekday),
    _rule(rf"(?:the )?{_NTH}(?P<of> of)? {MONTH}{_NO_YEAR}{_PLAIN}", _date),
    _rule(rf"{MONTH} (?:the )?{_NTH}\b(?! (?:of)\b){_NO_YEAR}{_PLAIN}", _date),
    _rule(rf"(?P<how>on|by|until|till|to|for|since|from) the (?P<nth>\d{{1,2}})(?:st|nd|rd|th)\b{_THE_NTH_ENDS}{_PLAIN}", _on_nth),
    _rule(rf"(?P<which>this|next|last) {MONTH}(?! \d)(?! of\b){_PLAIN}", _which_month),
    _rule(rf"(?:in|since) {MONTH}(?! \d| of\b|,? (?:and|or|last|next|this)\b){_PLAIN}", _in_month),
)
