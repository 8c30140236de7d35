"""The memories a server has opened, by name. Safe between threads; knows neither keys nor HTTP."""

from __future__ import annotations

import contextlib
import threading

from titans_edge import library
from titans_edge.engine import Engine
from titans_edge.errors import TitansError
from titans_edge.sidecar.client import MemoryClient


class Memories:
    """Opens each memory once, when it is first asked for, and keeps it. guard: as in `Engine.memory`."""

    def __init__(self, engine: Engine, *, guard: bool = True) -> None:
        self._engine, self._guard = engine, guard
        self._open: dict[str, MemoryClient] = {}
        self._lock = threading.Lock()

    def open(self, name: str) -> MemoryClient:
        """Raises as `Engine.memory`; what failed is tried again by the next who asks."""
        with self._lock:
            if name not in self._open:
                self._open[name] = self._engine.memory(name, guard=self._guard)
            return self._open[name]

    def there(self, name: str) -> bool:
        """Whether there is such a memory."""
        return name in self._open or library.memory_path(name).exists()

    def names(self) -> list[str]:
        """Those with a file here."""
        return sorted(p.stem for p in library.memories_dir().glob("*.memory"))

    def restarts(self) -> int:
        """How often the memory process was started again."""
        return max((client.restarts for client in list(self._open.values())), default=0)

    def close(self) -> None:
        """After all that was written to them is kept. May run twice."""
        with self._lock:
            for client in self._open.values():
                with contextlib.suppress(TitansError):
                    client.wait()
                client.close()
            self._open.clear()
