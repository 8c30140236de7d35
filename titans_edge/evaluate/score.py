"""Right or wrong, and how sure we may be of a share.

Knows the two metrics. When two texts have the same words is `wording`'s business.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from titans_edge.evaluate import wording

MOST_WORDS = 40  # of an answer; a longer one names too much to be an answer


def correct(answer: str, target: str, labels: Sequence[str], question: str, targets: Sequence[str] = ()) -> bool:
    """Whether an answer is right. targets: other wordings of the target, any of which will do (without labels).

    With labels: BABILong's metric. Without: the target's words stand in the answer, whole, in order and contiguous,
    and the answer has at most 40 words. Case, punctuation and accents do not count; numbers may be figures or words.
    """
    if labels:
        return _babilong(answer, target, labels, question)
    return len(answer.split()) <= MOST_WORDS and any(wording.has(answer, t) for t in (target, *targets))


def _babilong(answer: str, target: str, labels: Sequence[str], question: str) -> bool:
    """Before the first full stop, the task's labels that occur, less the question's, are the target alone (of a list
    with commas: its parts).

    Known fault, kept: labels match as substrings.
    """
    first = re.split(r"[.\n]", answer.strip().lower(), maxsplit=1)[0]
    wanted = set(target.lower().split(","))
    found = {x for x in map(str.lower, labels) if x in first}
    found -= {x for x in map(str.lower, labels) if x in question.lower()} - wanted
    return found == wanted


def wilson(right: int, n: int) -> tuple[float, float]:
    """95 % interval of a share, in per cent (Wilson 1927)."""
    if n == 0:
        return 0.0, 100.0
    z, p = 1.96, right / n
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low, high = (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)
    return max(0.0, 100 * low), min(100.0, 100 * high)
