"""Long conversations: a user tells facts, changes them, asks, chats idly; program and memory are restarted in between.

Knows what the user says and what should be known at each moment. Every question is asked in a cleared conversation,
so that only the memory can answer. Knows nothing of how the memory keeps anything.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from titans_edge.backbone.model import Backbone
from titans_edge.chat import Chat
from titans_edge.errors import DataError, UsageError
from titans_edge.evaluate.runner import SAMPLING
from titans_edge.evaluate.score import correct, wilson
from titans_edge.evaluate.talk import Told, ask, tell
from titans_edge.routes import Mode
from titans_edge.sidecar.client import MemoryClient
from titans_edge.stories.claims import WHAT, Claim, Scene, word
from titans_edge.stories.neutral import PASSAGES
from titans_edge.stories.smalltalk import small_talk
from titans_edge.text import sentences

SHARES = {"tell": 0.25, "change": 0.2, "ask": 0.3, "chat": 0.25}  # of a conversation's turns
MOST_CLAIMS = 60  # things one user speaks of; after that, telling is changing
AGES = ((0, 4), (5, 19), (20, 49), (50, 99), (100, 10**9))  # turns since the value was told
CHANGES = ((0, 0), (1, 1), (2, 2), (3, 10**9))
NEUTRAL_CHARACTERS = 300  # of a passage cut from a user's neutral text, about

Opener = Callable[[Path], MemoryClient]


@dataclass(frozen=True)
class Plan:
    """Which conversations: one of each length and seed. text: neutral text in place of our own; context: positions;
    tokens: of the longest answer.
    """

    turns: tuple[int, ...]
    seeds: Sequence[int]
    guard: bool = True
    text: Path | None = None
    context: int = 2048
    tokens: int = SAMPLING.max_tokens


@dataclass(frozen=True)
class Step:
    """What the user does in one turn. claim: number of the thing spoken of (-1: none); value: as it is afterwards."""

    kind: str
    text: str
    claim: int = -1
    value: str = ""


@dataclass(frozen=True)
class Asked:
    """One question. age: turns since the value was told; changes: how often it was changed; last: asked at the end."""

    turn: int
    what: str
    age: int
    changes: int
    question: str
    truth: str
    answer: str
    right: bool
    last: bool


@dataclass(frozen=True)
class Mark:
    """The memory at one moment. norms by relation; loss: nats a token on neutral text with memory (None: not taken)."""

    turn: int
    norms: dict[str, float]
    state_bytes: int
    file_bytes: int
    loss: float | None = None
    given: int = 0  # neutral passages in front of which the memory put something


@dataclass
class Conversation:
    """A finished conversation's record. loss_off: nats a token on the neutral text without memory."""

    turns: int
    seed: int
    loss_off: float
    asked: list[Asked] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    restarts: int = 0

    def finite(self) -> bool:
        figures = [x for m in self.marks for x in (*m.norms.values(), *([] if m.loss is None else [m.loss]))]
        return all(map(math.isfinite, figures))

    def moved(self) -> float:
        """Largest change of the neutral loss by the memory, in per cent of the loss without."""
        return max((100 * (m.loss / self.loss_off - 1) for m in self.marks if m.loss is not None), key=abs, default=0.0)


@dataclass
class User:
    """The simulated user: what was said about each claim, oldest first."""

    scene: Scene
    claims: list[Claim] = field(default_factory=list)
    values: list[list[str]] = field(default_factory=list)

    def step(self, kind: str) -> Step:
        rng = self.scene.rng
        if kind == "chat":
            return Step(kind, next(small_talk(rng, 1)))
        at = rng.randrange(len(self.claims)) if self.claims else 0
        if kind == "tell" and len(self.claims) < MOST_CLAIMS:
            at, claim = len(self.claims), self.scene.claim(WHAT[len(self.claims) % len(WHAT)])
            self.claims.append(claim)
            self.values.append([])
        claim, said = self.claims[at], self.values[at]
        if kind == "ask":
            return Step(kind, claim.ask(rng), at, said[-1])
        said.append(next(v for v in iter(lambda: self.scene.values(claim, 1)[0], None) if v not in said[-8:]))
        return Step(kind, claim.say(said[-1], rng), at, said[-1])


