"""What is given of a memory's readout once the backbone has read its spans: those that answer, or that nobody told.

Has the spans read, a few at a time and no more than are needed, and lets `judging` decide. Knows nothing of how a span
is put to the backbone, of conversations, or of replies.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from titans_edge import judging
from titans_edge.asked_for import (
    asks_as_of_now,
    asks_for_several,
    asks_for_the_past,
    asks_of_me,
    gives_the_name,
    is_of_his_life,
    is_of_the_known,
)
from titans_edge.judging import FIRST, SURE
from titans_edge.questions import asks_whether
from titans_edge.sidecar.readout import MemoryReadout
from titans_edge.sources import USER
from titans_edge.text import begins_back, stems, tells_a_change
from titans_edge.wanted import has_the_contact, may_answer, of_another, of_nobody_named

NO_AMOUNT = 0.99  # how likely a span without a number does not answer a question for an amount or a time, at least
CHANGED = 3  # times that what was said is followed through what changed it, at most
SURELY = 0.99  # a message this likely to change one changes that, whatever else it shares words with
AGAIN = 0.98  # how likely a message that tells of no change changes a change, at least
RIVAL = 0.5  # a span that is not given, and answers as likely as that, may be what a later one changes
ALONE = 0.7  # how likely what changed a message, and tells of no change, does not answer by itself, at most
BOTH = 1.5  # log-odds that a message changed another, and that it answers by itself, added, at least
NAMELESS = 1.3  # log-odds that a span does not answer, more where it has none of the names that a question has
NAMED = 0.1  # how likely a span that gives the name which is asked for does not answer, at most
Spans = Sequence[dict[str, Any]]
Read = Callable[[Sequence[Spans]], list[float]]  # how likely each of these texts does not answer; empty: cannot tell
# what the user said after a span, these of it among them, and how likely it changes what that answers
Changes = Callable[[dict[str, Any], Spans], Sequence[tuple[dict[str, Any], float]]]


def chosen(
    readout: MemoryReadout, spans: Spans, question: str, read: Read, changes: Changes | None = None, *, k: int,
    likely: float, askable: bool,
) -> MemoryReadout:  # fmt: skip
    """A readout with at most k of these spans of it, which may answer. likely: the graft's threshold for what nobody
    told; askable: where nothing answers, nobody told it; changes None, or the question is what holds now: the newest
    that surely answers does.
    """
    past, several = asks_for_the_past(question), asks_for_several(question)
    newest = changes is None or asks_as_of_now(question)
    sure = {s["id"]: _with_more(s, spans) for s in readout.behind} if len(readout.rows) else {}
    texts = [[sure.get(s["id"], s)] for s in spans]  # an association's as it would be given: the reply can go on there
    untold = _by_words(spans, question, read(texts[:FIRST]))
    if untold and min(untold) > 1 - SURE and spans[FIRST:]:
        untold = _by_words(spans, question, untold + read(texts[FIRST:]))
    if not (several or readout.maybe or len(readout.rows)):
        two = judging.pairs(spans, untold, question, (*readout.retrieved, *readout.replaced))
        two = [pair for pair in two if any(may_answer(judging.whole(s), question) for s in pair)]
        two = [pair for pair in two if not any(of_another(judging.whole(s), question) for s in pair)]
        if two and (best := judging.together(two, read(two), untold)) is not None:
            return replace(readout, retrieved=two[best])
    if not untold:
        return readout.first(k)
    nobody = judging.nobody_told(spans, untold if past else _without_the_name(spans, untold, question))
    unlikely = judging.probably(nobody, likely, len(spans))
    known, whether = is_of_the_known(question), asks_whether(question) and asks_of_me(question)
    if (
        readout.maybe
        and not is_of_his_life(question)
        and judging.of_the_world(spans, untold, known=known, whether=whether)
    ):
        return readout.first(k)
    seen = {judging.whole(s): u for s, u in zip(spans, untold, strict=False)}

    def alone(span: dict[str, Any]) -> float:
        text = judging.whole(span)
        return seen[text] if text in seen else min(read([[span]]), default=1.0)

    def held_now(kept: Spans) -> Spans:
        if past or several or changes is None:
            return kept
        sure_too = [s for s, u in zip(spans, untold, strict=False) if 1 - u >= SURE and s["kind"] == USER.kind]
        given = {s["id"] for s in kept}
        rivals = [s for s, u in zip(spans, untold, strict=False) if 1 - u >= RIVAL and s["id"] not in given]
        return _now(kept, question, lambda one: changes(one, sure_too), alone, rivals)

    if len(readout.rows):
        if past:
            other = judging.earlier(readout.behind[0], spans, untold)
        else:
            other = judging.outspoken(readout.behind[0], spans, untold, newest=newest)
        if other is None and (now := held_now(readout.behind)) is not readout.behind:
            return replace(readout, rows=readout.rows[:0], retrieved=tuple(now))
        if other is None:
            return replace(readout.first(k), behind=tuple(sure.values()))
        readout = replace(readout, rows=readout.rows[:0])
        if past:
            return replace(readout, retrieved=(other,))
    if askable and judging.surely(nobody, likely, len(spans)):
        return replace(readout, retrieved=(), untold=True)
    kept = judging.judged(spans, untold, k, past=past, several=several, newest=newest)
    kept = list(_of_one_thing(kept, question))
    now = tuple(held_now(kept))
    doubted = askable and unlikely and not any(has_the_contact(judging.whole(s), question) for s in now)
    return replace(readout, retrieved=now, doubted=doubted)


def _of_one_thing(spans: Spans, question: str) -> Spans:
    """Where a question says one word of what it is about ("Where is Mary?"), those that have it, if some do."""
    asked = stems(question)
    having = [s for s in spans if asked & stems(judging.whole(s))] if len(asked) == 1 else []
    return having or spans


def _now(
    kept: Spans, question: str, changes: Callable[[dict[str, Any]], Sequence[tuple[dict[str, Any], float]]],
    alone: Callable[[dict[str, Any]], float], rivals: Spans,
) -> Spans:  # fmt: skip
    """What holds now: in the place of spans, what the user said later and likeliest changes what the first of his own
    answers, and so on with that, where it tells of a change or surely is one. alone: how likely a message by itself
    does not answer; rivals: others that may answer, one of which it may change instead.
    """
    one = min((s for s in kept if s["kind"] == USER.kind), key=lambda s: int(s["id"]), default=None)
    for n in range(CHANGED if one else 0):
        assert one is not None
        later = [(p, s) for s, p in changes(one) if may_answer(judging.whole(s), question)]
        later = [(p, s) for p, s in later if judging.log_odds(p) - judging.log_odds(alone(s)) >= BOTH]
        later = [(p, s) for p, s in later if p >= SURELY or alone(s) <= ALONE or tells_a_change(judging.whole(s))]
        later = [(p, s) for p, s in later if not n or p >= AGAIN or tells_a_change(judging.whole(s))]
        later = [(p, s) for p, s in later if p >= SURELY or not _of_a_rival(s, one, rivals, question)]
        if not later:
            break
        one = max(later, key=lambda x: x[0])[1]
        kept = [one]
    return kept


def _of_a_rival(later: dict[str, Any], one: dict[str, Any], rivals: Spans, question: str) -> bool:
    """Whether a message shares more words, which are not the question's, with another before it than with this one."""
    said = stems(judging.whole(later)) - stems(question)
    shared = len(said & stems(judging.whole(one)))
    others = [s for s in rivals if s["id"] < later["id"] and judging.whole(s) != judging.whole(later)]
    return any(len(said & stems(judging.whole(s))) > shared for s in others)


