"""Cuts text into spans (the unit of writing) and spans into words (the unit of choosing). Pure functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

MAX_SPAN_TOKENS = 32

_SENTENCE_END = re.compile(r"(?<=[.!?…。！？])[\"'”’)\]]*\s+|\n\s*\n|(?<=[。！？])")
_ABBREVIATION = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|St|Prof|Jr|Sr|vs|etc|e\.g|i\.e|[A-Z])\.$")
_CLAUSE = re.compile(r"(?<=[,;:—])\s+|\s+(?=(?:and|but|or|which|who|that|while|when|because)\b)")
_WORD = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:[-'’](?!s\b)[^\W\d_]+)*|\w+|['’]s\b")


@dataclass(frozen=True)
class Word:
    """A word and where it stands in its span, as character offsets [start, end)."""

    text: str
    start: int
    end: int


def words(span: str) -> list[Word]:
    """The words of a span; a possessive 's is a word of its own."""
    return [Word(m.group(), m.start(), m.end()) for m in _WORD.finditer(span)]


def sentences(text: str) -> list[str]:
    """Sentences of a text, white space folded, empty ones left out."""
    out: list[str] = []
    carry = ""
    for piece in _SENTENCE_END.split(text):
        piece = " ".join(f"{carry} {piece}".split())
        carry = ""
        if _ABBREVIATION.search(piece):
            carry = piece
        elif piece:
            out.append(piece)
    return out + ([carry] if carry else [])


def spans(text: str, count: Callable[[str], int], limit: int = MAX_SPAN_TOKENS) -> Iterator[str]:
    """Sentences of `text`, longer ones cut at clauses, then at words, to at most `limit` tokens by `count`."""
    for sentence in sentences(text):
        if count(sentence) <= limit:
            yield sentence
        else:
            yield from _pack(_CLAUSE.split(sentence), count, limit)


def _pack(pieces: list[str], count: Callable[[str], int], limit: int) -> Iterator[str]:
    """Join neighbouring pieces as long as they fit; cut those that do not fit by themselves."""
    held = ""
    for piece in pieces:
        joined = f"{held} {piece}".strip()
        if count(joined) <= limit:
            held = joined
            continue
        if held:
            yield held
        held = ""
        if count(piece) <= limit:
            held = piece
        else:
            yield from _halve(piece, count, limit)
    if held:
        yield held


def _halve(piece: str, count: Callable[[str], int], limit: int) -> Iterator[str]:
    """Cut in two, at a blank where there is one, until every part fits."""
    if len(piece) <= 1 or count(piece) <= limit:
        if piece.strip():
            yield piece.strip()
        return
    middle = piece.rfind(" ", 1, len(piece) // 2 + 1)
    at = middle if middle > 0 else len(piece) // 2
    yield from _halve(piece[:at], count, limit)
    yield from _halve(piece[at:], count, limit)


_COMMON = frozenset(
    word
    for line in (
        "a about an and are as at be been before by but can did do does for from had has have he her him his how i in is it its",
        "me my of on or our she tell that the their them there they this to was we were what when where which who whom whose why",
        "will with you your please know now going go s",
    )
    for word in line.split()
)


def content_words(text: str) -> list[str]:
    """The words of a question that say what it is about, lower-cased."""
    return [w.text.lower() for w in words(text) if w.text.lower().strip("'’") not in _COMMON]
