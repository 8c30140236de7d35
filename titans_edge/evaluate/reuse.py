"""Long texts share their background: what the reader saw of a sentence is kept and given again, not computed anew.

A span's hidden states depend on its text alone, so this saves time and changes nothing; `agreement` shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from titans_edge.backbone.batch import FloatArray
from titans_edge.backbone.reader import Reader
from titans_edge.chat import Chat
from titans_edge.errors import UsageError
from titans_edge.evaluate import runner
from titans_edge.evaluate.cases import Case
from titans_edge.evaluate.runner import Answer
from titans_edge.features import HalfArray

CHECKED = 20  # cases that are read plainly as well
MOST = 8e9  # bytes kept; then all begins anew


class KeepingReader(Reader):
    """A reader that reads each span of tokens once. Kept as features are, in half precision."""

    def __init__(self, like: Reader) -> None:
        super().__init__(like.backbone, like.layer, like.max_spans)
        self._kept: dict[tuple[int, ...], HalfArray] = {}
        self._bytes = 0

    def read(self, spans: Sequence[Sequence[int]]) -> Iterator[FloatArray]:
        """As `Reader.read`, rounded to half precision."""
        if self._bytes > MOST:
            self._kept.clear()
            self._bytes = 0
        wanted = [tuple(s) for s in spans]
        new = [s for s in dict.fromkeys(wanted) if s not in self._kept]
        for ids, hidden in zip(new, super().read(new), strict=True):
            self._kept[ids] = hidden.astype(np.float16)
            self._bytes += self._kept[ids].nbytes
        for ids in wanted:
            yield self._kept[ids].astype(np.float32)


@contextmanager
def kept(chat: Chat) -> Iterator[None]:
    """Inside, the chat's reader keeps what it reads. Raises UsageError where there is no memory to read for."""
    plain = chat.session.reader
    if plain is None:
        raise UsageError("Nothing is read without a memory.", "Leave --reuse out.")
    with KeepingReader(plain) as reader:
        chat.session.reader = reader
        try:
            yield
        finally:
            chat.session.reader = plain


def agreement(chat: Chat, cases: Sequence[Case], mode: str, done: Sequence[Answer]) -> tuple[int, int]:
    """(how many cases were read plainly as well, how many of them were answered the same): spread over all of them."""
    some = cases[:: max(1, len(cases) // CHECKED)][:CHECKED]
    before = {a.id: a.answer for a in done if a.mode == mode}
    again = runner.run(chat, some, mode)
    return len(again), sum(a.answer == before[a.id] for a in again)
