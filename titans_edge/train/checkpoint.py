"""Training states on disk, written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import torch


def checkpoint(path: Path, module: torch.nn.Module, optimiser: torch.optim.Optimizer, step: int) -> None:
    tmp = path.with_suffix(".tmp")
    torch.save({"module": module.state_dict(), "optimiser": optimiser.state_dict(), "step": step}, tmp)
    tmp.replace(path)


def resume(path: Path, module: torch.nn.Module, optimiser: torch.optim.Optimizer) -> int:
    if not path.exists():
        return 0
    saved = torch.load(path, weights_only=True)
    module.load_state_dict(saved["module"])
    optimiser.load_state_dict(saved["optimiser"])
    return int(saved["step"])
