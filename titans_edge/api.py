"""A memory as a program uses it: tell, read, ask, forget. See `titans_edge/docs/api.md`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from titans_edge import library
from titans_edge.backbone.sampling import Sampling
from titans_edge.engine import Engine
from titans_edge.session import Notice, Remembered, Session, Text
from titans_edge.sources import USER, Source


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

    All methods raise TitansError, whose `hint` says what to do next.
    """

    def __init__(self, engine: Engine, name: str = "default", *, kept: bool = True, owns_engine: bool = False) -> None:
        with ExitStack() as failed:
            self.client = failed.enter_context(engine.memory(name, kept=kept))
            self.session: Session = failed.enter_context(engine.session(self.client))
            self.session.catch_up()
            failed.pop_all()
        self._engine, self._owns = engine, owns_engine

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

    def read(self, text: str, name: str) -> list[dict[str, Any]]:
        """Learn a text as a document's: it cannot change what the user said."""
        return self._learn(text, Source("document", name))

    def ask(self, question: str, sampling: Sampling | None = None) -> Reply:
        """Answer from the memory, without learning the question. A memory that cannot answer is a notice."""
        said, given, notices = "", Remembered((), 0, 0.0, "", 0), list[str]()
        for event in self.session.reply([{"role": "user", "content": question}], sampling):
            said += event.text if isinstance(event, Text) else ""
            given = event if isinstance(event, Remembered) else given
            notices += [event.text] if isinstance(event, Notice) else []
        return Reply(said.strip(), given.retrieved, given.routes, tuple(notices))

    def stream(self, question: str, sampling: Sampling | None = None) -> Iterator[str]:
        """The answer in pieces."""
        for event in self.session.reply([{"role": "user", "content": question}], sampling):
            if isinstance(event, Text):
                yield event.text

    def find(self, words: str = "", *, source: str = "", limit: int = 50) -> list[dict[str, Any]]:
        """Stored spans with all of these words; the newest ones without."""
        return self.client.find(text=words, source=source, limit=limit)

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
        for _ in self.session.learn(text, source):
            pass
        return self.client.wait()
