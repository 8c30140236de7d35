"""Features of many texts, read once through llama.cpp and kept: training goes over them again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from titans_edge.backbone.reader import Reader
from titans_edge.backbone.spans import features
from titans_edge.features import SpanFeatures
from titans_edge.text import words

CHUNK = 2048


class FeatureCache:
    """text -> SpanFeatures, as flat arrays: word i of text t is row start[t] + i."""

    def __init__(self) -> None:
        self.index: dict[str, int] = {}
        self.start: list[int] = []
        self.length: list[int] = []
        self.surprise: list[float] = []
        self._hidden: list[np.ndarray] = []
        self._address: list[np.ndarray] = []
        self._surface: list[np.ndarray] = []
        self._rows = 0

    def add(self, text: str, f: SpanFeatures) -> None:
        self.index[text] = len(self.start)
        self.start.append(self._rows)
        self.length.append(len(f))
        self.surprise.append(f.surprise)
        self._hidden.append(f.hidden)
        self._address.append(f.address)
        self._surface.append(f.surface)
        self._rows += len(f)

    def fill(self, reader: Reader, texts: Iterable[str], progress: Callable[[int], None] = lambda n: None) -> None:
        """Read those of `texts` that are not here yet."""
        missing = [t for t in dict.fromkeys(texts) if t not in self.index]
        for at in range(0, len(missing), CHUNK):
            part = missing[at : at + CHUNK]
            for text, f in zip(part, features(reader, part), strict=True):
                self.add(text, f)
            progress(len(part))

    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """hidden (R, n_embd) float16; address, surface (R, N) int32, N as the longest word needs."""
        widest = max(p.shape[1] for p in (*self._address, *self._surface))
        self._hidden = [np.concatenate(self._hidden)]
        self._address = [np.concatenate([_wide(p, widest) for p in self._address])]
        self._surface = [np.concatenate([_wide(p, widest) for p in self._surface])]
        return self._hidden[0], self._address[0], self._surface[0]

    def save(self, path: Path) -> None:
        hidden, address, surface = self.arrays()
        tmp = path.with_suffix(".tmp.npz")
        np.savez(
            tmp,
            hidden=hidden,
            address=address,
            surface=surface,
            length=np.array(self.length, np.int32),
            surprise=np.array(self.surprise, np.float32),
            texts=np.array(list(self.index)),
        )
        tmp.replace(path)

    @classmethod
    def load(cls, path: Path) -> FeatureCache:
        cache = cls()
        with np.load(path) as z:
            cache._hidden, cache._address, cache._surface = [z["hidden"]], [z["address"]], [z["surface"]]
            cache.length, cache.surprise = z["length"].tolist(), z["surprise"].tolist()
            cache.index = {str(t): i for i, t in enumerate(z["texts"])}
        cache.start = np.concatenate([[0], np.cumsum(cache.length)[:-1]]).astype(int).tolist()
        cache._rows = sum(cache.length)
        return cache

    def words(self, text: str) -> list[str]:
        """The words features were taken of."""
        return [w.text for w in words(text)][: self.length[self.index[text]]]


def _wide(part: np.ndarray, columns: int) -> np.ndarray:
    return np.pad(part, ((0, 0), (0, columns - part.shape[1])), constant_values=-1)
