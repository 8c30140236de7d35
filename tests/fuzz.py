"""Fuzzes the program's doors: python -m tests.fuzz [--seconds 60] [--seed N].

Random bytes, inputs that are nearly right and odd texts go in where something from outside does. Each is accepted or
refused with a TitansError (by the server: with a status below 500), within seconds; and what was sound stays so. What
happens else is printed, its input is kept in a file, and the exit code is 1. Before it goes in an input stands in
fuzz-last.bin, which is left where the process dies of it. The backbone is a tiny random one, which llama.cpp is given
as it is: damaged weights are not its door but ours, and stop at the header.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from unittest.mock import patch

import psutil

from tests.doors import DOORS, Door, World, error_of

LAST = "fuzz-last.bin"
HEADING = f"{'door':<16}{'inputs':>8}{'refused':>9}{'accepted':>10}{'seconds':>9}"
LIMIT = 30  # seconds one input may take, on a machine that does other things too
ROOM = 3 << 30  # bytes more than at the beginning that may be asked for: sizes in a damaged file are not believed


class Hang(BaseException):
    """It took too long. No Exception: nobody may swallow it."""


@dataclass
class Tally:
    """What became of a door's inputs."""

    refused: int = 0
    accepted: int = 0
    seconds: float = 0.0
    why: dict[str, int] = field(default_factory=dict)  # refusals by class or status


@dataclass
class Failure:
    """An input that was neither accepted nor refused."""

    door: str
    number: int
    error: str
    input: bytes


def fuzz(seconds: float, seed: int, doors: tuple[type[Door], ...] = DOORS) -> tuple[dict[str, Tally], list[Failure]]:
    """So long, each door its share; what became of it, by door, and the first input of each door that broke it."""
    last = Path(LAST).absolute()
    tallies: dict[str, Tally] = {}
    failures: list[Failure] = []
    with tempfile.TemporaryDirectory() as name, _home(Path(name)), _limited():
        world = World(Path(name))
        for kind in doors:
            door, tally = kind(world), tallies.setdefault(kind.name, Tally())
            failure = _fuzzed(door, tally, seconds / len(doors), seed, last)
            failures += [failure] if failure is not None else []
    last.unlink(missing_ok=True)
    return tallies, failures


def _fuzzed(door: Door, tally: Tally, seconds: float, seed: int, last: Path) -> Failure | None:
    began, number, raw = time.monotonic(), 0, b""
    try:
        while number == 0 or time.monotonic() - began < seconds:
            number += 1
            rng = random.Random(f"{seed} {door.name} {number}")
            raw = door.made(rng)
            last.write_bytes(f"{door.name}, input {number} of --seed {seed}:\n".encode() + raw)
            with _within(LIMIT):
                if (error := error_of(lambda raw=raw, rng=rng: door.given(raw, rng))) is None:  # type: ignore[misc]
                    tally.accepted += 1
                    continue
            tally.refused += 1
            why = str(error) if error.message.isdigit() else type(error).__name__
            tally.why[why] = tally.why.get(why, 0) + 1
        door.end()
    except (Exception, Hang):
        return Failure(door.name, number, traceback.format_exc(), raw)
    finally:
        tally.seconds = time.monotonic() - began
    return None


@contextlib.contextmanager
def _within(seconds: int) -> Iterator[None]:
    def late(signum: int, frame: FrameType | None) -> None:
        raise Hang(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _limited() -> Iterator[None]:
    """Asking for much more memory fails instead of taking it from others."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (psutil.Process().memory_info().vms + ROOM, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


@contextlib.contextmanager
def _home(folder: Path) -> Iterator[None]:
    """A user's home of its own, and the current folder."""
    here = Path.cwd()
    with patch.dict(os.environ, {"HOME": str(folder), "XDG_DATA_HOME": str(folder / "data")}):
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(here)


def lines(tallies: dict[str, Tally]) -> list[str]:
    """As it is printed."""
    out = [HEADING]
    for name, t in tallies.items():
        out.append(f"{name:<16}{t.refused + t.accepted:>8}{t.refused:>9}{t.accepted:>10}{t.seconds:>9.1f}")
    for name, t in tallies.items():
        most = sorted(t.why.items(), key=lambda x: -x[1])[:3]
        if most:
            out.append(f"{name}: refused most with {', '.join(f'{why} ({n})' for why, n in most)}")
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=None, help="default: another one each time")
    parser.add_argument("--door", choices=[d.name for d in DOORS], help="only this one")
    given = parser.parse_args()
    seed = random.randrange(10**6) if given.seed is None else given.seed
    tallies, failures = fuzz(given.seconds, seed, tuple(d for d in DOORS if given.door in (None, d.name)))
    print("\n".join(lines(tallies)))
    for f in failures:
        kept = Path(f"fuzz-{f.door.replace(' ', '-')}-{seed}-{f.number}.bin")
        kept.write_bytes(f.input)
        print(f"\n{f.door}, input {f.number} of --seed {seed}, kept in {kept}:\n{f.error}", file=sys.stderr)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
