"""/v1/memory…: what a memory holds and why it said what it said; forgetting, undoing, answering, exporting, telling.

The memory is the request's (X-Memory, ?memory=, or the key's default); no path holds a name. All of it runs in the
memories' lane, so that nobody waits for the model to see what is stored.
"""

from __future__ import annotations

import codecs
import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from titans_edge.errors import UnknownReply
from titans_edge.server.errors import ApiError, refused
from titans_edge.server.http import Parts, asking, caller, first, json_response, memory_of, plain, result, taking
from titans_edge.sidecar.client import MemoryClient
from titans_edge.sidecar.readout import Fields
from titans_edge.sources import USER, Source

MOST, MAX_ID = 1000, 2**63 - 1
STEPS = 200  # in which growth is told, at most


class Page(msgspec.Struct, kw_only=True):
    """Queries of GET /v1/memory/spans. before: only spans with smaller numbers; since: seconds since 1970; source: as
    it is cited; query: all of these words.
    """

    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST)] = 50
    before: Annotated[int, msgspec.Meta(ge=1, le=MAX_ID)] | None = None
    since: Annotated[int, msgspec.Meta(ge=1, le=2**40)] | None = None
    source: str = ""
    query: str = ""


class Search(Page, kw_only=True):
    """Queries of GET /v1/memory/search: there have to be words."""

    query: Annotated[str, msgspec.Meta(min_length=1)]


class Why(msgspec.Struct):
    """Queries of GET /v1/memory/why. completion: the id of a reply, of chat completions or responses."""

    completion: str = ""


class Forget(msgspec.Struct, forbid_unknown_fields=True):
    """POST /v1/memory/forget: by numbers, or all with these words, or all of a source. dry_run: only say which."""

    ids: list[int] | None = None
    query: str | None = None
    source: str | None = None
    dry_run: bool = False


class Surprise(msgspec.Struct, forbid_unknown_fields=True):
    """POST /v1/surprise."""

    text: str


class Tell(msgspec.Struct, forbid_unknown_fields=True):
    """POST /v1/memory/spans. document: the name of the document it is from; none: the user's own words."""

    text: str
    document: str | None = None


@plain
async def memories(request: Request, parts: Parts) -> Response:
    """The memories the caller may use."""
    mine = caller(request)
    names = list(mine.memories) if mine.memories is not None else sorted({*parts.memories.names(), mine.default})
    data = [{"id": name, "object": "memory"} for name in names]
    return json_response({"object": "list", "default": mine.default, "data": data})


@plain
async def summary(request: Request, parts: Parts) -> Response:
    """Figures of a memory."""
    name = _named(request, parts)
    found = await _asked(request, parts, name, lambda m: m.stats())
    return json_response({"object": "memory", "id": name, **found})


@asking(Page)
async def spans(request: Request, parts: Parts, page: Page) -> Response:
    """Stored sentences, newest first, a page at a time."""
    return await _page(request, parts, page)


@asking(Search)
async def search(request: Request, parts: Parts, page: Search) -> Response:
    """Stored sentences with all of these words, newest first."""
    return await _page(request, parts, page)


async def _page(request: Request, parts: Parts, q: Page) -> Response:
    found = await _asked(
        request, parts, _named(request, parts),
        lambda m: m.find(text=q.query, source=q.source, since=q.since, before=q.before, limit=q.limit + 1),
    )  # fmt: skip
    newest = found[::-1]
    page = newest[: q.limit]
    last = page[-1]["id"] if page else None
    return json_response({"object": "list", "data": page, "has_more": len(newest) > q.limit, "last_id": last})


@plain
async def span(request: Request, parts: Parts) -> Response:
    """One stored sentence."""
    number = request.path_params["id"]
    found = await _asked(request, parts, _named(request, parts), lambda m: m.get([number]) if number <= MAX_ID else [])
    return json_response(_one(found, number))


@asking(Why)
async def why(request: Request, parts: Parts, of: Why) -> Response:
    """What a reply of the memory drew on, with shares: that of this id, else its newest."""
    try:
        return _list(await _asked(request, parts, _named(request, parts), lambda m: m.why(of.completion)))
    except UnknownReply as e:
        raise ApiError(404, e.message, e.hint, code="completion_not_found", param="completion") from e


