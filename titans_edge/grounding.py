"""Whether a reply says what was told. A small model with the right line before it still invents an answer now and then.

Words are compared and figures, no meaning: a reply that says nothing the lines say (and the question does not), a
number or a currency that stands in neither, or a first sentence that has a name or ends in a word of its own was not
read from them. Nor is a first sentence shown of which the model itself was unsure. Texts in scripts without blanks
between words are not judged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from titans_edge.numerals import of_one_word
from titans_edge.sentence_ends import listed
from titans_edge.text import stems, words

ALIKE, ENDING = 4, 3  # two forms of one word begin with so many letters at least, and their endings have so many
SHORT = 3  # letters of a word cut short ("Dec")
MOST = 240  # characters of a reply that are held back
UNSURE, HESITANT = 2.5, 1.0  # nats of a first sentence: it is not shown; it is shown when it is whole
LENIENT = 4.0  # instead of UNSURE, where what would be shown in its place says nothing
DIGITS = 100  # of a number, the last ones, that are looked at
_NUMBER = re.compile(r"\d+|[a-z]+(?:-[a-z]+)?")
_UNSPACED = re.compile(r"[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u2e80-\uabff\uf900-\ufaff]")
_SENTENCE = re.compile(r"(?<=[.!?])\s")
_NO_ANSWER = listed("too well either also though instead currently together yet again not something someone moment")
_HANGING = {"to", "of", "at", "with", "for", "from", "than", "and", "or"}
_RELATES = re.compile(r"\b(?:i|you|we|he|she|they|it|that|which|who)\b", re.IGNORECASE)  # "the one you live with"
_OWN = re.compile(r"\b(?:i|i'm|im|my|me|we|our|us)\b", re.IGNORECASE)
_YOU = re.compile(r"\W*you", re.IGNORECASE)  # a reply that begins so is of him
_AS_OF_NOW = re.compile(r"\b(?:now|currently)\b", re.IGNORECASE)
_AHEAD = re.compile(r"\b(?:when|(?:what|which) (?:day|date|time)) (?:do|does|will|am)\b", re.IGNORECASE)
_WAS_SO = re.compile(
    r"\W*(?:you|we|he|she|it|they) "
    r"(?:(?!(?:need|feed|speed|bleed|breed|shed)\b)\w{2,}ed|was|were|had|went|came|flew|left|began|met|got)\b",
    re.IGNORECASE,
)
_FROM_TO = re.compile(r"\bfrom (?P<old>[^.,;!?]{2,40}?) to (?P<new>[^.,;!?]{2,40})", re.IGNORECASE)
_TO_WHOM = re.compile(  # "who will feed Rex?"
    r"\bwho(?:'s|'ll)? (?P<does>(?:\w+ ){1,4}?)(?P<whom>(?:(?:my|our|your|the) )?[\w-]+)\W*$", re.IGNORECASE
)
_MUTUAL = re.compile(r"\b(?:marr|met\b|meet|dat(?:e|ing)|engaged|related|liv)", re.IGNORECASE)
_I_DO_TO = re.compile(
    r"\b(?:what|how (?:much|many)\b.*) (?:do|did) i (?:\w+ )?(?P<does>\w+) (?P<whom>[^\W\d_]+)\W*$", re.IGNORECASE
)
_TWICE = re.compile(r"\W*(?P<name>[A-ZÀ-Þ][\w-]+) (?:\w+ )?\w+ (?P=name)\b")
_YES = re.compile(r"\W*(?:yes|no)\b", re.IGNORECASE)
_CURRENCIES = {  # and words for them
    "$": "dollar buck usd",
    "£": "pound quid gbp lb",
    "€": "euro eur",
    "¥": "yen yuan",
    "₹": "rupee",
}
_ASKED_TO_SAY = re.compile(r"\b(?:can|could|will|would) you\b", re.IGNORECASE)  # "yes" is no answer to that


class Grounding:
    """One reply as it comes. told: what it may be read from; asked: the question; lenient: the model may be less sure;
    has: whether a text has what the question wants; past: the question is for what no longer holds; waits: nothing is
    shown before the first sentence is whole. "When do I move?" is not answered by when one moved.

    `add` gives the text that may be shown; nothing is, until the reply says something of what was told, nor before its
    first sentence is whole where it is of the past, or the question of the user and the reply does not speak to him.
    `invented`: it says what nobody told, and what was held back of it is not to be shown.
    """

    def __init__(
        self, told: Sequence[str], asked: str, *, lenient: bool = False, past: bool = False, waits: bool = False,
        has: Callable[[str], bool] = bool,
    ) -> None:  # fmt: skip
        whole = " ".join((*told, asked))
        self.invented = False
        self._has, self._past, self._own = has, past, _OWN.search(asked) is not None
        self._waits, self._ahead = waits or past, _AHEAD.search(asked) is not None
        self._unsure = LENIENT if lenient else UNSURE
        self._told, self._asked = stems(" ".join(told)), stems(asked)
        self._numbers, self._known = numbers(whole), numbers(asked)
        self._judged = _UNSPACED.search(whole) is None
        self._lines, self._question = " ".join(told), asked.replace("’", "'")
        self._may_ask = "?" in " ".join(told)
        self._foreign = {sign for sign, names in _CURRENCIES.items() if not _is_named(sign, names, whole)}
        self._held = ""  # nothing was shown yet
        self._word = ""  # it may go on
        self._all = ""
        self._nats = 0.0  # of the first sentence
        self._yes = _ASKED_TO_SAY.search(asked) is None
        self._shown = False

    def add(self, text: str, nats: float = 0.0) -> str:
        """More of the reply, and how unlikely its tokens were. Returns what may be shown now."""
        if not self._judged:
            return text
        self._all += text
        self._nats += 0.0 if self._first_is_over() else nats
        text = self._word + text
        cut = max(text.rfind(" "), text.rfind("\n")) + 1
        self._held, self._word = self._held + text[:cut], text[cut:]
        self._look(over=len(self._held) > MOST)
        return self._released() if self._shown else ""

    def end(self, *, whole: bool) -> str:
        """The same when no more comes. whole: it was not cut off, so that it has said all it had to say."""
        self._held, self._word = self._held + self._word, ""
        self._look(over=whole)
        self.invented = self.invented or (whole and self._judged and self._ends_otherwise())
        return self._released()

    def _look(self, *, over: bool) -> None:
        """over: it should have said something of what was told by now."""
        told = (self._yes and _YES.match(self._held) is not None) or self._says_told()
        waits = self._waits or self._nats > HESITANT or (self._own and not _YOU.match(self._held))
        hesitant = waits and not over and not self._first_is_over()
        self._shown = self._shown or (told and not hesitant and self._has(self._held))
        new = bool(numbers(self._held) - self._numbers) or self._has_another_currency() or self._asks()
        new = new or (self._past and _AS_OF_NOW.search(self._held) is not None)
        new = new or (self._ahead and _WAS_SO.match(self._held) is not None)
        self.invented = self._judged and (new or self._nats > self._unsure or (over and not self._shown))

    def _has_another_currency(self) -> bool:
        """Whether the reply has a currency's sign, or a currency behind a number, that nobody named."""
        names = (name for sign in self._foreign for name in _CURRENCIES[sign].split())
        counted = re.compile(rf"\d (?:{'|'.join(names)})s?\b", re.IGNORECASE) if self._foreign else None
        return not self._foreign.isdisjoint(self._held) or bool(counted and counted.search(self._all))

    def _asks(self) -> bool:
        """Whether the reply begins with the question, or one of its own."""
        return "?" in _SENTENCE.split(self._all.strip())[0] and not self._may_ask

    def _first_is_over(self) -> bool:
        return _SENTENCE.search(self._all) is not None

    def _released(self) -> str:
        out, self._held = "" if self.invented else self._held, ""
        return out

    def _ends_otherwise(self) -> bool:
        """Whether the last word of the first sentence, where English has its answer, is nobody's ("The cat is brown."),
        or a name in it, or it has one twice, or ends in the air ("… is allergic to"). A measure behind a number is the
        number's ("71 years"); a code or an address is no word.
        """
        said = [w.text for w in words(_SENTENCE.split(self._all.strip())[0])]
        if said and said[-1].lower() in _HANGING and _RELATES.search(self._all) is None:
            return True
        if any(w[0].isupper() and not w.isupper() and self._is_nobodys(w) for w in said[1:]):
            return True  # a name
        if self._is_what_was_done_to(said) or (self._past and self._is_what_came_instead(said)):
            return True
        if self._own and (twice := _TWICE.match(self._all)) and twice[0].strip() not in self._lines:
            return True  # "Ann owes Ann money."
        while said and (not stems(said[-1]) or said[-1].lower() in _NO_ANSWER):
            said.pop()
        if _YES.match(self._all) or not said or (len(said) > 1 and numbers(said[-2])):
            return False
        return self._is_nobodys(said[-1])

    def _is_what_was_done_to(self, said: Sequence[str]) -> bool:
        """Whether the question is who feeds Rex, and the sentence begins "Rex feeds"; or what I owe Ray, and "Ray owes
        you" does.
        """
        owed, asked = _I_DO_TO.search(self._question), _TO_WHOM.search(self._question)
        if owed is not None and re.match(rf"(?i)\W*{owed['whom']} (?:\w+ )?{owed['does']}\w* (?:you|me)\b", self._all):
            return True
        if asked is None or _MUTUAL.search(self._question):
            return False
        whom = re.escape(asked["whom"].split()[-1])
        begins = re.match(
            rf"(?i)\W*(?:(?:your|our|the|my) )?{whom} (?:(?:will|would|can|is|was|has|had) )?(\w+)", self._all
        )
        does = set(stems(asked["does"]))
        same = begins is not None and any(_among(w, does) for w in stems(begins[1]))
        return same and {"by", "with"}.isdisjoint(map(str.lower, said))

    def _is_what_came_instead(self, said: Sequence[str]) -> bool:
        """Whether the only line says from what to what something changed, and the sentence but to what."""
        found = list(_FROM_TO.finditer(self._lines))
        if len(found) != 1:
            return False
        has, old, new = (stems(text) for text in (" ".join(said), found[0]["old"], found[0]["new"]))
        return has.isdisjoint(old) and not has.isdisjoint(new - self._asked)

    def _is_nobodys(self, word: str) -> bool:
        """A word that says something, stands in no line and not in the question, and is not cut short ("Dec")."""
        known, plain = self._told | self._asked, word.lower()
        cut_short = any(plain.startswith(x) or x.startswith(plain) for x in known if len(x) >= SHORT)
        found = stems(word)
        return (
            word.isalpha() and bool(found) and not (cut_short or numbers(word) or any(_among(w, known) for w in found))
        )

    def _says_told(self) -> bool:
        """Something of what was told that the question does not say."""
        new = [w for w in stems(self._held) if not _among(w, self._asked)]
        return any(_among(w, self._told) for w in new) or bool(numbers(self._held) - self._known)


def _is_named(sign: str, names: str, text: str) -> bool:
    """Whether a text has a currency's sign, or one of its names (one of them, or part of a longer word)."""
    return sign in text or any(name in text.lower() for name in names.split())


def numbers(text: str) -> set[int]:
    """The numbers of a text but 0 and 1, in figures or single English words ("second" may be a length of time); a time
    is two.
    """
    said = (int(w[-DIGITS:]) if w.isdigit() else of_one_word(w) for w in _NUMBER.findall(text.lower()) if w != "second")
    return {n for n in said if n is not None and n > 1}


def _among(word: str, others: set[str]) -> bool:
    """Whether a word, or another form of it, is one of the others."""
    return word in others or any(_alike(word, other) for other in others)


def _alike(a: str, b: str) -> bool:
    n = max(ALIKE, min(len(a), len(b)) - ENDING + 1)
    return abs(len(a) - len(b)) <= ENDING and len(a) >= n and a[:n] == b[:n]
