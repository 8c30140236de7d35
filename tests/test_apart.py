"""A question about what was told is judged and answered as in a new conversation, whatever was said before it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.answering import Answering, client, hear, said, text
from tests.test_prompt import ASKED, HEAD, states
from titans_edge.asking import UNTOLD, left_open, of_a_reply, spoken_of, stands_alone, welcomed
from titans_edge.backbone.injection import Prompt
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.speaker import Speaker
from titans_edge.errors import ContextOverflow
from titans_edge.events import Remembered
from titans_edge.framing import framed
from titans_edge.routes import Mode
from titans_edge.session import Session

TEXTS = ["The key is in the shed.", "The cup is red."]


SISTER = said("What's my sister called?", "My sister is called Bella.")


def test_what_is_set_aside_comes_back_to_the_bit(tiny: Backbone) -> None:
    head, talk, other = (tiny.vocab.encode(t, special=True) for t in (HEAD, "I am here. And you?", "Where is it?"))
    with Speaker(tiny, 512) as speaker:
        speaker.feed([*head, *talk])
        before = speaker.splice.taken(0, speaker.length)
        speaker.set_aside(len(head))
        assert speaker.apart and speaker.ids == head and speaker.room() == 512 - len(head) - len(talk)
        speaker.feed(other)
        apart = speaker.last_logits()
        speaker.back()
        assert not speaker.apart and speaker.ids == [*head, *talk] and speaker.room() == 512 - len(head) - len(talk)
        assert speaker.splice.taken(0, speaker.length) == before
        speaker.feed(other)
        after = speaker.last_logits()
        speaker.clear()
        speaker.feed([*head, *talk])
        speaker.feed(other)
        assert np.array_equal(speaker.last_logits(), after), "as if nothing had been between"
        speaker.clear()
        speaker.feed(head)
        speaker.feed(other)
        assert np.array_equal(speaker.last_logits(), apart), "nothing of what was set aside was seen"


def test_what_is_aside_makes_room_and_clearing_drops_it(tiny: Backbone) -> None:
    with Speaker(tiny, 128) as speaker:
        speaker.feed([1] * 100)
        speaker.set_aside(10)
        assert speaker.apart and speaker.room() == 28
        speaker.feed([2] * 28)
        assert speaker.apart and speaker.room() == 0
        speaker.feed([2])
        assert not speaker.apart and speaker.room() == 128 - 39
        speaker.back()
        assert speaker.ids == [1] * 10 + [2] * 29, "it is gone, and read again when it is needed"
        with pytest.raises(ContextOverflow):
            speaker.feed([2] * 90)
        speaker.set_aside(10)
        speaker.clear()
        speaker.back()
        assert speaker.length == 0 and speaker.room() == 128


class Shown:
    """Shows all of a reply, as a reading does that finds nothing invented."""

    def __init__(self) -> None:
        self.known, self.instead, self.invented = "", "", False

    def take(self, text: str, nats: float, reason: str) -> str:
        return text


@pytest.fixture
def session(tiny: Backbone, monkeypatch: pytest.MonkeyPatch) -> Session:
    """Reads its replies from what a memory gives."""
    memory = Answering(tiny.n_embd, texts=TEXTS)
    memory.prompt = Prompt(states(tiny), 5, 1.1)
    monkeypatch.setattr("titans_edge.judging.judged", lambda spans, untold, k, **_: list(spans[:1]))
    monkeypatch.setattr(
        Session, "_reading", lambda self, content, before, prompt, spans, **_: Shown() if spans else None
    )
    return Session(tiny, client(memory))


def test_a_reply_from_what_was_told_is_the_same_whatever_was_said_before(session: Session) -> None:
    with session:
        first = text(hear(session, ASKED))
        assert text(hear(session, "Hello.", "Yes?", ASKED)) == first
        assert text(hear(session, "Do I have a dog?", UNTOLD, "I like tea.", "Fine.", ASKED)) == first


def test_the_conversation_goes_on_where_it_was(session: Session, tiny: Backbone) -> None:
    """The memory answers one question of three, the others are the backbone's."""
    talk = ("Hello.", "Yes?", ASKED, "In the shed.", "Write a poem.")
    with session:
        memory: Any = session.memory
        spans = memory.spans
        got = []
        for n in (1, 3, 5):
            memory.spans = spans if n == 3 else ()
            got.append(text(hear(session, *talk[:n])))
        memory.spans = ()
        with Session(tiny, session.memory) as new:
            assert text(hear(new, *talk)) == got[2], "a new session reads all of it anew"
        memory.spans = spans
        assert session.speaker.ids and text(hear(session, *talk[:3])) == got[1]


