"""What of a reply may be shown: up to a stop text, and where it is to be read from what was told, what is said instead.

Knows texts and spans; nothing of a model, of a memory or of how a reply comes about.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from titans_edge.addressing import Addressing
from titans_edge.answers import Spans
from titans_edge.asked_for import asks_for_a_date, asks_for_a_favour, asks_for_the_past, asks_when_told, needs_the_date
from titans_edge.asking import UNTOLD as UNTOLD
from titans_edge.asking import Asking
from titans_edge.grounding import Grounding, numbers
from titans_edge.judging import whole
from titans_edge.questions import asks_whether
from titans_edge.routes import dates, listed, on_the_day, quoted, said
from titans_edge.sources import USER
from titans_edge.text import sentences, stems, tells_a_change
from titans_edge.wanted import of_reply
from titans_edge.when import Dating


class Stopper:
    """Ends a reply before a stop text. Holds back what may be the beginning of one; what it has let go is never taken
    back. hit: there was one.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops, self._held, self.hit = stops, "", False

    def take(self, text: str, *, over: bool = False) -> str:
        """More of the reply; what of it may be shown now. over: it has ended by itself."""
        held = self._held + text
        found = [at for stop in self._stops if (at := held.find(stop)) >= 0]
        if found:
            self.hit = True
            return held[: min(found)]
        keep = max((n for stop in self._stops for n in range(1, len(stop)) if held.endswith(stop[:n])), default=0)
        end = len(held) if over else len(held) - keep
        self._held = held[end:]
        return held[:end]


UNSURE = 4.7  # nats of a reply's first sentence to what was only told, at most
SORRY = "I'm sorry to hear that."
HELLO = "Hello, nice to meet you."
GLAD = "Congratulations!"
# a message that greets, or in which somebody introduces himself or comes somewhere new
_GREETS = re.compile(
    r"(?i:\b(?:hi|hello|hey|hiya|good (?:morning|afternoon|evening|day)|my name|call me|nice to meet|new"
    r"|(?:i|we)(?:['’]ve| have)? (?:\w+ )?moved)\b)"
    r"|\b(?i:i'm|i am|this is|it's) [A-ZÀ-Þ]"
)
_BY_NAME = re.compile(
    r"(?i:hello|hi|hey|welcome|nice to meet you|good (?:morning|afternoon|evening))(?i:,? (?:there|dear))?,? "
    r"(?P<name>[A-ZÀ-Þ][\w'’-]*)"
)
_I_AM = r"\b(?:i'm|i am|name is|name's|call me|this is|it's) (?:\w+ )?"
_REFUSES = re.compile(  # to reply, as if it had been asked for something
    r"\bI(?:['’]m| am)? (?:can(?:not|['’]?t)|(?:unable|not able) to) (?:assist|provide|fulfil|help (?:you )?with)\b"
    r"|(?:^|[.!?] )As an AI\b|\bI(?:['’]m| am) (?:just |only )?an? (?:AI|(?:AI )?(?:language model|assistant))\b",
)
# what is said for a reply that begins so
_PLAINLY = tuple(
    (re.compile(begins, re.IGNORECASE), said)
    for begins, said in (
        (
            r"(?:(?:i'm )?(?:\w+ )?sorry|poor|oh,? (?:no|dear|gosh)|ouch|how sad|that must|that sounds)\b",
            SORRY,
        ),
        (r"(?:congratulations|well done|wonderful)\b", GLAD),
        (r"(?:hello|hi|welcome|nice to meet|good (?:morning|afternoon|evening))\b", HELLO),
        ("", ""),
    )
)
# names of one or more words behind a sentence's first, and what has a digit
_KEYS = re.compile(
    r"(?<=[^\s.!?] )(?!I\b)(?:(?:Mr|Mrs|Ms|Dr|Prof|St)\. )?"
    r"[A-ZÀ-Þ][\w'’-]*(?: [A-ZÀ-Þ][\w'’-]+| \d{1,2}(?:st|nd|rd|th)?\b)*"
    r"|(?<!\S)\d{1,4}(?:st|nd|rd|th)?(?: [A-ZÀ-Þ][\w'’-]+)+"
    r"|(?<=\bis )\d\b(?! to)|(?<!\S)(?!\d\b(?![:@/.,-]\w))[\w@-]*\d(?:[\w@:/-]|[.,](?=\w))*"
)
_FROM = re.compile(r"\b(?:from|used to|was|were|had|before|until|till|no longer|instead of)\b", re.IGNORECASE)
_MAY = re.compile(r"\b(?:[Cc]an|may|could|must|should|allowed|supposed)\b(?! you\b)")
_COMPARES = re.compile(
    r"\b(?:old|young|tall|short|long|bigg|small|larg|cheap|new|earli|lat|near|fast|heavi)est\b"
    r"|\b(?:older|younger|taller|bigger|cheaper|faster|most expensive)\b",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"\b(?:not|no|never|nobody|nothing|cannot|without|except|hates?|allergic|avoid\w*|forb\w+)\b|n['’]t\b"
    r"|\b(?:cant|dont|doesnt|isnt|wont|mustnt|shouldnt)\b",
    re.IGNORECASE,
)
KEYS = 3  # of them that are noted, at most


