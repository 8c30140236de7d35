"""The tables of README.md and the pages are what their files say; nothing in them is typed."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from titans_edge.convert.bundle import Report
from titans_edge.convert.choice import Measured
from titans_edge.convert.verify import Check

from tests import measured
from tests.soak import Result
from titans_edge.evaluate import ablation, long, poison, retrieval, runner
from titans_edge.evaluate.natural_runs import Plan, Results
from titans_edge.evaluate.natural_runs import as_json as natural_json
from titans_edge.stories.attacks import ALL, UNTOLD


@pytest.mark.parametrize("page", measured.PAGES, ids=lambda p: p.name)
def test_every_table_is_what_its_file_says(page: Path) -> None:
    text = page.read_text("utf-8")
    assert measured.rendered(text) == text, "python -m tests.measured makes it anew"
    assert text.count("<!-- measured: ") == len(measured.BLOCK.findall(text)) > 0
    shown = next((m for m in measured.BLOCK.finditer(text) if re.search(r"\d\.\d", m[0])), None)
    digit = text.index(".", shown.start() if shown else text.index(measured.MISSING)) + 1
    assert measured.rendered(text[:digit] + "x" + text[digit + 1 :]) == text, "an edit by hand does not stay"


def test_every_file_is_shown_and_says_how_it_was_made() -> None:
    texts = [page.read_text("utf-8") for page in measured.PAGES]
    shown = [name for text in texts for _, name, _ in measured.BLOCK.findall(text)]
    assert sorted(shown) == sorted([*measured.TABLES, "results"])
    for path in measured.FILES.iterdir():
        text = path.read_text("utf-8")
        made = json.loads(text)
        assert path.stem in shown and len(text) < 60_000
        assert all(made["commands"]) and re.fullmatch(r"\d{4}-\d\d-\d\d", made["date"]) and made["commit"]
        assert not re.search(r'(?<![\w."])/\w+/', text), "a path of the machine that measured"


# --- what is taken in


def answer(at: int, task: str, right: bool) -> dict[str, Any]:
    fields = {**dict.fromkeys(runner.Answer.__dataclass_fields__, ""), "id": str(at), "task": task, "mode": "auto"}
    answer = "" if right == (task == "untold") else "You have not told me that."
    return {**fields, "right": right, "target": "x", "answer": answer, "retrieved": [], "notices": []}


def natural(first: int, people: str) -> dict[str, Any]:
    """A run on ten questions of each kind."""
    kinds = [*measured.KINDS, "untold"]
    asked = [answer(first + n, kinds[n % len(kinds)], n % 3 > 0) for n in range(10 * len(kinds))]
    answers = [runner.Answer(**a) for a in asked]
    found = [retrieval.Found(a["id"], a["task"], "q", 1 + n % 12 if n % 12 < 10 else None, 1)
             for n, a in enumerate(asked) if a["task"] not in ("untold", "two", "when")]  # fmt: skip
    plan = Plan.__new__(Plan)
    for name, value in (("now", 1.7e9), ("lines", ()), ("seed", 0)):
        object.__setattr__(plan, name, value)
    made = natural_json(Results(answers=answers, found=found), plan, True)
    return {"command": f"/opt/bin/titans-edge eval natural --people {people} --json /tmp/x/a.json", **made}


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of measurements of its own."""
    monkeypatch.setattr(measured, "FILES", tmp_path / "measured")
    (tmp_path / "measured").mkdir()
    return tmp_path


def taken(folder: Path, name: str, *made: dict[str, Any]) -> dict[str, Any]:
    """What `add` keeps of these results."""
    paths = [folder / f"{n}.json" for n in range(len(made))]
    for path, one in zip(paths, made, strict=True):
        path.write_text(json.dumps(one))
    kept = measured.add(name, paths, "abc1234", "2026-11-28")
    return json.loads(kept.read_text("utf-8"))  # type: ignore[no-any-return]


def test_runs_on_different_people_become_one_without_their_answers(files: Path) -> None:
    some, others = natural(0, "ann"), natural(1000, "bob")
    kept = taken(files, "natural", some, others)
    both = [runner.Answer(**a) for a in some["answers"] + others["answers"]]
    assert kept["rows"] == [asdict(r) for r in runner.table(both)] and kept["complete"]
    assert kept["commands"] == [f"titans-edge eval natural --people {p}" for p in ("ann", "bob")]
    assert "answers" not in kept and "found" not in kept["retrieval"]
    told = [a for a in both if a.task != "untold"]
    n, share, *_ = measured.told_share(kept, "auto")
    assert n == len(told) and share == pytest.approx(100 * sum(a.right for a in told) / n)
    shown = measured.block("natural")
    assert f"| {n} | **{share:.1f} (" in shown and "commit abc1234" in shown and "28 November 2026" in shown
    with pytest.raises(SystemExit):
        measured.together([some, some])


