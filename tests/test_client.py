"""The client against a memory process that misbehaves: what dies, is silent or fails, and what must not be lost."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fake_worker import FakeService
from titans_edge.errors import MemoryStateError, SidecarDied, SidecarError, SidecarFailed, SidecarSilent, UsageError
from titans_edge.features import SpanFeatures
from titans_edge.sidecar import delivery, protocol
from titans_edge.sidecar.client import HostClient, MemoryClient
from titans_edge.sidecar.protocol import HEAD, MAX_FRAME, Progress, Reply, Request, answer_in, frame, read_exactly
from titans_edge.sidecar.transport import LocalTransport, ProcessTransport, worker_command

TIMEOUT, SHORT = 30.0, 1.5  # seconds
LOST = ["die", "die after", "hang", "hang after", "rubbish", "nonsense", "half", "mute"]


def span(words: int = 2, width: int = 8) -> SpanFeatures:
    hidden, ids = np.zeros((words, width), np.float16), np.arange(words * 5, dtype=np.int32).reshape(words, 5)
    return SpanFeatures(hidden, ids, ids + 1, surprise=0.5, places=np.zeros((words, 2), np.int32))


def limit(misdeed: str) -> float:
    """Only where silence is the matter is the limit short: the machine may be busy."""
    return SHORT if misdeed.startswith(("hang", "deaf")) else TIMEOUT


class Bench:
    """A folder with a plan, and host clients of fake workers in it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.hosts = folder, list[HostClient]()

    def host(self, *, real: bool = False, timeout: float = TIMEOUT, **kw: Any) -> HostClient:
        command = [sys.executable, str(Path(__file__).with_name("fake_worker.py")), str(self.folder)]
        self.hosts.append(HostClient("b", "g", timeout=timeout, command=command + ["real"] * real, **kw))
        return self.hosts[-1]

    def memory(self, kept: bool = True, **kw: Any) -> MemoryClient:
        return self.host(**kw).memory("m", str(self.folder / "m.json") if kept else None)

    def plan(self, *misdeeds: tuple[str, str] | tuple[str, str, str]) -> None:
        """(op, misdeed) or (op, text, misdeed)."""
        full = [(m[0], m[1] if len(m) == 3 else "", m[-1]) for m in misdeeds]
        (self.folder / "plan.json").write_text(json.dumps(full))

    def seen(self, op: str = "") -> list[dict[str, Any]]:
        """What the processes were asked, in order."""
        lines = (self.folder / "seen.jsonl").read_text().splitlines()
        return [s for s in map(json.loads, lines) if op in ("", s["op"])]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    bench = Bench(tmp_path)
    yield bench
    for host in bench.hosts:
        host.close()


def tell(memory: MemoryClient, *texts: str) -> None:
    """A message for each text."""
    for text in texts:
        memory.begin()
        memory.write([span()], [text])


def texts(memory: MemoryClient) -> list[str]:
    return [s["text"] for s in memory.find()]


# --- died, silent, failed


@pytest.mark.parametrize(
    ("op", "misdeed"),
    [*(("find", m) for m in LOST), ("start", "die"), ("start", "hang"), ("open", "die"), ("open", "hang")],
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
@pytest.mark.parametrize("real", [False, True])
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


@pytest.mark.parametrize(("misdeed", "error"), [("die", SidecarDied), ("hang", SidecarSilent)])
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
    ("misdeed", "real"), [("die after", False), ("hang after", False), ("hang after", True), ("die", True)]
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
    ("misdeed", "kept"), [("die", False), ("die after", False), ("die after", True), ("hang after", True)]
)
def test_posted_writes_arrive_once_and_in_order(bench: Bench, misdeed: str, kept: bool) -> None:
    memory = bench.memory(kept, timeout=limit(misdeed))
    bench.plan(("write", "text 7.", misdeed), ("write", "text 20.", misdeed))
    told = [f"text {i}." for i in range(30)]
    tell(memory, *told)
    assert [r["text"] for r in memory.wait()] == told
    assert texts(memory) == told and memory.restarts == 2


