"""What a repair refuses to touch, and what is unsound though every checksum is right."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from tests.damaging import destroy, open_with_log, page_of, repaired
from tests.journals import fill, tell
from titans_edge.errors import MemoryStateError
from titans_edge.facts import Fact, Key, Phrase, pack
from titans_edge.journal import Journal
from titans_edge.journal.salvage import check, salvage
from titans_edge.rulings import Decision, Ruling


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    """80 spans on several pages, closed."""
    path = tmp_path / "a.memory"
    fill(path, 80)
    return path


# --- what is refused


def test_a_memory_in_use_is_refused_and_untouched(tmp_path: Path) -> None:
    path, log = tmp_path / "a.memory", tmp_path / "a.memory-wal"
    journal = open_with_log(path, 20)
    before = path.read_bytes(), log.read_bytes()
    with pytest.raises(MemoryStateError, match="in use"):
        salvage(path)
    assert (path.read_bytes(), log.read_bytes()) == before and check(path) == 20
    journal.close()


def test_a_newer_format_is_refused_and_untouched(memory: Path) -> None:
    db = sqlite3.connect(memory)
    db.execute("PRAGMA user_version=4")
    db.close()
    destroy(memory, page_of(memory, "spans")[2])
    before = memory.read_bytes()
    for call in (check, salvage):
        with pytest.raises(MemoryStateError, match="newer"):
            call(memory)
    assert memory.read_bytes() == before and not list(memory.parent.glob("a.damaged*"))


def test_a_newer_format_that_sqlite_cannot_read_is_refused_too(memory: Path) -> None:
    raw = bytearray(memory.read_bytes())
    raw[60:64] = (9).to_bytes(4, "big")  # user_version
    raw[16:18] = b"\0\0"  # size of its pages
    memory.write_bytes(raw)
    with pytest.raises(MemoryStateError, match="damaged"):
        check(memory)
    with pytest.raises(MemoryStateError, match=r"newer Titans Edge \(format 9\)"):
        salvage(memory)
    assert memory.read_bytes() == raw and not list(memory.parent.glob("a.damaged*"))


def test_a_file_that_holds_nothing_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.memory"
    for raw in (b"rubbish" * 5000, b"SQLite format 3\0" + os.urandom(30_000)):
        path.write_bytes(raw)
        with pytest.raises(MemoryStateError, match="left as it is"):
            salvage(path)
        assert path.read_bytes() == raw and sorted(p.name for p in tmp_path.iterdir() if "lock" not in p.name) == [
            "a.memory"
        ]


# --- values that no checksum speaks against


def phrase(*ids: int, start: int = 0, end: int = 3) -> Phrase:
    return Phrase("Box", start, end, ids, ids)


@pytest.mark.parametrize(
    "facts",
    [
        (Fact(Key(phrase(1), phrase(2)), phrase(3), float("inf")),),
        (Fact(Key(phrase(1), phrase(2)), phrase(3), float("nan")),),
        (Fact(Key(phrase(1), phrase(2)), phrase(3), 2.0),),
        (Fact(Key(phrase(1), phrase(2)), phrase(99_999), 0.5),),
        (Fact(Key(phrase(1), phrase(2)), phrase(-1), 0.5),),
        (Fact(Key(phrase(1), phrase(2)), phrase(3, start=9, end=3), 0.5),),
        tuple(Fact(Key(phrase(1), phrase(2)), phrase(3), 0.5) for _ in range(1000)),
    ],
    ids=["inf", "nan", "rate 2", "no such token", "negative", "backwards", "a thousand"],
)
def test_facts_that_no_encoder_writes_are_unsound_and_read_anew(memory: Path, facts: tuple[Fact, ...]) -> None:
    with Journal(memory) as journal, journal.transaction():
        journal.put_facts(9, "graft-1", pack(facts))
        journal.db.execute("INSERT INTO meta VALUES ('vocabulary', '5000')")
    with pytest.raises(MemoryStateError, match="span #9: its facts"):
        check(memory)
    assert repaired(memory).parts == {"its facts": [9]} and check(memory) == 80


@pytest.mark.parametrize("scale", [float("inf"), 1.5, -1.0])
def test_a_ruling_that_no_policy_makes_is_unsound(memory: Path, scale: float) -> None:
    with Journal(memory) as journal, journal.transaction():
        journal.decide([(9, Ruling(Decision.WRITTEN, scale, "", trust=1.0))])
    with pytest.raises(MemoryStateError, match="span #9: its ruling"):
        check(memory)
    assert repaired(memory).parts == {"its ruling": [9]}


@pytest.mark.parametrize("time", [1e18, float("inf"), -1.0])
def test_a_time_that_cannot_be_is_unsound(memory: Path, time: float) -> None:
    with Journal(memory) as journal:
        tell(journal, "Some when.", 777, at=time)
    with pytest.raises(MemoryStateError, match="span #81: its text or source: no such time"):
        check(memory)
    assert repaired(memory).lost == [81]


def test_values_of_the_wrong_kind_are_unsound(memory: Path) -> None:
    with Journal(memory) as journal:
        for sql in (
            "UPDATE spans SET time = 'soon' WHERE id = 3",
            "UPDATE facts SET record = 'text' WHERE span = 4",  # no facts at all then: read anew
            "UPDATE rulings SET decision = 'perhaps' WHERE span = 5",
            "UPDATE operations SET result = '[' WHERE operation = 'op-1.0'",
        ):
            journal.db.execute(sql)
        journal.db.execute("UPDATE spans SET text = ? WHERE id = 6", (b"\xff\xfe",))
        journal.db.execute("UPDATE spans SET text = CAST(x'ff' AS TEXT) WHERE id = 7")
    found = repaired(memory)
    assert found.lost == [3, 6, 7] and found.parts == {"its ruling": [5]} and check(memory) == 77


def test_a_broken_index_of_words_is_found_and_made_anew(memory: Path) -> None:
    with Journal(memory) as journal:
        journal.db.execute("DELETE FROM words_data WHERE id > 100")
    with pytest.raises(MemoryStateError, match="index of words"):
        check(memory)
    assert repaired(memory).lost == []
    with Journal(memory) as journal:
        assert len(journal.find(text="Box 79")) == 1
