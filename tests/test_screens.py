"""The chat's whole screen, line by line, as a terminal of 80 and of 50 columns shows it."""

from __future__ import annotations

import json
import os
import select
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("pyte")
import pyte

from tests.test_terminal import chat

TALL = 100  # rows: nothing leaves the screen
# the tiny backbone says what it is told to by a grammar; no figure and no day is of today
PROGRAM = """
import json, os
from dataclasses import replace
from titans_edge.chat import Chat
from titans_edge.cli import common
from titans_edge.cli.chat import Loop
from titans_edge.cli.main import run
replies, sampling, figures, cite = iter(json.loads(os.environ["REPLIES"])), Chat._sampling, Loop._figures, common.cite
Chat._sampling = lambda chat: replace(sampling(chat), grammar=f"root ::= {json.dumps(next(replies))}")

def fixed(loop, done):
    loop._given = loop._given and replace(loop._given, confidence=0.5)
    return figures(loop, replace(done, first_token=0.5, seconds=2.5))

Loop._figures = fixed
common.cite = lambda span: cite({**span, "time": 1_795_000_000})
run()
"""
TYPED = {
    "Mary went home.": "# Noted\n\nMary is **at home** and that is a sentence which is longer than a line of the narrow"
    " screen is.\n\n1. one\n2. two\n   - of *it*\n\n```python\nprint('code')\n```\n",
    '"""\rThe key is blue.\rIt hangs in the hall.\r"""': "> a quotation\n\nIt `hangs`.",
    "Where is Mary?": "| who | where |\n|---|---|\n| Mary | at home |\n",
    "/memory home": "",
    "/set top_k 7": "",
    "/wizard": "",
}
SCREENS = {
    80: """
tiny qwen2 · memory default (0 sentences) · /help for commands
> Mary went home.
                                     Noted

Mary is at home and that is a sentence which is longer than a line of the narrow
screen is.

 1 one
 2 two
    • of it

 print('code')

learnt 1 sentence, 10 facts · first token 0.50 s, 159 tokens, 79 tokens/s
> \"""
... The key is blue.
... It hangs in the hall.
... \"""

▌ a quotation

It hangs.
learnt 2 sentences, 20 facts · first token 0.50 s, 26 tokens, 12 tokens/s
> Where is Mary?


 who   where
 ─────────────
 Mary  at home

[3] you, 18 Nov: "It hangs in the hall."
nothing learnt · first token 0.50 s, 44 tokens, 22 tokens/s, from memory (50 %
sure)
> /memory home
  [1] you, 18 Nov: "Mary went home."
> /set top_k 7
top_k          7
> /wizard
! There is no command /wizard. See /help.
>
""",
    50: """
tiny qwen2 · memory default (0 sentences) · /help
for commands
> Mary went home.
                      Noted

Mary is at home and that is a sentence which is
longer than a line of the narrow screen is.

 1 one
 2 two
    • of it

 print('code')

learnt 1 sentence, 10 facts · first token 0.50 s,
159 tokens, 79 tokens/s
> \"""
... The key is blue.
... It hangs in the hall.
... \"""

▌ a quotation

It hangs.
learnt 2 sentences, 20 facts · first token 0.50 s,
26 tokens, 12 tokens/s
> Where is Mary?


 who   where
 ─────────────
 Mary  at home

[3] you, 18 Nov: "It hangs in the hall."
nothing learnt · first token 0.50 s, 44 tokens, 22
tokens/s, from memory (50 % sure)
> /memory home
  [1] you, 18 Nov: "Mary went home."
> /set top_k 7
top_k          7
> /wizard
! There is no command /wizard. See /help.
>
""",
}


class Terminal(pyte.Screen):  # type: ignore[misc]
    """A program at a pseudo-terminal, and what stands on its screen."""

    def __init__(self, command: list[str], env: dict[str, str], columns: int) -> None:
        import fcntl
        import pty
        import termios

        super().__init__(columns, TALL)
        self._stream = pyte.ByteStream(self)
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            time.sleep(0.2)  # until the terminal has its size
            os.execvpe(command[0], command, env)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", TALL, columns, 0, 0))

    def until(self, seen: Callable[[], bool], seconds: float = 120.0) -> None:
        end = time.monotonic() + seconds
        while not seen():
            assert time.monotonic() < end, self.text()
            if select.select([self.fd], [], [], 0.2)[0]:
                self._stream.feed(os.read(self.fd, 65536))

    def asks(self) -> bool:
        """Whether the prompt stands there, empty."""
        return bool(self.cursor.x == 2 and self.display[self.cursor.y].rstrip() == ">")

    def says(self, line: str) -> None:
        here = self.cursor.y
        os.write(self.fd, f"{line}\r".encode())
        self.until(lambda: self.cursor.y > here and self.asks())

    def text(self) -> str:
        return "\n".join(row.rstrip() for row in self.display).rstrip()


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs pseudo-terminals as Linux has them")
@pytest.mark.parametrize("columns", [80, 50])
def test_a_conversation_s_whole_screen_is_this(columns: int, tiny_path: Path, keyed_path: Path, tmp_path: Path) -> None:
    command, env = chat(tiny_path, keyed_path, tmp_path)
    replies = json.dumps([reply for reply in TYPED.values() if reply])
    size = {"COLUMNS": str(columns), "LINES": str(TALL), "PROMPT_TOOLKIT_NO_CPR": "1", "TZ": "UTC"}
    at = command.index("-m")
    terminal = Terminal(
        [*command[:at], "-c", PROGRAM, *command[at + 2 :], "--no-rows"], {**env, **size, "REPLIES": replies}, columns
    )
    terminal.until(lambda: terminal.asks() and "commands" in terminal.text())
    for line in TYPED:
        terminal.says(line)
    shown = terminal.text()
    os.write(terminal.fd, b"\x04")
    assert os.waitstatus_to_exitcode(os.waitpid(terminal.pid, 0)[1]) == 0
    os.close(terminal.fd)
    assert shown == SCREENS[columns].strip("\n")
