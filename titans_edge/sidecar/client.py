"""The runtime's side of the bridge: the same calls whether the memory lives in this process or in another.

Writes are sent and not waited for; a read waits for the writes before it, because the worker answers in order.
When the worker dies, the client starts it again from the saved memory and sends again what was not saved yet.
"""

from __future__ import annotations

import contextlib
import select
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from titans_edge import errors
from titans_edge.errors import SidecarError, TitansError
from titans_edge.features import SpanFeatures
from titans_edge.sidecar.protocol import Array, Reply, Request, frame, pack_span, unpack


@dataclass(frozen=True)
class MemoryReadout:
    """Rows (N, n_embd) for the backbone (N = 0: none), and how sure the memory is (0..1)."""

    rows: npt.NDArray[np.float32]
    confidence: float
    bank: str
    hop: int


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


class ProcessTransport:
    """The memory in a process of its own. Raises SidecarError when it is dead or silent for `timeout` seconds."""

    def __init__(self, timeout: float = 60.0) -> None:
        self.timeout = timeout
        self.process = subprocess.Popen(
            [sys.executable, "-m", "titans_edge.sidecar.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
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
                raise SidecarError(f"The memory process gave no answer for {self.timeout:.0f} s.", "It is started again.")
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
    """Open, read, write, undo, reset, snapshot, restore, save, stats, close."""

    def __init__(
        self, backbone: str, graft: str, path: str | None, *, local: bool = False, threads: int = 1, timeout: float = 60.0
    ) -> None:
        self._open = Request("open", {"backbone": backbone, "graft": graft, "path": path, "threads": threads})
        self._local, self._timeout = local, timeout
        self._unsaved: list[Request] = []  # writes since the last save, to be sent again after a restart
        self._waiting: list[Request] = []  # sent, not answered yet
        self.restarts = 0
        self._transport = self._start()

    def _start(self) -> Transport:
        transport: Transport = LocalTransport() if self._local else ProcessTransport(self._timeout)
        transport.send(self._open)
        self.info: dict[str, Any] = _checked(transport.receive()).result
        return transport

    def read(self, question: SpanFeatures) -> MemoryReadout:
        reply = self._call(Request("read", spans=[pack_span(question)]))
        r = reply.result
        rows = np.asarray(unpack(reply.arrays["rows"]), np.float32)
        return MemoryReadout(rows, r["confidence"], r["bank"], r["hop"])

    def write(self, spans: Sequence[SpanFeatures], *, trust: float = 1.0, undoable: bool = False) -> None:
        """Queue a write; errors of it are raised by the next call that waits."""
        request = Request("write", {"trust": trust, "undoable": undoable}, [pack_span(s) for s in spans])
        self._unsaved.append(request)
        try:
            self._transport.send(request)
            self._waiting.append(request)
        except SidecarError:
            self._restart()

    def wait(self) -> list[dict[str, Any]]:
        """Wait for queued writes; their reports, a span each."""
        out: list[dict[str, Any]] = []
        while self._waiting:
            try:
                reply = self._transport.receive()
            except SidecarError:
                self._restart()
                continue
            self._waiting.pop(0)
            out += _checked(reply).result.get("reports", [])
        return out

    def undo(self) -> bool:
        """Take back the last undoable write."""
        done = bool(self._call(Request("undo")).result["undone"])
        self.save()
        return done

    def reset(self) -> None:
        """Forget everything (the saved file too, at once)."""
        self._call(Request("reset"))
        self.save()

    def save(self) -> None:
        self._call(Request("save"))
        self._unsaved.clear()

    def stats(self) -> dict[str, Any]:
        return self._call(Request("stats")).result

    def snapshot(self) -> tuple[dict[str, Any], dict[str, Array]]:
        reply = self._call(Request("snapshot"))
        return reply.result, reply.arrays

    def restore(self, snapshot: tuple[dict[str, Any], dict[str, Array]]) -> None:
        self._call(Request("restore", dict(snapshot[0]), [], snapshot[1]))

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._transport.close()

    def _call(self, request: Request) -> Reply:
        """Send, wait for everything before it, return its answer; one restart when the process dies."""
        for attempt in (1, 2):
            try:
                self.wait()
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
        for request in self._unsaved:
            self._transport.send(request)
            _checked(self._transport.receive())


def _checked(reply: Reply) -> Reply:
    if reply.ok:
        return reply
    kind = getattr(errors, reply.error, SidecarError)
    if not (isinstance(kind, type) and issubclass(kind, TitansError)):
        kind = SidecarError
    raise kind(reply.message, reply.hint)
