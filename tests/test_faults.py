"""Kill -9 of either process at random moments, on the tiny backbone. A thousand: python -m tests.kills 1000."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # minutes of processes: not part of `make unit`


def test_fifty_kills_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.kills", "50"]  # it forks: from a process without threads
    root = str(Path(__file__).parent.parent)
    ran = subprocess.run(
        command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": root}, capture_output=True, text=True, timeout=300
    )
    assert ran.returncode == 0, ran.stderr
    counts = {name.strip(): int(n) for name, n in (line.rsplit(maxsplit=1) for line in ran.stdout.splitlines())}
    assert counts["kill -9 of the memory process"] == counts["kill -9 of the runtime"] == 25
    assert counts["acknowledged writes"] > 100
    assert [counts[name] for name in ("of them lost", "written twice", "journals damaged")] == [0, 0, 0]
    assert counts["states that differ from a replay"] == 0
