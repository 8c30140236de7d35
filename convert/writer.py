"""Writes a checkpoint as an F16 GGUF, a block of rows at a time. Matrices become F16, vectors F32 (llama.cpp wants
those exact).

`plan` decides what becomes what and is pure; `write` does it. Nothing here knows where the file is in the end.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from gguf import GGUFWriter, LlamaFileType
from titans_edge.convert import architectures as tables
from titans_edge.convert.source import Checkpoint
from titans_edge.convert.tokenizer import Tokens, write_tokens

from titans_edge.errors import ModelError, TitansError

Progress = Callable[[str, int, int], None]  # what, bytes done, bytes in all
ALIGN = 32  # bytes; GGUF's default
F16_MAX = 65504.0


@dataclass(frozen=True)
class Step:
    """One tensor to be written: from `source` of the checkpoint, or (source "") from `made`, computed from the
    configuration.
    """

    source: str
    target: str
    shape: tuple[int, ...]
    dtype: str  # numpy's
    rotary_heads: int = 0
    made: npt.NDArray[np.float32] | None = None

    @property
    def nbytes(self) -> int:
        return int(np.prod(self.shape)) * np.dtype(self.dtype).itemsize


@dataclass(frozen=True)
class Plan:
    """Steps in file order. unread: source tensors that are deliberately not written, with the reason."""

    architecture: str
    metadata: dict[str, int | float | str]
    steps: tuple[Step, ...]
    unread: dict[str, str]

    @property
    def nbytes(self) -> int:
        return sum(s.nbytes + ALIGN for s in self.steps)


def plan(checkpoint: Checkpoint) -> Plan:
    """What becomes what. Raises ModelError for a tensor that is missing, unknown, or of the wrong shape."""
    config = checkpoint.config
    arch, sizes = tables.find(config), tables.sizes(config)
    unread = {n: "a buffer transformers computes" for n in checkpoint.tensors if n.endswith(tables.BUFFERS)}
    tied = bool(config.get("tie_word_embeddings"))
    if tied and "lm_head.weight" in checkpoint.tensors:
        unread["lm_head.weight"] = "tied to the embedding"
    steps: list[Step] = []
    for part in tables.parts(arch, sizes.layers):
        if part.source in unread or (part.source not in checkpoint.tensors and _may_miss(part, tied)):
            continue
        steps.append(_step(part, sizes, checkpoint))
    strangers = set(checkpoint.tensors) - {s.source for s in steps} - set(unread)
    if strangers:
        raise ModelError(
            f"{arch.gguf} has no tensor named {min(strangers)} ({len(strangers)} unknown).",
            "Convert the plain causal language model.",
        )
    factors = tables.rope_factors(config)
    if factors is not None:
        steps.append(Step("", "rope_freqs.weight", factors.shape, "<f4", made=factors))
    return Plan(arch.gguf, tables.metadata(arch, config), tuple(steps), unread)


def _may_miss(part: tables.Part, tied: bool) -> bool:
    return part.optional and (part.target != "output.weight" or tied)


def _step(part: tables.Part, sizes: tables.Sizes, checkpoint: Checkpoint) -> Step:
    tensor = checkpoint.tensors.get(part.source)
    if tensor is None:
        raise ModelError(f"The checkpoint has no tensor {part.source}.", "Fetch or save the checkpoint again.")
    want, have = sizes.of(part), tuple(tensor.shape)
    if want != have:
        raise ModelError(
            f"{part.source} has the shape {list(have)}; config.json asks for {list(want)}.",
            "Fetch or save the checkpoint again.",
        )
    dtype = "<f4" if len(want) == 1 else "<f2"
    return Step(part.source, part.target, want, dtype, getattr(sizes, part.rotary) if part.rotary else 0)


def write(checkpoint: Checkpoint, todo: Plan, tokens: Tokens, path: Path, progress: Progress = lambda *_: None) -> None:
    """Write the file. Peak memory: the vocabulary and one block of rows (a rotary tensor whole)."""
    with full_disk(path.parent):
        _write_head(checkpoint.name, todo, tokens, path)
        total, done = sum(s.nbytes for s in todo.steps), 0
        with path.open("ab") as f:
            f.write(b"\0" * (-f.tell() % ALIGN))
            for step in todo.steps:
                for block in blocks(checkpoint, step):
                    f.write(block.tobytes())
                f.write(b"\0" * (-f.tell() % ALIGN))
                done += step.nbytes
                progress(step.target, done, total)


def _write_head(name: str, todo: Plan, tokens: Tokens, path: Path) -> None:
    writer = GGUFWriter(str(path), todo.architecture)
    writer.add_type("model")
    writer.add_name(name)
    for key, value in todo.metadata.items():
        if isinstance(value, str):
            writer.add_string(key, value)
        else:
            (writer.add_float32 if isinstance(value, float) else writer.add_uint32)(key, value)
    writer.add_file_type(LlamaFileType.MOSTLY_F16)
    writer.add_quantization_version(2)
    write_tokens(writer, tokens)
    for step in todo.steps:
        writer.add_tensor_info(step.target, step.shape, np.dtype(step.dtype), step.nbytes)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()


def blocks(checkpoint: Checkpoint, step: Step) -> Iterator[npt.NDArray[Any]]:
    """What is written for a step, in order, in its type. Raises ModelError where F16 cannot hold a value."""
    if step.made is not None:
        yield step.made
        return
    if step.rotary_heads:
        whole = checkpoint.whole(step.source)
        yield _narrowed(whole[tables.rotary_rows(len(whole), step.rotary_heads)], step)
        return
    for block in checkpoint.blocks(step.source):
        yield _narrowed(block, step)


def _narrowed(block: npt.NDArray[Any], step: Step) -> npt.NDArray[Any]:
    largest = max(float(block.max()), -float(block.min()))  # NaN stays NaN
    if not largest <= (F16_MAX if step.dtype == "<f2" else np.inf):
        raise ModelError(
            f"{step.source} holds a value of {largest:g}, which F16 cannot.", "Scale the model, or save it again."
        )
    return np.ascontiguousarray(block, step.dtype)


@contextmanager
def full_disk(folder: Path) -> Iterator[None]:
    """A disk that is full, or a quota reached, as one clear line."""
    try:
        yield
    except TitansError:
        raise
    except OSError as e:
        if e.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise ModelError(
                f"The disk of {folder} is full, or a limit was reached ({e.strerror}).",
                "Free some space; nothing is left.",
            ) from e
        raise ModelError(f"{folder} cannot be written to ({e.strerror}).", "Name another folder with --out.") from e
