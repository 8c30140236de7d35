"""What was asked of the memory is answered, whatever becomes of its process.

Knows the order of requests, which of them have an answer, and how to bring a new process to where the old one was.
Knows neither pipes nor what a request means, but for `reset`, after which nothing older needs to be brought back.

A lost process (SidecarDied, SidecarSilent) is started again; every memory that was open is opened again, and what had
no answer is sent again under its old operation id, which the journal knows. A request over which two processes were
lost is given up. An error that is an answer (anything else) is final: it is handed on and never repeated.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from titans_edge.errors import SidecarDied, SidecarError, SidecarFailed, SidecarSilent, TitansError, UsageError
from titans_edge.sidecar.pending import Book, Pending, error_of
from titans_edge.sidecar.protocol import Reply, Request
from titans_edge.sidecar.transport import Transport
from titans_edge.sidecar.worker import OnProgress

LOST = (SidecarDied, SidecarSilent)
TRIES = 2  # processes that may be lost over one request
AHEAD = 8  # requests that may be without an answer while more are posted
CRASHES = 6  # lost processes without anything done between them; then a pause
PAUSE = 10.0  # seconds
STARTING = 60.0  # seconds for a process to start, at least: it has much to import and to load
ENDING = 5.0  # seconds for the process to end when asked


class Delivery:
    """One process at a time, the memories open in it, and the queue of what has no answer yet. Safe between threads."""

    def __init__(
        self, connect: Callable[[], Transport], start: Request, timeout: float, on_progress: OnProgress
    ) -> None:
        self._connect_to, self._start = connect, Pending(start)
        self.timeout, self._on_progress = timeout, on_progress
        self.info: dict[str, Any] = {}  # what the process said when it started
        self.restarts = -1  # the first start is none
        self.transport: Transport | None = None
        self._books: dict[str, Book] = {}
        self._queue: list[Pending] = []  # oldest first
        self._unsure: set[str] = set()  # memories whose opening was interrupted: they may be open in the process
        self._ids, self._crashes, self._crashed_at, self._closed = 0, 0, 0.0, False
        self._lock = threading.RLock()
        self.dead = False  # the process could not be started when it was last tried
        self.asking = False  # an answer is waited for, and nothing else is done: Ctrl-C may end that
        with self._lock:
            self._until(lambda: self.transport is not None)

    def open(self, book: Book) -> None:
        """Open a memory. Raises what the process says against it."""
        with self._lock:
            if book.name in self._books:
                raise UsageError(f"The memory {book.name} is open already.", "Close it first.")
            self._books[book.name] = book
            try:
                self._until(lambda: book.open or book.opening.error is not None)
            except BaseException:
                del self._books[book.name]
                raise
            if not book.open:
                del self._books[book.name]
                book.opening.result()

    def post(self, book: Book, request: Request) -> None:
        """Send a request and go on; `settle` waits for it. One that cannot even be sent is an error and forgotten."""
        with self._lock:
            pending = self._enqueue(Pending(request, book, awaited=False))
            try:
                self._until(lambda: pending.done or (pending.sent and len(self._queue) <= AHEAD))
            except TitansError:
                self._drop(pending)
                raise

    def call(self, book: Book, request: Request) -> Reply:
        """The answer to a request. Raises the error that is its answer, or SidecarError when there is none."""
        with self._lock:
            pending = self._enqueue(Pending(request, book))
            try:
                self.asking = True
                self._until(lambda: pending.done)
            except TitansError:
                self._drop(pending)
                raise
            except BaseException:  # Ctrl-C: a change that was asked for is made, an answer is not waited for
                pending.awaited = False
                if not pending.changes:
                    self._drop(pending)
                raise
            finally:
                self.asking = False
            return pending.result()

    def settle(self, book: Book) -> None:
        """Wait until everything that was posted for this memory has an answer."""
        with self._lock:
            self._until(lambda: not any(p.book is book for p in self._queue))

    def close_memory(self, book: Book) -> None:
        """Close one memory, after what was posted for it."""
        with self._lock:
            if self._books.get(book.name) is not book:
                return
            with contextlib.suppress(TitansError):
                self.settle(book)
            del self._books[book.name]
            self._queue = [p for p in self._queue if p.book is not book]
            self._tell("close", book.name, self.timeout)

    def close(self) -> None:
        """Close every memory and end the process. May run twice."""
        with self._lock:
            try:
                for book in list(self._books.values()):
                    self.close_memory(book)
                self._tell("shutdown", "", min(ENDING, self.timeout))
            finally:
                self._closed = True
                self._disconnect()

    # --- inside: one request after the other

    def _enqueue(self, pending: Pending) -> Pending:
        if pending.book is not None and self._books.get(pending.book.name) is not pending.book:
            raise SidecarFailed(f"The memory {pending.book.name} is closed.")
        self._ids += 1
        pending.request.id = self._ids
        self._queue.append(pending)
        return pending

    def _drop(self, pending: Pending) -> None:
        if pending in self._queue:
            self._queue.remove(pending)

    def _until(self, done: Callable[[], bool]) -> None:
        """Send and receive, starting the process where it must be, until `done`."""
        while not done():
            try:
                self._ready()
                if not done():
                    self._receive()
            except LOST as e:
                self._lost(e)
            except KeyboardInterrupt:  # an answer may be lost with it: all is asked again, and done once all the same
                for pending in self._queue:
                    pending.sent = False
                raise

    def _ready(self) -> None:
        """There is a process, its memories are open, and everything in the queue is sent."""
        if self._closed:
            raise SidecarFailed("The memory is closed.")
        if self.transport is not None and not self.transport.alive and not any(p.sent for p in self._queue):
            self._disconnect()  # it died over nothing that is asked now
        if self.transport is None:
            self._connect()
        assert self.transport is not None
        for name in list(self._unsure):
            self._exchange(self.transport, Pending(Request("close", name)))
            self._unsure.discard(name)
        for book in self._books.values():
            if not book.open and book.opening.error is None:
                self._bring_back(self.transport, book)
        for pending in [p for p in self._queue if not p.sent]:
            self._send(self.transport, pending)

    def _send(self, transport: Transport, pending: Pending) -> None:
        book = pending.book
        if pending.done:
            return
        if book is not None and not book.open:  # it could not be opened again: perhaps it can now
            self._bring_back(transport, book)
            if book.opening.error is not None:
                self._settled(pending, book.opening.error)
                return
        try:
            transport.send(pending.request, self.timeout)
            pending.sent = True
        except SidecarFailed as e:
            self._settled(pending, e)
        except LOST:
            self._take_what_came(transport)  # what was answered before is not what it was lost over
            with self._blaming(self._queue[0]):
                raise

    def _take_what_came(self, transport: Transport) -> None:
        """The answers of a process that is no more."""
        with contextlib.suppress(*LOST):
            while True:
                self._take(transport.receive(self.timeout, self._on_progress))

    def _receive(self) -> None:
        assert self.transport is not None
        if not self._queue:
            return
        with self._blaming(self._queue[0]):
            reply = self.transport.receive(self.timeout, self._on_progress)
        self._take(reply)

    def _take(self, reply: Reply) -> None:
        """Give a reply to who asked. Replies come in order: older requests without one never reached the process."""
        at = next((i for i, p in enumerate(self._queue) if reply.id in (p.request.id, 0)), None)
        if at is None:
            return  # nobody waits for it any more
        for missed in self._queue[:at]:
            missed.sent = False
        self._settled(self._queue[at], reply)

    def _settled(self, pending: Pending, outcome: Reply | TitansError) -> None:
        """The outcome of a request: it leaves the queue last, so that an interrupt loses nothing."""
        self._crashes = 0
        if isinstance(outcome, Reply) and outcome.ok:
            if pending.book is not None:
                pending.book.acknowledge(pending, outcome)
            pending.reply = outcome
        else:
            pending.failed(error_of(outcome) if isinstance(outcome, Reply) else outcome)
        self._drop(pending)

    # --- inside: the process

    def _connect(self) -> None:
        """A new process with everything the old one had, but for what had no answer."""
        if self._crashes >= CRASHES and time.monotonic() - self._crashed_at < PAUSE:
            raise SidecarError(
                f"The memory process died {self._crashes} times in a row.", f"Try again in {PAUSE:.0f} s."
            )
        transport = self._connect_to()
        self.restarts += 1
        self._unsure.clear()
        try:
            self.info = self._started(self._exchange(transport, self._start, max(STARTING, self.timeout)))
            for book in self._books.values():
                book.open = False
                if book.opening.error is None:  # else it is tried again when somebody asks for it
                    self._bring_back(transport, book)
        except BaseException as e:
            self.dead = isinstance(e, TitansError)
            transport.close()
            raise
        for pending in self._queue:
            pending.sent = False
        self.transport, self.dead = transport, False

    def _started(self, reply: Reply) -> dict[str, Any]:
        if reply.ok:
            return reply.result
        error = error_of(reply)
        if self.restarts == 0:
            raise error
        raise SidecarFailed(f"The memory process cannot be started again: {error.message}", error.hint)

    def _bring_back(self, transport: Transport, book: Book) -> None:
        """Open a memory; do again what no file has. What fails is noted, and the rest goes on."""
        book.opening.error = None
        self._unsure.add(book.name)
        reply = self._exchange(transport, book.opening)
        if not reply.ok:
            self._unsure.discard(book.name)
            book.opening.error = error_of(reply)
            return
        book.info = reply.result
        book.notices += reply.result.get("notices", [])
        for pending in list(book.log):
            again = self._exchange(transport, pending)
            if not again.ok:
                book.log.remove(pending)
                book.failures.append(error_of(again))
        self._unsure.discard(book.name)
        book.open = True

    def _exchange(self, transport: Transport, pending: Pending, timeout: float | None = None) -> Reply:
        """Send a request outside the queue and wait for its reply; others' replies meanwhile go to them."""
        limit = self.timeout if timeout is None else timeout
        self._ids += 1
        pending.request.id = self._ids
        with self._blaming(pending):
            transport.send(pending.request, limit)
            while True:
                reply = transport.receive(limit, self._on_progress)
                if reply.id in (pending.request.id, 0):
                    pending.lost = 0
                    return reply
                self._take(reply)

    @contextlib.contextmanager
    def _blaming(self, pending: Pending) -> Iterator[None]:
        """A process that is lost meanwhile is lost over this request."""
        try:
            yield
        except LOST as e:
            pending.lost += 1
            if pending.lost >= TRIES:
                what = f"{e.message} So did the one before it, over the same request: {pending.name}."
                pending.error = type(e)(what, "What was acknowledged is kept.")
            raise

    def _lost(self, error: SidecarError) -> None:
        """The process is gone: it will be started again, unless that is what failed twice."""
        self._disconnect()
        self._crashes, self._crashed_at = self._crashes + 1, time.monotonic()
        for pending in [p for p in self._queue if p.lost >= TRIES]:
            self._settled(pending, pending.error or error)
        for book in self._books.values():
            self._give_up(book)
        if self._start.lost >= TRIES:
            self._start.lost, failed, self._start.error = 0, self._start.error, None
            raise failed or error
        if self._crashes >= CRASHES:
            raise error

    def _give_up(self, book: Book) -> None:
        """What two processes were lost over is not tried a third time: a change of the log, or the memory itself."""
        for pending in list(book.log):
            if pending.error is not None:
                book.log.remove(pending)
                book.failures.append(pending.error)
        error = book.opening.error
        if book.opening.lost >= TRIES and error is not None:
            book.opening.lost = 0
            for pending in [p for p in self._queue if p.book is book]:
                self._settled(pending, error)

    def _disconnect(self) -> None:
        transport, self.transport = self.transport, None
        if transport is not None:
            transport.close()

    def _tell(self, op: str, memory: str, timeout: float) -> None:
        """Say something to the process if there is one; what it answers changes nothing."""
        if self.transport is None:
            return
        try:
            self._exchange(self.transport, Pending(Request(op, memory)), timeout)
        except TitansError:
            self._disconnect()
