"""A running server of the tiny backbone for tests: real threads, a real memory process, a real socket."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import uvicorn

from titans_edge.engine import Engine
from titans_edge.server import app as application
from titans_edge.server import run
from titans_edge.server.settings import Settings

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
        self.client = httpx.Client(base_url=self.url, timeout=60, trust_env=False)

    def stop(self) -> None:
        self.uvicorn.should_exit = True
        self.thread.join(60)
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


@contextlib.contextmanager
def serving(backbone: Path, graft: Path, settings: Settings | None = None, **options: Any) -> Iterator[Server]:
    engine = Engine(str(backbone), str(graft))
    engine.backbone.threads = 1
    server = Server(engine, settings or Settings(port=0), **options)
    try:
        yield server
    finally:
        server.stop()
