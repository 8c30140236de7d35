"""What the soft prompt is trained on: what a memory gives for people's questions always holds what answers them."""

from __future__ import annotations

import random
from pathlib import Path

from tests.answering import local
from titans_edge.backbone.model import Backbone
from titans_edge.session import RETRIEVED, UNTOLD, Session
from titans_edge.stories.written import read
from titans_edge.train.given import given

LAMPS = ("red", "blue", "green", "white", "black", "brown", "pink", "grey", "gold", "tiny", "tall", "old")
TOLD = "\n".join(f"{30 - n} My {lamp} lamp." for n, lamp in enumerate(LAMPS))
PERSON = f"""@ ann
{TOLD}
! 11 > 2
? word 5 | Where is the brown lamp? | brown room | It is in your brown room.
? two 1 9 | Which lamps are they? | lamp | The blue and the tiny lamp.
? past 2 11 | Which lamp was it? | green | It was the green lamp.
? untold | How old is Bo?
? world | How do I cook rice?
"""


def test_what_answers_is_among_the_lines_in_the_order_of_telling(
    tiny: Backbone, tiny_path: Path, keyed_path: Path
) -> None:
    (ann,) = read("x.txt", PERSON)
    with local(tiny_path, keyed_path) as memory, Session(tiny, memory, context=512) as session:
        made = list(given(ann, session, random.Random(1)))
    told = [text for _, text in ann.messages]
    number = [[next(i for i, t in enumerate(told) if t in line) for line in g.lines] for g in made]
    assert all(n == sorted(set(n)) and 0 < len(n) <= RETRIEVED for n in number)
    by = {g.question: (n, g.reply) for g, n in zip(made, number, strict=True) if g.reply != UNTOLD}
    for q in ann.questions[:3]:
        needed = q.told[:1] if q.kind == "past" else q.told
        assert set(needed) <= set(by[q.text][0]) and by[q.text][1] == q.reply
    assert {g.question for g in made if g.reply == UNTOLD} >= {"How old is Bo?"}
    assert by["How do I cook rice?"][1] == ""
