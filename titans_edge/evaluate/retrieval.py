"""Is the right sentence among the first that are found? Counted for the first 1, 4 and 10.

Knows spans as the journal shows them and when two texts have the same words. Knows nothing of how spans are found.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from titans_edge.evaluate.score import wilson
from titans_edge.evaluate.wording import has

FIRST = (1, 4, 10)
MOST = max(FIRST)
Rank = Callable[[str, int], Sequence[dict[str, Any]]]  # a question's spans, best first, at most so many


@dataclass(frozen=True)
class Found:
    """A question's outcome. place: of the first right span, from 1; None: not among the first ten. right: how many
    spans are right; texts: the first four found.
    """

    id: str
    kind: str
    question: str
    place: int | None
    right: int
    texts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """One line of the table. at: for each of FIRST the share in per cent with its 95 % interval."""

    kind: str
    n: int
    at: dict[int, tuple[float, float, float]]


def with_answer(spans: Iterable[dict[str, Any]], targets: Sequence[str]) -> set[int]:
    """Ids of the spans that hold one of the targets, as the score counts words."""
    return {s["id"] for s in spans if any(has(s["text"], t) for t in targets)}


def look(rank: Rank, id: str, kind: str, question: str, right: Collection[int]) -> Found:
    """Where a question finds the first of its right spans (ids)."""
    spans = rank(question, MOST)[:MOST]
    place = next((n for n, s in enumerate(spans, 1) if s["id"] in right), None)
    return Found(id, kind, question, place, len(right), tuple(s["text"] for s in spans[:4]))


def table(found: Sequence[Found]) -> list[Row]:
    """A row a kind, in order of appearance, and one of all."""
    kinds = list(dict.fromkeys(f.kind for f in found))
    rows = [_row(kind, [f for f in found if f.kind == kind]) for kind in kinds if kinds != [""]]
    return [*rows, _row("all", found)] if found else []


def _row(kind: str, found: Sequence[Found]) -> Row:
    at = {}
    for k in FIRST:
        hits = sum(f.place is not None and f.place <= k for f in found)
        at[k] = (100 * hits / len(found), *wilson(hits, len(found)))
    return Row(kind, len(found), at)


def as_json(found: Sequence[Found]) -> dict[str, object]:
    rows = [
        {
            "kind": r.kind,
            "n": r.n,
            **{f"at_{k}": dict(zip(("share", "low", "high"), r.at[k], strict=True)) for k in r.at},
        }
        for r in table(found)
    ]
    return {"rows": rows, "found": [asdict(f) for f in found]}
