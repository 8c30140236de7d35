"""Which of the spans that were found answer a question, once the backbone has read each with it. Knows numbers, and
which words two spans share.

Two eyes look at a span and a question: the matcher, and the backbone behind the graft's soft prompt. Each says how
likely the span answers.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Container, Sequence
from typing import Any

from titans_edge.grounding import numbers
from titans_edge.sources import TRUST
from titans_edge.text import stems, tells_a_change

JUDGED = 16  # spans that are read with a question, at most
SHARE = 0.01  # a span the matcher finds less likely than this share of the likeliest is not read
FIRST, SURE = 5, 0.8  # so many are read first, the others only where none of these answers as likely as that
BESIDE = 0.2  # weight of the matcher's log-odds beside the backbone's
SURELY = 0.8  # a span answers a question that may be about the world only where it is as likely as that
HARMLESS = 0.6  # as likely as that where the user's own words would be quoted
DOUBT, SURER = 0.7, 0.4  # from so many log-odds below the graft's threshold to so many above, the reply decides
BLIND = 0.98  # a span this likely does not answer
HALF = 0.5  # weight of the matcher's log-odds beside the backbone's where nobody may have told
USUAL, MANY = 8, 1.0  # of so many spans the threshold holds; of n it is MANY ln(n / USUAL) log-odds lower
WORLD = 0.4  # both eyes' log-odds that a span answers a question that may be about the world, at least
NEAR = 1.0  # a span whose log-odds of answering are so much below the best one's is not given
NOW = 0.4  # a later span that tells of a change says what holds now where it is so likely to answer
ONCE, EVEN = 0.3, 0.5  # an earlier one says what held before: of the same thing, and of something else
ALONE = 0.75  # where a span answers as likely as that, no two are read together
EITHER = 0.5  # nor two of which either answers, and the later one tells of a change
PAIRS = 4  # of two spans, read together at most
OF_FEW = 3  # spans that a word stands in, at most, for it to join two
NO_JOINT = {"called", "named", "name"}  # words that join none
TOGETHER, GAIN = 0.87, 1.4  # two answer so likely, and so many log-odds likelier than any alone
RIVAL = 3.0  # of spans that surely answer, one as near as that to the best may say what holds instead


def worth_reading(spans: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of the spans (with the matcher's `match`, best first) that may answer."""
    best = max((float(s["match"]) for s in spans), default=0.0)
    return [s for s in spans if s["match"] >= SHARE * best]


def judged(
    spans: Sequence[dict[str, Any]], untold: Sequence[float], k: int, *, past: bool, several: bool, newest: bool = True
) -> list[dict[str, Any]]:
    """`answering` of spans with the matcher's `match`, of which as many as untold has were read."""
    read = list(zip(spans, untold, strict=False))
    sure = {s["id"] for s, u in read if 1 - u >= SURE}
    both = [s | {"match": likely(s["match"], u)} for s, u in read]
    return answering(both, k, sure, past=past, several=several, newest=newest)


def answering(
    spans: Sequence[dict[str, Any]], k: int, sure: Container[int] = (), *, past: bool = False, several: bool = False,
    newest: bool = True,
) -> list[dict[str, Any]]:  # fmt: skip
    """Spans with both eyes' `match` (0..1): at most k, the likeliest first. sure: numbers of those that surely answer.

    Where the user himself said such, the newest of them about the same thing, which says what holds now; past: the
    oldest; several: all of them, for a question that more than one may answer. Else those that are not far less likely
    than the best, and so where newest is false: somebody else knows what holds now. None that another one took the
    place of (`replaced_by`), but for the past.
    """
    ranked = sorted(spans, key=lambda s: float(s["match"]), reverse=True)
    odds = {s["id"]: log_odds(s["match"]) for s in ranked}
    held = [s for s in ranked if past or odds.get(s.get("replaced_by"), -math.inf) < odds[s["id"]] - NEAR]

    def near(gap: float) -> list[dict[str, Any]]:
        return [s for s in held if odds[held[0]["id"]] - odds[s["id"]] <= gap]

    if not (newest or past or several):
        return near(NEAR)[:k]
    rivals = [s for s in near(RIVAL) if s["id"] in sure and s["kind"] == held[0]["kind"] == "user"]
    rivals = [s for s in rivals if s in near(NEAR) or _same_thing(s, held[0])]
    if rivals and not several:
        chosen = [(min if past else max)(rivals, key=lambda s: int(s["id"]))]
    else:
        chosen = (rivals or near(NEAR))[:k]
    if past:
        return _before(chosen, held)
    return chosen if several else _since(chosen, held)


