"""Evaluation cases: JSONL in, `Case` out; and BABILong-style and held-out-word cases made here."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from titans_edge.errors import DataError
from titans_edge.stories.babi import BabiSample, babi, background, book_sentences
from titans_edge.stories.lexicon import Lexicon
from titans_edge.stories.worlds import KINDS, stories

TASKS = ("qa1", "qa2", "qa3", "qa4", "qa5")
KEPT_BACK = 300  # tokens of a length kept for the prompt
LENGTHS = {
    "0k": 0,
    "1k": 1000,
    "2k": 2000,
    "4k": 4000,
    "8k": 8000,
    "16k": 16000,
    "32k": 32000,
    "64k": 64000,
    "128k": 128000,
}


@dataclass(frozen=True)
class Case:
    id: str
    context: str
    question: str
    target: str
    labels: tuple[str, ...] = ()
    task: str = ""


def load(path: Path) -> list[Case]:
    """Read cases; a bad line is named by its number."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as e:
        raise DataError(f"{path} cannot be read ({e}).", "Name a JSONL file.") from e
    out = []
    for n, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            r = json.loads(line)
            context = r["context"] if "context" in r else "\n\n".join(r["turns"])
            out.append(
                Case(
                    str(r.get("id", n)),
                    context,
                    r["question"],
                    r["target"],
                    tuple(r.get("labels", ())),
                    str(r.get("task", "")),
                )
            )
        except (ValueError, KeyError, TypeError) as e:
            raise DataError(
                f"{path}, line {n}: {e!r}.", 'A line needs "context" or "turns", "question" and "target".'
            ) from e
    if not out:
        raise DataError(f"{path} holds no cases.", "One JSON object a line.")
    return out


def babilong(
    data: Path, tasks: list[str], lengths: list[str], samples: int, seed: int, count: Callable[[str], int]
) -> Iterator[Case]:
    """bAbI test questions, their facts among sentences of unseen books (protocol in the README).

    `count` gives a sentence's tokens (the backbone's; BABILong counts GPT-2's, which are about as many).
    """
    books = book_sentences(data, "test", 0) if any(LENGTHS[x] for x in lengths) else []
    for task in tasks:
        all_samples = babi(data, task, "test")
        labels = tuple(sorted({s.target for s in all_samples}))
        for length in lengths:
            rng = random.Random(f"{seed}-{task}-{length}")
            room = LENGTHS[length] - KEPT_BACK
            fit = [s for s in all_samples if room < 0 or len(s.facts) <= room / 8]
            for i, s in enumerate(rng.sample(fit, min(samples, len(fit)))):
                context = " ".join(s.facts) if room < 0 else _bury(s, books, rng, room, count)
                yield Case(f"{task}-{length}-{i}", context, s.question, s.target, labels, f"{task} {length}")


def _bury(s: BabiSample, books: list[list[str]], rng: random.Random, room: int, count: Callable[[str], int]) -> str:
    """Facts before background sentences chosen at random (with replacement, order kept)."""
    left = room - sum(count(f) for f in s.facts)
    noise: list[str] = []
    for sentence in background(books, rng):
        tokens = count(sentence)
        if tokens < 10:
            continue
        if tokens > left:
            break
        noise.append(sentence)
        left -= tokens
    places = sorted(rng.randrange(len(noise)) for _ in s.facts) if noise else [0] * len(s.facts)
    out: list[str] = []
    facts = list(zip(places, s.facts, strict=True))
    for i, sentence in enumerate(noise):
        out += [f for p, f in facts if p == i]
        out.append(sentence)
    return " ".join(out or s.facts)


def held_out(samples: int, seed: int) -> Iterator[Case]:
    """Our own stories with people, places and things training never named; labels are the story's own words."""
    lexicon = Lexicon("held-out")
    for i, s in enumerate(stories(KINDS, samples * len(KINDS), lexicon, seed, per_world=1)):
        written = {w.value for f in s.facts for w in f.writes if w.value} | {s.question.answer}
        yield Case(
            f"{s.kind}-{i}",
            " ".join(f.text for f in s.facts),
            s.question.text,
            s.question.answer,
            tuple(sorted(written)),
            s.kind,
        )
