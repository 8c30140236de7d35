"""Training of the pointer: where in recalled lines an answer stands, and that it stands in none.

Made of invented people, whose answers are known to the letter, and of natural questions on sentences. The lines are
what a memory would recall; of some questions the line that answers is left out.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from titans_edge.backbone.looking import look
from titans_edge.backbone.reader import Reader
from titans_edge.features import FRAME, Looked
from titans_edge.neural.pointer import Pointer
from titans_edge.neural.sentences import SentenceMemory
from titans_edge.stories.people import Person, people
from titans_edge.train.checkpoint import checkpoint, resume
from titans_edge.train.episodes import of_person
from titans_edge.train.matching import encoded
from titans_edge.train.mining import Scores, WordIndex, candidates
from titans_edge.train.pairs import Pair
from titans_edge.train.recipe import Recipe, Report
from titans_edge.train.stage1 import learning_rate
from titans_edge.train.texts import Text, TextTable

LINES = (1, 2, 3, 4, 4, 4)  # recalled, at most
ASKED = 8  # questions a person
GONE = 0.22  # of the answerable lose the line that answers
ANY = 0.3  # of the lines are drawn from all candidates, not the best
MEMORY = 150  # natural questions whose sentences are one memory
LONGEST = 180  # tokens of a text that is trained on
PART = 500  # texts read between two files
NEARBY = 4  # batches are drawn from so many times their number of texts of like length


@dataclass(frozen=True)
class Example:
    """Lines as recalled, a question, and where the answer stands; line -1: nowhere."""

    lines: tuple[str, ...]
    question: str
    line: int = -1
    start: int = 0
    end: int = 0


@dataclass(frozen=True)
class _Question:
    """right: the texts that are needed, the one with the answer last; none: it was not told."""

    text: str
    right: tuple[int, ...]
    answer: str


def train_pointer(
    sentences: SentenceMemory, table: TextTable, natural: Sequence[Pair], reader: Reader, recipe: Recipe,
    folder: Path, report: Report,
) -> None:  # fmt: skip
    """The pointer in `sentences`, after keys and matcher. What was read and checkpoints are kept in `folder`."""
    if sentences.pointer is None or not recipe.point_steps:
        return
    made = list(examples(sentences, table, natural, recipe))
    seen: list[tuple[Looked, tuple[int, int]]] = []
    for at in range(0, len(made), PART):
        seen += _read(made[at : at + PART], reader, folder / f"pointer-{at}.pt")
        report("reading lines", len(seen), len(made), "texts")
    fit(sentences.pointer, seen, recipe, folder / "pointer.pt", report)


def fit(
    pointer: Pointer, seen: Sequence[tuple[Looked, tuple[int, int]]], recipe: Recipe, path: Path, report: Report
) -> None:
    """So many steps of AdamW; seen: texts, and the answer's first and last token counted from 1 (0: none)."""
    seen = sorted((s for s in seen if len(s[0]) <= LONGEST), key=lambda s: len(s[0]))
    optimiser = torch.optim.AdamW(pointer.parameters(), 5e-4, weight_decay=0.05)
    running = 0.0
    for step in range(resume(path, pointer, optimiser), recipe.point_steps):
        rng = random.Random(f"pointer {recipe.seed} {step}")
        torch.manual_seed(rng.randrange(2**31))
        pointer.train()
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, recipe.point_steps, peak=5e-4)
        wide = NEARBY * recipe.point_batch
        at = rng.randrange(max(1, len(seen) - wide + 1))
        part = rng.sample(seen[at : at + wide], min(recipe.point_batch, len(seen)))
        logits = pointer(*padded([looked for looked, _ in part]))
        gold = torch.tensor([g for _, g in part])
        loss = F.cross_entropy(logits[..., 0], gold[:, 0]) + F.cross_entropy(logits[..., 1], gold[:, 1])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(pointer.parameters(), 1.0)
        optimiser.step()
        running = 0.97 * running + 0.03 * float(loss.detach()) if running else float(loss.detach())
        report("pointer", step + 1, recipe.point_steps, f"loss {running:.3f}")
        if step % 100 == 99 or step == recipe.point_steps - 1:
            checkpoint(path, pointer, optimiser, step + 1)
    pointer.eval()


def padded(texts: Sequence[Looked]) -> tuple[Tensor, Tensor, Tensor]:
    """hidden (N, T, n_embd), where (N, T), mask (N, T)."""
    longest = max(map(len, texts))
    hidden = torch.zeros(len(texts), longest, texts[0].hidden.shape[1])
    where, mask = torch.full((len(texts), longest), FRAME), torch.zeros(len(texts), longest, dtype=torch.bool)
    for i, t in enumerate(texts):
        hidden[i, : len(t)] = torch.from_numpy(t.hidden.astype(np.float32))
        where[i, : len(t)], mask[i, : len(t)] = torch.from_numpy(t.where.astype(np.int64)), True
    return hidden, where, mask


