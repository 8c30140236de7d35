"""Opens a checkpoint: a folder or hub name with config.json and safetensors, single or sharded.

Knows where each tensor's bytes lie and reads them a block of rows at a time, so that a conversion never holds a model.
Knows nothing of what the names mean. BF16 is widened here: numpy has no such type, and torch would cost 200 MB to ask.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from gguf.utility import LocalTensor, SafetensorsLocal

from titans_edge import library
from titans_edge.errors import DownloadError, ModelError

FloatArray = npt.NDArray[np.float32]
BLOCK_BYTES = 1 << 24  # of a tensor read at once
_DTYPES = {"F32": "<f4", "F16": "<f2", "BF16": "<u2"}
_WANTED = ("*.json", "*.safetensors", "*.jinja", "merges.txt")
_AGAIN = "Fetch or save the checkpoint again."


@dataclass(frozen=True)
class Checkpoint:
    """An opened folder: its configuration, and every tensor of every shard by name."""

    folder: Path
    config: dict[str, Any]
    tensors: dict[str, LocalTensor]

    @property
    def name(self) -> str:
        """What the model calls itself, or its folder does."""
        return Path(str(self.config.get("_name_or_path") or "")).name or self.folder.resolve().name

    def blocks(self, name: str) -> Iterator[npt.NDArray[Any]]:
        """A tensor's rows in order, BF16 widened to float32, about BLOCK_BYTES at a time: (rows, columns) or (n,)."""
        tensor = self.tensors[name]
        columns = int(np.prod(tensor.shape[1:]))
        dtype = np.dtype(_DTYPES[tensor.dtype])
        rows = max(1, BLOCK_BYTES // (columns * dtype.itemsize))
        with tensor.data_range.filename.open("rb") as f:
            f.seek(tensor.data_range.offset)
            for at in range(0, tensor.shape[0], rows):
                n = min(rows, tensor.shape[0] - at)
                raw = np.fromfile(f, dtype, n * columns)
                yield _widened(raw, tensor.dtype).reshape(n, *tensor.shape[1:])

    def whole(self, name: str) -> npt.NDArray[Any]:
        return np.concatenate(list(self.blocks(name)))


def _widened(raw: npt.NDArray[Any], dtype: str) -> npt.NDArray[Any]:
    """BF16 is the upper half of a float32."""
    return (raw.astype("<u4") << 16).view("<f4") if dtype == "BF16" else raw


def open_checkpoint(folder: Path) -> Checkpoint:
    """Read configuration and headers. Raises ModelError for a missing shard, a short file or an unknown type."""
    config = read_json(folder / "config.json")
    tensors: dict[str, LocalTensor] = {}
    for shard in _shards(folder):
        for name, tensor in _header(shard).items():
            if name in tensors:
                raise ModelError(f"{name} is in two shards of {folder}.", _AGAIN)
            tensors[name] = tensor
    return Checkpoint(folder, config, tensors)


def _shards(folder: Path) -> list[Path]:
    """All shards the index names, all of them there; or the single file."""
    index = folder / "model.safetensors.index.json"
    if not index.exists():
        if not (folder / "model.safetensors").exists():
            raise ModelError(
                f"There is no model.safetensors in {folder}, and no index of shards.", "Name a folder with safetensors."
            )
        return [folder / "model.safetensors"]
    named: dict[str, str] = read_json(index).get("weight_map", {})
    shards = sorted({folder / file for file in named.values()})
    missing = [s.name for s in shards if not s.is_file()]
    if missing:
        raise ModelError(f"The shard {missing[0]} is missing from {folder} ({len(missing)} of {len(shards)}).", _AGAIN)
    held = {name: s.name for s in shards for name in _header(s)}
    lost = [name for name, file in named.items() if held.get(name) != file]
    if lost:
        raise ModelError(f"The shard {named[lost[0]]} has no tensor {lost[0]}, which the index names.", _AGAIN)
    return shards


def _header(path: Path) -> dict[str, LocalTensor]:
    try:
        tensors: dict[str, LocalTensor] = SafetensorsLocal(path).tensors
    except (OSError, ValueError, KeyError, MemoryError) as e:
        raise ModelError(f"{path} is no readable safetensors file ({e}).", _AGAIN) from e
    size = path.stat().st_size
    for name, t in tensors.items():
        if t.dtype not in _DTYPES:
            raise ModelError(
                f"{name} is of type {t.dtype}; {', '.join(_DTYPES)} can be converted.",
                "Save the model in one of these.",
            )
        if t.data_range.offset + t.data_range.size > size:
            raise ModelError(f"{path} is cut short: {name} runs past its end.", _AGAIN)
        if t.data_range.size != int(np.prod(t.shape)) * np.dtype(_DTYPES[t.dtype]).itemsize:
            raise ModelError(f"{path} is damaged: the bytes of {name} do not fit its shape {list(t.shape)}.", _AGAIN)
    return tensors


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object of the checkpoint."""
    try:
        data = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ModelError(
            f"There is no {path.name} in {path.parent}.", "Name a folder made by `save_pretrained`."
        ) from None
    except (OSError, ValueError) as e:
        raise ModelError(f"{path} cannot be read ({e}).", _AGAIN) from e
    if not isinstance(data, dict):
        raise ModelError(f"{path} holds no JSON object.", _AGAIN)
    return data


def fetch(name: str) -> Path:
    """Download a hub model (or find it in the hub's cache); an interrupted download goes on where it was."""
    from huggingface_hub import constants, snapshot_download

    offline = not library.resolves(constants.ENDPOINT)
    try:
        return Path(snapshot_download(name, allow_patterns=list(_WANTED), local_files_only=offline, etag_timeout=8))
    except Exception as e:  # the client raises many kinds
        why = "the hub cannot be reached" if offline else f"{type(e).__name__}"
        raise DownloadError(
            f"{name} is no file or folder here, and {why}.", "Name a folder or a .gguf file, or check the network."
        ) from e


def resolve(source: str) -> Path:
    """SOURCE as a path: a file or folder as it is, `owner/name` fetched from the hub."""
    path = Path(os.path.expanduser(source))
    if path.exists():
        return path
    if (
        source.count("/") == 1
        and not source.startswith((".", "/", "~"))
        and not source.endswith((".gguf", ".safetensors"))
    ):
        return fetch(source)
    raise ModelError(
        f"There is no {source}.", "Name a folder with safetensors, a hub name such as Qwen/Qwen3-0.6B, or a .gguf file."
    )
