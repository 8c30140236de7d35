"""People written by hand: all of them can be read, say what their questions need, and become episodes to train on."""

from __future__ import annotations

import pytest

from titans_edge.errors import DataError
from titans_edge.stories.written import KINDS, PLAIN, Writer, read, written
from titans_edge.text import sentences
from titans_edge.train.episodes import of_writer

SMALL = """@ ann
9 I live in Ghent. My cat is called Bo.
3 Moved to Lyon!\\nBo hates it.
! 1 > 0
? changed 1 0 | Where do I live? | Lyon | You live in Lyon.
? past 0 1 | Where did I live? | Ghent | You lived in Ghent.
? word 0 | What is my pet called? | Bo ; kitty | It is called Bo.
? untold | How old is Bo?
? world | How do I cook rice?

@ ben
1 Hello.
"""


def cut(text: str) -> list[str]:
    return [s.text for s in sentences(text)]


def test_a_file_is_people_with_messages_changes_and_questions() -> None:
    ann, ben = read("x.txt", SMALL)
    assert (ann.name, ben.name, ben.questions) == ("ann", "ben", [])
    assert ann.messages[1] == (3.0, "Moved to Lyon!\nBo hates it.") and ann.changes == [(1, 0)]
    assert ann.questions[2].targets == ("Bo", "kitty") and ann.questions[3].told == ()


@pytest.mark.parametrize(
    "line",
    ["hello", "? word 7 | Who? | a | a", "? word 0 | Who?", "? silly 0 | Who? | a | a", "! 0 > 1", "? untold 0 | Who?"],
)
def test_a_line_of_no_form_is_named(line: str) -> None:
    with pytest.raises(DataError, match=r"x\.txt, line 3"):
        list(read("x.txt", f"@ ann\n1 I am.\n{line}\n"))
    with pytest.raises(DataError, match=r"x\.txt, line 1"):
        list(read("x.txt", line))


def test_an_episode_has_the_spans_that_answer_each_behind_the_one_before() -> None:
    (ann, _) = read("x.txt", SMALL)
    e = of_writer(ann, cut)
    assert e.texts == (
        ("", "I live in Ghent."),
        ("I live in Ghent.", "My cat is called Bo."),
        ("My cat is called Bo.", "Moved to Lyon!"),
        ("Moved to Lyon!", "Bo hates it."),
    )
    assert dict(e.asked) == {
        "Where do I live?": (2, 0),
        "Where did I live?": (0, 2),
        "What is my pet called?": (1,),
        "How old is Bo?": (),
        "How do I cook rice?": (),
    }
    assert e.pairs == ((2, 0, True),)


def test_everybody_in_the_package_can_be_learned_from() -> None:
    everybody = written()
    assert len(everybody) > 500 and len({w.name for w in everybody}) == len(everybody)
    assert {q.kind for w in everybody for q in w.questions} == set(KINDS)
    assert not [(w.name, q.text) for w in everybody for q in w.questions if not _sound(w, q.kind, q.text)]


def _sound(who: Writer, kind: str, text: str) -> bool:
    """A question has a reply that holds a wording of its answer, or there is none of either."""
    q = next(q for q in who.questions if (q.kind, q.text) == (kind, text))
    if kind in PLAIN:
        return not (q.told or q.targets or q.reply)
    said = _plain(q.reply)
    return any(_plain(t) in said for t in q.targets)


def _plain(text: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in text.lower()).split())
