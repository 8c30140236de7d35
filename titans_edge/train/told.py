"""Training of the head that tells what was told from the world: people's questions, and everybody's."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from titans_edge.backbone.reader import Reader
from titans_edge.backbone.spans import features
from titans_edge.neural.keys import Words, outside, rarity
from titans_edge.neural.sentences import SentenceMemory
from titans_edge.neural.told import Evidence, seen
from titans_edge.stories.people import Person, people, world
from titans_edge.stories.written import written
from titans_edge.text import content_words
from titans_edge.train.descent import Plan, cosine, descend
from titans_edge.train.episodes import Episode, of_person, of_writer
from titans_edge.train.matching import encoded
from titans_edge.train.mining import Scores, WordIndex, candidates
from titans_edge.train.pairs import Pair
from titans_edge.train.recipe import Recipe, Report
from titans_edge.train.texts import TextTable

LOOKED_AT = 20  # candidates, as a memory looks at
OWN, WORLD = 8, 4  # questions a memory: people's own, and everybody's
FAR, HERE = 6, 3  # on sentences that were never told, and on told ones
DOCUMENTS = 0.4  # of the memories hold sentences that are nobody's own
BLIND = 0.1  # of the examples are shown without evidence
BATCH = 256
_MINE = re.compile(r"(?:what is|what's|whats) (?:my|our) ", re.IGNORECASE)


@dataclass(frozen=True)
class Example:
    """A message and whether it is about what was told."""

    message: str
    told: bool


def train_told(
    sentences: SentenceMemory, table: TextTable, natural: Sequence[Pair], reader: Reader, recipe: Recipe,
    folder: Path, report: Report,
) -> None:  # fmt: skip
    """The head in `sentences`, after keys and matcher. What was read is kept in `folder`."""
    head = sentences.told
    if head is None:
        return
    path = folder / "told.pt"
    if not path.exists():
        tmp = path.with_suffix(".tmp")
        torch.save(_examples(sentences, table, natural, reader, recipe, report), tmp)
        tmp.replace(path)
    states, known, told = torch.load(path, weights_only=True)

    def loss(rng: random.Random, _: int) -> Tensor:
        at = torch.randint(len(told), (BATCH,))
        shown = known[at] * (torch.rand(BATCH, 1) >= BLIND)
        return F.binary_cross_entropy_with_logits(head(states[at], shown), told[at])

    plan = Plan(recipe.told_steps, cosine(recipe.told_steps), 0.1, every=1000)
    descend("told or world", head, loss, plan, recipe.seed, folder / "head.pt", report)


def _examples(
    sentences: SentenceMemory, table: TextTable, natural: Sequence[Pair], reader: Reader, recipe: Recipe, report: Report
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """States (n, 3 n_embd), evidence (n, 5) and truth (n,) of all messages."""
    rng = random.Random(recipe.seed)
    states, known, truth = [], [], []
    for n, (e, asked) in enumerate(_memories(table, natural, recipe, rng), 1):
        asked = [x for x in asked if table.has_words(x.message)]
        told, index = encoded(sentences, table, e.texts, asking=False), WordIndex([text for _, text in e.texts])
        for x, read in zip(asked, features(reader, [x.message for x in asked]), strict=True):
            if len(read):
                states.append(seen(read.hidden))
                known.append(_evidence(sentences, table, e, told, index, x.message).row())
                truth.append(float(x.told))
        report("messages", n, recipe.told_persons + recipe.told_writers, f"{len(truth)} read")
    return torch.from_numpy(np.stack(states)), torch.tensor(known), torch.tensor(truth)


def _memories(
    table: TextTable, natural: Sequence[Pair], recipe: Recipe, rng: random.Random
) -> Iterator[tuple[Episode, list[Example]]]:
    """Memories and what is asked of them: of simulated people, and of those written by hand."""
    for person in people(recipe.seed + 2, recipe.told_persons):
        yield _asked(person, natural, rng)
    for who in rng.sample(written(), min(recipe.told_writers, len(written()))):
        own = [Example(q.text, True) for q in who.questions if q.kind != "world"]
        world = [Example(q.text, False) for q in who.questions if q.kind == "world"]
        yield of_writer(who, table.cut), [*rng.sample(own, min(OWN, len(own))), *world]


def _asked(person: Person, natural: Sequence[Pair], rng: random.Random) -> tuple[Episode, list[Example]]:
    """A memory, and what is asked of it."""
    e = of_person(
        person, rng, list(dict.fromkeys(p.sentence for p in rng.sample(list(natural), min(200, len(natural)))))
    )
    pairs = rng.sample(list(natural), min(FAR + HERE, len(natural)))
    here = pairs[:HERE] if rng.random() < DOCUMENTS else []
    e = replace(e, texts=(*e.texts, *(("", p.sentence) for p in here)))
    told = {text for _, text in e.texts}
    requests, everybody = set(person.requests), world()
    own = [q for q, _ in e.asked if q not in requests]
    asked = [Example(q, True) for q in rng.sample(own, min(OWN, len(own)))]
    asked += [Example(q, False) for q in (*requests, *rng.sample(everybody, min(WORLD, len(everybody))))]
    asked += [Example(p.question, p in here) for p in pairs if p in here or p.sentence not in told]
    return e, asked + [Example(short, True) for short in _short(own)][:1]


def _short(questions: Sequence[str]) -> Iterator[str]:
    """As people type in a hurry: "student id?"."""
    for q in questions:
        if found := _MINE.match(q):
            yield q[found.end() :]


@torch.no_grad()
def _evidence(
    sentences: SentenceMemory, table: TextTable, e: Episode, told: Scores, index: WordIndex, message: str
) -> Evidence:
    """As a memory of these sentences finds it."""
    asked = table.words([("", message)])
    key, states = sentences.keys(asked, True)
    near = key[0].numpy() @ told.T
    bm25 = index.likeness(message)
    rows = candidates(near, bm25, LOOKED_AT)
    share, n = index.coverage(message, rows), len(rows)
    many = Words(*(x.expand(n, *x.shape[1:]) for x in (asked.content, asked.signs, asked.mask, asked.earlier)))
    by = torch.from_numpy(outside(near[rows], bm25[rows], share))
    match = sentences.matcher(many, states.expand(n, -1, -1), table.words([e.texts[i] for i in rows]), by)[:, 0]
    words, known = set(content_words(message)), index.known(message)
    rare = max((rarity(table.vocab.word_ids(w)) for w in known), default=0.0)
    best = float(match.sigmoid().max())
    return Evidence(best, float(share.max()), float(near.max()), rare, len(known) / max(1, len(words)))
