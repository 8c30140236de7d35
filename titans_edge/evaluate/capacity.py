"""How many facts a memory holds: more and more of the generator's are told to one memory, and some of them asked.

Knows facts and counts. Knows nothing of how the memory keeps them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field

from titans_edge.chat import Chat
from titans_edge.errors import UsageError
from titans_edge.evaluate import retrieval, runner
from titans_edge.evaluate.cases import Case
from titans_edge.evaluate.natural_runs import memory_of
from titans_edge.evaluate.retrieval import Found
from titans_edge.evaluate.runner import Answer
from titans_edge.evaluate.score import wilson
from titans_edge.evaluate.talk import state
from titans_edge.stories.claims import MOST_DIGITS, Scene
from titans_edge.stories.lexicon import Lexicon

SIZES = (8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
MOST = 10_000  # facts with different keys that the generator's words make with ease
ABOUT = ("whose", "of", "kin")  # kinds of claims whose key is two words
FOUND = 4  # the right sentence is to be among so many
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Fact:
    """A sentence, and a question only it answers."""

    text: str
    question: str
    answer: str


@dataclass(frozen=True)
class Share:
    """In per cent, with its 95 % interval."""

    right: int
    n: int
    share: float
    low: float
    high: float

    @classmethod
    def of(cls, hits: Sequence[bool]) -> Share:
        return cls(sum(hits), len(hits), 100 * sum(hits) / max(1, len(hits)), *wilson(sum(hits), len(hits)))


@dataclass
class Cell:
    """A memory of so many facts. memory: answers from its state alone; found: right sentences; auto: as `chat` does."""

    facts: int
    state_bytes: int = 0
    memory: list[Answer] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    auto: list[Answer] = field(default_factory=list)

    def shares(self) -> dict[str, Share]:
        """The three points of the curves."""
        return {
            "state alone": Share.of([a.right for a in self.memory]),
            f"right sentence among {FOUND}": Share.of([f.place is not None and f.place <= FOUND for f in self.found]),
            "auto": Share.of([a.right for a in self.auto]),
        }


@dataclass(frozen=True)
class Plan:
    """sizes: numbers of facts, growing; samples: asked of each memory's state and sentences; auto: of `chat`."""

    sizes: tuple[int, ...]
    samples: int = 40
    auto: int = 20
    seed: int = 0

    def steps(self) -> int:
        """How many times `run` reports progress."""
        return max(self.sizes) + sum(2 * min(self.samples, n) + min(self.auto, self.samples, n) for n in self.sizes)


def sizes(numbers: Sequence[int]) -> tuple[int, ...]:
    """In order, each once. Raises UsageError for one that cannot be."""
    if not numbers or min(numbers) < 1 or max(numbers) > MOST:
        raise UsageError(f"A memory is told 1 to {MOST} facts.", "For example --facts 8,64,512.")
    return tuple(sorted(set(numbers)))


def facts(n: int, seed: int) -> list[Fact]:
    """n facts on different keys; more of a seed only add. A fifth of them have words that training never named."""
    out: dict[str, Fact] = {}
    at = 0
    while len(out) < n:
        fact, key = _fact(f"capacity-{seed}-{at}", unseen=at % 5 == 0)
        out.setdefault(key, fact)
        at += 1
    return list(out.values())


def _fact(seed: str, *, unseen: bool) -> tuple[Fact, str]:
    """A fact, and the key it is about."""
    lexicon = Lexicon("held-out") if unseen else Lexicon("train", strange=0.0)
    scene = Scene(random.Random(seed), lexicon, set(), MOST_DIGITS)
    claim = scene.claim(scene.rng.choice(ABOUT))
    (value,) = scene.values(claim, 1)
    key = claim.forms[0].format(k=claim.key, v="")
    return Fact(claim.say(value, scene.rng), claim.ask(scene.rng), value), key.casefold()


def run(chat: Chat, plan: Plan, done: list[Cell], progress: Progress = lambda n: None) -> Iterator[Cell]:
    """One memory is told more and more, and asked at each size. What was done is in `done` also where it is broken
    off.
    """
    told, client = facts(max(plan.sizes), plan.seed), memory_of(chat)
    client.reset()
    before = 0
    for n in plan.sizes:
        state(chat, [(f.text, None) for f in told[before:n]], progress)
        client.wait()
        before = n
        done.append(cell := Cell(n, int(client.stats()["bytes"])))
        _ask(chat, cell, told[:n], plan, progress)
        yield cell


def _ask(chat: Chat, cell: Cell, told: Sequence[Fact], plan: Plan, progress: Progress) -> None:
    rng = random.Random(f"{plan.seed}-{len(told)}")
    chosen = rng.sample(range(len(told)), min(plan.samples, len(told)))
    assert chat.client is not None
    spans = chat.client.find()
    for n, i in enumerate(chosen):
        fact = told[i]
        case = Case(str(i), fact.text, fact.question, fact.answer)
        right = {s["id"] for s in spans if s["text"] in fact.text}
        cell.memory.append(runner.asked(chat, case, "memory"))
        cell.found.append(retrieval.look(chat.session.rank, case.id, "", fact.question, right))
        if n < plan.auto:
            cell.auto.append(runner.asked(chat, case, "auto"))
        progress(2 + (n < plan.auto))


def as_json(done: Sequence[Cell], plan: Plan, complete: bool) -> dict[str, object]:
    """complete: whether every size was asked."""
    cells = [
        {**asdict(c), "shares": {name: asdict(share) for name, share in c.shares().items() if share.n}} for c in done
    ]
    return {"complete": complete, "seed": plan.seed, "cells": cells}
