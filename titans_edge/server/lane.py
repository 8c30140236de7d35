"""One thread that works through requests, fairly: the callers who wait take turns, each with its oldest request.

Knows nothing of models or HTTP. The work runs in the lane's thread and sends events; whoever asked awaits them in an
event loop. Work looks at `stopped` between its steps: it is how it learns that nobody waits any more.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any

from titans_edge.server.errors import ApiError

Work = Callable[["Ticket"], None]


class Started:
    """The event that comes first: the work begins."""


class Ticket:
    """A piece of work and the way back to who asked for it. Made inside a running event loop."""

    def __init__(self, who: str, work: Work) -> None:
        self.who, self.work = who, work
        self._loop, self._events = asyncio.get_running_loop(), asyncio.Queue[Any]()
        self._stop = threading.Event()

    @property
    def stopped(self) -> bool:
        """Whether nobody waits for it any more."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Nobody waits any more. Harmless when it is over."""
        self._stop.set()

    def send(self, event: Any) -> None:
        """From the lane's thread: an event, or an exception that ends it."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody hears it
            self._loop.call_soon_threadsafe(self._events.put_nowait, event)

    async def next(self) -> Any:
        """The next event. Raises what the work raised."""
        event = await self._events.get()
        if isinstance(event, BaseException):
            raise event
        return event


class Lane:
    """limit: how many requests of one caller may wait. Closed by `close`, which lets the running one end."""

    def __init__(self, name: str, limit: int) -> None:
        self.limit, self.seconds = limit, 1.0  # what one took of late, for Retry-After
        self._waiting: OrderedDict[str, deque[Ticket]] = OrderedDict()  # callers in the order of their turns
        self._running: Ticket | None = None
        self._condition, self._closed = threading.Condition(), False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, who: str, work: Work) -> Ticket:
        """Put work in the queue. Raises ApiError 429 where this caller has too many waiting, 503 once closed."""
        with self._condition:
            if self._closed:
                raise ApiError(503, "The server is stopping.", "Try again in a moment.", retry_after=5)
            mine = [t for t in self._waiting.get(who, ()) if not t.stopped]
            if len(mine) >= self.limit:
                wait = min(60, max(1, round(self.seconds * (len(mine) + 1))))
                raise ApiError(
                    429, f"{len(mine)} requests of yours wait already.", f"Try again in {wait} s.",
                    code="rate_limit_exceeded", retry_after=wait,
                )  # fmt: skip
            ticket = Ticket(who, work)
            self._waiting[who] = deque([*mine, ticket])
            self._condition.notify()
        return ticket

    @property
    def waiting(self) -> int:
        """Requests in the queue."""
        with self._condition:
            return sum(not t.stopped for tickets in self._waiting.values() for t in tickets)

    def close(self, seconds: float) -> bool:
        """Refuse what waits, let the running one end; after some seconds stop it. Whether the thread has ended."""
        with self._condition:
            self._closed = True
            for ticket in (t for tickets in self._waiting.values() for t in tickets):
                ticket.send(ApiError(503, "The server is stopping.", "Try again in a moment.", retry_after=5))
            self._waiting.clear()
            self._condition.notify()
        self._thread.join(seconds)
        if self._thread.is_alive() and (running := self._running) is not None:
            running.stop()
            self._thread.join(max(5.0, seconds))
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (ticket := self._next()) is not None:
            began = time.monotonic()
            ticket.send(Started())
            try:
                ticket.work(ticket)
            except BaseException as e:  # whatever it is, it belongs to who asked, and the lane goes on
                ticket.send(e if isinstance(e, Exception) else RuntimeError(type(e).__name__))
            self._running = None
            self.seconds += (time.monotonic() - began - self.seconds) / 8

    def _next(self) -> Ticket | None:
        """The oldest request of the caller whose turn it is; waits for one. None once closed."""
        with self._condition:
            while True:
                while self._waiting:
                    who, tickets = self._waiting.popitem(last=False)
                    ticket = tickets.popleft()
                    if tickets:
                        self._waiting[who] = tickets  # behind all others
                    if not ticket.stopped:
                        self._running = ticket
                        return ticket
                if self._closed:
                    return None
                self._condition.wait()
