"""Evaluation cases: JSONL in, `Case` out; and BABILong-style and held-out-word cases made here."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from titans_edge.errors import DataError
from titans_edge.evaluate.distractors import spread
from titans_edge.evaluate.wording import words
from titans_edge.stories.babi import BabiSample, babi, background, book_sentences
from titans_edge.stories.lexicon import Lexicon
from titans_edge.stories.worlds import KINDS, stories

TASKS = ("qa1", "qa2", "qa3", "qa4", "qa5", "qa6", "qa7", "qa8", "qa9", "qa10")
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
    """A question on what was told before. labels: BABILong's metric; targets: other wordings of the target.

    turns: what was told, message by message; without turns, `context` is told in one piece.
    """

    id: str
    context: str
    question: str
    target: str
    labels: tuple[str, ...] = ()
    task: str = ""
    turns: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()

    def told(self) -> tuple[str, ...]:
        """The messages, oldest first."""
        return tuple(t for t in self.turns or (self.context,) if t.strip())


def load(path: Path) -> list[Case]:
    """Read cases; a bad line is named by its number. Raises DataError.

    Lines end at line feeds only: a string may hold any other separator (U+2028, U+0085, …) as it is.
    """
    try:
        lines = path.read_bytes().decode("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as e:
        raise DataError(f"{path} cannot be read ({e}).", "Name a JSONL file in UTF-8.") from e
    out: list[Case] = []
    first: dict[str, int] = {}  # the line an id was first seen in
    for n, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            case = _case(json.loads(line), n)
            if case.id in first:
                raise ValueError(f"the id {case.id!r} is line {first[case.id]}'s already")
        except (ValueError, RecursionError) as e:
            raise DataError(
                f"{path}, line {n}: {e}.", 'A line needs "context" or "turns", "question", and "target" or "targets".'
            ) from e
        first[case.id] = n
        out.append(case)
    if not out:
        raise DataError(f"{path} holds no cases.", "One JSON object a line.")
    return out


def _case(record: object, line: int) -> Case:
    """Raises ValueError, which says what is wrong."""
    if not isinstance(record, dict):
        raise ValueError("it is no JSON object")
    r = {k: v for k, v in record.items() if v is not None}
    name = r.get("id", line)
    if not isinstance(name, str | int) or isinstance(name, bool):
        raise ValueError('"id" must be a string or a number')
    if "context" not in r and "turns" not in r:
        raise ValueError('neither "context" nor "turns" is there')
    turns = () if "context" in r else _strings(r, "turns")
    context = _string(r, "context") if "context" in r else "\n\n".join(turns)
    targets = (*([_string(r, "target")] if "target" in r else []), *_strings(r, "targets"))
    if not targets:
        raise ValueError('"target" is missing')
    labels, question = _strings(r, "labels"), _string(r, "question")
    if not question.strip():
        raise ValueError('"question" is empty')
    if any(not (t.strip() if labels else words(t)) for t in targets):
        raise ValueError("a target is empty: it needs a letter or a digit")
    task = _string(r, "task") if "task" in r else ""
    return Case(str(name), context, question, targets[0], labels, task, turns, targets[1:])


def _string(record: dict[str, Any], key: str) -> str:
    if key not in record:
        raise ValueError(f'"{key}" is missing')
    return _text(record[key], f'"{key}"')


def _strings(record: dict[str, Any], key: str) -> tuple[str, ...]:
    """A list of strings; none where there is no such key."""
    value = record.get(key, [])
    if not isinstance(value, list):
        raise ValueError(f'"{key}" must be a list of strings')
    return tuple(_text(v, f'"{key}", item {i},') for i, v in enumerate(value, 1))


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{what} must be a string, not {json.dumps(value)[:40]}")
    if any("\ud800" <= c <= "\udfff" for c in value):
        raise ValueError(f"{what} holds half a character (a lone surrogate)")
    return value


def among(case: Case, lines: Sequence[str], seed: int) -> Case:
    """The case with these statements told before, among and after its messages; as it is without any."""
    if not lines:
        return case
    turns = tuple(spread(case.told(), lines, f"{seed}-{case.id}"))
    return replace(case, turns=turns, context="\n\n".join(turns))


def babilong(
    data: Path, tasks: list[str], lengths: list[str], samples: int, seed: int, count: Callable[[str], int]
) -> Iterator[Case]:
    """bAbI test questions, their facts among sentences of unseen books (protocol in the README).

    `count` gives a sentence's tokens (the backbone's; BABILong counts GPT-2's, which are about as many).
    """
    books = book_sentences(data, "test", 0) if any(LENGTHS[x] for x in lengths) else []
    for task in tasks:
        all_samples = babi(data, task, "test")
        labels = tuple(sorted({part for s in all_samples for part in s.target.split(",")}))
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
