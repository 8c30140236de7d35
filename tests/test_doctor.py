"""The doctor: what it finds where things are sound, missing, damaged, hanging or crashing, and that it goes on."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journals import fill
from tests.old_journal import make_format_1
from titans_edge import config, doctor, download, library, selftest, versions
from titans_edge.doctor import Finding


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, folder in (
        ("HOME", ""),
        ("XDG_DATA_HOME", "data"),
        ("XDG_CACHE_HOME", "cache"),
        ("XDG_CONFIG_HOME", "c"),
    ):
        monkeypatch.setenv(name, str(tmp_path / folder))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fake(code: str) -> list[str]:
    """A self-test's process that is this Python code."""
    return [sys.executable, "-c", f"import json, os, sys, time\n{code}"]


def steps(*lines: dict[str, Any]) -> str:
    return "".join(f"print({json.dumps({'selftest': True, **line})!r}, flush=True)\n" for line in lines)


LLAMA = {"llama": {"version": "0", "cpu": ["AVX"], "backends": ["CPU"]}}


def of(about: str, found: Iterator[Finding]) -> list[Finding]:
    return [f for f in found if f.about == about]


def examined(monkeypatch: pytest.MonkeyPatch, code: str = steps(LLAMA), **given: Any) -> list[Finding]:
    """All findings, with such a process as the self-test's."""
    monkeypatch.setattr(selftest, "command", lambda backbone, graft: fake(code))
    return list(doctor.examine(**given, seconds=60))


# --- the whole of it


@pytest.mark.slow
def test_where_all_is_there_the_verdict_is_sound_and_nothing_is_written(
    tiny_path: Path, graft_path: Path, home: Path
) -> None:
    env = {k: v for k, v in os.environ.items() if not k.startswith(config.PREFIX)}
    files = ["-b", str(tiny_path), "-g", str(graft_path)]
    got = subprocess.run(
        [sys.executable, "-m", "titans_edge", "doctor", *files, "--seconds", "500", "--json"],
        capture_output=True, text=True, env=env,
    )  # fmt: skip
    told = json.loads(got.stdout)
    assert got.returncode == 0 and told["sound"], told
    by = {f["about"]: f for f in told["findings"]}
    assert by.keys() == {
        "packages", "machine", "settings", "models in", "memories in", "grafts", "model", "graft", "memories",
        "llama.cpp", "GPU", "self-test", "reading",
    }  # fmt: skip
    assert by["self-test"]["data"]["routes"] and by["self-test"]["data"]["kept"] >= 1
    assert by["llama.cpp"]["data"]["cpu"]
    assert "CPU" in by["llama.cpp"]["data"]["backends"] and by["machine"]["data"]["threads"] >= 1
    assert not [p for p in home.rglob("*") if p.is_file() and "pytest" not in str(p.relative_to(home))]


