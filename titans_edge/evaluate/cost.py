"""What the memory costs: each figure beside the plain backbone's of the same run, the first time and later times.

Knows what is timed and in which order. Figures that are compared are taken in turn, run by run. Cold is the first of
its kind in a process, or what follows a cleared context; warm are the later ones. No text is read twice. Knows nothing
of where the time goes; whole commands are `cost_commands`, how figures are shown is `cost_tables`.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from titans_edge.chat import Chat
from titans_edge.errors import UsageError
from titans_edge.evaluate.machine import cpu_seconds
from titans_edge.events import Done, Remembered, Text
from titans_edge.framing import Message
from titans_edge.routes import Mode
from titans_edge.sources import USER

RUNS = 5  # warm ones; a cold one comes before them
FEWEST_TOKENS = 64  # a run
FACT, ANSWER = "My dog's name is Rex.", "Rex"
QUESTION = "What is my dog's name?"
LONG_QUESTION = f"Tell me a long story about my dog. {QUESTION}"  # the last question is what the memory is asked
TURNS = {"rows": "association", "text": "text", "no memory": "off"}  # a turn's name → Chat.memory_mode
FOUR = ("I was in Leeds last spring, and stayed with my aunt for a week.",
        "My sister's train arrives on Friday at ten past six.",
        "The spare key is under the blue flowerpot beside the back door.", FACT)  # fmt: skip
WRITING, MEMORY, FULL = "writing, CPU of the memory process", "memory", "full context"

Clock = Callable[[], float]


@dataclass(frozen=True)
class Figure:
    """first: the cold values; later: the warm ones; plain: the name of the figure to compare with, run by run."""

    name: str
    unit: str
    first: tuple[float, ...]
    later: tuple[float, ...] = ()
    plain: str = ""

    @property
    def cold(self) -> float:
        """Their median; 0 for none."""
        return statistics.median(self.first) if self.first else 0.0

    @property
    def warm(self) -> float:
        """Their median; 0 for none."""
        return statistics.median(self.later) if self.later else 0.0


@dataclass(frozen=True)
class Given:
    """What the memory gave to the question: embedding rows, and sentences as text. 0: the figures show a miss."""

    rows: int
    sentences: int


@dataclass
class Measured:
    """All of one run. answered: for each length, how often of how many the right answer came, by the way of asking;
    sizes: bytes of what is kept, by name; notes: what should be known of the figures.
    """

    figures: list[Figure] = field(default_factory=list)
    given: Given = Given(0, 0)
    answered: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Turn:
    """first: seconds to the first token; rate: tokens/s after it; rows and sentences the memory gave."""

    first: float
    rate: float
    rows: int = 0
    sentences: int = 0


def measure(
    chat: Chat, text: str, tokens: int, clock: Clock = time.perf_counter, runs: int = RUNS
) -> tuple[list[Figure], Given]:
    """Time a chat that has not been used yet. Reads `tokens` tokens of `text`, in as many parts as there are runs.

    Raises UsageError for a text that is too short.
    """
    vocab = chat.backbone.vocab
    ids = vocab.encode(text)[:tokens]
    n = len(ids) // (runs + 1)
    if n < FEWEST_TOKENS:
        needed = (runs + 1) * FEWEST_TOKENS
        raise UsageError(f"The text has {len(ids)} tokens; {needed} are needed.", "Name a longer text.")
    parts = [ids[i * n : (i + 1) * n] for i in range(runs + 1)]
    chunk = min(n, chat.speaker.n_ctx - 64)
    prefill, reading, writing = list[float](), list[float](), list[float]()
    for part in parts:
        prefill.append(chunk / _seconds(clock, partial(_plain, chat, part[:chunk])))
        before = cpu_seconds(chat.client)
        took = _seconds(clock, partial(_read, chat, vocab.decode(part)))
        reading.append(n / took)
        writing.append((cpu_seconds(chat.client) - before) / took)
    _read(chat, FACT)
    figures = [
        _figure("plain prefill", "tokens/s", prefill),
        _figure("reading into memory", "tokens/s", reading, "plain prefill"),
        *([_figure(WRITING, "of reading", writing)] if any(writing) else []),
    ]
    taken = {name: list[_Turn]() for name in TURNS}
    for _ in range(runs + 1):
        for name, mode in TURNS.items():
            taken[name].append(_turn(chat, mode))
    for name in reversed(TURNS):
        figures.append(_of_turns("first token", "s", name, [t.first for t in taken[name]]))
    for name in reversed(TURNS):
        figures.append(_of_turns("decoding", "tokens/s", name, [t.rate for t in taken[name]]))
    return figures, Given(taken["rows"][-1].rows, taken["text"][-1].sentences)


def four_sentences(text: Chat, kv: Chat, runs: int = RUNS) -> list[Figure]:
    """First tokens of a question with four sentences given, the memory asked before: read as text, and with their keys
    and values kept. Cold: nothing is kept yet.
    """
    ways = {"no memory": (text, False), "four sentences as text": (text, True), "four sentences as kv": (kv, True)}
    taken = {name: list[float]() for name in ways}
    for _ in range(runs + 1):
        for name, (chat, remembers) in ways.items():
            chat.new()
            took = 0.0
            if remembers:
                took = _seconds(time.perf_counter, partial(chat.session.retrieve, QUESTION, Mode.TEXT))
            with _settings(chat, Mode.OFF, FOUR if remembers else ()):
                taken[name].append(took + _heard(chat.turn(QUESTION, learn=False)).first)
    plain = "first token of a short question, no memory"
    return [
        _figure(f"first token of a short question, {name}", "s", values, "" if name == "no memory" else plain)
        for name, values in taken.items()
    ]


def turn_two(chat: Chat, text: str, length: int, runs: int = RUNS) -> tuple[list[Figure], dict[str, str]]:
    """First token of a question about a text of `length` tokens that was told before it: with the text in the context,
    and with the text in the memory alone. Cold: nothing is in the context; warm: asked again. Also how often the answer
    was right.
    """
    told = _with_fact(chat, text, length)
    assert chat.client is not None
    chat.client.reset()
    took = _seconds(time.perf_counter, partial(_read, chat, told))
    ways: dict[str, tuple[list[Message], Mode]] = {
        FULL: ([_said("user", told), _said("assistant", "Understood.")], Mode.OFF),
        MEMORY: ([], Mode.AUTO),
    }
    cold, warm = ({name: list[float]() for name in ways} for _ in range(2))
    right = dict.fromkeys(ways, 0)
    for _ in range(runs):
        for name, (before, mode) in ways.items():
            chat.session.clear()
            for values in (cold[name], warm[name]):
                sampling = replace(chat.sampling, max_tokens=16)
                events = chat.session.reply([*before, _said("user", QUESTION)], sampling, mode=mode)
                reply = list[str]()
                values.append(_heard(events, reply).first)
            right[name] += ANSWER in "".join(reply)
    names = {name: f"turn 2 after {length} tokens, {name}" for name in ways}
    figures = [Figure(names[n], "s", tuple(cold[n]), tuple(warm[n]), "" if n == FULL else names[FULL]) for n in ways]
    figures.append(Figure(f"reading {length} tokens into memory", "s", (took,)))
    return figures, {names[n]: f"{right[n]} of {runs}" for n in ways}


def fitting(chat: Chat, text: str, lengths: Sequence[int]) -> list[int]:
    """The lengths for which there is enough text, and room in the context."""
    most = min(len(chat.backbone.vocab.encode(text)), chat.speaker.n_ctx - 256)
    return [n for n in lengths if n <= most]


def _with_fact(chat: Chat, text: str, length: int) -> str:
    """The beginning of a text, as many tokens, with the fact in its middle."""
    vocab = chat.backbone.vocab
    ids = vocab.encode(text)[: max(0, length - len(vocab.encode(FACT)))]
    half = len(ids) // 2
    return f"{vocab.decode(ids[:half])}\n\n{FACT}\n\n{vocab.decode(ids[half:])}"


def _said(role: str, text: str) -> Message:
    return {"role": role, "content": text}


def _of_turns(what: str, unit: str, name: str, values: Sequence[float]) -> Figure:
    return _figure(f"{what}, {name}", unit, values, "" if name == "no memory" else f"{what}, no memory")


def _figure(name: str, unit: str, values: Sequence[float], plain: str = "") -> Figure:
    return Figure(name, unit, tuple(values[:1]), tuple(values[1:]), plain)


def _seconds(clock: Clock, work: Callable[[], object]) -> float:
    began = clock()
    work()
    return max(1e-9, clock() - began)


def _plain(chat: Chat, ids: Sequence[int]) -> None:
    chat.speaker.clear()
    chat.speaker.feed(ids)


def _read(chat: Chat, text: str) -> None:
    for _ in chat.learn(text, USER):
        pass


def _turn(chat: Chat, mode: str) -> _Turn:
    """One question in a fresh conversation."""
    chat.new()
    with _settings(chat, Mode(mode)):
        return _heard(chat.turn(LONG_QUESTION, learn=False))


@contextmanager
def _settings(chat: Chat, mode: Mode, facts: tuple[str, ...] = ()) -> Iterator[None]:
    """They are put back at the end."""
    before = chat.memory_mode, chat.facts
    chat.memory_mode, chat.facts = mode, facts
    try:
        yield
    finally:
        chat.memory_mode, chat.facts = before


def _heard(events: Iterator[object], reply: list[str] | None = None) -> _Turn:
    """A reply to its end; its text goes to `reply`."""
    first, rate, rows, sentences = 0.0, 0.0, 0, 0
    for event in events:
        if isinstance(event, Remembered):
            rows, sentences = event.rows, len(event.retrieved)
        elif isinstance(event, Text) and reply is not None:
            reply.append(event.text)
        elif isinstance(event, Done):
            first = event.first_token
            rate = max(0, event.tokens - 1) / max(1e-9, event.seconds - event.first_token)  # of no second token: 0
    return _Turn(first, rate, rows, sentences)
