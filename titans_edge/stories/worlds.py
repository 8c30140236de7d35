"""Seeded stories of the five kinds BABILong's qa1-qa5 ask about, and facts people tell about themselves.

Knows what each sentence means: which word is key, which is value, in which bank of the memory (`roles`).
Knows nothing of models. Words come from word lists (`Lexicon`), so that none has to be learnt by heart.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from titans_edge.stories.lexicon import Lexicon
from titans_edge.stories.relations import Bank

KINDS = ("place", "thing", "before", "relation", "give", "attribute")

MOVE = (
    "went to", "journeyed to", "travelled to", "moved to", "went back to", "walked to", "ran to", "headed to",
    "hurried to", "returned to", "came to", "drove to", "wandered into", "walked into", "is in", "is now in", "is at",
    "has gone to", "has moved to", "just arrived at", "slipped into", "was taken to",
)  # fmt: skip
GRAB = ("picked up", "grabbed", "took", "got", "fetched", "collected", "is carrying", "found", "has taken")
DROP = ("discarded", "dropped", "left", "put down", "set down", "let go of", "has dropped", "laid down")
GIVE = ("gave", "handed", "passed")
ASK_PLACE = (
    "Where is {x}?",
    "Where is {x} now?",
    "Do you know where {x} is?",
    "Where can I find {x}?",
    "Where did {x} go?",
    "Tell me where {x} is.",
    "Which place is {x} in?",
)
ASK_BEFORE = ("Where was {x} before {p}?", "Where was {x} before {p}?", "Where had {x} been before {p}?")


@dataclass(frozen=True)
class Write:
    """One association a sentence makes: key words -> value word. value None: what was read at the subject."""

    bank: Bank
    key: str
    second: str | None
    value: str | None


@dataclass(frozen=True)
class Fact:
    text: str
    writes: tuple[Write, ...] = ()
    subject: str | None = None  # the word at which the memory is read before writing


@dataclass(frozen=True)
class Question:
    """A question and its one-word answer; bank and keys say where the answer lies (None: nowhere)."""

    text: str
    answer: str
    bank: Bank | None
    key: str | None = None
    second: str | None = None
    hop: bool = False  # the key's second step goes through what was read at the key


@dataclass(frozen=True)
class Story:
    kind: str
    facts: tuple[Fact, ...]
    question: Question


@dataclass
class World:
    """A few people, places and things, and a state of affairs that events change."""

    rng: random.Random
    people: list[str]
    places: list[str]  # with their article where they take one: "the kitchen", "Paris"
    things: list[str]
    at: dict[str, str] = field(default_factory=dict)  # person -> place
    before: dict[tuple[str, str], str] = field(default_factory=dict)  # (person, place) -> place before
    holder: dict[str, str] = field(default_factory=dict)  # thing -> person who has it
    lies: dict[str, str] = field(default_factory=dict)  # thing -> place where it was put
    had: dict[str, str] = field(default_factory=dict)  # thing -> last person who had it
    gave: list[tuple[str, str, str]] = field(default_factory=list)  # giver, thing, receiver
    verbs: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def draw(cls, lexicon: Lexicon, rng: random.Random, verbs: int = 3) -> World:
        """Sixteen different words: people, places with and without article, things."""
        taken: set[str] = set()
        people = lexicon.draw("names", 5, rng, taken)
        places = [f"the {p}" for p in lexicon.draw("places", 5, rng, taken)] + lexicon.draw(
            "proper_places", 1, rng, taken
        )
        return cls(rng, people, places, lexicon.draw("things", 4, rng, taken), verbs=_some_verbs(rng, verbs))

    def fresh(self, rng: random.Random) -> World:
        """The same people, places and things, nothing known yet."""
        return World(rng, self.people, self.places, self.things, verbs=self.verbs)

    def _verb(self, what: str) -> str:
        return self.rng.choice(self.verbs[what])

    def move(self) -> Fact:
        who = self.rng.choice(self.people)
        where = self.rng.choice([p for p in self.places if p != self.at.get(who)])
        writes = (Write(Bank.PLACE, who, None, noun(where)), Write(Bank.BEFORE, who, noun(where), None))
        if who in self.at:
            self.before[who, where] = self.at[who]
        self.at[who] = where
        return Fact(f"{who} {self._verb('move')} {where}.", writes, who)

    def grab(self) -> Fact | None:
        free = [t for t in self.things if t not in self.holder]
        if not free:
            return None
        thing = self.rng.choice(free)
        able = [p for p in self.people if self.at.get(p) == self.lies[thing]] if thing in self.lies else self.people
        if not able:
            return None
        who = self.rng.choice(able)
        self.holder[thing] = self.had[thing] = who
        self.lies.pop(thing, None)
        there = self.rng.choice(("", "", " there"))
        writes = (Write(Bank.PLACE, thing, None, who), Write(Bank.HOLDER, thing, None, who))
        return Fact(f"{who} {self._verb('grab')} the {thing}{there}.", writes, who)

    def drop(self) -> Fact | None:
        if not self.holder:
            return None
        thing = self.rng.choice(sorted(self.holder))
        who = self.holder.pop(thing)
        if who in self.at:
            self.lies[thing] = self.at[who]
        there = self.rng.choice(("", "", " there"))
        return Fact(f"{who} {self._verb('drop')} the {thing}{there}.", (Write(Bank.PLACE, thing, None, None),), who)

    def give(self) -> Fact | None:
        if not self.holder:
            return None
        thing = self.rng.choice(sorted(self.holder))
        giver = self.holder[thing]
        taker = self.rng.choice([p for p in self.people if p != giver])
        self.holder[thing] = self.had[thing] = taker
        self.gave.append((giver, thing, taker))
        verb = self._verb("give")
        text = (
            f"{giver} {verb} {taker} the {thing}."
            if self.rng.random() < 0.25
            else f"{giver} {verb} the {thing} to {taker}."
        )
        writes = (
            Write(Bank.PLACE, thing, None, taker),
            Write(Bank.HOLDER, thing, None, taker),
            Write(Bank.GIVER, thing, None, giver),
            Write(Bank.TAKER, thing, None, taker),
            Write(Bank.WHO_GAVE, thing, taker, giver),
            Write(Bank.TO_WHOM, giver, thing, taker),
            Write(Bank.WHAT_GIVEN, giver, taker, thing),
        )
        return Fact(text, writes, giver)

    def event(self, weights: dict[str, float]) -> Fact:
        name = self.rng.choices(list(weights), list(weights.values()))[0]
        made: Fact | None = getattr(self, name)()
        return made or self.move()

    def where(self, thing: str) -> str | None:
        return self.at.get(self.holder[thing]) if thing in self.holder else self.lies.get(thing)


def noun(place: str) -> str:
    """ "the kitchen" -> "kitchen"."""
    return place.removeprefix("the ")


def _some_verbs(rng: random.Random, n: int) -> dict[str, tuple[str, ...]]:
    pick = {"move": MOVE, "grab": GRAB, "drop": DROP, "give": GIVE}
    return {k: tuple(rng.sample(v, min(n, len(v)))) for k, v in pick.items()}


_MIX = {
    "place": {"move": 0.8, "grab": 0.1, "drop": 0.1},
    "thing": {"move": 0.55, "grab": 0.25, "drop": 0.2},
    "before": {"move": 0.7, "grab": 0.2, "drop": 0.1},
    "give": {"move": 0.3, "grab": 0.25, "drop": 0.1, "give": 0.35},
}


def story(kind: str, world: World, lexicon: Lexicon, length: int) -> Story:
    """One story of about `length` facts that its question can be answered from."""
    if kind == "relation":
        return _relation(world, length)
    if kind == "attribute":
        return _attribute(world, lexicon, length)
    while True:
        state = world.fresh(world.rng)
        facts = [state.event(_MIX[kind]) for _ in range(length)]
        question = {"place": _ask_place, "thing": _ask_thing, "before": _ask_before, "give": _ask_give}[kind](state)
        if question:
            return Story(kind, tuple(facts), question)
        length += 1


def _ask_place(w: World) -> Question | None:
    if not w.at:
        return None
    who = w.rng.choice(sorted(w.at))
    return Question(w.rng.choice(ASK_PLACE).format(x=who), noun(w.at[who]), Bank.PLACE, who)


def _ask_thing(w: World) -> Question | None:
    known = [t for t in w.things if w.where(t)]
    if not known:
        return None
    thing = w.rng.choice(known)
    place = w.where(thing) or ""
    return Question(
        w.rng.choice(ASK_PLACE[:5]).format(x=f"the {thing}"), noun(place), Bank.PLACE, thing, None, thing in w.holder
    )


def _ask_before(w: World) -> Question | None:
    things = [t for t in w.holder if (w.holder[t], w.at.get(w.holder[t], "")) in w.before]
    if things and w.rng.random() < 0.7:
        thing = w.rng.choice(sorted(things))
        place = w.at[w.holder[thing]]
        answer = w.before[w.holder[thing], place]
        text = w.rng.choice(ASK_BEFORE).format(x=f"the {thing}", p=place)
        return Question(text, noun(answer), Bank.BEFORE, thing, noun(place), True)
    if not w.before:
        return None
    who, place = w.rng.choice(sorted(w.before))
    text = w.rng.choice(ASK_BEFORE).format(x=who, p=place)
    return Question(text, noun(w.before[who, place]), Bank.BEFORE, who, noun(place))


def _ask_give(w: World) -> Question | None:
    if not w.gave:
        return None
    g, t, r = w.rng.choice(w.gave)
    form = w.rng.randrange(7)
    last = [x for x in w.gave if x[1] == t][-1]
    if form == 0:
        return Question(f"Who gave the {t}?", last[0], Bank.GIVER, t)
    if form == 1:
        return Question(
            w.rng.choice((f"Who received the {t}?", f"Who got the {t}?", f"Who was given the {t}?")),
            last[2],
            Bank.TAKER,
            t,
        )
    if form == 2:
        return Question(f"Who gave the {t} to {r}?", [x for x in w.gave if x[1:] == (t, r)][-1][0], Bank.WHO_GAVE, t, r)
    if form in (3, 4):
        to = [x for x in w.gave if x[:2] == (g, t)][-1][2]
        text = w.rng.choice((f"Who did {g} give the {t} to?", f"To whom did {g} give the {t}?"))
        return Question(text, to, Bank.TO_WHOM, g, t)
    what = [x for x in w.gave if (x[0], x[2]) == (g, r)][-1][1]
    return Question(
        w.rng.choice((f"What did {g} give to {r}?", f"What did {g} give {r}?")), what, Bank.WHAT_GIVEN, g, r
    )


def _relation(w: World, length: int) -> Story:
    rng = w.rng
    places = rng.sample(w.places[:5], 5)
    told: dict[tuple[str, str], tuple[str, str]] = {}
    facts = []
    links = list(pairwise(places))
    for s, o in links[: max(2, min(length, 4))]:
        if rng.random() < 0.5:
            s, o = o, s
        rel = rng.choice(RELATIONS)
        if (s, rel) in told or any(v == (o, rel) for v in told.values()):
            continue
        told[s, rel] = (o, rel)
        word = rel.split()[-2] if rel.startswith("to the") else rel.split()[0]
        writes = (Write(Bank.SUBJECT, noun(o), word, noun(s)), Write(Bank.OBJECT, noun(s), word, noun(o)))
        facts.append(Fact(f"{s[0].upper()}{s[1:]} is {rel} {o}.", writes, noun(s)))
    (s, rel), (o, _) = rng.choice(list(told.items()))
    word = rel.split()[-2] if rel.startswith("to the") else rel.split()[0]
    rng.shuffle(facts)
    if rng.random() < 0.5:
        return Story("relation", tuple(facts), Question(f"What is {rel} {o}?", noun(s), Bank.SUBJECT, noun(o), word))
    return Story("relation", tuple(facts), Question(f"What is {s} {rel}?", noun(o), Bank.OBJECT, noun(s), word))


RELATIONS = (
    "north of",
    "south of",
    "east of",
    "west of",
    "north of",
    "south of",
    "east of",
    "west of",
    "to the left of",
    "to the right of",
    "above",
    "below",
    "behind",
    "beside",
)


def _attribute(w: World, lexicon: Lexicon, length: int) -> Story:
    """Facts as users tell them: my dog's name is Rex; the capital of Zorland is Miro; I live in Porto."""
    rng = w.rng
    made: dict[tuple[str, str], tuple[Fact, list[str], str]] = {}
    for _ in range(max(1, length // 2)):
        key, text, asks, value = _one_attribute(w, lexicon)
        made.pop(key, None)
        made[key] = (Fact(text, (Write(Bank.OBJECT, key[0], key[1], value),), key[0]), asks, value)
    facts = [f for f, _, _ in made.values()]
    key = rng.choice(list(made))
    _, asks, value = made[key]
    facts += [w.fresh(rng).move() for _ in range(rng.randrange(3))]
    rng.shuffle(facts)
    return Story("attribute", tuple(facts), Question(rng.choice(asks), value, Bank.OBJECT, key[0], key[1]))


def _one_attribute(w: World, lexicon: Lexicon) -> tuple[tuple[str, str], str, list[str], str]:
    rng = w.rng
    taken = {x.lower() for x in (*w.people, *w.things, *map(noun, w.places))}
    (attr,) = lexicon.draw("attributes", 1, rng, taken)
    value = lexicon.value(rng, taken)
    form = rng.randrange(7)
    be = rng.choice(("is", "is", "is called", "is now", "is still")) if form < 4 else "is"
    if form == 0:
        return (
            ("my", attr),
            f"My {attr} {be} {value}.",
            [f"What is my {attr}?", f"Do you remember my {attr}?", f"What's my {attr}?", f"Tell me my {attr}."],
            value,
        )
    if form == 1:
        who = rng.choice(w.people)
        return (
            (who, attr),
            f"{who}'s {attr} {be} {value}.",
            [f"What is {who}'s {attr}?", f"What is the {attr} of {who}?"],
            value,
        )
    if form == 2:
        (kin,) = lexicon.draw("kin", 1, rng, taken)
        return (
            (kin, attr),
            f"My {kin}'s {attr} {be} {value}.",
            [f"What is my {kin}'s {attr}?", f"What is the {attr} of my {kin}?"],
            value,
        )
    if form == 3:
        owner = rng.choice(w.things + [noun(p) for p in w.places[:5]])
        return (
            (owner, attr),
            f"The {attr} of the {owner} {be} {value}.",
            [f"What is the {attr} of the {owner}?", f"What is the {owner}'s {attr}?"],
            value,
        )
    verb, prep, ask = rng.choice(SELF)
    return ("I", verb), " ".join(f"I {verb} {prep} {value}.".split()), [ask], value


SELF = (
    ("live", "in", "Where do I live?"), ("work", "at", "Where do I work?"), ("work", "as a", "What do I work as?"),
    ("like", "", "What do I like?"), ("love", "", "What do I love?"), ("hate", "", "What do I hate?"),
    ("study", "", "What do I study?"), ("play", "", "What do I play?"), ("own", "a", "What do I own?"),
)  # fmt: skip


def stories(
    kinds: tuple[str, ...], n: int, lexicon: Lexicon, seed: int, *, per_world: int = 40, longest: int = 16
) -> Iterator[Story]:
    """`n` stories, kinds in turn, a new world every `per_world` of them."""
    rng = random.Random(seed)
    world = World.draw(lexicon, rng)
    for i in range(n):
        if i % per_world == 0:
            world = World.draw(lexicon, rng)
        yield story(kinds[i % len(kinds)], world, lexicon, rng.randint(2, longest))
