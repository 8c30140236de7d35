"""What was typed at a memory's prompt, for the arrow keys: a private file beside the memory, forgotten with it.

Knows lines; nothing of terminals.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Sequence
from itertools import compress
from pathlib import Path

from titans_edge.errors import MemoryStateError
from titans_edge.journal.file import PRIVATE

KEPT = 1000  # newest lines


class History:
    """Lines of one memory's prompt, oldest first. path None: kept in this process only."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.private = False  # while it is set, no line is kept
        self.lines: list[str] = self._load()

    @classmethod
    def of(cls, memory: Path) -> History:
        """The history beside a memory's file.

        Version 0.1 kept one file for all memories; its lines belong to none of them, so no memory could forget them:
        that file is removed.
        """
        with contextlib.suppress(OSError):
            (memory.parent.parent / "history").unlink(missing_ok=True)
        return cls(memory.with_suffix(".history"))

    def add(self, line: str) -> None:
        """One line more. What cannot be saved is kept for this run."""
        if self.private:
            return
        self.lines = [*self.lines, line][-KEPT:]
        self._save()

    def forget(self, texts: Iterable[str]) -> int:
        """Drop the lines in which one of these texts stands, and commands that looked for words of one. White space
        and case do not count. Returns how many those were.
        """
        gone = [t for t in dict.fromkeys(map(folded, texts)) if t]
        lines = list(map(folded, self.lines))
        typed, everything = said_in(gone, lines), "\n".join(gone)
        left = [not any(t in line for t in typed) and not _asks_for(line, gone, everything) for line in lines]
        kept = list(compress(self.lines, left))
        dropped, self.lines = len(self.lines) - len(kept), kept
        if dropped:
            self._save()
        return dropped

    def clear(self) -> None:
        """Forget all lines, and the file."""
        self.lines = []
        if self.path is not None:
            try:
                self.path.unlink(missing_ok=True)
                self._part.unlink(missing_ok=True)
            except OSError as e:
                raise MemoryStateError(f"{self.path} cannot be deleted ({e.strerror}).", "Delete it yourself.") from e

    def move(self, memory: Path) -> None:
        """It goes with a memory that gets another name."""
        if self.path is not None and self.path.exists():
            os.replace(self.path, memory.with_suffix(".history"))

    @property
    def _part(self) -> Path:
        """Where it is written first; a killed process may leave it."""
        assert self.path is not None
        return self.path.with_name(self.path.name + ".tmp")

    def _load(self) -> list[str]:
        if self.path is None:
            return []
        try:
            self._part.unlink(missing_ok=True)
            if not self.path.is_file():
                return []
            raw = self.path.read_text("utf-8", "replace").split("\n")
            return [line for line in map(_line, raw) if line is not None][-KEPT:]
        except OSError:
            return []

    def _save(self) -> None:
        """The whole file anew, under a temporary name first."""
        if self.path is None:
            return
        tmp = self._part
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            tmp.unlink(missing_ok=True)
            with os.fdopen(os.open(tmp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "w", encoding="utf-8") as f:
                f.write("".join(json.dumps(line) + "\n" for line in self.lines))
            os.replace(tmp, self.path)
        except OSError:
            with contextlib.suppress(OSError):
                tmp.unlink(missing_ok=True)


def folded(text: str) -> str:
    """As texts are compared here: white space and case do not count."""
    return " ".join(text.encode("utf-8", "replace").decode("utf-8").split()).casefold()


def tells(line: str, text: str) -> bool:
    """Does the text stand in the line, not as a part of longer words? Both folded."""
    at = line.find(text)
    while at >= 0:
        end = at + len(text)
        inside = (line[at - 1 : at] + text[0]).isalnum() and at > 0
        if not inside and not (end < len(line) and (text[-1] + line[end]).isalnum()):
            return True
        at = line.find(text, at + 1)
    return False


def said_in(texts: Iterable[str], lines: Iterable[str]) -> list[str]:
    """Those of the texts that stand anywhere in the lines, all folded. Quick also where a whole book is asked about."""
    everything = "\n".join(lines)
    return [t for t in texts if t in everything]


def _asks_for(line: str, texts: Sequence[str], everything: str) -> bool:
    """Is a typed line a command with words of a text? All folded; everything: the texts in one."""
    words = line.split()[1:] if line.startswith("/") else []
    if not words or not all(w in everything for w in words):
        return False
    return any(all(w in text for w in words) for text in texts)


def _line(raw: str) -> str | None:
    try:
        line = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return line if isinstance(line, str) else None
