"""Where a sentence ends: after a full stop that shortens nothing, at a blank line, before an item of a list.

Knows characters and a few English lists of abbreviations and first words. Knows nothing of tokens or of what is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_MARKS = ".!?…。！？｡‼⁇⁈⁉।॥؟۔։።"
_WIDE = "。！？｡"  # end a sentence without a blank after them
CLOSERS = "\"'”’)]}»›」』）】〉》*_"
OPENERS = "\"'“‘«‹([{「『（*_"
_NUMERAL = r"\d{1,2}(?:\.\d{1,2}){0,3}"
_ITEM = rf"[^\S\r\n]*(?:[-*•◦▪‣]|{_NUMERAL}[.)]|[a-z]\)|\#{{1,6}})[^\S\r\n]"  # a list's item or a heading
_STOP = re.compile(
    rf"(?P<line>\n\s*\n|\u2029|(?P<item>\n(?={_ITEM}))|^[^\S\r\n]*\#{{1,6}}[^\S\r\n][^\n]*\n)"
    rf"|(?P<number>^[^\S\r\n]*{_NUMERAL}\.(?=[^\S\r\n]))"
    rf"|(?<![{_MARKS}])(?P<mark>[{_MARKS}]+)(?P<close>[{re.escape(CLOSERS)}]*(?:[ \u00a0\u202f][»›])?)",
    re.MULTILINE,
)
_NEXT = re.compile(rf"\s+[{re.escape(OPENERS)}]{{0,3}}(\w{{1,20}}|[,;:–—-]|)")
_BEFORE = re.compile(r"(?:[^\W\d_]+\.)*[^\W\d_]+$")
_BACK = 60  # characters looked at before a full stop
_LINE = 200  # and before a list's item
_WRAPPED = 40  # characters of a line that goes on in the next


def listed(text: str) -> frozenset[str]:
    """The words of a table, which stands in the code as one text."""
    return frozenset(text.split())


# Before a name, written so, or before an explanation: never the end.
_TITLES = listed("Mr Mrs Ms Mx Dr Prof Messrs Mme Mlle Rev Hon Gen Col Capt Lt Sgt Cmdr Maj Gov Sen Rep Pres Msgr Supt")
_INTRODUCES = listed("e.g i.e vs cf viz a.k.a incl approx esp")
# Before a number.
_NUMBERED = listed(
    "no nos nr p pp vol vols ch fig figs sec art apt rm ext tel ca c est flt"
    " jan feb mar apr jun jul aug sep sept oct nov dec"
)
# Often the last word of a sentence: the end before a capital letter.
_LAST = listed("etc a.m p.m al inc ltd co corp bros rd ave blvd dept")
_DAYS = listed(
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
    " January February March April May June July August September October November December"
)
# Part of a name, like an initial: the end only where a new sentence plainly begins.
_NAMED = listed("st jr sr mr mrs ms dr prof")
_STARTERS = listed(
    "i my your yours his her hers our their its it he she we they you this that these those the a an there here"
    " and but so or if when what where who why how which is are was were do does did can could would should has have"
    " please also then now yes no ok thanks in on at for from by to with after before as because since while"
)
_SUBJECTS = listed("i my he she it we they")  # begin a sentence of somebody who types no capitals
# A capital letter after these is a mark, no initial: block C, plan B; so am I.
_MARKED = listed(
    "appendix area block box building bus case category chapter class column deck door entrance exit exhibit figure"
    " flat floor gate grade group hall hepatitis house item key lane letter level line lot model number option part"
    " pier plan platform point question room route row seat section series shed side size slot stage step table team"
    " terminal tier type unit version vitamin ward wing zone an a am did do than war"
)


def sentence_ends(text: str) -> Iterator[int]:
    """Offsets in a text where sentences end, in order; the end of the text is not among them."""
    return (m.end() for m in _STOP.finditer(text) if _is_end(text, m))


def _is_end(text: str, stop: re.Match[str]) -> bool:
    """Whether a match of _STOP ends a sentence."""
    if stop["item"]:
        return not _wraps(text[max(0, stop.start() - _LINE) : stop.start()])
    if not stop["mark"]:
        return bool(stop["line"])
    after = _NEXT.match(text, stop.end())
    if after is None:
        return any(c in _WIDE for c in stop["mark"])
    following = after[1]
    if stop["close"] and following[:1].islower():  # "Go!" said he
        return False
    if stop["mark"] != ".":
        return True
    initial = text.startswith(".", after.end())
    return not _abbreviates(text[max(0, stop.start() - _BACK) : stop.start()], following, initial)


def _wraps(before: str) -> bool:
    """Whether the line before goes on, so that a dash or number that begins the next is part of its sentence."""
    line = before.rpartition("\n")[2].rstrip()
    return len(line) >= _WRAPPED and line[-1] not in f"{_MARKS}{CLOSERS}:;" and not re.match(_ITEM, line)


def _abbreviates(before: str, following: str, initial: bool) -> bool:
    """Whether a full stop only shortens the last word of `before`. initial: `following` has a full stop itself."""
    found = _BEFORE.search(before)
    if found is None:
        return False
    word, low = found[0], found[0].lower()
    if word in _TITLES or low in _INTRODUCES:
        return True
    if low in _NUMBERED and not _initials(word):
        return following[:1].isdigit()
    if low in _LAST:
        return following in _DAYS or (following != "" and not following[:1].isupper())
    if low in _NAMED or _initials(word):
        capital = following[:1].isupper() or following in _SUBJECTS
        starts = not following or (capital and following.lower() in _STARTERS and not initial)
        previous = before[: found.start()].rstrip().rpartition(" ")[2].lower()
        marked = len(word) == 1 and following[:1].isupper() and previous.lstrip(OPENERS) in _MARKED
        return not starts and not marked
    return False


def _initials(word: str) -> bool:
    """`J`, `U.S`, `Ph.D`: one capital letter, or short parts that begin with one."""
    parts = word.split(".")
    return (len(word) == 1 or len(parts) > 1) and all(len(p) <= 3 and p[0].isupper() for p in parts)
