"""Messages that tell the memory nothing: small talk, requests, questions about the world."""

from __future__ import annotations

import random
from collections.abc import Iterator

_OPEN = ("", "", "", "Well, ", "Okay, ", "Hm, ", "By the way, ", "So, ")
_PLAIN = (
    "hello there.", "hi!", "good morning.", "thanks a lot.", "thank you very much!", "that is interesting.", "I see.",
    "how are you today?", "what can you do?", "who are you?", "never mind.", "let us talk about something else.",
    "that was funny.", "you are right.", "I do not understand.", "can you explain that again?", "please go on.",
    "what a lovely day it is.", "it has been raining all morning.", "I am not sure about that.", "are you there?",
    "what do you think?", "that sounds good to me.", "could you say that in fewer words?", "see you later.", "goodbye!",
)  # fmt: skip
_ASK = (
    "write a short {form} about the {topic}.", "tell me a {form} about {topic}.", "how does {topic} work?",
    "explain {topic} to a child.", "what is {topic}?", "why is {topic} important?", "give me three ideas for {topic}.",
    "translate {topic} into French.", "what should I know about {topic}?", "can you recommend a book on {topic}?",
    "how many {topic} are there in the world?", "when was {topic} invented?",
    "I read an article about {topic} yesterday.",
    "summarise the history of {topic} in two lines.", "write a function that sorts a list of {topic}.",
    "I wonder about {topic}.",
)  # fmt: skip
_FORM = ("poem", "joke", "story", "song", "riddle", "letter")
_TOPIC = (
    "photosynthesis", "the moon", "gravity", "bread", "cats", "the Roman empire", "electricity", "chess", "rivers",
    "jazz",
    "volcanoes", "the internet", "bicycles", "whales", "glass", "numbers", "coffee", "dreams", "paper", "magnets",
    "the sea",
)  # fmt: skip


def small_talk(rng: random.Random, n: int) -> Iterator[str]:
    """`n` messages, repeats possible."""
    for _ in range(n):
        body = (
            rng.choice(_PLAIN)
            if rng.random() < 0.2
            else rng.choice(_ASK).format(form=rng.choice(_FORM), topic=rng.choice(_TOPIC))
        )
        text = rng.choice(_OPEN) + body
        yield text[0].upper() + text[1:]
