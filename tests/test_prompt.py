"""The soft prompt: what is set in stands there, says which lines answer, and nothing of it stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
import numpy.typing as npt
import pytest
import torch

from tests.answering import WARM, Answering, client, done, hear, text
from tests.tiny import make_graft
from titans_edge.backbone.injection import Handle, Injection, Prompt, Tokens
from titans_edge.backbone.kept import KeptLines
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.speaker import Speaker
from titans_edge.backbone.splice import SPARE
from titans_edge.backbone.state import State
from titans_edge.errors import ModelError, SidecarDied
from titans_edge.events import Remembered
from titans_edge.framing import framed
from titans_edge.gguf_header import read_header
from titans_edge.judging import FIRST, JUDGED, SURE, answering, likely, nobody_told, probably, surely, worth_reading
from titans_edge.neural import graft as grafts
from titans_edge.neural.graft import Graft
from titans_edge.neural.prompt import PromptConfig
from titans_edge.prompted import Prompted
from titans_edge.replying import UNTOLD
from titans_edge.routes import Mode
from titans_edge.session import Session
from titans_edge.train.prompting import Maker, start_states

HEAD = "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n"
ASKED = "Where is the key?"


def states(tiny: Backbone, n: int = 4, seed: int = 0) -> npt.NDArray[np.float16]:
    made = np.random.default_rng(seed).normal(size=(tiny.n_layer, 2, n, width(tiny)))
    return (3 * made).astype(np.float16)


def width(tiny: Backbone) -> int:
    assert tiny.rope is not None
    return tiny.n_head_kv * tiny.rope.head


@pytest.fixture(params=[None, False], ids=["flash attention", "no flash attention"])
def speaker(tiny: Backbone, request: pytest.FixtureRequest) -> Iterator[Speaker]:
    with Speaker(tiny, 2048, flash=request.param) as speaker:
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


def test_lines_judged_side_by_side_are_judged_as_each_is_at_the_end_of_the_sequence(
    tiny: Backbone, speaker: Speaker
) -> None:
    tail, kept, length = tiny.vocab.encode("Yes"), list(speaker.ids), speaker.length
    before, trained = State(speaker.splice.taken(0, length)).raw, states(tiny)
    pieces = [tiny.vocab.encode(f"{'The key is blue. ' * n}{ASKED}") for n in range(1, 11)]
    got = [*speaker.splice.behind(pieces[:3], trained, tail), *speaker.splice.behind(pieces[3:], trained, tail)]
    assert speaker.ids == kept and State(speaker.splice.taken(0, length)).raw == before
    for piece, logits in zip(pieces, got, strict=True):
        speaker.feed(piece)
        speaker.splice.put_trained(trained)
        speaker.feed(tail)
        assert np.allclose(speaker.last_logits(), logits, atol=2e-2)
        speaker.cut(length, speaker.length)
    (other,) = speaker.splice.behind(pieces[:1], states(tiny, seed=1), tail)
    assert not np.allclose(other, got[0], atol=2e-2) and not np.allclose(got[1], got[0], atol=2e-2)


def test_a_line_that_is_known_is_judged_as_one_that_is_read(tiny: Backbone) -> None:
    """Its keys and values are kept: the same in a fresh conversation, turned to their place behind a history."""
    prompt, encode = Prompt(states(tiny), 5), tiny.vocab.encode
    given = [encode(f"The key is on hook {n}. ") for n in range(4)]
    head, more, asked, tail = encode(HEAD, special=True), encode("We spoke of it."), encode(ASKED), encode("Yes")
    for history in ([], more):
        with Speaker(tiny, 512) as plain, Speaker(tiny, 512, kept=KeptLines()) as speaker:
            for s in (plain, speaker):
                s.feed([*head, *history])
            new = speaker.untold(prompt, given, asked, tail, len(head))
            assert speaker.kept is not None and len(speaker.kept) == len(given)
            assert speaker.untold(prompt, given, asked, tail, len(head)) == new
            same = plain.untold(prompt, given, asked, tail) == pytest.approx(new, rel=1e-3)
            assert same == (not history), "behind a history a line is read without it"


@pytest.mark.parametrize("kept", [None, KeptLines()], ids=["read", "kept"])
def test_a_conversation_goes_on_with_what_was_judged(tiny: Backbone, kept: KeptLines | None) -> None:
    """The same logits as from reading it there, whatever else was judged; and only while nothing came since."""
    prompt, asked, tail = Prompt(states(tiny), 5), tiny.vocab.encode(ASKED), tiny.vocab.encode("Yes")
    lines = [Injection((Tokens(tuple(tiny.vocab.encode(f"The key is on hook {n}. "))),)) for n in range(16)]
    with Speaker(tiny, 2048, kept=kept) as speaker:
        speaker.feed(tiny.vocab.encode(HEAD, special=True))
        start, known = speaker.length, list(speaker.ids)
        for n, line in enumerate((lines[1], lines[4], lines[6])):
            if n == 1:
                speaker.untold(prompt, [i.ids for i in lines[8:]], asked, tail, start)  # other drafts were there
            speaker.untold(prompt, [i.ids for i in lines[:3]], asked, tail, start)
            speaker.untold(prompt, [i.ids for i in (*lines[3:7], lines[4])], asked, tail, start)  # one of them twice
            handle = speaker.go_on(line, asked)
            assert handle == Handle(start, start + len(line)) and speaker.ids == known + asked
            assert speaker.length == start + len(line) + len(asked) and speaker.gap == start
            assert speaker.go_on(lines[0], asked) is None, "it went on"
            speaker.feed(tail)
            got = speaker.last_logits()
            speaker.retract(handle, keep=False)
            assert speaker.inject(line) == handle
            speaker.feed(asked)
            speaker.feed(tail)
            assert np.allclose(got, speaker.last_logits(), atol=2e-2)
            speaker.retract(handle, keep=False)
            assert speaker.ids == known and speaker.length == start and speaker.gap is None
            held = [llama_cpp.llama_memory_seq_pos_max(speaker._memory, spare) for spare in range(1, 1 + SPARE)]
            assert held == [-1] * SPARE, "all spare sequences are empty again"
        speaker.untold(prompt, [lines[0].ids], asked, tail)
        speaker.feed(tail)
        speaker.cut(start, speaker.length)
        assert speaker.go_on(lines[0], asked) is None, "something came since"


def test_a_reply_to_what_was_judged_is_the_one_to_what_is_read_again(
    tiny: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = Answering(tiny.n_embd, texts=["The key is in the shed.", "The cup is red."])
    memory.prompt = Prompt(states(tiny), 5, 1.1)
    monkeypatch.setattr("titans_edge.judging.judged", lambda spans, untold, k, **_: list(spans[:1]))
    went_on, real = list[bool](), Speaker.go_on

    def noted(self: Speaker, injection: Injection, asked: list[int]) -> Handle | None:
        went_on.append((handle := real(self, injection, asked)) is not None)
        return handle

    got = []
    for go_on in (noted, lambda *_: None):
        monkeypatch.setattr(Speaker, "go_on", go_on)
        with Session(tiny, client(memory)) as session:
            got.append([text(hear(session, *said)) for said in ((ASKED,), ("Hello.", "Yes?", ASKED), (ASKED,))])
    assert got[0] == got[1] and got[0][0] == got[0][2]
    assert went_on == [True, True], "a reply that sees what was said before is read behind that"


def test_a_session_whose_beginning_was_kept_on_the_disk_judges_as_the_one_before(
    tiny: Backbone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = Answering(tiny.n_embd, texts=["The key is in the shed.", "The cup is red."])
    memory.prompt = Prompt(states(tiny), 5, 1.1)
    found, real = list[list[float]](), Speaker.untold

    def noted(self: Speaker, *args: Any) -> list[float]:
        found.append(real(self, *args))
        return found[-1]

    monkeypatch.setattr(Speaker, "untold", noted)
    for _ in range(2):
        with Session(tiny, client(memory), heads=tmp_path) as session:
            hear(session, ASKED)
    assert list(tmp_path.glob("*.head")) and found[0] == found[1] and len(found[0]) == 2


def test_a_context_that_cannot_take_it_judges_nothing(tiny: Backbone) -> None:
    prompt, given = Prompt(states(tiny), 5), [[1], [3]]
    with Speaker(tiny, 256, cache=llama_cpp.GGML_TYPE_F32) as speaker:
        speaker.feed(tiny.vocab.encode(HEAD, special=True))
        before = speaker.length
        assert speaker.untold(prompt, given, [2], [1]) == [] and speaker.length == before
    with Speaker(tiny, 256) as speaker:
        speaker.feed(tiny.vocab.encode(HEAD, special=True))
        for wrong in (states(tiny)[1:], states(tiny)[..., :-2]):
            with pytest.raises(ModelError):
                speaker.splice.put_trained(wrong)
        assert speaker.length == len(speaker.ids)
        assert speaker.untold(prompt, [[1] * 200, [2] * 200], [2], [1]) == [], "no room for both"
        likely = speaker.untold(prompt, given, [2], [1])
        assert len(likely) == 2 and all(0 < p < 1 for p in likely)


def test_lines_that_do_not_answer_are_not_given_and_where_none_does_the_reply_says_so(tiny: Backbone) -> None:
    """The replies are those of a memory that holds nothing but the lines that answer."""
    lines = ["The key is blue.", "The cup is red.", "The key is in the shed."]
    memory = Answering(tiny.n_embd, texts=lines)
    with Session(tiny, client(memory)) as session:
        judge = Prompt(states(tiny), 5, 1.1)
        prompt = framed(tiny, [{"role": "user", "content": ASKED}], session.system)
        session.speaker.feed(prompt.head)
        given = [session.text_route.alone(s) for s in memory.spans]
        untold = session.speaker.untold(judge, given, prompt.message, prompt.tail, prompt.begin)
        judged = [s | {"match": likely(s["match"], u)} for s, u in zip(memory.spans, untold, strict=True)]
        sure = {s["id"] for s, u in zip(judged, untold, strict=True) if u <= 1 - SURE}
        chosen = {s["text"] for s in answering(judged, 4, sure)}
        plain = Answering(tiny.n_embd, texts=[t for t in lines if t in chosen])
        with Session(tiny, client(plain)) as other:
            want = text(hear(other, ASKED))
        memory.prompt = judge
        events = hear(session, ASKED)
        assert text(events) == want != UNTOLD
        assert {s["text"] for e in events if isinstance(e, Remembered) for s in e.retrieved} == chosen
        memory.prompt = Prompt(states(tiny), 5, 0.0)
        assert text(hear(session, ASKED)) == UNTOLD
        assert text(hear(session, "The key!", "Yes.", ASKED)) != UNTOLD, "it stands in the conversation"
        assert session.speaker.gap is None


def test_what_a_later_message_changes_gives_way_to_it(tiny: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the backbone says behind both and the prompt of changes; read two and two, whatever was read before."""
    memory = Answering(tiny.n_embd, texts=["The key is in the shed."])
    one = memory.spans[0]
    memory.told_later = tuple(one | {"id": i, "text": f"The key was moved to {i}."} for i in (2, 3, 4))
    with Session(tiny, client(memory)) as session:
        prompt = framed(tiny, [{"role": "user", "content": ASKED}], session.system)
        session.speaker.feed(prompt.head)
        both = [session.text_route.alone(one, s) for s in memory.told_later]
        memory.prompt = Prompt(states(tiny), 5, 1.1)
        same = session.speaker.untold(memory.prompt, both, prompt.message, prompt.tail, prompt.begin)
        assert len(set(same)) == 3

        def given_at(likely: float) -> list[int]:
            memory.changing = Prompt(states(tiny), 5, likely)
            events = hear(session, ASKED)
            return [s["id"] for e in events if isinstance(e, Remembered) for s in e.retrieved]

        monkeypatch.setattr("titans_edge.answers.BOTH", -99.0)
        likeliest = min((2, 3, 4), key=lambda i: same[i - 2])
        assert given_at(1.1) == [1], "nothing is so sure to change it"
        memory.told_later = tuple(s for s in memory.told_later if s["id"] <= likeliest)
        assert given_at(0.0) == [likeliest]
        monkeypatch.setattr("titans_edge.answers.BOTH", 99.0)
        assert given_at(0.0) == [1], "by itself it does not answer"
        monkeypatch.setattr("titans_edge.answers.BOTH", -99.0)
        memory.lost = SidecarDied("The memory process died.")
        assert given_at(0.0) == [1], "the turn goes on with what was found"
        memory.lost, memory.told_later = None, ()
        assert given_at(0.0) == [1]


