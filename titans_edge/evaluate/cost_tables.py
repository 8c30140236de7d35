"""Figures of cost as lines for people, and as JSON. Knows nothing of how they were taken."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from titans_edge.evaluate.cost import Figure, Given, Measured


def as_json(figures: Sequence[Figure], given: Given) -> dict[str, Any]:
    """A dictionary of figures by name; ratios to the plain backbone's where there is one."""
    by_name = {f.name: f for f in figures}
    out: dict[str, dict[str, object]] = {}
    for f in figures:
        out[f.name] = {"unit": f.unit, "cold": f.cold, "warm": f.warm, "cold_runs": f.first, "warm_runs": f.later}
        for what, values in (("cold", f.first), ("warm", f.later)):
            if values:
                out[f.name] |= {f"{what}_min": min(values), f"{what}_max": max(values)}
        if f.plain:
            cold, warm = ratios(f, by_name[f.plain])
            out[f.name] |= {"cold_ratio": cold, "warm_ratio": warm}
    return {"figures": out, "rows": given.rows, "sentences": given.sentences}


def all_of(m: Measured) -> dict[str, Any]:
    """Everything, as JSON."""
    return {**as_json(m.figures, m.given), "answered": m.answered, "bytes": m.sizes, "notes": m.notes}


def ratios(figure: Figure, plain: Figure) -> tuple[float, float]:
    """Cold by cold and warm by warm, with / without memory: medians over runs taken in turn. 0: there are none."""
    return _ratio(figure.first, plain.first), _ratio(figure.later, plain.later)


def _ratio(some: Sequence[float], plain: Sequence[float]) -> float:
    pairs = [(a, b) for a, b in zip(some, plain, strict=False) if b > 0]
    return statistics.median(a / b for a, b in pairs) if pairs else 0.0


def table(figures: Sequence[Figure], given: Given) -> str:
    """The figures as lines for people: medians, least and most of the warm runs in brackets."""
    by_name = {f.name: f for f in figures}
    wide = max(len(f.name) for f in figures) + 2
    lines = [f"{'':<{wide}}{'cold':>9}{'warm':>9}{'':>19}  {'unit':<10}{'cold/plain':>12}{'warm/plain':>12}"]
    for f in figures:
        cells = "".join(f"{x:>9}" for x in (_number(f.first), _number(f.later)))
        spread = f"({_short(min(f.later))}–{_short(max(f.later))})" if len(f.later) > 1 else ""
        by_plain = "".join(f"{x:>11.2f}×" if x else " " * 12 for x in ratios(f, by_name[f.plain])) if f.plain else ""
        lines.append(f"{f.name:<{wide}}{cells}{spread:>19}  {f.unit:<10}{by_plain}".rstrip())
    lines.append(f"the question got {given.rows or 'no'} rows, and {given.sentences or 'no'} sentences as text")
    return "\n".join(lines)


def whole_table(m: Measured) -> str:
    """The table, and below it what was answered, sizes and notes."""
    lines = [table(m.figures, m.given)]
    lines += [f"{name}: right {share}" for name, share in m.answered.items()]
    lines += [f"{name}: {size:,} bytes" for name, size in m.sizes.items()]
    return "\n".join([*lines, *m.notes])


def _number(values: Sequence[float]) -> str:
    return _short(statistics.median(values)) if values else "–"


def _short(value: float) -> str:
    """Three figures or so."""
    return f"{value:.0f}" if value >= 1000 else f"{value:.1f}" if value >= 100 else f"{value:.2f}"
