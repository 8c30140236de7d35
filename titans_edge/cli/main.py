"""The `titans-edge` command: its sub-commands, and the one place where errors are printed."""

from __future__ import annotations

import logging
import sys
from typing import Annotated

import typer

from titans_edge.cli import ask, bench, chat, convert, doctor, evaluate, inspect, mcp, memory, models, serve, train
from titans_edge.cli import config as config_command
from titans_edge.cli import read as read_command
from titans_edge.errors import TitansError

EXIT_CODES = {
    0: "done",
    1: "doctor: not sound; or you answered no",
    2: "the command cannot work as it was given, or a setting is wrong",
    3: "the model",
    4: "its download",
    5: "the graft",
    6: "the memory",
    7: "the memory process",
    8: "it does not fit into the context",
    9: "a document",
    10: "training or evaluation data",
    130: "Ctrl-C",
}

app = typer.Typer(
    name="titans-edge", no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="rich",
    help="A neural memory that learns while you use it, for a frozen, quantised Qwen in llama.cpp.",
    epilog="Exit codes, and what was wrong: " + "; ".join(f"{n} {what}" for n, what in EXIT_CODES.items()) + ".",
)  # fmt: skip


@app.callback()
def options(
    ctx: typer.Context,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show llama.cpp's log.")] = False,
) -> None:
    if verbose:
        logging.basicConfig(level=logging.DEBUG, format="%(name)s: %(message)s")
    config_command.feed(ctx)


app.command("chat")(chat.chat)
app.command("ask")(ask.ask)
app.command("serve")(serve.serve)
app.command("read")(read_command.read)
app.add_typer(memory.app, name="memory")
app.add_typer(evaluate.app, name="eval")
app.add_typer(config_command.app, name="config")
app.command("train")(train.train)
app.command("mcp")(mcp.mcp)
app.command("pull")(models.pull)
app.command("models")(models.models)
app.command("bench")(bench.bench)
app.command("convert")(convert.convert)
app.command("inspect")(inspect.inspect)
app.command("doctor")(doctor.doctor)


def run() -> None:
    """Entry point. A user's mistake is one sentence on stderr and an exit code; Ctrl-C is 130."""
    try:
        app()
    except TitansError as e:
        print(f"titans-edge: {e}", file=sys.stderr)
        sys.exit(e.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
