"""Soaks a server: python -m tests.soak --clients 8 --minutes 10 [--kills N] [--json].

Each client has an API key and a memory of its own and tells it one sentence after the other, streamed and not, looks,
searches and forgets now and then. Printed are latencies, the processes' memory after a warm-up and at the end, and what
was acknowledged, is there, is there twice, or is somebody else's. --kills: so often the server is killed with -9 and
started anew meanwhile. The backbone is a tiny random one; traffic stays on this machine.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shlex
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2 as httpx
import numpy as np
import psutil

from tests.tiny import make_gguf, make_graft

WARM_UP = 0.2  # of the time, before memory is first looked at
KEPT = 40  # sentences of a client; the oldest are forgotten
SHOWN = ("median", "95 %", "99 %", "longest")  # of latencies
GIVE_UP = 600.0  # seconds after which a server that does not answer has failed


@dataclass
class Result:
    """What a soak saw. seconds: latencies by kind of request; memory: (MB first, MB last) by process."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    broken: int = 0  # connections
    acknowledged: int = 0
    forgotten: int = 0
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    memory: dict[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        return not (self.lost or self.twice or self.foreign) and not any(s >= 500 for s in self.statuses)

    def rows(self) -> list[dict[str, Any]]:
        """Latencies by kind of request."""
        out = []
        for kind, taken in sorted(self.seconds.items()):
            figures = [float(x) for x in (*np.percentile(taken, (50, 95, 99)), max(taken))]
            out.append({"request": kind, "n": len(taken), **dict(zip(SHOWN, figures, strict=True))})
        return out

    def as_json(self) -> dict[str, Any]:
        """The same without single latencies and texts."""
        return {
            "rows": self.rows(),
            "statuses": {str(status): n for status, n in sorted(self.statuses.items())},
            "broken": self.broken,
            "memory_mb": {name: list(sizes) for name, sizes in self.memory.items()},
            "acknowledged": self.acknowledged,
            "forgotten": self.forgotten,
            **{name: len(getattr(self, name)) for name in ("lost", "twice", "foreign")},
        }

    def lines(self) -> list[str]:
        """As it is printed."""
        out = [f"{'request':<14}{'n':>7}" + "".join(f"{name:>9}" for name in SHOWN) + "   seconds"]
        for row in self.rows():
            out.append(f"{row['request']:<14}{row['n']:>7}" + "".join(f"{row[name]:>9.3f}" for name in SHOWN))
        counts = ", ".join(f"{status}: {n}" for status, n in sorted(self.statuses.items()))
        out.append(f"answers by status: {counts}; broken connections: {self.broken}")
        for name, (first, last) in self.memory.items():
            out.append(f"{name}: {first:.1f} MB after the warm-up, {last:.1f} MB at the end ({last / first - 1:+.1%})")
        held = f"{self.acknowledged} sentences acknowledged, {self.forgotten} of them forgotten again"
        return [
            *out,
            f"{held}; lost {len(self.lost)}, twice {len(self.twice)}, in another's memory {len(self.foreign)}",
        ]


class Process:
    """`titans-edge serve` on a port of its own; can be killed and started again."""

    def __init__(self, folder: Path, clients: int) -> None:
        self.folder, self.port = folder, _free_port()
        keys = " ".join(f"sk-{n}=m{n}" for n in range(clients))
        self._environment = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder / "data"),
                             "TITANS_EDGE_API_KEYS": keys}  # fmt: skip
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        """Returns once it answers."""
        options = ["-b", "tiny.gguf", "-g", "graft.gguf", "--port", str(self.port), "--context", "1024"]
        command = [sys.executable, "-m", "titans_edge", "serve", *options, "--max-tokens", "4"]
        with open(self.folder / "log.jsonl", "ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, env=self._environment, stderr=log)
        began = time.monotonic()
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/healthz", trust_env=False, timeout=5).status_code == 200:
                    return
            if self.process.poll() is not None or time.monotonic() - began > GIVE_UP:
                raise SystemExit((self.folder / "log.jsonl").read_text("utf-8")[-2000:])
            time.sleep(0.1)

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(GIVE_UP)

    def memory(self) -> dict[str, float]:
        """MB of the server and of its memory process: what is theirs alone and a share of what they share."""
        server = psutil.Process(self.process.pid)
        return {"server": _size(server) / 1e6, "memory process": sum(map(_size, server.children(recursive=True))) / 1e6}


class Client(threading.Thread):
    """One user: tells sentences until `over` is set, and knows which of them were acknowledged. To the tiny backbone a
    letter is a token: they are short, because longer ones are kept in parts.
    """

    def __init__(self, number: int, url: str, over: threading.Event, result: Result, lock: threading.Lock) -> None:
        super().__init__(daemon=True)
        self.number, self.over, self.result, self.lock = number, over, result, lock
        headers = {"Authorization": f"Bearer sk-{number}"}
        self.http = httpx.Client(base_url=url, headers=headers, timeout=120, trust_env=False)
        self.told: dict[str, int] = {}  # acknowledged, and not forgotten since: with the number it was given
        self.unsure: set[str] = set()  # forgetting was asked for, and no answer came

    def run(self) -> None:
        n = 0
        while not self.over.is_set():
            self.tell(f"Client {self.number} has item {n}.", stream=n % 3 == 0)
            if n % 5 == 0:
                self.ask("list", "GET", "/v1/memory/spans", params={"limit": 20})
            if n % 7 == 0:
                self.ask("search", "GET", "/v1/memory/search", params={"query": "has item"})
            if n % 11 == 0:
                self.ask("why", "GET", "/v1/memory/why")
            if len(self.told) > KEPT:
                self.forget(next(iter(self.told)))
            n += 1

    def tell(self, text: str, *, stream: bool) -> None:
        """Sent again until it is answered: the same message is learnt once."""
        body = {"messages": [{"role": "user", "content": text}], "stream": stream}
        while not self.over.is_set():
            answer = self.ask("stream" if stream else "chat", "POST", "/v1/chat/completions", json=body)
            if answer is not None and (learned := re.search(r'"learned":\[\{"id":(\d+)', answer.text)):
                self.told[text] = int(learned[1])
                return

    def forget(self, text: str) -> None:
        self.unsure.add(text)
        self.ask("forget", "DELETE", f"/v1/memory/spans/{self.told.pop(text)}")

    def ask(self, kind: str, method: str, path: str, **more: Any) -> httpx.Response | None:
        """An answer, noted; None where there was none. Who is told to wait does."""
        began = time.monotonic()
        try:
            answer = self.http.request(method, path, **more)
        except httpx.HTTPError:
            with self.lock:
                self.result.broken += 1
            time.sleep(0.2)
            return None
        with self.lock:
            self.result.statuses[answer.status_code] += 1
            self.result.seconds.setdefault(kind, []).append(time.monotonic() - began)
        if answer.status_code in (429, 503):
            time.sleep(min(5.0, float(answer.headers.get("retry-after", 1))))
            return None
        return answer if answer.status_code == 200 else None


def soak(clients: int, seconds: float, kills: int = 0) -> Result:
    """A server, clients that use it at once for so long, and what came of it."""
    from titans_edge.backbone.model import Backbone

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_gguf(folder / "tiny.gguf")
        with Backbone(folder / "tiny.gguf", gpu_layers=0, threads=1) as tiny:
            make_graft(tiny, folder / "graft.gguf")
        server = Process(folder, clients)
        try:
            return _soaked(server, clients, seconds, kills)
        finally:
            server.stop()


def _soaked(server: Process, clients: int, seconds: float, kills: int) -> Result:
    result, over, lock = Result(), threading.Event(), threading.Lock()
    users = [Client(n, server.url, over, result, lock) for n in range(clients)]
    for user in users:
        user.start()
    if kills:
        for _ in range(kills):
            time.sleep(seconds / (kills + 1))
            server.kill()
            server.start()
        time.sleep(seconds / (kills + 1))
    else:
        time.sleep(seconds * WARM_UP)
        first = server.memory()
        time.sleep(seconds * (1 - WARM_UP))
        last = server.memory()
        result.memory = {name: (first[name], last[name]) for name in first if name in last}
    over.set()
    for user in users:
        user.join(GIVE_UP)
    for user in users:
        _compare(user, result)
    return result


def _compare(user: Client, result: Result) -> None:
    """What is there with what was acknowledged."""
    held: Counter[str] = Counter()
    before: dict[str, int] = {}
    while True:
        answer = user.http.get("/v1/memory/spans", params={"limit": 1000, **before})
        answer.raise_for_status()
        page = answer.json()
        held.update(s["text"] for s in page["data"])
        if not page["has_more"]:
            break
        before = {"before": page["last_id"]}
    gone = user.unsure - held.keys()
    result.acknowledged += len(set(user.told) | user.unsure)
    result.forgotten += len(gone)
    result.lost += [t for t in user.told if t not in held and t not in gone]
    result.twice += [t for t, n in held.items() if n > 1]
    result.foreign += [t for t in held if not t.startswith(f"Client {user.number} ")]


def _size(process: psutil.Process) -> float:
    full = process.memory_full_info()
    return float(getattr(full, "pss", 0) or full.rss)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as s:
        return int(s.getsockname()[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    if not (1 <= given.clients <= 64 and 0 < given.minutes <= 60 and 0 <= given.kills <= 1000):
        parser.error("1 to 64 clients, up to 60 minutes, up to 1000 kills")
    result = soak(given.clients, given.minutes * 60, given.kills)
    command = shlex.join(["python", "-m", "tests.soak", *sys.argv[1:]])
    print(json.dumps({"command": command, **result.as_json()}) if given.json else "\n".join(result.lines()))
    sys.exit(0 if result.sound else 1)


if __name__ == "__main__":
    main()
