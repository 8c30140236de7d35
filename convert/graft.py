"""Grafts: `graft.gguf` ⇄ safetensors, in F32, F16 or Q8_0; and binding one to a requantised file of its backbone.

The safetensors file holds the same tensors in F32 under the same names; each field of the GGUF is one metadata entry,
as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from gguf.constants import GGMLQuantizationType
from safetensors import SafetensorError, safe_open
from titans_edge.convert.verify import Check
from torch import Tensor

from titans_edge.errors import GraftError
from titans_edge.facts import Phrase
from titans_edge.gguf_header import Header, fingerprint, read_arrays, read_header
from titans_edge.neural import graft as files
from titans_edge.neural.relations import Relations
from titans_edge.stories.relations import PHRASES, TRACKED, Bank, mirror

DTYPES = ("f32", "f16", "q8_0")
ROWS = 2000  # of the embedding, compared between two quantisations
ALIKE = 0.95  # mean cosine of a row in two quantisations of one model; rows of two models are near 0
DROP = 1.0, 2  # what a rebound graft may lose on its sample: points of accuracy, or cases where the sample is small
ALONE = 50.0  # per cent right asked for where the first backbone is not here to compare with
Ask = Callable[[Path, Path], Sequence[bool]]  # backbone, graft -> each case of the graft's sample: right or not


@dataclass(frozen=True)
class GraftFile:
    """A graft as fields and float32 tensors, whatever it was read from."""

    fields: dict[str, Any]
    tensors: dict[str, Tensor]
    dtype: str = "f16"  # what its matrices were stored as

    @property
    def bound(self) -> dict[str, str]:
        """The fingerprint of the backbone it is bound to."""
        prefix = "titans.backbone."
        return {k.removeprefix(prefix): v for k, v in self.fields.items() if k.startswith(prefix)}

    def rebound(self, to: dict[str, str]) -> GraftFile:
        return GraftFile(self.fields | {f"titans.backbone.{k}": v for k, v in to.items()}, self.tensors, self.dtype)


def read(path: Path) -> GraftFile:
    """A graft from either kind of file, in today's format. Raises GraftError for anything else."""
    found = _read(path)
    return replace(found, fields=_renewed(found.fields, path)) if found.fields.get("titans.format") == 1 else found


def _renewed(fields: dict[str, Any], path: Path) -> dict[str, Any]:
    """Format 1 numbered its banks, format 2 names its relations; what was trained is the same."""
    try:
        banks = [Bank[name] for name in json.loads(fields["titans.banks"])]
        known = json.loads(fields.get("titans.replaces", "[]"))
    except (KeyError, ValueError) as e:
        raise GraftError(f"{path} is a graft of format 1 with other banks ({e}).", "Train it again.") from e
    if banks != list(Bank):
        raise GraftError(f"{path} is a graft of format 1 with other banks.", "Train it again.")
    made = Relations(tuple(Phrase(PHRASES[b], 0, 0, (), ()) for b in banks), int(TRACKED), mirror())
    rest = {k: v for k, v in fields.items() if k != "titans.banks"}
    replaces = json.dumps([*known, *([files.file_id(path)] if path.suffix == ".gguf" else [])])
    return rest | {"titans.format": files.FORMAT, "titans.relations": made.dump(), "titans.replaces": replaces}


def _read(path: Path) -> GraftFile:
    if path.suffix != ".safetensors":
        return GraftFile(*files.read(path), _stored_as(path))
    try:
        with safe_open(str(path), "pt") as f:
            meta = {k: json.loads(v) for k, v in (f.metadata() or {}).items() if k != "format"}
            tensors = {name: f.get_tensor(name).float() for name in f.keys()}  # noqa: SIM118 (safe_open is no dict)
    except (OSError, SafetensorError, ValueError) as e:
        raise GraftError(
            f"{path} is no readable graft ({e}).", "Name a graft made by `titans-edge convert graft.gguf`."
        ) from e
    if meta.pop("general.architecture", None) != files.ARCHITECTURE:
        raise GraftError(
            f"{path} is a safetensors file, but not a graft.", "Name a graft made by `titans-edge convert graft.gguf`."
        )
    return GraftFile(meta, tensors)


def _stored_as(path: Path) -> str:
    """The smallest type among the matrices of a graft.gguf."""
    kinds = {GGMLQuantizationType(t.ggml_type).name.lower() for t in read_header(path).tensors.values()}
    return next((d for d in reversed(DTYPES) if d in kinds), "f16")


