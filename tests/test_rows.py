"""The study of ways from a state into the backbone: what it gives is what the backbone itself would compute."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from tests.rows import PLACES, Bench, Generator


@pytest.fixture(scope="module")
def bench(tiny_path: Path, graft_path: Path) -> Bench:
    return Bench(tiny_path, graft_path)


@pytest.mark.slow
def test_a_tokens_keys_and_values_are_as_good_as_its_row(bench: Bench) -> None:
    tokens, reply = [40, 41, 42], [[43], [44], [45]]
    rows = bench.twin.get_input_embeddings().weight[tokens][:, None]
    states = bench.states(tokens)[:, None]
    with torch.no_grad():
        said, goal = bench.logits("input", rows, reply)
        read, _ = bench.logits("kv", states, reply)
    assert goal.tolist() == reply and torch.allclose(said, read, atol=1e-3)
    assert not torch.allclose(said[0], said[1], atol=1e-3), "what is given is seen"


def test_before_it_is_trained_a_row_is_what_the_map_makes_of_its_places() -> None:
    mean, basis, given = torch.randn(6), torch.randn(4, 6), F.normalize(torch.randn(2, PLACES, 4), dim=-1)
    given[:, 3:] = 0.0
    each = mean + given[:, :3] @ basis
    none = torch.zeros(2, 6)
    assert torch.allclose(Generator(8, mean, basis)(given)[:, :3], each)
    assert not Generator(8, mean, basis)(given)[:, 3:].any()
    two = Generator(2, mean, basis)(given)
    assert torch.allclose(two, torch.stack([each[:, 0] + each[:, 2], each[:, 1] + none], 1), atol=1e-5)
