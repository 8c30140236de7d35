"""English expressions of time and the days they mean, counted from the day they were said.

Knows a table of patterns, tried in order at each word that can begin one; what is quoted, a name or a habit matches
without a meaning, and what leaves two readings open has none. Knows nothing of what is done with the days.
The readings chosen are said at `titans_edge.when.resolved`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from titans_edge.when import rules, spans
from titans_edge.when.rules import NUMBERS, Said
from titans_edge.when.spans import Span

_ = r"\s{1,4}"
_N = rf"(?P<n>\d{{1,4}}|an?|{'|'.join(NUMBERS[1:])})"
_UNIT = r"(?P<unit>day|week|fortnight|month|year)s?"
_FULL = "|".join(spans.WEEKDAYS).lower()
_DAY = rf"(?P<day>{_FULL}|(?:mon|tues?|weds?|thu(?:rs?)?|fri|sat|sun)\b(?-i:\.(?=\s[a-z\d]))?)"
_PART = rf"(?:{_}(?P<part>morning|noon|afternoon|evening|night)\b|(?!{_}(?:morning|afternoon|evening|night)s\b))"
MONTH = (
    rf"(?P<month>{'|'.join(spans.MONTHS).lower()}|(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b(?:\.(?=\s?\d))?)"
)
_MONTH = MONTH.replace("?P<month>", "?:")
DATE = re.compile(
    rf"\b(?:{_MONTH} (?:the )?\d|\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{_MONTH}|\d{{4}}-\d\d-\d\d|\d\d?[./]\d\d?[./]"
    rf"|{_FULL})",
    re.IGNORECASE,
)
_NTH = r"(?P<nth>\d{1,2})(?P<th>st|nd|rd|th)?"
_S = r"(?:['’]s)?"
_OVER = r"(?![\w@/-]|[.:,]\w)"  # the expression's last word is over
_PLAIN = rf"(?!['’]){_OVER}(?!{_}(?:school|roasts?|papers?|mass|times)\b)"  # on Sunday school
_QUOTES = re.compile(
    r"'(?:[^'\n]|(?<=\w)'(?=\w)){1,200}'(?!\w)|\"[^\"\n]{1,500}\""
    r"|“[^“”\n]{1,500}”|‘[^\n‘’]{1,200}’(?!\w)|«[^«»\n]{1,500}»|`[^`\n]{1,500}`"
)
_TIME = r"(?:\d|noon|midnight|half|quarter|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
_START = re.compile(
    rf"(?<![\w@/#'’$£€-])(?<!\w[.:,])(?:[\"“‘«'`]|\d|(?:today|tonight|tomorrow|yesterday|the|day|week|this|next|last|coming"
    rf"|previous|past|on|by|until|till|to|for|since|before|after|from|starting|see|meet|in|an?|{'|'.join(NUMBERS[1:])}"
    rf"|{_FULL}|mon|tues?|weds?|thu(?:rs?)?|fri|sat|sun|{'|'.join(spans.MONTHS)}"
    rf"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b)",
    re.IGNORECASE,
)


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
        if not trigger[0].isalnum():
            quoted = _QUOTES.match(text, trigger.start())
            at = quoted.end() if quoted else at
            continue
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


_NO_YEAR = r"(?!\s?,?\s?\(?(?:\d|['’]\d)|\s(?:of\s)?(?:last|next|this|every|each)\b)"
_THE_NTH_ENDS = (
    r"(?=\s*(?:$|[.,;!?)]|[-–—]\s)|\s+(?:at|in the|for|with|from|and (?:I|we|he|she|it|they)|because|when|before|after"
    r"|to|by|we|I|he|she|they|it|is|will|my|our)\b)"
)
_CLAUSE = r"and(?= (?:i|we|he|she|it|they|i['’]?m|my|our|his|her|the|there|so|then)\b)"  # not: three days and a half
_HOW = r"(?P<how>on|by|until|till|to|for|since|before|after|from|starting|see you|meet you|meet)"


def _rule(pattern: str, rule: Rule) -> tuple[re.Pattern[str], Rule]:
    return re.compile(pattern.replace(" ", _), re.IGNORECASE), rule


RULES = (
    _rule(
        rf"(?:from )?(?:{_FULL}|mon|tue|wed|thu|fri|sat|sun)\b"
        rf"(?: (?:to|through|thru|till|until) |\s?[-–]\s?){_DAY}{_PLAIN}",
        rules.moved,
    ),
    _rule(rf"(?:the )?day (?:(?P<after>after tomorrow)|before yesterday){_S}{_OVER}", rules.around_day),
    _rule(rf"(?P<word>today|tonight|tomorrow|yesterday){_PART}{_S}{_OVER}", rules.day_word),
    _rule(rf"(?P<which>this) (?P<half>morning|afternoon|evening){_S}{_OVER}", rules.part_of_day),
    _rule(rf"(?P<which>last) (?P<half>night|evening){_S}{_OVER}", rules.part_of_day),
    _rule(rf"{_N} {_UNIT} ago{_OVER}", rules.ago),
    _rule(rf"{_N} {_UNIT} (?:from|on) (?:(?:next )?{_DAY}|(?P<word>today|tomorrow|now)){_PLAIN}", rules.amount_from),
    _rule(rf"(?P<n>a) (?P<unit>week|fortnight) (?P<word>today|tomorrow){_PLAIN}", rules.amount_from),
    _rule(rf"(?:on )?{_DAY} in {_N} (?P<unit>week|fortnight)s?(?:['’]s?)?(?: time)?{_OVER}", rules.amount_from),
    _rule(
        rf"in (?:exactly )?{_N} {_UNIT}(?:(?P<time>['’]s? time| time)|(?!['’]))"
        rf"(?! (?:of|or|(?!{_CLAUSE})and|to|old|if)\b){_OVER}",
        rules.in_amount,
    ),
    _rule(rf"(?:the )?week (?:(?P<after>after next)|before last){_S}{_OVER}", rules.second_week),
    _rule(rf"(?:on )?{_DAY}{_PART} (?:of )?(?P<which>this|next|last) week{_OVER}", rules.in_week),
    _rule(rf"(?P<which>this|next|last) week,? (?:on )?{_DAY}{_PART}{_PLAIN}", rules.in_week),
    _rule(
        rf"(?P<which>this coming|next|last|this|coming) (?P<unit>weekend|week|month|year){_S}(?! of\b){_OVER}",
        rules.period,
    ),
    _rule(
        rf"(?P<which>this coming|this past|next|last|this|coming|past) {_DAY}{_PART}{_S}"
        rf"(?! (?:of|before|in (?:the month|every|each|{_MONTH}))\b|,? (?:the )?\d){_OVER}",
        rules.which_weekday,
    ),
    _rule(
        rf"{_HOW} {_DAY}{_PART}(?!,? (?:the )?(?:\d{{1,2}}(?:st|nd|rd|th)?\b(?!\s?(?:am|pm|:|o['’])))){_PLAIN}",
        rules.on_weekday,
    ),
    _rule(
        rf"(?:on )?{_DAY},? (?:the )?(?P<nth>\d{{1,2}})(?:st|nd|rd|th)\b(?! of\b| [A-Z][a-z]{{2}}){_PLAIN}",
        rules.weekday_nth,
    ),
    _rule(rf"{_DAY}(?: (?P<part>morning|afternoon|evening|night)|(?= at {_TIME})){_PLAIN}", rules.bare_weekday),
    _rule(rf"(?:the )?{_NTH}(?P<of> of)? {MONTH}{_NO_YEAR}{_PLAIN}", rules.dated),
    _rule(rf"{MONTH} (?:the )?{_NTH}\b(?! (?:of)\b){_NO_YEAR}{_PLAIN}", rules.dated),
    _rule(
        rf"(?P<how>on|by|until|till|to|for|since|from) the (?P<nth>\d{{1,2}})(?:st|nd|rd|th)\b{_THE_NTH_ENDS}{_PLAIN}",
        rules.on_nth,
    ),
    _rule(rf"(?P<which>this|next|last) {MONTH}(?! \d)(?! of\b){_PLAIN}", rules.which_month),
    _rule(rf"(?:in|since) {MONTH}(?! \d| of\b|,? (?:and|or|last|next|this)\b){_PLAIN}", rules.in_month),
)
