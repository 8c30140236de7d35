"""Files of cases: what is read, what is refused and how it is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from titans_edge.errors import DataError
from titans_edge.evaluate import cases

GOOD: dict[str, Any] = {"context": "Mary went home.", "question": "Where is Mary?", "target": "home"}


def write(path: Path, *lines: Any) -> Path:
    path.write_bytes(b"".join((x if isinstance(x, bytes) else json.dumps(x).encode()) + b"\n" for x in lines))
    return path


def test_a_line_may_hold_every_field(tmp_path: Path) -> None:
    told = {
        "id": 7,
        "turns": ["Hi!", "I moved."],
        "question": "Q?",
        "targets": ["a", "b"],
        "labels": ["a"],
        "task": "t",
    }
    first, second = cases.load(write(tmp_path / "c.jsonl", GOOD, told))
    assert (first.id, first.told(), first.target, first.labels, first.task) == (
        "1",
        ("Mary went home.",),
        "home",
        (),
        "",
    )
    assert (second.id, second.told(), second.context) == ("7", ("Hi!", "I moved."), "Hi!\n\nI moved.")
    assert (second.target, second.targets, second.labels, second.task) == ("a", ("b",), ("a",), "t")


def test_fields_of_null_are_not_there(tmp_path: Path) -> None:
    (case,) = cases.load(write(tmp_path / "c.jsonl", {**GOOD, "labels": None, "turns": None, "id": None, "task": None}))
    assert (case.id, case.labels, case.turns, case.task) == ("1", (), (), "")


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_only_line_feeds_end_a_line(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Separators stand in a string as they are: json.dumps(ensure_ascii=False) writes them so."""
    path = tmp_path_factory.mktemp("cases") / "c.jsonl"
    record = {**GOOD, "context": f"a{text}b", "question": f"\u2028a\u2029b\u0085c{text}?"}
    line = json.dumps(record, ensure_ascii=False).encode() + b"\r\n"
    path.write_bytes(b"\xef\xbb\xbf" + line + b"\n \n" + line)
    made = cases.load(path)
    assert [c.context for c in made] == [record["context"]] * 2 and made[1].question == record["question"]
    assert [c.id for c in made] == ["1", "4"]  # the lines' numbers, as an editor counts them


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"context": 1}, '"context" must be a string'),
        ({"context": None}, "neither"),
        ({"context": None, "turns": "Mary went home."}, '"turns" must be a list'),
        ({"context": None, "turns": ["a", {"text": "b"}]}, '"turns", item 2'),
        ({"question": None}, '"question" is missing'),
        ({"question": " "}, '"question" is empty'),
        ({"question": ["a"]}, '"question" must be a string'),
        ({"target": None}, '"target" is missing'),
        ({"target": 42}, '"target" must be a string, not 42'),
        ({"target": ""}, "target is empty"),
        ({"target": " ?! "}, "target is empty"),
        ({"targets": ["b", " "]}, "target is empty"),
        ({"target": "", "labels": ["a"]}, "target is empty"),
        ({"targets": "b"}, '"targets" must be a list'),
        ({"labels": "kitchen"}, '"labels" must be a list'),
        ({"labels": ["kitchen", 3]}, '"labels", item 2'),
        ({"task": 5}, '"task" must be a string'),
        ({"id": ["x"]}, '"id" must be'),
        ({"id": True}, '"id" must be'),
        ({"id": "1"}, "line 1's already"),
        ({"context": "\ud800"}, "surrogate"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, change: dict[str, Any], word: str) -> None:
    path = write(tmp_path / "c.jsonl", GOOD, b"", {**GOOD, **change})
    with pytest.raises(DataError, match="line 3: ") as e:
        cases.load(path)
    assert word in e.value.message and "\n" not in str(e.value)


@pytest.mark.parametrize("line", [b"{", b"[]", b'"text"', b"null", b"3", b"NaN,", b"[" * 100_000, b'{"a": 1} {"b": 2}'])
def test_a_line_that_is_no_object_is_named(tmp_path: Path, line: bytes) -> None:
    with pytest.raises(DataError, match="line 2"):
        cases.load(write(tmp_path / "c.jsonl", GOOD, line))


def test_files_that_hold_no_cases_are_refused(tmp_path: Path) -> None:
    (tmp_path / "utf-16.jsonl").write_bytes(json.dumps(GOOD).encode("utf-16"))
    (tmp_path / "empty.jsonl").write_bytes(b"\xef\xbb\xbf\n \r\n")
    for name in ("utf-16.jsonl", "none.jsonl", ".", "empty.jsonl"):
        with pytest.raises(DataError):
            cases.load(tmp_path / name)
