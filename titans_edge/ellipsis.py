"""A question of one name ("And Karen?"), in full: the last one, with that name in the place of whom it was about.

Knows how English puts whom a question is about; where that is not clear, nothing is put in full.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from titans_edge.asked_for import NO_NAME, asks_for_the_past
from titans_edge.framing import Message
from titans_edge.questions import is_question
from titans_edge.text import sentences, stems

_WHOSE = r"(?:my|our|the|his|her|their) [\w-]+"
_NAME = r"[A-ZÀ-Þ][\w-]+"
_AND = re.compile(
    r"(?:(?:ok(?:ay)?|so|but),? )?(?:and what about|and how about|and|what about|how about)\b,? "
    r"|(?P<weak>ok(?:ay)?|so|but)\b,? ",
    re.IGNORECASE,
)
_ONE = re.compile(rf"(?P<whom>(?i:{_WHOSE})(?: {_NAME})?|[\w-]+)(?:'s|s')?")
_WHOM = re.compile(rf"\b(?i:{_WHOSE})(?: {_NAME})?|(?<=\S ){_NAME}")
# behind all of whom a question is about: no colour behind "my favourite"
_BEHIND = re.compile(
    r"'s\b|\W*$| (?:called|named|from|in|on|at|for|now|with|like|likes|live|lives|work|works|do|does|go|come|have|need"
    r"|want|start|starts|begin|end|eat|study|drive|play|leave|arrive|cost|speak|love|hate|born|coming|going|living"
    r"|working|doing|open|close|due|moving|staying)\b"
)
_BARE = re.compile(  # in small letters, behind a verb: "where does mike live"
    r"\b(?:does|do|did|is|are|was|were|has|have|will|can) "
    r"((?!(?:i|you|we|it|he|she|they|that|this|these|those|there|an?|my|our|his|her|their|the|your|not|so)\b)[a-z][\w-]+)"
    r"(?='s\b| )"
)
_NOBODY = re.compile(
    r"\b(?:now|then|today|tonight|tomorrow|yesterday|later|earlier|again|else|more|who|what|when|where|why|how|which"
    r"|next|last|this|that|me|you|us|mine|yours|his|hers|ours|theirs|thanks?|thx|great|cool|nice|good|fine|ok|okay"
    r"|perfect|bye|sad|funny|bad|noted|lol|wait|yes|no)\b",
    re.IGNORECASE,
)
LONGEST = 120  # characters of a question that is taken up


def in_full(message: str, messages: Sequence[Message]) -> str:
    """A message that but names another one, as the question it asks behind the conversation's last one; "": it is none
    such, or nobody can tell.
    """
    plain = " ".join(message.replace("’", "'").split()).rstrip(" ?!.")
    led = _AND.match(plain)
    one = _ONE.fullmatch(plain[led.end() :]) if led else None
    if (
        led is None
        or one is None
        or (led["weak"] and "?" not in message)
        or _NOBODY.search(one["whom"])
        or asks_for_the_past(plain)
        or not _means(one["whom"])
    ):
        return ""
    users = [n for n, m in enumerate(messages) if m.get("role") == "user"]
    if not users:
        return ""
    asked = messages[users[-1]].get("content", "")
    asked = in_full(asked, messages[: users[-1]]) or asked.replace("’", "'")
    last = sentences(asked)[-1:]
    question = last[0].text if last else ""
    if not is_question(question) or len(question) > LONGEST:
        return ""
    about = _about(question, one["whom"])
    if len(about) != 1:
        return ""
    ((start, end),) = about
    return f"{question[:start]}{one['whom']}{question[end:]}"


def _about(question: str, whom: str) -> list[tuple[int, int]]:
    """Where a question says whom it is about: a name stands for a name, where there is one."""
    found = [m.span() for m in _WHOM.finditer(question) if m[0].lower() not in NO_NAME]
    names = [(a, b) for a, b in found if question[a].isupper()]
    found, names = ([(a, b) for a, b in of if len(of) > 1 or _BEHIND.match(question, b)] for of in (found, names))
    if whom[0].isupper():
        return names or found
    if names and " " not in whom:
        return []  # names have a capital here
    if " " in whom:
        return [f for f in found if f not in names] or found
    return names if found else [m.span(1) for m in _BARE.finditer(question)]


def _means(whom: str) -> bool:
    """Whether it is a name or a thing, and no day."""
    return whom.lower() not in NO_NAME and bool(stems(whom))
