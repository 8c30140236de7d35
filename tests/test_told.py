"""What a session does with what was told when, and with what was never told."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from tests.answering import WARM, answering, client, done, hear, local, said, text
from titans_edge.backbone.model import Backbone
from titans_edge.replying import UNTOLD
from titans_edge.routes import Mode, dates, given, quoted
from titans_edge.routes import said as put
from titans_edge.session import Session
from titans_edge.text import WAS_BEFORE

NOW = datetime(2026, 11, 24, 9).timestamp  # a Tuesday
TODAY = "It is 9:00 on Tuesday, 24 November 2026."


def test_what_nobody_told_is_said_in_a_sentence_and_the_model_is_not_asked(tiny: Backbone) -> None:
    memory = answering(tiny)
    memory.untold = True
    with Session(tiny, client(memory), context=512) as session:
        events = hear(session, "Where do I live?")
        assert text(events) == UNTOLD and (done(events).tokens, done(events).stop_reason) == (0, "stop")
        session.commit()
        assert [w[0] for w in memory.written] == ["Where do I live?"]
        for mode in (Mode.TEXT, Mode.ASSOCIATION, Mode.BOTH, Mode.OFF):
            assert text(hear(session, "Where do I live?", mode=mode)) != UNTOLD


def test_what_stands_in_the_conversation_is_left_to_the_model(tiny: Backbone) -> None:
    memory = answering(tiny)
    memory.untold = True
    with Session(tiny, client(memory), context=512) as session:
        spoken = list(session.reply(said("I live in Leeds.", "Nice.", "Where do I live?"), WARM))
        other = list(session.reply(said("I like tea.", "Nice.", "Where do I live?"), WARM))
        assert text(spoken) != UNTOLD and text(other) == UNTOLD


def test_a_question_for_a_time_of_telling_looks_at_that_time_only(tiny: Backbone) -> None:
    memory = answering(tiny)
    with Session(tiny, client(memory), context=512, clock=NOW) as session:
        hear(session, "What did I tell you yesterday about the car?")
        assert memory.between == tuple(datetime(2026, 11, d).timestamp() for d in (23, 24))
        hear(session, "Where is the car?")
        assert memory.between is None


def test_who_asks_what_only_the_date_tells_is_told_it_and_nobody_else(tiny: Backbone) -> None:
    with Session(tiny, client(answering(tiny)), context=512, clock=NOW) as session:

        def put_before(message: str, mode: Mode = Mode.AUTO) -> int:
            """How many tokens more than the conversation has."""
            used = done(hear(session, message, mode=mode)).prompt_tokens
            return used - done(hear(session, message, mode=Mode.OFF)).prompt_tokens

        line = len(tiny.vocab.encode("Today is Tuesday, 24 November 2026.\n"))
        assert put_before("What happens today?") == put_before("What is due tomorrow?") == line
        for asked in ("What day is it?", "hey, what time is it now?", "What's today's date?"):
            assert text(hear(session, "My exam is today.", "Fine.", asked)) == TODAY
            assert "It is 9:00" not in text(hear(session, asked, mode=Mode.OFF))
        assert "It is 9:00" not in text(hear(session, "What's the date of the exam?"))
        assert put_before("When does my flight leave?") == put_before("Hello!") == 0
    with Session(tiny, client(answering(tiny)), context=512, clock=NOW, system="Be brief.") as session:
        assert put_before("What happens today?") == 0
        assert "It is 9:00" not in text(hear(session, "What day is it?"))


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("user", "The exam is tomorrow (Sunday 22 November 2026)."),
        ("document", "The exam is tomorrow. (from notes.txt)"),
    ],
)
def test_only_the_users_own_words_are_given_their_dates(kind: str, line: str) -> None:
    span = {"text": "The exam is tomorrow.", "kind": kind, "source": "notes.txt"}
    assert put({**span, "time": datetime(2026, 11, 21, 9).timestamp()}) == line


def test_what_a_turn_was_given_is_what_its_text_was_made_of(tiny: Backbone) -> None:
    memory = answering(tiny, texts=["Mary went home."])
    readout = replace(memory.retrieve(None, k=4), behind=({"id": 9, "text": "The milk.", "kind": "user"},))
    assert [s["id"] for s in given(Mode.AUTO, readout)] == [1]
    sure = replace(readout, rows=readout.rows.__class__((1, tiny.n_embd), readout.rows.dtype))
    assert [s["id"] for s in given(Mode.AUTO, sure)] == [9] and [s["id"] for s in given(Mode.TEXT, sure)] == [1]


def test_where_nothing_was_told_a_question_that_is_likely_about_it_was_not_told(
    tiny: Backbone, tiny_path: Path, keyed_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with local(tiny_path, keyed_path) as memory, Session(tiny, memory, context=512) as session:
        for likely, untold in ((0.6, True), (0.4, False), (0.0, False)):
            monkeypatch.setattr("titans_edge.sidecar.asks.about_what_was_told", lambda *_, it=likely: it)
            assert session.retrieve("Where is the spare key?").untold is untold
            assert not session.retrieve("Where are keys?").untold


def test_the_mark_of_what_no_longer_holds_changes_no_date_and_is_not_quoted() -> None:
    told = {"id": 1, "text": "It is on thursday at 4", "kind": "user", "time": datetime(2026, 11, 30, 9).timestamp()}
    marked = {**told, "said": f"{told['text']}{WAS_BEFORE}"}
    assert put(marked) == f"{put(told)}{WAS_BEFORE}" and "Thursday 3 December 2026" in put(told)
    assert quoted([marked]) == quoted([told]) and dates([marked]) == dates([told])


def test_what_another_quoted_span_says_again_is_not_quoted_twice() -> None:
    one, more, other = (
        {"id": i, "text": t, "kind": "user", "source": "you", "said": said}
        for i, (t, said) in enumerate(
            (
                ("We land at gate 6.", "We land at gate 6."),
                ("They changed my truck.", "We land at gate 6. They changed my truck."),
                ("We land at gate 6. It rains.", "We land at gate 6. It rains."),
            )
        )
    )
    assert quoted([one, more]) == "You told me: “We land at gate 6.”"
    assert quoted([more, one]) == "You told me: “We land at gate 6. They changed my truck.”"
    assert quoted([one, other]) == "You told me: “We land at gate 6.” “We land at gate 6. It rains.”", "told twice"
