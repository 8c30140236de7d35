"""Where a reply ends by a text of the user's: nothing of that text is shown, and nothing else is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.answering import WARM, answering, client, done, hear, text
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.sampling import Sampling
from titans_edge.errors import UsageError
from titans_edge.replying import UNTOLD, Reading, Stopper
from titans_edge.session import Session


def test_a_stop_text_is_found_wherever_the_pieces_are_cut_and_its_beginning_is_not_swallowed() -> None:
    told, stops = "abXabXYc", ("XY", "zzz")
    for cut in range(1, len(told)):
        stopper = Stopper(stops)
        shown = stopper.take(told[:cut])
        shown += "" if stopper.hit else stopper.take(told[cut:])
        assert shown == "abXab" and stopper.hit
    stopper = Stopper(stops)
    assert stopper.take("abX") == "ab" and stopper.take("", over=True) == "X" and not stopper.hit


def test_a_reply_ends_before_the_first_of_its_stop_texts(tiny: Backbone) -> None:
    with Session(tiny, context=512) as session:
        whole = text(hear(session, "Hello!"))
        stop = whole[3:6]
        ended = hear(session, "Hello!", sampling=replace(WARM, stop=("never", stop)))
        assert text(ended) == whole[: whole.index(stop)] and done(ended).stop_reason == "stop"
        assert 0 < done(ended).tokens < WARM.max_tokens
        begun = hear(session, "Hello!", sampling=replace(WARM, stop=(whole[-2:] + "never",)))
        assert text(begun) == whole and done(begun).stop_reason == "length"


def test_what_the_model_has_no_part_in_ends_before_a_stop_text_too(tiny: Backbone) -> None:
    memory = answering(tiny)
    memory.untold = True
    with Session(tiny, client(memory), context=512) as session:
        ended = hear(session, "Where is Mary?", sampling=replace(WARM, stop=("told",)))
        assert text(ended) == UNTOLD.partition("told")[0]


@pytest.mark.parametrize(
    ("question", "line", "known", "whether"),
    [
        ("Tell me my code.", "My code is 4417.", False, False),
        ("Remind me of my code", "My code is 4417.", False, False),
        ("I need to know my code", "My code is 4417.", False, False),
        ("Who is May?", "May does not eat fish.", False, False),
        ("I'm allergic to nuts, right?", "I'm allergic to nuts.", True, True),
        ("karen is my daughter?", "My daughter Karen lives in Denver.", True, True),
        ("wont my mum be home?", "My mum is home at six.", True, True),
        ("my wifi password?", "My wifi password is tulip.", False, False),
        ("Can I have penicillin?", "I'm allergic to penicillin.", True, True),
        ("is karen my daughter?", "My daughter Karen lives in Denver.", True, True),
        ("Is the exam on Monday or Tuesday?", "The exam is on Tuesday.", True, True),
        ("When can I practice?", "My roommate hates it when I practice after nine.", True, False),
        ("What can't Ann eat?", "Ann doesn't eat nuts.", True, False),
        ("When can I practice?", "I may practice until nine.", False, False),
        ("What does my roommate hate?", "My roommate hates it when I practice after nine.", False, False),
        ("Can you tell me my code?", "My code is 4417.", False, False),
        ("Do you know where I live?", "I live in Porto.", False, False),
        ("What am I allergic to?", "I'm allergic to penicillin.", False, False),
        ("What car did I drive before?", "I sold my old Honda and bought a used Skoda.", True, False),
        ("Where did I live before?", "I moved from Ghent to Porto.", False, False),
        ("Where did I live before?", "I live in Porto.", False, False),
        ("which of my kids is the oldest?", "we've got 3 kids, Kuba 9, Zosia 6 and the baby is Antek", True, False),
        ("Who is my oldest friend?", "My oldest friend is Pam, 71, of flat 12.", False, False),
        ("Who is older?", "Ann is my friend.", False, False),
        ("What car do I drive?", "I sold my old Honda and bought a used Skoda.", False, False),
    ],
)
def test_whether_something_is_so_and_what_was_before_a_change_is_the_users_own_word(
    question: str, line: str, known: bool, whether: bool
) -> None:
    span = {"id": 1, "text": line, "kind": "user", "source": "you"}
    reading, doubted = (Reading.of(question, "", [span], doubted=d) for d in (False, True))
    assert reading is not None and reading.known == (f"You told me: “{line}”" if known else "")
    assert doubted is not None and doubted.known == (f"You told me: “{line}”" if whether else "")
    other = Reading.of(question, "", [span | {"text": "I like tea."}], doubted=True)
    assert other is not None and other.known == (UNTOLD if whether else ""), "it shares no word with the question"


def test_an_empty_stop_text_is_refused() -> None:
    with pytest.raises(UsageError, match="stop"):
        Sampling(stop=("a", ""))
