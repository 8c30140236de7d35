"""Keys and values taken out of a speaker's context, and set into its sequence without a forward pass.

Beside the conversation (sequence 0) the context has room for spare sequences: what is to be kept is read in them, after
a beginning they share with the conversation, and what was kept goes through one of them. Drafts, which may become the
conversation's next part, stay in them for as long as the conversation ends where they begin. The conversation's own
keys and values are never touched. Knows nothing of what is kept, or for how long.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import llama_cpp
import numpy as np
import numpy.typing as npt

from titans_edge.backbone.state import HALF, Form, Kept, Rope, State
from titans_edge.errors import ModelError, UsageError

if TYPE_CHECKING:
    from titans_edge.backbone.batch import FloatArray
    from titans_edge.backbone.speaker import Speaker

SPARE = 9  # sequences beside the conversation's
THROUGH = 1  # the one that what is set in goes through
CLOSE = 0.01  # relative difference of a key turned here from one that llama.cpp turned: 16-bit floats
_NEXT = "The sentences are read as text; nothing is lost."
DRAFTS = SPARE - THROUGH  # at most, at a time
Piece = tuple[Sequence[int], Sequence[int]]  # tokens that stand before it and are not kept, its own tokens


class Splice:
    """Of one speaker, for as long as its context lives."""

    def __init__(self, speaker: Speaker) -> None:
        self._rope: tuple[Rope | None] | None = None  # not known yet
        self._speaker = speaker
        self._drafts = dict[tuple[int, ...], int]()  # tokens read at the end of the conversation, and in which sequence

    @cached_property
    def form(self) -> Form:
        """Of this context's states. Needs a position in the conversation."""
        return State(self.taken(0, 1)).form

    @cached_property
    def origin(self) -> bytes:
        """By what a state is made: model, build of llama.cpp, types of keys and values."""
        built = Path(llama_cpp.llama_cpp._lib._name).stat()
        known = [self._speaker.backbone.identity, llama_cpp.__version__, built.st_size, built.st_mtime_ns]
        known += [llama_cpp.llama_print_system_info().decode("utf-8", "replace"), *self._speaker.types]
        return hashlib.blake2b(json.dumps(known).encode(), digest_size=16).digest()

    @property
    def rope(self) -> Rope | None:
        """How keys are moved here: as two keys of one token that stand in the conversation say. None: llama.cpp does
        it, or there are no two yet.
        """
        if self._rope is None and (places := self._alike()) is not None:
            self._rope = (self._turning(*places),)
        return self._rope[0] if self._rope is not None else None

    def _alike(self) -> tuple[int, int] | None:
        """Two positions of one token, as far apart as there are."""
        places = dict[int, list[int]]()
        for at, token in enumerate(self._speaker.ids[: self._speaker.gap]):
            places.setdefault(token, []).append(at)
        first, second = max(((at[0], at[-1]) for at in places.values()), key=lambda p: p[1] - p[0], default=(0, 0))
        return (first, second) if first != second else None

    def _turning(self, first: int, second: int) -> Rope | None:
        """The model's rope, if that makes the second position's keys of the first's."""
        rope = self._speaker.backbone.rope
        one, other = (State(self.taken(at, at + 1)) for at in (first, second))
        if rope is None or any(kind != HALF or size % (2 * rope.head) for kind, size in one.form.keys):
            return None
        want = other.keys(0).astype(np.float32)  # of the first layer: they depend on the token and its position alone
        got = rope.turn(one.keys(0), second - first).astype(np.float32)
        return rope if np.linalg.norm(got - want) <= CLOSE * np.linalg.norm(want) else None

    def taken(self, start: int, end: int) -> bytes:
        """The conversation's state at positions [start, end)."""
        with self._borrowed([THROUGH]) as (spare,):
            self._copy(0, spare, start, end)
            return self._taken(spare)

    def read(self, begin: int, pieces: Sequence[Piece]) -> list[Kept]:
        """Read pieces, each by itself after the conversation's first `begin` tokens. The conversation stays as it is.

        Raises ContextOverflow where there is no room for all of them at once.
        """
        speaker, origin, out = self._speaker, self.origin, list[Kept]()
        free = self._free()
        for at in range(0, len(pieces), len(free)):
            group = pieces[at : at + len(free)]
            speaker.need(sum(len(before) + len(ids) for before, ids in group) + self._drafted)
            with self._borrowed(free[: len(group)]) as spares:
                speaker.share_apart(spares, begin)
                speaker.decode_apart(
                    [(s, begin, (*before, *ids)) for s, (before, ids) in zip(spares, group, strict=True)]
                )
                for spare, (before, ids) in zip(spares, group, strict=True):
                    head = (*speaker.ids[:begin], *before)
                    self._cut(spare, 0, len(head))
                    out.append(Kept.of(origin, head, ids, self._taken(spare)))
        return out

    def put(self, kept: Kept) -> None:
        """Set what was kept in at the end of the conversation. Raises ModelError for what does not fit, and sets in
        nothing.
        """
        self._speaker.need(len(kept))
        raw, by = self._moved(kept)
        self._set(raw, len(kept), by)

    def put_trained(self, states: npt.NDArray[np.float16]) -> None:
        """Set keys and values (layers, 2, n, numbers), the keys turned as at positions 0 to n - 1, in at the end of the
        conversation. Raises ModelError where this context does not take them, and sets in nothing.
        """
        state, rope = self._trained(states)
        self._set(state.moved(rope, self._speaker.length), states.shape[2])

    def behind(
        self,
        pieces: Sequence[Sequence[int]],
        states: npt.NDArray[np.float16],
        tail: Sequence[int],
        kept: Sequence[Kept] = (),
    ) -> FloatArray:
        """Logits (pieces, vocab) behind each piece of tokens, read by itself at the end of the conversation, and behind
        it such keys and values and a short tail. kept: of each piece's first tokens, which are not read then. The
        conversation stays as it is, and may `go_on` with one of the pieces. Raises as `put_trained` does, UsageError
        for too many pieces, ContextOverflow where there is no room for all.
        """
        speaker, start, n = self._speaker, self._speaker.length, states.shape[2]
        state, rope = self._trained(states)
        known = [len(k) for k in kept] or [0] * len(pieces)
        begun = [self._moved(k) for k in kept]
        if len(pieces) > DRAFTS - len(self._drafts):
            self.drop()
        if len(pieces) > DRAFTS:
            raise UsageError(f"{len(pieces)} pieces at once are too many.", f"{DRAFTS} is the most.")
        speaker.need(n + sum(len(ids) + n + len(tail) for ids in pieces) + self._drafted)
        spares = [s for s in self._free() if s != THROUGH][: len(pieces)]
        ends = [start + len(ids) for ids in pieces]
        try:
            speaker.share_apart(spares, start)
            for spare, (raw, by), length in zip(spares, begun, known, strict=False):
                self._put(raw, spare, start, length, by)
            speaker.decode_apart([(s, start + k, ids[k:]) for s, k, ids in zip(spares, known, pieces, strict=True)])
            for spare, end in zip(spares, ends, strict=True):
                self._put(state.moved(rope, end), spare, end, n)
            logits = speaker.logits_apart([(s, end + n, tail) for s, end in zip(spares, ends, strict=True)])
        except BaseException:
            self.drop(spares)
            raise
        for spare, end, ids in zip(spares, ends, pieces, strict=True):
            self._cut(spare, end if self._drafts.setdefault(tuple(ids), spare) == spare else -1, -1)  # one is enough
        return logits

    def go_on(self, ids: Sequence[int]) -> bool:
        """The conversation goes on with tokens that `behind` has read; False: it has not, or something came since."""
        spare, start = self._drafts.get(tuple(ids)), self._speaker.length
        if spare is None:
            return False
        self._copy(spare, 0, start, start + len(ids))
        self._speaker.length += len(ids)
        self.drop()
        return True

    def drop(self, sequences: Iterable[int] | None = None) -> None:
        """Empty these spare sequences; None: those of all drafts, which end when the conversation changes."""
        if sequences is None:
            sequences, self._drafts = self._drafts.values(), {}
        for spare in sequences:
            self._cut(spare, -1, -1)

    def _trained(self, states: npt.NDArray[np.float16]) -> tuple[State, Rope]:
        """Such keys and values as a state of the first positions, and how its keys are turned to others."""
        n, rope = states.shape[2], self.rope
        if rope is None or self._speaker.length < n:
            raise ModelError("Trained keys cannot be moved to their positions here.", _NEXT)
        state = State(self.taken(0, n))
        cells = list(state.positions)  # of the first n positions, in the order of the context's cells
        return state.filled(states[:, 0, cells], states[:, 1, cells]), rope

    def _set(self, raw: bytes, n: int, by: int = 0) -> None:
        """A state of n positions at the end of the conversation, after llama.cpp has moved it by so many."""
        self.drop()
        self._put(raw, 0, self._speaker.length, n, by)
        self._speaker.length += n

    def _put(self, raw: bytes, sequence: int, at: int, n: int, by: int = 0) -> None:
        """A state of n positions, moved by so many, at a position of a sequence."""
        with self._borrowed([THROUGH]) as (spare,):
            buffer = (ctypes.c_uint8 * len(raw)).from_buffer_copy(raw)
            if llama_cpp.llama_state_seq_set_data(self._ctx, buffer, len(raw), spare) != len(raw):
                raise ModelError("llama.cpp did not take the kept keys and values.", _NEXT)
            if by:
                llama_cpp.llama_memory_seq_add(self._memory, spare, -1, -1, by)
            self._copy(spare, sequence, at, at + n)

    def _moved(self, kept: Kept) -> tuple[bytes, int]:
        """What was kept, as a state at the end of the conversation; by how much llama.cpp has to move it."""
        by = self._speaker.length - kept.start
        state = self._checked(kept, by)
        return state.raw if by == 0 or self.rope is None else state.moved(self.rope, by), 0 if self.rope else by

    def _checked(self, kept: Kept, by: int) -> State:
        """What llama.cpp itself would not notice, or would end the process over, is noticed here."""
        if not kept.sound():
            raise ModelError("The kept keys and values are damaged.", _NEXT)
        if kept.origin != self.origin:
            raise ModelError("The kept keys and values are another model's, or of another build of llama.cpp.", _NEXT)
        state = State(kept.state)
        if self._speaker.length and state.form != self.form:
            raise ModelError("The kept keys and values are of another form than this context's.", _NEXT)
        if sorted(state.positions) != list(range(kept.start, kept.start + len(kept))):
            raise ModelError("The kept keys and values stand at other positions than they say.", _NEXT)
        if by and self.rope is None and not llama_cpp.llama_memory_can_shift(self._memory):
            raise ModelError("This model's keys cannot be moved to other positions.", _NEXT)
        return state

    @property
    def _ctx(self) -> int:
        return self._speaker.context

    @property
    def _memory(self) -> int:
        return int(llama_cpp.llama_get_memory(self._ctx))

    @property
    def _drafted(self) -> int:
        """Positions that drafts take."""
        return sum(map(len, self._drafts))

    def _free(self) -> list[int]:
        """Spare sequences without a draft."""
        return [s for s in range(THROUGH, THROUGH + SPARE) if s not in self._drafts.values()]

    @contextmanager
    def _borrowed(self, spares: Sequence[int]) -> Iterator[Sequence[int]]:
        """Spare sequences, empty before and after."""
        try:
            yield spares
        finally:
            for spare in spares:
                self._cut(spare, -1, -1)

    def _copy(self, source: int, target: int, start: int, end: int) -> None:
        llama_cpp.llama_memory_seq_cp(self._memory, source, target, start, end)

    def _cut(self, sequence: int, start: int, end: int) -> None:
        llama_cpp.llama_memory_seq_rm(self._memory, sequence, start, end)

    def _taken(self, sequence: int) -> bytes:
        size = llama_cpp.llama_state_seq_get_size(self._ctx, sequence)
        buffer = (ctypes.c_uint8 * size)()
        written = llama_cpp.llama_state_seq_get_data(self._ctx, buffer, size, sequence)
        return bytes(buffer)[:written]