def _with_more(span: dict[str, Any], read: Spans) -> dict[str, Any]:
    """A span with what was said of the same thing in one breath ("My cat is called Rex. He's brown."), where that was
    read with it.
    """
    said = next((str(s.get("said", "")) for s in read if s["id"] == span["id"]), "")
    after = said.partition(span["text"])[2].strip()
    return {**span, "said": f"{span['text']} {after}"} if begins_back(after) else span


def _without_the_name(spans: Spans, untold: Sequence[float], question: str) -> list[float]:
    """How likely the spans do not answer, likelier where they have none of the names that the question has."""
    without = [of_nobody_named(judging.whole(s), question) for s in spans[: len(untold)]]
    return [judging.likelier(u, NAMELESS * w) for u, w in zip(untold, without, strict=True)]


def _by_words(spans: Spans, question: str, untold: Sequence[float]) -> list[float]:
    """What the backbone does not see: that the user's "my nan Maureen sent socks" says what my nan is called, and that
    nothing without a number says how much something costs.
    """
    out = []
    for s, u in zip(spans, untold, strict=False):
        named = s["kind"] == USER.kind and gives_the_name(s.get("text", ""), question)
        out.append(min(u, NAMED) if named else u if may_answer(judging.whole(s), question) else max(u, NO_AMOUNT))
    return out
