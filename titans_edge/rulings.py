"""What is decided about a span, as values: made by the policy once, kept by the journal, repeated by every replay."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Decision(str, Enum):
    """What becomes of a span."""

    WRITTEN = "written"  # its facts are in the state
    DAMPED = "damped"  # the same, at a smaller learning rate
    KEPT = "kept"  # it holds no fact: text only
    QUARANTINED = "quarantined"  # waits for the user's answer; neither in the state nor recalled
    REPEATED = "repeated"  # says again what waits in quarantine
    REJECTED = "rejected"  # by the user

    def __str__(self) -> str:
        return self.value


RECALLED = (Decision.WRITTEN, Decision.DAMPED, Decision.KEPT)  # may be given back as text


@dataclass(frozen=True)
class Ruling:
    """A decision and its effect.

    scale: of the learning rate, 0..1; confined: written only along directions no key of the user's own has; trust:
    whose word the keys count as from now on, 0..1; policy: version of the rules that decided.
    """

    decision: Decision
    scale: float
    reason: str
    confined: bool = False
    trust: float = 0.0
    policy: int = 0
