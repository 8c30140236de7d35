"""A question and its lines, read with the question in front; where the answer stands, and what is said where it stands
nowhere.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.answering import answering, client, hear, notices, said, text
from titans_edge.backbone.looking import look
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.reader import Reader
from titans_edge.errors import SidecarFailed, UsageError
from titans_edge.features import END, FRAME, QUESTION, Looked
from titans_edge.gguf_header import read_header
from titans_edge.neural import graft as grafts
from titans_edge.neural.keys import KeyConfig
from titans_edge.neural.pointer import MOST, TOKENS, Pointer, best
from titans_edge.neural.told import Evidence, Told, seen
from titans_edge.routes import Mode
from titans_edge.session import NOWHERE, UNTOLD, Session
from titans_edge.sidecar.client import HostClient, MemoryClient
from titans_edge.train.pointing import Example, padded, tokens_of

LINES = ["Temi grew up in Lagos – by the sea 🌊.", "Der Schlüssel liegt unter dem Topf."]


def looked(tiny: Backbone, question: str = "Where did Temi grow up?", lines: Sequence[str] = LINES) -> Looked:
    with Reader(tiny, 1, max_spans=1) as reader:
        found = look(reader, question, lines)
    assert found is not None
    return found


def test_each_token_is_known_by_its_line_and_its_characters(tiny: Backbone) -> None:
    x = looked(tiny)
    for n, line in enumerate(LINES):
        inside = x.places[x.where == n]
        assert "".join(line[a:b] for a, b in inside) == line
    assert {FRAME, QUESTION, END} < set(x.where.tolist()) and len(x) == len(x.where) == len(x.places)
    answer = LINES[1].index("unter"), len(LINES[1]) - 1
    first, last = tokens_of(Example(tuple(LINES), "?", 1, *answer), x)
    assert LINES[1][x.places[first - 1, 0] : x.places[last - 1, 1]].strip() == "unter dem Topf"
    assert tokens_of(Example(tuple(LINES), "?"), x) == (0, 0)


def test_the_question_is_in_view_of_the_lines(tiny: Backbone) -> None:
    one, other = looked(tiny, "Where is it?"), looked(tiny, "Who was it?")
    assert not np.allclose(one.hidden[one.where == 0], other.hidden[other.where == 0])


def test_what_is_too_long_to_be_read_at_once_is_not_looked_at(tiny: Backbone) -> None:
    with Reader(tiny, 1, max_spans=1) as reader:
        assert look(reader, "Where?", ["word " * 600]) is None


def test_the_best_answer_is_the_likeliest_range_in_one_line() -> None:
    torch.manual_seed(0)
    where = np.array([FRAME, QUESTION, *[0] * 30, *[1] * 5, END], np.int32)
    places = np.stack([np.arange(len(where)), np.arange(len(where)) + 1], -1).astype(np.int32)
    x = Looked(np.zeros((len(where), 4), np.float16), where, places)
    for _ in range(20):
        logits = torch.randn(len(where) + 1, 2) * 3
        first, last = logits.log_softmax(0).unbind(1)
        ranges = {
            (a, b): float(first[a + 1] + last[b + 1])
            for a in range(len(where))
            for b in range(a, min(a + MOST, len(where)))
            if where[a] == where[b] >= 0
        }
        a, b = max(ranges, key=lambda r: ranges[r])
        found = best(logits, x)
        assert (found.line, found.start, found.end) == (where[a], a, b + 1)
        assert found.none == pytest.approx(float(first[0] + last[0]) - ranges[a, b], abs=1e-4)


def test_padding_changes_nothing_and_no_line_is_no_answer() -> None:
    torch.manual_seed(1)
    pointer = Pointer(8, 16, heads=2).eval()
    rng = np.random.default_rng(0)
    texts = []
    for n in (6, 11):
        where = np.array([FRAME, QUESTION, *[0] * (n - 3), END], np.int32)
        texts.append(Looked(rng.normal(size=(n, 8)).astype(np.float16), where, np.zeros((n, 2), np.int32)))
    with torch.no_grad():
        together = pointer(*padded(texts))
        for t, logits in zip(texts, together, strict=True):
            torch.testing.assert_close(pointer(*padded([t]))[0], logits[: len(t) + 1])
    assert pointer.point(replace(texts[0], where=np.full(6, FRAME, np.int32))) is None
    long = TOKENS + 1
    assert pointer.point(Looked(np.zeros((long, 8), np.float16), np.zeros(long, np.int32), np.zeros((long, 2)))) is None


class Pointing:
    """What the memory's pointer says, and what it was shown."""

    def __init__(self, memory: Any, none: float | Exception) -> None:
        self.none, self.shown = none, list[Looked]()
        memory.info = {**memory.info, "looks": 1}
        memory.point = self.point

    def point(self, x: Looked) -> dict[str, Any]:
        self.shown.append(x)
        if isinstance(self.none, Exception):
            raise self.none
        return {"none": self.none, "line": 0, "start": 0, "end": 1}


