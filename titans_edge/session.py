"""A session on a backbone and a memory: `reply` to a list of messages, then `commit` what the last one taught.

Each request brings its messages and sampling; the same messages and memory get the same reply, whatever was asked
before. What the backbone has decoded of them already is not decoded again, unless it was computed beside something
the memory gave. Reading the memory, speaking and learning are three steps, and the caller decides on the third. Knows
nothing of terminals, and imports no torch: the memory is behind a client.
"""

from __future__ import annotations

import codecs
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from titans_edge.answers import Spans, chosen
from titans_edge.asked_for import asks_for_advice, asks_for_today, needs_the_date
from titans_edge.asking import left_open, of_a_reply, only_tells, spoken_of, stands_alone, welcomed
from titans_edge.backbone import heads as states
from titans_edge.backbone.batch import FloatArray
from titans_edge.backbone.heads import Heads
from titans_edge.backbone.injection import Handle, Injection, Prefix
from titans_edge.backbone.kept import KeptLines
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.reader import Reader
from titans_edge.backbone.sampling import Sampling
from titans_edge.backbone.spans import mean_nll
from titans_edge.backbone.speaker import Speaker
from titans_edge.ellipsis import in_full
from titans_edge.errors import ContextOverflow, ModelError, SidecarFailed, UsageError
from titans_edge.events import Done, Event, Notice, Remembered, Text
from titans_edge.framing import Framed, Message, framed
from titans_edge.judging import worth_reading
from titans_edge.learning import Learner, moved
from titans_edge.private import HERE, is_known, told_in_private, with_told
from titans_edge.prompted import NO_ANSWER, Prompted
from titans_edge.questions import plainer, who_may_be_asked_about
from titans_edge.recalling import Recaller
from titans_edge.replying import UNTOLD, Listened, Reading, Stopper
from titans_edge.routes import SYSTEM, AssociationRoute, Mode, Route, TextRoute, choose, given
from titans_edge.sidecar.client import MemoryClient
from titans_edge.sidecar.readout import MemoryReadout
from titans_edge.sources import ASSISTANT, PASTED, USER
from titans_edge.suspicion import Voice, voices
from titans_edge.text import Span, is_question, plain, sentences, tells, words
from titans_edge.wanted import asked_names, is_named, other_words
from titans_edge.when import now_line, today_line

SURPRISE_TOKENS = 256  # longer messages, and questions, are written without surprise: it costs logits of every token
RETRIEVED = 4  # spans given as text, at most
SAME = 16  # stored sentences of the same words, in whatever order, that are looked at
SPARE = 32  # positions kept for a reply when a prompt is checked


@dataclass
class _Turn:
    """What `commit` needs of the last reply. apart: what was said before is out of sight; nll: of the prompt's message,
    where it was taken.
    """

    message: str
    prompt: Framed
    apart: bool = False
    nll: FloatArray | None = None
    reply: str = ""


