"""A hub with one file in it, on this machine: it knows revisions and ranges, and breaks off where it is told to."""

from __future__ import annotations

import http.server
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

COMMIT = "a" * 40


@dataclass
class Hub:
    """data: the file's bytes; etag: what is said of them; broken: after so many bytes each connection ends (-1: none).

    asked: (method, revision, first byte) of each request.
    """

    data: bytes
    etag: str
    commit: str = COMMIT
    broken: int = -1
    asked: list[tuple[str, str, int]] = field(default_factory=list)
    url: str = ""

    @property
    def sent_from(self) -> list[int]:
        """The first byte of each download."""
        return [at for method, _, at in self.asked if method == "GET"]


@contextmanager
def hub(data: bytes, etag: str, **of: object) -> Iterator[Hub]:
    """A running hub. Its file is `x.gguf` in `someone/model`."""
    made = Hub(data, etag, **of)  # type: ignore[arg-type]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(made))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    made.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()


def _handler(hub: Hub) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            named = re.fullmatch(r"/someone/model/resolve/([^/]+)/x\.gguf", self.path)
            first = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            at = int(first[1]) if first else 0
            if named is None or named[1] not in ("main", hub.commit):
                self.send_error(404)
                return
            hub.asked.append((self.command, named[1], at))
            body = hub.data[at:]
            self.send_response(206 if first else 200)
            headers = {"X-Repo-Commit": hub.commit, "ETag": f'"{hub.etag}"', "Content-Length": str(len(body))}
            if first:
                headers["Content-Range"] = f"bytes {at}-{len(hub.data) - 1}/{len(hub.data)}"
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body if hub.broken < 0 else body[: max(0, hub.broken - at)])

        do_HEAD = do_GET

        def log_message(self, *_: object) -> None:
            pass

    return Handler