# --- one bad request and its neighbours


@pytest.mark.parametrize("kept", [False, True])
def test_after_a_restart_a_refused_write_is_told_and_the_rest_is_written(bench: Bench, kept: bool) -> None:
    memory = bench.memory(kept)
    bench.plan(("write", "a", "die"), ("write", "b", "refuse"), ("write", "b", "refuse"))
    tell(memory, "a", "b", "c", "d")
    with pytest.raises(MemoryStateError, match="refuses"):
        memory.wait()
    assert texts(memory) == ["a", "c", "d"]
    assert [r["text"] for r in memory.wait()] == ["a", "c", "d"]  # told once, and the rulings are not lost


def test_a_write_that_kills_is_given_up_and_the_rest_is_written(bench: Bench) -> None:
    memory = bench.memory()
    bench.plan(("write", "b", "die"), ("write", "b", "die"), ("write", "b", "die"))
    tell(memory, "a", "b", "c")
    assert texts(memory) == ["a", "c"]
    with pytest.raises(SidecarDied, match="write of m"):
        memory.wait()
    assert len([s for s in bench.seen("write") if s["args"]["texts"] == ["b"]]) == 2


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


# --- time


@pytest.mark.parametrize("real", [False, True])
def test_progress_keeps_a_long_request_alive(bench: Bench, real: bool) -> None:
    told: list[tuple[int, int, str]] = []
    bench.plan(("open", "progress"))
    memory = bench.memory(real=real, timeout=1.0, on_progress=lambda *p: told.append(p))
    assert told == [(i, 6, "on the way") for i in range(6)] and memory.restarts == 0


def test_a_process_that_stops_reading_holds_nobody_up(bench: Bench) -> None:
    bench.plan(("open", "deaf"))
    memory = bench.memory(timeout=SHORT)
    first = memory.host.delivery.transport
    big = span(32, 100_000)  # more than any pipe holds
    for text in "abc":
        memory.begin()
        memory.write([big], [text])
    assert texts(memory) == ["a", "b", "c"] and memory.restarts == 1
    assert isinstance(first, ProcessTransport) and first.process.poll() is not None


def test_sending_to_a_process_that_does_not_read_is_silence(bench: Bench) -> None:
    transport = ProcessTransport([sys.executable, "-c", "import time; time.sleep(1000)"])
    with pytest.raises(SidecarSilent, match="took no request"):
        transport.send(Request("write", args={"text": "x" * 5_000_000}), 0.5)
    transport.close()
    assert transport.process.poll() is not None


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGSTOP")
def test_a_stopped_process_is_silent_and_replaced(bench: Bench) -> None:
    memory = bench.memory(real=True, timeout=SHORT)
    os.kill(memory.stats()["pid"], signal.SIGSTOP)
    tell(memory, "a")
    assert texts(memory) == ["a"] and memory.restarts == 1


@pytest.mark.parametrize("misdeed", ["", "die", "hang", "mute"])
def test_nothing_is_left_of_a_process(bench: Bench, misdeed: str) -> None:
    folder = Path("/proc/self/fd")
    pipes = len(list(folder.iterdir())) if folder.exists() else 0
    threads = threading.active_count()
    with bench.host(timeout=limit(misdeed)) as host:
        memory = host.memory("m", None)
        bench.plan(("find", misdeed))
        first = host.delivery.transport
        memory.find()
        memory.find()
        last = host.delivery.transport
    for transport in (first, last):
        assert isinstance(transport, ProcessTransport) and transport.process.poll() is not None
        assert all(
            p is not None and p.closed
            for p in (transport.process.stdin, transport.process.stdout, transport.process.stderr)
        )
    assert threading.active_count() == threads and host.restarts == (misdeed != "")
    assert not folder.exists() or len(list(folder.iterdir())) == pipes


