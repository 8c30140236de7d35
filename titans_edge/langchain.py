"""A memory for LangChain: a retriever of its sentences, and a runnable that answers from it.

Imports the package `langchain-core` (`pip install 'titans-edge[langchain]'`); nothing else imports this module. Learns
nothing: `Memory.tell` and `Memory.read` do.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from datetime import datetime
from typing import Any

from titans_edge.api import Memory
from titans_edge.backbone.sampling import Sampling
from titans_edge.errors import UsageError

try:
    from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
    from langchain_core.documents import Document
    from langchain_core.retrievers import BaseRetriever
    from langchain_core.runnables import Runnable, RunnableGenerator
except ImportError as e:
    said = f"The adapter for LangChain needs the package langchain-core, version 1 ({e})."
    raise UsageError(said, "Run `pip install 'titans-edge[langchain]'`.") from e


class MemoryRetriever(BaseRetriever):
    """The k stored sentences of an open memory that most likely answer, best first: what `Memory.search` finds.

    Each is a Document: the sentence as it was told, and in its metadata `id` (for `Memory.forget`), `source`, `time`
    (ISO 8601, in this computer's time zone) and `match` (how likely it answers, 0..1; 0 where the graft makes no
    keys). Those with a match under `least` are left out. Raises TitansError as `Memory.search` does. The memory stays
    its owner's to close.
    """

    memory: Memory
    k: int = 4
    least: float = 0.0

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        return self._documents(self.memory.search(query, self.k))

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun
    ) -> list[Document]:
        return self._documents(await self.memory.asearch(query, self.k))

    def _documents(self, spans: list[dict[str, Any]]) -> list[Document]:
        return [_document(span) for span in spans if span["match"] >= self.least]


def answerer(memory: Memory, sampling: Sampling | None = None) -> Runnable[str, str]:
    """A runnable from a question to what `Memory.stream` says, whole or in pieces, also for asyncio.

    Raises TitansError as `Memory.ask` does. The memory stays its owner's to close.
    """

    def answer(questions: Iterator[str]) -> Iterator[str]:
        yield ""  # a reply of no words is one too
        yield from memory.stream("".join(questions), sampling)

    async def aanswer(questions: AsyncIterator[str]) -> AsyncIterator[str]:
        yield ""
        async with aclosing(memory.astream("".join([q async for q in questions]), sampling)) as pieces:
            async for piece in pieces:
                yield piece

    return RunnableGenerator(answer, aanswer, name="titans-edge")


def _document(span: dict[str, Any]) -> Document:
    when = datetime.fromtimestamp(span["time"]).astimezone().isoformat(timespec="seconds")
    about = {"id": span["id"], "source": span["source"], "time": when, "match": span["match"]}
    return Document(span["text"], id=str(span["id"]), metadata=about)
