"""Stage 4: two soft prompts, before lines and behind the question. Loss: whether a line answers a question, as the
frozen twin's next token says behind both.

With one before the lines the twin has to read them, at ten times the cost. Without, line and question are read by
llama.cpp itself; only what follows the prompt behind them goes through the twin, which goes on from llama.cpp's keys
and values, the states of the quantised backbone. So the later stages do, which train one prompt behind what is read.
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
from torch import Tensor, nn
from torch.nn import functional as F

from titans_edge.backbone.injection import Prefix
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.speaker import Speaker
from titans_edge.backbone.state import Rope, State
from titans_edge.errors import ModelError
from titans_edge.framing import framed
from titans_edge.neural.graft import Graft
from titans_edge.neural.prompt import PromptConfig, SoftPrompt
from titans_edge.routes import SYSTEM, TextRoute
from titans_edge.sources import USER
from titans_edge.stories.written import written
from titans_edge.train.descent import descend, done, prompt_plan
from titans_edge.train.given import Given, asked, given
from titans_edge.train.recipe import Recipe, Report
from titans_edge.train.twin import cpu_dtype, load_twin

LIKE = "Where do I live?", "I live in a small house."  # and, behind these, training begins with the states of
START = " (Answer from the lines above; later lines hold; else: You have not told me that.)"
# and what stands before lines with those of
FRONT = (
    "(Notes of mine, then a question. Does a note say exactly what is asked, of the same person and thing? Else I have"
    " not told it.)\n"
)
UNKNOWN = "Unknown"  # what a reply begins with where the line does not answer
ANSWERS = 1.5  # weight of a line that answers beside one that does not: there are fewer
FIRST = 0.5  # weight of the right line's share among a question's lines


@dataclass(frozen=True)
class Example:
    """before: token ids up to where the prompt stands; after: those behind it up to where the reply begins."""

    before: list[int]
    after: list[int]
    answers: bool


@dataclass(frozen=True)
class Past:
    """What the twin goes on from. layers: (keys, values), each (examples, heads, T, head); there (examples, T): which
    of the T hold something; length (examples,): how many do.
    """

    layers: list[tuple[Tensor, Tensor]]
    there: Tensor
    length: Tensor


class Judge(nn.Module):
    """Both prompts, to be trained together."""

    def __init__(self, prompt: SoftPrompt[PromptConfig], front: SoftPrompt[Any] | None) -> None:
        super().__init__()
        self.prompt, self.front = prompt, front


class Maker:
    """Makes and reads examples with a backbone, through a speaker of its own. front: what lines are read behind."""

    def __init__(self, backbone: Backbone, front: SoftPrompt[Any] | None = None) -> None:
        self.backbone, self.speaker = backbone, Speaker(backbone, 2048)
        self.route = TextRoute(backbone.vocab.encode)
        self.head = list(framed(backbone, [{"role": "user", "content": LIKE[0]}], SYSTEM).head)
        self.front = None if front is None else Prefix(front().detach().numpy().astype(np.float16))

    def examples(self, g: Given) -> list[Example]:
        """One of each of the lines, or of those that are put together."""
        return [Example(*self.put(g.question, *lines), answers) for lines, answers in g.lines]

    def put(self, question: str, *lines: str) -> tuple[list[int], list[int]]:
        """Token ids before the prompt, and behind it, as a session puts lines it judges or reads from."""
        asked = framed(self.backbone, [{"role": "user", "content": question}], SYSTEM)
        between = self.route.alone(*({"text": line, "kind": USER.kind} for line in lines))
        return [*asked.head, *between, *asked.message], asked.tail

    def read(self, ids: list[int]) -> npt.NDArray[np.float16]:
        """Keys and values (layers, 2, T, numbers) of the head and what follows it, in their order; between them stands
        what lines are read behind.
        """
        speaker, n = self.speaker, len(self.head)
        marks = self.front.marks if self.front is not None and len(ids) > n else []
        fed = [*ids[:n], *marks, *ids[n:]]
        known = speaker.share(fed)
        if self.front is not None and known < n + len(marks):
            speaker.feed(fed[known:n])
            if not speaker.stand_before(self.front):
                raise ModelError(
                    "Lines cannot be read behind a soft prompt here.", "Train without one: --prompt-steps 0."
                )
            known = speaker.length
        speaker.feed(fed[known:])
        state = State(speaker.splice.taken(0, speaker.length))
        layers, order = range(len(state.form.keys)), np.argsort(state.positions)
        return np.stack([np.stack([state.keys(layer)[order], state.values(layer)[order]]) for layer in layers])

    def past(self, before: Sequence[list[int]]) -> Past:
        """What llama.cpp has read of each, padded on the left."""
        kv = [self.read(ids) for ids in before]
        length, head = torch.tensor([x.shape[2] for x in kv]), rope_of(self.backbone).head
        layers, _, _, numbers = kv[0].shape
        told = torch.zeros(layers, 2, len(kv), int(length.max()), numbers)
        for b, states in enumerate(kv):
            told[:, :, b, told.shape[3] - states.shape[2] :] = torch.from_numpy(states)
        there = torch.arange(told.shape[3]) >= told.shape[3] - length[:, None]
        return Past([(_heads(keys, head), _heads(values, head)) for keys, values in told], there, length)


def train_prompt(graft: Graft, backbone: Backbone, recipe: Recipe, folder: Path, report: Report) -> None:
    """Train `graft.prompt` and `graft.front`; checkpoints in `folder`, taken up again."""
    path = folder / "judge.pt"
    if graft.prompt is None or not recipe.prompt_steps:
        return
    maker, judge = Maker(backbone), Judge(graft.prompt, graft.front)
    begin(judge.prompt, lambda: start_states(maker, judge.prompt.config.positions))
    if (front := judge.front) is not None:
        begin(front, lambda: start_states(maker, front.config.positions, FRONT, maker.head))
    plan = prompt_plan(recipe.prompt_steps, recipe.prompt_rate)
    if done(path, judge, plan):
        return
    people = [of for who in written() if (of := asked(who))]
    twin = load_twin(backbone.path, torch.float32 if judge.front is None else cpu_dtype())
    if judge.front is not None:
        twin.set_attn_implementation("eager")  # quicker backwards on a CPU

    def loss(rng: random.Random, _: int) -> Tensor:
        questions = [given(rng.choice(rng.choice(people)), rng) for _ in range(recipe.prompt_batch)]
        front = None if judge.front is None else judge.front()
        return batch_loss(judge.prompt(), twin, maker, [maker.examples(g) for g in questions], front)

    descend("soft prompt", judge, loss, plan, recipe.seed, path, report)
    maker.speaker.close()


def begin(prompt: SoftPrompt[Any], states: Callable[[], Tensor]) -> None:
    """Training goes on from what a kept graft has, or begins with such states."""
    prompt.start_from(prompt().detach().clone() if prompt.start.any() else states())


def start_states(maker: Maker, n: int, start: str = START, before: Sequence[int] = ()) -> Tensor:
    """Keys and values (layers, 2, n, numbers) of a text, its last token repeated or cut to length, behind other tokens
    (none: LIKE).
    """
    backbone = maker.backbone
    ids, before = backbone.vocab.encode(start), [*before] or maker.put(*LIKE)[0]
    states = torch.from_numpy(maker.read(before + (ids + ids[-1:] * n)[:n])[:, :, -n:].astype(np.float32))
    at = len(before) + (len(maker.front) if maker.front is not None and len(before) > len(maker.head) else 0)
    keys = turned(states[None, :, 0], torch.tensor([-at]), backbone)[0]
    return torch.stack([keys, states[:, 1]], 1)


def batch_loss(
    prompt: Tensor, twin: Any, maker: Maker, questions: Sequence[Sequence[Example]], front: Tensor | None = None
) -> Tensor:
    """Mean over all lines of the loss on whether they answer, and over the questions that have a right line among
    others of the loss on which it is. prompt, front (layers, 2, n, numbers).
    """
    odds = -untold_odds(prompt, twin, maker, [e for examples in questions for e in examples], front)
    right = torch.tensor([float(e.answers) for examples in questions for e in examples])
    each = F.softplus(-odds) * right * ANSWERS + F.softplus(odds) * (1 - right)
    first, at = [], 0
    for examples in questions:
        of, which = odds[at : at + len(examples)], [i for i, e in enumerate(examples) if e.answers]
        first += [of.logsumexp(0) - of[which].logsumexp(0)] if which and len(examples) > len(which) else []
        at += len(examples)
    return each.mean() + FIRST * sum(first, odds.new_zeros(())) / max(1, len(first))


def untold_odds(
    prompt: Tensor, twin: Any, maker: Maker, examples: Sequence[Example], front: Tensor | None = None
) -> Tensor:
    """Log-odds (examples,) of UNKNOWN being what the reply begins with. All have the same `after`. front: what the twin
    reads the lines behind; None: llama.cpp reads them.
    """
    unknown, after = maker.backbone.vocab.encode(UNKNOWN)[0], torch.tensor([e.after for e in examples])
    before = [e.before for e in examples]
    past = maker.past(before) if front is None else read_behind(front, twin, maker, before)
    logits = twin.lm_head(behind(prompt, twin, maker, past, after)[:, -1]).float()
    others = torch.cat([logits[:, :unknown], logits[:, unknown + 1 :]], 1)
    return torch.as_tensor(logits[:, unknown] - others.logsumexp(1))


def read_behind(front: Tensor, twin: Any, maker: Maker, before: Sequence[list[int]]) -> Past:
    """What the twin has read of each, which begins with the maker's head: what follows that, behind a soft prompt."""
    backbone, head, n = maker.backbone, maker.head, front.shape[2]
    known = torch.from_numpy(maker.read(head).astype(np.float32))
    keys = turned(front[None, :, 0], torch.tensor([len(head)]), backbone)[0]
    both = torch.cat([known, torch.stack([keys, front[:, 1]], 1)], 2).to(twin.dtype)
    rest = [ids[len(head) :] for ids in before]
    length, longest = torch.tensor([len(ids) for ids in rest]), max(map(len, rest))
    ids = torch.tensor([[0] * (longest - len(r)) + r for r in rest])
    there = torch.arange(longest) >= longest - length[:, None]
    there = F.pad(there, (len(head) + n, 0), value=True)
    first = len(head) + n + length[:, None] - longest  # where each one's padding would begin
    size = rope_of(backbone).head
    layers = [
        tuple(_heads(x[None], size).expand(len(rest), -1, -1, -1) for x in (keys, values)) for keys, values in both
    ]
    cache = _cache(layers)
    twin.model(
        input_ids=ids,
        past_key_values=cache,
        attention_mask=there.long(),
        position_ids=(first + torch.arange(longest)).clamp_min(0),
        use_cache=True,
    )
    return Past([(layer.keys, layer.values) for layer in cache.layers], there, length + len(head) + n)