def script(turns: int, seed: int) -> tuple[User, list[Step]]:
    """The user's side of a conversation; the same for the same arguments."""
    user = User(Scene.seeded(f"{seed}-long-{turns}"))
    steps = [user.step("tell")]
    for _ in range(turns - 1):
        steps.append(user.step(user.scene.rng.choices(list(SHARES), list(SHARES.values()))[0]))
    return user, steps


class Talk:
    """One conversation being held: a chat whose memory lives in a file of `folder`."""

    def __init__(self, backbone: Backbone, opener: Opener, folder: Path, plan: Plan) -> None:
        self.backbone, self.opener, self.folder, self.guard = backbone, opener, folder, plan.guard
        self.passages = passages(plan.text)
        self.sampling = replace(SAMPLING, max_tokens=plan.tokens)
        self.context = plan.context
        self.chat = self._talk()

    def hold(self, turns: int, seed: int, progress: Callable[[int], None] = lambda n: None) -> Conversation:
        """All turns, then every claim asked once more after a last restart."""
        user, steps = script(turns, seed)
        done = Conversation(turns, seed, self.loss(off=True)[0])
        born, changes = dict[int, int](), dict[int, int]()
        every = max(5, turns // 10)
        for t, step in enumerate(steps):
            if step.kind == "ask":
                done.asked.append(
                    self._asked(step, t, t - born[step.claim], changes[step.claim], user.claims[step.claim], False)
                )
            else:
                tell(self.chat, Told(step.text))
            if step.kind in ("tell", "change"):
                changes[step.claim] = changes.get(step.claim, -1) + 1
                born[step.claim] = t
            if (t + 1) % every == 0:
                done.marks.append(self.mark(t + 1, loss=(t + 1) % (every * 2) == 0 or t + 1 == turns))
                self.restart()
                done.restarts += 1
            progress(1)
        for n, claim in enumerate(user.claims):
            step = Step("ask", claim.ask(random.Random(f"{seed}-{n}")), n, user.values[n][-1])
            done.asked.append(self._asked(step, turns, turns - born[n], changes[n], claim, True))
        return done

    def _asked(self, step: Step, turn: int, age: int, changes: int, claim: Claim, last: bool) -> Asked:
        answer = ask(self.chat, step.text, learn=not last)
        truth = word(step.value)
        return Asked(
            turn, claim.what, age, changes, step.text, truth, answer, correct(answer, truth, (), step.text), last
        )

    def restart(self) -> None:
        """Close the memory, open it again from its file; the conversation's text is gone."""
        self.close()
        self.chat = self._talk()

    def _talk(self) -> Chat:
        return Chat(self.backbone, self._open(), context=self.context, sampling=self.sampling)

    def _open(self) -> MemoryClient:
        client = self.opener(self.folder / "long")
        client.set_guard(self.guard)
        return client

    def mark(self, turn: int, loss: bool) -> Mark:
        assert self.chat.client is not None
        stats = self.chat.client.stats()
        norms = {r["relation"]: float(r["norm"]) for r in stats["relations"]}
        size = sum(f.stat().st_size for f in self.folder.iterdir() if f.is_file())
        nats, given = self.loss() if loss else (None, 0)
        return Mark(turn, norms, int(stats["bytes"]), size, nats, given)

    def loss(self, off: bool = False) -> tuple[float, int]:
        """Mean nll of the neutral passages' tokens, each a fresh conversation's message, and in front of how many the
        memory put something. off: without memory.
        """
        total, tokens, in_front = 0.0, 0, 0
        before = self.chat.memory_mode
        self.chat.memory_mode = Mode.OFF if off else before
        try:
            for passage in self.passages:
                nll, given = self.chat.surprise(passage)
                total, tokens, in_front = total + float(nll.sum(dtype=np.float64)), tokens + len(nll), in_front + given
        finally:
            self.chat.memory_mode = before
        self.chat.new()
        return total / tokens, in_front

    def close(self) -> None:
        """Close the chat and its memory."""
        self.chat.close()
        if self.chat.client is not None:
            self.chat.client.close()


def passages(path: Path | None) -> list[str]:
    """Neutral passages: ours, or those of a text file (whole sentences, at most 40 passages)."""
    if path is None:
        return list(PASSAGES)
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as e:
        raise DataError(f"{path} cannot be read ({e}).", "Name a text file with --text.") from e
    out = [""]
    for sentence in (s.text for s in sentences(text)):
        if len(out[-1]) > NEUTRAL_CHARACTERS / 2:
            out.append("")
        if len(out[-1]) + len(sentence) <= NEUTRAL_CHARACTERS:
            out[-1] = f"{out[-1]} {sentence}".strip()
    out = [p for p in out if p][:40]
    if not out:
        raise DataError(
            f"{path} has no sentence of fewer than {NEUTRAL_CHARACTERS} characters.", "Name a text of prose."
        )
    return out


def run(
    backbone: Backbone, opener: Opener, folder: Path, plan: Plan, progress: Callable[[int], None]
) -> Iterator[Conversation]:
    """Every conversation of the plan, each with a memory file of its own below `folder`."""
    if any(t < 1 or t > 2000 for t in plan.turns):
        raise UsageError("A conversation has 1 to 2000 turns.", "For example --turns 10,50,200.")
    for turns in plan.turns:
        for seed in plan.seeds:
            own = folder / f"{turns}-{seed}"
            own.mkdir()
            talk = Talk(backbone, opener, own, plan)
            try:
                yield talk.hold(turns, seed, progress)
            finally:
                talk.close()


@dataclass(frozen=True)
class Row:
    """A share in per cent with its 95 % interval."""

    name: str
    n: int
    share: float
    low: float
    high: float


def recall(asked: Sequence[Asked], of: Callable[[Asked], int], bins: Sequence[tuple[int, int]]) -> list[Row]:
    """Recall of the current value, by age or by number of changes; empty bins are left out."""
    rows = []
    for low, high in bins:
        some = [a.right for a in asked if low <= of(a) <= high]
        name = str(low) if low == high else f"{low}+" if high >= 10**9 else f"{low}–{high}"
        rows += [_row(name, some)] if some else []
    return rows


def by_age(asked: Sequence[Asked]) -> list[Row]:
    return recall(asked, lambda a: a.age, AGES)


def by_changes(asked: Sequence[Asked]) -> list[Row]:
    return recall(asked, lambda a: a.changes, CHANGES)


def overall(asked: Sequence[Asked]) -> Row:
    return _row("all", [a.right for a in asked])


def _row(name: str, right: Sequence[bool]) -> Row:
    return Row(name, len(right), 100 * sum(right) / max(1, len(right)), *wilson(sum(right), len(right)))


def figures(some: Sequence[Conversation]) -> tuple[str, ...]:
    """For the table: restarts, loss moved, NaN, largest norm at half time and at the end, bytes of state and file."""
    marks = [c.marks for c in some if c.marks]
    half = max((max(m[len(m) // 2].norms.values()) for m in marks), default=0.0)
    end = max((max(m[-1].norms.values()) for m in marks), default=0.0)
    state = sorted({m.state_bytes for part in marks for m in part})
    file = max((m[-1].file_bytes for m in marks), default=0)
    return (
        str(sum(c.restarts for c in some)),
        f"{max((c.moved() for c in some), key=abs):+.2f} %",
        "none" if all(c.finite() for c in some) else "yes",
        f"{half:.2f} → {end:.2f}",
        " … ".join(f"{s / 1e6:.1f}" for s in state) + " MB",
        f"{file / 1e6:.1f} MB",
    )


def as_json(conversations: Sequence[Conversation]) -> dict[str, object]:
    lengths = sorted({c.turns for c in conversations})
    asked = {t: [a for c in conversations if c.turns == t for a in c.asked] for t in lengths}
    summary = [
        {
            "turns": t,
            "all": asdict(overall(asked[t])),
            "age": [asdict(r) for r in by_age(asked[t])],
            "changes": [asdict(r) for r in by_changes(asked[t])],
        }
        for t in lengths
    ]
    return {
        "summary": summary,
        "conversations": [{**asdict(c), "moved": c.moved(), "finite": c.finite()} for c in conversations],
    }
