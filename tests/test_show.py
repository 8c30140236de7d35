"""How replies look, and what keys do at the prompt."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput
from rich.console import Console

from titans_edge import library
from titans_edge.cli import common, show
from titans_edge.cli.completing import completer
from titans_edge.cli.prompt import Terminal, block, is_open
from titans_edge.cli.slash import COMMANDS
from titans_edge.history import History

REPLY = """# Birds

A *robin* and **two** wrens:

1. one

2. two

```python
def wings(n: int) -> int:
    return 2 * n
```

| bird | wings |
|---|---|
| wren | 2 |

The end\x1b[2J\x07 of it."""


def drawn(text: str, size: int, height: int = 24) -> tuple[str, str]:
    """What is left on a terminal, and all that was written to it, of a text that comes in pieces."""
    import re

    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=60, height=height, color_system="standard", _environ={})
    pretty = show.Pretty(console)
    for at in range(0, len(text), size):
        pretty.text(text[at : at + size])
    pretty.end("", ["[1] you: it was told"])
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out.getvalue()), out.getvalue()


# --- replies


def test_plain_is_byte_for_byte(capsys: pytest.CaptureFixture[str]) -> None:
    plain = show.Plain()
    for piece in ("**a", "\x1b[1m\r\n", "```b"):
        plain.text(piece)
    plain.end(" [stopped]", ["[1] you"])
    assert capsys.readouterr().out == "**a\x1b[1m\r\n```b [stopped]\n[1] you\n"


def test_markdown_looks_the_same_whatever_pieces_it_comes_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(show, "PACE", 1e9)  # no pictures of what is unfinished
    whole = drawn(REPLY, len(REPLY))[0]
    for size in (1, 3, 17):
        assert drawn(REPLY, size)[0].split() == whole.split()
    assert "def wings(n: int) -> int:" in whole and "```" not in whole and "**" not in whole
    assert whole.index("Birds") < whole.index("robin") < whole.index("def wings") < whole.index("it was told")


@pytest.mark.parametrize("block", ["- one\n- two", "1. one", "> so", "# Birds", "And so on."])
def test_between_two_blocks_is_one_blank_line(block: str) -> None:
    left, _ = drawn(f"They are:\n\n{block}\n\nThe end.", 400)
    blank = [not line.strip() for line in left.splitlines()]
    assert blank[1] and not blank[2], left


def test_code_is_coloured_and_control_characters_are_not_sent() -> None:
    text, raw = drawn(REPLY, 4)
    assert "\x1b[2J" not in raw and "\x07" not in raw and "The end\ufffd[2J\ufffd of it." in text
    code = raw[raw.rindex("wings") - 40 : raw.rindex("wings") + 40]
    assert "\x1b[" in code


def test_a_block_higher_than_the_screen_is_printed_whole_in_the_end() -> None:
    lines = [f"line {n}" for n in range(40)]
    text = drawn("```\n" + "\n".join(lines) + "\n```\n", 5, height=10)[0]
    last = text[text.rindex("line 0\n" if "line 0\n" in text else "line 0 ") :]
    assert all(line in last for line in lines)


@given(st.text(max_size=60), st.integers(1, 9))
def test_no_text_breaks_it(text: str, size: int) -> None:
    shown, _ = drawn(text, size)
    assert "it was told" in shown


def test_where_nothing_can_be_drawn_it_is_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(show.fitting(), show.Plain)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(show.fitting(), show.Plain)
    monkeypatch.setenv("TERM", "xterm")
    assert isinstance(show.fitting(), show.Pretty) and isinstance(show.fitting(plain=True), show.Plain)


# --- blocks


@pytest.mark.parametrize(
    ("text", "inside"),
    [('"""a"""', "a"), ('"""\na\n"""', "a"), ('"""a\nb"""', "a\nb"), ('"""\n  """doc"""\n"""', '  """doc"""'),
     ('""""""', ""), ('"""', None), ('""""', None), ('"""\na', None), ('"""\n"""doc"""', None), ("a", None),
     ('a """b"""', None), ('/x """a"""', None), ("", None)],
)  # fmt: skip
def test_a_block_stands_between_its_marks(text: str, inside: str | None) -> None:
    assert block(text) == inside


def test_a_block_is_open_until_its_last_line_ends_it() -> None:
    for text in ('"""', '"""\na', '/remember """', '/correct #3 """a', ' """', '"""a"""\nb'):
        assert is_open(text)
    for text in ("", "a", 'What is """?', '"""a"""', '/remember """a\n"""', '"""\na\n"""\n', '/remember x """'):
        assert not is_open(text)


# --- keys


@pytest.fixture
def keys() -> Iterator[PipeInput]:
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        yield keys


def test_keys_of_the_prompt(keys: PipeInput, tmp_path: Path) -> None:
    prompt = Terminal(History.of(tmp_path / "a.memory"), COMMANDS)

    def typed(text: str) -> str:
        keys.send_text(text)
        return prompt.next()

    assert typed("one\x1b\rtwo\r") == "one\ntwo"
    assert typed('"""\ra\r"""\r') == '"""\na\n"""'
    assert typed('/remember """a\rb"""\r') == '/remember """a\nb"""'
    assert typed("a red pot\r") == "a red pot" and typed("something else\r") == "something else"
    assert typed("\x12red\r\r") == "a red pot", "Ctrl-R searches"
    assert typed("gone\x15kept\r") == "kept"
    for stop, error in (("gone\x03", KeyboardInterrupt), ("\x04", EOFError)):
        with pytest.raises(error):
            typed(stop)
    keys.send_text("!\r")
    assert prompt.edit("Hello") == "Hello!"
    keys.send_text("\x03")
    assert prompt.edit("Hello") == ""


def test_tab_completes_a_command_and_the_next_session_has_this_ones_lines(keys: PipeInput, tmp_path: Path) -> None:
    prompt = Terminal(History.of(tmp_path / "a.memory"), COMMANDS)
    buffer, late = prompt._session.default_buffer, threading.Timer(20, lambda: keys.send_text("\r"))
    buffer.on_text_changed += lambda b: keys.send_text("\r") if b.text == "/private" else None
    late.start()
    keys.send_text("/priv\t")
    assert prompt.next() == "/private"
    late.cancel()
    again = Terminal(History.of(tmp_path / "a.memory"), COMMANDS)
    keys.send_text("\x1b[A\r")
    assert again.next() == "/private", "the arrow key brings it back"


def test_nothing_typed_in_private_is_kept_for_the_arrow_keys(keys: PipeInput, tmp_path: Path) -> None:
    history = History.of(tmp_path / "a.memory")
    prompt = Terminal(history, COMMANDS)
    for text, private in (("public", False), ("secret", True), ("later", False)):
        history.private = private
        keys.send_text(f"{text}\r")
        assert prompt.next() == text
    assert history.lines == History.of(tmp_path / "a.memory").lines == ["public", "later"]


def test_what_a_command_takes_is_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "notes.txt").touch()
    monkeypatch.chdir(tmp_path)

    def offered(text: str) -> list[str]:
        found = completer(COMMANDS).get_completions(Document(text), CompleteEvent(completion_requested=True))
        return [text[: len(text) + c.start_position] + c.text for c in found]

    assert offered("/pr") == ["/private"] and offered("/b") == ["/bye"] and offered("Hello /pr") == []
    for command in ("/read", "/save", "/load", "/export", "/read other.txt"):
        assert offered(f"{command} no") == [f"{command} notes.txt"]
    assert offered("/set top") == ["/set top_p", "/set top_k"] and offered("/set top_p ") == []
    assert offered("/model qwen2.5-c") == [f"/model {library.DEFAULT}"]
    assert offered("/remember no") == offered("no") == offered("/nonsense no") == []


def test_names_of_memories_and_backbones_are_completed_in_the_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "memories_dir", lambda: tmp_path)
    for name in ("work.memory", "wood.memory", "home.memory", "work.history"):
        (tmp_path / name).touch()
    assert common.memories("wo") == ["wood", "work"] and common.backbones("qwen2.5-c") == [library.DEFAULT]
    monkeypatch.setattr(library, "memories_dir", lambda: tmp_path / "none")
    assert common.memories() == []
