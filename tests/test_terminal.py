"""A whole conversation at a terminal, as a user sees it."""

from __future__ import annotations

import os
import re
import stat
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest


class Screen:
    """A program at a pseudo-terminal: what it shows, and keys for it."""

    def __init__(self, command: Sequence[str], env: dict[str, str]) -> None:
        import pty

        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], list(command), env)
        self.shown = ""

    def wait(self, seen: Callable[[str], bool], seconds: float = 60.0) -> str:
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
        import contextlib

        with contextlib.suppress(OSError):
            while os.read(self.fd, 65536):
                pass
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs pseudo-terminals as Linux has them")
def test_a_whole_conversation_at_a_terminal(tiny_path: Path, graft_path: Path, tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data"), "PATH": "/usr/bin:/bin", "TERM": "xterm",
           **{k: v for k, v in os.environ.items() if k == "PYTHONPATH"}}  # fmt: skip
    command = [sys.executable, "-m", "titans_edge", "chat", "-b", str(tiny_path), "-g", str(graft_path),
               "--context", "1024", "--temperature", "3", "--seed", "0"]  # fmt: skip
    before = os.umask(0o022)
    try:
        screen = Screen([*command, "--max-tokens", "900"], env)
    finally:
        os.umask(before)
    first = screen.wait(lambda s: ">" in s)
    assert "tiny qwen2 · memory default (0 sentences) · /help for commands" in first
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
