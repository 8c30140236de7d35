"""What several evaluations share: options, lists with commas, and how a share is printed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from titans_edge.errors import UsageError

Mode = Annotated[
    str,
    typer.Option(help="auto, memory, recall, both, full, full-plain, question or shuffled; several with commas."),
]
Samples = Annotated[int, typer.Option(help="Samples of each kind.", min=1)]
Data = Annotated[Path | None, typer.Option(help="Folder with bAbI and books.")]
Tasks = Annotated[str, typer.Option(help="Tasks, with commas.")]
Lengths = Annotated[str, typer.Option(help="0k,1k,2k,…")]
Out = Annotated[Path | None, typer.Option("--json", help="Write rows and every answer to this file.")]
Seed = Annotated[int, typer.Option(help="Seed of the samples.")]
Distractors = Annotated[
    Path | None, typer.Option(help="A .txt or .txt.xz of other people's statements, one a line, told between.")
]
Count = Annotated[int, typer.Option("--n", help="How many of them.", min=1)]
RankOnly = Annotated[
    bool, typer.Option("--rank-only", help="Only find the right sentences; the model answers nothing.")
]


def several(text: str, option: str) -> list[str]:
    """The parts of a list with commas, each once. Raises UsageError for a list of none."""
    parts = list(dict.fromkeys(p.strip() for p in text.split(",") if p.strip()))
    if not parts:
        raise UsageError(f"{option} is empty.", "Name one or several, with commas.")
    return parts


def known(parts: list[str], known: list[str], what: str) -> list[str]:
    """Raises UsageError for a part that is not known."""
    bad = [p for p in parts if p not in known]
    if bad:
        raise UsageError(f"Unknown: {', '.join(bad)}.", f"{what}: {', '.join(known)}.")
    return parts


def share(x: tuple[float, float, float]) -> tuple[str, str]:
    """(share, low, high) in per cent as two cells of a table."""
    return f"{x[0]:.1f} %", f"{x[1]:.1f} – {x[2]:.1f}"


def drawn(distractors: Path | None, n: int, seed: int) -> tuple[str, ...]:
    """The statements that --distractors, --n and --seed name; none without a file."""
    from titans_edge.evaluate.distractors import draw

    return tuple(draw(distractors, n, seed))


def modes(text: str) -> tuple[str, ...]:
    """The modes of a list with commas. Raises UsageError for one that there is not."""
    from titans_edge.evaluate.runner import mode_named

    named = several(text, "--mode")
    for name in named:
        mode_named(name)
    return tuple(named)
