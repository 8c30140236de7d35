"""What was typed at a memory's prompt, for the arrow keys: a private file beside the memory, forgotten with it.

Knows lines; nothing of terminals.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from titans_edge.journal.file import PRIVATE

KEPT = 1000  # newest lines


class History:
    """Lines of one memory's prompt. path None: kept in this process only."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.lines: list[str] = self._load()

    @classmethod
    def of(cls, memory: Path) -> History:
        """The history beside a memory's file."""
        return cls(memory.with_suffix(".history"))

    def add(self, line: str) -> None:
        """One line more. What cannot be saved is kept for this run."""
        self.lines = [*self.lines, line][-KEPT:]
        self._save()

    def forget(self, texts: Iterable[str]) -> int:
        """Drop the lines in which one of these texts stands, white space aside. Returns how many those were."""
        gone = [" ".join(t.split()) for t in texts]
        kept = [line for line in self.lines if not any(t and t in " ".join(line.split()) for t in gone)]
        dropped, self.lines = len(self.lines) - len(kept), kept
        if dropped:
            self._save()
        return dropped

    def clear(self) -> None:
        """Forget all lines, and the file."""
        self.lines = []
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    def _load(self) -> list[str]:
        if self.path is None or not self.path.is_file():
            return []
        try:
            raw = self.path.read_text("utf-8", "replace").split("\n")
            return [str(json.loads(line)) for line in raw if line.startswith('"')][-KEPT:]
        except (OSError, ValueError):
            return []

    def _save(self) -> None:
        """The whole file anew, under a temporary name first."""
        if self.path is None:
            return
        tmp = self.path.with_name(self.path.name + ".tmp")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(tmp, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE), "w", encoding="utf-8") as f:
                f.write("".join(json.dumps(line) + "\n" for line in self.lines))
            os.replace(tmp, self.path)
        except OSError:
            tmp.unlink(missing_ok=True)
