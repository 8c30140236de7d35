"""Memories of formats 1 and 2 go on in format 3: nothing they held is lost, and nothing damaged is believed."""

from __future__ import annotations

import sqlite3
import zlib
from pathlib import Path

import pytest

from tests.old_journal import Old, make_format_1, make_format_2
from titans_edge.errors import MemoryStateError
from titans_edge.journal import Journal, NewSpan, legacy
from titans_edge.journal.salvage import check
from titans_edge.rulings import Decision
from titans_edge.sources import USER, Source

SPANS = [
    Old("Mary went to the kitchen.", time=1000.5),
    Old(
        "The milk is in the garden.",
        "document",
        "you",
        1001.0,
        place=7,
        surprise=None,
        verdict=("damped", 0.5, "trust"),
    ),
    Old("Bob is Ann.", "web", "an.example", 1001.0, verdict=("quarantined", 0.0, "contradicts #1"), accept=True),
    Old("Follow me!", "pasted", "", 1002.0, record=None, verdict=("withheld", 0.0, "an order")),
    Old("It rained.", record=None, verdict=None, time=1003.0),
    Old("The milk is green.", "assistant", "", 1004.0, verdict=("repeated", 0.0, "again"), accept=False),
    Old("Naïve café\u2028ends.", verdict=("believed", 1.0, "by a newer guard"), time=1005.0),
]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return make_format_2(tmp_path / "a.memory", SPANS)


def test_format_2_keeps_text_sources_times_and_answers(old: Path) -> None:
    with Journal(old) as journal:
        got = list(journal.entries())
        assert journal.meta("graft") == "old-graft" and len(journal.notices) == 1 and journal.verify() == []
    assert [(e.id, e.text, e.time, e.offset, e.surprise) for e in got] == [
        (n, s.text, s.time, s.place, s.surprise) for n, s in enumerate(SPANS, 1)
    ]
    assert [e.source for e in got[:4]] == [
        USER,
        Source("document", "you"),
        Source("imported", "web an.example"),
        Source("pasted"),
    ]
    assert [e.answer for e in got] == [None, None, True, None, None, False, None]
    assert [e.operation for e in got] == [f"event-{n}" for n in range(7)]
    assert all(e.record is None for e in got)
    with Journal(old) as again:
        assert again.notices == [] and list(again.entries()) == got and again.count_unread("any") == 7
        assert again.answer_times() == {3: 1002.0, 6: 1005.0}


def test_format_2_decisions_stay_and_unknown_ones_are_decided_anew(old: Path) -> None:
    with Journal(old) as journal:
        got = [e.ruling for e in journal.entries()]
    assert [r and (r.decision, r.scale, r.reason) for r in got] == [
        (Decision.WRITTEN, 1.0, "your own words"),
        (Decision.DAMPED, 0.5, "trust"),
        (Decision.QUARANTINED, 0.0, "contradicts #1"),
        (Decision.QUARANTINED, 0.0, "an order"),
        None,
        (Decision.REPEATED, 0.0, "again"),
        None,
    ]
    assert [r.confined for r in got if r] == [False, True, False, False, False] and {r.policy for r in got if r} == {0}


def test_numbers_of_forgotten_spans_are_not_given_again(old: Path) -> None:
    db = sqlite3.connect(old, isolation_level=None)
    db.execute("PRAGMA foreign_keys=ON")
    db.execute("DELETE FROM spans")
    db.execute("DELETE FROM batches")
    db.close()
    with Journal(old) as journal, journal.transaction():
        assert journal.append("o", 0, USER, [NewSpan("New.")])[0].id == 8


def test_words_are_found_and_forgotten_after_the_change(old: Path) -> None:
    with Journal(old) as journal:
        assert [e.id for e in journal.find(text="MILK")] == [2, 6] and [e.id for e in journal.find(text="cafe")] == [7]
        assert journal.forget([2]) == 1 and [e.id for e in journal.find(text="milk")] == [6]
        journal.compact()
    assert check(old) == 6 and b"garden" not in old.read_bytes() and b"vectors" not in old.read_bytes()


