"""Stage 4: the soft prompt. Loss: the frozen twin's next-token loss on the reply, given lines, question and prompt.

Lines and question are read by llama.cpp itself; only the reply goes through the twin, which goes on from llama.cpp's
keys and values. So the prompt is trained on the states of the quantised backbone, at a tenth of the cost.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence

from titans_edge.backbone.injection import Tokens
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.sampling import Sampling
from titans_edge.backbone.speaker import Speaker
from titans_edge.backbone.state import Rope, State
from titans_edge.errors import ModelError
from titans_edge.framing import Framed, framed
from titans_edge.neural.graft import Graft, save
from titans_edge.routes import SYSTEM, TextRoute
from titans_edge.session import UNTOLD, Session
from titans_edge.sidecar.client import MemoryClient
from titans_edge.stories.written import Writer, written
from titans_edge.train.checkpoint import checkpoint, resume
from titans_edge.train.given import Given, given
from titans_edge.train.recipe import Recipe, Report
from titans_edge.train.twin import load_twin

LIKE = ["I live in a small house."], "Where do I live?"  # and, behind these, training begins with the states of
START = " (Answer from the lines above; later lines hold; else: You have not told me that.)"
UNKNOWN = "Unknown"  # what a reply begins with, and is, where the lines do not answer
PLAIN = 24  # tokens of a reply that the backbone makes itself, at most
KEPT = 25  # steps between two checkpoints
AROUND = 6  # batches' worth of examples are drawn, and those of like length taken


@dataclass(frozen=True)
class Example:
    """kv (layers, 2, T, numbers): keys and values of all that stands before the prompt; after: token ids behind it up
    to where the reply begins; reply: its ids.
    """

    kv: npt.NDArray[np.float16]
    after: list[int]
    reply: list[int]


class Maker:
    """Makes examples with a backbone, through a speaker of its own."""

    def __init__(self, backbone: Backbone) -> None:
        self.backbone, self.speaker = backbone, Speaker(backbone, 2048)
        self.route = TextRoute(backbone.vocab.encode)
        self.end = backbone.vocab.encode(backbone.template.reply_end(), special=True)[:1]

    def example(self, g: Given) -> Example:
        """One example; what is given no reply is answered by the backbone without the lines."""
        before, after = self.given(g.lines, g.question)
        kv = self.read(before)
        if g.reply:
            best = UNKNOWN if g.reply == UNTOLD else g.reply
            return Example(kv, after, self.backbone.vocab.encode(best) + self.end)
        alone = self._framed(g.question)
        self._feed([*alone.head, *alone.message, *after])
        reply = list(self.speaker.generate(Sampling(temperature=0.0, max_tokens=PLAIN)))
        return Example(kv, after, reply + (self.end if self.speaker.stopped == "stop" else []))

    def given(self, lines: Sequence[str], question: str) -> tuple[list[int], list[int]]:
        """Token ids before the prompt, and behind it."""
        injection, asked = self.route.of([f"- {line}\n" for line in lines]), self._framed(question)
        between = [t for part in injection.parts if isinstance(part, Tokens) for t in part.ids]
        return [*asked.head, *between, *asked.message], asked.tail

    def read(self, ids: list[int]) -> npt.NDArray[np.float16]:
        """Keys and values (layers, 2, T, numbers) of these tokens, in their order."""
        self._feed(ids)
        state = State(self.speaker.splice.taken(0, self.speaker.length))
        layers, order = range(len(state.form.keys)), np.argsort(state.positions)
        return np.stack([np.stack([state.keys(layer)[order], state.values(layer)[order]]) for layer in layers])

    def _framed(self, question: str) -> Framed:
        return framed(self.backbone, [{"role": "user", "content": question}], SYSTEM)

    def _feed(self, ids: list[int]) -> None:
        self.speaker.feed(ids[self.speaker.share(ids) :])


def train_prompt(graft: Graft, backbone: Backbone, recipe: Recipe, folder: Path, report: Report) -> None:
    """Train `graft.prompt`; examples and checkpoints in `folder`, taken up again."""
    prompt, path = graft.prompt, folder / "prompt.pt"
    if prompt is None or not recipe.prompt_steps:
        return
    maker = Maker(backbone)
    prompt.start_from(start_states(maker, prompt.config.positions))
    optimiser = torch.optim.AdamW(prompt.parameters(), recipe.prompt_rate, betas=(0.9, 0.98), weight_decay=0.01)
    start = resume(path, prompt, optimiser)
    if start >= recipe.prompt_steps:
        return
    examples = _examples(graft, maker, recipe, folder, report)
    maker.speaker.close()
    twin = load_twin(backbone.path, torch.float32)
    running = 0.0
    for step in range(start, recipe.prompt_steps):
        rng = random.Random(recipe.seed * 7919 + step)
        for group in optimiser.param_groups:
            group["lr"] = recipe.prompt_rate * min(1.0, (step + 1) / 10) * (1 - step / recipe.prompt_steps)
        loss = batch_loss(prompt(), twin, backbone, _draw(examples, recipe.prompt_batch, rng))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(prompt.parameters(), 1.0)
        optimiser.step()
        running = 0.95 * running + 0.05 * float(loss.detach()) if step > start else float(loss.detach())
        report("soft prompt", step + 1, recipe.prompt_steps, f"loss {running:.3f}")
        if step % KEPT == KEPT - 1 or step == recipe.prompt_steps - 1:
            checkpoint(path, prompt, optimiser, step + 1)


def start_states(maker: Maker, n: int) -> Tensor:
    """Keys and values (layers, 2, n, numbers) of START, its last token repeated or cut to length, behind LIKE."""
    backbone = maker.backbone
    ids, before = backbone.vocab.encode(START), maker.given(*LIKE)[0]
    states = torch.from_numpy(maker.read(before + (ids + ids[-1:] * n)[:n])[:, :, len(before) :].astype(np.float32))
    turned = _turned(states[None, :, 0], torch.tensor([-len(before)]), backbone)[0]
    return torch.stack([turned, states[:, 1]], 1)


def _examples(graft: Graft, maker: Maker, recipe: Recipe, folder: Path, report: Report) -> list[Example]:
    """Of as many people as the recipe names, each person's kept in a file of its own."""
    people = random.Random(recipe.seed).sample(written(), min(recipe.prompt_writers, len(written())))
    kept = folder / "prompt"
    kept.mkdir(exist_ok=True)
    path, out = folder / "reading.gguf", list[Example]()
    missing = [who for who in people if not (kept / f"{who.name}.pt").exists()]
    if missing:
        save(graft, path)
    for n, who in enumerate(people, 1):
        file = kept / f"{who.name}.pt"
        if who in missing:
            _keep(who, maker, path, file)
        out += [Example(kv.numpy(), after, reply) for kv, after, reply in torch.load(file, weights_only=True)]
        report("recalled lines", n, len(people), f"{len(out)} questions")
    return out


