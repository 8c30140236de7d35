"""/v1/memory…: what a memory holds and why it said what it said; forgetting, undoing, answering, exporting, telling.

The memory is the request's (X-Memory, ?memory=, or the key's default); no path holds a name. All of it runs in the
memories' lane, so that nobody waits for the model to see what is stored.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from titans_edge.server.errors import ApiError, refused
from titans_edge.server.http import Parts, body_of, caller, first, json_response, memory_of, result
from titans_edge.server.wire import decoded
from titans_edge.sidecar.client import Fields, MemoryClient
from titans_edge.sources import USER, Source

MOST, MAX_ID = 1000, 2**63 - 1


class Forget(msgspec.Struct, forbid_unknown_fields=True):
    """POST /v1/memory/forget: by numbers, or all with these words, or all of a source. dry_run: only say which."""

    ids: list[int] | None = None
    query: str | None = None
    source: str | None = None
    dry_run: bool = False


class Tell(msgspec.Struct, forbid_unknown_fields=True):
    """POST /v1/memory/spans. document: the name of the document it is from; none: the user's own words."""

    text: str
    document: str | None = None


async def memories(request: Request, parts: Parts) -> Response:
    """GET /v1/memories: those the caller may use."""
    mine = caller(request)
    names = list(mine.memories) if mine.memories is not None else sorted({*parts.memories.names(), mine.default})
    data = [{"id": name, "object": "memory"} for name in names]
    return json_response({"object": "list", "default": mine.default, "data": data})


async def summary(request: Request, parts: Parts) -> Response:
    """GET /v1/memory: figures."""
    name = _named(request, parts)
    found = await _asked(request, parts, name, lambda m: m.stats())
    return json_response({"object": "memory", "id": name, **found})


async def spans(request: Request, parts: Parts) -> Response:
    """GET /v1/memory/spans: newest first; ?limit, ?before (a number), ?source, ?since (seconds since 1970), ?query."""
    name, limit = _named(request, parts), _number(request, "limit", 50, MOST)
    before, since = _number(request, "before", None, MAX_ID), _number(request, "since", None, 2**40)
    words, source = _query(request, "query"), _query(request, "source")
    if request.state.route.endswith("/search") and not words:
        raise refused("There are no words to look for.", "Add ?query=WORDS.", param="query")
    found = await _asked(
        request, parts, name,
        lambda m: m.find(text=words, source=source, since=since, before=before, limit=limit + 1),
    )  # fmt: skip
    newest = found[::-1]
    page = newest[:limit]
    last = page[-1]["id"] if page else None
    return json_response({"object": "list", "data": page, "has_more": len(newest) > limit, "last_id": last})


async def span(request: Request, parts: Parts) -> Response:
    """GET /v1/memory/spans/{id}."""
    number = request.path_params["id"]
    found = await _asked(request, parts, _named(request, parts), lambda m: m.get([number]) if number <= MAX_ID else [])
    return json_response(_one(found, number))


async def why(request: Request, parts: Parts) -> Response:
    """GET /v1/memory/why: what the memory's last answer drew on, with shares."""
    return _list(await _asked(request, parts, _named(request, parts), lambda m: m.why()))


async def quarantine(request: Request, parts: Parts) -> Response:
    """GET /v1/memory/quarantine: what waits for the user's word."""
    return _list(await _asked(request, parts, _named(request, parts), lambda m: m.quarantine()))


async def answer(request: Request, parts: Parts) -> Response:
    """POST /v1/memory/quarantine/{id}/accept or /reject."""
    number, accept = request.path_params["id"], request.path_params["word"] == "accept"

    def answered(m: MemoryClient) -> Fields:
        m.accept(_within(number), accept)
        return _one(m.get([number]), number)

    return json_response(await _asked(request, parts, _named(request, parts), answered))


