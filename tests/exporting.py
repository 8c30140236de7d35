"""Exported files, made and read line by line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.journals import contents
from titans_edge.journal import Journal
from titans_edge.journal.transfer import export


def exported(memory: Path, file: Path) -> Path:
    with Journal(memory, write=False) as journal:
        assert export(journal, file) == journal.count()
    return file


def told(memory: Path) -> list[tuple[Any, ...]]:
    return [(e.text, e.offset, e.time) for e, _ in contents(memory)]


def lines_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(x) for x in file.read_bytes().decode().split("\n") if x]


def write_lines(file: Path, lines: list[dict[str, Any]]) -> Path:
    file.write_text("".join(json.dumps(x) + "\n" for x in lines), "utf-8")
    return file
