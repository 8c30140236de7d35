"""What the memory costs: each figure beside the plain backbone's of the same run, the first time and later times.

Knows what is timed and in which order. Cold is the first of its kind in a process, warm the mean of the later ones;
no text is read twice. Knows nothing of where the time goes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import titans_edge
from titans_edge.chat import Chat
from titans_edge.errors import UsageError
from titans_edge.routes import Mode
from titans_edge.session import Done, Remembered
from titans_edge.sources import USER

ROUNDS = 3  # the first is the cold one
FEWEST_TOKENS = 64  # a round
FACT = "My dog's name is Rex."
QUESTION = "What is my dog's name?"
LONG_QUESTION = f"Tell me a long story about my dog. {QUESTION}"  # the last question is what the memory is asked
TURNS = {"rows": "association", "text": "text", "no memory": "off"}  # a turn's name → Chat.memory_mode

# `titans-edge`, but with the memories of another folder: the user's own are not touched
_ELSEWHERE = (
    "import pathlib, sys; from titans_edge import library; folder = pathlib.Path(sys.argv.pop(1));"
    "library.memories_dir = lambda: folder; from titans_edge.cli.main import run; run()"
)

Clock = Callable[[], float]


@dataclass(frozen=True)
class Figure:
    """plain: the name of the plain backbone's figure to compare with; "" for its own."""

    name: str
    unit: str
    cold: float
    warm: float
    plain: str = ""


@dataclass(frozen=True)
class Given:
    """What the memory gave to the question: embedding rows, and sentences as text. 0: the figures show a miss."""

    rows: int
    sentences: int


@dataclass(frozen=True)
class _Turn:
    """first: seconds to the first token; rate: tokens/s after it; rows and sentences the memory gave."""

    first: float
    rate: float
    rows: int
    sentences: int


def measure(chat: Chat, text: str, tokens: int, clock: Clock = time.perf_counter) -> tuple[list[Figure], Given]:
    """Time a chat that has not been used yet. Reads `tokens` tokens of `text`, in as many parts as there are rounds.

    Raises UsageError for a text that is too short.
    """
    vocab = chat.backbone.vocab
    ids = vocab.encode(text)[:tokens]
    n = len(ids) // ROUNDS
    if n < FEWEST_TOKENS:
        raise UsageError(f"The text has {len(ids)} tokens; {ROUNDS * FEWEST_TOKENS} are needed.", "Name a longer text.")
    parts = [ids[i * n : (i + 1) * n] for i in range(ROUNDS)]
    chunk = min(n, chat.speaker.n_ctx - 64)
    prefill = [chunk / _seconds(clock, partial(_plain, chat, part[:chunk])) for part in parts]
    reading = [n / _seconds(clock, partial(_read, chat, vocab.decode(part))) for part in parts]
    _read(chat, FACT)
    turns = {name: [_turn(chat, mode) for _ in range(ROUNDS)] for name, mode in TURNS.items()}
    figures = [
        _figure("plain prefill", "tokens/s", prefill),
        _figure("reading into memory", "tokens/s", reading, "plain prefill"),
        *(_of_turns("first token", "s", turns, name, [t.first for t in turns[name]]) for name in reversed(TURNS)),
        *(_of_turns("decoding", "tokens/s", turns, name, [t.rate for t in turns[name]]) for name in reversed(TURNS)),
    ]
    return figures, Given(turns["rows"][-1].rows, turns["text"][-1].sentences)


def _of_turns(what: str, unit: str, turns: dict[str, list[_Turn]], name: str, values: Sequence[float]) -> Figure:
    return _figure(f"{what}, {name}", unit, values, "" if name == "no memory" else f"{what}, no memory")


def _figure(name: str, unit: str, values: Sequence[float], plain: str = "") -> Figure:
    return Figure(name, unit, values[0], sum(values[1:]) / len(values[1:]), plain)


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
    before = chat.memory_mode
    chat.memory_mode = Mode(mode)
    chat.new()
    first, rate, rows, sentences = 0.0, 0.0, 0, 0
    try:
        for event in chat.turn(LONG_QUESTION, learn=False):
            if isinstance(event, Remembered):
                rows, sentences = event.rows, len(event.retrieved)
            elif isinstance(event, Done):
                first = event.first_token
                rate = (event.tokens - 1) / max(1e-9, event.seconds - event.first_token)
    finally:
        chat.memory_mode = before
    return _Turn(first, rate, rows, sentences)


def fresh(
    backbone: Path, graft: Path, clock: Clock = time.perf_counter, command: Callable[..., None] | None = None
) -> list[Figure]:
    """Seconds of a whole `titans-edge ask` in a process of its own, start to end, with a memory and without.

    command: (folder, *arguments) → runs `titans-edge`. Raises UsageError with the command's own words where it fails.
    """
    run = command or run_command
    options = ("-b", str(backbone.resolve()))
    memory = (*options, "-g", str(graft.resolve()), "-m", "bench")
    asks = {"no memory": (*options, "--no-memory"), "memory": memory}
    out = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "fact.txt").write_text(FACT, "utf-8")
        run(folder, "read", "fact.txt", *memory)
        for what, rest in asks.items():
            ask = partial(run, folder, "ask", QUESTION, "--json", "--max-tokens", "1", *rest)
            values = [_seconds(clock, ask) for _ in range(2)]
            out.append(_figure(f"ask, {what}", "s", values, "" if what == "no memory" else "ask, no memory"))
    return out


def run_command(folder: Path, *args: str) -> None:
    """Run `titans-edge` in `folder`, its memories kept there. Raises UsageError with its own words where it fails."""
    got = subprocess.run(
        [sys.executable, "-c", _ELSEWHERE, str(folder), *args],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(titans_edge.__file__).parent.parent)},
    )
    if got.returncode:
        said = [line.strip("│ ") for line in got.stderr.splitlines() if any(map(str.isalpha, line))]
        why = said[-1] if said else f"exit code {got.returncode}"
        raise UsageError(f"`titans-edge {args[0]}` failed: {why}", "Leave the whole commands out with --no-start.")


def as_json(figures: Sequence[Figure], given: Given) -> dict[str, object]:
    """A dictionary of figures by name; ratios to the plain backbone's where there is one."""
    by_name = {f.name: f for f in figures}
    out: dict[str, dict[str, object]] = {}
    for f in figures:
        out[f.name] = {"unit": f.unit, "cold": f.cold, "warm": f.warm}
        if f.plain:
            cold, warm = ratios(f, by_name[f.plain])
            out[f.name] |= {"cold_ratio": cold, "warm_ratio": warm}
    return {"figures": out, "rows": given.rows, "sentences": given.sentences}


def ratios(figure: Figure, plain: Figure) -> tuple[float, float]:
    """Cold by cold and warm by warm, with / without memory."""
    return figure.cold / max(1e-9, plain.cold), figure.warm / max(1e-9, plain.warm)


def table(figures: Sequence[Figure], given: Given) -> str:
    """The figures as lines for people."""
    by_name = {f.name: f for f in figures}
    lines = [f"{'':<26}{'cold':>10}{'warm':>10}  {'unit':<10}{'cold / plain':>15}{'warm / plain':>15}"]
    for f in figures:
        by_plain = "".join(f"{x:>14.2f}×" for x in ratios(f, by_name[f.plain])) if f.plain else ""
        lines.append(f"{f.name:<26}{f.cold:>10.2f}{f.warm:>10.2f}  {f.unit:<10}{by_plain}".rstrip())
    lines.append(f"the question got {given.rows or 'no'} rows, and {given.sentences or 'no'} sentences as text")
    return "\n".join(lines)
