"""A server that is used by several at once and killed with -9 meanwhile keeps each acknowledged sentence, once; one
that is not killed takes no more memory the longer it is used.
"""

from __future__ import annotations

import pytest

from tests import soak as soaking
from tests.soak import Result, soak


@pytest.mark.slow
def test_a_server_killed_in_the_middle_loses_nothing_acknowledged_and_writes_nothing_twice() -> None:
    result = soak(clients=3, seconds=12, kills=2)
    assert result.acknowledged > 3 and result.broken > 0, "it was used, and its connections broke"
    assert (result.lost, result.twice, result.foreign) == ([], [], [])


@pytest.mark.slow
def test_in_a_minute_neither_process_grows_once_its_memories_hold_what_they_keep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two clients that keep eight sentences each have them after the warm-up, also on a slow machine; from then on each
    new one takes an old one's place. The figures are of ten minutes (docs/server.md); a minute
    beside other tests ends while allocators still settle.
    """
    monkeypatch.setattr(soaking, "KEPT", 8)
    result = soak(clients=2, seconds=60)
    assert result.sound and result.broken == 0, result.lines()
    assert result.forgotten > 0, "what was kept is replaced"
    drift = {name: last / first - 1 for name, (first, last) in result.memory.items()}
    assert len(drift) == 2 and all(d < 0.15 for d in drift.values()), result.lines()


def test_what_a_soak_prints_says_what_is_wrong() -> None:
    result = Result(seconds={"chat": [1.0, 2.0, 3.0]}, acknowledged=3, lost=["a"], memory={"server": (100.0, 104.0)})
    text = "\n".join(result.lines())
    assert "lost 1, twice 0" in text and "+4.0%" in text and "2.000" in text and not result.sound
    result.lost.clear()
    assert result.sound
    result.statuses[500] += 1
    assert not result.sound
