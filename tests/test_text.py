"""Spans and words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from titans_edge.text import sentences, spans, words


def test_sentences_keep_titles_together() -> None:
    assert sentences("Mr. Smith went home. He slept!  Then?\n\nNew paragraph") == [
        "Mr. Smith went home.",
        "He slept!",
        "Then?",
        "New paragraph",
    ]


def test_words_of_a_possessive() -> None:
    assert [w.text for w in words("My dog's well-known code is 4,417.")] == [
        "My",
        "dog",
        "'s",
        "well-known",
        "code",
        "is",
        "4,417",
    ]


@given(st.text(max_size=400))
def test_spans_fit_and_lose_no_letters(text: str) -> None:
    cut = list(spans(text, len, 20))
    assert all(0 < len(s) <= 20 for s in cut)
    letters = lambda s: [c for c in s if c.isalnum()]  # noqa: E731
    assert letters("".join(cut)) == letters(text)
