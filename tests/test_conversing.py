"""Conversations are cut into messages, right answers and replies."""

from __future__ import annotations

from tests.conversing import WRITTEN, replies, said


def test_each_conversation_tells_and_asks() -> None:
    for path in sorted(WRITTEN.glob("*.txt")):
        typed = said(path)
        asked = [right for _, right in typed if right]
        assert 20 <= len(asked) < len(typed) and not any(message.startswith("= ") for message, _ in typed)


def test_replies_are_those_behind_each_message_without_their_sources() -> None:
    printed = 'ready\n> Hi\nHello.\n\n> Where?\nIn\nOslo.\n[1] you, 1 Dec: "Oslo"\n'
    assert list(replies(["Hi", "Where?"], printed)) == ["Hello.", "In / Oslo."]
