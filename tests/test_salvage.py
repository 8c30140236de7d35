"""Repair: what is sound by its own checksum is kept, whatever is destroyed around it; the file is never missing."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
import zlib
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tests.damaging import PAGE, destroy, flip, open_with_log, page_of, repaired
from tests.journals import contents, fill, record, sentence, tell
from tests.old_journal import Old, make_format_2
from titans_edge.errors import MemoryStateError
from titans_edge.journal import Journal, NewSpan, pages
from titans_edge.journal.remains import collect
from titans_edge.journal.salvage import check, salvage
from titans_edge.sources import USER


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    """120 spans on several pages, closed."""
    path = tmp_path / "a.memory"
    fill(path, 120)
    return path


# --- reading without SQLite


def test_pages_are_read_as_sqlite_reads_them(tmp_path: Path) -> None:
    journal = open_with_log(tmp_path / "a.memory", 60)
    tell(journal, "long " * 4000, 60)
    journal.forget([5, 6])
    want = {r[0]: r[1:] for r in journal.db.execute("SELECT * FROM spans")}
    path, log = tmp_path / "a.memory", tmp_path / "a.memory-wal"
    whole, size = pages.with_log(path.read_bytes(), log.read_bytes())
    got = {r.number: r.values[1:] for r in pages.rows(whole, size) if len(r.values) == 9}
    assert got == want and len(want) == 59
    journal.close()
    again = path.read_bytes()
    whole, size = pages.with_log(again, b"")
    assert {r.number: r.values[1:] for r in pages.rows(whole, size) if len(r.values) == 9} == want


def test_what_a_log_made_the_file_shorter_by_does_not_come_back(tmp_path: Path) -> None:
    path = tmp_path / "a.memory"
    fill(path, 300)
    journal = Journal(path)
    journal.db.execute("PRAGMA wal_autocheckpoint=0")
    journal.forget(range(1, 290))
    journal.db.execute("VACUUM")
    assert b"Box 17 with" in path.read_bytes()  # it is still in the file, for the log is not taken in yet
    whole, size = pages.with_log(path.read_bytes(), (tmp_path / "a.memory-wal").read_bytes())
    assert sorted(r.number or 0 for r in pages.rows(whole, size) if len(r.values) == 9) == list(range(290, 301))
    journal.close()


# --- damage


def test_a_sound_memory_is_left_as_it_is(memory: Path) -> None:
    before = memory.read_bytes()
    assert check(memory) == 120 and salvage(memory) is None
    assert memory.read_bytes() == before and [p.name for p in memory.parent.glob("a.damaged*")] == []


@pytest.mark.slow
def test_any_page_destroyed_costs_what_stood_on_it_and_no_more(tmp_path: Path) -> None:
    memory = tmp_path / "a.memory"
    fill(memory, 90)
    want = {e.id: (e, at) for e, at in contents(memory)}
    most = dict.fromkeys(page_of(memory, "spans")[1:], 45)  # leaves: so many spans stand on one
    count = memory.stat().st_size // PAGE
    for number in range(1, count + 1):
        path = tmp_path / f"p{number}.memory"
        shutil.copy(memory, path)
        destroy(path, number, (b"\xa5", b"\0")[number % 2])
        found = salvage(path)
        got = {e.id: (e, at) for e, at in contents(path)}
        assert set(want) - set(got) == set(found.lost if found else ()), number
        assert len(want) - len(got) <= most.get(number, 0), number
        for i, (e, _) in got.items():
            assert (e.text, e.source, e.offset, e.time, e.surprise) == (
                want[i][0].text,
                want[i][0].source,
                want[i][0].offset,
                want[i][0].time,
                want[i][0].surprise,
            ), number
        assert check(path) == len(got)


def test_one_bad_page_of_spans_loses_only_its_own(memory: Path) -> None:
    want = contents(memory)
    leaf = page_of(memory, "spans")[2]
    destroy(memory, leaf)
    with pytest.raises(MemoryStateError, match="damaged"):
        Journal(memory)
    found = repaired(memory)
    assert 0 < len(found.lost) < 45 and found.kept == 120 - len(found.lost)
    assert contents(memory) == [w for w in want if w[0].id not in found.lost]
    assert found.aside.name == "a.damaged-1" and found.aside.stat().st_mode & 0o777 == 0o600
    assert memory.stat().st_mode & 0o777 == 0o600
    with Journal(memory) as journal:
        assert journal.meta("graft") == "graft-1" and journal.result("op-7.0") == {"n": 7} and journal.has("op-7", 0)
        assert len(journal.find(text="Box 119")) == 1 and tell(journal, "One more here.", 300) == 121


def test_a_destroyed_header_keeps_every_span(memory: Path) -> None:
    want = contents(memory)
    destroy(memory, 1)
    with pytest.raises(MemoryStateError, match="no journal"):
        check(memory)
    assert repaired(memory).lost == [] and contents(memory) == want


def test_a_file_cut_short_keeps_what_is_left(memory: Path) -> None:
    raw = memory.read_bytes()
    memory.write_bytes(raw[: len(raw) * 3 // 4 + 100])
    found = repaired(memory)
    assert found.kept > 0 and found.kept + len(found.lost) == 120 and check(memory) == found.kept


def test_a_flipped_bit_costs_only_its_part(memory: Path) -> None:
    flip(memory, b"Box 20 with a label", nth=0)
    with Journal(memory, check=False) as journal:
        assert [i for i, _ in journal.unsound()] == [21]
    raw = bytearray(memory.read_bytes())
    db = sqlite3.connect(memory)
    for table, number in (("facts", 31), ("rulings", 32), ("answers", 40)):
        (check_bytes,) = db.execute(f"SELECT checksum FROM {table} WHERE span = ?", (number,)).fetchone()
        raw[raw.index(check_bytes)] ^= 1
    db.close()
    memory.write_bytes(raw)
    found = repaired(memory)
    assert found.lost == [21] and found.kept == 119
    assert found.parts == {"its facts": [31], "its ruling": [32], "its answer": [40]}
    got = {e.id: e for e, _ in contents(memory)}
    assert got[31].record is None and got[31].ruling is not None and got[31].text == sentence(30)
    assert got[32].ruling is None and got[32].record is not None and got[40].answer is None
    with Journal(memory) as journal:
        assert journal.count_unread("graft-1") == 1


def test_the_state_older_than_the_journal_is_kept_where_it_is_sound(memory: Path) -> None:
    with Journal(memory) as journal:
        journal.put_snapshot(0, {}, bytes(range(256)) * 64)
        journal.put_snapshot(90, {"graft": "graft-1"}, b"x" * 4096)
    leaf = page_of(memory, "spans")[2]
    destroy(memory, leaf)
    assert not repaired(memory).base_lost
    with Journal(memory) as journal:
        assert journal.base() == bytes(range(256)) * 64 and journal.snapshot() is None
    with Journal(memory) as journal:
        (kept,) = journal.db.execute("SELECT checksum FROM snapshots").fetchone()
    flip(memory, kept)
    with pytest.raises(MemoryStateError, match="first state"):
        check(memory)
    found = repaired(memory)
    assert found.base_lost and found.aside.name == "a.damaged-2"
    with Journal(memory) as journal:
        assert journal.base() is None


def test_a_lost_source_is_found_again_by_the_checksum(memory: Path) -> None:
    want = contents(memory)
    for name in ("sources", "sqlite_autoindex_sources_1"):
        destroy(memory, page_of(memory, name)[0])
    repaired(memory)
    got = {e.id: e for e, _ in contents(memory)}
    assert [e.text for e in got.values()] == [e.text for e, _ in want]
    assert got[1].source == want[0][0].source and got[4].source.kind == "imported"  # a name is not found again


def test_a_row_under_a_wrong_number_is_put_back_or_dropped_never_believed(memory: Path) -> None:
    want = {e.id: e for e, _ in contents(memory)}
    found = list(pages.rows(memory.read_bytes(), PAGE))

    def moved(columns: int, old: int, new: int) -> dict[int, tuple[str, bytes | None]]:
        changed = [replace(r, number=new) if r.number == old and len(r.values) == columns else r for r in found]
        return {s.row[0]: (s.row[1], s.row[11]) for s in collect(changed).spans()}

    sound = {i: (e.text, e.record) for i, e in want.items()}
    assert moved(9, 3, 3) == sound
    assert moved(9, 3, 77_777) == sound and moved(9, 3, 8) == sound  # the index of groups knows the number
    assert moved(4, 3, 77_777) == moved(4, 3, 8) == sound | {3: (sound[3][0], None)}  # facts: read anew
    with Journal(memory) as journal:
        journal.put_snapshot(60, {}, b"state")
        journal.db.execute("UPDATE snapshots SET span = 70")
        assert journal.snapshot() is None and len(journal.notices) == 1


# --- a log


def test_what_only_the_log_holds_is_kept(tmp_path: Path) -> None:
    journal = open_with_log(tmp_path / "live.memory", 80)
    path = tmp_path / "a.memory"
    for end in ("", "-wal"):
        shutil.copy(tmp_path / f"live.memory{end}", tmp_path / f"a.memory{end}")
    want = list(journal.entries())
    journal.close()
    log = tmp_path / "a.memory-wal"
    raw = bytearray(log.read_bytes())
    raw[raw.rindex(b"Box 33 with")] ^= 1  # in the newest page that has it
    log.write_bytes(raw)
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as seen:
        assert seen.execute("SELECT count(*) FROM spans").fetchone()[0] < 80  # SQLite drops the rest without a word
    for call in (check, Journal, partial(Journal, write=False), partial(Journal, write=False, check=False)):
        with pytest.raises(MemoryStateError, match="write-ahead log"):
            call(path)
    before = log.read_bytes()
    found = repaired(path)
    assert found.lost == [34] and [e for e, _ in contents(path)] == [e for e in want if e.id != 34]
    assert (tmp_path / "a.damaged-1-wal").read_bytes() == before


def test_a_log_torn_by_a_crash_is_no_damage(tmp_path: Path) -> None:
    journal = open_with_log(tmp_path / "live.memory", 30)
    for end in ("", "-wal"):
        shutil.copy(tmp_path / f"live.memory{end}", tmp_path / f"a.memory{end}")
    journal.close()
    log = tmp_path / "a.memory-wal"
    log.write_bytes(log.read_bytes()[:-2000])
    assert check(tmp_path / "a.memory") == 29 and salvage(tmp_path / "a.memory") is None


def test_a_log_without_its_head_is_read(tmp_path: Path) -> None:
    journal = open_with_log(tmp_path / "live.memory", 30)
    for end in ("", "-wal"):
        shutil.copy(tmp_path / f"live.memory{end}", tmp_path / f"a.memory{end}")
    journal.close()
    log = tmp_path / "a.memory-wal"
    log.write_bytes(b"\0" * 32 + log.read_bytes()[32:])
    found = repaired(tmp_path / "a.memory")
    assert found.kept == 30 and found.lost == []


# --- crashes


KILLED = """
import itertools, os, signal, sys
from pathlib import Path
from titans_edge.journal import file, salvage

