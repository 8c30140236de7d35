"""A running server of the tiny backbone for tests: real threads and sockets, the memories in a thread of their own."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx2 as httpx
import uvicorn

from titans_edge import engine as engines
from titans_edge.backbone.model import Backbone
from titans_edge.engine import Engine
from titans_edge.server import app as application
from titans_edge.server import run
from titans_edge.server.settings import Settings
from titans_edge.sidecar.client import HostClient
from titans_edge.sidecar.host import MemoryHost
from titans_edge.sidecar.protocol import Reply, Request
from titans_edge.sidecar.transport import LocalTransport, Transport

WARM = {"temperature": 1.0, "seed": 3, "max_tokens": 6}


class Server:
    """A server in a thread of its own; `client` sends to it."""

    def __init__(self, engine: Engine, settings: Settings, **options: Any) -> None:
        self.app = application.make(engine, settings, model="tiny", context=1024, **options)
        self.parts = self.app.state.parts
        self.uvicorn = uvicorn.Server(run.config(self.app, settings))
        self.thread = threading.Thread(target=self.uvicorn.run, daemon=True)
        self.thread.start()
        while not self.uvicorn.started:
            time.sleep(0.01)
        self.port = self.uvicorn.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.client = httpx.Client(base_url=self.url, timeout=300, trust_env=False)

    def stop(self) -> None:
        self.uvicorn.should_exit = True
        self.thread.join(120)
        self.client.close()
        assert not self.thread.is_alive()

    def ask(self, *messages: Any, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        """A chat request: texts are the user's messages; dicts stand as they are."""
        body = {"model": "tiny", "messages": [said(m) for m in messages], **WARM, **more}
        return self.client.post("/v1/chat/completions", json=body, headers=headers)

    def texts(self, memory: str = "default", **headers: str) -> list[str]:
        """What a memory holds, oldest first."""
        found = self.client.get("/v1/memory/spans", headers={"X-Memory": memory, **headers})
        if found.status_code == 404:
            return []
        assert found.status_code == 200, found.text
        return [s["text"] for s in found.json()["data"]][::-1]


def said(message: Any) -> Any:
    return {"role": "user", "content": message} if isinstance(message, str) else message


def events(lines: Iterator[str]) -> list[Any]:
    """Objects of a stream of server-sent events; "[DONE]" as it is."""
    data = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    return [d if d == "[DONE]" else json.loads(d) for d in data]


class OneThread:
    """A memory host whose journals are opened and used in one thread, as in its process: SQLite insists on it."""

    def __init__(self) -> None:
        self._pool, self._host = ThreadPoolExecutor(1), MemoryHost()

    def handle(self, request: Request, progress: Any = lambda *_: None) -> Reply:
        return self._pool.submit(self._host.handle, request, progress).result()

    def close(self) -> None:
        self._pool.submit(self._host.close).result()


class NearHost(HostClient):
    """A host client whose memories live in this process, asked from any thread."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "local": True})

    def _connect(self) -> Transport:
        return LocalTransport(OneThread())


@contextlib.contextmanager
def serving(
    backbone: Path, graft: Path, settings: Settings | None = None, *, process: bool = False, **options: Any
) -> Iterator[Server]:
    """process: with a real memory process."""
    host = HostClient if process else NearHost
    with patch.object(engines, "HostClient", host), patch.object(engines, "Backbone", partial(Backbone, threads=1)):
        engine = Engine(str(backbone), str(graft))
    server = Server(engine, settings or Settings(port=0), **options)
    try:
        yield server
    finally:
        server.stop()
