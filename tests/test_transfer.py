"""Export, import, merge: nothing is there twice, nothing foreign is believed, nothing that cannot be is let in."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from tests.exporting import exported, lines_of, told, write_lines
from tests.journals import GRAFT, contents, fact, fill, filled, record, sentence, tell
from titans_edge import facts
from titans_edge.errors import DataError, MemoryStateError
from titans_edge.journal import Journal, NewSpan, exchange
from titans_edge.journal.salvage import check
from titans_edge.journal.transfer import add, export, import_file
from titans_edge.sources import USER, Source

FILES = [f"out{suffix}" for suffix in exchange.SUFFIXES]


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    path = tmp_path / "a.memory"
    fill(path, 23)
    return path


# --- there and back


@pytest.mark.parametrize("name", FILES)
def test_ones_own_backup_comes_back_whole(memory: Path, tmp_path: Path, name: str) -> None:
    file = exported(memory, tmp_path / name)
    back = tmp_path / "b.memory"
    got = import_file(back, file, mine=True)
    assert (got.added, got.known, got.unread) == (23, 0, 0)
    assert contents(back) == contents(memory) and check(back) == 23
    assert file.stat().st_mode & 0o777 == 0o600 and back.stat().st_mode & 0o777 == 0o600
    with Journal(back) as journal:
        assert journal.count_unread(GRAFT) == 0


def test_export_is_one_moment_of_a_memory_in_use(tmp_path: Path) -> None:
    journal = filled(tmp_path / "a.memory", 600)
    with Journal(tmp_path / "a.memory", write=False) as reader:
        real = reader._select

        def telling(where: str, values: tuple[Any, ...]) -> Any:
            tell(journal, "Said meanwhile.", 1000 + journal.count())
            return real(where, values)

        reader._select = telling  # type: ignore[method-assign]
        assert export(reader, tmp_path / "out.jsonl") == 600
    assert journal.count() > 600
    journal.close()


def test_a_damaged_memory_is_not_exported(memory: Path) -> None:
    raw = bytearray(memory.read_bytes())
    raw[raw.index(b"Box 3 with")] ^= 1
    memory.write_bytes(raw)
    with pytest.raises(MemoryStateError, match="--repair"):
        Journal(memory, write=False)


def test_an_export_that_fails_leaves_the_file_that_was_there(memory: Path, tmp_path: Path) -> None:
    file = tmp_path / "no" / "out.jsonl"
    with Journal(memory, write=False) as journal:
        with pytest.raises(DataError, match="cannot be written"):
            export(journal, file)
        with pytest.raises(DataError, match="neither"):
            export(journal, tmp_path / "out.txt")
        (tmp_path / "out.jsonl").mkdir()
        with pytest.raises(DataError):
            export(journal, tmp_path / "out.jsonl")
        assert journal.count() == 23
    assert {p.name for p in tmp_path.iterdir()} <= {"a.memory", "a.lock", "a.memory-wal", "a.memory-shm", "out.jsonl"}


# --- foreign files


def test_a_foreign_file_is_not_believed(memory: Path, tmp_path: Path) -> None:
    file = exported(memory, tmp_path / "friend.jsonl")
    got = import_file(tmp_path / "b.memory", file)
    assert (got.added, got.unread) == (23, 23)
    entries = [e for e, _ in contents(tmp_path / "b.memory")]
    assert {e.source.label for e in entries} == {"imported:friend.jsonl: you", "imported:friend.jsonl: notes.txt"}
    assert all(e.record is None and e.ruling is None and e.answer is None and e.guarded for e in entries)
    assert [(e.text, e.offset, e.time) for e in entries] == told(memory)
    assert len({e.operation for e in entries}) == 1 and entries[0].operation.startswith("import:")
    with Journal(tmp_path / "b.memory") as journal:
        assert journal.count_unread(GRAFT) == 23 and len(journal.last_operation()) == 23
        assert len(journal.find(source="imported")) == 23 and journal.find(source="you") == []
        assert len(journal.find(source="imported:friend.jsonl: you")) == 18


@pytest.mark.parametrize("mine", [False, True])
def test_a_second_import_adds_nothing(memory: Path, tmp_path: Path, mine: bool) -> None:
    files = [exported(memory, tmp_path / name) for name in FILES]
    back = tmp_path / "b.memory"
    import_file(back, files[0], mine=mine)
    before = contents(back)
    for file in (*files, exported(back, tmp_path / "circle.jsonl")):
        for again in (False, True):
            got = import_file(back, file, mine=again)
            assert (got.added, got.known) == (0, 23)
    assert contents(back) == before
    for file in (tmp_path / "circle.jsonl", files[1]):  # round to where it came from
        assert import_file(memory, file).added == 0


def test_after_an_overlap_only_the_new_is_added(memory: Path, tmp_path: Path) -> None:
    back = tmp_path / "b.memory"
    import_file(back, exported(memory, tmp_path / "first.jsonl"))
    with Journal(memory) as journal:
        tell(journal, "One more.", 50)
        tell(journal, "And another.", 51)
    with Journal(back) as journal:
        journal.forget([4, 5])
        tell(journal, "My own.", 60)
    got = import_file(back, exported(memory, tmp_path / "second.jsonl"))
    assert (got.added, got.known) == (4, 21)
    texts = [t for t, _, _ in told(back)]
    assert sorted(texts) == sorted([*(t for t, _, _ in told(memory)), "My own."])
    assert import_file(back, tmp_path / "second.jsonl").added == 0 and check(back) == 26


def test_what_was_said_twice_stays_twice(tmp_path: Path) -> None:
    path = tmp_path / "a.memory"
    with Journal(path) as journal:
        for n in range(2):
            with journal.transaction():
                journal.append(f"o{n}", 0, USER, [NewSpan("Hi."), NewSpan("Hi.")], at=5.0)
    file = exported(path, tmp_path / "out.jsonl")
    back = tmp_path / "b.memory"
    assert import_file(back, file).added == 4 and import_file(back, file).added == 0
    assert import_file(path, exported(back, tmp_path / "x.jsonl")).added == 0


def test_facts_of_a_backup_are_kept_only_where_they_could_have_been_read(memory: Path, tmp_path: Path) -> None:
    file = exported(memory, tmp_path / "out.jsonl")
    head, *lines = lines_of(file)
    far = facts.pack((msgspec.structs.replace(fact(lines[4]["text"], token=60_000)),))
    lines[0]["record"] = base64.b64encode(record("Somewhere else entirely, nothing in common.")).decode()
    lines[1]["record"] = base64.b64encode(record(lines[1]["text"], rate=2.0)).decode()
    lines[2]["record"] = base64.b64encode(b"vectors").decode()
    lines[3]["graft"] = "another"
    lines[4]["record"] = base64.b64encode(far).decode()
    changed = write_lines(tmp_path / "changed.jsonl", [head, *lines])
    with Journal(tmp_path / "b.memory") as journal:
        journal.set_meta("graft", GRAFT)
        journal.set_meta("vocabulary", "50000")
        got = add(journal, "changed.jsonl", exchange.read(changed)[1], mine=True)
        assert got.unread == 5 and [e.id for e in journal.unread(GRAFT)] == [1, 2, 3, 4, 5]
        assert journal.verify() == []
    with Journal(tmp_path / "c.memory") as journal:
        journal.set_meta("graft", "graft-2")
        assert add(journal, "out.jsonl", exchange.read(file)[1], mine=True).unread == 23


def test_decisions_of_a_backup_are_kept_in_an_empty_memory_only(memory: Path, tmp_path: Path) -> None:
    file = exported(memory, tmp_path / "out.jsonl")
    with Journal(tmp_path / "b.memory") as journal:
        tell(journal, "The room is mine.", 99)
    import_file(tmp_path / "b.memory", file, mine=True)
    got = [e for e, _ in contents(tmp_path / "b.memory")]
    assert all(e.ruling is None for e in got[1:]) and [e.answer for e in got].count(True) == 3


# --- what is refused

BAD: dict[str, Callable[[dict[str, Any]], object]] = {
    "kind": lambda r: r.update(kind="king"),
    "time": lambda r: r.update(time=1e18),
    "negative time": lambda r: r.update(time=-5.0),
    "no time": lambda r: r.pop("time"),
    "time as text": lambda r: r.update(time="2026"),
    "offset": lambda r: r.update(offset=-1),
    "offset beyond": lambda r: r.update(offset=2**70),
    "id": lambda r: r.update(id="7"),
    "id beyond": lambda r: r.update(id=2**80),
    "text": lambda r: r.update(text=5),
    "no text": lambda r: r.update(text="  "),
    "long text": lambda r: r.update(text="é" * 600_000),
    "surprise": lambda r: r.update(surprise="much"),
    "guarded": lambda r: r.update(guarded="no"),
    "answer": lambda r: r.update(answer="yes"),
    "answered": lambda r: r.update(answer=True, answered=1e300),
    "decision": lambda r: r["ruling"].update(decision="believed"),
    "scale": lambda r: r["ruling"].update(scale=2.0),
    "trust": lambda r: r["ruling"].update(trust=-0.1),
    "record": lambda r: r.update(record="not base64!"),
    "operation": lambda r: r.update(operation="x" * 5000),
}


@pytest.mark.parametrize("what", BAD)
@pytest.mark.parametrize("mine", [False, True])
def test_one_bad_line_is_named_and_nothing_is_imported(memory: Path, tmp_path: Path, what: str, mine: bool) -> None:
    lines = lines_of(exported(memory, tmp_path / "out.jsonl"))
    BAD[what](lines[7])
    bad = write_lines(tmp_path / "bad.jsonl", lines)
    before = memory.read_bytes()
    for target in (memory, tmp_path / "new.memory"):
        with pytest.raises(DataError, match=r"bad\.jsonl, line 8: ") as e:
            import_file(target, bad, mine=mine)
        assert e.value.message.count("\n") == 0
    assert memory.read_bytes() == before and not (tmp_path / "new.memory").exists()


@pytest.mark.parametrize("number", ["1e999", "NaN", "Infinity", "-1e999"])
@pytest.mark.parametrize("field", ["time", "surprise"])
def test_numbers_that_are_none_are_refused(memory: Path, tmp_path: Path, number: str, field: str) -> None:
    file = exported(memory, tmp_path / "out.jsonl")
    lines = file.read_text("utf-8").split("\n")
    row = json.loads(lines[3]) | {field: 0.123456789}
    lines[3] = json.dumps(row).replace("0.123456789", number)
    file.write_text("\n".join(lines), "utf-8")
    with pytest.raises(DataError, match="line 4"):
        import_file(tmp_path / "b.memory", file)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n",
        b"{",
        b"[]",
        b'{"graft": "x"}',
        b'{"format": "titans-memory 1"}',
        b'{"format": "other 3"}',
        b"\xff\xfe",
        b'{"format": 3}',
        b'{"format": "titans-memory x"}',
        b"[" * 100_000,
        b'{"format": "titans-memory 3"}\n' + b"[" * 100_000,
    ],
)
def test_what_is_no_exported_memory_is_refused(tmp_path: Path, raw: bytes) -> None:
    for suffix in exchange.SUFFIXES:
        file = tmp_path / f"x{suffix}"
        file.write_bytes(raw)
        with pytest.raises(DataError):
            import_file(tmp_path / "b.memory", file)
    with pytest.raises(DataError):
        import_file(tmp_path / "b.memory", tmp_path / "none.jsonl")
    assert not (tmp_path / "b.memory").exists()


def test_a_newer_file_says_so(tmp_path: Path) -> None:
    file = write_lines(tmp_path / "x.jsonl", [{"format": "titans-memory 4"}])
    with pytest.raises(DataError, match="newer"):
        import_file(tmp_path / "b.memory", file)


@pytest.mark.slow
@given(text=st.text(min_size=1, max_size=40).filter(str.strip), name=st.text(max_size=20), offset=st.integers(0, 2**53))
def test_any_text_survives_every_format(
    tmp_path_factory: pytest.TempPathFactory, text: str, name: str, offset: int
) -> None:
    folder = tmp_path_factory.mktemp("any")
    with Journal(folder / "a.memory") as journal, journal.transaction():
        journal.append("o", 0, Source("document", name), [NewSpan(f"{text}\u2028\x85\x0b{text}", offset, 0.1)])
    for suffix in exchange.SUFFIXES:
        back = folder / f"b{suffix}.memory"
        import_file(back, exported(folder / "a.memory", folder / f"out{suffix}"), mine=True)
        assert contents(back) == contents(folder / "a.memory")


# --- files of format 2


def old_lines() -> list[dict[str, Any]]:
    return [
        {
            "id": n + 1,
            "event": f"e{n}",
            "text": sentence(n),
            "kind": kind,
            "source": name,
            "place": n,
            "time": 1000.0 + n,
            "surprise": None,
            "guarded": True,
            "ruling": answer,
            "decision": "written",
            "reason": "",
            "record": base64.b64encode(b"vectors").decode() if n else None,
        }
        for n, (kind, name, answer) in enumerate(
            [("user", "", None), ("document", "you", None), ("web", "x.example", True)]
        )
    ]


def test_exports_of_format_2_are_read(tmp_path: Path) -> None:
    head = {"format": "titans-memory 2", "graft": "old"}
    file = write_lines(tmp_path / "old.jsonl", [head, *old_lines()])
    rows = [{k: v for k, v in r.items() if k != "record"} for r in old_lines()]
    save_file({"record.2": np.zeros(3, np.uint8)}, tmp_path / "old.safetensors", head | {"spans": json.dumps(rows)})
    back = tmp_path / "b.memory"
    got = import_file(back, file, mine=True)
    assert (got.added, got.unread) == (3, 3)
    entries = [e for e, _ in contents(back)]
    assert [e.source for e in entries] == [USER, Source("document", "you"), Source("imported", "web x.example")]
    assert [e.answer for e in entries] == [None, None, True] and [e.time for e in entries] == [1000.0, 1001.0, 1002.0]
    assert import_file(back, tmp_path / "old.safetensors").added == 0
    assert import_file(tmp_path / "c.memory", tmp_path / "old.safetensors").added == 3
