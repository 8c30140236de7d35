"""Conversations of invented people, typed into `titans-edge chat` as they stand: each reply, and the right answer
beside it, to be read by somebody. `python -m tests.conversing [FILE…]`; a line "= …" answers the question above it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

WRITTEN = Path(__file__).parent / "conversations"
_SOURCE = re.compile(r"\[\d+\] ")


def said(path: Path) -> list[tuple[str, str]]:
    """What is typed, and the right answer ("" for what asks nothing)."""
    lines = path.read_text(encoding="utf-8").splitlines()
    after = [*lines[1:], ""]
    return [
        (line, next_.removeprefix("= ") if next_.startswith("= ") else "")
        for line, next_ in zip(lines, after, strict=True)
        if not line.startswith("= ")
    ]


def replies(messages: list[str], printed: str) -> Iterator[str]:
    """To each message, of what the chat printed, without the sources."""
    found: list[list[str]] = []
    for line in printed.splitlines():
        if len(found) < len(messages) and line == f"> {messages[len(found)]}":
            found.append([])
        elif found and line.strip() and not _SOURCE.match(line):
            found[-1].append(line)
    return (" / ".join(lines) for lines in found)


def main() -> None:
    for path in map(Path, sys.argv[1:]) if sys.argv[1:] else sorted(WRITTEN.glob("*.txt")):
        typed = said(path)
        messages = [message for message, _ in typed]
        with tempfile.TemporaryDirectory() as home:
            ran = subprocess.run(
                [sys.executable, "-m", "titans_edge", "chat", "--memory", "conversation"],
                input="\n".join([*messages, ""]), capture_output=True, text=True,
                env={**os.environ, "XDG_DATA_HOME": home}, check=False,
            )  # fmt: skip
        print(f"## {path.stem}")
        for (message, right), reply in zip(typed, replies(messages, ran.stdout), strict=False):
            print(f"> {message}\n  {reply}" + (f"\n  = {right}" if right else ""))
        if ran.returncode:
            sys.exit(ran.stderr or f"chat ended with {ran.returncode}")


if __name__ == "__main__":
    main()
