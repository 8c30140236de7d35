"""A memory process without a memory, which misbehaves as it is told: python fake_worker.py FOLDER [real]

It keeps texts. FOLDER/plan.json lists misdeeds, each done once, by whichever process comes to it first; what was
asked stands in FOLDER/seen.jsonl. With `real` the worker's own loop serves it, else a loop of a few lines, which
stops reading when it is told to.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from titans_edge.errors import MemoryStateError
from titans_edge.sidecar import worker
from titans_edge.sidecar.protocol import HEAD, Progress, Reply, Request, frame, pack, read_exactly, request_in
from titans_edge.sidecar.worker import OnProgress


@dataclass
class Memory:
    """Texts with ids and the operation that wrote them; what each operation gave."""

    texts: dict[str, list[str]] = field(default_factory=dict)  # id -> [operation, text]
    done: dict[str, dict[str, Any]] = field(default_factory=dict)  # operation and part -> result
    last: int = 0

    def change(self, r: Request) -> dict[str, Any]:
        """Once for each operation."""
        key = f"{r.operation}/{r.args.get('part', 0)}"
        if key not in self.done:
            self.done[key] = getattr(self, r.op)(r)
        return self.done[key]

    def write(self, r: Request) -> dict[str, Any]:
        rulings = []
        for text in r.args["texts"]:
            self.last += 1
            self.texts[str(self.last)] = [r.operation, text]
            rulings.append({"id": self.last, "text": text, "decision": "written"})
        return {"rulings": rulings}

    def forget(self, r: Request) -> dict[str, Any]:
        gone = [self.texts.pop(str(i)) for i in r.args["ids"] if str(i) in self.texts]
        return {"forgotten": len(gone), "changed": []}

    def of(self, message: str) -> list[str]:
        """Ids of a message's texts; "": of the last one that left some."""
        last = max(self.texts, key=int, default=None)
        message = message or (self.texts[last][0] if last else "")
        return [i for i, (operation, _) in self.texts.items() if operation == message]

    def undo(self, r: Request) -> dict[str, Any]:
        ids = self.of(r.args["message"])
        for i in ids:
            del self.texts[i]
        return {"forgotten": len(ids), "changed": []}

    def accept(self, r: Request) -> dict[str, Any]:
        self.texts[str(r.args["id"])][1] += " (accepted)"
        return {}

    def reread(self, r: Request) -> dict[str, Any]:
        for i in r.args["ids"]:
            self.texts[str(i)][1] += f" (read as {len(r.spans)})"
        return {"stale": 0}

    def reset(self, _: Request) -> dict[str, Any]:
        self.texts.clear()
        self.last = 0
        return {}


