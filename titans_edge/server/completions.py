"""/v1/chat/completions, streamed or not, and /v1/models: the desk's events as OpenAI's objects."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from titans_edge.server.desk import Outcome, Turn
from titans_edge.server.errors import ApiError, api_error, refused
from titans_edge.server.http import Parts, caller, first, json_response, memory_of, note, plain, rest, taking
from titans_edge.server.lane import Ticket
from titans_edge.server.watch import say_error
from titans_edge.server.wire import Asked, ChatRequest, asked

SSE = "text/event-stream"
DONE = b"data: [DONE]\n\n"


@taking(ChatRequest)
async def completions(request: Request, parts: Parts, body: ChatRequest) -> Response:
    """A reply to a conversation, streamed or not; what the user says in it is learnt."""
    what = asked(body, parts.settings.sampling)
    frame = _frame(parts, "chat.completion.chunk" if what.stream else "chat.completion")
    turn = turn_of(request, what, frame["id"])
    ticket = parts.talk.submit(turn.who, lambda ticket: work(turn, ticket, parts))
    head = await first(request, ticket, parts)
    if what.stream:
        return StreamingResponse(_streamed(request, ticket, head, what, frame, parts), media_type=SSE)
    text = ""
    while not isinstance(head, Outcome):
        text, head = text + head, await rest(request, ticket)
    noted(request, head)
    choice = {"index": 0, "message": {"role": "assistant", "content": text, "refusal": None}}
    choices = [{**choice, "logprobs": None, "finish_reason": head.reason}]
    return json_response({**frame, "choices": choices, **_figures(head)})


def turn_of(request: Request, what: Asked, reply_id: str) -> Turn:
    """Who asks, with which memory, and whether it may learn (X-Learn: off). reply_id: the reply's."""
    learn = request.headers.get("x-learn", "on").strip().lower()
    if learn not in ("on", "off"):
        raise refused("X-Learn is neither on nor off.", param="X-Learn")
    return Turn(caller(request).name, memory_of(request, what.user), what, learn == "on", reply_id)


async def _streamed(
    request: Request, ticket: Ticket, event: str | Outcome, what: Asked, frame: dict[str, Any], parts: Parts
) -> AsyncIterator[bytes]:
    """Server-sent events. However it ends, the work ends too."""
    try:
        yield _chunk(frame, {"role": "assistant", "content": ""}, what)
        while not isinstance(event, Outcome):
            yield _chunk(frame, {"content": event}, what)
            event = await ticket.next()
        noted(request, event)
        yield _chunk(frame, {}, what, event)
        if what.usage:
            yield _data({**frame, "choices": [], **usage(event)})
        yield DONE
    except Exception as e:
        error = api_error(e)
        if error.code == "internal_error":
            say_error(e)
        yield _data(error.shown())
    finally:
        if not isinstance(event, Outcome):
            ticket.stop()
            parts.metrics.add("titans_edge_cancelled_total")


def work(turn: Turn, ticket: Ticket, parts: Parts) -> None:
    """In the lane: answer a turn, and send what came of it. Whoever has a reply finds it counted in the metrics."""
    out = parts.desk.answer(turn, ticket)
    count(out, parts)
    ticket.send(out)


def count(out: Outcome, parts: Parts) -> None:
    """Figures of a reply for the metrics, also of one that nobody waited for."""
    parts.metrics.add_many("titans_edge_tokens_total", out.prompt_tokens, kind="prompt")
    parts.metrics.add_many("titans_edge_tokens_total", out.tokens, kind="reply")
    parts.metrics.add_many("titans_edge_learned_spans_total", 0 if out.repeated else len(out.learned))
    parts.metrics.add_many("titans_edge_memory_notices_total", bool(out.notices))
    if out.first_token:
        parts.metrics.observe("titans_edge_first_token_seconds", out.first_token)


def noted(request: Request, out: Outcome) -> None:
    """Figures of a reply for the log."""
    note(request, prompt_tokens=out.prompt_tokens, tokens=out.tokens, learned=len(out.learned), ended=out.reason)


def _frame(parts: Parts, kind: str) -> dict[str, Any]:
    made = {"id": f"chatcmpl-{uuid.uuid4().hex}", "object": kind, "created": int(time.time())}
    return {**made, "model": parts.model, "system_fingerprint": None}


def _chunk(frame: dict[str, Any], delta: dict[str, Any], what: Asked, end: Outcome | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": end.reason if end else None}
    more = {"titans_edge": shown(end)} if end else {}
    return _data({**frame, "choices": [choice], **({"usage": None} if what.usage else {}), **more})


def _data(what: dict[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(what) + b"\n\n"


def _figures(out: Outcome) -> dict[str, Any]:
    return {**usage(out), "titans_edge": shown(out)}


def usage(out: Outcome) -> dict[str, Any]:
    """Tokens: the prompt's hold what the memory gave."""
    total = out.prompt_tokens + out.tokens
    return {"usage": {"prompt_tokens": out.prompt_tokens, "completion_tokens": out.tokens, "total_tokens": total}}


def shown(out: Outcome) -> dict[str, Any]:
    """What only this server has to say of a reply."""
    given = out.remembered
    recalled = [{k: s[k] for k in ("id", "text", "source", "time")} for s in given.retrieved] if given else []
    return {
        "memory": out.memory,
        "routes": list(given.routes) if given else [],
        "confidence": given.confidence if given else 0.0,
        "recalled": recalled,
        "learned": out.learned,
        "repeated": out.repeated,
        "notices": out.notices,
    }


# --- models


@plain
async def models(request: Request, parts: Parts) -> Response:
    """The model that is loaded."""
    return json_response({"object": "list", "data": [_model(parts)]})


@plain
async def model(request: Request, parts: Parts) -> Response:
    """One model by its name."""
    if request.path_params["name"] != parts.model:
        raise ApiError(404, "There is no such model.", "GET /v1/models lists what there is.", code="model_not_found")
    return json_response(_model(parts))


def _model(parts: Parts) -> dict[str, Any]:
    return {"id": parts.model, "object": "model", "created": parts.started, "owned_by": "titans-edge"}
