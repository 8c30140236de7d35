"""titans-edge memory, the commands on whole memories and on what lies beside them."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from tests.commanding import damage, rows, run
from tests.journals import fill, tell
from tests.old_journal import Old, make_format_1, make_format_2
from titans_edge.journal import Journal
from titans_edge.journal.file import lock
from titans_edge.journal.upkeep import leftovers


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the memories."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    folder = tmp_path / "data" / "titans-edge" / "memories"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def kept(home: Path) -> Path:
    """A memory `a` of 12 sentences: #4, #8, #12 of notes.txt; #5 and #10 quarantined, #10 answered."""
    fill(home / "a.memory", 12)
    return home


# --- what lies beside a memory


def test_everything_is_forgotten_means_the_files_beside_it_too(kept: Path) -> None:
    fill(kept / "ab.memory", 1)
    fill(kept / "a.damaged-1.memory", 1)  # a memory of that name, no leftover
    names = ["a.damaged-1", "a.damaged-1-wal", "a.damaged-12", "a.format-1", "a.new", "a.whole", "a.damaged-2.part"]
    others = ["ab.damaged-1", "a.jsonl", "a.damaged-x"]
    for command in ("reset", "delete"):
        for name in names + others:
            (kept / name).write_bytes(b"Box 3 with")
        assert [p.name for p in leftovers(kept / "a.memory")] == sorted(names)
        assert run(command, "a", "--yes")[0] == 0
        left = {p.name for p in kept.iterdir() if p.suffix not in (".lock",)}
        assert left & set(names) == set() and left >= set(others) | {"ab.memory", "a.damaged-1.memory"}
        held = [p.name for p in kept.glob("a.memory*") if b"Box 3 with" in p.read_bytes()]
        assert held == []
    assert not (kept / "a.memory").exists() and not (kept / "a.lock").exists()


def test_forgetting_says_what_beside_the_memory_may_still_hold_it(kept: Path) -> None:
    damage(kept / "a.memory", b"Box 3 with")
    code, out, _ = run("verify", "a", "--repair")
    assert code == 0 and "11 sentences kept, 1 lost (#4)" in out and "a.damaged-1" in out
    code, out, err = run("forget", "a", "--id", "1")
    assert code == 0 and "a.damaged-1 may still hold it" in err and "memory clean a" in err
    assert "a.damaged-1" in run("list")[1] and rows("list")[0][0]["leftovers"] == ["a.damaged-1"]  # type: ignore[index]
    os.replace(kept / "a.memory", kept / "gone")
    assert "a.damaged-1" in run("list")[1] and "Removed: a.damaged-1" in run("clean", "a", "--yes")[1]
    code, _, err = run("clean", "a")
    assert code == 2 and "no memory" in err


def test_verify_tells_what_is_wrong_and_repair_what_became_of_it(kept: Path) -> None:
    with Journal(kept / "a.memory") as journal:
        (of_ruling,) = journal.db.execute("SELECT checksum FROM rulings WHERE span = 2").fetchone()
        (of_answer,) = journal.db.execute("SELECT checksum FROM answers WHERE span = 10").fetchone()
    damage(kept / "a.memory", of_ruling)
    damage(kept / "a.memory", of_answer)
    before = (kept / "a.memory").read_bytes()
    code, out, err = run("verify", "a")
    assert code == 6 and "span #2: its ruling: wrong checksum, and 1 more" in err and "--repair" in err and out == ""
    assert (kept / "a.memory").read_bytes() == before
    code, out, err = run("verify", "a", "--repair")
    assert code == 0 and "12 sentences kept, none known to be lost" in out
    assert "Ruling damaged, decided anew: #2." in out and "Answer damaged, to be answered anew: #10." in out
    assert "sound" in run("verify", "a", "--repair")[1] and not (kept / "a.damaged-2").exists()


# --- whole memories


def test_a_file_that_was_cut_to_nothing_is_not_sound(kept: Path) -> None:
    assert run("verify", "a")[0] == 0
    for file in kept.glob("a.memory*"):
        file.write_bytes(b"")
    for more in ((), ("--repair",)):
        code, out, err = run("verify", "a", *more)
        assert code == 6 and out == "" and "empty" in err and err.count("\n") == 1


