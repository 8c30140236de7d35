"""Checkpoints converted as the tests of `convert` do it."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

from titans_edge.convert import bundle
from titans_edge.convert.bundle import Order, convert


def never(*_: object) -> list[bool]:
    raise AssertionError("no graft was named")


def checked(folder: Path, out: Path, quant: str = "f16") -> bundle.Report:
    return convert(Order(folder, out, quant), never)


def edited(folder: Path, file: str, **changes: Any) -> None:
    spec = json.loads((folder / file).read_text())
    (folder / file).write_text(json.dumps({**spec, **changes}))


def run(*args: str, cwd: Path, limit: int | None = None) -> subprocess.CompletedProcess[str]:
    def quota() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    command = [sys.executable, "-m", "titans_edge", *args]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, preexec_fn=quota, timeout=300)
