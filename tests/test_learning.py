"""What a session learns: when that is asked for, once, each span with its place, source and surprise."""

from __future__ import annotations

import gc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.answering import WARM, answering, client, hear, local, said, text
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.speaker import Speaker
from titans_edge.backbone.template import ChatTemplate
from titans_edge.errors import ContextOverflow, UsageError
from titans_edge.events import Remembered
from titans_edge.session import SURPRISE_TOKENS, Session
from titans_edge.sources import PASTED, USER, Source

# --- learning


def test_a_message_is_learned_when_that_is_asked_for_and_once(tiny: Backbone) -> None:
    memory = answering(tiny)
    with Session(tiny, client(memory), context=512) as session:
        session.commit()
        hear(session, "Mary went home.")
        assert memory.written == []
        session.commit()
        session.commit()
        assert [w[:3] for w in memory.written] == [("Mary went home.", USER, 0)]
        hear(session, "One.")
        hear(session, "Two.")
        session.commit()
        assert [w[0] for w in memory.written[1:]] == ["Two."] and memory.operations == 2


def test_a_reply_that_is_dropped_teaches_nothing_and_one_that_is_stopped_can_be_learned(tiny: Backbone) -> None:
    memory = answering(tiny, "home")
    with Session(tiny, client(memory), context=512) as session:
        for heard in range(3):
            events = session.reply(said("Mary went home."), WARM)
            for _ in range(heard):
                next(events)
            del events
            gc.collect()
            assert memory.written == [] and memory.operations == 0
        events = session.reply(said("Mary went home."), WARM)
        next(events)
        session.commit()
        assert len(memory.written) == 1 and text(list(events)) != ""
        session.commit()
        assert len(memory.written) == 1


def test_nothing_is_learned_of_a_request_that_failed(tiny: Backbone) -> None:
    memory = answering(tiny)
    with Session(tiny, client(memory), context=256) as session:
        for bad in ("", "word " * 200):
            hear(session, "Mary went home.")
            with pytest.raises((UsageError, ContextOverflow)):
                hear(session, bad)
            session.commit()
        assert memory.written == []


def test_each_span_is_learned_with_its_place_its_source_and_its_own_surprise(tiny: Backbone) -> None:
    memory = answering(tiny)
    message = "Zoë went home.  She slept!\n```\nThe pasted one.\n```\nBye."
    with Session(tiny, client(memory), context=512) as session:
        hear(session, message)
        session.commit()
        _, prompt = session._prompt(said(message))
    with Speaker(tiny, 512) as speaker:
        speaker.feed(prompt.head)
        ids = tiny.vocab.encode(message)
        nll = speaker.surprise(ids)
    starts = np.cumsum([0, *(len(tiny.vocab.piece(t)) for t in ids)])[:-1]
    assert [(t, s) for t, s, _, _ in memory.written] == [
        ("Zoë went home.", USER), ("She slept!", USER), ("The pasted one.", PASTED), ("Bye.", USER),
    ]  # fmt: skip
    for span, _, offset, surprise in memory.written:
        assert message[offset : offset + len(span)] == span
        first = len(message[:offset].encode())
        own = (starts >= first) & (starts < first + len(span.encode()))
        assert surprise == pytest.approx(float(nll[own].mean()), rel=1e-3)


def test_a_message_the_template_trims_keeps_its_places_and_surprises(tiny: Backbone) -> None:
    trimming = "{% for m in messages %}[{{ m.role }}]{{ m.content | trim }}[end]{% endfor %}[assistant]"
    memory = answering(tiny)
    whole = tiny.template
    try:
        tiny.template = ChatTemplate(trimming)
        with Session(tiny, client(memory), context=512) as session:
            for message in ("One bird.  Two cats.", "\n  One bird.  Two cats. \n"):
                hear(session, message)
                session.commit()
    finally:
        tiny.template = whole
    plain, padded = memory.written[:2], memory.written[2:]
    assert [(t, o + 3) for t, _, o, _ in plain] == [(t, o) for t, _, o, _ in padded]
    assert [w[3] for w in plain] == pytest.approx([w[3] for w in padded], rel=1e-3)


def test_half_a_character_is_learned_as_a_question_mark(tiny: Backbone) -> None:
    memory = answering(tiny)
    with Session(tiny, client(memory), context=512) as session:
        assert text(hear(session, "Ma\ud800ry is home.")) != ""
        session.commit()
        list(session.learn("I saw M\udfffry."))
    assert [w[0] for w in memory.written] == ["Ma?ry is home.", "I saw M?ry."]
    assert memory.asked[0][0] == "Ma?ry is home."


def test_a_long_message_is_learned_without_surprise(tiny: Backbone) -> None:
    memory = answering(tiny)
    with Session(tiny, client(memory), context=1024) as session:
        hear(session, "One bird. " * (SURPRISE_TOKENS // 10 + 1))
        session.commit()
    assert len(memory.written) > 20 and all(np.isnan(s) for _, _, _, s in memory.written)


def test_a_text_is_learned_in_groups_as_its_source(tiny: Backbone) -> None:
    memory = answering(tiny)
    cat = "A cat sat. " * 100
    with Session(tiny, client(memory), context=256) as session:
        groups = list(session.learn(cat, Source("document", "cats.txt")))
        assert [n for n, _ in groups] == [64, 36] and memory.operations == 1
        assert sum(t for _, t in groups) == 100 * len(tiny.vocab.encode("A cat sat."))
        assert list(session.learn("   ")) == []
    assert [(t, s.name, o) for t, s, o, _ in memory.written[98:]] == [
        ("A cat sat.", "cats.txt", 1078), ("A cat sat.", "cats.txt", 1089),
    ]  # fmt: skip
    with Session(tiny, context=256) as plain, pytest.raises(UsageError, match="no memory"):
        list(plain.learn(cat))


def test_own_replies_are_learned_only_where_that_is_wanted(tiny: Backbone) -> None:
    memory = answering(tiny)
    for wanted in (False, True):
        with Session(tiny, client(memory), context=512, learn_replies=wanted) as session:
            hear(session, "Mary went home.", sampling=replace(WARM, max_tokens=40))
            session.commit()
    kinds = [s.kind for _, s, _, _ in memory.written]
    assert kinds[:2] == ["user", "user"] and set(kinds[2:]) == {"assistant"}


# --- another graft


def test_a_memory_of_another_graft_is_read_anew_and_answers(
    tiny: Backbone, tiny_path: Path, graft_path: Path, other_graft_path: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.memory"
    with local(tiny_path, graft_path, path) as memory, Session(tiny, memory, context=256) as session:
        list(session.learn(" ".join(f"Bird {n} sat in tree {n}." for n in range(70))))
        memory.wait()
        assert session.catch_up() == 0
    with local(tiny_path, other_graft_path, path) as memory, Session(tiny, memory, context=256) as session:
        assert memory.info["stale"] == 70
        seen: list[tuple[int, int]] = []
        assert session.catch_up(lambda done, of: seen.append((done, of))) == 70
        assert seen == [(64, 70), (70, 70)] and memory.stats()["stale"] == 0
        assert isinstance(hear(session, "Where is bird 3?")[0], Remembered)
    with local(tiny_path, other_graft_path, path) as memory:
        assert memory.info["stale"] == 0
