"""Keys and values that are kept: put back they are what they were, moved they are nearly that, and what is damaged or
another's is read as text.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import llama_cpp
import numpy as np
import pytest

from tests.answering import WARM, Answering, answering, client, done, hear, local, notices, said, text
from tests.tiny import make_gguf
from titans_edge.backbone.batch import FloatArray
from titans_edge.backbone.injection import Injection, Lines, Tokens
from titans_edge.backbone.kept import KeptLines
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.speaker import Speaker
from titans_edge.backbone.splice import SPARE
from titans_edge.backbone.state import CELLS, Kept, Rope, State
from titans_edge.errors import ContextOverflow, ModelError
from titans_edge.routes import Mode
from titans_edge.session import Session
from titans_edge.sidecar.client import MemoryClient

MOVED_KL = 1e-4  # nats: between tokens moved to other positions and the same tokens read there, at most
TOLD = ("Mary went home.", "The key is blue.")
HEAD = "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n"
CACHES = {
    "f16": {},
    "f16, no flash attention": {"flash": False},
    "f32": {"cache": llama_cpp.GGML_TYPE_F32},
}


@pytest.fixture(params=CACHES)
def speaker(tiny: Backbone, request: pytest.FixtureRequest) -> Iterator[Speaker]:
    with Speaker(tiny, 512, kept=KeptLines(), **CACHES[request.param]) as speaker:
        speaker.feed(tiny.vocab.encode(HEAD, special=True))
        yield speaker


@pytest.fixture
def plain(tiny: Backbone) -> Iterator[Speaker]:
    with Speaker(tiny, 512, kept=KeptLines()) as speaker:
        speaker.feed(tiny.vocab.encode(HEAD, special=True))
        yield speaker


def lines(backbone: Backbone, *texts: str) -> Lines:
    return Lines(
        tuple(backbone.vocab.encode("I said:\n")), tuple(tuple(backbone.vocab.encode(f"- {t}\n")) for t in texts)
    )


def kept_of(speaker: Speaker, text: str = "The key is blue.\n") -> Kept:
    (kept,) = speaker.splice.read(speaker.length, [((), speaker.backbone.vocab.encode(text))])
    return kept


def everything(speaker: Speaker) -> bytes:
    """All keys and values of the conversation, and where they stand."""
    return State(speaker.splice.taken(0, speaker.length)).raw


def next_logits(speaker: Speaker, text: str = "Where?") -> FloatArray:
    speaker.feed(speaker.backbone.vocab.encode(text))
    return speaker.last_logits()


def kl(one: FloatArray, other: FloatArray) -> float:
    p, q = (np.exp(x - x.max()) / np.exp(x - x.max()).sum() for x in (one.astype(np.float64), other.astype(np.float64)))
    return float((p * np.log(p / q)).sum())


# --- taken out, put back, moved, retracted


def test_tokens_taken_out_and_put_back_give_the_same_logits_to_the_bit(tiny: Backbone, speaker: Speaker) -> None:
    ids, start = tiny.vocab.encode("The key is under the pot. "), speaker.length
    speaker.feed(ids)
    before, state = everything(speaker), speaker.splice.taken(start, start + len(ids))
    want = next_logits(speaker)
    head = list(speaker.ids[:start])
    speaker.cut(start, speaker.length)
    speaker.splice.put(Kept.of(speaker.splice.origin, head, ids, state))
    assert sorted_cells(everything(speaker)) == sorted_cells(before)
    speaker.ids += ids
    assert np.array_equal(next_logits(speaker), want)


def sorted_cells(state: bytes) -> list[int]:
    return sorted(State(state).positions)


def test_a_line_read_apart_is_the_line_read_in_place(tiny: Backbone, speaker: Speaker) -> None:
    ids, start = tiny.vocab.encode("The key is blue.\n"), speaker.length
    kept = kept_of(speaker)
    speaker.splice.put(kept)
    apart = next_logits(speaker)
    speaker.cut(start, speaker.length)
    speaker.feed(ids)
    assert np.allclose(next_logits(speaker), apart, atol=1e-3)


def test_moved_to_other_positions_it_is_nearly_the_same_line_there(tiny: Backbone, speaker: Speaker) -> None:
    kept = kept_of(speaker)
    for filler in ("Once upon a time. ", "And then. " * 20):
        speaker.feed(tiny.vocab.encode(filler))
        start = speaker.length
        speaker.splice.put(kept)
        moved = next_logits(speaker)
        speaker.cut(start, speaker.length)
        # the same line, read by itself after the same beginning, but where it stands now
        state = State(kept.state)
        assert speaker.length == start and len(state.positions) == len(kept)
        (there,) = speaker.splice.read(start, [((), kept.tokens)])
        speaker.splice.put(there)
        assert kl(next_logits(speaker), moved) < 0.05
        speaker.cut(start, speaker.length)


def test_our_turning_of_keys_is_llama_cpps_own(tiny: Backbone, plain: Speaker) -> None:
    kept, by = kept_of(plain), 37
    assert plain.splice.rope is not None
    ours = State(State(kept.state).moved(plain.splice.rope, by))
    with Speaker(tiny, 512) as other:
        other.feed(plain.ids)
        other.splice.__dict__["rope"] = None  # llama.cpp moves them
        other.feed([1] * by)
        start = other.length
        other.splice.put(kept)
        other.feed([1])  # moves what is to be moved
        theirs = State(other.splice.taken(start, start + len(kept)))
    assert ours.positions == theirs.positions and ours.form == theirs.form
    for layer in range(tiny.n_layer):
        assert np.allclose(ours.keys(layer).astype(np.float32), theirs.keys(layer).astype(np.float32), atol=2e-3)
    assert np.array_equal(State(kept.state).moved(plain.splice.rope, 0), kept.state)


def test_retracted_it_leaves_what_stood_before_untouched_to_the_bit(tiny: Backbone, speaker: Speaker) -> None:
    speaker.feed(tiny.vocab.encode("We spoke of other things. "))
    before, ids = everything(speaker), list(speaker.ids)
    handle = speaker.inject(Injection((lines(tiny, "The key is blue.", "It is mine."), Tokens((40, 41)))), 10)
    assert speaker.kept is not None and speaker.kept.why == "" and len(speaker.kept) == 3
    speaker.feed(tiny.vocab.encode("Where is it?"))
    speaker.retract(handle, keep=False)
    assert everything(speaker) == before and speaker.ids == ids


def test_lines_once_kept_are_not_read_again(tiny: Backbone, plain: Speaker, monkeypatch: pytest.MonkeyPatch) -> None:
    two = Injection((lines(tiny, "The key is blue.", "It is mine."),))
    handle = plain.inject(two, len(plain.ids))
    first = next_logits(plain)
    plain.retract(handle, keep=False)
    monkeypatch.setattr(plain, "decode_apart", None)  # it would fail
    plain.feed(tiny.vocab.encode("More was said. "))
    plain.cut(len(plain.ids) - 15, plain.length)
    plain.inject(two, len(plain.ids))
    assert np.array_equal(next_logits(plain), first) and plain.kept is not None and plain.kept.why == ""


def test_many_lines_are_read_in_several_batches(tiny: Backbone) -> None:
    with Speaker(tiny, 2048, kept=KeptLines()) as speaker, Speaker(tiny, 2048) as text:
        for s in (speaker, text):
            s.feed(tiny.vocab.encode(HEAD, special=True))
        many = lines(tiny, *(f"{'word ' * n}end." for n in range(2 * SPARE)))
        speaker.inject(Injection((many,)), speaker.length)
        assert speaker.kept is not None and speaker.kept.why == "" and len(speaker.kept) == 2 * SPARE + 1
        text.inject(Injection((many,)))
        assert speaker.length == text.length
        assert speaker.retract is not None and kl(next_logits(text), next_logits(speaker)) < 0.5


# --- bounded, and forgotten


def test_the_least_recently_used_leave_first_and_all_when_it_is_cleared(tiny: Backbone, plain: Speaker) -> None:
    assert plain.kept is not None
    size = len(kept_of(plain, "- line 0\n").state)
    plain.kept.limit = 4 * size + size // 2
    start = plain.length
    for n in (0, 1, 2, 0, 3):
        handle = plain.inject(Injection((Lines((), (tuple(tiny.vocab.encode(f"- line {n}\n")),)),)), start)
        plain.retract(handle, keep=False)
    kept = plain.kept
    assert len(kept) == 4 and kept.bytes <= kept.limit
    plain.retract(plain.inject(Injection((Lines((), (tuple(tiny.vocab.encode("- line 4\n")),)),)), start), keep=False)
    assert [tiny.vocab.decode(k[1]) for k in kept._kept] == [f"- line {n}\n" for n in (2, 0, 3, 4)]
    kept.clear()
    assert len(kept) == kept.bytes == 0
    kept.limit = 10
    plain.inject(Injection((lines(tiny, "too large"),)), start)
    assert len(kept) == 0 and kept.why == "", "used once, and not kept"


# --- attempts to break it


def swapped(kept: Kept, at: int, form: str, value: int) -> Kept:
    """A state with a number changed, sealed as if it were sound."""
    raw = bytearray(kept.state)
    struct.pack_into(form, raw, at, value)
    return resealed(kept, bytes(raw))


def resealed(kept: Kept, state: bytes) -> Kept:
    return Kept.of(kept.origin, [0] * kept.start, kept.tokens, state)


LAYERS = CELLS.size + 12 * 16 + 4  # of the state of 16 tokens: where the number of layers stands
BROKEN: dict[str, Callable[[Kept], Kept]] = {
    "a bit turned": lambda k: replace(k, state=k.state[:-1] + bytes([k.state[-1] ^ 1])),
    "cut short": lambda k: replace(k, state=k.state[: len(k.state) // 2]),
    "cut short and sealed": lambda k: resealed(k, k.state[: len(k.state) // 2]),
    "nothing": lambda k: resealed(k, b""),
    "three bytes": lambda k: resealed(k, b"abc"),
    "longer": lambda k: resealed(k, k.state + b"\0" * 8),
    "noise": lambda k: resealed(k, bytes(range(256)) * 40),
    "another magic": lambda k: swapped(k, 0, "<I", 7),
    "two streams": lambda k: swapped(k, 8, "<I", 2),
    "no cells": lambda k: swapped(k, 12, "<I", 0),
    "a billion cells": lambda k: swapped(k, 12, "<I", 10**9),
    "a cell of many sequences": lambda k: swapped(k, CELLS.size + 4, "<I", 2**31),
    "another position": lambda k: swapped(k, CELLS.size, "<i", 3),
    "a negative position": lambda k: swapped(k, CELLS.size, "<i", -5),
    "fewer layers": lambda k: swapped(k, LAYERS, "<I", 2),
    "more layers": lambda k: swapped(k, LAYERS, "<I", 10**6),
    "another type": lambda k: swapped(k, LAYERS + 4, "<i", 8),
    "endless rows": lambda k: swapped(k, LAYERS + 8, "<Q", 2**63),
    "other tokens": lambda k: replace(k, tokens=k.tokens[:-1]),
    "other place": lambda k: replace(k, start=k.start + 1),
    "another model's": lambda k: Kept.of(b"another", [0] * k.start, k.tokens, k.state),
}


@pytest.mark.parametrize("how", BROKEN)
def test_what_is_damaged_or_anothers_is_refused_and_nothing_is_set_in(plain: Speaker, how: str) -> None:
    kept = kept_of(plain)
    assert len(kept) == 16
    before = everything(plain)
    with pytest.raises(ModelError):
        plain.splice.put(BROKEN[how](kept))
    assert everything(plain) == before
    plain.splice.put(kept)
    assert plain.length == kept.start + len(kept)


@pytest.mark.parametrize("how", BROKEN)
def test_what_cannot_be_set_in_is_read_as_text_with_a_reason(tiny: Backbone, plain: Speaker, how: str) -> None:
    assert plain.kept is not None
    line = Lines((), (tuple(tiny.vocab.encode("The key is blue.\n")),))
    start = plain.length
    plain.retract(plain.inject(Injection((line,)), start), keep=False)
    (key,) = plain.kept._kept
    plain.kept._kept[key] = BROKEN[how](plain.kept._kept[key])
    plain.inject(Injection((line,)), start)
    assert plain.kept.why and len(plain.kept) == 0
    with Speaker(tiny, 512) as text:
        text.feed(plain.ids)
        text.inject(Injection((line,)))
        assert np.array_equal(next_logits(text), next_logits(plain))
    plain.cut(start, plain.length)
    plain.inject(Injection((line,)), start)
    assert plain.kept.why == "" and len(plain.kept) == 1


def test_the_state_of_another_model_is_refused(tiny: Backbone, plain: Speaker, tmp_path: Path) -> None:
    with Backbone(make_gguf(tmp_path / "other.gguf", seed=1), gpu_layers=0) as other, Speaker(other, 512) as speaker:
        speaker.feed(plain.ids)
        with pytest.raises(ModelError, match="another model"):
            speaker.splice.put(kept_of(plain))
        assert speaker.splice.origin != plain.splice.origin


def test_another_build_or_cache_type_is_another_origin(tiny: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    def origin(**of: int) -> bytes:
        with Speaker(tiny, 256, **of) as speaker:  # type: ignore[arg-type]
            speaker.feed([1, 2])
            return speaker.splice.origin

    ours = origin()
    assert origin() == ours != origin(cache=llama_cpp.GGML_TYPE_F32)
    monkeypatch.setattr(llama_cpp, "__version__", "0.0.1")
    assert origin() != ours


def test_a_model_that_turns_keys_otherwise_than_its_file_says_is_left_to_llama_cpp(
    tiny: Backbone, plain: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tiny.rope is not None and plain.splice.rope == tiny.rope
    monkeypatch.setitem(tiny.__dict__, "rope", Rope(tiny.rope.head, tiny.rope.turned, 17.0, True))
    with Speaker(tiny, 512, kept=KeptLines()) as speaker:
        speaker.feed(plain.ids)
        assert speaker.splice.rope is None
        speaker.feed(tiny.vocab.encode("Something. "))
        speaker.inject(Injection((lines(tiny, "The key is blue."),)), len(plain.ids))
        plain.feed(tiny.vocab.encode("Something. "))
        plain.inject(Injection((lines(tiny, "The key is blue."),)), len(speaker.ids) - 11)
        assert speaker.kept is not None and speaker.kept.why == ""
        assert kl(next_logits(plain), next_logits(speaker)) < MOVED_KL


def test_keys_that_cannot_be_moved_are_read_as_text(
    tiny: Backbone, plain: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain.splice._rope = (None,)
    monkeypatch.setattr(llama_cpp, "llama_memory_can_shift", lambda memory: False)
    begin = len(plain.ids)
    plain.feed(tiny.vocab.encode("Something. "))
    plain.inject(Injection((lines(tiny, "The key is blue."),)), begin)
    assert plain.kept is not None and "cannot be moved" in plain.kept.why


def test_a_full_context_refuses_and_nearly_full_reads_text(tiny: Backbone) -> None:
    with Speaker(tiny, 256, kept=KeptLines()) as speaker:
        speaker.feed([40, 41] * 60)
        part = lines(tiny, *["The key is blue."] * 6)
        speaker.inject(Injection((part,)), 2)
        assert speaker.length == 120 + len(part)
        with pytest.raises(ContextOverflow):
            speaker.inject(Injection((part,)), 2)


# --- in a session


def session_on(tiny: Backbone, memory: Answering, route: str = "kv") -> Session:
    return Session(tiny, client(memory), context=1024, route=route)


def test_a_session_keeps_lines_and_gives_the_same_reply_whatever_was_asked_before(tiny: Backbone) -> None:
    memory = answering(tiny, "", TOLD)
    with session_on(tiny, memory) as fresh, session_on(tiny, memory) as session:
        want = hear(fresh, "Where is Mary?")
        logits = fresh.speaker.last_logits()
        for before in ("Where is the key?", "Hello!", "Where is Mary?"):
            hear(session, before)
            got = hear(session, "Where is Mary?")
            assert text(got) == text(want) and np.allclose(session.speaker.last_logits(), logits, atol=1e-3)
        kept = session.speaker.kept
        assert kept is not None and len(kept) == 3 and kept.why == ""
        assert session.speaker.length == len(session.speaker.ids)


def test_a_session_says_once_why_lines_are_read_as_text(tiny: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llama_cpp, "llama_state_seq_set_data", lambda *_: 0)
    with session_on(tiny, answering(tiny, "", TOLD)) as session, Session(tiny, context=1024) as plain:
        events = hear(session, "Where is Mary?")
        (why,) = notices(events)
        assert "did not take" in why and notices(hear(session, "Where is the key?")) == []
        lines = list(plain.reply(said("Where is Mary?"), WARM, mode=Mode.OFF, facts=TOLD))
        assert done(events).prompt_tokens == done(lines).prompt_tokens
        assert session.speaker.length == len(session.speaker.ids)


def test_both_routes_put_the_same_words(tiny: Backbone) -> None:
    memory = answering(tiny, "", TOLD)
    with session_on(tiny, memory) as kv, session_on(tiny, memory, "text") as plain:
        assert done(hear(kv, "Where is Mary?")).prompt_tokens == done(hear(plain, "Where is Mary?")).prompt_tokens
        assert plain.speaker.kept is not None and len(plain.speaker.kept) == 0


def test_what_is_kept_is_forgotten_with_the_sentences(tiny_path: Path, graft_path: Path, tiny: Backbone) -> None:
    changes: list[Callable[[MemoryClient], object]] = [
        lambda m: m.forget([1]),
        lambda m: m.undo(),
        lambda m: m.reset(),
    ]
    for change in changes:
        with local(tiny_path, graft_path) as memory, Session(tiny, memory, context=1024, route="kv") as session:
            list(session.learn("Mary went home. The key is blue."))
            memory.wait()
            hear(session, "Where is Mary?", mode=Mode.TEXT)
            kept = session.speaker.kept
            assert kept is not None and len(kept) > 1
            change(memory)
            assert len(kept) == 0


def test_another_memory_or_another_caller_finds_nothing_kept(tiny: Backbone) -> None:
    one, two = answering(tiny, "", TOLD), answering(tiny, "", TOLD)
    with session_on(tiny, one) as session:
        hear(session, "Where is Mary?")
        kept = session.speaker.kept
        assert kept is not None and len(kept) == 3
        session.clear()
        assert len(kept) == 0 == session.speaker.length
        hear(session, "Where is Mary?")
        session.memory = client(two)
        hear(session, "Hello!")
        assert len(kept) == 0
