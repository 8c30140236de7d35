"""Stage 2: the gate. Loss: the frozen twin's next-token loss on the answer, given the gate's rows and the question."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from titans_edge.backbone import pieces
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.reader import Reader
from titans_edge.backbone.spans import features
from titans_edge.neural.gate import LEAD, TAIL
from titans_edge.neural.graft import Graft
from titans_edge.neural.memory import collate
from titans_edge.stories.relations import Bank
from titans_edge.stories.worlds import Story
from titans_edge.train.descent import Plan, descend, done
from titans_edge.train.recipe import Recipe, Report
from titans_edge.train.twin import cpu_dtype, load_twin

START = "(Memory: the answer is", ". Reply with it only.)\n"  # the gate's learned rows begin as these words


@dataclass(frozen=True)
class Example:
    """Token ids of one training example; the gate's rows go between `before` and `question`."""

    before: list[int]
    answer: list[int]  # the word's canonical ids: the rows the memory would give
    question: list[int]  # the message and what follows it, up to where the reply begins
    reply: list[int]
    pooled: Tensor
    parroted: bool  # "what is the kitchen east of?": left alone, the model repeats such a question


def reply_text(story: Story) -> str:
    """What the model should say."""
    q = story.question
    said = " ".join(f.text for f in story.facts)
    article = "the " if f"the {q.answer}" in said.lower() else ""
    if story.kind in ("place", "thing", "before"):
        return f"In {article}{q.answer}."
    text = f"{article}{q.answer}."
    return text[0].upper() + text[1:]


def stage2(graft: Graft, backbone: Backbone, told: list[Story], recipe: Recipe, folder: Path, report: Report) -> None:
    """Train the gate; a checkpoint every 20 steps."""
    gate, path = graft.gate, folder / "stage2.pt"
    gate.start_from(start_rows(backbone))
    plan = Plan(recipe.gate_steps, lambda _: 2e-4, every=20)
    if done(path, gate, plan):
        return
    pool = random.Random(recipe.seed).sample(told, min(len(told), recipe.gate_batch * recipe.gate_steps, 1500))
    report("stage 2", 0, recipe.gate_steps, "loading the twin")
    examples = make_examples(graft, backbone, pool)
    twin = load_twin(backbone.path, cpu_dtype())

    def loss(rng: random.Random, step: int) -> Tensor:
        return batch_loss(graft, twin, _draw(examples, recipe, step, rng))

    descend("stage 2", gate, loss, plan, recipe.seed, path, report)


def _draw(examples: list[Example], recipe: Recipe, step: int, rng: random.Random) -> list[Example]:
    """A batch; in the last third of the steps half of it are questions the frozen model likes to parrot."""
    if step < recipe.gate_steps * 2 // 3:
        return rng.sample(examples, recipe.gate_batch)
    half = recipe.gate_batch // 2
    return rng.sample([e for e in examples if e.parroted], half) + rng.sample(examples, recipe.gate_batch - half)


def start_rows(backbone: Backbone) -> Tensor:
    """Embedding rows (LEAD + TAIL, n_embd) of START, cut or repeated to length."""
    lead, tail = (backbone.vocab.encode(t) for t in START)
    ids = (lead[-1:] * LEAD + lead)[-LEAD:] + (tail + tail[-1:] * TAIL)[:TAIL]
    return torch.from_numpy(backbone.embedding.rows(ids).copy())


def make_examples(graft: Graft, backbone: Backbone, told: list[Story]) -> list[Example]:
    vocab, template = backbone.vocab, backbone.template
    cut = template.segments([{"role": "user", "content": "a"}])  # the frame is the same around every question
    before = vocab.encode(pieces.before(cut, 0), special=True, bos=True)
    after = vocab.encode(pieces.behind(cut, 0), special=True)
    end = vocab.encode(template.reply_end(), special=True)[:1]
    reader = Reader(backbone, graft.info.layer)
    out = []
    for at in range(0, len(told), 64):
        part = told[at : at + 64]
        spans = list(features(reader, [s.question.text for s in part]))
        b = collate(spans, graft.memory.contents)
        with torch.no_grad():
            pooled = graft.memory.encoder(b.hidden, b.mask, torch.ones(len(part)), b.surprise).pooled
        for story, row in zip(part, pooled, strict=True):
            ids = list(vocab.word_ids(story.question.answer))
            asked, reply = vocab.encode(story.question.text) + after, vocab.encode(reply_text(story)) + end
            parroted = story.kind == "relation" and story.question.bank == Bank.OBJECT
            out.append(Example(before, ids, asked, reply, row, parroted))
    return out


def batch_loss(graft: Graft, twin: Any, examples: list[Example]) -> Tensor:
    """Mean loss on the replies' tokens."""
    embed = twin.get_input_embeddings()
    table = graft.memory.contents.table
    rows, targets = [], []
    for e in examples:
        answer = torch.from_numpy(table.rows(e.answer).copy())
        gate = graft.gate(answer, e.pooled)
        parts = [embed(torch.tensor(e.before)), gate.to(embed.weight.dtype), embed(torch.tensor(e.question + e.reply))]
        rows.append(torch.cat(parts))
        skip = len(e.before) + len(gate) + len(e.question)
        targets.append(torch.tensor([-100] * skip + e.reply))
    longest = max(len(r) for r in rows)
    batch = torch.stack([F.pad(r, (0, 0, 0, longest - len(r))) for r in rows])
    labels = torch.stack([F.pad(t, (0, longest - len(t)), value=-100) for t in targets])
    mask = torch.stack([(torch.arange(longest) < len(r)).long() for r in rows])
    hidden = twin.model(inputs_embeds=batch, attention_mask=mask).last_hidden_state[:, :-1]
    wanted = labels[:, 1:]
    chosen = wanted != -100  # the vocabulary-wide product only where there is a target
    return F.cross_entropy(twin.lm_head(hidden[chosen]).float(), wanted[chosen])
