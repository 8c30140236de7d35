"""Sends llama.cpp's own log to Python logging ("titans_edge.llama"), quiet unless asked for."""

from __future__ import annotations

import ctypes
import logging
from collections import deque

import llama_cpp

logger = logging.getLogger("titans_edge.llama")
logger.addHandler(logging.NullHandler())  # quiet unless the program sets a level
_LEVELS = {
    1: logging.DEBUG,
    2: logging.INFO,
    3: logging.WARNING,
    4: logging.ERROR,
    5: logging.DEBUG,
}  # as ggml_log_level
recent_errors: deque[str] = deque(maxlen=5)  # llama.cpp explains failures only in its log


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
def _forward(level: int, text: bytes, _user: ctypes.c_void_p) -> None:
    told = _LEVELS.get(level, logging.DEBUG)
    if level not in (3, 4) and not logger.isEnabledFor(told):
        return  # two hundred lines a context
    line = text.decode("utf-8", "replace").strip()
    if level in (3, 4) and line:
        recent_errors.append(line)
    logger.log(told, "%s", line)


def install() -> None:
    """Route llama.cpp's log; calling twice is harmless. `_forward` lives as long as the module."""
    llama_cpp.llama_log_set(_forward, ctypes.c_void_p(0))
