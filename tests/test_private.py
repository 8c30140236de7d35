"""What a conversation tells and the memory does not know: which sentences that are, and that the newest word holds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.answering import Answering, client, hear, said, text
from tests.test_prompt import states
from titans_edge.backbone.injection import Prompt
from titans_edge.backbone.model import Backbone
from titans_edge.private import FIRST, HERE, is_known, told_in_private, with_told
from titans_edge.session import Session
from titans_edge.sidecar.readout import MemoryReadout

ASKED = "Where do I work?"
EMPTY = MemoryReadout(np.zeros((0, 4), np.float32), 0.0, "", 0)


def span(n: int, text: str) -> dict[str, Any]:
    return {"id": n, "text": text, "kind": "user", "source": "you", "time": 0.0, "match": 0.5}


def test_a_sentence_that_shares_a_word_and_is_not_stored_was_told_in_private() -> None:
    talk = said("I work at Aldi.", "Fine.", "I like tea.", "Fine.", "My work is hard.", "Fine.")
    assert told_in_private(ASKED, talk, EMPTY, lambda _: False) == ["I work at Aldi.", "My work is hard."]
    assert told_in_private(ASKED, talk, EMPTY, "My work is hard.".__eq__) == ["I work at Aldi."]
    assert told_in_private(ASKED, said("Where is work?", "There."), EMPTY, lambda _: False) == [], "a question"
    assert told_in_private(ASKED, said("> I work at Lidl.", "Fine."), EMPTY, lambda _: False) == [], "pasted"


def test_what_was_told_after_it_and_is_known_is_newer() -> None:
    talk = said("I work at Tesco.", "Fine.", "I work at Aldi now.", "Fine.", "I work on Mondays.", "Fine.")
    found = replace(EMPTY, retrieved=(span(7, "I work at Aldi now."),))
    assert told_in_private(ASKED, talk, found, lambda _: False) == ["I work on Mondays."]


def test_it_is_judged_as_the_newest_and_the_conversation_is_seen_where_it_is_not_given() -> None:
    judged = replace(EMPTY, retrieved=(span(7, "I work at Aldi."),), prompt=Prompt(np.zeros((1, 2, 1, 4)), 5, 0.5))
    both = with_told(replace(judged, untold=True), ["I work at Lidl."], 9.0)
    assert not both.untold and [s["id"] for s in both.retrieved] == [7, FIRST] and both.retrieved[1][HERE]
    assert is_known(ASKED, ["I work at Lidl."], both.retrieved)
    assert not is_known(ASKED, ["I work at Lidl."], judged.retrieved)
    assert is_known(ASKED, [], judged.retrieved)
    unread = replace(judged, prompt=None)
    assert with_told(unread, ["I work at Lidl."], 9.0) is unread, "nothing can judge it"


@pytest.mark.grounded
def test_a_list_of_what_is_stored_is_none_where_something_else_was_told(tiny: Backbone) -> None:
    memory = Answering(tiny.n_embd, texts=["I work at Aldi."])
    with Session(tiny, client(memory), context=512) as session:
        memory.prompt = Prompt(states(tiny), 5, 0.0)
        assert "You told me" in text(hear(session, "I work at Aldi.", "Fine.", "What did I just tell you?"))
        assert "You told me" not in text(hear(session, "I work at Lidl.", "Fine.", "What did I just tell you?"))


def test_what_is_stored_is_known_by_its_words_in_their_order(tiny: Backbone) -> None:
    memory = Answering(tiny.n_embd, texts=["I moved from Porto to Leeds."])
    memory.find = lambda **_: list(memory.spans)  # type: ignore[method-assign]  # of the same words
    with Session(tiny, client(memory)) as session:
        assert session._stored("I moved from Porto to Leeds.")
        assert not session._stored("I moved from Leeds to Porto.")