def _before(chosen: list[dict[str, Any]], held: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """For the past: where what was chosen tells of a change, the user's likeliest word before it on the same thing."""
    if not chosen or not tells_a_change(chosen[0].get("text", "")):
        return chosen
    earlier = [s for s in held if s["kind"] == chosen[0]["kind"] == "user" and s["id"] < chosen[0]["id"]]
    likely_so = [s for s in earlier if s["match"] >= (ONCE if _same_thing(s, chosen[0]) else EVEN)]
    return likely_so[:1] or chosen


def _since(chosen: list[dict[str, Any]], held: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """For what holds now: in the place of one span, the user's newest word after it that tells of a change in the same
    thing and may answer.
    """
    if len(chosen) != 1:
        return chosen
    later = [s for s in held if s["kind"] == chosen[0]["kind"] == "user" and s["id"] > chosen[0]["id"]]
    later = [s for s in later if s["match"] >= NOW and _same_thing(s, chosen[0]) and tells_a_change(s.get("text", ""))]
    if numbers(whole(chosen[0])):  # what takes the place of a number has one
        later = [s for s in later if numbers(whole(s))]
    return [max(later, key=lambda s: int(s["id"]))] if later else chosen


def _same_thing(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two spans share a word."""
    return one is other or bool(stems(one.get("text", "")) & stems(other.get("text", "")))


def outspoken(
    one: dict[str, Any], spans: Sequence[dict[str, Any]], untold: Sequence[float], *, newest: bool = True
) -> dict[str, Any] | None:
    """Of spans of which as many as untold has were read, one of a source no less trusted that surely answers where this
    one, which was read too, does not, or (newest) that was told after it; None: this one stands.
    """
    read = list(zip(spans, untold, strict=False))
    sure = [s for s, u in read if 1 - u >= SURE and TRUST[s["kind"]] >= TRUST[one["kind"]]]
    if all(s["id"] != one["id"] for s, _ in read):
        return None
    if any(s["id"] == one["id"] for s in sure):
        sure = [s for s in sure if newest and s["id"] > one["id"] and s["kind"] == one["kind"] == "user"]
    return max(sure, key=lambda s: int(s["id"]), default=None)


def earlier(one: dict[str, Any], spans: Sequence[dict[str, Any]], untold: Sequence[float]) -> dict[str, Any] | None:
    """For the past, of spans of which as many as untold has were read: what the user said before this one, which was
    read too and tells of a change in it. None: this one stands.
    """
    read = [s | {"match": likely(s["match"], u)} for s, u in zip(spans, untold, strict=False)]
    ranked = sorted(read, key=lambda s: float(s["match"]), reverse=True)
    found = _before([s for s in ranked if s["id"] == one["id"]], ranked)
    return found[0] if found and found[0]["id"] != one["id"] else None


def pairs(
    spans: Sequence[dict[str, Any]], untold: Sequence[float], question: str, found: Sequence[dict[str, Any]] = ()
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Spans to be read together, in the order of telling, where none surely answers alone: one of the two likeliest,
    and one that a word joins to it which is not the question's ("Gideon's car", "Gideon drives a Fiat"). found: what
    was not worth reading alone, and may be joined too.
    """
    read = [(s, u) for s, u in zip(spans, untold, strict=False)]
    if not read or 1 - min(untold) >= ALONE:
        return []
    every = {s["id"]: s for s in (*spans, *found)}
    words = {n: stems(whole(s)) - stems(question) - NO_JOINT for n, s in every.items()}
    often = Counter(w for found in words.values() for w in found)
    out: dict[tuple[int, int], tuple[dict[str, Any], dict[str, Any]]] = {}
    for one, _ in sorted(read, key=lambda r: likely(r[0]["match"], r[1]), reverse=True)[:2]:
        joining = {w for w in words[one["id"]] if often[w] <= OF_FEW}
        for other in every.values():
            if joining & words[other["id"]] and whole(one) not in whole(other) and whole(other) not in whole(one):
                first, second = sorted((one, other), key=lambda s: int(s["id"]))
                out.setdefault((first["id"], second["id"]), (first, second))
    either = {s["id"] for s, u in read if 1 - u >= EITHER}
    rivals = {ids for ids, (_, later) in out.items() if either.issuperset(ids) and tells_a_change(later["text"])}
    return [pair for ids, pair in out.items() if ids not in rivals][:PAIRS]


def together(
    two: Sequence[tuple[dict[str, Any], dict[str, Any]]], untold: Sequence[float], alone: Sequence[float]
) -> int | None:
    """Which of the pairs answers, where one surely does and no span alone as well. alone: how likely each span does
    not.
    """
    if not two or len(untold) < len(two):
        return None
    best = min(range(len(two)), key=lambda i: untold[i])
    gain = log_odds(min(alone)) - log_odds(untold[best])
    return best if 1 - untold[best] >= TOGETHER and gain >= GAIN else None


def whole(span: dict[str, Any]) -> str:
    """A span with what was said around it in one breath, where it came with that."""
    return str(span.get("said") or span.get("text", ""))


def likely(match: float, untold: float) -> float:
    """How likely (0..1) a span answers, by what the matcher says and how likely the backbone finds that it does not."""
    return 1 / (1 + math.exp(log_odds(untold) - BESIDE * log_odds(match)))


def nobody_told(spans: Sequence[dict[str, Any]], untold: Sequence[float]) -> float:
    """How likely (0..1) none of the spans answers: the log-odds of both eyes. spans: with the matcher's `match`;
    untold: how likely the backbone finds that each does not. What surely does not is not looked at by the other eye.
    """
    seen = [s for i, s in enumerate(spans) if i >= len(untold) or untold[i] < BLIND] or spans
    return 1 / (1 + math.exp(HALF * max(log_odds(s["match"]) for s in seen) - log_odds(min(untold))))


def of_the_world(
    spans: Sequence[dict[str, Any]], untold: Sequence[float], *, known: bool = False, whether: bool = False
) -> bool:
    """Of a question that may be about the world, whether it is as far as anybody can tell: either eye has its doubts
    that one of the spans answers. spans, untold: as in `nobody_told`; known: it speaks of a thing as known to both,
    which the matcher need not see; whether: the user's own words would answer, which do no harm.
    """
    both = max(log_odds(s["match"]) for s in spans) - log_odds(min(untold))
    return (both < WORLD and not known) or 1 - min(untold) < (HARMLESS if whether else SURELY)


def surely(untold: float, threshold: float, n: int) -> bool:
    """Whether nobody told, so likely that no reply need be tried. threshold: the graft's; n: spans that may answer, of
    many one more often seems to.
    """
    return _doubt(untold, n) >= log_odds(threshold) + SURER


def probably(untold: float, threshold: float, n: int) -> bool:
    """Whether nobody told, where the reply that was tried is not read from the spans."""
    return _doubt(untold, n) >= log_odds(threshold) - DOUBT


def _doubt(untold: float, n: int) -> float:
    return log_odds(untold) + MANY * math.log(max(n, USUAL) / USUAL)


def likelier(share: float, by: float) -> float:
    """A probability, its log-odds raised."""
    raised = share * math.exp(by)
    return raised / (raised + 1 - share)


def log_odds(share: float) -> float:
    """Of a probability, which is held within a millionth of certain."""
    held = min(max(share, 1e-6), 1 - 1e-6)
    return math.log(held / (1 - held))
