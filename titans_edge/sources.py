"""Where a text comes from, and how far each kind of source is trusted. Knows no rules: those are in `policy`."""

from __future__ import annotations

from dataclasses import dataclass

from titans_edge.errors import UsageError

TRUST = {"user": 1.0, "document": 0.95, "imported": 0.9, "pasted": 0.85, "assistant": 0.6}
LABELS = {"user": "you", "assistant": "the model", "pasted": "pasted", "imported": "imported"}


@dataclass(frozen=True)
class Source:
    """kind: a key of TRUST; name: a document's name, "" for the user."""

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
        """How it is named to people. A document whose name could be taken for another kind of source says so."""
        if self.kind in ("user", "assistant"):
            return LABELS[self.kind]
        # as the eye has it
        seen = " ".join("".join(c for c in self.name if c.isprintable()).split()).casefold()
        plain = self.kind == "document" and seen not in ("", *TRUST, *LABELS.values()) and ":" not in self.name
        return self.name if plain else f"{self.kind}:{self.name}" if self.name else self.kind


USER, PASTED, ASSISTANT = Source("user"), Source("pasted"), Source("assistant")


def named(label: str) -> tuple[str | None, str | None]:
    """(kind, name) a user means by a label; None: any. `you`, `pasted`, `document:you`, `notes.txt`."""
    kinds = {shown: kind for kind, shown in LABELS.items()} | {kind: kind for kind in TRUST}
    if label in kinds:
        return kinds[label], None
    kind, colon, name = label.partition(":")
    return (kind, name) if colon and kind in TRUST else (None, label)
