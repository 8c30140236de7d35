"""The backbone as it speaks: token ids or injections in, logits, hidden states and a stream of tokens out.

One sequence (id 0), and spare ones for keys and values that are kept (`splice`). The speaker knows which tokens stand
in it, so that a conversation that begins as the last one did is not decoded again. Positions are contiguous; a range
that is cut out is closed by shifting what came after it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from types import TracebackType

import llama_cpp
import numpy as np

from titans_edge.backbone.batch import Batch, FloatArray
from titans_edge.backbone.injection import Handle, Injection, Lines, Prefix, Prompt, Rows
from titans_edge.backbone.kept import KeptLines
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.sampling import SamplerChain, Sampling
from titans_edge.backbone.splice import DRAFTS, SPARE, Splice
from titans_edge.errors import ContextOverflow, ModelError, UsageError

BATCH_TOKENS = 512
DIGITS = 20  # of a number may come again unpenalised: the longest numbers people tell have so many
ENDLESS = 120  # digits of a number behind which a small model will not stop by itself
ASIDE = SPARE + 1  # the sequence in which what was set aside stays
SURPRISE_BATCH = 128  # tokens whose vocabulary-wide logits are taken at once


@dataclass(frozen=True)
class Seen:
    """What came back for T entries: logits (T, vocab), hidden (T, n_embd) after the final norm."""

    logits: FloatArray
    hidden: FloatArray


class Speaker:
    """A context of `n_ctx` positions on a backbone; closed by `with`, or with its backbone.

    kept: where keys and values of lines are kept; None: lines are read as text. cache: ggml's type of keys and values
    (None: llama.cpp's own choice, F16); flash: flash attention (None: where it works).
    """

    def __init__(
        self,
        backbone: Backbone,
        n_ctx: int = 8192,
        *,
        kept: KeptLines | None = None,
        cache: int | None = None,
        flash: bool | None = None,
    ) -> None:
        if n_ctx < 1:
            raise UsageError(f"A context of {n_ctx} positions holds nothing.", "Give it some thousand.")
        self.backbone, self.kept, self.types = backbone, kept, (cache, flash)
        self.n_ctx = min(n_ctx, backbone.n_ctx_train)
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = self.n_ctx
        params.n_batch = params.n_ubatch = BATCH_TOKENS
        params.n_seq_max, params.kv_unified = ASIDE + 1, True
        if cache is not None:
            params.type_k = params.type_v = cache
        if flash is not None:
            params.flash_attn_type = int(flash)
        self._owned = backbone.context(params)
        self._tokens, self._rows = Batch(BATCH_TOKENS), Batch(BATCH_TOKENS, backbone.n_embd)
        self._owned.own(self._tokens)
        self._owned.own(self._rows)
        self.length = 0  # positions in use
        self.ids: list[int] = []  # tokens of the sequence, injections left out
        self.gap: int | None = None  # where the first injection stands: later tokens do not stand where `ids` has them
        self._aside: tuple[int, list[int]] | None = None  # what stands aside behind so many tokens, and all of its ids
        self.nats = 0.0  # how unlikely the last token of a reply was, where that is weighed
        self.stopped = ""  # why the last reply ended: "stop", "length" or "context"

    @property
    def context(self) -> int:
        """llama.cpp's pointer; for `splice`."""
        return self._owned.handle

    @cached_property
    def splice(self) -> Splice:
        """Takes keys and values out of this context, and sets them in."""
        return Splice(self)

    @property
    def _memory(self) -> int:
        return int(llama_cpp.llama_get_memory(self.context))

    @property
    def closed(self) -> bool:
        return self._owned.closed

    def close(self) -> None:
        """Free the context. May run twice."""
        self._owned.close()

    def __enter__(self) -> Speaker:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def room(self) -> int:
        """Positions left."""
        return self.n_ctx - self.length - (len(self._aside[1]) - self._aside[0] if self._aside else 0)

    def set_aside(self, begin: int) -> None:
        """What stands behind the first `begin` tokens stays as it is, out of sight, until `back`. Where its room is
        needed it is dropped. No injection may stand in the sequence.
        """
        self.back()
        if begin < self.length:
            ids = list(self.ids)
            llama_cpp.llama_memory_seq_cp(self._memory, 0, ASIDE, begin, -1)
            self.cut(begin, self.length)
            self._aside = begin, ids

    @property
    def apart(self) -> bool:
        """Whether something is set aside."""
        return self._aside is not None

    def back(self) -> None:
        """What was set aside stands again where it stood, in the place of what came since."""
        if self._aside is None:
            return
        (begin, ids), self._aside = self._aside, None
        self.cut(begin, self.length)
        llama_cpp.llama_memory_seq_cp(self._memory, ASIDE, 0, begin, -1)
        llama_cpp.llama_memory_seq_rm(self._memory, ASIDE, -1, -1)
        self.length, self.ids = len(ids), ids

    def share(self, ids: Sequence[int]) -> int:
        """Keep what the sequence has in common with `ids` from its start, drop the rest. Returns how many tokens that
        is: fewer than there are, so that feeding the others gives the last one's logits.
        """
        if self.length != len(self.ids):
            self.clear()  # an injection was left in: start anew
        same = (a == b for a, b in zip(self.ids, ids, strict=False))
        common = max(0, min(sum(1 for _ in takewhile(bool, same)), len(ids) - 1))
        if common < self.length:
            self.cut(common, self.length)
        return common

    def feed(self, ids: Sequence[int]) -> None:
        """Decode token ids at the end of the sequence; the last one's logits can then be sampled from."""
        self.need(len(ids))
        for at in range(0, len(ids), BATCH_TOKENS):
            self._decode(ids[at : at + BATCH_TOKENS], "last")

    def feed_rows(self, rows: FloatArray) -> None:
        """Decode embedding rows (n, n_embd) at the end of the sequence. No rows: nothing happens."""
        if rows.ndim != 2 or (len(rows) and rows.shape[1] != self.backbone.n_embd):
            raise ModelError(
                f"Rows of shape {rows.shape} do not fit n_embd {self.backbone.n_embd}.", "Use this backbone's graft."
            )
        if not np.isfinite(rows).all():
            raise ModelError(
                "The memory gave rows that are not finite.", "Run `titans-edge chat --no-memory`, or /reset."
            )
        self.need(len(rows))
        self.splice.drop()
        for at in range(0, len(rows), BATCH_TOKENS):
            part = rows[at : at + BATCH_TOKENS]
            self._rows.clear()
            self._rows.add_rows(part, self.length, 0, "last")
            self._rows.decode(self.context)
            self.length += len(part)

    def inject(self, injection: Injection, begin: int = 0) -> Handle:
        """Feed an injection at the end of the sequence. `retract` takes it out again, whatever came after it.

        begin: how many of the sequence's first tokens kept lines are read after, where they are read anew.
        """
        self.need(len(injection))
        start, known = self.length, len(self.ids)
        self.gap = start if self.gap is None and len(injection) else self.gap
        for part in injection.parts:
            if isinstance(part, Rows):
                self.feed_rows(part.rows)
            elif isinstance(part, Lines) and self.kept is not None:
                self.kept.place(self, part, begin)
            else:
                self.feed(part.ids)
            del self.ids[known:]
        return Handle(start, self.length)

    def untold(
        self,
        prompt: Prompt,
        given: Sequence[Sequence[int]],
        asked: Sequence[int],
        tail: Sequence[int],
        begin: int = 0,
    ) -> list[float]:
        """How likely (0..1) it is that each of the texts given, read by itself at the end of the sequence with `asked`
        and `tail` behind it, does not answer: see `Prompt`. The sequence stays as it is, and can `go_on` with one of
        the last eight. Empty: this context does not take the prompt, or has no room. begin: as `inject` has it.
        """
        out: list[float] = []
        try:
            known = self.kept.texts(self, given, begin) if self.kept is not None else []
            for at in range(0, len(given), DRAFTS):
                pieces, part = [[*ids, *asked] for ids in given[at : at + DRAFTS]], known[at : at + DRAFTS]
                for row in self.splice.behind(pieces, prompt.states, tail, part).astype(np.float64):
                    out.append(float(1 / np.exp(row - row[prompt.untold]).sum()))
        except (ModelError, ContextOverflow):
            return []
        return out

    def set_in(self, prefix: Prefix) -> Handle:
        """A soft prompt at the end of the sequence, which `retract` takes out, as it does with an injection that stands
        before it. Not where this context does not take it, or has no room: then the handle is empty. A token must
        follow before the next can be sampled.
        """
        start = self.length
        with suppress(ModelError, ContextOverflow):
            self.need(len(prefix))
            self.splice.put_trained(prefix.states)
            self.gap = start if self.gap is None else self.gap
        return Handle(start, self.length)

    def go_on(self, injection: Injection, asked: Sequence[int]) -> Handle | None:
        """An injection and the tokens after it as `untold` has read them, instead of `inject` and `feed`; None where it
        has not, or something came since. A token must follow before the next can be sampled.
        """
        start = self.length
        if len(injection.ids) != len(injection) or not self.splice.go_on([*injection.ids, *asked]):
            return None
        self.gap = start if self.gap is None and len(injection) else self.gap
        self.ids += asked
        return Handle(start, start + len(injection))

    def retract(self, handle: Handle, *, keep: bool = True) -> None:
        """Take an injection out. keep: what came after it stays as it was computed, and moves up; else it goes too."""
        if handle.end > handle.start and not keep:
            self.cut(handle.start, self.length)
        elif handle.end > handle.start:
            kept = list(self.ids)
            self.cut(handle.start, handle.end)
            self.ids = kept

    def see(self, ids: Sequence[int]) -> Seen:
        """`feed`, with logits and last-layer hidden states of every token."""
        self.need(len(ids))
        llama_cpp.llama_set_embeddings(self.context, True)
        try:
            logits, hidden = [], []
            for at in range(0, len(ids), BATCH_TOKENS):
                part = ids[at : at + BATCH_TOKENS]
                self._decode(part, "all")
                logits.append(self._copy(llama_cpp.llama_get_logits(self.context), len(part), self.backbone.vocab.size))
                hidden.append(self._copy(llama_cpp.llama_get_embeddings(self.context), len(part), self.backbone.n_embd))
        finally:
            llama_cpp.llama_set_embeddings(self.context, False)
        return Seen(np.concatenate(logits), np.concatenate(hidden))

    def surprise(self, ids: Sequence[int], before: Sequence[int] = ()) -> FloatArray:
        """`feed` of `before` and `ids`, with the negative log-likelihood (T,) of each of `ids` in nats; NaN for a
        sequence's first.
        """
        fed, first = [*before, *ids], len(before)
        out = np.full(len(ids), np.nan, np.float32)
        if ids and not first and self.length:
            out[:1] = _nll(self.last_logits()[None], ids[:1])
        self.need(len(fed))
        for at in range(0, len(fed), SURPRISE_BATCH):
            part = fed[at : at + SURPRISE_BATCH]
            wanted = [i for i in range(len(part)) if first <= at + i + 1 < len(fed)]  # whose next token is one of ids
            end = [len(part) - 1] * (len(part) - 1 not in wanted)
            self._decode(part, [i in (*wanted, *end) for i in range(len(part))])
            logits = self._copy(
                llama_cpp.llama_get_logits(self.context), len(wanted) + len(end), self.backbone.vocab.size
            )
            if wanted:
                known = [at + i + 1 for i in wanted]
                out[known[0] - first : known[-1] + 1 - first] = _nll(logits[: len(wanted)], [fed[i] for i in known])
        return out

    def last_logits(self) -> FloatArray:
        """Logits (vocab,) of the last decoded entry."""
        row: FloatArray = self._copy(llama_cpp.llama_get_logits_ith(self.context, -1), 1, self.backbone.vocab.size)[0]
        return row

    def generate(self, sampling: Sampling, *, weigh: bool = False) -> Iterator[int]:
        """Sample, yield, feed, until an end token (not yielded, not fed), max_tokens, a number without end, or a full
        context: see `stopped`. Digits may come again without penalty: 5550 is no repetition. weigh: `nats` is kept.
        """
        chain, vocab, digits = SamplerChain(sampling, self.backbone.vocab), self.backbone.vocab, 0
        self.stopped = "length"
        try:
            for _ in range(sampling.max_tokens):
                logits = self.last_logits() if weigh else None
                token = chain.sample(self.context)
                self.nats = 0.0 if logits is None else float(_nll(logits[None], [token])[0])
                digits = digits + 1 if vocab.piece(token).strip().isdigit() else 0
                if digits > ENDLESS:
                    return
                if 0 < digits <= DIGITS:
                    chain.overlook()
                if vocab.is_end(token):
                    self.stopped = "stop"
                    return
                if not self._has_room(1):
                    self.stopped = "context"
                    return
                self.feed([token])
                yield token
        finally:
            chain.close()

    def cut(self, start: int, end: int) -> None:
        """Remove positions [start, end) and close the gap. The tokens there are forgotten too."""
        self.splice.drop()
        if not llama_cpp.llama_memory_seq_rm(self._memory, 0, start, end):
            raise ModelError("llama.cpp could not cut the sequence.", "Start again with /new.")
        if end < self.length:
            llama_cpp.llama_memory_seq_add(self._memory, 0, end, -1, start - end)
        self.length -= end - start
        self.gap = None if self.gap is not None and start <= self.gap else self.gap
        del self.ids[start:end]

    def clear(self) -> None:
        self.splice.drop()
        llama_cpp.llama_memory_clear(self._memory, True)
        self.length, self.gap, self.ids, self._aside = 0, None, [], None

    def snapshot(self) -> bytes:
        """The sequence's state, to be restored into a speaker of the same backbone and build."""
        size = llama_cpp.llama_state_seq_get_size(self.context, 0)
        buf = (ctypes.c_uint8 * size)()
        n = llama_cpp.llama_state_seq_get_data(self.context, buf, size, 0)
        return self.length.to_bytes(8, "little") + bytes(buf[:n])

    def restore(self, state: bytes) -> None:
        """Put a snapshot back. The last logits are not part of it: feed a token before sampling."""
        self.clear()
        raw = state[8:]
        buf = (ctypes.c_uint8 * len(raw)).from_buffer_copy(raw)
        if llama_cpp.llama_state_seq_set_data(self.context, buf, len(raw), 0) == 0:
            raise ModelError("The snapshot does not fit this backbone.", "Start again with /new.")
        self.length = int.from_bytes(state[:8], "little")
        self.ids = [-1] * self.length  # which tokens they were is not part of a snapshot

    def share_apart(self, sequences: Sequence[int], begin: int) -> None:
        """Spare sequences begin with this one's first `begin` tokens."""
        for sequence in sequences:
            llama_cpp.llama_memory_seq_cp(self._memory, 0, sequence, 0, begin)

    def decode_apart(self, pieces: Sequence[tuple[int, int, Sequence[int]]]) -> None:
        """Read (sequence, position, token ids) in spare sequences, many in a batch."""
        self._tokens.clear()
        for sequence, position, ids in pieces:
            for at in range(0, len(ids), BATCH_TOKENS):
                part = ids[at : at + BATCH_TOKENS]
                if self._tokens.n + len(part) > BATCH_TOKENS:
                    self._tokens.decode(self.context)
                    self._tokens.clear()
                self._tokens.add_tokens(part, position + at, sequence, "none")
        self._tokens.decode(self.context)

    def logits_apart(self, pieces: Sequence[tuple[int, int, Sequence[int]]]) -> FloatArray:
        """The same for short pieces, in one batch, with the logits (pieces, vocab) behind each."""
        self._tokens.clear()
        for sequence, position, ids in pieces:
            self._tokens.add_tokens(ids, position, sequence, "last")
        self._tokens.decode(self.context)
        return self._copy(llama_cpp.llama_get_logits(self.context), len(pieces), self.backbone.vocab.size)

    def _decode(self, ids: Sequence[int], logits: str | Sequence[bool]) -> None:
        """One batch of token ids at the end of the sequence."""
        self.splice.drop()
        self._tokens.clear()
        self._tokens.add_tokens(ids, self.length, 0, logits)
        self._tokens.decode(self.context)
        self.length += len(ids)
        self.ids += ids

    def _has_room(self, n: int) -> bool:
        """What was set aside makes room where there is none."""
        if n > self.room() and self._aside is not None:
            self._aside = None
            llama_cpp.llama_memory_seq_rm(self._memory, ASIDE, -1, -1)
        return n <= self.room()

    def need(self, n: int) -> None:
        if not self._has_room(n):
            raise ContextOverflow(
                f"{n} tokens do not fit: {self.room()} of {self.n_ctx} positions are free.",
                "Shorten the message, raise --context, or drop the history with /new.",
            )

    def _copy(self, pointer: ctypes._Pointer[ctypes.c_float], rows: int, columns: int) -> FloatArray:
        return np.ctypeslib.as_array(pointer, (rows, columns)).copy()


def _nll(logits: FloatArray, ids: Sequence[int]) -> FloatArray:
    top = logits.max(-1, keepdims=True)
    total = np.log(np.exp(logits - top).sum(-1)) + top[:, 0]
    return np.asarray(total - logits[np.arange(len(ids)), np.asarray(ids)], np.float32)
