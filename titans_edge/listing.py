"""Questions for all that was told ("What do you know about me?"), and which of the user's sentences they want.

Knows English ways to ask so; nothing of a journal, nor of how it is said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from titans_edge.sentence_ends import listed
from titans_edge.text import content_words

MOST = 12  # sentences, the newest
_TOPIC = r"(?: (?:about|of|on|regarding) (?P<topic>[^?!,;]{1,60}?))?"
_AT_A_TIME = r"(?: [\w' -]{1,40})?\W*$"
_END = r"(?: (?:so far|already|today|now|until now|up to now|then|please|by now|at the moment))*\W*$"
_YOU_KNOW = r"you (?:already |currently |actually |still )?(?:know|remember|recall|have (?:stored|saved))"
_I_TOLD = (
    r"(?:have i|did i|i have|i've|i) (?:ever |already |just )?(?:told|tell|said|say|mentioned|mention|taught|teach)"
)
_ALL = (
    r"(?:(?:so|and|ok|okay|hey|hi|hello|well|please|now|can you|could you|would you)\b[,.!]* )*(?:(?:"
    rf"what (?:else |all |things )?(?:do|did|can) {_YOU_KNOW}"
    r"|what (?:else |all )?(?:have you|did you) (?:learn(?:ed|t)?|remember(?:ed)?|stored?|memori[sz]ed?)"
    rf"|(?:what|which things) (?:all |else )?{_I_TOLD}(?: (?:to )?you)?"
    r"|(?:tell me|list|show(?: me)?|summari[sz]e|recap|repeat|give me|remind me of)"
    rf" (?:everything|all|all the things|what|anything|the things)(?: that)? (?:{_YOU_KNOW}|{_I_TOLD}(?: you)?)"
    r"|do you (?:know|remember) (?:anything|something)|tell me (?:everything|all)"
    rf"){_TOPIC}|tell me about (?:me|myself|us)|describe me|what(?: is|'s) in your memory)"
)
_AT_ANY_TIME, _THEN = (re.compile(f"{_ALL}{end}", re.IGNORECASE) for end in (_END, _AT_A_TIME))
_BEHIND = re.compile(r" (?:about|of|on|regarding) (?P<topic>[^?!,;]{1,60})\W*$", re.IGNORECASE)
_LAST = re.compile(
    r"(?:(?:so|and|ok|okay|hey|well)\b,? )*(?:what did i (?:just|last) (?:tell|say|mention)(?: (?:to )?you)?"
    r"|what (?:was|is) the last thing (?:that )?i (?:told you|said|mentioned)|what have i just (?:told you|said))\W*$",
    re.IGNORECASE,
)
_SELF = {"me", "myself", "us", "our family", "my life", "my family and me"}
_OURS = re.compile(r"\b(?:my|our)\b", re.IGNORECASE)
_ABOUT_ME = re.compile(r"\b(?:about (?:me|myself|us)|describe me)\W*$", re.IGNORECASE)
_TIMES = listed(
    "today yesterday last this past week month year day weekend morning afternoon evening night monday tuesday"
    " wednesday thursday friday saturday sunday january february march april may june july august september october"
    " november december ago since two three four few days weeks months"
)
_BY_ME = re.compile(r"\bi(?:'ve| have| did)?\b", re.IGNORECASE)
_OF_HIM = re.compile(r"\b(?:i|me|my|mine|we|us|our|ours|i['’]m|i['’]ve)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Listing:
    """What a question asks for: all that was told of a topic (""; of anything), of the user himself, or the last thing
    told.
    """

    topic: str = ""
    sure: bool = True  # that is no subject of general knowledge
    himself: bool = False
    last: bool = False

    @property
    def words(self) -> str:
        """The topic's words, without what says whose it is."""
        return " ".join(re.sub(r"['’]s?$", "", w) for w in content_words(self.topic))


def asks_for_all(question: str, *, then: bool = False) -> Listing | None:
    """Whether a question is for all that was told, and of what; None: it asks for something else. then: it names a time
    of telling.
    """
    question = " ".join(question.split()).replace("’", "'")
    if _LAST.match(question):
        return Listing(last=True)
    found = (_THEN if then else _AT_ANY_TIME).match(question)
    if found is None:
        return None
    topic = (_BEHIND.search(question) or found)["topic"] or "" if then else found["topic"] or ""
    topic = " ".join(w for w in topic.split() if not then or w.lower() not in _TIMES)
    if topic.lower() in _SELF or _ABOUT_ME.search(found[0]):
        return Listing(himself=True)
    if topic and not content_words(topic):
        return None  # "her"
    return Listing(topic, sure=not topic or bool(_OURS.search(topic) or _BY_ME.search(found[0])))


def told_of(spans: Sequence[dict[str, Any]], wanted: Listing) -> list[dict[str, Any]]:
    """Of the user's sentences, in the order of telling, those a question wants: at most MOST."""
    if wanted.last:
        return list(spans[-1:])
    if wanted.topic:
        name = re.compile(rf"(?<=\S ){re.escape(wanted.topic[:1].upper() + wanted.topic[1:])}\b")
        known = wanted.sure or any(name.search(s["text"]) for s in spans)  # penguins are the world's
        return list(spans[-MOST:]) if known else []
    own = [s for s in spans if wanted.himself and _OF_HIM.search(s["text"])]
    return (own or list(spans))[-MOST:]
