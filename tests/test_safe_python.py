"""A file of the folder a user starts the program in is never run, whatever it is called."""

from __future__ import annotations

import os
import site
import subprocess
import sys
from pathlib import Path

import pytest

import titans_edge
from titans_edge import safe_python
from titans_edge.sidecar.client import MemoryClient

HOME = str(Path(titans_edge.__path__[0]).parent)
NAMES = (
    "msgspec", "pip", "numpy", "torch", "random", "encodings", "typing_extensions", "json", "filelock", "site",
    "sqlite3", "runpy", "sitecustomize", "usercustomize", "linecache", "typer", "rich", "titans_edge", "llama_cpp",
    "sklearn", "__future__", "platformdirs",
)  # fmt: skip


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A folder whose modules leave a file `ran-NAME` when they are imported."""
    folder = tmp_path / "hostile"
    folder.mkdir()
    for name in NAMES:
        _write_module(folder, name)
    return folder


def _write_module(folder: Path, name: str) -> None:
    (folder / f"{name}.py").write_text(f"open({str(folder / f'ran-{name}')!r}, 'w').close()\n")


def ran(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.glob("ran-*"))


def path_with_holes() -> dict[str, str]:
    """An environment whose PYTHONPATH has empty entries, which mean the current folder."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(["", ".", ""])}


@pytest.mark.slow
def test_the_folder_is_hostile_indeed(hostile: Path) -> None:
    subprocess.run([sys.executable, "-c", "import random"], cwd=hostile, env={**os.environ, "PYTHONPATH": HOME})
    assert ran(hostile) == ["ran-random"]


@pytest.mark.slow
def test_the_memory_process_runs_no_file_of_the_current_folder(
    hostile: Path, tiny_path: Path, graft_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(hostile)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", ".", str(hostile)]))
    monkeypatch.setattr(sys, "path", ["", str(hostile), *sys.path])
    client = MemoryClient.open(str(tiny_path), str(graft_path), None)
    assert client.stats()["spans"] == 0
    client.close()
    assert ran(hostile) == []


@pytest.mark.slow
def test_pip_is_the_installed_one(hostile: Path) -> None:
    command = safe_python.module_command("pip", "--version")
    got = subprocess.run(command, cwd=hostile, env=path_with_holes(), capture_output=True, text=True)
    assert got.returncode == 0 and got.stdout.startswith("pip "), got.stderr
    assert ran(hostile) == []


@pytest.mark.slow
def test_the_program_run_as_a_module_leaves_the_current_folder(hostile: Path) -> None:
    # `python -m` itself imports from the current folder before our first line can run; these are ours to prevent
    for name in ("encodings", "site", "sitecustomize", "usercustomize", "titans_edge", "linecache", "runpy"):
        (hostile / f"{name}.py").unlink()
    env = {**os.environ, "PYTHONPATH": HOME}
    got = subprocess.run(
        [sys.executable, "-m", "titans_edge", "models"], cwd=hostile, env=env, capture_output=True, text=True
    )
    assert got.returncode == 0 and "qwen2.5-coder-0.5b" in got.stdout, got.stderr
    assert ran(hostile) == []


def test_a_module_of_ours_is_this_packages_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another titans_edge, in the current folder or first on the path, is not taken for it."""
    for folder in ("here", "first"):
        (tmp_path / folder / "titans_edge").mkdir(parents=True)
        (tmp_path / folder / "titans_edge" / "__init__.py").write_text("raise SystemExit('the wrong one')\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "first"), *sys.path])
    command = safe_python.module_command("titans_edge.safe_python")
    command[command.index("-c") + 1] += "\nimport titans_edge.safe_python as s; print(s.PACKAGE)\n"
    got = subprocess.run(command, cwd=tmp_path / "here", env=path_with_holes(), capture_output=True, text=True)
    assert got.stdout.strip() == safe_python.PACKAGE, got.stderr


def test_arguments_arrive_and_the_exit_code_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "told.py").write_text("import sys\nprint(sys.argv[1:], __name__)\nsys.exit(7)\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    command = safe_python.module_command("told", "a b", "--c", "ä'\"")
    got = subprocess.run(command, cwd=tmp_path.parent, capture_output=True, text=True, encoding="utf-8")
    assert got.returncode == 7 and "__main__" in got.stdout and "'a b', '--c'" in got.stdout, got.stderr


def test_the_path_loses_the_current_folder_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, other = tmp_path / "here", tmp_path / "other"
    here.mkdir(), other.mkdir()
    (tmp_path / "link").symlink_to(here)
    monkeypatch.chdir(here)
    usual = [p for p in sys.path if os.path.isabs(p)]
    monkeypatch.setattr(sys, "path", ["", ".", str(here), str(tmp_path / "link"), str(other), *usual])
    assert safe_python.safe_path() == [str(other), *usual]


def test_a_package_that_lies_in_the_current_folder_comes_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HOME)
    monkeypatch.setattr(sys, "path", ["", HOME, *sys.path])
    path = safe_python.safe_path()
    if HOME not in site.getsitepackages():
        assert path[-1] == HOME and path.count(HOME) == 1


def test_a_folder_of_pythons_own_stays_even_when_it_is_the_current_one(monkeypatch: pytest.MonkeyPatch) -> None:
    library = os.path.dirname(os.__file__)
    monkeypatch.chdir(library)
    assert library in safe_python.safe_path()


def test_a_current_folder_that_was_deleted_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    try:
        gone.rmdir()
    except OSError:
        pytest.skip("this system keeps a folder that is in use")
    assert safe_python.safe_path()
