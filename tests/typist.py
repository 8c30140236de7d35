"""Somebody who types into a chat: lines, answers to questions, Ctrl-C."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from titans_edge.backbone.sampling import Sampling
from titans_edge.chat import Chat
from titans_edge.cli import prompt
from titans_edge.cli.chat import Loop
from titans_edge.history import History
from titans_edge.sidecar.client import MemoryClient

WARM = Sampling(temperature=1.0, seed=3, max_tokens=6)


class Script:
    """Lines typed by a test; answers to questions are typed the same way. None: Ctrl-C."""

    def __init__(self, lines: Sequence[str | None], history: History) -> None:
        self.left, self.history, self.questions = list(lines), history, list[str]()
        self.mark = ""

    def next(self) -> str:
        if not self.left:
            raise EOFError
        line = self.left.pop(0)
        if line is None:
            raise KeyboardInterrupt
        self.history.add(line)
        return line

    def edit(self, text: str) -> str:
        self.questions.append(text)
        return self.left.pop(0) or ""

    def confirm(self, question: str) -> bool:
        self.questions.append(question)
        return (self.left.pop(0) or "") in prompt.YES


class Typist:
    """Types into a chat and gives back what it printed."""

    def __init__(self, chat: Chat, memory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.chat, self.history, self._capsys = chat, History.of(memory), capsys
        self.lines = Script([], self.history)
        self.loop = Loop(chat, self.history, self.lines)

    def __call__(self, *lines: str | None) -> str:
        """What stands on both outputs."""
        self.lines.left += lines
        self.loop.run()
        out = self._capsys.readouterr()
        self.out, self.err = out.out, out.err
        return out.out + out.err

    @property
    def client(self) -> MemoryClient:
        assert self.chat.client is not None
        return self.chat.client

    def texts(self) -> list[str]:
        return [s["text"] for s in self.client.find()]
