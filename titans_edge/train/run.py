"""The whole training of a graft: read, stages 1 to 7, save. Each part leaves a file and is skipped when it
is there.
"""

from __future__ import annotations

import random
import re
from collections import deque
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from titans_edge.backbone.model import Backbone
from titans_edge.backbone.reader import Reader
from titans_edge.backbone.speaker import Speaker
from titans_edge.facts import Phrase
from titans_edge.neural.contents import Contents, inversion, whitening
from titans_edge.neural.encoder import EncoderConfig
from titans_edge.neural.graft import Graft, GraftInfo, save
from titans_edge.neural.keys import KeyConfig
from titans_edge.neural.prompt import PrefixConfig, PromptConfig
from titans_edge.neural.relations import Relations
from titans_edge.stories.babi import book_sentences
from titans_edge.stories.lexicon import Lexicon
from titans_edge.stories.relations import INVERSES, PHRASES, ROUTES, TRACKED, Bank, mirror
from titans_edge.stories.smalltalk import small_talk
from titans_edge.stories.worlds import KINDS, Story, stories
from titans_edge.train.cache import FeatureCache
from titans_edge.train.changing import train_changing
from titans_edge.train.dataset import Dataset, draw_noise
from titans_edge.train.descent import Plan, cosine, descend
from titans_edge.train.keys import train_sentences
from titans_edge.train.listening import train_listening
from titans_edge.train.prompting import UNKNOWN, train_prompt
from titans_edge.train.recipe import Recipe, Report
from titans_edge.train.speaking import train_speaking
from titans_edge.train.stage1 import losses
from titans_edge.train.stage2 import stage2

# what the dials of a stage begin with, by the one that says how many steps it has
STAGES = {"key_steps": "key_", "match_steps": "match_", "prompt_steps": "prompt_", "speak_steps": "speak_",
          "change_steps": "change_", "listen_steps": "listen_"}  # fmt: skip
LATELY = 1000  # answers whose share of right ones is reported


def read_words(backbone: Backbone, recipe: Recipe, data: Path | None, path: Path, report: Report) -> FeatureCache:
    """Features of all sentences stage 1 will see."""
    if path.exists():
        return FeatureCache.load(path)
    texts = [t for s in training_stories(backbone, recipe) for t in (*(f.text for f in s.facts), s.question.text)]
    texts = list(dict.fromkeys(texts)) + noise_sentences(backbone, recipe, data)
    reader, cache = Reader(backbone, recipe.layer), FeatureCache()
    for at in range(0, len(texts), 1024):
        cache.fill(reader, texts[at : at + 1024])
        report("reading", len(cache.start), len(texts), "sentences")
    speaker = Speaker(backbone, 512)
    for n, text in enumerate(random.Random(recipe.seed).sample(texts, min(recipe.surprised, len(texts)))):
        speaker.clear()
        cache.surprise[cache.index[text]] = float(np.nanmean(speaker.surprise(backbone.vocab.encode("\n" + text))))
        if n % 64 == 0:
            report("surprise", n, recipe.surprised, "sentences")
    cache.save(path)
    return cache


def training_stories(backbone: Backbone, recipe: Recipe) -> list[Story]:
    return list(stories(KINDS, recipe.stories, Lexicon(mined=mined_words(backbone)), recipe.seed))


