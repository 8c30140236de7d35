"""Runs cases through the real program: context into memory (or into the prompt), question to the backbone, answer
scored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from titans_edge.backbone.sampling import Sampling
from titans_edge.errors import ContextOverflow, UsageError
from titans_edge.evaluate.cases import Case
from titans_edge.evaluate.score import correct, wilson
from titans_edge.runtime import Chat, Text

MODES = ("memory", "recall", "both", "full", "question", "shuffled")
RECALLED = 4  # stored spans given as text in the modes recall and both
FULL_PROMPT = "{context}\n\nQuestion: {question}\nAnswer with one word."


@dataclass(frozen=True)
class Answer:
    """One case's outcome. seconds: from the question to the end of the answer."""

    id: str
    task: str
    mode: str
    question: str
    target: str
    answer: str
    right: bool


@dataclass(frozen=True)
class Row:
    """One line of the table: share right in per cent with its 95 % interval."""

    task: str
    mode: str
    n: int
    accuracy: float
    low: float
    high: float


def run(chat: Chat, cases: Sequence[Case], mode: str, progress: Callable[[int], None] = lambda n: None) -> list[Answer]:
    """Answer every case. Modes: memory (rows), recall (stored spans as text), both, full (context in the prompt),
    question (empty memory), shuffled (another case's memory)."""
    if mode not in MODES:
        raise UsageError(f"There is no mode {mode!r}.", f"Modes: {', '.join(MODES)}.")
    if mode != "full" and chat.client is None:
        raise UsageError(f"Mode {mode} needs a memory.", "Leave out --no-memory.")
    chat.rows, chat.recalls = mode != "recall", RECALLED if mode in ("recall", "both") else 0
    out = []
    for i, case in enumerate(cases):
        told = _other(cases, i).context if mode == "shuffled" else case.context
        answer = _ask(chat, case, told, mode)
        out.append(
            Answer(
                case.id,
                case.task,
                mode,
                case.question,
                case.target,
                answer,
                correct(answer, case.target, case.labels, case.question),
            )
        )
        progress(1)
    return out


def _other(cases: Sequence[Case], i: int) -> Case:
    """Another case of the same task."""
    same = [j for j, c in enumerate(cases) if c.task == cases[i].task]
    return cases[same[(same.index(i) + 1) % len(same)]]


def _ask(chat: Chat, case: Case, told: str, mode: str) -> str:
    chat.new()
    question = case.question
    if mode == "full":
        question = FULL_PROMPT.format(context=case.context, question=case.question)
    elif chat.client is not None:
        chat.client.reset()
        if mode != "question":
            for _ in chat.learn(told):
                pass
    try:
        return "".join(e.text for e in chat.turn(question, learn=False) if isinstance(e, Text)).strip()
    except ContextOverflow:
        return ""  # the context does not fit: a wrong answer, as for any model


def table(answers: Sequence[Answer]) -> list[Row]:
    """One row a task and mode, in order of appearance, and the mean over all where there are several tasks."""
    groups: dict[tuple[str, str], list[bool]] = {}
    for a in answers:
        groups.setdefault((a.task, a.mode), []).append(a.right)
    rows = [_row(task, mode, right) for (task, mode), right in groups.items()]
    if len(rows) > 1:
        rows.append(_row("all", answers[0].mode, [a.right for a in answers]))
    return rows


def _row(task: str, mode: str, right: list[bool]) -> Row:
    low, high = wilson(sum(right), len(right))
    return Row(task, mode, len(right), 100 * sum(right) / len(right), low, high)


def as_json(answers: Sequence[Answer]) -> dict[str, object]:
    return {"rows": [asdict(r) for r in table(answers)], "answers": [asdict(a) for a in answers]}


GREEDY = Sampling(max_tokens=20)
