"""Shared fixtures: the tiny backbone and its graft; the real ones for tests marked `real`."""

from __future__ import annotations

import gc
import logging
import math
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer.testing

from tests.answering import local
from tests.telling import TEXTS, Open, Told
from tests.tiny import make_gguf, make_graft
from tests.typist import WARM, Typist
from titans_edge import engine as engines
from titans_edge import grounding, library
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.reader import Reader
from titans_edge.backbone.spans import features
from titans_edge.chat import Chat
from titans_edge.cli.main import app
from titans_edge.errors import TitansError
from titans_edge.features import SpanFeatures
from titans_edge.gguf_header import Header, fingerprint, read_header
from titans_edge.neural.graft import Graft, file_id, load
from titans_edge.neural.memory import NeuralMemory
from titans_edge.session import Session
from titans_edge.sidecar import host as host_module
from titans_edge.sidecar.host import MemoryHost
from titans_edge.sidecar.protocol import Request

# a CliRunner builds all commands anew for each line it runs, which takes longer than most lines
typer.testing._get_command = cache(typer.testing._get_command)


def pytest_collection_finish() -> None:
    """What was imported stays: nobody looks through it for garbage."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def free_replies(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tiny random backbone says nothing that was told; what it says is compared all the same. Not so in tests marked
    `real` or `grounded`; and it is unsure of all that it says.
    """
    marks = {mark.name for mark in request.node.iter_markers()}
    if not {"real", "grounded"} & marks:
        monkeypatch.setattr(Session, "_reading", lambda *_, **__: None)
    if "grounded" in marks:
        monkeypatch.setattr(grounding, "UNSURE", math.inf)
        monkeypatch.setattr(grounding, "LENIENT", math.inf)
        monkeypatch.setattr(grounding, "HESITANT", math.inf)


@pytest.fixture(scope="session")
def tiny_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_gguf(tmp_path_factory.mktemp("models") / "tiny.gguf")


@pytest.fixture(scope="session")
def tiny(tiny_path: Path) -> Iterator[Backbone]:
    with Backbone(tiny_path, gpu_layers=0, threads=1) as backbone:
        yield backbone


@pytest.fixture(scope="session")
def graft_path(tiny: Backbone, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_graft(tiny, tmp_path_factory.mktemp("grafts") / "tiny-graft.gguf")


@pytest.fixture(scope="session")
def keyed_path(tiny: Backbone, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A graft that reads whole sentences too."""
    return make_graft(tiny, tmp_path_factory.mktemp("grafts") / "keyed-graft.gguf", keys=True)


@pytest.fixture(scope="session")
def real_path() -> Path:
    path = library.catalogue()[library.DEFAULT].path
    assert path.exists(), "run `titans-edge pull` first (make test does)"
    return path


@pytest.fixture(scope="session")
def real(real_path: Path) -> Iterator[Backbone]:
    with Backbone(real_path) as backbone:
        yield backbone


@pytest.fixture(scope="session")
def spans(tiny: Backbone) -> list[SpanFeatures]:
    return list(features(Reader(tiny, 1), TEXTS))


@pytest.fixture(scope="session")
def other_graft_path(tiny: Backbone, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the same backbone, but it reads otherwise."""
    return make_graft(tiny, tmp_path_factory.mktemp("grafts") / "other-graft.gguf", seed=5)


@pytest.fixture(scope="session")
def graft(tiny_path: Path, graft_path: Path) -> Graft:
    """Nobody changes it."""
    return load(graft_path, read_header(tiny_path))


@pytest.fixture(scope="session", autouse=True)
def loaded() -> Iterator[None]:
    """Memory hosts of this process share each graft's file as it was read: nobody changes it, and reading is dear."""
    known: dict[tuple[object, ...], Graft] = {}

    def once(path: Path, header: Header) -> Graft:
        if not path.exists():
            return load(path, header)
        there = path.stat()
        key = (path, there.st_mtime_ns, there.st_size, there.st_ino, *fingerprint(header).values())
        if key not in known:
            known[key] = load(path, header)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(host_module, "grafts", SimpleNamespace(load=once, file_id=file_id))
        yield


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Of llama.cpp where nobody says how many: several wait for each other, and other tests run beside."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(Backbone.__init__.__kwdefaults__, "threads", 1)
        yield


@pytest.fixture
def typed(
    tiny: Backbone, tiny_path: Path, graft_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Typist]:
    """A chat with a memory in a file, that lines are typed into."""
    path = tmp_path / "memories" / "a.memory"
    with local(tiny_path, graft_path, path) as memory, Chat(tiny, memory, context=768, sampling=WARM) as chat:
        yield Typist(chat, path, capsys)


@pytest.fixture(scope="module")
def users_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home of its own for a module's servers."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("home")
        patch.setenv("HOME", str(home))
        patch.setenv("XDG_DATA_HOME", str(home / "data"))
        yield home


@pytest.fixture(scope="session")
def memory(graft: Graft) -> NeuralMemory:
    return graft.memory


@pytest.fixture
def new_host(tiny_path: Path, graft_path: Path) -> Iterator[Callable[..., MemoryHost]]:
    """Makes memory hosts, of another graft where one is named; closes them at the end."""
    made: list[MemoryHost] = []

    def new(path: Path = graft_path, **of: int) -> MemoryHost:
        made.append(MemoryHost(**of))
        made[-1].handle(Request("start", args={"backbone": str(tiny_path), "graft": str(path)}))
        return made[-1]

    yield new
    for host in made:
        host.close()


@pytest.fixture
def logged() -> Iterator[list[logging.LogRecord]]:
    """What is logged, and of the server's all that it says. (pytest's own capture is off: it would go through torch's
    thousand loggers six times a test.)
    """
    records: list[logging.LogRecord] = []
    handler, root, server = logging.Handler(), logging.getLogger(), logging.getLogger("titans_edge.server")
    before = server.level
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(handler, "emit", records.append)
        root.addHandler(handler)
        server.setLevel(logging.INFO)
        yield records
    server.setLevel(before)
    root.removeHandler(handler)


@pytest.fixture
def spoken(tiny_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """What `titans-edge ask` prints with more flags, on the tiny backbone without a memory."""
    monkeypatch.setattr(engines, "Backbone", partial(Backbone, threads=1))  # more would wait for each other

    def spoken(*flags: str) -> str:
        base = ["ask", "-", "-b", str(tiny_path), "--no-memory", "--context", "512", "--max-tokens", "8"]
        got = typer.testing.CliRunner().invoke(app, [*base, *flags], input="Where is Mary?")
        if isinstance(got.exception, TitansError):
            raise got.exception
        return got.stdout

    return spoken


@pytest.fixture
def opened(new_host: Callable[..., MemoryHost], spans: list[SpanFeatures]) -> Open:
    """Opens memories: of a file or in RAM, each in a host of its own unless one is given."""

    def opened(path: Path | None = None, host: MemoryHost | None = None, name: str = "m", **of: bool) -> Told:
        return Told(host or new_host(), spans, path, name, **of)

    return opened
