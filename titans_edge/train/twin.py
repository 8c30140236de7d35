"""The twin: the backbone's own GGUF as a frozen PyTorch model, for gradients through it. Training only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from titans_edge.errors import ModelError


def load_twin(path: Path | str, dtype: torch.dtype = torch.bfloat16) -> Any:
    """The dequantised model (a transformers causal LM), weights frozen. Takes about half a minute."""
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.set_verbosity_error()
    path = Path(path)
    try:
        model = AutoModelForCausalLM.from_pretrained(str(path.parent), gguf_file=path.name, dtype=dtype)
    except (ValueError, OSError, KeyError, RuntimeError) as e:  # the last: sizes that do not go together
        raise ModelError(f"transformers cannot read {path} ({e}).", "Train on a Qwen2 or Llama GGUF.") from e
    return model.requires_grad_(False).eval()


def cpu_dtype() -> torch.dtype:
    """bf16 where the CPU has instructions for it, else fp32."""
    flags = torch.backends.cpu.get_cpu_capability()
    return torch.bfloat16 if flags in ("AVX512", "AMX") else torch.float32
