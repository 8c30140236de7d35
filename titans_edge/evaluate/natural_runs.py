"""People's messages told to a memory as they would type them, and their questions asked of it, in several modes.

Each person's messages make one memory; every question is asked in a fresh conversation, as `chat` does. The clock
stands where the sets say. Knows nothing of how the memory keeps or finds anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from itertools import groupby

from titans_edge.chat import Chat
from titans_edge.errors import UsageError
from titans_edge.evaluate import retrieval, runner
from titans_edge.evaluate.distractors import spread
from titans_edge.evaluate.natural_sets import DAY, NOWHERE, Person, Question
from titans_edge.evaluate.runner import Answer
from titans_edge.evaluate.score import wilson
from titans_edge.evaluate.talk import hear, state
from titans_edge.routes import Mode
from titans_edge.sidecar.client import MemoryClient

BEFORE = 30  # days before a person's first message in which others' statements were told
Progress = Callable[[int], None]
_UNTOLD = re.compile(
    r"not told|haven't told|have not told|don't know|do not know|no information|not mentioned|didn't tell", re.I
)


@dataclass(frozen=True)
class Said:
    """What is told, when (seconds since 1970), and whether it is the person's own message or another's statement."""

    text: str
    time: float
    own: bool = True


@dataclass(frozen=True)
class Plan:
    """modes, kinds of questions, others' statements told between, and the moment at which all is asked.

    rank_only: nothing is answered. fast: messages are read, not answered as turns of a chat. together: a person's
    questions are asked in one conversation.
    """

    modes: tuple[str, ...]
    kinds: tuple[str, ...]
    now: float
    lines: tuple[str, ...] = ()
    seed: int = 0
    rank_only: bool = False
    fast: bool = False
    together: bool = False

    def asks(self, person: Person) -> list[Question]:
        return [q for q in person.questions if q.kind in self.kinds]

    def told(self, whose: str) -> tuple[str, ...]:
        """The modes whose memory is one's own, another's, or none."""
        return () if self.rank_only else tuple(m for m in self.modes if runner.mode_named(m).told == whose)

    @property
    def needs_memory(self) -> bool:
        return self.rank_only or bool(self.told("own") or self.told("other"))


@dataclass
class Results:
    """All that is known so far. nowhere: ids of questions whose answer stands in no stored sentence as it is."""

    answers: list[Answer] = field(default_factory=list)
    found: list[retrieval.Found] = field(default_factory=list)
    nowhere: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Refused:
    """How often a mode said it was not told what it was told. answerable: of how many; share in per cent, 95 %."""

    mode: str
    answerable: int
    refused: int
    share: float
    low: float
    high: float


def stream(people: Sequence[Person], plan: Plan, seed: str) -> list[Said]:
    """Everything that is told to one memory, oldest first: messages, and the plan's statements between them."""
    own = [Said(m.text, plan.now - m.days_ago * DAY) for p in people for m in p.told]
    own.sort(key=lambda s: s.time)
    told = spread(own, [Said(line, 0.0, own=False) for line in plan.lines], f"{plan.seed}-{seed}")
    first = own[0].time if own else plan.now
    return _timed(told, first - BEFORE * DAY, plan.now)


def _timed(told: Sequence[Said], first: float, last: float) -> list[Said]:
    """Statements get times evenly between those of the messages around them."""
    out: list[Said] = []
    run: list[Said] = []
    before = first
    for s in [*told, Said("", last)]:
        if not s.own:
            run.append(s)
            continue
        step = (s.time - before) / (len(run) + 1)
        out += [replace(r, time=before + step * n) for n, r in enumerate(run, 1)]
        out.append(s)
        run, before = [], s.time
    return out[:-1]


def run(
    chat: Chat, people: Sequence[Person], plan: Plan, done: Results, progress: Progress = lambda n: None
) -> Iterator[str]:
    """Ask everybody's questions; yields a person's name when their part is done. progress: things told and answered.

    What was done is in `done` also where it is broken off. Raises UsageError for a mode that cannot work.
    """
    check(chat, people, plan)
    with clock_kept(chat):
        for i, person in enumerate(people):
            right = set[int]()
            if plan.needs_memory:
                right = tell(chat, stream([person], plan, person.name), progress, plan.fast)
                _rank(chat, person, plan, right, done, progress)
            stand_at(chat, plan.now)
            _answer(chat, person, plan, (*plan.told("own"), *plan.told("")), done, progress)
            _answer(chat, people[i - 1], plan, plan.told("other"), done, progress)
            yield person.name


def check(chat: Chat, people: Sequence[Person], plan: Plan) -> None:
    """Raises UsageError for what cannot work, before the work."""
    if plan.needs_memory:
        memory_of(chat)
    if plan.told("other") and len(people) < 2:
        raise UsageError("Mode shuffled needs two people.", "Leave it out, or name more with --people.")