def test_export_import_and_merge(kept: Path, tmp_path: Path) -> None:
    for ending in ("jsonl", "safetensors"):
        file = str(tmp_path / f"out.{ending}")
        assert "12 sentences" in run("export", "a", file)[1]
        assert "12 sentences more." in run("import", ending, file, "--mine")[1]
        assert "0 sentences more, 12 were there already" in run("import", ending, file)[1]
        assert rows("list", ending) == rows("list", "a")
    assert "12 are read anew" in run("import", "foreign", str(tmp_path / "out.jsonl"))[1]
    assert {x["source"] for x in rows("list", "foreign")} == {
        "imported:out.jsonl: you",
        "imported:out.jsonl: notes.txt",
    }
    run("forget", "jsonl", "--source", "notes.txt")
    assert "12 sentences" in run("merge", "jsonl", "safetensors", "jsonl", "--into", "both")[1]
    assert [x["text"] for x in rows("list", "both")] == [x["text"] for x in rows("list", "a")]
    (tmp_path / "bad.jsonl").write_text('{"format": "titans-memory 3"}\n{"id"', "utf-8")
    code, _, err = run("import", "a", str(tmp_path / "bad.jsonl"))
    assert code == 10 and err.count("\n") == 1 and "line 2" in err
    for args in (("export", "a", "x.txt"), ("import", "a", "x.txt"), ("import", "a", str(tmp_path))):
        assert run(*args)[0] == 10
    assert run("merge", "a", "--into", "both")[0] == 2 and run("import", "../x", str(tmp_path / "out.jsonl"))[0] == 2


@pytest.mark.slow
def test_a_memory_in_use_is_read_and_exported_but_not_changed(kept: Path, tmp_path: Path) -> None:
    with Journal(kept / "a.memory") as journal:
        tell(journal, "In the log.", 50)
        assert len(rows("list", "a")) == 13 and "13" in run("export", "a", str(tmp_path / "o.jsonl"))[1]
        assert "sound: 13" in run("verify", "a")[1]
        for args in (
            ("forget", "a", "--since", "yesterday"),
            ("undo", "a"),
            ("rename", "a", "b"),
            ("delete", "a", "--yes"),
            ("reset", "a", "--yes"),
            ("compact", "a"),
            ("verify", "a", "--repair"),
            ("clean", "a", "--yes"),
            ("import", "a", str(tmp_path / "o.jsonl")),
            ("accept", "a", "5"),
        ):
            if args[0] == "clean":
                (kept / "a.format-1").touch()
            code, _, err = run(*args)
            assert code == 6 and "in use" in err and err.count("\n") == 1, args
        assert journal.count() == 13
    assert len(rows("list", "a")) == 13


def test_renaming_takes_along_what_lies_beside_and_leaves_nothing(kept: Path) -> None:
    (kept / "a.damaged-1").write_bytes(b"x")
    assert run("rename", "a", "b")[1] == "a is b now.\n"
    assert {p.name for p in kept.iterdir()} - {"b.lock"} == {"b.memory", "b.damaged-1"}
    assert len(rows("list", "b")) == 12 and "sound" in run("verify", "b")[1]
    fill(kept / "c.memory", 1)
    for args in (
        ("rename", "b", "c"),
        ("rename", "b", "b"),
        ("rename", "b", "x/y"),
        ("rename", "b", ".x"),
        ("rename", "x", "y"),
        ("rename", "b", "x" * 300),
    ):
        code, _, err = run(*args)
        assert code == 2 and err.count("\n") == 1
    assert len(rows("list", "b")) == 12


