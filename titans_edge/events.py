"""What a reply is made of, in the order it comes: what it was given, its text, what is to be known, its figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Remembered:
    """What the turn was given from the memory: the routes it came by, rows (how many) and spans, and how sure it was
    (0..1).
    """

    routes: tuple[str, ...]
    rows: int
    confidence: float
    relation: str
    hop: int
    retrieved: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Text:
    """A piece of the reply; tokens: of the reply so far."""

    text: str
    tokens: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Notice:
    """Something the user should know."""

    text: str


@dataclass(frozen=True)
class Done:
    """The reply's figures: seconds to the first token and in all, tokens of prompt and reply, and why it ended.

    stop_reason: "stop" (the model ended it, or a stop text), "length" (max_tokens) or "context" (no position was left).
    """

    first_token: float
    tokens: int
    seconds: float
    stop_reason: str = "stop"
    prompt_tokens: int = 0


Event = Remembered | Text | Notice | Done
