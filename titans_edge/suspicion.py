"""What gives a text away whatever it says: marks of a chat template, orders to a model, hidden or look-alike letters;
and which parts of a chat message are pasted.

Knows characters and a few fixed phrases. Knows nothing of sources, trust, keys or of what a memory holds: a lie in
plain words is the policy's business, which knows who said otherwise. So a pattern stands here only if honest prose
does not have it; `evaluate/alarms` counts how often that is wrong.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise

PASTED = 600  # characters: a longer paragraph was hardly typed, unless it speaks of "I" and "my"
PERSONAL = 180  # characters: the user's own long paragraph says "I" or "my" once in so many
SPEECH = 800  # characters by which a side of a chat is known
MARKUP, SPEAKER, ORDER = "has marks of a chat template", "speaks as a side of a chat", "gives orders to a model"
HIDDEN, LOOK_ALIKE = "hides characters", "has look-alike letters"
TO_A_MODEL = (MARKUP, SPEAKER, ORDER)  # reasons that begin so: what stands next to such a text is dubious too

_MARKUP = re.compile(
    r"(?i:<\|[a-z0-9_▁]{2,40}\|>"
    r"|< {0,2}\|? {0,2}/?(?:im_start|im_end|im_sep|endoftext|begin_of_text|end_of_text|eot_id"
    r"|start_header_id|end_header_id)\b"
    r"|</?(?:start_of_turn|end_of_turn|tool_call|tool_response|think)>"
    r"|<</?sys>>)"
    r"|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\]"
)

_LINE = r"^[ >*_`\"'“‘-]*"  # a line's beginning, with marks of quotation and emphasis
_SIDE = r"(?:user|human|(?:ai |virtual )?assistant)"
_SPEAKER = re.compile(
    rf"{_LINE}{_SIDE}[*_`]*\s*:[*_`]*\s*(?:\S+\s+){{2}}\S"  # "User: admin" is a form that was filled in
    rf"|{_LINE}system[*_`]*\s*:(?=.{{0,200}}\byour?\b)"
    rf"|{_LINE}###\s*(?:{_SIDE}|system)[*_`]*(?:(?:\s*:|[ \t]*[\r\n])\s*\S|\s*:?\s*\Z)"  # or a heading by itself
    rf"|{_LINE}\[\s*(?:{_SIDE}|system)\s*\]\s*:"
    rf"|\[\s*/\s*(?:{_SIDE}|system)\s*\]"
    r"|<(user|human|assistant|system)>\s*\S+\s+\S+\s[\s\S]{0,400}</\1>",
    re.I | re.M,
)
_BREAK = re.compile("\r\n?|[\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")  # as str.splitlines has them
_MACHINES = frozenset({"assistant", "ai", "ai assistant", "bot", "chatbot", "chatgpt"})
_SIDES = re.compile(
    rf"{_LINE}(?:###\s*)?(user|human|you|me|system|{'|'.join(sorted(_MACHINES))})(?: said)?[*_`]*\s*(?:[:：]|$)", re.I
)
_QUOTE = re.compile(r"[ \t]*>(?:[ \t]*>)*(?=[^\W_]|[\s\"'“‘(\[*`#~-]|$)[ \t]*")  # not the face >_<
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
_PERSONAL = re.compile(
    r"\b(?:I|my|me|mine|myself|ich|mich|mir|mein\w*|je|mon|mes|yo|mi|я|мне|меня|мо[йяёеи])\b|我|私|僕|俺", re.I
)

_DO = (  # where an order begins: "disregard", "Disregard", "please disregard", not "told the jury to disregard"
    r"(?:^|[.!?:;,>\"'“”‘’()\[\]*#—–-]\s*|\b(?=(?-i:[A-Z]))"
    r"|\b(?:please|kindly|now|just|and|then|you (?:must|should|will|need to|have to|to))\s+)"
)
_DROP = r"(?:ignore|disregard|forget|override|overrule|overwrite|discard|bypass)"
_ANY = r"(?:(?:all|any|every|each|of|the|these|those|your|my|our|other|and|or)\s+){0,5}"
_MODEL = (  # "Dear Ai," is somebody's name
    r"(?:(?-i:AI|A\.I\.|ai)(?: (?:assistant|model|agent|system))?"
    r"|LLM|(?:large )?language model|chat ?bot|virtual assistant)s?"
)
_ALL = r"(?:everything|anything|whatever|what|all)"
_ORDER = re.compile(
    "|".join(
        (
            rf"{_DO}{_DROP} {_ANY}(?:previous|prior|earlier|preceding|foregoing|above|original|initial|system) {_ANY}"
            r"(?:instructions?|prompts?|directives?|facts?)\b",
            rf"{_DO}{_DROP} (?:all|any|your)\b {_ANY}instructions?"
            r" (?:above|before|given|you (?:were|have|received))\b",
            rf"{_DO}{_DROP} {_ALL}(?: that)? you(?:['’]ve| have| had)? (?:been|were|was)"
            r" (?:told|taught|instructed|given)"
            r"(?=\s*(?:$|[.!,;:]|before|earlier|previously|so far|until|above|by|and))",
            rf"\b{_DROP} {_ALL} (?:that )?(?:the|your) user (?:has |had |just |ever )?"
            r"(?:said|says|told|wrote|claimed|stated)\b",
            rf"{_DO}(?:{_DROP}|leak|reveal) {_ANY}system prompt\b",
            rf"{_DO}(?:print|show|repeat|output) (?:me )?your (?:full |entire |whole )?system prompt\b",
            rf"{_DO}(?:update|correct|change|edit|amend|modify|overwrite|rewrite|erase|delete|clear|wipe|purge|reset)"
            r" (?:all (?:of )?)?your (?:(?:own|long-term|internal|stored|permanent) )*memor(?:y|ies)\b"
            r"(?! (?:cards?|sticks?|foam|modules?|chips?|settings?|cache|usage)\b)",
            rf"\boverwrite {_ALL}(?: that)? you (?:know|remember|learned|learnt|stored)\b",
            rf"{_DO}(?:save|store|write|add|put|record|insert) (?:this|that|it|these|the following|what follows)"
            r"(?: \w+){0,2} (?:in|to|into) your (?:(?:long-term|internal|permanent) )*(?:memory|knowledge base)\b",
            r"\b(?:remember|memori[sz]e|note|store|save) (?:this|that|it), (?:assistant|ai|chat ?bot|language model)\b",
            rf"\b(?:note|notes|message|memo|instructions?|attention|reminder)[,:]? (?:to |for )?{_ANY}{_MODEL}"
            r"(?=\s*(?:[:!;]|reading\b|processing\b|$))",
            r"\bnote to (?:the|my|our|this) assistant\s*:",
            rf"\bnew (?:system )?instructions? (?:for|to) {_ANY}(?:{_MODEL}|assistant)(?=\s*(?:[:.!,]|follow\b|$))",
            rf"{_DO}(?:dear|hey|hello|attention)[,:]? {_MODEL}\s*[,:!]",
            # the same first order in other languages
            r"\b(?:ignoriere?|vergiss|vergesse) (?:alle|sämtliche|deine|die) (?:\w+ )?"
            r"(?:vorherigen|bisherigen|früheren) (?:an)?weisungen",
            r"\b(?:ignore[zr]?|oublie[zr]?) (?:toutes )?(?:les|tes|vos) (?:instructions|consignes) précédentes",
            r"\b(?:ignor[ae]|olvid[ae]) (?:todas )?(?:las|tus|sus) instrucciones (?:anteriores|previas)",
            r"\b(?:ignora|dimentica) (?:tutte )?le istruzioni precedenti",
            r"\b(?:ignor[ea]|esqueça) (?:todas )?as instruções anteriores",
            r"(?:игнорируй|забудь)(?:те)? (?:все )?(?:предыдущие|прежние) (?:инструкции|указания)",
            r"(?:忽略|无视|無視)掉?你?(?:之前|以前|先前|上面|以上|上述)?的?(?:所有|全部)?(?:之前|以前|先前)?的?"
            r"(?:指令|指示)",
            r"(?:これまで|以前|前)の(?:すべての)?(?:指示|命令)を(?:すべて)?無視(?:して|しろ|せよ)",
        )
    ),
    re.I | re.M,
)

# Letters whose words are written from left to right and joined by nothing invisible: Latin, Greek, Cyrillic.
_L = "[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0370-\u03ff\u0400-\u052f\u1e00-\u1fff]"
_OWN_USE = "\ue000-\uf8ff\U000f0000-\U0010fffd"
_WITHIN = re.compile(  # a soft hyphen belongs there; of invisible operators sin(x) has one before its one letter
    f"(?<={_L})(?:[\u034f\u115f\u1160\u180e\u200b-\u200f\u2060\u3164\ufe00-\ufe0f\ufeff\uffa0{_OWN_USE}]+(?={_L})"
    f"|[\u2061-\u2064]+(?={_L}{_L}))"
)
_IN_A_ROW = re.compile(f"[\ufe00-\ufe0f\U000e0100-\U000e01ef]{{3,}}|[{_OWN_USE}]{{3,}}|[\ud800-\udfff]")
_UNSEEN = re.compile("[\u200b-\u200d\u2060-\u2064\ufeff]{4,}")  # the same one again and again spells nothing: Khmer
_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f")  # of Scotland, say
_TAG = re.compile("[\U000e0000-\U000e007f]+")
_TURNED = re.compile("([\u202d\u202e])([^\u202c\u2066-\u2069]*)")

_WORD = re.compile("(?:[^\\W\\d_]|[\u0300-\u036f])+")
_ALIKE = {  # letters that cannot be told from Latin ones
    "CYRILLIC": frozenset("асеорхуіѕјһԁԛԝӏкАВСЕНІЈКМОРЅТХУҮԌ"),
    "GREEK": frozenset("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧοϲϳϹ"),
    "ARMENIAN": frozenset("օոսհցզՕՍ"),
    "CHEROKEE": frozenset("ᎪᏴᏟᎠᎬᎻᎫᏦᏞᎷᎾᏢᏒᏚᎢᏙᏔᎩᏃ"),
    "LISU": frozenset("ꓮꓐꓚꓓꓰꓝꓖꓧꓲꓙꓗꓡꓟꓠꓳꓑꓣꓢꓔꓴꓦꓪꓫꓬꓜ"),
}
_SYMBOLS = frozenset("αγικνρυχ")  # Greek letters that science adds to words: TNFα, hν, NFκB, νmax, sinαcosα
_MATHS = frozenset(
    ("sin", "cos", "tan", "cot", "sec", "csc", "log", "exp", "max", "min", "lim", "mod", "det", "dim", "gcd", "arg",
     "sup", "inf", "abc", "ijk", "ijkl")
)  # fmt: skip
_CAPITALS = "\u2102\u210a-\u2115\u2119-\u211d\u2124\u2128\u212c-\u2134"  # ℋ and the like: the holes in that alphabet
_STYLED = re.compile(
    f"[\U0001d400-\U0001d6a3{_CAPITALS}]{{3,}}|[\uff21-\uff3a\uff41-\uff5a]{{3,}}"
    "|[\u24b6-\u24e9\U0001f130-\U0001f149\U0001f150-\U0001f169\U0001f170-\U0001f189]{3,}"
)
_EAST_ASIAN = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]")


def suspect(text: str) -> str | None:
    """Why a sentence of somebody other than the user is withheld whatever it says; None: nothing is wrong with it.

    Give it the sentence with its line breaks: whether a line begins as a side of a chat can be seen only there. The
    answer begins with MARKUP, SPEAKER, ORDER, HIDDEN or LOOK_ALIKE and names what was found.
    """
    if not text.isascii() and (found := _hidden(text) or _look_alike(text)):
        return found
    lines = "\n".join(" ".join(line.split()) for line in _visible(text).splitlines())
    one_line = lines.replace("\n", " ")
    for what, pattern, where in ((MARKUP, _MARKUP, lines), (SPEAKER, _SPEAKER, lines), (ORDER, _ORDER, one_line)):
        if match := pattern.search(where):
            return f"{what}: {' '.join(match.group().split())[:40]!r}"
    return None


def speeches(text: str) -> Iterator[tuple[int, str]]:
    """A text in parts, each with its offset: a line that begins as a side of a chat begins a part, and a heading that
    names one is a part.

    Sentences are cut, and their white space folded, within each part; so `suspect` still sees where such a line begins.
    """
    starts = [0]
    lines = [0, *(m.end() for m in _BREAK.finditer(text)), len(text)]
    for start, end in pairwise(lines):
        if _SPEAKER.match("\n".join(_visible(text[start : start + SPEECH]).splitlines())):
            starts += [start, end] if "###" in text[start:end] else [start]
    cuts = sorted({*starts, len(text)})
    yield from ((start, text[start:end]) for start, end in pairwise(cuts))


def _visible(text: str) -> str:
    """Without the difference between look-alike forms of a letter, and without what one does not see."""
    if text.isascii():
        return text
    return "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")


def _hidden(text: str) -> str | None:
    """Characters one does not see that carry text, cut a word in two, or turn letters around."""
    code = next((run for run in _UNSEEN.findall(text) if len(set(run)) > 1), "")
    match = _WITHIN.search(text) or _IN_A_ROW.search(text) or _TAG.search(_FLAG.sub("", text))
    if found := code or (match.group() if match else ""):
        return f"{HIDDEN}: U+{ord(found[0]):04X}"
    turned = _turned(text)
    return turned and f"{HIDDEN}: U+{ord(turned):04X} turns letters around"


def _turned(text: str) -> str | None:
    """The mark that shows letters in another order than they are read in; those Arabic and Hebrew need do not."""
    for mark, scope in _TURNED.findall(text):
        ways = {unicodedata.bidirectional(c) for c in scope}
        if ("L" in ways) if mark == "\u202e" else (ways & {"R", "AL"}):
            return str(mark)
    ways = {unicodedata.bidirectional(c) for c in text}
    needless = re.search("[A-Za-z]{2}", text) and not ways & {"R", "AL"}
    return next((c for c in text if c in "\u202b\u2067"), None) if needless else None


def _look_alike(text: str) -> str | None:
    words = _WORD.findall(unicodedata.normalize("NFC", text))
    native = {script for word in words for script in _ALIKE if _whole(word, script)}
    for word in words:
        if not word.isascii() and (_mixed(word, native) or _symbol_within(word)):
            return f"{LOOK_ALIKE}: {word[:40]!r}"
    for run in _STYLED.findall(text):
        letters = "".join(unicodedata.name(c)[-1] for c in run).lower()  # "MATHEMATICAL BOLD CAPITAL M"
        wide = "\uff21" <= run[0] <= "\uff5a" and _EAST_ASIAN.search(text)
        if not wide and letters not in _MATHS and 0 < len(re.findall("[aeiou]", letters)) < len(letters):
            return f"{LOOK_ALIKE}: {run[:40]!r}"
    return None


def _whole(word: str, script: str) -> bool:
    """Whether a word is of that script alone, with a letter that Latin has nothing like: then the text is in it."""
    return all(_script(c) == script for c in word) and not set(word) <= _ALIKE[script]


def _mixed(word: str, native: set[str]) -> bool:
    """A word of Latin letters and look-alikes only; in a text of the other script an ending is none (PDFа)."""
    scripts = [_script(c) for c in word if not unicodedata.combining(c)]
    if len(scripts) < 3 or "LATIN" not in scripts:
        return False
    for script, alike in _ALIKE.items():
        others = {c for c in word if _script(c) == script}
        switches = sum(a != b for a, b in pairwise(scripts))
        if others and others <= alike and (script not in native or switches > 1):
            return True
    return False


def _symbol_within(word: str) -> bool:
    """A Greek letter of science amid a word where science puts none: pαssword, not NFκB, sinαcosα or νmax."""
    for at, c in enumerate(word[1:-1], 1):
        if c in _SYMBOLS and len(word) > 3:
            runs = re.findall("[A-Za-z]+", word)
            plain = word[at + 1].islower() and (at == 1 or word[at - 1].islower())
            beside = word[at - 1].isascii() and word[at + 1].isascii()
            if plain and beside and sum(map(len, runs)) > 2 and not _MATHS & {r.lower() for r in runs}:
                return True
    return False


def _script(c: str) -> str:
    return unicodedata.name(c, "").split(" ", 1)[0]


@dataclass(frozen=True)
class Voice:
    """A part of a chat message: text stands at message[start : start + len(text)], without white space around it."""

    pasted: bool
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def voices(message: str) -> list[Voice]:
    """A chat message in parts, in order: the user's own words and what is pasted.

    Pasted is what is fenced (``` or ~~~, to the end if the fence is never closed), quoted ("> ", a part for each
    line), a line that speaks as a side of a chat, all of a transcript, and a long paragraph that does not speak of "I"
    and "my" or that is announced by a colon. Fence lines and quote marks belong to no part, so a message of nothing
    else has none.
    """
    lines = list(_lines(message))
    chat = _transcript(lines)
    parts: list[tuple[bool, int, int]] = []
    announced = False
    for paragraph in _paragraphs(lines):
        long = paragraph[-1].end - paragraph[0].start > PASTED
        strange = long and (announced or not _personal(message[paragraph[0].start : paragraph[-1].end]))
        announced = paragraph[-1].text.endswith(":")
        for line in paragraph:
            in_chat = line.start >= chat.start and paragraph[0].start < chat.stop
            pasted = line.pasted or strange or in_chat or _SPEAKER.match(line.text) is not None
            first = line.start
            if parts and parts[-1][0] == pasted and not message[parts[-1][2] : first].strip():
                first = parts.pop()[1]  # only white space is between: one part
            parts.append((pasted, first, line.end))
    return [Voice(pasted, message[start:end], start) for pasted, start, end in parts]


def _lines(message: str) -> Iterator[Voice]:
    """Each line without white space, marks of quotation and fence lines; an empty text where a paragraph may end."""
    fence, fence_quoted, start = "", False, 0
    for line in message.splitlines(keepends=True):
        quote = _QUOTE.match(line) if fence_quoted or not fence else None
        if fence_quoted and not quote:
            fence, fence_quoted = "", False
        at = quote.end() if quote else 0
        mark = _FENCE.match(line, at)
        if fence:
            if mark and mark[1].startswith(fence) and not line[mark.end() :].strip():
                fence, fence_quoted = "", False
                yield Voice(False, "", start)
            else:
                yield _part(True, line, at, len(line), start)
        elif mark and (close := line.find(mark[1], mark.end())) >= 0:  # opened and closed in one line
            yield _part(True, line, mark.end(), close, start)
            yield _part(quote is not None, line, close + len(mark[1]), len(line), start)
        elif mark:
            fence, fence_quoted = mark[1], quote is not None
            told = len(line[mark.end() :].split()) > 1  # one word names a language
            yield _part(True, line, mark.end() if told else len(line), len(line), start)
        else:
            yield _part(quote is not None, line, at, len(line), start)
        start += len(line)


def _part(pasted: bool, line: str, start: int, end: int, at: int) -> Voice:
    text = line[start:end]
    return Voice(pasted, text.strip(), at + start + len(text) - len(text.lstrip()))


def _paragraphs(lines: list[Voice]) -> Iterator[list[Voice]]:
    """Neighbouring lines that are all pasted or all not, up to an empty one; a first line "See:" stands alone."""
    for (_, full), group in groupby(lines, lambda line: (line.pasted, bool(line.text))):
        some = list(group)
        if full and some[0].text.endswith(":"):
            yield [some.pop(0)]
        if full and some:
            yield some


def _transcript(lines: list[Voice]) -> range:
    """From the first to past the last line that names a side of a chat, if a machine and another one speak in it."""
    said = [(line.start, m[1].lower()) for line in lines if not line.pasted and (m := _SIDES.match(line.text))]
    names = {name for _, name in said}
    if not names & _MACHINES or names <= _MACHINES:
        return range(sys.maxsize, sys.maxsize)
    return range(said[0][0], said[-1][0] + 1)


def _personal(paragraph: str) -> bool:
    return len(_PERSONAL.findall(paragraph)) * PERSONAL >= len(paragraph)
