"""What a memory answers to a message, as it crosses the bridge."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from titans_edge.backbone.injection import Prompt
from titans_edge.sidecar.protocol import Reply, unpack

Fields = dict[str, Any]  # a span, a ruling or another record, as the journal shows it


@dataclass(frozen=True)
class MemoryReadout:
    """Rows (N, n_embd) for the backbone (N = 0: none), how sure the memory is (0..1), and the spans retrieved."""

    rows: npt.NDArray[np.float32]
    confidence: float
    relation: str
    hop: int
    retrieved: tuple[Fields, ...] = ()
    behind: tuple[Fields, ...] = ()  # the spans the rows rest on
    plain: bool = False  # one of them says the answer as it was asked for
    untold: bool = False  # it was asked for something the user might have told, and nobody did
    recited: tuple[tuple[int, ...], ...] = ()  # sentences out of the state alone, as token ids, best first
    replaced: tuple[Fields, ...] = ()  # spans that were found, and that one of `retrieved` likely took the place of
    prompt: Prompt | None = None  # to be set in behind the question and each of the spans: do they answer it?
    maybe: bool = False  # the question may be about the world: only spans that surely answer are for it
    listing: bool = False  # all of the spans are asked for, in this order
    doubted: bool = False  # nobody told is likely: a reply that is not read from what was found would be invented

    def sure(self) -> MemoryReadout:
        """Without spans for a question that may be about the world."""
        return replace(self, retrieved=(), replaced=(), maybe=False) if self.maybe else self

    def first(self, k: int) -> MemoryReadout:
        """`sure`, with k spans at most."""
        return replace(self, retrieved=self.retrieved[:k]).sure()

    @classmethod
    def empty(cls, n_embd: int) -> MemoryReadout:
        """The answer of no memory."""
        return cls(np.zeros((0, n_embd), np.float32), 0.0, "", 0)

    @classmethod
    def of(cls, reply: Reply, prompt: Prompt | None) -> MemoryReadout:
        """What the memory process says to `retrieve`; prompt: the graft's."""
        r = reply.result
        return cls(
            np.asarray(unpack(reply.arrays["rows"]), np.float32),
            r["confidence"],
            r["relation"],
            r["hop"],
            tuple(r["retrieved"]),
            tuple(r.get("behind", ())),
            r.get("plain", False),
            r.get("untold", False),
            tuple(tuple(tokens) for tokens in r.get("recited", ())),
            tuple(r.get("replaced", ())),
            prompt,
            maybe=r.get("maybe", False),
        )
