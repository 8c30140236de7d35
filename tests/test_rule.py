"""The chunked rule equals the stepwise one, differentiably; errors are clamped; silence changes nothing."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from titans_edge.neural import rule
from titans_edge.neural.rule import State, Writes

H, DV, DK = 3, 6, 8


def random_writes(t: int, seed: int, scale: float = 0.5) -> Writes:
    g = torch.Generator().manual_seed(seed)

    def unit(*shape: int) -> torch.Tensor:
        return torch.nn.functional.normalize(torch.randn(*shape, generator=g, dtype=torch.float64), dim=-1)

    def rate(*shape: int) -> torch.Tensor:
        return torch.rand(*shape, generator=g, dtype=torch.float64)

    return Writes(
        unit(t, H, DK),
        scale * unit(t, H, DV),
        unit(t, DK),
        0.5 * rate(t, H),
        (rate(t, H) > 0.3).double(),
        0.9 * rate(t, H),
        0.3 * rate(t, H),
        0.2 * rate(t, H),
    )


def random_state(seed: int) -> State:
    g = torch.Generator().manual_seed(seed)
    make = lambda: 0.1 * torch.randn(H, DV, DK, generator=g, dtype=torch.float64)  # noqa: E731
    return State(make(), make())


def stepwise(state: State, w: Writes) -> State:
    for t in range(len(w)):
        state, _ = rule.step(state, w.at(t))
    return state


def chunk(start: State, w: Writes) -> State:
    """The state after a chunk of writes: by `solve`, or step by step where an error had to be clamped."""
    solved = rule.solve(start, w, 0)
    return stepwise(start, w) if solved.clamped else solved.state()


@settings(max_examples=20)
@given(st.integers(1, 20), st.integers(0, 10_000))
def test_a_chunk_equals_its_steps(t: int, seed: int) -> None:
    start, w = random_state(seed), random_writes(t, seed)
    want, got = stepwise(start, w), chunk(start, w)
    assert torch.allclose(want.memory, got.memory, atol=1e-5)
    assert torch.allclose(want.momentum, got.momentum, atol=1e-5)


def test_a_text_in_two_chunks_equals_one() -> None:
    start, w = random_state(1), random_writes(12, 1)
    head, tail = (Writes(*(getattr(w, k)[s] for k in w.__dataclass_fields__)) for s in (slice(0, 5), slice(5, 12)))
    assert torch.allclose(chunk(chunk(start, head), tail).memory, chunk(start, w).memory, atol=1e-9)


def test_gradients_of_both_forms_agree() -> None:
    start, w = random_state(2), random_writes(7, 2)
    grads = []
    for form in (stepwise, lambda s, x: rule.solve(s, x).state()):
        base, theta = w.base.clone().requires_grad_(), w.theta.clone().requires_grad_()
        out = form(start, Writes(w.key, base, w.context, w.rho, w.write, theta, w.eta, w.alpha))
        grads.append(torch.autograd.grad(out.memory.square().sum(), (base, theta)))
    for a, b in zip(*grads, strict=True):
        assert torch.allclose(a, b, atol=1e-8)


def test_factored_reading_equals_reading_the_matrices() -> None:
    w = random_writes(9, 3)
    solved = rule.solve(random_state(3), w)
    assert torch.allclose(solved.read(w.key[0]), rule.read(solved.state(), w.key[0]), atol=1e-9)


def test_an_empty_bank_gate_leaves_state_to_the_bit() -> None:
    state, w = random_state(4), random_writes(1, 4)
    silent = Writes(w.key, w.base, w.context, w.rho, torch.zeros_like(w.write), w.theta, w.eta, w.alpha)
    after, surprise = rule.step(state, silent.at(0))
    assert torch.equal(after.memory, state.memory) and torch.equal(after.momentum, state.momentum)
    assert not surprise.any()


def test_wild_values_are_clamped_alike_in_both_forms() -> None:
    start, w = random_state(5), random_writes(8, 5, scale=50.0)
    want, got = stepwise(start, w), chunk(start, w)
    assert torch.allclose(want.memory, got.memory, atol=1e-5)
    assert float(want.memory.flatten(1).norm(dim=1).max()) < 8 * 2 * rule.MAX_ERROR


def test_writing_with_rate_one_is_read_back() -> None:
    w = random_writes(1, 6)
    one = torch.ones_like(w.theta)
    plain = Writes(w.key, w.base, w.context, 0 * w.rho, one, one, 0 * w.eta, 0 * w.alpha)
    state, _ = rule.step(random_state(6), plain.at(0))
    assert torch.allclose(rule.read(state, w.key[0]), w.base[0], atol=1e-9)


@pytest.mark.parametrize("norm", [0.1, 2.5, 100.0])
def test_clamp_never_lengthens(norm: float) -> None:
    v = torch.nn.functional.normalize(torch.ones(4), dim=0) * norm
    assert float(rule.clamp(v).norm()) == pytest.approx(min(norm, rule.MAX_ERROR))
