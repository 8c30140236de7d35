"""What the memory costs: what is timed, in which order, beside what; whole commands; the table."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.answering import local
from tests.talking import TalkChat, as_chat
from tests.test_program import titans
from titans_edge.backbone.model import Backbone
from titans_edge.chat import Chat
from titans_edge.cli.bench import bench
from titans_edge.errors import UsageError
from titans_edge.evaluate import cost, cost_commands, cost_tables, machine, plots
from titans_edge.evaluate.machine import Ran

TEXT = " ".join(f"word{i}" for i in range(1200))


def test_cold_is_the_first_time_and_warm_the_later_ones() -> None:
    seconds = {
        "feed": (2.0, 1.0),
        "learn": (5.0, 4.0),
        "association": (9.0, 0.5),
        "text": (3.0, 0.75),
        "off": (1.0, 0.25),
    }
    fake = TalkChat(seconds=seconds)
    figures, given = cost.measure(as_chat(fake), TEXT, 900, fake.clock, runs=5)
    got = {f.name: (f.cold, f.warm) for f in figures}
    assert got["plain prefill"] == (75.0, 150.0) and got["reading into memory"] == (30.0, 37.5)
    assert [got[f"first token, {x}"] for x in ("no memory", "text", "rows")] == [(1.0, 0.25), (3.0, 0.75), (9.0, 0.5)]
    assert all(got[f"decoding, {x}"] == (5.0, 5.0) for x in cost.TURNS) and given == cost.Given(5, len(fake.read))
    assert {len(f.later) for f in figures} == {5} and cost.WRITING not in got, "this memory has no process"
    made = cost_tables.as_json(figures, given)["figures"]
    assert isinstance(made, dict) and made["first token, rows"]["cold_ratio"] == 9.0
    assert made["reading into memory"]["warm_ratio"] == 0.25 and "cold_ratio" not in made["plain prefill"]


def test_ratios_are_of_runs_taken_in_turn_and_the_least_and_most_are_shown() -> None:
    plain = cost.Figure("plain", "s", (2.0,), (1.0, 10.0, 3.0))
    other = cost.Figure("other", "s", (4.0,), (2.0, 20.0, 9.0), "plain")
    assert cost_tables.ratios(other, plain) == (2.0, 2.0) and (other.cold, other.warm) == (4.0, 9.0)
    assert cost_tables.ratios(other, cost.Figure("none", "s", (0.0,), (0.0,))) == (0.0, 0.0), "nothing to compare with"
    made = cost_tables.as_json([plain, other], cost.Given(0, 0))["figures"]["other"]
    assert (made["warm_min"], made["warm_max"], made["warm_runs"]) == (2.0, 20.0, (2.0, 20.0, 9.0))
    line = cost_tables.table([plain, other], cost.Given(0, 0)).splitlines()[2]
    assert line.split() == ["other", "4.00", "9.00", "(2.00–20.00)", "s", "2.00×", "2.00×"]
    assert cost_tables.table([cost.Figure("one", "s", (1.0,))], cost.Given(0, 0)).splitlines()[1].split()[:3] == [
        "one",
        "1.00",
        "–",
    ]


def test_the_plot_shows_turn_two_by_length(tmp_path: Path) -> None:
    figures = [cost.Figure("plain prefill", "tokens/s", (1.0,))]
    for n in (512, 2048):
        for way in (cost.FULL, cost.MEMORY):
            figures.append(cost.Figure(f"turn 2 after {n} tokens, {way}", "s", (n / 200, n / 190), (0.2, 0.3)))
    drawn = plots.draw_cost(figures, tmp_path / "cost.png").read_bytes()
    assert "<svg" in plots.draw_cost(figures, tmp_path / "cost.svg").read_text("utf-8")
    assert drawn.startswith(b"\x89PNG") and drawn != plots.draw_cost(figures[:1], tmp_path / "none.png").read_bytes()


def test_a_plot_that_could_not_be_drawn_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    for name in ("cost.pdf", "cost", "none/cost.svg"):
        with pytest.raises(UsageError, match="cannot be drawn"):
            bench(tmp_path / "none.txt", backbone=str(tmp_path / "none.gguf"), plot=tmp_path / name)


def test_no_text_is_timed_twice_and_the_first_question_is_one_with_rows() -> None:
    fake = TalkChat()
    cost.measure(as_chat(fake), TEXT, 900, fake.clock, runs=2)
    assert " ".join(fake.read[:-1]) == " ".join(TEXT.split(" ")[:900]) and fake.read[-1] == cost.FACT
    assert [a.memory_mode for a in fake.asked] == ["association", "text", "off"] * 3
    assert not any(a.before or a.learn for a in fake.asked) and all(cost.FACT in a.known for a in fake.asked)


def test_a_question_that_gets_no_rows_is_told_as_such() -> None:
    fake = TalkChat(gives_rows=False)
    figures, given = cost.measure(as_chat(fake), TEXT, 900, fake.clock)
    assert given.rows == 0 and "got no rows" in cost_tables.table(figures, given)
    assert cost_tables.as_json(figures, given)["rows"] == 0
    with pytest.raises(UsageError, match="longer text"):
        cost.measure(as_chat(fake), "too short", 900)


def test_whole_commands_are_timed_in_turn_with_a_memory_told_before(tmp_path: Path) -> None:
    ran: list[tuple[str, ...]] = []

    def command(folder: Path, *args: str, stdin: str = "") -> Ran:
        assert (folder / "fact.txt").read_text() == cost.FACT
        (folder / "bench.memory").write_bytes(b"x" * 10)
        ran.append(args)
        assert stdin == ("/bye\n" if args[0] == "chat" else "")
        return Ran(0, "", float(len(ran)), 2**20 * len(args), 2**21)

    figures, sizes = cost_commands.fresh(tmp_path / "b.gguf", tmp_path / "g.gguf", 2, command)
    assert [a[0] for a in ran] == ["read", *["--help", "ask", "ask", "chat"] * 3]
    assert ["--no-memory" in a for a in ran if a[0] == "ask"] == [True, False] * 3 and "bench" in ran[0]
    got = {f.name: f for f in figures}
    assert (got["ask, no memory"].first, got["ask, no memory"].later) == ((3.0,), (7.0, 11.0))
    assert got["ask, memory"].plain == "ask, no memory" and got["peak PSS, memory process"].warm == 2.0
    assert sizes == {"journal of one sentence": 10}


@pytest.mark.slow
def test_a_commands_time_and_memory_are_its_own_and_its_childrens() -> None:
    child = "import time; x = b'x' * (60 << 20); time.sleep(1)"
    code = "import subprocess, sys; sys.stderr.write(sys.stdin.read() * 30000);"
    code += f"subprocess.run([sys.executable, '-c', {child!r}]); sys.exit(3)"
    ran = machine.run([sys.executable, "-c", code], stdin="word ")
    assert ran.code == 3 and len(ran.stderr) == 150000 and ran.seconds > 1.0
    assert ran.children > 60 << 20 > ran.own > 0
    assert machine.resident(2**22 + 1) == 0 and machine.cpu_seconds(None) == 0.0
    here = machine.describe()
    assert here.threads >= 1 and here.ram > 0 and str(here.threads) in here.says()


def test_turn_two_asks_with_the_text_in_the_context_and_in_the_memory_alone(tiny_path: Path, graft_path: Path) -> None:
    text = "Rain fell on the river. " * 60
    with (
        Backbone(tiny_path, gpu_layers=0) as tiny,
        local(tiny_path, graft_path) as memory,
        Chat(tiny, memory, context=2048) as chat,
    ):
        assert cost.fitting(chat, text, [64, 512, 1900]) == [64, 512]
        figures, answered = cost.turn_two(chat, text, 512, runs=2)
        full, by_memory, reading = figures
        assert len(full.first) == len(full.later) == 2 and by_memory.plain == full.name and reading.later == ()
        assert min(*full.first, *full.later, *by_memory.first, *by_memory.later) > 0
        assert list(answered) == [full.name, by_memory.name] and set(answered.values()) == {"0 of 2"}
        told = [s["text"] for s in memory.find()]
        assert cost.FACT in told and 300 < len(tiny.vocab.encode(" ".join(told))) < 600
        with Chat(tiny, memory, context=2048, route="kv") as kv:
            plain, as_text, as_kv = cost.four_sentences(chat, kv, runs=1)
            assert as_text.plain == as_kv.plain == plain.name and kv.speaker.kept is not None
            assert len(kv.speaker.kept) == 5 and kv.speaker.kept.why == ""


@pytest.mark.slow
def test_a_whole_command_keeps_its_memories_in_its_folder_and_fails_aloud(tmp_path: Path) -> None:
    cost_commands.run_command(tmp_path, "memory", "list")
    (tmp_path / "fact.txt").write_text(" ")
    with pytest.raises(UsageError, match=r"`titans-edge read` failed: .*is empty.*--no-start"):
        cost_commands.run_command(tmp_path, "read", "fact.txt", "-m", "bench")
    code = "print(library.memory_path('bench'))"
    got = subprocess.run(
        [sys.executable, "-c", cost_commands._ELSEWHERE.replace("run()", code), str(tmp_path)],
        capture_output=True,
        text=True,
    )
    assert got.stdout.strip() == str(tmp_path / "bench.memory"), got.stderr


@pytest.mark.slow
def test_bench_needs_no_memory_of_the_users(tiny_path: Path, graft_path: Path, tmp_path: Path) -> None:
    (tmp_path / "book.txt").write_text("Rain fell on the river. " * 40)
    args = ("-b", str(tiny_path), "-g", str(graft_path), "--tokens", "400", "--runs", "1", "--lengths", "128,9999")
    got = titans("bench", str(tmp_path / "book.txt"), *args, "--json", "--no-start", home=tmp_path)
    assert got.returncode == 0, got.stderr
    made = json.loads(got.stdout)
    assert made["rows"] > 0 and {"cold", "warm", "cold_ratio"} <= set(made["figures"]["first token, rows"])
    assert made["figures"]["turn 2 after 128 tokens, memory"]["cold_ratio"] > 0 and "9999" in made["notes"][0]
    assert made["bytes"]["keys and values kept of four sentences"] > 0 < made["machine"]["cores"]
    assert cost.WRITING in made["figures"]
    for wrong in (("--lengths", "ten"), ("--plot", str(tmp_path / "no" / "x.png"))):
        got = titans("bench", str(tmp_path / "book.txt"), *args[:-2], *wrong, home=tmp_path)
        assert got.returncode == 2 and got.stderr.count("\n") == 1, got.stderr
    assert not list((tmp_path / "data").rglob("*.memory"))
