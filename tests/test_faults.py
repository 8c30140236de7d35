"""Kill -9 of either process at random moments, on the tiny backbone. A thousand: python -m tests.kills 1000."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kills import Killer
from titans_edge.backbone.model import Backbone

pytestmark = pytest.mark.slow  # minutes of processes: not part of `make unit`


def test_fifty_kills_lose_nothing_that_was_acknowledged(tiny: Backbone, graft_path: Path, tmp_path: Path) -> None:
    report = Killer(tiny, graft_path, tmp_path).run(50)
    assert report.memory_kills == report.runtime_kills == 25 and report.acknowledged > 100
    assert (report.lost, report.twice, report.unsound, report.replay_differs) == (0, 0, 0, 0)