def _keep(who: Writer, maker: Maker, graft: Path, file: Path) -> None:
    with (
        MemoryClient.open(str(maker.backbone.path), str(graft), None, local=True) as memory,
        Session(maker.backbone, memory, context=512) as session,
    ):
        made = [maker.example(g) for g in given(who, session, random.Random(who.name))]
    torch.save([(torch.from_numpy(e.kv), e.after, e.reply) for e in made], file.with_suffix(".tmp"))
    file.with_suffix(".tmp").replace(file)


def _draw(examples: Sequence[Example], n: int, rng: random.Random) -> list[Example]:
    """A batch of examples of about the same length."""
    pool = sorted(rng.sample(examples, min(len(examples), AROUND * n)), key=lambda e: e.kv.shape[2])
    at = rng.randrange(max(1, len(pool) - n + 1))
    return pool[at : at + n]


def batch_loss(prompt: Tensor, twin: Any, backbone: Backbone, examples: Sequence[Example]) -> Tensor:
    """The mean over the examples of the mean loss on each reply's tokens. prompt (layers, 2, n, numbers)."""
    fed = [torch.tensor(e.after + e.reply) for e in examples]
    targets = [torch.tensor([-100] * len(e.after) + e.reply) for e in examples]
    ids, wanted = pad_sequence(fed, batch_first=True), pad_sequence(targets, batch_first=True, padding_value=-100)
    before = torch.tensor([e.kv.shape[2] for e in examples])
    place, n, longest = torch.arange(ids.shape[1]), prompt.shape[2], int(before.max())
    there = torch.cat(
        [
            torch.arange(longest) >= longest - before[:, None],
            torch.ones(len(examples), n, dtype=torch.bool),
            place < torch.tensor([len(f) for f in fed])[:, None],
        ],
        1,
    )
    hidden = twin.model(
        input_ids=ids,
        past_key_values=_cache(prompt, backbone, examples, before),
        attention_mask=there.long(),
        position_ids=(before + n)[:, None] + place,
        use_cache=True,
    ).last_hidden_state[:, :-1]
    chosen = wanted[:, 1:] != -100
    nll = F.cross_entropy(twin.lm_head(hidden[chosen]), wanted[:, 1:][chosen], reduction="none")
    of = chosen.nonzero()[:, 0]
    return (torch.zeros(len(examples)).index_add(0, of, nll) / chosen.sum(1)).mean()


def _cache(prompt: Tensor, backbone: Backbone, examples: Sequence[Example], before: Tensor) -> Any:
    """The twin's cache: the examples' keys and values, each up to the same position, and the prompt's behind them."""
    from transformers import DynamicCache

    layers, _, _, numbers = examples[0].kv.shape
    told = torch.zeros(layers, 2, len(examples), int(before.max()), numbers)
    for b, e in enumerate(examples):
        told[:, :, b, told.shape[3] - e.kv.shape[2] :] = torch.from_numpy(e.kv)
    keys = _turned(prompt[None, :, 0], before, backbone)  # (examples, layers, n, numbers)
    values = prompt[None, :, 1].expand_as(keys)
    cache, head = DynamicCache(), _rope(backbone).head
    for layer in range(layers):
        both = (torch.cat([told[layer, i], x[:, layer]], 1) for i, x in enumerate((keys, values)))
        cache.update(*(x.reshape(*x.shape[:-1], -1, head).transpose(1, 2) for x in both), layer)
    return cache


def _turned(keys: Tensor, by: Tensor, backbone: Backbone) -> Tensor:
    """Keys (1, layers, n, numbers), so many positions (examples,) on: (examples, layers, n, numbers)."""
    rope = _rope(backbone)
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
    turned = torch.cat([one, two], -1) if rope.halves else torch.stack([one, two], -1).flatten(-2)
    rest = heads[..., rope.turned :].expand(*turned.shape[:-1], -1)
    return torch.cat([turned, rest], -1).flatten(-2)


def _rope(backbone: Backbone) -> Rope:
    if backbone.rope is None:
        raise ModelError("This model's keys cannot be turned.", "Train without a soft prompt: --prompt-steps 0.")
    return backbone.rope
