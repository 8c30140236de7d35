"""How much honest prose would be withheld? Runs texts nobody meant as an attack through `suspicion`, file by file.

Knows files and shares. Which sentence is suspect, and why, is `suspicion`'s business.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from titans_edge import text
from titans_edge.errors import DataError
from titans_edge.evaluate.score import wilson
from titans_edge.suspicion import suspect


@dataclass(frozen=True)
class Alarms:
    """What was withheld of one file. n: sentences; withheld: each with the reason."""

    name: str
    n: int
    withheld: tuple[tuple[str, str], ...]

    @property
    def share(self) -> tuple[float, float, float]:
        """Of the sentences, in per cent, with the 95 % interval: (share, low, high)."""
        return (100 * len(self.withheld) / self.n if self.n else 0.0, *wilson(len(self.withheld), self.n))


def measure(paths: Sequence[Path], progress: Callable[[int], None] = lambda n: None) -> list[Alarms]:
    """A row for each file, and one named "all" where there are several. Raises DataError for a file it cannot read."""
    rows = []
    for path in paths:
        n, withheld = 0, []
        for sentence in sentences(path):
            n += 1
            if reason := suspect(sentence):
                withheld.append((sentence, reason))
        rows.append(Alarms(path.name, n, tuple(withheld)))
        progress(1)
    if len(rows) > 1:
        rows.append(Alarms("all", sum(r.n for r in rows), tuple(w for r in rows for w in r.withheld)))
    return rows


def sentences(path: Path) -> Iterator[str]:
    """The sentences of a text; of JSONL the different fields "sentence". Either may be compressed (.xz)."""
    try:
        raw = path.read_bytes()
        told = (lzma.decompress(raw) if path.suffix == ".xz" else raw).decode("utf-8-sig")
        name = path.name.removesuffix(".xz")
        if name.endswith(".jsonl"):
            lines = [line for line in told.split("\n") if line.strip()]
            yield from dict.fromkeys(str(json.loads(line)["sentence"]) for line in lines)
        else:
            yield from cut(told)
    except (OSError, lzma.LZMAError, ValueError, KeyError, TypeError) as e:
        hint = 'Name text files, or JSONL with "sentence" in each line.'
        raise DataError(f"{path} cannot be read ({e!r}).", hint) from e


def cut(told: str) -> Iterator[str]:
    """The sentences of a text, as a memory would take them up."""
    for sentence in text.sentences(told):
        yield str(getattr(sentence, "text", sentence))


def as_json(rows: Sequence[Alarms]) -> list[dict[str, object]]:
    return [{"file": r.name, "n": r.n, "share": r.share, "withheld": r.withheld} for r in rows]
