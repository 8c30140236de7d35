"""Natural questions on single sentences, from a folder the user names: what keys and matcher are trained on.

Knows the files' form (`DATA/qa/train_*.jsonl.xz`, a JSON object a line with `sentence` and `question`), not what is
in them.
"""

from __future__ import annotations

import json
import lzma
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from titans_edge.errors import UsageError

PER_SENTENCE = 5  # questions a sentence, at most: some sets ask fifty on each of a few sentences


@dataclass(frozen=True)
class Pair:
    """A question, the sentence that answers it, and the sentence told just before that one, where it matters."""

    sentence: str
    question: str
    before: str = ""
    answer: str = ""


def natural_pairs(data: Path, rng: random.Random) -> list[Pair]:
    """All pairs of the folder's training files, at most PER_SENTENCE a sentence, shuffled."""
    by_sentence: dict[str, list[Pair]] = defaultdict(list)
    for file in sorted((data / "qa").glob("train_*.jsonl.xz")):
        for pair in read(file):
            by_sentence[pair.sentence].append(pair)
    out = [p for pairs in by_sentence.values() for p in rng.sample(pairs, min(PER_SENTENCE, len(pairs)))]
    rng.shuffle(out)
    return out


def read(file: Path) -> Iterator[Pair]:
    """The pairs of a file, plain or packed. Raises UsageError for a line that is none."""
    with lzma.open(file, "rt", encoding="utf-8") if file.suffix == ".xz" else file.open(encoding="utf-8") as lines:
        for n, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
                yield Pair(_clean(row["sentence"]), _clean(row["question"]), answer=_clean(row.get("answer", "")))
            except (ValueError, KeyError, TypeError, AttributeError) as e:
                raise UsageError(f"{file.name}, line {n}, is no question on a sentence ({e}).", "See --help.") from e


def _clean(text: str) -> str:
    """Without line breaks and the brackets' names of tokenised text."""
    for name, sign in (("-LRB-", "("), ("-RRB-", ")"), ("-LSB-", "["), ("-RSB-", "]"), ("-lrb-", "("), ("-rrb-", ")")):
        text = text.replace(name, sign)
    return " ".join(text.split())
