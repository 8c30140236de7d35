"""What fails in an open memory changes nothing and is one sentence; what is only read is not changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.telling import TEXTS, Open, Told
from tests.test_opened import journal
from titans_edge.errors import MemoryStateError
from titans_edge.features import SpanFeatures
from titans_edge.journal import Journal
from titans_edge.journal.file import translated
from titans_edge.sidecar.host import MemoryHost


def fill_disk(c: Told) -> None:
    """The file may grow no more."""
    db = journal(c).db
    db.execute(f"PRAGMA max_page_count={db.execute('PRAGMA page_count').fetchone()[0]}")


def take_room(j: Journal) -> None:
    """Needs room, as compacting does."""
    with translated(j.path):
        j.db.execute("CREATE TABLE big AS SELECT zeroblob(9000000)")


def unfill(c: Told) -> None:
    journal(c).db.execute("PRAGMA max_page_count=1000000")


# --- what fails


@pytest.mark.parametrize("how", ["full", "broken"])
def test_what_is_forgotten_stays_forgotten_when_the_file_cannot_be_compacted(
    opened: Open, tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.memory"
    c, never = opened(path), opened()
    c.tell(0, 1, 2)
    never.tell(0, 2)
    if how == "full":
        fill_disk(c)
        monkeypatch.setattr(Journal, "compact", take_room)
    else:

        def fail(_: Journal) -> None:
            raise MemoryStateError("The memory cannot be written (database or disk is full).")

        monkeypatch.setattr(Journal, "compact", fail)
    answer = c.change("forget", ids=[2])
    assert answer["forgotten"] == 1 and "full" in answer["notices"][0] and "memory compact" in answer["notices"][0]
    assert c.state() == never.state() and c.texts() == [TEXTS[0], TEXTS[2]] and c.retrieved("milk") == []
    c.tell(3)
    c.close()
    never.tell(3)
    monkeypatch.undo()
    again = opened(path)
    assert again.state() == never.state() and again.texts() == never.texts()


def test_a_full_disk_is_one_sentence_and_nothing_is_lost(opened: Open, tmp_path: Path) -> None:
    path = tmp_path / "m.memory"
    c = opened(path)
    c.tell(0, 1)
    fill_disk(c)
    with pytest.raises(MemoryStateError, match=r"^[^.]*full[^.]*\. [^.]*\.$"):
        for _ in range(50):
            state, kept = c.state(), c.texts()
            c.tell(2)
    assert c.state() == state and c.texts() == kept
    with pytest.raises(MemoryStateError, match="full"):
        c.write([2] * 50)
    assert c.state() == state and c.texts() == kept
    unfill(c)
    c.tell(3)
    state = c.state()
    c.close()
    again = opened(path)
    assert again.state() == state and again.texts() == [*kept, TEXTS[3]]


def test_features_that_are_no_numbers_are_refused_and_change_nothing(opened: Open, spans: list[SpanFeatures]) -> None:
    c = opened()
    c.tell(0)
    before = c.state()
    c.spans = [replace(spans[0], hidden=np.full_like(spans[0].hidden, v)) for v in (np.nan, np.inf)]
    for i in range(2):
        with pytest.raises(MemoryStateError, match="not finite"):
            c.tell(i, texts=["x"])
    assert c.state() == before and c.texts() == [TEXTS[0]]
    c.spans = spans
    c.tell(1)
    assert len(c.texts()) == 2


def test_a_write_that_makes_the_state_infinite_is_taken_back_whole(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    c = opened()
    c.tell(0)
    before = c.state(), c.stats()["relations"]
    store = type(c.host._open["m"].fold.store)  # type: ignore[union-attr]
    monkeypatch.setattr(store, "finite", lambda _: False)
    with pytest.raises(MemoryStateError, match="infinite"):
        c.tell(1)
    assert (c.state(), c.stats()["relations"]) == before and c.texts() == [TEXTS[0]]
    monkeypatch.undo()
    c.tell(1)
    assert len(c.texts()) == 2


def test_a_replay_that_is_ended_leaves_no_half_built_state(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    c, never = opened(), opened()
    c.tell(0, 1, 2, 3)
    never.tell(0, 2, 3)
    store = type(c.host._open["m"].fold.store)  # type: ignore[union-attr]

    def end(*_: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "finite", end)
    with pytest.raises(KeyboardInterrupt):
        c.change("forget", ids=[2])
    monkeypatch.undo()
    assert c.texts() == never.texts()
    c.tell(5)
    never.tell(5)
    assert c.state() == never.state()


def test_surprise_that_is_no_number_is_not_kept(opened: Open, spans: list[SpanFeatures], tmp_path: Path) -> None:
    c = opened(tmp_path / "m.memory")
    c.spans = [replace(spans[0], surprise=v) for v in (float("inf"), float("-inf"), float("nan"), 2.5)]
    c.tell(0, 1, 2, 3)
    c.close()
    assert [s["surprise"] for s in opened(tmp_path / "m.memory").ask("find").result["spans"]] == [None, None, None, 2.5]


# --- reading only


def test_a_memory_that_is_only_read_is_not_changed_and_says_what_is_in_it(
    opened: Open, tmp_path: Path, new_host: Callable[..., MemoryHost]
) -> None:
    path = tmp_path / "m.memory"
    c, whole = opened(path), opened()
    c.tell(*range(6))
    whole.tell(0, 2, 3, 4, 5)
    c.close()
    with Journal(path) as j:  # `memory forget`: no graft is there that could decide anew
        j.forget([2])
    before = path.read_bytes()
    reader = opened(path, write=False)
    assert reader.state() == whole.state() and reader.decisions() == ["written"] * 5
    assert reader.retrieved("Where is the garden?", 9) == whole.retrieved("Where is the garden?", 9) != []
    for op, args in (("forget", {"ids": [1]}), ("undo", {}), ("reset", {})):
        with pytest.raises(MemoryStateError, match="cannot be"):
            reader.change(op, **args)
    with pytest.raises(MemoryStateError, match="cannot be"):
        reader.tell(6)
    assert reader.state() == whole.state()
    writer = opened(path)
    writer.close()
    reader.close()
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT count(*) FROM rulings").fetchone() == (5,)
    assert before != b""
    nothing = opened(tmp_path / "none.memory", write=False)
    assert nothing.texts() == [] and not (tmp_path / "none.memory").exists()
