"""What crosses the bridge from the runtime to the memory: the words of a span as the backbone sees them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

MAX_WORDS = 32  # of a span

HalfArray = npt.NDArray[np.float16]
IntArray = npt.NDArray[np.int32]


@dataclass(frozen=True)
class SpanFeatures:
    """One span of W words, each of up to N tokens (N as the longest needs).

    hidden: (W, n_embd), layer L's hidden state at each word's last token.
    address: (W, N) canonical token ids of the lower-cased word, -1 where there is none.
    surface: the same of the word as written.
    places: (W, 2) character range [start, end) of each word in the span.
    surprise: mean negative log-likelihood of the span's tokens, nats; NaN where the speaker did not see it.
    """

    hidden: HalfArray
    address: IntArray
    surface: IntArray
    places: IntArray
    surprise: float = float("nan")

    def __len__(self) -> int:
        return len(self.hidden)


def padded(rows: list[tuple[int, ...]]) -> IntArray:
    """Token ids of words as one array (W, N), -1 behind the shorter ones."""
    out = np.full((len(rows), max([1, *map(len, rows)])), -1, np.int32)
    for row, ids in zip(out, rows, strict=True):
        row[: len(ids)] = ids
    return out


def word_ids(rows: IntArray) -> list[tuple[int, ...]]:
    """Each word's token ids (W, N), without what pads them."""
    return [tuple(i for i in row if i >= 0) for row in rows.tolist()]
