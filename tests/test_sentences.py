"""Whole sentences: kept in records, found by keys, held word for word in the state, gone when forgotten."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

from tests.telling import TEXTS, Open, Told
from titans_edge import facts
from titans_edge.errors import MemoryStateError
from titans_edge.facts import Sentence
from titans_edge.features import SpanFeatures
from titans_edge.gguf_header import read_header
from titans_edge.neural import graft as grafts
from titans_edge.neural.contents import Contents
from titans_edge.neural.keys import POOLED
from titans_edge.neural.sentences import SentenceMemory, Sentences
from titans_edge.neural.verbatim import CHUNK, PLACES, RIDGE, SOFT, Verbatim
from titans_edge.sidecar import opened as opening
from titans_edge.sidecar.fold import Fold
from titans_edge.sidecar.host import MemoryHost

NewHost = Callable[..., MemoryHost]
KEY = np.arange(8, dtype="<f2").tobytes()


@pytest.fixture(scope="module")
def reads(tiny_path: Path, keyed_path: Path) -> SentenceMemory:
    sentences = grafts.load(keyed_path, read_header(tiny_path)).sentences
    assert sentences is not None
    return sentences


@pytest.fixture
def told(new_host: NewHost, keyed_path: Path, spans: list[SpanFeatures]) -> Callable[..., Told]:
    """Memories of a graft with keys."""
    return lambda path=None, **of: Told(new_host(keyed_path), spans, path, "m", **of)


# --- records


def test_a_record_gives_back_the_sentence_it_was_packed_with() -> None:
    for sentence in (None, Sentence(KEY, ((1, 2), (3,))), Sentence(KEY, (), KEY, 1)):
        assert facts.read(facts.pack((), sentence)) == ((), sentence)
    old = msgspec.msgpack.encode([1, []])  # as records were before sentences
    assert facts.read(old) == ((), None)


@pytest.mark.parametrize(
    "sentence",
    [
        Sentence(np.array([np.inf], "<f2").tobytes(), ()),
        Sentence(np.array([np.nan], "<f2").tobytes(), ()),
        Sentence(b"\0\0\0", ()),
        Sentence(KEY, (), KEY[:-2], 1),
        Sentence(KEY, (), KEY, 0),
    ],
)
def test_a_key_that_is_none_is_refused(sentence: Sentence) -> None:
    with pytest.raises(MemoryStateError):
        facts.read(facts.pack((), sentence))


# --- keys


def test_a_key_does_not_depend_on_the_spans_read_with_it(reads: SentenceMemory, spans: list[SpanFeatures]) -> None:
    together = reads.read(spans, [None, *spans[:-1]])
    for i, span in enumerate(spans):
        (alone,) = reads.read([span], [spans[i - 1] if i else None])
        for a, b in ((alone.key, together[i].key), (alone.linked, together[i].linked)):
            assert np.allclose(np.frombuffer(a, "<f2"), np.frombuffer(b, "<f2"), atol=2e-3)
        assert alone.words == together[i].words and alone.before == together[i].before


def test_what_is_cut_off_again_leaves_nothing(reads: SentenceMemory, spans: list[SpanFeatures]) -> None:
    read = reads.read(spans, [None, *spans[:-1]])
    once, twice = Sentences(reads.config.key), Sentences(reads.config.key)
    for i, sentence in enumerate(read[:4]):
        once.add(i, sentence)
        twice.add(i, sentence)
    for i, sentence in enumerate(read[4:], 4):
        twice.add(i, sentence)
    twice.cut(4)
    query = reads.ask(spans[-1]).key
    assert np.array_equal(once.cosines(query), twice.cosines(query))
    assert (once.words, once.before) == (twice.words, twice.before)
    assert all(once.having(w) == twice.having(w) for s in read for w in s.words)


def test_a_sentence_is_read_alone_where_the_one_before_it_is_not_held(
    reads: SentenceMemory, spans: list[SpanFeatures]
) -> None:
    first, second = reads.read(spans[:2], [None, spans[0]])
    (alone,) = reads.read(spans[1:2], [None])
    both, one, never = (Sentences(reads.config.key) for _ in range(3))
    both.add(1, first)
    both.add(2, second)
    one.add(2, second)
    never.add(2, alone)
    query = reads.ask(spans[-1]).key
    assert np.array_equal(one.cosines(query), never.cosines(query))
    assert one.cosines(query)[0] != both.cosines(query)[1]
    assert one.candidate(2) == ((), alone.words) and both.candidate(2) == (first.words, second.words)


# --- the state


def test_what_is_written_is_recited_and_the_newest_under_a_key_stays(contents: Contents) -> None:
    torch.manual_seed(0)
    held, keys = Verbatim(16, contents), torch.eye(16)
    said = [[5 + 3 * n + m for m in range(1 + n % 5)] for n in range(8)]
    for key, tokens in zip(keys, said, strict=False):
        held.write(key, tokens)
    assert [held.recite(key) for key in keys[:8]] == said
    held.write(keys[3], [60, 61])
    assert held.recite(keys[3]) == [60, 61]
    assert [held.recite(keys[i]) for i in (0, 7)] == [said[0], said[7]]
    assert held.recite(keys[12]) == []


def test_sentences_whose_keys_are_alike_are_recited_apart(contents: Contents) -> None:
    torch.manual_seed(1)
    shared = torch.randn(64)
    keys = torch.nn.functional.normalize(shared + 0.8 * torch.randn(12, 64), dim=1)
    assert float((keys @ keys.T).fill_diagonal_(0).max()) > 0.6
    said = [[5 + 4 * n + m for m in range(4)] for n in range(12)]
    held = Verbatim(64, contents)
    for key, tokens in zip(keys, said, strict=True):
        held.write(key, tokens)
    assert [held.recite(key)[:4] for key in keys] == said


def test_a_state_of_sentences_is_loaded_as_it_was_dumped_and_no_other_is(contents: Contents) -> None:
    a, b = Verbatim(8, contents), Verbatim(8, contents)
    a.write(torch.eye(8)[1], [4, 5, 6])
    before = a.copy()
    b.load(a.dump())
    assert b.dump() == a.dump() and len(a.dump()) == a.size
    b.write(torch.eye(8)[2], [7])
    assert a.dump() == before.dump() != b.dump()
    with pytest.raises(MemoryStateError):
        b.load(a.dump()[:-1])
    assert a.values.shape == (8, PLACES * contents.dim)


@pytest.mark.parametrize("n", [CHUNK - 1, CHUNK, 2 * CHUNK + 5])
def test_writes_taken_in_together_leave_what_one_after_the_other_would(contents: Contents, n: int) -> None:
    torch.manual_seed(2)
    keys = torch.nn.functional.normalize(torch.randn(24) + torch.randn(n, 24), dim=1)
    said = [[5 + (7 * i + m) % 50 for m in range(1 + i % 6)] for i in range(n)]
    held = Verbatim(24, contents)
    values, metric = torch.zeros(24, PLACES * contents.dim).double(), torch.eye(24).double() / RIDGE
    for key, tokens in zip(keys, said, strict=True):
        held.write(key, tokens)
        k, value = key.double(), torch.zeros(PLACES, contents.dim).double()
        value[: len(tokens)] = contents.tokens(tokens).double()
        gain = metric @ k
        values = values + torch.outer(gain / (k @ gain + SOFT), value.flatten() - k @ values)
        metric = metric - torch.outer(gain, gain) / (1 + k @ gain)
    assert torch.allclose(held.values.double(), values, atol=1e-4)
    assert float(values.abs().max()) > 0.1


def test_a_state_does_not_depend_on_when_it_was_read_or_kept(contents: Contents) -> None:
    keys = torch.nn.functional.normalize(torch.randn(CHUNK + 9, 8), dim=1)
    plain, looked, kept = (Verbatim(8, contents) for _ in range(3))
    for i, key in enumerate(keys):
        for held in (plain, looked, kept):
            held.write(key, [5 + i, 6])
        looked.read(key)
        again = Verbatim(8, contents)
        again.load(kept.dump())
        kept = again
    assert plain.dump() == looked.dump() == kept.dump()
    assert torch.equal(plain.values, kept.values)


def test_a_state_from_before_writes_waited_is_taken_up(contents: Contents) -> None:
    held, old = Verbatim(8, contents), Verbatim(8, contents)
    for i in range(CHUNK):
        held.write(torch.eye(8)[i % 8], [5 + i])
    state = held.dump()
    old.load(state[: -CHUNK * 4 * (8 + PLACES)])
    assert old.dump() == state


@pytest.fixture(scope="module")
def contents(reads: SentenceMemory) -> Contents:
    return reads.contents


# --- a memory with keys


def test_the_state_is_that_of_a_replay_and_of_a_memory_never_told_what_was_forgotten(
    told: Callable[..., Told], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "SNAPSHOT_EVERY", 3)
    path = tmp_path / "m.journal"
    m, other = told(path), told()
    m.tell(0, 1, 2, 3, 4)
    m.write([5, 6])
    other.tell(0, 2, 3, 4)
    other.write([5, 6])
    assert m.state() != other.state()
    m.change("forget", ids=[2])
    assert len(m.state()) == len(other.state())
    reread = told(tmp_path / "again.journal")
    for text in m.texts():
        reread.tell(TEXTS.index(text))
    state = m.state()
    m.close()
    again = told(path)
    assert again.state() == state


def test_a_write_that_fails_leaves_the_state_as_it_was_and_sentences_are_part_of_it(
    told: Callable[..., Told], opened: Open, contents: Contents, monkeypatch: pytest.MonkeyPatch
) -> None:
    m, other = told(), told()
    for each in (m, other):
        each.tell(0, 1)
    before = m.state()
    monkeypatch.setattr(Fold, "finite", lambda self: False)
    with pytest.raises(MemoryStateError):
        m.tell(2)
    monkeypatch.undo()
    assert m.state() == before == other.state()
    m.tell(3)
    other.tell(3)
    assert m.state() == other.state() != before
    assert m.stats()["bytes"] == len(m.state())
    facts_only = opened()
    facts_only.tell(0, 1)
    assert len(m.state()) == len(facts_only.state()) + Verbatim(32 + POOLED, contents).size


def test_a_follower_of_what_was_forgotten_is_found_as_if_it_had_stood_alone(told: Callable[..., Told]) -> None:
    def ranked(m: Told) -> list[tuple[str, float]]:
        return [(s["text"], s["match"]) for s in m.ask("rank", [m.spans[7]], text=TEXTS[7], n=9).result["spans"]]

    m, other = told(), told()
    m.write([0, 1])
    m.change("forget", ids=[1])
    other.write([1])
    assert ranked(m) == ranked(other) != []


def test_a_memory_without_keys_is_read_anew_by_a_graft_with_keys(
    new_host: NewHost, keyed_path: Path, spans: list[SpanFeatures], tmp_path: Path
) -> None:
    path = tmp_path / "m.journal"
    before = Told(new_host(), spans, path, "m")
    before.tell(0, 1, 2)
    before.close()
    after = Told(new_host(keyed_path), spans, path, "m")
    assert after.info["stale"] == 3
    after.ask("reread", spans[:3], ids=[1, 2, 3])
    found = after.ask("rank", [spans[7]], text=TEXTS[7], n=9).result["spans"]
    assert {s["text"] for s in found} == set(TEXTS[:3])
