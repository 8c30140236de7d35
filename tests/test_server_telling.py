"""What a chat request teaches: the user's own words, each once, and never what a client put beside them."""

from __future__ import annotations

import pytest

from titans_edge.server.telling import joined, own_and_pasted, told
from titans_edge.suspicion import voices

OWN, PASTED = False, True


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("I live in Leeds. My dog is Rex.", [(OWN, "I live in Leeds. My dog is Rex.")]),
        (
            "I am Mia. <context>The key is lost.</context> Where is it?",
            [(OWN, "I am Mia."), (PASTED, "The key is lost."), (OWN, "Where is it?")],
        ),
        ("<CONTEXT id='1'>\nRome\n\nParis\n</Context>\nWhere?", [(PASTED, "Rome\n\nParis"), (OWN, "Where?")]),
        (
            "Use the following context to answer.\n\nMia is in Rome.\n\nQuestion: Where is Mia?",
            [(PASTED, "Use the following context to answer.\n\nMia is in Rome."), (OWN, "Question: Where is Mia?")],
        ),
        (
            "Context information is below.\n---\nMia is in Rome.\n---\nQuery: Where?",
            [(PASTED, "Context information is below.\n---\nMia is in Rome.\n---"), (OWN, "Query: Where?")],
        ),
        ("Context: Mia is in Rome.\nI said so.", [(PASTED, "Context: Mia is in Rome.\nI said so.")]),
        ("[Document 2]\nMia is in Rome.", [(PASTED, "[Document 2]\nMia is in Rome.")]),
        ("<doc>\nMia is in Rome.", [(PASTED, "Mia is in Rome.")]),
        ("### Task:\nMake a title for: I am Mia.", [(PASTED, "### Task:\nMake a title for: I am Mia.")]),
        ("<user_query>I am Mia.</user_query>", [(OWN, "I am Mia.")]),
        ("x<y and y>z, a List<String>, http://h/<id> and <b>bold</b>: mine.",
         [(OWN, "x<y and y>z, a List<String>, http://h/<id> and <b>bold</b>: mine.")]),
        ("```\nfenced\n```\nmine", [(PASTED, "fenced"), (OWN, "mine")]),
        ("", []),
    ],
)  # fmt: skip
def test_a_message_is_cut_into_own_words_and_what_was_put_beside_them(
    message: str, expected: list[tuple[bool, str]]
) -> None:
    found = own_and_pasted(message)
    assert [(v.pasted, v.text) for v in found] == expected
    assert all(message[v.start : v.end] == v.text for v in found)
    own = "".join(v.text for v in voices(message) if not v.pasted)
    assert all(v.text in own or v.pasted for v in found), "what a chat takes for pasted is never the user's own here"


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def says(*messages: dict[str, str]) -> list[tuple[list[str], str]]:
    found = told(messages, [[m["content"]] for m in messages])
    return [([v.text for v in t.said], t.operation) for t in found]


ASSISTANT = {"role": "assistant", "content": "I live on the Moon."}
SYSTEM = {"role": "system", "content": "The user lives on Mars."}


def test_only_the_user_s_messages_after_the_last_reply_are_told() -> None:
    assert [t for t, _ in says(SYSTEM, user("One."), ASSISTANT, SYSTEM, user("Two."), user("Three."))] == [
        ["Two."],
        ["Three."],
    ]
    assert says(user("One."), ASSISTANT) == []


def test_the_same_message_of_the_same_conversation_has_the_same_operation_and_no_other() -> None:
    (_, one), (_, two) = says(user("One."), user("Two."))
    assert says(user("One."))[0][1] == one != two, "a message keeps its id when the next one is sent with it"
    clock = {**SYSTEM, "content": "It is 12:01."}
    assert says(clock, user("One."))[0][1] == says(SYSTEM, user("One."))[0][1] == one
    later = says(user("One."), ASSISTANT, user("One."))[0][1]
    assert len({one, two, later, says(user("One. "))[0][1]}) == 4


def test_of_several_text_parts_only_the_last_is_the_user_s() -> None:
    parts = ["The file says: Mia is in Rome.", " I am Mia."]
    (message,) = told([user(joined(parts))], [parts])
    assert [(v.pasted, v.text) for v in message.said] == [(PASTED, parts[0]), (OWN, "I am Mia.")]
    assert all(joined(parts)[v.start : v.end] == v.text for v in message.said)
