"""Keys and values of lines that were recalled, kept in this process: the text stays the truth, this is its cache.

A line is read once, after the beginning of a conversation and the list's heading, and set into any conversation after
that. What is kept is bounded, the least recently used leave first, and `clear` drops all: it is called whenever the
memory forgets anything. Nothing of it is ever written to a disk. Knows nothing of sentences or memories.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from titans_edge.backbone.injection import Lines
from titans_edge.backbone.state import Kept, digest_of
from titans_edge.errors import ContextOverflow, ModelError

if TYPE_CHECKING:
    from titans_edge.backbone.speaker import Speaker

LIMIT = 128 << 20  # bytes: some 200 messages with the default backbone
Key = tuple[bytes, tuple[int, ...]]  # digest of what it was read after, its tokens


class KeptLines:
    """limit: bytes. why: for what reason lines were last read as text instead; "": they were not."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit, self.why = limit, ""
        self._kept = OrderedDict[Key, Kept]()

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def bytes(self) -> int:
        """Of all keys and values."""
        return sum(len(k.state) for k in list(self._kept.values()))

    def clear(self) -> None:
        """Nothing is kept any more."""
        self._kept = OrderedDict()

    def texts(self, speaker: Speaker, texts: Sequence[Sequence[int]], begin: int) -> list[Kept]:
        """Each text by itself, read after a speaker's first `begin` tokens if it is new. Raises as `Splice.read`."""
        return self._of(speaker, Lines((), tuple(map(tuple, texts))), begin)

    def place(self, speaker: Speaker, lines: Lines, begin: int) -> None:
        """Set lines in at the end of a speaker's sequence; those that are new are read first, after its first `begin`
        tokens. Where that cannot be, they are read there as text, and `why` says why.
        """
        start, self.why = speaker.length, ""
        try:
            for kept in self._of(speaker, lines, begin):
                speaker.splice.put(kept)
        except (ModelError, ContextOverflow) as e:
            self.why = e.message
            self.clear()
            if speaker.length > start:
                speaker.cut(start, speaker.length)
            speaker.feed(lines.ids)

    def _of(self, speaker: Speaker, lines: Lines, begin: int) -> list[Kept]:
        """The heading and each line, in order."""
        head = speaker.ids[:begin]
        pieces = [((), lines.heading), *((lines.heading, line) for line in lines.lines)]
        keys = [(digest_of((*head, *before)), tuple(ids)) for before, ids in pieces]
        found = {key: self._kept[key] for key in keys if key in self._kept}
        new = {key: piece for key, piece in zip(keys, pieces, strict=True) if key not in found and piece[1]}
        made = speaker.splice.read(begin, list(new.values())) if new else []
        found |= dict(zip(new, made, strict=True))
        self._keep(found)
        return [found[key] for key in keys if key in found]

    def _keep(self, used: dict[Key, Kept]) -> None:
        """Used last; what is over the limit leaves."""
        kept = self._kept
        for key, value in used.items():
            kept[key] = value
            kept.move_to_end(key)
        size = self.bytes
        while kept and size > self.limit:
            size -= len(kept.popitem(last=False)[1].state)
