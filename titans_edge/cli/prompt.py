"""Where a chat's lines come from: prompt_toolkit at a terminal, plain lines (echoed) from a pipe. And yes or no."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from titans_edge.history import History

YES, NO = ("y", "yes"), ("n", "no", "")


class Lines(Protocol):
    """A source of lines; EOFError at the end."""

    def next(self) -> str: ...
    def confirm(self, question: str) -> bool: ...


class Piped:
    """Lines of a pipe. A question is answered by the next line, if that is a yes or no; otherwise it is a no."""

    def __init__(self) -> None:
        self._held: list[str] = []

    def next(self) -> str:
        line = self._read()
        print(f"> {line.rstrip()}", flush=True)
        return line

    def confirm(self, question: str) -> bool:
        try:
            line = self._read()
        except EOFError:
            line = ""
        answer = line.strip().lower()
        if answer not in (*YES, *NO):
            self._held.append(line)
        print(f"{question} [y/N] {answer if answer in (*YES, *NO) else ''}", flush=True)
        return answer in YES

    def _read(self) -> str:
        line = self._held.pop() if self._held else sys.stdin.readline()
        if not line:
            raise EOFError
        return line


class Terminal:
    """A prompt with history and completion of commands."""

    def __init__(self, history: History, commands: Sequence[str]) -> None:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.completion import WordCompleter

        self._session: PromptSession[str] = PromptSession(
            history=_typed(history), completer=WordCompleter(list(commands), sentence=True)
        )

    def next(self) -> str:
        return self._session.prompt("> ")

    def confirm(self, question: str) -> bool:
        from prompt_toolkit import prompt

        try:
            return prompt(f"{question} [y/N] ").strip().lower() in YES
        except (EOFError, KeyboardInterrupt):
            return False


def _typed(history: History) -> Any:
    """The history as prompt_toolkit wants it: each prompt asks ours anew, so what was forgotten does not come back."""
    from prompt_toolkit.history import History as Base

    class Typed(Base):
        async def load(self) -> AsyncGenerator[str, None]:
            for line in reversed(history.lines):
                yield line

        def load_history_strings(self) -> Iterable[str]:
            return reversed(history.lines)

        def append_string(self, string: str) -> None:
            self.store_string(string)

        def store_string(self, string: str) -> None:
            history.add(string)

        def get_strings(self) -> list[str]:
            return list(history.lines)

    return Typed()


def lines(history: History, commands: Sequence[str]) -> Lines:
    """What fits where the program runs."""
    return Terminal(history, commands) if sys.stdin.isatty() else Piped()
