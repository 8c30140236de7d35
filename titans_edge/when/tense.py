"""Whether a clause looks back or ahead, told by the verb nearest to an expression of time.

Knows English verbs: the irregular ones by a list, the regular ones by their ending. Knows nothing of dates.
"""

from __future__ import annotations

import re
from typing import Literal

from titans_edge.sentence_ends import listed

Tense = Literal["past", "ahead", "unsure"]

_BACK, _ON = 240, 160  # characters looked at before and after an expression
_END = re.compile(r"[.!?;:]\s|\n")
_WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)?")
_HABIT = re.compile(
    r"\b(?:every|each|always|usually|often|normally|generally|never|ever|sometimes|regularly|weekly|daily|monthly|yearly"
    r"|annual|annually|(?:once|twice|times|days|hours|week|month) (?:a|per|in)|rarely|tend|whenever|most|any)\b",
    re.IGNORECASE,
)
_PAST = listed(
    "was were wasn't weren't did didn't had hadn't went came saw met took got gave made found bought brought"
    " caught lost left kept slept felt fell flew drove rode ran swam sang sat stood began broke ate drank wrote"
    " spoke woke wore won sent spent paid built sold taught fought sought held grew knew threw drew blew led"
    " fed fled shot hid bit chose froze stole tore swore rang sank sprang hung dug stuck swung rose shook"
    " forgot forgave meant dealt lent bent hung became overslept burnt"
    " dreamt swept wept crept struck slid spun shone laid lay spilt"
    " ago yesterday"
)
# What was said, arranged or thought then can be about what is still to come; and forms that are past or present.
_UNSURE = listed(
    "said told heard thought learned learnt decided agreed promised booked arranged scheduled planned reserved invited"
    " announced confirmed offered expected wanted hoped asked wished needed understood ordered registered"
    " signed accepted claimed warned forgot put cut set let hit read cost quit shut hurt spread bet beat"
    " postponed rescheduled cancelled canceled used"
)
_AHEAD = listed(
    "will won't shall i'll you'll he'll she'll it'll we'll they'll going gonna is isn't are aren't am i'm you're we're"
    " they're it's he's she's that's there's here's who's what's has have i've we've you've they've hasn't haven't need"
    " needs must can can't cannot could couldn't should shouldn't would wouldn't may might let's want wants plan plans"
    " hope hopes expect do does don't doesn't please remind leaves starts begins opens arrives comes flies meets takes"
    " goes leave start begin open arrive come fly meet take go be tomorrow"
)
_BE = listed(
    "is isn't are aren't am i'm you're we're they're it's he's she's that's there's be being get gets getting becomes"
)
_HAVE = listed("has have i've we've you've they've hasn't haven't having never he's she's it's")
_PARTICIPLES = listed(
    "seen been gone done taken given eaten written driven flown broken chosen spoken forgotten gotten begun known shown"
    " fallen stolen worn torn woken ridden risen sung swum drunk thrown grown drawn hidden bitten frozen become come"
    " run"
)
_NO_VERB = listed(
    "need speed seed feed weed breed red bed shed sled embed hundred indeed exceed succeed proceed bleed freed creed"
    " ted fred alfred jared mohammed ahmed ned ed wed med kindred sacred naked wicked rugged infrared biped shred"
)
_BEFORE_NOUN = listed("the a an my your his her our their its this these those some two three very")
_CAUSES = listed("get getting gets have has having want wants need needs")
_NEW_CLAUSE = listed("i he she we they it and but who that which because so then")
_NO_INFINITIVE = listed(
    "the a an my your his her our their its this that these those it him them me us you work school bed church town"
    " lunch dinner breakfast hospital"
)


def sentence_around(text: str, start: int, end: int) -> tuple[str, str]:
    """What stands in the same sentence before `start` and after `end`, at most some 200 characters each."""
    before, after = text[max(0, start - _BACK) : start], text[end : end + _ON]
    cuts = [m.end() for m in _END.finditer(before)]
    stop = _END.search(after)
    return before[cuts[-1] if cuts else 0 :], after[: stop.start()] if stop else after


def is_habit(before: str, after: str) -> bool:
    """Whether a sentence speaks of what happens again and again."""
    return bool(_HABIT.search(before) or _HABIT.search(after))


def tense(before: str, after: str) -> Tense:
    """The tense of the last verb before an expression of time, or of the first after it where none is known before.

    Ahead without any. Unsure where a past verb leaves it open ("I booked a table on Friday", "I promised to come on
    Friday", "I have seen her on Friday").
    """
    found = _verbs(before)
    if found:
        return found[-1]
    following = _verbs(after)
    return following[0] if following else "ahead"


def _verbs(clause: str) -> list[Tense]:
    """The tenses of a clause's verbs, in order."""
    words = [w.lower().replace("’", "'") for w in _WORD.findall(clause)]
    found: list[Tense] = []
    for i, word in enumerate(words):
        kind = _verb(word, words[max(0, i - 5) : i])
        if found[-1:] == ["past"] and words[i - 1] == "to" and word not in _NO_INFINITIVE and f" to {word}" in clause:
            kind = "unsure"  # not: to Leeds
        if kind is not None:
            found.append(kind)
    return found


def _verb(word: str, previous: list[str]) -> Tense | None:
    regular = len(word) > 3 and word.endswith("ed") and word not in _NO_VERB
    if regular and previous and previous[-1] in _BEFORE_NOUN:
        return None  # my used car
    if word == "got" and previous and (previous[-1] in _HAVE or previous[-1].endswith("'s")):
        return "ahead"
    if regular and _caused(previous):
        return "unsure"
    if word in _PARTICIPLES or regular or (word in _PAST and previous):
        near = previous[-2:]
        if any(w in _HAVE for w in near) and not any(w in ("a", "an", "the") for w in near):
            return "unsure"
        if previous and (previous[-1] in _BE or (previous[-1] in ("not", "now", "all") and previous[-2:][0] in _BE)):
            return "ahead"  # is closed, are invited
    if word in _UNSURE:
        return "unsure"
    if word in _PAST or regular:
        return "past"
    if word.endswith("'d"):
        return "unsure"
    return "ahead" if word in _AHEAD else None


def _caused(previous: list[str]) -> bool:
    """Whether the words before a participle have somebody else do it: "we're getting the sofa delivered"."""
    causes = [i for i, w in enumerate(previous[:-1]) if w in _CAUSES]
    return bool(causes) and not any(w in _NEW_CLAUSE for w in previous[causes[-1] :])
