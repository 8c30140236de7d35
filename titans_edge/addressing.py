"""A reply that is read from the user's words speaks to him: "I live in Porto" of his is "You live in Porto".

Knows English pronouns; nothing of how a reply comes about.
"""

from __future__ import annotations

import re

_TO = {
    "i": "you", "i'm": "you're", "i've": "you've", "i'd": "you'd", "i'll": "you'll", "me": "you", "my": "your",
    "mine": "yours", "myself": "yourself", "we": "you", "we're": "you're", "we've": "you've", "we'd": "you'd",
    "we'll": "you'll", "us": "you", "our": "your", "ours": "yours", "ourselves": "yourselves",
}  # fmt: skip
_BE = {"am": "are", "was": "were"}
_WORD = re.compile(r"(?<![\w@-])[^\W\d_]+(?:['’](?:m|ve|d|ll|re)\b)?(?![\w@-])")
_QUOTED = re.compile(r"“[^”]*(?:”|$)|\"[^\"]*(?:\"|$)")
_OPENS = re.compile(r"(?:^|[.!?\n])[\s\"'“‘(*_-]*$")  # what stands before a sentence's first word
# what the model says of itself behind "I"
_OF_ITSELF = re.compile(
    r" (?:(?:do not|don['’]t|cannot|can['’]t|can not) (?:know|have|remember|recall|help|assist|provide|answer|find|see)"
    r"|am (?:sorry|not sure|unable|afraid|an? )|apologi[sz]e|remember|know that|hope)",
    re.IGNORECASE,
)
_I_TELL = re.compile(r"\b(?:I|we)(?:['’]ve| have| had)? (?:already |just |once )?(?:told|said to|mentioned to) $")
_TOLD_ME = re.compile(r"\b(?:tell|told|telling|given|gave|asked|for|let) $", re.IGNORECASE)
BEHIND = 24  # characters behind a pronoun that are looked at


class Addressing:
    """One reply as it comes."""

    def __init__(self) -> None:
        self._said = ""  # by the reply
        self._at = 0  # so much of that was shown

    def add(self, text: str, *, over: bool = False) -> str:
        """More of the reply; over: no more comes. Returns what may be shown now."""
        self._said += text
        cut = len(self._said) if over else self._open()
        out = _addressed(self._said, self._at, cut)
        self._at = cut
        return out

    def _open(self) -> int:
        """From where on what was said cannot be told yet: the first pronoun that too little stands behind, or the last
        word.
        """
        last = max(self._at, self._said.rfind(" ") + 1, self._said.rfind("\n") + 1)
        first = (m for m in _WORD.finditer(self._said, self._at) if m[0].lower().replace("’", "'") in _TO)
        return min((m.start() for m in first if len(self._said) - m.end() < BEHIND), default=last)


def _addressed(text: str, start: int, end: int) -> str:
    """[start, end) of a reply, with the user spoken to."""
    quoted = [m.span() for m in _QUOTED.finditer(text)]
    out, at, were = "", start, False  # were: "you" came just before, and what follows may be its verb
    for m in _WORD.finditer(text, start, end):
        word = m[0].lower().replace("’", "'")
        said = _BE.get(word, "") if were else ""
        if not said and not any(a <= m.start() < b for a, b in quoted):
            said = _instead(text, m, word)
        were = word in ("i", "we") and bool(said)
        if said:
            out, at = out + text[at : m.start()] + said, m.end()
    return out + text[at:end]


def _instead(text: str, m: re.Match[str], word: str) -> str:
    """What stands for a word of a reply; "": itself."""
    said, before, behind = _TO.get(word, ""), text[: m.start()], text[m.end() :]
    if not said:
        return _told_me(before, word)
    opens = _OPENS.search(before) is not None
    if word == "i" or word.startswith("i'"):
        if not m[0][0].isupper() and word != "i":
            return ""
        if re.search(r"[A-ZÀ-Þ][\w-]* $", before) and not _OPENS.search(before.rstrip().rpartition(" ")[0] + " "):
            return ""  # Elizabeth I
        if _OF_ITSELF.match(behind if word == "i" else f" am{behind}" if word == "i'm" else ""):
            return ""
    elif m[0][0].isupper() and not opens:
        return ""  # a name: My Fair Lady, US
    if word in ("me", "us") and _TOLD_ME.search(before) and re.search(r"\byou\b", before, re.IGNORECASE):
        return ""  # you told me
    return said[0].upper() + said[1:] if opens else said


def _told_me(before: str, word: str) -> str:
    """ "I told you" of the user is "you told me"."""
    if word != "you":
        return ""
    return "me" if _I_TELL.search(before) else ""
