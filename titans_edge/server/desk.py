"""The one session a server speaks with: it answers a request, learns what it taught, and reads texts for embeddings.

Everything here runs in the model's lane, one request after the other. Knows nothing of HTTP. A memory that fails never
fails a reply: it goes on without, and a notice says so.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from titans_edge.backbone.batch import FloatArray
from titans_edge.backbone.reader import BATCH_TOKENS, Reader
from titans_edge.engine import Engine
from titans_edge.errors import ContextOverflow, ModelError, TitansError, UsageError
from titans_edge.events import Done, Event, Notice, Remembered, Text
from titans_edge.routes import Mode
from titans_edge.server.errors import ApiError, api_error, refused
from titans_edge.server.lane import Ticket
from titans_edge.server.memories import Memories
from titans_edge.server.telling import Told, told
from titans_edge.server.wire import Asked
from titans_edge.session import Session
from titans_edge.sidecar.client import MemoryClient
from titans_edge.sidecar.readout import Fields
from titans_edge.sources import Source

AGAIN = 3600.0  # seconds in which the same message in the same conversation is the same request, sent again
LONGEST = 64  # characters of a token, on average
FINISH = {"stop": "stop", "length": "length", "context": "length"}
MAX_SURPRISED = 2048  # tokens of one text whose surprise is asked for
MAX_EMBEDDED = 32768  # tokens of one request for embeddings


@dataclass(frozen=True)
class Turn:
    """A request at the desk. who: whose it is; memory: a name, None for none; learn: whether it may teach; reply_id: by
    which the memory's `why` knows the reply.
    """

    who: str
    memory: str | None
    asked: Asked
    learn: bool = True
    reply_id: str = ""


@dataclass
class Outcome:
    """What came of a turn. reason: "stop" or "length"."""

    memory: str | None
    reason: str = "stop"
    prompt_tokens: int = 0
    tokens: int = 0
    first_token: float = 0.0
    remembered: Remembered | None = None
    learned: list[Fields] = field(default_factory=list)
    repeated: bool = False  # all of it was learnt before, of the same request
    notices: list[str] = field(default_factory=list)


class Desk:
    """Owns the session and the reader, not the engine. options: of `Session`."""

    def __init__(
        self, engine: Engine, memories: Memories, reply_seconds: float, mode: Mode = Mode.AUTO, **options: Any
    ) -> None:
        self.engine, self.memories, self.mode, self.reply_seconds = engine, memories, mode, reply_seconds
        self._options = options
        self._session = engine.session(None, **options)
        self._system = self._session.system
        self._who = ""  # whose words the session holds
        self.reader = Reader(engine.backbone, engine.layer) if engine.layer is not None else None

    def close(self) -> None:
        """Free the contexts. May run twice."""
        self._session.close()
        if self.reader is not None:
            self.reader.close()

    # --- replies

    def answer(self, turn: Turn, ticket: Ticket) -> Outcome:
        """Send pieces of the reply (str); what came of it is the caller's to send. Raises ApiError for what cannot be
        answered.

        A reply that nobody waits for any more ends, and what the user said in the request is learnt all the same.
        """
        out = Outcome(turn.memory)
        self._refuse_unfit(turn.asked)
        client = self._opened(turn.memory, out)
        session = self._seated(turn.who, client)
        began = time.monotonic()
        for text in self._spoken(session, turn, out):
            ticket.send(text)
            if ticket.stopped or time.monotonic() - began > self.reply_seconds:
                late = f"The reply was ended after {self.reply_seconds:.0f} s."
                out.notices += [] if ticket.stopped else [late]
                out.reason = "length"
                break
        if client is not None and turn.learn:
            self._learn(session, client, told(turn.asked.messages, turn.asked.parts), out)
        return out

    def _refuse_unfit(self, asked: Asked) -> None:
        """What the template refuses is the request's fault, not the model's; so is what no tokeniser need look at."""
        n_ctx = self._session.speaker.n_ctx
        if (length := sum(len(m["content"]) for m in asked.messages)) > n_ctx * LONGEST:
            raise ContextOverflow(f"The messages have {length} characters; the context takes {n_ctx} tokens.")
        try:
            self.engine.backbone.template.segments(asked.messages)
        except ModelError as e:
            raise refused(e.message, e.hint, param="messages") from e

    def _opened(self, name: str | None, out: Outcome) -> MemoryClient | None:
        if name is None:
            return None
        try:
            return self.memories.open(name)
        except Exception as e:
            out.notices.append(f"{_said(e)} This turn goes on without memory.")
            return None

    def _seated(self, who: str, client: MemoryClient | None) -> Session:
        """The session on that memory; of another caller's words it keeps nothing, not even how long they take."""
        if client is not None and self._session.reader is None:
            self._session.close()
            self._session = self.engine.session(client, **self._options)
        session = self._session
        if who != self._who:
            session.clear()
            self._who = who
        session.memory = client
        return session

    def _spoken(self, session: Session, turn: Turn, out: Outcome) -> Iterator[str]:
        """The reply; `out` gets the figures."""
        for event in self._events(session, turn, out):
            if isinstance(event, Remembered):
                out.remembered = event
            elif isinstance(event, Notice):
                out.notices.append(event.text)
            elif isinstance(event, Done):
                out.reason, out.tokens, out.prompt_tokens = FINISH[event.stop_reason], event.tokens, event.prompt_tokens
                out.first_token = event.first_token
            elif isinstance(event, Text):
                out.tokens, out.prompt_tokens = event.tokens, session.speaker.length - event.tokens
                yield event.text

    def _events(self, session: Session, turn: Turn, out: Outcome) -> Iterator[Event]:
        """The session's; once more without memory where it failed before it spoke, and the memory may be why."""
        spoke, asked = False, turn.asked
        session.system = self._system if session.memory is not None else None
        try:
            for event in session.reply(asked.messages, asked.sampling, mode=self.mode, reply_id=turn.reply_id):
                spoke = spoke or isinstance(event, Text)
                yield event
        except Exception as e:
            if spoke or session.memory is None or isinstance(e, UsageError):
                raise
            if not isinstance(e, ContextOverflow):
                out.notices.append(f"{_said(e)} This turn goes on without memory.")
            out.remembered = None
            yield from session.reply(asked.messages, asked.sampling, mode=Mode.OFF)

    # --- learning

    def _learn(self, session: Session, client: MemoryClient, messages: Sequence[Told], out: Outcome) -> None:
        """Each message once: one that is sent again gets the operation it had, if any of it is still there. Kept when
        it returns.
        """
        try:
            self._catch_up(session, client)
            known = [client.operation(m.operation, time.time() - AGAIN) for m in messages]
            operations = [k or m.operation + secrets.token_hex(6) for k, m in zip(known, messages, strict=True)]
            for earlier, operation in zip(messages[:-1], operations, strict=False):
                session.tell(earlier.said, operation)
            session.commit(said=messages[-1].said, operation=operations[-1])
            out.learned, out.repeated = client.wait(), all(known)
        except Exception as e:
            out.notices.append(f"{_said(e)} The message was not learned.")

    @staticmethod
    def _catch_up(session: Session, client: MemoryClient) -> None:
        """Text that another graft read last is read anew, once."""
        if client.info.get("stale"):
            session.catch_up()

    def tell(self, who: str, name: str, text: str, source: Source, ticket: Ticket) -> None:
        """Learn a text, and send what was decided of its spans. Kept when it returns."""
        client = self.memories.open(name)
        session = self._seated(who, client)
        self._catch_up(session, client)
        for _ in session.learn(text, source):
            pass
        ticket.send(client.wait())

    def surprise(self, who: str, name: str | None, text: str, ticket: Ticket) -> None:
        """Send (tokens as bytes, nats of each, whether the memory spoke) of a text, as a message of its own."""
        if (n := len(self.engine.backbone.vocab.encode(text[: MAX_SURPRISED * LONGEST]))) > MAX_SURPRISED:
            raise refused(f"The text has {n} tokens.", f"Send at most {MAX_SURPRISED}.", param="text")
        session = self._seated(who, None if name is None else self.memories.open(name))
        session.system = self._system if session.memory is not None else None
        mode = self.mode if session.memory is not None else Mode.OFF
        try:
            ticket.send(session.surprises(text, mode))
        finally:
            session.speaker.clear()

    # --- embeddings

    def embed(self, texts: Sequence[str], ticket: Ticket) -> None:
        """Send (vectors (n, n_embd) of length 1, tokens read): each the mean of the tapped layer over all tokens."""
        if self.reader is None:
            raise ApiError(400, "This server runs without memory, and embeddings are read by its graft's layer.",
                           "Start it without --no-memory.", code="no_embeddings")  # fmt: skip
        ids = [self.engine.backbone.vocab.encode(text) for text in texts]
        total = sum(map(len, ids))
        if total > MAX_EMBEDDED or not all(ids):
            wrong = f"The texts have {total} tokens." if all(ids) else "A text is empty."
            raise refused(wrong, f"Send texts of 1 to {MAX_EMBEDDED} tokens in all.", param="input")
        out = []
        for tokens in ids:
            if ticket.stopped:
                return
            out.append(self._mean(self.reader, tokens))
        ticket.send((np.stack(out), total))

    @staticmethod
    def _mean(reader: Reader, tokens: Sequence[int]) -> FloatArray:
        parts = [tokens[at : at + BATCH_TOKENS] for at in range(0, len(tokens), BATCH_TOKENS)]
        mean = np.concatenate(list(reader.read(parts))).mean(0)
        return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), np.float32)


def _said(e: Exception) -> str:
    """What an error says to the client; of one that is not ours only its kind."""
    return str(e) if isinstance(e, TitansError) else api_error(e).message
