"""Shared fixtures: the tiny backbone and its graft; the real ones for tests marked `real`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.telling import TEXTS, Open
from tests.tiny import make_gguf, make_graft
from titans_edge import library
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.reader import Reader
from titans_edge.backbone.spans import features
from titans_edge.features import SpanFeatures
from titans_edge.sidecar.client import MemoryClient


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
def opened(tiny_path: Path, graft_path: Path) -> Open:
    def client(path: Path | None = None, *, local: bool = True, **kw: bool) -> MemoryClient:
        return MemoryClient.open(str(tiny_path), str(graft_path), str(path) if path else None, local=local, **kw)  # type: ignore[arg-type]

    return client
