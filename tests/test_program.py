"""The program as a user meets it, on the tiny backbone: commands, their help, their JSON and their errors."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from titans_edge import engine as engines
from titans_edge.cli.main import run
from titans_edge.sidecar.client import HostClient
from titans_edge.stories.lexicon import Lexicon, held_out
from titans_edge.stories.relations import Bank
from titans_edge.stories.worlds import KINDS, stories
from titans_edge.text import words

pytestmark = pytest.mark.slow  # minutes of processes: not part of `make unit`


def titans(*args: str, home: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    env = {
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "PATH": "/usr/bin:/bin",
        **{k: v for k, v in os.environ.items() if k == "PYTHONPATH"},
    }
    return subprocess.run(
        [sys.executable, "-m", "titans_edge", *args], capture_output=True, text=True, input=stdin, env=env, timeout=120
    )


def memories(home: Path) -> Path:
    return home / "data" / "titans-edge" / "memories"


def test_chat_remembers_across_runs_and_forgets(tiny_path: Path, graft_path: Path, tmp_path: Path) -> None:
    base = ("chat", "-b", str(tiny_path), "-g", str(graft_path), "--max-tokens", "4", "--context", "512")
    old = tmp_path / "data" / "titans-edge" / "history"
    old.parent.mkdir(parents=True)
    old.write_text("+of version 0.1")
    before = os.umask(0o022)
    try:
        first = titans(*base, home=tmp_path, stdin="Mary went home.\n/memory\n/nonsense\n/bye\n")
    finally:
        os.umask(before)
    assert first.returncode == 0, first.stderr
    assert "1 sentences read" in first.stdout and "no command /nonsense" in first.stderr
    assert {stat.S_IMODE(p.stat().st_mode) for p in memories(tmp_path).iterdir()} == {0o600} and not old.exists()
    lines = "/memory\nJohn left.\n/undo\n/memory\nJohn sat.\n/memory home\n/forget #1\n/memory\n"
    second = titans(*base, home=tmp_path, stdin=lines + "/reset\n/memory\n/reset\ny\n/memory\n")
    assert [x.split()[0] for x in second.stdout.splitlines() if "sentences read" in x] == ["1", "1", "1", "1", "0"]
    assert "[1] you, " in second.stdout and '"Mary went home."' in second.stdout and "Forgotten: 1." in second.stdout
    assert "> John left." in second.stdout and second.stderr == ""


def test_without_a_memory_nothing_is_written(tiny_path: Path, tmp_path: Path) -> None:
    got = titans(
        "chat", "-b", str(tiny_path), "--no-memory", "--max-tokens", "4", home=tmp_path, stdin="Hello.\n/undo\n"
    )
    assert got.returncode == 0 and got.stderr == "! The memory is off. The last exchange left the conversation.\n"
    asked = titans("ask", "Hello?", "-b", str(tiny_path), "--no-memory", "--max-tokens", "4", home=tmp_path)
    assert asked.returncode == 0 and [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_ask_and_read_speak_json(tiny_path: Path, graft_path: Path, tmp_path: Path) -> None:
    base = ("-b", str(tiny_path), "-g", str(graft_path))
    doc = tmp_path / "d.txt"
    doc.write_text("Mary went home. John stayed.")
    read = json.loads(titans("read", str(doc), *base, "--json", home=tmp_path).stdout)
    assert read["spans"] == 2 and read["quarantined"] == 0 and read["file"] == str(doc)
    asked = json.loads(titans("ask", "Where is Mary?", *base, "--json", "--max-tokens", "4", home=tmp_path).stdout)
    assert asked.keys() == {
        "question", "rows", "confidence", "relation", "recalled", "routes", "answer", "first_token_s", "tokens",
        "seconds", "stop_reason", "prompt_tokens",
    }  # fmt: skip
    assert asked["question"] == "Where is Mary?" and asked["rows"] > 0 and asked["routes"] == ["association"]
    asked = json.loads(
        titans("ask", "Where is Mary?", *base, "--json", "--no-rows", "--max-tokens", "4", home=tmp_path).stdout
    )
    assert [r["text"] for r in asked["recalled"]] == ["Mary went home."] and asked["rows"] == 0
    listed = titans("memory", "list", "default", "--json", home=tmp_path).stdout.splitlines()
    assert len(listed) == 2, "a question that is asked so is not learned"


def test_ask_first_reads_what_was_imported(tiny_path: Path, graft_path: Path, tmp_path: Path) -> None:
    base, told = ("-b", str(tiny_path), "-g", str(graft_path)), tmp_path / "told.txt"
    told.write_text("Mary went home. John stayed.")
    assert titans("read", str(told), *base, home=tmp_path).returncode == 0
    kept = tmp_path / "kept.jsonl"
    assert titans("memory", "export", "default", str(kept), home=tmp_path).returncode == 0
    brought = titans("memory", "import", "new", str(kept), home=tmp_path)
    assert "2 are read anew" in brought.stdout, brought
    for _ in range(2):
        asked = titans("ask", "Where is Mary?", *base, "--memory", "new", "--max-tokens", "4", home=tmp_path)
        assert asked.returncode == 0 and asked.stderr == ""
    path = str(memories(tmp_path) / "new.memory")
    with HostClient(str(tiny_path), str(graft_path)) as host, closing(host.memory("new", path, write=False)) as memory:
        assert memory.info["spans"] == 2 and memory.info["stale"] == 0


def test_where_the_output_has_no_room_is_one_line(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.is_char_device():
        pytest.skip("there is no /dev/full here")
    for args in (("config", "show"), ("models",)):
        with full.open("w") as out:
            got = subprocess.run([sys.executable, "-m", "titans_edge", *args], stdout=out, stderr=subprocess.PIPE,
                                 text=True, env={**os.environ, "HOME": str(tmp_path)}, timeout=60)  # fmt: skip
        assert got.returncode == 2 and got.stderr == "titans-edge: there is no space where the output goes.\n"


@pytest.mark.parametrize(
    ("args", "code", "word"),
    [
        (("read", "{empty}"), 9, "is empty"),
        (("read", "{binary}"), 9, "is not text"),
        (("read", "{folder}/none.txt"), 9, "cannot be read"),
        (("read", "{folder}/*.none"), 9, "matches no file"),
        (("ask", "x", "-b", "{folder}"), 3, "is a directory"),
        (("ask", "x", "-b", "{cut}"), 3, "damaged"),
        (("ask", "x", "-b", "unheard-of"), 3, "no backbone"),
        (("ask", "x", "-g", "{tiny}"), 5, "not a graft"),
        (("ask", ""), 2, "empty"),
        (("ask", "word " * 3000, "--context", "512"), 8, "titans-edge read"),
        (("pull", "unheard-of"), 2, "no model named"),
        (("ask", "x", "-m", "../up"), 2, "no memory name"),
        (("chat", "--temperature", "99"), 2, "temperature"),
    ],
)
def test_bad_input_gets_one_line_and_an_exit_code(
    tiny_path: Path,
    graft_path: Path,
    tmp_path: Path,
    args: tuple[str, ...],
    code: int,
    word: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    there = {"folder": tmp_path, "tiny": tiny_path}
    for name, raw in (("empty", b" \n"), ("binary", b"\x00\x01\x02"), ("cut", tiny_path.read_bytes()[:5000])):
        there[name] = tmp_path / f"{name}.txt"
        there[name].write_bytes(raw)
    given = [a.format(**there) for a in args]
    given += [] if "-b" in given or given[0] == "pull" else ["-b", str(tiny_path)]
    given += [] if "-g" in given or given[0] == "pull" else ["-g", str(graft_path)]
    monkeypatch.setattr(sys, "argv", ["titans-edge", *given])
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr(engines, "HostClient", partial(HostClient, local=True))  # no process to wait for
    with pytest.raises(SystemExit) as ended:
        run()
    out, err = capsys.readouterr()
    assert ended.value.code == code, err
    assert word in err and err.count("\n") == 1 and out == "", err
    assert not list(tmp_path.rglob("*.memory"))


def test_a_damaged_model_is_one_line_of_the_program_itself(tiny_path: Path, graft_path: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(tiny_path.read_bytes()[:5000])
    got = titans("ask", "x", "-b", str(cut), "-g", str(graft_path), home=tmp_path)
    assert got.returncode == 3 and "damaged" in got.stderr and got.stderr.count("\n") == 1 and got.stdout == ""


def test_help_of_every_command_needs_neither_torch_nor_llama_cpp() -> None:
    code = """
