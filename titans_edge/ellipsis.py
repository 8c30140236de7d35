"""A question of one name ("And Karen?"), in full: the last one, with that name in the place of whom it was about.

Knows how English puts whom a question is about; where that is not clear, nothing is put in full.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from titans_edge.framing import Message
from titans_edge.questions import NO_NAME, asks_for_the_past, is_question
from titans_edge.text import sentences, stems

_WHOSE = r"(?:my|our|the|his|her|their) [\w-]+"
_NAME = r"[A-ZÀ-Þ][\w-]+"
_AND = re.compile(r"(?:and|but|ok|okay|so|what about|how about|and what about|and how about)\b,? ", re.IGNORECASE)
_ONE = re.compile(rf"(?P<whom>{_WHOSE}(?: {_NAME})?|[\w-]+)(?:'s|s')?", re.IGNORECASE)
_ABOUT = re.compile(rf"\b{_WHOSE}(?: {_NAME})?|(?<=\S ){_NAME}")
_BARE = re.compile(  # in small letters, behind a verb: "where does mike live"
    r"\b(?:does|do|did|is|are|was|were|has|have|will|can) "
    r"((?!(?:i|you|we|it|he|she|they|that|this|these|those|there|an?|my|our|his|her|their|the|your|not|so)\b)[a-z][\w-]+)"
    r"(?='s\b| )"
)
_TIME = re.compile(
    r"\b(?:now|then|today|tonight|tomorrow|yesterday|later|earlier|again|else|more|who|what|when|where|why|how|which"
    r"|next|last|this|that)\b",
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
    if one is None or _TIME.search(one["whom"]) or asks_for_the_past(plain) or not _means(one["whom"]):
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
    found = [m.span() for m in _ABOUT.finditer(question) if m[0].lower() not in NO_NAME]
    names = [(a, b) for a, b in found if question[a].isupper()]
    if whom[0].isupper():
        return names or found
    if " " in whom:
        return [f for f in found if f not in names] or found
    return names if found else [m.span(1) for m in _BARE.finditer(question)]


def _means(whom: str) -> bool:
    """Whether it is a name or a thing, and no day."""
    return whom.lower() not in NO_NAME and bool(stems(whom))
