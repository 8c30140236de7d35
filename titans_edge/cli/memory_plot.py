"""titans-edge memory plot: pictures of a memory. Needs the backbone only to measure a document's surprise."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from titans_edge import library
from titans_edge.cli import common
from titans_edge.cli.stored import Name, notice, opened
from titans_edge.errors import UsageError

if TYPE_CHECKING:
    from titans_edge.pictures import Fill

WINDOW = 1024  # tokens of a document that see each other

app = typer.Typer()


@app.command()
def plot(
    name: Name = "default",
    out: Annotated[Path, typer.Option(help="Folder of the pictures.")] = Path("."),
    format: Annotated[str, typer.Option(help="png, svg, or png,svg.")] = "png",
    source: Annotated[str, typer.Option(help="Surprise of this source only: you, pasted, a document's name.")] = "",
    document: Annotated[
        Path | None, typer.Option(help="Surprise along this file, measured by the backbone, in place of the stored.")
    ] = None,
    backbone: common.Backbone = library.DEFAULT,
    gpu_layers: common.GpuLayers = None,
) -> None:
    """Draw what was told when, how surprising it was, and how alike the sentences' keys are.

    \b
    Examples:
      titans-edge memory plot default --out pictures
      titans-edge memory plot default --document notes.txt --format png,svg
    """
    formats = _formats(format)
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is no folder.", "Name another with --out.")
    with opened(name, write=False) as journal:
        step, told = journal.growth(200)
        newest = journal.find(limit=2000)
        spoken = journal.find(source=common.source_named(source)) if document is None else []
    if not told:
        raise UsageError(f"The memory {name} is empty.", "Tell it something first.")
    from titans_edge import pictures

    made: list[tuple[str, str, Fill]] = [("growth", f"{name}: what was told when", pictures.growth(step, told))]
    values = [math.nan if e.surprise is None else e.surprise for e in spoken]
    if document is not None:
        values = measured(document, backbone, gpu_layers)
    if any(math.isfinite(v) for v in values):
        what = document.name if document is not None else source or name
        made.append(("surprise", f"{what}: surprise", pictures.surprise(values)))
    else:
        notice("No surprise is stored of these sentences (documents are read without): name a file with --document.")
    similar, ids = pictures.similarity(newest)
    if ids:
        made.append(("keys", f"{name}: how alike the keys of sentences are", pictures.likeness(similar, ids)))
    else:
        notice("These sentences have no keys yet.")
    for part, title, fill in made:
        for suffix in formats:
            print(pictures.draw(out / f"{name}-{part}.{suffix}", title, fill))


def measured(document: Path, backbone: str, gpu_layers: int | None) -> list[float]:
    """Nats a token of each sentence of a file, as the backbone reads it: each window of tokens on its own."""
    from titans_edge.documents import read_document

    text = read_document(document)
    path = library.find_backbone(backbone)
    import numpy as np

    from titans_edge.backbone.model import Backbone
    from titans_edge.backbone.spans import mean_nll
    from titans_edge.backbone.speaker import Speaker
    from titans_edge.text import sentences

    with Backbone(path, gpu_layers=gpu_layers) as model, Speaker(model, WINDOW + 8) as speaker:
        ids, nll = model.vocab.encode(text), []
        for at in range(0, len(ids), WINDOW):
            speaker.clear()
            nll.append(speaker.surprise(ids[at : at + WINDOW]))
            common.show_progress(min(at + WINDOW, len(ids)), len(ids), "reading")
        places = [(s.start, s.end) for s in sentences(text)]
        return mean_nll(model.vocab, text, ids, np.concatenate(nll), places)


def _formats(text: str) -> list[str]:
    from titans_edge.pictures import FORMATS

    found = list(dict.fromkeys(f.strip().lower() for f in text.split(",")))
    if not set(found) <= set(FORMATS):
        raise UsageError(f"There is no format {text!r}.", "Formats: png, svg, or png,svg.")
    return found
