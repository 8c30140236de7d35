"""The journal: what was acknowledged is kept, in order, whatever text it is; damage is noticed, and says so."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from tests.fake_host import kill
from tests.journals import GRAFT, fill, filled, record, sentence, tell
from tests.telling import DOCUMENT, TEXTS, Open
from titans_edge.errors import MemoryStateError, UsageError
from titans_edge.features import SpanFeatures
from titans_edge.gguf_header import read_header
from titans_edge.journal import Journal, NewSpan
from titans_edge.journal.checks import MAX_OFFSET, MAX_TIME
from titans_edge.journal.salvage import salvage
from titans_edge.neural import graft as grafts
from titans_edge.neural.matrix import MatrixStore
from titans_edge.rulings import Decision, Ruling
from titans_edge.sidecar.client import HostClient, MemoryClient
from titans_edge.sidecar.host import MemoryHost
from titans_edge.sources import USER, Source


def append(journal: Journal, operation: str, *texts: str, source: Source = USER) -> list[int]:
    with journal.transaction():
        return [e.id for e in journal.append(operation, 0, source, [NewSpan(t) for t in texts])]


# --- what it keeps


def test_a_clock_that_jumps_changes_no_order_and_leaves_a_memory_that_opens(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with Journal(tmp_path / "m.memory") as journal:
        for n, now in enumerate((-5.0, 100.0, 50.0, 1e18, 60.0)):
            monkeypatch.setattr(time, "time", lambda now=now: now)
            append(journal, f"e{n}", "x")
        assert [e.time for e in journal.entries()] == [0.0, 100.0, 100.0, MAX_TIME, MAX_TIME]
    with Journal(tmp_path / "m.memory") as journal:
        assert journal.verify() == [] and journal.count() == 5


@pytest.mark.parametrize("offset", [-1, MAX_OFFSET + 1, 0.5, True])
def test_a_span_that_stands_nowhere_is_refused_and_nothing_is_written(offset: Any) -> None:
    with Journal(None) as journal:
        with pytest.raises(UsageError, match="no place"), journal.transaction():
            journal.append("e", 0, USER, [NewSpan("I am."), NewSpan("I was.", offset)])
        assert journal.count() == 0 and journal.verify() == []


@given(text=st.text(st.characters(), max_size=40))
def test_any_text_is_kept_found_and_forgotten(text: str) -> None:
    with Journal(None) as journal:
        with journal.transaction():
            (e,) = journal.append("e", 0, Source("document", text), [NewSpan(text)])
        assert journal.verify() == [] and e.text == text.encode("utf-8", "replace").decode()
        journal.find(text=text)
        journal.like(text.split(), 3)
        assert journal.forget([e.id]) == 1 and journal.count() == 0


@pytest.mark.slow
def test_every_plane_of_unicode_and_a_line_of_ten_megabytes(tmp_path: Path) -> None:
    text = "".join(chr(p * 0x10000 + 0x41) for p in range(17)) + "word " * 2_000_000
    path = tmp_path / "m.memory"
    with Journal(path) as journal:
        append(journal, "e", text)
    with Journal(path) as journal:
        assert next(journal.entries()).text == text and journal.find(text="word")[0].id == 1


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with Journal(tmp_path / "m.memory") as journal:
        append(journal, "a", "kept")
        with pytest.raises(ValueError, match="on purpose"), journal.transaction():
            journal.append("b", 0, USER, [NewSpan("lost")])
            raise ValueError("on purpose")
        with pytest.raises(MemoryStateError), journal.transaction():
            journal.append("c", 0, USER, [NewSpan("lost")])
            journal.append("a", 0, USER, [NewSpan("twice")])  # the group is there
        assert [e.text for e in journal.entries()] == ["kept"] and append(journal, "d", "next") == [2]


def test_a_closed_journal_says_so_and_closing_twice_is_once() -> None:
    journal = Journal(None)
    journal.close()
    journal.close()
    with pytest.raises(MemoryStateError, match="is closed"):
        journal.count()


def test_forgetting_goes_by_what_is_there_and_takes_with_it_all_that_depends_on_it() -> None:
    with filled(None, 12) as journal:
        journal.put_snapshot(4, {}, b"4")
        journal.put_snapshot(9, {}, b"9")
        rulings = {e.id: e.ruling for e in journal.entries()}
        assert journal.forget([1, 2**70, -3, 0]) == 1 and journal.forget([1, 99]) == 0
        assert [e.ruling for e in journal.entries()] == [None] * 11 and journal.snapshot() is None
        with journal.transaction():
            journal.decide([(i, r) for i, r in rulings.items() if r and i > 1])
        journal.put_snapshot(4, {}, b"4")
        journal.put_snapshot(9, {}, b"9")
        assert journal.forget([8, 6, 6]) == 2
        left = [i for i in rulings if i not in (1, 6, 8)]
        assert {e.id: e.ruling for e in journal.entries()} == {i: rulings[i] if i < 6 else None for i in left}
        found = journal.snapshot()
        assert found is not None and found[0] == 4
        assert journal.find(text="room 49") == [] and journal.verify() == []
        for table, column in (("facts", "span"), ("rulings", "span"), ("answers", "span"), ("batches", "id")):
            assert journal.db.execute(f"SELECT count(*) FROM {table} WHERE {column} IN (1, 6, 8)").fetchone() == (0,)


def test_a_journal_that_is_only_read_can_hold_rulings_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "m.memory"
    fill(path, 6)
    with Journal(path) as journal:
        journal.forget([3])
    before = path.read_bytes()
    with Journal(path, write=False) as reader:
        made = [(i, Ruling(Decision.WRITTEN, 1.0, "now", False, 1.0, 7)) for i in (4, 5)]
        reader.decide_here(made[:1])
        reader.decide_here(made[1:])
        assert [e.ruling and e.ruling.reason for e in reader.entries()] == ["why", "why", "now", "now", None]
        assert {i for i, _ in reader.like(["box"], 9)} == {1, 2, 4, 5} and reader.decisions(3).keys() == {4, 5}
    assert path.read_bytes() == before
    with Journal(path, write=False) as reader:
        assert [e.ruling is None for e in reader.entries()] == [False, False, True, True, True]


def test_facts_are_unread_by_grafts_that_did_not_read_them() -> None:
    with filled(None, 5) as journal:
        with journal.transaction():
            journal.put_facts(2, "other", record("x y"))
        append(journal, "bare", "no facts")
        assert [e.id for e in journal.unread(GRAFT)] == [2, 6] and journal.count_unread(GRAFT) == 2
        assert [e.id for e in journal.unread(GRAFT, "other")] == [6] and journal.count_unread("other", GRAFT) == 1
        assert [e.id for e in journal.unread("nobody", limit=2)] == [1, 2] and journal.count_unread("nobody") == 6


def test_a_result_is_kept_for_the_last_operations_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("titans_edge.journal.journal.OPERATIONS", 4)
    monkeypatch.setattr("titans_edge.journal.journal.PRUNED", 2)
    with Journal(None) as journal:
        for n in range(20):
            with journal.transaction():
                journal.done(f"o{n}", {"n": n})
        known = [n for n in range(20) if journal.result(f"o{n}") == {"n": n}]
    assert set(range(16, 20)) <= set(known) and len(known) <= 6


def test_the_words_of_a_group_belong_to_its_operation_and_the_last_one_is_the_newest() -> None:
    with Journal(None) as journal:
        append(journal, "a", "one", "two")
        with journal.transaction():
            journal.append("a", 1, USER, [NewSpan("three")])
        append(journal, "b", "four", source=DOCUMENT)
        assert [e.text for e in journal.group("a", 0)] == ["one", "two"] and journal.group("c", 0) == []
        assert journal.last_operation() == [4] and journal.forget([4]) == 1
        assert journal.last_operation() == [1, 2, 3] and journal.has("a", 1) and not journal.has("b", 0)


# --- damage


def test_every_bit_flip_in_a_text_is_noticed_and_the_rest_is_kept(opened: Open, tmp_path: Path) -> None:
    path = tmp_path / "m.memory"
    c = opened(path)
    c.tell(0, 1, 2, 3)
    c.close()
    good = path.read_bytes()
    at = good.index(b"John took the milk there.")
    path.write_bytes(good[:at] + b"Joan" + good[at + 4 :])
    with pytest.raises(MemoryStateError, match=r"damaged.*#2.*--repair"):
        opened(path)
    repair = salvage(path)
    assert repair is not None and (repair.kept, repair.lost) == (3, [2])
    never = opened()
    never.tell(0, 2, 3)
    assert opened(path).state() == never.state()


@pytest.fixture(scope="module")
def sound(
    tiny_path: Path, graft_path: Path, spans: list[SpanFeatures], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    path = tmp_path_factory.mktemp("sound") / "sound.memory"
    with MemoryClient.open(str(tiny_path), str(graft_path), str(path), local=True) as c:
        c.write(spans[:4], TEXTS[:4])
        c.wait()
    return path


@given(data=st.data())
def test_a_torn_or_flipped_file_is_refused_or_right(sound: Path, data: st.DataObject) -> None:
    good = sound.read_bytes()
    bad = sound.with_name(f"bad-{time.monotonic_ns()}.memory")
    at, bit = data.draw(st.integers(0, len(good) - 1)), 1 << data.draw(st.integers(0, 7))
    torn = data.draw(st.booleans())
    bad.write_bytes(good[:at] if torn else good[:at] + bytes([good[at] ^ bit]) + good[at + 1 :])
    try:
        with Journal(bad) as journal:
            told = [(e.text, e.record, e.ruling) for e in journal.entries()]
    except MemoryStateError as e:
        assert "damaged" in str(e) or "newer" in str(e)
        return
    with Journal(sound) as journal:  # a flip in what no one reads, or an empty file
        assert told == [(e.text, e.record, e.ruling) for e in journal.entries()] or (torn and at == 0)


def test_values_of_another_kind_are_damage_whoever_meets_them(tmp_path: Path) -> None:
    path = tmp_path / "m.memory"
    fill(path, 3)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE rulings SET decision = 'dreamt' WHERE span = 2")
    db.close()
    with pytest.raises(MemoryStateError, match="damaged"):
        Journal(path)
    with Journal(path, check=False) as journal, pytest.raises(MemoryStateError, match="damaged"):
        list(journal.entries())


# --- other processes, other formats


@pytest.mark.slow
@pytest.mark.parametrize("kept", [True, False])
def test_a_killed_process_loses_nothing(
    tiny_path: Path, graft_path: Path, spans: list[SpanFeatures], opened: Open, tmp_path: Path, kept: bool
) -> None:
    whole = opened()
    whole.tell(0, 1, 3)
    path = str(tmp_path / "m.memory") if kept else None
    with HostClient(str(tiny_path), str(graft_path)) as host:
        c = host.memory("m", path)
        for i in (0, 1, 2, 3):
            c.begin()
            c.write([spans[i]], [TEXTS[i]])
            if i == 1:
                kill(c)
        assert c.forget([3]) == 1
        kill(c)
        assert c.state() == whole.state() and c.restarts == 2
        assert [s["text"] for s in c.find()] == whole.texts()


def test_a_memory_of_format_1_goes_on_as_it_was(
    opened: Open, tiny_path: Path, graft_path: Path, tmp_path: Path, new_host: Callable[..., MemoryHost]
) -> None:
    path, whole = tmp_path / "m.memory", opened()
    whole.tell(0)
    want = whole.state()
    store = grafts.load(graft_path, read_header(tiny_path)).memory.new_store()
    assert isinstance(store, MatrixStore)
    store.load(want)
    memory = np.stack([m.numpy() for m in store.matrices])
    arrays = {"memory": memory, "momentum": np.zeros_like(memory)}
    raw = save(arrays, {"format": "1", "graft": grafts.file_id(graft_path)})
    path.write_bytes(raw + hashlib.sha256(raw).digest())
    c = opened(path)
    assert c.state() == want and c.rows() and "journal" in c.info["notices"][0]
    c.tell(1)
    kept = c.state()
    c.close()
    again = opened(path)
    assert again.state() == kept != want and again.change("undo")["forgotten"] == 1 and again.state() == want
    again.close()
    with pytest.raises(MemoryStateError, match="under another graft"):
        other = grafts.load(graft_path, read_header(tiny_path))
        other.info = grafts.GraftInfo(1, other.info.fingerprint, 0.25)
        grafts.save(other, tmp_path / "other.gguf")
        opened(path, new_host(tmp_path / "other.gguf"))


def test_a_span_told_and_filled_are_the_same_rows() -> None:
    """The journals of other tests are journals as they are written here."""
    with Journal(None) as journal:
        assert tell(journal, sentence(4), 4) == 1
        (e,) = journal.entries()
        assert e.ruling is not None and e.ruling.decision is Decision.QUARANTINED and journal.quarantine() == [e]
