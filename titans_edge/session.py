"""A session on a backbone and a memory: `reply` to a list of messages, then `commit` what the last one taught.

Stateless but for what it keeps at hand: each request brings its messages and sampling, and what the backbone has
decoded
already is used again. Reading the memory, speaking and learning are three steps, and the caller decides on the third.
Knows nothing of terminals, and imports no torch: the memory is behind a client.
"""

from __future__ import annotations

import codecs
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any

from titans_edge.backbone.batch import FloatArray
from titans_edge.backbone.injection import Handle, Injection
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.reader import Reader
from titans_edge.backbone.sampling import Sampling
from titans_edge.backbone.spans import features, mean_nll
from titans_edge.backbone.speaker import Speaker
from titans_edge.errors import ContextOverflow, SidecarError, UsageError
from titans_edge.routes import SYSTEM, AssociationRoute, Mode, Route, TextRoute, choose
from titans_edge.sidecar.client import MemoryClient, MemoryReadout
from titans_edge.sources import ASSISTANT, PASTED, USER, Source
from titans_edge.suspicion import voices
from titans_edge.text import MAX_SPAN_TOKENS, Span, is_question, sentences, spans

SURPRISE_TOKENS = 256  # longer messages are written without the speaker's surprise: it costs logits of every token
READ_SPANS = 64  # read and written at once
RETRIEVED = 4  # spans given as text, at most
REPLIES = 256  # whose tokens are kept at hand
SPARE = 32  # positions kept for a reply when a prompt is checked
Message = Mapping[str, str]  # role: "system", "user" or "assistant"; content


@dataclass(frozen=True)
class Remembered:
    """What the turn was given from the memory: the routes it came by, rows (how many) and spans, and how sure it was
    (0..1).
    """

    routes: tuple[str, ...]
    rows: int
    confidence: float
    relation: str
    hop: int
    retrieved: tuple[dict[str, Any], ...] = ()


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
    """The reply's figures: seconds to the first token and in all, tokens of prompt and reply, and why it ended.

    stop_reason: "stop" (the model ended it), "length" (max_tokens) or "context" (no position was left).
    """

    first_token: float
    tokens: int
    seconds: float
    stop_reason: str = "stop"
    prompt_tokens: int = 0


Event = Remembered | Text | Notice | Done


@dataclass
class _Turn:
    """What `commit` needs of the last reply."""

    message: str
    ids: list[int]
    nll: FloatArray | None
    reply: str = ""
    said: list[int] = field(default_factory=list)  # its tokens


