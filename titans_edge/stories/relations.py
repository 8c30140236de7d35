"""The relations the generator's sentences speak of: what a graft is trained on, and the names its file gives them.

Training data only. The memory itself knows relations as phrases a graft names, not this list.
"""

from __future__ import annotations

from enum import IntEnum

# of an aspect, from the other end
INVERSES = (("north", "south"), ("east", "west"), ("left", "right"), ("above", "below"))


class Bank(IntEnum):
    """One relation each, by the number of its output in the encoder. A key is a subject, or a subject and an aspect."""

    PLACE = 0  # who or what -> where, or who carries it
    BEFORE = 1  # (who, place) -> the place before it
    SUBJECT = 2  # (object, relation) -> subject: "what is north of the kitchen?"
    OBJECT = 3  # (subject, relation) -> object: "what is the kitchen north of?", "what is my name?"
    GIVER = 4  # thing -> who gave it
    TAKER = 5  # thing -> who received it
    HOLDER = 6  # thing -> who had it last
    WHO_GAVE = 7  # (thing, receiver) -> giver
    TO_WHOM = 8  # (giver, thing) -> receiver
    WHAT_GIVEN = 9  # (giver, receiver) -> thing


PHRASES = {
    Bank.PLACE: "is at",
    Bank.BEFORE: "was before",
    Bank.SUBJECT: "has on it",
    Bank.OBJECT: "has",
    Bank.GIVER: "was given by",
    Bank.TAKER: "was given to",
    Bank.HOLDER: "was last with",
    Bank.WHO_GAVE: "was given to them by",
    Bank.TO_WHOM: "gave it to",
    Bank.WHAT_GIVEN: "gave them",
}
TRACKED = Bank.PLACE  # "he took it there": what is held at this relation becomes the value
MIRRORS = ((Bank.SUBJECT, Bank.OBJECT),)
# second hop of the first starts at what the second holds
ROUTES = ((Bank.PLACE, Bank.PLACE), (Bank.BEFORE, Bank.HOLDER))


def mirror() -> list[int]:
    """The number of each relation's mirror; its own where it has none."""
    out = list(range(len(Bank)))
    for a, b in MIRRORS:
        out[a], out[b] = int(b), int(a)
    return out
