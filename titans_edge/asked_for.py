"""What a question asks for: the past, an amount, a name, advice, something of the speaker's, what was told.

Knows English words; nothing of what is known, or how it is found.
"""

from __future__ import annotations

import re

from titans_edge.questions import is_question
from titans_edge.sentence_ends import listed

_PAST = re.compile(
    r"\b(?:before|used? to|previous(?:ly)?|former(?:ly)?|original(?:ly)?|initial(?:ly)?|at first|in the past|earlier"
    r"|until|till|(?:my|our|his|her|the|their) old)\b|\bfirst\W*$",
    re.IGNORECASE,
)
_SEVERAL = re.compile(
    r"\b(?:who|what|which) (?:are|were) (?!(?:i|we|you|they|he|she|it)\b)"
    r"|\b(?:which|what) (?!(?:is|was|has|does|this)\b)\w+[^\Wsui]s\b"
    r"|\b(?:everything|everyone|everybody|anything|both|all (?:of|my|our|the)|names of|list|about)\b",
    re.IGNORECASE,
)
_WHY = r"\bwhy\b(?! (?:did|was|had) (?:i|he|she)\b)"  # what somebody did is told
# before what one is asked to do, and not "the draft"
_BID = (
    r"(?:^\W*|[,:;.!?] |\b(?:you|u|ya|guys|you'd|please|pls|kindly|to|and|then|just|now|quickly|briefly|also|maybe|me"
    r"|us|lets|let's|need|want|some|any|someone|anyone|somebody|hey|hi|hello|ok|okay)\W+)"
)
_ADVICE = re.compile(
    r"\b(?:should|could|would|can|might|may|must|shall|will) (?:i|we)\b|\bhow (?:do|can|to|should|could|would)\b"
    rf"|{_WHY}|\bif\b|\bneed to\b|\bhave to\b"
    r"|\b(?:can|could|would|will) you (?!(?:please )?(?:tell|remind|say|recall|remember))"
    rf"|{_BID}(?:help|write|suggest|recommend|explain|translate|draft|compose)\b|\bmeans?\b",
    re.IGNORECASE,
)
_FAVOUR = re.compile(
    r"\b(?:should|could|shall) (?:i|we)\b"
    rf"|{_WHY}"
    r"|\b(?:can|could|would|will) you (?!(?:please )?(?:tell|remind|say|recall|remember))"
    rf"|{_BID}(?:help|write|suggest|recommend|explain|translate|draft|compose|summari[sz]e)\b|\bideas?\b",
    re.IGNORECASE,
)
_THE = re.compile(r"\b(?:the|my|our|this|that)\b", re.IGNORECASE)


def names_a_thing(question: str) -> bool:
    """Whether a question speaks of one thing as known ("Where is the key?")."""
    return _THE.search(question) is not None


def asks_for_the_past(question: str) -> bool:
    """Whether a question is about what was before ("Where did I live before?")."""
    return _PAST.search(question) is not None


_AS_OF_NOW = re.compile(r"\b(?:these days|nowadays|at the moment|at present|right now|currently|now)\b", re.IGNORECASE)


def asks_as_of_now(question: str) -> bool:
    """Whether a question says that it is about what holds now ("Where do I work now?")."""
    return _AS_OF_NOW.search(question) is not None


def asks_for_several(question: str) -> bool:
    """Whether more than one thing may be the answer ("Which languages do I speak?"); not of what holds now alone."""
    return _SEVERAL.search(question.replace("’", "'")) is not None and _AS_OF_NOW.search(question) is None


def asks_for_advice(question: str) -> bool:
    """Whether a question is for advice or a favour, which nobody need have told."""
    return _ADVICE.search(question.replace("’", "'")) is not None


def asks_for_a_favour(question: str) -> bool:
    """Whether a question is for a text, a reason or an opinion, in words nobody need have told."""
    return _FAVOUR.search(question.replace("’", "'")) is not None


_SECRET = re.compile(
    r"\b(?:what(?:'s|s| is| was)|which|give me|tell me|do you know)\b.{0,40}\b(?:(?:door|gate|alarm|entry|access|lock"
    r"|locker|padlock|safe|garage|office|bike|house|building|key ?box|wi-?fi|network|router|voicemail|sim|card) ?"
    r"(?:code|combination|combo|password|passcode|pin)|(?:password|passcode|combination|combo) (?:of|to|for|on) "
    r"(?:the|this|that)|phone number of)\b",
    re.IGNORECASE,
)


def asks_for_a_secret(question: str) -> bool:
    """Whether a question is for a code, a password or a number that only who was told it can know."""
    return _SECRET.search(question.replace("’", "'")) is not None


_SUM = re.compile(
    r"\d\s*(?:times|plus|minus|divided by|multiplied by|percent of|to the power of|[x×*^]|% of)\s*\d|\d\s[-+/]\s\d"
    r"|\bhow many \w+ (?:are (?:there )?in|in|make) (?:an?|one) (?:minute|hour|day|week|fortnight|month|year|decade"
    r"|century|mile|yard|foot|inch|pound|stone|kilo|kilometre|metre|dozen|gallon|pint|litre)\b",
    re.IGNORECASE,
)


