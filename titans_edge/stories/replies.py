"""What people tell a chat program, and a friend's short reply to it, written by hand for training.

The file is pairs of lines: "> " and a message (a line break is written "\\n"), "< " and the reply.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from titans_edge.errors import DataError


@cache
def replies() -> tuple[tuple[str, str], ...]:
    """(message, reply), all of the package's file."""
    return tuple(read((files("titans_edge.stories") / "replies.txt").read_text(encoding="utf-8")))


def read(text: str) -> list[tuple[str, str]]:
    """The pairs of a file's text. Raises DataError that names the first line that is none of the form."""
    lines = text.splitlines()
    for n, line in enumerate(lines, 1):
        if not line.startswith("> " if n % 2 else "< ") or not line[2:].strip():
            raise DataError(f"Line {n} of the replies is not of the form.", "The form is in stories/replies.py.")
    if len(lines) % 2:
        raise DataError("The last message has no reply.", "The form is in stories/replies.py.")
    return [(m[2:].replace("\\n", "\n"), r[2:]) for m, r in zip(lines[::2], lines[1::2], strict=True)]
