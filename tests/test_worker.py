"""The memory process by itself: its frames, its end, what it may import, and the same answers without a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.fake_host import TIMEOUT, Bench, bench_in, texts
from tests.fake_worker import FakeService
from titans_edge.features import SpanFeatures
from titans_edge.safe_python import module_command
from titans_edge.sidecar import protocol
from titans_edge.sidecar.protocol import HEAD, MAX_FRAME, Progress, Reply, Request, answer_in, frame, read_exactly
from titans_edge.sidecar.transport import LocalTransport, ProcessTransport


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    with bench_in(tmp_path, monkeypatch) as bench:
        yield bench


@pytest.fixture
def piped(bench: Bench) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        bench.command(real=True), stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    ) as process:
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


@pytest.mark.slow
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
    assert isinstance(reply, Reply) and "bytes, more than" in reply.message
    reply = exchange(piped, framed(b"\x82\xa2id\x07\xa2op\x05"))  # {id: 7, op: 5}
    assert isinstance(reply, Reply) and not reply.ok and reply.id == 7
    reply = exchange(piped, frame(Request("start", id=8)))
    assert isinstance(reply, Reply) and reply.ok and reply.id == 8


@pytest.mark.slow
def test_what_a_library_prints_is_not_among_the_frames(bench: Bench) -> None:
    memory = bench.memory(real=True)
    bench.plan(("find", "print"))
    assert texts(memory) == [] and memory.restarts == 0


@pytest.mark.slow
@pytest.mark.parametrize("misdeed", ["", pytest.param("hang", marks=pytest.mark.slow)])
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


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a pipe is inherited by nobody there")
def test_the_worker_ends_when_its_runtime_is_killed(bench: Bench) -> None:
    """Even when the pipe to it is kept open by somebody else."""
    keeper = "import time; time.sleep(1000)"
    runtime = (
        "import os, subprocess, sys, time; out, into = os.pipe(); out_again, up = os.pipe();"
        f"subprocess.Popen({bench.command(real=True)!r}, stdin=out, stdout=up);"
        f"k = subprocess.Popen([sys.executable, '-c', {keeper!r}], pass_fds=[into], stderr=subprocess.DEVNULL);"
        f"os.write(into, {frame(Request('start'))!r}); os.read(out_again, 4);"
        "print(k.pid, flush=True); time.sleep(1000)"
    )
    with subprocess.Popen([sys.executable, "-c", runtime], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        pid = int(process.stdout.readline())
        process.kill()
        ended = threading.Thread(target=process.stderr.read)  # returns when neither runtime nor worker is left
        ended.start()
        ended.join(30)
        alive = ended.is_alive()
        os.kill(pid, signal.SIGTERM)
        ended.join()
    assert not alive


@pytest.mark.slow
def test_a_module_in_the_current_folder_is_not_run(tmp_path: Path) -> None:
    for name in ("msgspec", "numpy", "titans_edge", "struct"):
        (tmp_path / f"{name}.py").write_text("open('it ran', 'w').close()\n")
    subprocess.run(
        module_command("titans_edge.sidecar.worker"),
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=60,
    )
    assert not (tmp_path / "it ran").exists()


@pytest.mark.slow
def test_the_same_answers_in_this_process_and_in_another(bench: Bench) -> None:
    there, here = ProcessTransport(bench.command()), LocalTransport(FakeService(bench.folder))
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