def test_what_the_model_said_is_no_matter_of_the_memorys(tiny: Backbone) -> None:
    memory = Answering(tiny.n_embd, texts=TEXTS)
    with Session(tiny, client(memory)) as session:
        hear(session, "A name?", "Fluffy.", "What name did you suggest?")
        assert not memory.asked
        hear(session, "A name?", "Fluffy.", "What name did I suggest?")
        assert memory.asked


def test_what_was_told_in_private_is_seen_where_it_was_told(session: Session) -> None:
    """The conversation tells something else of the key than the memory, which was not learnt."""
    apart = list[bool]()

    def noted(*args: Any, **kwargs: Any) -> Any:
        apart.append(session._speaking is not None and session._speaking.apart)
        return feed(*args, **kwargs)

    feed, session._feed = session._feed, noted  # type: ignore[method-assign]
    with session:
        hear(session, "The key is in my pocket.", "Fine.", ASKED)
        hear(session, TEXTS[0], "Fine.", ASKED)
        hear(session, "The tea is green.", "Fine.", ASKED)
    assert apart == [False, True, True]


@pytest.mark.parametrize(
    ("question", "after_telling", "after_work"),
    [
        ("What's the capital of Portugal?", True, True),
        ("What is the boiling point of water?", True, False),
        ("What are the main advantages?", True, False),
        ("Who wrote Hamlet?", True, True),
        ("Why is it so?", False, False),
        ("Which is better?", False, False),
        ("Could you suggest a town like Porto?", False, False),
        ("What do they eat in Porto?", False, False),
        ("Write a poem about Lisbon.", False, False),
        ("How are you?", True, True),
        ("hi, who are you?", True, True),
        ("Do you have a name?", True, True),
        ("Do you know my name?", False, False),
        ("Do you think it is too long?", False, False),
        ("What are you talking about?", False, False),
        ("How are you going to fix it?", False, False),
        ("how do you say thank you in German?", True, True),
        ("how do you know that in German?", False, False),
    ],
)
def test_a_question_for_a_fact_stands_alone_where_nothing_before_it_is_meant(
    question: str, after_telling: bool, after_work: bool
) -> None:
    telling = said("I live in Porto.", "Porto, noted.", "Where do I live?", "You live in Porto.")
    assert stands_alone(question, telling) is after_telling
    assert stands_alone(question, said("Tell me about solar power.", "It is power.")) is after_work
    assert not stands_alone("Who is my landlord?", said("My landlord is Jo.", "Fine.")), "it is spoken of"


def test_a_fact_of_the_world_is_asked_for_apart(tiny: Backbone) -> None:
    with Session(tiny, client(Answering(tiny.n_embd))) as session:
        alone = text(hear(session, "What's the capital of Portugal?"))
        assert text(hear(session, "I live in Porto.", "Porto, noted.", "What's the capital of Portugal?")) == alone
        assert text(hear(session, "I live in Porto.", "Porto, noted.", "And what is its capital?")) != alone


