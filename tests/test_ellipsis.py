"""A message that but names another one asks the last question of that one."""

from __future__ import annotations

import pytest

from tests.answering import Answering, client, hear, said
from tests.test_prompt import states
from titans_edge.backbone.injection import Prompt
from titans_edge.backbone.model import Backbone
from titans_edge.ellipsis import in_full
from titans_edge.prompted import Prompted
from titans_edge.session import Session

THANKS = (
    "ok thanks",
    "ok great",
    "so sad",
    "So funny",
    "ok bye",
    "but wait",
    "so my bad",
    "ok my friend",
    "and thanks",
)


@pytest.mark.parametrize(
    ("question", "message", "asked"),
    [
        ("where does mike live", "and karen?", "where does karen live"),
        ("What's my sister called?", "And my brother?", "What's my brother called?"),
        ("What is my dog's name?", "And my cat?", "What is my cat's name?"),
        ("When is Ella's lesson?", "And Jonas's?", "When is Jonas's lesson?"),
        ("How much is the rent?", "And the deposit?", "How much is the deposit?"),
        ("Where does my sister Bella live?", "What about Tom?", "Where does Tom live?"),
        ("I forgot. How old is Jonas?", "and Ella", "How old is Ella?"),
        ("What is the capital of France?", "And Spain?", "What is the capital of Spain?"),
        ("What did Tom give to Anna?", "And Ben?", ""),
        ("What car do I drive?", "And before?", ""),
        ("What is on Monday?", "And Tuesday?", ""),
        ("What's the weather like?", "And tomorrow?", ""),
        ("What is the name of the children's doctor?", "And her phone number?", ""),
        ("Where does my sister live?", "Where does my brother live?", ""),
        ("My sister lives in Ghent.", "And my brother?", ""),
        ("who is my landlord", "and boss?", ""),
        ("Where does Karen live?", "ok, and Tom?", "Where does Tom live?"),
        ("Where does Karen live?", "ok, Tom?", "Where does Tom live?"),
        *(("Where does Karen live?", thanks, "") for thanks in THANKS),
        ("What is my favourite colour?", "And Karen?", ""),
        ("What is my favourite food?", "and my brother?", ""),
        ("What is my wifi password?", "and my bike code?", ""),
        ("Where do my mum and dad live?", "And Ben?", ""),
        ("Where does Karen live?", "and birthday?", ""),
        ("where does karen live", "and mine?", ""),
    ],
)
def test_a_name_behind_and_stands_for_the_one_that_was_asked_about(question: str, message: str, asked: str) -> None:
    talk = said(question, "Fine.")
    assert in_full(message, talk) == asked
    assert in_full(message, []) == "" and in_full(message, talk[1:]) == ""


def test_names_follow_one_another() -> None:
    assert in_full("And Cem?", said("Where is Ann?", "Here.", "And Bo?", "There.")) == "Where is Cem?"


def test_it_is_judged_as_the_question_it_asks(tiny: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    memory, put = Answering(tiny.n_embd, texts=["Bo is in the shed."]), list[str]()
    memory.prompt = Prompt(states(tiny), 5, 0.0)

    def untold(self: Prompted, trained: Prompt, texts: object) -> list[float]:
        put.append(self.prompt.text)
        return [0.1]

    monkeypatch.setattr(Prompted, "untold", untold)
    with Session(tiny, client(memory), context=512) as session:
        hear(session, "Where is Ann?", "Here.", "And Bo?")
        assert set(put) == {"Where is Bo?"}
        assert session._turn is not None and session._turn.message == "And Bo?", "what is learned is what was typed"
