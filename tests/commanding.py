"""`titans-edge memory` as a test runs it."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from titans_edge.cli import memory
from titans_edge.errors import TitansError

COMMAND = "import sys; from titans_edge.cli import memory; memory.app()"


def run(*args: str, stdin: str = "") -> tuple[int, str, str]:
    """Exit code, output and errors of a command, as `titans-edge` gives them."""
    got = CliRunner().invoke(memory.app, list(args), input=stdin)
    if isinstance(got.exception, TitansError):
        return got.exception.exit_code, got.stdout, f"titans-edge: {got.exception}\n"
    if got.exception is not None and not isinstance(got.exception, SystemExit):
        raise got.exception
    return got.exit_code, got.stdout, got.stderr


def rows(*args: str) -> list[dict[str, object]]:
    return [json.loads(x) for x in run(*args, "--json")[1].splitlines()]


def damage(path: Path, text: bytes) -> None:
    raw = bytearray(path.read_bytes())
    raw[raw.index(text)] ^= 1
    path.write_bytes(raw)
