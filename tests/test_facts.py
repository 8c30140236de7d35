"""Records of facts: what is packed is what comes back, and nothing comes back that no encoder writes."""

from __future__ import annotations

import contextlib
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from titans_edge import facts
from titans_edge.errors import MemoryStateError
from titans_edge.facts import Fact, Key, Phrase, pack, unpack

WORD = Phrase("garden", 3, 9, (5, 6), (7,))
HAS = Phrase("has", 0, 0, (1,), (2,))
KEY = Key(HAS, WORD)

ids = st.lists(st.integers(0, facts.MAX_ID), min_size=1, max_size=5).map(tuple)
phrase_kinds = st.builds(
    lambda text, start, size, surface, address, earlier: Phrase(text, start, start + size, surface, address, earlier),
    st.text(max_size=9), st.integers(0, 99), st.integers(1, 99), ids, ids, st.booleans(),
)  # fmt: skip
keys = st.builds(Key, phrase_kinds, phrase_kinds, st.none() | phrase_kinds)
rates = st.floats(0, 1)
any_facts = st.lists(st.builds(Fact, keys, phrase_kinds | keys, rates, rates, rates), max_size=3).map(tuple)


@settings(max_examples=10)
@given(any_facts)
def test_facts_survive_their_record(told: tuple[Fact, ...]) -> None:
    assert unpack(pack(told)) == told


def changed(**of: Any) -> Fact:
    return msgspec.structs.replace(Fact(KEY, WORD, 0.5), **of)


def spoken(**of: Any) -> Fact:
    return changed(value=msgspec.structs.replace(WORD, **of))


NO_RATES = (float("inf"), float("nan"), 1.01, -0.1)
BAD = [
    *(changed(**{gate: r}) for gate in ("rate", "forgetting", "momentum") for r in NO_RATES),
    spoken(surface=(-1,)), spoken(address=(facts.MAX_ID + 1,)), spoken(surface=()), spoken(address=(3,) * 1025),
    spoken(start=9, end=3), spoken(start=-1), spoken(end=2**40),
    changed(value=Key(HAS, msgspec.structs.replace(WORD, surface=(-7,)))),
    changed(key=Key(HAS, WORD, msgspec.structs.replace(WORD, address=(-7,)))),
    changed(key=Key(msgspec.structs.replace(HAS, surface=(-7,)), WORD)),
]  # fmt: skip


@pytest.mark.parametrize("fact", BAD)
def test_what_no_encoder_writes_is_refused(fact: Fact) -> None:
    with pytest.raises(MemoryStateError, match="not sound"):
        unpack(pack((fact,)))


def test_a_million_facts_are_refused() -> None:
    few = (changed(),) * facts.MAX_FACTS
    assert unpack(pack(few)) == few
    one = msgspec.msgpack.encode(changed())
    for many in (facts.MAX_FACTS + 1, 1_000_000):
        with pytest.raises(MemoryStateError, match="not sound"):
            unpack(b"\x92\x01\xdd" + many.to_bytes(4, "big") + one * many)


@given(st.binary(max_size=200))
def test_any_bytes_are_facts_or_one_error(raw: bytes) -> None:
    try:
        again = pack(unpack(raw))
    except MemoryStateError as e:
        assert e.message.endswith(".") and "\n" not in e.message
    else:
        assert unpack(again) == unpack(raw)


@given(st.data())
def test_a_record_cut_short_or_changed_in_one_byte_is_facts_or_one_error(data: st.DataObject) -> None:
    good = pack((changed(), spoken(text="räume"), changed(value=KEY)))
    at = data.draw(st.integers(0, len(good) - 1))
    with pytest.raises(MemoryStateError):
        unpack(good[:at])
    with contextlib.suppress(MemoryStateError):
        unpack(good[:at] + bytes([data.draw(st.integers(0, 255))]) + good[at + 1 :])


def test_a_newer_record_says_so_and_format_0_is_none() -> None:
    packed = msgspec.msgpack.encode([facts.FORMAT + 1, []])
    with pytest.raises(MemoryStateError, match=r"newer.*Upgrade"):
        unpack(packed)
    for other in (0, -1):
        with pytest.raises(MemoryStateError, match="not sound"):
            unpack(msgspec.msgpack.encode([other, []]))


def test_keys_are_the_same_by_their_words_not_by_how_they_are_written() -> None:
    shouted = msgspec.structs.replace(WORD, text="GARDEN", surface=(99,), start=0, end=6)
    assert Key(HAS, shouted).ids() == KEY.ids()
    others = [Key(msgspec.structs.replace(HAS, text="is at"), WORD), Key(HAS, WORD, WORD)]
    assert len({KEY.ids(), *(k.ids() for k in others)}) == 3


def test_a_phrase_stands_where_it_says() -> None:
    assert facts.stands_in(changed(), "My garden.") and not facts.stands_in(changed(), "My gardxx.")
    earlier = spoken(text="elsewhere", earlier=True, start=0, end=9)
    assert facts.stands_in(msgspec.structs.replace(earlier, key=Key(HAS, HAS)), "")
    assert "garden · has → garden" in facts.shown(changed()) and "held at garden" in facts.shown(changed(value=KEY))
