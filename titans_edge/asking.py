"""What of a message asks, and whether the conversation speaks of it already. Knows texts only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from titans_edge.asked_for import asks_for_a_favour, asks_for_advice, asks_for_the_past, asks_of_himself
from titans_edge.framing import Message
from titans_edge.questions import as_question, may_ask, plainer
from titans_edge.text import asks_to_do, calm, content_words, is_question, sentences, tells, words

UNTOLD = "You have not told me that."
WELCOME = "You're welcome!"
MOST = 0.5  # of a question's words, more than that stand in a conversation that speaks of it
LISTENED = 400  # characters of a message that is replied to as a friend would, at most
AT_WORK = 2  # messages before it, at most, the first of which may ask for something to work on
WORK = 30  # words of a reply to work on, more than that; or it has several lines
ABOUT_SOMETHING = 2  # words of a question that say what it is about, at least, for it to stand alone
QUIET = 2  # messages before it that tell something or are about the user
REPLY = 30  # words of a reply that says what "she" is, at most
_STATES = re.compile(
    r"\b(?:i|my|mine|we|our|ours|he|she|they|is|are|was|were|am|has|have|had|does|did|will|went|got|moved|took"
    r"|its|im|ive|hes|shes|thats|paid|sold|bought|met|made|gave|kept|left|saw|lost|found|came|want|wanna|gonna|gotta)\b"
    r"|\w'(?:s|m|re|ve|ll|d)\b|\w{3,}ed\b",
    re.IGNORECASE,
)
_OBJECTS = re.compile(
    r"\W*(?:no\b|that(?:'s| is) (?:wrong|not|incorrect)|you(?:'re| are) |your \w+ (?:is|was) "
    r"|it (?:still )?(?:do|is|was)"
    r"|i (?:meant|mean|want))",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[A-ZÀ-Þ]\S*(?: \S+){3,}[.!]$")
_OURS = re.compile(
    rf"^{UNTOLD}|^You told me\b|^From [^:]*: “|[?…]|^(?:Noted|Okay|Congratulations|I'm sorry|Hello|You're welcome)\b"
)  # replies that say nothing of what "she" is
_CLAUSE = re.compile(r"(?<=\S)(?:[,;]| (?:and|because|when|if|that|which|while)\b)", re.IGNORECASE)
_THANKS = re.compile(
    r"\W*(?:(?:ok|okay|great|perfect|cool|nice|got it|good|many)\W+)*(?:thanks?|thx|cheers)\b", re.IGNORECASE
)
_ONLY_THANKS = re.compile(
    r"(?=.*\b(?:thanks|thank (?:you|u)|thx|ty|cheers|ta)\b)\W*"
    r"(?:(?:thanks|thank (?:you|u)|thx|ty|ta|cheers|many|and|oh|ah|well|so|ok|okay|great|perfect|cool|nice|lovely"
    r"|brilliant|awesome|super|right|got it|very|much|a lot|again|indeed|kindly|(?:my )?(?:friend|dear|love)|mate|you|u"
    r"|(?:good )?night|bye|goodbye|x{1,5}|for (?:that|this|everything|all|now|your help|the help|your time)"
    r"|(?:that's|thats|that is|that was|you're|youre|you are) (?:(?:very|so|really) )?"
    r"(?:great|helpful|perfect|nice|kind|useful|a star|the best|good|all(?: for (?:today|now))?)|that(?:'ll| will) do"
    r"|see you(?: later| soon| tomorrow)?|have a (?:nice|good|lovely) (?:day|evening|night|weekend|one))\b\W*)+",
    re.IGNORECASE,
)
THANKS = 80  # characters of a message that but thanks, at most
_AND = re.compile(r"^(?:and|but|so|ok|then|what about|how about)\b,? ?", re.IGNORECASE)
_WHICH = re.compile(r"^(?:in|at|on|for|with|to|from|of|by|since|until) (?=wh(?:ich|en)\b)", re.IGNORECASE)
_ELLIPSIS = 4  # words behind "and", or "what about", that ask no question of their own
_SAID_BEFORE = re.compile(
    r"\b(?:he|she|it|they|him|them|his|hers?|its|theirs?)\b|\bthere\W*$"
    r"|^(?:who|what) (?:is|was|are|were) th(?:at|ose)\b",
    re.IGNORECASE,
)
_OF_THAT = re.compile(  # "Where is that?", "How long does that take?"
    r"(?:and |so |but )?(?:who|what|where|when|which|how (?:much|many|long|old|far))(?:'?s| is| was| are| were| does"
    r"| did| do) th(?:at|is|ose|ese)"
    r"(?: (?:for|from|to|about|with|again|cost|start|begin|end|finish|happen|mean|take))?\W*$",
    re.IGNORECASE,
)
_YOU = r"\b(?:did|had|have|'ve) you (?:just |ever |also )?"
_YOUR_IDEA = re.compile(
    rf"{_YOU}(?:suggest|recommend|writ|list|propos)\w*\b"
    r"|\byou (?:just )?(?:suggested|recommended|wrote|listed|proposed)\b"
    r"|\byour (?:last|first|previous|second|earlier) (?:\w+ )?(?:answer|reply|message|suggestion|sentence|idea)\b",
    re.IGNORECASE,
)
_YOU_SAID = re.compile(
    rf"{_YOU}(?:say|said|mention|answer|call)\w*\b|\byou (?:just )?(?:said|answered)\b", re.IGNORECASE
)
_MINE = re.compile(r"\b(?:my|mine|our|i)\b", re.IGNORECASE)  # "What did you say my dentist is called?" is the memory's
_OF_YOU = re.compile(
    r"\W*(?:(?:hi|hello|hey|so|and|ok|okay|but)\W+)*(?:how(?: are|'re|'s) (?:you|things|it going)|(?:who|what) are you"
    r"|what(?:'s| is) (?:up|your name)|what can you do|are you (?:real|human|alive|there|ok|okay|an? \w+)"
    r"|do you have (?:a name|feelings|a memory))(?: doing| today| really| now)*\W*$",
    re.IGNORECASE,
)
_SHORT_ASKS = re.compile(  # "In which hospital?"
    r"(?:(?:and|but|so),? )?(?:(?:in|at|on|for|with|to|from|of|by|since|until) )?"
    r"(?:which (?!(?:is|are|was|were|do|does|did|has|have)\b)[a-z]+|what hour|(?:what|whose) [a-z]+(?=\s*\?)"
    r"|who|whom|where|when|what time|how (?:much|many|long|old|often|far))\W*$",
    re.IGNORECASE,
)
_POINTS = re.compile(
    r"\b(?:it|its|that|this|those|these|they|them|their|he|him|his|she|her|hers|one|ones|there|else|more|another|others?"
    r"|again|next|then|same|above|so|instead|you|your)\b",
    re.IGNORECASE,
)
_ANYBODY = re.compile(  # "how do you say thank you in German?"
    r"\bhow (?:do|can|would) you (?=say|spell|pronounce|call|make|cook|bake|boil|clean|remove|play)|\bthank you\b",
    re.IGNORECASE,
)
_NO_THING = re.compile(r"\b(?:time|day|date|year|month|weather) is it\b|^is it\b|\bit(?:'s| is) raining", re.IGNORECASE)
_OWN = re.compile(  # what "she" is may stand behind such, or is such
    r"\b(?i:my|our|your|the|mum|mom|dad|gran|nan|granny|grandma|grandpa|grandad|uncle|aunt|auntie)\b"
    r"|(?<=\S )(?!I\b)[A-ZÀ-Þ]"
)
_NAMES = re.compile(r"(?<=[\w,'’] )[A-Z0-9]")


@dataclass(frozen=True)
class Asking:
    """parts: a message's sentences; questions: those that ask; asked: what is looked for, the last question or the
    last sentence, with the others where it says nothing without them ("I'm at the padlock. What's the code?"). wants:
    nothing asks, and what is said may want what was told all the same. put: what is looked for as a plain question, in
    small letters where the message shouts.
    """

    parts: tuple[str, ...]
    questions: tuple[str, ...]
    asked: str
    wants: bool = False
    put: str = ""

    @classmethod
    def of(cls, message: str) -> Asking:
        parts = tuple(s.text for s in sentences(message)) or (message,)
        questions = tuple(p for p in parts if is_question(p))
        asked = (questions or parts)[-1]
        says = len(set(content_words(asked))) > 1 or _NAMES.search(asked) is not None
        whole = asked if says or not questions or asked != parts[-1] else " ".join(parts)
        wants = not questions and may_ask(asked, alone=len(parts) == 1)
        return cls(parts, questions, whole, wants, plainer(calm(as_question(whole) if wants else whole)))

    @property
    def statements(self) -> tuple[str, ...]:
        """Its sentences that ask nothing."""
        return tuple(p for p in self.parts if p not in self.questions)

    @property
    def told(self) -> tuple[str, ...]:
        """What the message says beside what it asks."""
        return tuple(p for p in self.parts if p not in self.questions and p not in self.asked)


def only_tells(message: str, messages: Sequence[Message]) -> bool:
    """Whether a short message but tells something, of the user, his or the world, and is no word on the model's last
    reply, nor the conversation before it work on a text or an answer of the model's.
    """
    asking, plain = Asking.of(message), message.replace("’", "'")
    asks = asking.questions or asking.wants or any(map(asks_to_do, asking.parts))
    if asks or len(message) > LISTENED or not any(map(tells, asking.parts)):
        return False
    said = [m for m in messages if m.get("role") in ("user", "assistant")]
    if said and (said[-1].get("content", "").rstrip().endswith("?") or _OBJECTS.match(plain)):
        return False
    states = _STATES.search(plain) or _SENTENCE.match(plain)
    return states is not None and not _at_work(said)


def only_thanks(message: str) -> bool:
    """Whether a message thanks, and says nothing else."""
    return len(message) <= THANKS and _ONLY_THANKS.fullmatch(message.replace("’", "'")) is not None


def welcomed(message: str) -> str:
    """What is said to a message that but thanks; "": it says something else."""
    if not only_thanks(message):
        return ""
    said = message.lower()
    return WELCOME + (" Good night!" if "night" in said else " Goodbye!" if "bye" in said else "")


def _at_work(said: Sequence[Message]) -> bool:
    """Whether the last of the user's messages, before what he said on it, asks for something to work on: for that to be
    done, or for advice that takes more than a sentence. Thanks end it.
    """
    users = [n for n, m in enumerate(said) if m["role"] == "user"]
    for n in reversed(users[-AT_WORK:]):
        asking = Asking.of(said[n].get("content", ""))
        if (asking.wants and may_ask(asking.asked, alone=False)) or any(map(asks_to_do, asking.parts)):
            return True
        if any(map(asks_for_advice, asking.questions)):
            reply = said[n + 1].get("content", "").strip() if n + 1 < len(said) else ""
            return len(words(reply)) > WORK or "\n" in reply
        if asking.questions or _THANKS.match(said[n].get("content", "")):
            return False
    return False


def spoken_of(question: str, messages: Sequence[Message]) -> bool:
    """Whether most of the words a question is about stand in what the conversation tells, where the model can see it:
    not in other questions, nor in replies that may be from the memory. Or it asks what the model itself has said.
    """
    if of_a_reply(question, messages):
        return True
    about, said, answers = set(content_words(question)), set[str](), False
    for m in messages:
        if m.get("role") == "user":
            asking = Asking.of(m.get("content", ""))
            answers = bool(asking.questions) and not any(map(asks_for_advice, asking.questions))
            said.update(w for part in asking.statements for w in content_words(part))
        elif m.get("role") == "assistant" and not answers:
            said.update(content_words(m.get("content", "")))
    return len(about & said) > MOST * len(about)


def stands_alone(question: str, messages: Sequence[Message]) -> bool:
    """Whether a question for a fact can be understood without the conversation, which speaks of something else: it
    points to nothing, and names what it is about or comes after what the user told or asked of himself. So does one
    about the model itself.
    """
    asking = Asking.of(question)
    if _OF_YOU.match(question.replace("’", "'")) and not of_a_reply(question, messages):
        return True
    if not asking.questions or asks_for_a_favour(question) or len(content_words(question)) < ABOUT_SOMETHING:
        return False
    if _POINTS.search(_ANYBODY.sub("", question)) or left_open(question, messages) or spoken_of(question, messages):
        return False
    before = [m.get("content", "") for m in messages if m.get("role") == "user"][-QUIET:]
    parts = [p for m in before for p in Asking.of(m).parts]
    quiet = all(tells(p) or (asks_of_himself(p) and not asks_to_do(p)) for p in parts)
    return quiet or _NAMES.search(question) is not None


def speaks_of(question: str, text: str, share: float = MOST) -> bool:
    """Whether a text has more than such a share of the words a question is about."""
    about = set(content_words(question))
    return len(about & set(content_words(text))) > share * len(about)


def told_here(question: str, messages: Sequence[Message], share: float | None = MOST) -> list[str]:
    """The user's sentences of a conversation that have more than such a share of the words a question is about; None:
    all of them.
    """
    own = (Asking.of(m.get("content", "")).statements for m in messages if m.get("role") == "user")
    told = [part for parts in own for part in parts]
    return [t for t in told if share is None or speaks_of(question, t, share)]


def of_a_reply(question: str, messages: Sequence[Message]) -> bool:
    """Whether a question asks what the model has said in the conversation ("What name did you suggest?")."""
    said = _YOU_SAID.search(question) is not None and _MINE.search(question) is None
    return any(m.get("role") == "assistant" for m in messages) and (said or _YOUR_IDEA.search(question) is not None)


def left_open(message: str, messages: Sequence[Message], *, deep: bool = True) -> str:
    """What stands before a question that cannot be understood without it ("And where does she live?"): the last reply,
    or where that was none, the last question, with (deep) what that leaves open. Empty: the message says all by itself,
    or is the first.
    """
    said = [m for m in messages if m.get("role") in ("user", "assistant")]
    while len(said) > 2 and only_thanks(said[-2].get("content", "")):
        said = said[:-2]
    message = message.replace("’", "'")
    if len(said) < 2 or not (_is_ellipsis(message) or _is_open(message)):
        return ""
    question, reply = (sentences(m.get("content", "")) for m in said[-2:])
    tells = bool(reply) and len(words(reply[0].text)) <= REPLY and not _OURS.search(reply[0].text)
    asks = _is_ellipsis(message) or asks_for_the_past(message)  # what holds now is not what is asked
    if tells and not asks:
        return reply[0].text
    about = question[-1].text if question else ""
    at = max(n for n, m in enumerate(messages) if m is said[-2])
    return f"{left_open(about, messages[:at], deep=False)} {about}".lstrip() if deep and _is_open(about) else about


def _is_ellipsis(message: str) -> bool:
    """ "And my brother?" """
    rest = _AND.sub("", message, count=1).rstrip(" ?!.")
    return _AND.match(message) is not None and len(words(rest)) <= _ELLIPSIS and not is_question(rest)


def _is_open(message: str) -> bool:
    """ "And where does she live?", "In which hospital?" """
    if _SHORT_ASKS.match(message) or _OF_THAT.match(message):
        return True
    clause = _CLAUSE.split(_WHICH.sub("", _AND.sub("", message, count=1), count=1), maxsplit=1)[0]
    found = _SAID_BEFORE.search(clause)
    return found is not None and not _NO_THING.search(clause) and not _OWN.search(clause[: found.start()])
