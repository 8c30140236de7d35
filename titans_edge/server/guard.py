"""What stands before every route: who may talk to this server at all, how much they may send, and what is noted of it.

Without keys the loopback address is the only fence, and a browser is inside it: a page of any site can send requests
to it. So the Host header has to name this machine (DNS rebinding), an Origin has to be our own (CORS is off), a
browser must not say that another site's page asks (Sec-Fetch-Site), and a body has to be JSON (which no foreign page
can send without asking). The page's own files may be had by anybody: they hold nothing.
"""

from __future__ import annotations

import ipaddress
import time
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from titans_edge.server.access import Access
from titans_edge.server.errors import ApiError, api_error
from titans_edge.server.settings import Settings
from titans_edge.server.watch import Metrics, say, say_error

OPEN = ("/", "/healthz", "/openapi.json")  # without a key, as all below PAGE
PAGE = "/page/"
SAFE = ("GET", "HEAD", "OPTIONS")
SENT = {
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
}  # with every answer, unless it says otherwise


class Guard:
    """An ASGI application around another one. Adds the caller to the request's state."""

    def __init__(self, app: ASGIApp, settings: Settings, access: Access, metrics: Metrics) -> None:
        self.app, self.settings, self.access, self.metrics = app, settings, access, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = _Request(scope, send, time.monotonic())
        try:
            self._check(scope, Headers(scope=scope))
            await self.app(scope, _Counted(receive, self.settings.max_body), request.send)
        except Exception as e:
            error = api_error(e)
            if error.code == "internal_error":
                say_error(e, route=request.route)
            if request.status is None:
                await JSONResponse(error.shown(), error.status, error.headers)(scope, receive, request.send)
        finally:
            self._note(request)

    def _check(self, scope: Scope, headers: Headers) -> None:
        self._host(headers.getlist("host"))
        _origin(headers.getlist("origin"), headers.get("host", ""))
        if scope["path"] not in OPEN and not scope["path"].startswith(PAGE):
            _site(headers.get("sec-fetch-site", "none"))
            sent = headers.getlist("authorization")
            scope.setdefault("state", {})["caller"] = self.access.caller(sent[0] if len(sent) == 1 else None)
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length) > self.settings.max_body:
            raise too_large(self.settings.max_body)
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        empty = length == "0" and "transfer-encoding" not in headers
        if scope["method"] not in SAFE and not empty and kind != "application/json":
            raise ApiError(415, "The body's type is not application/json.", "Send Content-Type: application/json.")

    def _host(self, hosts: list[str]) -> None:
        """At the loopback every Host names it; elsewhere only a list that was given is kept to."""
        if not self.settings.loopback and not self.settings.allowed_hosts:
            return
        allowed = {h.lower() for h in self.settings.allowed_hosts}
        if len(hosts) != 1 or not (host := _name(hosts[0])) or not (_is_here(host) or host in allowed):
            raise ApiError(
                421, "The Host header names another machine.", "Use 127.0.0.1, or start with --allowed-host."
            )

    def _note(self, request: _Request) -> None:
        """One line, and the counters."""
        seconds, status = time.monotonic() - request.began, request.status or 499
        caller = request.scope.get("state", {}).get("caller")
        self.metrics.add("titans_edge_requests_total", route=request.route, status=str(status))
        self.metrics.observe("titans_edge_request_seconds", seconds, route=request.route)
        noted = request.scope.get("state", {}).get("noted", {})
        say(
            "request", method=request.scope["method"], route=request.route, status=status,
            seconds=round(seconds, 4), caller=caller.name if caller else None, **noted,
        )  # fmt: skip


class _Request:
    """What is noted of a request while it is answered."""

    def __init__(self, scope: Scope, send: Send, began: float) -> None:
        self.scope, self.began, self._send = scope, began, send
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            known = {name.lower() for name, _ in message.get("headers", [])}
            ours = [(k.encode(), v.encode()) for k, v in SENT.items() if k.encode() not in known]
            message["headers"] = [*message.get("headers", []), *ours]
        await self._send(message)

    @property
    def route(self) -> str:
        """The route's pattern: a path can hold anything."""
        return str(self.scope.get("state", {}).get("route", "other"))


class _Counted:
    """A `receive` that ends a body once it is too long, whatever its length was said to be."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive, self._most, self._read = receive, most, 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._read += len(message.get("body", b""))
        if self._read > self._most:
            raise too_large(self._most)
        return message


def too_large(most: int) -> ApiError:
    """413."""
    return ApiError(413, f"The body is larger than {most} bytes.", "Send less at once.", code="body_too_large")


def _origin(origins: list[str], host: str) -> None:
    """A page of another site must not write here, even if it cannot read the answer."""
    for origin in origins:
        if origin == "null" or urlsplit(origin).netloc.lower() != host.lower():
            raise ApiError(
                403, "Requests of web pages of other origins are refused.", "CORS is off.", code="cross_origin"
            )


def _site(site: str) -> None:
    """Browsers say where a request comes from, also one without an Origin: an image or a script of another page's."""
    if site not in ("same-origin", "none"):
        raise ApiError(403, "Requests of web pages of other sites are refused.", "CORS is off.", code="cross_origin")


def _name(host: str) -> str:
    """A Host header without port, brackets and final dot; "" for one that is malformed."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".") if "@" not in host else ""
    except ValueError:
        return ""


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
