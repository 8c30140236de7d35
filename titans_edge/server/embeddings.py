"""/v1/embeddings: what the reader sees in a text, as one vector.

The hidden states of the layer the graft is fitted to, averaged over all tokens of the text, scaled to length 1. Texts
of more than 512 tokens are read in parts of 512 that do not see each other. It is not a model trained for search.
"""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import numpy.typing as npt
from starlette.requests import Request
from starlette.responses import Response

from titans_edge.server.errors import refused, unsupported
from titans_edge.server.http import Parts, caller, first, json_response, note, taking
from titans_edge.server.wire import EmbeddingsRequest

MAX_TEXTS = 512


@taking(EmbeddingsRequest)
async def embeddings(request: Request, parts: Parts, what: EmbeddingsRequest) -> Response:
    """Texts as vectors. encoding_format: float (default) or base64, of little-endian float32."""
    texts, form = _texts(what), what.encoding_format or "float"
    if form not in ("float", "base64"):
        raise refused("encoding_format is neither float nor base64.", param="encoding_format")
    if what.dimensions not in (None, parts.desk.engine.backbone.n_embd):
        hint = f"Vectors have {parts.desk.engine.backbone.n_embd}: leave out dimensions."
        raise unsupported("dimensions", "Another number of dimensions is", hint)
    ticket = parts.talk.submit(caller(request).name, lambda ticket: parts.desk.embed(texts, ticket))
    vectors, tokens = await first(request, ticket, parts)
    note(request, prompt_tokens=tokens)
    data = [{"object": "embedding", "index": i, "embedding": _packed(v, form)} for i, v in enumerate(vectors)]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return json_response({"object": "list", "data": data, "model": parts.model, "usage": usage})


def _texts(what: EmbeddingsRequest) -> list[str]:
    given = [what.input] if isinstance(what.input, str) else what.input
    if not 0 < len(given) <= MAX_TEXTS:
        raise refused(f"There are {len(given)} texts.", f"Send 1 to {MAX_TEXTS}.", param="input")
    texts = [text for text in given if isinstance(text, str)]
    if len(texts) < len(given):
        raise unsupported("input", "Token ids are", "Send texts: another model's tokens mean nothing here.")
    return texts


def _packed(vector: npt.NDArray[np.float32], form: str) -> Any:
    return base64.b64encode(vector.astype("<f4").tobytes()).decode() if form == "base64" else vector.tolist()