steps = itertools.count()

def killing(real):
    def before(*a, **k):
        if next(steps) == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*a, **k)
    return before

for owner, name in (Path, "replace"), (Path, "unlink"), (os, "fdopen"), (file, "sync"), (salvage, "sync"):
    setattr(owner, name, killing(getattr(owner, name)))
salvage.salvage(Path(sys.argv[1]))
"""


def killed_at(step: int, path: Path) -> int:
    """Repair in a process that is killed before the given step of those that touch the disk. Returns its exit code."""
    return subprocess.run([sys.executable, "-c", KILLED, str(path), str(step)], check=False, timeout=60).returncode


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no process is killed so there")
def test_a_repair_that_is_killed_leaves_the_old_or_the_new_and_a_second_one_finishes(tmp_path: Path) -> None:
    journal = open_with_log(tmp_path / "live.memory", 0)
    with journal.transaction():
        journal.append("op", 0, USER, [NewSpan(sentence(n), n) for n in range(60)], at=1.0)
    for n in range(60, 63):
        tell(journal, sentence(n), n)
    want = list(journal.entries())
    seen = set()
    for step in range(40):
        folder = tmp_path / str(step)
        folder.mkdir()
        for end in ("", "-wal"):
            shutil.copy(tmp_path / f"live.memory{end}", folder / f"a.memory{end}")
        log = folder / "a.memory-wal"
        raw = bytearray(log.read_bytes())
        raw[raw.rindex(b"Box 13 with")] ^= 1
        log.write_bytes(raw)
        code = killed_at(step, folder / "a.memory")
        seen.add(code)
        assert (folder / "a.memory").exists()
        salvage(folder / "a.memory")
        assert [e for e, _ in contents(folder / "a.memory")] == [e for e in want if e.id != 14], step
        if code == 0:
            break
    journal.close()
    assert seen == {0, -signal.SIGKILL}


FULL = """
import resource, signal, sys
from pathlib import Path
from titans_edge.errors import MemoryStateError
from titans_edge.journal.remains import collect
from titans_edge.journal.salvage import salvage
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    salvage(Path(sys.argv[1]))
except MemoryStateError as e:
    sys.exit(6)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX's")
