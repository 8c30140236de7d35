"""The runtime's side of the bridge: the same calls whether the memories live in this process or in another.

Knows what can be asked of a memory. How a request arrives, and what happens when the process dies, is `delivery`'s
business. Writes are sent and not waited for; every other call waits for the writes before it, because the process
answers in order.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol
from weakref import WeakSet

import numpy as np
import numpy.typing as npt

from titans_edge.backbone.injection import Prefix, Prompt
from titans_edge.features import SpanFeatures
from titans_edge.journal.documents import Document, unpacked
from titans_edge.sidecar.delivery import Delivery
from titans_edge.sidecar.pending import Book
from titans_edge.sidecar.protocol import Reply, Request, pack_span
from titans_edge.sidecar.readout import Fields, MemoryReadout
from titans_edge.sidecar.transport import LocalTransport, ProcessTransport, Transport
from titans_edge.sidecar.worker import OnProgress
from titans_edge.sources import USER, Source

PAGE = 1000  # spans asked for by their ids at once


class Cache(Protocol):
    """Something that can be computed anew."""

    def clear(self) -> None: ...


class HostClient:
    """One process with many memories of one graft. Closing it closes them.

    timeout: seconds in which the process may be silent; a longer request tells its progress (`on_progress`: done, of,
    what). command: what to start instead of the worker. local: no process, for tests and evaluation.
    """

    def __init__(
        self,
        backbone: str,
        graft: str,
        *,
        local: bool = False,
        timeout: float = 60.0,
        threads: int = 1,
        command: Sequence[str] | None = None,
        on_progress: OnProgress | None = None,
    ) -> None:
        self.local, self._command = local, command
        self._on_progress = on_progress or (lambda done, of, what: None)
        start = Request("start", args={"backbone": backbone, "graft": graft, "threads": threads})
        self.delivery = Delivery(self._connect, start, timeout, self._on_progress)

    def _connect(self) -> Transport:
        return LocalTransport(on_progress=self._on_progress) if self.local else ProcessTransport(self._command)

    @property
    def prompt(self) -> Prompt | None:
        """The graft's soft prompt that judges lines."""
        return self._prompt("prompt")

    @property
    def changing(self) -> Prompt | None:
        """The graft's soft prompt that judges whether the later of two lines changes what the earlier one answers."""
        return self._prompt("changing")

    def _prompt(self, name: str) -> Prompt | None:
        p = self.info.get(name)
        return None if p is None else Prompt(_states(p), p["untold"], p["likely"])

    @property
    def speaking(self) -> Prefix | None:
        """The graft's soft prompt that is set in before a reply that is read from lines."""
        return self._prefix("speaking")

    @property
    def listening(self) -> Prefix | None:
        """The graft's soft prompt that is set in before a reply to what was only told."""
        return self._prefix("listening")

    def _prefix(self, name: str) -> Prefix | None:
        p = self.info.get(name)
        return None if p is None else Prefix(_states(p))

    @property
    def info(self) -> Fields:
        """What the process says of the graft: layer, threshold, ..."""
        return self.delivery.info

    @property
    def restarts(self) -> int:
        """How often the process was started again."""
        return self.delivery.restarts

    def memory(self, name: str, path: str | None, *, write: bool = True, guard: bool = True) -> MemoryClient:
        """Open a memory under a name of its own. path None: it is not kept."""
        return MemoryClient(self, name, path, write=write, guard=guard)

    def close(self) -> None:
        """Close every memory, then the process. May run twice."""
        self.delivery.close()

    def __enter__(self) -> HostClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class MemoryClient:
    """One open memory. What `wait` has returned from is in the journal and survives any crash.

    All calls raise the TitansError with which the memory refuses, and SidecarError where there is no answer; the
    client stays usable after either.
    """

    def __init__(
        self, host: HostClient, name: str, path: str | None, *, write: bool = True, guard: bool = True
    ) -> None:
        self.name, self.guard, self.host, self._owns_host = name, guard, host, False
        opening = Request("open", name, args={"path": path, "write": write})
        self._book = Book(name, opening, logged=path is None and not host.local)
        self.changed: list[Fields] = []  # spans that are ruled otherwise since the last change that was asked for
        self.caches = WeakSet[Cache]()  # what is kept of its sentences elsewhere, and is forgotten with them
        self.forgotten: list[str] = []  # texts the last `undo` took back
        self.restored: int | None = None  # spans the last change brought back; 0: what it should have is not kept
        self.before: list[Fields] = []  # what stands before the last message, where that left nothing to take back
        self.begin()
        self._last = ""  # the message that `undo` takes back; "": the last one that left something
        host.delivery.open(self._book)

    @classmethod
    def open(
        cls,
        backbone: str,
        graft: str,
        path: str | None,
        *,
        local: bool = False,
        guard: bool = True,
        write: bool = True,
        timeout: float = 60.0,
    ) -> MemoryClient:
        """One memory with a process of its own, which ends when it is closed."""
        host = HostClient(backbone, graft, local=local, timeout=timeout)
        try:
            memory = host.memory("memory", path, write=write, guard=guard)
        except BaseException:
            host.close()
            raise
        memory._owns_host = True
        return memory

    @property
    def path(self) -> Path | None:
        """The memory's file, None where it is not kept."""
        path = self._book.opening.request.args["path"]
        return None if path is None else Path(path)

    @property
    def info(self) -> Fields:
        """Of the graft (layer, threshold, ...) and of this memory when it was last opened (spans, stale)."""
        return {**self.host.info, **self._book.info}

    @property
    def restarts(self) -> int:
        """How often the process was started again."""
        return self.host.restarts

    @property
    def asking(self) -> bool:
        """Whether a call waits for an answer; a KeyboardInterrupt ends it then, and nothing is lost by that."""
        return self.host.delivery.asking

    @property
    def dead(self) -> bool:
        """Whether there is no process because it could not be started when it was last tried."""
        return self.host.delivery.dead

    @property
    def prompt(self) -> Prompt | None:
        """The graft's soft prompt that judges lines."""
        return self.host.prompt

    @property
    def speaking(self) -> Prefix | None:
        """The graft's soft prompt that is set in before a reply that is read from lines."""
        return self.host.speaking

    @property
    def listening(self) -> Prefix | None:
        """The graft's soft prompt that is set in before a reply to what was only told."""
        return self.host.listening

    @property
    def changing(self) -> Prompt | None:
        """The graft's soft prompt that judges whether the later of two lines changes what the earlier one answers."""
        return self.host.changing

    def set_guard(self, on: bool) -> None:
        """For the writes that follow."""
        self.guard = on

    def retrieve(
        self, question: SpanFeatures | None, text: str = "", k: int = 0,
        between: tuple[float, float] | None = None, *, recite: bool = False, reply_id: str | None = "",
    ) -> MemoryReadout:  # fmt: skip
        """What the memory answers; with `k` > 0 also up to so many stored spans (question None: only those), told
        between two moments where these are given. recite: sentences out of the state alone, where it has no rows.
        reply_id: by which `why` knows the answer; None: it goes on telling of the one before.
        """
        args = {"text": text, "k": k, "between": between, "recite": recite, "reply_id": reply_id}
        reply = self._ask("retrieve", args, [] if question is None else [question])
        return MemoryReadout.of(reply, self.host.prompt)

    def rank(self, question: SpanFeatures, text: str, n: int) -> list[Fields]:
        """The n stored spans that most likely answer, best first, each with its `match` (0..1)."""
        spans: list[Fields] = self._ask("rank", {"text": text, "n": n}, [question]).result["spans"]
        return spans

    def later(self, span: int, text: str, n: int) -> list[Fields]:
        """At most n of the user's messages after a span's that may change what it says, in the order of telling, each
        with what was `said`: those that share most words with a text.
        """
        spans: list[Fields] = self._ask("later", {"id": span, "text": text, "n": n}).result["spans"]
        return spans

    # --- changes

    def begin(self, time: float | None = None, operation: str = "", part: int = 0) -> None:
        """A new message or document begins: `undo` takes back a whole one, also where it leaves nothing. time: when it
        was told, in seconds since 1970; None: when it is written. Never before what was written last: time does not
        run backwards. operation: an id by which the journal knows a message that may be sent again; part: the number of
        the group of it that comes first.
        """
        self._message, self._part, self._time = operation or _operation(), part, time
        self._last = self._message

    def write(
        self,
        spans: Sequence[SpanFeatures],
        texts: Sequence[str],
        source: Source = USER,
        offsets: Sequence[int] | None = None,
    ) -> None:
        """Send a group of spans, with their offsets in characters in the message; `wait` makes sure of it."""
        args = {
            "part": self._part,
            "kind": source.kind,
            "name": source.name,
            "texts": list(texts),
            "offsets": [int(i) for i in offsets] if offsets is not None else [0] * len(texts),
            "guard": self.guard,
        }
        if self._time is not None:
            args["time"] = float(self._time)
        self._part += 1
        packed = [pack_span(s) for s in spans]
        self.host.delivery.post(self._book, Request("write", self.name, self._message, args, packed))

    def wait(self) -> list[Fields]:
        """Wait until every write is in the journal. Returns the rulings on those that had one.

        Raises the first error among them, if there was one; other errors are notices then. What was written stands, and
        its rulings come the next time.
        """
        self.host.delivery.settle(self._book)
        failures, self._book.failures = self._book.failures, []
        if failures:
            self._book.notices += list(map(str, failures[1:]))
            raise failures[0]
        rulings, self._book.rulings = self._book.rulings, []
        return rulings

    @property
    def last(self) -> str:
        """The operation of the message that `undo` takes back; "": the last one that left something."""
        return self._last

    def undo(self, *messages: str) -> int:
        """Forget the last message or document, or those of these operations; how many spans that were. What a document
        had replaced is there again: `restored` says how much (None: nothing; 0: it was not kept).

        Where it left nothing, nothing is forgotten and `before` is what the one before it left; the next `undo` is
        about that one.
        """
        asked, self.changed, self.restored, gone = messages or (self._last,), [], None, 0
        found = self.told(*asked)
        self.before = [] if found or not any(asked) else self.told("")
        if found and len(asked) == 1:
            gone = self._forgotten("undo", {"message": asked[0]})
        elif found:
            gone = self.forget([s["id"] for s in found])
        self.forgotten, self._last = [s["text"] for s in found], ""
        return gone

    def told(self, *messages: str) -> list[Fields]:
        """What these operations left; "": the last one that left anything."""
        return [s for m in messages for s in self.get(self._ask("last", {"message": m}).result["ids"])]

    def forget(self, ids: Sequence[int]) -> int:
        """Forget spans exactly: the state becomes that of a memory that never saw them. Returns how many."""
        return self._forgotten("forget", {"ids": [int(i) for i in ids]})

    def _forgotten(self, op: str, args: Fields) -> int:
        self._clear_caches()
        result = self._change(op, args).result
        self.changed, self.restored = result.get("changed", []), result.get("restored")
        return int(result["forgotten"])

    def accept(self, span: int, accept: bool) -> None:
        """The user's word on a quarantined span. `changed` is what is ruled otherwise after it."""
        self.changed = self._change("accept", {"id": int(span), "accept": accept}).result.get("changed", [])

    def correct(self, span: int, text: str, read: Sequence[SpanFeatures]) -> Fields:
        """Another text in a stored span's place, at its number and time, as the user's own word. read: features of the
        span before it, where it follows on one, and of the text. Returns what was decided about it; `changed` is what
        is ruled otherwise after it.
        """
        self._clear_caches()
        result = self._change("correct", {"id": int(span), "text": text}, read).result
        self.changed, rulings = result.get("changed", []), result.get("rulings", [])
        return dict(rulings[0]) if rulings else {}

    def note(self, document: Document | None, replaced: Sequence[str] = ()) -> int:
        """Note a document, and forget in the same moment what other operations left. Returns how many spans those
        were; `changed` is what is ruled otherwise.
        """
        packed = "" if document is None else document.packed()
        return self._forgotten("document", {"document": packed, "replaced": list(replaced)})

    def reset(self) -> None:
        """Forget everything."""
        self._clear_caches()
        self._change("reset", {})

    def _clear_caches(self) -> None:
        for cache in list(self.caches):
            cache.clear()

    def reread(self, ids: Sequence[int], spans: Sequence[SpanFeatures]) -> int:
        """Give stored spans the facts this graft reads in them. Returns how many spans it has yet to read."""
        return int(self._change("reread", {"ids": [int(i) for i in ids]}, spans).result["stale"])

    # --- questions about the memory

    def find(
        self,
        *,
        text: str = "",
        source: str = "",
        since: float | None = None,
        before: int | None = None,
        limit: int = -1,
    ) -> list[Fields]:
        """Spans of the journal: see `Journal.find`."""
        args = {"text": text, "source": source, "since": since, "limit": limit}
        return self._spans("find", args if before is None else {**args, "before": before})

    def operation(self, prefix: str, since: float) -> str:
        """The last message whose operation begins so and of which something is there since then; "": none."""
        return str(self._ask("operation", {"prefix": prefix, "since": since}).result["operation"])

    def documents(self) -> tuple[list[Document], set[str]]:
        """The documents of which something is there, as they were read; and all names that documents bear."""
        result = self._ask("documents", {}).result
        found = ((unpacked(packed), n, parts) for packed, n, parts in result["documents"])
        return [replace(d, sentences=n, parts=p) for d, n, p in found if d is not None], set(result["names"])

    def unread(self, limit: int) -> list[Fields]:
        """The first spans this graft has yet to read, at most so many: see `reread`."""
        found: list[Fields] = self._ask("unread", {"limit": limit}).result["spans"]
        return found

    def get(self, ids: Sequence[int]) -> list[Fields]:
        """The spans of these ids that there are."""
        known = sorted({int(i) for i in ids})
        parts = [known[at : at + PAGE] for at in range(0, len(known), PAGE)]
        return [s for part in parts for s in self._spans("get", {"ids": part})]

    def quarantine(self) -> list[Fields]:
        """Spans that wait for the user's word."""
        return self._spans("quarantine", {})

    def growth(self, steps: int) -> Fields:
        """How many spans were told when: see `Journal.growth`."""
        return self._ask("growth", {"steps": steps}).result

    def why(self, reply_id: str = "") -> list[Fields]:
        """The writes a readout drew on: hop, relation, share, and the span. "": the last one. Raises UnknownReply for
        one that is not known, or not any more.
        """
        found: list[Fields] = self._ask("explain", {"reply_id": reply_id}).result["reads"]
        return found

    def stats(self) -> Fields:
        """Figures of the memory: see `MemoryHost`."""
        return self._ask("stats", {}).result

    def state(self) -> bytes:
        """The memory's state, for those who compare."""
        return bytes(self._ask("state", {}).result["state"])

    def close(self) -> None:
        """Close the memory, after what was written. May run twice."""
        self.host.delivery.close_memory(self._book)
        if self._owns_host:
            self.host.close()

    def __enter__(self) -> MemoryClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, op: str, args: Fields, spans: Sequence[SpanFeatures] = ()) -> Reply:
        return self.host.delivery.call(self._book, Request(op, self.name, "", args, [pack_span(s) for s in spans]))

    def _change(self, op: str, args: Fields, spans: Sequence[SpanFeatures] = ()) -> Reply:
        packed = [pack_span(s) for s in spans]
        reply = self.host.delivery.call(self._book, Request(op, self.name, _operation(), args, packed))
        self._book.notices += reply.result.get("notices", [])
        return reply

    def notices(self) -> list[str]:
        """What the user should know since the last call: a snapshot not kept, remains in the file, ..."""
        out, self._book.notices = self._book.notices, []
        return out

    def _spans(self, op: str, args: Fields) -> list[Fields]:
        """Spans, however many: the newest come first, and the rest is asked for until there is no more."""
        pages, limit = list[list[Fields]](), args.get("limit", -1)
        while True:
            result = self._ask(op, args).result
            pages.insert(0, result["spans"])
            left = limit - sum(map(len, pages))
            if not result.get("more") or not result["spans"] or left == 0:
                return [s for page in pages for s in page]
            args = {**args, "before": result["spans"][0]["id"], "limit": left if limit >= 0 else -1}


def _operation() -> str:
    """An id by which the journal knows a change that it has made already."""
    return uuid.uuid4().hex


def _states(carried: Fields) -> npt.NDArray[np.float16]:
    """Of a soft prompt that the process sent."""
    return np.frombuffer(carried["states"], np.float16).reshape(carried["shape"])
