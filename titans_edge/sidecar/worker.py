"""The memory process: frames on stdin and stdout, one request after the other.

Knows pipes and the life of the process; what a request means is the service's business. It ends when its stdin ends,
when its parent dies, or on the request `shutdown`; nothing a service raises ends it.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import threading
import time
import traceback
from collections.abc import Callable
from typing import BinaryIO, Protocol

import msgspec

from titans_edge.errors import SidecarFailed, TitansError
from titans_edge.sidecar.protocol import (
    HEAD,
    MAX_FRAME,
    Progress,
    Reply,
    Request,
    failure,
    frame,
    id_in,
    read_exactly,
    request_in,
)

WATCH = 1.0  # seconds between two looks at the parent
GRACE = 5.0  # seconds for what was asked before the runtime went away

OnProgress = Callable[[int, int, str], None]


class Service(Protocol):
    """Answers requests. It may raise anything, and may call `progress(done, of, what)` as often as it likes."""

    def handle(self, request: Request, progress: OnProgress) -> Reply: ...
    def close(self) -> None: ...


class _RuntimeGone(BaseException):
    """Nobody reads the answers any more. No Exception: no service may swallow it."""


def main(service: Service | None = None) -> None:
    """Serve on stdin and stdout; without a service, the memories. Ctrl-C belongs to the runtime."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, replies = _own_pipes()
    worker = Worker(requests, replies)
    if service is None:
        from titans_edge.sidecar.host import MemoryHost

        service = MemoryHost()
    worker.serve(service)


def answer(service: Service, request: Request, progress: OnProgress) -> Reply:
    """The service's reply; whatever it raises becomes one, and what nobody foresaw is told on stderr too."""
    try:
        reply = service.handle(request, progress)
        if not isinstance(reply, Reply):
            raise TypeError(f"the service answered {request.op!r} with {type(reply).__name__}")
    except (Exception, SystemExit) as e:
        if not isinstance(e, TitansError):
            traceback.print_exc()
        reply = failure(e)
    return msgspec.structs.replace(reply, id=request.id)


class Worker:
    """Reads ahead in a thread of its own, so that the runtime is never held up and its end is noticed at once."""

    def __init__(self, requests: BinaryIO, replies: BinaryIO) -> None:
        self._requests, self._replies = requests, replies
        self._inbox: queue.SimpleQueue[bytes | int | None] = queue.SimpleQueue()
        self._ended = threading.Event()
        for task in (self._read, self._watch):
            threading.Thread(target=task, daemon=True).start()

    def serve(self, service: Service) -> None:
        """Answer until the end."""
        try:
            last = self._answer_all(service)
        except _RuntimeGone:
            last = None
        finally:
            service.close()
        if last is not None:
            with contextlib.suppress(_RuntimeGone):
                self._send(Reply(True, id=last.id))

    def _answer_all(self, service: Service) -> Request | None:
        """The request to shut down, None where there will be no more requests."""
        while (body := self._inbox.get()) is not None:
            request = self._understood(body)
            if request is not None and request.op == "shutdown":
                return request
            if request is not None:
                self._send(answer(service, request, self._progress))
        return None

    def _understood(self, body: bytes | int) -> Request | None:
        """The request in a frame; one that cannot be read is answered with an error. An int: its length, too long."""
        if isinstance(body, int):
            self._send(failure(SidecarFailed(f"A request has {body:,} bytes, more than {MAX_FRAME:,}.")))
            return None
        try:
            return request_in(body)
        except SidecarFailed as e:
            self._send(failure(e, id_in(body)))
            return None

    def _progress(self, done: int, of: int, what: str) -> None:
        self._send(Progress(int(done), int(of), str(what)))

    def _send(self, message: Reply | Progress) -> None:
        try:
            data = frame(message)
        except SidecarFailed as e:
            data = frame(failure(e, message.id if isinstance(message, Reply) else 0))
        view = memoryview(data)
        try:
            while view:
                view = view[self._replies.write(view) or 0 :]
        except OSError as e:
            raise _RuntimeGone from e

    def _read(self) -> None:
        """Frames into the inbox; None at the end."""
        try:
            while len(head := read_exactly(self._requests, HEAD.size)) == HEAD.size:
                (size,) = HEAD.unpack(head)
                if size > MAX_FRAME:
                    self._skip(size)
                    self._inbox.put(size)
                    continue
                body = read_exactly(self._requests, size)
                if len(body) < size:
                    break
                self._inbox.put(body)
        except OSError:
            pass
        self._ended.set()

    def _skip(self, size: int) -> None:
        while size and (part := self._requests.read(min(size, 1 << 20))):
            size -= len(part)

    def _watch(self) -> None:
        """Ends the process once stdin has ended or the parent is gone, after what was asked, or after GRACE seconds."""
        parent = os.getppid()
        while not self._ended.wait(WATCH) and os.getppid() == parent:
            pass
        self._inbox.put(None)
        time.sleep(GRACE)
        os._exit(1)


def _own_pipes() -> tuple[BinaryIO, BinaryIO]:
    """stdin and stdout for frames only: who else reads or prints meets the null device and stderr."""
    requests = os.fdopen(os.dup(0), "rb", buffering=0)
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    return requests, replies


if __name__ == "__main__":
    main()
