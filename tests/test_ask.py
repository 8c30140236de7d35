"""`titans-edge ask` in scripts: where the question comes from, how it is sampled, and the exit codes that are told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from titans_edge import errors
from titans_edge.cli import common
from titans_edge.cli.ask import MAX_INPUT
from titans_edge.cli.main import EXIT_CODES, app
from titans_edge.errors import DocumentError, TitansError, UsageError
from titans_edge.events import Done, Event, Text

Ask = Callable[..., str]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Echo:
    """A chat that says what it is asked."""

    def turn(self, message: str, *, learn: bool) -> Iterator[Event]:
        assert not learn
        yield Text(message)
        yield Done(0.1, 1, 0.2)


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Ask:
    """What is asked by a command with such arguments and such bytes on standard input."""

    @contextmanager
    def opens(*args: Any, **given: Any) -> Iterator[Echo]:
        yield Echo()

    monkeypatch.setattr(common, "open_chat", opens)

    def ask(*args: str, given: bytes = b"") -> str:
        got = CliRunner().invoke(app, ["ask", "--json", *args], input=given)
        if isinstance(got.exception, TitansError):
            raise got.exception
        told = json.loads(got.stdout)
        assert told["question"] == told["answer"]
        return str(told["answer"])

    return ask


def test_a_question_comes_from_the_argument_standard_input_an_option_or_a_file(ask: Ask, home: Path) -> None:
    (home / "q.txt").write_text("From a file?\n")
    assert ask("Where?") == "Where?"
    assert ask("-", given="Wo ist der Schlüssel?\r\n".encode()) == "Wo ist der Schlüssel?"
    assert ask("-p", "Where?") == "Where?" and ask("--prompt", "-") == "-"
    assert ask("-f", "q.txt") == "From a file?"
    assert ask("--", "-5?") == "-5?"


def test_parts_are_one_text_prompt_first_then_file_then_the_rest(ask: Ask, home: Path) -> None:
    (home / "q.txt").write_text("\nTwo.\n")
    assert ask("-", "-f", "q.txt", "-p", "One: ", given=b"Three.\n") == "One:\n\nTwo.\n\nThree."
    assert ask("-p", " ", "Where?") == "Where?"


def test_standard_input_is_read_in_the_encoding_its_mark_names(ask: Ask) -> None:
    for encoding in ("utf-8-sig", "utf-16", "utf-32"):
        assert ask("-", given="Où est-elle ?".encode(encoding)) == "Où est-elle ?"


@pytest.mark.parametrize(
    ("args", "given", "kind", "word"),
    [
        ([], b"Not asked for.", UsageError, "no question"),
        ([""], b"", UsageError, "empty"),
        (["-p", " ", " "], b"", UsageError, "empty"),
        (["-"], b"", DocumentError, "Standard input is empty"),
        (["-"], b" \n", DocumentError, "Standard input is empty"),
        (["-"], b"\xff\xfe\x00", DocumentError, "Standard input is not"),
        (["-"], b"a\0b", DocumentError, "Standard input is not text"),
        (["-"], b"x" * (MAX_INPUT + 1), DocumentError, "more than 4 MB"),
        (["-f", "none.txt"], b"", DocumentError, "none.txt"),
    ],
)
def test_what_is_no_question_is_refused_before_anything_is_opened(
    ask: Ask, args: list[str], given: bytes, kind: type[TitansError], word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(common, "open_chat", None)
    with pytest.raises(kind, match=word):
        ask(*args, given=given)


def test_ask_is_sampled_and_prompted_as_chat_is() -> None:
    chat, once = ({p.name: p for p in get_command(app).commands[n].params} for n in ("chat", "ask"))  # type: ignore[attr-defined]
    sampled = ["temperature", "top_p", "top_k", "min_p", "repeat_penalty", "seed", "max_tokens", "stop"]
    for name in [*sampled, "system", "context"]:
        assert (once[name].opts, once[name].default) == (chat[name].opts, chat[name].default), name


def test_sampling_and_system_prompt_reach_the_reply(spoken: Callable[..., str]) -> None:
    def answer(*flags: str) -> tuple[str, int]:
        told = json.loads(spoken("--json", *flags))
        return told["answer"], told["prompt_tokens"]

    warm = ("--temperature", "1.5", "--top-p", "0.9", "--seed")
    assert answer(*warm, "1") == answer(*warm, "1") != answer(*warm, "2")
    assert answer(*warm, "1", "--top-k", "1")[0] == answer(*warm, "2", "--top-k", "1")[0], "no choice, no luck"
    assert answer("--system", "Be brief.")[1] > answer("--system", "Be.")[1]
    refused = CliRunner().invoke(app, ["ask", "x", "--top-p", "2"])
    assert isinstance(refused.exception, UsageError) and "top-p" in str(refused.exception)


def test_a_stop_text_ends_the_answer_and_is_not_printed(spoken: Callable[..., str]) -> None:
    warm = ("--temperature", "1", "--seed", "3")
    whole = spoken(*warm).removesuffix("\n")
    stop = whole[2:4]
    short = whole[: whole.index(stop)]
    assert spoken(*warm, "--stop", "never", "--stop", stop) == f"{short}\n"
    told = json.loads(spoken(*warm, "--stop", stop, "--json"))
    assert (told["answer"], told["stop_reason"]) == (short, "stop")
    assert spoken(*warm, "--stop", whole[-1] + "never") == f"{whole}\n"


def test_help_tells_every_exit_code_an_error_has() -> None:
    def kinds(kind: type[TitansError]) -> Iterator[type[TitansError]]:
        yield kind
        for sub in kind.__subclasses__():
            yield from kinds(sub)

    ours = [k for k in kinds(TitansError) if k.__module__ == errors.__name__]
    assert {k.exit_code for k in ours} | {0, 1, 130} == EXIT_CODES.keys()
    shown = " ".join(CliRunner().invoke(app, ["--help"]).stdout.split())
    assert all(f"{n} {what}" in shown for n, what in EXIT_CODES.items()), shown
