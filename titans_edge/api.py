"""A memory as a program uses it: tell, read, ask, forget. See `titans_edge/docs/api.md`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from titans_edge import library
from titans_edge.backbone.sampling import Sampling
from titans_edge.engine import Engine
from titans_edge.session import Remembered, Session, Text
from titans_edge.sources import USER, Source


@dataclass(frozen=True)
class Reply:
    """An answer, and the stored spans it was given (dicts with id, text, source, time)."""

    text: str
    retrieved: tuple[dict[str, Any], ...] = ()
    routes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.text


class Memory:
    """One memory with a model that speaks from it. Closed by `with`. Each `ask` stands for itself: only the memory is
    kept.
    """

    def __init__(self, engine: Engine, name: str = "default", *, kept: bool = True, owns_engine: bool = False) -> None:
        self._engine, self._owns = engine, owns_engine
        self.client = engine.memory(name, kept=kept)
        self.session: Session = engine.session(self.client)
        self.session.catch_up()

    @classmethod
    def open(
        cls, name: str = "default", backbone: str = library.DEFAULT, graft: str | None = None, *, kept: bool = True
    ) -> Memory:
        """Load a backbone and open a memory of it. kept False: it ends when it is closed."""
        engine = Engine(backbone, graft)
        try:
            return cls(engine, name, kept=kept, owns_engine=True)
        except BaseException:
            engine.close()
            raise

    def tell(self, text: str) -> list[dict[str, Any]]:
        """Learn a text as the user's own words. Durable when it returns; what was decided about each span."""
        return self._learn(text, USER)

    def read(self, text: str, name: str) -> list[dict[str, Any]]:
        """Learn a text as a document's: it cannot change what the user said."""
        return self._learn(text, Source("document", name))

    def ask(self, question: str, sampling: Sampling | None = None) -> Reply:
        """Answer from the memory, without learning the question."""
        said, given = "", Remembered((), 0, 0.0, "", 0)
        for event in self.session.reply([{"role": "user", "content": question}], sampling):
            said += event.text if isinstance(event, Text) else ""
            given = event if isinstance(event, Remembered) else given
        return Reply(said.strip(), given.retrieved, given.routes)

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

    def why(self) -> list[dict[str, Any]]:
        """The spans the last answer's association drew on, with their shares."""
        return self.client.why()

    def close(self) -> None:
        """May run twice."""
        self.session.close()
        self.client.close()
        if self._owns:
            self._engine.close()

    def __enter__(self) -> Memory:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def _learn(self, text: str, source: Source) -> list[dict[str, Any]]:
        for _ in self.session.learn(text, source):
            pass
        return self.client.wait()
