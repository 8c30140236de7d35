"""The memory process: `python -m titans_edge.sidecar.worker`, frames on stdin and stdout."""

from __future__ import annotations

import os
import signal
import struct
import sys

import msgspec

from titans_edge.sidecar.protocol import MAX_FRAME, Reply, Request, frame, read_exactly
from titans_edge.sidecar.service import MemoryService, fail, result_of


def main() -> None:
    """Answer requests in order until stdin closes or `close` comes. Ctrl-C belongs to the runtime."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints must not land among the frames
    service = MemoryService()
    while head := read_exactly(sys.stdin.buffer, 4):
        (size,) = struct.unpack("<I", head)
        body = read_exactly(sys.stdin.buffer, size) if size <= MAX_FRAME else b""
        if not body:
            return
        try:
            request = msgspec.msgpack.decode(body, type=Request)
            reply = Reply(True) if request.op == "close" else result_of(service, request)
        except msgspec.DecodeError as e:
            request, reply = Request("bad"), fail(e)
        out.write(frame(reply))
        out.flush()
        if request.op == "close":
            return


if __name__ == "__main__":
    main()
