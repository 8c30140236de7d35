"""The commands inside a chat, in one table. What each does is in `slash_talk`, `slash_memory` and `slash_files`."""

from __future__ import annotations

from difflib import get_close_matches

from titans_edge.cli import slash_files, slash_memory, slash_talk
from titans_edge.cli.prompt import FENCE, block
from titans_edge.cli.room import COMMANDS, Room, command, nothing
from titans_edge.errors import UsageError

__all__ = ["COMMANDS", "run"]
GROUPS = (slash_talk, slash_memory, slash_files)  # as /help has them; importing them fills the table
WIDTH = 20  # columns of a command with its arguments


def run(room: Room, line: str) -> None:
    """Run one command line. Raises TitansError, with nothing changed by a line that cannot be meant."""
    words = line.split(None, 1)
    name, rest = words[0], words[1].strip() if len(words) > 1 else ""
    if name not in COMMANDS:
        near = get_close_matches(name, COMMANDS, 1, 0.6)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise UsageError(f"There is no command {name[:40]}.", f"{hint}See /help.")
    quoted = block(rest)
    COMMANDS[name].run(room, rest if quoted is None else quoted)


@command("/help", "", "this list")
def help_(room: Room, rest: str) -> None:
    nothing(rest, "/help")
    names = [*(group.__name__ for group in GROUPS), __name__]
    for c in sorted(COMMANDS.values(), key=lambda c: names.index(c.run.__module__)):
        print(f"{f'{c.name} {c.usage}':<{WIDTH}}{c.help}")
    print(f"{FENCE:<{WIDTH}}begins and ends a message of many lines (also Alt-Enter); Ctrl-R searches what was typed")
    print(f"{'/bye':<{WIDTH}}leave (also Ctrl-D)")
