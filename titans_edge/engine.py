"""Backbone and memory process together: what commands, servers and programs open first.

    with load() as engine, engine.memory("work") as memory, engine.session(memory) as session: ...

Knows how things are opened and in which order they close. The memory process starts while the backbone is loaded.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from titans_edge import library
from titans_edge.backbone.model import Backbone
from titans_edge.errors import UsageError
from titans_edge.session import Session
from titans_edge.sidecar.client import HostClient, MemoryClient

Progress = Callable[[int, int, str], None]  # done, of, what


class Engine:
    """A loaded backbone and, unless with_memory is False, the process that holds its memories. Closed by `with`."""

    def __init__(
        self,
        backbone: str = library.DEFAULT,
        graft: str | None = None,
        *,
        with_memory: bool = True,
        gpu_layers: int | None = None,
        on_progress: Progress | None = None,
    ) -> None:
        self._on_progress = on_progress or (lambda done, of, what: None)
        self._host: HostClient | None = None
        path = library.find_backbone(backbone)
        found = str(library.find_graft(graft, backbone)) if with_memory else None
        with ThreadPoolExecutor(1) as pool, ExitStack() as failed:
            starting = pool.submit(self._start, str(path), found) if found is not None else None
            failed.callback(_close_started, starting)
            self.backbone = failed.enter_context(Backbone(path, gpu_layers=gpu_layers))
            self._host = starting.result() if starting is not None else None
            failed.pop_all()

    def _start(self, backbone: str, graft: str) -> HostClient:
        return HostClient(backbone, graft, on_progress=self._on_progress)

    def memory(
        self,
        name: str = "default",
        *,
        path: Path | None = None,
        kept: bool = True,
        write: bool = True,
        guard: bool = True,
    ) -> MemoryClient:
        """A memory by name, or in a file of its own; kept False: one that ends with the engine. Raises as
        `MemoryClient`.
        """
        if self._host is None:
            raise UsageError("This engine has no memory.", "Load it without with_memory=False.")
        file = path if path is not None or not kept else library.memory_path(name)
        return self._host.memory(name, str(file) if kept else None, write=write, guard=guard)

    @property
    def layer(self) -> int | None:
        """The layer of the backbone its memories are read from; None without memory."""
        return None if self._host is None else int(self._host.info["layer"])

    def session(self, memory: MemoryClient | None = None, **options: Any) -> Session:
        """A session on a memory (None: the plain backbone); options as in `Session`."""
        return Session(self.backbone, memory, **options)

    def close(self) -> None:
        """The memory process first, then the backbone with its contexts. May run twice."""
        try:
            if self._host is not None:
                self._host.close()
        finally:
            self.backbone.close()

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self.close()


def load(
    backbone: str = library.DEFAULT,
    graft: str | None = None,
    *,
    with_memory: bool = True,
    gpu_layers: int | None = None,
) -> Engine:
    """Load a backbone (a name from `titans-edge models`, or a .gguf file) with the graft that belongs to it.

    Raises ModelError, GraftError or SidecarError with the next step to take.
    """
    return Engine(backbone, graft, with_memory=with_memory, gpu_layers=gpu_layers)


def _close_started(starting: Future[HostClient] | None) -> None:
    """The memory process of an engine that came to nothing, once it has started."""
    if starting is not None and starting.exception() is None:
        starting.result().close()
