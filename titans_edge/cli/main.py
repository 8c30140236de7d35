"""The `titans-edge` command: its sub-commands, and the one place where errors are printed."""

from __future__ import annotations

import logging
import sys
from typing import Annotated

import typer

from titans_edge.cli import ask, bench, chat, convert, evaluate, inspect, memory, models, serve, train
from titans_edge.cli import read as read_command
from titans_edge.errors import TitansError

app = typer.Typer(
    name="titans-edge", no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="rich",
    help="A neural memory that learns while you use it, for a frozen, quantised Qwen in llama.cpp.",
)  # fmt: skip


@app.callback()
def options(verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show llama.cpp's log.")] = False) -> None:
    if verbose:
        logging.basicConfig(level=logging.DEBUG, format="%(name)s: %(message)s")


app.command("chat")(chat.chat)
app.command("ask")(ask.ask)
app.command("serve")(serve.serve)
app.command("read")(read_command.read)
app.add_typer(memory.app, name="memory")
app.add_typer(evaluate.app, name="eval")
app.command("train")(train.train)
app.command("pull")(models.pull)
app.command("models")(models.models)
app.command("bench")(bench.bench)
app.command("convert")(convert.convert)
app.command("inspect")(inspect.inspect)


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
