"""What each part of the memory's rule is worth: the same facts written with one part changed, the same questions asked.

Switches at test time on one graft; the answer is the phrase nearest to what the state gives, so no backbone speaks. A
switch changes how a fact is written or a question is read, and nothing of which words were picked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from msgspec.structs import replace

from titans_edge.backbone.reader import Reader
from titans_edge.backbone.spans import features
from titans_edge.backbone.speaker import Speaker
from titans_edge.evaluate.cases import Case
from titans_edge.evaluate.score import correct, wilson
from titans_edge.facts import Fact, Phrase
from titans_edge.features import SpanFeatures
from titans_edge.neural.cleanup import Cleanup
from titans_edge.neural.matrix import MatrixStore
from titans_edge.neural.memory import NeuralMemory
from titans_edge.text import spans

Change = Callable[[Fact], Fact]


@dataclass(frozen=True)
class Switch:
    """change: of each fact before it is written; surprise: whether spans come with the backbone's own surprise; hops:
    of reading, at most.
    """

    name: str
    change: Change = lambda fact: fact
    surprise: bool = False
    hops: int = 2


def _rate(value: float) -> Change:
    return lambda fact: replace(fact, rate=value)


def _momentum(value: float) -> Change:
    return lambda fact: replace(fact, momentum=value)


def _forgetting(value: float) -> Change:
    return lambda fact: replace(fact, forgetting=value)


SWITCHES = (
    Switch("as shipped"),
    Switch("with the backbone's surprise", surprise=True),
    Switch("learning rate 1 for all", _rate(1.0)),
    Switch("learning rate 0.5 for all", _rate(0.5)),
    Switch("momentum 0.3", _momentum(0.3)),
    Switch("momentum 0.9", _momentum(0.9)),
    Switch("no forgetting", _forgetting(0.0)),
    Switch("forgetting 0.05 a write", _forgetting(0.05)),
    Switch("one hop", hops=1),
)


@dataclass(frozen=True)
class Cell:
    """One switch on one task: right of n in per cent with its 95 % interval."""

    switch: str
    task: str
    n: int
    accuracy: float
    low: float
    high: float


class Bench:
    """A graft's memory, and what the backbone sees of each text, looked at once."""

    def __init__(self, memory: NeuralMemory, reader: Reader, speaker: Speaker) -> None:
        self.memory, self.reader, self.speaker = memory, reader, speaker
        self._seen: dict[tuple[str, bool], SpanFeatures] = {}
        self._facts: dict[tuple[str, bool], list[tuple[Fact, ...]]] = {}

    def facts(self, text: str, surprise: bool) -> list[tuple[Fact, ...]]:
        """What the graft writes of a text, span by span."""
        if (text, surprise) not in self._facts:
            cut = [s.text for s in spans(text, lambda s: len(self.reader.backbone.vocab.encode(s)))]
            self._facts[text, surprise] = self.memory.facts([self._read(s, surprise) for s in cut], cut)
        return self._facts[text, surprise]

    def _read(self, text: str, surprise: bool) -> SpanFeatures:
        if (text, surprise) not in self._seen:
            (seen,) = features(self.reader, [text], [self._surprise(text)] if surprise else None)
            self._seen[text, surprise] = seen
        return self._seen[text, surprise]

    def _surprise(self, text: str) -> float:
        self.speaker.clear()
        nll = torch.from_numpy(self.speaker.surprise(self.speaker.backbone.vocab.encode("\n" + text)))
        return float(nll[~nll.isnan()].mean())

    def answer(self, case: Case, switch: Switch) -> str:
        """The phrase nearest to what the state gives; "" where nothing was written."""
        store = MatrixStore(self.memory.config.banks, 2 * self.memory.dim, self.memory.dim, momentum=True)
        known = Cleanup(self.memory.contents)
        for message in case.told():
            for n, found in enumerate(self.facts(message, switch.surprise)):
                changed = [switch.change(fact) for fact in found]
                store.write(n, [self.memory.write(fact) for fact in changed])
                for fact in changed:
                    if isinstance(fact.value, Phrase):
                        known.add(fact.value)
        readout = self.memory.ask(store, self._read(case.question, False), hops=switch.hops)
        nearest = known.nearest(readout.surface)
        return "" if nearest is None else nearest.text


def run(
    bench: Bench, cases: Sequence[Case], switches: Sequence[Switch], progress: Callable[[int], None] = lambda n: None
) -> Iterator[Cell]:
    """A cell for each switch and task, and one of all tasks."""
    for switch in switches:
        right: dict[str, list[bool]] = {}
        for case in cases:
            answer = bench.answer(case, switch)
            right.setdefault(case.task, []).append(
                correct(answer, case.target, case.labels, case.question, case.targets)
            )
            progress(1)
        for task, some in {**right, "all": [r for rs in right.values() for r in rs]}.items():
            yield Cell(switch.name, task, len(some), 100 * sum(some) / len(some), *wilson(sum(some), len(some)))


def table(cells: Sequence[Cell]) -> str:
    """A line a switch, a column a task."""
    tasks = list(dict.fromkeys(c.task for c in cells))
    wide = max(len(c.switch) for c in cells) + 2
    lines = [f"{'right, %':<{wide}}" + "".join(f"{task:>9}" for task in tasks)]
    for name in dict.fromkeys(c.switch for c in cells):
        own = {c.task: c.accuracy for c in cells if c.switch == name}
        lines.append(f"{name:<{wide}}" + "".join(f"{own[t]:>9.1f}" if t in own else f"{'–':>9}" for t in tasks))
    return "\n".join(lines)
