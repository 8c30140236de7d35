"""How a sentence or question is said: what people put before and after it. Knows no topics."""

from __future__ import annotations

import random
import re

from titans_edge.stories.people.draw import kept
from titans_edge.stories.people.topic import capital

OPENERS = (
    "oh by the way, ", "Hi! ", "so, ", "just so you know, ", "note to self: ", "good news: ", "one more thing: ",
    "by the way, ", "FYI: ", "hey, ", "okay, so ", "for your information, ", "well, ", "remember that ", "you know, ",
    "before I forget: ", "please remember that ", "also, ", "guess what: ", "ah, and ", "hello! ", "don't forget that ",
    "I should mention that ", "keep in mind that ", "fun fact: ", "I think I told you, but ", "right, ", "listen, ",
    "it may not matter, but ", "as you may know, ", "please note: ", "to be honest, ", "let me tell you something: ",
    "please keep this in mind: ", "morning! ", "you should know that ",
)  # fmt: skip
CLOSERS = (
    ", by the way.", ", just so you know.", ", in case I ever ask.", "!", ", if you're interested.", " :)",
    ", remember?", ", please remember that.", ". Don't forget.", ". Please keep that in mind.", ", you know.",
    ", I think.", ". Just for the record.", ", okay?", "...", ". Write that down.",
)  # fmt: skip
CORRECTIONS = (
    "actually, ", "correction: ", "change of plan: ", "update: ", "sorry, I was wrong: ", "scrap that, ", "no, wait: ",
    "things have changed: ", "it's different now: ", "I have to correct myself: ", "small change: ", "as of today, ",
    "not any more, now ", "I made a mistake, ", "forget what I said before: ", "news: ",
)  # fmt: skip
ASKING = (
    "hey, ", "quick question: ", "sorry, ", "tell me, ", "say, ", "do you remember: ", "remind me, ", "um, ",
    "just checking: ", "I forgot, ", "one question: ", "by the way, ", "hi! ", "please tell me, ", "so, ",
    "can you help me out: ",
)  # fmt: skip
INDIRECT = (
    "do you remember {}?", "can you tell me {}?", "do you know {}?", "could you remind me {}?", "please tell me {}.",
    "remind me {}.", "I forgot {}.", "any idea {}?", "did I tell you {}?", "I can't recall {}, can you?",
    "have I ever mentioned {}?", "tell me {}.", "would you happen to know {}?", "I need to know {}.",
    "I'm trying to remember {}.", "what did I say, {}?",
)  # fmt: skip
BEFORE = (
    "I had lunch with {}.", "I ran into {} at the market.", "I just got off the phone with {}.", "have you met {}?",
    "{} came by yesterday.", "I told you about {}.", "I met {} for coffee.", "I have known {} for years.",
    "{} lives next door.", "{} sends you greetings.", "I got a letter from {}.", "I went for a walk with {} today.",
    "{} called me last night.", "{} sat next to me on the bus.", "I often think of {}.", "{} was at the party too.",
)  # fmt: skip

_WH = r"^((?:at |in |on |from |for |by |until )?(?:what|which|who|where|when|how)\b[^{]*?)"
_TURN = re.compile(_WH + r" \[do\|does\] \{I\} (\w+)(.*)\?$")
_BE = re.compile(_WH + r" \[am\|is\] \{I\} (.+)\?$")
_NOUN = re.compile(r"^(what|who|when|where) is (\{my\}(?: [\w{}'-]+){1,3})\?$")
_NO_NOUN = re.compile(r"(ed|called)$|\b(at|for|on|in|from|to|with|a|going)\b")


def said(sentence: str, rng: random.Random, held_out: bool) -> str:
    """A statement as somebody may type it: mostly plain, now and then with an opener, a closer or in lower case."""
    plain = sentence[-1] not in ".!?"
    dice = rng.random()
    if plain or "?" in sentence:
        return capital(sentence) if dice < 0.7 else sentence
    if dice < 0.55:
        return capital(sentence)
    if dice < 0.75:
        opener = rng.choice(kept(OPENERS, held_out))
        return capital(opener + (capital(sentence) if opener[-2] == "!" and rng.random() < 0.7 else sentence))
    if dice < 0.85:
        return capital(sentence[:-1] + rng.choice(kept(CLOSERS, held_out)))
    if dice < 0.93:
        return sentence[:-1].lower() if rng.random() < 0.5 else sentence.lower()
    return capital(sentence[:-1]) if rng.random() < 0.5 else capital(sentence[:-1] + "!")


def corrected(sentence: str, rng: random.Random, held_out: bool) -> str:
    """A statement told as a correction."""
    return capital(rng.choice(kept(CORRECTIONS, held_out)) + sentence)


def asked(question: str, rng: random.Random, held_out: bool, again: bool = True) -> str:
    """A question as somebody may type it; again: one that was answered before ("... again?")."""
    dice = rng.random()
    if dice < 0.68 or question[-1] != "?" or (dice >= 0.9 and not again):
        return capital(question)
    if dice < 0.8:
        return capital(rng.choice(kept(ASKING, held_out)) + question)
    if dice < 0.9:
        return question.lower() if rng.random() < 0.5 else question[:-1].lower()
    return capital(question[:-1] + rng.choice(("", " again?", ", again?", "??")))


def indirect(template: str, rng: random.Random, held_out: bool) -> str:
    """The question template turned into an indirect one where its form allows it, else ""."""
    clause = _clause(template)
    return rng.choice(kept(INDIRECT, held_out)).replace("{}", clause) if clause else ""


def _clause(template: str) -> str:
    """ "where [do|does] {I} live?" as "where {I} live[s]"; "" where that would sound wrong."""
    if found := _TURN.match(template):
        return f"{found[1]} {{I}} {_ending(found[2])}{found[3]}"
    if found := _BE.match(template):
        return f"{found[1]} {{I}} [am|is] {found[2]}"
    if (found := _NOUN.match(template)) and not _NO_NOUN.search(found[2]):
        return f"{found[1]} {found[2]} is"
    return ""


def _ending(verb: str) -> str:
    if verb == "have":
        return "[have|has]"
    if re.search(r"(s|sh|ch|x|o)$", verb):
        return verb + "[es]"
    if re.search(r"[^aeiou]y$", verb):
        return verb[:-1] + "[y|ies]"
    return verb + "[s]"
