"""Settings: which one counts, what is refused, and that the commands take them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.main import get_command

from titans_edge import config, library
from titans_edge.backbone.sampling import Sampling
from titans_edge.cli import common, models
from titans_edge.cli.main import app, run
from titans_edge.errors import TitansError, UsageError

Say = Callable[..., None]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in a home, the current folder two below it; no variable of ours is set."""
    home = tmp_path / "home"
    folder = home / "project"
    (folder / "a" / "b").mkdir(parents=True)
    (folder / ".git").mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    for name in [n for n in os.environ if n.startswith(config.PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(folder / "a" / "b")
    return folder


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def mine(text: str) -> Path:
    return write(config.user_file(), text)


class Taken(TitansError):
    """What a command was about to open a chat with."""

    def __init__(self, args: tuple[Any, ...], given: dict[str, Any]) -> None:
        super().__init__("taken")
        self.args_of, self.given = args, given


@pytest.fixture
def takes(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Runs a command up to where it would open backbone and memory; gives what it would open them with."""

    def opens(*args: Any, **given: Any) -> None:
        raise Taken(args, given)

    def takes(*args: str) -> dict[str, Any]:
        monkeypatch.setattr(common, "open_chat", opens)
        monkeypatch.setattr(models, "at_hand", lambda backbone, yes: None)
        monkeypatch.setattr(sys, "argv", ["titans-edge", *args])
        with pytest.raises(Taken) as taken:
            app(standalone_mode=False)
        backbone, graft, memory = taken.value.args_of
        return {**taken.value.given, "backbone": backbone, "graft": graft, "memory": memory}

    return takes


def ends(monkeypatch: pytest.MonkeyPatch, *args: str) -> int:
    """The exit code of a command."""
    monkeypatch.setattr(sys, "argv", ["titans-edge", *args])
    try:
        run()
    except SystemExit as e:
        return int(e.code or 0)
    return 0


# --- which one counts


def test_flags_stand_above_the_environment_above_the_project_above_the_user_above_defaults(
    project: Path, monkeypatch: pytest.MonkeyPatch, takes: Callable[..., dict[str, Any]]
) -> None:
    def memory(*flags: str) -> tuple[str, str]:
        return takes("ask", "x", *flags)["memory"], config.resolve()["memory"].level

    assert memory() == ("default", "default")
    mine('memory = "user"')
    assert memory() == ("user", "user")
    write(project / config.NAME, 'memory = "project"')
    assert memory() == ("project", "project")
    monkeypatch.setenv("TITANS_EDGE_MEMORY", "variable")
    assert memory() == ("variable", "environment") and memory("-m", "flag")[0] == "flag"
    monkeypatch.setenv("TITANS_EDGE_MEMORY", "")
    assert memory() == ("project", "project")


def test_every_setting_reaches_the_chat_and_a_flag_can_take_each_back(
    project: Path, takes: Callable[..., dict[str, Any]]
) -> None:
    mine(
        'backbone = "smollm2-135m"\ngraft = "g.gguf"\nmemory = "m"\ngpu_layers = 3\ncontext = 999\nrecall = 7\n'
        "rows = false\nguard = false\nlearn_replies = true\nsystem = 's'\ntemperature = 1\ntop_p = 0.5\ntop_k = 6\n"
        "min_p = 0.25\nrepeat_penalty = 1.5\nseed = 9\nmax_tokens = 11\nstop = ['a', 'b']\n"
    )
    got = takes("chat")
    assert got["sampling"] == Sampling(1.0, 0.5, 6, 0.25, 1.5, 9, 11, ("a", "b"))
    assert got["graft"] == str(config.user_file().parent / "g.gguf"), "the same file wherever one is"
    expected = {
        "backbone": "smollm2-135m", "memory": "m", "gpu_layers": 3, "context": 999, "k": 7, "guard": False,
        "learn_replies": True, "system": "s",
    }  # fmt: skip
    assert {k: got[k] for k in expected} == expected
    back = takes("chat", "--guard", "--rows", "--recall", "0", "--temperature", "0", "--graft", "h", "--stop", "c")
    assert (
        back["guard"] and back["mode"] == "association" and back["sampling"].temperature == 0 and back["graft"] == "h"
    )
    assert back["sampling"].stop == ("c",)


def test_a_stop_text_alone_is_a_list_of_one(
    project: Path, monkeypatch: pytest.MonkeyPatch, takes: Callable[..., dict[str, Any]]
) -> None:
    mine('stop = "User:"')
    assert takes("ask", "x")["sampling"].stop == ("User:",)
    monkeypatch.setenv("TITANS_EDGE_STOP", "END")
    assert takes("ask", "x")["sampling"].stop == ("END",)
    assert ("stop", '"END"') in [line[:2] for line in config.lines(config.resolve())]


def test_a_graft_goes_with_the_backbone_it_was_named_beside(
    project: Path, takes: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine('backbone = "/m/x.gguf"\ngraft = "/m/g.gguf"')
    assert takes("ask", "x")["graft"] == "/m/g.gguf"
    for flag in (["-b", "y"], ["--backbone=y"]):
        assert takes("ask", "x", *flag)["graft"] is None and takes("ask", "x", *flag, "-g", "h")["graft"] == "h"
    monkeypatch.setenv("TITANS_EDGE_BACKBONE", "y")
    assert takes("ask", "x")["graft"] is None
    monkeypatch.setenv("TITANS_EDGE_GRAFT", "h")
    assert takes("ask", "x")["graft"] == "h"


def test_what_is_measured_or_trained_takes_the_model_and_nothing_else(project: Path) -> None:
    from titans_edge.cli.config import defaults

    chosen = {k: object() for k in config.TYPES}
    commands = get_command(app).commands  # type: ignore[attr-defined]
    tree = {name: defaults(name, command, chosen) for name, command in commands.items()}
    flat = {**tree, **{f"eval {k}": v for k, v in tree["eval"].items()}}
    for name in ("bench", "train", "eval long", "eval poison", "eval babilong"):
        assert set(flat[name]) <= {"backbone", "graft", "gpu_layers"} and "backbone" in flat[name]
    assert tree["convert"] == {} and tree["pull"] == {}
    assert {k for k, v in tree["memory"].items() if v} == {"undo", "verify", "compact", "plot"}, (
        "those that may lack a name"
    )


def test_defaults_are_those_of_the_commands(project: Path) -> None:
    defaults = msgspec.structs.asdict(config.Settings())
    for name in ("chat", "ask", "read", "mcp"):
        found = get_command(app).commands[name].params  # type: ignore[attr-defined]
        params = {p.name: p.default or () if p.multiple else p.default for p in found if p.name in defaults}
        assert params == {k: defaults[k] for k in params}
    sampling = {f: getattr(Sampling(), f) for f in Sampling.__dataclass_fields__ if f != "grammar"}  # of one question
    assert sampling.items() <= defaults.items()


def test_a_projects_file_is_found_from_below_and_not_beyond_the_project(project: Path, tmp_path: Path) -> None:
    below, inner, outer = project / "a" / "b", project / "a" / config.NAME, project.parent / config.NAME
    write(outer, "")
    assert config.project_file(below) is None, "above .git"
    write(project / config.NAME, "")
    assert config.project_file(below) == project / config.NAME
    write(inner, "")
    assert config.project_file(below) == inner
    assert config.project_file(project.parent) == outer, "the home folder itself"
    stray = tmp_path / "elsewhere" / "deep"
    stray.mkdir(parents=True)
    write(tmp_path / "elsewhere" / config.NAME, "")
    assert config.project_file(stray) is None, "neither .git nor home above: anybody may have written there"
    assert config.project_file(stray.parent) == tmp_path / "elsewhere" / config.NAME
    mine('memory = "u"')
    assert config.project_file(config.user_file().parent) is None, "the user's file is no project's"


def test_without_a_current_folder_there_is_no_project(project: Path) -> None:
    gone = project / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    assert config.project_file() is None and config.resolve()["memory"].value == "default"


# --- what is refused


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("temperatur = 1", ["'temperatur'", "Did you mean temperature?"]),
        ("max-tokens = 1", ["'max-tokens'", "Did you mean max_tokens?"]),
        ("[chat]\nmemory = 'x'", ["'chat'"]),
        ("xyzzy = 1", ["'xyzzy'", "Known: backbone, "]),
        ('"\\u001b[2J" = 1', ["'\\x1b[2J'"]),
        ("recall = 'many'", ["recall", "'many'", "expected `int`, got `str`"]),
        ("recall = true", ["recall", "True"]),
        ("recall = 21", ["recall", "21"]),
        ("rows = 1", ["rows", "expected `bool`"]),
        ("memory = 3", ["memory", "expected `str`"]),
        ("memory = ''", ["no memory name"]),
        ("memory = '../up'", ["no memory name"]),
        ("temperature = 99", ["temperature", "99"]),
        ("seed = -1", ["seed", "-1"]),
        ("seed = {a = 1}", ["seed", "object"]),
        ("stop = 1", ["stop", "expected `array`"]),
        ("stop = ['']", ["stop", "length >= 1"]),
        ("memory = ", ["is no TOML"]),
        ("memory = 'a'\nmemory = 'b'", ["is no TOML"]),
        ("x = " + "[" * 9000, ["is no TOML"]),
        ("#" * 70000, ["larger than 64 KB"]),
        ("\ud800", ["is no TOML"]),
    ],
)
def test_a_wrong_file_is_one_sentence_that_names_file_and_setting(
    project: Path, text: str, words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (config.user_file(), project / config.NAME):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        assert ends(monkeypatch, "memory", "list") == 2
        out, err = capsys.readouterr()
        assert out == "" and err.count("\n") == 1 and str(path) in err and "\x1b" not in err
        assert all(w in err for w in words), err
        path.unlink()


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("TITANS_EDGE_MAX_TOKNS", "1", "Did you mean TITANS_EDGE_MAX_TOKENS?"),
        ("TITANS_EDGE_MAX_TOKENS", "many", "TITANS_EDGE_MAX_TOKENS sets max_tokens to 'many'"),
        ("TITANS_EDGE_ROWS", "perhaps", "TITANS_EDGE_ROWS"),
        ("TITANS_EDGE_MEMORY", "../up", "TITANS_EDGE_MEMORY: '../up' is no memory name"),
    ],
)
def test_a_wrong_variable_is_named(project: Path, name: str, value: str, word: str) -> None:
    with pytest.raises(UsageError) as e:
        config.resolve(environ={name: value})
    assert word in str(e.value)


def test_variables_are_read_as_what_they_mean(project: Path) -> None:
    given = {
        "TITANS_EDGE_ROWS": "false",
        "TITANS_EDGE_SEED": "7",
        "TITANS_EDGE_TOP_P": "0.5",
        "TITANS_EDGE_SYSTEM": "1",
    }
    found = config.resolve(environ={**given, "TITANS_EDGE_API_KEYS": "k=m", "OTHER": "x"})
    assert [found[k].value for k in ("rows", "seed", "top_p", "system")] == [False, 7, 0.5, "1"]


@pytest.mark.parametrize(
    "line",
    ["graft = 'g.gguf'", "guard = false", "guard = true", "learn_replies = true", "system = 'obey'",
     "backbone = 'x.gguf'", "backbone = '/x.gguf'", "backbone = 'https://x/y'", "backbone = ''"],
)  # fmt: skip
def test_a_project_chooses_among_what_the_user_has_and_nothing_else(project: Path, line: str) -> None:
    write(project / config.NAME, f"backbone = '{library.DEFAULT}'\nmemory = 'p'\ntemperature = 0.5\nrecall = 2\n")
    assert config.resolve()["memory"].value == "p"
    write(project / config.NAME, line)
    with pytest.raises(UsageError, match="may not set") as e:
        config.resolve()
    assert line.split()[0] in e.value.message and str(config.user_file()) in e.value.hint
    (project / config.NAME).unlink()
    mine(line)
    assert config.resolve()[line.split()[0]].level == "user"


# --- the commands


def test_show_says_where_each_comes_from(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mine("temperature = 0.5")
    write(project / config.NAME, "memory = 'p'")
    monkeypatch.setenv("TITANS_EDGE_ROWS", "0")
    assert ends(monkeypatch, "config", "show", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown.keys() == config.TYPES.keys()
    assert shown["temperature"] == {"value": 0.5, "from": "user", "where": str(config.user_file())}
    assert shown["memory"] == {"value": "p", "from": "project", "where": str(project / config.NAME)}
    assert shown["rows"] == {"value": False, "from": "environment", "where": "TITANS_EDGE_ROWS"}
    assert shown["top_k"] == {"value": 0, "from": "default", "where": ""}
    ends(monkeypatch, "config", "show")
    rows = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines()}
    assert rows["rows"] == ["false", "environment", "TITANS_EDGE_ROWS"] and rows["graft"] == ["-", "default"]


def test_with_wrong_settings_the_paths_and_help_are_still_told(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project / config.NAME, "nonsense")
    assert ends(monkeypatch, "config", "path", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "user": str(config.user_file()),
        "project": str(project / config.NAME),
    }
    assert ends(monkeypatch, "config", "show") == 2 and ends(monkeypatch, "ask", "--help") == 0
    assert "Usage" in capsys.readouterr().out
