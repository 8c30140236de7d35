"""titans-edge memory, as a user meets it: it needs neither backbone nor graft."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from tests.telling import TEXTS, Open, state, tell
from tests.test_program import titans
from titans_edge.features import SpanFeatures
from titans_edge.sources import Source


def run(tmp_path: Path, *args: str) -> tuple[int, str, str]:
    got = titans(*args, home=tmp_path)
    return got.returncode, got.stdout, got.stderr


@pytest.fixture
def kept(opened: Open, spans: list[SpanFeatures], tmp_path: Path) -> tuple[Path, bytes]:
    """A home with a memory `a` of four sentences, one of them a document's; and its state."""
    folder = tmp_path / "data" / "titans-edge" / "memories"
    c = opened(folder / "a.memory")
    tell(c, spans, range(3))
    tell(c, spans, [4], Source("document", "notes.txt"))
    want = state(c)
    c.close()
    return folder, want


def test_memories_are_listed_searched_and_shown(kept: tuple[Path, bytes], tmp_path: Path) -> None:
    assert "a " in run(tmp_path, "memory", "list")[1] and "4 sentences" in run(tmp_path, "memory", "list")[1]
    listed = [json.loads(x) for x in run(tmp_path, "memory", "list", "a", "--json")[1].splitlines()]
    assert [x["text"] for x in listed] == [TEXTS[i] for i in (0, 1, 2, 4)] and listed[3]["source"] == "notes.txt"
    assert "[3] you" in run(tmp_path, "memory", "search", "a", "DOG")[1]
    assert json.loads(run(tmp_path, "memory", "show", "a", "3", "--json")[1])["decision"] == "written"
    assert "sound" in run(tmp_path, "memory", "verify", "a")[1]
    found = json.loads(run(tmp_path, "inspect", str(kept[0] / "a.memory"), "--json")[1])
    assert (
        found["kind"] == "memory"
        and found["sources"] == {"user": 3, "document: notes.txt": 1}
        and found["decisions"] == {"written": 4}
    )
    code, _, err = run(tmp_path, "memory", "show", "nothing", "3")
    assert code == 2 and "no memory 'nothing'" in err and err.count("\n") == 1


def test_a_memory_without_a_journal_is_left_alone(kept: tuple[Path, bytes], tmp_path: Path) -> None:
    old = kept[0] / "old.memory"
    raw = save({"memory": np.zeros((1, 2, 3), np.float32)})
    old.write_bytes(raw + hashlib.sha256(raw).digest())
    for args in (("verify", "old", "--repair"), ("list", "old"), ("delete", "old", "--yes")):
        code, _, err = run(tmp_path, "memory", *args)
        assert code == 6 and "no journal yet" in err and old.read_bytes()[: len(raw)] == raw


def test_export_import_and_merge_give_the_state_back_to_the_bit(
    kept: tuple[Path, bytes], opened: Open, tmp_path: Path
) -> None:
    folder, want = kept
    for ending in ("jsonl", "safetensors"):
        file = str(tmp_path / f"out.{ending}")
        assert "4 sentences" in run(tmp_path, "memory", "export", "a", file)[1]
        assert run(tmp_path, "memory", "import", ending, file)[0] == 0
        c = opened(folder / f"{ending}.memory")
        assert state(c) == want
        c.close()
    run(tmp_path, "memory", "forget", "jsonl", "--source", "notes.txt")
    for i in (1, 2, 3):
        run(tmp_path, "memory", "forget", "safetensors", "--id", str(i))
    assert "4 sentences" in run(tmp_path, "memory", "merge", "safetensors", "jsonl", "--into", "both")[1]
    c = opened(folder / "both.memory")
    assert state(c) == want
    c.close()
    (tmp_path / "bad.jsonl").write_text('{"graft": 1}\n{"id"')
    code, _, err = run(tmp_path, "memory", "import", "a", str(tmp_path / "bad.jsonl"))
    assert code == 10 and err.count("\n") == 1


def test_forgetting_undoing_renaming_and_deleting(kept: tuple[Path, bytes], opened: Open, tmp_path: Path) -> None:
    folder, want = kept
    assert "Forgotten: 1" in run(tmp_path, "memory", "undo", "a")[1]
    assert "Forgotten: 1" in run(tmp_path, "memory", "forget", "a", "milk")[1]
    assert run(tmp_path, "memory", "forget", "a")[0] == 2
    run(tmp_path, "memory", "rename", "a", "b")
    c = opened(folder / "b.memory")
    assert c.stats()["spans"] == 2 and state(c) != want
    code, _, err = run(tmp_path, "memory", "forget", "b", "--since", "yesterday")
    assert code == 6 and "in use" in err
    c.close()
    assert "now" in run(tmp_path, "memory", "compact", "b")[1]
    assert "deleted" in run(tmp_path, "memory", "delete", "b")[1] and list(folder.iterdir()) == []
