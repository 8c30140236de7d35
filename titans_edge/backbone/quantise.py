"""llama.cpp's own quantiser: one GGUF in, another of fewer bits out. And what this CPU's build of llama.cpp can do."""

from __future__ import annotations

import os
from pathlib import Path

import llama_cpp

from titans_edge.backbone import logs
from titans_edge.errors import ModelError

FTYPES = {
    "q4_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_0,
    "q4_k_m": llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_K_M,
    "q5_k_m": llama_cpp.LLAMA_FTYPE_MOSTLY_Q5_K_M,
    "q8_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0,
    "f16": llama_cpp.LLAMA_FTYPE_MOSTLY_F16,
}


def quantise(source: Path, out: Path, quant: str, threads: int = 0) -> None:
    """Write `source` as `quant` to `out` (threads 0: all cores). Raises ModelError where llama.cpp refuses or cannot
    write.
    """
    logs.install()
    llama_cpp.llama_backend_init()
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype = FTYPES[quant]
    params.nthread = threads
    params.allow_requantize = True
    logs.recent_errors.clear()
    code = llama_cpp.llama_model_quantize(os.fsencode(source), os.fsencode(out), params)
    if code != 0:
        out.unlink(missing_ok=True)
        why = logs.recent_errors[-1] if logs.recent_errors else f"code {code}"
        if "iostream" in why:  # all llama.cpp says of a write that failed
            raise ModelError(
                f"The disk of {out.parent} is full, or a limit was reached.", "Free some space; nothing is left."
            )
        raise ModelError(
            f"llama.cpp could not quantise {source.name} to {quant}: {why}",
            "Free some space, or choose another --quant.",
        )


def cpu_features() -> set[str]:
    """Names llama.cpp gives to what its build uses of this CPU, such as AVX2, NEON, REPACK."""
    llama_cpp.llama_backend_init()
    info = llama_cpp.llama_print_system_info().decode()
    return {part.split("=")[0].split(":")[-1].strip() for part in info.split("|") if part.strip().endswith("= 1")}
