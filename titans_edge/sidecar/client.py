"""The runtime's side of the bridge: the same calls whether the memory lives in this process or in another.

Writes are sent and not waited for; a read waits for the writes before it, because the worker answers in order.
When the worker dies, the client starts it again from the journal and sends again what is not known to be in it.
"""

from __future__ import annotations

import contextlib
import select
import struct
import subprocess
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from titans_edge import errors, safe_python
from titans_edge.errors import SidecarError, TitansError
from titans_edge.features import SpanFeatures
from titans_edge.sidecar.protocol import Array, Reply, Request, frame, pack_span, unpack
from titans_edge.sources import USER, Source


@dataclass(frozen=True)
class MemoryReadout:
    """Rows (N, n_embd) for the backbone (N = 0: none), how sure the memory is (0..1), and the spans recalled."""

    rows: npt.NDArray[np.float32]
    confidence: float
    bank: str
    hop: int
    recalled: tuple[dict[str, Any], ...] = ()


class Transport(Protocol):
    """Carries requests in order. `send` may return before the answer is there; `receive` gives the next answer."""

    def send(self, request: Request) -> None: ...
    def receive(self) -> Reply: ...
    def close(self) -> None: ...


class LocalTransport:
    """The memory in this process (tests, training, evaluation in one process)."""

    def __init__(self) -> None:
        from titans_edge.sidecar.service import MemoryService

        self._service, self._replies = MemoryService(), list[Reply]()

    def send(self, request: Request) -> None:
        from titans_edge.sidecar.service import result_of

        self._replies.append(result_of(self._service, request))

    def receive(self) -> Reply:
        return self._replies.pop(0)

    def close(self) -> None:
        self._replies.clear()
        self._service.close()


