"""A write as bytes: what the journal keeps, and what the memory applies. Knows nothing of files.

A live write is packed and unpacked before it is applied, so that replay cannot differ from it: f16 keys and values
are not an approximation of what was written, they are what was written. (And gates rounded to f16 do not depend on
which
spans were encoded together.)

    u8 n banks, u8 1 if a context key follows, u16 dk, u16 dv
    u8 bank (n) · f16 key (n, dk) · f16 base (n, dv) · f16 rho, theta, eta, alpha (4, n) · f16 context (dk)
"""

from __future__ import annotations

import struct

import numpy as np
import torch
from torch import Tensor

from titans_edge.errors import MemoryStateError
from titans_edge.neural.memory import Association
from titans_edge.neural.rule import Writes

_HEAD = struct.Struct("<BBHH")


def pack(a: Association) -> bytes:
    """An association as the journal keeps it."""
    w = a.writes
    gates = torch.stack([w.rho, w.theta, w.eta, w.alpha])
    has_context = bool(w.rho.any())
    head = _HEAD.pack(len(a.banks), has_context, w.key.shape[-1], w.base.shape[-1])
    parts = [a.banks.numpy().astype("u1"), _half(w.key), _half(w.base), _half(gates)]
    return head + b"".join(p.tobytes() for p in (*parts, *((_half(w.context),) if has_context else ())))


def unpack(record: bytes) -> Association:
    """The association of a record. Raises MemoryStateError when its size is wrong."""
    try:
        n, has_context, dk, dv = _HEAD.unpack_from(record)
        sizes = [("u1", n), ("<f2", n * dk), ("<f2", n * dv), ("<f2", 4 * n), ("<f2", dk * has_context)]
        at, parts = _HEAD.size, []
        for dtype, count in sizes:
            parts.append(np.frombuffer(record, dtype, count, at))
            at += parts[-1].nbytes
        if at != len(record):
            raise ValueError("trailing bytes")
    except (struct.error, ValueError) as e:
        raise MemoryStateError(f"A record of the journal is damaged ({e}).", "Run `titans-edge memory verify`.") from e
    banks, key, base, gates, context = (_tensor(p) for p in parts)
    rho, theta, eta, alpha = gates.view(4, n)
    context = context if has_context else torch.zeros(dk)
    return Association(
        banks.long(), Writes(key.view(n, dk), base.view(n, dv), context, rho, torch.ones(n), theta, eta, alpha)
    )


def _half(x: Tensor) -> np.ndarray:
    return x.numpy().astype("<f2")


def _tensor(x: np.ndarray) -> Tensor:
    return torch.from_numpy(x.astype(np.float32))