def test_a_full_disk_leaves_the_damaged_file_as_it_was(memory: Path) -> None:
    destroy(memory, page_of(memory, "spans")[2])
    before = memory.read_bytes()
    for limit in (0, 20_000, len(before) // 2, len(before) - PAGE):
        done = subprocess.run([sys.executable, "-c", FULL, str(memory), str(limit)], check=False)
        assert done.returncode == 6 and memory.read_bytes() == before
        assert {p.name for p in memory.parent.iterdir()} <= {"a.memory", "a.lock", "a.memory-wal", "a.memory-shm"}
    assert repaired(memory).kept > 70


# --- format 2


def test_a_damaged_memory_of_format_2_is_repaired_into_format_3(tmp_path: Path) -> None:
    spans = [Old(sentence(n), record=record(sentence(n)) * 20, time=1000.0 + n) for n in range(120)]
    spans[7] = spans[7]._replace(kind="document", name="x.txt", accept=False, verdict=("withheld", 0.0, "odd"))
    state = zlib.compress(b"\0" * 64)
    path = make_format_2(tmp_path / "a.memory", spans, ("{}", state))
    flip(path, b"Box 55 with")
    with pytest.raises(MemoryStateError, match="span #56"):
        check(path)
    destroy(path, page_of(path, "verdicts")[0])
    found = repaired(path)
    assert found.lost == [56] and found.kept == 119
    got = {e.id: e for e, _ in contents(path)}
    assert got[8].source.name == "x.txt" and got[8].answer is False and got[8].record is None
    assert got[8].time == 1007.0 and got[1].text == sentence(0)
    with Journal(path) as journal:
        assert journal.base() == b"\0" * 64 and journal.meta("graft") == "old-graft"
        assert journal.summary()["format"] == 3
