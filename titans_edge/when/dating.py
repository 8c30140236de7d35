"""A reply that repeats a relative time it was told gets that time's date: "in three days" means another day by now.

Knows the texts that were resolved and what they meant; nothing of how a reply comes about.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from titans_edge.when.words import expressions

BRACKET = " ("  # what may follow says the date already


def meant(text: str, told: datetime) -> dict[str, str]:
    """What each relative time in a text means, {"in three days": "Thursday 26 November 2026"}; dates that lack only
    their year are none.
    """
    found = ((text[e.start : e.end].lower(), e.span.label) for e in expressions(text, told.date()))
    return {words: label for words, label in found if not label.isdigit()}


class Dating:
    """One reply as it comes. dates: by the words that mean them, in small letters, as `meant` gives them."""

    def __init__(self, dates: Mapping[str, str]) -> None:
        self._left = dict(dates)
        self._said = ""  # by the reply
        self._at = 0  # so much of that was shown

    def add(self, text: str, *, over: bool = False) -> str:
        """More of the reply; over: no more comes. Returns what may be shown now."""
        self._said += text
        out = ""
        while self._left and (match := self._next(over=over)) is not None:
            label = self._left.pop(match[0].lower())
            dated = label in self._said[: match.start()] or self._said.startswith(_behind(label), match.end())
            out += self._said[self._at : match.end()] + ("" if dated else f"{BRACKET}{label})")
            self._at = match.end()
        cut = len(self._said) if over or not self._left else self._open()
        out, self._at = out + self._said[self._at : cut], cut
        return out

    def _next(self, *, over: bool) -> re.Match[str] | None:
        """The first time that is said whole, once what follows it is known."""
        longest = sorted(self._left, key=len, reverse=True)
        times = re.compile(rf"\b(?:{'|'.join(map(re.escape, longest))})\b", re.IGNORECASE | re.ASCII)
        match = times.search(self._said, self._at)
        if match is None:
            return None
        behind = self._said[match.end() :]
        known = len(behind) >= len(BRACKET) and not any(
            rest.startswith(behind) and rest != behind for rest in _behind(self._left[match[0].lower()])
        )
        return match if over or known else None

    def _open(self) -> int:
        """From where on what was said may become such a time."""
        for m in re.compile(r"\b\w").finditer(self._said, self._at):
            tail = self._said[m.start() :].lower()
            if any(words.startswith(tail) or tail.startswith(words) for words in self._left):
                return m.start()
        return len(self._said)


def _behind(label: str) -> tuple[str, ...]:
    """What may follow a date's first word and says the date: " 4 December" of "Friday 4 December 2026"."""
    rest = " ".join(label.split()[1:3])
    return BRACKET, f" {rest}", f", {rest}"
