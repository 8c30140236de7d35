"""Where a chat's lines come from: prompt_toolkit at a terminal, plain lines (echoed) from a pipe. And yes or no.

A message of many lines stands between \"\"\" and \"\"\"; so does what follows a command.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import AsyncGenerator, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from titans_edge.errors import UsageError

if TYPE_CHECKING:
    from concurrent.futures import Future

    from prompt_toolkit.key_binding import KeyBindings

    from titans_edge.cli.room import Command
    from titans_edge.history import History

YES, NO = ("y", "yes"), ("n", "no", "")
FENCE = '"""'
_OPENS = re.compile(r'\s*(?:/\S+\s+(?:#?[0-9]+\s+)?)?"""')


class Lines(Protocol):
    """A source of lines; EOFError at the end. mark: stands before the prompt."""

    mark: str

    def next(self) -> str: ...
    def confirm(self, question: str) -> bool: ...
    def edit(self, text: str) -> str: ...


def is_open(text: str) -> bool:
    """Whether a \"\"\" block was begun and not ended: it ends with a line that ends with \"\"\"."""
    begun = _OPENS.match(text)
    if begun is None:
        return False
    last = text[begun.end() :].rstrip().rpartition("\n")[2]
    return not (last.endswith(FENCE) and last.count(FENCE) % 2)


def block(text: str) -> str | None:
    """What stands in a message that is one \"\"\" block; None for any other line."""
    bare = text.strip()
    if not bare.startswith(FENCE) or is_open(bare) or len(bare) < 2 * len(FENCE):
        return None
    return bare[len(FENCE) : -len(FENCE)].strip("\r\n")


class Piped:
    """Lines of a pipe. A question is answered by the next line, if that is a yes or no; otherwise it is a no."""

    def __init__(self) -> None:
        self._held: list[str] = []
        self.mark = ""
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(errors="replace")  # what is no text is no reason to end

    def next(self) -> str:
        text = self._read()
        print(f"{self.mark}> {text.rstrip()}", flush=True)
        while is_open(text):
            try:
                line = self._read()
            except EOFError:
                print(f"! The text that {FENCE} begins is not ended; it was not sent.", file=sys.stderr)
                raise
            print(f"... {line.rstrip()}", flush=True)
            text += line
        return text

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

    def edit(self, text: str) -> str:
        raise UsageError("Nobody can edit here.", "Write /edit TEXT.")

    def _read(self) -> str:
        line = self._held.pop() if self._held else sys.stdin.readline()
        if not line:
            raise EOFError
        return line


class Terminal:
    """A prompt with history (Ctrl-R searches it), completion, and messages of many lines."""

    def __init__(self, history: History, commands: Iterable[str] | Mapping[str, Command]) -> None:
        from prompt_toolkit import PromptSession

        from titans_edge.cli.completing import completer

        self.mark, self._typed = "", _typed(history)
        self._session: PromptSession[str] = PromptSession(
            history=self._typed,
            completer=completer(commands),
            complete_while_typing=False,
            key_bindings=_keys(),
            multiline=True,
            prompt_continuation="... ",
        )

    def next(self) -> str:
        return self._session.prompt(f"{self.mark}> ")

    def early(self, opening: Future[Any]) -> str:
        """The first line that says something, typed while something is opened; what is printed meanwhile stands above
        it. "": the input ended, or the opening failed, which ends the prompt too.
        """
        from prompt_toolkit.patch_stdout import patch_stdout

        def end(_: object = None) -> None:
            if opening.done() and opening.exception() is not None and app.is_running and not app.is_done:
                app.exit(result="")

        def failed(_: object) -> None:
            if app.loop is not None:
                app.loop.call_soon_threadsafe(end)

        app, line = self._session.app, ""
        opening.add_done_callback(failed)
        with patch_stdout(raw=True):
            while not line.strip() and not (opening.done() and opening.exception() is not None):
                try:
                    line = self._session.prompt(f"{self.mark}> ", pre_run=end)
                except KeyboardInterrupt:
                    continue
                except EOFError:
                    return ""
        return line

    def edit(self, text: str) -> str:
        """The line a user makes of a text; "" where it is given up. It is a line like any other to the history."""
        try:
            return self._session.prompt(f"{self.mark}edit> ", default=text)
        except (EOFError, KeyboardInterrupt):
            return ""

    def confirm(self, question: str) -> bool:
        from prompt_toolkit import prompt

        try:
            return prompt(f"{question} [y/N] ").strip().lower() in YES
        except (EOFError, KeyboardInterrupt):
            return False


def _keys() -> KeyBindings:
    """Enter sends what is no open block; Alt-Enter begins a new line."""
    from prompt_toolkit.filters import is_searching
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

    keys = KeyBindings()

    @keys.add("enter", filter=~is_searching)
    def send(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if is_open(buffer.text):
            buffer.newline(copy_margin=False)
        else:
            buffer.validate_and_handle()

    @keys.add("escape", "enter")
    def another(event: KeyPressEvent) -> None:
        event.current_buffer.newline(copy_margin=False)

    return keys


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


def lines(history: History, commands: Mapping[str, Command]) -> Terminal | Piped:
    """What fits where the program runs."""
    return Terminal(history, commands) if sys.stdin.isatty() else Piped()
