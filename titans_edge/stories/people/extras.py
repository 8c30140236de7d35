"""What a person brings besides plain facts: questions that need two of them, and requests that need none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from titans_edge.stories.people.beings import Being
from titans_edge.stories.people.chains import CHAINS
from titans_edge.stories.people.draw import kept
from titans_edge.stories.people.facts import Fact, Maker
from titans_edge.stories.people.frames import asked, said
from titans_edge.stories.people.model import Told, TwoFacts
from titans_edge.stories.people.requests import REQUESTS
from titans_edge.stories.people.tables import exclusive
from titans_edge.stories.people.topic import USER, Owner, Topic, render

_SLOT = re.compile(r"\{(\w+?)2?\}")


@lru_cache(1)
def _chains() -> tuple[tuple[str, dict[str, str], list[str]], ...]:
    lines = [line.strip() for line in CHAINS.strip().splitlines()]
    rows = []
    for head, *texts in zip(*[iter(lines)] * 4, strict=True):
        group, *kinds = head.split()
        rows.append((group, dict(k.split("=") for k in kinds), texts))
    return tuple(rows)


def two_by_chain(make: Maker) -> TwoFacts:
    """Two sentences linked by a thing or person both name."""
    rows = kept(range(len(_chains())), make.held_out)
    told = {group for group, owner in make.owned if owner == "user"} | make.relations
    free = [i for i in rows if not {_chains()[i][0], exclusive(_chains()[i][0])} & told]
    group, kinds, texts = _chains()[make.rng.choice(free)]
    values = {slot: make.draw.one(kind) for slot, kind in kinds.items()}
    make.groups.add(group)
    make.owned |= {(group, "user"), (exclusive(group), "user")}
    if group in ("landlord", "boss"):
        make.relations.add(group)
    first, second, question = (render(t, USER, values) for t in texts)
    tell = [Told(said(s, make.rng, make.held_out)) for s in (first, second)]
    answer = make.answer(tell[1].text, values["v"])
    return TwoFacts(tell[0], tell[1], asked(question, make.rng, make.held_out), answer)


def two_by_name(make: Maker, topics: Sequence[Topic]) -> tuple[Fact, Fact, TwoFacts]:
    """Two facts of one being; the question names the being by the first ("the owner of the parrot")."""
    while True:
        being = make.rng.choice(make.beings)
        naming = make.rng.choice([t for t in topics if t.of("N")])
        topic = make.rng.choice([t for t in topics if t.who == "both" and t.group != naming.group])
        if not (make.free(naming, being) and make.free(topic, being)):
            continue
        if made := _named(make, being, naming, topic):
            return made


def _named(make: Maker, being: Being, naming: Topic, topic: Topic) -> tuple[Fact, Fact, TwoFacts] | None:
    plain = [
        q for q in make.lines(topic, "Q", False) if "{I}" in q.text and "{my}" not in q.text and "{me}" not in q.text
    ]
    statements = [s for s in make.lines(topic, "S", False) if any(q.slots | {q.asks} <= s.slots for q in plain)]
    if not plain or not statements:
        return None
    first, second = make.told(naming, being), make.told(topic, being)
    able = [q for q in plain if q.slots <= second.line.slots and q.asks in second.line.slots]
    names = [n for n in make.lines(naming, "N", False) if n.slots <= first.line.slots]
    if not able or not names:
        return None
    line = make.rng.choice(able)
    name = render(make.rng.choice(names).text, USER, first.values)
    question = render(line.text, Owner(name, name + "'s", being.again), second.values)
    answer = make.answer(second.told.text, second.values[line.asks])
    return first, second, TwoFacts(first.told, second.told, asked(question, make.rng, make.held_out), answer)


def requests(make: Maker, n: int) -> tuple[str, ...]:
    """n messages in the first person that ask for nothing told."""
    templates = kept(tuple(REQUESTS.strip().splitlines()), make.held_out)
    return tuple(asked(_filled(make, t), make.rng, make.held_out, again=False) for t in make.rng.sample(templates, n))


def _filled(make: Maker, template: str) -> str:
    text = _SLOT.sub(lambda m: make.draw.one(m[1]), template)
    return render(text, USER, {})
