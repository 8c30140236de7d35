"""Clean-up memory: from what was read, with its noise, to the very phrase that was written (Plate 1995, section 3).

Holds the phrases that are values of what was written, each once. Knows nothing of where they are held.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from titans_edge.facts import Phrase
from titans_edge.neural.contents import Contents


class Cleanup:
    """Phrases and their surface vectors, in the order they were first written."""

    def __init__(self, contents: Contents) -> None:
        self.contents, self.phrases = contents, list[Phrase]()
        self._index: dict[tuple[int, ...], int] = {}
        self._vectors = np.zeros((64, contents.dim), np.float32)

    def __len__(self) -> int:
        return len(self.phrases)

    def add(self, phrase: Phrase) -> None:
        if phrase.surface in self._index:
            return
        n = len(self.phrases)
        if n == len(self._vectors):
            self._vectors = np.concatenate([self._vectors, np.zeros_like(self._vectors)])
        self._vectors[n] = self.contents.phrase(phrase.surface).numpy()
        self._index[phrase.surface] = n
        self.phrases.append(phrase)

    def cut(self, n: int) -> None:
        """Back to the first n phrases."""
        for phrase in self.phrases[n:]:
            del self._index[phrase.surface]
        del self.phrases[n:]

    def nearest(self, vector: Tensor) -> Phrase | None:
        """The phrase whose surface is nearest to what was read (d,); None where nothing was written."""
        if not self.phrases:
            return None
        alike = torch.from_numpy(self._vectors[: len(self.phrases)]) @ vector
        return self.phrases[int(alike.argmax())]
