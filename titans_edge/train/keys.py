"""Stage 3: keys of sentences (a question's key is its sentence's), then the matcher on what the keys find, then what
tells a message about it from one about the world.
"""

from __future__ import annotations

import random
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from titans_edge.backbone.model import Backbone
from titans_edge.backbone.reader import Reader
from titans_edge.neural.keys import KeyEncoder
from titans_edge.neural.sentences import SentenceMemory
from titans_edge.train.descent import Plan, cosine, descend
from titans_edge.train.episodes import episodes, key_pairs
from titans_edge.train.matching import GONE, answers_loss, mine, replaces_loss, untold
from titans_edge.train.pairs import Pair, natural_pairs
from titans_edge.train.recipe import Recipe, Report
from titans_edge.train.texts import TextTable
from titans_edge.train.told import train_told

TEMPERATURE = 0.05
ALIKE = 0.9  # questions with this cosine ask the same
STATEMENTS = 32  # pairs of statements in a batch
LONG, LONG_SHARE = 24, 0.3  # words of a long text; batches with long ones
DECAY = 0.03  # of the weights


def train_sentences(
    sentences: SentenceMemory, backbone: Backbone, layer: int, recipe: Recipe, data: Path | None, folder: Path,
    report: Report,
) -> None:  # fmt: skip
    """Both parts; checkpoints in `folder`, taken up again."""
    table = TextTable(backbone.vocab, sentences.contents)
    natural = natural_pairs(data, random.Random(recipe.seed)) if data is not None else []
    natural = [p for p in natural if table.has_words(p.sentence) and table.has_words(p.question)]
    _keys(sentences.keys, table, natural, recipe, folder / "keys.pt", report)
    sentences.eval()
    _matcher(sentences, table, natural, recipe, folder / "matcher.pt", report)
    sentences.eval()
    with Reader(backbone, layer) as reader:
        train_told(sentences, table, natural, reader, recipe, folder, report)


def _keys(keys: KeyEncoder, table: TextTable, natural: list[Pair], recipe: Recipe, path: Path, report: Report) -> None:
    pairs = key_pairs(natural, recipe.seed, recipe.persons, recipe.writers, table.cut)
    pairs = [p for p in pairs if table.has_words(p[0]) and table.has_words(p[2])]

    def loss(rng: random.Random, _: int) -> Tensor:
        return key_loss(keys, table, rng.sample(pairs, min(recipe.key_batch, len(pairs))))

    plan = Plan(recipe.key_steps, cosine(recipe.key_steps), DECAY)
    descend("keys", keys, loss, plan, recipe.seed, path, report)


def _matcher(
    sentences: SentenceMemory, table: TextTable, natural: list[Pair], recipe: Recipe, path: Path, report: Report
) -> None:
    if not recipe.match_steps:
        return
    rng = random.Random(recipe.seed)
    persons = min(recipe.persons, recipe.match_persons)
    told = episodes(natural, recipe.seed, persons, recipe.writers, recipe.memories, table.cut)
    items, pairs = [], []
    for n, episode in enumerate(told, 1):
        found = mine(episode, sentences, table, rng)
        items += found[0]
        pairs += found[1]
        report("candidates", n, len(told), f"{len(items)} questions")

    longest = {id(i): max((table.length(t) for t in i.texts if t is not None), default=0) for i in items}
    short, long = (
        [i for i in items if (longest[id(i)] > LONG) is long] or items for long in (False, True)
    )  # apart, because a batch is as wide as its longest text

    def loss(rng: random.Random, _: int) -> Tensor:
        group = long if rng.random() < LONG_SHARE else short
        asked = rng.sample(group, min(recipe.match_batch, len(group)))
        asked = [untold(item) if rng.random() < GONE else item for item in asked]
        return answers_loss(sentences, table, asked) + replaces_loss(
            sentences, table, rng.sample(pairs, min(STATEMENTS, len(pairs)))
        )

    plan = Plan(recipe.match_steps, cosine(recipe.match_steps, 7e-4), DECAY)
    descend("matcher", sentences.matcher, loss, plan, recipe.seed, path, report)


def key_loss(keys: KeyEncoder, table: TextTable, batch: list[tuple[str, str, str]], drop: float = 0.05) -> Tensor:
    """InfoNCE over a batch of (question, before, sentence), both ways (van den Oord et al. 2018, eq. 4).

    No rivals are: the same sentence again, and sentences of questions that are nearly the same ("Who is my landlord?"
    of two people).
    """
    questions = table.words([("", q) for q, _, _ in batch], drop=drop)
    asked, _ = keys(questions, asking=True)
    told, _ = keys(table.words([(b, s) for _, b, s in batch], drop=drop), asking=False)
    logits = asked @ told.T / TEMPERATURE
    number = {s: i for i, (_, _, s) in enumerate(batch)}
    sentence = torch.tensor([number[s] for _, _, s in batch])
    about = F.normalize((questions.content * questions.signs[..., :1]).sum(1), dim=-1)
    no_rival = (sentence[:, None] == sentence) | (about @ about.T > ALIKE)
    logits = logits.masked_fill(no_rival & ~torch.eye(len(batch), dtype=torch.bool), -1e4)
    gold = torch.arange(len(batch))
    return (F.cross_entropy(logits, gold) + F.cross_entropy(logits.T, gold)) / 2
