"""The memory's rule of change: Titans' gated delta rule with momentum on matrix memories, one a bank.

For each bank, at each write t (arXiv 2501.00663, eq. 8-15, with l = |M k - v|^2 / 2):

    error_t = M_{t-1} k_t - v_t                        surprise: the gradient of l is error_t k_t^T
    S_t     = eta_t S_{t-1} - theta_t error_t k_t^T    momentum
    M_t     = (1 - alpha_t) M_{t-1} + S_t              forgetting

A value is v_t = base_t + rho_t M^z_{t-1} c_t: what is stored may contain what one bank, the tracked one z, holds at the
context key c_t before this write (read before write). A bank whose `write` is 0 at t keeps M and S as they are. Which
bank is tracked is the caller's business; no bank has a meaning here.

`step` is the specification. `solve` does a whole chunk by one triangular solve a bank and is tested against it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Read = Callable[[Tensor], Tensor]  # keys (..., H, dk) -> values (..., H, dv)
MAX_ERROR = 2.5  # error vectors are clamped to this norm: unit values cannot be further off in a sound memory


@dataclass(frozen=True)
class State:
    """memory, momentum: (..., H banks, dv, dk)."""

    memory: Tensor
    momentum: Tensor

    @classmethod
    def zero(cls, banks: int, dv: int, dk: int, *batch: int) -> State:
        shape = (*batch, banks, dv, dk)
        return cls(torch.zeros(shape), torch.zeros(shape))


@dataclass(frozen=True)
class Writes:
    """T writes in order, for H banks at once.

    key (..., T, H, dk) unit vectors; base (..., T, H, dv); context (..., T, dk); rho, write, theta, eta, alpha (...,
    T, H).
    """

    key: Tensor
    base: Tensor
    context: Tensor
    rho: Tensor
    write: Tensor  # 1 writes, 0 leaves the bank alone
    theta: Tensor  # learning rate, 0..1
    eta: Tensor  # momentum, 0..1
    alpha: Tensor  # forgetting, 0..1

    def at(self, t: int) -> Writes:
        return Writes(
            self.key[..., t, :, :],
            self.base[..., t, :, :],
            self.context[..., t, :],
            self.rho[..., t, :],
            self.write[..., t, :],
            self.theta[..., t, :],
            self.eta[..., t, :],
            self.alpha[..., t, :],
        )

    def __len__(self) -> int:
        return int(self.key.shape[-3])


def read(state: State, key: Tensor) -> Tensor:
    """M k for every bank: key (..., H, dk) -> (..., H, dv)."""
    return torch.einsum("...hvk,...hk->...hv", state.memory, key)


def context_read(state: State, w: Writes, tracked: int = 0) -> Tensor:
    """What the tracked bank holds at one write's context key: (..., dv)."""
    return torch.einsum("...vk,...k->...v", state.memory[..., tracked, :, :], w.context)


def step(state: State, w: Writes, tracked: int = 0) -> tuple[State, Tensor]:
    """One write (no T dimension). Returns the state after it and each bank's surprise |error| (..., H)."""
    error = error_of(state, w, context_read(state, w, tracked))
    gradient = error[..., :, None] * w.key[..., None, :]
    on, theta, eta, alpha = (x[..., None, None] for x in (w.write, w.theta, w.eta, w.alpha))
    momentum = on * (eta * state.momentum - theta * gradient) + (1 - on) * state.momentum
    memory = (1 - on * alpha) * state.memory + on * momentum
    return State(memory, momentum), error.norm(dim=-1) * w.write


def error_of(state: State, w: Writes, before: Tensor) -> Tensor:
    """M k - v of one write (..., H, dv), clamped; `before` (..., dv) is the context read."""
    return clamp(read(state, w.key) - (w.base + w.rho[..., None] * before[..., None, :]))


def clamp(error: Tensor) -> Tensor:
    """Shorten error vectors longer than MAX_ERROR (the gradient's norm is the error's, keys being unit vectors)."""
    scale: Tensor = MAX_ERROR / torch.linalg.vector_norm(error, dim=-1, keepdim=True).clamp_min(MAX_ERROR)
    return error * scale


@dataclass(frozen=True)
class Solved:
    """A chunk's outcome in factored form: M_T = decay M_0 + drag S_0 + sum_i coef_i u_i k_i^T, per bank.

    key (..., H, T, dk), update u (..., H, T, dv), coef (..., H, T); S_T = slow S_0 + sum_i tail_i u_i k_i^T.
    """

    start: State | None
    key: Tensor
    update: Tensor
    coef: Tensor
    tail: Tensor
    decay: Tensor
    drag: Tensor
    slow: Tensor
    clamped: bool

    def read(self, key: Tensor) -> Tensor:
        """M_T k: key (..., H, dk) -> (..., H, dv), without forming M_T."""
        near = torch.einsum("...htk,...hk->...ht", self.key, key) * self.coef
        out = torch.einsum("...ht,...htv->...hv", near, self.update)
        if self.start is not None:
            out = out + self.decay[..., None] * read(self.start, key)
            out = out + self.drag[..., None] * read(State(self.start.momentum, self.start.momentum), key)
        return out

    def state(self) -> State:
        """The state after the chunk, as matrices."""
        memory = torch.einsum("...ht,...htv,...htk->...hvk", self.coef, self.update, self.key)
        momentum = torch.einsum("...ht,...htv,...htk->...hvk", self.tail, self.update, self.key)
        if self.start is not None:
            decay, drag, slow = (x[..., None, None] for x in (self.decay, self.drag, self.slow))
            memory = memory + decay * self.start.memory + drag * self.start.momentum
            momentum = momentum + slow * self.start.momentum
        return State(memory, momentum)


