"""One memory of everybody's messages: does the program still answer about the world as without, and admit what it was
never told?

Knows questions without targets. Knows nothing of how a memory is built.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from titans_edge.chat import Chat
from titans_edge.evaluate import natural_runs as runs
from titans_edge.evaluate import runner
from titans_edge.evaluate.cases import Case
from titans_edge.evaluate.natural_sets import Person
from titans_edge.evaluate.runner import Answer
from titans_edge.evaluate.score import wilson


@dataclass(frozen=True)
class Pair:
    """A question's reply with an empty memory and with a full one. same: token for token."""

    question: str
    empty: str
    full: str
    same: bool
    rows: int
    retrieved: tuple[str, ...]


def ask(chat: Chat, questions: Sequence[str], now: float, kind: str) -> Iterator[Answer]:
    """Each in a fresh conversation as `chat` does, of the memory as it is."""
    with runs.clock_kept(chat):
        for n, question in enumerate(questions, 1):
            runs.stand_at(chat, now)
            yield runs.judged(runner.asked(chat, Case(f"{kind}-{n}", "", question, "", task=kind), "auto"))


def fill(chat: Chat, people: Sequence[Person], plan: runs.Plan, progress: runs.Progress = lambda n: None) -> None:
    """Everybody's messages to one memory, in the order in which they were typed."""
    with runs.clock_kept(chat):
        runs.tell(chat, runs.stream(people, plan, "everybody"), progress, plan.fast)


def pairs(empty: Sequence[Answer], full: Sequence[Answer]) -> list[Pair]:
    """The replies side by side, as far as both are there."""
    return [
        Pair(f.question, e.answer, f.answer, (e.answer, e.tokens) == (f.answer, f.tokens), f.rows, f.retrieved)
        for e, f in zip(empty, full, strict=False)
    ]


def share(hits: Sequence[bool]) -> tuple[float, float, float]:
    """In per cent, with its 95 % interval."""
    return (100 * sum(hits) / max(1, len(hits)), *wilson(sum(hits), len(hits)))


def as_json(world: Sequence[Pair], untold: Sequence[Answer], complete: bool) -> dict[str, object]:
    """Both parts, as far as they were asked."""
    out: dict[str, object] = {"complete": complete}
    for name, hits, some in (
        ("world", [p.same for p in world], world),
        ("untold", [a.right for a in untold], untold),
    ):
        if some:
            shares = dict(zip(("share", "low", "high"), share(hits), strict=True))
            out[name] = {"n": len(hits), **shares, "questions": [asdict(x) for x in some]}
    return out
