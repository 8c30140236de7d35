"""Errors as OpenAI's clients know them: a status, and {"error": {message, type, param, code}}. Knows no routes."""

from __future__ import annotations

from typing import Any

from titans_edge.errors import (
    ContextOverflow,
    DocumentError,
    GraftError,
    MemoryStateError,
    SidecarError,
    TitansError,
    UsageError,
)

BAD, SERVER = "invalid_request_error", "server_error"


class ApiError(TitansError):
    """A refusal with its HTTP status. param: the field it is about; retry_after: seconds."""

    def __init__(
        self,
        status: int,
        message: str,
        hint: str = "",
        *,
        code: str | None = None,
        param: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message, hint)
        self.status, self.code, self.param, self.retry_after = status, code, param, retry_after

    @property
    def headers(self) -> dict[str, str]:
        """Those the status asks for."""
        out = {"WWW-Authenticate": "Bearer"} if self.status == 401 else {}
        return out if self.retry_after is None else {**out, "Retry-After": str(self.retry_after)}

    def shown(self) -> dict[str, Any]:
        """The body."""
        kinds = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
        kind = kinds.get(self.status, SERVER if self.status >= 500 else BAD)
        return {"error": {"message": str(self), "type": kind, "param": self.param, "code": self.code}}


def refused(message: str, hint: str = "", *, param: str | None = None, code: str | None = None) -> ApiError:
    """400: the request cannot be served as it is."""
    return ApiError(400, message, hint, param=param, code=code)


def unsupported(param: str, what: str, hint: str) -> ApiError:
    """400 for a feature of OpenAI's that is not here."""
    return refused(f"{what} not supported by this server.", hint, param=param, code="unsupported_parameter")


def api_error(e: Exception) -> ApiError:
    """Any exception as a refusal. What is no error of ours says nothing of itself: it could hold a message's text."""
    if isinstance(e, ApiError):
        return e
    if isinstance(e, ContextOverflow):
        return ApiError(400, e.message, "Send fewer or shorter messages.", code="context_length_exceeded")
    if isinstance(e, (UsageError, DocumentError)):
        return ApiError(400, e.message, e.hint)
    if isinstance(e, (MemoryStateError, SidecarError, GraftError)):
        return ApiError(503, e.message, e.hint, code="memory_unavailable", retry_after=5)
    if isinstance(e, TitansError):
        return ApiError(500, e.message, e.hint)
    return ApiError(500, "The server met an error of its own.", "Its log names the place.", code="internal_error")