def asks_for_a_sum(question: str) -> bool:
    """Whether a question is for a calculation ("What is 17 times 23?"), which nothing that was told answers."""
    return is_question(question) and _SUM.search(question) is not None


_OWN = re.compile(r"\b(?:i|me|my|mine|we|us|our|ours|i'm|i've|i'd)\b", re.IGNORECASE)


def asks_what_was_told(question: str) -> bool:
    """Whether a question is about something the user may have told of himself, not for advice or a favour."""
    plain = question.replace("’", "'")
    return is_question(plain) and _OWN.search(plain) is not None and not asks_for_advice(plain)


_OF_A_THING = re.compile(
    r"\W*(?:and |so |but )?(?:where|when|who|how (?:much|long|old|big))(?:'s| is| are| was| were) (?:the|my|our) [a-z]+"
    r"\W*$",
    re.IGNORECASE,
)


def is_of_the_known(question: str) -> bool:
    """Whether a question is about what the user may have told of himself, or all it speaks of is one thing as known, by
    one word ("Where is the wedding?").
    """
    return asks_what_was_told(question) or _OF_A_THING.match(question.replace("’", "'")) is not None


_ME = re.compile(r"\b(?:i|me|my|mine|i'm|i've|i'd)\b", re.IGNORECASE)


def asks_of_me(question: str) -> bool:
    """Whether a question has the speaker in it."""
    return _ME.search(question.replace("’", "'")) is not None


_OF_MY_LIFE = re.compile(
    r"\W*(?:(?:so|and|but)\W+)?(?:was|were|did|had|have|am)(?:n't)? (?:i|my)\b"
    r"(?! (?:to|just|also|right|wrong|correct|too|allowed)\b)",
    re.IGNORECASE,
)


def is_of_his_life(question: str) -> bool:
    """Whether a question is if something is or was so of the user ("Was I married?"): nobody else can tell."""
    return _OF_MY_LIFE.match(question.replace("’", "'")) is not None


def asks_of_himself(question: str) -> bool:
    """`asks_what_was_told` of the speaker alone: "we" is often everybody ("Which vitamin do we get from the sun?")."""
    return asks_of_me(question) and asks_what_was_told(question)


_NOW = re.compile(
    r"\b(?:today|tonight|tomorrow|yesterday|ago|how long|how many (?:days|weeks|months|years)"
    r"|(?:what|which) (?:day|date|year|month|weekday)(?: of the week)? (?:is it|do we have)"
    r"|(?:what's|what is|tell me) (?:the|today's|the current) (?:date|day)"
    r"|(?:this|next|last) (?:week|weekend|month|year))\b",
    re.IGNORECASE,
)


_TODAY = re.compile(
    r"\W*(?:(?:so|and|hey|hi|ok|okay|sorry|please|by the way|btw)\b\W*)*"
    r"(?:(?:(?:can|could) you )?tell me |do you know )?"
    r"(?:(?:what|which) (?:day|date|year|month|weekday|time)(?: of the week)? (?:is it|it is|do we have)"
    r"|what(?:'s|s| is) (?:the (?:current )?|today's )(?:date|day|weekday|time)|what(?:'s|s| is) today)"
    r"(?: today| now| right now| please)*\W*$",
    re.IGNORECASE,
)


def asks_for_today(message: str) -> bool:
    """Whether a message asks which day it is, or what time."""
    return _TODAY.match(message.replace("’", "'")) is not None


_CALLED = re.compile(
    r"\bwhat(?:'s| is|s) (?:my|our) (?P<first>\w+(?: \w+){0,2}?)(?:(?:'s|s'|s)? name\b| called\b)"
    r"|\bname of (?:my|our) (?P<of>\w+(?: \w+){0,2}?)\W*$"
    r"|\bwho(?:'s| is|s) (?:my|our) (?P<who>\w+(?: \w+){0,2}?)\W*$",
    re.IGNORECASE,
)
NO_NAME = listed(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august"
    " september october november december i"
)


_MY_NAME = re.compile(
    r"\bwhat(?:'s|s| is) my (?:own |first |full )?name\b|\bwho am i\W*$|\bknow my name\b", re.IGNORECASE
)
_I_AM = re.compile(
    r"(?i:\b(?:i'm|i am|my name is|my name's|call me)|^\W*(?:hi|hello|hey)\b\W*(?:this is|it's)) "
    r"(?P<name>[A-ZÀ-Þ][a-zà-ÿ'-]+(?: [A-ZÀ-Þ][a-zà-ÿ'-]+){0,3}?)"
    r"(?=\W*$|[.,!;]| (?:and|from|here|by|but|the|a)\b)"
)
_NATION = listed(
    "dutch french german english irish scottish welsh british american canadian australian italian spanish portuguese"
    " greek polish turkish swedish danish norwegian finnish russian ukrainian indian chinese japanese korean vietnamese"
    " brazilian mexican nigerian kenyan egyptian belgian austrian swiss czech hungarian romanian european african asian"
    " colombian thai northern mum dad happy sorry fine okay"
    " catholic muslim christian jewish hindu buddhist protestant vegan vegetarian"
)


