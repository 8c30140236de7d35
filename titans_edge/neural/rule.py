"""The memory's rule of change: Titans' gated delta rule with momentum on matrix memories, one a bank.

For each bank, at each write t (arXiv 2501.00663, eq. 8-15, with l = |M k - v|^2 / 2):

    error_t = M_{t-1} k_t - v_t                        surprise: the gradient of l is error_t k_t^T
    S_t     = eta_t S_{t-1} - theta_t error_t k_t^T    momentum
    M_t     = (1 - alpha_t) M_{t-1} + S_t              forgetting

A value is v_t = base_t + rho_t M^0_{t-1} c_t: what is stored may contain what the first bank holds at the
context key c_t before this write (read before write). A bank whose `write` is 0 at t keeps M and S as they are.

`step` is the specification. `solve` does a whole chunk by one triangular solve a bank and is tested against it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Recall = Callable[[Tensor], Tensor]  # keys (..., H, dk) -> values (..., H, dv)
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

    def banks(self, on: Tensor) -> Writes:
        """One write (no T dimension, no batch) into the banks `on` alone."""
        return Writes(
            self.key[on],
            self.base[on],
            self.context,
            self.rho[on],
            self.write[on],
            self.theta[on],
            self.eta[on],
            self.alpha[on],
        )

    def __len__(self) -> int:
        return int(self.key.shape[-3])


def read(state: State, key: Tensor) -> Tensor:
    """M k for every bank: key (..., H, dk) -> (..., H, dv)."""
    return torch.einsum("...hvk,...hk->...hv", state.memory, key)


def context_read(state: State, w: Writes) -> Tensor:
    """What the first bank holds at one write's context key: (..., dv)."""
    return torch.einsum("...vk,...k->...v", state.memory[..., 0, :, :], w.context)


def step(state: State, w: Writes, before: Tensor | None = None, along: Tensor | None = None) -> tuple[State, Tensor]:
    """One write (no T dimension). Returns the state after it and each bank's surprise |error| (..., H).

    `before` is the context read; it has to be given when `state` holds only some of the banks. `along` (..., H, dk)
    with
    along . key = 1 takes the place of the key in the gradient: what is read under keys it is orthogonal to does not
    change
    (orthogonal weights modification; Zeng et al. 2019, eq. 1).
    """
    error = error_of(state, w, context_read(state, w) if before is None else before)
    gradient = error[..., :, None] * (w.key if along is None else along)[..., None, :]
    on, theta, eta, alpha = (x[..., None, None] for x in (w.write, w.theta, w.eta, w.alpha))
    momentum = on * (eta * state.momentum - theta * gradient) + (1 - on) * state.momentum
    memory = (1 - on * alpha) * state.memory + on * momentum
    return State(memory, momentum), error.norm(dim=-1) * w.write


def error_of(state: State, w: Writes, before: Tensor) -> Tensor:
    """M k - v of one write (..., H, dv), clamped; `before` (..., dv) is the context read."""
    return clamp(read(state, w.key) - (w.base + w.rho[..., None] * before[..., None, :]))


def clamp(error: Tensor) -> Tensor:
    """Shorten error vectors longer than MAX_ERROR (the gradient's norm is the error's, keys being unit vectors)."""
    scale: Tensor = MAX_ERROR / error.norm(dim=-1, keepdim=True).clamp_min(MAX_ERROR)
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


def solve(start: State | None, w: Writes) -> Solved:
    """All T writes at once. start None is the empty memory. Differentiable; exact unless an error was clamped."""
    key, base, rho, on, theta, eta, alpha = (
        x.movedim(-3, -2) if x.dim() == w.key.dim() else x.transpose(-1, -2)
        for x in (w.key, w.base, w.rho, w.write, w.theta, w.eta, w.alpha)
    )
    c = _coefficients(on, eta, alpha)
    context = w.context.unsqueeze(-3)  # (..., 1, T, dk)
    first = slice(0, 1)

    def part(x: Tensor) -> Tensor:
        return x[..., first, :] if x.dim() == on.dim() else x[..., first, :, :]

    # bank 0 reads itself: its error key is k_t - rho_t c_t
    blend = part(key) - part(rho)[..., None] * context
    u0 = _triangular(
        part(key), blend, part(base), part(theta * on), c.before[..., first, :, :], _carry(start, c, blend, first)
    )
    seen = _strict(context, part(key), c.before[..., first, :, :]) @ u0
    if (carried := _carry(start, c, context, first)) is not None:
        seen = seen + carried
    value = base + rho[..., None] * seen
    update = _triangular(key, key, value, theta * on, c.before, _carry(start, c, key, slice(None)))
    limit = MAX_ERROR * (theta * on) + 1e-4
    clamped = bool((update.detach().norm(dim=-1) > limit).any())
    return Solved(start, key, update, c.coef, c.tail, c.decay, c.drag, c.slow, clamped)


def write_chunk(start: State, w: Writes) -> State:
    """The state after a chunk of writes: by `solve`, or step by step where an error had to be clamped."""
    solved = solve(start, w)
    if not solved.clamped:
        return solved.state()
    state = start
    for t in range(len(w)):
        state, _ = step(state, w.at(t))
    return state


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
