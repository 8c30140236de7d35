"""Steps of AdamW on batches that the step's number decides; what was trained so far is on disk, whole or not at all."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from titans_edge.train.recipe import Report

KEPT = 0.97  # of the mean loss so far, in what is reported


@dataclass(frozen=True)
class Plan:
    """steps; rate: of a step (AdamW: Loshchilov and Hutter 2019); every: steps between two checkpoints."""

    steps: int
    rate: Callable[[int], float]
    decay: float = 0.0
    every: int = 100
    betas: tuple[float, float] = (0.9, 0.999)
    clip: float = 1.0


def descend(
    part: str, module: nn.Module, loss: Callable[[random.Random, int], Tensor], plan: Plan, seed: int, path: Path,
    report: Report,
) -> None:  # fmt: skip
    """Train a module on `loss` of a step's random numbers and its number; taken up again where it was left. The loss of
    every step stands in the checkpoint.
    """
    optimiser = torch.optim.AdamW(module.parameters(), plan.rate(0), betas=plan.betas, weight_decay=plan.decay)
    mean: float | None = None
    module.train()
    made = resume(path, module, optimiser)
    for step in range(len(made), plan.steps):
        rng = random.Random(f"{part} {seed} {step}")
        torch.manual_seed(rng.randrange(2**31))
        random.seed(rng.random())
        for group in optimiser.param_groups:
            group["lr"] = plan.rate(step)
        found = loss(rng, step)
        optimiser.zero_grad()
        found.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(module.parameters(), plan.clip)
        optimiser.step()
        made.append(float(found.detach()))
        mean = made[-1] if mean is None else KEPT * mean + (1 - KEPT) * made[-1]
        report(part, step + 1, plan.steps, f"loss {mean:.3f}")
        if step % plan.every == plan.every - 1 or step == plan.steps - 1:
            checkpoint(path, module, optimiser, part, made)
    module.eval()


def cosine(steps: int, peak: float = 1e-3, warm: int = 100) -> Callable[[int], float]:
    """Linear warm-up, then a cosine to a twentieth of the peak."""

    def rate(step: int) -> float:
        if step < warm:
            return peak * (step + 1) / warm
        return peak * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm))))

    return rate


def linear(steps: int, peak: float, warm: int = 10) -> Callable[[int], float]:
    """Linear warm-up, then down to nothing."""
    return lambda step: peak * min(1.0, (step + 1) / warm) * (1 - step / steps)


def prompt_plan(steps: int, rate: float) -> Plan:
    """Of a soft prompt."""
    return Plan(steps, linear(steps, rate), 0.01, 25, (0.9, 0.98))


def done(path: Path, module: nn.Module, plan: Plan) -> bool:
    """Whether so many steps were made already; the module is then what came of them."""
    saved: dict[str, Any] = torch.load(path, weights_only=True) if path.exists() else {"step": -1}
    if int(saved["step"]) < plan.steps:
        return False
    module.load_state_dict(saved["module"])
    return True


def checkpoint(path: Path, module: nn.Module, optimiser: torch.optim.Optimizer, part: str, losses: list[float]) -> None:
    tmp, states = path.with_suffix(".tmp"), {"module": module.state_dict(), "optimiser": optimiser.state_dict()}
    torch.save({**states, "step": len(losses), "part": part, "losses": losses}, tmp)
    tmp.replace(path)


def resume(path: Path, module: nn.Module, optimiser: torch.optim.Optimizer) -> list[float]:
    """The losses of the steps that were made; NaN for those of a version that kept none."""
    if not path.exists():
        return []
    saved = torch.load(path, weights_only=True)
    module.load_state_dict(saved["module"])
    optimiser.load_state_dict(saved["optimiser"])
    losses: list[float] = saved.get("losses", [math.nan] * int(saved["step"]))
    return losses
