"""Sampling settings, and llama.cpp's own sampler chain made from them."""

from __future__ import annotations

import ctypes
import secrets
from dataclasses import dataclass
from typing import Any

import llama_cpp
import numpy as np

from titans_edge.backbone import grammar
from titans_edge.backbone.batch import FloatArray
from titans_edge.backbone.vocabulary import Vocabulary
from titans_edge.errors import UsageError

WINDOW = 64  # tokens that are penalised when they come again


@dataclass(frozen=True)
class Sampling:
    """One reply's sampling; these are the defaults of every command. temperature 0 takes the likeliest token.

    seed None: another one for each reply; stop: texts that end a reply, and are not part of it;
    grammar: llama.cpp's GBNF, which a reply fits ("": any text).
    """

    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    repeat_penalty: float = 1.1
    seed: int | None = None
    max_tokens: int = 512
    stop: tuple[str, ...] = ()
    grammar: str = ""

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

    def __init__(self, s: Sampling, vocab: Vocabulary) -> None:
        self._rules = grammar.opened(s.grammar, vocab.handle) if s.grammar else None
        self._size = vocab.size
        self._chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
        self._penalties, self._sampled = None, list[int]()
        links = []
        if s.repeat_penalty != 1.0:
            self._penalties = llama_cpp.llama_sampler_init_penalties(vocab.size, WINDOW, s.repeat_penalty, 0.0, 0.0)
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
        if self._rules is None:
            self._sampled.append(int(llama_cpp.llama_sampler_sample(self._chain, ctx, index)))
        else:
            self._sampled.append(self._fitting(self._rules, ctx, index))
        return self._sampled[-1]

    def _fitting(self, rules: Any, ctx: int, index: int) -> int:
        """As llama.cpp's own tools do it: one is drawn from all, and from those that fit only where that one does not.
        To look through a vocabulary takes half as long as to decode a token.
        """
        logits = np.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(ctx, index), (self._size,))
        drawn = _Candidates(np.arange(self._size), logits)
        token = drawn.draw(self._chain)
        alone = _Candidates(np.array([token]), logits[[token]])
        if not alone.fit(rules):
            drawn = _Candidates(np.arange(self._size), logits)
            if not drawn.fit(rules):
                raise UsageError("The grammar comes to where no text goes on.", "Each rule has to have an end.")
            token = drawn.draw(self._chain)
        for each in (rules, self._chain):
            llama_cpp.llama_sampler_accept(each, token)
        return token

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
        if self._rules is not None:
            llama_cpp.llama_sampler_free(self._rules)
            self._rules = None


class _Candidates:
    """Tokens that a sampler draws from, as llama.cpp has them."""

    def __init__(self, tokens: np.ndarray[Any, Any], logits: FloatArray) -> None:
        self._known = np.zeros(len(tokens), [("id", np.int32), ("logit", np.float32), ("p", np.float32)])
        self._known["id"], self._known["logit"] = tokens, logits
        data = self._known.ctypes.data_as(llama_cpp.llama_token_data_p)
        self._array = llama_cpp.llama_token_data_array(data, len(tokens), -1, False)

    def fit(self, grammar: Any) -> bool:
        """Rule out those that a grammar does not go on with. Whether there is another."""
        llama_cpp.llama_sampler_apply(grammar, ctypes.byref(self._array))
        return bool(np.isfinite(self._known["logit"]).any())

    def draw(self, chain: Any) -> int:
        llama_cpp.llama_sampler_apply(chain, ctypes.byref(self._array))
        return int(self._known["id"][self._array.selected])
