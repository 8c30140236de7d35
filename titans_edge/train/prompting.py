"""Stage 4: the soft prompt. Loss: whether a line answers a question, as the frozen twin's next token says behind both.

Line and question are read by llama.cpp itself; only what follows the prompt goes through the twin, which goes on from
llama.cpp's keys and values. So the prompt is trained on the states of the quantised backbone, at a tenth of the cost.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from titans_edge.backbone.model import Backbone
from titans_edge.backbone.speaker import Speaker
from titans_edge.backbone.state import Rope, State
from titans_edge.errors import ModelError
from titans_edge.framing import framed
from titans_edge.neural.graft import Graft
from titans_edge.neural.prompt import SoftPrompt
from titans_edge.routes import SYSTEM, TextRoute
from titans_edge.sources import USER
from titans_edge.stories.written import written
from titans_edge.train.descent import descend, done, prompt_plan
from titans_edge.train.given import Given, asked, given
from titans_edge.train.recipe import Recipe, Report
from titans_edge.train.twin import load_twin

LIKE = "Where do I live?", "I live in a small house."  # and, behind these, training begins with the states of
START = " (Answer from the lines above; later lines hold; else: You have not told me that.)"
UNKNOWN = "Unknown"  # what a reply begins with where the line does not answer
ANSWERS = 1.5  # weight of a line that answers beside one that does not: there are fewer
FIRST = 0.5  # weight of the right line's share among a question's lines


@dataclass(frozen=True)
class Example:
    """before: token ids up to where the prompt stands; after: those behind it up to where the reply begins."""

    before: list[int]
    after: list[int]
    answers: bool


class Maker:
    """Makes and reads examples with a backbone, through a speaker of its own."""

    def __init__(self, backbone: Backbone) -> None:
        self.backbone, self.speaker = backbone, Speaker(backbone, 2048)
        self.route = TextRoute(backbone.vocab.encode)

    def examples(self, g: Given) -> list[Example]:
        """One of each of the lines, or of those that are put together."""
        return [Example(*self.put(g.question, *lines), answers) for lines, answers in g.lines]

    def put(self, question: str, *lines: str) -> tuple[list[int], list[int]]:
        """Token ids before the prompt, and behind it, as a session puts lines it judges or reads from."""
        asked = framed(self.backbone, [{"role": "user", "content": question}], SYSTEM)
        between = self.route.alone(*({"text": line, "kind": USER.kind} for line in lines))
        return [*asked.head, *between, *asked.message], asked.tail

    def read(self, ids: list[int]) -> npt.NDArray[np.float16]:
        """Keys and values (layers, 2, T, numbers) of these tokens, in their order."""
        self.speaker.feed(ids[self.speaker.share(ids) :])
        state = State(self.speaker.splice.taken(0, self.speaker.length))
        layers, order = range(len(state.form.keys)), np.argsort(state.positions)
        return np.stack([np.stack([state.keys(layer)[order], state.values(layer)[order]]) for layer in layers])


def train_prompt(graft: Graft, backbone: Backbone, recipe: Recipe, folder: Path, report: Report) -> None:
    """Train `graft.prompt`; checkpoints in `folder`, taken up again."""
    prompt, path = graft.prompt, folder / "prompt.pt"
    if prompt is None or not recipe.prompt_steps:
        return
    maker = Maker(backbone)
    begin(prompt, lambda: start_states(maker, prompt.config.positions))
    plan = prompt_plan(recipe.prompt_steps, recipe.prompt_rate)
    if done(path, prompt, plan):
        return
    people = [of for who in written() if (of := asked(who))]
    twin = load_twin(backbone.path, torch.float32)

    def loss(rng: random.Random, _: int) -> Tensor:
        questions = [given(rng.choice(rng.choice(people)), rng) for _ in range(recipe.prompt_batch)]
        return batch_loss(prompt(), twin, maker, [maker.examples(g) for g in questions])

    descend("soft prompt", prompt, loss, plan, recipe.seed, path, report)
    maker.speaker.close()


def begin(prompt: SoftPrompt[Any], states: Callable[[], Tensor]) -> None:
    """Training goes on from what a kept graft has, or begins with such states."""
    prompt.start_from(prompt().detach().clone() if prompt.start.any() else states())


def start_states(maker: Maker, n: int, start: str = START) -> Tensor:
    """Keys and values (layers, 2, n, numbers) of a text, its last token repeated or cut to length, behind LIKE."""
    backbone = maker.backbone
    ids, before = backbone.vocab.encode(start), maker.put(*LIKE)[0]
    states = torch.from_numpy(maker.read(before + (ids + ids[-1:] * n)[:n])[:, :, len(before) :].astype(np.float32))
    keys = turned(states[None, :, 0], torch.tensor([-len(before)]), backbone)[0]
    return torch.stack([keys, states[:, 1]], 1)


def batch_loss(prompt: Tensor, twin: Any, maker: Maker, questions: Sequence[Sequence[Example]]) -> Tensor:
    """Mean over all lines of the loss on whether they answer, and over the questions that have a right line among
    others of the loss on which it is. prompt (layers, 2, n, numbers).
    """
    odds = -untold_odds(prompt, twin, maker, [e for examples in questions for e in examples])
    right = torch.tensor([float(e.answers) for examples in questions for e in examples])
    each = F.softplus(-odds) * right * ANSWERS + F.softplus(odds) * (1 - right)
    first, at = [], 0
    for examples in questions:
        of, which = odds[at : at + len(examples)], [i for i, e in enumerate(examples) if e.answers]
        first += [of.logsumexp(0) - of[which].logsumexp(0)] if which and len(examples) > len(which) else []
        at += len(examples)
    return each.mean() + FIRST * sum(first, odds.new_zeros(())) / max(1, len(first))


def untold_odds(prompt: Tensor, twin: Any, maker: Maker, examples: Sequence[Example]) -> Tensor:
    """Log-odds (examples,) of UNKNOWN being what the reply begins with. All have the same `after`."""
    unknown, after = maker.backbone.vocab.encode(UNKNOWN)[0], torch.tensor([e.after for e in examples])
    logits = twin.lm_head(behind(prompt, twin, maker, [e.before for e in examples], after)[:, -1])
    others = torch.cat([logits[:, :unknown], logits[:, unknown + 1 :]], 1)
    return torch.as_tensor(logits[:, unknown] - others.logsumexp(1))


def behind(prompt: Tensor, twin: Any, maker: Maker, before: Sequence[list[int]], after: Tensor) -> Tensor:
    """The twin's last hidden states (examples, T, n_embd) at token ids `after` (examples, T), which follow the prompt
    behind what llama.cpp has read.
    """
    kv = [maker.read(ids) for ids in before]
    length, place = torch.tensor([x.shape[2] for x in kv]), torch.arange(after.shape[1])
    n, longest = prompt.shape[2], int(length.max())
    there = torch.arange(longest) >= longest - length[:, None]
    hidden: Tensor = twin.model(
        input_ids=after,
        past_key_values=_cache(prompt, maker.backbone, kv, length),
        attention_mask=F.pad(there.long(), (0, n + after.shape[1]), value=1),
        position_ids=(length + n)[:, None] + place,
        use_cache=True,
    ).last_hidden_state
    return hidden


def _cache(prompt: Tensor, backbone: Backbone, kv: Sequence[npt.NDArray[np.float16]], before: Tensor) -> Any:
    """The twin's cache: keys and values (layers, 2, T, numbers) of what was read, each up to the same position, and the
    prompt's behind them.
    """
    from transformers import DynamicCache

    layers, _, _, numbers = kv[0].shape
    told = torch.zeros(layers, 2, len(kv), int(before.max()), numbers)
    for b, states in enumerate(kv):
        told[:, :, b, told.shape[3] - states.shape[2] :] = torch.from_numpy(states)
    keys = turned(prompt[None, :, 0], before, backbone)  # (examples, layers, n, numbers)
    values = prompt[None, :, 1].expand_as(keys)
    cache, head = DynamicCache(), rope_of(backbone).head
    for layer in range(layers):
        both = (torch.cat([told[layer, i], x[:, layer]], 1) for i, x in enumerate((keys, values)))
        cache.update(*(x.reshape(*x.shape[:-1], -1, head).transpose(1, 2) for x in both), layer)
    return cache


def turned(keys: Tensor, by: Tensor, backbone: Backbone) -> Tensor:
    """Keys (1, layers, n, numbers), so many positions (examples,) on: (examples, layers, n, numbers)."""
    rope = rope_of(backbone)
    angle = by[:, None] * rope.base ** (-torch.arange(0, rope.turned, 2) / rope.turned)
    heads = keys.reshape(*keys.shape[:-1], -1, rope.head)
    half = rope.turned // 2
    a, b = (
        (heads[..., :half], heads[..., half : rope.turned])
        if rope.halves
        else (heads[..., 0 : rope.turned : 2], heads[..., 1 : rope.turned : 2])
    )
    cos, sin = (x[:, None, None, None] for x in (angle.cos(), angle.sin()))
    one, two = a * cos - b * sin, a * sin + b * cos
    both = torch.cat([one, two], -1) if rope.halves else torch.stack([one, two], -1).flatten(-2)
    rest = heads[..., rope.turned :].expand(*both.shape[:-1], -1)
    return torch.cat([both, rest], -1).flatten(-2)


def rope_of(backbone: Backbone) -> Rope:
    if backbone.rope is None:
        raise ModelError("This model's keys cannot be turned.", "Train without a soft prompt: --prompt-steps 0.")
    return backbone.rope
