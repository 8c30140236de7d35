"""titans-edge eval: the group of evaluations. A file of cases needs no sub-command: `eval FILE.jsonl` is `eval run`."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from titans_edge.cli import (
    eval_ablate,
    eval_alarms,
    eval_answers,
    eval_capacity,
    eval_long,
    eval_natural,
    eval_poison,
    eval_qa,
    eval_report,
)


class Evaluations(TyperGroup):
    """A group that takes what is no sub-command for the arguments of `run`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return list(super().parse_args(ctx, self.named(args)))

    def named(self, args: list[str]) -> list[str]:
        """The arguments with the sub-command first. It may stand behind options: `--samples 12 held-out`."""
        if not args or args[0] in self.commands or args[0] == "--help":
            return args
        at = next((i for i, arg in enumerate(args) if arg in self.commands), None) if args[0][0:1] == "-" else None
        return ["run", *args] if at is None else [args[at], *args[:at], *args[at + 1 :]]


app = typer.Typer(
    cls=Evaluations,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Measure the memory: against full context and question alone, under attack, over long conversations.\n\n"
    "\b\nExample (the same as `eval run cases.jsonl …`):\n  titans-edge eval cases.jsonl --mode memory,full",
)
app.command("run")(eval_answers.run)
app.command("babilong")(eval_answers.babilong)
app.command("held-out")(eval_answers.held_out)
app.command("natural")(eval_natural.natural)
app.command("qa")(eval_qa.qa)
app.command("capacity")(eval_capacity.capacity)
app.command("ablate")(eval_ablate.ablate)
app.command("poison")(eval_poison.poison)
app.command("long")(eval_long.long)
app.command("alarms")(eval_alarms.alarms)
app.command("report")(eval_report.report)
