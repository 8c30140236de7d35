"""What the soft prompt is trained on: lines a memory gives for people's questions, and whether each answers."""

from __future__ import annotations

import random
from pathlib import Path

from tests.answering import local
from titans_edge.backbone.model import Backbone
from titans_edge.judging import JUDGED
from titans_edge.session import Session
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


def test_what_answers_is_among_the_lines_and_what_may_answer_is_not_said_to_do_or_not(
    tiny: Backbone, tiny_path: Path, keyed_path: Path
) -> None:
    (ann,) = read("x.txt", PERSON)
    with local(tiny_path, keyed_path) as memory, Session(tiny, memory, context=512, k=JUDGED) as session:
        made = {g.question: g.lines for g in given(ann, session, random.Random(1))}
    told = [text for _, text in ann.messages]
    number = {
        q: {next(i for i, t in enumerate(told) if t in line): right for line, right in g} for q, g in made.items()
    }
    assert all(0 < len(n) <= JUDGED + 1 for n in number.values())
    for q in ann.questions[:3]:
        assert number[q.text][q.told[0]] and [n for n, right in number[q.text].items() if right] == [q.told[0]]
        assert not set(q.told[1:]) & set(number[q.text])
    assert set(number["Which lamps are they?"]) == {1}, "the others have the answer's words"
    assert not any(number["How old is Bo?"].values()) and "How do I cook rice?" not in made