def tokens_of(e: Example, looked: Looked) -> tuple[int, int]:
    """The first and last token of an example's answer, counted from 1; (0, 0) where there is none."""
    inside = (looked.where == e.line) & (looked.places[:, 1] > e.start) & (looked.places[:, 0] < e.end)
    on = np.flatnonzero(inside) if e.line >= 0 else np.zeros(0, np.int64)
    return (int(on[0]) + 1, int(on[-1]) + 1) if len(on) else (0, 0)


def _read(part: Sequence[Example], reader: Reader, path: Path) -> list[tuple[Looked, tuple[int, int]]]:
    if not path.exists():
        looks = [(e, look(reader, e.question, e.lines)) for e in part]
        tmp = path.with_suffix(".tmp")
        torch.save(
            [tuple(map(torch.from_numpy, (x.hidden, x.where, x.places))) + tokens_of(e, x) for e, x in looks if x], tmp
        )
        tmp.replace(path)
    saved = torch.load(path, weights_only=True)
    return [(Looked(h.numpy(), w.numpy(), p.numpy()), (a, b)) for h, w, p, a, b in saved]


def examples(sentences: SentenceMemory, table: TextTable, natural: Sequence[Pair], recipe: Recipe) -> Iterator[Example]:
    """Of people, then of natural questions; the same for the same recipe."""
    rng = random.Random(f"pointer {recipe.seed}")
    for person in people(recipe.seed + 3, recipe.point_persons):
        e = of_person(person, rng)
        asked = [q for q in _questions(person, e.texts) if table.has_words(q.text)]
        yield from _examples(sentences, table, e.texts, rng.sample(asked, min(ASKED, len(asked))), rng)
    pairs = [p for p in natural if p.answer and _place(p.sentence, p.answer) is not None]
    pairs = rng.sample(pairs, min(recipe.point_natural, len(pairs)))
    for at in range(0, len(pairs), MEMORY):
        part = pairs[at : at + MEMORY]
        texts = [("", s) for s in dict.fromkeys(p.sentence for p in part)]
        number = {s: i for i, (_, s) in enumerate(texts)}
        asked = [_Question(p.question, (number[p.sentence],), p.answer) for p in part]
        yield from _examples(sentences, table, texts, asked, rng)


def _questions(person: Person, texts: Sequence[Text]) -> Iterator[_Question]:
    number = {text: i for i, (_, text) in reversed(list(enumerate(texts)))}
    for a in person.asked:
        yield _Question(a.question, (number[a.told.text],), a.answer)
    for t in person.two_facts:
        yield _Question(t.question, (number[t.first.text], number[t.second.text]), t.answer)
    for c in person.changes:
        old, new = number[c.old.text], number[c.new.text]
        yield _Question(c.question, (old, new), c.new_answer)
        yield _Question(c.past_question, (new, old), c.old_answer)
    for q in person.untold:
        yield _Question(q, (), "")


def _examples(
    sentences: SentenceMemory, table: TextTable, texts: Sequence[Text], asked: Sequence[_Question], rng: random.Random
) -> Iterator[Example]:
    """Each question with the lines that a memory of these texts would recall."""
    if not asked:
        return
    told, index = encoded(sentences, table, texts, asking=False), WordIndex([text for _, text in texts])
    near = encoded(sentences, table, [("", q.text) for q in asked], asking=True) @ told.T
    for q, cosines in zip(asked, near, strict=True):
        if (made := _example(q, texts, cosines, index, rng)) is not None:
            yield made


def _example(
    q: _Question, texts: Sequence[Text], cosines: Scores, index: WordIndex, rng: random.Random
) -> Example | None:
    others = [i for i in candidates(cosines, index.likeness(q.text), 12) if i not in q.right]
    if rng.random() < ANY:
        rng.shuffle(others)
    most, gone = rng.choice(LINES), not q.right or rng.random() < GONE
    chosen = sorted({*(() if gone else q.right), *others[: max(0, most - (0 if gone else len(q.right)))]})
    if not chosen:
        return None
    lines = []
    for i in chosen:
        before, text = texts[i]
        lines.append(f"{before} {text}" if before and (i in q.right or rng.random() < 0.8) else text)
    if gone:
        return Example(tuple(lines), q.text)
    at = q.right[-1]
    place, line = _place(texts[at][1], q.answer), chosen.index(at)
    if place is None:
        return None
    behind = len(lines[line]) - len(texts[at][1])
    return Example(tuple(lines), q.text, line, behind + place[0], behind + place[1])


def _place(text: str, answer: str) -> tuple[int, int] | None:
    """Where the answer stands in a text as words of its own, in characters."""
    found = re.search(rf"(?<!\w){re.escape(answer)}(?!\w)", text)
    return None if found is None else found.span()
