"""The machine figures were taken on, and what processes take of it. Knows nothing of what is measured."""

from __future__ import annotations

import os
import platform
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from titans_edge import versions

EVERY = 0.05  # seconds between two looks at a command's processes


@dataclass(frozen=True)
class Machine:
    """load: of the last minute, before anything was measured; more than 0.3 says that others were at work."""

    cpu: str
    cores: int
    threads: int
    ram: int
    system: str
    python: str
    llama_cpp: str
    torch: str
    load: float

    def says(self) -> str:
        """In one line."""
        return (
            f"{self.cpu}, {self.cores} cores, {self.threads} threads used, {self.ram / 2**30:.0f} GB; {self.system}; "
            f"Python {self.python}, llama-cpp-python {self.llama_cpp}, torch {self.torch}; load {self.load:.1f}"
        )

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def describe() -> Machine:
    """This one, now."""
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Machine(
        _cpu(),
        psutil.cpu_count(logical=False) or threads,
        threads,
        psutil.virtual_memory().total,
        f"{platform.system()} {platform.machine()}",
        platform.python_version(),
        versions.of("llama-cpp-python") or "?",
        versions.of("torch") or "?",
        psutil.getloadavg()[0],
    )


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration, IndexError):
        return platform.processor() or platform.machine()


def cpu_seconds(client: Any) -> float:
    """CPU seconds a memory's process has taken; 0 where it has none of its own."""
    of: Any = client
    for name in ("host", "delivery", "transport", "process"):
        of = getattr(of, name, None)
    if of is None:
        return 0.0
    try:
        took = psutil.Process(of.pid).cpu_times()
    except psutil.Error:
        return 0.0
    return float(took.user + took.system)


def resident(pid: int) -> int:
    """Bytes of a process's memory, shared pages by their share (PSS) where the system tells it; 0 once it is gone."""
    try:
        process = psutil.Process(pid)
        try:
            found = process.memory_full_info()
        except psutil.AccessDenied:
            found = process.memory_info()
    except psutil.Error:
        return 0
    return int(getattr(found, "pss", 0) or getattr(found, "uss", 0) or found.rss)


@dataclass(frozen=True)
class Ran:
    """A command that ended: its code, what it said on stderr, its seconds, and the peaks (bytes) of its own process and
    of those it started, together.
    """

    code: int
    stderr: str
    seconds: float
    own: int
    children: int


def run(command: Sequence[str], *, stdin: str = "", **options: Any) -> Ran:
    """Run a command to its end and watch what it takes."""
    own, children = 0, 0
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as said:
        asked.write(stdin.encode())
        asked.seek(0)
        began = time.perf_counter()
        with subprocess.Popen(command, stdin=asked, stdout=subprocess.DEVNULL, stderr=said, **options) as process:
            while process.poll() is None:
                own = max(own, resident(process.pid))
                children = max(children, sum(map(resident, _children(process.pid))))
                time.sleep(EVERY)
        seconds = time.perf_counter() - began
        said.seek(0)
        return Ran(process.returncode, said.read().decode("utf-8", "replace"), seconds, own, children)


def _children(pid: int) -> list[int]:
    try:
        return [p.pid for p in psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return []