def test_a_link_and_what_it_links_to_are_one_memory(kept: Path, tmp_path: Path) -> None:
    real = tmp_path / "elsewhere.memory"
    os.replace(kept / "a.memory", real)
    (kept / "a.memory").symlink_to(real)
    with Journal(real):
        assert run("undo", "a")[0] == 6 and len(rows("list", "a")) == 12
    damage(real, b"Box 3 with")
    assert "1 lost (#4)" in run("verify", "a", "--repair")[1] and (kept / "a.memory").is_symlink()
    assert (tmp_path / "elsewhere.damaged-1").exists() and "elsewhere.damaged-1" in run("forget", "a", "--id", "2")[2]
    assert run("rename", "a", "b")[0] == 0 and (kept / "b.memory").is_symlink() and len(rows("list", "b")) == 10
    assert run("delete", "b", "--yes")[0] == 0
    assert not [p for p in (*kept.iterdir(), *tmp_path.glob("elsewhere*")) if p.suffix != ".lock"]


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="rights are POSIX's")
def test_listing_works_in_a_folder_that_cannot_be_written(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.access
    monkeypatch.setattr(os, "access", lambda p, mode: mode != os.W_OK and real(p, mode))  # root may write everywhere
    kept.chmod(0o500)
    try:
        before = {p.name for p in kept.iterdir()}
        assert len(rows("list", "a")) == 12 and "sound" in run("verify", "a")[1]
        assert {p.name for p in kept.iterdir()} == before  # no -shm was needed
    finally:
        kept.chmod(0o700)


def test_memories_are_their_owners_alone(kept: Path, tmp_path: Path) -> None:
    (kept / "a.memory").chmod(0o644)
    run("undo", "a")
    run("export", "a", str(tmp_path / "o.jsonl"))
    run("merge", "a", "--into", "b")
    modes = {p.name: p.stat().st_mode & 0o777 for p in (*kept.iterdir(), tmp_path / "o.jsonl")}
    assert set(modes.values()) == {0o600}, modes


def test_memories_of_older_formats(home: Path) -> None:
    old, _ = make_format_1(home / "old.memory")
    before = old.read_bytes()
    for args in (
        ("verify", "old", "--repair"),
        ("list", "old"),
        ("compact", "old"),
        ("import", "old", "x.jsonl"),
    ):
        code, _, err = run(*args)
        assert code == 6 and "no journal yet" in err and old.read_bytes() == before
    make_format_2(home / "two.memory", [Old("Mary went home."), Old("The milk is green.", "document", "x.txt")])
    before = (home / "two.memory").read_bytes()
    assert "2 sentences" in run("list")[1] and "no journal yet" in run("list")[1]
    assert "sound: 2" in run("verify", "two")[1] and len(rows("list", "two")) == 2
    assert (home / "two.memory").read_bytes() == before and run("list", "two")[2] == ""
    code, out, err = run("forget", "two", "milk")
    assert code == 0 and "Forgotten: 1" in out and "format of this version" in err


def test_a_memory_of_format_1_can_be_renamed_emptied_and_deleted(home: Path) -> None:
    old, _ = make_format_1(home / "old.memory")
    before = old.read_bytes()
    with Journal(home / "new.memory"):
        assert run("rename", "old", "new")[0] == 2
    run("delete", "new", "--yes")
    assert run("rename", "old", "new")[:2] == (0, "old is new now.\n")
    assert not old.exists() and (home / "new.memory").read_bytes() == before
    held = lock(home / "new.memory")
    for args in (("reset", "new", "--yes"), ("delete", "new", "--yes"), ("rename", "new", "old")):
        code, _, err = run(*args)
        assert code == 6 and "in use" in err and (home / "new.memory").read_bytes() == before
    held.release()
    (home / "new.history").write_text('"typed"\n')
    assert run("reset", "new", "--yes")[:2] == (0, "Everything in new is forgotten.\n")
    assert rows("list", "new") == [] and "sound: 0" in run("verify", "new")[1]
    run("delete", "new", "--yes")
    make_format_1(old)
    assert run("delete", "old", "--yes")[0] == 0
    assert sorted(p.name for p in home.iterdir()) == []


def test_what_is_no_memory_gives_one_sentence(home: Path) -> None:
    (home / "a.memory").write_bytes(b"rubbish" * 100)
    (home / "b.memory").write_bytes(b"SQLite format 3\0" + b"\xa5" * 5000)
    (home / "c.memory").touch()
    sqlite3.connect(home / "d.memory").execute("CREATE TABLE t(x)").connection.close()
    assert run("list")[0] == 0 and len(rows("list")[0]) == 4
    for name in ("a", "b", "d"):
        for args in (
            ("list", name),
            ("verify", name),
            ("verify", name, "--repair"),
            ("undo", name),
            ("search", name, "x"),
        ):
            code, _, err = run(*args)
            assert code == 6 and err.count("\n") == 1, args
    assert rows("list", "c") == [] and "empty" in run("verify", "c")[2]
    for name in ("a", "b", "d"):
        assert run("delete", name, "--yes")[0] == 0 and not (home / f"{name}.memory").exists()
