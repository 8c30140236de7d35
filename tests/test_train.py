"""A graft is trained from nothing, and goes on where it was interrupted."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from titans_edge.backbone.model import Backbone
from titans_edge.gguf_header import read_header
from titans_edge.neural import graft as grafts
from titans_edge.stories.relations import PHRASES
from titans_edge.train.recipe import Recipe
from titans_edge.train.run import train

pytestmark = pytest.mark.slow


def test_a_graft_is_trained_saved_and_gone_on_with(tiny: Backbone, tiny_path: Path, tmp_path: Path) -> None:
    small = {"layer": 1, "dim": 32, "stories": 64, "noise": 10, "surprised": 4, "batch": 8, "gate_steps": 0}
    out = tmp_path / "graft.gguf"
    train(tiny, Recipe(steps=2, **small), None, tmp_path / "run", out, lambda *_: None)
    two = grafts.load(out, read_header(tiny_path)).state_dict()
    train(tiny, Recipe(steps=4, **small), None, tmp_path / "run", out, lambda *_: None)
    four = grafts.load(out, read_header(tiny_path))
    assert [p.text for p in four.memory.relations.phrases] == list(PHRASES.values())
    assert torch.equal(two["basis"], four.state_dict()["basis"])
    assert not torch.equal(two["memory.slot.weight"], four.state_dict()["memory.slot.weight"])
