"""Time limits, Ctrl-C and many memories on one process: nobody waits for ever, and each gets its own answer."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.fake_host import SHORT, Bench, bench_in, kill, limit, span, tell, texts
from titans_edge.errors import MemoryStateError, SidecarError, SidecarFailed, SidecarSilent, UsageError
from titans_edge.sidecar.protocol import Reply, Request
from titans_edge.sidecar.transport import ProcessTransport


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    with bench_in(tmp_path, monkeypatch) as bench:
        yield bench


# --- time


@pytest.mark.slow
@pytest.mark.parametrize("real", [False, True])
def test_progress_keeps_a_long_request_alive(bench: Bench, real: bool) -> None:
    told: list[tuple[int, int, str]] = []
    bench.plan(("open", "progress"))
    memory = bench.memory(real=real, timeout=1.0, on_progress=lambda *p: told.append(p))
    assert told == [(i, 6, "on the way") for i in range(6)] and memory.restarts == 0


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGSTOP")
def test_a_stopped_process_is_silent_and_replaced(bench: Bench) -> None:
    memory = bench.memory(real=True, timeout=SHORT)
    os.kill(memory.stats()["pid"], signal.SIGSTOP)
    tell(memory, "a")
    assert texts(memory) == ["a"] and memory.restarts == 1


@pytest.mark.slow
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


@pytest.mark.slow
def test_after_an_interrupt_the_next_call_gets_its_own_answer(bench: Bench) -> None:
    host = bench.host()
    memory = host.memory("m", None)
    tell(memory, "a", "b")
    memory.wait()
    bench.plan(("retrieve", "progress"), ("undo", "progress"))
    host.delivery._on_progress = interrupt
    with pytest.raises(KeyboardInterrupt):
        memory.retrieve(span(), "first question")
    host.delivery._on_progress = lambda *_: None
    assert memory.retrieve(span(), "second question").retrieved == ({"text": "second question"},)
    host.delivery._on_progress = interrupt
    with pytest.raises(KeyboardInterrupt):
        memory.undo()
    host.delivery._on_progress = lambda *_: None
    assert texts(memory) == ["a"] and memory.restarts == 0
    kill(memory)
    assert texts(memory) == ["a"]  # the change was made, and is made again


@pytest.mark.slow
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


@pytest.mark.slow
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
                if step == memory.undo:  # it may have ended before anything was taken back: asked again, it is about b
                    step()
        host.delivery.transport = real
        assert texts(memory) == ["a"], n
    assert host.restarts == 0


# --- many memories


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.parametrize("misdeed", ["refuse", "die"])
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


@pytest.mark.slow
def test_closing_waits_for_what_was_posted(bench: Bench) -> None:
    memory = bench.memory()
    bench.plan(("write", "b", "late"), ("write", "c", "die"))
    tell(memory, "a", "b", "c")
    memory.host.close()
    assert [t for _, t in json.loads((bench.folder / "m.json").read_text())["texts"].values()] == ["a", "b", "c"]


@pytest.mark.slow
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
