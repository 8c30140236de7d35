"""What the soft prompts that judge are trained on: a question, lines, and whether each answers."""

from __future__ import annotations

import random

from titans_edge.stories.written import Question, Writer, read
from titans_edge.train.given import LINES, asked, given, lines_of

LAMPS = ("red", "blue", "green", "white", "black", "brown", "pink", "grey", "gold", "tiny", "tall", "old")
TOLD = "\n".join(f"{30 - n} My {lamp} lamp." for n, lamp in enumerate(LAMPS))
PERSON = f"""@ ann
{TOLD}
! 11 > 2
? word 5 | Where is the brown lamp? | brown room | It is in your brown room.
? two 1 9 | Which lamps are they? | lamp | The blue and the tiny lamp.
? two 1 9 | Which two do I mean? | blue | The blue and the tiny one.
? past 2 11 | Which green one was it? | green | It was the green lamp.
? yesno 3 | Is one of them white? | yes ; white | Yes, there is a white one.
? untold | How old is Bo's gold one?
? world | How do I cook rice?
"""


def person() -> tuple[Writer, list[Question]]:
    (ann,) = read("x.txt", PERSON)
    return ann, ann.questions


def test_what_may_answer_is_said_to_do_neither_and_what_shares_words_stands_first() -> None:
    ann, questions = person()
    lines, made = lines_of(ann), {a.question: a for a in asked(ann)}
    assert made.keys() == {q.text for q in questions if q.kind != "world"}
    for q in questions[:-1]:
        one = made[q.text]
        assert one.right == tuple(lines[n] for n in q.told)
        assert {*one.wrong}.isdisjoint(one.right)
    assert made["Which lamps are they?"].wrong == (), "the others have the answer's words"
    assert (
        lines[5] not in made["Which green one was it?"].right and lines[11] not in made["Which green one was it?"].wrong
    )
    assert len(made["Is one of them white?"].wrong) == len(lines) - 1, "yes is no word of a line"
    assert made["How old is Bo's gold one?"].wrong[:1] == (lines[8],) and not made["How old is Bo's gold one?"].right


def test_what_answers_is_always_drawn_and_two_lines_answer_together_where_both_are_needed() -> None:
    ann, _ = person()
    for one in asked(ann):
        drawn = [given(one, random.Random(n)).lines for n in range(200)]
        assert all(0 < len(lines) <= LINES for lines in drawn)
        for lines in drawn:
            assert all(right == (one.right[0] in texts) for texts, right in lines if one.right)
            assert any(right for _, right in lines) == bool(one.right)
            assert all({*texts} <= {*one.right, *one.wrong} for texts, _ in lines)
        both = [texts for lines in drawn for texts, _ in lines if len(texts) == 2 and {*texts} == {*one.right}]
        assert (len(both) > 100) == one.together and (not both or {both[0], both[0][::-1]} <= {*both})
        assert len({texts for lines in drawn for texts, right in lines if not right}) >= min(8, len(one.wrong))
