"""Topics: what can be told and asked about one kind of fact, read from tables of plain lines.

A table's line is one of

    # name who key=value ...   opens a topic; who: me, both (the user or someone else), other, thing; v=, k=, a=: kinds
    S sentence                 a statement; S1 only of the user, S3 only of someone else
    Q question                 its answer is {v}; "Q:a question" asks for {a}
    P past question            asks what {v} was before the change
    C changed sentence         {o} is the old value, {v} the new one
    A additional sentence      holds beside the statement
    N noun phrase              names the owner by this fact ("the owner of the {k}")
    B sentence before          told just before every statement, which points back to it

`{I}`, `{my}`, `{me}` name the owner, `{i2}`, `{my2}`, `{me2}` name the owner again; `[am|is]` is one form for the user
and one for someone else, `[s]` an ending for someone else. Sentences start in lower case; rendering capitalises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from titans_edge.stories.people.draw import kept, with_an

_SLOT = re.compile(r"\{([a-z])\}")
_FORMS = re.compile(r"\[([^\[\]|]*)(?:\|([^\[\]]*))?\]")
_DO = {"{do}": "[do|does]", "{am}": "[am|is]", "{have}": "[have|has]"}


@dataclass(frozen=True)
class Line:
    """One phrasing. who: "" for any owner, "1" the user, "3" someone else; asks: the slot a question asks for."""

    text: str
    who: str = ""
    asks: str = "v"

    @cached_property
    def slots(self) -> frozenset[str]:
        return frozenset(_SLOT.findall(self.text))

    def suits(self, is_user: bool) -> bool:
        return self.who in ("", "1" if is_user else "3")


@dataclass
class Topic:
    """All phrasings of one kind of fact."""

    name: str
    who: str
    group: str
    kinds: dict[str, str]
    uses: tuple[str, ...] = ()  # relations it names, so that nobody gets two landlords
    lines: dict[str, list[Line]] = field(default_factory=dict)

    _open: dict[tuple[str, bool, bool], list[Line]] = field(default_factory=dict)

    def of(self, kind: str) -> list[Line]:
        return self.lines.get(kind, [])

    def usable(self, held_out: bool, is_user: bool) -> list[Line]:
        """The statements of a split that answer a question of the same split."""
        if (key := ("usable", held_out, is_user)) not in self._open:
            questions = self.open("Q", held_out, is_user)
            statements = self.open("S", held_out, is_user)
            self._open[key] = [s for s in statements if any(q.slots | {q.asks} <= s.slots for q in questions)]
        return self._open[key]

    def open(self, kind: str, held_out: bool, is_user: bool) -> list[Line]:
        """The phrasings of a kind that belong to a split and suit the owner."""
        key = (kind, held_out, is_user)
        if key not in self._open:
            self._open[key] = [x for x in kept(self.of(kind), held_out) if x.suits(is_user)]
        return self._open[key]


@dataclass(frozen=True)
class Owner:
    """Whom a sentence is about, in one way of naming."""

    subject: str
    possessive: str
    again: tuple[str, str, str]  # she, her, her

    @property
    def is_user(self) -> bool:
        return self.subject == "I"


USER = Owner("I", "my", ("I", "my", "me"))


def parse(table: str) -> list[Topic]:
    """The topics of a table. Raises ValueError for a line that is none of the above."""
    topics: list[Topic] = []
    for raw in table.strip().splitlines():
        head, _, rest = raw.strip().partition(" ")
        if not head:
            continue
        if head == "#":
            topics.append(_opened(rest))
            continue
        found = re.fullmatch(r"([SQPCANB])([13]?)(?::([a-z]))?", head)
        if not found:
            raise ValueError(f"no line of a topic table: {raw!r}")
        for short, forms in _DO.items():
            rest = rest.replace(short, forms)
        topics[-1].lines.setdefault(found[1], []).append(Line(rest.strip(), found[2], found[3] or "v"))
    return topics


def _opened(head: str) -> Topic:
    name, who, *options = head.split()
    pairs = dict(o.split("=", 1) for o in options)
    uses = tuple(u for u in pairs.pop("uses", "").split(",") if u)
    group = pairs.pop("group", name)
    return Topic(name, who, group, pairs, uses)


def render(text: str, owner: Owner, values: dict[str, str]) -> str:
    """The phrasing about this owner with these values; it still starts in lower case."""
    text = _FORMS.sub(lambda m: _form(m, owner.is_user), text)
    me = "me" if owner.is_user else owner.subject
    if not owner.is_user and owner.subject == owner.again[0]:
        me = owner.again[2]
    words = dict(zip(("I", "my", "me"), (owner.subject, owner.possessive, me), strict=True))
    words |= dict(zip(("i2", "my2", "me2"), owner.again, strict=True)) | values
    text = re.sub(r"\{(\w+)\}", lambda m: words[m[1]], text)
    return with_an(text)


def _form(found: re.Match[str], is_user: bool) -> str:
    mine, theirs = ("", found[1]) if found[2] is None else (found[1], found[2])
    return mine if is_user else theirs


def capital(text: str) -> str:
    """The text with its first letter in upper case."""
    return text[:1].upper() + text[1:]
