"""Stage 6: the soft prompt that judges changes. Loss: whether the later of two lines changes what the earlier one
answers, as the frozen twin's next token says behind both and the question.

Two messages and a question are of one of the people in `stories.written`, who says which message changes which.
Training goes on from the prompt that judges single lines, where there is one.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from titans_edge.backbone.model import Backbone
from titans_edge.neural.graft import Graft
from titans_edge.stories.written import PLAIN, YES_OR_NO, Question, Writer, written
from titans_edge.text import stems, tells_a_change
from titans_edge.train.descent import descend, done, prompt_plan
from titans_edge.train.given import lines_of
from titans_edge.train.prompting import START, Example, Maker, begin, start_states, untold_odds
from titans_edge.train.recipe import Recipe, Report
from titans_edge.train.twin import load_twin

CHANGED = 2  # messages a changed one took the place of, at most, that are learnt from
# how much likelier a later message is drawn that changes nothing: it shares a word, changes something else that the
# earlier one says, or changes or seems to change anything
SHARES, CHANGES, SEEMS, ANY = 2.0, 6.0, 1.5, 0.3
Asked = tuple[str, int, int, bool]  # a question, an earlier and a later message, and whether that changes the answer


def train_changing(graft: Graft, backbone: Backbone, recipe: Recipe, folder: Path, report: Report) -> None:
    """Train `graft.changing`; checkpoints in `folder`, taken up again."""
    prompt, path = graft.changing, folder / "changing.pt"
    if prompt is None or not recipe.change_steps:
        return
    maker, n = Maker(backbone), prompt.config.positions
    begin(prompt, lambda: start_states(maker, n, START) if graft.prompt is None else graft.prompt().detach().clone())
    plan = prompt_plan(recipe.change_steps, recipe.change_rate)
    if done(path, prompt, plan):
        return
    changed, same = examples(written(), maker, recipe.seed)
    twin = load_twin(backbone.path, torch.float32)

    def loss(rng: random.Random, _: int) -> Tensor:
        half = recipe.change_batch // 2
        drawn = rng.sample(changed, half) + rng.sample(same, half)
        odds = -untold_odds(prompt(), twin, maker, drawn)
        return F.binary_cross_entropy_with_logits(odds, torch.tensor([float(e.answers) for e in drawn]))

    descend("changes", prompt, loss, plan, recipe.seed, path, report)
    maker.speaker.close()


def examples(people: Sequence[Writer], maker: Maker, seed: int) -> tuple[list[Example], list[Example]]:
    """Of everybody's questions: those with a message that changes the answer, and those with one that does not."""
    out: tuple[list[Example], list[Example]] = [], []
    for who in people:
        lines = lines_of(who)
        for question, earlier, later, changes in asked(who, random.Random(f"{seed} {who.name}")):
            example = Example(*maker.put(question, lines[earlier], lines[later]), changes)
            out[not changes].append(example)
    return out


def asked(who: Writer, rng: random.Random) -> Iterator[Asked]:
    """Somebody's questions with pairs of messages."""
    for q in who.questions:
        if q.kind in ("changed", YES_OR_NO) and q.told:  # "Do I still have the van?"
            now = q.told[0]
            before = sorted((n for n in _before(who, now) if n < now), reverse=True)
            for earlier in before[:CHANGED]:
                yield q.text, earlier, now, True
            yield from _same(who, now, q, rng)
            if before:
                yield from _same(who, before[0], q, rng, now, *before)
        elif q.kind not in ("past", "two", *PLAIN) and q.told:
            yield from _same(who, q.told[0], q, rng)


def _before(who: Writer, message: int) -> set[int]:
    """What a message changes, and what that changed, and so on."""
    found, new = set[int](), {message}
    while new:
        new = {earlier for later, earlier in who.changes if later in new} - found
        found |= new
    return found


def _same(who: Writer, earlier: int, q: Question, rng: random.Random, *others: int) -> Iterator[Asked]:
    """With a later message that changes nothing of the answer. others: messages that may."""
    later = [n for n in range(earlier + 1, len(who.messages)) if n not in (*q.told, *others)]
    if not later:
        return
    about, changing = stems(f"{who.messages[earlier][1]} {q.text}"), {n for n, _ in who.changes}

    def weight(n: int) -> float:
        text = who.messages[n][1]
        shares, seems = bool(about & stems(text)), n in changing or tells_a_change(text)
        return ANY + SHARES * shares + SEEMS * seems + CHANGES * ((n, earlier) in who.changes)

    yield q.text, earlier, rng.choices(later, [weight(n) for n in later])[0], False
