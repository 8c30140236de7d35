"""One open memory: a journal and the fold of it. Journal first, then state, then the answer.

An operation that changes something is known to the journal by its id: asked for twice, it is done once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

from titans_edge import policy
from titans_edge.errors import MemoryStateError, UsageError
from titans_edge.facts import pack, unpack
from titans_edge.features import SpanFeatures
from titans_edge.journal import Entry, Journal, NewSpan, legacy, replaced, upkeep
from titans_edge.journal.documents import Document, spans_of
from titans_edge.neural.graft import Graft
from titans_edge.rulings import Decision, Ruling
from titans_edge.sidecar.asks import PAGE, Asks, Progress, told_up_to
from titans_edge.sidecar.fold import FOLD, Fold, UnreadableFacts
from titans_edge.sources import Source

SNAPSHOT_EVERY = 512  # writing spans between two snapshots: a replay of so many takes about half a second
TOLD = 1000  # spans that a reply tells of, at most


class OpenMemory(Asks):
    """A memory of one graft. path None: kept in this process only; write False: nothing is changed."""

    def __init__(self, graft: Graft, graft_id: str, path: Path | None, *, write: bool, progress: Progress) -> None:
        super().__init__()
        self.graft, self.graft_id, self.writable = graft, graft_id, write
        self.journal = self._journal(path)
        self.notices = self.journal.notices
        self.fold: Fold | None = None  # None: there is text that this graft has yet to read
        self._readers = (graft_id, *graft.info.replaces)  # grafts whose facts are as good as its own
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
        if snapshot is not None and self._made_by.items() <= snapshot[1].items():
            last, standing, state = snapshot
            fold = Fold(memory, memory.new_store(), base, self._key)
            try:
                fold.resume(last, standing["policy"], state, told_up_to(self.journal.entries(), last, progress))
                return fold
            except (MemoryStateError, KeyError, TypeError, ValueError) as e:
                self.notices.append(f"A snapshot could not be used; the memory was rebuilt from the journal ({e}).")
        return Fold(memory, memory.new_store(), base, self._key)

    @property
    def _made_by(self) -> dict[str, Any]:
        """What a snapshot's state is a function of, beside the journal."""
        return {"graft": self.graft_id, "fold": FOLD}

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
            standing = {**self._made_by, "policy": fold.standing.state()}
            try:
                self.journal.put_snapshot(fold.last, standing, fold.dump())
            except MemoryStateError as e:
                self.notices.append(f"{e.message} No snapshot was kept.")
            self._since = 0

    def _compact(self) -> None:
        """Best effort: what was forgotten is gone from the state and the tables already."""
        if why := upkeep.tidy(self.journal):
            self.notices.append(f"{why} Remains of the text leave the file with `titans-edge memory compact`.")


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
