"""A conversation: backbone and memory put together. `Chat.turn(message)` is an iterator of events.

Knows the order of things in a turn. Knows nothing of terminals, and imports no torch: the memory is behind a client.
"""

from __future__ import annotations

import codecs
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from titans_edge.backbone.batch import FloatArray
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.reader import Reader
from titans_edge.backbone.sampling import Sampling
from titans_edge.backbone.spans import features, mean_nll
from titans_edge.backbone.speaker import Speaker
from titans_edge.errors import ContextOverflow, SidecarError, UsageError
from titans_edge.guard import voices
from titans_edge.sidecar.client import MemoryClient, MemoryReadout
from titans_edge.sources import ASSISTANT, USER, Source
from titans_edge.text import MAX_SPAN_TOKENS, sentences, spans

SURPRISE_TOKENS = 256  # longer messages are written without the speaker's surprise: it costs logits of every token
READ_SPANS = 64
NOTES = "Notes from earlier:"  # stands before recalled spans


@dataclass(frozen=True)
class Remembered:
    """The memory had something to say: n rows, how sure it is (0..1), the bank and the hop; and the spans recalled as
    text.
    """

    rows: int
    confidence: float
    bank: str
    hop: int
    recalled: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Text:
    """A piece of the reply."""

    text: str


@dataclass(frozen=True)
class Notice:
    """Something the user should know."""

    text: str


@dataclass(frozen=True)
class Done:
    """The turn's figures: seconds to the first token, tokens of the reply, seconds in all."""

    first_token: float
    tokens: int
    seconds: float


Event = Remembered | Text | Notice | Done


