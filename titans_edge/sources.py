"""Where a text comes from, and how far each kind of source is trusted. Knows no rules: those are in `guard`."""

from __future__ import annotations

from dataclasses import dataclass

from titans_edge.errors import UsageError

TRUST = {"user": 1.0, "document": 0.95, "imported": 0.9, "pasted": 0.85, "web": 0.7, "assistant": 0.6}
LABELS = {"user": "you", "assistant": "the model"}  # how a source is named in a reply's footer


@dataclass(frozen=True)
class Source:
    """kind: a key of TRUST; name: a document's name, an address, "" for the user."""

    kind: str
    name: str = ""

    def __post_init__(self) -> None:
        if self.kind not in TRUST:
            raise UsageError(f"There is no kind of source {self.kind!r}.", f"Kinds: {', '.join(TRUST)}.")

    @property
    def trust(self) -> float:
        """0..1: scales the learning rate, and decides who may contradict whom."""
        return TRUST[self.kind]

    @property
    def label(self) -> str:
        return self.name or LABELS.get(self.kind, self.kind)


USER, ASSISTANT = Source("user"), Source("assistant")