async def forget(request: Request, parts: Parts) -> Response:
    """POST /v1/memory/forget."""
    what = decoded(await body_of(request, parts), Forget)
    if sum(x is not None for x in (what.ids, what.query, what.source)) != 1:
        raise refused("Exactly one of ids, query and source is needed.")
    if any(x is not None and not x.strip() for x in (what.query, what.source)):
        raise refused("What is to be forgotten is empty.", "Name words, or a source as it is listed.")

    def forgotten(m: MemoryClient) -> Fields:
        if what.ids is not None:
            found = m.get([i for i in what.ids if 0 < i <= MAX_ID])
        else:
            found = m.find(text=what.query or "", source=(what.source or "").strip())
        ids = [s["id"] for s in found]
        if what.dry_run:
            return {"forgotten": 0, "would_forget": ids, "changed": []}
        return {"forgotten": m.forget(ids) if ids else 0, "changed": m.changed if ids else []}

    return json_response(await _asked(request, parts, _named(request, parts), forgotten))


async def forget_one(request: Request, parts: Parts) -> Response:
    """DELETE /v1/memory/spans/{id}."""
    number = request.path_params["id"]

    def forgotten(m: MemoryClient) -> Fields:
        _one(m.get([_within(number)]), number)
        return {"forgotten": m.forget([number]), "changed": m.changed}

    return json_response(await _asked(request, parts, _named(request, parts), forgotten))


async def undo(request: Request, parts: Parts) -> Response:
    """POST /v1/memory/undo: forget the last message or document."""

    def undone(m: MemoryClient) -> Fields:
        return {"forgotten": m.undo(), "texts": m.forgotten, "changed": m.changed}

    return json_response(await _asked(request, parts, _named(request, parts), undone))


async def tell(request: Request, parts: Parts) -> Response:
    """POST /v1/memory/spans: learn a text without a reply. Kept when it is answered."""
    what, name = decoded(await body_of(request, parts), Tell), _named(request, parts, make=True)
    if not what.text.strip():
        raise refused("The text is empty.", param="text")
    if what.document is not None and not what.document.strip():
        raise refused("The document has no name.", param="document")
    source, who = USER if what.document is None else Source("document", what.document.strip()), caller(request).name
    ticket = parts.talk.submit(who, lambda ticket: parts.desk.tell(who, name, what.text, source, ticket))
    return json_response({"object": "list", "data": await first(request, ticket, parts)}, 201)


async def export(request: Request, parts: Parts) -> Response:
    """GET /v1/memory/export: JSONL, as `titans-edge memory export` writes and `memory import` reads it."""
    name = _named(request, parts)

    def written(m: MemoryClient) -> bytes:
        from titans_edge.journal import Journal, transfer

        m.stats()  # after what was written before it
        assert m.path is not None
        with tempfile.TemporaryDirectory() as folder, Journal(m.path, write=False, check=False) as journal:
            file = Path(folder) / "memory.jsonl"
            transfer.export(journal, file)
            return file.read_bytes()

    body = await _asked(request, parts, name, written)
    return Response(body, headers={"Content-Disposition": "attachment"}, media_type="application/x-ndjson")


# --- inside


def _named(request: Request, parts: Parts, *, make: bool = False) -> str:
    """The memory's name. 404 where it is neither there nor anybody's default, unless it may be made."""
    name, mine = memory_of(request), caller(request)
    if name is None:
        raise refused("Without a memory there is nothing to see.", "Name one with X-Memory.", code="invalid_memory")
    if not make and mine.memories is None and name != mine.default and not parts.memories.there(name):
        raise ApiError(404, "There is no such memory.", "GET /v1/memories lists them.", code="memory_not_found")
    return name


async def _asked(request: Request, parts: Parts, name: str, what: Any) -> Any:
    return await result(request, parts.look, lambda: what(parts.memories.open(name)), parts)


def _list(found: list[Fields]) -> Response:
    return json_response({"object": "list", "data": found})


def _one(found: list[Fields], number: int) -> Fields:
    if not found:
        raise ApiError(404, f"There is no span #{number}.", "GET /v1/memory/spans lists them.", code="span_not_found")
    return found[0]


def _within(number: int) -> int:
    return number if number <= MAX_ID else 0


def _query(request: Request, name: str) -> str:
    return request.query_params.get(name, "").strip()


def _number(request: Request, name: str, default: Any, most: int) -> Any:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdecimal() or len(text) > 19 or not 0 < int(text) <= most:
        raise refused(f"{name} is no number from 1 to {most}.", param=name)
    return int(text)