def write(graft: GraftFile, path: Path, dtype: str = "") -> None:
    """Write the kind the suffix names: .safetensors (always F32) or .gguf (dtype "": as it was stored)."""
    if path.suffix != ".safetensors":
        files.write(
            path,
            {k: v for k, v in graft.fields.items() if k != "general.architecture"},
            graft.tensors,
            dtype or graft.dtype,
        )
        return
    from safetensors.torch import save_file

    fields = {"general.architecture": files.ARCHITECTURE, **graft.fields}
    save_file(
        {k: v.contiguous() for k, v in graft.tensors.items()}, str(path), {k: json.dumps(v) for k, v in fields.items()}
    )


def is_graft(path: Path) -> bool:
    """Does the file say it is a graft? Looks at the header only."""
    if path.suffix == ".safetensors":
        try:
            with safe_open(str(path), "np") as f:
                return bool((f.metadata() or {}).get("general.architecture") == json.dumps(files.ARCHITECTURE))
        except (OSError, SafetensorError):
            return False
    return (
        path.is_file()
        and path.suffix == ".gguf"
        and read_header(path).meta.get("general.architecture") == files.ARCHITECTURE
    )


def same_backbone(graft: GraftFile, new: Header, old: Header | None) -> dict[str, str]:
    """The fingerprint of `new`, if it is the graft's backbone in another quantisation; raises GraftError otherwise."""
    have = fingerprint(new)
    for key in ("architecture", "sizes", "tokenizer"):
        if graft.bound.get(key) != have[key] and not (key == "tokenizer" and old is not None and same_words(old, new)):
            differs = f"{key} is {graft.bound.get(key)} in the graft and {have[key]} in {new.path}"
            raise GraftError(
                f"The graft is for another backbone: {differs}.",
                "A graft moves between files of one model: name the first with --first-backbone, or train another.",
            )
    if old is not None and (alike := likeness(old, new)) < ALIKE:
        raise GraftError(
            f"The token embeddings of {new.path} are not those the graft was trained on (mean cosine {alike:.2f}).",
            "Train a graft with `titans-edge train --backbone …`.",
        )
    return have


def same_words(a: Header, b: Header) -> bool:
    """Do two files cut every text into the same ids? Their hashes may differ in an order of fields or an unused
    special id.
    """
    names = ("tokenizer.ggml.model", "tokenizer.ggml.pre")
    x, y = (read_arrays(h.path, "tokenizer.ggml.") for h in (a, b))
    arrays = ("tokens", "token_type", "merges", "scores")
    same = all(x.get(f"tokenizer.ggml.{k}") == y.get(f"tokenizer.ggml.{k}") for k in arrays)
    return same and all(a.meta.get(k) == b.meta.get(k) for k in names)


def likeness(a: Header, b: Header) -> float:
    """Mean cosine of the same ROWS embedding rows in two files."""
    x, y = a.tensors["token_embd.weight"], b.tensors["token_embd.weight"]
    index = np.linspace(0, min(x.shape[0], y.shape[0]) - 1, ROWS).astype(np.int64)
    p, q = x.rows(index), y.rows(index)
    norms = np.linalg.norm(p, axis=1) * np.linalg.norm(q, axis=1)
    used = norms > 1e-6  # rows no token has may be zero
    return float(((p * q).sum(1)[used] / norms[used]).mean())


def answers(ask: Ask, before: tuple[Path, Path] | None, after: tuple[Path, Path]) -> Check:
    """The graft's answers on its own sample, on the backbone it was bound to (if that is here) and on the new one."""
    was = ask(*before) if before is not None else None
    now = ask(*after)
    right, n = 100 * sum(now) / len(now), len(now)
    if was is None:
        says = f"{right:.1f} % right (n = {n}); the backbone it was bound to is not here to compare with"
        return Check("graft", right >= ALONE, says, {"cases": n, "after": right})
    first = 100 * sum(was) / len(was)
    same = 100 * sum(a == b for a, b in zip(was, now, strict=True)) / n
    bound = max(DROP[0], 100 * DROP[1] / n)
    limit = f"n = {n}; at most {bound:.2g} points lost"
    says = f"{first:.1f} % right before, {right:.1f} % after ({limit}); {same:.1f} % alike"
    return Check("graft", right >= first - bound, says, {"cases": n, "before": first, "after": right, "same": same})
