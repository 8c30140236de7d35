"""The pages of `eval report`: every table with its command, each text as text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from titans_edge.cli.main import app
from titans_edge.errors import DataError
from titans_edge.evaluate import pages

ROWS = [{"task": "<script>alert(1)</script>", "n": 2, "accuracy": 50.0, "low": 9.5, "high": 90.5}]


def test_a_report_has_each_table_with_its_command_and_shows_texts_as_texts(tmp_path: Path) -> None:
    made = {"command": "titans-edge eval natural --half test", "complete": True, "summary": ROWS}
    (tmp_path / "a.json").write_text(json.dumps(made))
    got = CliRunner().invoke(app, ["eval", "report", str(tmp_path / "a.json"), "--out", str(tmp_path / "out")])
    assert got.exit_code == 0, got.output
    written = {p.suffix: p.read_text("utf-8") for p in (tmp_path / "out").iterdir()}
    assert set(written) == {".html", ".md"}
    for text in written.values():
        assert "titans-edge eval natural --half test" in text and "50" in text
        assert "<script>" not in text.replace("\\<script>", "")


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", "[1, 2]", "\x00", '{"command": "x"}', "[" * 100_000])
def test_what_is_no_measurement_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(DataError, match=r"a\.json"):
        pages.read(tmp_path / "a.json")
