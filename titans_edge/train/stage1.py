"""Stage 1: encoder, rule's rates and reader, on cached features. The loss is the answer, with some help of labels."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from titans_edge.neural import rule
from titans_edge.neural.memory import NeuralMemory
from titans_edge.train.dataset import StoryBatch
from titans_edge.train.labels import NO_TARGET, NONE

SHARPNESS = 12.0  # answer logits are SHARPNESS times the dot product of unit vectors


@dataclass(frozen=True)
class Losses:
    answer: Tensor
    choice: Tensor
    confidence: Tensor
    right: Tensor  # (B,) bool: the answer's word is the nearest of the batch's words

    @property
    def total(self) -> Tensor:
        return self.answer + self.choice + 0.3 * self.confidence


def losses(memory: NeuralMemory, b: StoryBatch) -> Losses:
    """All losses of one batch of stories."""
    surprise = b.spans.surprise
    choices = memory.encoder(b.spans.hidden, b.spans.mask, b.asking, surprise)
    writes = gather(memory.writes(choices, b.spans, hard=False), b.index)
    solved = rule.solve(None, writes, memory.relations.tracked)
    q = b.question
    asked = type(choices)(*(getattr(choices, k)[q] for k in choices.__dataclass_fields__))
    spans = type(b.spans)(*(getattr(b.spans, k)[q] for k in b.spans.__dataclass_fields__))
    out = memory.soft_read(solved, asked, spans)
    answer, right = _answer(out.surface, b)
    return Losses(
        answer,
        _choice(choices, b) + _picks(out.slots, b.slot),
        F.binary_cross_entropy_with_logits(out.confidence, b.answerable),
        right,
    )


def gather(w: rule.Writes, index: Tensor) -> rule.Writes:
    """Writes of unique spans (N, …) -> of stories (B, T, …); padding writes nothing."""
    real = (index >= 0).float()
    at = index.clamp_min(0)
    parts = [getattr(w, k)[at] for k in w.__dataclass_fields__]
    out = rule.Writes(*parts)
    return rule.Writes(
        out.key, out.base, out.context, out.rho, out.write * real[..., None], out.theta, out.eta, out.alpha
    )


def _answer(surface: Tensor, b: StoryBatch) -> tuple[Tensor, Tensor]:
    """Cross-entropy of the answer's word among all words of the batch's spans."""
    words = b.spans.surface[b.spans.mask]
    candidates = torch.cat([b.answer, words])
    logits = SHARPNESS * surface @ candidates.T
    same = (b.answer @ candidates.T) > 0.999  # the answer's word occurs many times: its copies are no rivals
    own = torch.eye(len(b.answer), len(candidates), dtype=torch.bool)
    logits = logits.masked_fill(same & ~own, -1e4)
    loss = F.cross_entropy(logits, torch.arange(len(surface)), reduction="none")
    weight = b.answerable
    return (loss * weight).sum() / weight.sum().clamp_min(1), logits.argmax(-1) == torch.arange(len(surface))


def _choice(c, b: StoryBatch) -> Tensor:  # type: ignore[no-untyped-def]
    total = _picks(c.key, b.key) + _picks(c.second, b.second) + _picks(c.value, b.value)
    total = total + _picks(c.subject, b.subject)
    gate = F.binary_cross_entropy_with_logits(c.write, b.write.clamp_min(0).float(), reduction="none")
    known = (b.write != NO_TARGET).float()
    return total + (gate * known).sum() / known.sum().clamp_min(1) * 5


def _picks(logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy over words; NONE means the last choice."""
    last = logits.shape[-1] - 1
    wanted = torch.where(target == NONE, last, target)
    if not bool((wanted != NO_TARGET).any()):
        return logits.new_zeros(())
    return F.cross_entropy(logits.flatten(0, -2).clamp_min(-1e4), wanted.flatten(), ignore_index=NO_TARGET)