@pytest.mark.slow
def test_without_torch_the_self_test_says_so_and_the_rest_is_told(
    tiny_path: Path, graft_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = home / "site" / "torch"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise ImportError('libtorch is gone')")
    monkeypatch.syspath_prepend(str(broken.parent))
    found = list(doctor.examine(str(tiny_path), str(graft_path), seconds=500))
    bad = [f for f in found if f.verdict == "bad"]
    assert [f.about for f in bad] == ["self-test"] and bad[0].next and of("llama.cpp", iter(found))


def test_with_no_model_the_next_step_is_named_and_the_rest_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    found = examined(monkeypatch)
    bad = [f for f in found if f.verdict == "bad"]
    assert [(f.about, f.next) for f in bad] == [("model", f"Run `titans-edge pull {library.DEFAULT}`.")]
    assert "left out" in of("self-test", iter(found))[0].said and of("GPU", iter(found)) and of("memories", iter(found))


def test_bad_findings_end_with_exit_code_one_and_good_ones_with_none(monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from titans_edge.cli.main import app

    def verdict(*found: Finding) -> tuple[int, str, Any]:
        monkeypatch.setattr(doctor, "examine", lambda *a, **k: iter(found))
        shown = CliRunner().invoke(app, ["doctor"])
        told = CliRunner().invoke(app, ["doctor", "--json"])
        assert told.exit_code == shown.exit_code
        return shown.exit_code, shown.output, json.loads(told.stdout)

    good, note = Finding("a", "good", "fine"), Finding("b", "note", "hm\x1b[2J", "do this")
    code, shown, told = verdict(good, note)
    assert (
        code == 0
        and shown.endswith("Sound, with 1 to note.\n")
        and "→ do this" in shown
        and "\x1b" not in shown
        and told["sound"]
    )
    code, shown, told = verdict(good, Finding("c", "bad", "broken", "mend it"))
    assert code == 1 and "Not sound: 1 of 2" in shown and "→ mend it" in shown and not told["sound"]


# --- one thing each


def test_every_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    known = versions.of
    monkeypatch.setattr(versions, "of", lambda p: None if p in ("torch", "titans-edge") else known(p))
    bad = [f for f in doctor.packages() if f.verdict == "bad"]
    assert [(f.said, f.next) for f in bad] == [("torch is not installed.", "Run `pip install torch`.")]


def test_a_damaged_memory_is_bad_and_the_others_are_counted(home: Path) -> None:
    folder = library.memories_dir()
    folder.mkdir(parents=True)
    fill(folder / "sound.memory", 5)
    (folder / "broken.memory").write_bytes(b"no journal at all" * 100)
    whole = folder / "torn.memory"
    fill(whole, 40)
    raw = bytearray(whole.read_bytes())
    raw[len(raw) // 2 : len(raw) // 2 + 400] = b"\xff" * 400
    whole.write_bytes(bytes(raw))
    (folder / "sound.damaged-1").write_text("x")
    before = {p.name: p.read_bytes() for p in folder.iterdir() if p.suffix != ".lock"}
    found = {(f.said.split(",")[0].split(":")[0], f.verdict): f for f in doctor.memories()}
    assert found.keys() == {("sound", "good"), ("sound", "note"), ("broken", "bad"), ("torn", "bad")}
    assert found["sound", "good"].data["sentences"] > 0 and "memory clean sound" in found["sound", "note"].next
    assert all(found[n, "bad"].next for n in ("broken", "torn"))
    assert {n: (folder / n).read_bytes() for n in before} == before


def test_a_memory_of_the_first_format_is_a_note(home: Path) -> None:
    library.memories_dir().mkdir(parents=True)
    made, _ = make_format_1(library.memories_dir() / "old.memory")
    (found,) = doctor.memories()
    assert found.verdict == "note" and "chat --memory old" in found.next and made.exists()


def test_a_folder_that_cannot_be_written_is_bad(home: Path) -> None:
    library.memories_dir().parent.mkdir(parents=True)
    library.memories_dir().write_text("a file stands here")
    found = {f.about: f for f in doctor.places()}
    assert found["memories in"].verdict == "bad" and found["models in"].verdict != "bad"
    assert not library.models_dir().exists()


@pytest.mark.parametrize(("free", "verdict"), [(10_000_000, "bad"), (1_000_000_000, "note"), (10**11, "good")])
def test_room_is_judged(free: int, verdict: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        def __init__(self) -> None:
            self.free = free

    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage())
    assert {f.verdict for f in doctor.places()} == {verdict}


def test_a_models_bytes_are_checked_unchecked_or_wrong(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = b"GGUF" + b"x" * 100
    source = library.Source("wheels", packages=("a==1",), member="m")
    entry = library.Entry("m", "m.gguf", len(raw), hashlib.sha256(raw).hexdigest(), "MIT", "M", (source,))
    monkeypatch.setattr(library, "catalogue", lambda: {"m": entry})

    def verdicts() -> list[tuple[str, str]]:
        return [(f.verdict, f.next) for f in doctor.models()]

    assert verdicts() == []
    entry.path.parent.mkdir(parents=True)
    entry.path.write_bytes(raw)
    assert verdicts() == [("note", "Run `titans-edge pull m`.")]
    download.pull(entry)
    assert verdicts() == [("good", "")]
    entry.path.write_bytes(raw + b"more")
    assert verdicts() == [("bad", "Run `titans-edge pull m`.")]


def test_a_graft_of_another_backbone_is_bad(tiny_path: Path, graft_path: Path, tmp_path: Path) -> None:
    from tests.tiny import make_gguf

    other = make_gguf(tmp_path / "other.gguf", seed=3)
    assert [f.verdict for f in doctor.wanted(str(tiny_path), str(graft_path))] == ["good", "good"]
    assert [f.verdict for f in doctor.wanted(str(other), str(graft_path))] == ["good", "bad"]


def test_a_shipped_graft_that_is_cut_short_is_bad(
    graft_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(graft_path.read_bytes()[:500])
    monkeypatch.setattr(library, "shipped", lambda: {"a": graft_path, "b": cut, "c": tmp_path / "none.gguf"})
    assert [(f.said[:1], f.verdict) for f in doctor.grafts()] == [("a", "good"), ("b", "bad"), ("c", "bad")]


def test_wrong_settings_are_a_finding(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / config.NAME).write_text("gaurd = 1")
    (found,) = of("settings", iter(examined(monkeypatch)))
    assert found.verdict == "bad" and "'gaurd'" in found.said and "guard" in found.next


# --- the self-test's process


@pytest.mark.slow
def test_a_process_that_crashes_or_hangs_is_told_with_the_step_it_was_at() -> None:
    began = steps({"stage": selftest.STAGES[1]}, LLAMA, {"stage": selftest.STAGES[2]})
    crashed = selftest.run(fake(began + "print('GGML_ASSERT: no')\nsys.stdout.flush()\nos.abort()"), 60)
    assert selftest.STAGES[2] in crashed.wrong and "GGML_ASSERT: no" in crashed.wrong and not crashed.timed_out
    hung = selftest.run(fake(began + "time.sleep(600)"), 5)
    assert hung.timed_out and "5 seconds" in hung.wrong


def test_what_others_print_is_no_step(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = "print('{\"stage\": 1}'); print('[1]'); print('null'); os.write(1, b'\\xff\\n')\n"
    seen = list[tuple[int, int, str]]()
    out = selftest.run(fake(noise + steps({"stage": selftest.STAGES[1]}, LLAMA)), 60, lambda *s: seen.append(s))
    assert out.wrong == "" and out.llama["cpu"] == ["AVX"] and [s[2] for s in seen] == ["self-test, finding llama.cpp"]


@pytest.mark.parametrize(
    ("code", "about", "verdict"),
    [
        ("sys.exit(3)", "llama.cpp", "bad"),
        (steps({"wrong": "OSError: libllama.so"}), "llama.cpp", "bad"),
        (steps(LLAMA, {"wrong": "no memory", "hint": "do"}), "self-test", "bad"),
        (steps(LLAMA, {"done": {"answer": "x", "routes": ["text"]}}), "self-test", "good"),
    ],
)
def test_what_the_process_says_becomes_a_finding_with_a_next_step(
    code: str, about: str, verdict: str, tiny_path: Path, graft_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = examined(monkeypatch, code, backbone=str(tiny_path), graft=str(graft_path))
    last = found[-1]
    assert (last.about, last.verdict) == (about, verdict) and (verdict == "good" or last.next)
    assert of("machine", iter(found)) and of("memories", iter(found))


def test_a_build_for_amx_is_a_note_with_the_way_to_compile_it_without(monkeypatch: pytest.MonkeyPatch) -> None:
    amx = {"llama": {**LLAMA["llama"], "cpu": ["AVX2", "AMX_INT8"]}}
    [note] = of("llama.cpp", iter(examined(monkeypatch, steps(amx))))
    assert "AMX_INT8" in note.said and note.verdict == "note" and "-mno-amx-int8" in note.next
    assert note.data == amx["llama"]


def test_in_an_environment_of_pipx_its_pip_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda p: "/bin/x" if p == "nvidia-smi" else None)
    monkeypatch.setattr(versions, "of", lambda p: None if p == "torch" else "1.0")
    monkeypatch.setattr(sys, "prefix", str(home / "venvs" / "titans-edge"))
    Path(sys.prefix).mkdir(parents=True)
    for pip in ("pip", "pipx runpip titans-edge"):
        found = examined(monkeypatch)
        (gpu,) = of("GPU", iter(found))
        assert f'CMAKE_ARGS="-DGGML_CUDA=on" {pip} install --force-reinstall' in gpu.next
        assert f"Run `{pip} install torch`." in [f.next for f in found]
        (crashed,) = of("llama.cpp", iter(examined(monkeypatch, "sys.exit(3)")))
        assert f"`{pip} install --force-reinstall --no-cache-dir llama-cpp-python`" in crashed.next
        (Path(sys.prefix) / "pipx_metadata.json").touch()


def test_the_readme_builds_for_each_gpu_as_the_doctor_says() -> None:
    text = " ".join((Path(__file__).parents[1] / "README.md").read_text("utf-8").replace("\\\n", " ").split())
    assert f".venv/bin/pip {doctor.REBUILD}=={versions.of('llama-cpp-python')}" in text
    flags = {name: flag for name, flag in doctor.SEEN_BY.values() if name != "HIP"} | {"Metal": "-DGGML_METAL=on"}
    for name, flag in flags.items():
        assert re.search(rf"\({name}\) \|[^|]+\|[^|]*`{flag}`", text), name


def test_a_gpu_that_is_not_used_is_a_note_with_the_way_to_build_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda p: "/bin/x" if p == "nvidia-smi" else None)
    (found,) = of("GPU", iter(examined(monkeypatch)))
    assert found.verdict == "note" and "-DGGML_CUDA=on" in found.next and "docs/gpu.md" in found.next
    with monkeypatch.context() as apple:
        apple.setattr(doctor.platform, "system", lambda: "Darwin")
        apple.setattr(doctor.platform, "machine", lambda: "arm64")
        (found,) = of("GPU", iter(examined(monkeypatch)))
        assert found.verdict == "note" and "-DGGML_METAL=on" in found.next
    cuda = {"llama": {**LLAMA["llama"], "backends": ["CUDA", "CPU"]}}
    (found,) = of("GPU", iter(examined(monkeypatch, steps(cuda))))
    assert found.verdict == "good" and "CUDA" in found.said
