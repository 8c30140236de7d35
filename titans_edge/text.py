"""Cuts text into sentences and clauses (spans, the unit of writing) and spans into words (the unit of choosing).

Pure functions of characters in any script. Knows no tokens (it is given a count) and no model.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from titans_edge.questions import is_question as is_question
from titans_edge.sentence_ends import listed, sentence_ends

WAS_BEFORE = " (this was before)"  # stands behind a sentence whose place a later one took, where the model reads it
MAX_SPAN_TOKENS = 32
SHOUTED = 3  # words in capitals, at least


@dataclass(frozen=True)
class Span:
    """A sentence or clause, white space folded to single blanks; [start, end) in the text it was cut from."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Word:
    """A word and where it stands in its span, as character offsets [start, end)."""

    text: str
    start: int
    end: int


def sentences(text: str) -> list[Span]:
    """The sentences of a text, in order; together they hold all of it but the white space between them."""
    ends = list(sentence_ends(text))
    cut = (_span(text, start, end) for start, end in zip([0, *ends], [*ends, len(text)], strict=True))
    return [s for s in cut if s.text]


def spans(text: str, count: Callable[[str], int], limit: int = MAX_SPAN_TOKENS) -> Iterator[Span]:
    """Sentences of `text`; those of more than `limit` tokens by `count` are cut: at punctuation, else before a
    conjunction, else at a blank, else anywhere. A single character is yielded even if it has more tokens.
    """

    def fits(start: int, end: int) -> bool:
        return count(_span(text, start, end).text) <= limit

    for sentence in sentences(text):
        if count(sentence.text) <= limit:
            yield sentence
            continue
        whole = _whole(text, sentence)
        levels = [_places(pattern, text, sentence, whole) for pattern in (_CLAUSE, _CONJUNCTION)]
        blanks = [_places(_BLANK, text, sentence, w) for w in (whole, None)]
        for start, end in _pack(sentence.start, sentence.end, fits, levels, blanks, text):
            cut = _span(text, start, end)
            if cut.text:
                yield cut


def words(span: str) -> list[Word]:
    """The words of a span, with their inner hyphens, points and signs (7:40, K11-4417, anna@example.org, a file's
    name); a possessive 's is a word of its own.
    """
    found = _WORD.finditer(_masked(span))
    return [Word(span[m.start() : m.end()], m.start(), m.end()) for m in found]


def calm(text: str) -> str:
    """A text in capitals throughout, in small letters; any other as it is."""
    return text.lower() if text.isupper() and len(text.split()) >= SHOUTED else text


def content_words(text: str) -> list[str]:
    """The words of a question that say what it is about, lower-cased."""
    return [w.text.lower() for w in words(text) if w.text.lower().strip("'’") not in _COMMON]


_SAYS_NOTHING = listed(
    "hi hello hey hiya thanks thank thx cheers bye goodbye ok okay yes yeah yep no nope lol haha ha cool great nice"
    " good morning evening afternoon night sorry welcome wow right sure fine well so very much and you there again"
)
_ASKS_TO = r"\W*(?:(?:please|now|ok|okay|and|then|so|no|can you|could you|would you)\b\W*)*"
_REQUEST = re.compile(
    rf"{_ASKS_TO}(?:(?!remember |remind |bring |call |let |\w*(?:s|ed|ght|ook|ost|old|ave) )\w+ (?:me|us)\b"
    r"|(?:write|draft|compose|suggest|recommend|generate|describe) (?:an?|some|the following|the \w+ again)\b"
    r"|(?:translate|explain|summari[sz]e|rewrite|rephrase|shorten|proofread)(?: \w|:)"
    r"|(?:check|improve|fix|correct|count|say|stop|start|continue|answer|reply|respond|use|add|remove|change|turn|convert"
    r"|calculate|compute|solve|plan|make|give|imagine|pretend|act|role-?play|play|sing|read|open|search|compare|define"
    r"|spell|repeat|pick|choose|guess|try|keep|set|be|tell|show"
    r"|do(?! (?:i|we|you|they)\b|(?! (?:it|this|that|an?|\d+)\b)[^?]+\?)"
    r"|name(?!['’]s\b)|list|find|expand|finish|complete|format|sort|recap|forget|quiz|rate|let's"
    r"|i want an? (?:poem|story|joke|list|summary|text|song|recipe))\b"
    r"(?!,|:? ?\S+ (?:is|was|are|were|starts?|begins?|at)\b| (?:is|was|in mind|what)\b)"
    r"|(?:don't|do not) (?:repeat|say|use|write|answer|reply|be)\b|from now on,? (?:you|answer|reply|speak)\b"
    r"|you are (?:now |an? )|teach me\b)",
    re.IGNORECASE,
)
_STATES = re.compile(
    r"\d|:|\b(?:my|our|i|we|the)\b.*\b(?:is|am|are|was|were|has|have|moved|said)\b|'m\b"
    r"|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\btomorrow\b",
    re.IGNORECASE,
)


