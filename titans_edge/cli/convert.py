"""titans-edge convert: a checkpoint to a verified bundle; and the ways back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from titans_edge import library
from titans_edge.cli import common
from titans_edge.documents import read_document
from titans_edge.errors import UsageError

if TYPE_CHECKING:
    from titans_edge.convert.bundle import Order, Report

QUANTS = ("auto", "q4_0", "q4_k_m", "q5_k_m", "q8_0", "f16")
GRAFT_QUANTS = ("auto", "f32", "f16", "q8_0")
TORCH_QUANTS = {"auto": "f32", "f32": "f32", "f16": "f16", "bf16": "bf16"}


def convert(
    source: Annotated[str, typer.Argument(help="A folder or hub name with safetensors, a backbone .gguf, or a graft.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the results.")],
    quant: Annotated[
        str, typer.Option(help="q4_0, q4_k_m, q5_k_m, q8_0, f16 or auto. A graft: f32, f16, q8_0.")
    ] = "auto",
    measure: Annotated[
        bool, typer.Option("--measure", help="Time every quantisation, with a table and a plot.")
    ] = False,
    text: Annotated[Path | None, typer.Option(help="What to measure on; default: a page of our own.")] = None,
    verify: Annotated[bool, typer.Option("--verify/--no-verify", help="Check that nothing was lost.")] = True,
    graft: Annotated[Path | None, typer.Option("--graft", "-g", help="A graft to bind to the result.")] = None,
    graft_only: Annotated[
        bool, typer.Option("--graft-only", help="SOURCE stays as it is; only bind the graft to it.")
    ] = False,
    first_backbone: Annotated[
        str | None, typer.Option(help="The backbone the graft is bound to, to compare with.")
    ] = None,
    samples: Annotated[int, typer.Option(help="Questions of each of six kinds the graft is asked.", min=1)] = 4,
    to_torch: Annotated[bool, typer.Option("--to-torch", help="The other way: a .gguf to a PyTorch folder.")] = False,
    as_json: common.Json = False,
) -> None:
    """Convert a model (and its graft) into files that run here, and check that nothing was lost on the way.

    \b
    Examples:
      titans-edge convert my-finetune --out bundle --quant auto --graft graft.gguf
      titans-edge convert model.gguf --out torch --to-torch
      titans-edge convert new.gguf --out bound --graft graft.gguf --graft-only
    """
    from titans_edge.convert import bundle
    from titans_edge.convert import graft as grafts
    from titans_edge.convert import source as sources
    from titans_edge.evaluate.report import command

    path = library.find_backbone(source) if source in library.catalogue() else sources.resolve(source)
    if grafts.is_graft(path):
        _allowed(quant, GRAFT_QUANTS)
        print(_graft_file(path, out, quant))
        return
    if to_torch:
        _allowed(quant, tuple(TORCH_QUANTS))
        print(_torch(path, out, TORCH_QUANTS[quant]))
        return
    _allowed(quant, QUANTS)
    page = read_document(text) if text is not None else ""
    first = library.find_backbone(first_backbone) if first_backbone is not None else None
    order = bundle.Order(path, out, quant, measure, verify, graft, first, page)
    with _bar() as progress:
        report = (bundle.rebind if graft_only else bundle.convert)(order, lambda b, g: _right(b, g, samples), progress)
    print(json.dumps({"command": command(), **report.as_json()}) if as_json else _said(report, order))


def _allowed(quant: str, known: Sequence[str]) -> None:
    if quant not in known:
        raise UsageError(f"There is no --quant {quant!r} for this source.", f"Known: {', '.join(known)}.")


def _graft_file(path: Path, out: Path, quant: str) -> Path:
    """safetensors → graft.gguf; graft.gguf → safetensors, or with --quant → graft.gguf of that type."""
    from titans_edge.convert import atomic, writer
    from titans_edge.convert import graft as grafts

    file = grafts.read(path)
    to_gguf = path.suffix == ".safetensors" or quant != "auto"
    with atomic.workplace(out) as place, writer.full_disk(out):
        made = place / ("graft.gguf" if to_gguf else "graft.safetensors")
        grafts.write(file, made, "" if quant == "auto" else quant)
        return atomic.deliver([made], out)[0]


def _torch(path: Path, out: Path, dtype: str) -> Path:
    from titans_edge.convert import atomic, choice, space, torch_folder, writer
    from titans_edge.gguf_header import read_header

    header = read_header(path)
    weights = sum(int(s[0]) * int(s[1]) for s in choice.shapes(header))
    space.check(out, (2 if dtype == "f32" else 1) * space.needed(weights, ["f16"], f16=True))
    with atomic.workplace(out) as place, writer.full_disk(out):
        torch_folder.to_torch(header, place, dtype)
        atomic.deliver(sorted(place.iterdir()), out)
    return out


def _right(backbone: Path, graft: Path, samples: int) -> list[bool]:
    """The graft's own sample: the generator's stories with words training never named, from the memory alone."""
    from titans_edge.evaluate import cases, runner

    with common.open_chat(str(backbone), str(graft), None, context=1024, sampling=runner.SAMPLING) as chat:
        return [a.right for a in runner.run(chat, list(cases.held_out(samples, 0)), "memory")]


@contextmanager
def _bar() -> Iterator[Callable[[str, int, int], None]]:
    """A line of progress for each part of the work."""
    from rich.console import Console
    from rich.progress import Progress, TaskID

    tasks: dict[str, TaskID] = {}
    with Progress(console=Console(stderr=True)) as bar:

        def progress(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what)
            bar.update(tasks[what], completed=done, total=of)

        yield progress


def _said(report: Report, order: Order) -> str:
    """The report as lines for people."""
    lines = [f"{report.quant}: {report.why}"]
    if report.measured:
        lines.append(f"{'file':<8}{'MB':>8}{'prefill':>9}{'decode':>8}   tokens/s{'perplexity':>12}")
    for m in report.measured:
        lines.append(f"{m.quant:<8}{m.bytes / 1e6:>8.0f}{m.prefill:>9.0f}{m.decode:>8.1f}{m.perplexity:>23.3f}")
    for c in report.checks:
        lines.append(f"{ {True: 'ok', False: 'FAILED', None: 'open'}[c.ok]:<7}{c.name}: {c.says}")
    if not order.check:
        lines.append("nothing was checked (--no-verify)")
    return "\n".join([*lines, *(str(order.out / f) for f in report.files)])
