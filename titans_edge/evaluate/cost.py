"""What the memory costs: each figure beside the plain backbone's, measured in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable

from titans_edge.runtime import Chat, Done


def measure(chat: Chat, text: str, tokens: int) -> dict[str, float]:
    """Speeds in tokens/s and ratios. Reads about `tokens` tokens of `text`."""
    vocab = chat.backbone.vocab
    text = vocab.decode(vocab.encode(text)[:tokens])
    ids = vocab.encode(text)
    list(chat.learn("Warm up."))
    chunk = ids[: min(1024, chat.speaker.n_ctx - 64)]
    prefill = len(chunk) / _fastest(lambda: _plain(chat, chunk))
    read = len(ids) / _fastest(lambda: list(chat.learn(text)))
    with_memory, without = _turn(chat), _turn(chat, plain=True)
    return {
        "plain prefill, tokens/s": prefill,
        "reading into memory, tokens/s": read,
        "reading / prefill": read / prefill,
        "first token with memory, s": with_memory[0],
        "first token without, s": without[0],
        "decode with memory, tokens/s": with_memory[1],
        "decode with / without": with_memory[1] / without[1],
    }


def _plain(chat: Chat, ids: list[int]) -> None:
    chat.speaker.clear()
    chat.speaker.feed(ids)


def _fastest(work: Callable[[], object], times: int = 2) -> float:
    best = float("inf")
    for _ in range(times):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best


def _turn(chat: Chat, plain: bool = False) -> tuple[float, float]:
    """(seconds to the first token, decode tokens/s) of one question in a fresh conversation; the better of two."""
    client, reader = chat.client, chat.reader
    if plain:
        chat.client = chat.reader = None
    first, rate = float("inf"), 0.0
    for _ in range(2):
        chat.new()
        for event in chat.turn("Tell me a long story about a lighthouse and the people in it.", learn=False):
            if isinstance(event, Done):
                first = min(first, event.first_token)
                rate = max(rate, event.tokens / max(1e-9, event.seconds - event.first_token))
    chat.client, chat.reader = client, reader
    return first, rate