def test_reading_and_verifying_format_2_changes_no_byte(old: Path) -> None:
    before = old.read_bytes()
    assert check(old) == 7
    with Journal(old, write=False) as journal:
        assert journal.summary()["sentences"] == 7 and len(journal.find(source="document:you")) == 1
    assert old.read_bytes() == before


def test_the_first_state_of_format_2_is_kept(tmp_path: Path) -> None:
    state = bytes(range(64)) * 4
    path = make_format_2(tmp_path / "a.memory", SPANS, ('{"guard": 1}', zlib.compress(state)))
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("INSERT INTO snapshots SELECT 5, standing, state, checksum FROM snapshots")
    db.close()
    with Journal(path) as journal:
        assert journal.base() == state and journal.snapshot() is None and journal.verify() == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE spans SET text = 'Mary went to the cellar.' WHERE id = 1",
        "UPDATE spans SET time = 9e999 WHERE id = 1",
        "UPDATE sources SET kind = 'user' WHERE kind = 'web'",
        "UPDATE spans SET record = x'00' WHERE id = 2",
    ],
)
def test_damage_is_not_carried_over_as_sound(old: Path, change: str) -> None:
    db = sqlite3.connect(old, isolation_level=None)
    db.execute(change)
    db.close()
    before = old.read_bytes()
    for write in (True, False):
        with pytest.raises(MemoryStateError, match="damaged"):
            Journal(old, write=write, check=False)
    assert old.read_bytes() == before


def test_a_change_of_format_that_fails_leaves_format_2(old: Path) -> None:
    db = sqlite3.connect(old, isolation_level=None)
    db.execute("INSERT INTO rulings VALUES (4, 1, 'when?')")
    db.close()
    before = old.read_bytes()
    with pytest.raises(MemoryStateError):
        Journal(old)
    db = sqlite3.connect(old)
    assert db.execute("PRAGMA user_version").fetchone() == (2,) and db.execute(
        "SELECT count(*) FROM spans"
    ).fetchone() == (7,)
    db.close()
    assert len(before) == len(old.read_bytes())


def test_a_file_that_a_process_died_making_is_an_empty_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.memory"
    for sql in ("", "PRAGMA journal_mode=WAL"):
        path.unlink(missing_ok=True)
        path.touch()
        db = sqlite3.connect(path)
        db.execute(sql)
        db.close()
        with Journal(path, write=False) as journal:
            assert journal.count() == 0 and list(journal.entries()) == []
        with Journal(path) as journal:
            assert journal.count() == 0 and journal.verify() == []


def test_format_1_goes_on_as_the_state_a_journal_begins_with(tmp_path: Path) -> None:
    path, state = make_format_1(tmp_path / "a.memory")
    before = path.read_bytes()
    assert legacy.is_legacy(path) and "a.format-1" in legacy.migrate(path, "new-graft", ["old-graft"])
    assert not legacy.is_legacy(path) and (tmp_path / "a.format-1").read_bytes() == before
    assert legacy.migrate(path, "new-graft") == "" and check(path) == 0
    with Journal(path) as journal:
        assert journal.base() == state and journal.meta("graft") == "new-graft" and journal.snapshot() is None
    assert {p.stat().st_mode & 0o777 for p in tmp_path.iterdir()} == {0o600}


def test_format_1_of_another_graft_or_damaged_is_left_alone(tmp_path: Path) -> None:
    path, _ = make_format_1(tmp_path / "a.memory")
    before = path.read_bytes()
    with pytest.raises(MemoryStateError, match="another graft"):
        legacy.migrate(path, "graft")  # "old-graft" only ends in it
    path, _ = make_format_1(tmp_path / "b.memory", value=float("nan"))
    with pytest.raises(MemoryStateError, match="cannot be read"):
        legacy.migrate(path, "old-graft")
    assert (tmp_path / "a.memory").read_bytes() == before
    assert sorted(p.suffix for p in tmp_path.iterdir()) == [".lock", ".lock", ".memory", ".memory"]
    path.write_bytes(before[:-1] + b"x")
    assert not legacy.is_legacy(path)
    with pytest.raises(MemoryStateError, match="no journal"):
        Journal(path)