# --- Ctrl-C


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_after_an_interrupt_the_next_call_gets_its_own_answer(bench: Bench) -> None:
    host = bench.host()
    memory = host.memory("m", None)
    tell(memory, "a", "b")
    memory.wait()
    bench.plan(("retrieve", "progress"), ("undo", "progress"))
    host.delivery._on_progress = interrupt
    with pytest.raises(KeyboardInterrupt):
        memory.retrieve(span(), "first question")
    with pytest.raises(KeyboardInterrupt):
        memory.undo()
    host.delivery._on_progress = lambda *_: None
    assert memory.retrieve(span(), "second question").retrieved == ({"text": "second question"},)
    assert texts(memory) == ["a"] and memory.restarts == 0
    kill(memory)
    assert texts(memory) == ["a"]  # the change was made, and is made again


@pytest.mark.parametrize("call", ["open", "start"])
def test_an_interrupted_start_can_be_repeated(bench: Bench, call: str) -> None:
    host = bench.host()
    host.memory("other", None)
    bench.plan((call, "progress"))
    host.delivery._on_progress = interrupt
    if call == "start":
        kill(host)
    with pytest.raises(KeyboardInterrupt):
        host.memory("m", None)
    host.delivery._on_progress = lambda *_: None
    memory = host.memory("m", None)
    tell(memory, "a")
    assert texts(memory) == ["a"]


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to one process")
def test_ctrl_c_while_waiting_ends_the_call_and_neither_process(bench: Bench) -> None:
    memory = bench.memory(real=True, timeout=20.0)
    tell(memory, "a")
    pid = memory.stats()["pid"]
    bench.plan(("find", "late"))

    def both() -> None:
        os.kill(pid, signal.SIGINT)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    threading.Timer(0.3, both).start()
    with pytest.raises(KeyboardInterrupt):
        memory.find()
    assert texts(memory) == ["a"] and memory.stats()["pid"] == pid and memory.restarts == 0


