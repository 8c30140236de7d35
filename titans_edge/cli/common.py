"""What several commands share: options, and opening backbone and memory. Heavy imports happen inside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from titans_edge import store
from titans_edge.errors import DocumentError

if TYPE_CHECKING:
    from titans_edge.backbone.sampling import Sampling
    from titans_edge.runtime import Chat

Backbone = Annotated[str, typer.Option("--backbone", "-b", help="A name from `titans-edge models`, or a .gguf file.")]
GraftOption = Annotated[
    str | None, typer.Option("--graft", "-g", help="A graft file; default: the one shipped for the backbone.")
]
Memory = Annotated[str, typer.Option("--memory", "-m", help="Name of the memory to use.")]
NoMemory = Annotated[bool, typer.Option("--no-memory", help="The plain backbone.")]
Context = Annotated[int, typer.Option("--context", min=128, help="Positions of the backbone's context.")]
GpuLayers = Annotated[int | None, typer.Option("--gpu-layers", help="Layers on the GPU; default: all if this build has one.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@contextmanager
def open_chat(
    backbone: str, graft: str | None, memory: str | None, *, no_memory: bool = False, context: int = 8192,
    gpu_layers: int | None = None, sampling: Sampling | None = None, system: str | None = None,
) -> Iterator[Chat]:  # fmt: skip
    """A chat on a backbone and a saved memory (memory None: one that is not kept). Closed in order at the end."""
    from titans_edge.backbone.model import Backbone as Model
    from titans_edge.runtime import Chat
    from titans_edge.sidecar.client import MemoryClient

    path = store.find_backbone(backbone)
    kept = str(store.memory_path(memory)) if memory is not None else None
    client = None
    with Model(path, gpu_layers=gpu_layers) as model:
        try:
            if not no_memory:
                client = MemoryClient(str(path), str(store.find_graft(graft, backbone)), kept)
            yield Chat(model, client, context=context, sampling=sampling, system=system)
        finally:
            if client is not None:
                client.close()


def read_document(path: Path) -> str:
    """A document's text. Raises DocumentError for what is no text."""
    if path.is_dir():
        raise DocumentError(f"{path} is a directory.", "Name text files.")
    try:
        raw = path.read_bytes()
    except OSError as e:
        raise DocumentError(f"{path} cannot be read ({e.strerror}).", "Check the name.") from e
    if b"\0" in raw[:65536]:
        raise DocumentError(f"{path} is not text.", "Convert it to plain text first.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        raise DocumentError(f"{path} is not UTF-8 text (byte {e.start}).", "Convert it to UTF-8 first.") from e
    if not text.strip():
        raise DocumentError(f"{path} is empty.", "There is nothing to remember.")
    return text
