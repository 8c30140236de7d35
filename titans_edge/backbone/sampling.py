"""Sampling settings, and llama.cpp's own sampler chain made from them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import llama_cpp

from titans_edge.errors import UsageError

WINDOW = 64  # tokens that are penalised when they come again


@dataclass(frozen=True)
class Sampling:
    """One reply's sampling; these are the defaults of every command. temperature 0 takes the likeliest token.

    seed None: another one for each reply; stop: texts that end a reply, and are not part of it.
    """

    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    repeat_penalty: float = 1.1
    seed: int | None = None
    max_tokens: int = 512
    stop: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        bad = [
            name
            for name, ok in (
                ("temperature", 0.0 <= self.temperature <= 10.0),
                ("top-p", 0.0 < self.top_p <= 1.0),
                ("top-k", self.top_k >= 0),
                ("min-p", 0.0 <= self.min_p <= 1.0),
                ("repeat-penalty", 0.0 < self.repeat_penalty <= 10.0),
                ("max-tokens", self.max_tokens > 0),
                ("seed", self.seed is None or 0 <= self.seed < 2**32),
                ("stop", all(self.stop)),
            )
            if not ok
        ]
        if bad:
            raise UsageError(f"Out of range: {', '.join(bad)}.", "See `--help` for the ranges.")


def _seed(s: Sampling) -> int:
    return secrets.randbits(32) if s.seed is None else s.seed


class SamplerChain:
    """Owns a llama_sampler chain; close() may run twice."""

    def __init__(self, s: Sampling, n_vocab: int) -> None:
        self._chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
        self._penalties, self._sampled = None, list[int]()
        links = []
        if s.repeat_penalty != 1.0:
            self._penalties = llama_cpp.llama_sampler_init_penalties(n_vocab, WINDOW, s.repeat_penalty, 0.0, 0.0)
            links.append(self._penalties)
        if s.temperature == 0.0:
            links.append(llama_cpp.llama_sampler_init_greedy())
        else:
            links += [llama_cpp.llama_sampler_init_top_k(s.top_k)] if s.top_k else []
            links += [llama_cpp.llama_sampler_init_top_p(s.top_p, 1)] if s.top_p < 1.0 else []
            links += [llama_cpp.llama_sampler_init_min_p(s.min_p, 1)] if s.min_p > 0.0 else []
            links.append(llama_cpp.llama_sampler_init_temp(s.temperature))
            links.append(llama_cpp.llama_sampler_init_dist(_seed(s)))
        for link in links:
            llama_cpp.llama_sampler_chain_add(self._chain, link)

    def sample(self, ctx: int, index: int = -1) -> int:
        """Sample from the logits at batch index `index` and let the chain remember the token."""
        self._sampled.append(int(llama_cpp.llama_sampler_sample(self._chain, ctx, index)))
        return self._sampled[-1]

    def overlook(self) -> None:
        """The token sampled last is not penalised when it comes again."""
        self._sampled.pop()
        if self._penalties is not None:
            llama_cpp.llama_sampler_reset(self._penalties)
            for token in self._sampled[-WINDOW:]:
                llama_cpp.llama_sampler_accept(self._penalties, token)

    def close(self) -> None:
        if self._chain is not None:
            llama_cpp.llama_sampler_free(self._chain)
            self._chain = self._penalties = None