@plain
async def growth(request: Request, parts: Parts) -> Response:
    """How many of the sentences that are there were told when: in each step of so many seconds, by kind of source."""
    found = await _asked(request, parts, _named(request, parts), lambda m: m.growth(STEPS))
    return json_response({"object": "growth", **found})


@plain
async def quarantine(request: Request, parts: Parts) -> Response:
    """What waits for the user's word."""
    return _list(await _asked(request, parts, _named(request, parts), lambda m: m.quarantine()))


@plain
async def accept(request: Request, parts: Parts) -> Response:
    """Believe a sentence that waits, as if the user had said it then."""
    return await _answered(request, parts, True)


@plain
async def reject(request: Request, parts: Parts) -> Response:
    """Leave a sentence that waits out for good."""
    return await _answered(request, parts, False)


async def _answered(request: Request, parts: Parts, accept: bool) -> Response:
    number = request.path_params["id"]

    def answered(m: MemoryClient) -> Fields:
        m.accept(_within(number), accept)
        return _one(m.get([number]), number)

    return json_response(await _asked(request, parts, _named(request, parts), answered))


@taking(Forget)
async def forget(request: Request, parts: Parts, what: Forget) -> Response:
    """Forget sentences by numbers, words or source: the memory becomes as if they had never been told."""
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


@plain
async def forget_one(request: Request, parts: Parts) -> Response:
    """Forget one sentence: the memory becomes as if it had never been told."""
    number = request.path_params["id"]

    def forgotten(m: MemoryClient) -> Fields:
        _one(m.get([_within(number)]), number)
        return {"forgotten": m.forget([number]), "changed": m.changed}

    return json_response(await _asked(request, parts, _named(request, parts), forgotten))


@plain
async def undo(request: Request, parts: Parts) -> Response:
    """Forget the last message or document."""

    def undone(m: MemoryClient) -> Fields:
        return {"forgotten": m.undo(), "texts": m.forgotten, "changed": m.changed, "restored": m.restored}

    return json_response(await _asked(request, parts, _named(request, parts), undone))


@taking(Tell)
async def tell(request: Request, parts: Parts, what: Tell) -> Response:
    """Learn a text without a reply. Kept when it is answered."""
    name = _named(request, parts, make=True)
    if not what.text.strip():
        raise refused("The text is empty.", param="text")
    if what.document is not None and not what.document.strip():
        raise refused("The document has no name.", param="document")
    source, who = USER if what.document is None else Source("document", what.document.strip()), caller(request).name
    ticket = parts.talk.submit(who, lambda ticket: parts.desk.tell(who, name, what.text, source, ticket))
    return json_response({"object": "list", "data": await first(request, ticket, parts)}, 201)


@plain
async def export(request: Request, parts: Parts) -> Response:
    """JSONL, as `titans-edge memory export` writes and `memory import` reads it."""
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


@taking(Surprise)
async def surprise(request: Request, parts: Parts, what: Surprise) -> Response:
    """How surprising each token of a text is to the model, in nats, with what the memory gives for it."""
    if not what.text.strip():
        raise refused("The text is empty.", param="text")
    who, name = caller(request).name, None if memory_of(request) is None else _named(request, parts)
    ticket = parts.talk.submit(who, lambda ticket: parts.desk.surprise(who, name, what.text, ticket))
    pieces, nats, spoke = await first(request, ticket, parts)
    known = [float(x) for x in nats if not math.isnan(x)]
    mean = sum(known) / len(known) if known else None
    return json_response({"object": "surprise", "mean": mean, "memory_spoke": spoke, "data": legible(pieces, nats)})


def legible(pieces: Sequence[bytes], nats: Sequence[float]) -> list[Fields]:
    """Tokens as text with their surprise. Those that are characters only together are one, as surprising as all."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    out, text, sum_ = list[Fields](), "", 0.0
    for n, (piece, nll) in enumerate(zip(pieces, nats, strict=True), 1):
        text += decoder.decode(piece, final=n == len(pieces))
        sum_ += float(nll)
        if text and not decoder.getstate()[0]:
            out.append({"text": text, "surprise": None if math.isnan(sum_) else sum_})
            text, sum_ = "", 0.0
    return out


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
