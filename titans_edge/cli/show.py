"""How a reply is shown: byte for byte, or as Markdown at a terminal. Knows nothing of memories."""

from __future__ import annotations

import os
import sys
import time
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.live import Live
    from rich.markdown import Markdown

PACE = 1 / 12  # seconds between two pictures of an unfinished block
CODE_THEME = "ansi_dark"  # the terminal's own colours


class Show(Protocol):
    """One reply after the other: pieces of text, then how it ended and lines beneath it."""

    def text(self, piece: str) -> None: ...
    def end(self, note: str, lines: Sequence[str]) -> None: ...
    def drop(self) -> None: ...
    def beneath(self, line: str) -> None: ...


class Plain:
    """As it comes."""

    def text(self, piece: str) -> None:
        print(piece, end="", flush=True)

    def end(self, note: str, lines: Sequence[str]) -> None:
        print(note, end="")
        print("\n".join(["", *lines]))

    def drop(self) -> None:
        """The reply came to nothing."""

    def beneath(self, line: str) -> None:
        print(line)


class Pretty:
    """Markdown. Blocks that are complete are printed for good; the one that grows is drawn anew, its end where it is
    higher than the screen.
    """

    def __init__(self, console: Console) -> None:
        from markdown_it import MarkdownIt

        self.console = console
        self._live: list[Live] = []  # none or one
        self._parser = MarkdownIt().enable("strikethrough").enable("table")
        self._held, self._begun, self._drawn = "", False, 0.0

    def text(self, piece: str) -> None:
        self._held += seen(piece)
        if "\n" in piece:
            at = self._complete()
            if at:
                done, self._held = self._held[:at], self._held[at:]
                self._draw("")
                self._print(done)
        if time.monotonic() - self._drawn >= PACE:
            self._draw(self._held)

    def end(self, note: str, lines: Sequence[str]) -> None:
        self.drop()
        for line in [note.strip()] * bool(note) + list(lines):
            self.beneath(line)

    def drop(self) -> None:
        for live in self._live:
            live.update("")
            live.stop()
        self._live = []
        if self._held.strip():
            self._print(self._held)
        self._held, self._begun = "", False

    def beneath(self, line: str) -> None:
        self.console.print(line, style="dim", markup=False, highlight=False, soft_wrap=not self.console.is_terminal)

    def _complete(self) -> int:
        """Characters of the blocks that cannot change any more: all but the last one."""
        starts = [t.map[0] for t in self._parser.parse(self._held) if t.level == 0 and t.map]
        last = max(starts, default=0)
        return sum(len(line) + 1 for line in self._held.split("\n")[:last])

    def _print(self, text: str) -> None:
        shown = _markdown(text)
        first = self.console.render_lines(shown, pad=False)[:1]
        if self._begun and any(part.text.strip() for row in first for part in row):  # some bring a blank line
            self.console.print()
        self.console.print(shown)
        self._begun = True

    def _draw(self, text: str) -> None:
        from rich.live import Live

        if not self._live:
            if not text.strip():
                return
            live = Live(console=self.console, auto_refresh=False, transient=True, vertical_overflow="crop")
            live.start()
            self._live.append(live)
        self._live[0].update(_Tail(text) if text.strip() else "", refresh=True)
        self._drawn = time.monotonic()


class _Tail:
    """The last lines of a text that fit on the screen."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.segment import Segment

        rows = console.render_lines(_markdown(self.text), options.update(height=None), pad=False)
        for row in rows[-max(1, console.height - 2) :]:
            yield from row
            yield Segment.line()


def _markdown(text: str) -> Markdown:
    from rich.markdown import Markdown

    return Markdown(text, code_theme=CODE_THEME, inline_code_theme=CODE_THEME, hyperlinks=False)


def seen(text: str) -> str:
    """Text without control characters, which could write over what a terminal shows; its lines stay."""
    return "".join(c if c in "\n\t" or unicodedata.category(c) != "Cc" else "\ufffd" * (c != "\r") for c in text)


def fitting(plain: bool = False) -> Show:
    """Markdown where the output is a terminal that can be drawn on; else what comes, byte for byte."""
    if plain or not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        return Plain()
    from rich.console import Console

    return Pretty(Console())
