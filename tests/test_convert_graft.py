"""Conversion of grafts: to PyTorch and back, bound to another file of their backbone; what `inspect` says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from titans_edge.convert import bundle, graft, torch_folder
from titans_edge.convert.bundle import Order, convert

from tests import checkpoints
from tests.converting import checked, edited, never, run
from titans_edge.errors import GraftError, ModelError
from titans_edge.gguf_header import read_header

pytestmark = pytest.mark.slow  # minutes of processes: not part of `make unit`


@pytest.fixture(scope="module")
def qwen3(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoints.save(tmp_path_factory.mktemp("qwen3"), checkpoints.qwen3(tie_word_embeddings=False))


def test_a_graft_goes_to_safetensors_and_back(graft_path: Path, tmp_path: Path) -> None:
    file = graft.read(graft_path)
    graft.write(file, tmp_path / "g.safetensors")
    again = graft.read(tmp_path / "g.safetensors")
    graft.write(again, tmp_path / "g.gguf", "f16")
    back = graft.read(tmp_path / "g.gguf")
    assert back.fields == file.fields
    assert back.tensors.keys() == file.tensors.keys() and all(
        torch.equal(t, file.tensors[k]) for k, t in back.tensors.items()
    )
    assert graft.is_graft(tmp_path / "g.safetensors") and graft.is_graft(graft_path)
    for dtype, bound in (("f32", 0.0), ("q8_0", 0.02)):
        graft.write(file, tmp_path / f"{dtype}.gguf", dtype)
        for name, tensor in graft.read(tmp_path / f"{dtype}.gguf").tensors.items():
            scale = float(tensor.abs().max()) or 1.0
            assert float((tensor.reshape(-1) - file.tensors[name].reshape(-1)).abs().max()) <= bound * scale, name


def test_every_type_of_graft_loads_and_answers(tiny_path: Path, graft_path: Path, tmp_path: Path) -> None:
    from titans_edge.neural.graft import load

    for dtype in graft.DTYPES:
        graft.write(graft.read(graft_path), tmp_path / f"{dtype}.gguf", dtype)
        assert load(tmp_path / f"{dtype}.gguf", read_header(tiny_path)).info.layer == 1
        again = graft.read(tmp_path / f"{dtype}.gguf")
        graft.write(again.rebound(again.bound), tmp_path / "again.gguf")  # the type stays, to the last bit
        assert (tmp_path / "again.gguf").read_bytes() == (tmp_path / f"{dtype}.gguf").read_bytes()


def test_a_graft_is_bound_again_to_a_requantised_file(tiny_path: Path, graft_path: Path, tmp_path: Path) -> None:
    from titans_edge.neural.graft import load

    small = convert(Order(tiny_path, tmp_path / "q", "q8_0"), never).files[0]
    backbone = tmp_path / "q" / small
    with pytest.raises(GraftError, match="another backbone"):
        load(graft_path, read_header(backbone))
    asked: list[Path] = []

    def ask(backbone: Path, bound: Path) -> list[bool]:
        asked.append(backbone)
        load(bound, read_header(backbone))
        return [True, True, False]

    report = bundle.rebind(Order(backbone, tmp_path / "out", graft=graft_path, first_backbone=tiny_path), ask)
    assert asked == [tiny_path, backbone] and report.checks[0].ok and report.checks[0].figures["same"] == 100
    assert load(tmp_path / "out" / "graft.gguf", read_header(backbone)).info.layer == 1
    worse = iter([[True] * 8, [True] * 4 + [False] * 4])
    with pytest.raises(ModelError, match=r"graft failed: 100\.0 % right before, 50\.0 % after"):
        bundle.rebind(
            Order(backbone, tmp_path / "worse", graft=graft_path, first_backbone=tiny_path), lambda *_: next(worse)
        )
    assert (tmp_path / "worse" / "graft.gguf.unverified").exists()


def test_a_graft_follows_its_backbone_through_torch(tiny_path: Path, graft_path: Path, tmp_path: Path) -> None:
    """transformers saves the tokenizer in its own way: the words are the same, their hash is not."""
    torch_folder.to_torch(read_header(tiny_path), tmp_path / "torch")
    edited(tmp_path / "torch", "tokenizer_config.json", unk_token="<|endoftext|>")
    order = Order(tmp_path / "torch", tmp_path / "out", "f16", graft=graft_path, first_backbone=tiny_path)
    report = convert(order, lambda *_: [True])
    bound, first = graft.read(tmp_path / "out" / "graft.gguf").bound, graft.read(graft_path).bound
    assert bound == report.fingerprint and bound["tokenizer"] != first["tokenizer"]
    with pytest.raises(GraftError, match=r"tokenizer is .* --first-backbone"):
        convert(Order(tmp_path / "torch", tmp_path / "out2", "f16", graft=graft_path), never)


def test_a_graft_is_not_bound_to_another_model(qwen3: Path, graft_path: Path, tiny_path: Path, tmp_path: Path) -> None:
    from tests.tiny import make_gguf

    other = tmp_path / "x" / checked(qwen3, tmp_path / "x").files[0]
    with pytest.raises(GraftError, match="architecture is qwen2 in the graft and qwen3"):
        bundle.rebind(Order(other, tmp_path / "out", graft=graft_path), never)
    stranger = make_gguf(tmp_path / "stranger.gguf", seed=5)  # same sizes and words, other weights
    with pytest.raises(GraftError, match="token embeddings"):
        bundle.rebind(Order(stranger, tmp_path / "out", graft=graft_path, first_backbone=tiny_path), never)


def test_inspect_says_what_a_file_is(tiny_path: Path, graft_path: Path, tmp_path: Path) -> None:
    def inspected(path: Path) -> dict[str, Any]:
        got: dict[str, Any] = json.loads(run("inspect", str(path), "--json", cwd=tmp_path).stdout)
        return got

    backbone, bound = inspected(tiny_path), inspected(graft_path)
    assert backbone["kind"] == "backbone" and backbone["fingerprint"] == bound["bound to"]
    assert backbone["parameters"] == sum(int(np.prod(t.shape)) for t in read_header(tiny_path).tensors.values())
    assert bound["kind"] == "graft" and bound["settings"]["titans.layer"] == 1
    (tmp_path / "no").write_bytes(b"nothing at all")
    assert run("inspect", str(tmp_path / "no"), cwd=tmp_path).returncode == 2


def test_nothing_named_convert_is_installed() -> None:
    code = (
        "import titans_edge.convert, sys\ntry:\n    import convert\nexcept ImportError:\n    sys.exit(0)\nsys.exit(1)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=os.path.abspath(os.sep)).returncode == 0
