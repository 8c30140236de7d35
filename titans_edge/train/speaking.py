"""Stage 5: the soft prompt that stands behind a question while its reply is read from lines. Loss: the reply's tokens.

The replies are the frozen backbone's own, to the lines that answer: a small model finds more in its own words than in
anybody's. Where its reply does not hold the answer it is asked again with the answer beside the question, and where
that does not help either, what somebody wrote is taken. What it found by itself counts once, the rest twice.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import torch
from torch import Tensor
from torch.nn import functional as F

from titans_edge.backbone.model import Backbone
from titans_edge.backbone.sampling import Sampling
from titans_edge.evaluate import wording
from titans_edge.events import Text
from titans_edge.grounding import Grounding
from titans_edge.neural.graft import Graft
from titans_edge.routes import Mode
from titans_edge.session import Session
from titans_edge.stories.written import YES_OR_NO, Question, Writer
from titans_edge.train.descent import descend, done, prompt_plan
from titans_edge.train.given import NOW, drawn, lines_of, of_each
from titans_edge.train.prompting import Maker, begin, behind, start_states
from titans_edge.train.recipe import Recipe, Report
from titans_edge.train.twin import load_twin

# training begins with the states of this
START = " (Answer in one short sentence, with the words of the lines above that answer it.)"
HINT = "(It is"  # and the answer, behind the question
ANOTHER = 0.2  # of the questions have a line before them that was not needed
OWN, TAUGHT = 1.0, 2.0  # weights
LONGEST = 22  # words of a reply that is learnt from
TOKENS = 48  # of a reply
IGNORED = -100  # tokens that are not part of the reply


class Spoken(msgspec.Struct, frozen=True):
    """Lines, a question on them, and the reply that is learnt."""

    lines: tuple[str, ...]
    question: str
    reply: str
    weight: float


def train_speaking(graft: Graft, backbone: Backbone, recipe: Recipe, folder: Path, report: Report) -> None:
    """Train `graft.speaking`; replies and checkpoints in `folder`, taken up again."""
    prompt, path = graft.speaking, folder / "speaking.pt"
    if prompt is None or not recipe.speak_steps:
        return
    maker = Maker(backbone)
    begin(prompt, lambda: start_states(maker, prompt.config.positions, START))
    plan = prompt_plan(recipe.speak_steps, recipe.speak_rate)
    if done(path, prompt, plan):
        return
    examples = _replies(backbone, recipe, folder, report)
    weights = [e.weight for e in examples]
    twin = load_twin(backbone.path, torch.float32)

    def loss(rng: random.Random, _: int) -> Tensor:
        return reply_loss(prompt(), twin, maker, rng.choices(examples, weights, k=recipe.speak_batch))

    descend("speaking", prompt, loss, plan, recipe.seed, path, report)
    maker.speaker.close()


def reply_loss(prompt: Tensor, twin: Any, maker: Maker, examples: Sequence[Spoken]) -> Tensor:
    """Mean negative log-likelihood of the replies' tokens, and of their ends, behind lines, question and prompt."""
    vocab, before, after = maker.backbone.vocab, list[list[int]](), list[list[int]]()
    for e in examples:
        asked, tail = maker.put(e.question, *e.lines)
        before.append(asked)
        after.append([*tail, *vocab.encode(e.reply), vocab.eos])
    longest = max(map(len, after))
    ids, goal = torch.zeros(len(after), longest, dtype=torch.long), torch.full((len(after), longest), IGNORED)
    for i, tokens in enumerate(after):
        ids[i, : len(tokens)] = torch.tensor(tokens)
        goal[i, len(tail) - 1 : len(tokens) - 1] = torch.tensor(tokens[len(tail) :])
    learnt = goal != IGNORED
    return F.cross_entropy(twin.lm_head(behind(prompt, twin, maker, before, ids)[learnt]), goal[learnt])


def _replies(backbone: Backbone, recipe: Recipe, folder: Path, report: Report) -> list[Spoken]:
    """To the questions of as many people as the recipe names, each person's kept in a file of its own."""
    people = drawn(recipe.speak_writers, recipe.seed)
    with Session(backbone, context=1024, clock=lambda: NOW) as session:

        def make(who: Writer) -> list[Spoken]:
            return list(spoken(who, session, recipe.speak_questions))

        return of_each(people, folder / "speaking", Spoken, make, lambda *told: report("replies", *told))


def spoken(who: Writer, session: Session, most: int) -> Iterator[Spoken]:
    """What is learnt from at most so many of somebody's questions on what was told. session: without a memory."""
    rng = random.Random(who.name)
    texts = lines_of(who)
    questions = [q for q in who.questions if q.told and q.kind != YES_OR_NO]  # that is quoted
    rng.shuffle(questions)
    for q in questions[:most]:
        told = {*(q.told if q.kind == "two" else q.told[:1])}
        if rng.random() < ANOTHER:
            told.add(rng.randrange(len(texts)))
        lines = tuple(texts[i] for i in sorted(told))
        if (reply := _reply(session, q, lines)) is not None:
            yield Spoken(lines, q.text, *reply)


def _reply(session: Session, q: Question, lines: Sequence[str]) -> tuple[str, float] | None:
    """A reply that holds the answer, and its weight; None where it is not one to learn from."""
    own = _said(session, q.text, lines)
    if _holds(own, q):
        return (own, OWN) if _clean(own, q.text, lines) else None
    hinted = _said(session, f"{q.text} {HINT} {q.targets[0]}.)", lines)
    if _holds(hinted, q) and _clean(hinted, q.text, lines):
        return hinted, TAUGHT
    return (q.reply, TAUGHT) if _holds(q.reply, q) else None


def _said(session: Session, question: str, lines: Sequence[str]) -> str:
    messages, sampling = [{"role": "user", "content": question}], Sampling(max_tokens=TOKENS)
    events = session.reply(messages, sampling, mode=Mode.OFF, facts=lines)
    return "".join(e.text for e in events if isinstance(e, Text)).strip()


def _holds(reply: str, q: Question) -> bool:
    return any(wording.has(reply, target) for target in q.targets)


def _clean(reply: str, question: str, lines: Sequence[str]) -> bool:
    """Whether a reply is short and says nothing that stands nowhere."""
    grounding = Grounding(lines, question)
    grounding.add(reply)
    grounding.end(whole=True)
    return not grounding.invented and len(reply.split()) <= LONGEST and HINT not in reply
