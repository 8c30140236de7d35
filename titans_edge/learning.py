"""Reading texts into a memory: cut into spans, seen by the reader, written in groups; read anew for another graft."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from titans_edge.backbone.model import Backbone
from titans_edge.backbone.reader import Reader
from titans_edge.backbone.spans import features
from titans_edge.errors import UsageError
from titans_edge.sidecar.client import MemoryClient
from titans_edge.sources import USER, Source
from titans_edge.suspicion import speeches
from titans_edge.text import MAX_SPAN_TOKENS, Span, plain, spans

READ_SPANS = 64  # read and written at once


class Learner:
    """Of a backbone and a memory (None: nothing can be learned, and `reader` is None too)."""

    backbone: Backbone
    memory: MemoryClient | None
    reader: Reader | None

    def learn(
        self, text: str, source: Source = USER, time: float | None = None, *, operation: str = "", part: int = 0
    ) -> Iterator[tuple[int, int]]:
        """Write a text on the fast path: yields (spans, tokens) after each group. `memory.wait` makes sure of it.
        time, operation, part: see `MemoryClient.begin`; groups before `part` are there already.
        """
        if self.memory is None:
            raise UsageError("There is no memory to write to.", "Leave out --no-memory.")
        cut = list(self._spans(plain(text)))
        self.memory.begin(time, operation, part)
        for at in range(part * READ_SPANS, len(cut), READ_SPANS):
            group = cut[at : at + READ_SPANS]
            self._write(group, source, None)
            yield len(group), sum(len(self.backbone.vocab.encode(s.text)) for s in group)

    def catch_up(self, progress: Callable[[int, int], None] = lambda done, of: None) -> int:
        """Read the memory's text anew where another graft or backbone read it last; how many spans that were."""
        if self.memory is None or self.reader is None:
            return 0
        of = left = int(self.memory.info.get("stale", 0))
        while left:
            group = self.memory.unread(READ_SPANS)
            if not group:
                break
            surprises = [float("nan") if s["surprise"] is None else s["surprise"] for s in group]
            read = list(features(self.reader, [s["text"] for s in group], surprises))
            left = self.memory.reread([s["id"] for s in group], read)
            progress(of - left, of)
        return of

    def _spans(self, text: str) -> Iterator[Span]:
        for at, part in speeches(text):
            cut = spans(part, lambda s: len(self.backbone.vocab.encode(s)), MAX_SPAN_TOKENS)
            yield from (moved(s, at) for s in cut)

    def _write(self, cut: Sequence[Span], source: Source, surprises: Sequence[float] | None) -> None:
        assert self.memory is not None and self.reader is not None
        for at in range(0, len(cut), READ_SPANS):
            group = cut[at : at + READ_SPANS]
            known = None if surprises is None else surprises[at : at + READ_SPANS]
            read = list(features(self.reader, [s.text for s in group], known))
            self.memory.write(read, [s.text for s in group], source, [s.start for s in group])


def moved(s: Span, by: int) -> Span:
    return replace(s, start=s.start + by, end=s.end + by)
