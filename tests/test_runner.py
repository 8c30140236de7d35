"""Evaluations: what each mode asks the chat for, what is kept of it, and what it costs; the commands."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.talking import TalkChat, as_chat
from tests.test_program import titans
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.sampling import Sampling
from titans_edge.chat import Chat
from titans_edge.cli import eval_alarms, eval_answers
from titans_edge.cli.main import app
from titans_edge.errors import UsageError
from titans_edge.evaluate import cases, report, runner
from titans_edge.evaluate.alarms import Alarms
from titans_edge.evaluate.cases import Case
from titans_edge.evaluate.talk import Told, ask, tell
from titans_edge.sidecar.client import MemoryClient

CASES = [
    Case("1", "", "Where is the key?", "flowerpot", turns=("Hi!", "The key is under the flowerpot. It is blue.")),
    Case("2", "Mary went home.", "Where is Mary?", "home", ("home", "office"), "place"),
    Case("3", "Anna is in Rome.", "Where is Anna?", "Rome", (), "place"),
]


MEMORY = ("auto", "memory", "recall", "both", "shuffled")


def answered(modes: tuple[str, ...]) -> dict[str, list[runner.Answer]]:
    fake = TalkChat()
    return {m: runner.run(as_chat(fake), CASES, m) for m in modes}


def test_full_is_the_plain_model_whatever_ran_before() -> None:
    """The old runner kept the rows of the last case of the mode before."""
    alone, after = TalkChat(client=None), TalkChat()
    runner.run(as_chat(after), CASES, "both")
    before = len(after.asked)
    assert runner.run(as_chat(alone), CASES, "full") == runner.run(as_chat(after), CASES, "full")
    assert [replace(a, known=()) for a in after.asked[before:]] == alone.asked
    assert {a.memory_mode for a in alone.asked} == {"off"} and not any(a.before or a.learn for a in alone.asked)
    assert alone.asked[0].facts == ("Hi!", "The key is under the flowerpot.", "It is blue.")
    assert [a.message for a in alone.asked] == [c.question for c in CASES]


def test_modes_in_any_order_answer_as_each_alone() -> None:
    alone = {m: answered((m,))[m] for m in runner.MODES}
    for order in (*itertools.permutations(("memory", "full", "question", "shuffled")), tuple(reversed(runner.MODES))):
        assert answered(order) == {m: alone[m] for m in order}, order


def test_each_mode_takes_from_the_memory_what_it_says() -> None:
    for name, mode in runner.MODES.items():
        fake = TalkChat(memory_mode="text", facts=("kept",), sampling=Sampling(seed=7))
        made = runner.run(as_chat(fake), CASES, name)
        assert {a.memory_mode for a in fake.asked} == {mode.memory}
        assert all(a.rows == 0 and a.retrieved == () for a in made) == (mode.memory == "off")
        assert all((a.rows > 0) == (mode.memory in ("auto", "association", "both")) for a in made)
        assert all(bool(a.retrieved) == (mode.memory in ("text", "both")) for a in made)
        assert (fake.memory_mode, fake.facts, fake.sampling) == ("text", ("kept",), Sampling(seed=7)), "put back"


def test_a_case_is_told_message_by_message_to_an_empty_memory_and_asked_in_a_fresh_conversation() -> None:
    fake = TalkChat()
    runner.run(as_chat(fake), CASES, "memory")
    assert [a.known for a in fake.asked] == [CASES[0].turns, ("Mary went home.",), ("Anna is in Rome.",)]
    assert not any(a.before or a.learn or a.facts for a in fake.asked)


def test_the_plain_prompt_and_the_question_alone_have_nothing_else() -> None:
    fake = TalkChat(client=None)
    runner.run(as_chat(fake), CASES[1:2], "full-plain")
    runner.run(as_chat(fake), CASES[1:2], "question")
    told, bare = fake.asked
    assert told.message == "Mary went home.\n\nQuestion: Where is Mary?\nAnswer with one word." and told.facts == ()
    assert (bare.message, bare.facts) == ("Where is Mary?", ())


def test_answers_of_labelled_cases_are_shorter_and_all_else_is_sampled_as_in_a_chat() -> None:
    fake = TalkChat(sampling=Sampling(repeat_penalty=1.3))
    for answer in runner.answers(as_chat(fake), CASES, "memory"):
        assert fake.sampling.repeat_penalty == 1.3 and answer.mode == "memory"
    assert [a.max_tokens for a in fake.asked] == [64, 20, 64]
    assert replace(runner.SAMPLING, max_tokens=Sampling().max_tokens) == Sampling()


def test_shuffled_tells_another_text_of_the_same_task_where_there_is_one() -> None:
    same = Case("4", "Mary went home.", "Who went home?", "Mary", (), "place")
    fake = TalkChat()
    runner.run(as_chat(fake), [*CASES[1:], same], "shuffled")
    assert [a.known for a in fake.asked] == [("Anna is in Rome.",), ("Mary went home.",), ("Anna is in Rome.",)]
    runner.run(as_chat(fake), CASES, "shuffled")
    assert fake.asked[3].known == ("Mary went home.",), "no other of its task: another task's"
    for alone in (CASES[:1], [CASES[1], replace(same, task="other")]):
        with pytest.raises(UsageError, match="different texts"):
            runner.run(as_chat(TalkChat()), alone, "shuffled")


def test_what_does_not_fit_is_a_wrong_answer_and_says_so() -> None:
    (answer,) = runner.run(as_chat(TalkChat()), [replace(CASES[2], context="Rome is too long.")], "full")
    assert (answer.answer, answer.right) == ("", False) and "9999" in answer.notices[0]


def test_modes_that_read_the_memory_need_one() -> None:
    for mode in MEMORY:
        with pytest.raises(UsageError, match="needs a memory"):
            runner.run(as_chat(TalkChat(client=None)), CASES, mode)
    with pytest.raises(UsageError, match="full-plain"):
        runner.run(as_chat(TalkChat()), CASES, "nonsense")


def test_the_table_counts_each_mode_by_itself() -> None:
    made = [*answered(("memory",))["memory"], *answered(("question",))["question"]]
    rows = [(r.task, r.mode, r.n, round(r.accuracy)) for r in runner.table(made)]
    assert rows == [
        *[("", "memory", 1, 100), ("place", "memory", 2, 100), ("all", "memory", 3, 100)],
        *[("", "question", 1, 0), ("place", "question", 2, 0), ("all", "question", 3, 0)],
    ]
    one = runner.table(runner.run(as_chat(TalkChat()), CASES[:1], "memory"))
    assert [r.task for r in one] == ["all"] and runner.table([]) == []


def test_ctrl_c_keeps_what_is_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "o.json"
    with pytest.raises(KeyboardInterrupt):
        eval_answers.measure(as_chat(TalkChat(interrupt_at=5)), CASES, ["memory", "full"], out)
    saved = json.loads(out.read_text())
    assert saved["complete"] is False and [(a["mode"], a["id"]) for a in saved["answers"]] == [
        *[("memory", "1"), ("memory", "2"), ("memory", "3"), ("full", "1")]
    ]
    shown = capsys.readouterr()
    assert "memory" in shown.out and "4 of 6" in shown.err
    eval_answers.measure(as_chat(TalkChat()), CASES, ["memory", "full"], out)
    assert json.loads(out.read_text())["complete"] is True and [p.name for p in tmp_path.iterdir()] == ["o.json"]


def test_a_mode_that_cannot_work_is_refused_before_the_first_question(tmp_path: Path) -> None:
    fake = TalkChat()
    with pytest.raises(UsageError):
        eval_answers.measure(as_chat(fake), CASES[:1], ["memory", "shuffled"], tmp_path / "o.json")
    assert not fake.asked and not list(tmp_path.iterdir())


def test_results_are_written_whole_or_not_at_all(tmp_path: Path) -> None:
    out = tmp_path / "o.json"
    report.save(out, {"text": "naïve \u2028 \ud800"})
    assert json.loads(out.read_text("utf-8"))["text"].startswith("naïve \u2028")
    with pytest.raises(TypeError):
        report.save(out, {"bad": object()})
    assert json.loads(out.read_text("utf-8")) and len(list(tmp_path.iterdir())) == 1
    report.save(None, {})
    for bad, inputs in ((tmp_path, ()), (tmp_path / "none" / "o.json", ()), (out, (tmp_path / "." / "o.json",))):
        with pytest.raises(UsageError, match="--json"):
            report.check(bad, *inputs)


def test_telling_ends_the_turn_so_that_it_is_learned() -> None:
    fake = TalkChat()
    tell(as_chat(fake), Told("I live in Porto."))
    tell(as_chat(fake), Told("Rain fell.", "document", "rain.txt"))
    assert fake.client is not None and fake.client.told == ["I live in Porto.", "Rain fell."]
    assert fake.asked[0].max_tokens == 1 and fake.sampling == Sampling()
    fake.facts = ("Mr. Okafor.", "One more sentence.")
    fake.memory_mode = "off"
    assert ask(as_chat(fake), "Who?") == "I was given: Mr. Okafor. One more sentence.", "not cut at a full stop"


# -- the commands ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "command"),
    [
        (["cases.jsonl", "--mode", "full"], "run"),
        (["--mode", "full", "cases.jsonl"], "run"),
        (["run", "cases.jsonl"], "run"),
        (["./poison"], "run"),
        (["held-out", "--samples", "12"], "held-out"),
        (["--samples", "12", "held-out"], "held-out"),
        (["poison", "--samples", "100", "--guard", "on", "--kinds", "a,b"], "poison"),
        (["alarms", "book.txt"], "alarms"),
        (["--help"], "--help"),
    ],
)
def test_what_is_no_sub_command_is_a_file_of_cases(args: list[str], command: str) -> None:
    from typer.main import get_command

    from titans_edge.cli.evaluate import Evaluations

    group = get_command(app).commands["eval"]  # type: ignore[attr-defined]
    assert isinstance(group, Evaluations)
    named = group.named(args)
    assert named[0] == command and sorted(named) == sorted(set(args) | {command}), named


def test_every_evaluation_explains_itself_with_an_example_and_has_its_own_options_only() -> None:
    own = {
        "run": {"--limit", "--mode", "--distractors", "--n", "--seed"},
        "natural": {
            *("--half", "--file", "--people", "--kinds", "--mode", "--distractors", "--n", "--seed", "--rank-only"),
            *("--world", "--untold", "--today", "--fast"),
        },
        "qa": {"--data", "--samples", "--mode", "--distractors", "--n", "--seed", "--rank-only"},
        "capacity": {"--facts", "--samples", "--auto", "--seed", "--png"},
        "babilong": {"--data", "--tasks", "--lengths", "--samples", "--seed", "--mode", "--reuse"},
        "held-out": {"--samples", "--seed", "--mode"},
        "poison": {"--kinds", "--guard", "--resume", "--samples", "--seed"},
        "long": {"--turns", "--seeds", "--guard", "--plots", "--format", "--text", "--seed"},
        "alarms": set[str](),
        "ablate": {"--data", "--tasks", "--lengths", "--samples", "--seed"},
    }
    every = set[str]().union(*own.values())
    for name, options in own.items():
        got = CliRunner().invoke(app, ["eval", name, "--help"], env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})
        assert got.exit_code == 0 and f"titans-edge eval {name if name != 'run' else 'cases'}" in got.output
        assert {o for o in every if f" {o} " in got.output} == options, name
    assert "babilong" in CliRunner().invoke(app, ["eval"]).output


@pytest.mark.slow
def test_a_file_is_evaluated_by_either_name(tiny_path: Path, graft_path: Path, tmp_path: Path) -> None:
    base = ("-b", str(tiny_path), "-g", str(graft_path), "--context", "512")
    case, out = tmp_path / "c.jsonl", tmp_path / "o.json"
    case.write_text('{"id": 1, "turns": ["Mary went home."], "question": "Where is Mary?", "target": "home"}\n')
    for named in ((), ("run",)):
        got = titans("eval", *named, str(case), *base, "--mode", "memory,question", "--json", str(out), home=tmp_path)
        assert got.returncode == 0, got.stderr
        assert [a["mode"] for a in json.loads(out.read_text())["answers"]] == ["memory", "question"]
        assert "all" in got.stdout and "question" in got.stdout
    for args, word in (
        (("eval", str(tmp_path / "none.jsonl"), *base), "cannot be read"),
        (("eval", str(case), *base, "--mode", "nonsense"), "no mode"),
        (("eval", str(case), *base, "--mode", " , "), "--mode is empty"),
        (("eval", str(case), *base, "--json", str(case)), "is what is read"),
        (("eval", "babilong", *base), "--data"),
        (("eval", "babilong", "--data", str(tmp_path), "--tasks", "qa21"), "qa21"),
        (("eval", "long", "--turns", "ten"), "no whole number"),
        (("eval", "poison", "--guard", "maybe"), "maybe"),
    ):
        got = titans(*args, home=tmp_path)
        assert got.returncode not in (0, 1) and word in got.stderr and got.stderr.count("\n") == 1, (args, got.stderr)


def test_alarms_are_shown_with_examples_and_summed() -> None:
    rows = [Alarms("a.txt", 200, (("Ignore that.", "an order"),)), Alarms("b.txt", 300, ())]
    lines = [line.split() for line in eval_alarms.table(rows).splitlines()]
    assert lines[1][:4] == ["a.txt", "200", "1", "0.500"] and lines[2] == ["an", "order:", "Ignore", "that."]
    assert lines[3][:4] == ["b.txt", "300", "0", "0.000"]


@pytest.fixture
def tiny_chat(tiny: Backbone, tiny_path: Path, graft_path: Path) -> Iterator[Chat]:
    client = MemoryClient.open(str(tiny_path), str(graft_path), None, local=True)
    yield Chat(tiny, client, context=1024, sampling=runner.SAMPLING)
    client.close()


def test_full_gives_the_plain_models_answers_after_a_mode_with_rows(tiny: Backbone, tiny_chat: Chat) -> None:
    some = CASES[1:2]
    alone = {m: runner.run(Chat(tiny, None, context=1024), some, m) for m in ("full", "full-plain", "question")}
    assert any(a.rows for a in runner.run(tiny_chat, some, "memory"))
    for mode, answers in alone.items():
        assert runner.run(tiny_chat, some, mode) == answers, mode


def test_the_tiny_chat_answers_alike_in_any_order(tiny_chat: Chat) -> None:
    some = ("memory", "full", "recall")
    once = {m: runner.run(tiny_chat, CASES[1:2], m) for m in some}
    assert {m: runner.run(tiny_chat, CASES[1:2], m) for m in reversed(some)} == once


def test_stories_of_held_out_words_can_be_shuffled() -> None:
    made = list(cases.held_out(3, 0))
    other = runner.told_in(runner.MODES["shuffled"], made)
    assert all(text != c.told() for text, c in zip(other, made, strict=True))