def steps(people: Sequence[Person], plan: Plan) -> int:
    """How many times `run` reports progress."""
    told = sum(len(p.told) + len(plan.lines) for p in people) if plan.needs_memory else 0
    each = (0 if plan.rank_only else len(plan.modes)) + plan.needs_memory
    return told + each * sum(len(plan.asks(p)) for p in people)


def tell(chat: Chat, told: Sequence[Said], progress: Progress = lambda n: None, fast: bool = False) -> set[int]:
    """Everything to an emptied memory, each at its time: messages as turns of a chat (a new conversation for another
    time); statements, and with `fast` messages too, on the fast path. Returns the ids of the messages' spans.
    """
    client, before = memory_of(chat), chat.sampling
    client.reset()
    chat.new()
    chat.memory_mode, chat.facts, chat.sampling = Mode.AUTO, (), replace(before, max_tokens=1)  # nobody hears the reply
    mine, at = set[int](), None
    try:
        for own, group in groupby(told, lambda s: s.own):
            some = list(group)
            if fast or not own:
                client.wait()
                state(chat, [(s.text, s.time) for s in some], progress)
                mine |= {r["id"] for r in client.wait() if own}
                continue
            for s in some:
                stand_at(chat, s.time)
                if s.time != at:
                    chat.new()
                    at = s.time
                mine |= _typed(chat, client, s)
                progress(1)
        client.wait()
    finally:
        chat.sampling = before
    return mine


def _typed(chat: Chat, client: MemoryClient, s: Said) -> set[int]:
    """A message as a turn; the ids of its spans."""
    client.wait()  # what was written before has rulings of its own
    hear(chat.turn(s.text, learn=False))
    chat.commit(s.time)
    return {r["id"] for r in client.wait()}


def memory_of(chat: Chat) -> MemoryClient:
    if chat.client is None:
        raise UsageError("These modes need a memory.", "Leave out --no-memory.")
    return chat.client


def stand_at(chat: Chat, time: float) -> None:
    """From here on it is this time for the session."""
    chat.session.clock = lambda: time


@contextmanager
def clock_kept(chat: Chat) -> Iterator[None]:
    """The session's clock is put back at the end."""
    before = chat.session.clock
    try:
        yield
    finally:
        chat.session.clock = before


def _rank(chat: Chat, person: Person, plan: Plan, own: set[int], done: Results, progress: Progress) -> None:
    """Where each question finds the sentence with its answer, among all that was told."""
    spans = [s for s in memory_of(chat).find() if s["id"] in own]
    stand_at(chat, plan.now)
    for q in plan.asks(person):
        right = set() if q.kind in NOWHERE else retrieval.with_answer(spans, q.targets)
        if right:
            done.found.append(retrieval.look(chat.session.rank, q.id, q.kind, q.question, right))
        elif q.kind not in NOWHERE:
            done.nowhere.append(q.id)
        progress(1)


def _answer(chat: Chat, person: Person, plan: Plan, modes: Sequence[str], done: Results, progress: Progress) -> None:
    told = tuple(s.text for s in stream([person], plan, person.name))
    for mode in modes:
        for i, q in enumerate(plan.asks(person)):
            case = replace(person.case(q), turns=told, context="\n".join(told))
            done.answers.append(judged(runner.asked(chat, case, mode, fresh=not (plan.together and i))))
            progress(1)


def judged(answer: Answer) -> Answer:
    """A question whose answer was never told is answered right by saying so."""
    return replace(answer, right=refuses(answer.answer)) if answer.task == "untold" else answer


def refuses(answer: str) -> bool:
    """Whether a reply says that it was not told."""
    return _UNTOLD.search(answer.replace("’", "'")) is not None


def refusals(answers: Sequence[Answer]) -> list[Refused]:
    """For each mode: answerable questions that got such a reply, and not their answer."""
    rows = []
    for mode in dict.fromkeys(a.mode for a in answers):
        some = [a for a in answers if a.mode == mode and a.task != "untold"]
        n, refused = len(some), sum(refuses(a.answer) and not a.right for a in some)
        rows.append(Refused(mode, n, refused, 100 * refused / max(1, n), *wilson(refused, n)))
    return rows


def as_json(done: Results, plan: Plan, complete: bool) -> dict[str, object]:
    """complete: whether all was asked."""
    return {
        "today": date.fromtimestamp(plan.now).isoformat(),
        "distractors": len(plan.lines),
        "seed": plan.seed,
        **runner.as_json(done.answers, complete),
        "false_refusals": [asdict(r) for r in refusals(done.answers)],
        "retrieval": {**retrieval.as_json(done.found), "nowhere": done.nowhere},
    }
