"""A bench for tests of the client: fake workers in a folder, told how to misbehave, and their host clients."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from titans_edge.features import SpanFeatures
from titans_edge.sidecar.client import HostClient, MemoryClient
from titans_edge.sidecar.transport import ProcessTransport

TIMEOUT, SHORT = 30.0, 1.5  # seconds


def span(words: int = 2, width: int = 8) -> SpanFeatures:
    hidden, ids = np.zeros((words, width), np.float16), np.arange(words * 5, dtype=np.int32).reshape(words, 5)
    return SpanFeatures(hidden, ids, ids + 1, surprise=0.5, places=np.zeros((words, 2), np.int32))


def limit(misdeed: str) -> float:
    """Only where silence is the matter is the limit short: the machine may be busy."""
    return SHORT if misdeed.startswith(("hang", "deaf")) else TIMEOUT


class Bench:
    """A folder with a plan, and host clients of fake workers in it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.hosts = folder, list[HostClient]()

    def command(self, *, real: bool = False) -> list[str]:
        """What starts a fake worker here; real: with the loop of the true one."""
        return [sys.executable, str(Path(__file__).with_name("fake_worker.py")), str(self.folder), *["real"] * real]

    def host(self, *, real: bool = False, timeout: float = TIMEOUT, **kw: Any) -> HostClient:
        self.hosts.append(HostClient("b", "g", timeout=timeout, command=self.command(real=real), **kw))
        return self.hosts[-1]

    def memory(self, kept: bool = True, **kw: Any) -> MemoryClient:
        return self.host(**kw).memory("m", str(self.folder / "m.json") if kept else None)

    def plan(self, *misdeeds: tuple[str, str] | tuple[str, str, str]) -> None:
        """(op, misdeed) or (op, text, misdeed)."""
        full = [(m[0], m[1] if len(m) == 3 else "", m[-1]) for m in misdeeds]
        (self.folder / "plan.json").write_text(json.dumps(full))

    def seen(self, op: str = "") -> list[dict[str, Any]]:
        """What the processes were asked, in order."""
        lines = (self.folder / "seen.jsonl").read_text().splitlines()
        return [s for s in map(json.loads, lines) if op in ("", s["op"])]


@contextmanager
def bench_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """For a fixture: everything is closed in the end."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    bench = Bench(folder)
    yield bench
    for host in bench.hosts:
        host.close()


def tell(memory: MemoryClient, *texts: str) -> None:
    """A message for each text."""
    for text in texts:
        memory.begin()
        memory.write([span()], [text])


def texts(memory: MemoryClient) -> list[str]:
    return [s["text"] for s in memory.find()]


def kill(of: MemoryClient | HostClient) -> None:
    """kill -9, and wait until it is dead."""
    host = of.host if isinstance(of, MemoryClient) else of
    transport = host.delivery.transport
    assert isinstance(transport, ProcessTransport)
    transport.process.kill()
    transport.process.wait()
