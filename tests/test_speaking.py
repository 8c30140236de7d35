"""The soft prompt before a reply: what it is trained on, that it is set in, and that nothing of it stays."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.answering import Answering, client, hear, text, watched_logits
from tests.test_prompt import ASKED, states, width
from tests.tiny import make_graft
from titans_edge.backbone.batch import FloatArray
from titans_edge.backbone.injection import Prefix
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.sampling import Sampling
from titans_edge.backbone.speaker import Speaker
from titans_edge.errors import ModelError
from titans_edge.framing import framed
from titans_edge.gguf_header import read_header
from titans_edge.neural import graft as grafts
from titans_edge.neural.graft import Graft
from titans_edge.neural.prompt import PrefixConfig
from titans_edge.session import Session
from titans_edge.stories.written import read
from titans_edge.train import speaking
from titans_edge.train.prompting import Maker, start_states
from titans_edge.train.speaking import OWN, TAUGHT, spoken

PERSON = """@ ann
3 I left the ring in the shed.
2 The code is 4417.
1 My rent was 500.
0 My rent is 540.
? phrase 0 | Where is the ring? | shed ; the shed | It is in the shed.
? number 1 | What is the code? | 4417 | It is 4417.
? two 3 2 | How much more is the rent? | 40 | It is 40 more.
? word 1 | What else? | 4417 | Nothing.
? untold | How old is Bo?
? world | How do I cook rice?
"""


def test_a_reply_that_holds_the_answer_is_learnt_from_and_else_one_that_was_given_it(
    tiny: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Own words, words with the answer beside the question, somebody's, none."""
    replies = {
        "Where is the ring?": "The ring is in the shed.",
        "What is the code?": "The code is 9.",
        "What is the code? (It is 4417.)": "The code is 4417.",
        "How much more is the rent?": "It is 40, says Xavier.",
        "What else?": "It is red.",
        "What else? (It is 4417.)": "It is Xavier's 4417.",
    }
    asked = dict[str, Sequence[str]]()

    def said(session: Session, question: str, lines: Sequence[str]) -> str:
        asked[question] = lines
        return replies[question]

    monkeypatch.setattr(speaking, "_said", said)
    monkeypatch.setattr(speaking, "ANOTHER", 0.0)
    (ann,) = read("x.txt", PERSON)
    with Session(tiny, context=256) as session:
        made = {s.question: (s.reply, s.weight) for s in spoken(ann, session, 9)}
        assert made == {
            "Where is the ring?": ("The ring is in the shed.", OWN),
            "What is the code?": ("The code is 4417.", TAUGHT),
        }, "a name that nobody told is not learnt, nor a reply without the answer"
        assert asked["How much more is the rent?"] == ("My rent was 500.", "My rent is 540.")
        assert asked["Where is the ring?"] == ("I left the ring in the shed.",)
        assert len(list(spoken(ann, session, 1))) <= 1
        monkeypatch.setattr(speaking, "ANOTHER", 1.0)
        list(spoken(ann, session, 9))
        assert any(len(lines) == 2 for q, lines in asked.items() if "rent" not in q), "one that was not needed"


@pytest.mark.grounded
def test_a_reply_that_is_read_from_lines_comes_behind_the_prompt_and_nothing_of_it_stays(
    tiny: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, seen = Answering(tiny.n_embd, texts=["The key is in the shed."]), watched_logits(monkeypatch)
    with Session(tiny, client(memory), context=512) as session, Speaker(tiny, 512) as speaker:
        prompt = framed(tiny, [{"role": "user", "content": ASKED}], session.system)
        by_hand = list[FloatArray]()
        for memory.speaking in (None, Prefix(states(tiny, seed=5))):
            hear(session, ASKED)
            assert session.speaker.length == len(session.speaker.ids) == len(prompt.head)
            speaker.clear()
            speaker.feed([*prompt.head, *session.text_route.alone(memory.spans[0]), *prompt.message])
            if memory.speaking is not None:
                speaker.splice.put_trained(memory.speaking.states)
            speaker.feed(prompt.tail)
            by_hand.append(speaker.last_logits())
        assert np.abs(by_hand[0] - by_hand[1]).max() > 1e-2, "it does change what is said"
        for ours, theirs in zip(seen, by_hand, strict=True):
            assert np.allclose(ours, theirs, atol=1e-3)
        for free in ("The key is red.", "Where was the key yesterday?", "Write a poem about the key?"):
            seen.clear()
            for memory.speaking in (None, Prefix(states(tiny, seed=5))):
                hear(session, free)
            assert np.array_equal(*seen), "not read from the lines"


@pytest.mark.grounded
def test_how_sure_the_model_is_counts_where_it_takes_its_likeliest_words(
    tiny: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("titans_edge.grounding.UNSURE", 0.0)  # it never is
    memory = Answering(tiny.n_embd, texts=["The key is in the shed."])
    with Session(tiny, client(memory), context=512) as session:
        for temperature in (0.0, 1.0):
            sampling = Sampling(temperature=temperature, seed=3, max_tokens=3)
            quoted = "You told me" in text(hear(session, ASKED, sampling=sampling))
            assert quoted is (temperature == 0.0)


@pytest.mark.grounded
def test_where_a_context_does_not_take_it_the_reply_is_the_one_without(
    tiny: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = Answering(tiny.n_embd, texts=["The key is in the shed."])
    with Session(tiny, client(memory), context=512) as session:
        plain = text(hear(session, ASKED))
        memory.speaking = Prefix(states(tiny, seed=5))

        def refused(*_: object) -> None:
            raise ModelError("No.", "")

        with monkeypatch.context() as patched:
            patched.setattr(type(session.speaker.splice), "put_trained", refused)
            assert text(hear(session, ASKED)) == plain
        memory.speaking = Prefix(states(tiny, n=480, seed=5))
        assert text(hear(session, ASKED)) == plain, "no room"


def test_a_graft_keeps_it_in_its_file(tiny: Backbone, tiny_path: Path, tmp_path: Path) -> None:
    plain = grafts.load(make_graft(tiny, tmp_path / "plain.gguf"), read_header(tiny_path))
    config = PrefixConfig(tiny.n_layer, 4, width(tiny))
    grown = Graft(plain.memory.config, plain.memory.contents, plain.memory.relations, plain.info, speaking=config)
    assert grown.speaking is not None and plain.speaking is None
    grown.speaking.start_from(start_states(Maker(tiny), 4, speaking.START))
    with torch.no_grad():
        grown.speaking.moved.normal_()
    grafts.save(grown.eval(), tmp_path / "grown.gguf")
    again = grafts.load(tmp_path / "grown.gguf", read_header(tiny_path))
    assert again.prompt is None and again.speaking is not None and again.speaking.config == config
    assert torch.equal(again.speaking(), grown.speaking())
