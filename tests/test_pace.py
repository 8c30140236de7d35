"""What reads fastest is measured while a long text is read, kept, and changes nothing of what is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from titans_edge import doctor, library
from titans_edge.backbone import pace
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.pace import BATCHES, ROUNDS, USUAL, Pace, Setting
from titans_edge.backbone.reader import Reader

LONG = 10_000  # tokens still to read


@pytest.fixture(autouse=True)
def four_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace.psutil, "cpu_count", lambda logical=True: 8 if logical else 4)


def read_all(made: Pace, speeds: dict[Setting, float]) -> None:
    for _ in range(ROUNDS * len(made.candidates)):
        setting = made.next(LONG)
        made.took(setting, setting.tokens, setting.tokens / speeds.get(setting, 100.0))


def test_each_candidate_is_tried_and_the_fastest_is_kept(tmp_path: Path) -> None:
    made = Pace.kept(tmp_path, "model", 8)
    assert made.candidates == [Setting(n, t) for t in (8, 4) for n in BATCHES] and made.candidates[0].tokens == USUAL
    read_all(made, {Setting(1024, 4): 150.0})
    assert made.best == Setting(1024, 4) == made.next(LONG) == made.next(10)
    assert Pace.kept(tmp_path, "model", 8).best == made.best, "the next program knows"
    assert Pace.kept(tmp_path, "another model", 8).best is None and Pace.kept(tmp_path, "model", 2).best is None


def test_what_is_hardly_faster_is_not_taken(tmp_path: Path) -> None:
    made = Pace.kept(tmp_path, "model", 8)
    read_all(made, {Setting(256, 8): 103.0})
    assert made.best == made.candidates[0]


def test_short_texts_and_part_filled_batches_measure_nothing() -> None:
    made = Pace(8)
    for _ in range(100):
        assert made.next(40) == Setting(USUAL, 8)
        made.took(Setting(USUAL, 8), 40, 1.0)
    assert made.best is None and made.next(LONG) == Setting(USUAL, 8)


@pytest.mark.parametrize("kept", [b"", b"{", b"\xff\xfe", b'{"machine": 3}', b"[]"])
def test_a_damaged_file_is_as_good_as_none_and_replaced(kept: bytes, tmp_path: Path) -> None:
    (tmp_path / "pace.json").write_bytes(kept)
    made = Pace.kept(tmp_path, "model", 8)
    assert made.best is None and pace.recorded(tmp_path) is None
    read_all(made, {})
    assert pace.recorded(tmp_path) is not None


def test_a_folder_that_cannot_be_written_costs_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    made = Pace.kept(tmp_path / "file", "model", 8)
    read_all(made, {Setting(256, 8): 300.0})
    assert made.best == Setting(256, 8)


def test_every_setting_reads_the_same(tiny: Backbone) -> None:
    spans = [tiny.vocab.encode(f"Sentence number {n} of many, and not the last one.") for n in range(90)]
    with Reader(tiny, 1) as reader:
        plain = list(reader.read(spans))
        for setting in (Setting(256, 1), Setting(1024, 2)):
            reader.pace.best = setting
            for a, b in zip(plain, reader.read(spans), strict=True):
                assert np.allclose(a, b, atol=1e-4)


def test_a_long_text_chooses_and_doctor_says_what(
    tiny: Backbone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace.psutil, "cpu_count", lambda logical=True: 1)
    monkeypatch.setattr(library, "heads_dir", lambda: tmp_path)
    (before,) = [f.said for f in doctor.machine() if f.about == "reading"]
    assert "first long text" in before
    spans = [tiny.vocab.encode(f"Sentence number {n} of many, and not the last one, by far.") for n in range(900)]
    with Reader(tiny, 1, cache=tmp_path) as reader:
        assert len(list(reader.read(spans))) == len(spans) and reader.pace.best is not None
        best = reader.pace.best
    (after,) = [f for f in doctor.machine() if f.about == "reading"]
    assert f"{best.tokens} tokens a batch and {best.threads} threads" in after.said and after.data["speed"] > 0
