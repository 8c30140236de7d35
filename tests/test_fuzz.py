"""What comes in from outside is accepted or refused, and what happens else is noticed."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import fuzz, mutating
from tests.fuzz import DOORS, HEADING, Door, Hang, Tally
from titans_edge.errors import DataError


@pytest.mark.slow
def test_for_a_minute_every_door_accepts_or_refuses_and_what_was_sound_is_sound(tmp_path: Path) -> None:
    command = [sys.executable, "-X", "faulthandler", "-m", "tests.fuzz", "--seconds", "60"]
    root = str(Path(__file__).parent.parent)
    printed, folder = tmp_path / "printed", tmp_path / "here"  # a pipe may be held open by a process of its own
    folder.mkdir()
    with printed.open("w") as out:
        ran = subprocess.Popen(
            command, cwd=folder, env=os.environ | {"PYTHONPATH": root}, stdout=out, stderr=out, start_new_session=True
        )
        try:
            ran.wait(timeout=240)
        except subprocess.TimeoutExpired:
            ran.send_signal(signal.SIGABRT)  # it says where it is
            ran.wait(timeout=30)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(ran.pid, signal.SIGKILL)
    left = {f.name: f.read_bytes() for f in folder.iterdir()}
    assert (ran.returncode, left) == (0, {}), printed.read_text()
    lines = printed.read_text().splitlines()
    rows = [line.rsplit(maxsplit=4) for line in lines[lines.index(HEADING) + 1 :][: len(DOORS)]]
    assert [row[0] for row in rows] == [door.name for door in DOORS]
    assert all(int(inputs) > 3 for _, inputs, *_ in rows), rows
    assert all(int(accepted) > 0 for *_, accepted, _ in rows), "some of it is nearly right, and all right"


class Broke(Door):
    """Raises what its first byte says."""

    name = "broke"

    def made(self, rng: random.Random) -> bytes:
        return rng.choice(INPUTS)

    def given(self, raw: bytes, rng: random.Random) -> bool:
        if raw == b"refused":
            raise DataError("no")
        if raw == b"broken":
            raise KeyError("what nobody foresaw")
        if raw == b"hang":
            raise Hang("too long")
        return raw == b"accepted"

    def end(self) -> None:
        if b"ends unsound" in INPUTS:
            raise DataError("it is damaged")


INPUTS = [b"refused"]


@pytest.mark.parametrize(
    ("inputs", "error"),
    [
        ([b"refused", b"accepted", b"not taken"], ""),
        ([b"broken"], "KeyError"),
        ([b"accepted", b"hang"], "Hang"),
        ([b"accepted", b"ends unsound"], "it is damaged"),
    ],
)
def test_what_is_neither_accepted_nor_refused_is_told_with_its_input(
    inputs: list[bytes], error: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "INPUTS", inputs)
    tally, world = Tally(), fuzz.World.__new__(fuzz.World)
    failure = fuzz._fuzzed(Broke(world), tally, 0.05, 1, tmp_path / "last")
    assert (tmp_path / "last").read_bytes().split(b":\n", 1)[1] in inputs
    if error:
        assert failure is not None and error in failure.error and failure.input in inputs
    else:
        assert failure is None and tally.refused > tally.accepted > 0
        assert set(tally.why) == {"DataError", "TitansError"}


def test_a_seed_and_a_number_make_the_same_input_again(tmp_path: Path) -> None:
    tree = {"a": [1, 2.5, "x"], "b": {"c": None}}
    for n in range(200):
        one, two = (mutating.as_json(random.Random(n), tree) for _ in range(2))
        assert one == two
        assert mutating.damaged(random.Random(n), b"x" * 99) == mutating.damaged(random.Random(n), b"x" * 99)
    assert tree == {"a": [1, 2.5, "x"], "b": {"c": None}}, "what is mutated is a copy"
