"""What may be released, and what the container's recipe takes: both read from the files that say so."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
RECIPE = (ROOT / ".docker" / "Dockerfile").read_text("utf-8")


@pytest.fixture(scope="module")
def release() -> ModuleType:
    """The script, as a module."""
    spec = importlib.util.spec_from_file_location("release", ROOT / ".github" / "release.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def git(folder: Path, *args: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *who, *args], check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what git has here, with its newest version in the changelog; committed and tagged."""
    folder = tmp_path / "checkout"
    names = subprocess.run(["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True, check=True).stdout
    for name in names.splitlines():
        if name.split("/")[0] not in ("tests",) and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    version = re.search(r'^version = "(.+)"$', (folder / "pyproject.toml").read_text(), re.M)
    assert version is not None
    (folder / "CHANGELOG.md").write_text(f"# Changelog\n\n## {version[1]}\n\nSomething.\n")
    git(folder, "init", "-q")
    committed(folder)
    git(folder, "tag", f"v{version[1]}")
    return folder


def committed(folder: Path) -> None:
    git(folder, "add", "-A", "-f")
    git(folder, "commit", "-q", "-m", "x")


# --- versions


def test_version_changelog_and_tag_must_be_one(release: ModuleType, tmp_path: Path) -> None:
    def say(project: str, changed: str) -> None:
        (tmp_path / "pyproject.toml").write_text(f'[project]\nversion = "{project}"\n')
        (tmp_path / "CHANGELOG.md").write_text(f"# Changelog\n\n## {changed}\n\n## 0.0.9\n")

    say("1.2.3", "1.2.3")
    assert release.versions(tmp_path, "v1.2.3") == release.versions(tmp_path, "other\nv1.2.3") == "1.2.3"
    for project, changed, tag in (
        ("1.2.3", "1.2.3", "v1.2.4"), ("1.2.3", "1.2.3", "1.2.3"), ("1.2.3", "1.2.3", ""),
        ("1.2.3", "Unreleased", "v1.2.3"), ("1.2.4", "1.2.3", "v1.2.3"),
    ):  # fmt: skip
        say(project, changed)
        with pytest.raises(release.Refused):
            release.versions(tmp_path, tag)


def test_a_path_of_this_machine_is_found_wherever_it_is(release: ModuleType, tmp_path: Path) -> None:
    for name, raw in (("a/b.py", b"x = '/home/anna/te'"), ("g.gguf", b"\0\1/home/anna/te\0"), ("home/anna/te", b"")):
        wheel = tmp_path / "w.whl"
        with zipfile.ZipFile(wheel, "w") as z:
            z.writestr("ok.py", "x = 1")
            z.writestr(name, raw)
        secrets = {"/home/anna/te": "the checkout's path", "home/anna/te": "a path"}
        with pytest.raises(release.Refused, match="holds"):
            release.of_this_machine(wheel, secrets)
        release.of_this_machine(wheel, {"/home/bob": "another"})


def test_the_package_index_of_this_machine_counts_as_its_own(
    release: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example.org/simple")
    found = release.secrets(ROOT)
    assert found["mirror.example.org"] and found[str(ROOT)] and "pypi.org" not in found


@pytest.mark.slow
def test_a_sound_checkout_may_be_released(
    release: ModuleType, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert release.main([], checkout) == 0, capsys.readouterr().err
    said = capsys.readouterr().out
    assert len(said.splitlines()) == 6 and "files of the program" in said
    assert sorted(p.suffix for p in (checkout / "dist").iterdir()) == [".gz", ".whl"]


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["uncommitted", "no catalogue", "a file too many", "this machine"])
def test_a_faulty_one_may_not(
    release: ModuleType, checkout: Path, capsys: pytest.CaptureFixture[str], fault: str, tmp_path: Path
) -> None:
    project = checkout / "pyproject.toml"
    if fault == "uncommitted":
        (checkout / "more.txt").write_text("x")
    elif fault == "no catalogue":
        project.write_text(project.read_text().replace('titans_edge = ["*.json"', 'titans_edge = ["*.none"'))
    elif fault == "a file too many":
        (checkout / "titans_edge" / "server" / "more.txt").write_text("not packaged")
    else:
        (checkout / "titans_edge" / "times.py").open("a").write(f"\nHERE = {str(checkout)!r}\n")
    if fault != "uncommitted":
        committed(checkout)
        git(checkout, "tag", "-f", f"v{release.versions(checkout, release.git(checkout, 'tag'))}")
    assert release.main(["--out", str(tmp_path / "out")], checkout) == 1
    wanted = {"uncommitted": "not committed", "no catalogue": "catalogue.json", "a file too many": "more.txt",
              "this machine": "checkout's path"}  # fmt: skip
    assert wanted[fault] in capsys.readouterr().err


# --- the container


def test_the_container_runs_without_root_with_one_volume_and_the_files_it_names() -> None:
    assert re.findall(r"^USER (\S+)", RECIPE, re.M)[-1].isdecimal() and re.findall(r"^VOLUME (\S+)", RECIPE, re.M) == [
        "/data"
    ]
    homes = dict(re.findall(r"(XDG_\w+_HOME|HOME)=(\S+)", RECIPE))
    assert len(homes) == 4 and all(place.startswith("/data") for place in homes.values())
    copied = [n for names in re.findall(r"^COPY (?!--from)(.+) \S+$", RECIPE, re.M) for n in names.split()]
    assert copied and all((ROOT / name).exists() for name in copied)
    ignored = (ROOT / ".docker" / "Dockerfile.dockerignore").read_text().splitlines()
    assert {f"!{name}" for name in copied} <= set(ignored) and "*" in ignored
    project = (ROOT / "pyproject.toml").read_text()
    folders = set(re.findall(r'^"titans_edge\.\w+" = "(\w+)"', project, re.M))
    assert {"titans_edge", *folders, "pyproject.toml", "README.md", "LICENSE"} <= set(copied), (
        "what a wheel is built of"
    )
    (compiled,) = re.findall(r"grep -o '(.+)' pyproject\.toml", RECIPE)
    assert len(set(re.findall(compiled, project))) == 1, "the package that is compiled first"


def test_the_containers_commands_are_the_programs() -> None:
    from typer.main import get_command

    from titans_edge.cli.main import app

    (line,) = re.findall(r'^CMD \["sh", "-c", "(.+)"\]', RECIPE, re.M)
    known = get_command(app).commands  # type: ignore[attr-defined]
    for name, rest in re.findall(r"titans-edge (\w+)([^&\"]*)", line):
        options = {o for p in known[name].params for o in p.opts}
        assert set(re.findall(r"--[\w-]+", rest)) <= options
    assert "exec titans-edge serve" in line, "signals reach it"


@pytest.mark.slow
def test_the_containers_health_check_tells_a_server_that_answers_from_one_that_does_not(
    tiny_path: Path, graft_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("starlette")
    from tests.serving import serving
    from titans_edge.server.settings import Key, Settings

    (check,) = re.findall(r"HEALTHCHECK.*\\\n +CMD (\[.+\])", RECIPE)
    python, *args = json.loads(check)
    assert python == "python"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    settings = Settings(host="0.0.0.0", port=0, keys=(Key("secret", ("work",)),))
    with serving(tiny_path, graft_path, settings) as server:
        here = [a.replace(":8484", f":{server.port}") for a in args]
        assert subprocess.run([sys.executable, *here], capture_output=True).returncode == 0
        refused = server.client.get("/v1/models")
        assert refused.status_code == 401
    assert subprocess.run([sys.executable, *here], capture_output=True).returncode != 0