class Chat:
    """One conversation with one memory. client None: the plain backbone.

    recall: how many stored spans are given as text; rows: whether the memory's own rows are; learn_replies: whether the
    model's replies are written too, as the least trusted source.
    """

    def __init__(
        self,
        backbone: Backbone,
        client: MemoryClient | None,
        *,
        context: int = 8192,
        sampling: Sampling | None = None,
        system: str | None = None,
        recall: int = 0,
        rows: bool = True,
        learn_replies: bool = False,
    ) -> None:
        self.backbone, self.client, self.sampling = backbone, client, sampling or Sampling()
        self.recalls, self.rows, self.learn_replies = recall, rows, learn_replies
        self.verdicts: list[dict[str, Any]] = []  # the guard's, on the last text learned
        self.speaker = Speaker(backbone, context)
        self.reader = Reader(backbone, client.info["layer"]) if client is not None else None
        template = backbone.template
        self._frame = template.user()
        self._head = backbone.vocab.encode(template.system(system), special=True, bos=True)
        self._before, self._after, self._end = (
            backbone.vocab.encode(t, special=True)
            for t in (self._frame.before, self._frame.after, template.reply_end())
        )

    def new(self) -> None:
        """Drop the conversation's text; the memory stays."""
        self.speaker.clear()

    def turn(self, message: str, *, learn: bool = True) -> Iterator[Event]:
        """Read the memory, speak, then write the message into the memory. Closing the iterator stops the reply only."""
        ids = self._ids(message)
        began = time.perf_counter()
        try:
            readout = self.recall(message)
        except SidecarError as e:
            readout = None
            yield Notice(f"{e} This turn goes on without memory.")
        rows, notes = self._given(readout)
        yield from self._make_room(len(ids), len(rows) + len(notes))
        given_at, nll = self._prompt(ids, rows, notes)
        said: list[str] = []
        try:
            if readout is not None and (len(rows) or notes):
                recalled = readout.recalled if notes else ()
                yield Remembered(len(rows), readout.confidence, readout.bank, readout.hop, recalled)
            for event in self._reply(began):
                if isinstance(event, Text):
                    said.append(event.text)
                yield event
        finally:
            self._close_turn(given_at, len(rows) + len(notes))
            if learn:
                self._learn(message, ids, nll, "".join(said))

    def _given(self, readout: MemoryReadout | None) -> tuple[FloatArray, list[int]]:
        """What stands before the message: the memory's rows (N, n_embd), and recalled spans as tokens."""
        rows = np.zeros((0, self.backbone.n_embd), np.float32)
        if readout is None:
            return rows, []
        told = "".join(
            f"- {r['text']}\n" for r in reversed(readout.recalled)
        )  # the newest stands nearest to the question
        notes = self.backbone.vocab.encode(f"{NOTES}\n{told}\n") if told else []
        return (readout.rows if self.rows and len(readout.rows) else rows), notes

    def recall(self, message: str) -> MemoryReadout | None:
        """What the memory answers to the message's last question, or to its last sentence."""
        if self.client is None or self.reader is None:
            return None
        parts = [s.text for s in sentences(message)] or [message]
        asked = next((p for p in reversed(parts) if p.endswith(("?", "？"))), parts[-1])
        tokens = self.backbone.vocab.encode(asked)
        if len(tokens) > 2 * MAX_SPAN_TOKENS:
            return None
        (question,) = features(self.reader, [asked])
        return self.client.read(question, asked, self.recalls)

    def learn(self, text: str, source: Source = USER) -> Iterator[tuple[int, int]]:
        """Write a text on the fast path: yields (spans, tokens) written after each group. At the end all of it is
        durable.
        """
        if self.client is None or self.reader is None:
            raise UsageError("There is no memory to write to.", "Leave out --no-memory.")
        encode = self.backbone.vocab.encode
        cut = [s.text for s in spans(text, lambda s: len(encode(s)))]
        places = _places(text, cut)
        self.client.event()
        for at in range(0, len(cut), READ_SPANS):
            group = cut[at : at + READ_SPANS]
            self.client.write(list(features(self.reader, group)), group, source, places[at : at + READ_SPANS])
            yield len(group), sum(len(encode(s)) for s in group)
        self.verdicts = self.client.wait()

    def _ids(self, message: str) -> list[int]:
        if not message.strip():
            raise UsageError("The message is empty.", "Type a question or tell a fact.")
        ids = self.backbone.vocab.encode(message)
        limit = self.speaker.n_ctx - len(self._head) - len(self._before) - len(self._after) - 64
        if len(ids) > limit:
            raise ContextOverflow(
                f"The message has {len(ids)} tokens; the context takes {max(0, limit)}.",
                "Read it into memory with `titans-edge read`, or raise --context.",
            )
        return ids

    def _make_room(self, n: int, rows: int) -> Iterator[Event]:
        need = n + rows + len(self._before) + len(self._after) + len(self._end) + 32
        if self.speaker.length and need > self.speaker.room():
            self.speaker.clear()
            yield Notice("The context was full: the conversation's text was dropped, the memory stays.")

    def _prompt(self, ids: list[int], rows: FloatArray, notes: list[int]) -> tuple[int, FloatArray | None]:
        """Feed frame, rows, notes and message. Returns where the rows stand, and the message's nll where it was
        taken.
        """
        if self.speaker.length == 0:
            self.speaker.feed(self._head)
        self.speaker.feed(self._before)
        given_at = self.speaker.length
        if len(rows):
            self.speaker.feed_rows(rows)
        if notes:
            self.speaker.feed(notes)
        nll = None
        if self.client is not None and len(ids) <= SURPRISE_TOKENS:
            nll = self.speaker.surprise(ids)
        else:
            self.speaker.feed(ids)
        self.speaker.feed(self._after)
        return given_at, nll

    def _reply(self, began: float) -> Iterator[Event]:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        count, first = 0, 0.0
        for token in self.speaker.generate(self.sampling):
            count += 1
            first = first or time.perf_counter() - began
            text = decoder.decode(self.backbone.vocab.piece(token))
            if text:
                yield Text(text)
        rest = decoder.decode(b"", final=True)
        if rest:
            yield Text(rest)
        if self.speaker.room() < 1:
            yield Notice("The context is full; /new drops the conversation's text and keeps the memory.")
        yield Done(first, count, time.perf_counter() - began)

    def _close_turn(self, given_at: int, given: int) -> None:
        """End the reply in the cache, and take what the memory gave out of it."""
        if self.speaker.room() >= len(self._end):
            self.speaker.feed(self._end)
        if given:
            self.speaker.cut(given_at, given_at + given)

    def _learn(self, message: str, ids: list[int], nll: FloatArray | None, reply: str) -> None:
        """Queue the message's spans for writing; the memory process works while the user types."""
        if self.client is None or self.reader is None:
            return
        vocab = self.backbone.vocab
        parts = [
            (source, [s.text for s in spans(text, lambda s: len(vocab.encode(s)))]) for source, text in voices(message)
        ]
        if self.learn_replies and reply:
            parts.append((ASSISTANT, [s.text for s in spans(reply, lambda s: len(vocab.encode(s)))]))
        self.client.event()
        told = [s for source, cut in parts if source is not ASSISTANT for s in cut]
        surprises = mean_nll(vocab, message, ids, nll, told) if nll is not None else [float("nan")] * len(told)
        places = _places(message, told)
        at = 0
        for source, cut in parts:
            own = source is not ASSISTANT
            known = surprises[at : at + len(cut)] if own else None
            self.client.write(
                list(features(self.reader, cut, known)), cut, source, places[at : at + len(cut)] if own else None
            )
            at += len(cut) if own else 0


def _places(text: str, cut: Sequence[str]) -> list[int]:
    """Character offset of each span in its text (spans have their white space folded, so their first word is looked
    up).
    """
    out, at = [], 0
    for span in cut:
        found = text.find(span.split(maxsplit=1)[0], at)
        at = found if found >= 0 else at
        out.append(at)
        at += 1
    return out