def behind(prompt: Tensor, twin: Any, maker: Maker, past: Past, after: Tensor) -> Tensor:
    """The twin's last hidden states (examples, T, n_embd) at token ids `after` (examples, T), which follow the prompt
    behind what was read.
    """
    n, size, length = prompt.shape[2], rope_of(maker.backbone).head, past.length
    keys = turned(prompt[None, :, 0], length, maker.backbone)  # (examples, layers, n, numbers)
    values = prompt[None, :, 1].expand_as(keys)
    trained = ((_heads(keys[:, i], size), _heads(values[:, i], size)) for i in range(keys.shape[1]))
    layers = [
        tuple(torch.cat([one, other.to(one.dtype)], 2) for one, other in zip(*both, strict=True))
        for both in zip(past.layers, trained, strict=True)
    ]
    hidden: Tensor = twin.model(
        input_ids=after,
        past_key_values=_cache(layers),
        attention_mask=F.pad(past.there.long(), (0, n + after.shape[1]), value=1),
        position_ids=(length + n)[:, None] + torch.arange(after.shape[1]),
        use_cache=True,
    ).last_hidden_state
    return hidden


def _heads(states: Tensor, size: int) -> Tensor:
    """(examples, T, numbers) by heads: (examples, heads, T, size)."""
    return states.reshape(*states.shape[:-1], -1, size).transpose(1, 2)


def _cache(layers: Sequence[tuple[Tensor, ...]]) -> Any:
    """The twin's cache of keys and values (examples, heads, T, size) of each layer."""
    from transformers import DynamicCache

    cache = DynamicCache()
    for n, (keys, values) in enumerate(layers):
        cache.update(keys, values, n)
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
