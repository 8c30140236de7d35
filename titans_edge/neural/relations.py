"""The relations a graft was trained on, as its file names them: phrases, which of them is tracked, and mirrors.

Knows no relation by name: which there are is the training recipe's business, and stands in the graft.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from titans_edge.errors import GraftError, MemoryStateError
from titans_edge.facts import Phrase


@dataclass(frozen=True)
class Relations:
    """H relations. phrases (H): the relation part of a key; a relation's number is its shard.

    tracked: the relation that is read when a value is what another key holds; mirror (H): the same relation seen from
    the other end, itself where there is none.
    """

    phrases: tuple[Phrase, ...]
    tracked: int
    mirror: list[int]

    def __len__(self) -> int:
        return len(self.phrases)

    def shard(self, text: str) -> int:
        """Where keys of a relation are held. Raises MemoryStateError for one this graft was not trained on."""
        for n, phrase in enumerate(self.phrases):
            if phrase.text == text:
                return n
        raise MemoryStateError(
            f"This graft does not know the relation {text!r}.", "Use the graft that wrote the memory."
        )

    def dump(self) -> str:
        """As the graft file keeps them."""
        rows = [{"text": p.text, "surface": p.surface, "address": p.address} for p in self.phrases]
        return json.dumps({"phrases": rows, "tracked": self.tracked, "mirror": self.mirror})

    @classmethod
    def load(cls, text: str) -> Relations:
        try:
            raw: dict[str, Any] = json.loads(text)
            rows = raw["phrases"]
            phrases = tuple(Phrase(str(r["text"]), 0, 0, tuple(r["surface"]), tuple(r["address"])) for r in rows)
            made = cls(phrases, int(raw["tracked"]), [int(m) for m in raw["mirror"]])
            if not all(type(i) is int and i >= 0 for p in phrases for i in (*p.surface, *p.address)):
                raise ValueError("token ids")
            sound = 0 <= made.tracked < len(phrases) and _is_mirror(made.mirror, len(phrases))
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as e:
            raise GraftError(f"The graft's relations cannot be read ({e!r}).", "Fetch the graft again.") from e
        if not sound or len({p.text for p in phrases}) != len(phrases):
            raise GraftError("The graft's relations do not fit together.", "Fetch the graft again.")
        return made


def _is_mirror(mirror: list[int], n: int) -> bool:
    """Does turning twice lead back?"""
    return len(mirror) == n and all(0 <= m < n and mirror[m] == i for i, m in enumerate(mirror))
