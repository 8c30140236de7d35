"""Conversion: llama.cpp computes from the written file what transformers computes from the checkpoint; bad input is
one line.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from titans_edge.convert import architectures, choice, space, torch_folder, writer
from titans_edge.convert.bundle import Order, convert
from titans_edge.convert.source import open_checkpoint, resolve
from titans_edge.convert.strings import strings
from typer.testing import CliRunner

from tests import checkpoints
from tests.converting import checked, edited, never, run
from titans_edge.cli.main import app
from titans_edge.errors import DownloadError, ModelError, UsageError
from titans_edge.gguf_header import fingerprint, read_arrays, read_header

pytestmark = pytest.mark.slow  # minutes of processes: not part of `make unit`


@pytest.fixture(scope="module")
def qwen3(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoints.save(tmp_path_factory.mktemp("qwen3"), checkpoints.qwen3(tie_word_embeddings=False))


@pytest.fixture
def qwen2(tmp_path: Path) -> Path:
    """Sharded and tied, in BF16."""
    return checkpoints.save(
        tmp_path / "qwen2", checkpoints.qwen2(tie_word_embeddings=True), dtype="bfloat16", shard="60KB"
    )


ROPES: list[tuple[Any, dict[str, Any]]] = [
    (checkpoints.qwen2, {"rope_type": "linear", "factor": 4.0}),
    (checkpoints.qwen3, {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 128}),
    (
        checkpoints.qwen3,
        {"rope_type": "yarn", "factor": 2.0, "original_max_position_embeddings": 256, "attention_factor": 1.3},
    ),
    (
        checkpoints.llama,
        {
            "rope_type": "llama3",
            "factor": 8.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 64,
        },
    ),
]


def test_a_qwen3_speaks_in_llama_cpp_as_in_transformers(qwen3: Path, tmp_path: Path) -> None:
    report = checked(qwen3, tmp_path / "out")
    assert [c.ok for c in report.checks] == [True] * 4
    figures = report.checks[3].figures
    assert figures["mean KL"] < 1e-4 and figures["top-1"] > 0.98
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [*report.files, "report.json"]
    assert json.loads((tmp_path / "out" / "report.json").read_text())["checks"][0]["ok"]
    written = read_header(tmp_path / "out" / report.files[0]).tensors.values()
    assert {t.ggml_type for t in written if len(t.shape) == 2} == {1} and {
        t.ggml_type for t in written if len(t.shape) == 1
    } == {0}


def test_a_sharded_tied_bf16_qwen2(qwen2: Path, tmp_path: Path) -> None:
    assert len(list(qwen2.glob("*.safetensors"))) > 3
    report = checked(qwen2, tmp_path / "out", "q8_0")
    assert all(c.ok for c in report.checks) and len(report.checks) == 6
    assert "output.weight" not in read_header(tmp_path / "out" / report.files[0]).tensors


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_a_llama_of_every_dtype(dtype: str, tmp_path: Path) -> None:
    folder = checkpoints.save(
        tmp_path / "in", checkpoints.llama(tie_word_embeddings=True, attention_bias=True), dtype=dtype
    )
    assert all(c.ok for c in checked(folder, tmp_path / "out").checks)


@pytest.mark.parametrize("space_first", [True, False])
def test_a_llama_with_a_sentencepiece_vocabulary(space_first: bool, tmp_path: Path) -> None:
    tokenizer = checkpoints.pieces_tokenizer(space_first)
    folder = checkpoints.save(tmp_path / "in", checkpoints.llama(), tokenizer)
    report = checked(folder, tmp_path / "out")
    assert all(c.ok for c in report.checks), report.checks


@pytest.mark.parametrize(("config", "rope"), ROPES)
def test_rope_scaling(config: Any, rope: dict[str, Any], tmp_path: Path) -> None:
    folder = checkpoints.save(tmp_path / "in", config(rope_parameters={"rope_theta": 10000.0, **rope}))
    assert all(c.ok for c in checked(folder, tmp_path / "out").checks)
    plain = checkpoints.save(tmp_path / "plain", config())
    made = checked(plain, tmp_path / "out2").files[0]
    assert fingerprint(read_header(tmp_path / "out2" / made))  # and the scaling is what makes the difference:
    settings = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(
        json.dumps({**settings, "rope_parameters": {"rope_theta": 10000.0, "rope_type": "default"}})
    )
    todo, have = writer.plan(open_checkpoint(folder)), json.dumps(settings)
    assert (todo.metadata, len(todo.steps)) != ((again := writer.plan(_with(folder, have))).metadata, len(again.steps))


def _with(folder: Path, config: str) -> Any:
    (folder / "config.json").write_text(config)
    return open_checkpoint(folder)


def test_a_gguf_goes_to_torch_and_comes_back_the_same(tiny_path: Path, tmp_path: Path) -> None:
    header = read_header(tiny_path)
    torch_folder.to_torch(header, tmp_path / "torch")
    report = checked(tmp_path / "torch", tmp_path / "out")
    back = read_header(tmp_path / "out" / report.files[0])
    assert all(c.ok for c in report.checks)
    assert read_arrays(back.path, "tokenizer.ggml.") == read_arrays(header.path, "tokenizer.ggml.")
    assert fingerprint(back)["tokenizer"] == fingerprint(header)["tokenizer"]
    assert {k: v for k, v in header.meta.items() if k.startswith("qwen2.rope.f")}.items() <= back.meta.items()
    for name, tensor in header.tensors.items():
        rows = np.arange(int(np.prod(tensor.shape[:-1])) or 1)
        np.testing.assert_allclose(back.tensors[name].rows(rows), tensor.rows(rows), atol=1e-3)


def test_a_gguf_is_requantised_with_its_words(tiny_path: Path, tmp_path: Path) -> None:
    report = convert(Order(tiny_path, tmp_path / "out", "q8_0"), never)
    made = fingerprint(read_header(tmp_path / "out" / report.files[0]))
    before = fingerprint(read_header(tiny_path))
    assert all(c.ok for c in report.checks)
    assert [k for k in made if made[k] != before[k]] == ["embedding"]


def test_measuring_makes_a_table_and_a_plot(qwen3: Path, tmp_path: Path) -> None:
    report = convert(Order(qwen3, tmp_path / "out", "auto", measure=True, check=False), never)
    assert [m.quant for m in report.measured] == list(choice.QUANTS)
    assert (tmp_path / "out" / "quants.png").stat().st_size > 1000 and "measured" in report.why


def test_the_choice_follows_shapes_and_cpu() -> None:
    cpu = {"AVX2", "REPACK"}
    assert choice.choose([(100_000, 896)] * 10, cpu).quant == "q4_0"
    assert choice.choose([(100_000, 896)] * 10, set()).quant == "q8_0"
    assert choice.choose([(100_000, 1024)] * 10, cpu).quant == "q4_k_m"
    assert choice.choose([(1000, 1024)], cpu).quant == "q8_0"


def test_words_llama_cpp_cuts_otherwise_are_found(qwen3: Path, tmp_path: Path) -> None:
    """A merge lost on the way to the file: the check names a string it matters to."""
    from titans_edge.convert import verify

    from titans_edge.backbone.model import Backbone

    made = tmp_path / "out" / convert(Order(qwen3, tmp_path / "out", "f16", check=False), never).files[0]
    folder = _copy(qwen3, tmp_path / "in")
    spec = json.loads((folder / "tokenizer.json").read_text())
    edited(folder, "tokenizer.json", model={**spec["model"], "merges": spec["model"]["merges"][1:]})
    with Backbone(made, gpu_layers=0) as model:
        assert verify.tokenizer(open_checkpoint(qwen3), model).ok
        found = verify.tokenizer(open_checkpoint(folder), model)
    assert found.ok is False and "in the source" in found.says


def test_a_failed_check_deletes_nothing(qwen3: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from titans_edge.convert import verify

    monkeypatch.setitem(verify.BOUNDS, "f16", verify.Bound(-1.0, 2.0))  # nothing is this good
    with pytest.raises(ModelError, match="transformers failed: mean KL"):
        checked(qwen3, tmp_path / "out")
    names = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert names[0].endswith("-f16.gguf.unverified") and names[1] == "report.json"


def test_a_changed_tensor_is_named(qwen3: Path, tmp_path: Path) -> None:
    from titans_edge.convert import verify

    report = checked(qwen3, tmp_path / "out")
    path = tmp_path / "out" / report.files[0]
    span = read_header(path).tensors["blk.1.ffn_up.weight"]
    with path.open("r+b") as f:
        f.seek(span.offset + 11)
        f.write(b"\x11")
    checkpoint = open_checkpoint(qwen3)
    found = verify.tensors(writer.plan(checkpoint), checkpoint, path)
    assert found.ok is False and "blk.1.ffn_up.weight differs" in found.says


def _copy(folder: Path, to: Path) -> Path:
    to.mkdir()
    for p in folder.iterdir():
        (to / p.name).write_bytes(p.read_bytes())
    return to


def test_bad_checkpoints_get_one_clear_line_and_leave_nothing(qwen2: Path, qwen3: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"

    def refused(folder: Path, match: str) -> None:
        with pytest.raises(ModelError, match=match) as e:
            checked(folder, out)
        assert e.value.hint and not out.exists() and not list(tmp_path.glob(".out*"))

    shard = sorted(qwen2.glob("*.safetensors"))[2]
    kept = shard.read_bytes()
    shard.unlink()
    refused(qwen2, f"shard {shard.name} is missing")
    shard.write_bytes(kept[:-100])
    refused(qwen2, "cut short")
    shard.write_bytes(kept)

    odd = _copy(qwen3, tmp_path / "odd")
    tensors = load_file(odd / "model.safetensors")
    name = "model.layers.1.mlp.up_proj.weight"
    save_file({**tensors, name: np.ascontiguousarray(tensors[name].T)}, odd / "model.safetensors")
    refused(odd, r"up_proj.weight has the shape \[64, 96\]; config.json asks for \[96, 64\]")
    save_file({**tensors, "model.extra": np.zeros(3, np.float32)}, odd / "model.safetensors")
    refused(odd, "no tensor named model.extra")
    save_file({k: v for k, v in tensors.items() if k != name}, odd / "model.safetensors")
    refused(odd, f"has no tensor {name}")
    save_file({**tensors, name: tensors[name] * 1e9}, odd / "model.safetensors")
    refused(odd, "which F16 cannot")
    save_file(tensors, odd / "model.safetensors")

    edited(odd, "config.json", architectures=["MambaForCausalLM"])
    refused(odd, "MambaForCausalLM cannot be converted")
    edited(
        odd, "config.json", architectures=["Qwen3ForCausalLM"], rope_parameters={"rope_type": "dynamic", "factor": 2.0}
    )
    refused(odd, "no rope scaling 'dynamic'")
    edited(odd, "config.json", rope_parameters=None)

    spec = json.loads((odd / "tokenizer.json").read_text())
    edited(odd, "tokenizer.json", model={**spec["model"], "merges": []})
    refused(odd, "has no merges")
    edited(odd, "tokenizer.json", model=spec["model"], pre_tokenizer={"type": "Whitespace"})
    refused(odd, "no known name in llama.cpp: Whitespace")
    (odd / "tokenizer.json").unlink()
    refused(odd, "no tokenizer.json")
    (odd / "config.json").write_text("{")
    refused(odd, "cannot be read")


def test_sources_that_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="There is no"):
        resolve(str(tmp_path / "nothing"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("titans_edge.library.resolves", lambda _: False)
    with pytest.raises(DownloadError, match="the hub cannot be reached"):
        resolve("nobody/no-such-model")


def test_a_full_disk_is_one_line_and_leaves_nothing(qwen3: Path, tiny_path: Path, tmp_path: Path) -> None:
    for limit in (40_000, 200_000):  # within the vocabulary, within the tensors
        got = run("convert", str(qwen3), "--out", str(tmp_path / "out"), "--quant", "f16", cwd=tmp_path, limit=limit)
        assert got.returncode == 3 and "is full, or a limit was reached" in got.stderr and "Traceback" not in got.stderr
        assert list(tmp_path.iterdir()) == []
    limit = tiny_path.stat().st_size // 4  # within llama.cpp's quantiser
    got = run("convert", str(tiny_path), "--out", str(tmp_path / "out"), "--quant", "q8_0", cwd=tmp_path, limit=limit)
    assert got.returncode == 3 and "is full, or a limit was reached" in got.stderr and list(tmp_path.iterdir()) == []
    with pytest.raises(ModelError, match="GB are free"):
        space.check(tmp_path, 10**18)


def test_a_killed_run_leaves_nothing_half_written_and_the_next_succeeds(qwen3: Path, tmp_path: Path) -> None:
    """Killed right after the file has begun to grow."""
    script = (
        "import os, signal, sys; from pathlib import Path; from titans_edge.convert.bundle import *\n"
        "def die(_, done, of):\n    if done > of // 2: os.kill(os.getpid(), signal.SIGKILL)\n"
        "convert(Order(Path(sys.argv[1]), Path(sys.argv[2]), 'f16'), lambda *_: [], die)\n"
    )
    out = tmp_path / "out"
    died = subprocess.run([sys.executable, "-c", script, str(qwen3), str(out)], timeout=120)
    assert died.returncode == -signal.SIGKILL and not out.exists()
    assert [p.name for p in tmp_path.iterdir()] == [".out.convert"]
    assert all(c.ok for c in checked(qwen3, out).checks)
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_two_runs_into_one_folder_are_kept_apart(qwen3: Path, tmp_path: Path) -> None:
    from titans_edge.convert.atomic import workplace

    (tmp_path / ".out.convert").mkdir()
    (tmp_path / ".out.convert" / "model.safetensors").touch()  # of a run that was killed: no result of this one
    with workplace(tmp_path / "out") as place:
        assert list(place.iterdir()) == []
        with pytest.raises(UsageError, match="Another conversion"):
            checked(qwen3, tmp_path / "out")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks Linux for a process's peak memory")
def test_converting_holds_one_block_not_the_model(tmp_path: Path) -> None:
    """Peak memory of a process that writes a model of 400 MB stays under its largest tensor plus 300 MB.

    Asked of /proc: getrusage would count what pytest held when the process was forked.
    """
    config = checkpoints.qwen2(hidden_size=1024, intermediate_size=8192, num_hidden_layers=4)
    folder = checkpoints.save(tmp_path / "in", config)
    script = (
        "import sys; from pathlib import Path; from titans_edge.convert import source, tokenizer, writer\n"
        "c = source.open_checkpoint(Path(sys.argv[1])); p = writer.plan(c)\n"
        "writer.write(c, p, tokenizer.read_tokens(c.folder, p.steps[0].shape[0]), Path(sys.argv[2]))\n"
        "peak = [x for x in open('/proc/self/status') if x.startswith('VmHWM')]\n"
        "print(max(s.nbytes for s in p.steps), int(peak[0].split()[1]) * 1024)\n"
    )
    got = subprocess.run(
        [sys.executable, "-c", script, str(folder), str(tmp_path / "x.gguf")],
        capture_output=True,
        text=True,
        timeout=120,
    )
    largest, peak = map(int, got.stdout.split())
    assert (folder / "model.safetensors").stat().st_size > 400e6
    assert peak < largest + 300e6


def test_the_printed_json_names_its_command(tiny_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["convert", str(tiny_path), "--out", str(tmp_path / "out"), "--quant", "f16", "--no-verify", "--json"]
    monkeypatch.setattr(sys, "argv", ["titans-edge", *words])
    assert json.loads(CliRunner().invoke(app, words).stdout)["command"] == f"titans-edge {' '.join(words)}"


def test_strings_are_many_and_always_the_same() -> None:
    a, b = list(strings(3000, ["<|im_end|>"])), list(strings(3000, ["<|im_end|>"]))
    assert a == b and len(set(a)) > 2000 and any("<|im_end|>" in s for s in a)


def test_llama3_factors_are_those_of_transformers() -> None:
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

    config = checkpoints.llama(rope_parameters={"rope_theta": 500000.0, **ROPES[3][1]}, head_dim=64)
    theirs, _ = ROPE_INIT_FUNCTIONS["llama3"](config, "cpu")
    ours = architectures.rope_factors(config.to_dict())
    assert ours is not None
    plain = 500000.0 ** (-np.arange(0, 64, 2) / 64)
    np.testing.assert_allclose(plain / ours, theirs.numpy(), rtol=1e-5)
