"""The client against a memory process that misbehaves: what is asked again, what never, and that nothing is lost."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.fake_host import Bench, bench_in, kill, limit, span, tell, texts
from titans_edge.errors import MemoryStateError, SidecarDied, SidecarError, SidecarFailed, SidecarSilent
from titans_edge.sidecar import delivery, protocol
from titans_edge.sidecar.client import HostClient
from titans_edge.sidecar.transport import ProcessTransport

LOST = ["die after", "hang", "hang after", "rubbish", "nonsense", "half", "mute"]
slow = pytest.mark.slow  # one of each kind is quick enough; the others start many processes, or wait


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    with bench_in(tmp_path, monkeypatch) as bench:
        yield bench


# --- died, silent, failed


@pytest.mark.parametrize(
    ("op", "misdeed"),
    [
        ("find", "die"),
        *(pytest.param("find", m, marks=slow) for m in LOST),
        *(pytest.param(op, m, marks=slow) for op in ("start", "open") for m in ("die", "hang")),
    ],
)
def test_a_process_that_is_lost_is_started_once_and_asked_again(
    bench: Bench, op: str, misdeed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "STARTING", 5.0)
    bench.plan((op, misdeed))
    memory = bench.memory(timeout=limit(misdeed))
    tell(memory, "a")
    assert texts(memory) == ["a"] and memory.restarts == 1 and len(bench.seen("start")) == 2


@pytest.mark.parametrize(
    ("misdeed", "error"), [("refuse", MemoryStateError), ("raise", SidecarFailed), ("exit", SidecarFailed)]
)
@pytest.mark.parametrize("real", [False, pytest.param(True, marks=slow)])
def test_what_failed_is_reported_and_never_repeated(
    bench: Bench, misdeed: str, error: type[Exception], real: bool
) -> None:
    memory = bench.memory(real=real)
    bench.plan(("find", misdeed), ("forget", misdeed))
    with pytest.raises(error):
        memory.find()
    with pytest.raises(error):
        memory.forget([1])
    assert memory.restarts == 0 and len(bench.seen("find")) == len(bench.seen("forget")) == 1
    assert texts(memory) == []


def test_an_unforeseen_error_is_named_and_a_refusal_keeps_its_hint(bench: Bench) -> None:
    memory = bench.memory()
    bench.plan(("find", "raise"), ("stats", "refuse"))
    with pytest.raises(SidecarFailed, match="ValueError: nobody foresaw this"):
        memory.find()
    with pytest.raises(MemoryStateError, match=r"The memory refuses\. Ask nicely\."):
        memory.stats()


@pytest.mark.parametrize(("misdeed", "error"), [("die", SidecarDied), pytest.param("hang", SidecarSilent, marks=slow)])
def test_a_second_loss_over_one_request_is_an_error_that_names_it(
    bench: Bench, misdeed: str, error: type[Exception]
) -> None:
    memory = bench.memory(timeout=limit(misdeed))
    tell(memory, "a")
    memory.wait()
    bench.plan(("forget", misdeed), ("forget", misdeed))
    with pytest.raises(error, match="forget of m"):
        memory.forget([1])
    assert texts(memory) == ["a"] and memory.restarts == 2
    assert memory.forget([1]) == 1 and texts(memory) == []


def test_a_process_that_died_leaves_its_last_words(bench: Bench) -> None:
    memory = bench.memory()
    bench.plan(("find", "die"), ("find", "die"))
    with pytest.raises(SidecarDied, match=r"exit code 3.*the disk is on fire"):
        memory.find()


@pytest.mark.slow
def test_a_process_killed_between_two_requests_is_started_again(bench: Bench) -> None:
    memory = bench.memory()
    tell(memory, "a")
    memory.wait()
    kill(memory)
    tell(memory, "b")
    assert texts(memory) == ["a", "b"] and memory.restarts == 1
    kill(memory)
    bench.plan(("forget", "die"))  # the one before did not die over this request
    assert memory.forget([1]) == 1 and texts(memory) == ["b"]


@pytest.mark.slow
def test_a_process_that_cannot_live_is_not_started_for_ever(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = bench.memory()
    tell(memory, "a")
    memory.wait()
    kill(memory)
    bench.plan(*[("start", "die")] * 20)
    for _ in range(5):
        with pytest.raises(SidecarError):
            memory.find()
    starts = len(bench.seen("start"))
    assert starts <= 1 + delivery.CRASHES
    bench.plan()
    monkeypatch.setattr(delivery, "PAUSE", 0.0)
    assert texts(memory) == ["a"]


@pytest.mark.slow
def test_the_first_start_says_what_is_wrong(bench: Bench) -> None:
    bench.plan(("start", "refuse"))
    with pytest.raises(MemoryStateError, match="refuses"):
        bench.host()
    bench.plan(("start", "die"), ("start", "die"))
    with pytest.raises(SidecarDied, match="fire"):
        bench.host()
    with pytest.raises(SidecarFailed, match="cannot be started"):
        HostClient("b", "g", command=[str(bench.folder / "no such program")])


# --- sent twice, done once


@pytest.mark.parametrize(
    ("misdeed", "real"),
    [
        ("die after", False),
        *(pytest.param(*m, marks=slow) for m in (("hang after", False), ("hang after", True), ("die", True))),
    ],
)
def test_an_undo_that_is_sent_again_takes_back_one_message(bench: Bench, misdeed: str, real: bool) -> None:
    memory = bench.memory(real=real, timeout=limit(misdeed))
    tell(memory, "a", "b", "c")
    memory.wait()
    bench.plan(("undo", misdeed))
    assert memory.undo() == 1
    assert texts(memory) == ["a", "b"]
    assert len(bench.seen("undo")) == 2 and len({s["operation"] for s in bench.seen("undo")}) == 1


def test_each_change_has_an_operation_of_its_own_and_the_groups_of_a_message_share_one(bench: Bench) -> None:
    memory = bench.memory()
    memory.begin()
    memory.write([span()], ["a"])
    memory.write([span()], ["b"])
    tell(memory, "c")
    memory.undo()
    memory.forget([1])
    memory.accept(2, True)
    memory.reread([2], [span()])
    memory.reset()
    by_op = {
        op: [s["operation"] for s in bench.seen(op)] for op in ("write", "undo", "forget", "accept", "reread", "reset")
    }
    a, b, c = by_op.pop("write")
    assert a == b and [s["args"]["part"] for s in bench.seen("write")] == [0, 1, 0]
    others = [c, *(o for (o,) in by_op.values())]
    assert len({a, *others}) == 7 and all(len(o) == 32 for o in (a, *others))


@pytest.mark.parametrize(
    ("misdeed", "kept"),
    [
        ("die after", True),
        *(pytest.param(*m, marks=slow) for m in (("die", False), ("die after", False), ("hang after", True))),
    ],
)
def test_posted_writes_arrive_once_and_in_order(bench: Bench, misdeed: str, kept: bool) -> None:
    memory = bench.memory(kept, timeout=limit(misdeed))
    bench.plan(("write", "text 7.", misdeed), ("write", "text 20.", misdeed))
    told = [f"text {i}." for i in range(30)]
    tell(memory, *told)
    assert [r["text"] for r in memory.wait()] == told
    assert texts(memory) == told and memory.restarts == 2


# --- one bad request and its neighbours


@pytest.mark.slow
@pytest.mark.parametrize("kept", [False, True])
def test_after_a_restart_a_refused_write_is_told_and_the_rest_is_written(bench: Bench, kept: bool) -> None:
    memory = bench.memory(kept)
    bench.plan(("write", "a", "die"), ("write", "b", "refuse"), ("write", "b", "refuse"))
    tell(memory, "a", "b", "c", "d")
    with pytest.raises(MemoryStateError, match="refuses"):
        memory.wait()
    assert texts(memory) == ["a", "c", "d"]
    assert [r["text"] for r in memory.wait()] == ["a", "c", "d"]  # told once, and the rulings are not lost


def test_of_several_failures_the_first_is_raised_and_the_others_are_notices(bench: Bench) -> None:
    memory = bench.memory()
    bench.plan(("write", "b", "refuse"), ("write", "c", "raise"), ("write", "e", "refuse"))
    tell(memory, "a", "b", "c", "d", "e")
    with pytest.raises(MemoryStateError, match="refuses"):
        memory.wait()
    first, second = memory.notices()
    assert "nobody foresaw this" in first and "The memory refuses. Ask nicely." in second
    assert memory.notices() == [] and [r["text"] for r in memory.wait()] == ["a", "d"]


@pytest.mark.slow
def test_a_write_that_kills_is_given_up_and_the_rest_is_written(bench: Bench) -> None:
    memory = bench.memory()
    bench.plan(("write", "b", "die"), ("write", "b", "die"), ("write", "b", "die"))
    tell(memory, "a", "b", "c")
    assert texts(memory) == ["a", "c"]
    with pytest.raises(SidecarDied, match="write of m"):
        memory.wait()
    assert len([s for s in bench.seen("write") if s["args"]["texts"] == ["b"]]) == 2


@pytest.mark.slow
def test_what_was_answered_before_a_process_died_is_not_what_it_died_of(bench: Bench) -> None:
    """Also where the death is found by sending, before anybody looked at the answer."""
    memory = bench.memory()
    bench.plan(*[("write", "b", "die")] * 4)
    tell(memory, "a", "b")
    transport = memory.host.delivery.transport
    assert isinstance(transport, ProcessTransport)
    transport.process.wait()
    tell(memory, "c")
    assert texts(memory) == ["a", "c"]
    with pytest.raises(SidecarDied, match="write of m"):
        memory.wait()
    assert len([s for s in bench.seen("write") if s["args"]["texts"] == ["b"]]) == 2


@pytest.mark.slow
@pytest.mark.parametrize("again", ["refuse", "die"])
def test_in_a_memory_that_is_not_kept_one_change_that_cannot_be_made_again_leaves_the_others(
    bench: Bench, again: str
) -> None:
    memory = bench.memory(kept=False)
    tell(memory, "a", "b", "c")
    memory.wait()
    kill(memory)
    bench.plan(("write", "b", again), ("write", "b", again))
    assert texts(memory) == ["a", "c"]
    with pytest.raises((MemoryStateError, SidecarDied)):
        memory.wait()
    kill(memory)
    assert texts(memory) == ["a", "c"] and memory.wait() == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_a_memory_that_is_not_kept_is_the_same_after_a_restart(bench: Bench, seed: int) -> None:
    """Whatever was done to it: forgotten facts do not come back, accepted ones stay accepted."""
    rng, memory = random.Random(seed), bench.memory(kept=False)
    for i in range(12):
        ids = [s["id"] for s in memory.find()]
        todo: list[Callable[[], Any]] = [partial(tell, memory, f"text {i}"), partial(tell, memory, f"more {i}")]
        if ids:
            one = rng.choice(ids)
            todo += [memory.undo, partial(memory.forget, [one]), partial(memory.accept, one, True)]
            todo += [partial(memory.reread, [one], [span(), span()])]
        if rng.random() < 0.1:
            todo = [memory.reset]
        rng.choice(todo)()
    before = memory.find()
    for n in (1, 2):
        kill(memory)
        assert memory.find() == before and memory.restarts == n


@pytest.mark.slow
def test_after_a_reset_nothing_older_is_made_again(bench: Bench) -> None:
    memory = bench.memory(kept=False)
    tell(memory, "a secret")
    memory.reset()
    tell(memory, "b")
    memory.wait()
    before = len(bench.seen())
    kill(memory)
    assert texts(memory) == ["b"] and "secret" not in json.dumps(bench.seen()[before:])


def test_what_cannot_be_sent_is_refused_and_stops_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = bench.memory()
    tell(memory, "a")
    with pytest.raises(SidecarFailed, match="encoded"):
        memory.find(text=object())  # type: ignore[arg-type]
    monkeypatch.setattr(protocol, "MAX_FRAME", 1000)
    tell(memory, "b" * 2000, "c")
    assert texts(memory) == ["a", "c"]
    with pytest.raises(SidecarFailed, match="more than 1,000"):
        memory.wait()
    assert memory.restarts == 0
