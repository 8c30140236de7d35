"""Runs cases through the program as `chat` does: told, thrown away, asked, scored; each case on an empty memory.

Knows which way of asking each mode is. Knows nothing of how the memory keeps anything or how a turn is put together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace

from titans_edge.backbone.sampling import Sampling
from titans_edge.chat import Chat
from titans_edge.errors import ContextOverflow, UsageError
from titans_edge.evaluate.cases import Case
from titans_edge.evaluate.score import correct, wilson
from titans_edge.evaluate.talk import state
from titans_edge.events import Done, Notice, Remembered, Text
from titans_edge.routes import Mode as Takes
from titans_edge.sources import USER, Source
from titans_edge.text import sentences


@dataclass(frozen=True)
class Mode:
    """memory: what a turn takes from the memory (`Chat.memory_mode`); told: whose text is told to it; says: in words.

    told: "own", "other" (another case's) or "" (nothing, and the memory is left alone); source: as whose.
    """

    memory: str
    told: str
    says: str
    source: Source = USER


MODES = {
    "auto": Mode("auto", "own", "what `chat` does"),
    "memory": Mode("association", "own", "from the memory's state alone"),
    "document": Mode("association", "own", "as memory, the text read as a document", Source("document", "text")),
    "recall": Mode("text", "own", "from retrieved sentences alone"),
    "both": Mode("both", "own", "state and retrieved sentences"),
    "full": Mode("off", "", "the plain model, everything told in place of what is retrieved"),
    "full-plain": Mode("off", "", "the plain model, everything told in a bare prompt"),
    "question": Mode("off", "", "the plain model, nothing told"),
    "shuffled": Mode("association", "other", "as memory, with another case's text"),
}
FULL_PROMPT = "{context}\n\nQuestion: {question}\nAnswer with one word."
SAMPLING = Sampling(max_tokens=64)  # as `chat` does, but shorter: scores look at 40 words
MANY = 32  # messages: more are read together
LABELLED_TOKENS = 20  # of a labelled case's answer: its score looks at the first sentence


@dataclass(frozen=True)
class Answer:
    """One case's outcome. rows: embedding rows given; retrieved: sentences given as text; notices: what went wrong;
    tokens: of the answer.
    """

    id: str
    task: str
    mode: str
    question: str
    target: str
    answer: str
    right: bool
    rows: int = 0
    retrieved: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    tokens: int = 0


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
    """Answer every case."""
    out = []
    for answer in answers(chat, cases, mode):
        out.append(answer)
        progress(1)
    return out


def answers(chat: Chat, cases: Sequence[Case], mode: str) -> Iterator[Answer]:
    """Each case's answer as it comes. The chat's settings are put back at the end; its memory and conversation are not.

    Raises UsageError where the mode cannot work: an unknown one, no memory, no other case to take the text from.
    """
    way = mode_named(mode)
    if way.told and chat.client is None:
        raise UsageError(f"Mode {mode} needs a memory.", "Leave out --no-memory.")
    told = told_in(way, cases)
    for i, case in enumerate(cases):
        with _settings_kept(chat):
            chat.memory_mode, chat.facts = Takes(way.memory), ()
            if way.told:
                _tell(chat, told[i], way.source)
        yield asked(chat, case, mode)


def asked(chat: Chat, case: Case, mode: str, *, fresh: bool = True) -> Answer:
    """One case's question of the memory as it is, in a fresh conversation or in the one that goes on. The chat's
    settings are put back.
    """
    with _settings_kept(chat):
        chat.memory_mode, chat.facts = Takes(mode_named(mode).memory), ()
        chat.sampling = replace(chat.sampling, max_tokens=LABELLED_TOKENS if case.labels else SAMPLING.max_tokens)
        return _answer(chat, case, mode, fresh)


def mode_named(name: str) -> Mode:
    """Raises UsageError for an unknown one."""
    if name not in MODES:
        raise UsageError(f"There is no mode {name!r}.", f"Modes: {', '.join(MODES)}.")
    return MODES[name]


def told_in(way: Mode, cases: Sequence[Case]) -> list[tuple[str, ...]]:
    """The messages told to the memory before each case's question."""
    if way.told == "other":
        return [_others(cases, i) for i in range(len(cases))]
    return [c.told() if way.told else () for c in cases]


@contextmanager
def _settings_kept(chat: Chat) -> Iterator[None]:
    before = chat.memory_mode, chat.facts, chat.sampling, chat.system
    try:
        yield
    finally:
        chat.memory_mode, chat.facts, chat.sampling, chat.system = before


def _others(cases: Sequence[Case], i: int) -> tuple[str, ...]:
    """What another case was told: the next one of the same task whose text is another, or of any task."""
    after = [*cases[i + 1 :], *cases[:i]]
    for some in ([c for c in after if c.task == cases[i].task], after):
        for other in some:
            if other.told() != cases[i].told():
                return other.told()
    raise UsageError("Mode shuffled needs cases with different texts.", "Leave it out, or add cases.")


def _tell(chat: Chat, told: Sequence[str], source: Source) -> None:
    """Each message to an emptied memory."""
    assert chat.client is not None
    chat.client.reset()
    if len(told) > MANY and source == USER:
        state(chat, [(message, None) for message in told])
        chat.client.wait()
        return
    for message in told:
        for _ in chat.learn(message, source):
            pass


def _answer(chat: Chat, case: Case, mode: str, fresh: bool) -> Answer:
    if fresh:
        chat.new()
    question = case.question
    if mode == "full":
        chat.facts = tuple(s.text for message in case.told() for s in sentences(message))
    elif mode == "full-plain":
        chat.system = None  # the template's own
        question = FULL_PROMPT.format(context=case.context, question=case.question)
    said, rows, tokens = "", 0, 0
    retrieved: list[str] = []
    notices: list[str] = []
    try:
        for event in chat.turn(question, learn=False):
            if isinstance(event, Text):
                said += event.text
            elif isinstance(event, Remembered):
                rows += event.rows
                retrieved += [r["text"] for r in event.retrieved]
            elif isinstance(event, Notice):
                notices.append(event.text)
            elif isinstance(event, Done):
                tokens = event.tokens
    except ContextOverflow as e:
        said, notices = "", [*notices, e.message]  # what does not fit is a wrong answer, as for any model
    said = said.strip()
    right = correct(said, case.target, case.labels, case.question, case.targets)
    return Answer(
        case.id,
        case.task,
        mode,
        case.question,
        case.target,
        said,
        right,
        rows,
        tuple(retrieved),
        tuple(notices),
        tokens,
    )


def table(answers: Sequence[Answer]) -> list[Row]:
    """For each mode, in order of appearance: a row a task, where tasks have names, and one of all."""
    rows = []
    for mode in dict.fromkeys(a.mode for a in answers):
        own = [a for a in answers if a.mode == mode]
        tasks = list(dict.fromkeys(a.task for a in own))
        if tasks != [""]:
            rows += [_row(task, mode, [a.right for a in own if a.task == task]) for task in tasks]
        rows.append(_row("all", mode, [a.right for a in own]))
    return rows


def _row(task: str, mode: str, right: list[bool]) -> Row:
    return Row(task, mode, len(right), 100 * sum(right) / len(right), *wilson(sum(right), len(right)))


def as_json(answers: Sequence[Answer], complete: bool = True) -> dict[str, object]:
    """complete: whether every case was answered in every mode."""
    return {
        "complete": complete,
        "rows": [asdict(r) for r in table(answers)],
        "answers": [asdict(a) for a in answers],
    }
