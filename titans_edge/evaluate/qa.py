"""Sentences with a question each, all told to one memory: is the right one found, and is the question answered?

Knows files of triples and how one is asked. Knows nothing of how sentences are kept or found.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from titans_edge.chat import Chat
from titans_edge.errors import DataError, UsageError
from titans_edge.evaluate import retrieval, runner
from titans_edge.evaluate.cases import Case
from titans_edge.evaluate.distractors import spread, text_of
from titans_edge.evaluate.natural_runs import memory_of
from titans_edge.evaluate.runner import Answer
from titans_edge.evaluate.talk import state
from titans_edge.evaluate.wording import words

DEV = "dev_mixed.jsonl.xz"
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Triple:
    """answer "": not known, so only the sentence can be looked for. kind: the set it is of, if it says so."""

    id: str
    sentence: str
    question: str
    answer: str = ""
    kind: str = ""

    def case(self) -> Case:
        return Case(self.id, self.sentence, self.question, self.answer, task=self.kind)


@dataclass
class Results:
    """All that is known so far."""

    answers: list[Answer] = field(default_factory=list)
    found: list[retrieval.Found] = field(default_factory=list)


def dev_file(data: Path) -> Path:
    """The questions for choosing, in a folder of data. Raises UsageError where there are none."""
    for path in (data / "qa" / DEV, data / DEV):
        if path.is_file():
            return path
    raise UsageError(f"{data} holds no {DEV}.", "Name the folder that has qa/ with --data, or a file.")


def load(path: Path) -> list[Triple]:
    """Triples of a .jsonl or .jsonl.xz; a bad line is named by its number. Raises DataError."""
    out = []
    for n, line in enumerate(text_of(path).split("\n"), 1):
        if line.strip():
            try:
                out.append(_triple(json.loads(line), n))
            except (ValueError, RecursionError) as e:
                raise DataError(f"{path}, line {n}: {e}.", 'A line needs "sentence" and "question".') from e
    if not out:
        raise DataError(f"{path} holds no questions.", "One JSON object a line.")
    return out


def _triple(record: object, line: int) -> Triple:
    """Raises ValueError, which says what is wrong."""
    if not isinstance(record, dict):
        raise ValueError("it is no JSON object")
    texts = {}
    for key in ("sentence", "question", "answer", "set"):
        value = record.get(key) or ""
        if not isinstance(value, str):
            raise ValueError(f'"{key}" must be a string')
        texts[key] = " ".join(value.split())
    if not words(texts["sentence"]) or not texts["question"]:
        raise ValueError('"sentence" or "question" is missing or empty')
    return Triple(str(line), texts["sentence"], texts["question"], texts["answer"], texts["set"])


def sample(triples: Sequence[Triple], n: int, seed: int) -> list[Triple]:
    """n of them in their order, the same ones for a seed; 0: all. Their sentences are told in any case."""
    chosen = sorted(
        random.Random(f"questions-{seed}").sample(range(len(triples)), min(n or len(triples), len(triples)))
    )
    return [triples[i] for i in chosen]


def told(triples: Sequence[Triple], lines: Sequence[str], seed: int) -> list[str]:
    """Each different sentence once, and others' statements between them."""
    return spread(list(dict.fromkeys(t.sentence for t in triples)), lines, f"{seed}-qa")


def tell(chat: Chat, statements: Sequence[str], progress: Progress = lambda n: None) -> None:
    """All of them to an emptied memory."""
    client = memory_of(chat)
    client.reset()
    state(chat, [(s, None) for s in statements], progress)
    client.wait()


def look(chat: Chat, triples: Sequence[Triple]) -> Iterator[retrieval.Found]:
    """Where each question finds its own sentence, or a part of it."""
    spans = memory_of(chat).find()
    for t in triples:
        right = {s["id"] for s in spans if s["text"] in t.sentence}
        yield retrieval.look(chat.session.rank, t.id, t.kind, t.question, right)


def answer(chat: Chat, triples: Sequence[Triple], mode: str) -> Iterator[Answer]:
    """Every question whose answer is known, of the memory as it is. Full context is the sentence alone."""
    for t in triples:
        if t.answer:
            yield runner.asked(chat, t.case(), mode)


def halves(triples: Sequence[Triple]) -> Iterator[tuple[list[str], list[Triple]]]:
    """For `shuffled`: half of the sentences, and the questions on the other half."""
    different = list(dict.fromkeys(t.sentence for t in triples))
    if len(different) < 2:
        raise UsageError("Mode shuffled needs two sentences.", "Leave it out, or add some.")
    for own in (different[::2], different[1::2]):
        yield own, [t for t in triples if t.sentence not in set(own)]


def as_json(done: Results, statements: int, complete: bool) -> dict[str, object]:
    """statements: how many were told. complete: whether all was asked."""
    return {
        "statements": statements,
        **runner.as_json(done.answers, complete),
        "retrieval": retrieval.as_json(done.found),
    }
