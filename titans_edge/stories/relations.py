"""The banks of the memory: what each association is for. Shared by the generator (labels) and the memory (sizes)."""

from __future__ import annotations

from enum import IntEnum

INVERSES = (
    ("north", "south"),
    ("east", "west"),
    ("left", "right"),
    ("above", "below"),
)  # relations seen from the other end


class Bank(IntEnum):
    """One matrix of the memory each. A key is one word, or two bound together."""

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
