"""How requests reach the memory and answers come back: through the pipes of a process, or by a call in this one.

Knows frames, time limits and the life of one process. Knows nothing of what is asked, and starts nothing again.
"""

from __future__ import annotations

import contextlib
import queue
import subprocess
import threading
from collections import deque
from collections.abc import Sequence
from typing import BinaryIO, Protocol, cast

from titans_edge.errors import SidecarDied, SidecarError, SidecarFailed, SidecarSilent
from titans_edge.safe_python import module_command
from titans_edge.sidecar.protocol import (
    HEAD,
    MAX_FRAME,
    Progress,
    Reply,
    Request,
    answer_in,
    failure,
    frame,
    read_exactly,
)
from titans_edge.sidecar.worker import OnProgress, Service, answer

SLICE = 0.2  # seconds of one wait: between two of them Ctrl-C, the end of the process and a stopped clock are noticed
PIECE = 1 << 16  # bytes handed over at once; each shows that the process still reads
CLOSING = 2.0  # seconds for an orderly end
LAST_WORDS = 3  # lines of its stderr that are shown when the process died


class Transport(Protocol):
    """Carries requests and answers in order.

    SidecarDied and SidecarSilent mean that it is of no more use; `timeout` is the number of seconds in which nothing
    at all happens. An interrupt (Ctrl-C) in either call does no harm: the answer comes with a later `receive`.
    """

    @property
    def alive(self) -> bool:
        """Whether somebody may still answer."""

    def send(self, request: Request, timeout: float) -> None:
        """Hand a request over. Raises SidecarFailed for one that cannot be sent."""

    def receive(self, timeout: float, on_progress: OnProgress) -> Reply:
        """The next answer. Each progress that is told before it starts the time anew."""

    def close(self) -> None:
        """Let go of everything. May run twice."""


class LocalTransport:
    """The memory in this process (tests, training, evaluation)."""

    def __init__(self, service: Service | None = None, on_progress: OnProgress = lambda done, of, what: None) -> None:
        if service is None:
            from titans_edge.sidecar.host import MemoryHost

            service = MemoryHost()
        self._service, self._on_progress, self._replies = service, on_progress, deque[Reply]()

    @property
    def alive(self) -> bool:
        return True

    def send(self, request: Request, timeout: float) -> None:
        """Does it at once."""
        try:
            self._replies.append(answer(self._service, request, self._on_progress))
        except BaseException as e:  # Ctrl-C: who asks next must not wait for this answer
            self._replies.append(failure(e, request.id))
            raise

    def receive(self, timeout: float, on_progress: OnProgress) -> Reply:
        if not self._replies:
            raise SidecarDied("The memory was asked for an answer to nothing.")
        return self._replies.popleft()

    def close(self) -> None:
        self._replies.clear()
        self._service.close()


class Process(Protocol):
    """What is used of a `subprocess.Popen`: unbuffered pipes, and its life."""

    stdin: BinaryIO | None
    stdout: BinaryIO | None
    stderr: BinaryIO | None

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def kill(self) -> None: ...


class _Delivery:
    """A frame on its way into the pipe."""

    def __init__(self, data: bytes) -> None:
        self.data, self.done = data, threading.Event()


