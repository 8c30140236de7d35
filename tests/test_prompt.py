"""The soft prompt: what is set in stands there, speaks with the lines only, and nothing of it stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import llama_cpp
import numpy as np
import numpy.typing as npt
import pytest
import torch

from tests.answering import Answering, client, hear, text
from tests.tiny import make_graft
from titans_edge.backbone.injection import Prompt
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.speaker import Speaker
from titans_edge.backbone.state import State
from titans_edge.errors import ModelError
from titans_edge.gguf_header import read_header
from titans_edge.neural import graft as grafts
from titans_edge.neural.graft import Graft
from titans_edge.neural.prompt import PromptConfig
from titans_edge.session import UNTOLD, Session
from titans_edge.sidecar.client import MemoryReadout
from titans_edge.train.prompting import Maker, start_states

HEAD = "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n"
ASKED = "Where is the key?"


class Prompting(Answering):
    """A memory whose graft has a soft prompt."""

    prompt: Prompt | None = None

    def retrieve(self, *args: object, **options: object) -> MemoryReadout:
        return replace(super().retrieve(*args, **options), prompt=self.prompt)  # type: ignore[arg-type]


def states(tiny: Backbone, n: int = 4, seed: int = 0) -> npt.NDArray[np.float16]:
    made = np.random.default_rng(seed).normal(size=(tiny.n_layer, 2, n, width(tiny)))
    return (3 * made).astype(np.float16)


def width(tiny: Backbone) -> int:
    assert tiny.rope is not None
    return tiny.n_head_kv * tiny.rope.head


@pytest.fixture(params=[None, False], ids=["flash attention", "no flash attention"])
def speaker(tiny: Backbone, request: pytest.FixtureRequest) -> Iterator[Speaker]:
    with Speaker(tiny, 512, flash=request.param) as speaker:
        speaker.feed(tiny.vocab.encode(HEAD, special=True))
        yield speaker


def test_keys_and_values_of_tokens_set_in_as_trained_ones_are_those_tokens(tiny: Backbone, speaker: Speaker) -> None:
    """Trained states that are what four tokens at the very beginning have, and the tokens themselves, turned."""
    n, start = 4, speaker.length
    first = State(speaker.splice.taken(0, n))
    made = np.stack([np.stack([first.keys(layer), first.values(layer)]) for layer in range(tiny.n_layer)])
    assert speaker.splice.rope is not None
    want = State(first.moved(speaker.splice.rope, start))
    speaker.splice.put_trained(made)
    got = State(speaker.splice.taken(start, start + n))
    assert speaker.length == start + n and got.positions == want.positions
    for layer in range(tiny.n_layer):
        assert np.array_equal(got.keys(layer), want.keys(layer)) and np.array_equal(
            got.values(layer), want.values(layer)
        )


def test_what_is_asked_with_a_prompt_leaves_the_sequence_as_it_was(tiny: Backbone, speaker: Speaker) -> None:
    tail, kept, length = tiny.vocab.encode("Yes"), list(speaker.ids), speaker.length
    before = State(speaker.splice.taken(0, length)).raw
    one, other = (speaker.behind(Prompt(states(tiny, seed=i), 5), tail) for i in (1, 2))
    assert one is not None and other is not None and not np.array_equal(one, other)
    assert speaker.ids == kept and State(speaker.splice.taken(0, length)).raw == before
    speaker.feed(tail)
    assert not np.array_equal(speaker.last_logits(), one)


def test_a_context_that_cannot_take_it_goes_on_without(tiny: Backbone) -> None:
    with Speaker(tiny, 256, cache=llama_cpp.GGML_TYPE_F32) as speaker:
        speaker.feed(tiny.vocab.encode(HEAD, special=True))
        before = speaker.length
        assert speaker.behind(Prompt(states(tiny), 5), [1]) is None and speaker.length == before
    with Speaker(tiny, 256) as speaker:
        speaker.feed(tiny.vocab.encode(HEAD, special=True))
        for wrong in (states(tiny)[1:], states(tiny)[..., :-2]):
            with pytest.raises(ModelError):
                speaker.splice.put_trained(wrong)
        assert speaker.length == len(speaker.ids)


def test_where_the_lines_do_not_answer_the_reply_says_so_and_else_it_is_the_reply_without_a_prompt(
    tiny: Backbone,
) -> None:
    memory, plain = (kind(tiny.n_embd, texts=["The key is blue."]) for kind in (Prompting, Answering))
    with Session(tiny, client(memory)) as session, Session(tiny, client(plain)) as other:

        def reply(*before: str, likely: float) -> str:
            memory.prompt = Prompt(states(tiny), 5, likely)
            return text(hear(session, *before, ASKED))

        assert reply(likely=0.0) == UNTOLD
        assert reply(likely=1.1) == text(hear(other, ASKED)) != UNTOLD
        assert reply("The key!", "Yes.", likely=0.0) == text(hear(other, "The key!", "Yes.", ASKED))
        assert session.speaker.length == other.speaker.length and session.speaker.gap is None
        memory.spans = ()  # nothing is given
        assert reply(likely=0.0) != UNTOLD


def test_a_graft_keeps_its_prompt_in_its_file(tiny: Backbone, tiny_path: Path, tmp_path: Path) -> None:
    plain = grafts.load(make_graft(tiny, tmp_path / "plain.gguf"), read_header(tiny_path))
    config = PromptConfig(tiny.n_layer, 4, width(tiny), untold=7, likely=0.25)
    grown = Graft(plain.memory.config, plain.memory.contents, plain.memory.relations, plain.info, prompt=config)
    assert grown.prompt is not None and plain.prompt is None
    grown.prompt.start_from(start_states(Maker(tiny), 4))
    with torch.no_grad():
        grown.prompt.moved.normal_()
    grafts.save(grown.eval(), tmp_path / "grown.gguf")
    again = grafts.load(tmp_path / "grown.gguf", read_header(tiny_path))
    assert again.prompt is not None and again.prompt.config == config
    assert torch.equal(again.prompt(), grown.prompt())