class ProcessTransport:
    """The memory in a process of its own. Raises SidecarError when it is dead or silent for `timeout` seconds."""

    def __init__(self, timeout: float = 60.0) -> None:
        self.timeout = timeout
        self.process = subprocess.Popen(
            safe_python.module_command("titans_edge.sidecar.worker"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )

    def send(self, request: Request) -> None:
        assert self.process.stdin is not None
        view = memoryview(frame(request))
        try:
            while view:
                view = view[self.process.stdin.write(view) or 0 :]
        except (BrokenPipeError, ValueError, OSError) as e:
            raise self._dead() from e

    def receive(self) -> Reply:
        deadline = time.monotonic() + self.timeout
        (size,) = struct.unpack("<I", self._read(4, deadline))
        reply: Reply = msgspec.msgpack.decode(self._read(size, deadline), type=Reply)
        return reply

    def _read(self, n: int, deadline: float) -> bytes:
        assert self.process.stdout is not None
        got = bytearray()
        while len(got) < n:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                self.process.kill()
                raise SidecarError(
                    f"The memory process gave no answer for {self.timeout:.0f} s.", "It is started again."
                )
            part = self.process.stdout.read(min(n - len(got), 1 << 20))
            if not part:
                raise self._dead()
            got += part
        return bytes(got)

    def _dead(self) -> SidecarError:
        try:
            code = self.process.wait(1.0)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        return SidecarError(f"The memory process died (exit code {code}).", "It is started again from what was saved.")

    def close(self) -> None:
        if self.process.poll() is None:
            assert self.process.stdin is not None
            self.process.stdin.close()
            try:
                self.process.wait(2.0)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


class MemoryClient:
    """The memory, wherever it runs. What `wait` has returned from is in the journal and survives any crash."""

    def __init__(
        self,
        backbone: str,
        graft: str,
        path: str | None,
        *,
        local: bool = False,
        guard: bool = True,
        write: bool = True,
        timeout: float = 60.0,
    ) -> None:
        self._open = Request("open", {"backbone": backbone, "graft": graft, "path": path, "threads": 1, "write": write})
        self._local, self._timeout, self.guard = local, timeout, guard
        self._unsaved: list[Request] = []  # writes that are in no journal yet, to be sent again after a restart
        self._waiting: list[Request] = []  # sent, not answered yet
        self._kept, self._verdicts = path is not None, list[dict[str, Any]]()
        self._session, self._events, self._parts = uuid.uuid4().hex[:12], 0, 0
        self._failed: Reply | None = None  # the first write that was refused
        self.changed: list[dict[str, Any]] = []  # spans the guard judges otherwise since the last `forget` or `undo`
        self.restarts = 0
        self._transport = self._start()

    def _start(self) -> Transport:
        transport = self._new_transport()
        transport.send(self._open)
        try:
            self.info: dict[str, Any] = _checked(transport.receive()).result
        except TitansError:
            transport.close()
            raise
        return transport

    def _new_transport(self) -> Transport:
        return LocalTransport() if self._local else ProcessTransport(self._timeout)

    def set_guard(self, on: bool) -> None:
        """For the writes that follow."""
        self.guard = on

    def read(self, question: SpanFeatures, text: str = "", recall: int = 0) -> MemoryReadout:
        """What the memory answers; with `recall` > 0 also up to so many stored spans."""
        reply = self._call(Request("read", {"text": text, "recall": recall}, [pack_span(question)]))
        r = reply.result
        rows = np.asarray(unpack(reply.arrays["rows"]), np.float32)
        return MemoryReadout(rows, r["confidence"], r["bank"], r["hop"], tuple(r["recalled"]))

    def event(self) -> None:
        """A new message or document begins: `undo` takes back a whole one."""
        self._events, self._parts = self._events + 1, 0

    def write(
        self,
        spans: Sequence[SpanFeatures],
        texts: Sequence[str],
        source: Source = USER,
        places: Sequence[int] | None = None,
    ) -> None:
        """Queue a group of spans; `wait` makes sure of it. Errors of it are raised by the next call that waits."""
        args = {
            "event": f"{self._session}-{self._events}",
            "part": self._parts,
            "kind": source.kind,
            "name": source.name,
            "texts": list(texts),
            "places": list(places or [0] * len(texts)),
            "guard": self.guard,
        }
        self._parts += 1
        request = Request("write", args, [pack_span(s) for s in spans])
        while len(self._waiting) > 1:  # answers must not fill the pipe
            self._receive()
        self._unsaved.append(request)
        try:
            self._transport.send(request)
            self._waiting.append(request)
        except SidecarError:
            self._restart()

    def wait(self) -> list[dict[str, Any]]:
        """Wait until every queued write is in the journal. Returns the guard's verdicts on those that had one."""
        self._settle()
        out, self._verdicts = self._verdicts, []
        return out

    def _settle(self) -> None:
        """All answers to writes; then the first error among them, if there was one."""
        while self._waiting:
            self._receive()
        failed, self._failed = self._failed, None
        if failed is not None:
            _checked(failed)

    def _receive(self) -> None:
        """The answer to the oldest write that has none."""
        try:
            reply = self._transport.receive()
        except SidecarError:
            self._restart()
            return
        request = self._waiting.pop(0)
        if self._kept or not reply.ok:
            self._unsaved.remove(request)
        self._verdicts += reply.result.get("verdicts", [])
        self._failed = self._failed or (None if reply.ok else reply)

    def undo(self) -> int:
        """Forget the last message or document; how many spans that were."""
        return self._forgotten(Request("undo"))

    def forget(self, ids: Sequence[int]) -> int:
        """Forget spans exactly: the state becomes that of a memory that never saw them."""
        return self._forgotten(Request("forget", {"ids": list(ids)}))

    def _forgotten(self, request: Request) -> int:
        result = self._call(request).result
        self.changed = result["changed"]
        return int(result["forgotten"])

    def rule(self, span: int, accept: bool) -> None:
        """The user's word on a quarantined span."""
        self._call(Request("rule", {"id": span, "accept": accept}))

    def reset(self) -> None:
        """Forget everything."""
        self._call(Request("reset"))
        self._unsaved.clear()

    def find(
        self, *, text: str = "", source: str = "", since: float | None = None, limit: int = -1
    ) -> list[dict[str, Any]]:
        """Spans of the journal: see `Journal.find`."""
        args = {"text": text, "source": source, "since": since, "limit": limit}
        found: list[dict[str, Any]] = self._call(Request("find", args)).result["spans"]
        return found

    def quarantine(self) -> list[dict[str, Any]]:
        """Spans that wait for the user's word."""
        found: list[dict[str, Any]] = self._call(Request("find", {"quarantine": True})).result["spans"]
        return found

    def why(self) -> list[dict[str, Any]]:
        """The writes the last readout drew on: hop, bank, share, and the span."""
        found: list[dict[str, Any]] = self._call(Request("why")).result["reads"]
        return found

    def stats(self) -> dict[str, Any]:
        return self._call(Request("stats")).result

    def state(self) -> dict[str, Array]:
        """memory and momentum (H, dv, dk)."""
        return self._call(Request("state")).arrays

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._transport.close()

    def _call(self, request: Request) -> Reply:
        """Send, wait for everything before it, return its answer; one restart when the process dies."""
        for attempt in (1, 2):
            try:
                self._settle()
                self._transport.send(request)
                return _checked(self._transport.receive())
            except SidecarError:
                if attempt == 2:
                    raise
                self._restart()
        raise AssertionError

    def _restart(self) -> None:
        self.restarts += 1
        self._transport.close()
        self._waiting.clear()
        try:
            self._transport = self._start()
        except TitansError as e:
            raise SidecarError(f"The memory process died and cannot be started again: {e}") from e
        for request in list(self._unsaved):  # the journal knows those it has: none is written twice
            self._transport.send(request)
            _checked(self._transport.receive())
            if self._kept:
                self._unsaved.remove(request)


def _checked(reply: Reply) -> Reply:
    if reply.ok:
        return reply
    kind = getattr(errors, reply.error, SidecarError)
    if not (isinstance(kind, type) and issubclass(kind, TitansError)):
        kind = SidecarError
    raise kind(reply.message, reply.hint)
