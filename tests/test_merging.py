"""Merging memories, and what a disk refuses: all or nothing."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.exporting import exported, told
from tests.journals import NOTES, contents, fill, tell
from titans_edge.errors import MemoryStateError
from titans_edge.journal import Journal, exchange
from titans_edge.journal.salvage import check
from titans_edge.journal.transfer import add, import_file, merge


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    path = tmp_path / "a.memory"
    fill(path, 23)
    return path


# --- merging


def test_merging_goes_by_time_and_keeps_operations_and_answers(memory: Path, tmp_path: Path) -> None:
    other = tmp_path / "b.memory"
    with Journal(other) as journal:
        for n in (100, 109):
            tell(journal, f"Between, {n}.", n, NOTES, at=1_700_000_000.5 + n - 97)
    with Journal(memory, write=False) as a, Journal(other, write=False) as b:
        assert merge([a, b], tmp_path / "c.memory") == 25
        got = [e for e, _ in contents(tmp_path / "c.memory")]
        assert [e.time for e in got] == sorted([e.time for e in a.entries()] + [e.time for e in b.entries()])
        assert {e.operation for e in got} == {e.operation for j in (a, b) for e in j.entries()}
        assert {e.text for e in got if e.answer} == {e.text for j in (a, b) for e in j.entries() if e.answer}
        assert all(e.ruling is None and e.record is not None for e in got)
    assert check(tmp_path / "c.memory") == 25


def test_merging_a_memory_with_itself_doubles_nothing(memory: Path, tmp_path: Path) -> None:
    import_file(tmp_path / "copy.memory", exported(memory, tmp_path / "out.jsonl"))
    with Journal(memory) as journal:
        tell(journal, "Only here.", 70)
    with Journal(memory, write=False) as a, Journal(tmp_path / "copy.memory", write=False) as b:
        assert merge([b, a, a], tmp_path / "c.memory") == 24
    got = [e for e, _ in contents(tmp_path / "c.memory")]
    assert [(e.text, e.offset, e.time) for e in got] == told(memory)
    assert sum(e.answer is True for e in got) == 2  # the copy had none


def test_a_merge_that_cannot_be_leaves_nothing(memory: Path, tmp_path: Path) -> None:
    with Journal(tmp_path / "b.memory") as journal:
        journal.put_snapshot(0, {}, b"x" * 64)
        with Journal(memory, write=False) as a, pytest.raises(MemoryStateError, match="older than journals"):
            merge([a, journal], tmp_path / "c.memory")
    assert not list(tmp_path.glob("c.*"))


FULL = """
import resource, signal, sys
from pathlib import Path
from titans_edge.errors import MemoryStateError
from titans_edge.journal.transfer import import_file
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    import_file(Path(sys.argv[1]), Path(sys.argv[2]))
except MemoryStateError:
    sys.exit(6)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX's")
def test_a_new_memory_that_the_disk_has_no_room_for_is_not_begun(memory: Path, tmp_path: Path) -> None:
    with Journal(memory) as journal:
        tell(journal, "long " * 50_000, 80)
    file = exported(memory, tmp_path / "out.jsonl")
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path / "new.memory"), str(file)], check=False)
    assert done.returncode == 6 and not list(tmp_path.glob("new*"))


def test_an_import_that_the_disk_refuses_imports_nothing(memory: Path, tmp_path: Path) -> None:
    file = exported(memory, tmp_path / "out.jsonl")
    before = contents(tmp_path / "a.memory")
    with Journal(memory) as journal:
        tell(journal, "More.", 80)
        lines = exchange.read(file)[1]
        many = [msgspec.structs.replace(x, time=x.time + 1 + n, text=x.text * 30) for n in range(20) for x in lines]
        journal.db.execute(f"PRAGMA max_page_count={journal.db.execute('PRAGMA page_count').fetchone()[0] + 2}")
        with pytest.raises(MemoryStateError, match="full"):
            add(journal, "out.jsonl", many)
        assert journal.count() == len(before) + 1
    assert check(memory) == 24 and sqlite3.sqlite_version
