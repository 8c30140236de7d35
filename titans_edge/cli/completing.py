"""What Tab offers in a chat: commands, and what the command on the line takes: files, settings, backbones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document

from titans_edge.cli import common

if TYPE_CHECKING:
    from titans_edge.cli.room import Command


def completer(commands: Iterable[str] | Mapping[str, Command]) -> Completer:
    """For these commands; names alone are completed, and nothing after them."""
    return _Commands(dict(commands) if isinstance(commands, Mapping) else dict.fromkeys(commands))


class _Commands(Completer):
    def __init__(self, commands: Mapping[str, Command | None]) -> None:
        self._commands = commands

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        before = document.text_before_cursor
        if not before.startswith("/") or "\n" in before:
            return
        name, blank, rest = before.partition(" ")
        if not blank:
            for other in (*self._commands, "/bye"):
                if other.startswith(name):
                    known = self._commands.get(other)
                    yield Completion(other, -len(name), display_meta=known.help if known else "")
            return
        known = self._commands.get(name)
        kind = known.completes if known is not None else ""
        if kind in ("path", "paths"):
            word = rest.rpartition(" ")[2] if kind == "paths" else rest
            yield from PathCompleter(expanduser=True).get_completions(Document(word), complete_event)
        elif kind in _NAMES and " " not in rest:
            yield from (Completion(n, -len(rest)) for n in _NAMES[kind]() if n.startswith(rest))


def _settings() -> Iterable[str]:
    from titans_edge.cli.slash_talk import SETTINGS

    return SETTINGS


_NAMES: dict[str, Callable[[], Iterable[str]]] = {
    "setting": _settings,
    "backbone": common.backbones,
}
