"""The journal: a state is a pure function of graft and journal, forgetting is exact, and what was acknowledged is
kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save
from titans_edge.neural.records import pack, unpack
from titans_edge.neural.replay import Replay, shares
from titans_edge.transfer import copy, salvage

from tests.telling import TEXTS, Open, state, tell
from titans_edge.errors import MemoryStateError
from titans_edge.features import SpanFeatures
from titans_edge.gguf_header import read_header
from titans_edge.journal import Journal, NewSpan
from titans_edge.neural import graft as grafts
from titans_edge.neural.memory import Address, Association, NeuralMemory
from titans_edge.sidecar.client import MemoryClient
from titans_edge.sources import TRUST, USER, Source

KINDS = tuple(TRUST)


@pytest.fixture(scope="module")
def memory(tiny_path: Path, graft_path: Path) -> NeuralMemory:
    return grafts.load(graft_path, read_header(tiny_path)).memory


def records(memory: NeuralMemory, spans: Sequence[SpanFeatures]) -> list[bytes | None]:
    made = memory.encode(spans)
    return [pack(a) if a is not None else None for a in made]


# --- one truth, however it is reached


def test_in_process_equals_other_process_equals_replay(opened: Open, spans: list[SpanFeatures], tmp_path: Path) -> None:
    states, rows = [], []
    for local in (True, False):
        c = opened(tmp_path / f"{local}.memory", local=local)
        tell(c, spans, range(5))
        states.append(state(c))
        rows.append(c.read(spans[7]).rows)
        c.close()
        again = opened(tmp_path / f"{local}.memory")
        states.append(state(again))
        again.close()
    assert len(set(states)) == 1 and any(states[0])
    assert len(rows[0]) and np.array_equal(*rows)


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_forgetting_equals_never_having_seen(
    memory: NeuralMemory, spans: list[SpanFeatures], data: st.DataObject
) -> None:
    made = records(memory, spans)
    told = data.draw(st.lists(st.tuples(st.integers(0, 6), st.sampled_from(KINDS)), min_size=1, max_size=14))
    gone = data.draw(st.sets(st.integers(0, len(told) - 1), max_size=4))
    with Journal(None) as whole, Journal(None) as never:
        for n, (i, kind) in enumerate(told):
            for journal in (whole, never) if n not in gone else (whole,):
                with journal.transaction():
                    journal.append(f"e{n}", 0, Source(kind), [NewSpan(TEXTS[i], record=made[i])])
        whole.forget([n + 1 for n in sorted(gone)])
        a, b = Replay(memory), Replay(memory)
        first = [v[1:3] for v in a.extend(whole.entries())]
        assert first == [v[1:3] for v in b.extend(never.entries())]
        assert a.dump() == b.dump() and a.standing.used == b.standing.used


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_replay_from_any_snapshot_equals_replay_from_nothing(
    memory: NeuralMemory, spans: list[SpanFeatures], data: st.DataObject
) -> None:
    made = records(memory, spans)
    told = data.draw(st.lists(st.tuples(st.integers(0, 6), st.sampled_from(KINDS)), min_size=2, max_size=14))
    cut = data.draw(st.integers(1, len(told) - 1))
    with Journal(None) as journal:
        whole, first, second = Replay(memory), Replay(memory), Replay(memory)
        for n, (i, kind) in enumerate(told):
            with journal.transaction():
                journal.append(f"e{n}", 0, Source(kind), [NewSpan(TEXTS[i], record=made[i])])
        entries = list(journal.entries())
        with journal.transaction():
            journal.decide(whole.extend(entries))
        first.extend(entries[:cut])
        journal.put_snapshot(first.last, first.standing_state(), first.dump())
        snapshot = journal.snapshot()
        assert snapshot is not None
        second.resume(*snapshot, (e for e in journal.entries() if e.id <= snapshot[0]))
        second.extend(journal.entries(snapshot[0]))
    assert second.dump() == whole.dump() and second.standing == whole.standing
    assert [(k.keys.tolist(), k.trust) for k in second.index] == [(k.keys.tolist(), k.trust) for k in whole.index]


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_merging_the_halves_of_a_journal_gives_the_whole(
    memory: NeuralMemory, spans: list[SpanFeatures], data: st.DataObject
) -> None:
    made = records(memory, spans)
    told = data.draw(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=12))
    with Journal(None) as whole, Journal(None) as left, Journal(None) as right, Journal(None) as merged:
        for n, (i, is_left) in enumerate(told):
            for journal in (whole, left if is_left else right):
                with journal.transaction():
                    journal.append(f"e{n}", 0, USER, [NewSpan(TEXTS[i], record=made[i])], at=float(n))
        both = sorted([*left.entries(), *right.entries()], key=lambda e: e.time)
        copy(both, merged, [f"m{n}" for n in range(len(both))])
        a, b = Replay(memory), Replay(memory)
        a.extend(whole.entries())
        b.extend(merged.entries())
    assert a.dump() == b.dump()


def test_a_record_is_what_is_written(memory: NeuralMemory, spans: list[SpanFeatures]) -> None:
    (a,) = memory.encode(spans[:1])
    assert a is not None
    back = unpack(pack(a))
    assert torch.equal(back.banks, a.banks) and torch.allclose(back.writes.key, a.writes.key, atol=1e-3)
    assert pack(back) == pack(a)
    with pytest.raises(MemoryStateError, match="damaged"):
        unpack(pack(a)[:-1])


def test_shares_of_a_readout_add_up_to_it(memory: NeuralMemory, spans: list[SpanFeatures]) -> None:
    with Journal(None) as journal, journal.transaction():
        entries = [
            journal.append(f"e{n}", 0, USER, [NewSpan("x", record=r)])[0]
            for n, r in enumerate(records(memory, spans[:7]))
        ]
    replay = Replay(memory)
    replay.updates = [[] for _ in replay.index]
    replay.extend(entries)
    out = memory.read(replay.state, spans[7])
    assert out.path
    found = shares(replay, out.path)
    for hop in {s.hop for s in found}:
        assert sum(s.share for s in found if s.hop == hop) == pytest.approx(1.0, abs=1e-3)


def test_a_less_trusted_write_changes_nothing_under_the_users_keys(
    memory: NeuralMemory, spans: list[SpanFeatures]
) -> None:
    made = records(memory, spans)
    with Journal(None) as journal, journal.transaction():
        own = [journal.append(f"u{n}", 0, USER, [NewSpan("x", record=made[n])])[0] for n in range(2)]
        other = [
            journal.append(f"d{n}", 0, Source("web", "y"), [NewSpan(f"{n}", record=made[n])])[0] for n in range(2, 7)
        ]
    replay, plain = Replay(memory), Replay(memory)
    replay.extend(own)
    keys = [
        (int(b), k) for e in own for a in [unpack(e.record or b"")] for b, k in zip(a.banks, a.writes.key, strict=True)
    ]
    before = [replay.state.memory[b] @ k for b, k in keys]
    verdicts = replay.extend(other)
    assert any(v[1] in ("written", "damped") for v in verdicts)
    assert all(torch.allclose(x, replay.state.memory[b] @ k, atol=1e-4) for x, (b, k) in zip(before, keys, strict=True))
    plain.extend(own + [replace(e, guarded=False) for e in other])
    assert not all(
        torch.allclose(x, plain.state.memory[b] @ k, atol=1e-4) for x, (b, k) in zip(before, keys, strict=True)
    )


def test_only_a_key_that_was_written_is_known(memory: NeuralMemory, spans: list[SpanFeatures]) -> None:
    (a, *_) = memory.encode(spans[:1])
    assert a is not None
    address = Address(int(a.banks[0]), a.writes.key[0])
    other = torch.nn.functional.normalize(torch.randn(memory.dim, generator=torch.Generator().manual_seed(1)), dim=0)
    replay = Replay(memory)
    assert not replay.knows((address,)) and not replay.knows(())
    with Journal(None) as journal, journal.transaction():
        replay.extend(journal.append("e", 0, USER, [NewSpan("x", record=pack(a))]))
    assert replay.knows((address,)) and not replay.knows((Address(address.bank, other),))


# --- undoing, as the chat does it


def test_undo_forget_and_reset_give_the_state_back_to_the_bit(
    opened: Open, spans: list[SpanFeatures], tmp_path: Path
) -> None:
    c = opened(tmp_path / "m.memory")
    empty = state(c)
    tell(c, spans, [0, 1])
    before = state(c)
    tell(c, spans, [2])
    assert state(c) != before and c.undo() == 1 and state(c) == before
    tell(c, spans, [3, 4])
    never = opened()
    tell(never, spans, [0, 3, 4])
    assert c.forget([s["id"] for s in c.find(text="milk there")]) == 1 and state(c) == state(never)
    assert [s["text"] for s in c.find()] == [TEXTS[i] for i in (0, 3, 4)]
    c.reset()
    assert state(c) == empty and c.find() == [] and not c.undo()
    c.close()


def test_what_is_forgotten_is_not_in_the_file(opened: Open, spans: list[SpanFeatures], tmp_path: Path) -> None:
    path = tmp_path / "m.memory"
    c = opened(path)
    tell(c, spans, range(4))
    c.forget([s["id"] for s in c.find(text="dog")])
    c.close()
    left = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    assert b"Mary went" in left and b"dog" not in left and b"Rex" not in left and b"rex" not in left


def test_a_group_sent_twice_is_written_once(opened: Open, spans: list[SpanFeatures]) -> None:
    c = opened()
    tell(c, spans, [0])
    before = state(c)
    c._parts = 0
    c.write(spans[:1], TEXTS[:1])
    c.wait()
    assert state(c) == before and c.stats()["spans"] == 1


# --- faults


def test_a_killed_process_loses_nothing(opened: Open, spans: list[SpanFeatures], tmp_path: Path) -> None:
    whole = opened()
    tell(whole, spans, range(4))
    for path in (tmp_path / "m.memory", None):
        c = opened(path, local=False)
        for i in range(4):
            c.event()
            c.write([spans[i]], [TEXTS[i]])
            os.kill(c._transport.process.pid, signal.SIGKILL)  # type: ignore[attr-defined]
        assert state(c) == state(whole) and c.restarts >= 1
        c.close()


def test_every_bit_flip_is_noticed_and_the_rest_is_kept(
    opened: Open, spans: list[SpanFeatures], tmp_path: Path
) -> None:
    path = tmp_path / "m.memory"
    c = opened(path)
    tell(c, spans, range(4))
    c.close()
    good = path.read_bytes()
    at = good.index(b"John took the milk there.")
    path.write_bytes(good[:at] + b"Joan" + good[at + 4 :])
    with pytest.raises(MemoryStateError, match=r"damaged.*#2.*--repair"):
        opened(path)
    kept, lost, aside = salvage(path)
    assert (kept, lost) == (3, 1) and aside.exists()
    c, never = opened(path), opened()
    tell(never, spans, [0, 2, 3])
    assert state(c) == state(never)
    c.close()


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_torn_or_flipped_file_is_refused_or_right(sound: tuple[Path, bytes, Open], data: st.DataObject) -> None:
    path, want, opened = sound
    good = path.read_bytes()
    bad = path.with_name(f"bad-{time.monotonic_ns()}.memory")
    at = data.draw(st.integers(0, len(good) - 1))
    bit = 1 << data.draw(st.integers(0, 7))
    torn = data.draw(st.booleans())
    bad.write_bytes(good[:at] if torn else good[:at] + bytes([good[at] ^ bit]) + good[at + 1 :])
    try:
        c = opened(bad)
    except MemoryStateError as e:
        assert "damaged" in str(e) or "newer" in str(e) or "another graft" in str(e)
        return
    assert state(c) == want or (torn and at == 0)  # a flip in what no one reads, or an empty file
    c.close()


@pytest.fixture(scope="module")
def sound(
    opened: Open, spans: list[SpanFeatures], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, bytes, Open]:
    path = tmp_path_factory.mktemp("sound") / "sound.memory"
    c = opened(path)
    tell(c, spans, range(4))
    want = state(c)
    c.close()
    return path, want, opened


def test_a_damaged_snapshot_costs_nothing_but_time(opened: Open, spans: list[SpanFeatures], tmp_path: Path) -> None:
    path = tmp_path / "m.memory"
    c = opened(path)
    tell(c, spans, range(4))
    want = state(c)
    service = c._transport._service  # type: ignore[attr-defined]
    service.journal.put_snapshot(4, service.replay.standing_state(), service.replay.dump())
    c.close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE snapshots SET state = zeroblob(100)")
    db.close()
    c = opened(path)
    assert state(c) == want and "snapshot" in c.info["notices"][0]
    c.close()


def test_two_writers_and_a_reader(opened: Open, spans: list[SpanFeatures], tmp_path: Path) -> None:
    path = tmp_path / "m.memory"
    first = opened(path)
    tell(first, spans, [0])
    with pytest.raises(MemoryStateError, match="in use"):
        opened(path)
    reader = opened(path, write=False)
    assert state(reader) == state(first)
    reader.close()
    first.close()
    opened(path).close()


def test_a_full_disk_is_one_sentence_and_nothing_is_lost(
    opened: Open, spans: list[SpanFeatures], tmp_path: Path
) -> None:
    path = tmp_path / "m.memory"
    c = opened(path)
    tell(c, spans, [0, 1])
    before = state(c)
    db = c._transport._service.journal._db  # type: ignore[attr-defined]
    db.execute(f"PRAGMA max_page_count={db.execute('PRAGMA page_count').fetchone()[0]}")
    with pytest.raises(MemoryStateError, match="full"):
        for _ in range(20):
            tell(c, spans, range(7))
    kept = c.stats()["spans"]
    full = state(c)
    c.close()
    c = opened(path)
    assert c.stats()["spans"] == kept >= 2 and state(c) == full and before
    tell(c, spans, [3])
    assert c.stats()["spans"] == kept + 1
    c.close()


def test_a_clock_that_jumps_back_changes_no_order(monkeypatch: pytest.MonkeyPatch) -> None:
    with Journal(None) as journal:
        for n, now in enumerate((100.0, 50.0, 200.0)):
            monkeypatch.setattr(time, "time", lambda now=now: now)
            with journal.transaction():
                journal.append(f"e{n}", 0, USER, [NewSpan("x")])
        assert [e.time for e in journal.entries()] == [100.0, 100.0, 200.0]


def test_numbers_that_are_not_finite_never_reach_the_memory(
    opened: Open, spans: list[SpanFeatures], tmp_path: Path
) -> None:
    c = opened(tmp_path / "m.memory")
    tell(c, spans, [0])
    before = state(c)
    bad = SpanFeatures(np.full_like(spans[1].hidden, np.nan), spans[1].address, spans[1].surface)
    c.event()
    c.write([bad], ["x"])
    with pytest.raises(MemoryStateError, match="not finite"):
        c.wait()
    assert state(c) == before and c.stats()["spans"] == 1
    tell(c, spans, [1])
    assert c.stats()["spans"] == 2
    c.close()


@settings(max_examples=60, deadline=None)
@given(text=st.text(st.characters(), max_size=40))
def test_any_text_is_kept_found_and_forgotten(text: str) -> None:
    with Journal(None) as journal:
        with journal.transaction():
            (e,) = journal.append("e", 0, Source("document", text), [NewSpan(text)])
        assert journal.verify() == [] and e.text == text.encode("utf-8", "replace").decode()
        journal.find(text=text)
        journal.like(text.split(), 3)
        assert journal.forget([e.id]) == 1 and journal.count() == 0


def test_every_plane_of_unicode_and_a_line_of_ten_megabytes(tmp_path: Path) -> None:
    text = "".join(chr(p * 0x10000 + 0x41) for p in range(17)) + "word " * 2_000_000
    path = tmp_path / "m.memory"
    with Journal(path) as journal, journal.transaction():
        journal.append("e", 0, USER, [NewSpan(text)])
    with Journal(path) as journal:
        assert next(journal.entries()).text == text and journal.find(text="word")[0].id == 1


def test_a_memory_of_another_graft_is_refused(opened: Open, spans: list[SpanFeatures], tmp_path: Path) -> None:
    path = tmp_path / "m.memory"
    c = opened(path)
    tell(c, spans, [0])
    c.close()
    with Journal(path) as journal:
        journal.set_meta("graft", "0000")
    with pytest.raises(MemoryStateError, match="another graft"):
        opened(path)


def test_a_memory_goes_on_with_a_graft_that_replaces_its_own(
    opened: Open, spans: list[SpanFeatures], tiny_path: Path, graft_path: Path, tmp_path: Path
) -> None:
    path, newer = tmp_path / "m.memory", tmp_path / "newer.gguf"
    c = opened(path)
    tell(c, spans, [0])
    want = state(c)
    c.close()
    graft = grafts.load(graft_path, read_header(tiny_path))
    graft.info = replace(graft.info, replaces=(grafts.file_id(graft_path),))
    grafts.save(graft, newer)
    c = MemoryClient.open(str(tiny_path), str(newer), str(path), local=True)
    assert state(c) == want
    c.close()
    with pytest.raises(MemoryStateError, match="another graft"):
        opened(path)


def test_a_memory_of_format_1_is_taken_over(
    opened: Open, spans: list[SpanFeatures], graft_path: Path, tmp_path: Path
) -> None:
    path = tmp_path / "m.memory"
    whole = opened()
    tell(whole, spans, [0])
    arrays = {k: np.frombuffer(a.data, np.float32).reshape(a.shape) for k, a in whole.state().items()}
    meta = {"format": "1", "graft": hashlib.sha256(graft_path.read_bytes()).hexdigest()[:16], "writes": json.dumps([0])}
    raw = save(arrays, meta)
    path.write_bytes(raw + hashlib.sha256(raw).digest())
    c = opened(path)
    assert state(c) == state(whole) and "journal" in c.info["notices"][0]
    tell(c, spans, [1])
    kept = state(c)
    c.close()
    again = opened(path)
    assert state(again) == kept and again.undo() == 1 and state(again) == state(whole)
    again.close()


def test_encoding_does_not_depend_on_neighbours(memory: NeuralMemory, spans: list[SpanFeatures]) -> None:
    alone: list[Association | None] = [memory.encode([s])[0] for s in spans]
    again = memory.encode(spans)
    for a, b in zip(alone, again, strict=True):
        assert a is not None and b is not None and pack(a) == pack(b)
