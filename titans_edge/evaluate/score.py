"""Right or wrong, and how sure we may be of a share."""

from __future__ import annotations

import math
import re


def correct(answer: str, target: str, labels: tuple[str, ...], question: str) -> bool:
    """BABILong's metric: before the first full stop, the task's labels that occur, less the question's, are the
    target alone.

    Known fault, kept: labels match as substrings. Without labels: the target stands in the first sentence as a whole
    word.
    """
    first = re.split(r"[.\n]", answer.strip().lower(), maxsplit=1)[0]
    wanted = target.lower()
    if not labels:
        return re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", first) is not None
    found = {x for x in map(str.lower, labels) if x in first}
    found -= {x for x in map(str.lower, labels) if x in question.lower()} - {wanted}
    return found == {wanted}


def wilson(right: int, n: int) -> tuple[float, float]:
    """95 % interval of a share, in per cent (Wilson 1927)."""
    if n == 0:
        return 0.0, 100.0
    z, p = 1.96, right / n
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low, high = (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)
    return max(0.0, 100 * low), min(100.0, 100 * high)