_NOBODY = NO_NAME | _NATION


def gives_the_name(span: str, question: str) -> bool:
    """Whether a question asks who something of the user's is, and a sentence has the name behind it ("my nan Maureen
    sent a parcel"); or who he is himself, and it says that ("I'm Marta").
    """
    asked = _CALLED.search(question.replace("’", "'"))
    if asked is None:
        own = _I_AM.search(span.replace("’", "'")) if _MY_NAME.search(question.replace("’", "'")) else None
        return own is not None and _NOBODY.isdisjoint(own["name"].lower().split())
    what = next(filter(None, asked.groups()))
    named = re.search(rf"(?i:\b(?:my|our) (?:\w+ )?{what}),? (?P<name>[A-ZÀ-Þ][\w'-]+)", span)
    return named is not None and named["name"].lower() not in NO_NAME


_WHEN_TOLD = re.compile(
    r"\b(?:when|(?:what|which) (?:day|date)|since when|how long ago)\b.{0,20}"
    r"\bi (?:first |last |ever |already )?(?:mention(?:ed)? \w"
    r"|(?:tell|told|say|said|ask|asked|write|wrote)"
    r" (?:you|u|that|to you|about|it|this|where|what|who|how|of|the|my)\b)",
    re.IGNORECASE,
)


def asks_when_told(question: str) -> bool:
    """Whether a question asks for the day on which something was told ("When did I tell you about the car?")."""
    return _WHEN_TOLD.search(question) is not None


_AMOUNT = re.compile(
    r"\bhow much\b"
    r"|\bwhat (?:does|did|do|will|would)\b[^?]*\b(?:charge|cost|owe)\b"
    r"(?! (?:me|us|him|her|them) (?:for|to)\b)[^?]*\??\W*$"
    r"|\bwhat(?:'?s| is| was| are| am)\b[^?]*\b(?:charging|costing|paying)\b[^?]*(?<! for)(?<! with)\??\W*$"
    r"|\bwhat (?:did|do|does|will) [^?]{1,30} pay\b(?! (?:with|by|in)\b)[^?]*(?<! for)(?<! with)\??\W*$"
    r"|\b(?:phone|telephone|mobile|account|seat|room|house|flight|locker|customer|member\w*|pin) number\b"
    r"|\bpin(?: code)?\W*$",
    re.IGNORECASE,
)


def asks_for_an_amount(question: str) -> bool:
    """Whether only something with a number can be the answer ("How much is the rent?")."""
    return _AMOUNT.search(question) is not None


_WHEN = re.compile(
    r"(?:^|[,;.!?] ?)(?:\W*(?:and|so|but|ok|okay|hey|hi|sorry|wait|please|remind me|tell me)\b\W*)*"
    r"(?:on |since |by |until |till )?when(?:'?s|'ll| (?:is|are|was|were|do|does|did|will|can|must|should|have|has|had"
    r"|am|shall|would))\b[^?]*\??\W*$",
    re.IGNORECASE,
)


def asks_when(question: str) -> bool:
    """Whether a question asks for the time of something ("When is my appointment?"), not when it was told."""
    return _WHEN.search(question.replace("’", "'")) is not None and not asks_when_told(question)


_HOW_LONG = re.compile(
    r"\bhow long\b(?! (?:ago|(?:is|are|was|were) (?:the|my|our|his|her|it))\b)[^?]*\??\W*$", re.IGNORECASE
)


def asks_how_long(question: str) -> bool:
    """Whether a question asks how long something lasts."""
    return _HOW_LONG.search(question) is not None


_TIME = re.compile(r"\b(?:what|which) (?:exact )?(?:time|hour)\b|\bwhat'?s the time of\b", re.IGNORECASE)


def asks_for_a_time_of_day(question: str) -> bool:
    """Whether a question asks for the time of day of something ("What time is Cara's dancing at?")."""
    return _TIME.search(question) is not None


_NAMED = re.compile(
    r"\bnames? of\b|\bwhat(?:'s|s| is| was| are| were)\b.{1,40}\b(?:names?|called)\b|\bhow is\b.{1,40}\bcalled\b",
    re.IGNORECASE,
)


def asks_for_a_name(question: str) -> bool:
    """Whether a question asks what something or somebody is called ("What's my dog's name?")."""
    return _NAMED.search(question.replace("’", "'")) is not None


_DATE = re.compile(
    r"\b(?:what|which) (?:(?:exact|actual|calendar) )?(?:date|day)\b"
    r"|\b(?:what's|whats|what is|tell me|remind me of) (?:the|its) (?:(?:exact|actual|calendar) )?(?:date|day)\b",
    re.IGNORECASE,
)


def asks_for_a_date(question: str) -> bool:
    """Whether a question asks for the day of something ("On what date is my appointment?")."""
    return _DATE.search(question.replace("’", "'")) is not None


def needs_the_date(message: str) -> bool:
    """Whether a message can only be answered by somebody who knows which day it is."""
    return _NOW.search(message.replace("’", "'")) is not None
