"""What kind of thing a question wants (an amount, a time of day, a name), and whether a text has one. Knows texts
only.
"""

from __future__ import annotations

from collections.abc import Callable

from titans_edge.numerals import says_a_time_of_day, says_an_amount
from titans_edge.questions import asks_for_a_name, asks_for_a_time_of_day, asks_for_an_amount
from titans_edge.text import stems, words

Has = Callable[[str], bool]
_KINDS: tuple[tuple[Has, Has], ...] = (
    (asks_for_an_amount, says_an_amount),
    (asks_for_a_time_of_day, says_a_time_of_day),
)


def may_answer(text: str, question: str) -> bool:
    """Whether a text has a number where only a number answers, or a time of day where only that does."""
    return all(says(text) for asks, says in _KINDS if asks(question))


def of_reply(question: str, told: str) -> Has:
    """What a reply that was read from a text must have: what the question wants, where the text has it."""
    has = [says for asks, says in _KINDS if asks(question) and says(told)]
    asked = stems(question)
    if asks_for_a_name(question) and _names(told, asked):
        has.append(lambda reply: _names(reply, asked))
    return lambda reply: all(says(reply) for says in has)


def _names(text: str, asked: set[str]) -> bool:
    """Whether a text has a word with a capital that says something, and is not the question's."""
    capital = (stems(w.text) for w in words(text) if w.text[0].isupper())
    return any(found and not found <= asked for found in capital)
