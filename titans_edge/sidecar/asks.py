"""What an open memory is asked: rows of the association it is sure of, spans for the text, where an answer came from.

Reads journal and fold; changes neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice, takewhile
from typing import Any

import torch

from titans_edge.asked_for import names_a_thing
from titans_edge.errors import UnknownReply
from titans_edge.features import SpanFeatures
from titans_edge.journal import Entry, Journal
from titans_edge.neural.graft import Graft
from titans_edge.neural.memory import Readout
from titans_edge.sidecar.fold import Fold
from titans_edge.sidecar.recall import BESIDE, Recalled, recall, told_later
from titans_edge.sidecar.retrieval import (
    ABOUT,
    LIKELY,
    MAYBE,
    Found,
    about_what_was_told,
    rank,
    retrieve,
    told_between,
)

EXPLAINED = 64  # replies whose reads are known, the last ones
DRAWN = 200  # writes a reply names of one read, at most: the shares of the others are next to nothing
RECITED = 4  # sentences out of the state alone, at most
PAGE = 1024  # spans replayed between two reports, and two chances of a snapshot
Progress = Callable[[int, int, str], None]  # done, of, what
Between = tuple[float, float] | None  # two moments, seconds since 1970


@dataclass(frozen=True)
class Asked:
    """What a question brought back: rows for the backbone (none where the memory is not sure), and spans."""

    readout: Readout
    rows: torch.Tensor
    recalled: Recalled
    behind: list[Entry]  # what the rows rest on
    plain: bool  # one span says the answer as it was asked for: no hop, no mirror
    recited: list[list[int]]  # sentences out of the state alone, as token ids


class Asks:
    """The asking side of a memory. fold None: there is text that its graft has yet to read."""

    graft: Graft
    journal: Journal
    fold: Fold | None

    def __init__(self) -> None:
        self._asked: dict[str, tuple[Readout, int]] = {}  # of the last replies, and the last span there was then

    @property
    def _key(self) -> int:
        """Numbers of a sentence's key."""
        return 0 if self.graft.sentences is None else self.graft.sentences.config.key

    def ask(
        self,
        question: SpanFeatures | None,
        text: str,
        k: int,
        between: Between = None,
        *,
        recite: bool = False,
        reply_id: str | None = "",
    ) -> Asked:
        """Rows of the association the memory is sure of; up to k spans for the text, told between two moments.

        recite: where it is sure of none, what the state alone says instead. reply_id: by which `explain` knows the
        answer; None: it goes on telling of the one before.
        """
        readout = Readout(torch.zeros(self.graft.memory.dim), 0.0, "", 0)
        rows = torch.zeros(0, self.graft.memory.config.n_embd)
        if self.fold is not None and question is not None and between is None:
            readout = self.graft.memory.ask(self.fold.store, question)
            if not self._known(readout, self.fold):
                readout = replace(readout, confidence=0.0)
            if self.graft.sure(readout):
                rows = self.graft.rows(readout, self.fold.known if self.fold.base is None else None)
        if reply_id is not None:
            self._asked.pop(reply_id, None)
            self._asked[reply_id] = readout, self.journal.last()
            for old in list(self._asked)[:-EXPLAINED]:
                del self._asked[old]
        behind = self._behind(readout, self.fold) if self.fold is not None and len(rows) else []
        plain = len(behind) == 1 and readout.hop == 1 and self._shard(readout) == readout.path[0].shard
        ranked = self._ranked(question, text, behind) if k > 0 else []
        if plain and _doubtful(behind[0].id, ranked):
            behind, plain, rows = [], False, rows[:0]
        recited = self._recited(question) if recite and not len(rows) else []
        recalled = self._recalled(readout, question, ranked, text, k, between)
        return Asked(readout, rows, recalled, behind, plain, recited)

    def rank(self, question: SpanFeatures, text: str, n: int) -> list[Found]:
        """The n spans that most likely answer, best first; nothing where this graft makes no keys."""
        return self._ranked(question, text)[:n]

    def later(self, span: int, text: str, n: int) -> Recalled:
        """The user's messages after a span's that may change what it says: see `told_later`."""
        found = self.journal.get([span])
        return told_later(self.journal, found[0], text, n) if found else Recalled()

    def _ranked(self, question: SpanFeatures | None, text: str, also: Sequence[Entry] = ()) -> list[Found]:
        if self.fold is None or self.graft.sentences is None or question is None or not len(question):
            return []
        return rank(self.journal, self.fold, self.graft.sentences, question, text, [e.id for e in also])

    def _recited(self, question: SpanFeatures | None) -> list[list[int]]:
        fold, sentences = self.fold, self.graft.sentences
        if fold is None or fold.verbatim is None or sentences is None or question is None or not len(question):
            return []
        found = sentences.recite(fold.verbatim, sentences.ask(question), RECITED)
        best = found[0][1] if found else 0.0
        return [tokens for tokens, match in found if match >= BESIDE * best]

    def _recalled(
        self, readout: Readout, question: SpanFeatures | None, ranked: Sequence[Found], text: str, k: int,
        between: Between,
    ) -> Recalled:  # fmt: skip
        """question None: it could not be read as one."""
        if k <= 0:
            return Recalled()
        if between is not None:
            return Recalled(tuple(told_between(self.journal, ranked, *between)))
        if self.graft.sentences is None or self.fold is None or question is None:
            return Recalled(tuple(Found(e, 0.0) for e in retrieve(self.journal, self.fold, readout.path, text, k)))
        about = about_what_was_told(self.journal, self.graft.sentences, question, text, ranked)
        if about < MAYBE:
            return Recalled()
        if not ranked:  # nothing was told at all
            return Recalled(untold=about >= (LIKELY if names_a_thing(text) else ABOUT))
        recalled = recall(self.fold, self.graft.sentences, ranked, text, k, self.journal.get)
        return recalled if about >= ABOUT else replace(recalled, untold=False, maybe=True)

    def _shard(self, readout: Readout) -> int:
        return self.graft.memory.relations.shard(readout.relation)

    def _behind(self, readout: Readout, fold: Fold) -> list[Entry]:
        """The spans an association rests on, where they say its answer; what was tracked ("there") stands in none."""
        found, answer = self.journal.get(fold.behind(readout.path)), fold.known.nearest(readout.surface)
        return found if answer is not None and any(answer.text in e.text for e in found) else []

    def _known(self, readout: Readout, fold: Fold) -> bool:
        """A graft of threshold 0 answers whatever it reads; an older state has keys no entry of the journal names."""
        return self.graft.info.threshold <= 0 or fold.base is not None or fold.knows(readout.path)

    def explain(self, progress: Progress, reply_id: str = "") -> list[dict[str, Any]]:
        """The writes an answer drew on ("": the last one): their share of each read, largest first, DRAWN of a read at
        most. Replays the journal as it was then, but for what has been forgotten since. Raises UnknownReply.
        """
        if reply_id and reply_id not in self._asked:
            raise UnknownReply(f"No reply {reply_id[:80]!r} is known.", f"The last {EXPLAINED} of a memory are.")
        found = self._asked[reply_id] if reply_id else next(reversed(self._asked.values()), None)
        if found is None or not found[0].path or self.fold is None:
            return []
        memory, (readout, last) = self.graft.memory, found
        again = Fold(memory, memory.new_store(remember=True), self.journal.base(), self._key)
        again.extend(told_up_to(self.journal.entries(), last, progress))
        reads = groupby(again.shares(readout.path), key=lambda s: s.hop)
        drawn = [s for _, read in reads for s in islice(read, DRAWN)]
        shown = {e.id: e.shown() for e in self.journal.get(sorted({s.span for s in drawn}))}
        return [
            {"hop": s.hop, "relation": s.relation, "share": s.share, **shown[s.span]} for s in drawn if s.span in shown
        ]


def told_up_to(entries: Iterator[Entry], last: int, progress: Progress) -> Iterator[Entry]:
    """Those up to `last`, with a report now and then."""
    for n, e in enumerate(takewhile(lambda e: e.id <= last, entries), 1):
        yield e
        if n % PAGE == 0:
            progress(e.id, last, "replaying")


def _doubtful(span: int, ranked: Sequence[Found]) -> bool:
    """Whether another span answers, and this one, on which an association rests, is far less likely to."""
    best, own = max((f.match for f in ranked), default=0.0), [f.match for f in ranked if f.entry.id == span]
    return best >= LIKELY and bool(own) and own[0] < BESIDE * best
