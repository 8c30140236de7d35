"""Numbers written in words become figures: "two hundred and five" is 205, "third" is 3rd, "nineteen eighty-seven" 1987.

Knows English number words. Does not know what the number counts, nor half hours, dozens and Roman figures.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from decimal import Decimal

from titans_edge.sentence_ends import listed
from titans_edge.when.spans import MONTH, WEEKDAY

_SAID = """
zero one two three four five six seven eight nine
ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
twenty thirty forty fifty sixty seventy eighty ninety
first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth
"""
_DIGITS, _TEENS, _TENS, _IRREGULAR = (line.split() for line in _SAID.strip().splitlines())
_UNITS = [*_DIGITS, *_TEENS]
_CARDINALS = {w: n for n, w in enumerate(_UNITS)} | {w: 10 * n for n, w in enumerate(_TENS, 2)}
_ORDINALS = (
    {w: n for n, w in enumerate(_IRREGULAR, 1)}
    | {w + "th": n for n, w in enumerate(_UNITS) if n > 12}
    | {w[:-1] + "ieth": 10 * n for n, w in enumerate(_TENS, 2)}
)
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9}
_QUANTITIES = listed(
    "hundred half quarter dozen couple pair both twins few several none nothing free lot bit pinch double triple once"
)
_AMOUNTS = {*_CARDINALS, *_SCALES, *_QUANTITIES}
_AGES = {
    *_CARDINALS,
    *listed("born birth birthday birthdays turn turned turns turning teenager toddler baby newborn"),
}
_FIGURE_OR_WORD = re.compile(r"\d+(?!\d|st\b|nd\b|rd\b|th\b)|[a-z]+")
_MONTH = rf"(?:{MONTH.lower()}|sept)"
_DATES = re.compile(rf"\b\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{_MONTH}\b|\b{_MONTH} \d{{1,2}}\b(?!:)")
_CENTURIES = range(13, 21)  # "nineteen eighty-seven" is a year; "twelve thirty" is none

Parsed = tuple[int, int, bool]  # the number, the index after its last word, whether it is an ordinal


def figure(words: Sequence[str], at: int) -> tuple[str, int] | None:
    """The number that starts at words[at], as figures, and the index after it. None: no number starts there.

    words: lower-case, "twenty-one" as two. Ordinals come out as "21th", so that all of them are written alike.
    """
    scaled = _scaled_figures(words, at)
    if scaled is not None:
        return scaled
    parsed = _number(words, at)
    if parsed is None:
        return None
    value, end, ordinal = parsed
    if ordinal:
        return f"{value}th", end
    decimals = _decimals(words, end)
    return f"{value}{decimals and '.' + decimals}", end + (len(decimals) + 1 if decimals else 0)


def of_one_word(word: str) -> int | None:
    """The number below a hundred that one lower-case word says ("forty-two", "twenty-third"); None: it says none."""
    parts = word.split("-")
    found = _below_hundred(parts, 0)
    return found[0] if found is not None and found[1] == len(parts) else None


def says_an_amount(text: str) -> bool:
    """Whether a text has a number that may be an amount, in figures or words; no date ("the 14th", "6 December")."""
    return _has_a_figure_or(_AMOUNTS, _DATES.sub(" ", text.lower()))


def says_an_age(text: str) -> bool:
    """Whether a text has a number that may be an age, in figures or words, or says when somebody was born."""
    return _has_a_figure_or(_AGES, text.lower())


def _has_a_figure_or(some: Container[str], text: str) -> bool:
    return any(w[0].isdigit() or w in some for w in _FIGURE_OR_WORD.findall(text))


def says_an_ordinal(text: str) -> bool:
    """Whether a text has a number that puts in order, in words ("on the tenth")."""
    return any(part in _ORDINALS for part in _FIGURE_OR_WORD.findall(text.lower()))


_OF_THE_DAY = listed("noon midnight midday morning afternoon evening night dawn dusk lunchtime lunch breakfast dinner")
_HOUR = "(?:[01]?\\d|2[0-4]|" + "|".join(sorted((w for w, n in _CARDINALS.items() if n <= 24), reverse=True)) + ")"
_CLOCK = re.compile(
    rf"\b\d{{1,2}}[:.h]\d\d\b|\b(?:half|quarter)\b|\b{_HOUR} ?(?:[ap]\.?m\b|o'?\s?clock\b|h\b)"
    r"|\b(?:at|by|from|till?|until|before|after|past|around|about|to|now|is|it's|are|for|gone|and) "
    rf"{_HOUR}\b(?! ?(?:%|euros?|pounds?|people|kids|days?|weeks?|months?|years?|of)\b)"
    rf"|\b{_HOUR}(?:$|[,.;!?)-]| (?:(?:sharp|in the|every|till?|to|until)\b|on (?:mon|tue|wed|thu|fri|sat|sun)))"
)


def says_a_time_of_day(text: str) -> bool:
    """Whether a text has a number that may be an hour where one stands ("at six", "9:40", "3 on tues"), or a word for a
    part of the day.
    """
    text = _DATES.sub(" ", text.lower())
    return _CLOCK.search(text) is not None or not _OF_THE_DAY.isdisjoint(_FIGURE_OR_WORD.findall(text))


_SMALL = "|".join(w for w, n in _CARDINALS.items() if 0 < n <= 12)
_WHEN = re.compile(
    r"\d ?(?:am|pm|h|hrs?|ish)\b|\b\d{1,2}[:.h]\d\d\b|\d(?:st|nd|rd|th)\b|\b(?:1[89]|20)\d\d\b|\b\d{1,2}[/.-]\d{1,2}\b"
    rf"|\b(?:at|by|from|till|until|before|after|around|about|past|to|on|since|circa) (?:the )?(?:\d|(?:{_SMALL})\b)"
    rf"|\b(?:{MONTH}|{WEEKDAY}|{'|'.join(_IRREGULAR)}|fifteenth|twentieth|thirtieth|\w+(?:teenth|mas|tide)|o'?clock"
    r"|to ?day|ton(?:ight|ite)|to?mo?rrow|tmrw?|tmw|yesterday|now|soon|later|early|late|mid|end|mornings?|evenings?"
    r"|afternoons?|noon|midday|midnight|nights?|dawn|dusk|sunset|sunrise|weekends?|weeks?|wks?|months?|mths?|years?|yrs?"
    r"|days?|hours?|hrs?|mins?|minutes?|daily|weekly|monthly|yearly|fortnights?|terms?|semester|season|spring|summer"
    r"|autumn|fall|winter|harvest|easter|xmas|eid|ramadan|tabaski|diwali|new year|hogmanay|thanksgiving|halloween"
    r"|holidays?|birthday|bday|anniversary|lunch(?:time)?|dinner|breakfast|supper|teatime|bedtime|after(?:wards)?|before"
    r"|until|til+|since|during|when(?:ever)?|while|once|every|each|ago|next|last|this|still|half|quarter|always|never"
    r"|already|just|again|expires?|aged?|old|moment|times?|feast|sabbath|shift|carnival|war|childhood)\b",
    re.IGNORECASE,
)
_LASTS = re.compile(
    r"\d|\b(?:hundred|half|couple|few|several|since|until|till?|for ?ever|all|whole|long|short|years?|months?|weeks?"
    r"|days?|hours?|minutes?|always|never|life|born|childhood|to|every|fortnight|weekend|summer|winter|(?:over)?night|still|an?"
    rf"|quick|briefly|while|permanent\w*|rest|end|from|between|before|after|{'|'.join(_UNITS + _TENS)})\b",
    re.IGNORECASE,
)


def says_when(text: str) -> bool:
    """Whether a text has anything that may say when something is: a date, an hour, a day, a word like "soon"."""
    return _WHEN.search(text) is not None


def says_how_long(text: str) -> bool:
    """Whether a text has anything that may say how long something lasts."""
    return _LASTS.search(text) is not None


def _scaled_figures(words: Sequence[str], at: int) -> tuple[str, int] | None:
    """ "1.5 million": figures and a scale word."""
    scale = {"hundred": 100, **_SCALES}.get(_word(words, at + 1))
    if scale is None or not words[at].replace(".", "", 1).isdecimal():
        return None
    return f"{(Decimal(words[at]) * scale).normalize():f}", at + 2


def _number(words: Sequence[str], at: int) -> Parsed | None:
    """Groups below a thousand, each with a smaller scale than the one before: "two million three thousand and five"."""
    total, limit, end = 0, 10**12, at
    found = _group(words, at)
    while found is not None:
        value, after, ordinal = found
        scale = _SCALES.get(_word(words, after), 1)
        if ordinal or scale == 1 or scale >= limit:
            if scale >= limit:
                break
            return total + value, after, ordinal
        total, limit, end = total + value * scale, scale, after + 1
        found = _group(words, end + (_word(words, end) == "and"))
    return None if end == at else (total, end, False)


def _group(words: Sequence[str], at: int) -> Parsed | None:
    """A number below a thousand, "twelve hundred", or a year said in two halves."""
    if _word(words, at) == "a" and _word(words, at + 1) in ("hundred", *_SCALES):
        head: Parsed | None = (1, at + 1, False)
    else:
        head = _below_hundred(words, at)
    if head is None or head[2]:
        return head
    value, end, _ = head
    if _word(words, end) == "hundred":
        rest = _below_hundred(words, end + 1 + (_word(words, end + 1) == "and"))
        if rest is None or _word(words, rest[1]) == "hundred":
            return value * 100, end + 1, False
        return value * 100 + rest[0], rest[1], rest[2]
    second = _below_hundred(words, end) if value in _CENTURIES and end == at + 1 else None
    if second is not None and second[0] >= 10 and not second[2]:
        return value * 100 + second[0], second[1], False
    return head


def _below_hundred(words: Sequence[str], at: int) -> Parsed | None:
    word = _word(words, at)
    if word in _ORDINALS:
        return _ORDINALS[word], at + 1, True
    if word not in _CARDINALS:
        return None
    value, unit = _CARDINALS[word], _word(words, at + 1)
    if word in _TENS and 0 < _CARDINALS.get(unit, 0) < 10:
        return value + _CARDINALS[unit], at + 2, False
    if word in _TENS and 0 < _ORDINALS.get(unit, 0) < 10:
        return value + _ORDINALS[unit], at + 2, True
    return value, at + 1, False


def _decimals(words: Sequence[str], at: int) -> str:
    """The digits after "point": "three point one four"."""
    if _word(words, at) != "point":
        return ""
    digits = ""
    for word in words[at + 1 :]:
        if _CARDINALS.get(word, 10) > 9:
            break
        digits += str(_CARDINALS[word])
    return digits


def _word(words: Sequence[str], at: int) -> str:
    return words[at] if at < len(words) else ""
