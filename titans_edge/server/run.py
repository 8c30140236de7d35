"""Runs the application under uvicorn until it is told to stop: then what runs ends, and what was written is kept."""

from __future__ import annotations

import logging
import signal
import socket
import sys

import uvicorn
from starlette.applications import Starlette

from titans_edge.errors import UsageError
from titans_edge.server.settings import Settings
from titans_edge.server.watch import log


def listen(settings: Settings) -> socket.socket:
    """The address, taken before anything is loaded; port 0 takes any that is free."""
    try:
        family, _, _, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=128)
    except OSError as e:
        what = f"{settings.host}:{settings.port} cannot be listened at ({e.strerror or e})."
        raise UsageError(what, "Choose another --port or --host.") from e


def serve(app: Starlette, settings: Settings, listening: socket.socket) -> None:
    """Blocks. SIGTERM and Ctrl-C stop it in order; a second one at once."""
    log_to_stderr()
    for number in (signal.SIGINT, signal.SIGTERM):  # uvicorn raises it again once it has stopped
        signal.signal(number, lambda *_: None)
    uvicorn.Server(config(app, settings)).run([listening])


def config(app: Starlette, settings: Settings) -> uvicorn.Config:
    """uvicorn's settings: no log of its own, because its lines hold paths and errors with their texts."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=int(settings.stop_seconds),
        h11_max_incomplete_event_size=64 * 1024,
    )


def log_to_stderr() -> None:
    """One line of JSON for each request."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    log.handlers[:] = [handler]
    log.setLevel(logging.INFO)
    log.propagate = False
