"""Switches of the memory's rule: what is asked of each, and that a switch changes what it says and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from msgspec.structs import replace

from tests.test_program import titans
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.reader import Reader
from titans_edge.backbone.speaker import Speaker
from titans_edge.evaluate import ablation
from titans_edge.evaluate.ablation import SWITCHES, Bench, Switch
from titans_edge.evaluate.cases import Case
from titans_edge.neural.cleanup import Cleanup
from titans_edge.neural.graft import Graft
from titans_edge.neural.memory import NeuralMemory

CASES = [Case("1", "Mary went to the kitchen. Tom took the milk.", "Where is Mary?", "kitchen", ("kitchen",), "qa1 0k"),
         Case("2", "Anna is in Rome.", "Where is Anna?", "Rome", ("Rome", "Oslo"), "place")]  # fmt: skip


@pytest.fixture
def bench(tiny: Backbone, graft: Graft) -> Iterator[Bench]:
    with Reader(tiny, graft.info.layer) as reader, Speaker(tiny, 256) as speaker:
        yield Bench(graft.memory, reader, speaker)


def test_as_shipped_is_what_the_memorys_own_store_answers(bench: Bench) -> None:
    for case in CASES:
        store, known = bench.memory.new_store(), Cleanup(bench.memory.contents)
        for n, found in enumerate(bench.facts(case.context, False)):
            store.write(n, [bench.memory.write(f) for f in found])
            for f in found:
                if not hasattr(f.value, "subject"):
                    known.add(f.value)  # type: ignore[arg-type]
        surface = bench.memory.ask(store, bench._read(case.question, False)).surface
        nearest = known.nearest(surface)
        assert nearest is not None and bench.answer(case, SWITCHES[0]) == nearest.text


def test_each_switch_changes_what_it_names(bench: Bench) -> None:
    facts = [f for found in bench.facts(CASES[0].context, False) for f in found]
    assert facts
    by_name = {s.name: s for s in SWITCHES}
    for fact in facts:
        assert by_name["as shipped"].change(fact) == fact
        assert by_name["learning rate 0.5 for all"].change(fact) == replace(fact, rate=0.5)
        assert by_name["momentum 0.9"].change(fact) == replace(fact, momentum=0.9)
        assert by_name["no forgetting"].change(fact) == replace(fact, forgetting=0.0)
    assert len(by_name) == len(SWITCHES)
    for surprise in (False, True):
        assert torch.isfinite(torch.tensor(bench._read("Mary slept.", surprise).surprise)).item() is surprise


def test_one_hop_never_goes_on_to_a_second(bench: Bench) -> None:
    memory: NeuralMemory = bench.memory
    store = memory.new_store()
    for n, found in enumerate(bench.facts(CASES[0].context, False)):
        store.write(n, [memory.write(f) for f in found])
    with torch.no_grad():
        before = memory.slot.bias.clone()
        memory.slot.bias[memory.config.banks :] += 100  # a question that wants the second hop
        try:
            asked = bench._read(CASES[0].question, False)
            assert memory.ask(store, asked).hop == 2 and memory.ask(store, asked, hops=1).hop == 1
        finally:
            memory.slot.bias.copy_(before)


def test_cells_count_what_was_asked(bench: Bench) -> None:
    steps: list[int] = []
    switches = (SWITCHES[0], Switch("nothing is written", lambda fact: replace(fact, rate=0.0)))
    cells = list(ablation.run(bench, CASES, switches, steps.append))
    assert sum(steps) == len(CASES) * len(switches)
    assert [(c.switch, c.task, c.n) for c in cells] == [
        (s.name, task, n) for s in switches for task, n in (("qa1 0k", 1), ("place", 1), ("all", 2))
    ]
    shown = ablation.table(cells).splitlines()
    assert len(shown) == 3 and shown[0].split()[-1] == "all" and shown[2].startswith("nothing is written")


def test_the_command_prints_and_keeps_its_cells(tiny_path: Path, graft_path: Path, tmp_path: Path) -> None:
    story = "1 Mary went to the kitchen.\n2 Where is Mary?\tkitchen\t1\n"
    for task in ("qa1", "qa2"):
        (tmp_path / f"{task}_a_test.txt").write_text(story)
    base = ("eval", "ablate", "--backbone", str(tiny_path), "--graft", str(graft_path), "--tasks", "qa1,qa2")
    out = tmp_path / "out.json"
    got = titans(*base, "--data", str(tmp_path), "--samples", "1", "--json", str(out), home=tmp_path)
    assert got.returncode == 0, got.stderr
    kept = json.loads(out.read_text())
    assert kept["complete"] and {c["switch"] for c in kept["cells"]} == {s.name for s in SWITCHES}
    assert all(s.name in got.stdout for s in SWITCHES) and "qa1 0k" in got.stdout
    none = titans(*base, home=tmp_path)
    assert none.returncode == 2 and "--data" in none.stderr
