"""Requests as OpenAI's clients send them, checked, and turned into what the desk works on. Opens nothing.

What cannot be honoured (tools, images, several choices, …) is refused by name; what changes nothing here (`user`,
`store`, `metadata`, …) is passed over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import msgspec

from titans_edge.backbone.grammar import of_schema
from titans_edge.backbone.sampling import Sampling
from titans_edge.errors import UsageError
from titans_edge.server.errors import refused, unsupported
from titans_edge.server.telling import joined

ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
MAX_STOPS, MAX_STOP = 4, 256  # how many, of how many characters
MAX_MESSAGES = 4096
NO_SEED = 2**32 - 1  # to llama.cpp this one means: any
T = TypeVar("T")


class ChatMessage(msgspec.Struct):
    """One message. Only text is taken."""

    role: str
    content: str | list[dict[str, Any]] | None = None
    tool_calls: list[Any] | None = None
    function_call: Any = None


class StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class ChatRequest(msgspec.Struct):
    """POST /v1/chat/completions. Everything else in a body is passed over."""

    messages: list[ChatMessage]
    model: str | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    repeat_penalty: float | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    user: str | None = None
    n: int | None = None
    tools: Any = None
    tool_choice: Any = None
    functions: Any = None
    function_call: Any = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    logit_bias: dict[str, Any] | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    response_format: dict[str, Any] | None = None
    modalities: list[str] | None = None
    audio: Any = None


class EmbeddingsRequest(msgspec.Struct):
    """POST /v1/embeddings."""

    input: str | list[Any]
    model: str | None = None
    encoding_format: str | None = None
    dimensions: int | None = None
    user: str | None = None


@dataclass(frozen=True)
class Asked:
    """A conversation to be answered. parts: of each message, the texts its content is joined of."""

    messages: list[dict[str, str]]
    parts: list[list[str]]
    sampling: Sampling
    stream: bool = False
    usage: bool = False  # in the stream
    user: str | None = None


def decoded(body: bytes, kind: type[T]) -> T:
    """A JSON body as a Struct. Raises ApiError 400 that names the field."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as e:
        where = re.search(r" - at `\$\.?([^`]*)`", str(e))
        missing = re.search(r"missing required field `(\w+)`", str(e))
        param = missing[1] if missing else where[1] if where else None
        raise refused(f"The request does not fit: {e}.", "See the API's page.", param=param) from e
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise refused("The body is no JSON.", "Send a JSON object in UTF-8.", code="invalid_json") from e


def queried(given: dict[str, str], kind: type[T]) -> T:
    """The queries of an address as a Struct; others are passed over. Raises ApiError 400 that names the one."""
    try:
        return msgspec.convert({name: value.strip() for name, value in given.items()}, kind, strict=False)
    except msgspec.ValidationError as e:
        where = re.search(r" - at `\$\.?([^`]*)`|field `(\w+)`", str(e))
        param = None if where is None else where[1] or where[2]
        raise refused(f"The query {param} does not fit: {e}.", "See the API's page.", param=param) from e


def asked(request: ChatRequest, usual: Sampling) -> Asked:
    """A chat request, checked. usual: what counts where the request names nothing else."""
    _refuse_what_is_not_here(request)
    if not 0 < len(request.messages) <= MAX_MESSAGES:
        raise refused(f"There are {len(request.messages)} messages.", "Send some.", param="messages")
    parts = [_texts(m, f"messages[{i}]") for i, m in enumerate(request.messages)]
    messages = [{"role": ROLES[m.role], "content": joined(p)} for m, p in zip(request.messages, parts, strict=True)]
    if messages[-1]["role"] != "user" or not messages[-1]["content"].strip():
        raise refused("The last message has to be the user's, with a text.", param="messages")
    usage = request.stream_options is not None and bool(request.stream_options.include_usage)
    return Asked(messages, parts, sampling(request, usual), bool(request.stream), usage, request.user)


