"""The dials of a training run, kept in the graft it makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Report = Callable[[str, int, int, str], None]  # part, done, of, remarks


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the outcome, kept in the graft."""

    seed: int = 1
    layer: int = 4
    dim: int = 256
    stories: int = 6000
    noise: int = 5000
    surprised: int = 1500
    steps: int = 1500
    batch: int = 32
    gate_steps: int = 240
    gate_batch: int = 16
    persons: int = 5000
    match_persons: int = 500
    writers: int = 600
    memories: int = 80
    key_steps: int = 1500
    key_batch: int = 192
    key_width: int = 192
    match_steps: int = 1000
    match_batch: int = 16
    told_persons: int = 300
    told_writers: int = 400
    told_steps: int = 8000
    told_width: int = 64
    prompt_positions: int = 16
    prompt_steps: int = 400
    prompt_batch: int = 8
    prompt_rate: float = 1e-2
    prompt_likely: float = 0.71
    speak_writers: int = 90
    speak_questions: int = 14
    speak_steps: int = 500
    speak_batch: int = 8
    speak_rate: float = 2e-2
    change_steps: int = 300
    change_batch: int = 8
    change_rate: float = 1e-2
    change_likely: float = 0.8
    listen_steps: int = 400
    listen_batch: int = 8
    listen_rate: float = 2e-2
