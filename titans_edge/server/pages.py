"""The page a browser is shown: a few files of this package, served as they are. Knows no memory and no key.

The page is a client of /v1 like any other. It may load nothing but these files, talk to nobody but this server, and be
framed by nobody; a text becomes a node of text or nothing (`require-trusted-types-for`).
"""

from __future__ import annotations

from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response

from titans_edge.server.errors import ApiError
from titans_edge.server.http import Parts, plain

KINDS = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


@plain
async def index(request: Request, parts: Parts) -> Response:
    """The page."""
    return _file("index.html")


@plain
async def file(request: Request, parts: Parts) -> Response:
    """One of the page's files."""
    return _file(request.path_params["name"])


def names() -> list[str]:
    """The page's files."""
    return sorted(p.name for p in files(__package__).joinpath("page").iterdir() if p.name.rpartition(".")[2] in KINDS)


def _file(name: str) -> Response:
    if name not in names():
        raise ApiError(404, "The page has no such file.", "It begins at /.", code="not_found")
    body = files(__package__).joinpath("page", name).read_bytes()
    return Response(body, headers=HEADERS, media_type=KINDS[name.rpartition(".")[2]])