def sampling(r: ChatRequest, usual: Sampling) -> Sampling:
    """Sampling of a request; what it leaves out is as usual."""
    most = r.max_completion_tokens if r.max_completion_tokens is not None else r.max_tokens
    if most is not None and most < 1:
        raise refused(f"max_tokens is {most}.", "It is at least 1.", param="max_tokens")
    given: dict[str, Any] = {
        "temperature": r.temperature,
        "top_p": None if r.top_p is None else max(r.top_p, 1e-6) if r.top_p >= 0 else r.top_p,
        "top_k": r.top_k,
        "min_p": r.min_p,
        "repeat_penalty": r.repeat_penalty,
        "seed": None if r.seed is None else r.seed % NO_SEED,
        "max_tokens": most,
        "stop": None if r.stop is None else stops(r.stop),
        "grammar": _grammar(r.response_format or {}),
    }
    try:
        return replace(usual, **{name: value for name, value in given.items() if value is not None})
    except UsageError as e:
        field = next((name for name in given if name.replace("_", "-") in e.message), None)
        raise refused(e.message, "See the API's page.", param=field) from e


def stops(stop: str | list[str]) -> tuple[str, ...]:
    """Texts that end a reply."""
    found = (stop,) if isinstance(stop, str) else tuple(stop)
    if len(found) > MAX_STOPS or any(not 0 < len(s) <= MAX_STOP for s in found):
        raise refused(f"stop takes up to {MAX_STOPS} texts of 1 to {MAX_STOP} characters.", param="stop")
    return found


def _grammar(form: dict[str, Any]) -> str | None:
    """What a response_format asks of a reply; the newer form has its schema beside its type."""
    kind = form.get("type", "text")
    if kind not in ("text", "json_object", "json_schema"):
        raise unsupported("response_format", f"A response_format {str(kind)[:40]!r} is", "Ask for json_schema.")
    if kind == "text":
        return None
    inner = form.get("json_schema", form)
    schema = {"type": "object"} if kind == "json_object" else inner.get("schema") if isinstance(inner, dict) else None
    if schema is None:
        raise refused("The response_format has no schema.", param="response_format")
    try:
        return of_schema(schema)
    except UsageError as e:
        raise refused(e.message, e.hint, param="response_format") from e


def _texts(message: ChatMessage, where: str) -> list[str]:
    if message.role in ("tool", "function") or message.tool_calls or message.function_call:
        raise unsupported(where, "Messages of tools are", "Leave them out.")
    if message.role not in ROLES:
        raise refused(f"There is no role {message.role[:40]!r}.", f"Roles: {', '.join(ROLES)}.", param=f"{where}.role")
    if message.content is None:
        if message.role != "assistant":
            raise refused("A message has no content.", "Give it a text.", param=f"{where}.content")
        return [""]
    if isinstance(message.content, str):
        return [message.content]
    return [_text(part, f"{where}.content[{i}]") for i, part in enumerate(message.content)] or [""]


def _text(part: dict[str, Any], where: str) -> str:
    kind = part.get("type")
    if kind not in ("text", "input_text", "output_text", "refusal"):
        what = f"Content of type {str(kind)[:40]!r} is"
        raise unsupported(where, what, "This model reads text only: send parts of type text.")
    text = part.get("refusal" if kind == "refusal" else "text")
    if not isinstance(text, str):
        raise refused("A part of a message has no text.", param=f"{where}.text")
    return text


def _refuse_what_is_not_here(r: ChatRequest) -> None:
    call = r.tool_choice not in (None, "none", "auto") or r.function_call not in (None, "none", "auto")
    for param, wrong, what, hint in (
        ("tools", bool(r.tools) or bool(r.functions) or call, "Tools and functions are", "Leave them out."),
        ("n", r.n not in (None, 1), "More than one choice is", "Leave out n, and ask again for another."),
        ("logprobs", bool(r.logprobs) or bool(r.top_logprobs), "Log probabilities are", "Leave out logprobs."),
        ("logit_bias", bool(r.logit_bias), "A bias is", "Leave out logit_bias."),
        ("presence_penalty", bool(r.presence_penalty), "presence_penalty is", "Use repeat_penalty."),
        ("frequency_penalty", bool(r.frequency_penalty), "frequency_penalty is", "Use repeat_penalty."),
        ("modalities", set(r.modalities or ()) > {"text"} or r.audio is not None, "Audio is", "Ask for text."),
    ):
        if wrong:
            raise unsupported(param, what, hint)
