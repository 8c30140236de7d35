"""Routes into the backbone: from what the memory answered to an injection. One decision a turn (`choose`).

A new route is a class with `injection`, and a line in `ROUTES`. Knows how things are put to the model, not where they
are
kept or how they were found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from itertools import accumulate
from typing import Any, Protocol

from titans_edge.backbone.injection import Injection, Lines, Rows, Tokens
from titans_edge.judging import whole
from titans_edge.sidecar.readout import MemoryReadout
from titans_edge.text import WAS_BEFORE
from titans_edge.when import day, meant, resolved, the_day

SYSTEM = "You are a helpful assistant with a long-term memory. You answer in one short sentence."
TOLD, ASKED = "What I told you earlier:", "My question: "
BUDGET = 1024  # tokens of retrieved spans
QUOTED = 2  # spans
Encode = Callable[[str], list[int]]


class Mode(str, Enum):
    """What a turn takes from the memory."""

    AUTO = "auto"  # an association the memory is sure of, else spans as text, else nothing
    ASSOCIATION = "association"  # the state alone
    TEXT = "text"  # retrieved spans alone
    BOTH = "both"
    OFF = "off"  # the plain model

    def __str__(self) -> str:
        return self.value


class Route(Protocol):
    """One way from a readout to the backbone; an empty injection where there is nothing to say."""

    def injection(self, readout: MemoryReadout) -> Injection: ...


@dataclass(frozen=True)
class TextRoute:
    """Retrieved spans as a list, oldest first, and the message as the question after it. What does not fit is left
    out.
    """

    encode: Encode
    budget: int = BUDGET
    by_lines: bool = False  # each line for itself, so that its keys and values can be kept

    def injection(self, readout: MemoryReadout) -> Injection:
        lines = sorted((span["id"], _line(span)) for span in self.within(readout.retrieved))
        return self.of(list(dict.fromkeys(line for _, line in lines)))

    def within(self, spans: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Those of the spans, best first, that there is room for."""
        used = accumulate(len(self.encode(_line(span))) for span in spans)
        return [span for span, tokens in zip(spans, used, strict=True) if tokens <= self.budget]

    def alone(self, *spans: dict[str, Any]) -> tuple[int, ...]:
        """Token ids of retrieved spans, in order, as they would be put if there were no other."""
        return self.of([_line(span) for span in spans]).ids

    def after(self, text: str, injection: Injection) -> Injection:
        """An injection with a text in front of it."""
        return replace(injection, parts=(Tokens(tuple(self.encode(text))), *injection.parts))

    def of(self, lines: Sequence[str]) -> Injection:
        """The frame around lines that are in order already."""
        text = "".join(lines)
        if text and self.by_lines:
            each = tuple(tuple(self.encode(line)) for line in lines)
            return Injection((Lines(tuple(self.encode(f"{TOLD}\n")), each), Tokens(tuple(self.encode(f"\n{ASKED}")))))
        return Injection((Tokens(tuple(self.encode(f"{TOLD}\n{text}\n{ASKED}"))),)) if text else Injection()


@dataclass(frozen=True)
class AssociationRoute:
    """The state alone: the gate's rows, at the input layer; where it is sure of none, the sentences it recites."""

    text: TextRoute
    words: Callable[[Sequence[int]], str]

    def injection(self, readout: MemoryReadout) -> Injection:
        if len(readout.rows):
            return Injection((Rows(readout.rows),))
        return self.text.of([f"- {self.words(tokens)}\n" for tokens in reversed(readout.recited)])


ROUTES = {Mode.ASSOCIATION: ("association",), Mode.TEXT: ("text",), Mode.BOTH: ("association", "text"), Mode.OFF: ()}


