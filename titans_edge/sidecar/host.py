"""What the memory process does for each request: many named memories, one graft and word table, one torch.

A request names its memory and its operation. The least recently used memories are closed, and opened again when they
are asked for. Knows nothing of pipes. (Outside `neural`, `train` and `convert`, `sidecar` alone imports torch.)
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import Any

import torch

from titans_edge.errors import MemoryStateError, SidecarError, UsageError
from titans_edge.gguf_header import read_header
from titans_edge.journal import Entry, Journal, NewSpan, documents
from titans_edge.journal.checks import MAX_NUMBER
from titans_edge.neural import graft as grafts
from titans_edge.neural.prompt import PromptConfig, SoftPrompt
from titans_edge.sidecar.asks import Progress
from titans_edge.sidecar.opened import OpenMemory
from titans_edge.sidecar.protocol import Reply, Request, pack, unpack_span
from titans_edge.sources import Source

MAX_OPEN = 16  # memories at once; each takes its state's size
PAGE, PAGE_BYTES = 10_000, 1 << 24  # spans and bytes of text in one reply: it has to fit into a frame
CHANGES = ("write", "forget", "undo", "accept", "correct", "document", "reset")
# each is done once: it has an operation that it is known by


class MemoryHost:
    """`handle` turns a request into a reply; errors are raised as TitansError."""

    def __init__(self, max_open: int = MAX_OPEN) -> None:
        self.max_open = max_open
        self._open: OrderedDict[str, OpenMemory] = OrderedDict()  # the least recently used first
        self._known: dict[str, dict[str, Any]] = {}  # how each memory was opened
        self._graft: grafts.Graft | None = None
        self._graft_id = ""
        self._ops: dict[str, Callable[[Request, Progress], Reply]] = {
            "start": self.start,
            "open": self.open,
            "close": self.close_memory,
            "retrieve": self.retrieve,
            "rank": self.rank,
            "later": self.later,
            "write": self.write,
            "forget": self.forget,
            "undo": self.undo,
            "last": self.last,
            "accept": self.accept,
            "correct": self.correct,
            "document": self.document,
            "documents": self.documents,
            "reset": self.reset,
            "reread": self.reread,
            "unread": self.unread,
            "find": self.find,
            "operation": self.operation,
            "get": self.get,
            "quarantine": self.quarantine,
            "growth": self.growth,
            "explain": self.explain,
            "stats": self.stats,
            "state": self.state,
        }

    def handle(self, request: Request, progress: Progress = lambda *_: None) -> Reply:
        if request.op not in self._ops:
            raise UsageError(f"The memory knows no request {request.op!r}.")
        if request.op in CHANGES and not request.operation:
            raise UsageError(f"A request to {request.op} has no operation id.", "Give each change an id of its own.")
        with torch.no_grad():
            return self._ops[request.op](request, progress)

    def close(self) -> None:
        """Let go of all journals."""
        while self._open:
            self._open.popitem()[1].close()

    # --- requests

    def start(self, r: Request, _: Progress) -> Reply:
        """args: backbone, graft, threads. Once, before anything else."""
        torch.set_num_threads(int(r.args.get("threads", 1)))
        path = Path(r.args["graft"])
        self._graft = grafts.load(path, read_header(r.args["backbone"]))
        self._graft_id = grafts.file_id(path)
        info = self._graft.info
        about = {"layer": info.layer, "threshold": info.threshold, "recipe": info.recipe, "results": info.results}
        return Reply(True, about | {name: _carried(prompt) for name, prompt in self._graft.prompts().items()})

    def open(self, r: Request, progress: Progress) -> Reply:
        """args: path (None: nothing is kept), write. The memory's name is the request's."""
        self.close_memory(r, progress)
        path, write = r.args.get("path"), bool(r.args.get("write", True))
        self._refuse_twice(path, write)
        self._known[r.memory] = {"path": path, "write": write}
        try:
            memory = self._memory(r, progress)
        except BaseException:
            del self._known[r.memory]
            raise
        notices, memory.notices[:] = list(memory.notices), []
        return Reply(True, {"spans": memory.journal.count(), "notices": notices, "stale": memory.stale()})

    def close_memory(self, r: Request, _: Progress) -> Reply:
        self._known.pop(r.memory, None)
        if r.memory in self._open:
            self._open.pop(r.memory).close()
        return Reply(True)

    def retrieve(self, r: Request, progress: Progress) -> Reply:
        """args: text, k (how many stored spans to give back), between (two moments or none), recite, reply_id; one
        span: the question.
        """
        question = unpack_span(r.spans[0]) if r.spans else None
        between = r.args.get("between")
        told = None if between is None else (float(between[0]), float(between[1]))
        text, k, recite = str(r.args.get("text", "")), int(r.args.get("k", 0)), bool(r.args.get("recite"))
        memory, reply_id = self._memory(r, progress), r.args.get("reply_id", "")
        asked = memory.ask(question, text, k, told, recite=recite, reply_id=reply_id)
        out = asked.readout
        result = {
            "confidence": out.confidence,
            "relation": out.relation,
            "hop": out.hop,
            "retrieved": asked.recalled.shown(),
            "replaced": asked.recalled.shown_left(),
            "untold": asked.recalled.untold,
            "maybe": asked.recalled.maybe,
            "behind": [e.shown() for e in asked.behind],
            "plain": asked.plain,
            "recited": asked.recited,
        }
        return Reply(True, result, {"rows": pack(asked.rows.numpy())})

    def rank(self, r: Request, progress: Progress) -> Reply:
        """args: text, n; one span: the question. The spans that most likely answer, and how likely each is."""
        found = self._memory(r, progress).rank(unpack_span(r.spans[0]), str(r.args["text"]), int(r.args["n"]))
        return Reply(True, {"spans": [f.entry.shown() | {"match": f.match} for f in found]})

    def later(self, r: Request, progress: Progress) -> Reply:
        """args: id, text, n. The user's messages after that span that may change what it says, in the order of telling
        and as `retrieve` shows them.
        """
        found = self._memory(r, progress).later(int(r.args["id"]), str(r.args["text"]), int(r.args["n"]))
        return Reply(True, {"spans": found.shown()})

    def write(self, r: Request, progress: Progress) -> Reply:
        """args: part, kind, name, texts, offsets, guard, time (left out: now). Durable when it returns; a group is
        written once.
        """
        a, memory = r.args, self._memory(r, progress)
        spans = [unpack_span(s) for s in r.spans]
        surprises = [s.surprise if math.isfinite(s.surprise) else None for s in spans]
        new = [NewSpan(t, o, x) for t, o, x in zip(a["texts"], a["offsets"], surprises, strict=True)]
        source = Source(a["kind"], a["name"])
        told = None if a.get("time") is None else float(a["time"])
        rulings = memory.write(spans, new, source, bool(a["guard"]), r.operation, int(a["part"]), told)
        return self._noted(memory, {"rulings": rulings})

    def forget(self, r: Request, progress: Progress) -> Reply:
        """args: ids."""
        memory = self._memory(r, progress)
        return self._noted(memory, memory.forget(list(map(int, r.args["ids"])), r.operation, progress))

    def undo(self, r: Request, progress: Progress) -> Reply:
        """args: message, the operation that wrote it; none: the last one that left something."""
        memory = self._memory(r, progress)
        return self._noted(memory, memory.undo(r.operation, progress, str(r.args.get("message", ""))))

    def last(self, r: Request, progress: Progress) -> Reply:
        """args: message. The ids of the spans `undo` would take back."""
        return Reply(True, {"ids": self._journal(r, progress).last_operation(str(r.args.get("message", "")))})

    def accept(self, r: Request, progress: Progress) -> Reply:
        """args: id, accept."""
        memory = self._memory(r, progress)
        told = memory.answer(int(r.args["id"]), bool(r.args["accept"]), r.operation, progress)
        return self._noted(memory, told)

    def correct(self, r: Request, progress: Progress) -> Reply:
        """args: id, text; spans: the one before it, where it follows on one, and the text."""
        memory, read = self._memory(r, progress), [unpack_span(s) for s in r.spans]
        told = memory.correct(int(r.args["id"]), str(r.args["text"]), read, r.operation, progress)
        return self._noted(memory, told)

    def document(self, r: Request, progress: Progress) -> Reply:
        """args: document, packed ("": none); replaced: operations that are forgotten with it."""
        packed = str(r.args["document"])
        document = documents.unpacked(packed) if packed else None
        if packed and document is None:
            raise UsageError("That is no document.")
        memory = self._memory(r, progress)
        return self._noted(memory, memory.note(document, list(map(str, r.args["replaced"])), r.operation, progress))

    def documents(self, r: Request, progress: Progress) -> Reply:
        """What is known of documents: packed, with their figures; and the names that are taken."""
        db = self._journal(r, progress).db
        found = [[d.packed(), d.sentences, d.parts] for d in documents.documents(db)]
        return Reply(True, {"documents": found, "names": sorted(documents.names(db))})

    def reset(self, r: Request, progress: Progress) -> Reply:
        memory = self._memory(r, progress)
        memory.reset(r.operation)
        return self._noted(memory, {})

    def reread(self, r: Request, progress: Progress) -> Reply:
        """args: ids; their spans' features."""
        memory = self._memory(r, progress)
        left = memory.reread(list(map(int, r.args["ids"])), [unpack_span(s) for s in r.spans], progress)
        return self._noted(memory, {"stale": left})

    def unread(self, r: Request, progress: Progress) -> Reply:
        """args: limit. Spans this graft has yet to read."""
        memory = self._memory(r, progress)
        return _shown(memory.unread(int(r.args["limit"])))

    def find(self, r: Request, progress: Progress) -> Reply:
        """args: text, source, since, limit, before (an id: only older ones). The newest that fit into one reply."""
        a = r.args
        found = self._journal(r, progress).find(
            text=a.get("text", ""), source=a.get("source", ""), since=a.get("since"), **_page(a)
        )
        return _shown(found)

    def operation(self, r: Request, progress: Progress) -> Reply:
        """args: prefix, since."""
        found = self._journal(r, progress).operation(str(r.args["prefix"]), float(r.args["since"]))
        return Reply(True, {"operation": found})

    def get(self, r: Request, progress: Progress) -> Reply:
        """args: ids, before."""
        before = _page(r.args)["before"]
        return _shown(self._journal(r, progress).get([int(i) for i in r.args["ids"] if i < before]))

    def quarantine(self, r: Request, progress: Progress) -> Reply:
        """args: limit, before."""
        return _shown(self._journal(r, progress).quarantine(**_page(r.args)))

    def growth(self, r: Request, progress: Progress) -> Reply:
        """args: steps."""
        step, told = self._journal(r, progress).growth(int(r.args["steps"]))
        return Reply(True, {"step": step, "told": [{"time": t, "kind": k, "spans": n} for t, k, n in told]})

    def explain(self, r: Request, progress: Progress) -> Reply:
        """args: reply_id. The largest shares that fit into one reply."""
        reads = self._memory(r, progress).explain(progress, str(r.args.get("reply_id", "")))
        sizes = accumulate(len(x["text"].encode()) + len(x["source"].encode()) for x in reads)
        return Reply(True, {"reads": [x for x, size in zip(reads, sizes, strict=True) if size <= PAGE_BYTES]})

    def stats(self, r: Request, progress: Progress) -> Reply:
        return Reply(True, self._memory(r, progress).describe())

    def state(self, r: Request, progress: Progress) -> Reply:
        """The state itself, for those who compare."""
        fold = self._memory(r, progress).fold
        return Reply(True, {"state": b"" if fold is None else fold.dump()})

    # --- inside

    def _journal(self, r: Request, progress: Progress) -> Journal:
        return self._memory(r, progress).journal

    def _memory(self, r: Request, progress: Progress) -> OpenMemory:
        """The request's memory, opened again where it had to make room."""
        if r.memory in self._open:
            self._open.move_to_end(r.memory)
            return self._open[r.memory]
        if r.memory not in self._known:
            raise UsageError(f"The memory {r.memory!r} is not open.", "Open it first.")
        if self._graft is None:
            raise SidecarError("The memory process has no graft yet.", "It is started with one.")
        self._make_room()
        how = self._known[r.memory]
        path = Path(how["path"]) if how["path"] else None
        self._open[r.memory] = OpenMemory(self._graft, self._graft_id, path, write=how["write"], progress=progress)
        return self._open[r.memory]

    def _refuse_twice(self, path: str | None, write: bool) -> None:
        """One file has one writer, also while that is closed to make room."""
        for name, how in self._known.items():
            if path and write and how["path"] and how["write"] and Path(how["path"]).resolve() == Path(path).resolve():
                raise MemoryStateError(f"The memory {path} is in use under the name {name!r}.", "Close that first.")

    def _make_room(self) -> None:
        """Close the least recently used memories that are kept on disk."""
        on_disk = [name for name, m in self._open.items() if m.journal.path is not None]
        while len(self._open) >= self.max_open and on_disk:
            self._open.pop(on_disk.pop(0)).close()

    @staticmethod
    def _noted(memory: OpenMemory, result: dict[str, Any]) -> Reply:
        """A reply with what the user should know besides."""
        notices, memory.notices[:] = list(memory.notices), []
        return Reply(True, result | {"notices": notices})


def _page(args: dict[str, Any]) -> dict[str, int]:
    """Which spans of those asked for one reply may hold."""
    limit, before = int(args.get("limit", -1)), int(args.get("before") or MAX_NUMBER)
    return {"limit": PAGE if limit < 0 else min(limit, PAGE), "before": before}


def _shown(entries: list[Entry]) -> Reply:
    """The newest of these that fit into one reply. more: there may be older ones."""
    size = 0
    for n, e in enumerate(reversed(entries)):
        size += 2 * len(e.text.encode()) + len(e.source.name.encode())
        if n and size > PAGE_BYTES:
            return Reply(True, {"spans": [e.shown() for e in entries[-n:]], "more": True})
    return Reply(True, {"spans": [e.shown() for e in entries], "more": len(entries) >= PAGE})


def _carried(prompt: SoftPrompt[Any] | None) -> dict[str, Any] | None:
    """A soft prompt as the runtime sets it in: its states as 16-bit floats, in C order."""
    if prompt is None:
        return None
    states, config = prompt().half().numpy(), prompt.config
    judging = {"untold": config.untold, "likely": config.likely} if isinstance(config, PromptConfig) else {}
    return {"shape": states.shape, "states": states.tobytes(), **judging}
