"""What crosses the bridge from the runtime to the memory: the words of a span as the backbone sees them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

WORD_TOKENS = 4  # tokens of a word that count; longer words are told apart by their first four
MAX_WORDS = 32

HalfArray = npt.NDArray[np.float16]
IntArray = npt.NDArray[np.int32]


@dataclass(frozen=True)
class SpanFeatures:
    """One span of W words.

    hidden: (W, n_embd), layer L's hidden state at each word's last token.
    address: (W, WORD_TOKENS) canonical token ids of the lower-cased word, -1 where there is none.
    surface: the same of the word as written.
    places: (W, 2) character range [start, end) of each word in the span.
    surprise: mean negative log-likelihood of the span's tokens, nats; NaN where the speaker did not see it.
    """

    hidden: HalfArray
    address: IntArray
    surface: IntArray
    surprise: float = float("nan")
    places: IntArray = field(default_factory=lambda: np.zeros((0, 2), np.int32))

    def __len__(self) -> int:
        return len(self.hidden)