def choose(mode: Mode, readout: MemoryReadout, routes: dict[str, Route]) -> tuple[Injection, tuple[str, ...]]:
    """The turn's injection, and the routes it came by."""
    if mode is Mode.AUTO:
        mode, readout = _decided(readout)
    made = [(name, routes[name].injection(readout)) for name in ROUTES[mode]]
    parts = [(name, injection) for name, injection in made if len(injection)]
    return Injection(tuple(p for _, i in parts for p in i.parts)), tuple(name for name, _ in parts)


def given(mode: Mode, readout: MemoryReadout) -> tuple[dict[str, Any], ...]:
    """The spans a turn's text is made of, where it has any."""
    return (_decided(readout)[1] if mode is Mode.AUTO else readout).retrieved


def _decided(readout: MemoryReadout) -> tuple[Mode, MemoryReadout]:
    """A sure association comes with the spans it rests on; where one says the answer as asked, it speaks for itself."""
    if not len(readout.rows):
        return Mode.TEXT, readout
    return Mode.TEXT if readout.plain else Mode.BOTH, replace(readout, retrieved=readout.behind)


def _line(span: dict[str, Any]) -> str:
    return f"- {said(span)}\n"


def quoted(spans: Sequence[dict[str, Any]], *, dated: bool = False) -> str:
    """What was told in place of a reply, word for word: the spans, best first, at most QUOTED of them, and what one
    of them begins with but once. dated: with the day on which the user told it.
    """
    whose: dict[str, list[str]] = {}
    first, others = spans[:1], spans[1:QUOTED]
    apart = [s for s in others if dated or not (_again(first[0], s) or _again(s, first[0]))]
    for span in sorted([*first, *apart], key=lambda span: int(span["id"])):
        teller = "You told me" if span["kind"] == "user" else f"From {span['source']}"
        if dated and span["kind"] == "user" and "time" in span:
            teller += f" on {day(datetime.fromtimestamp(span['time']))}"
        whose.setdefault(teller, []).append(_quoted(span))
    return " ".join(f"{teller}: {' '.join(texts)}" for teller, texts in whose.items())


def _again(span: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether a span stands in another one, as what was said before it."""
    return whole(span) in whole(other) and whole(span) not in other["text"]


def listed(spans: Sequence[dict[str, Any]]) -> str:
    """All of the user's spans, word for word, in a list where there are several."""
    texts = [_quoted(span) for span in spans]
    return f"You told me: {texts[0]}" if len(texts) == 1 else "\n".join(["You told me:", *(f"- {t}" for t in texts)])


def on_the_day(span: dict[str, Any]) -> str:
    """The day of something the user told, and what he told; "" where that is not the one day it speaks of."""
    text = _told(span)
    known = span["kind"] == "user" and "time" in span
    found = the_day(text, datetime.fromtimestamp(span["time"])) if known else ""
    return f"{found}. You told me: “{text}”" if found else ""


def dates(spans: Sequence[dict[str, Any]]) -> dict[str, str]:
    """What the relative times in the user's spans mean, by their words."""
    own = [s for s in spans if s["kind"] == "user" and "time" in s]
    each = (meant(_told(s), datetime.fromtimestamp(s["time"])) for s in own)
    return {words: label for found in each for words, label in found.items()}


def said(span: dict[str, Any]) -> str:
    """A span as it is told to the model, with what was said around it: the user's own with what "tomorrow" meant,
    another's with whose it is.
    """
    text = _with_dates(span)
    return text if span["kind"] == "user" else f"{text} (from {span['source']})"


def _with_dates(span: dict[str, Any]) -> str:
    if span["kind"] != "user" or "time" not in span:
        return whole(span)
    told = datetime.fromtimestamp(span["time"])
    return WAS_BEFORE.join(resolved(part, told) for part in whole(span).split(WAS_BEFORE))


def _quoted(span: dict[str, Any]) -> str:
    return f"“{_with_dates(span).replace(WAS_BEFORE, '')}”"


def _told(span: dict[str, Any]) -> str:
    """A span as the user typed it."""
    return whole(span).replace(WAS_BEFORE, "")
