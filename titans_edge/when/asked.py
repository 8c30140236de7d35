"""Whether a question asks for what was told at some time, and for which time.

Knows the English verbs of telling and where a time must stand to belong to them. Knows nothing of a journal.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, timedelta

from titans_edge.questions import is_question
from titans_edge.when import spans
from titans_edge.when.rules import NUMBERS
from titans_edge.when.spans import Span
from titans_edge.when.words import MONTH, Expression, expressions

_LONGEST = 400  # characters of a question that are read: its last
_TELL = re.compile(
    r"(?P<clause>(?:\b(?P<aux>did|have|had|was|were|do|does|can|could|will|would|should|shall|may|might|must|to)\s+)?"
    r"\b(?:you and i|i and you|we both|i|we|you)(?:['’](?:ve|d|m|re|ll))?"
    r"(?:\s+(?:have|had|was|were|been|did|ever|already|just|last|first|once|actually|also|will|would|should|can)){0,3}\s+"
    r"(?:(?:tell|told|telling)(?:\s+(?:to\s+)?(?:you|u)|\s+me|\s+us)?|say|said|saying|mention(?:ed|ing)?|ask(?:ed|ing)?"
    r"|talk(?:ed|ing)?|(?:speak|spoke|speaking|spoken)|discuss(?:ed|ing)?|write|wrote|written|writing"
    r"|type|typed|share|shared|chat|chatted)\b)",
    re.IGNORECASE,
)
_AHEAD = re.compile(r"\b(?:can|could|will|would|should|shall|may|might|must|to|do|does)\b|['’]ll\b", re.IGNORECASE)
_BETWEEN = re.compile(
    r"(?:[\s,]+(?:to|you|u|me|us|with|here|anything|something|everything|things?|all|already|just|again|else|so far"
    r"|about|of|that|late|early|earlier|back|then|either|too|in (?:this|our) (?:chat|conversation)))*[\s,]*",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"(?:\s+(?:to\s+)?(?:you|me|us))?\s+(?:about|of|regarding|concerning)\s+(?P<topic>[^.?!;]{1,80}?)[\s,]*", re.I
)
_OTHER_CLAUSE = re.compile(
    r"\b(?:that|what|who|whom|whose|which|where|when|why|how|if|whether|i|he|she|we|they|it|is|are|was|were|did|had|will"
    r"|would|from|for|at|in|on|of)\b",
    re.IGNORECASE,
)
_FILLER = re.compile(r"(?:(?:and|so|but|ok|okay|hey|hi|hello|well|now|then|please)\b[,.!:]*\s*){0,3}", re.IGNORECASE)
_TO_CLAUSE = re.compile(
    r"[\s,:–—-]+(?:(?:what|which|who|whom|where|when|how|things?|something|anything|else|all|exactly|book|people|names?"
    r"|of|the)\s+){0,4}",
    re.IGNORECASE,
)
_REQUEST = re.compile(
    r"(?:please\s+|can you\s+|could you\s+)?(?:summari[sz]e|sum up|recap|list|show|repeat|recall|give|tell|remind"
    r"|name|go over)\b",
    re.IGNORECASE,
)
_NTH = r"(?P<nth>\d{1,2})(?:st|nd|rd|th)?"
_DATED = (
    re.compile(rf"(?:on\s+)?(?:the\s+)?{_NTH}(?:\s+of)?\s+{MONTH},?\s+(?P<year>\d{{4}})\b", re.IGNORECASE),
    re.compile(rf"(?:on\s+)?{MONTH}\s+(?:the\s+)?{_NTH},?\s+(?P<year>\d{{4}})\b", re.IGNORECASE),
    re.compile(rf"(?:in\s+)?(?P<nth>){MONTH},?\s+(?:of\s+)?(?P<year>\d{{4}})\b", re.IGNORECASE),
    re.compile(r"(?:on\s+)?(?P<year>\d{4})-(?P<digits>\d{2})-(?P<nth>\d{2})\b"),
    re.compile(r"in\s+(?P<nth>)(?P<year>\d{4})\b", re.IGNORECASE),
)
_PAST_AMOUNT = re.compile(
    rf"(?:in|over|during|within|for)\s+(?:the|these)\s+(?:last|past)\s+(?:(?P<n>\d{{1,4}}|{'|'.join(NUMBERS[1:])})\s+)?"
    r"(?P<unit>day|week|month|year)s?\b",
    re.IGNORECASE,
)
_BEFORE = re.compile(r"\b(?P<how>since|before|until|after|on|in)\s+$", re.IGNORECASE)
_WEEKS_AGO = re.compile(r"\b(?:week|fortnight)s?\s+ago$", re.IGNORECASE)
_RECENT = re.compile(
    r"(?:today|tonight|yesterday|(?:this|last|yesterday) (?:morning|afternoon|evening|night|week)"
    r"|.* (?:days?|weeks?) ago)",
    re.IGNORECASE,
)


def asked_range(question: str, now: datetime) -> tuple[datetime, datetime] | None:
    """[first moment, first moment after) of the telling a question asks for, or None where it asks for no such time.

    Only a time that belongs to a verb of telling by I, you or we counts: "What did I tell you last week?" is a week,
    "What did I do yesterday?", "What did I say I did yesterday?" and "What did Ben tell me on Monday?" are None; so is
    what lies ahead, and a weekday or date after a topic ("about the dinner on Friday"), which may be the topic's own.
    Weeks are Monday to Sunday; "two weeks ago" is within three days of that day; "since" reaches to the end of today.
    """
    asked, now = question.strip()[-_LONGEST:], now.replace(tzinfo=None)
    for tell in _TELL.finditer(asked):
        asks = tell["aux"] or _REQUEST.match(asked) or is_question(asked)
        if not asks or _AHEAD.search(tell[0]):
            continue
        for found in _candidates(asked, now.date()):
            if _belongs(asked, tell, found):
                return _moments(asked, found, now)
    return None


def _candidates(asked: str, today: date) -> list[Expression]:
    """Times in a question that lie back, in order, each given once."""
    found: list[Expression] = []
    for pattern in _DATED:
        found += [e for m in pattern.finditer(asked) if (e := _dated(m))]
    found += [e for m in _PAST_AMOUNT.finditer(asked) if (e := _past_amount(m, today))]
    taken = [(e.start, e.end) for e in found]
    for e in expressions(asked, today, back=True):
        if not any(e.start < end and start < e.end for start, end in taken):
            found.append(e)
    return sorted(found, key=lambda e: e.start)


def _dated(match: re.Match[str]) -> Expression | None:
    """A date, month or year that is written with its year."""
    groups = match.groupdict()
    months = [m[:3].lower() for m in spans.MONTHS]
    try:
        month = int(groups["digits"]) if groups.get("digits") else 0
        month = month or (months.index(groups["month"][:3].lower()) + 1 if groups.get("month") else 0)
        first = date(int(groups["year"]), month or 1, int(groups["nth"] or 1))
        span = spans.day(first) if groups["nth"] else spans.month(first) if month else spans.year(first)
    except (ValueError, OverflowError):
        return None
    return Expression(match.start(), match.end(), span)


def _past_amount(match: re.Match[str], today: date) -> Expression | None:
    """`in the last three days`, today among them."""
    n = (match["n"] or "1").lower()
    days = (int(n) if n.isdigit() else NUMBERS.index(n)) * {"day": 1, "week": 7, "month": 31, "year": 366}[
        match["unit"].lower()
    ]
    try:
        return Expression(match.start(), match.end(), Span(today - timedelta(days=days), today + timedelta(days=1), ""))
    except OverflowError:
        return None


def _belongs(asked: str, tell: re.Match[str], found: Expression) -> bool:
    """Whether a time is the time of telling: beside the verb, after its topic, or at the head of the question."""
    if re.search(r"['’]s?$", asked[found.start : found.end]):  # yesterday's meeting
        return False
    if found.end <= tell.start():
        head = re.split(r"[.!?]\s+|\n", _BEFORE.sub("", asked[: found.start]))[-1]
        return bool(_FILLER.fullmatch(head) and _TO_CLAUSE.fullmatch(asked, found.end, tell.start()))
    if found.start < tell.end():
        return False
    relation = _BEFORE.search(asked[: found.start])
    between = asked[tell.end() : relation.start() if relation else found.start]
    if _BETWEEN.fullmatch(between):
        return True
    topic = _ABOUT.fullmatch(between)
    if topic is None or _OTHER_CLAUSE.search(topic["topic"]):
        return False
    if relation and relation["how"].lower() not in ("on", "in"):
        return True
    return bool(_RECENT.fullmatch(" ".join(asked[found.start : found.end].split())))


def _moments(asked: str, found: Expression, now: datetime) -> tuple[datetime, datetime] | None:
    span, words = found.span, asked[found.start : found.end].lower()
    how = _BEFORE.search(asked[: found.start])
    relation = how["how"].lower() if how else "since" if words.startswith("since") else ""
    if _WEEKS_AGO.search(words):
        span = replace(span, start=span.start - timedelta(days=3), end=span.end + timedelta(days=3))
    try:
        start, end = span.moments()
        tomorrow = datetime.combine(now.date() + timedelta(days=1), datetime.min.time())
    except (ValueError, OverflowError):
        return None
    if words.startswith(("before", "until", "till")) or relation in ("before", "until"):
        start, end = datetime(1970, 1, 1), start
    elif words.startswith("after") or relation == "after":
        start, end = end, tomorrow
    elif relation == "since":
        end = tomorrow
    return (start, end) if start <= now and start < end else None
