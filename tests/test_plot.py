"""Pictures of a memory show what its journal holds, and `memory plot` writes all of each or nothing."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.figure import Figure

from tests.commanding import run
from tests.journals import GRAFT, fact, fill, record
from titans_edge import facts, pictures
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.speaker import Speaker
from titans_edge.cli.memory_plot import measured
from titans_edge.facts import Sentence
from titans_edge.journal import Journal, NewSpan
from titans_edge.sources import USER
from titans_edge.text import sentences

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a memory `a` of 40 sentences; those with an even number and a known surprise are 20."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    folder = tmp_path / "data" / "titans-edge" / "memories"
    folder.mkdir(parents=True)
    fill(folder / "a.memory", 40)
    return folder


def keyed(path: Path, keys: list[list[float]]) -> None:
    """A memory whose sentences have these keys."""
    with Journal(path) as journal:
        journal.set_meta("graft", GRAFT)
        for n, key in enumerate(keys):
            whole = facts.pack((fact("Box is here."),), Sentence(np.array(key, "<f2").tobytes(), ((7,),)))
            journal.append(f"op-{n}", 0, USER, [NewSpan("Box is here.", 0, None, whole)], graft=GRAFT)


@pytest.mark.parametrize("steps", [1, 7, 200])
def test_growth_counts_each_sentence_once_by_kind_and_in_order(kept: Path, steps: int) -> None:
    with Journal(kept / "a.memory", write=False) as journal:
        step, told = journal.growth(steps)
        counted = Counter(e.source.kind for e in journal.entries())
        times = [e.time for e in journal.entries()]
    sums: Counter[str] = Counter()
    for at, kind, n in told:
        assert min(times) <= at <= max(times)
        sums[kind] += n
    assert sums == counted and len({at for at, _, _ in told}) <= steps + 1
    assert [at for at, _, _ in told] == sorted(at for at, _, _ in told)
    ax = Figure().add_subplot()
    pictures.growth(step, told)(ax)
    ends = {line.get_label(): line.get_ydata()[-1] for line in ax.lines}  # type: ignore[index]
    assert ends == {"you": counted["user"], "documents": counted["document"]}


def test_of_nothing_there_is_no_growth(tmp_path: Path) -> None:
    with Journal(tmp_path / "empty.memory") as journal:
        assert journal.growth(10) == (0.0, [])


def test_surprise_is_drawn_as_it_is_stored_and_its_mean_of_what_is_known() -> None:
    values = [1.0, math.nan, 3.0, *[2.0] * 20]
    ax = Figure().add_subplot()
    pictures.surprise(values)(ax)
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), values)
    smooth = np.asarray(ax.lines[1].get_ydata())
    for i in range(len(values)):
        near = [v for v in values[max(0, i - 4) : i + 5] if not math.isnan(v)]
        assert smooth[i] == pytest.approx(sum(near) / len(near))


def test_keys_are_as_alike_as_their_cosines_and_sentences_without_one_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "keys.memory"
    keyed(path, [[1, 0, 0, 0], [0, 2, 0, 0], [-3, 0, 0, 0], [1, 1, 0, 0]])
    with Journal(path) as journal:
        journal.append("bare", 0, USER, [NewSpan("No key is here.", 0, None, record("No key is here."))], graft=GRAFT)
        similar, ids = pictures.similarity(list(journal.entries()))
    half = math.sqrt(0.5)
    assert ids == [1, 2, 3, 4]
    np.testing.assert_allclose(
        similar, [[1, 0, -1, half], [0, 1, 0, half], [-1, 0, 1, -half], [half, half, -half, 1]], atol=1e-3
    )


@pytest.mark.slow
def test_the_command_writes_private_pictures_of_both_kinds(kept: Path, tmp_path: Path) -> None:
    keyed(kept / "k.memory", [[1, 0], [0, 1]])
    out = tmp_path / "new" / "pictures"
    code, said, _ = run("plot", "a", "--out", str(out), "--format", "png,svg")
    assert code == 0 and len(said.split()) == 4
    for part in ("growth", "surprise"):
        assert (out / f"a-{part}.png").read_bytes().startswith(PNG)
        assert ElementTree.parse(out / f"a-{part}.svg").getroot().tag.endswith("svg")
    assert {oct(p.stat().st_mode & 0o777) for p in out.iterdir()} == {"0o600"}
    code, said, err = run("plot", "k", "--out", str(out))
    assert code == 0 and "k-keys.png" in said and "--document" in err
    assert run("plot", "a", "--out", str(out), "--source", "you")[0] == 0


def test_a_document_s_surprise_is_the_backbone_s_for_each_sentence(
    kept: Path, tmp_path: Path, tiny_path: Path, tiny: Backbone
) -> None:
    text = "Zoë went home. " * 3 + "$x$ is the café's <b>price</b>."
    file = tmp_path / "notes $1$.txt"
    file.write_text(text, "utf-8")
    with Speaker(tiny, 1024) as speaker:
        ids = tiny.vocab.encode(text)
        nll = speaker.surprise(ids)
    ends = np.cumsum([len(tiny.vocab.piece(t)) for t in ids])
    want = []
    for s in sentences(text):
        first, last = (len(text[:at].encode()) for at in (s.start, s.end))
        want.append(float(np.nanmean(nll[(ends > first) & (ends <= last)])))
    assert measured(file, str(tiny_path), 0) == pytest.approx(want, abs=1e-3)
    code, said, _ = run("plot", "a", "--out", str(tmp_path), "--document", str(file), "-b", str(tiny_path))
    assert code == 0 and "a-surprise.png" in said


def test_what_cannot_be_drawn_or_written_is_said_in_one_line(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Journal(kept / "empty.memory").close()
    (tmp_path / "file").write_text("x")
    for args in (
        ("plot", "none"),
        ("plot", "empty", "--out", str(tmp_path)),
        ("plot", "a", "--format", "pdf"),
        ("plot", "a", "--format", ""),
        ("plot", "a", "--out", str(tmp_path / "file")),
        ("plot", "a", "--out", str(tmp_path / "file" / "below")),
        ("plot", "a", "--out", "/proc/nowhere"),
        ("plot", "a", "--document", str(tmp_path / "none.txt"), "--out", str(tmp_path)),
    ):
        code, _, err = run(*args)
        assert code in (2, 9) and err.count("\n") == 1, (args, err)
    target = tmp_path / "a-growth.png"
    target.write_bytes(b"before")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    code, _, err = run("plot", "a", "--out", str(tmp_path))
    assert code == 2 and "No space left" in err and target.read_bytes() == b"before"
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_the_command_s_help_imports_no_matplotlib() -> None:
    code = "import sys, titans_edge.cli.main; print([m for m in ('matplotlib', 'torch') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
