"""The memory's parts: facts and their vectors, phrases of any length, the graft file, the bridge to the process."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.telling import TEXTS
from tests.tiny import make_gguf
from titans_edge.backbone.model import Backbone
from titans_edge.errors import GraftError, MemoryStateError
from titans_edge.facts import Fact, Key, Phrase, pack
from titans_edge.features import SpanFeatures
from titans_edge.gguf_header import read_header
from titans_edge.neural import graft as grafts
from titans_edge.neural import rule
from titans_edge.neural.cleanup import Cleanup
from titans_edge.neural.contents import PLACE_SHIFT, SHORT, Contents, inversion
from titans_edge.neural.graft import Graft
from titans_edge.neural.matrix import MatrixStore
from titans_edge.neural.memory import NeuralMemory, collate
from titans_edge.neural.relations import Relations
from titans_edge.neural.store import held_at
from titans_edge.sidecar.protocol import pack as pack_array
from titans_edge.sidecar.protocol import pack_span, unpack, unpack_span

CODE = "012345678901234567890123456789"
LONG = ["1987", "1988", "4417", "4418", "44170", "tangerine42", "tangerine43", "K11-4417", "7:40",
        CODE, CODE[:-1] + "0", "1" + CODE[1:]]  # fmt: skip


def phrase(tiny: Backbone, word: str) -> Phrase:
    return Phrase(word, 0, len(word), tiny.vocab.word_ids(word), tiny.vocab.word_ids(word.lower()))


# --- facts


def test_facts_do_not_depend_on_neighbours(memory: NeuralMemory, spans: list[SpanFeatures]) -> None:
    alone = [pack(memory.facts([s], [t])[0]) for s, t in zip(spans, TEXTS, strict=True)]
    assert alone == [pack(f) for f in memory.facts(spans, TEXTS)]
    assert alone == [pack(f) for f in memory.facts(spans[::-1], TEXTS[::-1])][::-1]


def test_every_phrase_of_a_fact_is_a_word_of_its_span_with_all_its_tokens(
    memory: NeuralMemory, spans: list[SpanFeatures], tiny: Backbone
) -> None:
    for facts, text in zip(memory.facts(spans, TEXTS), TEXTS, strict=True):
        assert len(facts) == len(memory.relations)
        for fact in facts:
            keys = [fact.key, *([fact.value] if isinstance(fact.value, Key) else [])]
            words = [p for k in keys for p in (k.subject, k.aspect) if p is not None]
            words += [fact.value] if isinstance(fact.value, Phrase) else []
            for p in words:
                assert p.text == text[p.start : p.end] and p.surface == tiny.vocab.word_ids(p.text)
                assert p.address == tiny.vocab.word_ids(p.text.lower())


def test_a_span_without_words_says_nothing_and_numbers_that_are_none_are_refused(
    memory: NeuralMemory, spans: list[SpanFeatures]
) -> None:
    nothing = SpanFeatures(spans[0].hidden[:0], spans[0].address[:0], spans[0].surface[:0], spans[0].places[:0])
    assert [len(f) for f in memory.facts([nothing, spans[0], nothing], ["", TEXTS[0], "."])] == [0, 10, 0]
    for bad in (np.nan, np.inf):
        hidden = spans[1].hidden.copy()
        hidden[0, 3] = bad
        with pytest.raises(MemoryStateError, match="not finite"):
            memory.facts([spans[0], SpanFeatures(hidden, *_ids(spans[1]))], TEXTS[:2])


def _ids(s: SpanFeatures) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return s.address, s.surface, s.places


def test_facts_written_one_by_one_equal_the_rule_on_what_training_sees(
    tiny_path: Path, graft_path: Path, spans: list[SpanFeatures]
) -> None:
    memory = grafts.load(graft_path, read_header(tiny_path)).memory
    told = range(7)
    with torch.no_grad():
        memory.encoder.whole.bias.view(6, -1)[2, ::2] = -9.0  # half of the relations are not written
        batch = collate([spans[i] for i in told], memory.contents)
        choices = memory.encoder(batch.hidden, batch.mask, torch.zeros(len(told)), batch.surprise)
        writes = memory.writes(choices, batch, hard=True)
        state = rule.State.zero(memory.config.banks, 2 * memory.dim, memory.dim)
        for t in told:
            state, _ = rule.step(state, writes.at(t), memory.relations.tracked)
    store = memory.new_store()
    assert isinstance(store, MatrixStore)
    for n, facts in enumerate(memory.facts([spans[i] for i in told], [TEXTS[i] for i in told])):
        assert 0 < len(facts) < len(memory.relations)
        store.write(n, [memory.write(f) for f in facts])
    assert torch.allclose(torch.stack(store.matrices), state.memory, atol=5e-3) and state.memory.any()


def test_a_relation_the_graft_does_not_know_and_tokens_beyond_the_vocabulary_are_errors_of_one_sentence(
    memory: NeuralMemory, spans: list[SpanFeatures]
) -> None:
    ((fact, *_),) = memory.facts(spans[:1], TEXTS[:1])
    relation = msgspec.structs.replace(fact.key.relation, text="sings like")
    beyond = msgspec.structs.replace(fact.key.subject, address=(10**6,))
    for key in (Key(relation, fact.key.subject), Key(fact.key.relation, beyond)):
        with pytest.raises(MemoryStateError, match=r"^[^.\n]+\. [^.\n]+\.$"):
            memory.write(Fact(key, fact.value, 0.5))


# --- phrases of any length


@pytest.mark.parametrize("word", LONG)
def test_words_of_any_length_come_back_as_values_and_find_what_is_theirs_as_keys(
    memory: NeuralMemory, tiny: Backbone, word: str
) -> None:
    has, thing, number = memory.relations.phrases[3], phrase(tiny, "box"), phrase(tiny, word)
    known, as_value, as_key = Cleanup(memory.contents), memory.new_store(), memory.new_store()
    for other in (*LONG, "box", "car", "cat"):
        known.add(phrase(tiny, other))
    as_value.write(1, [memory.write(Fact(Key(has, thing), number, 1.0))])
    assert known.nearest(held_at(as_value, memory.address(Key(has, thing)))[memory.dim :]) == number
    for n, (w, value) in enumerate([("1999", "car"), (word, "box"), ("123456", "cat")]):
        as_key.write(n, [memory.write(Fact(Key(has, phrase(tiny, w)), phrase(tiny, value), 1.0))])
    assert known.nearest(held_at(as_key, memory.address(Key(has, number)))[memory.dim :]) == thing


def test_long_phrases_that_differ_in_one_token_have_nearly_nothing_in_common(memory: NeuralMemory) -> None:
    contents, g = memory.contents, torch.Generator().manual_seed(0)
    cosines = []
    for n in range(SHORT + 1, 30, 4):
        ids = torch.randint(0, 256, (n,), generator=g).tolist()
        for at in range(n):
            other = [*ids[:at], (ids[at] + 1) % 256, *ids[at + 1 :]]
            cosines.append(float(contents.phrase(ids) @ contents.phrase(other)))
        assert float(contents.phrase(ids).norm()) == pytest.approx(1.0, abs=1e-5)
    spread = contents.dim**-0.5  # of unit vectors that have nothing to do with each other
    assert float(np.abs(np.mean(cosines))) < spread / 2 and float(np.std(cosines)) < 1.5 * spread
    assert max(cosines) < 0.9


def test_the_order_of_tokens_counts(memory: NeuralMemory) -> None:
    for ids in ((1, 2), (1, 2, 3, 4), (1, 2, 3, 4, 5), (1, 1, 2, 2, 3, 3)):
        assert float(memory.contents.phrase(ids) @ memory.contents.phrase(ids[::-1])) < 0.9


@given(ids=st.lists(st.integers(0, 255), min_size=1, max_size=SHORT))
def test_short_phrases_are_their_tokens_each_turned_by_its_place(memory: NeuralMemory, ids: list[int]) -> None:
    tokens = memory.contents.tokens(ids)
    want = sum((t.roll(i * PLACE_SHIFT) for i, t in enumerate(tokens)), torch.zeros(memory.dim))
    want = torch.nn.functional.normalize(want, dim=0)
    assert torch.allclose(memory.contents.phrase(ids), want, atol=1e-6)
    padded = torch.tensor([[*ids, *[-1] * (6 - len(ids))]])
    assert torch.allclose(memory.contents.words(padded)[0], want, atol=1e-6)


def test_a_short_word_taken_apart_is_its_tokens(memory: NeuralMemory) -> None:
    contents = memory.contents
    for ids in ([40], [40, 77], [200, 3]):
        assert contents.decode(contents.phrase(ids))[: len(ids)] == ids
    assert not contents.phrase(()).any()


def test_the_vectors_at_hand_are_those_made_anew(memory: NeuralMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    c = memory.contents
    few = Contents(c.table, c.mean, c.basis, c.inverse)
    monkeypatch.setattr("titans_edge.neural.contents.CACHED", 3)
    for _ in range(2):
        for n in range(8):
            assert torch.equal(few.phrase((n, n + 1, 5, 6, 7)), c.phrase((n, n + 1, 5, 6, 7)))
            assert torch.equal(few.mean_of((n, n + 1)), c.mean_of((n, n + 1)))
    assert len(few._phrases) == len(few._means) == len(few._known) == 3


def test_phrases_are_known_once_and_can_be_cut_back(memory: NeuralMemory, tiny: Backbone) -> None:
    known = Cleanup(memory.contents)
    assert known.nearest(torch.ones(memory.dim)) is None
    words = [phrase(tiny, f"word{n}") for n in range(100)]
    for w in [*words, *words]:
        known.add(w)
    assert known.phrases == words
    known.cut(40)
    assert len(known) == 40 and known.nearest(memory.contents.phrase(words[39].surface)) == words[39]
    assert known.nearest(memory.contents.phrase(words[40].surface)) != words[40]
    known.add(words[99])
    assert known.phrases == [*words[:40], words[99]]
    assert known.nearest(memory.contents.phrase(words[99].surface)) == words[99]


def test_an_inversion_swaps_its_pairs_and_leaves_the_rest() -> None:
    words = torch.nn.functional.normalize(torch.randn(9, 64, generator=torch.Generator().manual_seed(0)), dim=-1)
    turn = inversion(words[:8].view(4, 2, 64))
    assert torch.allclose(words[:8] @ turn.T, words[:8].view(4, 2, 64).flip(1).reshape(8, 64), atol=1e-4)
    other = words[8] - words[:8].T @ torch.linalg.lstsq(words[:8].T, words[8]).solution
    assert torch.allclose(turn @ other, other, atol=1e-4)


# --- the graft and its file


def told(graft: Graft, spans: Sequence[SpanFeatures]) -> MatrixStore:
    store = graft.memory.new_store()
    for n, facts in enumerate(graft.memory.facts(spans, TEXTS[: len(spans)])):
        store.write(n, [graft.memory.write(f) for f in facts])
    assert isinstance(store, MatrixStore)
    return store


def test_a_closed_gate_is_never_sure(tiny_path: Path, graft_path: Path, spans: list[SpanFeatures]) -> None:
    graft = grafts.load(graft_path, read_header(tiny_path))
    readout = graft.memory.ask(told(graft, spans[:3]), spans[7])
    assert graft.sure(readout) and len(graft.rows(readout)) and readout.path
    with torch.no_grad():
        graft.gate.opening.zero_()
    assert not graft.sure(readout)


def test_a_graft_survives_its_file_and_foreign_ones_are_refused(
    tiny_path: Path, graft_path: Path, tmp_path: Path
) -> None:
    graft = grafts.load(graft_path, read_header(tiny_path))
    again = tmp_path / "again.gguf"
    grafts.save(graft, again)
    back = grafts.load(again, read_header(tiny_path))
    for k, v in back.state_dict().items():
        assert torch.equal(v, graft.state_dict()[k]), k
    assert back.memory.relations == graft.memory.relations and back.info == graft.info
    foreign = make_gguf(tmp_path / "foreign.gguf", seed=9)
    with pytest.raises(GraftError, match="another backbone: embedding"):
        grafts.load(graft_path, read_header(foreign))
    with pytest.raises(GraftError, match="not a graft"):
        grafts.load(tiny_path, read_header(tiny_path))
    (tmp_path / "cut.gguf").write_bytes(graft_path.read_bytes()[:2000])
    with pytest.raises(GraftError, match="damaged"):
        grafts.load(tmp_path / "cut.gguf", read_header(tiny_path))


def test_sizes_of_a_damaged_graft_are_refused_before_room_is_made_for_them(
    tiny_path: Path, keyed_path: Path, tmp_path: Path
) -> None:
    fields, tensors = grafts.read(keyed_path)
    damage: list[tuple[str, Any]] = [
        ("encoder.layers", 2**31), ("encoder.width", 2**31), ("encoder.width", 0), ("encoder.heads", 0),
        ("encoder.heads", 7), ("encoder.banks", 3), ("encoder.n_embd", 2**31), ("encoder.layers", 2.0),
        ("keys.layers", 2**31), ("keys.dim", 2**31), ("keys.told", 2**31), ("layer", "x"), ("recipe", "[" * 100_000),
        ("relations", "[" * 100_000), ("replaces", "3"),
    ]  # fmt: skip
    for name, value in damage:
        grafts.write(tmp_path / "damaged.gguf", {**fields, f"titans.{name}": value}, tensors)
        with pytest.raises(GraftError):
            grafts.load(tmp_path / "damaged.gguf", read_header(tiny_path))


@pytest.mark.parametrize("kind", [0, 8], ids=["numbers", "texts"])
def test_an_array_longer_than_its_file_is_refused_at_once(kind: int, tmp_path: Path) -> None:
    """The library that reads the file believes what it says, and would read for ever."""
    key = b"general.tags"
    head = b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, len(key)) + key + struct.pack("<IIQ", 9, kind, 2**60)
    (tmp_path / "long.gguf").write_bytes(head + bytes(64))
    with pytest.raises(GraftError, match="damaged"):
        grafts.read(tmp_path / "long.gguf")


def test_relations_survive_their_text_and_what_does_not_fit_together_is_refused(memory: NeuralMemory) -> None:
    text = memory.relations.dump()
    assert Relations.load(text) == memory.relations
    assert [memory.relations.shard(p.text) for p in memory.relations.phrases] == list(range(10))
    raw = msgspec.json.decode(text)
    wrong = [
        {**raw, "tracked": 10}, {**raw, "tracked": -1}, {**raw, "mirror": [1] * 10},
        {**raw, "mirror": raw["mirror"][1:]},
        {**raw, "phrases": [*raw["phrases"][:-1], raw["phrases"][0]]}, {k: v for k, v in raw.items() if k != "phrases"},
        {**raw, "phrases": 3}, [], {**raw, "phrases": [{**r, "surface": ["a"]} for r in raw["phrases"]]},
    ]  # fmt: skip
    for each in ["", "{", *(msgspec.json.encode(w).decode() for w in wrong)]:
        with pytest.raises(GraftError, match="relations"):
            Relations.load(each)


def test_the_bridge_carries_arrays_unchanged(spans: list[SpanFeatures]) -> None:
    back = unpack_span(pack_span(spans[0]))
    for name in ("hidden", "address", "surface", "places"):
        assert np.array_equal(getattr(back, name), getattr(spans[0], name))
    a = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert np.array_equal(unpack(pack_array(a)), a)
