"""What tells a message about the told from one about the world: a head that sees words and evidence."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from titans_edge.gguf_header import read_header
from titans_edge.neural import graft as grafts
from titans_edge.neural.told import Evidence, Told, seen


def test_what_is_about_the_told_depends_on_words_and_evidence() -> None:
    torch.manual_seed(3)
    head, hidden = Told(4, 8).eval(), np.random.default_rng(1).normal(size=(5, 4)).astype(np.float16)
    some = head.about(hidden, Evidence(0.9, 0.5, 0.4, 0.8, 1.0))
    rows = torch.tensor([Evidence(0.9, 0.5, 0.4, 0.8, 1.0).row()])
    assert some == pytest.approx(float(head(torch.from_numpy(seen(hidden))[None], rows).sigmoid().detach()))
    assert some != head.about(hidden, Evidence()) and some != head.about(
        hidden[::-1], Evidence(0.9, 0.5, 0.4, 0.8, 1.0)
    )
    assert all(math.isfinite(x) for x in (*Evidence().row(), *Evidence(1.0, 1.0, 1.0, 1.0, 1.0).row()))


def test_a_graft_keeps_the_head_and_one_without_has_none(keyed_path: Path, tiny_path: Path, tmp_path: Path) -> None:
    plain = grafts.load(keyed_path, read_header(tiny_path))
    assert plain.sentences is not None and plain.sentences.told is None
    torch.manual_seed(2)
    of, config = plain.memory, replace(plain.sentences.config, told=8)
    grown = grafts.Graft(of.config, of.contents, of.relations, plain.info, config)
    grown.load_state_dict(plain.state_dict(), strict=False)
    grafts.save(grown.eval(), path := tmp_path / "grown.gguf", "f32")
    again = grafts.load(path, read_header(tiny_path))
    assert again.sentences is not None and again.sentences.told is not None and grown.sentences is not None
    hidden = np.random.default_rng(0).normal(size=(3, of.config.n_embd)).astype(np.float16)
    assert grown.sentences.told is not None
    assert again.sentences.told.about(hidden, Evidence()) == grown.sentences.told.about(hidden, Evidence())
