"""A whole conversation at a terminal, as a user sees it."""

from __future__ import annotations

import os
import re
import signal
import stat
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.answering import local
from titans_edge.cli.typeahead import unseen


class Screen:
    """A program at a pseudo-terminal: what it shows, and keys for it."""

    def __init__(self, command: Sequence[str], env: dict[str, str]) -> None:
        import pty

        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], list(command), env)
        self.shown = ""

    def wait(self, seen: Callable[[str], bool], seconds: float = 120.0) -> str:
        """What is shown from here on until it fits."""
        import select

        here, end = len(self.shown), time.monotonic() + seconds
        while not seen(self.shown[here:]):
            assert time.monotonic() < end, self.shown
            if select.select([self.fd], [], [], 0.2)[0]:
                try:
                    part = os.read(self.fd, 65536).decode("utf-8", "replace")
                except OSError:
                    part = ""
                assert part, self.shown
                self.shown += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", part)
                if "\x1b[6n" in part:  # where is the cursor?
                    os.write(self.fd, b"\x1b[1;1R")
        return self.shown[here:]

    def type(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def end(self) -> int:
        """What it returned. echoes: whether it left a terminal that shows what is typed."""
        import contextlib
        import termios

        with contextlib.suppress(OSError):
            while os.read(self.fd, 65536):
                pass
        self.echoes = bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def chat(backbone: Path, graft: Path, home: Path) -> tuple[list[str], dict[str, str]]:
    """A command and its environment: a chat in a home of its own, its replies noise."""
    env = {"HOME": str(home), "XDG_DATA_HOME": str(home / "data"), "PATH": "/usr/bin:/bin", "TERM": "xterm",
           **{k: v for k, v in os.environ.items() if k == "PYTHONPATH"}}  # fmt: skip
    command = [sys.executable, "-m", "titans_edge", "chat", "-b", str(backbone), "-g", str(graft),
               "--context", "1024", "--temperature", "3", "--seed", "0"]  # fmt: skip
    return command, env


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs pseudo-terminals as Linux has them")
def test_a_whole_conversation_at_a_terminal(tiny_path: Path, graft_path: Path, tmp_path: Path) -> None:
    command, env = chat(tiny_path, graft_path, tmp_path)
    before = os.umask(0o022)
    try:
        screen = Screen([*command, "--max-tokens", "900"], env)
    finally:
        os.umask(before)
    first = screen.wait(lambda s: "/help for commands" in s)
    assert "tiny qwen2 · memory default (0 sentences) · /help for commands" in first and ">" in first
    screen.type("Mary went home.\r")
    screen.wait(lambda s: "\ufffd" in s)  # the reply has begun: it is noise
    screen.type("\x03")
    screen.wait(lambda s: "[stopped]" in s and ">" in s.split("[stopped]")[1])
    screen.type("/memory home\r")
    assert "Mary went home." in screen.wait(lambda s: "[1] you" in s and ">" in s.split("[1] you")[1])
    screen.type("\x03")
    screen.type("/help\r")
    screen.wait(lambda s: "(also Ctrl-D)" in s and ">" in s.split("(also Ctrl-D)")[1])
    screen.type("/reset\r")
    screen.wait(lambda s: "[y/N]" in s)
    screen.type("y\r")
    screen.wait(lambda s: "Everything is forgotten." in s and ">" in s.split("Everything is forgotten.")[1])
    screen.type("\x04")
    assert screen.end() == 0 and "Traceback" not in screen.shown
    folder = tmp_path / "data" / "titans-edge" / "memories"
    assert sorted(p.name for p in folder.iterdir()) == ["default.lock", "default.memory"]
    assert {stat.S_IMODE(p.stat().st_mode) for p in folder.iterdir()} == {0o600}


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs pseudo-terminals as Linux has them")
def test_a_memory_that_cannot_be_opened_ends_the_prompt_and_a_line_typed_early_is_answered(
    tiny_path: Path, graft_path: Path, tmp_path: Path
) -> None:
    command, env = chat(tiny_path, graft_path, tmp_path)
    with local(tiny_path, graft_path, tmp_path / "data" / "titans-edge" / "memories" / "default.memory"):
        screen = Screen(command, env)
        screen.wait(lambda s: "in use" in s)
        assert screen.end() == 6 and "Traceback" not in screen.shown
    screen = Screen([*command, "--max-tokens", "8"], env)
    screen.type("Mary went home.\r")  # before there is a prompt
    screen.wait(lambda s: "learnt 1 sentence" in s and ">" in s.split("learnt 1 sentence")[1])
    screen.type("\x04")
    assert screen.end() == 0 and "(0 sentences)" in screen.shown


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs pseudo-terminals as Linux has them")
@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_what_is_typed_while_a_reply_streams_is_not_in_it_and_waits_at_the_next_prompt(
    how: str, tiny_path: Path, graft_path: Path, tmp_path: Path
) -> None:
    command, env = chat(tiny_path, graft_path, tmp_path)
    screen = Screen([*command, "--max-tokens", "900"], env)
    screen.wait(lambda s: ">" in s)
    screen.type("Mary went home.\r")
    screen.wait(lambda s: "\ufffd" in s)
    if how == "stopped":
        screen.type("/memory ho\x03")
        reply, prompt = screen.wait(lambda s: "/memory ho" in s).split("[stopped]")
        assert "/memory" not in reply and "/memory ho" in prompt.split(">")[-1]
        screen.type("me\r")
        screen.wait(lambda s: "[1] you" in s and ">" in s.split("[1] you")[1])
        screen.type("\x04")
    else:
        os.kill(screen.pid, signal.SIGTERM)
    assert screen.end() == (0 if how == "stopped" else -signal.SIGTERM) and screen.echoes


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs pseudo-terminals as Linux has them")
def test_a_reply_that_fails_leaves_the_terminal_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    import pty
    import termios

    screen, keyboard = pty.openpty()
    with open(keyboard) as typed, monkeypatch.context() as patched:
        patched.setattr(sys, "stdin", typed)
        before = termios.tcgetattr(keyboard), signal.getsignal(signal.SIGTERM)
        with pytest.raises(ValueError, match="failed"), unseen():
            assert not termios.tcgetattr(keyboard)[3] & termios.ECHO
            raise ValueError("failed")
        assert before == (termios.tcgetattr(keyboard), signal.getsignal(signal.SIGTERM))
        assert before[0][3] & termios.ECHO
    os.close(screen)


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs pseudo-terminals as Linux has them")
def test_what_keys_and_new_commands_do_at_a_terminal(tiny_path: Path, graft_path: Path, tmp_path: Path) -> None:
    command, env = chat(tiny_path, graft_path, tmp_path)
    screen = Screen([*command, "--max-tokens", "8"], env)

    def typed(keys: str, *shown: str) -> str:
        """What stands on the screen after these keys, up to the next prompt."""
        screen.type(keys)

        def seen(s: str) -> bool:
            at = 0
            for part in shown:
                at = s.find(part, at) + len(part)
                if at < len(part):
                    return False
            return ">" in s[at:]

        return screen.wait(seen)

    screen.wait(lambda s: ">" in s)
    typed("Mary went home.\r", "learnt 1 sentence", "first token", "tokens/s")
    typed('"""\rMary has\rthe milk.\r"""\r', "learnt 1 sentence")
    assert "Mary has the milk." in typed("/memory milk\r", "[2] you")
    typed("/private\r", "is not learnt", "private")
    typed("My PIN is zq4417.\r", "private: nothing learnt")
    typed("/undo\r", "The exchange left the conversation.", "/undo once more")
    typed("/public\r", "is learnt")
    screen.type("/edit\r")
    screen.wait(lambda s: "edit>" in s and "the milk." in s)
    screen.type("\x03")
    screen.wait(lambda s: "Nothing was changed." in s and ">" in s.split("Nothing was changed.")[1])
    typed("/correct #1 Mary went to the garden.\r", "was: [1]", "[1] learnt")
    typed("Ann left.\r", "learnt 1 sentence")
    typed("/retry\r", "nothing learnt")
    assert "Mary went home" not in typed("\x12garden\r\r", "It says that already.")
    typed(f"/save {tmp_path}/c.json\r", "1 exchange.")
    typed(f"/load {tmp_path}/c.json\r", "nothing of it was learnt")
    screen.type("half a line\x03")
    typed("/undo\r", "left the conversation", "/undo once more")
    screen.type("\x04")
    assert screen.end() == 0 and "Traceback" not in screen.shown
    kept = [p.read_bytes() for p in (tmp_path / "data" / "titans-edge" / "memories").iterdir()]
    assert not any(b"zq4417" in raw or b"went home" in raw for raw in kept) and any(b"garden" in raw for raw in kept)
    assert stat.S_IMODE((tmp_path / "c.json").stat().st_mode) == 0o600
