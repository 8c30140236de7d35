"""The guard: every rule about what may be written, in one place. Pure: a proposal and a standing go in, a verdict
comes out.

Knows nothing of tensors or files. The memory process asks it once for each span, in order. (Of one that would write
nothing
it asks only whether it is suspect, rules 3 to 5: then it is withheld from recall.) Its verdicts are part of what a
replay
repeats, so a rule that looked at a clock or a random number would be a fault.

Rules, in order; the first that speaks decides:

1. The user's own ruling (`/accept`, `/reject`).
2. The user's own words are written as they are.
3. Look-alikes: a word that mixes scripts, or hides invisible characters -> quarantine.
4. Role: a text that speaks as another ("user: ...") -> quarantine.
5. Instruction: a text that addresses the model ("ignore previous ...", "remember that ...") -> quarantine; after a role or an
   order to a model, the next few spans of that source too.
6. Contradiction: it would change what a more trusted source wrote under the same key -> quarantine; said again ->
dropped.
7. Crowding: its keys cannot be told from the user's own -> quarantine.
8. Budget: a source may write only so much -> quarantine.
9. Surprise: more surprising than what this memory is used to -> a smaller learning rate.
10. Otherwise: written, the learning rate scaled by the source's trust, and only along directions that no key of the
user's own
    words has (`neural/replay`): what is read under those does not change.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass, field, replace
from typing import Any

from titans_edge.sources import USER, Source

BUDGET = {"document": 384, "imported": 384, "pasted": 96, "web": 48, "assistant": 48}  # writing spans a source
USED_TO, STARTLED = 0.05, 1.5  # pace of the running mean of surprise; how far above it is damped
PASTED = 600  # characters: a longer paragraph in a chat message was hardly typed
WATCHED = 3  # spans after one that speaks to the model
ROLE, ORDER = "speaks as somebody else", "speaks to the model"
REPEATS = 256  # quarantined texts remembered for rule 6

_ROLE = re.compile(
    r"^\W*(?:\[|<\|?|#+\s*)?\s*(?:im_start\W*)?(?:user|human|assistant|system|developer|tool|ai|you|me)\b\s*(?:\]|\|?>)?\s*[:>»]"
    r"|<\|?/?\s*(?:im_start|im_end|endoftext|system|user|assistant)",
    re.I,
)
_ORDER = re.compile(  # speaks to a model: nothing near it is believed either
    r"\b(?:ignore|disregard|forget|override|overwrite|discard)\b.{0,40}\b(?:previous|prior|earlier|above|instructions?|told|memory|"
    r"memories|facts?)\b"
    r"|\bsystem prompt\b|\bnew instructions?\b"
    r"|\b(?:update|correct|change|edit)\b.{0,20}\b(?:memory|records?|facts?|answer)\b"
    r"|\b(?:attention|note|message|instructions?)\W+(?:to|for)\b.{0,20}\b(?:assistant|model|ai|system)\b"
    r"|\b(?:dear )?(?:assistant|ai model|language model|chatbot)\b",
    re.I,
)
_WISH = re.compile(  # could be said to anyone: only the sentence itself is held back
    r"\b(?:remember|memori[sz]e|note|store|record|save|learn|keep in mind|bear in mind)\b\W+(?:that|this|the following|now)\b"
    r"|\bfrom now on\b|\byou (?:must|should|are now|have to|will now)\b"
    r"|\b(?:when|if)\b.{0,30}\basked\b|\b(?:always|never) (?:answer|say|reply|respond)\b"
    r"|\b(?:ignore|disregard|forget)\b.{0,20}\b(?:before|all|any|every|user)\b",
    re.I,
)
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "MATHEMATICAL", "FULLWIDTH")


@dataclass(frozen=True)
class Held:
    """What a bank already holds under a key the span would write.

    trust: of the most trusted source that said so; differs: from what the span would write; span: who wrote it last.
    """

    trust: float
    differs: bool
    span: int
    bank: int = 0


@dataclass(frozen=True)
class Proposal:
    """One span that would write. surprise: the largest |M k - v| over its banks; ruling: the user's word on it, or
    None.
    """

    text: str
    source: Source
    surprise: float
    held: tuple[Held, ...] = ()
    ruling: bool | None = None
    guarded: bool = True
    room: bool = True  # its keys can be written without touching the user's


@dataclass(frozen=True)
class Verdict:
    """decision: written, damped, quarantined, rejected, repeated, withheld. scale: of the learning rate."""

    decision: str
    scale: float
    reason: str


@dataclass(frozen=True)
class Standing:
    """What the guard remembers between spans. Part of every snapshot; starts empty."""

    mean: float = 1.4  # running mean of surprise; |v| of a word that is new is the square root of 2
    used: dict[str, int] = field(default_factory=dict)  # writing spans by source
    refused: tuple[str, ...] = ()  # digests of quarantined texts
    wary: tuple[str, int] = ("", 0)  # a source that spoke to the model, and how many more spans of it are watched

    def state(self) -> dict[str, Any]:
        return {"mean": self.mean, "used": self.used, "refused": list(self.refused), "wary": list(self.wary)}

    @classmethod
    def of(cls, state: dict[str, Any]) -> Standing:
        return cls(
            float(state["mean"]), dict(state["used"]), tuple(state["refused"]), (state["wary"][0], state["wary"][1])
        )


def voices(message: str) -> list[tuple[Source, str]]:
    """A chat message in parts: the user's own words, and what is pasted: fenced, quoted, a transcript, a long
    paragraph.
    """
    out: list[tuple[Source, str]] = []
    fenced = False
    for block in re.split(r"\n\s*\n", message):
        for line in block.splitlines() or [""]:
            fence = line.lstrip().startswith("```")
            pasted = (
                fenced or fence or line.lstrip().startswith(">") or _ROLE.match(line) is not None or len(block) > PASTED
            )
            fenced ^= fence
            source = Source("pasted") if pasted else USER
            if out and out[-1][0] == source:
                out[-1] = (source, f"{out[-1][1]}\n{line}")
            elif line.strip():
                out.append((source, line))
        if out:
            out[-1] = (out[-1][0], out[-1][1] + "\n\n")
    return [(source, text.strip("`\n")) for source, text in out]


def decide(p: Proposal, s: Standing) -> tuple[Verdict, Standing]:
    """The verdict on one proposal, and the standing after it."""
    verdict = _rules(p, s)
    if p.guarded and p.source.kind != "user":
        s = _watch(s, verdict, p.source)
    if verdict.decision in ("quarantined", "repeated"):
        return verdict, replace(s, refused=(*s.refused, _digest(p.text))[-REPEATS:])
    if verdict.scale == 0.0 or not p.guarded:
        return verdict, s
    used = {**s.used, _name(p.source): s.used.get(_name(p.source), 0) + 1}
    return verdict, replace(s, mean=(1 - USED_TO) * s.mean + USED_TO * p.surprise, used=used)


def _rules(p: Proposal, s: Standing) -> Verdict:
    if p.ruling is not None:
        return Verdict("written", 1.0, "accepted by you") if p.ruling else Verdict("rejected", 0.0, "rejected by you")
    if not p.guarded:
        return Verdict("written", 1.0, "no guard")
    if p.source.kind == "user":
        return Verdict("written", p.source.trust, "your own words")
    return (
        suspect(p.text, p.source)
        or _wary(p.source, s)
        or _contradiction(p, s)
        or _crowded(p)
        or _budget(p.source, s)
        or _startled(p, s)
        or Verdict("written", p.source.trust, f"trust of {p.source.kind} text")
    )


def listen(text: str, source: Source, s: Standing) -> tuple[Verdict | None, Standing]:
    """On a span that would write nothing: is it withheld from recall?"""
    if source.kind == "user":
        return None, s
    found = suspect(text, source) or _wary(source, s)
    s = _watch(s, found, source)
    return (None if found is None else replace(found, decision="withheld")), s


def suspect(text: str, source: Source) -> Verdict | None:
    """What is wrong with a text whatever it would write: recall must not hand it to the model either."""
    if source.kind == "user":
        return None
    folded = unicodedata.normalize("NFKC", text)
    if found := _look_alike(text):
        return found
    if _ROLE.search(folded):
        return Verdict("quarantined", 0.0, ROLE)
    if order := _ORDER.search(folded):
        return Verdict("quarantined", 0.0, f"{ORDER}: {order.group()[:40]!r}")
    if wish := _WISH.search(folded):
        return Verdict("quarantined", 0.0, f"instruction-like: {wish.group()[:40]!r}")
    return None


def _wary(source: Source, s: Standing) -> Verdict | None:
    name, left = s.wary
    return (
        Verdict("quarantined", 0.0, "stands beside text that speaks to the model")
        if left and name == _name(source)
        else None
    )


def _watch(s: Standing, verdict: Verdict | None, source: Source) -> Standing:
    """After a text that speaks to the model, the next few spans of its source are watched."""
    if verdict is not None and verdict.reason.startswith((ROLE, ORDER)):
        return replace(s, wary=(_name(source), WATCHED))
    name, left = s.wary
    return replace(s, wary=(name, left - 1)) if left and name == _name(source) else s


def _look_alike(text: str) -> Verdict | None:
    hidden = next((c for c in text if unicodedata.category(c) in ("Cf", "Co", "Cn", "Cs")), None)
    if hidden is not None:
        return Verdict("quarantined", 0.0, f"invisible character U+{ord(hidden):04X}")
    for word in re.findall(r"[^\W\d_]+", text):
        scripts = {next((s for s in _SCRIPTS if unicodedata.name(c, "").startswith(s)), "") for c in word}
        if len(scripts - {""}) > 1 or scripts & {"MATHEMATICAL", "FULLWIDTH"}:
            return Verdict("quarantined", 0.0, f"look-alike letters in {word!r}")
    return None


def _contradiction(p: Proposal, s: Standing) -> Verdict | None:
    against = [h for h in p.held if h.differs and h.trust > p.source.trust]
    if not against:
        return None
    if _digest(p.text) in s.refused:
        return Verdict("repeated", 0.0, f"the same contradiction of #{against[0].span} again")
    return Verdict("quarantined", 0.0, f"contradicts #{against[0].span}, which is more trusted")


def _crowded(p: Proposal) -> Verdict | None:
    return None if p.room else Verdict("quarantined", 0.0, "too close to what you said yourself")


def _budget(source: Source, s: Standing) -> Verdict | None:
    allowed = BUDGET[source.kind]
    if s.used.get(_name(source), 0) < allowed:
        return None
    return Verdict("quarantined", 0.0, f"{source.label} has used its {allowed} writes")


def _startled(p: Proposal, s: Standing) -> Verdict | None:
    limit = STARTLED * s.mean
    if p.surprise <= limit:
        return None
    return Verdict("damped", p.source.trust * limit / p.surprise, "more surprising than usual")


def _name(source: Source) -> str:
    return f"{source.kind}:{source.name}"


def _digest(text: str) -> str:
    return hashlib.blake2b(" ".join(text.casefold().split()).encode(), digest_size=8).hexdigest()
