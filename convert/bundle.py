"""The whole conversion: source → F16 → quantised → checked → bound graft → report; its folder appears at the end.

Knows the order of things. A failed check deletes nothing: its files are delivered under `.unverified` names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from titans_edge.convert import choice, graft, space, verify, writer
from titans_edge.convert.atomic import deliver, workplace
from titans_edge.convert.source import Checkpoint, open_checkpoint
from titans_edge.convert.tokenizer import Tokens, read_tokens

from titans_edge import library
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.quantise import cpu_features, quantise
from titans_edge.errors import GraftError, ModelError, TitansError
from titans_edge.gguf_header import Header, fingerprint, read_header

Progress = Callable[[str, int, int], None]  # what, done, of
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Order:
    """What is wanted. quant: one of `choice.QUANTS` or "auto"; text: measured on."""

    source: Path
    out: Path
    quant: str = "auto"
    measure: bool = False
    check: bool = True
    graft: Path | None = None
    first_backbone: Path | None = None  # the file the graft is bound to
    text: str = ""


@dataclass
class Report:
    """What was done and found; `report.json` is this."""

    source: str
    quant: str = ""
    why: str = ""
    files: list[str] = field(default_factory=list)
    checks: list[verify.Check] = field(default_factory=list)
    measured: list[choice.Measured] = field(default_factory=list)
    fingerprint: dict[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> list[verify.Check]:
        return [c for c in self.checks if c.ok is False]

    def as_json(self) -> dict[str, Any]:
        lists = {"checks": [c.as_json() for c in self.checks], "measured": [m.as_json() for m in self.measured]}
        return {
            "source": self.source,
            "quant": self.quant,
            "why": self.why,
            "files": self.files,
            "fingerprint": self.fingerprint,
            **lists,
        }


@dataclass(frozen=True)
class _Opened:
    """A source: a checkpoint with its plan and vocabulary, or a GGUF (header only)."""

    name: str
    checkpoint: Checkpoint | None
    plan: writer.Plan | None
    tokens: Tokens | None
    header: Header | None

    @property
    def slug(self) -> str:
        """The name as part of a file's."""
        return re.sub(r"[^a-z0-9.]+", "-", self.name.lower()).strip("-") or "model"

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        known = self.plan or self.header
        assert known is not None
        return choice.shapes(known)


def convert(order: Order, ask: graft.Ask, progress: Progress = lambda *_: None) -> Report:
    """Make the bundle in `order.out`. Raises ModelError naming the first failed check; the files are kept."""
    opened = _open(order.source)
    asked = choice.Choice(order.quant, "asked for")
    chosen = choice.choose(opened.shapes, cpu_features()) if order.quant == "auto" else asked
    quants = list(choice.QUANTS) if order.measure else [chosen.quant]
    weights = sum(int(s[0]) * int(s[1]) for s in opened.shapes)
    space.check(order.out, space.needed(weights, quants, f16=opened.header is None))
    with workplace(order.out) as place, writer.full_disk(order.out):
        base = _base(opened, order.source, place / f"{opened.slug}-f16.gguf", progress)
        made = {q: _quantised(base, place / f"{opened.slug}-{q}.gguf", q, progress) for q in quants}
        report, done = Report(str(order.source)), list[Path]()
        if order.measure:
            chosen = _measured(opened, order, made, chosen, report, progress)
            done.append(choice.plot(report.measured, place / "quants.png", opened.name))
        result = made[chosen.quant]
        report.quant, report.why = chosen.quant, chosen.why
        report.fingerprint = fingerprint(read_header(result))
        if order.check:
            report.checks = _checks(opened, base, result, chosen.quant, progress)
        if order.graft is not None:
            done.append(bind(order, result, place / "graft.gguf", report, ask, progress))
        return _finish(report, [result, *done], place, order.out)


def _measured(
    opened: _Opened,
    order: Order,
    made: dict[str, Path],
    chosen: choice.Choice,
    report: Report,
    progress: Progress,
) -> choice.Choice:
    """Time every file into the report; with `auto`, what the figures say is taken instead of what was chosen."""
    report.measured = _measure(opened, order, made, progress)
    ours = [m for m in report.measured if m.quant in choice.QUANTS]
    return choice.choose_measured(ours) if order.quant == "auto" else chosen


def _open(path: Path) -> _Opened:
    if path.is_dir():
        checkpoint = open_checkpoint(path)
        todo = writer.plan(checkpoint)
        return _Opened(checkpoint.name, checkpoint, todo, read_tokens(path, todo.steps[0].shape[0]), None)
    header = read_header(path)
    fingerprint(header)  # refuses what is no text model
    return _Opened(str(header.meta.get("general.name", path.stem)), None, None, None, header)


def _base(opened: _Opened, source: Path, f16: Path, progress: Progress) -> Path:
    """The file everything is quantised from: the checkpoint as F16, or the GGUF as it is."""
    if opened.checkpoint is None or opened.plan is None or opened.tokens is None:
        return source
    writer.write(
        opened.checkpoint, opened.plan, opened.tokens, f16, lambda _, done, of: progress("writing F16", done, of)
    )
    return f16


def _quantised(base: Path, path: Path, quant: str, progress: Progress) -> Path:
    if path != base:
        progress(f"quantising to {quant}", 0, 1)
        quantise(base, path, quant)
        progress(f"quantising to {quant}", 1, 1)
    return path


