"""Who asks, and which memory they may use. Knows keys and names; opens nothing.

A key is bound to memories by their exact names: whatever else is named is refused with the same words, whether there is
such a memory or not.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from titans_edge import library
from titans_edge.errors import UsageError
from titans_edge.server.errors import ApiError, refused
from titans_edge.server.settings import NONE, Key

LOCAL = "local"


@dataclass(frozen=True)
class Caller:
    """name: for queue and log, never the key itself. memories None: any. default: where a request names none."""

    name: str
    memories: tuple[str, ...] | None
    default: str

    def memory(self, named: str | None, param: str) -> str | None:
        """The memory a request means; None: without memory. Raises ApiError 403, or 400 for what is no name."""
        name = self.default if named is None or not named.strip() else named
        if name.casefold() == NONE:
            return None
        if self.memories is not None:
            if name not in self.memories:
                raise ApiError(403, "This API key has no such memory.", _ITS, param=param, code="memory_not_allowed")
            return name
        try:
            library.memory_path(name)
        except UsageError as e:
            raise refused(e.message, e.hint, param=param, code="invalid_memory") from e
        return name


_ITS = "GET /v1/memories lists those it has."


class Access:
    """Finds the caller of a request. Without keys everybody who reaches the server is one caller."""

    def __init__(self, keys: Sequence[Key], default: str) -> None:
        self._local = Caller(LOCAL, None, default)
        self._callers = [(_digest(k.secret), Caller(_label(k.secret), k.memories, k.memories[0])) for k in keys]

    def caller(self, authorization: str | None) -> Caller:
        """By an Authorization header. Every key is compared, in constant time. Raises ApiError 401."""
        if not self._callers:
            return self._local
        scheme, _, sent = (authorization or "").partition(" ")
        digest, found = _digest(sent.strip()), None
        for known, caller in self._callers:
            if hmac.compare_digest(known, digest):
                found = caller
        if found is None or scheme.lower() != "bearer":
            raise ApiError(
                401, "The API key is missing or unknown.", "Send Authorization: Bearer KEY.", code="invalid_api_key"
            )
        return found


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


def _label(secret: str) -> str:
    return "key-" + hashlib.sha256(b"label" + secret.encode()).hexdigest()[:8]
