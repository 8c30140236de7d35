"""The real backbone to PyTorch and back, at full size: same words, same template, same logits, same answers of the
graft.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from titans_edge import library
from titans_edge.gguf_header import fingerprint, read_header

pytestmark = pytest.mark.real


def titans(*args: str) -> str:
    got = subprocess.run([sys.executable, "-m", "titans_edge", *args], capture_output=True, text=True, timeout=1200)
    assert got.returncode == 0, got.stderr
    return got.stdout


def test_the_round_trip_loses_nothing(real_path: Path, tmp_path: Path) -> None:
    graft = str(library.find_graft(None, library.DEFAULT))
    titans("convert", str(real_path), "--to-torch", "--out", str(tmp_path / "torch"))
    said = titans(
        "convert",
        str(tmp_path / "torch"),
        "--quant",
        "f16",
        "--graft",
        graft,
        "--samples",
        "2",
        "--out",
        str(tmp_path / "out"),
        "--json",
    )
    report = json.loads(said)
    checks = {c["name"]: c for c in report["checks"]}
    assert all(c["ok"] for c in checks.values()) and len(checks) == 5
    assert checks["F16 against transformers"]["figures"]["mean KL"] < 1e-3
    assert checks["graft"]["figures"]["before"] - checks["graft"]["figures"]["after"] <= 100 / 12
    made, source = read_header(tmp_path / "out" / report["files"][0]), read_header(real_path)
    assert made.meta["tokenizer.chat_template"] == source.meta["tokenizer.chat_template"]
    ours, theirs = fingerprint(made), fingerprint(source)
    assert [k for k in ours if ours[k] != theirs[k]] == ["embedding"]
    (tmp_path / "torch" / "model.safetensors").unlink()  # 2.5 GB
