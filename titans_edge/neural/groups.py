"""Texts of like lengths together, so that little of a batch is padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

AT_ONCE = 16


def alike(lengths: Sequence[int], at_once: int = AT_ONCE) -> Iterator[list[int]]:
    """Indices of the texts that have a word, the shortest first, at most so many together."""
    order = sorted((n for n, length in enumerate(lengths) if length), key=lambda n: lengths[n])
    for at in range(0, len(order), at_once):
        yield order[at : at + at_once]
