"""`eval qa`, `eval capacity` and `--distractors` of `eval run`: what is told, what is looked for, what is kept."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.answering import local
from tests.people import Watched, written
from tests.test_program import titans
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.sampling import Sampling
from titans_edge.cli import eval_capacity, eval_qa
from titans_edge.cli.main import app
from titans_edge.errors import DataError, UsageError
from titans_edge.evaluate import capacity, cases, qa, runner
from titans_edge.evaluate.cases import Case
from titans_edge.evaluate.talk import state
from titans_edge.sources import USER

TRIPLES = [
    qa.Triple("1", "Quinoa is cooked in Lima.", "Where is quinoa cooked?", "Lima", "a"),
    qa.Triple("2", "Quinoa is cooked in Lima.", "What is cooked in Lima?", "quinoa", "a"),
    qa.Triple("3", "Zebras sleep at noon.", "When do zebras sleep?", "", "b"),
    qa.Triple("4", "The owl is called Otto. It likes very long walks.", "Who is called Otto?", "the owl", "b"),
]


@pytest.fixture
def chat(tiny: Backbone, tiny_path: Path, graft_path: Path) -> Iterator[Watched]:
    with (
        local(tiny_path, graft_path) as client,
        Watched(tiny, client, context=1024, sampling=Sampling(max_tokens=3)) as made,
    ):
        made.watch()
        yield made


# -- qa --------------------------------------------------------------------------------------------------------------


def test_every_sentence_is_told_once_with_the_statements_between(chat: Watched) -> None:
    lines = [f"Line {n} of them." for n in range(40)]
    told = qa.told(TRIPLES, lines, 0)
    assert [s for s in told if s not in lines] == list(dict.fromkeys(t.sentence for t in TRIPLES))
    assert sorted(s for s in told if s in lines) == sorted(lines)
    taken: list[int] = []
    qa.tell(chat, told, taken.append)
    assert chat.client is not None
    spans = chat.client.find()
    assert len(spans) == len(told) + 1 and sum(taken) == len(told), "one has two sentences"
    assert {s["source"] for s in spans} == {"you"}


def test_the_right_sentence_is_the_questions_own(chat: Watched) -> None:
    qa.tell(chat, qa.told(TRIPLES, ["Otto is an owl."], 0))
    found = list(qa.look(chat, TRIPLES))
    assert [f.right for f in found] == [1, 1, 1, 2] and [f.kind for f in found] == ["a", "a", "b", "b"]
    assert all(
        f.place is not None and t.sentence.startswith(f.texts[f.place - 1][:4])
        for f, t in zip(found, TRIPLES, strict=True)
    )


def test_shuffled_asks_each_question_of_a_memory_without_its_sentence(chat: Watched, tmp_path: Path) -> None:
    out = tmp_path / "o.json"
    eval_qa.measure(chat, TRIPLES, TRIPLES, qa.told(TRIPLES, [], 0), ("shuffled", "auto", "full"), out)
    saved = json.loads(out.read_text())
    assert [a["mode"] for a in saved["answers"]] == [*["auto"] * 3, *["full"] * 3, *["shuffled"] * 3]
    auto, full, shuffled = (chat.turns[i : i + 3] for i in (0, 3, 6))
    assert all(len(t.known) == 4 for t in auto) and {t.mode for t in auto} == {"auto"}
    assert full[0].facts == ("Quinoa is cooked in Lima.",)
    own = {t.question: t.sentence for t in TRIPLES}
    assert all(t.known and not any(k in own[t.message] for k in t.known) for t in shuffled)
    assert sorted(t.message for t in shuffled) == sorted(t.question for t in TRIPLES if t.answer)
    assert saved["complete"] and saved["retrieval"]["rows"][-1]["n"] == 4 and saved["statements"] == 3


def test_ctrl_c_keeps_what_was_found_and_answered(
    chat: Watched, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "o.json"
    chat.watch(interrupt_at=2)
    with pytest.raises(KeyboardInterrupt):
        eval_qa.measure(chat, TRIPLES, TRIPLES, qa.told(TRIPLES, [], 0), ("auto",), out)
    saved = json.loads(out.read_text())
    assert saved["complete"] is False and len(saved["answers"]) == 1 and len(saved["retrieval"]["found"]) == 4
    shown = capsys.readouterr()
    assert "4 looked for and 1 answered" in shown.err and "among the first" in shown.out


def test_no_answer_is_wanted_where_only_sentences_are_looked_for(chat: Watched, tmp_path: Path) -> None:
    out = tmp_path / "o.json"
    eval_qa.measure(chat, TRIPLES, TRIPLES[:2], qa.told(TRIPLES, [], 0), (), out)
    saved = json.loads(out.read_text())
    assert saved["complete"] and not saved["answers"] and not chat.turns and len(saved["retrieval"]["found"]) == 2
    with pytest.raises(UsageError, match="rank-only"):
        eval_qa.measure(chat, TRIPLES, TRIPLES[2:3], [], ("auto",), None)


def test_questions_are_drawn_by_the_seed_in_their_order() -> None:
    many = [replace(TRIPLES[0], id=str(n)) for n in range(50)]
    some = qa.sample(many, 10, 0)
    assert some == qa.sample(many, 10, 0) != qa.sample(many, 10, 1) and len(set(some)) == 10
    assert some == sorted(some, key=lambda t: int(t.id)) and qa.sample(many, 0, 0) == many == qa.sample(many, 99, 0)


def test_triples_are_read_packed_or_not_and_a_bad_line_is_named(tmp_path: Path) -> None:
    records: list[Any] = [
        {"sentence": " It rained  in Rome. ", "question": "Where?", "answer": "Rome", "set": "x"},
        {"sentence": "It snowed.", "question": "What?", "answer": None},
    ]
    text = "\n\n".join(map(json.dumps, records))
    (tmp_path / "qa").mkdir()
    (tmp_path / "a.jsonl").write_text(text)
    (tmp_path / "qa" / qa.DEV).write_bytes(lzma.compress(text.encode()))
    first, second = qa.load(tmp_path / "a.jsonl")
    assert [first, second] == qa.load(qa.dev_file(tmp_path)) == qa.load(qa.dev_file(tmp_path / "qa"))
    assert first == qa.Triple("1", "It rained in Rome.", "Where?", "Rome", "x") and second.answer == ""
    for bad in ("{", "[]", '{"sentence": "x"}', '{"sentence": "...", "question": "x"}', '{"sentence": 1}'):
        (tmp_path / "b.jsonl").write_text(f"{text}\n{bad}\n")
        with pytest.raises(DataError, match="line 4"):
            qa.load(tmp_path / "b.jsonl")
    (tmp_path / "b.jsonl").write_text("\n")
    for wrong in (lambda: qa.load(tmp_path / "b.jsonl"), lambda: qa.dev_file(tmp_path / "none")):
        with pytest.raises((DataError, UsageError)):
            wrong()


# -- many statements at once -----------------------------------------------------------------------------------------


def test_statements_read_together_are_what_one_after_the_other_would_be(chat: Watched) -> None:
    assert chat.client is not None
    said = [
        (t, 86400.0 * n) for n, t in enumerate(["Mary went home. It rained.", "It is so. " * 70, "John is in Rome."])
    ]
    state(chat, said)
    chat.client.wait()
    together = chat.client.find()
    assert chat.client.undo() == 1, "a message each"
    chat.client.reset()
    for text, time in said:
        list(chat.learn(text, USER, time))
    figures = ("text", "source", "offset", "time", "decision")
    assert [[s[f] for f in figures] for s in together] == [[s[f] for f in figures] for s in chat.client.find()]
    assert len(together) == 2 + 70 + 1


def test_many_messages_of_a_case_are_all_told(chat: Watched) -> None:
    lines = [f"Line {n}." for n in range(runner.MANY + 1)]
    runner.run(chat, [cases.among(Case("1", "It rained.", "Did it rain?", "yes"), lines, 0)], "memory")
    assert sorted(chat.turns[-1].known) == sorted([*lines, "It rained."])


# -- capacity --------------------------------------------------------------------------------------------------------


def test_facts_have_keys_of_their_own_and_a_larger_memory_only_adds() -> None:
    many = capacity.facts(1000, 0)
    assert capacity.facts(300, 0) == many[:300] != capacity.facts(300, 1)
    assert len({f.text.split(" is ")[0] for f in many}) == len(many) and all(f.answer in f.text for f in many)
    keys = {f.question.rstrip("?").removeprefix("What is ").removeprefix("the ") for f in many}
    assert len(keys) > 950, "hardly two questions are the same but for their wording"


def test_each_size_is_told_what_is_new_and_asked_of_what_it_was_told(chat: Watched, tmp_path: Path) -> None:
    plan, out = capacity.Plan((3, 6), samples=4, auto=1), tmp_path / "o.json"
    eval_capacity.measure(chat, plan, out, tmp_path / "c.svg")
    assert "<svg" in (tmp_path / "c.svg").read_text("utf-8")
    told = capacity.facts(6, 0)
    sizes = sorted({" ".join(t.known) for t in chat.turns}, key=len)
    assert len(sizes) == 2 and " ".join(f.text for f in told[:3]) == sizes[0], sizes
    assert [t.mode for t in chat.turns].count("auto") == 2 and len(chat.turns) == 3 + 1 + 4 + 1
    cells = json.loads(out.read_text())["cells"]
    assert [(c["facts"], len(c["memory"]), len(c["found"]), len(c["auto"])) for c in cells] == [
        (3, 3, 3, 1),
        (6, 4, 4, 1),
    ]
    assert all(f["right"] >= 1 for c in cells for f in c["found"])
    share = cells[0]["shares"]["right sentence among 4"]
    assert share["right"] == sum(f["place"] is not None and f["place"] <= 4 for f in cells[0]["found"])


def test_every_step_is_told_to_the_bar_and_ctrl_c_keeps_what_was_done(chat: Watched, tmp_path: Path) -> None:
    plan, out, taken = capacity.Plan((2, 3), samples=2, auto=1), tmp_path / "o.json", list[int]()
    list(capacity.run(chat, plan, [], taken.append))
    assert sum(taken) == plan.steps()
    chat.watch(interrupt_at=5)
    with pytest.raises(KeyboardInterrupt):
        eval_capacity.measure(chat, plan, out, None)
    saved = json.loads(out.read_text())
    assert saved["complete"] is False and [len(c["memory"]) for c in saved["cells"]] == [2, 1]


def test_sizes_are_in_order_and_possible() -> None:
    assert capacity.sizes([64, 8, 64]) == (8, 64)
    for bad in ([], [0], [capacity.MOST + 1]):
        with pytest.raises(UsageError):
            capacity.sizes(bad)


# -- eval run --------------------------------------------------------------------------------------------------------


def test_a_case_among_statements_has_its_messages_in_their_order_and_each_statement_once() -> None:
    case, lines = Case("1", "", "?", "x", turns=("First.", "Second.")), [f"Line {n}." for n in range(100)]
    made = cases.among(case, lines, 0)
    told = list(made.told())
    assert [s for s in told if s not in lines] == ["First.", "Second."] and len(told) == 102
    assert [s for s in told if s in lines] == lines
    assert made == cases.among(case, lines, 0) != cases.among(case, lines, 1) and cases.among(case, [], 0) is case
    assert made.context == "\n\n".join(made.turns)


def test_commands_refuse_what_cannot_work_before_anything_is_loaded(tmp_path: Path) -> None:
    case = tmp_path / "c.jsonl"
    case.write_text('{"turns": ["Mary went home."], "question": "Where is Mary?", "target": "home"}\n')
    (tmp_path / "lines.txt").write_text("One.\nTwo.\n")
    few = ("--distractors", str(tmp_path / "lines.txt"), "--n", "3")
    for args, why in (
        (("run", str(case), *few), "2 different"),
        (("qa",), "needs a file"),
        (("qa", str(case), "--data", str(tmp_path)), "needs a file"),
        (("qa", str(case)), "line 1"),
        (("qa", "--data", str(tmp_path)), "dev_mixed"),
        (("capacity", "--facts", "many"), "no whole number"),
        (("capacity", "--facts", "0"), "1 to"),
        (("capacity", "--png", str(tmp_path)), "cannot be drawn"),
        (("capacity", "--png", str(tmp_path / "c.pdf")), "Name a .png or .svg"),
        (("capacity", "--png", str(tmp_path / "none" / "c.svg")), "cannot be drawn"),
        (("long", "--plots", str(tmp_path / "p"), "--format", "pdf"), "Format: png, svg"),
    ):
        got = CliRunner().invoke(app, ["eval", *args])
        assert got.exit_code and why in str(got.exception), (args, got.exception)


@pytest.mark.slow
def test_the_commands_measure_what_they_are_told(tiny_path: Path, graft_path: Path, tmp_path: Path) -> None:
    base = ("-b", str(tiny_path), "-g", str(graft_path), "--context", "1024", "--json", str(tmp_path / "o.json"))
    (tmp_path / "lines.txt").write_text("\n".join(f"Line {n} of them." for n in range(9)))
    between = ("--distractors", str(tmp_path / "lines.txt"), "--n", "4")
    triples = tmp_path / "t.jsonl"
    triples.write_text('{"sentence": "Rain fell in Rome.", "question": "Where did rain fall?", "answer": "Rome"}\n')
    case = tmp_path / "c.jsonl"
    case.write_text('{"turns": ["Mary went home."], "question": "Where is Mary?", "target": "home"}\n')
    people = str(written(tmp_path / "set.json"))
    for args, shown in (
        (("natural", "--file", people, "--people", "Ben", "--mode", "auto,full", *between), ("time", "auto, % right")),
        (("natural", "--file", people, "--rank-only"), ("among the first",)),
        (("qa", str(triples), "--mode", "memory,question", *between), ("question, % right", "among the first")),
        (("capacity", "--facts", "2,4", "--samples", "1", "--auto", "0"), ("state alone",)),
        (("run", str(case), "--mode", "recall", *between), ("recall",)),
    ):
        got = titans("eval", *args, *base, home=tmp_path)
        assert got.returncode == 0 and all(s in got.stdout for s in shown), (args, got.stdout, got.stderr)
        assert json.loads((tmp_path / "o.json").read_text())["complete"]
