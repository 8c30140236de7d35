"""A memory as a program uses it: tell, read, ask, forget. See `titans_edge/docs/api.md`."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import ExitStack, aclosing, closing, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeVar, overload

from titans_edge import library
from titans_edge.backbone.sampling import Sampling
from titans_edge.documents.files import find
from titans_edge.documents.plain import MAX_DOCUMENT_BYTES
from titans_edge.documents.reading import Outcome, read_files
from titans_edge.engine import Engine
from titans_edge.errors import UsageError
from titans_edge.events import Event, Notice, Remembered, Text
from titans_edge.session import Session
from titans_edge.sources import USER, Source
from titans_edge.text import plain

Name = str | os.PathLike[str]  # of a file, a folder, or a pattern of both
Made = TypeVar("Made")
CLOSED = UsageError("This memory is closed.", "Open it again.")


@dataclass(frozen=True)
class Reply:
    """An answer, the stored spans it was given (dicts with id, text, source, time), and what the user should know."""

    text: str
    retrieved: tuple[dict[str, Any], ...] = ()
    routes: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.text


class Memory:
    """One memory with a model that speaks from it. Closed by `with`. Each `ask` stands for itself.

    All methods raise TitansError, whose `hint` says what to do next. One call is made at a time, whatever thread it
    comes from; those that begin with `a` are for asyncio, and wait without holding up the loop.
    """

    def __init__(self, engine: Engine, name: str = "default", *, kept: bool = True, owns_engine: bool = False) -> None:
        with ExitStack() as failed:
            self.client = failed.enter_context(engine.memory(name, kept=kept))
            self.session: Session = failed.enter_context(engine.session(self.client))
            self.session.catch_up()
            failed.pop_all()
        self._engine, self._owns = engine, owns_engine
        self._lock, self._closing = threading.RLock(), threading.Event()
        self._thread = ThreadPoolExecutor(1, "titans-edge")  # of what asyncio asks for

    @classmethod
    def open(
        cls, name: str = "default", backbone: str = library.DEFAULT, graft: str | None = None, *, kept: bool = True
    ) -> Memory:
        """Load a backbone and open a memory of it. kept False: it ends when it is closed."""
        library.memory_path(name)  # a bad name is an error before anything is loaded
        with ExitStack() as failed:
            engine = failed.enter_context(Engine(backbone, graft))
            made = cls(engine, name, kept=kept, owns_engine=True)
            failed.pop_all()
        return made

    def tell(self, text: str) -> list[dict[str, Any]]:
        """Learn a text as the user's own words. Durable when it returns; what was decided about each span."""
        return self._learn(text, USER)

    @overload
    def read(self, what: str, name: str) -> list[dict[str, Any]]: ...
    @overload
    def read(
        self, what: Name | Sequence[Name], *, prune: bool = False, limit: int = MAX_DOCUMENT_BYTES
    ) -> list[Outcome]: ...
    def read(
        self,
        what: Name | Sequence[Name],
        name: str | None = None,
        *,
        prune: bool = False,
        limit: int = MAX_DOCUMENT_BYTES,
    ) -> list[dict[str, Any]] | list[Outcome]:
        """Learn documents: they cannot change what the user said.

        With a name, `what` is a text, and what was decided about each span comes back. Without, it is the name of a
        file, folder or pattern, or several: see `documents.reading.read_files`, also for prune and limit (bytes).
        """
        if name is not None:
            return self._learn(str(what), Source("document", name))
        names = [what] if isinstance(what, str | os.PathLike) else what
        with self._lock:
            return list(read_files(self.session, find(names), limit=limit, prune=prune))

    def ask(self, question: str, sampling: Sampling | None = None) -> Reply:
        """Answer from the memory, without learning the question. A memory that cannot answer is a notice."""
        with self._lock:
            return _reply(self._events(question, sampling))

    def stream(self, question: str, sampling: Sampling | None = None) -> Iterator[str]:
        """The answer in pieces, as the model finds them. Another call ends it."""
        with closing(self._events(question, sampling)) as events:
            while True:
                with self._lock:
                    event = next(events, None)
                if event is None:
                    return
                if isinstance(event, Text):
                    yield event.text

    # --- for asyncio

    async def atell(self, text: str) -> list[dict[str, Any]]:
        """`tell`. Cancelled, it is told all the same."""
        return await self._elsewhere(lambda: self.tell(text))

    async def aread(
        self, what: Name | Sequence[Name], *, prune: bool = False, limit: int = MAX_DOCUMENT_BYTES
    ) -> list[Outcome]:
        """`read` of files. Cancelled, they are read all the same."""
        return await self._elsewhere(lambda: self.read(what, prune=prune, limit=limit))

    async def aask(self, question: str, sampling: Sampling | None = None) -> Reply:
        """`ask`. Cancelled, the model stops at its next token."""
        async with aclosing(self._aevents(question, sampling)) as events:
            return _reply([event async for event in events])

    async def astream(self, question: str, sampling: Sampling | None = None) -> AsyncGenerator[str]:
        """`stream`. Left or cancelled, the model stops at its next token; the memory is as it was."""
        async with aclosing(self._aevents(question, sampling)) as events:
            async for event in events:
                if isinstance(event, Text):
                    yield event.text

    async def asearch(self, question: str, limit: int = 4) -> list[dict[str, Any]]:
        """`search`, to be awaited."""
        return await self._elsewhere(lambda: self.search(question, limit))

    # --- what is stored

    def find(self, words: str = "", *, source: str = "", limit: int = 50) -> list[dict[str, Any]]:
        """Stored spans with all of these words; the newest ones without."""
        return self.client.find(text=words, source=source, limit=limit)

    def search(self, question: str, limit: int = 4) -> list[dict[str, Any]]:
        """Stored spans that most likely answer, the likeliest first, each with its `match` (0..1; 0 where the graft
        makes no keys). Neither questions nor what the policy held back; nothing is said or learned.
        """
        if not question.strip() or limit < 1:
            raise UsageError("There is nothing to search for.", "Give a question, and a limit of at least 1.")
        with self._lock:
            if self._closing.is_set():
                raise CLOSED
            return self.session.rank(plain(question), limit)

    def forget(self, *ids: int) -> int:
        """Forget spans exactly, as if they had never been told. Returns how many there were."""
        return self.client.forget(ids)

    def undo(self) -> int:
        """Forget the last text that was told or read; how many spans that were."""
        return self.client.undo()

    def quarantine(self) -> list[dict[str, Any]]:
        """Spans that the policy held back; they wait for `accept` or `reject`."""
        return self.client.quarantine()

    def accept(self, span: int) -> list[dict[str, Any]]:
        """Believe a span of the quarantine, as if the user had said it. Returns later ones that are ruled otherwise."""
        self.client.accept(span, True)
        return self.client.changed

    def reject(self, span: int) -> list[dict[str, Any]]:
        """Never believe a span of the quarantine. Returns later ones that are ruled otherwise."""
        self.client.accept(span, False)
        return self.client.changed

    def notices(self) -> list[str]:
        """What the user should know since the last call: a memory brought to a new format, a full disk, …"""
        return self.client.notices()

    def why(self) -> list[dict[str, Any]]:
        """The spans the last answer's association drew on, with their shares."""
        return self.client.why()

    def close(self) -> None:
        """What was told before is kept. May run twice."""
        self._closing.set()
        self._thread.shutdown(cancel_futures=True)
        with ExitStack() as ending:
            if self._owns:
                ending.callback(self._engine.close)
            ending.callback(self.client.close)
            ending.callback(self.session.close)

    def __enter__(self) -> Memory:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def _learn(self, text: str, source: Source) -> list[dict[str, Any]]:
        with self._lock:
            for _ in self.session.learn(text, source):
                pass
            return self.client.wait()

    def _events(self, question: str, sampling: Sampling | None) -> Generator[Event]:
        yield from self.session.reply([{"role": "user", "content": question}], sampling)

    async def _elsewhere(self, call: Callable[[], Made]) -> Made:
        return await asyncio.wrap_future(self._submit(call))

    def _submit(self, call: Callable[[], Made]) -> Future[Made]:
        try:
            return self._thread.submit(call)
        except RuntimeError as e:
            raise CLOSED from e

    async def _aevents(self, question: str, sampling: Sampling | None) -> AsyncGenerator[Event]:
        """The events of a reply that another thread makes; it ends at the next one when nobody listens any more."""
        loop, left = asyncio.get_running_loop(), threading.Event()
        heard: asyncio.Queue[Event | None] = asyncio.Queue()

        def hear(event: Event | None) -> None:
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(heard.put_nowait, event)

        def speak() -> None:
            with self._lock, closing(self._events(question, sampling)) as events:
                for event in events:
                    if self._closing.is_set():
                        raise CLOSED
                    if left.is_set():
                        return
                    hear(event)

        speaking = self._submit(speak)
        speaking.add_done_callback(lambda _: hear(None))
        try:
            while (event := await heard.get()) is not None:
                yield event
            speaking.result()
        except CancelledError as e:
            raise CLOSED from e
        finally:
            left.set()
            if not speaking.cancel():
                await asyncio.wait([asyncio.wrap_future(speaking)])


def _reply(events: Iterable[Event]) -> Reply:
    said, given, notices = "", Remembered((), 0, 0.0, "", 0), list[str]()
    for event in events:
        said += event.text if isinstance(event, Text) else ""
        given = event if isinstance(event, Remembered) else given
        notices += [event.text] if isinstance(event, Notice) else []
    return Reply(said.strip(), given.retrieved, given.routes, tuple(notices))