class Interrupting:
    """Ctrl-C after the n-th step of a transport."""

    def __init__(self, inner: ProcessTransport, n: int) -> None:
        self.inner, self.left = inner, n

    def _step(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt

    @property
    def alive(self) -> bool:
        return self.inner.alive

    def send(self, request: Request, timeout: float) -> None:
        self._step()
        self.inner.send(request, timeout)
        self._step()

    def receive(self, timeout: float, on_progress: Any) -> Reply:
        self._step()
        reply = self.inner.receive(timeout, on_progress)
        self._step()
        return reply

    def close(self) -> None:
        self.inner.close()


def test_an_interrupt_at_any_step_loses_and_doubles_nothing(bench: Bench) -> None:
    host = bench.host()
    real = host.delivery.transport
    assert isinstance(real, ProcessTransport)
    for n in range(1, 13):
        memory = host.memory(f"m{n}", None)
        host.delivery.transport = Interrupting(real, n)
        steps: list[Callable[[], Any]] = [
            partial(tell, memory, "a"),
            partial(tell, memory, "b"),
            memory.undo,
            memory.wait,
        ]
        for step in steps:
            try:
                step()
            except KeyboardInterrupt:
                continue
        host.delivery.transport = real
        assert texts(memory) == ["a"], n
    assert host.restarts == 0


# --- many memories


def test_every_open_memory_comes_back(bench: Bench) -> None:
    host = bench.host()
    kept = host.memory("kept", str(bench.folder / "kept.json"))
    loose = host.memory("loose", None)
    tell(kept, "k")
    tell(loose, "l")
    kept.wait()
    loose.wait()
    kill(host)
    tell(loose, "m")
    assert (texts(kept), texts(loose), host.restarts) == (["k"], ["l", "m"], 1)
    closed = host.memory("closed", None)
    closed.close()
    kill(host)
    assert texts(kept) == ["k"] and "closed" not in [s["memory"] for s in bench.seen("open")[-2:]]


@pytest.mark.parametrize("misdeed", ["refuse", "die", "hang"])
def test_a_memory_that_does_not_come_back_is_no_harm_to_the_others(bench: Bench, misdeed: str) -> None:
    host = bench.host(timeout=limit(misdeed))
    bad, good = host.memory("bad", str(bench.folder / "bad.json")), host.memory("good", None)
    for memory in (bad, good):
        tell(memory, memory.name)
        memory.wait()
    kill(host)
    bench.plan(("open", misdeed), ("open", misdeed))
    assert texts(good) == ["good"]
    bench.plan(*[("open", misdeed)] * 2)
    with pytest.raises((MemoryStateError, SidecarError)):
        bad.find()
    bench.plan()
    assert texts(bad) == ["bad"] and texts(good) == ["good"]


def test_a_name_is_open_once_and_free_after_closing(bench: Bench) -> None:
    host = bench.host()
    memory = host.memory("m", None)
    with pytest.raises(UsageError, match="open already"):
        host.memory("m", None)
    memory.close()
    memory.close()
    with pytest.raises(SidecarFailed, match="closed"):
        memory.find()
    assert host.memory("m", None).find() == []
    host.close()
    host.close()
    with pytest.raises(SidecarFailed, match="closed"):
        host.memory("n", None)


def test_closing_waits_for_what_was_posted(bench: Bench) -> None:
    memory = bench.memory()
    bench.plan(("write", "b", "late"), ("write", "c", "die"))
    tell(memory, "a", "b", "c")
    memory.host.close()
    assert [t for _, t in json.loads((bench.folder / "m.json").read_text())["texts"].values()] == ["a", "b", "c"]


def test_threads_share_a_host_and_get_their_own_answers(bench: Bench) -> None:
    host = bench.host(real=True)
    wrong: list[str] = []

    def ask(name: str) -> None:
        memory = host.memory(name, None)
        for i in range(20):
            tell(memory, f"{name} {i}")
            got = memory.retrieve(span(), f"{name}? {i}")
            if got.retrieved != ({"text": f"{name}? {i}"},) or got.rows[0, 0] != i + 1:
                wrong.append(name)

    threads = [threading.Thread(target=ask, args=(n,)) for n in "abcd"]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert wrong == []


# --- the worker and its frames


@pytest.fixture
def piped(bench: Bench) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, str(Path(__file__).with_name("fake_worker.py")), str(bench.folder), "real"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        yield process
        process.kill()


def exchange(process: subprocess.Popen[bytes], data: bytes) -> Reply | Progress:
    assert process.stdin is not None and process.stdout is not None
    view = memoryview(data)
    while view:
        view = view[process.stdin.write(view) or 0 :]
    (size,) = HEAD.unpack(read_exactly(process.stdout, HEAD.size))  # type: ignore[arg-type]
    return answer_in(read_exactly(process.stdout, size))  # type: ignore[arg-type]


def framed(body: bytes) -> bytes:
    return HEAD.pack(len(body)) + body


def test_a_frame_that_cannot_be_read_is_answered_with_an_error(piped: subprocess.Popen[bytes]) -> None:
    bad = [
        framed(b""),
        framed(b"\xc1"),
        framed(b"hello"),
        framed(b"\x81\xa2op\x05"),  # {op: 5}
        framed(b"\x81\xa2op\xa2\xff\xfe"),  # no UTF-8
        framed(b"\x91" * 100_000),  # very deep
        HEAD.pack(MAX_FRAME + 1) + bytes(MAX_FRAME + 1),
    ]
    for data in bad:
        reply = exchange(piped, data)
        assert isinstance(reply, Reply) and not reply.ok and reply.error == "SidecarFailed" and reply.id == 0
    reply = exchange(piped, framed(b"\x82\xa2id\x07\xa2op\x05"))  # {id: 7, op: 5}
    assert isinstance(reply, Reply) and not reply.ok and reply.id == 7
    reply = exchange(piped, frame(Request("start", id=8)))
    assert isinstance(reply, Reply) and reply.ok and reply.id == 8


def test_what_a_library_prints_is_not_among_the_frames(bench: Bench) -> None:
    memory = bench.memory(real=True)
    bench.plan(("find", "print"))
    assert texts(memory) == [] and memory.restarts == 0


@pytest.mark.parametrize("misdeed", ["", "hang"])
def test_the_worker_ends_with_its_stdin_also_when_it_is_busy(
    bench: Bench, piped: subprocess.Popen[bytes], misdeed: str
) -> None:
    assert piped.stdin is not None
    exchange(piped, frame(Request("start")))
    bench.plan(("start", misdeed))
    piped.stdin.write(frame(Request("start")))
    piped.stdin.close()
    assert piped.wait(30) == (1 if misdeed else 0)
    assert (bench.folder / "closed").exists() != bool(misdeed)


def test_the_worker_ends_when_its_runtime_is_killed(bench: Bench) -> None:
    """Even when the pipe to it is kept open by somebody else."""
    fake = Path(__file__).with_name("fake_worker.py")
    code = (
        "import subprocess, sys, time; out, into = __import__('os').pipe();"
        f"p = subprocess.Popen([sys.executable, {str(fake)!r}, {str(bench.folder)!r}, 'real'], stdin=out);"
        "s = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], stderr=subprocess.DEVNULL,"
        " stdout=subprocess.DEVNULL, pass_fds=[into]);"
        "print(s.pid, file=sys.stderr, flush=True); time.sleep(2); __import__('os')._exit(9)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as runtime:
        assert runtime.stderr is not None
        keeper = int(runtime.stderr.readline())
        timer = threading.Timer(30, runtime.stderr.close)
        timer.start()
        try:
            assert runtime.stderr.read() == b""  # its end: neither runtime nor worker has it open any more
        finally:
            timer.cancel()
            os.kill(keeper, signal.SIGTERM)


def test_a_module_in_the_current_folder_is_not_run(tmp_path: Path) -> None:
    for name in ("msgspec", "numpy", "titans_edge", "struct"):
        (tmp_path / f"{name}.py").write_text("open('it ran', 'w').close()\n")
    subprocess.run(
        [*worker_command()[:-1], str(tmp_path)],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=60,
    )
    assert not (tmp_path / "it ran").exists()


def test_the_same_answers_in_this_process_and_in_another(bench: Bench) -> None:
    there, here = ProcessTransport(bench_command(bench)), LocalTransport(FakeService(bench.folder))
    requests = [
        Request("start"),
        Request("open", "m", args={"path": None}),
        Request("write", "m", "o", {"texts": ["a"]}),
    ]
    requests += [Request("find", "m"), Request("dance", "m", "p"), Request("find", "n")]
    for i, request in enumerate(requests):
        request.id = i + 1
        got = []
        for transport in (there, here):
            transport.send(request, TIMEOUT)
            got.append(transport.receive(TIMEOUT, lambda *_: None))
        assert got[0] == got[1] and got[0].id == i + 1
    there.close()
    here.close()


def bench_command(bench: Bench) -> list[str]:
    return [sys.executable, str(Path(__file__).with_name("fake_worker.py")), str(bench.folder)]


@pytest.mark.parametrize("words", [0, 1, 7])
@pytest.mark.parametrize("tokens", [1, 4, 23])
def test_a_span_of_any_width_crosses_unchanged(words: int, tokens: int) -> None:
    rng = np.random.default_rng(words)
    s = SpanFeatures(
        hidden=rng.normal(size=(words, 6)).astype(np.float16),
        address=rng.integers(-1, 99, (words, tokens)).astype(np.int32),
        surface=rng.integers(-1, 99, (words, tokens)).astype(np.int32),
        places=rng.integers(0, 99, (words, 2)).astype(np.int32),
    )
    sent = protocol.request_in(frame(Request("write", spans=[protocol.pack_span(s)]))[HEAD.size :])
    back = protocol.unpack_span(sent.spans[0])
    for name in ("hidden", "address", "surface", "places"):
        a, b = getattr(s, name), getattr(back, name)
        assert a.dtype == b.dtype and a.shape == b.shape and np.array_equal(a, b)
    assert np.isnan(back.surprise)


def kill(of: MemoryClient | HostClient) -> None:
    """kill -9, and wait until it is dead."""
    host = of.host if isinstance(of, MemoryClient) else of
    transport = host.delivery.transport
    assert isinstance(transport, ProcessTransport)
    transport.process.kill()
    transport.process.wait()
