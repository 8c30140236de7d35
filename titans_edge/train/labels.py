"""Turns the generator's knowledge of a sentence into indices of words: targets for the encoder's choices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from titans_edge.stories.relations import Bank
from titans_edge.stories.worlds import Fact, Question

NO_TARGET = -100  # torch's ignore index
NONE = -1  # the extra choice: no second word; what was read at the subject
H = len(Bank)
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class SpanLabels:
    """key, second, value (H,): word index, NONE or NO_TARGET; write (H,) 0/1, NO_TARGET unknown; subject: index."""

    key: Ints
    second: Ints
    value: Ints
    write: Ints
    subject: int = NO_TARGET
    slot: int = NO_TARGET  # questions: which bank and hop answers, hop * H + bank


def _blank(write: int) -> tuple[Ints, Ints, Ints, Ints]:
    return (*(np.full(H, NO_TARGET) for _ in range(3)), np.full(H, write))  # type: ignore[return-value]


def silent() -> SpanLabels:
    """A span that must write nothing."""
    return SpanLabels(*_blank(0))


def of_fact(fact: Fact, words: list[str]) -> SpanLabels:
    key, second, value, write = _blank(0)
    at = {w.lower(): i for i, w in reversed(list(enumerate(words)))}
    for w in fact.writes:
        write[w.bank] = 1
        key[w.bank] = at[w.key.lower()]
        second[w.bank] = NONE if w.second is None else at[w.second.lower()]
        value[w.bank] = NONE if w.value is None else at[w.value.lower()]
    return SpanLabels(key, second, value, write, at[fact.subject.lower()] if fact.subject else NO_TARGET)


def of_question(q: Question, words: list[str]) -> SpanLabels:
    """A question writes nothing; its keys lie in the bank that answers."""
    key, second, value, write = _blank(0)
    at = {w.lower(): i for i, w in reversed(list(enumerate(words)))}
    if q.bank is not None and q.key is not None:
        banks = [q.bank] + ([Bank.HOLDER] if q.bank == Bank.BEFORE and q.hop else [])
        for bank in banks:
            key[bank] = at[q.key.lower()]
            second[bank] = NONE if q.second is None or bank == Bank.HOLDER else at[q.second.lower()]
    slot = NO_TARGET if q.bank is None else int(q.hop) * H + q.bank
    return SpanLabels(key, second, value, write, slot=slot)
