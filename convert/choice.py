"""Which quantisation: by what the model's shapes allow and what this CPU is fast at; or by measuring every candidate.

`choose` is pure and says why. `measure` runs llama.cpp: prefill, decode and perplexity of each file on one text.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from titans_edge.convert.writer import Plan

from titans_edge.backbone.model import Backbone
from titans_edge.backbone.speaker import Speaker
from titans_edge.gguf_header import Header

QUANTS = ("q4_0", "q4_k_m", "q5_k_m", "q8_0", "f16")
BITS = {
    "q4_0": 4.5,
    "q4_k_m": 4.85,
    "q5_k_m": 5.7,
    "q8_0": 8.5,
    "f16": 16.0,
}  # a weight, about; K-quants that fall back take more
SUPER_BLOCK = 256  # weights; a row of another length cannot be a K-quant
REPACKS = {"AVX2", "AVX512", "NEON", "MATMUL_INT8", "SVE"}  # CPUs for which llama.cpp repacks Q4_0 at load
SMALL = 300_000_000  # weights; SmolLM2-135M in Q4_0 agrees with its own F16 on two top tokens in three only
TOLERANCE = 1.05  # perplexity against the best candidate's: up to here a file counts as as good
ROUNDS = 3
WINDOW = 256  # tokens of context for perplexity


@dataclass(frozen=True)
class Choice:
    quant: str
    why: str


@dataclass(frozen=True)
class Measured:
    """One candidate. Speeds in tokens/s; perplexity a token."""

    quant: str
    bytes: int
    prefill: float
    decode: float
    perplexity: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def shapes(source: Plan | Header) -> list[tuple[int, ...]]:
    """Shapes of the matrices."""
    found = (
        [t.shape for t in source.tensors.values()] if isinstance(source, Header) else [s.shape for s in source.steps]
    )
    return [s for s in found if len(s) == 2]


def choose(matrices: Sequence[tuple[int, ...]], cpu: set[str]) -> Choice:
    """A decision without measuring. matrices: shapes (rows, columns); cpu: names from `cpu_features`."""
    weights = sum(math.prod(s) for s in matrices)
    odd = sum(math.prod(s) for s in matrices if s[-1] % SUPER_BLOCK) / max(1, weights)
    fast = sorted(cpu & REPACKS) if "REPACK" in cpu else []
    if weights < SMALL:
        return Choice("q8_0", f"a model of {weights / 1e6:.0f} million weights loses too much at four bits.")
    if odd > 0.3 and fast:
        share = f"{100 * odd:.0f} % of the weights"
        why = f"{share} stand in rows that are no multiple of {SUPER_BLOCK}; K-quants fall back there"
        return Choice(
            "q4_0", f"{why}; Q4_0 is repacked for this CPU ({', '.join(fast)}). It loses more, which --measure weighs."
        )
    if odd > 0.3:
        return Choice(
            "q8_0", f"{100 * odd:.0f} % of the weights cannot be K-quants, and this CPU has no fast path for Q4_0."
        )
    return Choice(
        "q4_k_m",
        f"{100 * (1 - odd):.0f} % of the weights stand in rows K-quants fit; they lose less than Q4_0 at its size.",
    )


def choose_measured(rows: Sequence[Measured]) -> Choice:
    """The fastest decoder among those whose perplexity is within TOLERANCE of the best."""
    best = min(r.perplexity for r in rows)
    good = [r for r in rows if r.perplexity <= TOLERANCE * best]
    pick = max(good, key=lambda r: r.decode)
    near = f"within {100 * (TOLERANCE - 1):.0f} % of the best ({best:.2f})"
    fastest = f"{pick.quant} decodes fastest ({pick.decode:.0f} tokens/s)"
    return Choice(pick.quant, f"measured: of {len(good)} with a perplexity {near}, {fastest}.")


def measure(files: dict[str, Path], text: str, tick: Callable[[], None] = lambda: None) -> list[Measured]:
    """Time each file on `text` and take its perplexity. In ROUNDS rounds over all files, so that a busy moment of the
    machine does not fall on one of them; a file's speed is its best round's."""
    best: dict[str, Measured] = {}
    for _ in range(ROUNDS):
        for name, path in files.items():
            best[name] = _once(path, name, text, best.get(name))
            tick()
    return list(best.values())


def _once(path: Path, quant: str, text: str, before: Measured | None) -> Measured:
    with Backbone(path) as model:
        ids = model.vocab.encode(text)
        speaker = Speaker(model, 1024)
        prefill, decode = _prefill(speaker, ids[:512]), _decode(speaker, ids)
        if before is None:
            return Measured(quant, path.stat().st_size, prefill, decode, perplexity(speaker, ids))
        return replace(before, prefill=max(prefill, before.prefill), decode=max(decode, before.decode))


def _prefill(speaker: Speaker, ids: list[int]) -> float:
    speaker.clear()
    began = time.perf_counter()
    speaker.feed(ids)
    return len(ids) / (time.perf_counter() - began)


def _decode(speaker: Speaker, ids: list[int], count: int = 48) -> float:
    speaker.clear()
    speaker.feed(ids[:64])
    began = time.perf_counter()
    for token in ids[64 : 64 + count]:
        speaker.feed([token])
    return count / (time.perf_counter() - began)


def perplexity(speaker: Speaker, ids: list[int]) -> float:
    """exp of the mean surprise over windows of WINDOW tokens, each from an empty context."""
    nll = []
    for at in range(0, len(ids) - 1, WINDOW):
        speaker.clear()
        nll.append(speaker.surprise(ids[at : at + WINDOW]))
    return float(np.exp(np.nanmean(np.concatenate(nll))))


def plot(rows: Sequence[Measured], path: Path, title: str) -> Path:
    """Decode speed against perplexity, a disc a candidate, its area the file's size."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 4), layout="constrained")
    axes.scatter([r.decode for r in rows], [r.perplexity for r in rows], [r.bytes / 2e6 for r in rows], alpha=0.5)
    for r in rows:
        axes.annotate(
            f"{r.quant}\n{r.bytes / 1e6:.0f} MB", (r.decode, r.perplexity), ha="center", va="center", fontsize=8
        )
    axes.set(xlabel="decode, tokens/s", ylabel="perplexity", title=title)
    axes.margins(0.2)
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
    return path
