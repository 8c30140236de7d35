"""Each `--help` has examples, and they run; the shell completes; what the pages in docs/ name is there."""

from __future__ import annotations

import io
import json
import lzma
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from importlib import metadata
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from tests.journals import fill
from titans_edge import config, library
from titans_edge import engine as engines
from titans_edge.cli.main import COMMANDS, app, run
from titans_edge.sidecar.client import HostClient

ROOT = Path(__file__).parents[1]
SMALLER = {  # what is added to an example, so that it takes a moment
    "chat": ["--max-tokens", "4"], "ask": ["--max-tokens", "4"], "serve": ["--port", "0"],
    "bench": ["--tokens", "512", "--no-start"], "doctor": ["--no-test"],
    "eval capacity": ["--facts", "2", "--samples", "1", "--auto", "1"],
    "eval held-out": ["--samples", "1"], "eval long": ["--turns", "2"],
    "eval natural": ["--people", "marisol", "--kinds", "word", "--mode", "question"], "eval poison": ["--samples", "1"],
    "eval babilong": ["--tasks", "qa1", "--lengths", "0k,1k", "--samples", "1"],
    "eval qa": ["--n", "2", "--samples", "1"], "eval ablate": ["--tasks", "qa1", "--samples", "1"],
}  # fmt: skip


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """The commands that do something, by the words that name them."""
    for name, sub in getattr(command, "commands", {}).items():
        yield from commands(sub, (*path, name))
    if not getattr(command, "commands", {}):
        yield " ".join(path), command


def examples() -> list[tuple[str, str]]:
    """(command, example) of every help text."""
    return [(name, line) for name, command in commands(get_command(app)) for line in shown(command.help or "")]


def shown(help: str) -> list[str]:
    """The examples at the end of a help text, as they are printed."""
    _, example, rest = help.partition("Example")
    return [line.strip() for line in rest.splitlines()[1:] if line.strip()] if example else []


def split(line: str) -> tuple[list[str], dict[str, str]]:
    """An example's arguments, and the variables before it. What stands before a pipe is left out."""
    if line.startswith("{"):  # as an editor's settings have it
        settings = json.loads(line)
        assert settings["command"] == "titans-edge"
        return list(settings["args"]), {}
    words = shlex.split(line.rpartition(" | ")[2].replace("$KEY", "secret"))
    variables = dict(w.split("=", 1) for w in words[: words.index("titans-edge")])
    return words[words.index("titans-edge") + 1 :], variables


def test_every_command_has_an_example() -> None:
    without = [name for name, command in commands(get_command(app)) if not shown(command.help or "")]
    assert without == [] and len(examples()) > 40


