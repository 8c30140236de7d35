"""Records of what was asked: a request and its outcome, and what one open memory needs to come back in a new process.

Knows no transport; `delivery` does the sending.
"""

from __future__ import annotations

from typing import Any

from titans_edge import errors
from titans_edge.errors import SidecarError, SidecarFailed, TitansError
from titans_edge.sidecar.protocol import Reply, Request


class Pending:
    """A request and what became of it: nothing yet, a reply, or an error."""

    def __init__(self, request: Request, book: Book | None = None, awaited: bool = True) -> None:
        self.request, self.book, self.awaited = request, book, awaited
        self.sent, self.lost = False, 0  # lost: processes that ended over it
        self.reply: Reply | None = None
        self.error: TitansError | None = None

    @property
    def done(self) -> bool:
        return self.reply is not None or self.error is not None

    @property
    def changes(self) -> bool:
        """Whether it changes the memory."""
        return bool(self.request.operation)

    @property
    def name(self) -> str:
        """For error messages."""
        return f"{self.request.op} of {self.request.memory}" if self.request.memory else self.request.op

    def result(self) -> Reply:
        if self.error is not None:
            raise self.error
        assert self.reply is not None
        return self.reply

    def failed(self, error: TitansError) -> None:
        """Nobody may be waiting for it: then the book keeps the error for the next who waits."""
        self.error = error
        if self.book is not None and not self.awaited:
            self.book.failures.append(error)


class Book:
    """One open memory: how to open it again, and what has to be done again then.

    A memory that is kept has all that was acknowledged in its file; of another one the log is the only record.
    """

    def __init__(self, name: str, opening: Request, logged: bool) -> None:
        self.name, self.opening, self.logged = name, Pending(opening), logged
        self.open = False
        self.info: dict[str, Any] = {}
        self.log: list[Pending] = []  # acknowledged changes in their order, of a memory that is not kept
        self.failures: list[TitansError] = []  # of requests nobody waited for
        self.rulings: list[dict[str, Any]] = []
        self.notices: list[str] = []

    def acknowledge(self, pending: Pending, reply: Reply) -> None:
        if not pending.awaited:
            self.rulings += reply.result.get("rulings", [])
            self.notices += reply.result.get("notices", [])
        if pending.request.op == "reset":
            self.log.clear()
        elif self.logged and pending.changes:
            self.log.append(pending)


def error_of(reply: Reply) -> TitansError:
    """The error in a reply, of its own class where it is one of ours."""
    kind = getattr(errors, reply.error, None)
    if isinstance(kind, type) and issubclass(kind, TitansError) and not issubclass(kind, SidecarError):
        return kind(reply.message, reply.hint)
    what = f"{reply.error}: {reply.message}" if reply.error != "SidecarFailed" else reply.message
    return SidecarFailed(f"The memory process reports {what}", reply.hint)
