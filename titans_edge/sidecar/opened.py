"""One open memory: a journal and the fold of it. Journal first, then state, then the answer.

An operation that changes something is known to the journal by its id: asked for twice, it is done once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice, pairwise, takewhile
from pathlib import Path
from typing import Any

import torch

from titans_edge import policy
from titans_edge.errors import MemoryStateError, UnknownReply, UsageError
from titans_edge.facts import pack, unpack
from titans_edge.features import SpanFeatures
from titans_edge.journal import Entry, Journal, NewSpan, legacy, replaced, upkeep
from titans_edge.journal.documents import Document, spans_of
from titans_edge.neural.graft import Graft
from titans_edge.neural.memory import Readout
from titans_edge.rulings import Decision, Ruling
from titans_edge.sidecar.fold import Fold, UnreadableFacts
from titans_edge.sidecar.recall import BESIDE, Recalled, recall
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
from titans_edge.sources import Source

SNAPSHOT_EVERY = 512  # writing spans between two snapshots: a replay of so many takes about half a second
TOLD = 1000  # spans that a reply tells of, at most
EXPLAINED = 64  # replies whose reads are known, the last ones
DRAWN = 200  # writes a reply names of one read, at most: the shares of the others are next to nothing
PAGE = 1024  # spans replayed between two reports, and two chances of a snapshot
Progress = Callable[[int, int, str], None]  # done, of, what
RECITED = 4  # sentences out of the state alone, at most
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


class OpenMemory:
    """A memory of one graft. path None: kept in this process only; write False: nothing is changed."""

    def __init__(self, graft: Graft, graft_id: str, path: Path | None, *, write: bool, progress: Progress) -> None:
        self.graft, self.graft_id, self.writable = graft, graft_id, write
        self.journal = self._journal(path)
        self.notices = self.journal.notices
        self.fold: Fold | None = None  # None: there is text that this graft has yet to read
        self._readers = (graft_id, *graft.info.replaces)  # grafts whose facts are as good as its own
        self._asked: dict[str, tuple[Readout, int]] = {}  # of the last replies, and the last span there was then
        self._tail: tuple[int, SpanFeatures, Source] | None = None  # what was told last
        self._said: tuple[str, dict[str, Any]] = ("", {})  # the last change, and what was said of it
        self._since = 0  # writing spans since the last snapshot
        self._undecided: list[tuple[int, Ruling]] = []  # made, and not in the journal yet (its disk was full)
        try:
            self._settle(progress)
        except BaseException:
            self.journal.close()
            raise

    def close(self) -> None:
        self.journal.close()

    def stale(self) -> int:
        """Spans this graft has yet to read; until then there is no state."""
        return self.journal.count_unread(*self._readers)

    def unread(self, limit: int) -> list[Entry]:
        """The first of them."""
        return self.journal.unread(*self._readers, limit=limit)

    # --- asking

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
        again.extend(self._told(self.journal.entries(), last, progress))
        reads = groupby(again.shares(readout.path), key=lambda s: s.hop)
        drawn = [s for _, read in reads for s in islice(read, DRAWN)]
        shown = {e.id: e.shown() for e in self.journal.get(sorted({s.span for s in drawn}))}
        return [
            {"hop": s.hop, "relation": s.relation, "share": s.share, **shown[s.span]} for s in drawn if s.span in shown
        ]

    def describe(self) -> dict[str, Any]:
        """Figures for people."""
        summary = self.journal.summary()
        out = {
            "spans": summary["sentences"],
            "quarantined": summary["decisions"].get(Decision.QUARANTINED.value, 0),
            "sources": summary["sources"],
            "stale": self.stale(),
        }
        if self.fold is None:
            return out | {"bytes": 0, "relations": []}
        store = self.fold.store.describe()
        norms, protected, keys = store.get("norms"), store.get("protected"), self.fold.index.keys()
        relations = [
            {
                "relation": phrase.text,
                "facts": keys[n],
                "writes": len(self.fold.index.spans[n]),
                "norm": norms[n] if isinstance(norms, list) else None,
                "protected": protected[n] if isinstance(protected, list) else None,
            }
            for n, phrase in enumerate(self.graft.memory.relations.phrases)
        ]
        return out | {"bytes": len(self.fold.dump()), "capacity": store.get("capacity"), "relations": relations}

    # --- changing

    def write(self, spans: Sequence[SpanFeatures], new: Sequence[NewSpan], source: Source, guarded: bool,
              operation: str, part: int, time: float | None = None) -> list[dict[str, Any]]:  # fmt: skip
        """Spans of one group. Durable when it returns. Returns what was decided about each. time: when they were told,
        in seconds since 1970 (None: now).
        """
        fold = self._ready()
        if self.journal.has(operation, part):
            return _ruled(self.journal.group(operation, part))
        new = [replace(s, record=r) for s, r in zip(new, self._records(spans, new, source), strict=True)]
        mark = fold.mark()
        try:
            with self.journal.transaction():
                self.journal.decide(self._undecided)
                entries = self.journal.append(
                    operation, part, source, new, graft=self.graft_id, guarded=guarded, now=time
                )
                rulings = fold.extend(entries)
                self.journal.decide(rulings)
                self.journal.done(f"{operation}.{part}", {})
        except BaseException:
            fold.back(mark)
            raise
        self._undecided = []
        self._tail = (entries[-1].id, spans[-1], source) if entries else None
        self._count(fold, sum(r.scale > 0 for _, r in rulings))
        return _ruled([replace(e, ruling=r) for e, (_, r) in zip(entries, rulings, strict=True)])

    def _records(self, spans: Sequence[SpanFeatures], new: Sequence[NewSpan], source: Source) -> list[bytes]:
        """What is read in spans told one after the other; the first may follow on what was told last."""
        tail = self._tail
        follows = tail is not None and tail[2] == source and tail[0] == self.journal.last()
        before = [tail[1] if follows and tail is not None else None, *spans[:-1]]
        return self._read(spans, [s.text for s in new], before)

    def _read(
        self, spans: Sequence[SpanFeatures], texts: Sequence[str], before: Sequence[SpanFeatures | None]
    ) -> list[bytes]:
        facts = self.graft.memory.facts(spans, texts)
        if self.graft.sentences is None:
            return [pack(f) for f in facts]
        return [pack(f, s) for f, s in zip(facts, self.graft.sentences.read(spans, before), strict=True)]

    @property
    def _key(self) -> int:
        """Numbers of a sentence's key."""
        return 0 if self.graft.sentences is None else self.graft.sentences.config.key

    def forget(
        self, ids: Sequence[int], operation: str, progress: Progress, document: Document | None = None
    ) -> dict[str, Any]:
        """Exact: the journal without them is replayed. `changed`: spans that are decided otherwise now. document: see
        `Journal.forget`.
        """
        if (known := self._done(operation, {"changed": []})) is not None:
            return known
        first = min(ids, default=0)
        before = self.journal.decisions(first)
        gone = self.journal.forget(ids, operation, document)
        return self._forgotten({"forgotten": gone}, before, first, operation, progress)

    def _forgotten(
        self, told: dict[str, Any], before: dict[int, Decision], first: int, operation: str, progress: Progress
    ) -> dict[str, Any]:
        """What is said of a change of the journal by which spans from `first` on were forgotten."""
        gone = bool(told["forgotten"])
        if gone:
            self._settle(progress)
            self._compact()
        told |= {"changed": self._changed(before, first) if gone else []}
        self._said = (operation, told)
        return told

    def _done(self, operation: str, unknown: dict[str, Any]) -> dict[str, Any] | None:
        """What was said of a change that was made already; `unknown` where no file may keep it: of forgotten words."""
        known = self.journal.result(operation)
        if known is None:
            return None
        return self._said[1] if self._said[0] == operation else unknown | known

    def note(
        self, document: Document | None, replaced: Sequence[str], operation: str, progress: Progress
    ) -> dict[str, Any]:
        """Note a document in place of what other operations left, which is forgotten."""
        return self.forget(spans_of(self.journal.db, replaced), operation, progress, document)

    def undo(self, operation: str, progress: Progress, message: str = "") -> dict[str, Any]:
        """Forget a message or document; "": the last one that left something. `restored`: see `Journal.undo`."""
        if (known := self._done(operation, {"changed": []})) is not None:
            return known
        first = min(self.journal.last_operation(message), default=0)
        before = self.journal.decisions(first)
        gone, restored = self.journal.undo(message, operation)
        return self._forgotten({"forgotten": gone, "restored": restored}, before, first, operation, progress)

    def answer(self, span: int, accept: bool, operation: str, progress: Progress) -> dict[str, Any]:
        """The user's word on a quarantined span. `changed`: later spans that are decided otherwise now."""
        if (known := self._done(operation, {"changed": []})) is not None:
            return known
        found = self.journal.get([span])
        if not found or found[0].ruling is None or found[0].ruling.decision is not Decision.QUARANTINED:
            raise UsageError(f"There is no quarantined span #{span}.", "See /quarantine.")
        before = self.journal.decisions(span)
        self.journal.answer(span, accept, operation)
        self._settle(progress)
        told = {"changed": self._changed(before, span)}
        self._said = (operation, told)
        return told

    def correct(
        self, span: int, text: str, read: Sequence[SpanFeatures], operation: str, progress: Progress
    ) -> dict[str, Any]:
        """Another text in a span's place, as if the user had said it then. read: the span before it, where it follows
        on one, and the text. `rulings`: what is decided about it; `changed`: spans that are decided otherwise now.
        """
        if (known := self._done(operation, {"rulings": [], "changed": []})) is not None:
            return known
        self._ready()
        if not self.journal.get([span]):
            raise UsageError(f"There is no sentence #{span}.", "Numbers stand in brackets in /memory WORDS.")
        (record,) = self._read(read[-1:], [text], [read[0] if len(read) > 1 else None])
        before, self._tail = self.journal.decisions(span), None
        self.journal.correct(span, text, record, self.graft_id, operation)
        self._settle(progress)
        self._compact()
        before.pop(span, None)
        told = {"rulings": _ruled(self.journal.get([span])), "changed": self._changed(before, span)}
        self._said = (operation, told)
        return told

    def _changed(self, before: dict[int, Decision], after: int) -> list[dict[str, Any]]:
        """The spans after `after` that were decided otherwise before; the newest, where they are many."""
        now = self.journal.decisions(after)
        changed = sorted(i for i in before if i in now and now[i] != before[i])
        if len(changed) > TOLD:
            self.notices.append(f"{len(changed)} sentences are decided otherwise now; the newest {TOLD} are told.")
        return [e.shown() for e in self.journal.get(changed[-TOLD:])]

    def reset(self, operation: str) -> None:
        """Forget everything."""
        if self.journal.result(operation) is not None:
            return
        self.journal.clear(operation)
        self._settle(lambda *_: None)
        if self.journal.path is not None:
            upkeep.remove_leftovers(self.journal.path)  # of repairs and upgrades: they hold text too
            self._compact()

    def reread(self, ids: Sequence[int], spans: Sequence[SpanFeatures], progress: Progress) -> int:
        """Facts of stored spans as this graft reads them; what was decided stays, but for spans in which the last graft
        found no fact. Returns how many are still unread.
        """
        read = dict(zip(ids, spans, strict=True))
        there = self.journal.get(ids)
        together = [b.id == a.id + 1 and b.source == a.source for a, b in pairwise(there)]
        before = [None, *(read[e.id] if near else None for e, near in zip(there, together, strict=False))]
        records = self._read([read[e.id] for e in there], [e.text for e in there], before)
        with self.journal.transaction():
            self.journal.drop_snapshots()
            replaced.let_go(self.journal.db)  # nobody could read those facts
            for e, record in zip(there, records, strict=True):
                self.journal.put_facts(e.id, self.graft_id, record)
                if unpack(record) and e.ruling is not None and e.ruling.reason == policy.NO_FACT:
                    self.journal.undecide(e.id)
        if not self.stale():
            self._settle(progress)
        return self.stale()

    # --- inside

    def _journal(self, path: Path | None) -> Journal:
        done = None
        if path is not None and legacy.is_legacy(path):
            if not self.writable:
                raise MemoryStateError(
                    f"The memory {path.stem} has no journal yet.", "Open it once with `titans-edge chat`."
                )
            done = legacy.migrate(path, self.graft_id, self.graft.info.replaces)
        if path is not None and not self.writable and not path.exists():
            path = None  # nothing is kept yet: read an empty one
        journal = Journal(path, write=self.writable or path is None)
        journal.notices += [done] if done else []
        return journal

    def _settle(self, progress: Progress) -> None:
        """Bind the journal to this graft, and build the state where all of it has been read."""
        known, base = self.journal.meta("graft"), self.journal.base()
        if base is not None and known not in (None, self.graft_id, *self.graft.info.replaces):
            raise MemoryStateError(
                f"The memory began before there were journals, under another graft ({known}).",
                "Use that graft with --graft, or `titans-edge memory export` it and read the text into another memory.",
            )
        self.fold = None
        if self.stale():
            return
        if self.writable and known != self.graft_id:
            self.journal.set_meta("graft", self.graft_id)
            self.journal.set_meta("vocabulary", str(self.graft.memory.contents.table.shape[0]))
        try:
            self.fold = self._rebuild(progress)
        except UnreadableFacts as e:
            if not self.writable:
                raise
            with self.journal.transaction():
                self.journal.drop_facts(e.span)
            self.notices.append(f"{e.message} Its text is read anew.")

    def _ready(self) -> Fold:
        if self.fold is None and not self.stale():
            self._settle(lambda *_: None)  # something ended a replay before its end
        if self.fold is None:
            raise MemoryStateError(
                "This memory's text has to be read by this graft first.", "Open it once with `titans-edge chat`."
            )
        return self.fold

    def _rebuild(self, progress: Progress) -> Fold:
        """State from the newest snapshot and the entries after it. What is not decided yet is decided, and noted."""
        fold = self._begin(progress)
        self._since, self._undecided, first, last = 0, [], fold.last, self.journal.last()
        entries = self.journal.entries(fold.last)
        while page := list(islice(entries, PAGE)):
            before = len(fold.index)
            self._note(fold.extend(page))
            self._count(fold, len(fold.index) - before)
            progress(fold.last - first, last - first, "replaying")
        return fold

    def _begin(self, progress: Progress) -> Fold:
        """A fold at a snapshot of this graft, if there is one that can be used; else at the beginning."""
        memory, base = self.graft.memory, self.journal.base()
        snapshot = self.journal.snapshot()
        if snapshot is not None and snapshot[1].get("graft") == self.graft_id:
            last, standing, state = snapshot
            fold = Fold(memory, memory.new_store(), base, self._key)
            try:
                fold.resume(last, standing["policy"], state, self._told(self.journal.entries(), last, progress))
                return fold
            except (MemoryStateError, KeyError, TypeError, ValueError) as e:
                self.notices.append(f"A snapshot could not be used; the memory was rebuilt from the journal ({e}).")
        return Fold(memory, memory.new_store(), base, self._key)

    @staticmethod
    def _told(entries: Iterator[Entry], last: int, progress: Progress) -> Iterator[Entry]:
        """Those up to `last`, with a report now and then."""
        for n, e in enumerate(takewhile(lambda e: e.id <= last, entries), 1):
            yield e
            if n % PAGE == 0:
                progress(e.id, last, "replaying")

    def _note(self, rulings: list[tuple[int, Ruling]]) -> None:
        """Into the journal; on a full disk they wait for the next write (the state has them already)."""
        self._undecided += rulings
        if not self._undecided:
            return
        if not self.writable:
            self.journal.decide_here(self._undecided)
            return
        try:
            with self.journal.transaction():
                self.journal.decide(self._undecided)
            self._undecided = []
        except MemoryStateError as e:
            self.notices.append(f"{e.message} What was decided anew is noted later.")

    def _count(self, fold: Fold, written: int) -> None:
        """A snapshot now and then; one that cannot be kept costs only time."""
        self._since += written
        keeps = self.journal.path is not None and self.writable and not self._undecided
        if keeps and self._since >= SNAPSHOT_EVERY:
            standing = {"graft": self.graft_id, "policy": fold.standing.state()}
            try:
                self.journal.put_snapshot(fold.last, standing, fold.dump())
            except MemoryStateError as e:
                self.notices.append(f"{e.message} No snapshot was kept.")
            self._since = 0

    def _compact(self) -> None:
        """Best effort: what was forgotten is gone from the state and the tables already."""
        if why := upkeep.tidy(self.journal):
            self.notices.append(f"{why} Remains of the text leave the file with `titans-edge memory compact`.")


def _doubtful(span: int, ranked: Sequence[Found]) -> bool:
    """Whether another span answers, and this one, on which an association rests, is far less likely to."""
    best, own = max((f.match for f in ranked), default=0.0), [f.match for f in ranked if f.entry.id == span]
    return best >= LIKELY and bool(own) and own[0] < BESIDE * best


def _ruled(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """What was decided about each, as a reply."""
    ruled = [(e, e.ruling) for e in entries if e.ruling is not None]
    return [
        {
            "id": e.id,
            "text": e.text,
            "decision": r.decision.value,
            "reason": r.reason,
            "facts": len(unpack(e.record)) if r.scale > 0 and e.record is not None else 0,
        }
        for e, r in ruled
    ]
