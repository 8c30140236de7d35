"""A memory that answers what a test tells it to, and writes down what it was asked and told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from titans_edge.backbone.batch import FloatArray
from titans_edge.backbone.injection import Prefix, Prompt
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.sampling import Sampling
from titans_edge.backbone.speaker import Speaker
from titans_edge.errors import TitansError
from titans_edge.events import Done, Event, Notice, Text
from titans_edge.features import SpanFeatures
from titans_edge.framing import Message
from titans_edge.routes import Mode
from titans_edge.session import Session
from titans_edge.sidecar.client import MemoryClient
from titans_edge.sidecar.readout import MemoryReadout
from titans_edge.sources import USER, Source

WARM = Sampling(temperature=1.0, seed=3, max_tokens=12)


class Answering:
    """rows (N, n_embd) and spans of its readouts; error: raised instead, by questions and by writes."""

    def __init__(self, n_embd: int, rows: FloatArray | None = None, texts: Sequence[str] = ()) -> None:
        self.info = {"layer": 1, "stale": 0}
        self.rows = np.zeros((0, n_embd), np.float32) if rows is None else rows
        self.spans = tuple(
            {"id": i, "text": t, "kind": "user", "source": "you", "time": 0.0, "match": 0.5}
            for i, t in enumerate(texts, 1)
        )
        self.untold = False  # nobody told what is asked
        self.maybe = False  # it may be about the world
        self.behind: tuple[dict[str, Any], ...] = ()  # what the rows rest on
        self.plain = False  # one of them says it as it was asked
        self.between: tuple[float, float] | None = None  # of the last question
        self.error: TitansError | None = None
        self.asked: list[tuple[str, int, bool]] = []  # text, k, whether its words came with it
        self.written: list[tuple[str, Source, int, float]] = []  # text, source, offset, surprise
        self.operations = 0
        self.dead = False
        self.prompt: Prompt | None = None
        self.speaking: Prefix | None = None
        self.listening: Prefix | None = None
        self.changing: Prompt | None = None
        self.lost: TitansError | None = None  # raised when it is asked what was told later
        self.told_later: tuple[dict[str, Any], ...] = ()
        self.caches = set[object]()

    def retrieve(
        self, question: SpanFeatures | None, text: str = "", k: int = 0,
        between: tuple[float, float] | None = None, *, recite: bool = False, reply_id: str | None = "",
    ) -> MemoryReadout:  # fmt: skip
        self.asked.append((text, k, question is not None))
        self.between = between
        if self.error is not None:
            raise self.error
        return MemoryReadout(
            self.rows, 0.9, "place", 1, self.spans[:k], self.behind, self.plain, self.untold, prompt=self.prompt,
            maybe=self.maybe,
        )  # fmt: skip

    def find(self, *, text: str = "", since: float | None = None, **_: Any) -> list[dict[str, Any]]:
        found = (s for s in self.spans if text.lower() in s["text"].lower() and s["time"] >= (since or 0.0))
        return [{**s, "decision": "written"} for s in found]

    def later(self, span: int, text: str, n: int) -> list[dict[str, Any]]:
        if self.lost is not None:
            raise self.lost
        return [s for s in self.told_later if s["id"] > span][:n]

    def begin(self, time: float | None = None, operation: str = "", part: int = 0) -> None:
        self.operations += 1

    def write(
        self, spans: Sequence[SpanFeatures], texts: Sequence[str], source: Source = USER, offsets: Sequence[int] = ()
    ) -> None:
        if self.error is not None:
            raise self.error
        for span, text, offset in zip(spans, texts, offsets, strict=True):
            self.written.append((text, source, offset, span.surprise))

    def wait(self) -> list[dict[str, Any]]:
        return []


def watched_logits(monkeypatch: pytest.MonkeyPatch) -> list[FloatArray]:
    """The logits that each reply from now on begins with, as they come."""
    seen, generate = list[FloatArray](), Speaker.generate

    def watched(self: Speaker, sampling: Sampling, *, weigh: bool = False) -> Iterator[int]:
        seen.append(self.last_logits())
        return generate(self, sampling, weigh=weigh)

    monkeypatch.setattr(Speaker, "generate", watched)
    return seen


def answering(tiny: Backbone, rows: str = "", texts: Sequence[str] = ()) -> Answering:
    """A memory whose rows are the embeddings of a text."""
    ids = tiny.vocab.encode(rows)
    return Answering(tiny.n_embd, tiny.embedding.rows(ids) if ids else None, texts)


def client(memory: Answering) -> MemoryClient:
    return cast(MemoryClient, memory)


def local(backbone: Path, graft: Path, path: Path | None = None) -> MemoryClient:
    """A real memory in this process."""
    return MemoryClient.open(str(backbone), str(graft), str(path) if path else None, local=True)


def text(events: Sequence[Event]) -> str:
    return "".join(e.text for e in events if isinstance(e, Text))


def done(events: Sequence[Event]) -> Done:
    (last,) = [e for e in events if isinstance(e, Done)]
    return last


def notices(events: Sequence[Event]) -> list[str]:
    return [e.text for e in events if isinstance(e, Notice)]


def said(*texts: str, system: str | None = None) -> list[Message]:
    """Messages that alternate, the user first."""
    head = [] if system is None else [{"role": "system", "content": system}]
    return [*head, *({"role": ("user", "assistant")[i % 2], "content": t} for i, t in enumerate(texts))]


def hear(session: Session, *texts: str, sampling: Sampling = WARM, mode: Mode = Mode.AUTO) -> list[Event]:
    return list(session.reply(said(*texts), sampling, mode=mode))
