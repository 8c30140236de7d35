"""Shared fixtures: the tiny backbone and its graft; the real ones for tests marked `real`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.tiny import make_gguf
from titans_edge import store
from titans_edge.backbone.model import Backbone
from titans_edge.neural.contents import Contents, whitening
from titans_edge.neural.encoder import EncoderConfig
from titans_edge.neural.graft import Graft, GraftInfo, save
from titans_edge.roles import Bank

DIM = 32


@pytest.fixture(scope="session")
def tiny_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_gguf(tmp_path_factory.mktemp("models") / "tiny.gguf")


@pytest.fixture(scope="session")
def tiny(tiny_path: Path) -> Iterator[Backbone]:
    with Backbone(tiny_path, gpu_layers=0) as backbone:
        yield backbone


@pytest.fixture(scope="session")
def graft_path(tiny: Backbone, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained graft of the tiny backbone that is eager: it writes every span and answers every question."""
    torch.manual_seed(0)
    rows = torch.from_numpy(tiny.embedding.rows(np.arange(tiny.vocab.size)))
    contents = Contents(tiny.embedding, *whitening(rows, DIM), torch.eye(DIM))
    graft = Graft(
        EncoderConfig(tiny.n_embd, len(Bank), width=32, layers=1), contents, GraftInfo(1, tiny.fingerprint, threshold=0.0)
    )
    with torch.no_grad():
        graft.memory.encoder.whole.bias.view(6, len(Bank))[2] = 3.0
        graft.gate.opening.fill_(1.0)
    path = tmp_path_factory.mktemp("grafts") / "tiny-graft.gguf"
    save(graft.eval(), path)
    return path


@pytest.fixture(scope="session")
def real_path() -> Path:
    path = store.catalogue()[store.DEFAULT].path
    assert path.exists(), "run `titans-edge pull` first (make test does)"
    return path


@pytest.fixture(scope="session")
def real(real_path: Path) -> Iterator[Backbone]:
    with Backbone(real_path) as backbone:
        yield backbone