_MAY_STATE = re.compile(  # who leaves himself out: "keep my spare key with Ray", "play drums in a band"
    r"\W*(?:keep (?:my|our|his|her|two|some|the spare|an?)"
    r"|play (?!the (?:role|part))(?:\w+ ){1,2}(?:in|for|with|at|on|every)"
    r"|(?:sing|act) in|read (?:\w+ ){1,3}(?:every|each|a (?:day|week|month))|plan (?:to|on)"
    r"|start (?:work|school|uni|college))\b"
    r"(?!.*\b(?:me|us|you|your|yourself|please|pls|this|these|that|following|above|below|it|again|answers?|repl\w+"
    r"|tone|tense|style|text|sentences?|words?|lines?|voice|e-?mail|letter|poem|stor\w+|summar\w+|short|brief|simple)\b)",
    re.IGNORECASE | re.DOTALL,
)


def asks_to_do(span: str) -> bool:
    """Whether a sentence asks the model to write, explain or do something."""
    return _REQUEST.match(span.replace("’", "'")) is not None


def tells(span: str) -> bool:
    """Whether a sentence tells something: it is no question, more than a greeting, and no request to the model, or one
    that states something too ("Give me a call at 555-1234.").
    """
    plain = span.replace("’", "'")
    if is_question(span) or (asks_to_do(span) and not (_STATES.search(plain) or _MAY_STATE.match(plain))):
        return False
    return not {w.text.lower() for w in words(span)} <= _SAYS_NOTHING


_BACK = re.compile(
    r"\b(?:he|she|it|they|him|them|his|hers?|its|their|theirs|there|s?he'?s|it's|they'?re|this|these|those)\b"
    r"|^(?:\W*(?:and|but|so|oh|also|actually),? )*(?:that|the (?:same|other))\b",
    re.IGNORECASE,
)


def refers_back(span: str) -> bool:
    """Whether a sentence has a word that may stand for something in the one before it."""
    return _BACK.search(span.replace("’", "'")) is not None


_BEGINS_BACK = re.compile(
    r"(?:\W*(?:and|but|so|oh|also|well|yes|ok|okay|btw|by the way)\b)*\W*"
    r"(?:he|she|it|they|his|her|its|their|this|that|these|those|s?he'?s|it's|they'?re|that'?s)\b"
    r"(?! (?:time|day|official|true)\b)",
    re.IGNORECASE,
)


def begins_back(span: str) -> bool:
    """Whether a sentence begins with a word that stands for something said before it ("She drives a Volvo.")."""
    return _BEGINS_BACK.match(span.replace("’", "'")) is not None


_CHANGE = re.compile(
    r"\b(?:actually|now|no longer|any ?(?:more|longer)|from now on"
    r"|moved (?:to|from)|mov(?:ed|ing) (?:\w+ ){1,3}(?:to|from)"
    r"|changed?|switched|swapped|renamed|instead|rather than|sold (?:the|my|our|his|her|it)|got rid of"
    r"|update|correction|new|rescheduled|(?:went|gone|going|put) (?:up|down)"
    r"|(?:raised|lowered|increased|reduced|doubled|halved) (?:the|my|our|his|her|their|its|it)"
    r"|(?:brought|put|pushed) (?:forward|back|off|out|(?:\w+ ){1,5}(?:forward|back (?:from|by|until)))"
    r"|put (?:me|us|him|her|them) back|called off|delayed|turns out"
    r"|(?:was|were|been|got|has|have) (?:moved|postponed|replaced|cancell?ed))\b",
    re.IGNORECASE,
)


def tells_a_change(span: str) -> bool:
    """Whether a sentence says that something is otherwise than before, in words that are often used for that."""
    return _CHANGE.search(span) is not None


def stems(text: str) -> set[str]:
    """The content words of a text without their endings of plural and possession."""
    return {re.sub(r"(?:['’]s|['’]|s)$", "", w) for w in content_words(text)}


def _span(text: str, start: int, end: int) -> Span:
    """The range without white space at its ends."""
    inside = text[start:end]
    start += len(inside) - len(inside.lstrip())
    return Span(" ".join(inside.split()), start, start + len(inside.strip()))


# --- Where a long sentence is cut ---

_CLAUSE = re.compile(r"(?<=[,;:—])\s+|(?<=[，；：、،؛—])(?=\w)")
_CONJUNCTION = re.compile(r"\s+(?=(?:and|but|or|which|who|that|while|when|because)\b)")
_BLANK = re.compile(r"\s+")
_WHOLE = re.compile(  # not cut inside: quoted names, numbers in groups, names of several words
    r"\"[^\"]{1,80}\"|“[^”]{1,80}”|«[^»]{1,80}»|「[^」]{1,80}」|‘[^’]{1,80}’(?!\w)|(?<!\w)'[^']{1,80}'(?!\w)"
    r"|\d[\d.,:/-]{0,20}(?:\s+[\d(][\d.,:/)-]{0,20}){1,7}"
    r"|\b[A-ZÀ-Þ][\w.'’-]{0,40}(?:\s+[A-ZÀ-Þ][\w.'’-]{0,40}){1,5}"
)

Fits = Callable[[int, int], bool]


