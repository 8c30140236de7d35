"""What changed: later messages that may have changed one, and the pairs of messages that changes are learnt from."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from tests.test_recall import Memory
from titans_edge.sidecar.recall import told_later
from titans_edge.sources import Source
from titans_edge.stories.written import Question, Writer, written
from titans_edge.train.changing import asked


class Journal(Memory):
    """A memory whose journal finds texts that share a word."""

    def like(self, words: Sequence[str], limit: int) -> list[tuple[int, float]]:
        shared = {e.id: len(set(words) & set(e.text.lower().strip(".").split())) for e in self.entries.values()}
        return sorted(((i, float(n)) for i, n in shared.items() if n), key=lambda x: -x[1])[:limit]

    def later(self, span: int, text: str, n: int = 4) -> list[str]:
        here: Any = self
        return [s["said"] for s in told_later(here, self.entries[span], text, n).shown()]


def test_what_may_have_changed_a_message_is_the_users_shares_a_word_and_was_told_later() -> None:
    m = Journal(
        "The rent is 400.",
        "My flat is small.|The rent is due.",
        "I said so, always.",
        "My landlord raised the rent.|Alas.",
    )
    assert m.later(2, "What is the rent of my flat?") == ["My landlord raised the rent. Alas."]
    assert m.later(1, "rent flat") == ["My flat is small. The rent is due.", "My landlord raised the rent. Alas."]
    assert m.later(1, "rent flat", n=1) == ["My flat is small. The rent is due."], "it shares most"
    assert m.later(4, "always") == [] == m.later(5, "rent")
    assert m.later(1, "I said it is always so") == [], "words that any two messages share"
    read = Journal("The rent is 400.", "The rent is 500.", source=Source("document", "a.txt"))
    assert read.later(1, "rent") == [], "a document is changed by its next version"


def test_pairs_that_are_learnt_from_are_of_a_message_and_a_later_one_and_say_what_changed() -> None:
    who = Writer("ann", [(9, "Rent is 400."), (5, "Rent is 450 now."), (2, "Tea."), (1, "Rent went to 500.")])
    who.changes = [(1, 0), (3, 1)]
    who.questions = [Question("changed", "What's the rent?", (3,), ("500",)), Question("past", "And before?", (1,))]
    assert [p for p in asked(who, random.Random(1)) if p[3]] == [
        ("What's the rent?", 1, 3, True), ("What's the rent?", 0, 3, True)
    ]  # fmt: skip
    assert {p[1:] for n in range(20) for p in asked(who, random.Random(n)) if not p[3]} == {(1, 2, False)}
    who.questions = [Question("yesno", "Is it 400?", (3,), ("no", "500")), Question("yesno", "Do I drink tea?", (2,))]
    found = {p for n in range(20) for p in asked(who, random.Random(n)) if p[3]}
    assert found == {("Is it 400?", 1, 3, True), ("Is it 400?", 0, 3, True)}, "nothing changed the tea"
    for person in written()[::20]:
        changed = {(q.text, q.told[0]) for q in person.questions if q.kind in ("changed", "yesno") and q.told}
        for question, earlier, later, changes in asked(person, random.Random(1)):
            assert earlier < later and (not changes or (question, later) in changed)
            whether = any(q.text == question and q.kind == "yesno" for q in person.questions)
            assert changes or whether or (question, later) not in changed