def test_long_texts_of_several_lengths_become_one_table_with_what_was_read_plainly_too(files: Path) -> None:
    def run(length: str, same: int) -> dict[str, Any]:
        asked = [runner.Answer(**{**answer(n, f"qa1 {length}", True), "id": f"{length}-{n}"}) for n in range(4)]
        return {"command": f"titans-edge eval babilong --lengths {length}", **runner.as_json(asked),
                "checked": {"memory": (20, same)}}  # fmt: skip

    kept = taken(files, "long-contexts", run("4k", 20), run("16k", 19))
    assert kept["checked"] == [{"mode": "memory", "read": 40, "same": 39}]
    shown = measured.block("long-contexts")
    assert "| 4k | auto | 100.0" in shown and "| 16k | auto | 100.0" in shown
    assert "memory: 39 of 40 answers the same" in shown


def test_what_other_evaluations_write_is_shown(files: Path) -> None:
    tasks = [runner.Answer(**{**answer(n, f"qa{1 + n % 2} {n % 3}k", n % 4 > 0), "mode": "memory"}) for n in range(60)]
    taken(files, "babilong", {"command": "titans-edge eval babilong --data ../a/b", **runner.as_json(tasks)})
    assert "`titans-edge eval babilong --data DATA`" in measured.block("babilong")
    cells = [ablation.Cell(s, t, 30, 50.0, 33.0, 67.0) for s in ("as shipped", "one hop") for t in ("qa1 0k", "all")]
    taken(files, "ablation", {"command": "x", "complete": True, "cells": [asdict(c) for c in cells]})
    assert "| one hop | 50.0 (33–67) | 50.0 (33–67) |" in measured.block("ablation")
    plot = {**dict.fromkeys(poison.Outcome.__dataclass_fields__, ""), "guard": "on", "told": (), "lies": ()}
    cases = [poison.Outcome(**{**plot, "kind": k, "attacked": k == UNTOLD, "right": True})  # type: ignore[arg-type]
             for k in ALL for _ in range(3)]  # fmt: skip
    taken(files, "poison", {"command": "x", **poison.as_json(cases, 3, 0)})
    shown = measured.block("poison")
    assert "| **all attacks but untold** | 27 | 0.0 (0–12) |" in shown and "15 of 15 right" in shown
    asked = long.Asked(**dict.fromkeys(long.Asked.__dataclass_fields__, 1))  # type: ignore[arg-type]
    talk = long.Conversation(10, 0, 2.0, [asked], [])
    taken(files, "long", {"command": "x", "complete": False, **long.as_json([talk])})
    assert "| 10 | 1 | 100.0 (21–100) |" in measured.block("long") and "Not all of it" in measured.block("long")
    log = "== 12:00:00 .venv/bin/python -m tests.kills 5\nkill -9 of the runtime      5\n  of them lost       0\n"
    (files / "k.log").write_text(f"{log}acknowledged writes    7\nwritten twice     0\nrc 0 12:01:00\n")
    measured.add("kills", [files / "k.log"], "abc", "2026-11-28")
    assert "`python -m tests.kills 5`" in measured.block("kills") and "| of them lost | 0 |" in measured.block("kills")
    lines = measured.block("results").splitlines()
    assert len(lines) == 2 + 3 + 2 + 1 + 1 and "| 7 | 0, 0 |" in lines[-1]
    assert "guard on | 27 | 0.0 (0–12) %" in lines[5] and "guard off | – | not measured" in lines[6]
    assert measured.block("world") == measured.MISSING


def test_what_a_conversion_and_a_soak_write_is_shown_without_places_and_texts(files: Path) -> None:
    quants = [Measured("source", 4_000_000, 100.0, 50.0, 33.8), Measured("q4_0", 3_000_000, 150.0, 60.0, 38.2)]
    checks = [Check("tokenizer", True, "3000 strings give the same tokens", {}), Check("graft", None, "not asked", {})]
    made = Report("/home/somebody/model.gguf", "q4_0", "why", ["a.gguf"], checks, quants)
    command = "/opt/bin/titans-edge convert /home/somebody/model.gguf --out /tmp/x --measure --json"
    kept = taken(files, "quants", {"command": command, **made.as_json()})
    assert "somebody" not in json.dumps(kept)
    shown = measured.block("quants")
    assert "`titans-edge convert model.gguf --out x --measure`" in shown
    assert "| the source | 4 | 100.0 (1.00×) | 50.0 (1.00×) | 33.80 |" in shown
    assert "| q4_0 | 3 | 150.0 (1.50×) | 60.0 (1.20×) | 38.20 |" in shown and "| graft | open | not asked |" in shown
    taken(files, "round-trip", {"command": "x", **Report("s", checks=checks).as_json()})
    assert measured.block("round-trip").startswith("| check | passed | found |")
    soaked = Result(
        seconds={"chat": [1.0, 2.0, 3.0]}, acknowledged=3, lost=["a text"], memory={"server": (100.0, 104.0)}
    )
    soaked.statuses[200] += 3
    kept = taken(files, "soak", {"command": "python -m tests.soak --clients 1 --json", **soaked.as_json()})
    assert "a text" not in json.dumps(kept) and "`python -m tests.soak --clients 1`" in measured.block("soak")
    assert "| chat | 3 | 2.000 | 2.900 | 2.980 | 3.000 |" in measured.block("soak")
    assert "(+4.0 %)" in measured.block("soak") and "lost 1, twice 0" in measured.block("soak")
