"""Episodes for keys and matcher: a memory's sentences, and questions whose sentence is among them, or is not.

Made of invented people (`stories.people`, and by hand `stories.written`) and, where there is a folder of data, of
natural questions on sentences.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from titans_edge.stories.people import Person, Told, people
from titans_edge.stories.written import Writer, written
from titans_edge.text import stems
from titans_edge.train.pairs import Pair
from titans_edge.train.texts import Text

SIZES = (12, 60, 250, 1000)  # sentences of a memory of natural ones
ASKED = 80  # questions on one such memory, at most
BESIDE = (0, 0, 10, 40, 150)  # natural sentences beside a person's
FOLLOWS = 0.3  # of the natural sentences stand behind another that has nothing to do with them
TIMES = 2  # each person written by hand is there so often, with other sentences beside

Cut = Callable[[str], Sequence[str]]  # a message as the spans a memory keeps


@dataclass(frozen=True)
class Episode:
    """texts in order of telling; asked: (question, numbers of the texts that answer: none where it was not told).

    pairs: (later text, earlier text, whether the later takes its place).
    """

    texts: tuple[Text, ...]
    asked: tuple[tuple[str, tuple[int, ...]], ...]
    pairs: tuple[tuple[int, int, bool], ...] = ()


def key_pairs(natural: Sequence[Pair], seed: int, persons: int, writers: int, cut: Cut) -> list[tuple[str, str, str]]:
    """(question, text before, sentence) of everything there is."""
    out = [(p.question, "", p.sentence) for p in natural]
    for person in people(seed, persons):
        told = [(a.question, a.told) for a in person.asked] + [(t.question, t.first) for t in person.two_facts]
        told += [pair for c in person.changes for pair in ((c.question, c.new), (c.past_question, c.old))]
        out += [(question, t.before, t.text) for question, t in told]
    for e in (of_writer(w, cut) for w in written()[:writers]):
        out += TIMES * [(question, *e.texts[i]) for question, right in e.asked for i in right]
    return out


def episodes(natural: Sequence[Pair], seed: int, persons: int, writers: int, memories: int, cut: Cut) -> list[Episode]:
    """Of `persons` people, of `writers` written by hand, and of `memories` memories of natural sentences, shuffled."""
    rng = random.Random(seed)
    sentences = list(dict.fromkeys(p.sentence for p in natural))
    out = [of_person(p, rng, sentences) for p in people(seed + 1, persons)]
    typed = [of_writer(w, cut) for w in written()[:writers]]
    out += [_beside(e, rng, sentences) for e in typed for _ in range(TIMES)]
    out += list(_natural(natural, sentences, rng, memories)) if natural else []
    rng.shuffle(out)
    return out


def _natural(natural: Sequence[Pair], sentences: Sequence[str], rng: random.Random, memories: int) -> Iterator[Episode]:
    questions: dict[str, list[str]] = defaultdict(list)
    for p in natural:
        questions[p.sentence].append(p.question)
    for _ in range(memories):
        drawn = rng.sample(sentences, min(rng.choice(SIZES), len(sentences)))
        texts = tuple((rng.choice(drawn) if rng.random() < FOLLOWS else "", s) for s in drawn)
        asked = [(rng.choice(questions[s]), (i,)) for i, s in enumerate(drawn)]
        yield Episode(texts, tuple(rng.sample(asked, min(ASKED, len(asked)))))


def of_person(person: Person, rng: random.Random, others: Sequence[str] = ()) -> Episode:
    """What a person told, with the changes somewhere in it, and sentences of others behind."""
    told = list(person.told)
    for c in person.changes:
        at = rng.randrange(len(told) + 1)
        told.insert(at, c.old)
        told.insert(rng.randrange(at + 1, len(told) + 1), c.new)
    number = {t: i for i, t in enumerate(told)}
    asked: list[tuple[str, tuple[int, ...]]] = [(a.question, (number[a.told],)) for a in person.asked]
    asked += [(t.question, (number[t.first], number[t.second])) for t in person.two_facts]
    for c in person.changes:
        both = (number[c.new], number[c.old])
        asked += [(c.question, both), (c.past_question, both)]
    asked += [(question, ()) for question in (*person.untold, *person.requests)]
    texts = [(t.before or _earlier(told, i, rng), t.text) for i, t in enumerate(told)]
    return _beside(Episode(tuple(texts), tuple(asked), tuple(_pairs(person, number, rng))), rng, others)


def _beside(e: Episode, rng: random.Random, others: Sequence[str]) -> Episode:
    """With some of other people's sentences behind."""
    drawn = rng.sample(list(others), min(rng.choice(BESIDE), len(others)))
    return replace(e, texts=(*e.texts, *(("", s) for s in drawn)))


def of_writer(who: Writer, cut: Cut) -> Episode:
    """What somebody typed, span by span, each behind the one before it."""
    spans = [cut(text) for _, text in who.messages]
    flat = [s for group in spans for s in group]
    starts = [sum(map(len, spans[:n])) for n in range(len(spans))]
    asked, told = [], dict[tuple[str, int], int]()  # what a kind of question found in a message

    def best(message: int, targets: Sequence[str], words: str) -> int:
        """The span of a message that says it: one with a wording of the answer, else the one most alike."""
        about = stems(words)
        alike = [(any(t.lower() in s.lower() for t in targets), len(about & stems(s))) for s in spans[message]]
        return starts[message] + alike.index(max(alike))

    for q in who.questions:
        right = [best(n, q.targets, f"{q.text} {q.reply}") for n in q.told if spans[n]]
        asked.append((q.text, tuple(dict.fromkeys(right))))
        if q.told and right:
            told.setdefault((q.kind, q.told[0]), right[0])
    pairs = []
    for later, earlier in who.changes:
        if spans[later] and spans[earlier]:
            old = told.get(("past", earlier), best(earlier, (), " ".join(spans[later])))
            new = told.get(("changed", later), best(later, (), flat[old]))
            pairs.append((new, old, True))
    texts = list(zip(["", *flat[:-1]], flat, strict=True))
    return Episode(tuple(texts), tuple(asked), tuple(pairs))


def _earlier(told: Sequence[Told], i: int, rng: random.Random) -> str:
    return told[i - 1].text if i and rng.random() < 0.5 else ""


def _pairs(person: Person, number: dict[Told, int], rng: random.Random) -> Iterator[tuple[int, int, bool]]:
    """Changes, sentences that are only alike, and a sentence that has nothing to do with a change."""
    for c in person.changes:
        new, old = number[c.new], number[c.old]
        yield new, old, True
        other = rng.randrange(len(number))
        if other not in (new, old):
            yield new, other, False
    for a in person.alike:
        yield number[a.second], number[a.first], False
        yield number[a.first], number[a.second], False
