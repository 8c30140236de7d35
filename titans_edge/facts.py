"""Facts: what a span says, as phrases. The contract between encoder, journal, policy and store.

A fact is a key (a subject, perhaps an aspect of it, and a relation) and a value, all of them phrases: token ids of any
length with the place they were read at. Vectors are made from the ids whenever a state is built, so a record outlives
the graft that made it. Beside its facts a span is read as a whole (`Sentence`): a key to find it by, and its words.
Knows ids and places, no list of relations, no files.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from titans_edge.errors import MemoryStateError

FORMAT = 1  # of a record
MAX_FACTS, MAX_WORDS, MAX_TOKENS, MAX_ID = 64, 64, 1024, 2**31 - 1  # of a span (two), a phrase, a token's number

Rate = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Ids = Annotated[tuple[Annotated[int, msgspec.Meta(ge=0, le=MAX_ID)], ...], msgspec.Meta(max_length=MAX_TOKENS)]
KeyBytes = Annotated[bytes, msgspec.Meta(max_length=4096)]
Offset = Annotated[int, msgspec.Meta(ge=0, le=MAX_ID)]


class Phrase(msgspec.Struct, frozen=True, array_like=True, tag="phrase"):
    """Words as written. [start, end): characters in the span, or in the one before it (`earlier`); 0, 0: in neither.

    surface: token ids as written inside a sentence; address: those of the lower-cased phrase, by which it is found.
    """

    text: str
    start: Offset
    end: Offset
    surface: Ids
    address: Ids
    earlier: bool = False


class Key(msgspec.Struct, frozen=True, array_like=True, tag="key"):
    """What is asked for: "the kitchen" (subject), "north" (aspect, or None), "has" (relation)."""

    relation: Phrase
    subject: Phrase
    aspect: Phrase | None = None

    def ids(self) -> tuple[str, tuple[int, ...], tuple[int, ...]]:
        """Two keys are the same key when these are equal, whatever vectors a graft gives them."""
        return self.relation.text, self.subject.address, self.aspect.address if self.aspect is not None else ()


class Fact(msgspec.Struct, frozen=True, array_like=True):
    """One association. value: a phrase, or a key: what is held there when it is written ("he took the milk there").

    rate (learning rate), forgetting, momentum: 0..1, as the encoder's gates had them.
    """

    key: Key
    value: Phrase | Key
    rate: Rate
    forgetting: Rate = 0.0
    momentum: Rate = 0.0


# float16 in little-endian bytes: an infinity or NaN has all bits of its exponent in the second
_NOT_FINITE = bytes(b for b in range(256) if b & 0x7C == 0x7C)


class Sentence(msgspec.Struct, frozen=True, array_like=True):
    """A span as a whole. key: what it is found by, float16 in little-endian bytes; words: token ids of each.

    linked: the key as it is with the span before it in view; before: how many spans earlier that one was told. Where
    that one has been forgotten, `key` counts.
    """

    key: KeyBytes
    words: Annotated[tuple[Ids, ...], msgspec.Meta(max_length=MAX_WORDS)]
    linked: KeyBytes = b""
    before: Annotated[int, msgspec.Meta(ge=0, le=MAX_ID)] = 0


class _Record(msgspec.Struct, array_like=True):
    format: int
    facts: Annotated[tuple[Fact, ...], msgspec.Meta(max_length=MAX_FACTS)]
    sentence: Sentence | None = None


def pack(facts: tuple[Fact, ...], sentence: Sentence | None = None) -> bytes:
    """What was read in a span, as the journal keeps it."""
    return msgspec.msgpack.encode(_Record(FORMAT, facts, sentence))


def unpack(record: bytes) -> tuple[Fact, ...]:
    """The facts of a record; errors as `read`."""
    return read(record)[0]


def read(record: bytes) -> tuple[tuple[Fact, ...], Sentence | None]:
    """What a record holds. Raises MemoryStateError for bytes that are none, or that hold what no encoder writes."""
    try:
        found = msgspec.msgpack.decode(record, type=_Record)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise _bad(str(e)) from e
    if found.format > FORMAT:
        raise MemoryStateError("A record was written by a newer Titans Edge.", "Upgrade titans-edge.")
    if found.format != FORMAT:
        raise _bad(f"format {found.format}")
    for fact in found.facts:
        _check(fact)
    if found.sentence is not None:
        _check_key(found.sentence)
    return found.facts, found.sentence


def phrases(fact: Fact) -> list[Phrase]:
    """All phrases of a fact."""
    keys = [fact.key] + ([fact.value] if isinstance(fact.value, Key) else [])
    out = [p for k in keys for p in (k.relation, k.subject, k.aspect) if p is not None]
    return out + ([fact.value] if isinstance(fact.value, Phrase) else [])


def stands_in(fact: Fact, text: str) -> bool:
    """True when every phrase that claims a place in `text` is what stands there."""
    placed = [p for p in phrases(fact) if p.end > p.start and not p.earlier]
    return all(text[p.start : p.end] == p.text for p in placed)


def shown(fact: Fact) -> str:
    """A fact in a line: kitchen · north · of → garden."""

    def of(key: Key) -> str:
        return " · ".join(p.text for p in (key.subject, key.aspect, key.relation) if p is not None)

    value = fact.value.text if isinstance(fact.value, Phrase) else f"what is held at {of(fact.value)}"
    return f"{of(fact.key)} → {value}"


def _check(fact: Fact) -> None:
    """What the types do not say."""
    for p in phrases(fact):
        if p.start > p.end or (p.end > 0 and not (p.surface and p.address)):
            raise _bad(f"place or token ids of {p.text[:40]!r}")


def _check_key(sentence: Sentence) -> None:
    for key in (sentence.key, sentence.linked):
        if len(key) % 2 or len(key[1::2].translate(None, _NOT_FINITE)) < len(key) // 2:
            raise _bad("a key that is no vector")
    if sentence.linked and (len(sentence.linked) != len(sentence.key) or not sentence.before):
        raise _bad("a key that belongs to no other span")


def _bad(why: str) -> MemoryStateError:
    return MemoryStateError(f"The facts of a span are not sound ({why}).", "Run `titans-edge memory verify NAME`.")