def test_every_example_is_understood(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each reaches its own command with all it needs."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    reached: list[str] = []

    def reach(command_name: str, /, **given: object) -> None:
        reached.append(command_name)

    whole = get_command(app)
    for name, command in commands(whole):
        command.callback = partial(reach, name)
    for name, line in examples():
        args, variables = split(line)
        with monkeypatch.context() as m:
            for variable, value in variables.items():
                m.setenv(variable, value)
            whole.main(args, "titans-edge", standalone_mode=False)
        assert reached[-1:] == [name], line
        reached.clear()


@pytest.fixture(scope="module")
def shelf(tiny_path: Path, graft_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files the examples name."""
    folder = tmp_path_factory.mktemp("shelf")
    for name in ("notes.txt", "diary.txt", "letters.txt"):
        (folder / name).write_text("Mary went home. John stayed in the garden.")
    (folder / "book.txt").write_text("The river rose in the night, and nobody slept. " * 120)
    case = {"id": "1", "context": "Mary went home.", "question": "Where is Mary?", "target": "home"}
    (folder / "cases.jsonl").write_text(json.dumps(case))
    for name in ("natural.json", "poison.json"):
        (folder / name).write_text(json.dumps([{"task": "word", "n": 2, "accuracy": 50.0, "low": 9.5, "high": 90.5}]))
    data(folder / "DATA")
    shutil.copy(tiny_path, folder / "model.gguf")
    shutil.copy(tiny_path, folder / "new.gguf")
    shutil.copy(graft_path, folder / "graft.gguf")
    shutil.copytree(ROOT / "models", folder / "models", ignore=shutil.ignore_patterns("downloads"))
    return folder


def data(folder: Path) -> None:
    """As the folder that evaluations ask of is laid out, with next to nothing in it."""
    for name in ("books/test", "qa"):
        (folder / name).mkdir(parents=True)
    (folder / "qa1_a_test.txt").write_text("1 Mary went to the kitchen.\n2 Where is Mary?\tkitchen\t1\n")
    (folder / "books" / "test" / "book.txt").write_text("The river rose in the night, and nobody slept. " * 20)
    triple = {"sentence": "Rain fell in Rome.", "question": "Where did rain fall?", "answer": "Rome"}
    (folder / "qa" / "dev_mixed.jsonl.xz").write_bytes(lzma.compress(json.dumps(triple).encode()))
    (folder / "qa" / "persona_lines.txt.xz").write_bytes(lzma.compress(b"I like tea.\nI have a dog.\nI swim.\n"))


@pytest.fixture
def here(shelf: Path, tmp_path: Path, tiny_path: Path, graft_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user whose settings name the tiny model, and who has the memories the examples name."""
    folder = tmp_path / "here"
    shutil.copytree(shelf, folder)
    for name in ("CONFIG", "DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    for name in [n for n in os.environ if n.startswith(config.PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(folder)
    config.user_file().parent.mkdir(parents=True)
    config.user_file().write_text(f"backbone = '{tiny_path}'\ngraft = '{graft_path}'\ncontext = 512\ngpu_layers = 0\n")
    library.memories_dir().mkdir(parents=True)
    for name in ("default", "work", "home", "old"):
        fill(library.memories_dir() / f"{name}.memory", 6)
    monkeypatch.setattr(engines, "HostClient", partial(HostClient, local=True))
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(("name", "line"), examples())
def test_every_example_runs(
    name: str, line: str, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    args, variables = split(line)
    prepare(name, args, here, monkeypatch)
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    said = "Mary went home.\n/bye\n" if name == "chat" else "Mary went home."
    monkeypatch.setattr("sys.stdin", Input(said))
    monkeypatch.setattr("sys.argv", ["titans-edge", *args, *SMALLER.get(name, [])])
    code: object = 0
    try:
        run()
    except SystemExit as e:
        code = e.code or 0
    out, err = capsys.readouterr()
    assert code == 0, (line, out, err)
    assert out or name in ("serve", "mcp"), line


class Input:
    """Standard input that is no terminal."""

    def __init__(self, text: str) -> None:
        self.buffer = io.BytesIO(text.encode())
        self._text = io.StringIO(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._text, name)


def prepare(name: str, args: list[str], here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an example takes for granted; and what would fetch, train for hours or serve for ever does not."""
    if name == "memory import":
        for file in ("friend.jsonl", "backup.jsonl"):
            CliRunner().invoke(app, ["memory", "export", "work", file])
            assert (here / file).exists()
    if args[:2] == ["convert", "my-finetune"]:
        CliRunner().invoke(app, ["convert", "model.gguf", "--out", "my-finetune", "--to-torch"])
        args.append("--no-verify")  # a random model bears no quantisation
    if name == "memory rename":
        (library.memories_dir() / "home.memory").unlink()
    if name == "pull":
        monkeypatch.setattr(library, "pull", lambda name, progress: here / "model.gguf")
    if name == "train":
        monkeypatch.setattr("titans_edge.train.run.train", lambda *given: None)
    if name == "serve":
        monkeypatch.setattr("titans_edge.server.run.serve", lambda *given: None)
    if name == "mcp":
        monkeypatch.setattr("titans_edge.mcp_server.take_stdout", lambda: None)
        monkeypatch.setattr("titans_edge.mcp_server.serve", lambda tools: None)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_the_shell_is_told_commands_and_options(shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The script that `--show-completion` prints asks the program, and that answers."""
    monkeypatch.setattr("shellingham.detect_shell", lambda *_: (shell, shell))
    script = CliRunner().invoke(app, ["--show-completion"]).output
    assert "_TITANS_EDGE_COMPLETE" in script
    env = {"_TITANS_EDGE_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_ARGS": "titans-edge me"}
    env |= {"COMP_WORDS": "titans-edge me", "COMP_CWORD": "1", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    env |= {"_TYPER_COMPLETE_WORD_TO_COMPLETE": "me"}
    found = CliRunner().invoke(app, [], env=env, prog_name="titans-edge").output
    assert "memory" in found and "chat" not in found


def test_what_the_pages_name_is_there() -> None:
    """Tests that docs/compare.md gives as proof exist, and commands that any page names are understood."""
    known = {name for name, _ in commands(get_command(app))}
    for page in (p for p in files("titans_edge.docs").iterdir() if p.name.endswith(".md")):
        text = page.read_text("utf-8")
        for file, test in re.findall(r"`(tests/\w+\.py)(?:::(\w+))?`", text):
            there = (ROOT / file).read_text("utf-8")
            assert not test or f"def {test}(" in there, (page.name, test)
        for words in re.findall(r"`titans-edge ((?:[a-z-]+ ?)+)", text):
            first = words.split()[0]
            assert any(n == first or n.startswith(f"{first} ") for n in known), (page.name, words)


def test_the_licences_name_every_shipped_graft() -> None:
    """Each folder of models/ has a row with its card's licence, and its backbone's licence stands there too."""
    rows = [r for r in files("titans_edge.docs").joinpath("licences.md").read_text("utf-8").splitlines() if "|" in r]
    grafts = sorted(p.name for p in (ROOT / "models").iterdir() if p.is_dir())
    assert grafts == sorted(library.shipped())
    for name in grafts:
        (row,) = (r for r in rows if f"`models/{name}`" in r)
        assert "| MIT |" in row and "MIT licence" in (ROOT / "models" / name / "README.md").read_text("utf-8"), name
        assert library.catalogue()[name].licence in "".join(r for r in rows if "backbones" in r), name


def test_the_program_says_which_version_it_is() -> None:
    got = CliRunner().invoke(app, ["--version"])
    assert got.exit_code == 0 and got.stdout.startswith(f"titans-edge {metadata.version('titans-edge')} (llama-cpp")


def test_the_list_of_commands_says_what_each_says_of_itself() -> None:
    told = {name: command.help or "" for name, command in get_command(app).commands.items()}  # type: ignore[attr-defined]
    begins = {name: " ".join(text.split()) for name, text in told.items()}
    assert {n for n, (_, line) in COMMANDS.items() if not begins[n].startswith(line.rstrip("."))} == set()


def test_a_command_is_not_imported_for_another() -> None:
    code = "import sys; sys.argv = ['titans-edge', 'models']\nfrom titans_edge.cli.main import run\n"
    code += "try:\n run()\nexcept SystemExit:\n pass\n"
    code += "print([m for m in sys.modules if m in ('titans_edge.cli.chat', 'titans_edge.cli.serve', 'rich')])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.stdout.splitlines()[-1:] == ["[]"], ran.stderr