class Session:
    """memory None: the plain backbone. Closed by `with`; the backbone and the memory client stay their owners'
    business.

    context: positions; system: the system prompt where the messages bring none (None: ours; "": the template's own); k: how
    many spans are given as text.
    """

    def __init__(
        self,
        backbone: Backbone,
        memory: MemoryClient | None = None,
        *,
        context: int = 8192,
        system: str | None = None,
        k: int = RETRIEVED,
        learn_replies: bool = False,
    ) -> None:
        self.backbone, self.memory, self.k, self.learn_replies = backbone, memory, k, learn_replies
        self.system = SYSTEM if system is None else system or None
        self.speaker = Speaker(backbone, context)
        self.reader = Reader(backbone, memory.info["layer"]) if memory is not None else None
        self.text_route = TextRoute(backbone.vocab.encode, min(1024, self.speaker.n_ctx // 4))
        self._routes: dict[str, Route] = {"association": AssociationRoute(), "text": self.text_route}
        self._said: dict[str, list[int]] = {}  # the tokens of replies, as they were sampled
        self._turn: _Turn | None = None
        self._injected: Handle | None = None

    def close(self) -> None:
        """Free both contexts. May run twice."""
        self.speaker.close()
        if self.reader is not None:
            self.reader.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    # --- replying

    def reply(
        self,
        messages: Sequence[Message],
        sampling: Sampling | None = None,
        *,
        mode: Mode = Mode.AUTO,
        facts: Sequence[str] = (),
    ) -> Iterator[Event]:
        """Answer the last message. facts: these lines stand where retrieved spans would, and the memory is not asked.

        Raises ContextOverflow where the messages do not fit, UsageError for none or an empty one.
        """
        began = time.perf_counter()
        self._tidy()
        head, message, tail = self._prompt(messages)
        readout, notice = self._ask(str(messages[-1]["content"]), mode if not facts else Mode.OFF)
        if notice is not None:
            yield notice
        if facts:
            injection, routes = self.text_route.of([f"- {fact}\n" for fact in facts]), ("text",)
        else:
            injection, routes = choose(mode, readout, self._routes)
        self._fits(len(head) + len(message) + len(tail) + len(injection))
        nll = self._feed(head, message, tail, injection, surprise=self.memory is not None and mode is not Mode.OFF)
        self._turn = turn = _Turn(str(messages[-1]["content"]), message, nll)
        if routes:
            yield self._remembered(readout, routes)
        yield from self._speak(
            turn, sampling or Sampling(), began, len(head) + len(injection) + len(message) + len(tail)
        )
        self._tidy()

    def surprise(self, passage: str, mode: Mode = Mode.AUTO) -> tuple[FloatArray, bool]:
        """Negative log-likelihood of a passage's tokens as a message of its own, in nats, and whether the memory
        spoke.
        """
        self._tidy()
        head, message, _ = self._prompt([{"role": "user", "content": passage}])
        readout, _ = self._ask(passage, mode)
        injection, routes = choose(mode, readout, self._routes)
        self.speaker.clear()
        nll = self._feed(head, message, [], injection, surprise=True)
        assert nll is not None
        self._tidy()
        return nll, bool(routes)

    def _prompt(self, messages: Sequence[Message]) -> tuple[list[int], list[int], list[int]]:
        """Tokens before the last message, of it, and after it up to where the reply begins."""
        if not messages or messages[-1]["role"] != "user" or not messages[-1]["content"].strip():
            raise UsageError("The message is empty.", "Type a question or tell a fact.")
        if self.system is not None and messages[0]["role"] != "system":
            messages = [{"role": "system", "content": self.system}, *messages]
        parts: tuple[list[int], list[int], list[int]] = ([], [], [])
        last, at = len(messages) - 1, 0
        for segment in self.backbone.template.segments(messages):
            if segment.message == last:
                parts[1].extend(self._encoded(segment.text))
                at = 2
            else:
                frame = segment.message is None
                ids = (
                    self._framed(segment.text) if frame else self._encoded(segment.text, messages[segment.message or 0])
                )
                parts[at].extend(ids)
        vocab = self.backbone.vocab
        if vocab.add_bos and parts[0][:1] != [vocab.bos]:
            parts[0].insert(0, vocab.bos)
        return parts

    def _framed(self, text: str) -> list[int]:
        return self.backbone.vocab.encode(text, special=True)

    def _encoded(self, text: str, message: Message | None = None) -> list[int]:
        """A message's text; a reply of this session as it was sampled, so that it need not be decoded again."""
        own = message is not None and message["role"] == "assistant"
        known = self._said.get(text) if own else None
        return known if known is not None else self.backbone.vocab.encode(text)

    def _ask(self, message: str, mode: Mode) -> tuple[MemoryReadout, Notice | None]:
        """What the memory answers; a memory that cannot answer is a notice, and the turn goes on."""
        try:
            return self.retrieve(message, mode), None
        except SidecarError as e:
            return MemoryReadout.empty(self.backbone.n_embd), Notice(f"{e} This turn goes on without memory.")

    def retrieve(self, message: str, mode: Mode = Mode.AUTO) -> MemoryReadout:
        """What the memory answers to the message's last question, or to its last sentence."""
        empty = MemoryReadout.empty(self.backbone.n_embd)
        if self.memory is None or self.reader is None or mode is Mode.OFF:
            return empty
        parts = [s.text for s in sentences(message)] or [message]
        questions = [p for p in parts if is_question(p)]
        asked = (questions or parts)[-1]
        k = self.k if questions and mode is not Mode.ASSOCIATION else 0
        if len(self.backbone.vocab.encode(asked)) > 2 * MAX_SPAN_TOKENS:
            return self.memory.retrieve(None, asked, k) if k else empty
        (question,) = features(self.reader, [asked])
        return self.memory.retrieve(question, asked, k)

    def _fits(self, needed: int) -> None:
        if needed + SPARE > self.speaker.n_ctx:
            raise ContextOverflow(
                f"The messages have {needed} tokens; the context takes {self.speaker.n_ctx - SPARE}.",
                "Read long texts into memory with `titans-edge read`, or raise --context.",
            )

    def _feed(
        self, head: list[int], message: list[int], tail: list[int], injection: Injection, *, surprise: bool
    ) -> FloatArray | None:
        """The prompt into the speaker. When it fails nothing of it stays. Returns the message's nll where it was
        taken.
        """
        try:
            self.speaker.feed(head[self.speaker.share(head) :])
            self._injected = self.speaker.inject(injection)
            nll = None
            if surprise and len(message) <= SURPRISE_TOKENS:
                nll = self.speaker.surprise(message)
            else:
                self.speaker.feed(message)
            self.speaker.feed(tail)
        except BaseException:
            self._injected = None
            self.speaker.clear()
            raise
        return nll

    def _speak(self, turn: _Turn, sampling: Sampling, began: float, prompt: int) -> Iterator[Event]:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        first = 0.0
        for token in self.speaker.generate(sampling):
            turn.said.append(token)
            first = first or time.perf_counter() - began
            text = decoder.decode(self.backbone.vocab.piece(token))
            turn.reply += text
            if text:
                yield Text(text)
        rest = decoder.decode(b"", final=True)
        turn.reply += rest
        if rest:
            yield Text(rest)
        yield Done(first, len(turn.said), time.perf_counter() - began, self.speaker.stopped, prompt)

    def _tidy(self) -> None:
        """Take what the memory gave out of the sequence; the reply computed with it stays, and its tokens are known."""
        if self._turn is not None:
            self._said[self._turn.reply] = self._turn.said
            if len(self._said) > REPLIES:
                del self._said[next(iter(self._said))]
        if self._injected is not None:
            self.speaker.retract(self._injected)
            self._injected = None

    def _remembered(self, readout: MemoryReadout, routes: tuple[str, ...]) -> Remembered:
        retrieved = readout.retrieved if "text" in routes else ()
        rows = len(readout.rows) if "association" in routes else 0
        return Remembered(routes, rows, readout.confidence, readout.relation, readout.hop, retrieved)

    # --- learning

    def commit(self) -> None:
        """Queue what the last message taught; the memory works while the user types, and `memory.wait` makes sure of
        it.

        Twice is once. Without a memory nothing happens.
        """
        turn, self._turn = self._turn, None
        if turn is None or self.memory is None or self.reader is None:
            return
        self.memory.begin()
        for voice in voices(turn.message):
            cut = [_moved(s, voice.start) for s in self._spans(voice.text)]
            self._write(cut, PASTED if voice.pasted else USER, self._surprises(turn, cut))
        if self.learn_replies and turn.reply:
            self._write(list(self._spans(turn.reply)), ASSISTANT, None)

    def learn(self, text: str, source: Source = USER) -> Iterator[tuple[int, int]]:
        """Write a text on the fast path: yields (spans, tokens) after each group. At the end all of it is durable."""
        if self.memory is None:
            raise UsageError("There is no memory to write to.", "Leave out --no-memory.")
        cut = list(self._spans(text))
        self.memory.begin()
        for at in range(0, len(cut), READ_SPANS):
            group = cut[at : at + READ_SPANS]
            self._write(group, source, None)
            yield len(group), sum(len(self.backbone.vocab.encode(s.text)) for s in group)

    def catch_up(self, progress: Callable[[int, int], None] = lambda done, of: None) -> int:
        """Read the memory's text anew where another graft or backbone read it last. Returns how many spans that were."""
        if self.memory is None or self.reader is None:
            return 0
        of = left = int(self.memory.info.get("stale", 0))
        while left:
            group = self.memory.unread(READ_SPANS)
            surprises = [float("nan") if s["surprise"] is None else s["surprise"] for s in group]
            read = list(features(self.reader, [s["text"] for s in group], surprises))
            left = self.memory.reread([s["id"] for s in group], read)
            progress(of - left, of)
        return of

    def _surprises(self, turn: _Turn, cut: Sequence[Span]) -> list[float] | None:
        """Mean nll of each span's tokens, where the message's was taken."""
        if turn.nll is None:
            return None
        return mean_nll(self.backbone.vocab, turn.message, turn.ids, turn.nll, [(s.start, s.end) for s in cut])

    def _spans(self, text: str) -> Iterator[Span]:
        return spans(text, lambda s: len(self.backbone.vocab.encode(s)), MAX_SPAN_TOKENS)

    def _write(self, cut: Sequence[Span], source: Source, surprises: Sequence[float] | None) -> None:
        assert self.memory is not None and self.reader is not None
        for at in range(0, len(cut), READ_SPANS):
            group = cut[at : at + READ_SPANS]
            known = None if surprises is None else surprises[at : at + READ_SPANS]
            read = list(features(self.reader, [s.text for s in group], known))
            self.memory.write(read, [s.text for s in group], source, [s.start for s in group])


def _moved(s: Span, by: int) -> Span:
    return replace(s, start=s.start + by, end=s.end + by)
