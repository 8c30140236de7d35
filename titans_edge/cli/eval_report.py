"""titans-edge eval report: one page of all that was measured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from titans_edge.errors import UsageError


def report(
    files: Annotated[list[Path], typer.Argument(help="Files that eval commands wrote with --json.")],
    out: Annotated[Path, typer.Option(help="Folder of report.html and report.md.")] = Path("."),
    plot: Annotated[
        str, typer.Option(help="Draw each table that has intervals beside them too: png or svg.", show_default=False)
    ] = "",
) -> None:
    """Every table of these files with the command that made it, as one HTML and one Markdown page.

    \b
    Examples:
      titans-edge eval report natural.json poison.json --out pages
      titans-edge eval report natural.json --out pages --plot svg
    """
    from titans_edge import pictures
    from titans_edge.evaluate import pages
    from titans_edge.evaluate.report import write

    if plot not in ("", *pictures.FORMATS):
        raise UsageError(f"--plot is {plot!r}.", f"Write {' or '.join(pictures.FORMATS)}.")
    runs = [pages.read(file) for file in files]
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise UsageError(f"{out} cannot be made ({e.strerror}).", "Name another folder with --out.") from e
    for name, text in (("report.html", pages.page(runs)), ("report.md", pages.markdown(runs))):
        write(out / name, text, "Name another folder with --out.")
        print(out / name)
    if plot:
        from titans_edge.evaluate.plots import draw_table

        for run in runs:
            for n, table in enumerate((t for t in run.tables if t.curves()), 1):
                print(draw_table(table, out / f"{Path(run.file).stem}-{n}.{plot}"))
