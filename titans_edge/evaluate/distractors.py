"""Other people's statements, one a line, told between what an evaluation asks about.

Knows files of lines, and how lines are drawn and spread. Knows nothing of memories.
"""

from __future__ import annotations

import lzma
import random
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from titans_edge.errors import DataError, UsageError

Item = TypeVar("Item")


def text_of(path: Path) -> str:
    """A file's text; one that ends in .xz is unpacked. Raises DataError."""
    try:
        raw = path.read_bytes()
        return (lzma.decompress(raw) if path.suffix == ".xz" else raw).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError, lzma.LZMAError, EOFError) as e:
        raise DataError(f"{path} cannot be read ({e}).", "Name a file in UTF-8, as it is or packed with xz.") from e


def load(path: Path) -> list[str]:
    """The statements of a .txt or .txt.xz, one a line, each once, in their order. Raises DataError."""
    lines = (" ".join(line.split()) for line in text_of(path).split("\n"))
    found = list({line.casefold(): line for line in reversed([x for x in lines if x])}.values())[::-1]
    if not found:
        raise DataError(f"{path} holds no statements.", "One statement a line.")
    return found


def draw(path: Path | None, n: int, seed: int) -> list[str]:
    """n different statements of a file, the same ones for a seed. path None: none. Raises UsageError for too few."""
    if path is None:
        return []
    lines = load(path)
    if n > len(lines):
        raise UsageError(f"{path} holds {len(lines)} different statements, not {n}.", f"Say --n {len(lines)} or less.")
    return random.Random(f"distractors-{seed}").sample(lines, n)


def spread(own: Sequence[Item], others: Sequence[Item], seed: str) -> list[Item]:
    """Both, each in its order, the others before, among and after the own at random places."""
    rng = random.Random(f"places-{seed}")
    places = sorted(rng.randrange(len(own) + 1) for _ in others)
    out: list[Item] = []
    at = 0
    for n, item in enumerate([*own, None]):
        while at < len(places) and places[at] == n:
            out.append(others[at])
            at += 1
        if item is not None:
            out.append(item)
    return out
