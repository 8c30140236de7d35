"""The policy: every rule about what becomes of a span, in one place. A pure function of a proposal and a standing.

Knows nothing of tensors or files. It is asked once for each span, when it is written; the ruling and its effect stay
in the journal, and no replay asks again. Only forgetting and answering let later spans be decided anew.

Rules, in order; the first that speaks decides:

1. The user's own answer (`/accept`, `/reject`).
2. The user's own words are written as they are.
3. Text that is not what it seems (`suspicion`): control markup, a feigned speaker, an order to a model, hidden or
   look-alike letters -> quarantine; after it, the next few spans of that source too.
4. It holds no fact -> kept as text.
5. Contradiction: it would change what a more trusted source wrote under the same key -> quarantine; said again, it
   is dropped.
6. Crowding: its keys cannot be told from the user's own -> quarantine.
7. Room: one message or document writes only so many spans; the others are kept as text.
8. Surprise: more surprising than what this memory is used to -> a smaller learning rate.
9. Otherwise: written, the learning rate scaled by the source's trust.

What others than the user write is confined: what is read under the user's own keys does not change (`neural.matrix`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

from titans_edge.questions import is_question
from titans_edge.rulings import Decision, Ruling
from titans_edge.sources import Source
from titans_edge.suspicion import TO_A_MODEL, suspect

VERSION = 4  # of the rules; kept with each ruling
ROOM = {"document": 1024, "imported": 1024, "pasted": 96, "assistant": 48}  # writing spans of one message or document
USED_TO, STARTLED = 0.05, 1.5  # pace of the running mean of surprise; how far above it is damped
WATCHED = 3  # spans after one that is not what it seems
REFUSED = 256  # quarantined texts remembered for rule 5
NO_FACT = "no fact in it"
SUSPICIOUS = "suspicious: "  # how the reasons of rule 3 begin


@dataclass(frozen=True)
class Held:
    """What is held already under a key the span would write.

    trust: of the most trusted source that said so; differs: from what the span would write; span: who wrote it last.
    """

    trust: float
    differs: bool
    span: int


@dataclass(frozen=True)
class Proposal:
    """One span. facts: how many it would write; surprise: the largest |held - value| over them; answer: the user's.

    operation: the message or document it is part of; room: its keys can be told from the user's own.
    """

    text: str
    source: Source
    operation: str = ""
    facts: int = 1
    surprise: float = 0.0
    held: tuple[Held, ...] = ()
    answer: bool | None = None
    guarded: bool = True
    room: bool = True


@dataclass(frozen=True)
class Standing:
    """What the policy remembers between spans. Part of every snapshot; starts empty."""

    mean: float = 1.4  # running mean of surprise; |v| of a word that is new is the square root of 2
    operation: str = ""  # the message or document now being read
    used: int = 0  # spans of others than the user it has written
    refused: tuple[str, ...] = ()  # digests of quarantined texts
    wary: tuple[str, int] = ("", 0)  # a source that was not what it seemed, and how many more spans of it are watched

    def state(self) -> dict[str, Any]:
        return {
            "mean": self.mean,
            "operation": self.operation,
            "used": self.used,
            "refused": list(self.refused),
            "wary": list(self.wary),
        }

    @classmethod
    def of(cls, state: dict[str, Any]) -> Standing:
        wary = (str(state["wary"][0]), int(state["wary"][1]))
        return cls(float(state["mean"]), state["operation"], int(state["used"]), tuple(state["refused"]), wary)


def decide(p: Proposal, s: Standing) -> Ruling:
    """The ruling on one proposal."""
    own = p.source.kind == "user" or p.answer is True
    found = _rules(p, s)
    trust = max([1.0 if own else p.source.trust, *(h.trust for h in p.held if not h.differs)])
    confined = p.guarded and not own and found.scale > 0
    return replace(found, confined=confined, trust=trust if found.scale > 0 else 0.0, policy=VERSION)


def after(s: Standing, p: Proposal, ruling: Ruling) -> Standing:
    """The standing after a ruling, whether it was made now or long ago."""
    if p.operation != s.operation:
        s = replace(s, operation=p.operation, used=0)
    if p.guarded and p.source.kind != "user":
        s = _watch(s, ruling, p.source)
    if ruling.decision in (Decision.QUARANTINED, Decision.REPEATED):
        return replace(s, refused=(*s.refused, _digest(p.text))[-REFUSED:])
    if ruling.scale == 0.0 or not p.guarded:
        return s
    used = s.used + (p.source.kind != "user")
    return replace(s, mean=(1 - USED_TO) * s.mean + USED_TO * p.surprise, used=used)


def _rules(p: Proposal, s: Standing) -> Ruling:
    if p.answer is False:
        found = _suspect(p)  # what stands beside it goes on being watched
        return Ruling(
            Decision.REJECTED, 0.0, "rejected by you" if found is None else f"{found.reason}; rejected by you"
        )
    if p.answer or not p.guarded or p.source.kind == "user":
        why = "accepted by you" if p.answer else "your own words" if p.source.kind == "user" else "no guard"
        return Ruling(Decision.WRITTEN, 1.0, why) if _says(p) else _kept()
    return (
        _suspect(p)
        or _wary(p.source, s)
        or (None if _says(p) else _kept())
        or _contradiction(p, s)
        or _crowded(p)
        or _full(p, s)
        or _startled(p, s)
        or Ruling(Decision.WRITTEN, p.source.trust, f"trust of {p.source.kind} text")
    )


def _says(p: Proposal) -> bool:
    """Whether a fact was read in a text that does not ask for it."""
    return p.facts > 0 and not is_question(p.text)


def _kept() -> Ruling:
    return Ruling(Decision.KEPT, 0.0, NO_FACT)


def _suspect(p: Proposal) -> Ruling | None:
    why = suspect(p.text)
    return None if why is None else Ruling(Decision.QUARANTINED, 0.0, f"{SUSPICIOUS}{why}")


def _wary(source: Source, s: Standing) -> Ruling | None:
    name, left = s.wary
    if not left or name != _name(source):
        return None
    return Ruling(Decision.QUARANTINED, 0.0, "stands beside text that is not what it seems")


def _watch(s: Standing, ruling: Ruling, source: Source) -> Standing:
    """After a text that speaks to the model or as another, the next few spans of its source are watched."""
    if ruling.reason.startswith(tuple(f"{SUSPICIOUS}{why}" for why in TO_A_MODEL)):
        return replace(s, wary=(_name(source), WATCHED))
    name, left = s.wary
    return replace(s, wary=(name, left - 1)) if left and name == _name(source) else s


def _contradiction(p: Proposal, s: Standing) -> Ruling | None:
    against = [h for h in p.held if h.differs and h.trust > p.source.trust]
    if not against:
        return None
    if _digest(p.text) in s.refused:
        return Ruling(Decision.REPEATED, 0.0, f"the same contradiction of #{against[0].span} again")
    return Ruling(Decision.QUARANTINED, 0.0, f"contradicts #{against[0].span}, which is more trusted")


def _crowded(p: Proposal) -> Ruling | None:
    return None if p.room else Ruling(Decision.QUARANTINED, 0.0, "too close to what you said yourself")


def _full(p: Proposal, s: Standing) -> Ruling | None:
    used = s.used if p.operation == s.operation else 0
    if used < ROOM[p.source.kind]:
        return None
    return Ruling(Decision.KEPT, 0.0, f"this text has written its {ROOM[p.source.kind]} spans; kept as text")


def _startled(p: Proposal, s: Standing) -> Ruling | None:
    limit = STARTLED * s.mean
    if p.surprise <= limit:
        return None
    return Ruling(Decision.DAMPED, p.source.trust * limit / p.surprise, "more surprising than usual")


def _name(source: Source) -> str:
    return f"{source.kind}:{source.name}"


def _digest(text: str) -> str:
    return hashlib.blake2b(" ".join(text.casefold().split()).encode("utf-8", "replace"), digest_size=8).hexdigest()
