"""titans-edge inspect: what is in a backbone, a graft or a memory file. Nothing is loaded."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from titans_edge import library
from titans_edge.cli import common
from titans_edge.errors import UsageError

MAX_SHOWN = 200  # characters of a value; --json has all of it


def inspect(
    file: Annotated[str, typer.Argument(help="A .gguf (backbone or graft), a memory file, or a backbone's name.")],
    as_json: common.Json = False,
) -> None:
    """Say what a file is: sizes, types, fingerprint, recipe, results.

    \b
    Example:
      titans-edge inspect models/qwen2.5-coder-0.5b/graft.gguf
    """
    path = library.find_backbone(file) if file in library.catalogue() else Path(file).expanduser()
    if not path.is_file():
        raise UsageError(f"There is no file {path}.", "Name a .gguf or a memory file.")
    with path.open("rb") as f:
        is_gguf = f.read(4) == b"GGUF"
    found = {"file": str(path), "bytes": path.stat().st_size, **(_gguf(path) if is_gguf else _memory(path))}
    print(json.dumps(found, ensure_ascii=False) if as_json else "\n".join(_lines(found)))


def _gguf(path: Path) -> dict[str, Any]:
    from gguf.constants import GGMLQuantizationType

    from titans_edge.gguf_header import fingerprint, read_header

    header = read_header(path)
    kinds, sizes = Counter[str](), Counter[str]()
    for tensor in header.tensors.values():
        kind = GGMLQuantizationType(tensor.ggml_type).name
        kinds[kind] += 1
        sizes[kind] += tensor.nbytes
    types = {k: {"tensors": n, "bytes": sizes[k]} for k, n in kinds.most_common()}
    weights = sum(_count(t.shape) for t in header.tensors.values())
    settings = {
        k: v
        for k, v in header.meta.items()
        if not k.startswith(("titans.backbone.", "titans.recipe", "titans.results"))
    }
    common_part = {"parameters": weights, "types": types, "settings": settings, "arrays": header.array_lengths}
    if header.meta.get("general.architecture") != "titans-graft":
        return {"kind": "backbone", **common_part, "fingerprint": fingerprint(header)}
    prefix = "titans.backbone."
    bound = {k.removeprefix(prefix): v for k, v in header.meta.items() if k.startswith(prefix)}
    stories = {k: json.loads(str(header.meta.get(f"titans.{k}", "{}"))) for k in ("recipe", "results")}
    return {"kind": "graft", **common_part, "bound to": bound, **stories}


def _count(shape: tuple[int, ...]) -> int:
    n = 1
    for s in shape:
        n *= s
    return n


def _memory(path: Path) -> dict[str, Any]:
    """A memory's journal, opened for reading."""
    from titans_edge.journal import Journal
    from titans_edge.journal.schema import MAGIC

    with path.open("rb") as f:
        if f.read(len(MAGIC)) != MAGIC:
            raise UsageError(f"{path} is no backbone, graft or memory.", "Name a .gguf or a memory file.")
    with Journal(path, write=False) as journal:
        return {"kind": "memory", **journal.summary()}


def _lines(found: dict[str, Any]) -> list[str]:
    """Nested tables as indented lines."""
    out = []
    for key, value in found.items():
        if isinstance(value, dict) and value:
            out += [f"{key}:"] + [f"  {line}" for line in _lines(value)]
        else:
            text = str(value).replace("\n", "\\n")
            out.append(f"{key}: {text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + ' …'}")
    return out
