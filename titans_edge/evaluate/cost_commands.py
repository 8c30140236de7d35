"""What whole commands take, each in a process of its own: seconds, memory, bytes left on the disk."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import titans_edge
from titans_edge.errors import UsageError
from titans_edge.evaluate.cost import FACT, QUESTION, RUNS, Figure
from titans_edge.evaluate.machine import Ran, run

# `titans-edge`, but with the memories of another folder: the user's own are not touched
_ELSEWHERE = (
    "import pathlib, sys; from titans_edge import library; folder = pathlib.Path(sys.argv.pop(1));"
    "library.memories_dir = lambda: folder; from titans_edge.cli.main import run; run()"
)
PLAIN = "ask, no memory"

Command = Callable[..., Ran]  # (folder, *arguments, stdin=) → runs `titans-edge`


def fresh(
    backbone: Path, graft: Path, runs: int = RUNS, command: Command | None = None
) -> tuple[list[Figure], dict[str, int]]:
    """Seconds and peaks of memory of whole commands, and bytes of the memory they left.

    Raises UsageError with the command's own words where one fails.
    """
    each = command or run_command
    options = ("-b", str(backbone.resolve()))
    memory = (*options, "-g", str(graft.resolve()), "-m", "bench")
    short = ("--json", "--max-tokens", "1")
    ways: dict[str, tuple[tuple[str, ...], str]] = {
        "titans-edge --help": (("--help",), ""),
        PLAIN: (("ask", QUESTION, *short, *options, "--no-memory"), ""),
        "ask, memory": (("ask", QUESTION, *short, *memory), ""),
        "chat to the prompt and out": (("chat", *memory), "/bye\n"),
    }
    taken = {name: list[Ran]() for name in ways}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "fact.txt").write_text(FACT, "utf-8")
        each(folder, "read", "fact.txt", *memory)
        for _ in range(runs + 1):
            for what, (args, stdin) in ways.items():
                taken[what].append(each(folder, *args, stdin=stdin))
        kept = sum(p.stat().st_size for p in folder.glob("bench.memory*"))
    return _figures(taken), {"journal of one sentence": kept}


def _figures(taken: dict[str, list[Ran]]) -> list[Figure]:
    """Seconds of all; PSS of the two ways of asking, process by process."""
    out = []
    for name, ran in taken.items():
        seconds = [r.seconds for r in ran]
        plain = PLAIN if name == "ask, memory" else ""
        out.append(Figure(name, "s", tuple(seconds[:1]), tuple(seconds[1:]), plain))
    for name in (PLAIN, "ask, memory"):
        own = tuple(r.own / 2**20 for r in taken[name])
        out.append(Figure(f"peak PSS, {name}", "MB", (), own, "" if name == PLAIN else f"peak PSS, {PLAIN}"))
    out.append(Figure("peak PSS, memory process", "MB", (), tuple(r.children / 2**20 for r in taken["ask, memory"])))
    return out


def run_command(folder: Path, *args: str, stdin: str = "") -> Ran:
    """Run `titans-edge` in `folder`, its memories kept there. Raises UsageError with its own words where it fails."""
    ran = run(
        [sys.executable, "-c", _ELSEWHERE, str(folder), *args],
        stdin=stdin,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(titans_edge.__file__).parent.parent)},
    )
    if ran.code:
        said = [line.strip("│ ") for line in ran.stderr.splitlines() if any(map(str.isalpha, line))]
        why = said[-1] if said else f"exit code {ran.code}"
        raise UsageError(f"`titans-edge {args[0]}` failed: {why}", "Leave the whole commands out with --no-start.")
    return ran
