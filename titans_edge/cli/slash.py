"""The commands inside a chat, in one table. What each does is in `slash_talk`, `slash_memory` and `slash_files`."""

from __future__ import annotations

from difflib import get_close_matches

from titans_edge.cli import slash_files, slash_memory, slash_talk
from titans_edge.cli.room import COMMANDS, Room
from titans_edge.errors import UsageError

__all__ = ["COMMANDS", "run"]
_ = slash_files, slash_memory, slash_talk  # importing them fills the table


def run(room: Room, line: str) -> None:
    """Run one command line. Raises TitansError, with nothing changed by a line that cannot be meant."""
    words = line.split(None, 1)
    name, rest = words[0], words[1] if len(words) > 1 else ""
    if name not in COMMANDS:
        near = get_close_matches(name, COMMANDS, 1, 0.6)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise UsageError(f"There is no command {name[:40]}.", f"{hint}See /help.")
    COMMANDS[name].run(room, unquoted(rest.strip()))


def unquoted(text: str) -> str:
    """The text of a \"\"\" … \"\"\" block; other text as it is."""
    from titans_edge.cli.prompt import FENCE

    if not (text.startswith(FENCE) and text.endswith(FENCE) and len(text) >= 2 * len(FENCE)):
        return text
    return text[len(FENCE) : -len(FENCE)].strip("\r\n")
