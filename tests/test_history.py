"""What was typed: kept beside the memory for its owner alone, and forgotten with it, also at a running prompt."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from typer.testing import CliRunner

from tests.answering import local
from titans_edge import library
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.reader import Reader
from titans_edge.backbone.spans import features
from titans_edge.cli.main import app
from titans_edge.cli.prompt import Terminal
from titans_edge.history import KEPT, History

UP, ENTER = "\x1b[A", "\r"


def test_lines_come_back_in_order_as_they_were_typed(tmp_path: Path) -> None:
    memory = tmp_path / "new" / "a.b.memory"
    lines = ["Hello", "", "two\nlines\u2028three", '"quoted" \\n', "é 猫 \x00", "half \ud800"]
    history = History.of(memory)
    for line in lines:
        history.add(line)
    assert History.of(memory).lines == lines and history.path == tmp_path / "new" / "a.b.history"
    assert History.of(tmp_path / "new" / "a.memory").lines == []


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_only_the_owner_can_read_it_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        history = History.of(tmp_path / "m" / "a.memory")
        (tmp_path / "m").mkdir(mode=0o700)
        (tmp_path / "m" / "a.history.tmp").touch(0o666)
        history.add("secret")
        assert history.path is not None and stat.S_IMODE(history.path.stat().st_mode) == 0o600
        history.path.chmod(0o644)
        history.add("another")
        assert stat.S_IMODE(history.path.stat().st_mode) == 0o600
    finally:
        os.umask(before)
    assert [p.name for p in (tmp_path / "m").iterdir()] == ["a.history"]


def test_without_a_memory_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    history = History(None)
    history.add("secret")
    assert history.forget(["secret"]) == 1 and history.lines == []
    history.add("secret")
    history.clear()
    assert history.lines == [] and list(tmp_path.iterdir()) == []


def test_forgotten_texts_leave_the_lines_that_hold_them_and_the_file(tmp_path: Path) -> None:
    history = History.of(tmp_path / "a.memory")
    kept = ["Hello", "Where is the key?", "/forget since 2h", "/memory key of the garden", "/why"]
    gone = [
        "The key is\n  under the  POT.", "By the way: the key is under the pot. Bye.", "/forget pot", "/memory key POT",
        "/forget The key is under the pot.",
    ]  # fmt: skip
    for line in [*gone[:2], *kept, *gone[2:]]:
        history.add(line)
    assert history.forget(["", " \n", "The key is under the pot."]) == len(gone)
    assert history.lines == kept == History.of(tmp_path / "a.memory").lines
    assert b"pot" not in (tmp_path / "a.history").read_bytes().lower()
    history.clear()
    history.clear()
    assert list(tmp_path.iterdir()) == []


def test_only_the_newest_lines_are_kept(tmp_path: Path) -> None:
    history = History(None)
    for n in range(KEPT + 5):
        history.add(str(n))
    assert len(history.lines) == KEPT and history.lines[-1] == str(KEPT + 4)


@pytest.mark.parametrize("raw", [b"\xff\xfe", b'"open', b'{"a": 1}\n"good"\n7\n', b"[" * 10000, b""])
def test_a_damaged_file_costs_only_what_is_damaged(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "a.history").write_bytes(raw)
    assert History.of(tmp_path / "a.memory").lines == (["good"] if b"good" in raw else [])


def test_a_folder_that_cannot_be_written_keeps_the_lines_for_this_run(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    history = History.of(tmp_path / "file" / "a.memory")
    history.add("Hello")
    assert history.lines == ["Hello"]


def test_the_old_history_of_all_memories_is_removed(tmp_path: Path) -> None:
    (tmp_path / "history").write_text("\n# 2026-01-01\n+My PIN is 4417.\n")
    History.of(tmp_path / "memories" / "a.memory")
    assert list(tmp_path.iterdir()) == []


def test_it_goes_where_its_memory_goes(tmp_path: Path) -> None:
    History.of(tmp_path / "a.memory").move(tmp_path / "b.memory")
    history = History.of(tmp_path / "a.memory")
    history.add("Hello")
    history.move(tmp_path / "b.memory")
    assert [p.name for p in tmp_path.iterdir()] == ["b.history"]
    assert History.of(tmp_path / "b.memory").lines == ["Hello"]


def test_a_running_prompt_forgets_too(tmp_path: Path) -> None:
    history = History.of(tmp_path / "a.memory")
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        prompt = Terminal(history, ["/forget"])

        def type_(text: str) -> str:
            keys.send_text(text)
            return prompt.next()

        assert type_("Hello" + ENTER) == "Hello"
        assert type_("My PIN is 4417." + ENTER) == "My PIN is 4417."
        assert type_(UP + ENTER) == "My PIN is 4417."
        assert type_("/forget PIN" + ENTER) == "/forget PIN"
        assert history.lines[-1] == "/forget PIN"
        history.forget(["My PIN is 4417."])
        assert type_(UP + ENTER) == "Hello"
        keys.send_text("yes" + ENTER)
        assert prompt.confirm("Sure?") and history.lines[-1] == "Hello"
        keys.send_text("\x03")
        assert not prompt.confirm("Sure?")
        history.clear()
        assert type_(UP + "Bye" + ENTER) == "Bye"
    assert History.of(tmp_path / "a.memory").lines == ["Bye"]


def test_the_memory_commands_forget_what_was_typed_too(
    tiny: Backbone, tiny_path: Path, graft_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    folder = library.memories_dir()

    def run(*args: str) -> list[str]:
        got = CliRunner().invoke(app, ["memory", *args], catch_exceptions=False)
        assert got.exit_code == 0, got.output
        return History.of(folder / "b.memory").lines

    with local(tiny_path, graft_path, folder / "a.memory") as memory, Reader(tiny, 1) as reader:
        for line in ("My PIN is 4417.", "Ann left.", "Bob sat.", "Eve ran."):
            memory.begin()
            memory.write(list(features(reader, [line])), [line])
            History.of(folder / "a.memory").add(line)
        memory.wait()
    assert run("rename", "a", "b") == ["My PIN is 4417.", "Ann left.", "Bob sat.", "Eve ran."]
    assert run("forget", "b", "PIN", "--yes") == ["Ann left.", "Bob sat.", "Eve ran."]
    assert run("undo", "b") == ["Ann left.", "Bob sat."]
    assert run("reset", "b", "--yes") == []
    History.of(folder / "b.memory").add("Hello")
    assert run("delete", "b", "--yes") == [] and list(folder.iterdir()) == []
