"""What is packaged is all of the program: an installed wheel answers from memory with nothing of the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from titans_edge import library

pytestmark = pytest.mark.slow  # minutes of processes: not part of `make unit`

ROOT = Path(__file__).parents[1]
PLACES = {"titans_edge": "titans_edge", "convert": "titans_edge/convert", "models": "titans_edge/models"}
BUILD = "import sys, setuptools.build_meta as b; getattr(b, f'build_{sys.argv[1]}')(sys.argv[2])"
SETTINGS = {"PYTHONPATH", "PYTHONSAFEPATH", "HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"}
Run = Callable[..., str]


def checked(command: list[str], cwd: Path, env: dict[str, str] | None = None, stdin: str = "") -> str:
    got = subprocess.run(command, cwd=cwd, env=env, input=stdin, capture_output=True, text=True, timeout=300)
    assert got.returncode == 0, f"{command}\n{got.stdout}\n{got.stderr}"
    return got.stdout


def build(kind: str, source: Path, out: Path) -> Path:
    """A wheel or sdist, by the backend pyproject.toml names, without a network."""
    env = {k: v for k, v in os.environ.items() if k not in SETTINGS}
    checked([sys.executable, "-c", BUILD, kind, str(out)], source, env)
    return next(out.glob("*.whl" if kind == "wheel" else "*.tar.gz"))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout: building leaves files behind."""
    copy = tmp_path_factory.mktemp("source") / "copy"
    copy.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    for name in PLACES:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "downloads"))
    return copy


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", source, tmp_path_factory.mktemp("wheel"))


def environment(folder: Path) -> Path:
    """A new virtual environment that sees this one's packages, not its `.pth` files: no editable install."""
    venv.create(folder, with_pip=False)
    names = {"base": str(folder), "platbase": str(folder)}
    place = Path(sysconfig.get_path("purelib", "venv" if "venv" in sysconfig.get_scheme_names() else None, names))
    packages = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (place / "dependencies.pth").write_text("".join(f"{p}\n" for p in sorted(packages)))
    return folder / ("Scripts" if os.name == "nt" else "bin")


def install(programs: Path, cwd: Path, *what: str) -> None:
    python = str(programs / "python")
    options = ["--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check", "-q"]
    env = {k: v for k, v in os.environ.items() if k not in SETTINGS}
    checked([sys.executable, "-m", "pip", "--python", python, "install", *options, *what], cwd, env)


def clean(home: Path) -> dict[str, str]:
    """An environment whose user has nothing yet. The folder of models is this user's: they are large."""
    kept = {k: v for k, v in os.environ.items() if k not in SETTINGS}
    caches = library.models_dir().parents[1]
    return {**kept, "HOME": str(home), "XDG_DATA_HOME": str(home / "data"), "XDG_CACHE_HOME": str(caches)}


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs the installed program in a folder outside the checkout, where files called like modules wait."""
    home = tmp_path_factory.mktemp("home")
    programs = environment(home / "venv")
    install(programs, home, str(wheel))
    here = home / "here"
    here.mkdir()
    for name in ("msgspec", "random", "numpy", "torch", "pip"):
        (here / f"{name}.py").write_text("raise SystemExit('a file of the current folder was run')\n")

    def run(*args: str, stdin: str = "", program: str = "titans-edge") -> str:
        return checked([str(programs / program), *args], here, clean(home), stdin)

    return run


def files_of(wheel: Path) -> dict[str, int]:
    """Path -> checksum of everything a wheel installs; RECORD lists checksums itself."""
    with zipfile.ZipFile(wheel) as z:
        return {i.filename: i.CRC for i in z.infolist() if not i.filename.endswith("/RECORD")}


def test_every_file_of_the_program_is_in_the_wheel(source: Path, wheel: Path) -> None:
    want = {
        f"{place}/{p.relative_to(source / folder).as_posix()}"
        for folder, place in PLACES.items()
        for p in (source / folder).rglob("*")
        if p.is_file()
    }
    have = set(files_of(wheel))
    assert want == {name for name in have if ".dist-info/" not in name}
    for name in ("models/qwen2.5-coder-0.5b/graft.gguf", "models/qwen2.5-coder-0.5b/README.md",
                 "models/smollm2-135m/graft.gguf", "models/smollm2-135m/README.md", "convert/prompts.txt",
                 "stories/words.json", "catalogue.json", "py.typed", "convert/FORMAT.md"):  # fmt: skip
        assert f"titans_edge/{name}" in have
    assert any(name.endswith("licenses/LICENSE") for name in have)


def test_the_sdist_makes_the_same_wheel(source: Path, wheel: Path, tmp_path: Path) -> None:
    sdist = build("sdist", source, tmp_path)
    with tarfile.open(sdist) as tar:
        tar.extractall(tmp_path / "unpacked")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    (tmp_path / "again").mkdir()
    assert files_of(build("wheel", unpacked, tmp_path / "again")) == files_of(wheel)
    assert {"LICENSE", "README.md", "pyproject.toml"} <= {p.name for p in unpacked.iterdir()}


def test_the_installed_program_is_the_wheels_and_runs_no_file_of_the_current_folder(installed: Run) -> None:
    assert "A neural memory" in installed("--help")
    assert library.DEFAULT in installed("models")
    code = "import titans_edge.convert, importlib.util as u; print(u.find_spec('titans_edge.convert.bundle').origin)"
    told = installed("-I", "-c", code, program="python")
    assert str(ROOT) not in told and "site-packages" in told


def test_the_installed_program_has_its_memory_process(installed: Run, tiny_path: Path, graft_path: Path) -> None:
    base = ("-b", str(tiny_path), "-g", str(graft_path), "--context", "512", "--max-tokens", "4")
    assert "Mary went home." in installed("chat", *base, stdin="Mary went home.\n/memory home\n/bye\n")


def test_the_shipped_graft_is_found_in_a_wheel_and_in_an_editable_install(
    installed: Run, source: Path, tmp_path: Path
) -> None:
    code = "from titans_edge import library; print(library.find_graft(None, library.DEFAULT))"
    found = Path(installed("-I", "-c", code, program="python").strip())
    shipped = ROOT / "models" / library.DEFAULT / "graft.gguf"
    assert found.read_bytes() == shipped.read_bytes() and found.parts[-4:-2] == ("titans_edge", "models")
    programs = environment(tmp_path / "venv")
    install(programs, tmp_path, "-e", str(source))
    found = Path(checked([str(programs / "python"), "-I", "-c", code], tmp_path, clean(tmp_path)).strip())
    assert found.samefile(source / "models" / library.DEFAULT / "graft.gguf")


@pytest.mark.real
def test_the_installed_program_answers_from_memory(installed: Run, real_path: Path) -> None:
    assert real_path.exists()
    installed("chat", "--memory", "wheel", stdin="Mary went to the kitchen.\n/bye\n")
    assert "kitchen" in installed("ask", "Where is Mary?", "--memory", "wheel").lower()
