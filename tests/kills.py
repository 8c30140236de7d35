"""Kill -9 at random moments: python -m tests.kills 1000

Half of the kills hit the memory process while its runtime goes on, half the runtime itself (its memory process then
ends by
itself). Every write that was acknowledged is noted outside; after each kill the journal is opened and asked for all
of them.
Processes are forked from one that has torch loaded, so that a thousand take minutes.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import torch
from rich.console import Console
from rich.progress import track

from titans_edge.backbone.model import Backbone
from titans_edge.backbone.reader import Reader
from titans_edge.backbone.spans import features
from titans_edge.errors import MemoryStateError
from titans_edge.features import SpanFeatures
from titans_edge.journal import Journal
from titans_edge.sidecar import opened, worker
from titans_edge.sidecar.client import HostClient, MemoryClient
from titans_edge.sidecar.host import MemoryHost
from titans_edge.sidecar.protocol import Reply, Request
from titans_edge.sidecar.transport import LocalTransport, Process, ProcessTransport, Transport

Opened = TypeVar("Opened")
ROUND = 10  # kills on one journal
SNAPSHOT_EVERY = 8  # spans: there are some of before and some of after each kill
TEXTS = ["Mary went to the kitchen.", "John took the milk there.", "My dog's name is Rex.", "It rained."]


@dataclass
class Report:
    """Counts over all kills. lost: acknowledged, but not in the journal; twice: there more than once."""

    memory_kills: int = 0
    runtime_kills: int = 0
    acknowledged: int = 0
    lost: int = 0
    twice: int = 0
    unsound: int = 0
    replay_differs: int = 0


class WarmHost(MemoryHost):
    """A host that keeps its graft when it is started with the same again, as each forked one is."""

    def start(self, r: Request, progress: Callable[[int, int, str], None]) -> Reply:
        if getattr(self, "_began", None) != r.args:
            self._began, self._said = r.args, super().start(r, progress)
        return self._said


WARM = WarmHost()  # of this process; a fork has it too


class Forked:
    """A forked worker that looks like a Popen."""

    stderr = None  # the terminal's

    def __init__(self) -> None:
        down, up = os.pipe(), os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.dup2(down[0], 0)
            os.dup2(up[1], 1)
            os.closerange(3, 256)
            with contextlib.suppress(BaseException):
                worker.main(WARM)
            os._exit(0)
        os.close(down[0])
        os.close(up[1])
        self.stdin, self.stdout = open(down[1], "wb", 0), open(up[0], "rb", 0)  # noqa: SIM115
        self.code: int | None = None

    def poll(self) -> int | None:
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if pid else None
        return self.code

    def wait(self, timeout: float | None = None) -> int:
        end = time.monotonic() + (60.0 if timeout is None else timeout)
        while (code := self.poll()) is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired("worker", timeout or 60.0)
            time.sleep(0.001)
        return code

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


class ForkTransport(ProcessTransport):
    def _spawn(self, command: Sequence[str]) -> Process:
        return cast(Process, Forked())


class ForkHost(HostClient):
    def _connect(self) -> Transport:
        return ForkTransport()


class WarmLocalHost(HostClient):
    """In this process: what is loaded and computed for the first time then is so in those that are forked later."""

    def _connect(self) -> Transport:
        return LocalTransport(WARM)


class Killer:
    """One backbone, one graft, the features of a few sentences; kills on journals in a folder."""

    def __init__(self, backbone: Backbone, graft: Path, folder: Path, seed: int = 0) -> None:
        torch.set_num_threads(1)
        self.backbone, self.graft, self.folder = str(backbone.path), str(graft), folder
        self.spans: list[SpanFeatures] = list(features(Reader(backbone, 1), TEXTS))
        self.random, self.report = random.Random(seed), Report()
        opened.SNAPSHOT_EVERY = SNAPSHOT_EVERY
        with WarmLocalHost(self.backbone, self.graft, local=True) as host:
            self._write(host.memory("warm", None), "warm")

    def run(self, kills: int) -> Report:
        for start in track(range(0, kills, ROUND), "kills", console=Console(stderr=True)):
            path = self.folder / f"{start}.memory"
            acknowledged: list[str] = []
            for n in range(start, min(start + ROUND, kills)):
                (self._kill_memory if n % 2 else self._kill_runtime)(path, acknowledged, n)
                self._check(path, acknowledged)
            self.report.acknowledged += len(acknowledged)
            self._replay(path)
        return self.report

    def _client(self, path: Path) -> MemoryClient:
        def opened() -> MemoryClient:
            host = ForkHost(self.backbone, self.graft)
            try:
                return host.memory("kills", str(path))
            except MemoryStateError:
                host.close()
                raise

        return _unlocked(opened)

    def _write(self, client: MemoryClient, name: str) -> None:
        i = self.random.randrange(len(TEXTS))
        client.begin()
        client.write([self.spans[i]], [f"{name}: {TEXTS[i]}"])

    def _kill_memory(self, path: Path, acknowledged: list[str], n: int) -> None:
        """The memory process dies while writes are under way; the runtime starts it again."""
        client = self._client(path)
        names = [f"m{n}-{i}" for i in range(self.random.randint(1, 6))]
        fatal = self.random.randrange(len(names))
        for i, name in enumerate(names):
            self._write(client, name)
            if i == fatal:
                time.sleep(self.random.random() * 0.02)
                client.host.delivery.transport.process.kill()  # type: ignore[union-attr]
        client.wait()
        acknowledged += names
        client.host.close()
        self.report.memory_kills += 1

    def _kill_runtime(self, path: Path, acknowledged: list[str], n: int) -> None:
        """A whole runtime dies; what it had said was written is what counts."""
        out, into = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(out)
            with contextlib.suppress(BaseException):
                self.random.seed(n)
                client = self._client(path)
                for i in range(10_000):
                    self._write(client, f"r{n}-{i}")
                    client.wait()
                    os.write(into, f"r{n}-{i}\n".encode())
            os._exit(1)
        os.close(into)
        with open(out, "rb") as pipe:
            first = pipe.readline()  # the first write is through
            time.sleep(self.random.random() * 0.05)
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            acknowledged += (first + pipe.read()).decode().split()
        self.report.runtime_kills += 1

    def _check(self, path: Path, acknowledged: list[str]) -> None:
        try:
            with _unlocked(lambda: Journal(path)) as journal:
                there = [e.text.split(":")[0] for e in journal.entries()]
        except MemoryStateError:
            self.report.unsound += 1
            raise
        self.report.lost += len(set(acknowledged) - set(there))
        self.report.twice += len(there) - len(set(there))

    def _replay(self, path: Path) -> None:
        """The state after all kills against the state of the journal replayed without its snapshots."""
        states: list[Any] = []
        for _ in range(2):
            client = self._client(path)
            states.append(client.state())
            client.host.close()
            with Journal(path) as journal, journal.transaction():
                journal.db.execute("DELETE FROM snapshots")
        self.report.replay_differs += states[0] != states[1]


def _unlocked(open_it: Callable[[], Opened]) -> Opened:
    """What `open_it` opens, once the memory process of a killed runtime has let go of the lock."""
    for _ in range(200):
        try:
            return open_it()
        except MemoryStateError as e:
            if "in use" not in str(e):
                raise
            time.sleep(0.01)
    raise AssertionError("the lock is never let go")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kills", type=int, nargs="?", default=1000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    from tests.tiny import make_gguf, make_graft

    with (
        tempfile.TemporaryDirectory() as folder,
        Backbone(make_gguf(Path(folder) / "tiny.gguf"), gpu_layers=0) as backbone,
    ):
        graft = make_graft(backbone, Path(folder) / "graft.gguf")
        began = time.monotonic()
        r = Killer(backbone, graft, Path(folder), args.seed).run(args.kills)
    print(f"kill -9 of the memory process      {r.memory_kills}")
    print(f"kill -9 of the runtime             {r.runtime_kills}")
    print(f"acknowledged writes                {r.acknowledged}")
    print(f"  of them lost                     {r.lost}")
    print(f"written twice                      {r.twice}")
    print(f"journals damaged                   {r.unsound}")
    print(f"states that differ from a replay   {r.replay_differs}")
    print(f"seconds                            {time.monotonic() - began:.0f}")
    raise SystemExit(bool(r.lost or r.twice or r.unsound or r.replay_differs))


if __name__ == "__main__":
    main()