def solve(start: State | None, w: Writes, tracked: int = 0) -> Solved:
    """All T writes at once. start None is the empty memory. Differentiable; exact unless an error was clamped."""
    by_bank = _by_bank(w)
    c = _coefficients(by_bank.on, by_bank.eta, by_bank.alpha)
    seen = _tracked_reads(start, w.context.unsqueeze(-3), by_bank, c, tracked)
    value = by_bank.base + by_bank.rho[..., None] * seen
    rate = by_bank.theta * by_bank.on
    update = _triangular(by_bank.key, by_bank.key, value, rate, c.before, _carry(start, c, by_bank.key, slice(None)))
    clamped = bool((update.detach().norm(dim=-1) > MAX_ERROR * rate + 1e-4).any())
    return Solved(start, by_bank.key, update, c.coef, c.tail, c.decay, c.drag, c.slow, clamped)


@dataclass(frozen=True)
class _ByBank:
    """Writes with their banks before their steps: key (..., H, T, dk), base (..., H, T, dv), the rest (..., H, T)."""

    key: Tensor
    base: Tensor
    rho: Tensor
    on: Tensor
    theta: Tensor
    eta: Tensor
    alpha: Tensor

    def only(self, bank: slice) -> _ByBank:
        cut = {k: getattr(self, k)[..., bank, :, :] for k in ("key", "base")}
        return _ByBank(**cut, **{k: getattr(self, k)[..., bank, :] for k in ("rho", "on", "theta", "eta", "alpha")})


def _by_bank(w: Writes) -> _ByBank:
    scalars = (x.transpose(-1, -2) for x in (w.rho, w.write, w.theta, w.eta, w.alpha))
    return _ByBank(w.key.movedim(-3, -2), w.base.movedim(-3, -2), *scalars)


def _tracked_reads(start: State | None, context: Tensor, w: _ByBank, c: _Coefficients, tracked: int) -> Tensor:
    """What the tracked bank holds at each step's context key (..., 1, T, dk), before the step: (..., 1, T, dv).

    That bank reads itself: with its value written out, its error is M (k - rho c) - base.
    """
    bank = slice(tracked, tracked + 1)
    mine, before = w.only(bank), c.before[..., bank, :, :]
    blend = mine.key - mine.rho[..., None] * context
    update = _triangular(mine.key, blend, mine.base, mine.theta * mine.on, before, _carry(start, c, blend, bank))
    seen = _strict(context, mine.key, before) @ update
    carried = _carry(start, c, context, bank)
    return seen if carried is None else seen + carried


@dataclass(frozen=True)
class _Coefficients:
    """before[t, i]: weight of update i in M_{t-1}; coef, tail: in M_T, S_T; decays of M_0 and S_0 (all per bank)."""

    before: Tensor
    coef: Tensor
    tail: Tensor
    decay_before: Tensor
    drag_before: Tensor
    decay: Tensor
    drag: Tensor
    slow: Tensor


def _coefficients(on: Tensor, eta: Tensor, alpha: Tensor) -> _Coefficients:
    """Scalar recurrences of the rule, all updates at once. on, eta, alpha: (..., H, T)."""
    steps = on.shape[-1]
    hard = (on > 0.5).to(on.dtype).detach()
    zero = torch.zeros_like(on)
    m, s = zero, zero
    decay, drag, slow = torch.ones_like(on[..., 0]), torch.zeros_like(on[..., 0]), torch.ones_like(on[..., 0])
    rows, decays, drags = [], [], []
    unit = torch.eye(steps, dtype=on.dtype)
    for t in range(steps):
        rows.append(m)
        decays.append(decay)
        drags.append(drag)
        g, e, keep = hard[..., t], eta[..., t], 1 - hard[..., t] * alpha[..., t]
        pace = g * e + (1 - g)
        s = pace[..., None] * s + g[..., None] * unit[t]
        slow = pace * slow
        m = keep[..., None] * m + g[..., None] * s
        decay, drag = keep * decay, keep * drag + g * slow
    return _Coefficients(
        torch.stack(rows, -2), m, s, torch.stack(decays, -1), torch.stack(drags, -1), decay, drag, slow
    )


def _strict(query: Tensor, key: Tensor, before: Tensor) -> Tensor:
    """(..., H, T, T): how much update i is seen by query t, strictly before it."""
    return (query @ key.transpose(-1, -2)) * before


def _carry(start: State | None, c: _Coefficients, query: Tensor, banks: slice) -> Tensor | None:
    """What M_0 and S_0 still give at each step's query: (..., H, T, dv)."""
    if start is None:
        return None
    memory, momentum = start.memory[..., banks, :, :], start.momentum[..., banks, :, :]
    old = torch.einsum("...hvk,...htk->...htv", memory, query) * c.decay_before[..., banks, :, None]
    return old + torch.einsum("...hvk,...htk->...htv", momentum, query) * c.drag_before[..., banks, :, None]


def _triangular(
    key: Tensor, query: Tensor, value: Tensor, theta: Tensor, before: Tensor, carry: Tensor | None
) -> Tensor:
    """u_t = theta_t (value_t - M_{t-1} query_t), solved for all t."""
    system = theta[..., None] * _strict(query, key, before)
    right = value if carry is None else value - carry
    update: Tensor = torch.linalg.solve_triangular(
        system + torch.eye(system.shape[-1], dtype=system.dtype),
        theta[..., None] * right,
        upper=False,
        unitriangular=True,
    )
    return update