def _whole(text: str, sentence: Span) -> bytearray:
    """One byte a character of the sentence: 1 where no cut may stand before it."""
    held = bytearray(sentence.end - sentence.start)
    for m in _WHOLE.finditer(text, sentence.start, sentence.end):
        first, last = m.start() + 1 - sentence.start, m.end() - sentence.start
        held[first:last] = b"\1" * (last - first)
    return held


def _places(pattern: re.Pattern[str], text: str, sentence: Span, whole: bytearray | None) -> list[int]:
    """Offsets in `text` where the pattern allows a cut."""
    starts = (m.start() for m in pattern.finditer(text, sentence.start, sentence.end))
    return [at for at in starts if whole is None or not whole[at - sentence.start]]


def _pack(
    start: int, end: int, fits: Fits, levels: Sequence[list[int]], blanks: Sequence[list[int]], text: str
) -> Iterator[tuple[int, int]]:
    """Cut at the first level's places and join neighbours as long as they fit; cut what does not fit at the next."""
    if not levels:
        yield from _halve(start, end, fits, blanks, text)
        return
    inside = levels[0][bisect_right(levels[0], start) : bisect_left(levels[0], end)]
    held = start
    for here, after in zip([start, *inside], [*inside, end], strict=True):
        if inside and fits(held, after):
            continue
        if held < here:
            yield held, here
        held = here
        if not inside or not fits(here, after):
            yield from _pack(here, after, fits, levels[1:], blanks, text)
            held = after
    if held < end:
        yield held, end


def _halve(start: int, end: int, fits: Fits, blanks: Sequence[list[int]], text: str) -> Iterator[tuple[int, int]]:
    """Cut near the middle, at a blank of the first list that has one inside, until every part fits."""
    if end - start <= 1 or fits(start, end):
        yield start, end
        return
    middle = _middle(start, end, blanks, text)
    yield from _halve(start, middle, fits, blanks, text)
    yield from _halve(middle, end, fits, blanks, text)


def _middle(start: int, end: int, blanks: Sequence[list[int]], text: str) -> int:
    """Counted in characters as a span has them: several blanks in a row are one."""
    counted = [at for at in range(start, end) if not text[max(0, at - 1) : at + 1].isspace() or at == start]
    half = len(counted) // 2
    middle = max(start + 1, counted[half])
    for places in blanks:
        i = bisect_left(places, middle)
        near = [at for at in places[max(0, i - 1) : i + 1] if start < at < end]
        if near:
            return min(near, key=lambda at: abs(bisect_left(counted, at) - half))
    for at in range(middle, max(start, middle - 8), -1):  # a letter keeps its combining marks
        if _masked(text[at]) not in (_MARK, *_JOINERS):
            return at
    return middle


# --- Words ---

_MARK = "\u0300"  # stands for any combining mark
_JOINERS = "\u200c\u200d\u00ad"  # invisible inside a word: non-joiner, joiner, soft hyphen
_RUN = rf"[^\W_]+(?:[{_MARK}{_JOINERS}]+[^\W_]+)*{_MARK}*"
_INNER = (
    rf"[-‐‑'’·״׳](?!s(?![\w{_MARK}]))|_"  # between letters or digits
    r"|(?<=\d)[.,:/+](?=\d)|(?<=\d)[.:/](?=[^\W\d_]{1,3}\d)"  # in numbers, times, dates, codes
    r"|\.(?=(?:com|org|net|edu|gov|txt|pdf|docx?|xlsx?|csv|json|html?|md|py|js|png|jpe?g|gif|zip|gz|xz|mp3|mp4|gguf)\b)"
)
_SITE = r"[A-Za-z][A-Za-z0-9+.-]{1,15}://|www\.|(?:[A-Za-z0-9-]{1,63}\.){1,4}(?:com|org|net|edu|gov|io|dev|uk|de|eu)/"
_WORD = re.compile(
    rf"(?:{_SITE})[^\s<>\"“”«»]*[\w/=&#-]"
    r"|[^\W_][\w.+%-]{0,63}@\w[\w-]{0,62}(?:\.\w[\w-]{0,62}){0,8}"
    r"|(?:(?<![^\s(\[{=:,/£$€¥<>~])[-+−]?\.?(?=\d))?"  # the sign of a number
    rf"{_RUN}(?:(?:{_INNER}){_RUN})*|['’]s\b"
)


def _masked(text: str) -> str:
    """The text with each combining mark as _MARK, character for character: `re` does not count them as letters."""
    if text.isascii():
        return text
    marks = {
        ord(c): _MARK for c in set(text) if unicodedata.category(c) in ("Mn", "Mc") and not "\ufe00" <= c <= "\ufe0f"
    }
    return text.translate(marks)


_COMMON = listed(
    "a about an and are as at be been before by but can did do does for from had has have he her him his how i in is it"
    " its me my of on or our she tell that the their them there they this to was we were what when where which who whom"
    " whose why will with you your please know now going go s"
)


def plain(text: str) -> str:
    """Text that can be sent and stored: half a character of UTF-16 becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")