@dataclass
class Reading:
    """One reply as it comes. instead: what is said where it is not read from the spans; known: what is said without
    the model, which is bad at days ("": it has to read).
    """

    grounding: Grounding
    dating: Dating
    addressing: Addressing | None  # of what the user said himself
    instead: str
    known: str = ""

    @classmethod
    def of(cls, question: str, before: str, spans: Spans, *, doubted: bool, listing: bool = False) -> Reading | None:
        """Of a question that is answered from spans, best first; None where the reply may say what nobody told.

        before: what it stands behind; doubted: perhaps none of the spans answers; listing: all of them are asked
        for.
        """
        asking = Asking.of(question)
        free = asks_for_a_favour(question) or needs_the_date(question)
        if (free and not listing) or not (asking.questions or asking.wants):
            return None
        instead = UNTOLD if doubted else quoted(spans)
        known = listed(spans) if listing else _known(asking.asked, spans, doubted=doubted)
        lines = [*map(said, spans)]
        grounding = Grounding(
            [*lines, *asking.told],
            f"{before} {asking.asked}".lstrip(),
            lenient=doubted,
            waits=bool(before),
            past=asks_for_the_past(asking.asked),
            has=of_reply(asking.asked, " ".join(lines)),
        )
        addressing = Addressing(question) if all(s["kind"] == USER.kind for s in spans) else None
        return cls(grounding, Dating(dates(spans)), addressing, instead, known)

    @property
    def invented(self) -> bool:
        """Whether the reply says what nobody told, and `instead` is to be said."""
        return self.grounding.invented

    def take(self, text: str, nats: float, reason: str) -> str:
        """More of the reply, how unlikely its tokens were, and why it has ended. Returns what may be shown."""
        shown = self.grounding.add(text, nats) + (self.grounding.end(whole=reason == "stop") if reason else "")
        over = bool(reason) or self.grounding.invented
        shown = self.dating.add(shown, over=over)
        return shown if self.addressing is None else self.addressing.add(shown, over=over)


class Listened:
    """One reply to what was only told, as it comes: held back until its first sentence is over. invented: the model was
    too unsure of that; then `instead` is said, which says no more than what the reply began with, or notes the names
    and numbers that were told.
    """

    def __init__(self, message: str) -> None:
        self.invented, self.instead = False, ""
        self._message = message
        self._held, self._nats = "", 0.0
        self._shown = False

    def take(self, text: str, nats: float, reason: str) -> str:
        """More of the reply, how unlikely its tokens were, and why it has ended. Returns what may be shown."""
        if self._shown:
            return text
        self._held, self._nats = self._held + text, self._nats + nats
        if not reason and len(sentences(self._held)) < 2:
            return ""
        self._shown = True
        refuses = _REFUSES.search(self._held) is not None
        begins = "" if refuses else next(said for begins, said in _PLAINLY if begins.match(self._held.strip()))
        greets = begins == HELLO
        if self._nats <= UNSURE and not refuses and not (greets and self._greets_another()):
            return self._held
        self.invented = True
        meant = {HELLO: _GREETS.search(self._message) is not None, GLAD: "!" in self._message}.get(begins, True)
        self.instead = (begins if meant else "") or self._noted()
        return ""

    def _greets_another(self) -> bool:
        """Whether the reply greets where the user does not, or by a name that he does not say is his."""
        by_name, message = _BY_NAME.match(self._held.strip()), self._message.replace("’", "'")
        if by_name is None:
            return _GREETS.search(message) is None
        return re.search(rf"(?i){_I_AM}{re.escape(by_name['name'])}\b", message) is None

    def _noted(self) -> str:
        found = list(dict.fromkeys(m[0] for m in _KEYS.finditer(self._message)))[:KEYS]
        return f"Noted: {', '.join(found)}." if found else "Noted."


def _known(question: str, spans: Spans, *, doubted: bool) -> str:
    """What is said where a small model is bad at it: of days, whether something is so, which is the oldest, what may be
    done where a "not" was told, and of what was before a change that was told; "": the question is for something else.
    """
    if asks_when_told(question):
        return quoted(spans, dated=True)
    told = " ".join(map(whole, spans))
    if asks_whether(question):
        return quoted(spans) if not doubted or stems(question) & stems(told) else UNTOLD
    compares = _COMPARES.search(question) is not None and _COMPARES.search(told) is None
    if not doubted and compares and len(numbers(told)) > 1:
        return quoted(spans)
    refused = _MAY.search(question) is not None and any(_NOT.search(whole(s)) for s in spans)
    if not doubted and (refused or _was_before(question, spans)):
        return quoted(spans)
    return on_the_day(spans[0]) if asks_for_a_date(question) and not doubted else ""


def _was_before(question: str, spans: Spans) -> bool:
    """Whether what was before is asked, and the only span tells of what came instead: the model takes one for the
    other, unless it says from where or what.
    """
    text = whole(spans[0])
    return asks_for_the_past(question) and len(spans) == 1 and tells_a_change(text) and not _FROM.search(text)
