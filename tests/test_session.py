"""A session: replies that depend on their messages alone, and a memory whose gifts never stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from tests.answering import WARM, Answering, answering, client, done, hear, local, notices, said, text
from titans_edge.backbone.batch import FloatArray
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.sampling import Sampling
from titans_edge.backbone.speaker import Speaker
from titans_edge.errors import ContextOverflow, GraftError, MemoryStateError, ModelError, SidecarDied, UsageError
from titans_edge.events import Done, Remembered, Text
from titans_edge.framing import Message
from titans_edge.gguf_header import read_header
from titans_edge.neural import graft as grafts
from titans_edge.routes import SYSTEM, Mode
from titans_edge.session import SPARE, SURPRISE_TOKENS, Session

TOLD = ("Mary went home.", "The key is blue.")


def shown(backbone: Backbone, ids: Sequence[int]) -> str:
    return b"".join(backbone.vocab.piece(t, special=True) for t in ids).decode("utf-8", "replace")


# --- the same messages, the same reply


def _two_others(mode: Mode) -> list[Mode]:
    """So that each mode follows on two, and goes before two."""
    modes = list(Mode)
    return [modes[(modes.index(mode) + n) % len(modes)] for n in (1, 2)]


@pytest.mark.parametrize("mode", list(Mode))
def test_the_same_messages_get_the_same_reply_whatever_was_asked_before(tiny: Backbone, mode: Mode) -> None:
    memory = answering(tiny, "home", TOLD)
    messages = ("Hello!", "Yes?", "Where is Mary?")
    with Session(tiny, client(memory), context=512) as fresh:
        want = hear(fresh, *messages, mode=mode)
        logits = fresh.speaker.last_logits()
    with Session(tiny, client(memory), context=512) as session:
        for before in _two_others(mode):
            first = text(hear(session, "Hello!", mode=before))
            hear(session, "Hello!", first, "Where is the key?", mode=before)
            next(iter(session.reply(said("Hello!", "Yes?", "Where is it?"), WARM, mode=before)))
            got = hear(session, *messages, mode=mode)
            assert text(got) == text(want) != "" and done(got).stop_reason == done(want).stop_reason
            assert np.allclose(session.speaker.last_logits(), logits, atol=1e-3)


def test_what_was_decoded_already_is_not_decoded_again(tiny: Backbone) -> None:
    with Session(tiny, context=512) as session:
        first = text(hear(session, "Hello, my name is Anna and I live here."))
        known = list(session.speaker.ids)
        _, prompt = session._prompt(said("Hello, my name is Anna and I live here.", first, "And you?"))
        assert session.speaker.share(prompt.head) >= len(known) - WARM.max_tokens > 80
        assert session.speaker.ids == known[: len(session.speaker.ids)]


@pytest.mark.parametrize("mode", list(Mode))
def test_what_the_memory_gave_never_stays(tiny: Backbone, mode: Mode) -> None:
    with Session(tiny, client(answering(tiny, "home", TOLD)), context=512) as session:
        for heard in (100, 1, 2):
            for _, event in zip(range(heard), session.reply(said("Where is Mary?"), WARM, mode=mode), strict=False):
                assert isinstance(event, Remembered | Text | Done)
            session._begin()
            speaker = session.speaker
            assert speaker.length == len(speaker.ids) and "earlier" not in shown(tiny, speaker.ids)
            _, prompt = session._prompt(said("Where is Mary?"))
            if mode is not Mode.OFF:
                assert speaker.ids == prompt.head
            else:
                assert speaker.ids[: len(prompt)] == prompt.head + prompt.message + prompt.tail


def test_a_reply_that_was_left_does_not_disturb_the_next_and_cannot_go_on(tiny: Backbone) -> None:
    with Session(tiny, context=512) as fresh, Session(tiny, context=512) as session:
        want = text(hear(fresh, "Where is Mary?"))
        left = session.reply(said("Tell me a long story."), WARM)
        next(left)
        assert text(hear(session, "Where is Mary?")) == want
        with pytest.raises(UsageError, match="ended by the one"):
            next(left)
        never = session.reply(said("Tell me another."), WARM)
        session.surprise("Once upon a time.")
        assert text(list(never)) != ""
        left = session.reply(said("Tell me a long story."), WARM)
        next(left)
        session.surprise("Once upon a time.")
        with pytest.raises(UsageError, match="ended by the one"):
            next(left)
        assert text(hear(session, "Where is Mary?")) == want


class Failing(Speaker):
    """A speaker that fails in the middle of a prompt, once."""

    fails = True

    def surprise(self, ids: Sequence[int], before: Sequence[int] = ()) -> FloatArray:
        self.feed(ids[:3])
        if self.fails:
            self.fails = False
            raise ContextOverflow("The text does not fit into the context.")
        return super().surprise(ids[3:], before)


def test_a_failed_prompt_leaves_nothing_behind_and_teaches_nothing(tiny: Backbone) -> None:
    memory = answering(tiny, "home")
    bad = answering(tiny)
    bad.rows = np.full((2, tiny.n_embd), np.nan, np.float32)
    with Session(tiny, client(memory), context=512) as session, Session(tiny, context=512) as fresh:
        want = text(hear(fresh, "Where is Mary?"))
        for broken, error in ((client(bad), ModelError), (client(memory), ContextOverflow)):
            hear(session, "Mary went home.")
            session.memory = broken
            if error is ContextOverflow:
                session.speaker.close()
                session.speaker = Failing(tiny, 512)
            with pytest.raises(error):
                hear(session, "Mary is lost.")
            assert session.speaker.length == 0 == len(session.speaker.ids) and session._injected is None
            session.commit()
            session.memory = client(memory)
            assert text(hear(session, "Where is Mary?", mode=Mode.OFF)) == want
    assert memory.written == bad.written == []


# --- modes


@pytest.mark.parametrize("before", list(Mode))
def test_off_is_the_plain_model_also_after_any_other_mode(tiny: Backbone, before: Mode) -> None:
    memory = answering(tiny, "home", TOLD)
    one = replace(WARM, max_tokens=1)
    with Session(tiny, context=512) as plain, Session(tiny, client(memory), context=512) as session:
        hear(session, "Where is Mary?", mode=before)
        asked = len(memory.asked)
        assert text(hear(session, "Where is the key?", mode=Mode.OFF)) == text(hear(plain, "Where is the key?"))
        for s in (plain, session):
            s.speaker.clear()
            hear(s, "Hello!", "Yes?", "word " * 40, sampling=one, mode=Mode.OFF)
        assert np.array_equal(plain.speaker.last_logits(), session.speaker.last_logits())
        assert len(memory.asked) == asked and session._turn is not None and session._turn.nll is None


def test_a_question_an_empty_memory_cannot_answer_gets_the_plain_reply(tiny: Backbone) -> None:
    memory = answering(tiny)
    one = replace(WARM, max_tokens=1)
    with Session(tiny, context=1024) as plain, Session(tiny, client(memory), context=1024) as session:
        for question in ("What is the capital of France?", "Why " + "or why " * 30 + "is it?"):
            assert text(hear(session, question)) == text(hear(plain, question)) != ""
            for s in (plain, session):
                s.speaker.clear()
                hear(s, question, sampling=one)
            assert np.array_equal(plain.speaker.last_logits(), session.speaker.last_logits())
    assert len(memory.asked) == 4


def test_an_unsure_memory_gives_nothing(tiny: Backbone, graft_path: Path, tiny_path: Path, tmp_path: Path) -> None:
    graft = grafts.load(graft_path, read_header(tiny_path))
    graft.info = replace(graft.info, threshold=0.5)
    grafts.save(graft, tmp_path / "unsure.gguf")
    with (
        local(tiny_path, tmp_path / "unsure.gguf") as memory,
        Session(tiny, memory, context=512) as session,
        Session(tiny, context=512) as plain,
    ):
        for question in ("What is the capital of France?", "Where is Mary?", "Mary went home."):
            events = hear(session, question)
            assert [e for e in events if isinstance(e, Remembered)] == []
            assert text(events) == text(hear(plain, question))


def test_each_mode_takes_its_own_and_a_statement_gets_no_text(tiny: Backbone) -> None:
    memory = answering(tiny, "home", TOLD)

    def given(message: str, mode: Mode) -> tuple[tuple[str, ...], int, int]:
        events = hear(session, message, mode=mode)
        assert [e for e in events if isinstance(e, Remembered)] == events[: isinstance(events[0], Remembered)]
        first = events[0]
        return (first.routes, first.rows, len(first.retrieved)) if isinstance(first, Remembered) else ((), 0, 0)

    with Session(tiny, client(memory), context=1536) as session:
        assert given("Where is Mary?", Mode.AUTO) == (("association",), 4, 0)
        assert given("Where is Mary?", Mode.ASSOCIATION) == (("association",), 4, 0)
        assert given("Where is Mary?", Mode.TEXT) == (("text",), 0, 2)
        assert given("Where is Mary?", Mode.BOTH) == (("association", "text"), 4, 2)
        assert given("Where is Mary?", Mode.OFF) == ((), 0, 0)
        assert given("Mary went out.", Mode.TEXT) == ((), 0, 0)
        assert [k for _, k, _ in memory.asked] == [4, 0, 4, 4, 0]
        memory.rows = memory.rows[:0]
        assert given("Where is Mary?", Mode.AUTO) == (("text",), 0, 2)
        assert given("Mary went out.", Mode.AUTO) == ((), 0, 0)
        assert given("I was out. Where is Mary? I need her.", Mode.AUTO) == (("text",), 0, 2)
        assert memory.asked[-1] == ("Where is Mary?", 4, True)
        assert given("Why " + "or why " * 80 + "is it?", Mode.AUTO) == (("text",), 0, 2)
        assert memory.asked[-1][1:] == (4, False), "so long a question is only looked up by its words"


def test_facts_stand_where_retrieved_spans_would(tiny: Backbone) -> None:
    memory = answering(tiny, "home", TOLD)
    with Session(tiny, client(memory), context=512) as session, Session(tiny, context=512) as plain:
        want = hear(session, "Where is Mary?", mode=Mode.TEXT)
        asked = len(memory.asked)
        for s in (session, plain):
            got = list(s.reply(said("Where is Mary?"), WARM, mode=Mode.OFF, facts=TOLD))
            assert text(got) == text(want) and done(got).prompt_tokens == done(want).prompt_tokens
        assert len(memory.asked) == asked


@pytest.mark.grounded
def test_facts_are_answered_as_they_are_in_every_mode(tiny: Backbone) -> None:
    with Session(tiny, context=512) as session:
        replies = [
            text(list(session.reply(said("Where is Mary?"), WARM, mode=m, facts=TOLD))) for m in (Mode.OFF, Mode.AUTO)
        ]
        assert replies[0] == replies[1] != ""


@pytest.mark.grounded
def test_who_asks_when_something_was_told_is_told_the_day(tiny: Backbone) -> None:
    memory = answering(tiny, "", TOLD[:1])
    memory.spans = (memory.spans[0] | {"time": datetime(2026, 11, 21, 12).timestamp()},)
    with Session(tiny, client(memory), context=512) as session:
        events = hear(session, "When did I tell you where Mary is?")
        assert text(events) == f"You told me on Saturday 21 November 2026: “{TOLD[0]}”"
        assert [r["text"] for e in events if isinstance(e, Remembered) for r in e.retrieved] == [TOLD[0]]
        assert "told me" not in text(hear(session, "Where is Mary?"))
        memory.spans = (memory.spans[0] | {"kind": "document", "source": "a.txt"},)
        assert text(hear(session, "When did I mention Mary?")) == f"From a.txt: “{TOLD[0]}”"
    with Session(tiny, client(memory), context=512, system="Be brief.") as session:
        assert "a.txt" not in text(hear(session, "When did I mention Mary?")), "who sets the system prompt is free"


@pytest.mark.grounded
def test_who_asks_for_a_date_is_told_the_one_day_that_was_meant(tiny: Backbone) -> None:
    memory = answering(tiny, "", ["The exam is in three days."])
    memory.spans = (memory.spans[0] | {"time": datetime(2026, 11, 21, 12).timestamp()},)
    with Session(tiny, client(memory), context=512) as session:
        known = "Tuesday 24 November 2026. You told me: “The exam is in three days.”"
        assert text(hear(session, "On what date is the exam?")) == known
        assert "Tuesday" not in text(hear(session, "What is the exam like?"))
        memory.spans = (memory.spans[0] | {"kind": "document", "source": "a.txt"},)
        assert "Tuesday" not in text(hear(session, "On what date is the exam?")), "nobody knows when it was written"


# --- requests


def test_the_prompt_is_what_the_template_writes(tiny: Backbone) -> None:
    template = tiny.template
    for system, messages, want in (
        (None, said("Hi", "Yes?", "Who am I?"), said("Hi", "Yes?", "Who am I?", system=SYSTEM)),
        ("Be brief.", said("Hi"), said("Hi", system="Be brief.")),
        ("", said("Hi"), said("Hi")),
        (None, said("Hi", system="Be kind."), said("Hi", system="Be kind.")),
        ("Be brief.", said("<|im_end|>", system=""), said("<|im_end|>", system="")),
    ):
        with Session(tiny, context=512, system=system) as session:
            events = list(session.reply(messages, replace(WARM, max_tokens=1)))
            ids = session.speaker.ids[: done(events).prompt_tokens]
            assert shown(tiny, ids) == template.render(want)
            assert len(session.speaker.ids) == len(ids) + done(events).tokens


def test_a_request_brings_its_own_sampling(tiny: Backbone) -> None:
    with Session(tiny, context=512) as session:
        short, long = (done(hear(session, "Hi", sampling=replace(WARM, max_tokens=n))) for n in (2, 6))
        assert (short.tokens, short.stop_reason, long.tokens, long.stop_reason) == (2, "length", 6, "length")
        by_seed = {text(hear(session, "Hi", sampling=replace(WARM, seed=n))) for n in (0, 1, 2, 0, 1, 2)}
        assert len(by_seed) == 3
        unseeded = {text(hear(session, "Hi", sampling=replace(WARM, seed=None))) for _ in range(4)}
        assert len(unseeded) > 1
        assert done(hear(session, "Hi", sampling=Sampling(max_tokens=500))).stop_reason == "stop"


def test_a_reply_that_fills_the_context_says_so(tiny: Backbone) -> None:
    with Session(tiny, context=256) as session:
        events = hear(session, "Hi" * 20, sampling=replace(WARM, max_tokens=500))
        assert done(events).stop_reason == "context"
        assert done(events).prompt_tokens + done(events).tokens == 256 == session.speaker.length
        assert done(hear(session, "Hi")).stop_reason == "length"


def test_what_fits_barely_is_answered_and_one_token_more_is_refused(tiny: Backbone) -> None:
    with Session(tiny, context=256) as session:
        spare = 256 - SPARE - done(hear(session, "x")).prompt_tokens + 1
        assert done(hear(session, "x" * spare)).prompt_tokens == 256 - SPARE
        with pytest.raises(ContextOverflow, match="titans-edge read"):
            hear(session, "x" * (spare + 1))
        with pytest.raises(ContextOverflow, match="titans-edge read"):
            list(session.reply(said("x"), WARM, facts=["y" * spare]))


@pytest.mark.parametrize(
    ("messages", "error"),
    [
        ([], UsageError),
        (said(""), UsageError),
        (said(" \n"), UsageError),
        (said("Hi", "Yes?"), UsageError),
        ([{"role": "user"}], UsageError),
        ([{"role": "user", "content": None}], UsageError),
        ([{"content": "Hi"}], UsageError),
        ([{"role": "user", "content": 7}, *said("Hi")], ModelError),
        ([{"role": "the cat", "content": "Meow"}, *said("Hi")], ModelError),
    ],
)
def test_a_request_that_is_none_is_refused(tiny: Backbone, messages: list[Message], error: type[Exception]) -> None:
    with Session(tiny, context=256) as session:
        with pytest.raises(error):
            list(session.reply(messages, WARM))
        assert done(hear(session, "Hi")).tokens == WARM.max_tokens


# --- a memory that fails


@pytest.mark.parametrize("error", [SidecarDied("It died."), MemoryStateError("Damaged."), GraftError("It is gone.")])
def test_a_memory_that_cannot_answer_is_a_notice_and_the_reply_the_plain_one(tiny: Backbone, error: Exception) -> None:
    memory = answering(tiny, "home", TOLD)
    with Session(tiny, context=512) as plain, Session(tiny, client(memory), context=512) as session:
        memory.error = error  # type: ignore[assignment]
        events = hear(session, "Where is Mary?")
        assert notices(events) == [f"{error} This turn goes on without memory."]
        assert text(events) == text(hear(plain, "Where is Mary?"))
        with pytest.raises(type(error)):
            session.commit()
        session.commit()
        memory.error = None
        assert isinstance(hear(session, "Where is Mary?")[0], Remembered)


# --- a passage's surprise


def test_a_passage_is_measured_whole_as_a_message_of_its_own(tiny: Backbone) -> None:
    passage = "The sea was calm that day. " * 20
    ids = tiny.vocab.encode(passage)
    memory = answering(tiny, "home", TOLD)
    with Session(tiny, client(memory), context=1024) as session, Session(tiny, context=1024) as plain:
        want, given = plain.surprise(passage)
        assert len(want) == len(ids) > SURPRISE_TOKENS and np.isfinite(want).all() and not given
        hear(session, "Where is Mary?")
        got, given = session.surprise(passage, Mode.OFF)
        assert np.array_equal(got, want) and not given
        with_rows, given = session.surprise(passage)
        assert given and not np.allclose(with_rows, want, atol=1e-3)
        assert session.speaker.length == len(session.speaker.ids)
        session.commit()
        with pytest.raises(ContextOverflow):
            session.surprise(passage * 5)
        assert session.speaker.length == 0 and memory.written == []


# --- life


def test_many_sessions_leave_nothing_open(tiny: Backbone) -> None:
    before = len(tiny._children)
    for n in range(30):
        with Session(tiny, client(answering(tiny)), context=256) as session:
            assert len(tiny._children) == before + 2
            if n % 25 == 0:
                next(session.reply(said("Hi"), WARM))
        session.close()
    assert len(tiny._children) == before


def test_a_session_that_cannot_be_made_leaves_nothing_open(tiny: Backbone) -> None:
    before = len(tiny._children)
    memory = answering(tiny)
    memory.info["layer"] = 99
    with pytest.raises(ModelError, match="no inner layer"):
        Session(tiny, client(memory))
    with pytest.raises(UsageError, match="holds nothing"):
        Session(tiny, client(answering(tiny)), context=0)
    assert len(tiny._children) == before


def test_a_closed_session_says_so(tiny: Backbone, tiny_path: Path) -> None:
    session = Session(tiny, client(answering(tiny)), context=256)
    left = session.reply(said("Hi"), WARM)
    next(left)
    session.close()
    session.close()
    for use in (lambda: hear(session, "Hi"), lambda: session.surprise("Hi"), lambda: next(left)):
        with pytest.raises(ModelError, match="is closed"):
            use()
    with Backbone(tiny_path, gpu_layers=0) as backbone:
        orphan = Session(backbone, context=128)
    with pytest.raises(ModelError, match="is closed"):
        hear(orphan, "Hi")
    orphan.close()


def test_an_association_with_what_was_only_asked_says_nothing(tiny: Backbone) -> None:
    """Memories from before a question wrote no fact have such."""
    memory = Answering(tiny.n_embd, np.ones((2, tiny.n_embd), np.float32))
    with Session(tiny, client(memory), context=512) as session:
        for said, rows in (("Lena is playing.", 2), ("Is Lena playing?", 0)):
            memory.behind = ({"id": 1, "text": said, "kind": "user", "source": "you"},)
            readout = session.retrieve("Who is playing?")
            assert (len(readout.rows), bool(readout.behind)) == (rows, bool(rows))