def test_what_shares_no_word_with_a_message_has_to_change_it_more_surely(
    tiny: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = Answering(tiny.n_embd, texts=["The rent is due on the 5th."])
    one, also = memory.spans[0], memory.spans[0] | {"id": 2, "text": "Maj wants the draft by March."}
    with Session(tiny, client(memory)) as session:
        prompt = framed(tiny, [{"role": "user", "content": ASKED}], session.system)
        put = Prompted.of(session.speaker, session.text_route, prompt)

        def found(untold: float, *later: dict[str, Any]) -> list[int]:
            monkeypatch.setattr(Prompted, "untold", lambda self, trained, texts: [untold] * len(texts))
            memory.told_later = later
            assert session.memory is not None
            return [s["id"] for s, _ in put.changes(Prompt(states(tiny), 5, 0.5), session.memory, one, [also])]

        assert found(0.03) == [] and found(0.01) == [2]
        assert found(0.03, also) == [2] and found(0.06, also) == [], "the memory found it by a word"
        assert found(0.06, also | {"text": "The rent changed."}) == [2], "and it tells of a change"


@pytest.mark.grounded
def test_a_reply_that_is_not_read_from_the_lines_quotes_them_or_says_that_nobody_told(
    tiny: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = Answering(tiny.n_embd, texts=["The key is in the shed."])
    memory.spans = (
        *memory.spans,
        memory.spans[0] | {"id": 2, "kind": "document", "source": "a.txt", "text": "It is red."},
    )
    instead = "You told me: “The key is in the shed.” From a.txt: “It is red.”"
    long = replace(WARM, max_tokens=400)  # it ends of itself, or is too long to be waited for
    with Session(tiny, client(memory)) as session:
        assert text(hear(session, ASKED)) != instead, "one that was cut off is shown as far as it went"
        assert text(hear(session, ASKED, sampling=long)) == instead
        events = hear(session, "The wood is dark.", "I see.", ASKED, sampling=long)
        assert text(events) == instead and done(events).stop_reason == "stop"
        assert session._turn is not None and session._turn.reply == instead, (
            "what is learnt of a reply is what was said"
        )
        for free in ("Write a poem about the key?", "The key is red.", "Where was the key yesterday?"):
            assert "You told me" not in text(hear(session, free, sampling=long))
        for likely_enough, said in ((0.0, UNTOLD), (1.0, "You told me: “The key is in the shed.”")):
            monkeypatch.setattr("titans_edge.judging.probably", lambda *_, it=likely_enough: it == 0.0)
            monkeypatch.setattr("titans_edge.judging.judged", lambda spans, untold, k, **_: list(spans[:1]))
            memory.prompt = Prompt(states(tiny), 5, 1.1)
            assert text(hear(session, ASKED, sampling=long)) == said
    with Session(tiny, client(memory), system="Be brief.") as session:
        assert "You told me" not in text(hear(session, ASKED, sampling=long))


@pytest.mark.grounded
@pytest.mark.parametrize(
    ("message", "reply", "invented"),
    [
        ("I'm at the gate. What is it?", "You are at the gate.", True),
        ("My cat is Tom. What is my cat called?", "Your cat is Tom.", False),
        ("What is my cat called?", "Your cat is called Tom.", True),
        ("What is my cat called?", "Your cat is called Red.", False),
    ],
)
def test_a_message_that_sets_the_scene_is_the_question_and_one_that_tells_is_told(
    tiny: Backbone, message: str, reply: str, invented: bool
) -> None:
    messages = [{"role": "user", "content": message}]
    with Session(tiny) as session:
        reading = session._reading(
            message,
            "",
            framed(tiny, messages, session.system),
            [{"id": 1, "text": "It is red.", "kind": "user"}],
            doubted=False,
        )
    assert reading is not None
    reading.grounding.add(reply)
    reading.grounding.end(whole=True)
    assert reading.grounding.invented is invented


def test_a_question_that_may_be_about_the_world_is_given_only_what_surely_answers(
    tiny: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = Answering(tiny.n_embd, texts=["The key is in the shed."])
    memory.prompt, memory.maybe = Prompt(states(tiny), 5, 0.0), True
    with Session(tiny, client(memory)) as session, Session(tiny) as plain:
        asked = "Where is a key?"
        without = text(hear(plain, asked))

        def given(untold: float, mode: Mode = Mode.AUTO, asked: str = asked) -> bool:
            monkeypatch.setattr(Speaker, "untold", lambda *_: [untold])
            events = hear(session, asked, mode=mode)
            remembered = any(isinstance(e, Remembered) for e in events)
            assert remembered or asked == ASKED or text(events) == without, "else nothing is changed"
            return remembered

        monkeypatch.setattr("titans_edge.judging.surely", lambda *_: False)
        found, memory.spans = memory.spans, tuple(s | {"match": 0.1} for s in memory.spans)
        assert not given(0.1), "the matcher has its doubts"
        assert given(0.1, asked=ASKED) and not given(0.25, asked=ASKED), "of a thing that is known it need not see it"
        memory.spans = found
        assert given(0.1) and not given(0.25) and not given(0.1, Mode.TEXT)
        assert not session.surprise(asked)[1], "where nothing is judged"
        monkeypatch.setattr("titans_edge.judging.surely", lambda *_: True)
        monkeypatch.setattr(Speaker, "untold", lambda *_: [0.99])
        for question, of_life in (("Was I married?", True), ("Did my key break?", True), ("Is the key red?", False)):
            assert (text(hear(session, question)) == UNTOLD) is of_life, "what I was nobody else can tell"
        monkeypatch.setattr("titans_edge.judging.surely", lambda *_: False)
        memory.prompt = None
        assert not given(0.1)
        memory.maybe = False
        assert given(0.1)


def test_around_the_threshold_the_reply_decides_whether_nobody_told() -> None:
    for p, sure, probable in ((0.95, True, True), (0.5, False, True), (0.35, False, True), (0.2, False, False)):
        assert (surely(p, 0.5, 3), probably(p, 0.5, 8)) == (sure, probable)
    assert surely(0.5, 0.5, 17) and not surely(0.5, 0.5, 8), "of many one more often seems to answer"


def test_of_what_may_answer_the_far_less_likely_is_left_out_and_what_was_replaced_by_something_as_likely() -> None:
    def left(*matches: float, k: int = 4, replaced: dict[int, int] | None = None) -> list[int]:
        by = replaced or {}
        spans = [{"id": i, "kind": "user", "match": m, "replaced_by": by.get(i)} for i, m in enumerate(matches)]
        return [s["id"] for s in answering(spans, k)]

    assert left(0.1, 0.9, 0.95, 0.5) == [2, 1]
    assert left(0.02, 0.01) == [0, 1]
    assert left(0.8, 0.8, 0.8, k=2) == [0, 1]
    assert left() == []
    assert left(0.95, 0.9, 0.1, replaced={0: 1}) == [1]
    assert left(0.95, 0.2, 0.1, replaced={0: 1}) == [0], "the later one is about something else"
    assert left(0.0, 1.0) == [1]


def test_of_what_surely_answers_the_newest_is_given_of_the_past_the_oldest_and_all_where_several_may_be() -> None:
    def left(kinds: str = "uuuu", other: str = "The shop is shut.", **how: bool) -> list[int]:
        matches = (0.85, 0.97, 0.9, 0.99)
        kind = {"u": "user", "d": "document"}
        spans = [
            {"id": i, "kind": kind[c], "match": m, "text": "The shop is open." if i else other}
            for i, (c, m) in enumerate(zip(kinds, matches, strict=True))
        ]
        return [s["id"] for s in answering(spans, 4, {0, 1, 2}, **how)]

    assert left() == [2] and left(past=True) == [0] and left(several=True) == [1, 2, 0]
    assert left(past=True, other="It rained.") == [1], "far less likely, and about something else"
    assert left("uduu") == [2] and left("uudu", past=True) == [0]
    assert left("uuud") == [3], "lines of a document are in no order of time"
    spans = [{"id": i, "kind": "user", "match": m, "replaced_by": by} for i, m, by in ((0, 0.9, 1), (1, 0.95, None))]
    assert [s["id"] for s in answering(spans, 4, {0, 1}, several=True)] == [1], "it does not hold any more"
    assert [s["id"] for s in answering(spans, 4, {0, 1}, past=True)] == [0]
    assert [s["id"] for s in answering([{**spans[0], "match": 0.2}, spans[1]], 4, {0, 1})] == [1], "far less likely"


def test_what_the_matcher_finds_far_less_likely_is_not_read() -> None:
    spans = [{"id": i, "match": m} for i, m in enumerate((0.5, 0.006, 0.004, 0.0))]
    assert [s["id"] for s in worth_reading(spans)] == [0, 1] and worth_reading([]) == []
    assert len(worth_reading([{"id": 1, "match": 0.0}] * 3)) == 3


def test_more_lines_are_read_only_where_none_of_the_first_surely_answers(
    tiny: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = Answering(tiny.n_embd, texts=[f"The key is on hook {n}." for n in range(JUDGED)])
    memory.prompt = Prompt(states(tiny), 5, 1.1)
    read: list[int] = []
    for first in (0.05, 0.9):

        def untold(
            self: Speaker, prompt: Prompt, given: list[list[int]], *asked: object, p: float = first
        ) -> list[float]:
            read.append(len(given))
            return [p] * len(given)

        monkeypatch.setattr(Speaker, "untold", untold)
        with Session(tiny, client(memory)) as session:
            hear(session, ASKED)
    assert read == [FIRST, FIRST, JUDGED - FIRST]


def test_nobody_told_what_neither_eye_finds() -> None:
    def told(*both: tuple[float, float]) -> float:
        return 1 - nobody_told([{"match": m} for m, _ in both], [u for _, u in both])

    assert told((0.5, 0.1)) == pytest.approx(0.9) and told((0.9, 0.5)) == pytest.approx(0.75), "it counts half"
    assert told((0.1, 0.9), (0.05, 0.95)) < 0.04 < told((0.1, 0.9), (0.05, 0.2))
    assert 0 < told((0.0, 1.0)) < told((1.0, 0.0)) <= 1


def test_a_graft_keeps_its_prompt_in_its_file(tiny: Backbone, tiny_path: Path, tmp_path: Path) -> None:
    plain = grafts.load(make_graft(tiny, tmp_path / "plain.gguf"), read_header(tiny_path))
    config = PromptConfig(tiny.n_layer, 4, width(tiny), untold=7, likely=0.25)
    parts = plain.memory.config, plain.memory.contents, plain.memory.relations, plain.info
    grown = Graft(*parts, prompt=config, changing=config)
    assert grown.prompt is not None and grown.changing is not None and plain.prompt is None
    grown.prompt.start_from(start_states(Maker(tiny), 4))
    with torch.no_grad():
        grown.prompt.moved.normal_()
        grown.changing.moved.normal_()
    grafts.save(grown.eval(), tmp_path / "grown.gguf")
    again = grafts.load(tmp_path / "grown.gguf", read_header(tiny_path))
    assert again.prompt is not None and again.prompt.config == config
    assert torch.equal(again.prompt(), grown.prompt())
    assert again.changing is not None and again.changing.config == config and again.speaking is None
    assert torch.equal(again.changing(), grown.changing())
