"""/v1/responses, streamed or not: the same replies in OpenAI's newer form. Nothing is stored under an id."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from titans_edge.server.completions import SSE, noted, shown, turn_of, work
from titans_edge.server.desk import Outcome
from titans_edge.server.errors import api_error, refused, unsupported
from titans_edge.server.http import Parts, first, json_response, rest, taking
from titans_edge.server.lane import Ticket
from titans_edge.server.watch import say_error
from titans_edge.server.wire import Asked, ChatMessage, ChatRequest, asked


class ResponsesRequest(msgspec.Struct):
    """POST /v1/responses. Everything else in a body is passed over."""

    input: str | list[dict[str, Any]]
    instructions: str | None = None
    stream: bool | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    user: str | None = None
    tools: list[Any] | None = None
    tool_choice: Any = None
    text: dict[str, Any] | None = None
    previous_response_id: str | None = None
    conversation: Any = None
    background: bool | None = None


@taking(ResponsesRequest)
async def responses(request: Request, parts: Parts, raw: ResponsesRequest) -> Response:
    """A reply in OpenAI's newer form, streamed or not; nothing is stored under an id."""
    what = _asked(raw, parts)
    made = _frame(raw, what, parts)
    turn = turn_of(request, what, made["id"])
    ticket = parts.talk.submit(turn.who, lambda ticket: work(turn, ticket, parts))
    head = await first(request, ticket, parts)
    if raw.stream:
        return StreamingResponse(_streamed(request, ticket, head, made, parts), media_type=SSE)
    text = ""
    while not isinstance(head, Outcome):
        text, head = text + head, await rest(request, ticket)
    noted(request, head)
    return json_response(_ended(made, text, head))


def _asked(raw: ResponsesRequest, parts: Parts) -> Asked:
    for param, wrong in (
        ("previous_response_id", raw.previous_response_id is not None),
        ("conversation", raw.conversation is not None),
        ("background", bool(raw.background)),
    ):
        if wrong:
            raise unsupported(param, f"{param} is", "No response is kept: send the conversation as input.")
    items = [{"role": "user", "content": raw.input}] if isinstance(raw.input, str) else raw.input
    start = [ChatMessage("system", raw.instructions)] if raw.instructions else []
    chat = ChatRequest(
        [*start, *(_message(item, f"input[{i}]") for i, item in enumerate(items))],
        max_tokens=raw.max_output_tokens, temperature=raw.temperature, top_p=raw.top_p, user=raw.user,
        tools=raw.tools, tool_choice=raw.tool_choice, response_format=(raw.text or {}).get("format"),
    )  # fmt: skip
    return asked(chat, parts.settings.sampling)


def _message(item: dict[str, Any], where: str) -> ChatMessage:
    if item.get("type", "message") != "message":
        raise unsupported(where, f"Input of type {str(item['type'])[:40]!r} is", "Send messages.")
    try:
        return msgspec.convert({k: item[k] for k in ("role", "content") if k in item}, ChatMessage)
    except msgspec.ValidationError as e:
        raise refused("A message of the input has no role, or no text.", "See the API's page.", param=where) from e


async def _streamed(
    request: Request, ticket: Ticket, event: str | Outcome, made: dict[str, Any], parts: Parts
) -> AsyncIterator[bytes]:
    """Named events, numbered. However it ends, the work ends too."""
    send, text = _Events(), ""
    item = _item("", "in_progress")
    at = {"item_id": item["id"], "output_index": 0, "content_index": 0}
    try:
        yield send("response.created", response=made)
        yield send("response.in_progress", response=made)
        yield send("response.output_item.added", output_index=0, item={**item, "content": []})
        yield send("response.content_part.added", **at, part=item["content"][0])
        while not isinstance(event, Outcome):
            text += event
            yield send("response.output_text.delta", **at, delta=event, logprobs=[])
            event = await ticket.next()
        noted(request, event)
        done = _ended(made, text, event, item["id"])
        yield send("response.output_text.done", **at, text=text, logprobs=[])
        yield send("response.content_part.done", **at, part=done["output"][0]["content"][0])
        yield send("response.output_item.done", output_index=0, item=done["output"][0])
        yield send(f"response.{done['status']}", response=done)
    except Exception as e:
        error = api_error(e)
        if error.code == "internal_error":
            say_error(e)
        yield send("error", **error.shown()["error"])
    finally:
        if not isinstance(event, Outcome):
            ticket.stop()
            parts.metrics.add("titans_edge_cancelled_total")


class _Events:
    """Numbers events as they are written."""

    def __init__(self) -> None:
        self._number = -1

    def __call__(self, kind: str, /, **fields: Any) -> bytes:
        self._number += 1
        data = msgspec.json.encode({**fields, "type": kind, "sequence_number": self._number})
        return b"event: " + kind.encode() + b"\ndata: " + data + b"\n\n"


def _frame(raw: ResponsesRequest, what: Asked, parts: Parts) -> dict[str, Any]:
    """A response that has not been given yet."""
    return {
        "id": f"resp_{uuid.uuid4().hex}",
        "object": "response",
        "created_at": int(time.time()),
        "status": "in_progress",
        "model": parts.model,
        "instructions": raw.instructions,
        "max_output_tokens": raw.max_output_tokens,
        "temperature": what.sampling.temperature,
        "top_p": what.sampling.top_p,
        "output": [],
        "tools": [],
        "tool_choice": "none",
        "parallel_tool_calls": False,
        "previous_response_id": None,
        "error": None,
        "incomplete_details": None,
        "usage": None,
        "store": False,
    }


def _ended(made: dict[str, Any], text: str, out: Outcome, item: str | None = None) -> dict[str, Any]:
    whole = out.reason == "stop"
    usage = {
        "input_tokens": out.prompt_tokens,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": out.tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": out.prompt_tokens + out.tokens,
    }
    return {
        **made,
        "status": "completed" if whole else "incomplete",
        "incomplete_details": None if whole else {"reason": "max_output_tokens"},
        "output": [_item(text, "completed" if whole else "incomplete", item)],
        "usage": usage,
        "titans_edge": shown(out),
    }


def _item(text: str, status: str, number: str | None = None) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": [], "logprobs": []}]
    name = number or f"msg_{uuid.uuid4().hex}"
    return {"id": name, "type": "message", "status": status, "role": "assistant", "content": content}
