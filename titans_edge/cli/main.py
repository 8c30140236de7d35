"""The `titans-edge` command: its sub-commands, and the one place where errors are printed."""

from __future__ import annotations

import errno
import logging
import os
import sys
from typing import Annotated

import typer

from titans_edge import versions
from titans_edge.cli import config, lazy
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

COMMANDS = {  # where each is, and what it says of itself
    "chat": ("chat:chat", "Talk to a model that remembers."),
    "ask": ("ask:ask", "Ask one question; the memory is read, not written."),
    "serve": ("serve:serve", "Serve the model and its memories over HTTP, as OpenAI's clients expect it."),
    "read": ("read:read", "Read documents into memory: text, Markdown, HTML, PDF, DOCX."),
    "memory": ("memory:app", "What is remembered: list, search, forget, move."),
    "eval": ("evaluate:app", "Measure the memory: against full context and question alone, under attack."),
    "config": ("config:app", "Settings: what they are and where each comes from."),
    "train": ("train:train", "Train a graft for a backbone."),
    "mcp": ("mcp:mcp", "Serve a memory to an editor or agent over standard input and output."),
    "pull": ("models:pull", "Fetch a backbone."),
    "models": ("models:models", "List the backbones that can be pulled, and which are here."),
    "bench": ("bench:bench", "Reading, first token, decoding, start-up and memory, the first time and later."),
    "convert": ("convert:convert", "Convert a model (and its graft) into files that run here."),
    "inspect": ("inspect:inspect", "Say what a file is: sizes, types, fingerprint, recipe, results."),
    "doctor": ("doctor:doctor", "Look at packages, machine, folders, models, grafts and memories."),
}

app = typer.Typer(
    name="titans-edge", cls=lazy.group(COMMANDS), no_args_is_help=True, pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="A neural memory that learns while you use it, for a frozen, quantised Qwen in llama.cpp.",
    epilog="Exit codes, and what was wrong: " + "; ".join(f"{n} {what}" for n, what in EXIT_CODES.items()) + ".",
)  # fmt: skip


def _version(asked: bool) -> None:
    if asked:
        of = {name: versions.of(name) or "not installed" for name in ("titans-edge", "llama-cpp-python")}
        print(f"titans-edge {of['titans-edge']} (llama-cpp-python {of['llama-cpp-python']})")
        raise typer.Exit


@app.callback()
def options(
    ctx: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show llama.cpp's log.")] = False,
) -> None:
    if verbose:
        logging.basicConfig(level=logging.DEBUG, format="%(name)s: %(message)s")
    config.feed(ctx)


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
    except OSError as e:
        if e.errno != errno.ENOSPC:
            raise
        print("titans-edge: there is no space where the output goes.", file=sys.stderr)
        os._exit(2)  # what is still to be printed has no room either
