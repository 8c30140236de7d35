"""`titans-edge read` as a user meets it: lines, JSON, exit codes, and what it costs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.commanding import run as memory_command
from titans_edge import engine as engines
from titans_edge import library
from titans_edge.backbone.model import Backbone
from titans_edge.cli.main import run
from titans_edge.sidecar.client import HostClient

Read = Callable[..., tuple[int, str, str]]


@pytest.fixture
def loaded() -> list[Path]:
    """The backbones that were loaded."""
    return []


@pytest.fixture
def read(
    tiny_path: Path, graft_path: Path, tmp_path: Path, loaded: list[Path], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Read:  # fmt: skip
    """Runs the command in the folder `notes`, with the memory in this process."""

    class Counted(Backbone):
        def __init__(self, path: Path, **of: Any) -> None:
            loaded.append(path)
            super().__init__(path, **of, threads=1)

    (tmp_path / "notes").mkdir()
    monkeypatch.chdir(tmp_path / "notes")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr(engines, "HostClient", partial(HostClient, local=True))
    monkeypatch.setattr(engines, "Backbone", Counted)

    def read(*args: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["titans-edge", "read", *args, "-b", str(tiny_path), "-g", str(graft_path)])
        with pytest.raises(SystemExit) as ended:
            run()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return read


def rows(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_a_folder_is_read_and_the_second_time_the_model_is_not_even_loaded(read: Read, loaded: list[Path]) -> None:
    Path("a.txt").write_text("Mary went home. John left.")
    Path("b.md").write_text("# Cats\n\nCats sleep.")
    code, out, err = read(".")
    assert (code, err, len(loaded)) == (0, "", 1)
    assert "a.txt: 2 sentences" in out and "b.md: 2 sentences" in out and out.splitlines()[-1] == "2 new"
    code, out, err = read(".")
    assert (code, out, err, len(loaded)) == (0, "2 unchanged\n", "", 1)
    Path("a.txt").write_text("Mary went away.")
    code, out, _ = read(".")
    assert code == 0 and "a.txt: changed, 1 sentences" in out and "1 changed, 1 unchanged" in out and len(loaded) == 2
    listed = memory_command("list", "default", "--documents")[1].splitlines()
    assert [line.split()[:3] for line in listed] == [["b.md", "2", "sentences"], ["a.txt", "1", "sentences"]]
    assert str(Path("a.txt").resolve()) in listed[1]
    shown = memory_command("show", "default", "a.txt")[1]
    assert str(Path("a.txt").resolve()) in shown and "1: 1 written" in shown
    assert memory_command("show", "default", "./a.txt")[1] == shown
    (fields,) = rows(memory_command("show", "default", "a.txt", "--json")[1])
    assert fields["sentences"] == 1 and fields["complete"] and fields["decisions"] == {"written": 1}
    assert memory_command("show", "default", "c.txt")[0] == 2


def test_what_only_its_end_shows_to_be_binary_is_passed_over_every_time(read: Read) -> None:
    Path("a.txt").write_text("Mary went home.")
    Path("b.bin").write_bytes(b"\xff\x01" * 9000)
    Path("c.bin").write_bytes(b"x" * 9000 + b"\0")
    for status in ("new", "unchanged"):
        code, out, err = read(".")
        assert (code, err) == (0, "") and out.endswith(f"1 {status}; passed over: 2 binary\n")
    assert read("b.bin")[0] == 9, "who names it is told"
    assert read(".", "--watch", "--dry-run")[0] == 2


def test_one_that_fails_is_a_sentence_and_exit_code_9_and_the_others_are_read(read: Read, loaded: list[Path]) -> None:
    Path("a.txt").write_text("Mary went home.")
    Path("empty.txt").touch()
    Path("latin.txt").write_bytes("Café Müller is good.".encode("latin-1"))
    Path("big.txt").write_text("x " * 40_000)
    Path("paper.pdf").write_bytes(b"%PDF-1.7 cut")
    code, out, err = read(".", "none.txt", "--max-mb", "0.05", "--json")
    got = {Path(r["file"]).name: r for r in rows(out)}
    assert code == 9 and {n: r["status"] for n, r in got.items()} == {
        "a.txt": "new", "empty.txt": "failed", "latin.txt": "new", "big.txt": "failed", "paper.pdf": "failed",
        "none.txt": "failed",
    }  # fmt: skip
    assert "Latin-1" in err and got["latin.txt"]["notes"] and "larger than 0.05 MB" in got["big.txt"]["notes"][0]
    assert read("empty.txt") == (9, "", "titans-edge: empty.txt is empty. There is nothing to remember.\n")
    assert len(loaded) == 1, "for nothing to read there is nothing to load"


def test_a_dry_run_says_what_would_be_done_and_does_nothing(read: Read, loaded: list[Path]) -> None:
    Path("a.txt").write_text("Mary went home.")
    assert read(".", "--dry-run")[:2] == (0, "a.txt: new, would be read\n".replace("a.txt", "./a.txt"))
    assert not loaded and not list(library.memories_dir().glob("*"))
    read(".")
    Path("a.txt").write_text("Mary went away.")
    Path("b.txt").touch()
    before = (library.memories_dir() / "default.memory").read_bytes()
    code, out, _ = read(".", "--dry-run", "--json")
    assert code == 9 and [r["status"] for r in rows(out)] == ["changed", "failed"] and len(loaded) == 1
    assert (library.memories_dir() / "default.memory").read_bytes() == before
    Path("a.txt").unlink()
    assert [r["status"] for r in rows(read(".", "--dry-run", "--prune", "--json")[1])] == ["failed", "gone"]
    assert "1 sentences forgotten" in read(".", "--prune")[1]
    assert memory_command("list", "default", "--documents")[1] == "No documents.\n"


def test_names_that_are_no_unicode_or_full_of_control_characters_are_read_and_shown_harmlessly(read: Read) -> None:
    Path(os.fsdecode(b"caf\xe9.txt")).write_text("Mary went home.")
    Path("evil\x1b[2J\n.txt").write_text("It rained.")
    code, out, err = read(".")
    assert code == 0 and "\x1b" not in out and out.count("\n") == 3, (out, err)
    assert read(".")[1] == "2 unchanged\n"
    assert "\x1b" not in memory_command("list", "default", "--documents")[1]
    assert len(rows(memory_command("list", "default", "--documents", "--json")[1])) == 2


@pytest.mark.slow
def test_a_watched_file_is_read_once_it_is_whole_and_again_when_an_editor_renames_over_it(
    tiny_path: Path, graft_path: Path, tmp_path: Path
) -> None:
    pytest.importorskip("watchfiles")
    notes, env = tmp_path / "notes", {**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data")}
    notes.mkdir()
    (notes / "a.txt").write_text("Mary went home.")
    args = [sys.executable, "-m", "titans_edge", "read", "notes", "--watch", "--prune", "--json"]
    command = [*args, "-b", str(tiny_path), "-g", str(graft_path)]
    with subprocess.Popen(
        command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as p:
        assert p.stdout is not None

        def told() -> tuple[str, str, int]:
            assert p.stdout is not None
            row = json.loads(p.stdout.readline())
            return Path(row["file"]).name, row["status"], row["spans"]

        try:
            assert told() == ("a.txt", "new", 1)
            with (notes / "b.txt").open("w") as half:
                half.write("Cats sleep. Dogs ")
                half.flush()
                time.sleep(1)
                half.write("bark. It rained.")
            assert told() == ("b.txt", "new", 3), "all of it, not half"
            (notes / ".a.swp").write_text("Mary went away. John left.")
            (notes / "a.txt").unlink()
            (notes / ".a.swp").rename(notes / "a.txt")
            assert told() == ("a.txt", "changed", 2), "it was never gone"
            (notes / "b.txt").unlink()
            assert told() == ("b.txt", "forgotten", 3)
            chat = [sys.executable, "-m", "titans_edge", "memory", "undo", "default"]
            assert "Forgotten: 2." in subprocess.run(chat, env=env, capture_output=True, text=True).stdout, "it is free"
        finally:
            p.send_signal(signal.SIGINT)
            out, err = p.communicate(timeout=60)
    assert p.returncode == 0 and out == "" and "Watched for" in err, err
