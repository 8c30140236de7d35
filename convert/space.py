"""How much room a conversion needs, asked before it starts."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from titans_edge.convert.choice import BITS

from titans_edge.errors import ModelError

MARGIN = 1.1  # K-quants fall back to larger types where rows do not fit
EXTRA = 32 << 20  # bytes: vocabulary, report, graft


def needed(weights: int, quants: Sequence[str], *, f16: bool) -> int:
    """Bytes for the files that stand side by side while converting `weights` weights. f16: the F16 file is written
    first.
    """
    wanted = {*quants, "f16"} if f16 else set(quants)
    return int(sum(weights * BITS[q] / 8 * (1.0 if q == "f16" else MARGIN) for q in wanted)) + EXTRA


def check(out: Path, need: int) -> None:
    """Raises ModelError when the disk of `out` has less than `need` bytes free."""
    there = next(p for p in (out.absolute(), *out.absolute().parents) if p.exists())
    free = shutil.disk_usage(there).free
    if free < need:
        raise ModelError(
            f"The conversion needs about {need / 1e9:.1f} GB beside {out}; {free / 1e9:.1f} GB are free.",
            "Free some space, or name another --out.",
        )