class ProcessTransport:
    """The memory in a process of its own. Each pipe belongs to one thread, which closes it; nothing here blocks.

    command: what to start, by default the worker.
    """

    def __init__(self, command: Sequence[str] | None = None) -> None:
        self._outbox: queue.Queue[_Delivery | None] = queue.Queue()
        self._inbox: queue.Queue[Reply | Progress | None] = queue.Queue()  # None: no more
        self._wrong = ""  # what the process sent instead of an answer
        self._words: deque[str] = deque(maxlen=100)  # the last lines of its stderr
        self._signs = 0  # of life: pieces handed over, messages that came
        self._broken = False  # it takes no more
        self.process = self._spawn(command or module_command("titans_edge.sidecar.worker"))
        pipes = ((self._write, self.process.stdin), (self._read, self.process.stdout), (self._log, self.process.stderr))
        self._threads = [
            threading.Thread(target=task, args=(pipe,), daemon=True) for task, pipe in pipes if pipe is not None
        ]
        for thread in self._threads:
            thread.start()

    def _spawn(self, command: Sequence[str]) -> Process:
        """Out of reach of the terminal's Ctrl-C, also before it can ignore it."""
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        except OSError as e:
            raise SidecarFailed(f"The memory process cannot be started: {e}.") from e
        return cast(Process, process)

    @property
    def alive(self) -> bool:
        return not self._broken and self.process.poll() is None

    def send(self, request: Request, timeout: float) -> None:
        delivery = _Delivery(frame(request))
        self._outbox.put(delivery)
        waited, signs = 0.0, self._signs
        while not delivery.done.wait(min(SLICE, timeout)):
            if self._broken or self.process.poll() is not None:
                raise self._died()
            waited = waited + SLICE if self._signs == signs else 0.0
            signs = self._signs
            if waited >= timeout:
                raise self._silent(f"took no request for {timeout:g} s")

    def receive(self, timeout: float, on_progress: OnProgress) -> Reply:
        while isinstance(message := self._next(timeout), Progress):
            on_progress(message.done, message.of, message.what)
        return message

    def close(self) -> None:
        """Ask the process to end by closing its stdin; kill it when it does not; wait for it and for the threads."""
        self._outbox.put(None)
        try:
            self.process.wait(CLOSING)
        except subprocess.TimeoutExpired:
            pass
        finally:  # also when Ctrl-C comes meanwhile
            self._end()

    def _next(self, timeout: float) -> Reply | Progress:
        """The next message; waited for in slices, so that a computer that slept does not count as silence."""
        waited = 0.0
        while waited < timeout:
            ended = self.process.poll() is not None  # before the look into the inbox: what it still sent is there
            try:
                message = self._inbox.get(timeout=min(SLICE, timeout - waited))
            except queue.Empty:
                if ended:
                    raise self._died() from None
                waited += SLICE
                continue
            if message is None:
                self._inbox.put(None)
                raise self._died()
            return message
        raise self._silent(f"gave no answer for {timeout:g} s")

    def _died(self) -> SidecarError:
        with contextlib.suppress(subprocess.TimeoutExpired):  # its pipe may end a moment before itself
            self.process.wait(0.0 if self._wrong else 1.0)
        code = self.process.poll()
        self._end()
        how = f"died (exit code {code})" if code is not None else "closed its pipes"
        return SidecarDied(f"The memory process {self._wrong or how}{self._last_words()}.")

    def _silent(self, what: str) -> SidecarError:
        self._end()
        return SidecarSilent(f"The memory process {what}{self._last_words()}.")

    def _last_words(self) -> str:
        words = [w for w in self._words if w.strip()][-LAST_WORDS:]
        return f"; its last words: {' | '.join(words)}" if words else ""

    def _end(self) -> None:
        """No process and no thread is left (a thread whose pipe a grandchild keeps open is left to itself)."""
        self.process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):  # not even a killed one ends while its disk hangs
            self.process.wait(CLOSING)
        self._outbox.put(None)
        for thread in self._threads:
            thread.join(1.0)

    # --- the threads

    def _write(self, pipe: BinaryIO) -> None:
        with pipe:
            while (delivery := self._outbox.get()) is not None:
                view = memoryview(delivery.data)
                try:
                    while view:
                        view = view[pipe.write(view[:PIECE]) or 0 :]
                        self._signs += 1
                except OSError:
                    self._broken = True
                    return
                delivery.done.set()

    def _read(self, pipe: BinaryIO) -> None:
        with pipe:
            try:
                while len(head := read_exactly(pipe, HEAD.size)) == HEAD.size:
                    (size,) = HEAD.unpack(head)
                    if size > MAX_FRAME:
                        raise SidecarFailed(f"a frame of {size:,} bytes")
                    if len(body := read_exactly(pipe, size)) < size:
                        break
                    self._inbox.put(answer_in(body))
                    self._signs += 1
            except SidecarFailed as e:
                self._wrong = f"sent something that is no answer ({e})"
            except OSError:
                pass  # its end of the pipe is gone
        self._inbox.put(None)

    def _log(self, pipe: BinaryIO) -> None:
        with pipe, contextlib.suppress(OSError):
            rest = b""
            while part := pipe.read(PIECE):
                *lines, rest = (rest + part)[-PIECE:].split(b"\n")
                self._words.extend(line.decode(errors="replace").rstrip() for line in lines)
            self._words.append(rest.decode(errors="replace"))