def test_where_no_recalled_line_answers_the_user_is_told_so(tiny: Backbone) -> None:
    memory = answering(tiny, texts=["My cat is called Rex."])
    pointing = Pointing(memory, NOWHERE + 1)
    with Session(tiny, client(memory), context=512) as session:
        assert text(hear(session, "How old is my cat?")) == UNTOLD and len(pointing.shown) == 1
        pointing.none = NOWHERE - 1
        assert text(hear(session, "How old is my cat?")) != UNTOLD and len(pointing.shown) == 2
        pointing.none = NOWHERE + 1
        assert text(hear(session, "What should I feed my cat?")) != UNTOLD, "advice needs no line"
        assert text(hear(session, "How old is my cat?", mode=Mode.TEXT)) != UNTOLD
        spoken = list(session.reply(said("My cat is nine.", "Nice.", "How old is my cat?")))
        assert text(spoken) != UNTOLD, "it stands in the conversation"


def test_a_memory_that_cannot_point_costs_no_reply(tiny: Backbone) -> None:
    memory = answering(tiny, texts=["My cat is called Rex."])
    Pointing(memory, SidecarFailed("It broke.", "Again."))
    with Session(tiny, client(memory), context=512) as session:
        events = hear(session, "How old is my cat?")
        assert text(events) not in ("", UNTOLD) and notices(events) == []


def test_a_graft_keeps_what_it_looks_with_and_one_without_says_so(
    tiny: Backbone, tiny_path: Path, keyed_path: Path, tmp_path: Path
) -> None:
    with HostClient(str(tiny_path), str(keyed_path), local=True) as host:
        assert host.info["looks"] == 0
        with pytest.raises(UsageError, match="no pointer"):
            memory(host).point(looked(tiny))
    plain = grafts.load(keyed_path, read_header(tiny_path))
    assert plain.sentences is not None
    config = replace(plain.sentences.config, told=8, looks=1, pointer=16)
    grown = with_heads(plain, config)
    grafts.save(grown, path := tmp_path / "grown.gguf", "f32")
    again = grafts.load(path, read_header(tiny_path))
    assert again.sentences is not None and again.sentences.config == config
    x = looked(tiny)
    with HostClient(str(tiny_path), str(path), local=True) as host:
        assert host.info["looks"] == 1
        found = memory(host).point(x)
    assert grown.sentences is not None and grown.sentences.pointer is not None
    expected = grown.sentences.pointer.point(x)
    assert expected is not None and found["none"] == pytest.approx(expected.none, abs=1e-4)
    assert (found["line"], found["start"], found["end"]) == (expected.line, expected.start, expected.end)


def memory(host: HostClient) -> MemoryClient:
    return host.memory("m", None)


def with_heads(plain: grafts.Graft, config: KeyConfig) -> grafts.Graft:
    torch.manual_seed(2)
    of = plain.memory
    grown = grafts.Graft(of.config, of.contents, of.relations, plain.info, config)
    grown.load_state_dict(plain.state_dict(), strict=False)
    return grown.eval()


def test_what_is_about_the_told_depends_on_words_and_evidence() -> None:
    torch.manual_seed(3)
    head, hidden = Told(4, 8).eval(), np.random.default_rng(1).normal(size=(5, 4)).astype(np.float16)
    some = head.about(hidden, Evidence(0.9, 0.5, 0.4, 0.8, 1.0))
    rows = torch.tensor([Evidence(0.9, 0.5, 0.4, 0.8, 1.0).row()])
    assert some == pytest.approx(float(head(torch.from_numpy(seen(hidden))[None], rows).sigmoid().detach()))
    assert some != head.about(hidden, Evidence()) and some != head.about(
        hidden[::-1], Evidence(0.9, 0.5, 0.4, 0.8, 1.0)
    )
    assert all(math.isfinite(x) for x in (*Evidence().row(), *Evidence(1.0, 1.0, 1.0, 1.0, 1.0).row()))