class FakeService:
    def __init__(self, folder: Path) -> None:
        self.folder, self.out = folder, -1
        self.memories: dict[str, Memory] = {}
        self.paths: dict[str, str | None] = {}

    def handle(self, request: Request, progress: OnProgress) -> Reply:
        with open(self.folder / "seen.jsonl", "a") as seen:
            what = {"op": request.op, "memory": request.memory, "operation": request.operation, "args": request.args}
            seen.write(json.dumps({**what, "pid": os.getpid()}) + "\n")
        misdeed = self._misdeed(request)
        self._misbehave(misdeed, progress)
        reply = self._done(request)
        self._misbehave(misdeed.removesuffix(" after") if misdeed.endswith(" after") else "", progress)
        if misdeed == "deaf":
            os.write(self.out, frame(Reply(True, reply.result, id=request.id)))
            time.sleep(1000)
        return reply

    def close(self) -> None:
        (self.folder / "closed").touch()

    def _misdeed(self, request: Request) -> str:
        """The first of the plan for this request; it is taken from the plan."""
        plan = json.loads((self.folder / "plan.json").read_text()) if (self.folder / "plan.json").exists() else []
        texts = " ".join(map(str, request.args.get("texts", [])))
        for i, (op, text, misdeed) in enumerate(plan):
            if op == request.op and text in texts:
                del plan[i]
                (self.folder / "plan.json").write_text(json.dumps(plan))
                return str(misdeed)
        return ""

    def _misbehave(self, misdeed: str, progress: OnProgress) -> None:
        match misdeed:
            case "die":
                print("first line\nthe disk is on fire", file=sys.stderr, flush=True)
                os._exit(3)
            case "hang":
                time.sleep(1000)
            case "refuse":
                raise MemoryStateError("The memory refuses.", "Ask nicely.")
            case "raise":
                raise ValueError("nobody foresaw this")
            case "exit":
                sys.exit("a library wants to leave")
            case "late":
                time.sleep(0.7)
            case "progress":
                for i in range(6):
                    time.sleep(0.3)
                    progress(i, 6, "on the way")
            case "print":
                print("a library says hello", flush=True)
                os.write(1, b"and so does its C code\n")
            case "rubbish":
                os.write(self.out, b"Hello, this is a library speaking.\n")
                time.sleep(1000)
            case "nonsense":
                os.write(self.out, HEAD.pack(3) + b"\xc1\xc1\xc1")
                time.sleep(1000)
            case "half":
                os.write(self.out, frame(Reply(True))[:-3])
                os._exit(0)
            case "mute":
                os.close(self.out)
                time.sleep(1000)

    def _done(self, r: Request) -> Reply:
        if r.op == "start":
            return Reply(True, {"layer": 2, "threshold": 0.5})
        if r.op == "open":
            return self._open(r)
        if r.memory not in self.memories:
            raise MemoryStateError(f"No memory {r.memory} is open.")
        memory = self.memories[r.memory]
        if r.op == "close":
            del self.memories[r.memory]
            return Reply(True)
        if r.op == "retrieve":
            rows = np.full((1, 4), len(memory.texts), np.float32)
            known = {"confidence": 0.5, "relation": "place", "hop": 1, "retrieved": [{"text": r.args["text"]}]}
            return Reply(True, known, {"rows": pack(rows)})
        if r.op == "last":
            return Reply(True, {"ids": [int(i) for i in memory.of(r.args["message"])]})
        if r.op in ("find", "get", "quarantine"):
            asked = set(map(str, r.args.get("ids", memory.texts)))
            found = [{"id": int(i), "text": t} for i, (_, t) in memory.texts.items() if i in asked]
            return Reply(True, {"spans": found})
        if r.op == "stats":
            return Reply(True, {"spans": len(memory.texts), "pid": os.getpid()})
        result = memory.change(r)
        if (path := self.paths[r.memory]) is not None:
            Path(path).write_text(json.dumps(asdict(memory)))
        return Reply(True, result)

    def _open(self, r: Request) -> Reply:
        path = r.args["path"]
        known = json.loads(Path(path).read_text()) if path and Path(path).exists() else {}
        self.memories[r.memory], self.paths[r.memory] = Memory(**known), path
        return Reply(True, {"spans": len(self.memories[r.memory].texts), "notices": [], "stale": 0})


def serve(service: FakeService, requests: BinaryIO, replies: BinaryIO) -> None:
    """One frame after the other; nothing is read ahead."""
    service.out = replies.fileno()

    def send(message: Reply | Progress) -> None:
        replies.write(frame(message))
        replies.flush()

    while head := read_exactly(requests, HEAD.size):
        request = request_in(read_exactly(requests, *HEAD.unpack(head)))
        if request.op == "shutdown":
            send(Reply(True, id=request.id))
            return
        send(worker.answer(service, request, lambda done, of, what: send(Progress(done, of, what))))


if __name__ == "__main__":
    if sys.argv[2:] == ["real"]:
        worker.main(FakeService(Path(sys.argv[1])))
    else:
        serve(FakeService(Path(sys.argv[1])), sys.stdin.buffer, sys.stdout.buffer)
