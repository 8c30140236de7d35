"""A reply that is read from the user's words speaks to him: "I live in Porto" of his is "You live in Porto", and what
he calls "my sister" is no "Her sister".

Knows English pronouns; nothing of how a reply comes about.
"""

from __future__ import annotations

import re

_TO = {
    "i": "you", "i'm": "you're", "i've": "you've", "i'd": "you'd", "i'll": "you'll", "me": "you", "my": "your",
    "mine": "yours", "myself": "yourself", "we": "you", "we're": "you're", "we've": "you've", "we'd": "you'd",
    "we'll": "you'll", "us": "you", "our": "your", "ours": "yours", "ourselves": "yourselves",
}  # fmt: skip
_THEIR = ("his", "her", "their")
_MY = re.compile(r"\b(?:[Mm]y|[Oo]ur) ([a-z]+)\b(?! [a-z]+['’]s\b|['’]s [a-z]+['’]s\b)")
_OTHERS = re.compile(
    r"\b(?:his|her|their|your|its)\b|['’]s [a-z]+|\bin.law\b|[.,;!]\s|\bmy\b.*\b(?:my|our|i)\b", re.IGNORECASE
)
_NEXT = re.compile(r" ([a-z]+)\b", re.IGNORECASE)
_BE = {"am": "are", "was": "were", "wasn't": "weren't"}
_WORD = re.compile(r"(?<![\w@./-])[^\W\d_]+(?:['’](?:m|ve|d|ll|re|t)\b)?(?![\w@/-]|\.\w)", re.IGNORECASE)
_QUOTED = re.compile(r"“[^”]*(?:”|$)|\"[^\"]*(?:\"|$)")
_OPENS = re.compile(r"(?:^|[.!?\n])[\s\"'“‘(*_-]*$")  # what stands before a sentence's first word
# what the model says of itself behind "I"
_OF_ITSELF = re.compile(
    r" (?:am (?:sorry|unable to|an? (?:ai|assistant|language model|helpful))|apologi[sz]e"
    r"|(?:don['’]t|do not) (?:know|have (?:any |that |enough )?information)"
    r"|(?:cannot|can['’]t) (?:help|assist|provide))",
    re.IGNORECASE,
)
_I_TELL = re.compile(r"\b(?:I|we)(?:['’]ve| have| had)? (?:already |just |once )?(?:told|said to|mentioned to) $")
_TOLD_ME = re.compile(r"\b(?:tell|told|telling|given|gave|asked|for|let) $", re.IGNORECASE)
_NUMBERED = re.compile(r"\b(?:queen|king|pope|war|elizabeth|charles|type|part|section|chapter|phase|level) $", re.I)
_A = re.compile(r"\b(?:an?|the|gold|coal|salt|copper) $", re.IGNORECASE)  # "the mine"
BEHIND = 24  # characters behind a pronoun that are looked at


class Addressing:
    """One reply as it comes, to a question."""

    def __init__(self, question: str = "") -> None:
        mine = _MY.findall(question)
        self._mine = frozenset(mine if len(mine) == 1 and not _OTHERS.search(question) else ())
        self._said = ""  # by the reply
        self._at = 0  # so much of that was shown

    def add(self, text: str, *, over: bool = False) -> str:
        """More of the reply; over: no more comes. Returns what may be shown now."""
        self._said += text
        cut = len(self._said) if over else self._open()
        out = _addressed(self._said, self._at, cut, self._mine)
        self._at = cut
        return out

    def _open(self) -> int:
        """From where on what was said cannot be told yet: the first word to change that too little stands behind, or
        the last word.
        """
        last = max(self._at, self._said.rfind(" ") + 1, self._said.rfind("\n") + 1)
        first = (m for m in _WORD.finditer(self._said, self._at) if _plain(m[0]) in {*_TO, *_BE, *_THEIR})
        return min((m.start() for m in first if len(self._said) - m.end() < BEHIND), default=last)


def _addressed(text: str, start: int, end: int, mine: frozenset[str]) -> str:
    """[start, end) of a reply, with the user spoken to. mine: what he calls his."""
    quoted = [m.span() for m in _QUOTED.finditer(text)]
    out, at = "", start
    for m in _WORD.finditer(text, start, end):
        said = "" if any(a <= m.start() < b for a, b in quoted) else _instead(text, m, mine)
        if said:
            out, at = out + text[at : m.start()] + said, m.end()
    return out + text[at:end]


def _instead(text: str, m: re.Match[str], mine: frozenset[str]) -> str:
    """What stands for a word of a reply; "": itself."""
    word, before, behind = _plain(m[0]), text[: m.start()], text[m.end() :]
    if word in _THEIR:
        whose = _NEXT.match(behind)
        first = _OPENS.search(before) is not None
        return _as("your", "", opens=True) if first and whose and whose[1].lower() in mine else ""
    if word == "you":
        return "me" if _I_TELL.search(before) else ""
    opens = _OPENS.search(before) is not None
    if word in _BE:
        he = re.search(r"\b(?:I|i|we) (?:\w+ly |still |also |just |always |never )?$", before)
        if he is None:
            return _as(_BE[word], m[0], opens=opens) if re.match(r" I\b", behind) else ""
        itself = _NUMBERED.search(before[: he.start()]) or _OF_ITSELF.match(f" {word}{behind}")
        return "" if itself else _BE[word]
    if word not in _TO or (word == "mine" and _A.search(before)):
        return ""
    if word == "i" or word.startswith("i'"):
        if _NUMBERED.search(before) or _OF_ITSELF.match(f" am{behind}" if word == "i'm" else behind):
            return ""
        return _as(_TO[word], "", opens=opens)
    if m[0][0].isupper() and not opens:
        return ""  # a name: My Fair Lady, US
    if word in ("me", "us") and _TOLD_ME.search(before) and re.search(r"\byou\b", before, re.IGNORECASE):
        return ""  # you told me
    return _as(_TO[word], "", opens=opens)


def _as(said: str, word: str, *, opens: bool) -> str:
    """With a capital where a sentence opens."""
    return said[0].upper() + said[1:] if opens or word[:1].isupper() else said


def _plain(word: str) -> str:
    return word.lower().replace("’", "'")