import sys
from typer.main import get_command
from typer.testing import CliRunner
from titans_edge.cli.main import app

def paths(command, path=()):
    yield path
    for name, sub in getattr(command, "commands", {}).items():
        yield from paths(sub, (*path, name))

seen = list(paths(get_command(app)))
for path in seen:
    got = CliRunner().invoke(app, [*path, "--help"])
    assert got.exit_code == 0 and "Usage" in got.output, (path, got.output)
print([" ".join(p) for p in seen])
print([m for m in ("torch", "llama_cpp", "numpy", "transformers") if m in sys.modules])
"""
    got = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    commands, heavy = got.stdout.splitlines() if got.returncode == 0 else pytest.fail(got.stderr)
    assert heavy == "[]"
    for name in ("chat", "ask", "read", "memory list", "memory forget", "eval", "train", "pull", "bench", "convert"):
        assert f"'{name}'" in commands, name


def test_the_runtime_never_imports_torch() -> None:
    modules = "titans_edge.chat, titans_edge.api, titans_edge.evaluate.runner"
    code = f"import sys; import {modules}; print('torch' in sys.modules)"
    got = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert got.stdout.strip() == "False", got.stderr


def test_stories_label_words_that_are_there_and_keep_the_split() -> None:
    for split in ("train", "held-out"):
        for s in stories(KINDS, 240, Lexicon(split), 5):
            for f in s.facts:
                have = {w.text.lower() for w in words(f.text)}
                for w in f.writes:
                    assert {x.lower() for x in (w.key, w.second, w.value) if x} <= have, f
                    if w.bank is Bank.PLACE and split == "held-out":
                        assert held_out(w.key)
    assert [s.question for s in stories(KINDS, 30, Lexicon(), 5)] == [
        s.question for s in stories(KINDS, 30, Lexicon(), 5)
    ]


def test_a_place_question_is_answered_by_the_last_move() -> None:
    for s in stories(("place",), 60, Lexicon(), 3):
        last = [w.value for f in s.facts for w in f.writes if w.bank is Bank.PLACE and w.key == s.question.key][-1]
        assert last == s.question.answer