def _measure(opened: _Opened, order: Order, made: dict[str, Path], progress: Progress) -> list[choice.Measured]:
    files = ({"source": order.source} if opened.header is not None else {}) | made
    text = order.text or (HERE / "sample.txt").read_text("utf-8")
    return choice.measure(files, text, _ticks("measuring", choice.ROUNDS * len(files), progress))


def _checks(opened: _Opened, base: Path, result: Path, quant: str, progress: Progress) -> list[verify.Check]:
    """All checks that can be made of this source, cheap ones first. `base` is the F16 file or the source GGUF."""
    out: list[verify.Check] = []
    with Backbone(base, gpu_layers=0) as model:
        prompts = _prompts(model)
        exact = verify.of_llama_cpp(model, prompts, _ticks("asking llama.cpp", len(prompts), progress))
        if opened.checkpoint is not None and opened.plan is not None and opened.tokens is not None:
            out.append(verify.tensors(opened.plan, opened.checkpoint, base))
            out.append(verify.tokenizer(opened.checkpoint, model))
            out.append(verify.template(opened.tokens.special.chat_template, base))
    if opened.checkpoint is not None:
        out.append(_against_transformers(opened.checkpoint, exact, prompts, progress))
    if result != base:
        out.append(verify.same_words(read_header(base), result))
        with Backbone(result, gpu_layers=0) as small:
            made = verify.of_llama_cpp(small, prompts, _ticks(f"asking {quant}", len(prompts), progress))
        # llama.cpp rounds activations for a quantised source, not for F16: such a pair is held to Q8_0's bound
        bound = "q8_0" if quant == "f16" else quant
        out.append(
            verify.logits(f"{quant} against {'F16' if opened.header is None else 'the source'}", bound, exact, made)
        )
    return out


def _against_transformers(
    checkpoint: Checkpoint, exact: verify.Logits, prompts: list[list[int]], progress: Progress
) -> verify.Check:
    name = "F16 against transformers"
    fits, need = verify.fits_in_memory(checkpoint)
    if not fits:
        return verify.Check(name, None, f"not checked: it would take {need:.0f} GB of memory", {})
    theirs = verify.of_transformers(checkpoint.folder, prompts, _ticks("asking transformers", len(prompts), progress))
    return verify.logits(name, "f16", theirs, exact)


def _ticks(what: str, of: int, progress: Progress) -> verify.Tick:
    """Progress of `of` equal steps."""
    steps = iter(range(1, of + 1))
    return lambda: progress(what, next(steps), of)


def _prompts(model: Backbone) -> list[list[int]]:
    lines = (HERE / "prompts.txt").read_text("utf-8").splitlines()
    return [model.vocab.encode(line.replace("\\n", "\n"), special=True, bos=True)[:128] for line in lines]


def bind(order: Order, backbone: Path, path: Path, report: Report, ask: graft.Ask, progress: Progress) -> Path:
    """The graft bound to `backbone`, written to `path`, its answers compared."""
    assert order.graft is not None
    file = graft.read(order.graft)
    old = first_backbone(file, [order.first_backbone, order.source, library.catalogue()[library.DEFAULT].path])
    bound = graft.same_backbone(file, read_header(backbone), read_header(old) if old else None)
    graft.write(file.rebound(bound), path)
    if order.check:
        progress("asking the graft", 0, 1)
        before = None
        if old is not None:
            first = path.with_name("before.gguf")  # a GGUF in any case; the source may be safetensors
            graft.write(file, first)
            before = (old, first)
        report.checks.append(graft.answers(ask, before, (backbone, path)))
        progress("asking the graft", 1, 1)
    return path


def first_backbone(file: graft.GraftFile, places: list[Path | None]) -> Path | None:
    """The first of the places that holds the very file the graft is bound to."""
    for place in places:
        if place is None or not place.is_file():
            continue
        try:
            if fingerprint(read_header(place)) == file.bound:
                return place
        except TitansError:
            continue
    return None


def rebind(order: Order, ask: graft.Ask, progress: Progress = lambda *_: None) -> Report:
    """--graft-only: the backbone at `order.source` stays as it is; a graft bound to it appears in `order.out`."""
    if order.graft is None:
        raise GraftError("--graft-only needs a graft.", "Name it with --graft.")
    header = read_header(order.source)
    report = Report(str(order.source), "as it is", "only the graft is written", fingerprint=fingerprint(header))
    with workplace(order.out) as place, writer.full_disk(order.out):
        return _finish(
            report, [bind(order, order.source, place / "graft.gguf", report, ask, progress)], place, order.out
        )


def _finish(report: Report, done: list[Path], place: Path, out: Path) -> Report:
    """Report beside the files, all of it renamed into `out`."""
    suffix = ".unverified" if report.failed else ""
    report.files = [f.name + suffix for f in done]
    written = place / "report.json"
    written.write_text(json.dumps(report.as_json(), indent=1, ensure_ascii=False) + "\n", "utf-8")
    deliver(done, out, suffix)
    deliver([written], out)
    if report.failed:
        worst = report.failed[0]
        raise ModelError(
            f"The check of {worst.name} failed: {worst.says}.",
            f"The files are in {out} as *.unverified, the figures in report.json.",
        )
    return report
