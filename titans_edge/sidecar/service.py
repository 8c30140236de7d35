"""What the memory process does for each request: journal first, then state, then the answer.

Holds a graft, a journal and the replay of it. The only package outside `neural`, `train` and `convert` that imports
torch.
Knows nothing of pipes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from titans_edge.errors import MemoryStateError, UsageError
from titans_edge.gguf_header import read_header
from titans_edge.journal import Entry, Journal, NewSpan
from titans_edge.neural import graft as grafts
from titans_edge.neural.memory import Readout
from titans_edge.neural.records import pack as to_record
from titans_edge.neural.replay import Replay, shares
from titans_edge.sidecar import legacy
from titans_edge.sidecar.protocol import Reply, Request, pack, unpack_span
from titans_edge.sources import Source
from titans_edge.stories.relations import Bank
from titans_edge.text import content_words

SNAPSHOT_EVERY = 512  # writing spans between two snapshots: a replay of so many takes about half a second


class MemoryService:
    """One open memory. `handle` turns a request into a reply; errors are raised as TitansError."""

    def __init__(self) -> None:
        self._ops: dict[str, Callable[[Request], Reply]] = {
            "open": self.open,
            "read": self.read,
            "write": self.write,
            "forget": self.forget,
            "undo": self.undo,
            "rule": self.rule,
            "reset": self.reset,
            "why": self.why,
            "find": self.find,
            "stats": self.stats,
            "state": self.state,
        }

    def handle(self, request: Request) -> Reply:
        if request.op not in self._ops:
            raise UsageError(f"The memory knows no request {request.op!r}.")
        with torch.no_grad():
            return self._ops[request.op](request)

    def close(self) -> None:
        """Let go of the journal."""
        if hasattr(self, "journal"):
            self.journal.close()

    def open(self, r: Request) -> Reply:
        """args: backbone, graft, path (None: nothing is kept), threads, write."""
        torch.set_num_threads(int(r.args.get("threads", 1)))
        graft_path = Path(r.args["graft"])
        self.graft = grafts.load(graft_path, read_header(r.args["backbone"]))
        path = Path(r.args["path"]) if r.args.get("path") else None
        self._open_journal(path, grafts.file_id(graft_path), bool(r.args.get("write", True)))
        self._rebuild()
        self._asked: Readout | None = None
        info = self.graft.info
        about = {"layer": info.layer, "threshold": info.threshold, "recipe": info.recipe, "results": info.results}
        return Reply(True, {**about, "spans": self.journal.count(), "notices": self.journal.notices})

    def read(self, r: Request) -> Reply:
        """args: text, recall (how many stored spans to give back)."""
        question = unpack_span(r.spans[0])
        rows, self._asked = self.graft.rows(self.replay.state, question)
        doubting = self.graft.info.threshold > 0 and not self._older  # a graft of threshold 0 answers whatever it reads
        if doubting and not self.replay.knows(self._asked.path):
            rows, self._asked = rows[:0], replace(self._asked, confidence=0.0)
        out = self._asked
        k = int(r.args.get("recall", 0))
        recalled = [e.shown() for e in self._recall(out, str(r.args.get("text", "")), k)] if k else []
        result = {"confidence": out.confidence, "bank": out.bank, "hop": out.hop, "recalled": recalled}
        return Reply(True, result, {"rows": pack(rows.numpy())})

    def write(self, r: Request) -> Reply:
        """args: event, part, kind, name, texts, places, guard. Durable when it returns; the same group twice is
        written once.
        """
        a = r.args
        if self.journal.has(a["event"], a["part"]):
            return Reply(True, {"verdicts": []})
        made = self.graft.memory.encode([unpack_span(s) for s in r.spans])
        new = [
            NewSpan(text, place, s.surprise, None if m is None else to_record(m))
            for text, place, s, m in zip(a["texts"], a["places"], r.spans, made, strict=True)
        ]
        mark = self.replay.mark()
        try:
            with self.journal.transaction():
                entries = self.journal.append(
                    a["event"], a["part"], Source(a["kind"], a["name"]), new, guarded=a["guard"]
                )
                verdicts = self.replay.extend(entries)
                self.journal.decide(verdicts)
        except BaseException:
            self.replay.back(mark)
            raise
        self._since += len(verdicts)
        self._snapshot()
        texts = {e.id: e.text for e in entries}
        return Reply(
            True, {"verdicts": [{"id": i, "text": texts[i], "decision": d, "reason": why} for i, d, _, why in verdicts]}
        )

    def forget(self, r: Request) -> Reply:
        """args: ids. Exact: the journal without them is replayed; `changed`: spans the guard now judges otherwise."""
        return self._without(list(map(int, r.args["ids"])))

    def undo(self, _: Request) -> Reply:
        """Forget the last message or document."""
        return self._without(self.journal.last_event())

    def rule(self, r: Request) -> Reply:
        """args: id, accept. The user's word on a quarantined span."""
        found = self.journal.get([int(r.args["id"])])
        if not found or found[0].decision != "quarantined":
            raise UsageError(f"There is no quarantined span #{r.args['id']}.", "See /quarantine.")
        self.journal.rule(found[0].id, bool(r.args["accept"]))
        self._rebuild()
        return Reply(True)

    def reset(self, _: Request) -> Reply:
        self.journal.clear()
        self._rebuild()
        return Reply(True)

    def find(self, r: Request) -> Reply:
        """args: text, source, since, quarantine, limit. Spans of the journal, without their records."""
        a = r.args
        if a.get("quarantine"):
            found = self.journal.quarantine()
        else:
            found = self.journal.find(
                text=a.get("text", ""), source=a.get("source", ""), since=a.get("since"), limit=a.get("limit", -1)
            )
        return Reply(True, {"spans": [e.shown() for e in found]})

    def why(self, _: Request) -> Reply:
        """Which writes the last question's readout drew on: their share of each read, largest first."""
        if self._asked is None or not self._asked.path:
            return Reply(True, {"reads": []})
        replay = Replay(self.graft.memory, self.journal.base())
        replay.updates = [[] for _ in replay.index]
        replay.extend(self.journal.entries())
        found = shares(replay, self._asked.path)
        texts = {e.id: e.shown() for e in self.journal.get(sorted({s.span for s in found}))} if found else {}
        out = [{"hop": s.hop, "bank": Bank(s.bank).name, "share": s.share, **texts[s.span]} for s in found]
        return Reply(True, {"reads": out})

    def stats(self, _: Request) -> Reply:
        norms = self.replay.state.memory.flatten(1).norm(dim=1).tolist()
        banks = [
            {"bank": b.name, "writes": k.n, "norm": x} for b, k, x in zip(Bank, self.replay.index, norms, strict=True)
        ]
        size = self.replay.state.memory.nbytes + self.replay.state.momentum.nbytes
        held = len(self.journal.quarantine())
        return Reply(True, {"banks": banks, "spans": self.journal.count(), "bytes": size, "quarantined": held})

    def state(self, _: Request) -> Reply:
        """The state itself, for those who compare."""
        s = self.replay.state
        return Reply(True, {}, {"memory": pack(s.memory.numpy()), "momentum": pack(s.momentum.numpy())})

    # --- inside

    def _open_journal(self, path: Path | None, graft: str, write: bool) -> None:
        replaced = self.graft.info.replaces
        done = legacy.migrate(path, graft, replaced) if path is not None and legacy.is_legacy(path) else None
        if path is not None and not write and not path.exists():
            path = None  # nothing is kept yet: read an empty one
        self.journal, self._writable = Journal(path, write=write or path is None), write
        if done:
            self.journal.notices.append(done)
        known = self.journal.meta("graft")
        if known in (None, *replaced) and self._writable:
            self.journal.set_meta("graft", graft)
        elif known not in (None, graft, *replaced):
            self.journal.close()
            raise MemoryStateError(
                f"The memory {path.stem if path else ''} was written by another graft ({known}, this one is {graft}).",
                "Use that graft with --graft; or `titans-edge memory export` it and import the text into another memory.",
            )

    def _rebuild(self) -> None:
        """State from the newest snapshot and the entries after it; verdicts that are missing are noted."""
        snapshot = self.journal.snapshot()
        base = self.journal.base()
        self._older = base is not None  # it holds what no entry tells of
        self.replay = Replay(self.graft.memory, base)
        if snapshot is not None:
            last, standing, state = snapshot
            self.replay.resume(last, standing, state, (e for e in self.journal.entries() if e.id <= last))
        new = list(self.journal.entries(self.replay.last))
        undecided = {e.id for e in new if not e.decision}
        verdicts = self.replay.extend(new)
        self._since = len(verdicts)
        if self._writable:
            fresh = [v for v in verdicts if v[0] in undecided]
            if fresh:
                with self.journal.transaction():
                    self.journal.decide(fresh)
            self._snapshot()

    def _snapshot(self) -> None:
        if self._since >= SNAPSHOT_EVERY and self.journal.path is not None:
            self.journal.put_snapshot(self.replay.last, self.replay.standing_state(), self.replay.dump())
            self._since = 0

    def _without(self, ids: list[int]) -> Reply:
        before = {e.id: e.decision for e in self.journal.entries(min(ids, default=0))}
        gone = self.journal.forget(ids)
        if gone:
            self._rebuild()
        after = self.journal.entries(min(ids, default=0)) if gone else ()
        changed = [e.shown() for e in after if e.decision != before.get(e.id)]
        return Reply(True, {"forgotten": gone, "changed": changed})

    def _recall(self, out: Readout, text: str, k: int) -> list[Entry]:
        """Up to k stored spans: by the keys the question read, then by the words it shares with them."""
        ids = self.replay.recall(out.path, k)
        ids += [i for i in self.journal.like(content_words(text), k) if i not in ids][: k - len(ids)]
        found: dict[int, Entry] = {e.id: e for e in self.journal.get(ids)} if ids else {}
        return [found[i] for i in ids]


def fail(e: Exception) -> Reply:
    """An error as a reply, to be raised again on the other side."""
    message, hint = getattr(e, "message", f"{type(e).__name__}: {e}"), getattr(e, "hint", "")
    return Reply(False, error=type(e).__name__, message=message, hint=hint)


def result_of(service: MemoryService, request: Request) -> Reply:
    try:
        return service.handle(request)
    except Exception as e:  # everything goes back to the caller
        return fail(e)
