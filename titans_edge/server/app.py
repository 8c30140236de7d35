"""The application: an engine, its parts, the routes and what stands before them. `make` builds it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute

from titans_edge.engine import Engine
from titans_edge.routes import Mode
from titans_edge.server import completions, embeddings, memory_routes, openapi, pages, responses
from titans_edge.server.access import Access
from titans_edge.server.desk import Desk
from titans_edge.server.errors import ApiError
from titans_edge.server.guard import Guard
from titans_edge.server.http import Endpoint, Parts, json_response, plain, route
from titans_edge.server.lane import Lane
from titans_edge.server.memories import Memories
from titans_edge.server.settings import Settings
from titans_edge.server.watch import Metrics, say

LOOKS = 32  # requests of one caller about memories that may wait


def make(
    engine: Engine,
    settings: Settings,
    *,
    model: str = "titans-edge",
    guard: bool = True,
    mode: Mode = Mode.AUTO,
    more: Sequence[BaseRoute] = (),
    **session: Any,
) -> Starlette:
    """A Starlette application that owns `engine` and closes it with itself. model: its name in /v1/models.

    more: routes behind the same guard (a page); session: options of `Session`.
    """
    memories, metrics = Memories(engine, guard=guard), Metrics()
    desk = Desk(engine, memories, settings.reply_seconds, mode, **session)
    talk, look = Lane("model", settings.waiting), Lane("memories", LOOKS)
    parts = Parts(settings, desk, memories, talk, look, metrics, model, int(time.time()))

    @contextlib.asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await run_in_threadpool(close, parts, engine)

    app = Starlette(
        routes=[*routes(parts), *more],
        middleware=[
            Middleware(Guard, settings=settings, access=Access(settings.keys, settings.memory), metrics=metrics)
        ],
        exception_handlers={HTTPException: _http_error, ApiError: _api_error},
        lifespan=life,
    )
    app.state.parts = parts
    return app


def close(parts: Parts, engine: Engine) -> None:
    """What runs is let end, what was written is kept, then everything is closed."""
    ended = [lane.close(parts.settings.stop_seconds) for lane in (parts.talk, parts.look)]
    parts.memories.close()
    if all(ended):  # else llama.cpp is still at work, and its contexts go with the process
        parts.desk.close()
        engine.close()
    say("stopped", clean=all(ended))


def routes(parts: Parts) -> list[BaseRoute]:
    """All routes."""
    return [route(path, method, endpoint, parts) for path, method, endpoint in table()]


def table() -> list[tuple[str, str, Endpoint]]:
    """(path, method, endpoint) of each route. What a later one would match too belongs to the earlier one."""
    memory = "/v1/memory"
    return [
        ("/", "GET", pages.index),
        ("/page/{name}", "GET", pages.file),
        ("/openapi.json", "GET", _openapi),
        ("/healthz", "GET", _health),
        ("/metrics", "GET", _metrics),
        ("/v1/models", "GET", completions.models),
        ("/v1/models/{name:path}", "GET", completions.model),
        ("/v1/chat/completions", "POST", completions.completions),
        ("/v1/responses", "POST", responses.responses),
        ("/v1/embeddings", "POST", embeddings.embeddings),
        ("/v1/memories", "GET", memory_routes.memories),
        (memory, "GET", memory_routes.summary),
        (f"{memory}/spans", "GET", memory_routes.spans),
        (f"{memory}/spans", "POST", memory_routes.tell),
        (f"{memory}/search", "GET", memory_routes.search),
        (f"{memory}/spans/{{id:int}}", "GET", memory_routes.span),
        (f"{memory}/spans/{{id:int}}", "DELETE", memory_routes.forget_one),
        (f"{memory}/why", "GET", memory_routes.why),
        (f"{memory}/growth", "GET", memory_routes.growth),
        (f"{memory}/forget", "POST", memory_routes.forget),
        (f"{memory}/undo", "POST", memory_routes.undo),
        (f"{memory}/export", "GET", memory_routes.export),
        (f"{memory}/quarantine", "GET", memory_routes.quarantine),
        (f"{memory}/quarantine/{{id:int}}/accept", "POST", memory_routes.accept),
        (f"{memory}/quarantine/{{id:int}}/reject", "POST", memory_routes.reject),
        ("/v1/surprise", "POST", memory_routes.surprise),
    ]


@plain
async def _openapi(request: Request, parts: Parts) -> Response:
    """This API, as OpenAPI describes it."""
    return json_response(openapi.document(table()))


@plain
async def _health(request: Request, parts: Parts) -> Response:
    """The server answers; `waiting` requests are before the next one."""
    return json_response({"status": "ok", "model": parts.model, "waiting": parts.talk.waiting})


@plain
async def _metrics(request: Request, parts: Parts) -> Response:
    """Counters for Prometheus."""
    parts.metrics.set("titans_edge_waiting", parts.talk.waiting, lane="model")
    parts.metrics.set("titans_edge_waiting", parts.look.waiting, lane="memories")
    parts.metrics.set("titans_edge_memory_restarts", parts.memories.restarts())
    return PlainTextResponse(parts.metrics.text(), media_type="text/plain; version=0.0.4")


async def _http_error(request: Request, e: Exception) -> Response:
    status = e.status_code if isinstance(e, HTTPException) else 500
    what = {404: "There is no such path.", 405: "This path has no such method."}.get(status, "This cannot be served.")
    error = ApiError(
        status, what, "See the API's page.", code={404: "not_found", 405: "method_not_allowed"}.get(status)
    )
    return json_response(error.shown(), status, dict(getattr(e, "headers", None) or {}))


async def _api_error(request: Request, e: Exception) -> Response:
    assert isinstance(e, ApiError)
    return json_response(e.shown(), e.status, e.headers)