@pytest.mark.grounded
def test_what_was_told_in_private_is_judged_with_what_the_memory_knows(
    tiny: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest word holds, wherever it was said; it is no memory's, and is not shown as one."""
    memory, private = Answering(tiny.n_embd, texts=TEXTS), "The key is in my pocket."
    memory.prompt = Prompt(states(tiny), 5, 0.0)
    monkeypatch.setattr(
        "titans_edge.judging.judged", lambda spans, *_, **__: [s for s in spans if s["text"] == private]
    )
    with Session(tiny, client(memory), context=512) as session:
        shown = [e for e in hear(session, private, "Fine.", ASKED) if isinstance(e, Remembered)]
        assert shown and all(e.retrieved == () for e in shown)
        assert session._turn is not None and session._turn.apart, "it is read from that sentence alone"
        monkeypatch.setattr("titans_edge.judging.judged", lambda spans, *_, **__: list(spans[:1]))
        hear(session, private, "Fine.", ASKED)
        assert session._turn is not None and not session._turn.apart, "the conversation is seen where it is not given"


def test_a_conversation_that_begins_without_the_memory_stays_as_it_was_read(tiny: Backbone) -> None:
    with Session(tiny, client(Answering(tiny.n_embd))) as session:
        hear(session, "Some other talk.")
        hear(session, "Hello there.")
        session._begin()
        begun = framed(tiny, said("Hello there."), session.system)
        assert session.speaker.ids[: len(begun)] == [*begun.head, *begun.message, *begun.tail]
        assert len(session.speaker.ids) > len(begun), "and the reply"


@pytest.mark.parametrize(
    ("question", "before"),
    [
        ("Where does she live?", "My sister is called Bella."),
        ("And when's her birthday?", "My sister is called Bella."),
        ("Which school does he go to?", "My sister is called Bella."),
        ("How do I get there?", "My sister is called Bella."),
        ("In which town?", "My sister is called Bella."),
        ("at what hour", "My sister is called Bella."),
        ("For which day does she need it?", "My sister is called Bella."),
        ("Since when?", "My sister is called Bella."),
        ("which school", "My sister is called Bella."),
        ("What time is my lesson?", ""),
        ("What fun!", ""),
        ("And my brother?", "What's my sister called?"),
        ("What about Tom?", "What's my sister called?"),
        ("What was she called before?", "What's my sister called?"),
        ("Where is the spare key and who has it?", ""),
        ("Does Tom like his job?", ""),
        ("What does my sister do in her free time?", ""),
        ("What time is it?", ""),
        ("what did dad call his boat", ""),
        ("Is there a bank nearby?", ""),
        ("When is the party?", ""),
        ("Where is that?", "My sister is called Bella."),
        ("And how long does that take?", "My sister is called Bella."),
        ("And what does Ann do?", ""),
        ("What is that noise?", ""),
    ],
)
def test_a_question_that_is_left_open_is_asked_behind_what_was_said_last(question: str, before: str) -> None:
    assert left_open(question, SISTER) == before
    assert left_open(question, []) == "", "nothing was said"


def test_a_reply_that_says_nothing_leaves_its_question() -> None:
    for reply in (UNTOLD, "You told me: “My sister is Bella.”", "word " * 40, "Who is she?", "Bella … no"):
        assert left_open("Where does she live?", said("Who is my sister?", reply)) == "Who is my sister?"


def test_what_the_program_says_by_itself_and_thanks_leave_what_was_said_before() -> None:
    job = said("I got the job at Harwell!", "Congratulations!")
    assert left_open("Where is that?", job) == "I got the job at Harwell!"
    assert left_open("Where is that?", [*SISTER, *said("thanks", "You're welcome!")]) == "My sister is called Bella."


@pytest.mark.parametrize(
    ("message", "said_to_it"),
    [
        ("Ok thanks, good night", "You're welcome! Good night!"),
        ("That's all for today, thank you.", "You're welcome!"),
        ("thx bye", "You're welcome! Goodbye!"),
        ("Thank you. Can you make it shorter?", ""),
        ("thanks, continue", ""),
        ("no thanks", ""),
        ("and what about Ty?", ""),
        ("thanks for asking, the dog died", ""),
    ],
)
def test_thanks_need_no_model(tiny: Backbone, message: str, said_to_it: str) -> None:
    assert welcomed(message) == said_to_it
    memory = Answering(tiny.n_embd, texts=TEXTS)
    with Session(tiny, client(memory), context=512) as session:
        assert (text(hear(session, "Write a poem.", "Trams.", message)) == said_to_it) is bool(said_to_it)
        assert text(hear(session, message, mode=Mode.OFF)) != said_to_it
    with Session(tiny, client(memory), context=512, system="Be brief.") as session:
        assert text(hear(session, message)) != said_to_it, "another system prompt has its own words"


def test_what_was_left_open_before_is_not_forgotten() -> None:
    talk = said("Who is my sister?", UNTOLD, "Where does she live?", UNTOLD)
    assert left_open("And since when is it hers?", talk) == "Who is my sister? Where does she live?"
    talk = said(
        "Who is my sister?", UNTOLD, "Where is she?", UNTOLD, "Who is my boss?", UNTOLD, "Where is she?", UNTOLD
    )
    assert left_open("Since when?", talk) == "Who is my boss? Where is she?", "asked twice"
    assert left_open("Where is it?", said("Is it my car?", UNTOLD)) == "Is it my car?", "there is nothing before"


@pytest.mark.parametrize(
    ("told", "asks"),
    [
        ("our dog bruno had his leg operated", True),
        ("My dog is called Bruno.", True),
        ("i have two kids, ella and bruno", True),
        ("I had a bruno with Ann.", False),
        ("bruno is seven", False),
        ("", False),
    ],
)
def test_a_name_the_memory_knows_behind_a_verb_makes_a_question(tiny: Backbone, told: str, asks: bool) -> None:
    memory = Answering(tiny.n_embd, texts=[told] if told else [])
    with Session(tiny, client(memory), context=512) as session:
        hear(session, "can bruno go up the stairs")
        assert session._turn is not None
        assert session._turn.message == "can bruno go up the stairs" + "?" * asks
        hear(session, "can bruno go up the stairs", mode=Mode.OFF)
        hear(session, "can walk up the stairs")
        assert session._turn is not None and session._turn.message == "can walk up the stairs"


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ("My mum has a cat.", "Will has a new job at Aldi."),
        ("my sister works at the mill", "will works at tesco"),
        ("My mum and dad live in Ghent.", "Will and Anna got married in May."),
        ("My boss is called Will Jones.", "Will Jones moved to Leeds."),
        ("My dad is old and sick.", "was sick all week"),
        ("My boss is kind and very tall.", "was very tired today"),
        ("My son is vegan and allergic to nuts.", "is allergic to penicillin"),
        ("The trip got called off.", "is off work this week"),
        ("Swimming was fun.", "was swimming in the lake today"),
        ("My dad is 70 and retired.", "is retired and lives in Leeds"),
        ("our dog bruno is ill", "can bruno go up the stairs. he had surgery on his leg"),
    ],
)
def test_a_word_that_is_nobodys_name_makes_none(tiny: Backbone, told: str, message: str) -> None:
    with Session(tiny, client(Answering(tiny.n_embd, texts=[told])), context=512) as session:
        hear(session, message)
        assert session._turn is not None and session._turn.message == message