def noise_sentences(backbone: Backbone, recipe: Recipe, data: Path | None) -> list[str]:
    """Sentences that must write nothing: small talk of our own and, from `data`, books."""
    rng = random.Random(recipe.seed)
    out = list(small_talk(rng, 600))
    if data is not None:
        books = book_sentences(data, "train")
        short = [[s for s in b if len(backbone.vocab.encode(s)) <= 32] for b in books]
        out += [s for b in short for s in rng.sample(b, min(len(b), recipe.noise // len(books)))]
    return list(dict.fromkeys(out))


def mined_words(backbone: Backbone) -> list[str]:
    """Lower-case words of four to nine letters that are tokens of the vocabulary."""
    pieces = (backbone.vocab.piece(t) for t in range(backbone.vocab.size))
    return [p.decode().strip() for p in pieces if re.fullmatch(rb" [a-z]{4,9}", p)]


def make_contents(backbone: Backbone, dim: int) -> Contents:
    """Whitening of the words (letters only) of the backbone's vocabulary."""
    ids = [t for t in range(backbone.vocab.size) if re.fullmatch(rb" ?[A-Za-z]+", backbone.vocab.piece(t))]
    mean, basis = whitening(torch.from_numpy(backbone.embedding.rows(ids)), dim)
    plain = Contents(backbone.embedding, mean, basis, torch.eye(dim))
    pairs = torch.stack([plain.phrase(backbone.vocab.word_ids(word)) for pair in INVERSES for word in pair])
    return replace(plain, inverse=inversion(pairs.view(len(INVERSES), 2, dim)))


def make_relations(backbone: Backbone) -> Relations:
    """What the generator's sentences speak of, as the graft's file names it."""
    ids = {b: tuple(backbone.vocab.word_ids(PHRASES[b])) for b in Bank}
    return Relations(tuple(Phrase(PHRASES[b], 0, 0, ids[b], ids[b]) for b in Bank), int(TRACKED), mirror())


def begin(graft: Graft) -> None:
    """Where training of the second hop starts."""
    with torch.no_grad():
        for relation, source in ROUTES:
            graft.memory.route[relation, source] = 2.0


def stage1(
    graft: Graft, cache: FeatureCache, told: list[Story], noise: list[str], recipe: Recipe, path: Path, report: Report
) -> None:
    """Train the memory; a checkpoint every 100 steps, taken up again where one lies at `path`."""
    memory, data = graft.memory, Dataset(cache, graft.memory.contents)
    right: deque[bool] = deque(maxlen=LATELY)

    def loss(rng: random.Random, _: int) -> Tensor:
        part = rng.sample(told, recipe.batch)
        batch = data.batch(part, [draw_noise(rng, noise, 4) for _ in part], [rng.random() < 0.12 for _ in part])
        out = losses(memory, batch)
        right.extend(out.right[batch.answerable > 0].tolist())
        return out.total

    def told_right(part: str, done: int, of: int, text: str) -> None:
        if done % 10 == 0:
            report(part, done, of, f"{text}, right {100 * sum(right) / max(1, len(right)):.0f} %")

    descend("stage 1", memory, loss, Plan(recipe.steps, cosine(recipe.steps), 0.01), recipe.seed, path, told_right)


def train(
    backbone: Backbone, recipe: Recipe, data: Path | None, folder: Path, out: Path, report: Report,
    start: Graft | None = None,
) -> Graft:  # fmt: skip
    """All stages; files of the run in `folder`, the graft in `out`. Run again after an interruption to go on.

    start: its memory and gate are kept as they are, and only what reads whole sentences is trained; of that, what the
    recipe has no steps for is kept too.
    """
    torch.manual_seed(recipe.seed)
    folder.mkdir(parents=True, exist_ok=True)
    of = {**asdict(recipe), "books": data is not None, "questions": data is not None}
    graft = _grown(backbone, start, recipe, of) if start is not None else _new(backbone, recipe, of)
    if start is None:
        cache = read_words(backbone, recipe, data, folder / "features.npz", report)
        told = training_stories(backbone, recipe)
        stage1(graft, cache, told, noise_sentences(backbone, recipe, data), recipe, folder / "stage1.pt", report)
        stage2(graft, backbone, told, recipe, folder, report)
    assert graft.sentences is not None
    if recipe.key_steps or start is None or start.sentences is None:
        train_sentences(graft.sentences, backbone, graft.info.layer, recipe, data, folder, report)
    train_prompt(graft, backbone, recipe, folder, report)
    train_speaking(graft, backbone, recipe, folder, report)
    train_changing(graft, backbone, recipe, folder, report)
    train_listening(graft, backbone, recipe, folder, report)
    save(graft.eval(), out)
    return graft


def _new(backbone: Backbone, recipe: Recipe, of: dict[str, Any]) -> Graft:
    config = EncoderConfig(backbone.n_embd, len(Bank))
    info = GraftInfo(recipe.layer, backbone.fingerprint, recipe=of)
    contents, keys = make_contents(backbone, recipe.dim), _keys(recipe, recipe.dim)
    graft = Graft(config, contents, make_relations(backbone), info, keys, *_prompts(backbone, recipe))
    begin(graft)
    return graft


def _grown(backbone: Backbone, start: Graft, recipe: Recipe, of: dict[str, Any]) -> Graft:
    """A graft with another's memory, gate and what the recipe has no steps for; thresholds are the recipe's."""
    memory, anew = start.memory, start.sentences is None or recipe.key_steps > 0
    trained = tuple(first for steps, first in STAGES.items() if of[steps])
    stages = {k: v for k, v in of.items() if k not in start.info.recipe or k.startswith(trained) or "likely" in k}
    questions = of["questions"] if anew else start.info.recipe.get("questions", False)
    of_it = {**start.info.recipe, **stages, "questions": questions}
    info = replace(start.info, recipe=of_it, replaces=() if anew else start.info.replaces)
    keys = _keys(recipe, memory.dim) if anew or start.sentences is None else start.sentences.config
    judging, speaking, changing, listening = _prompts(backbone, recipe)
    if start.prompt is not None and not recipe.prompt_steps:
        judging = replace(start.prompt.config, likely=recipe.prompt_likely)
    if start.speaking is not None and not recipe.speak_steps:
        speaking = start.speaking.config
    if start.changing is not None and not recipe.change_steps:
        changing = replace(start.changing.config, likely=recipe.change_likely)
    if start.listening is not None and not recipe.listen_steps:
        listening = start.listening.config
    prompts = (judging, speaking, changing, listening)
    graft = Graft(memory.config, memory.contents, memory.relations, info, keys, *prompts)
    graft.load_state_dict(start.state_dict(), strict=False)
    return graft


def _prompts(
    backbone: Backbone, recipe: Recipe
) -> tuple[PromptConfig | None, PrefixConfig | None, PromptConfig | None, PrefixConfig | None]:
    """The soft prompts that judge lines, that speak, that judge changes, and that listen."""
    if backbone.rope is None:
        return None, None, None, None
    sizes = backbone.n_layer, recipe.prompt_positions, backbone.n_head_kv * backbone.rope.head
    untold = backbone.vocab.encode(UNKNOWN)[0]
    return (
        PromptConfig(*sizes, untold, recipe.prompt_likely) if recipe.prompt_steps else None,
        PrefixConfig(*sizes) if recipe.speak_steps else None,
        PromptConfig(*sizes, untold, recipe.change_likely) if recipe.change_steps else None,
        PrefixConfig(*sizes) if recipe.listen_steps else None,
    )


def _keys(recipe: Recipe, dim: int) -> KeyConfig:
    return KeyConfig(dim, width=recipe.key_width, told=recipe.told_width)
