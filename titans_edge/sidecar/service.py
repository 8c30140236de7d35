"""What the memory process does for each request: holds a graft and a state, reads, writes, saves.

The only module outside `neural`, `train` and `convert` that imports torch. Knows nothing of pipes.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes

from titans_edge.errors import MemoryStateError, UsageError
from titans_edge.gguf_header import read_header
from titans_edge.neural import graft as grafts
from titans_edge.neural.rule import State
from titans_edge.roles import Bank
from titans_edge.sidecar.protocol import Reply, Request, pack, unpack, unpack_span

STATE_FORMAT = "1"
UNDO = 8  # messages that can be taken back


class MemoryService:
    """One open memory. `handle` turns a request into a reply; errors are raised as TitansError."""

    def __init__(self) -> None:
        self._ops: dict[str, Callable[[Request], Reply]] = {
            "open": self.open, "read": self.read, "write": self.write, "undo": self.undo, "reset": self.reset,
            "snapshot": self.snapshot, "restore": self.restore, "save": self.save, "stats": self.stats,
        }  # fmt: skip

    def handle(self, request: Request) -> Reply:
        if request.op not in self._ops:
            raise UsageError(f"The memory knows no request {request.op!r}.")
        with torch.no_grad():
            return self._ops[request.op](request)

    def open(self, r: Request) -> Reply:
        """args: backbone, graft, path (None: nothing is kept), threads."""
        torch.set_num_threads(int(r.args.get("threads", 1)))
        graft_path = Path(r.args["graft"])
        self.graft = grafts.load(graft_path, read_header(r.args["backbone"]))
        self.graft_hash = hashlib.sha256(graft_path.read_bytes()).hexdigest()[:16]
        self.path = Path(r.args["path"]) if r.args.get("path") else None
        self.state, self.writes, self.spans = self.graft.memory.empty(), [0] * self.graft.memory.config.banks, 0
        self._undo: deque[tuple[State, list[int], int]] = deque(maxlen=UNDO)
        if self.path is not None and self.path.exists():
            self._load(self.path)
        info = self.graft.info
        return Reply(
            True,
            {
                "layer": info.layer,
                "threshold": info.threshold,
                "spans": self.spans,
                "recipe": info.recipe,
                "results": info.results,
            },
        )

    def read(self, r: Request) -> Reply:
        question = unpack_span(r.spans[0])
        if not len(question):
            return Reply(True, {"confidence": 0.0, "bank": "", "hop": 0}, {"rows": pack(np.zeros((0, 0), np.float32))})
        rows, out = self.graft.rows(self.state, question)
        result = {"confidence": out.confidence, "bank": out.bank, "hop": out.hop}
        return Reply(True, result, {"rows": pack(rows.numpy())})

    def write(self, r: Request) -> Reply:
        """args: trust (0..1), undoable."""
        if r.args.get("undoable"):
            self._undo.append((self.state, list(self.writes), self.spans))
        spans = [unpack_span(s) for s in r.spans]
        state, reports = self.graft.memory.write(self.state, spans, float(r.args.get("trust", 1.0)))
        if not bool(torch.isfinite(state.memory).all()):
            raise MemoryStateError("A write would have made the memory infinite; it was left out.", "Please report the text.")
        self.state = state
        self.spans += len(spans)
        names = [b.name for b in Bank]
        for report in reports:
            for bank in report.banks:
                self.writes[names.index(bank)] += 1
        return Reply(True, {"reports": [{"banks": list(p.banks), "surprise": list(p.surprise)} for p in reports]})

    def undo(self, _: Request) -> Reply:
        if not self._undo:
            return Reply(True, {"undone": False})
        self.state, self.writes, self.spans = self._undo.pop()
        return Reply(True, {"undone": True})

    def reset(self, _: Request) -> Reply:
        self.state, self.writes, self.spans = self.graft.memory.empty(), [0] * len(self.writes), 0
        self._undo.clear()
        return Reply(True)

    def snapshot(self, _: Request) -> Reply:
        arrays = {"memory": pack(self.state.memory.numpy()), "momentum": pack(self.state.momentum.numpy())}
        return Reply(True, {"writes": self.writes, "spans": self.spans}, arrays)

    def restore(self, r: Request) -> Reply:
        tensors = {k: torch.from_numpy(unpack(v).copy()) for k, v in r.arrays.items()}
        self._take(tensors, list(r.args["writes"]), int(r.args["spans"]), "the snapshot")
        return Reply(True)

    def stats(self, _: Request) -> Reply:
        norms = self.state.memory.flatten(1).norm(dim=1).tolist()
        banks = [{"bank": b.name, "writes": n, "norm": x} for b, n, x in zip(Bank, self.writes, norms, strict=True)]
        size = self.state.memory.nbytes + self.state.momentum.nbytes
        return Reply(True, {"banks": banks, "spans": self.spans, "bytes": size})

    def save(self, _: Request) -> Reply:
        """Write the state to its file: temporary name, flush to disk, rename."""
        if self.path is None:
            return Reply(True, {"saved": False})
        meta = {
            "format": STATE_FORMAT,
            "graft": self.graft_hash,
            "writes": json.dumps(self.writes),
            "spans": str(self.spans),
            "time": str(time.time()),
        }
        raw = to_bytes({"memory": self.state.memory, "momentum": self.state.momentum}, meta)
        meta_hash = hashlib.sha256(raw).hexdigest()
        tmp = self.path.with_suffix(".tmp")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with tmp.open("wb") as f:
                f.write(raw + bytes.fromhex(meta_hash))
                f.flush()
                os.fsync(f.fileno())
            tmp.replace(self.path)
        except OSError as e:
            tmp.unlink(missing_ok=True)
            raise MemoryStateError(
                f"The memory could not be saved to {self.path} ({e.strerror}).", "Free some space; the last saved state is kept."
            ) from e
        return Reply(True, {"saved": True})

    def _load(self, path: Path) -> None:
        raw = path.read_bytes()
        if len(raw) < 40 or hashlib.sha256(raw[:-32]).digest() != raw[-32:]:
            raise MemoryStateError(f"The memory {path} is damaged.", "Move it away, or start another with --memory NAME.")
        part = path.with_suffix(".part")
        try:
            part.write_bytes(raw[:-32])  # safe_open wants a file; the checksum is not part of the format
            with safe_open(part, "pt") as f:
                meta = f.metadata()
                tensors = {k: f.get_tensor(k) for k in f.keys()}  # noqa: SIM118
        except (SafetensorError, OSError) as e:
            raise MemoryStateError(f"The memory {path} cannot be read ({e}).", "Start another with --memory NAME.") from e
        finally:
            part.unlink(missing_ok=True)
        if meta.get("graft") != self.graft_hash:
            raise MemoryStateError(
                f"The memory {path.stem} was written by another graft ({meta.get('graft')}, this one is {self.graft_hash}).",
                "Use that graft with --graft, or start another memory with --memory NAME.",
            )
        self._take(tensors, json.loads(meta["writes"]), int(meta["spans"]), str(path))

    def _take(self, tensors: dict[str, torch.Tensor], writes: list[int], spans: int, what: str) -> None:
        empty = self.graft.memory.empty()
        if any(tensors[k].shape != empty.memory.shape for k in ("memory", "momentum")):
            raise MemoryStateError(f"The state in {what} has the wrong shape.", "Start another with --memory NAME.")
        self.state, self.writes, self.spans = State(tensors["memory"], tensors["momentum"]), writes, spans


def fail(e: Exception) -> Reply:
    """An error as a reply, to be raised again on the other side."""
    message, hint = getattr(e, "message", f"{type(e).__name__}: {e}"), getattr(e, "hint", "")
    return Reply(False, error=type(e).__name__, message=message, hint=hint)


def result_of(service: MemoryService, request: Request) -> Reply:
    try:
        return service.handle(request)
    except Exception as e:  # everything goes back to the caller
        return fail(e)
