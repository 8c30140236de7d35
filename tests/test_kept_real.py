"""Keys and values that are kept, on the real backbone."""

from __future__ import annotations

import llama_cpp
import numpy as np
import pytest

from tests.test_kept import everything, kl, next_logits
from titans_edge.backbone.kept import KeptLines
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.speaker import Speaker
from titans_edge.backbone.splice import Splice
from titans_edge.backbone.state import Kept, State
from titans_edge.routes import TextRoute

pytestmark = pytest.mark.real
HEAD = "<|im_start|>system\nYou answer in one short sentence.<|im_end|>\n<|im_start|>user\n"
TOLD = ("- My flight to Oslo leaves on Tuesday.\n", "- The spare key is under the blue flowerpot.\n")
ASKED = "Where is the spare key?<|im_end|>\n<|im_start|>assistant\n"
MOVED, BESIDE = 0.02, 0.5  # nats: ours against llama.cpp's own moving; kept lines against the same lines read as text


@pytest.mark.parametrize("cache", [None, llama_cpp.GGML_TYPE_Q8_0])
def test_put_back_the_same_to_the_bit_and_moved_nearly_that(real: Backbone, cache: int | None) -> None:
    encode = real.vocab.encode
    with Speaker(real, 512, kept=KeptLines(), cache=cache) as speaker:
        speaker.feed(encode(HEAD, special=True))
        head, line = list(speaker.ids), encode(TOLD[1])
        speaker.feed(line)
        state = speaker.splice.taken(len(head), speaker.length)
        want = next_logits(speaker, "Where")
        speaker.cut(len(head), speaker.length)
        kept = Kept.of(speaker.splice.origin, head, line, state)
        speaker.splice.put(kept)
        speaker.ids += line
        assert np.array_equal(next_logits(speaker, "Where"), want)
        assert (speaker.splice.rope is None) == (cache is not None)
        speaker.cut(len(head), speaker.length)
        speaker.feed(encode("We spoke of the weather before. "))
        before = everything(speaker)
        got = []
        for splice in (speaker.splice, theirs(speaker)):
            start = speaker.length
            splice.put(kept)
            got.append(next_logits(speaker, "Where"))
            speaker.cut(start, speaker.length)
        assert everything(speaker) == before, "to the bit"
        assert abs(kl(*got)) <= MOVED
    assert State(state).form == State(kept.state).form


def theirs(speaker: Speaker) -> Splice:
    """One that has llama.cpp move the keys."""
    made = Splice(speaker)
    made.__dict__["rope"] = None
    return made


def test_kept_lines_are_nearly_the_same_lines_read_as_text(real: Backbone) -> None:
    encode, got = real.vocab.encode, []
    for route in (TextRoute(encode), TextRoute(encode, by_lines=True)):
        with Speaker(real, 512, kept=KeptLines()) as speaker:
            speaker.feed(encode(HEAD, special=True))
            handle = speaker.inject(route.of(TOLD), speaker.length)
            assert speaker.kept is not None and speaker.kept.why == ""
            speaker.feed(encode(ASKED, special=True))
            got.append(speaker.last_logits())
            speaker.retract(handle, keep=False)
    assert kl(*got) < BESIDE and int(got[0].argmax()) == int(got[1].argmax())
