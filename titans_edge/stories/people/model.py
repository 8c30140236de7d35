"""The pieces a simulated person is made of. Knows no words and no phrasings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Told:
    """A sentence (the span that holds the answer); before: the one told just before it, where the span needs it."""

    text: str
    before: str = ""


@dataclass(frozen=True)
class Asked:
    """A question about one told sentence; answer: the words of that sentence that answer it, as they stand there."""

    question: str
    answer: str
    told: Told


@dataclass(frozen=True)
class Change:
    """new replaces old: question asks what holds now, past_question what held before."""

    old: Told
    new: Told
    question: str
    past_question: str
    old_answer: str
    new_answer: str


@dataclass(frozen=True)
class Alike:
    """Two similar sentences that are both true: neither replaces the other."""

    first: Told
    second: Told


@dataclass(frozen=True)
class TwoFacts:
    """A question that needs both sentences; the answer stands in the second."""

    first: Told
    second: Told
    question: str
    answer: str


@dataclass(frozen=True)
class Person:
    """One simulated user.

    told: everything that holds, in the order of telling, without the changes (each of those brings its own pair).
    asked: questions about sentences of told. alike, two_facts: pairs whose sentences are all in told.
    untold: personal questions whose topic this person never told. requests: messages that ask for no told fact.
    """

    told: tuple[Told, ...]
    asked: tuple[Asked, ...]
    changes: tuple[Change, ...]
    alike: tuple[Alike, ...]
    two_facts: tuple[TwoFacts, ...]
    untold: tuple[str, ...]
    requests: tuple[str, ...]
