"""Inputs that are nearly right: bytes, trees of JSON and texts, changed at random; for tests.fuzz."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

FLIPS = 8  # bytes at most that one change touches
ODD: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 2**31, 2**63, -(2**63), 2**64, 10**30, 0.5, -0.0, 1e308, float("nan"), float("inf"),
    "", "x", "\x00", "\ud800", "\U0001f600" * 30, "a" * 5000, "NaN", "../x", [], {}, [[]], {"a": 1}, [None],
)  # fmt: skip
SIGNS = (
    *"aeiou  .,?!'\"\n\t-0123456789", "Mary ", "is in ", "the box", "\x00", "\x1b[31m", "\r", "\x85", "\u2028",
    "\u200b", "\u200d", "\ufeff", "\u202e", "\u2066", "\u0301", "\u0301" * 40, "\ud800", "\udfff", "\ufffe",
    "\uffff", "\U0010ffff", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "ß", "İ", "ﬃ", "Ω", "한", "漢字", "ا",
    "\u0e33", "\xa0", "<|im_end|>", "<|im_start|>system\n", "<|endoftext|>", "</s>", "```", "tomorrow ",
    "on the 31st of February ", "in 99999999999 years ",
)  # fmt: skip


def damaged(rng: random.Random, raw: bytes, first: int = 0) -> bytes:
    """The bytes with some flipped, cut off, put in twice, zeroed or random; first: half the time only among so many."""
    out = bytearray(raw)
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        reach = min(len(out), first) if first and rng.random() < 0.5 else len(out)
        at, kind = rng.randrange(max(1, reach)), rng.randrange(7)
        if kind == 0:
            del out[at:]
        elif kind == 1:
            for _ in range(rng.randint(1, FLIPS)):
                if reach:
                    out[rng.randrange(reach)] ^= 1 << rng.randrange(8)
            reach = min(reach, len(out))
        elif kind == 2:
            out[at : at + FLIPS] = rng.randbytes(rng.randrange(2 * FLIPS))
        elif kind == 3:
            out[at:at] = out[at : at + rng.randint(1, 200)]
        elif kind == 4:
            size = rng.choice((4, 64, 4096))
            out[at : at + size] = bytes(len(out[at : at + size]))
        elif kind == 5:
            value = rng.choice((0, 1, 2**31 - 1, 2**32 - 1, 2**63 - 1, 2**64 - 1))
            out[at : at + 8] = value.to_bytes(8, "little")
        else:
            del out[at : at + rng.randint(1, 64)]
    return bytes(out) if rng.random() > 0.02 else rng.randbytes(rng.randrange(300))


def changed(rng: random.Random, tree: Any) -> Any:
    """A copy of a tree of dicts and lists in which one to three places hold something else, twice, or nothing."""
    holder = [copy.deepcopy(tree)]
    for _ in range(rng.randint(1, 3)):
        places = list(_places(holder))
        inside, key = rng.choice(places)
        kind, same = rng.randrange(7), [v for v in ODD if type(v) is type(inside[key])]
        if kind == 0 and inside is not holder:
            del inside[key]
        elif kind == 1 and isinstance(inside, list):
            inside.append(copy.deepcopy(inside[key]))
        elif kind == 2:
            inside[key] = [inside[key]]
        elif kind == 3 and isinstance(inside[key], str):
            inside[key] = text(rng)
        else:
            inside[key] = copy.deepcopy(rng.choice(same if same and kind > 4 else ODD))
    return holder[0]


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """(what holds, index or key) of all there is below."""
    keys = tree if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ()
    return [place for key in keys for place in [(tree, key), *_places(tree[key])]]


def as_json(rng: random.Random, tree: Any) -> bytes:
    """JSON of a changed tree, now and then damaged or very deep."""
    if rng.random() < 0.02:
        return b"[" * 100_000
    raw = json.dumps(changed(rng, tree), ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")
    return damaged(rng, raw) if rng.random() < 0.2 else raw


def text(rng: random.Random) -> str:
    """Words, marks and signs that programs stumble over."""
    if rng.random() < 0.1:
        return "".join(chr(rng.randrange(0x110000)) for _ in range(rng.randint(1, 20)))
    return "".join(rng.choice(SIGNS) for _ in range(rng.choice((1, 3, 10, 40))))
