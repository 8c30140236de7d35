"""titans-edge memory, as a user meets it: it needs neither backbone nor graft."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.commanding import COMMAND, damage, rows, run
from tests.journals import fill, sentence, tell
from titans_edge.cli import common
from titans_edge.errors import UsageError
from titans_edge.journal import Journal, NewSpan, documents
from titans_edge.journal.documents import Document
from titans_edge.sources import USER, Source


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


# --- looking


def test_memories_are_listed_searched_and_shown(kept: Path) -> None:
    assert "a " in run("list")[1] and "12 sentences" in run("list")[1]
    listed = rows("list", "a")
    assert [x["text"] for x in listed] == [sentence(n) for n in range(12)]
    assert [x["source"] for x in listed[:5]] == ["you", "you", "you", "notes.txt", "you"]
    assert [x["id"] for x in rows("list", "a", "--limit", "2")] == [11, 12]
    assert [x["id"] for x in rows("list", "a", "--quarantine")] == [5, 10]
    assert [x["id"] for x in rows("list", "a", "--quarantine", "--limit", "1")] == [10]
    assert "[4] notes.txt, " in run("search", "a", "BOX 3")[1] and '"Box 3 with' in run("search", "a", "BOX 3")[1]
    assert "(quarantined: why)" in run("search", "a", "box 4")[1] and "written" not in run("list", "a")[1]
    assert "sound: 12 sentences" in run("verify", "a")[1]
    for args in (
        ("search", "a", "  "),
        ("list", "a", "--limit", "-2"),
        ("list", "a", "--source", " "),
        ("show", "b", "3"),
        ("show", "a", "99"),
        ("show", "a", str(2**70)),
        ("list", "a", "--limit", str(2**70)),
    ):
        code, _, err = run(*args)
        assert code == 2 and err.count("\n") == 1, args


def test_a_sentence_is_shown_with_its_decision_and_facts(kept: Path) -> None:
    got = rows("show", "a", "10")[0]
    assert got["decision"] == "quarantined" and got["reason"] == "why" and got["policy"] == 3 and got["answer"] is True
    assert got["facts"] == ["Box · is in → 63"] and got["offset"] == 9 and got["kind"] == "user"
    shown = run("show", "a", "4")[1]
    for part in (
        sentence(3),
        "notes.txt, from character 3",
        "2023-11-1",
        "written: why (policy 3)",
        "Box · is in → 21",
    ):
        assert part in shown
    with Journal(kept / "a.memory") as journal, journal.transaction():
        journal.db.execute("DELETE FROM facts WHERE span = 3")
        journal.db.execute("DELETE FROM rulings WHERE span = 3")
    assert rows("show", "a", "3")[0]["facts"] is None and "not read yet" in run("show", "a", "3")[1]


def test_a_sentence_is_shown_with_what_may_have_taken_its_place(home: Path) -> None:
    with Journal(home / "a.memory") as journal:
        for n, (text, source) in enumerate((
            ("My rent is 540 pounds a month.", USER),
            ("The rent of the shop is due.", USER),
            ("My rent went up, it's 585 now.", USER),
            ("The rent is 10 now.", Source("document", "notes.txt")),
            ("Is the rent 600 now?", USER),
            ("I like tea now.", USER),
        )):  # fmt: skip
            tell(journal, text, n, source)
    assert [rows("show", "a", str(n))[0]["changed_by"] for n in (1, 3, 4)] == [[3], [], []]
    assert "changed by  #3 My rent went up, it's 585 now." in run("show", "a", "1")[1]
    assert "changed by" not in run("show", "a", "3")[1]


def test_a_document_called_you_is_not_cited_as_the_user(home: Path) -> None:
    with Journal(home / "a.memory") as journal:
        for n, name in enumerate(("you", "user", "notes.txt", "pasted", "c:x", "the model", "You", " yo\u200bu")):
            tell(journal, f"It says {n}.", n, Source("document", name))
        tell(journal, "I say.", 20, USER)
        tell(journal, "A friend's.", 21, Source("imported", "f.jsonl: you"))
    labels = [x["source"] for x in rows("list", "a")]
    assert labels[:6] == [
        "document:you",
        "document:user",
        "notes.txt",
        "document:pasted",
        "document:c:x",
        "document:the model",
    ]
    assert labels[6:] == ["document:You", "document: yo\u200bu", "you", "imported:f.jsonl: you"]

    def of(label: str) -> list[object]:
        return [x["id"] for x in rows("list", "a", "--source", label)]

    assert of("you") == of("user") == [9] and of("document:you") == [1] and of("notes.txt") == [3]
    assert of("imported") == of("imported:f.jsonl: you") == [10] and len(of("document")) == 8
    assert of("document:c:x") == [5] and of("pasted") == [] and of("nobody.txt") == []
    assert "[1] document:you," in run("list", "a")[1] and "[9] you," in run("list", "a")[1]


def test_citing_shows_the_label_and_no_control_characters() -> None:
    shown = {"id": 3, "source": "a\x1b[31m", "time": 1_700_000_000.0, "text": "x\r\n\x9b2Jy 👩‍🚀 سلام‌ها"}
    assert common.cite(shown).endswith(', 14 Nov: "x   2Jy 👩‍🚀 سلام‌ها"') and common.cite(shown).startswith(
        "[3] a [31m,"
    )
    assert common.source_named("you") == "you" and common.source_named("") == ""
    with pytest.raises(UsageError):
        common.source_named("  ")


def test_nothing_is_shown_that_is_not_what_was_stored(kept: Path) -> None:
    damage(kept / "a.memory", b"Box 3 with")
    assert run("show", "a", "4")[0] == 6 and run("list", "a")[0] == 6
    assert run("show", "a", "5")[0] == 0  # its own row is sound


def test_listing_reads_no_more_than_it_shows(kept: Path) -> None:
    damage(kept / "a.memory", b"Box 3 with")  # would be found by reading everything
    assert [x["id"] for x in rows("list", "a", "--limit", "3")] == [10, 11, 12]
    assert [x["id"] for x in rows("search", "a", "box 9")] == [10]
    assert [x["id"] for x in rows("list", "a", "--quarantine")] == [5, 10]
    assert rows("forget", "a", "--id", "11") == [{"forgotten": 1}]


# --- forgetting


def test_forgetting_and_undoing(kept: Path) -> None:
    assert "Forgotten: 1" in run("undo", "a")[1]
    assert "Forgotten: 1" in run("forget", "a", "room 35")[1]
    assert "Forgotten: 2" in run("forget", "a", "--source", "notes.txt")[1]
    assert (
        "Forgotten: 0" in run("forget", "a", "--source", "notes.txt")[1]
        and "Forgotten: 0" in run("forget", "a", "!!!")[1]
    )
    for args in (
        ("forget", "a"),
        ("forget", "a", " "),
        ("forget", "a", "5"),
        ("forget", "a", "#5"),
        ("forget", "a", " ", "--id", "1"),
        ("forget", "a", "--since", "soon"),
    ):
        code, _, err = run(*args)
        assert code == 2 and err.count("\n") == 1, args
    code, _, err = run("forget", "a", "--id", "99", "--id", str(2**70), "--id", "-3")
    assert code == 2 and f"#-3, #99, #{2**70}" in err
    code, out, err = run("forget", "a", "--id", "2", "--id", "99", "--id", "2")
    assert code == 0 and "Forgotten: 1" in out and "#99" in err
    assert [x["id"] for x in rows("list", "a")] == [1, 3, 5, 7, 9, 10, 11]
    assert rows("list", "a")[2]["decision"] == "undecided"
    assert b"room 35" not in (kept / "a.memory").read_bytes()
    assert run("undo", "a")[0] == 0


def test_undoing_a_changed_document_says_what_is_there_again(kept: Path) -> None:
    old, new = (Document(f"document:{n}", "/n.txt", "n.txt", n, n, 1.0, complete=True) for n in ("old", "new"))
    with Journal(kept / "a.memory") as journal:
        with journal.transaction():
            for d in (old, new):
                documents.put(journal.db, replace(d, complete=d is old))
                journal.append(d.operation, 0, Source("document", d.name), [NewSpan(f"The {d.text} pot is blue.")])
        (last,) = documents.spans_of(journal.db, [old.operation])
        journal.forget([last], "replaced", new)
    assert [x["text"] for x in rows("search", "a", "pot")] == ["The new pot is blue."]
    assert "Forgotten: 1. The version it had replaced is there again (1 sentence)." in run("undo", "a")[1]
    assert [x["text"] for x in rows("search", "a", "pot")] == ["The old pot is blue."]


def test_what_waits_is_accepted_or_rejected(kept: Path) -> None:
    assert "Accepted" in run("accept", "a", "5")[1] and run("accept", "a", "5")[0] == 2
    with Journal(kept / "a.memory") as journal:
        assert [e.answer for e in journal.get([5])] == [True]
    assert run("reject", "a", "1")[0] == 2 and run("reject", "a", "1000")[0] == 2


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX's")
def test_forgetting_on_a_full_disk_forgets_and_says_what_is_left_to_do(home: Path) -> None:
    fill(home / "a.memory", 400)
    limit = (home / "a.memory").stat().st_size
    full = (
        f"import resource as r, signal as s; s.signal(s.SIGXFSZ, s.SIG_IGN); r.setrlimit(r.RLIMIT_FSIZE, [{limit}] * 2)"
    )
    full = f"{full}; {COMMAND}"
    got = subprocess.run(
        [sys.executable, "-c", full, "forget", "a", "--id", "7"], capture_output=True, text=True, check=False
    )
    assert got.returncode == 0 and "Forgotten: 1" in got.stdout and "memory compact a" in got.stderr, got
    assert got.stderr.count("\n") == 1
    with Journal(home / "a.memory") as journal:
        assert journal.count() == 399 and journal.get([7]) == [] and len(journal.find(text="Box 6")) == 4
    assert "now" in run("compact", "a")[1] and b"Box 6 with" not in (home / "a.memory").read_bytes()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no terminal to be had there")
def test_at_a_terminal_one_is_asked(kept: Path) -> None:
    import pty

    def at_terminal(answer: bytes, *args: str) -> tuple[int, str]:
        own, other = pty.openpty()
        os.write(own, answer)
        got = subprocess.run(
            [sys.executable, "-c", COMMAND, *args], stdin=other, capture_output=True, text=True, check=False
        )
        os.close(own)
        os.close(other)
        return got.returncode, got.stderr

    for args, asks in (
        (("forget", "a", "--source", "you"), "Forget these 9?"),
        (("delete", "a"), "Delete a with 12"),
        (("reset", "a"), "Forget everything in a with 12"),
    ):
        code, err = at_terminal(b"n\n", *args)
        assert code == 1 and asks in err
        with Journal(kept / "a.memory", write=False) as journal:
            assert journal.count() == 12
    assert at_terminal(b"y\n", "forget", "a", "--source", "you")[0] == 0
    with Journal(kept / "a.memory", write=False) as journal:
        assert journal.count() == 3


def test_where_nobody_can_be_asked_only_yes_is_yes(kept: Path) -> None:
    (kept / "a.damaged-1").write_bytes(b"old text")
    for args in (("delete", "a"), ("reset", "a"), ("clean", "a")):
        code, _, err = run(*args)
        assert code == 2 and "--yes" in err and len(list(kept.glob("a.*"))) >= 2
    assert run("clean", "a", "--yes")[1] == "Removed: a.damaged-1.\n"
    assert "forgotten" in run("reset", "a", "--yes")[1] and rows("list", "a") == []
    assert "deleted" in run("delete", "a", "--yes")[1] and list(kept.iterdir()) == []
