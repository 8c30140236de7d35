"""When two texts have the same words: case, punctuation, accents and the way a number is written make no difference.

Knows how words are written. Knows nothing of questions and answers.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

from titans_edge.numerals import figure

_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
_QUOTES = str.maketrans(dict.fromkeys("‘’‚‛′`´", "'") | dict.fromkeys("“”„‟″«»", '"'))
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))
_CURRENCIES = {"£": "pound", "$": "dollar", "€": "euro", "¥": "yen"}
_HISSING = ("x", "z", "ch", "sh", "o")
_SINGULAR = {f"{w}s": w for w in _CURRENCIES.values()}

_THOUSANDS = re.compile(r"(?<=\d)[\u00a0\u2009\u202f](?=\d{3}(?!\d))")  # "1 000" with a space that does not break
_FIGURES = r"(?:\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:[.:]\d+)*)"
_PRICE = re.compile(rf"([£$€¥])\s*({_FIGURES}(?:\s+(?:hundred|thousand|million|billion)\b)?)")
_UNIT = re.compile(rf"(?<![\w.])({_FIGURES})(?=(?:am|pm|kg|km|cm|mm|mg|ml|mph|kb|mb|gb|min|hr|hrs)\b)")
_INITIALS = re.compile(r"(?<![\w.@])[a-z](?:\.[a-z])+(?![\w@])\.?")  # "a.m.", "U.S."
_CJK = "\u3040-\u30ff\u3400-\u9fff"  # written without spaces: each sign is a word
_WORD = re.compile(
    rf"\d+(?:st|nd|rd|th)\b|(?:(?<![^\s(])-)?{_FIGURES}|(?<![\w.])\.\d+|[{_CJK}]|(?:(?![{_CJK}])[^\W_])+"
)
_ADDRESS = re.compile(r"\S*(?:\w@\w|://|www\.)\S*")
_TIME = re.compile(r"0?(\d{1,2}):([0-5]\d)")
_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th)")


@dataclass(frozen=True)
class Word:
    """text: folded, numbers as figures. joined: of one piece with the word before it, as in "K11-4417", "a@b.org".

    apart: something that ends a number stands before it, as the comma in "twenty, five".
    """

    text: str
    joined: bool = False
    apart: bool = False


def has(text: str, phrase: str) -> bool:
    """Whether the phrase's words stand in the text, whole, in their order and with nothing between them; one may be
    the other's plural ("on Tuesdays").
    """
    have, want = words(text), [w.text for w in words(phrase)]
    n = len(want)
    return n > 0 and any(
        all(same(w.text, x) for w, x in zip(have[i : i + n], want, strict=True))
        and not have[i].joined
        and not any(w.joined for w in have[i + n :][:1])
        for i in range(len(have) - n + 1)
    )


def same(one: str, other: str) -> bool:
    """Whether two folded words are one, but for the plural's ending; a day may have its ending ("on the 26th",
    "26 May").
    """
    short, long = sorted((one, other), key=len)
    if short == long or (len(short) == 2 and short.isdigit() and long == f"{short}th"):
        return True
    if not long.isalpha() or len(short) < 3 or short.endswith("s"):
        return False
    return long == f"{short}s" or (short.endswith(_HISSING) and long == f"{short}es") or long == f"{short[:-1]}ies"


def words(text: str) -> list[Word]:
    """The text's words, folded."""
    folded = fold(text)
    addresses = [m.span() for m in _ADDRESS.finditer(folded)]
    out: list[Word] = []
    end = 0
    for m in _WORD.finditer(folded):
        gap, word = folded[end : m.start()], _plain(m.group())
        inside = any(start <= end - 1 and m.end() <= stop for start, stop in addresses) if out else False
        joined = bool(out) and (inside or _joined(out[-1].text, gap, word))
        out.append(Word(word, joined, gap.strip() not in ("", "-")))
        end = m.end()
    return _with_figures(out)


def fold(text: str) -> str:
    """Lower case, plain quotes and dashes, no accents, no invisible characters; "£5" as "5 pound", "%" as a word."""
    text = _THOUSANDS.sub("", text)
    # superscripts and vulgar fractions keep their form: "10²" is not 102, "2½" not 21/2
    text = "".join(c if unicodedata.category(c) == "No" else unicodedata.normalize("NFKC", c) for c in text)
    text = unicodedata.normalize("NFD", text.casefold())
    text = "".join(c for c in text if unicodedata.category(c) not in ("Mn", "Cf"))
    text = text.translate(_LETTERS).translate(_QUOTES).translate(_DASHES)
    text = _PRICE.sub(lambda m: f"{m[2]} {_CURRENCIES[m[1]]}", text)
    text = re.sub(r"\bper cent\b", "percent", text.replace("%", " percent "))
    text = _INITIALS.sub(lambda m: m[0].replace(".", ""), text)
    return _UNIT.sub(r"\1 ", text)


def _plain(word: str) -> str:
    """One way of writing: 1,000 as 1000, 07:40 as 7.40, 9:00 as 9, .5 as 0.5, 3rd as 3th, pounds as pound."""
    if m := _TIME.fullmatch(word):
        return f"{m[1]}.{m[2]}" if m[2] != "00" else m[1]
    if m := _ORDINAL.fullmatch(word):
        return f"{m[1]}th"
    if word.startswith("."):
        return f"0{word}"
    return _SINGULAR.get(word, word.replace(",", ""))


def _joined(before: str, gap: str, word: str) -> bool:
    """Whether two neighbouring words are one thing, so that neither of them is a whole word."""
    if re.match(f"[{_CJK}]", word) or re.match(f"[{_CJK}]", before):
        return False
    if gap in ("", "@"):
        return True
    if gap in (".", ",", ":"):
        return before[-1].isdigit() and word[0].isdigit()
    return gap in ("-", "/") and (word[0].isdigit() or _mixed(before) or _mixed(word))


def _mixed(word: str) -> bool:
    """Letters and digits in one word, as codes have them."""
    return any(map(str.isdigit, word)) and any(map(str.isalpha, word)) and not _ORDINAL.fullmatch(word)


def _with_figures(found: list[Word]) -> list[Word]:
    """Number words, and figures before a scale word ("2 million"), as figures; "minus five" as -5."""
    texts = [w.text for w in found]
    out: list[Word] = []
    at = 0
    while at < len(found):
        stop = next((i for i in range(at + 1, len(found)) if found[i].apart or found[i].joined), len(found))
        number = figure(texts[:stop], at)
        text, end = number or (texts[at], at + 1)
        if out and out[-1].text == "minus" and text[0].isdigit() and not found[at].apart:
            out[-1] = replace(out[-1], text=f"-{text}")
        else:
            out.append(replace(found[at], text=text))
        at = end
    return out
