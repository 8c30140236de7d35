"""`eval report`: every table of the files that evaluations write, with its command, and nothing in them but text."""

from __future__ import annotations

import html
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from titans_edge.cli.evaluate import app
from titans_edge.errors import DataError, TitansError
from titans_edge.evaluate import alarms, capacity, long, pages, poison, report, retrieval, runner
from titans_edge.evaluate.natural_runs import Plan as NaturalPlan
from titans_edge.evaluate.natural_runs import Results
from titans_edge.evaluate.natural_runs import as_json as natural_json


def answers() -> list[runner.Answer]:
    asked = [("place", "auto", True), ("place", "auto", False), ("<b>thing|s</b>", "full", True)]
    fields = dict.fromkeys(runner.Answer.__dataclass_fields__, "x")
    return [runner.Answer(**{**fields, "task": t, "mode": m, "right": r}) for t, m, r in asked]  # type: ignore[arg-type]


def test_the_tables_of_a_file_are_all_of_its_rows_and_none_of_its_answers(tmp_path: Path) -> None:
    made = runner.as_json(answers())
    (tmp_path / "a.json").write_text(json.dumps(made))
    run = pages.read(tmp_path / "a.json")
    (table,) = run.tables
    rows: Any = made["rows"]
    assert table.heads == ["task", "mode", "n", "accuracy, %"] and len(table.rows) == len(rows)
    for shown, row in zip(table.rows, rows, strict=True):
        assert shown[3] == f"{row['accuracy']:.1f} ({row['low']:.1f}–{row['high']:.1f})"


def files(folder: Path) -> list[Path]:
    """One file of each kind, as the evaluations save it."""
    plan = NaturalPlan.__new__(NaturalPlan)
    object.__setattr__(plan, "now", 1.7e9)
    object.__setattr__(plan, "lines", ())
    object.__setattr__(plan, "seed", 1)
    row = {"name": "all", "n": 3, "share": 50.0, "low": 10.0, "high": 90.0}
    kinds: dict[str, Any] = {
        "run": runner.as_json(answers()),
        "natural": natural_json(Results(answers=answers()), plan, False),
        "alarms": alarms.as_json([alarms.Alarms("all", 5, [("Sentence <i>.", "why")])]),
        "poison": {"samples": 1, "seed": 0, "cases": [{"text": "RAW"}], "rows": [
            {"kind": "flood", "guard": "on", "n": 10, "success": [0.0, 0.0, 28.0], "right": [100.0, 72.0, 100.0]},
            {"kind": "none", "guard": "on", "n": 10, "success": None, "right": [90.0, 60.0, 98.0]}]},
        "long": {"summary": [{"turns": 50, "all": row, "age": [{**row, "name": "0-4"}], "changes": []}],
                 "conversations": [{"text": "RAW"}]},
        "capacity": {"complete": True, "seed": 0, "cells": [
            {"facts": 32, "memory": [{"question": "RAW"}], "found": [], "auto": [],
             "shares": {"auto": {"n": 3, "share": 50.0, "low": 10.0, "high": 90.0}}}]},
    }  # fmt: skip
    for name, made in kinds.items():
        report.save(folder / f"{name}.json", made)
    assert long and capacity and poison and retrieval
    return [folder / f"{name}.json" for name in kinds]


def test_every_kind_of_file_is_shown_with_its_command_in_both_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/titans-edge", "eval", "run", "a file.jsonl", "--mode", "auto"])
    made = files(tmp_path)
    out = tmp_path / "pages"
    got = CliRunner().invoke(app, ["report", *map(str, made), "--out", str(out)])
    assert got.exit_code == 0, got.output
    md, page = (out / "report.md").read_text("utf-8"), (out / "report.html").read_text("utf-8")
    command = "titans-edge eval run 'a file.jsonl' --mode auto"
    assert md.count(f"    {command}") == page.count(html.escape(command)) == len(made)
    for name in made:
        assert f"## {name.name}" in md and f"<h2>{name.name}</h2>" in page
    assert "Not all of it was asked." in md and "0.0 (0.0–28.0)" in md and "50.0 (10.0–90.0)" in page
    assert "RAW" not in md + page
    widths = [len(re.findall(r"(?<!\\)\|", line)) for line in md.splitlines() if line.startswith("|")]
    tables = [len(t.heads) + 1 for run in map(pages.read, made) for t in run.tables for _ in range(len(t.rows) + 2)]
    assert widths == tables, "each line of a table has its cells, also where one holds a bar"


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_tables_with_intervals_are_drawn_too_by_mode(tmp_path: Path, kind: str) -> None:
    rows = [
        {"task": f"qa{n} <b>$x$", "mode": mode, "n": 10, "accuracy": 10.0 * n, "low": 5.0 * n, "high": 20.0 * n}
        for n in range(1, 5) for mode in ("memory", "full")
    ]  # fmt: skip
    report.save(tmp_path / "a.json", {"rows": rows, "few": rows[:2]})
    (run,) = [pages.read(tmp_path / "a.json")]
    curves = run.tables[0].curves()
    assert list(curves) == ["memory accuracy, %", "full accuracy, %"] and run.tables[1].curves() == {}
    assert curves["full accuracy, %"][2] == ("qa3 <b>$x$", (30.0, 15.0, 60.0))
    got = CliRunner().invoke(app, ["report", str(tmp_path / "a.json"), "--out", str(tmp_path), "--plot", kind])
    assert got.exit_code == 0 and got.stdout.split()[2:] == [str(tmp_path / f"a-1.{kind}")]
    assert (tmp_path / f"a-1.{kind}").read_bytes().startswith({"png": b"\x89PNG", "svg": b"<?xml"}[kind])
    wrong = CliRunner().invoke(app, ["report", str(tmp_path / "a.json"), "--out", str(tmp_path), "--plot", "pdf"])
    assert isinstance(wrong.exception, TitansError)


def test_what_stands_in_a_file_is_text_in_the_page(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    made = {"command": evil, evil: evil, "rows": [{evil: evil, "n": 1, "b": [1, 2]}]}
    (tmp_path / "x.json").write_text(json.dumps(made))
    runs = [pages.read(tmp_path / "x.json")]
    assert "<script" not in pages.page(runs) and "default-src 'none'" in pages.page(runs)
    assert re.findall(r"(?<!\\)<script", pages.markdown(runs).replace(f"    {evil}", "")) == []


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "3", '{"a": 1}', '{"rows": []}', "[" * 100_000, "\x00"])
def test_what_is_no_such_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(DataError):
        pages.read(tmp_path / "x.json")
    for args in (["report", str(tmp_path / "none.json")], ["report", str(tmp_path / "x.json")]):
        got = CliRunner().invoke(app, args)
        assert isinstance(got.exception, TitansError)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    report.save(tmp_path / "a.json", runner.as_json(answers()))
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/nowhere")):
        got = CliRunner().invoke(app, ["report", str(tmp_path / "a.json"), "--out", str(out)])
        assert isinstance(got.exception, TitansError)