class Session(Learner, Recaller):
    """memory None: the plain backbone. Closed by `with`; the backbone and the memory client stay their owners'
    business.

    context: positions; system: the system prompt where the messages bring none (None: ours; "": the template's own);
    k: how many spans are given as text; clock: what time it is, in seconds since 1970; route: "text" reads recalled
    lines in each turn, "kv" reads a line once and keeps its keys and values in this process; heads: a folder in which
    the state of our own system prompt is kept (None: nowhere).
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
        clock: Callable[[], float] = time.time,
        route: str = "text",
        heads: Path | None = None,
    ) -> None:
        self.backbone, self.memory, self.k, self.learn_replies = backbone, memory, k, learn_replies
        self.clock = clock
        self.system = SYSTEM if system is None else system or None
        self.reader = Reader(backbone, memory.info["layer"], cache=heads) if memory is not None else None
        try:
            self.speaker = Speaker(backbone, context, kept=KeptLines())
        except BaseException:
            if self.reader is not None:
                self.reader.close()
            raise
        self.text_route = TextRoute(backbone.vocab.encode, min(1024, self.speaker.n_ctx // 4), route == "kv")
        self._routes: dict[str, Route] = {
            "association": AssociationRoute(self.text_route, self._words),
            "text": self.text_route,
        }
        self.heads = Heads(heads) if heads is not None else None
        self._turn: _Turn | None = None  # not committed yet
        self._speaking: _Turn | None = None
        self._dead = False  # the memory could not be started in this turn: it is not tried again
        self._injected: Handle | None = None
        self._why = ""  # lines were last read as text
        self._kept_of: MemoryClient | None = None  # whose sentences' keys and values are kept

    def close(self) -> None:
        """Free both contexts. May run twice."""
        self.speaker.close()
        if self.reader is not None:
            self.reader.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def _words(self, tokens: Sequence[int]) -> str:
        return b"".join(self.backbone.vocab.piece(t) for t in tokens).decode("utf-8", "replace").strip()

    # --- replying

    def reply(
        self,
        messages: Sequence[Message],
        sampling: Sampling | None = None,
        *,
        mode: Mode = Mode.AUTO,
        facts: Sequence[str] = (),
        whole: bool = False,
        reply_id: str = "",
    ) -> Iterator[Event]:
        """Answer the last message. facts: these lines stand where retrieved spans would, and the memory is not asked;
        reply_id: by which the memory's `why` knows this reply. Under a grammar all of the reply is the model's.

        Raises ContextOverflow where the messages do not fit, UsageError for none or an empty one. Where they fit only
        without what the memory gives, that is left out, with a notice; or refused too, if they are to be `whole`. A
        reply that is broken off is ended by the next one.
        """
        began, sampling = time.perf_counter(), sampling or Sampling()
        self._begin()
        messages = messages if mode is Mode.OFF else self._marked(messages)
        content, prompt = self._prompt(messages)
        asked, before, alone = self._understood(content, messages, mode)
        ours = mode is Mode.AUTO and not sampling.grammar  # what we say ourselves fits no grammar
        says = self._says(content) if ours and not facts and self.memory is not None and self._ours(prompt) else ""
        strange = bool(facts) or bool(says) or of_a_reply(content, messages[:-1]) or self._of_strangers(before)
        readout, notice = self._ask(asked, Mode.OFF if strange else mode, reply_id, before)
        readout, known = self._found(readout, asked, messages[:-1], alone, ours=ours)
        injection, routes = choose(mode, readout, self._routes)
        if facts:
            injection, routes = self.text_route.of([f"- {plain(fact)}\n" for fact in facts]), ("text",)
        listening = self._listening(content, messages[:-1], prompt) if ours and not facts else None
        if listening is not None:
            injection, routes, alone = Injection(), (), self._alone(messages, messages[-1]["content"])
        elif self.system == SYSTEM and (mode is not Mode.OFF or facts) and needs_the_date(content):
            injection = self.text_route.after(f"{today_line(self.now())}\n", injection)
        notices = [] if notice is None else [notice]
        if not facts and not whole and len(injection) and not self._room(len(prompt) + len(injection)):
            injection, routes = Injection(), ()
            notices.append(Notice("There was no room for what the memory holds; --context takes more."))
        self._fits(len(prompt) + len(injection))
        self._turn = self._speaking = turn = _Turn(content, prompt)
        yield from notices
        if says or (readout.untold and not routes):
            yield from self._say(turn, says or UNTOLD, sampling, began)
            return
        spans = given(mode, readout) if ours and routes == ("text",) and not facts else ()
        of = {"doubted": readout.doubted, "listing": readout.listing}
        reading = self._reading(asked, before, prompt, spans, **of) if known else None
        turn.apart = (
            reading is not None
            or listening is not None
            or (bool(routes) and alone == prompt)  # nothing was said before, and nothing stays
            or (ours and known and routes == ("association",))
            or (ours and known and not routes and stands_alone(content, messages[:-1]))
        )
        if turn.apart:  # it is read from what was told, and not from what was said before
            turn.prompt = prompt = alone
        if reading is not None and reading.known:
            if reading.known != UNTOLD:
                yield self._remembered(readout, routes, spans)
            yield from self._say(turn, reading.known, sampling, began)
            return
        surprise = self.memory is not None and mode is not Mode.OFF and self._teaches(content, prompt)
        speaking = listening if reading is None or self.memory is None else self.memory.speaking
        turn.nll = self._feed(turn, injection, surprise=surprise, speaking=speaking)
        yield from self._read_as_text()
        if routes:
            yield self._remembered(readout, routes, given(mode, readout))
        heard = reading if listening is None else Listened(content)
        yield from self._speak(turn, sampling, began, len(prompt) + len(injection), heard)
        self._tidy()

    def _found(
        self, readout: MemoryReadout, content: str, before: Sequence[Message], alone: Framed, *, ours: bool
    ) -> tuple[MemoryReadout, bool]:
        """What answers, of the memory and of what was told in private, and whether the memory may speak for itself: the
        conversation tells nothing else. ours: where nothing answers, that may be said.
        """
        asks = readout.listing or readout.prompt is not None or bool(readout.retrieved)
        told = told_in_private(content, before, readout, self._stored) if asks else []
        askable = ours and not asks_for_advice(content) and not spoken_of(content, before)
        readout = self._answering(with_told(readout, told, self.clock()), alone, content, askable=askable)
        untold = readout.untold and (askable or (ours and readout.listing))
        return replace(readout, untold=untold), is_known(content, told, given(Mode.AUTO, readout))

    def surprise(self, passage: str, mode: Mode = Mode.AUTO) -> tuple[FloatArray, bool]:
        """Negative log-likelihood of a passage's tokens as a message of its own, in nats, and whether the memory
        spoke.
        """
        _, nll, spoke = self.surprises(passage, mode)
        return nll, spoke

    def surprises(self, passage: str, mode: Mode = Mode.AUTO) -> tuple[list[bytes], FloatArray, bool]:
        """`surprise`, with the passage's tokens as text: what it is cut into, in UTF-8."""
        self._begin()
        content, prompt = self._prompt([{"role": "user", "content": passage}])
        readout, _ = self._ask(content, mode, None)
        injection, routes = choose(mode, readout.sure(), self._routes)
        self.speaker.clear()
        prompt.tail = []
        self._speaking = turn = _Turn(content, prompt)
        nll = self._feed(turn, injection, surprise=True)
        assert nll is not None
        self._tidy()
        return [self.backbone.vocab.piece(t) for t in prompt.message], nll, bool(routes)

    def _begin(self) -> None:
        """Whatever was said before, and not learned, is over."""
        if self.speaker.closed:
            raise ModelError("This session is closed.", "Open a new one.")
        self._turn = self._speaking = None
        self._dead = False
        self._tidy()
        self._keep()

    def _keep(self) -> None:
        """What is kept of a memory's sentences is forgotten with them, and is of no other memory."""
        kept = self.speaker.kept
        if kept is None:
            return
        if self.memory is not self._kept_of:
            kept.clear()
            self._kept_of = self.memory
        if self.memory is not None:
            self.memory.caches.add(kept)

    def clear(self) -> None:
        """Nothing of what was said is known any more, nor how long it takes."""
        self.speaker.clear()
        if self.speaker.kept is not None:
            self.speaker.kept.clear()

    def keep(self, path: Path) -> None:
        """The conversation's state so far into a private file, which `go_on` takes up in another program."""
        self._begin()
        states.keep_all(path, self.speaker)

    def go_on(self, path: Path) -> bool:
        """What the next messages share with the state in a file need not be read again. Whether it is there, sound and
        of this model.
        """
        self._begin()
        self.speaker.clear()
        return states.take_up(path, self.speaker)

    def _prompt(self, messages: Sequence[Message]) -> tuple[str, Framed]:
        """The last message's text, and all of them as tokens."""
        last = messages[-1] if messages else {}
        content = last.get("content")
        if not isinstance(content, str) or not content.strip():
            raise UsageError("The message is empty.", "Type a question or tell a fact.")
        if last.get("role") != "user":
            raise UsageError(f"The last message is from {last.get('role')!r}.", "It has to be the user's.")
        return plain(content), framed(self.backbone, messages, self.system)

    def _understood(self, content: str, messages: Sequence[Message], mode: Mode) -> tuple[str, str, Framed]:
        """What the last message asks, what that cannot be understood without, and both by themselves."""
        full, text = in_full(content, messages[:-1]), messages[-1]["content"]
        if mode is not Mode.OFF:  # most often they are one
            known = {said: self._in_his_words(said) for said in (full, content, text)}
            full, content, text = known[full], known[content], known[text]
        if full:
            return full, "", self._alone(messages, full)
        before = left_open(content, messages[:-1])
        return content, before, self._alone(messages, f"{before} {text}".lstrip())

    def _in_his_words(self, question: str) -> str:
        """A question, where it says "my mother" of whom the memory knows as "mum" alone, with that word."""
        if self.memory is None or self._dead or not is_question(question):
            return question
        try:
            for word, others in other_words(question):
                his = next((w for w in (word.lower(), *others) if self._is_told_of(w)), word.lower())
                if his != word.lower():
                    question = re.sub(rf"\b{word}\b", his, question)
        except NO_ANSWER:
            pass
        return question

    def _alone(self, messages: Sequence[Message], text: str) -> Framed:
        """A text in the place of the last message, as if nothing had been said."""
        system = [m for m in messages[:-1] if m.get("role") == "system"]
        asked = {"role": "user", "content": plainer(text)}
        return framed(self.backbone, [*system, asked], self.system)

    def _is_told_of(self, word: str) -> bool:
        """Whether the newest of the user's stored sentences with a word tell something, and not all ask."""
        assert self.memory is not None
        found = (f["text"] for f in self.memory.find(text=word, source=USER.label, limit=SAME))
        return any(tells(text) and word in {w.text.lower() for w in words(text)} for text in found)

    def _ask(
        self, message: str, mode: Mode, reply_id: str | None = "", before: str = ""
    ) -> tuple[MemoryReadout, Notice | None]:
        """What the memory answers; a memory that cannot answer is a notice, and the turn goes on."""
        try:
            return self.retrieve(message, mode, before=before, reply_id=reply_id), None
        except NO_ANSWER as e:
            self._dead = self.memory is not None and self.memory.dead
            return MemoryReadout.empty(self.backbone.n_embd), Notice(f"{e} This turn goes on without memory.")

    def _of_strangers(self, before: str) -> bool:
        """Whether what a question cannot be understood without has names, and the memory none of them: then it is not
        about what was told ("Hamlet was written by William Shakespeare." "When was he born?").
        """
        names = asked_names(before)
        try:
            return bool(names) and not any(self.memory and self.memory.find(text=n, limit=1) for n in names)
        except NO_ANSWER:
            return False

    def _marked(self, messages: Sequence[Message]) -> Sequence[Message]:
        """The messages, the last with a question mark where a name the memory knows makes it a question."""
        text = messages[-1].get("content") if messages else None
        if not isinstance(text, str) or len(sentences(text)) != 1 or not self._names(who_may_be_asked_about(text)):
            return messages
        return [*messages[:-1], {**messages[-1], "content": f"{text.rstrip()}?"}]

    def _names(self, who: str) -> bool:
        """Whether the user's stored sentences introduce a word as somebody's name."""
        if not who or self.memory is None or self._dead:
            return False
        try:
            found = self.memory.find(text=who, source=USER.label, limit=SAME)
        except NO_ANSWER:
            return False
        return is_named(who, (f["text"] for f in found))

    def _stored(self, sentence: str) -> bool:
        """Whether the memory has a sentence, as far as it can say."""
        if self.memory is None or self._dead:
            return False
        try:
            cut = [s.text for s in self._spans(sentence)]
            return any(f["text"] == text for text in cut for f in self.memory.find(text=text, limit=SAME))
        except NO_ANSWER:
            return False

    def recall(self, message: str, mode: Mode = Mode.AUTO) -> Remembered:
        """What a reply to this message would be given; nothing is said or learned, and `why` tells of it as before."""
        self._begin()
        content, prompt = self._prompt([{"role": "user", "content": message}])
        askable = not asks_for_advice(content)
        readout = self._answering(self.retrieve(content, mode, reply_id=None), prompt, content, askable=askable)
        return self._remembered(readout, choose(mode, readout, self._routes)[1], given(mode, readout))

    def check(self, messages: Sequence[Message]) -> None:
        """Raises as `reply` does for messages that are none, or do not fit."""
        self._fits(len(self._prompt(messages)[1]))

    def _room(self, needed: int) -> bool:
        return needed + SPARE <= self.speaker.n_ctx

    def _fits(self, needed: int) -> None:
        if not self._room(needed):
            raise ContextOverflow(
                f"The messages have {needed} tokens; the context takes {self.speaker.n_ctx - SPARE}.",
                "Read long texts into memory with `titans-edge read`, or raise --context.",
            )

    def _feed(
        self, turn: _Turn, injection: Injection, *, surprise: bool, speaking: Prefix | None = None
    ) -> FloatArray | None:
        """The prompt into the speaker. When it fails nothing of it stays. Returns the message's nll if asked for.
        speaking: stands behind the message, and is taken out with the injection.
        """
        prompt, nll = turn.prompt, None
        self._mine(turn)
        with self._whole():
            if not turn.apart:
                self.speaker.back()
            if not surprise and prompt.tail and self.speaker.ids == prompt.head:
                self._injected = self.speaker.go_on(injection, prompt.message)  # it was read while it was judged
            if self._injected is None:
                self._begun(prompt, apart=turn.apart)
                at = self.speaker.inject(injection.without_end(), prompt.begin).start
                self._injected = Handle(at, at + len(injection))
                if surprise:
                    nll = self.speaker.surprise(prompt.message, injection.end)
                else:
                    self.speaker.feed([*injection.end, *prompt.message])
            if speaking is not None:
                behind = self.speaker.set_in(speaking)
                self._injected = self._injected if len(injection) else behind
            self.speaker.feed(prompt.tail)
        return nll

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """Where feeding the speaker fails, nothing of it stays."""
        try:
            yield
        except BaseException:
            self._turn = self._speaking = self._injected = None
            self.speaker.clear()
            raise

    def _read_as_text(self) -> Iterator[Notice]:
        """Why lines could not be set in, when that is news."""
        why = self.speaker.kept.why if self.speaker.kept is not None else ""
        if why and why != self._why:
            yield Notice(f"What was recalled is read as text: {why}")
        self._why = why

    def _begun(self, prompt: Framed, *, apart: bool = False) -> None:
        """What stands before the last message into the speaker. The constant beginning, but for its last token, is fed
        by itself, whether it is kept or not: the same logits either way, to the bit. apart: what else stands there is
        set aside.
        """
        speaker, begin = self.speaker, prompt.begin - 1
        if apart and not speaker.apart and speaker.ids[: len(prompt.head)] == prompt.head:
            speaker.set_aside(begin)
        heads = self.heads if self.system == SYSTEM and not prompt.told_system and begin > 0 else None
        if heads is not None and not speaker.length:
            heads.put(speaker, prompt.head[:begin])
        known = speaker.share(prompt.head)
        if known < begin:
            speaker.feed(prompt.head[known:begin])
            if heads is not None and not known:
                heads.keep(speaker, prompt.head[:begin])
        speaker.feed(prompt.head[max(known, begin) :])

    def _teaches(self, message: str, prompt: Framed) -> bool:
        """Whether a message is to be learned with its surprise: one that only asks is not."""
        return len(prompt.message) <= SURPRISE_TOKENS and not all(is_question(s.text) for s in sentences(message))

    def _mine(self, turn: _Turn) -> None:
        """A reply that was left for another one cannot go on: the sequence is the other's now."""
        if self._speaking is not turn:
            raise UsageError("This reply was ended by the one that was asked for after it.", "Ask again.")

    def _answering(self, readout: MemoryReadout, prompt: Framed, content: str, *, askable: bool) -> MemoryReadout:
        """A readout with those of its spans that answer, as the backbone finds, reading each alone behind the graft's
        soft prompt. prompt: the message by itself; askable: where it finds none, nobody told it.
        """
        if readout.listing:
            return replace(readout, untold=not readout.retrieved)
        trained, hops = readout.prompt, len(readout.rows) and not readout.plain
        if trained is None or hops or not readout.retrieved or not self._room(len(prompt)):
            return readout.first(self.k)
        spans = worth_reading(self.text_route.within([*readout.retrieved, *readout.replaced]))
        put = Prompted.of(self.speaker, self.text_route, prompt)
        read, judge = partial(put.untold, trained), None
        if self.memory is not None and (changing := self.memory.changing) is not None:
            judge = partial(put.changes, changing, self.memory)
        with self._whole():
            self._begun(prompt, apart=True)
            return chosen(readout, spans, content, read, judge, k=self.k, likely=trained.likely, askable=askable)

    def _says(self, message: str) -> str:
        """What needs no model: which day it is, and what is said to thanks; "": this does."""
        return now_line(self.now()) if asks_for_today(message) else welcomed(message)

    def _say(self, turn: _Turn, text: str, sampling: Sampling, began: float) -> Iterator[Event]:
        """A reply that the model has no part in."""
        turn.reply = Stopper(sampling.stop).take(text, over=True)
        if turn.reply:
            yield Text(turn.reply)
        seconds = time.perf_counter() - began
        yield Done(seconds, 0, seconds, "stop", len(turn.prompt))

    def _reading(
        self, content: str, before: str, prompt: Framed, spans: Spans, *, doubted: bool, listing: bool = False
    ) -> Reading | None:
        """For a question that is answered from lines; None for one whose reply may say what nobody told. before: what
        it cannot be understood without.
        """
        ours = bool(spans) and self._ours(prompt)
        return Reading.of(content, before, spans, doubted=doubted, listing=listing) if ours else None

    def _ours(self, prompt: Framed) -> bool:
        """Whether the system prompt is the one that the graft was trained under."""
        return self.system == SYSTEM and not prompt.told_system

    def _listening(self, content: str, before: Sequence[Message], prompt: Framed) -> Prefix | None:
        """What makes the backbone reply like a friend to a message that only tells something."""
        return self.memory.listening if self.memory and self._ours(prompt) and only_tells(content, before) else None

    def _speak(
        self, turn: _Turn, sampling: Sampling, began: float, prompt: int, reading: Reading | Listened | None
    ) -> Iterator[Event]:
        """The reply as it comes; where it is to be read from lines and is not, or the model does not know what to say
        to what it was told, what is said instead. How sure the model is of its words says something only where they are
        its likeliest ones.
        """
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        first, count, reason, stopper = 0.0, 0, "", Stopper(sampling.stop)
        tokens = self.speaker.generate(sampling, weigh=reading is not None and sampling.temperature == 0)
        while not reason:
            self._mine(turn)
            token = next(tokens, None)
            count += token is not None
            text = decoder.decode(b"" if token is None else self.backbone.vocab.piece(token), final=token is None)
            reason = self.speaker.stopped if token is None else ""
            if reading is not None:
                text = reading.take(text, 0.0 if token is None else self.speaker.nats, reason)
                if reading.invented:
                    text, reason = f"{text}{'… ' if turn.reply or text else ''}{reading.instead}", "stop"
            text = stopper.take(text, over=bool(reason))
            reason = "stop" if stopper.hit else reason
            turn.reply += text
            if text:
                first = first or time.perf_counter() - began
                yield Text(text, count)
        seconds = time.perf_counter() - began
        yield Done(first or seconds, count, seconds, reason, prompt)

    def _tidy(self) -> None:
        """Take what the memory gave out of the sequence, and what was computed beside it, and bring back what was set
        aside: the next reply depends on the messages alone.
        """
        if self._injected is not None:
            self.speaker.retract(self._injected, keep=False)
            self._injected = None
        self.speaker.back()

    def _remembered(
        self, readout: MemoryReadout, routes: tuple[str, ...], spans: tuple[dict[str, Any], ...]
    ) -> Remembered:
        retrieved = tuple(s for s in spans if not s.get(HERE)) if "text" in routes else ()
        rows = len(readout.rows) if "association" in routes else 0
        return Remembered(routes, rows, readout.confidence, readout.relation, readout.hop, retrieved)

    # --- learning

    def commit(self, time: float | None = None, *, said: Sequence[Voice] | None = None, operation: str = "") -> None:
        """Queue what the last message taught; the memory works while the user types, and `memory.wait` makes sure.

        Twice is once. Without a memory, or after a reply that failed, nothing happens. time, operation: see
        `MemoryClient.begin`; said: the message's parts where the caller knows better than `voices`.
        """
        turn, self._turn = self._turn, None
        if turn is None or self.memory is None or self.reader is None:
            return
        self.tell(voices(turn.message) if said is None else said, operation, time, turn)
        if self.learn_replies and turn.reply:
            self._write(list(self._spans(turn.reply)), ASSISTANT, None)

    def tell(
        self, said: Sequence[Voice], operation: str = "", time: float | None = None, turn: _Turn | None = None
    ) -> None:
        """Queue a message's parts as one operation, as `commit` does for the last one."""
        if self.memory is None:
            return
        if self._dead:
            raise SidecarFailed("The memory process cannot be started.", "It is tried again with the next message.")
        self.memory.begin(time, operation)
        for voice in said:
            cut = [moved(s, voice.start) for s in self._spans(voice.text)]
            surprises = None if turn is None else self._surprises(turn, cut)
            self._write(cut, PASTED if voice.pasted else USER, surprises)

    def _surprises(self, turn: _Turn, cut: Sequence[Span]) -> list[float] | None:
        """Mean nll of each span's tokens, where the message's was taken."""
        text = plain(turn.prompt.text)
        by = turn.message.find(text)  # templates may trim a message
        if turn.nll is None or by < 0:
            return None
        places = [(max(0, s.start - by), max(0, s.end - by)) for s in cut]
        return mean_nll(self.backbone.vocab, text, turn.prompt.message, turn.nll, places)
