"""The memory as a value, the graft file, and the bridge to the memory process."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.tiny import make_gguf
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.reader import Reader
from titans_edge.backbone.spans import features
from titans_edge.errors import GraftError, SidecarError, UsageError
from titans_edge.features import SpanFeatures
from titans_edge.gguf_header import read_header
from titans_edge.neural import graft as grafts
from titans_edge.neural import rule
from titans_edge.neural.contents import inversion
from titans_edge.neural.memory import collate
from titans_edge.sidecar.client import MemoryClient, ProcessTransport
from titans_edge.sidecar.protocol import Request, pack, pack_span, unpack, unpack_span

FACTS = ["Mary went to the kitchen.", "John took the milk there.", "My dog's name is Rex."]


@pytest.fixture(scope="module")
def spans(tiny: Backbone) -> list[SpanFeatures]:
    return list(features(Reader(tiny, 1), [*FACTS, "Where is Mary?"]))


def client(tiny_path: Path, graft_path: Path, path: Path | None = None, **kw: object) -> MemoryClient:
    return MemoryClient.open(str(tiny_path), str(graft_path), str(path) if path else None, **kw)  # type: ignore[arg-type]


def test_writing_in_pieces_equals_writing_at_once(tiny_path: Path, graft_path: Path, spans: list[SpanFeatures]) -> None:
    memory = grafts.load(graft_path, read_header(tiny_path)).memory
    whole = memory.write(memory.empty(), spans[:3])
    state = memory.empty()
    for s in spans[:3]:
        state = memory.write(state, [s])
    assert torch.allclose(whole.memory, state.memory, atol=1e-5) and bool(whole.memory.any())


def test_writing_into_active_banks_equals_the_rule_on_all(
    tiny_path: Path, graft_path: Path, spans: list[SpanFeatures]
) -> None:
    memory = grafts.load(graft_path, read_header(tiny_path)).memory
    with torch.no_grad():
        memory.encoder.whole.bias.view(6, -1)[2, ::2] = -9.0  # half of the banks are not written
        batch = collate(spans[:3], memory.contents)
        choices = memory.encoder(batch.hidden, batch.mask, torch.zeros(3), batch.surprise)
        writes, want = memory.writes(choices, batch, hard=True), memory.empty()
        for t in range(3):
            want, _ = rule.step(want, writes.at(t))
    got, first = memory.write(memory.empty(), spans[:3]), memory.encode(spans[:1])[0]
    assert first is not None and 0 < len(first.banks) < 10
    assert torch.allclose(got.memory, want.memory, atol=1e-6) and torch.allclose(got.momentum, want.momentum, atol=1e-6)


def test_no_trust_writes_nothing(tiny_path: Path, graft_path: Path, spans: list[SpanFeatures]) -> None:
    memory = grafts.load(graft_path, read_header(tiny_path)).memory
    state = memory.write(memory.empty(), spans[:1], trust=0.0)
    assert not bool(state.memory.any())


def test_a_word_taken_apart_is_its_tokens(tiny: Backbone, tiny_path: Path, graft_path: Path) -> None:
    contents = grafts.load(graft_path, read_header(tiny_path)).memory.contents
    ids = torch.tensor([40, 77, -1, -1])
    assert contents.decode(contents.words(ids))[:2] == [40, 77]


def test_an_inversion_swaps_its_pairs_and_leaves_the_rest() -> None:
    words = torch.nn.functional.normalize(torch.randn(9, 64, generator=torch.Generator().manual_seed(0)), dim=-1)
    turn = inversion(words[:8].view(4, 2, 64))
    assert torch.allclose(words[:8] @ turn.T, words[:8].view(4, 2, 64).flip(1).reshape(8, 64), atol=1e-4)
    other = words[8] - words[:8].T @ torch.linalg.lstsq(words[:8].T, words[8]).solution
    assert torch.allclose(turn @ other, other, atol=1e-4)


def test_a_closed_gate_gives_no_rows(tiny_path: Path, graft_path: Path, spans: list[SpanFeatures]) -> None:
    graft = grafts.load(graft_path, read_header(tiny_path))
    state = graft.memory.write(graft.memory.empty(), spans[:3])
    assert len(graft.rows(state, spans[3])[0]) > 0
    with torch.no_grad():
        graft.gate.opening.zero_()
    assert graft.rows(state, spans[3])[0].shape == (0, graft.memory.config.n_embd)


def test_a_hung_process_is_an_error_in_time(tiny_path: Path, graft_path: Path) -> None:
    transport = ProcessTransport(timeout=30.0)
    transport.send(Request("open", {"backbone": str(tiny_path), "graft": str(graft_path), "path": None}))
    assert transport.receive().ok
    transport.timeout = 0.2
    os.kill(transport.process.pid, signal.SIGSTOP)
    transport.send(Request("stats"))
    with pytest.raises(SidecarError, match="no answer"):
        transport.receive()
    transport.close()


def test_a_graft_survives_its_file_and_foreign_ones_are_refused(
    tiny_path: Path, graft_path: Path, tmp_path: Path
) -> None:
    graft = grafts.load(graft_path, read_header(tiny_path))
    again = tmp_path / "again.gguf"
    grafts.save(graft, again)
    for k, v in grafts.load(again, read_header(tiny_path)).state_dict().items():
        assert torch.equal(v, graft.state_dict()[k]), k
    foreign = make_gguf(tmp_path / "foreign.gguf", seed=9)
    with pytest.raises(GraftError, match="another backbone: embedding"):
        grafts.load(graft_path, read_header(foreign))
    with pytest.raises(GraftError, match="not a graft"):
        grafts.load(tiny_path, read_header(tiny_path))
    (tmp_path / "cut.gguf").write_bytes(graft_path.read_bytes()[:2000])
    with pytest.raises(GraftError, match="damaged"):
        grafts.load(tmp_path / "cut.gguf", read_header(tiny_path))


def test_the_bridge_carries_arrays_unchanged(spans: list[SpanFeatures]) -> None:
    back = unpack_span(pack_span(spans[0]))
    assert np.array_equal(back.hidden, spans[0].hidden) and np.array_equal(back.address, spans[0].address)
    a = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert np.array_equal(unpack(pack(a)), a)


def test_an_unknown_request_is_an_error(tiny_path: Path, graft_path: Path) -> None:
    c = client(tiny_path, graft_path, local=True)
    with pytest.raises(UsageError, match="knows no request"):
        c._call(Request("dance"))
