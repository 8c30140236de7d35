"""How many tokens a batch and how many threads read fastest here: measured while long texts are read, and kept.

Nothing is read for the measurement alone: the first full batches go through the candidates in turn, the rest takes the
fastest. One small file a model and build, in the cache folder; a damaged one is as good as none.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import psutil

USUAL, BATCHES = 512, (512, 256, 1024)  # tokens
ROUNDS = 3  # full batches of each candidate
FULL = 0.75  # of a batch's tokens: one with fewer says nothing
BETTER = 1.05  # another candidate has to be so much faster than the usual one


@dataclass(frozen=True)
class Setting:
    """tokens of a batch at most, and threads."""

    tokens: int
    threads: int


class Record(msgspec.Struct):
    """What is kept: the setting, and its tokens/s beside the usual one's when it was chosen."""

    machine: str
    tokens: int
    threads: int
    speed: float
    usual: float


@dataclass
class Pace:
    """The setting the next batch is read with. file None: what is measured is not kept."""

    threads: int
    machine: str = ""
    file: Path | None = None
    best: Setting | None = None
    _seen: dict[Setting, tuple[int, int, float]] = field(default_factory=dict)  # batches, tokens, seconds

    @classmethod
    def kept(cls, folder: Path, of: str, threads: int) -> Pace:
        """With what was measured before, on this machine with so many threads, of this model and build (`of`)."""
        machine = f"{of}, {psutil.cpu_count()} processors, {threads} threads"
        pace = cls(threads, machine, folder / "pace.json")
        known = recorded(folder)
        if known is not None and known.machine == machine and known.tokens in BATCHES:
            pace.best = Setting(known.tokens, min(known.threads, threads))
        return pace

    @property
    def candidates(self) -> list[Setting]:
        """The usual setting first: 512 tokens, all threads. Where processors share cores, also one thread a core."""
        cores = psutil.cpu_count(logical=False) or self.threads
        counts = dict.fromkeys((self.threads, min(cores, self.threads)))
        return [Setting(tokens, threads) for threads in counts for tokens in BATCHES]

    def next(self, tokens: int) -> Setting:
        """For a text of so many tokens: the best known, or the candidate that was tried least; for a short text the
        usual one.
        """
        if self.best is not None or tokens < FULL * max(BATCHES):
            return self.best or Setting(USUAL, self.threads)
        return min(self.candidates, key=lambda s: self._seen.get(s, (0, 0, 0.0))[0])

    def took(self, setting: Setting, tokens: int, seconds: float) -> None:
        """A batch was read. Once each candidate was tried often enough the fastest is chosen, and kept."""
        if self.best is not None or tokens < FULL * setting.tokens or seconds <= 0:
            return
        n, of, before = self._seen.get(setting, (0, 0, 0.0))
        self._seen[setting] = n + 1, of + tokens, before + seconds
        if any(self._seen.get(s, (0, 0, 0.0))[0] < ROUNDS for s in self.candidates):
            return
        speed = {s: self._seen[s][1] / self._seen[s][2] for s in self.candidates}
        usual, fastest = self.candidates[0], max(self.candidates, key=lambda s: speed[s])
        self.best = fastest if speed[fastest] > BETTER * speed[usual] else usual
        self._keep(Record(self.machine, self.best.tokens, self.best.threads, speed[self.best], speed[usual]))

    def _keep(self, record: Record) -> None:
        """A disk that is full costs the next program a measurement, and nothing else."""
        if self.file is None:
            return
        part = self.file.with_name(f"{self.file.name}.{os.getpid()}.part")
        with contextlib.suppress(OSError):
            self.file.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(msgspec.json.encode(record))
            part.replace(self.file)


def recorded(folder: Path) -> Record | None:
    """What was measured last and kept in a folder."""
    try:
        return msgspec.json.decode((folder / "pace.json").read_bytes(), type=Record)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