@pytest.mark.parametrize(
    ("told", "asked", "word"),
    [
        (["mum runs a shop"], "What does my mother do?", "mum"),
        (["What does my mother do?", "mum runs a shop"], "What does my mother do?", "mum"),  # a question tells nothing
        (["mum runs a shop", "My mother is ill."], "What does my mother do?", "mother"),
        (["I mumble."], "What does my mother do?", "mother"),
        (["My flatmate Bo cooks."], "who is my old roommate?", "flatmate"),
        (["mum runs a shop"], "My mother is ill.", "mother"),  # it tells
        ([], "What does my mother do?", "mother"),
    ],
)
def test_a_question_about_one_of_the_users_has_the_word_he_uses(
    tiny: Backbone, told: list[str], asked: str, word: str
) -> None:
    memory = Answering(tiny.n_embd, texts=told)
    with Session(tiny, client(memory), context=512) as session:
        assert word in session._understood(asked, said(asked), Mode.AUTO)[0]
        hear(session, asked)
        assert word in memory.asked[-1][0] if memory.asked else not told or "is ill" in asked
        assert session._turn is not None and session._turn.message == asked, "what he said is learned as he said it"
        assert session._understood(asked, said(asked), Mode.OFF)[0] == asked


def test_what_follows_an_answer_about_somebody_the_memory_does_not_know_is_not_untold(tiny: Backbone) -> None:
    memory = Answering(tiny.n_embd, texts=["My sister Bella is ill."])
    memory.untold = True
    with Session(tiny, client(memory)) as session:
        memory.spans = ()
        asked = "When was he born?"
        assert text(hear(session, "Who wrote Hamlet?", "It was William Shakespeare.", asked)) != UNTOLD
        memory.spans = Answering(tiny.n_embd, texts=["My uncle William is ill."]).spans
        assert session._of_strangers("It was Shakespeare.") and not session._of_strangers("It was William Shakespeare.")
        memory.spans = ()
        assert text(hear(session, asked)) == UNTOLD


def test_the_memory_is_asked_with_it(tiny: Backbone) -> None:
    memory = Answering(tiny.n_embd, texts=["My sister is called Bella."])
    with Session(tiny, client(memory)) as session:
        hear(session, *(m["content"] for m in SISTER), "Where does she live?")
        hear(session, *(m["content"] for m in SISTER), "Where do I live?")
    assert [asked for asked, *_ in memory.asked] == [
        "My sister is called Bella. Where does she live?",
        "Where do I live?",
    ]


def test_a_conversation_speaks_of_what_it_tells_and_not_of_what_it_asks() -> None:
    assert not spoken_of("Where does my sister live?", SISTER), "nor of what a reply had from the memory"
    assert not spoken_of("Where does my sister live?", said("My sister is Bella.", "Fine.")), "half of it"
    assert spoken_of("Who is my landlord?", said("My landlord is Jo.", "Fine."))
    assert spoken_of("Why that soup?", said("What could I cook tonight?", "A soup.")), "the model's own word"
    assert not spoken_of("Who is my landlord?", [{"role": "system", "content": "The landlord is Jo."}])
    named = said("I have a rabbit. A name?", "Fluffy.")
    assert spoken_of("What name did you suggest for my rabbit?", named) and of_a_reply("What did you say?", named)
    assert not of_a_reply("What did you say my dentist is called?", named), "it may be the memory's"
    assert not of_a_reply("What did you say?", []) and not of_a_reply("What did I tell you?", named)
