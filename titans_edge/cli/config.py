"""titans-edge config; and how every command gets its settings: as the defaults of its options.

`feed` runs before the command is parsed. Commands that measure or train take the model alone, so that a setting
changes no result; `convert` takes nothing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import typer

from titans_edge import config
from titans_edge.cli import common
from titans_edge.errors import TitansError

MODEL = ("backbone", "graft", "gpu_layers")
MEASURING = ("eval", "bench", "train")
NOTHING = ("convert", "config")
STANDS = ("config", "doctor")  # commands for somebody whose settings are wrong

app = typer.Typer(
    no_args_is_help=True, add_completion=False, rich_markup_mode=None,
    help="Settings: what they are and where each comes from.",
)  # fmt: skip


@app.command()
def show(as_json: common.Json = False) -> None:
    """Each setting, its value and where it comes from; flags stand above all of these.

    Flags > environment (TITANS_EDGE_MAX_TOKENS) > titans-edge.toml of the project > your titans-edge.toml > defaults.

    \b
    Example:
      TITANS_EDGE_MEMORY=work titans-edge config show
    """
    found = config.resolve()
    if as_json:
        print(json.dumps({k: {"value": f.value, "from": f.level, "where": f.where} for k, f in found.items()}))
        return
    for key, value, where in config.lines(found):
        print(common.printable(f"{key:<15} {value:<24} {where}").rstrip())


@app.command()
def path(as_json: common.Json = False) -> None:
    """The files: yours, and the project's where there is one. They are not read.

    \b
    Example:
      titans-edge config path
    """
    user, project = config.user_file(), config.project_file()
    if as_json:
        print(json.dumps({"user": str(user), "project": None if project is None else str(project)}))
        return
    print(common.printable(f"user     {user}{'' if user.is_file() else '  (not there)'}"))
    print(common.printable(f"project  {project or 'none from here up'}"))


def feed(ctx: typer.Context) -> None:
    """Make settings the defaults of the command that is about to run. Raises UsageError where one is wrong."""
    if ctx.resilient_parsing or "--help" in sys.argv[1:]:
        return
    try:
        found = config.resolve()
    except TitansError:
        if ctx.invoked_subcommand in STANDS:
            return
        raise
    chosen = {key: f.value for key, f in found.items() if f.level != "default" and f.value is not None}
    name = ctx.invoked_subcommand
    if name is not None:
        ctx.default_map = {name: defaults(name, ctx.command.commands[name], chosen)}  # type: ignore[attr-defined]


def defaults(name: str, command: Any, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """What a command of the program, or a group of them, takes of the settings."""
    some = {k: v for k, v in chosen.items() if name not in MEASURING or k in MODEL}
    return {} if name in NOTHING else _defaults(command, some)


def _defaults(command: Any, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """For a command or group: the settings it has parameters for, under those names."""
    within = getattr(command, "commands", {})
    if within:
        return {name: _defaults(sub, chosen) for name, sub in within.items()}
    names = {p.name for p in command.params if not p.required}
    out = {key: value for key, value in chosen.items() if key in names}
    if "memory" in chosen and _takes_a_memory(command):
        out["name"] = chosen["memory"]
    return out


def _takes_a_memory(command: Any) -> bool:
    """`memory list` and its kin, where the name may be left out."""
    return any(p.name == "name" and not p.required and p.default == config.Settings().memory for p in command.params)
