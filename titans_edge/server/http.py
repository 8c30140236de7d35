"""What the routes share: the server's parts, endpoints whose errors are answers, bodies with a limit, and waiting for a
lane without forgetting whether the client is still there.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from titans_edge.server.access import Caller
from titans_edge.server.desk import Desk
from titans_edge.server.errors import ApiError, api_error, refused
from titans_edge.server.lane import Lane, Ticket
from titans_edge.server.memories import Memories
from titans_edge.server.settings import Settings
from titans_edge.server.watch import Metrics, say_error
from titans_edge.server.wire import decoded, queried

T = TypeVar("T")
GONE = 499  # nobody reads it: for the log


@dataclass(frozen=True)
class Parts:
    """What a running server consists of. talk: the model's lane; look: the memories'."""

    settings: Settings
    desk: Desk
    memories: Memories
    talk: Lane
    look: Lane
    metrics: Metrics
    model: str
    started: int


@dataclass(frozen=True)
class Endpoint:
    """What answers at a route. body, query: the Structs that parse what it is sent, and that /openapi.json shows."""

    answer: Callable[[Request, Parts], Awaitable[Response]]
    body: type | None = None
    query: type | None = None


def plain(answer: Callable[[Request, Parts], Awaitable[Response]]) -> Endpoint:
    """An endpoint that takes neither body nor queries."""
    return Endpoint(answer)


def taking(body: type[T]) -> Callable[[Callable[[Request, Parts, T], Awaitable[Response]]], Endpoint]:
    """An endpoint that is given its JSON body as this Struct."""

    def made(given: Callable[[Request, Parts, T], Awaitable[Response]]) -> Endpoint:
        async def answer(request: Request, parts: Parts) -> Response:
            return await given(request, parts, decoded(await _body(request, parts), body))

        return Endpoint(functools.update_wrapper(answer, given), body=body)

    return made


def asking(query: type[T]) -> Callable[[Callable[[Request, Parts, T], Awaitable[Response]]], Endpoint]:
    """An endpoint that is given the queries of its address as this Struct."""

    def made(given: Callable[[Request, Parts, T], Awaitable[Response]]) -> Endpoint:
        async def answer(request: Request, parts: Parts) -> Response:
            return await given(request, parts, queried(dict(request.query_params), query))

        return Endpoint(functools.update_wrapper(answer, given), query=query)

    return made


class ClientGone(ApiError):
    """The client left."""

    def __init__(self) -> None:
        super().__init__(GONE, "The client left.")


def route(path: str, method: str, endpoint: Endpoint, parts: Parts) -> Route:
    """A route whose errors become OpenAI's."""

    @functools.wraps(endpoint.answer)
    async def answer(request: Request) -> Response:
        request.state.route = path
        try:
            return await endpoint.answer(request, parts)
        except Exception as e:
            error = api_error(e)
            if isinstance(e, ClientGone):
                parts.metrics.add("titans_edge_cancelled_total")
            elif error.code == "internal_error":
                say_error(e, route=path)
            return json_response(error.shown(), error.status, error.headers)

    return Route(path, answer, methods=[method])


def json_response(what: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """As JSON in UTF-8."""
    return Response(msgspec.json.encode(what), status, headers, "application/json")


def caller(request: Request) -> Caller:
    """Whose request it is; the guard has found out."""
    found: Caller = request.state.caller
    return found


def memory_of(request: Request, user: str | None = None) -> str | None:
    """The memory a request means: by X-Memory, else ?memory=, else the body's `user`, else the caller's default."""
    headers, queries = request.headers.getlist("x-memory"), request.query_params.getlist("memory")
    if len(headers) > 1 or len(queries) > 1:
        raise refused("The request names several memories.", "Name one.", code="invalid_memory")
    if headers:
        name = caller(request).memory(_text(headers[0]), "X-Memory")
    elif queries:
        name = caller(request).memory(queries[0], "memory")
    else:
        name = caller(request).memory(user, "user")
    note(request, memory=name)
    return name


def note(request: Request, **fields: Any) -> None:
    """For the request's line in the log."""
    noted = getattr(request.state, "noted", {})
    request.state.noted = {**noted, **fields}


async def _body(request: Request, parts: Parts) -> bytes:
    """The whole body. Raises ApiError 408 where it does not arrive."""
    try:
        return await asyncio.wait_for(request.body(), parts.settings.body_seconds)
    except asyncio.TimeoutError as e:
        raise ApiError(408, "The body did not arrive in time.", "Send it at once.") from e


async def first(request: Request, ticket: Ticket, parts: Parts) -> Any:
    """The first event of a ticket, once its turn has come. Stops it when the client leaves or its turn never comes."""
    gone = asyncio.ensure_future(_until_gone(request))
    try:
        await _next(ticket, gone, parts.settings.queue_seconds)
        return await _next(ticket, gone)
    finally:
        gone.cancel()


async def rest(request: Request, ticket: Ticket) -> Any:
    """The next event of a ticket whose first one is known; stops it when the client leaves."""
    gone = asyncio.ensure_future(_until_gone(request))
    try:
        return await _next(ticket, gone)
    finally:
        gone.cancel()


async def result(request: Request, lane: Lane, work: Callable[[], Any], parts: Parts) -> Any:
    """What a piece of work that gives one thing comes to."""
    return await first(request, lane.submit(caller(request).name, lambda ticket: ticket.send(work())), parts)


async def _next(ticket: Ticket, gone: asyncio.Future[None], seconds: float | None = None) -> Any:
    """seconds: until its turn comes."""
    event = asyncio.ensure_future(ticket.next())
    try:
        await asyncio.wait({event, gone}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if event.done():
            return event.result()
    except asyncio.CancelledError:
        ticket.stop()
        raise
    finally:
        event.cancel()
    ticket.stop()
    if gone.done():
        raise ClientGone
    raise ApiError(503, "The model was busy for too long.", "Try again later.", code="overloaded", retry_after=10)


async def _until_gone(request: Request) -> None:
    """Ends when the client has left. The body has been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _text(header: str) -> str:
    """A header's value, sent as UTF-8."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeError as e:
        raise refused("X-Memory is no UTF-8.", "Use a plain name.", param="X-Memory", code="invalid_memory") from e
