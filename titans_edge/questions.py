"""Whether a sentence asks something. Knows the English ways to begin a question; any script's question mark.

Knows nothing of meaning: a statement typed in a question's order counts as a question.
"""

from __future__ import annotations

import re

from titans_edge.sentence_ends import CLOSERS, OPENERS, listed

_FILLER = re.compile(
    r"(?:(?:and|so|but|ok|okay|hey|hi|hello|well|(?:now|then)(?! (?:is|are|was|were)\b)|please|kindly|also|um|oh"
    r"|alright|right|thanks|sorry|dear|omg|lol|hmm|ah|ooh|yo|wait|btw|by the way|quick(?: question)?)\b[,.!:]* ?){1,4}",
    re.IGNORECASE,
)
# before and behind the word that asks, as it is typed: "wot time", "where tf did I", "where about does she live"
_SPELT = (
    (re.compile(r"^(?:wh?[ao]t|wut|whit)(?=s?\b)", re.IGNORECASE), "what"),
    (re.compile(r"^wen(?=s?\b)", re.IGNORECASE), "when"),
)
_STRESS = r"tf|the (?:hell|heck|fuck)|on earth|exactly"
_BESIDE = re.compile(
    rf"(?:(?<=\b(?:who|how|why))|(?<=\b(?:what|when))) (?:{_STRESS})\b|(?<=\bwhere) ?(?:{_STRESS}|abouts?)\b",
    re.IGNORECASE,
)
_BE = r"(?:is|are|was|were|am|do|does|did|has|have|had|can|could|will|would|should|shall|may|might|must)(?:n't)?\b"
_ADJECTIVE = (
    "heavy|wide|warm|cold|hot|close|deep|thick|thin|strong|weak|hard|easy|expensive|cheap|contagious|safe|dangerous"
    "|likely|serious|loud|healthy|busy|full|steep|sharp|dark|bright|small|large|short"
)
_ASKS = re.compile(
    rf"(?!which (?:is|was) why)(?:who|whom|where|when|why|how|what|which)(?:'s|'re|'d|'ll|s)?\b {_BE}"
    r"|(?:who|what|where|when|why|how)(?:'s|'re|'d|'ll)\b|(?:whos|whats|wheres|whens|hows)\b|whose\b"
    r"|who (?!(?:i|we|you|they|he|she|it)\b)\w|why(?: not\b|$)"
    r"|what (?!(?:an?|i|we|you|they|he|she|it|if)\b)\w|which (?!(?:i|we|he|she|they|means|(?:is|was) why)\b)\w"
    r"|how (?:old|many|much|long|far|often|tall|big|late|early|to|about|come|well|fast|high|soon)\b"
    rf"|how (?:{_ADJECTIVE}) {_BE}(?! (?:that|this)\b)|how \w+ (?:is|are|was|were|am) (?:my|our|the|his|her|i)\b"
    r"|(?:in|at|on|to|for|from|by|with|of|since|until|about|under) (?:which|what|whom|whose|how) (?!case\b)\w"
    rf"|(?:through|into|near|behind|during) (?:which|what) (?!(?:i|we|he|she|they|it|you|used)\b)\w+ {_BE}"
    rf"|(?:by|until|till|since|from|to) (?:when|where) {_BE}"
    r"|(?:who|what|where|when|why|how|which)$",
    re.IGNORECASE,
)
_TELL = re.compile(
    r"tell (?:me|us)\b(?! (?:an?|another|some|something)\b(?!.*\b(?:about|of) (?:my|me|our|us)\b))"
    r"|remind (?:me|us)\b(?! (?:to|that|on|at|in|tomorrow|tonight|every)\b)"
    r"|(?:can|could|would|will) you (?:please )?(?:tell|remind|say|recall|remember|repeat|name|list|give)\b"
    r"|(?:name|list|repeat|recall) (?:my|all|what|who|whose|where|when|which|how)\b|any idea\b"
    r"|i(?:'d| would) (?:like|love) to know\b|i (?:want|need) to know\b|i wonder\b",
    re.IGNORECASE,
)
_INVERTED = re.compile(
    r"(?:is|are|was|does|did|has)(?:n't)? (?:i|he|she|it|we|they|there|my|your|his|her|our|their|the|this|that)\b"
    r"|(?:do|have|can|could|would|should|am|may|were)(?:n't)? (?:i|he|she|it|we|they)\b"
    r"|(?:do|did|have|are|were)(?:n't)? you\b|do (?:my|our|your|his|her|their)(?: \w+)? \w+s (?:have|like|live|eat"
    r"|fight|know|want|need|go|come|get|hate|sleep|still|bite|bark|speak|match|fit)\b",
    re.IGNORECASE,
)
# who typed no question mark may have left out who instead ("does night shifts"): a name has to stand behind the verb,
# and what only a question has behind that: "does leo have a wife", "is Leo married"
_VERBS = (
    "have|like|love|live|eat|drink|play|study|speak|know|want|need|own|go|come|finish|get|hate|teach|cook|use|take|sleep"
    "|smoke|wear|pay|cost|ever|say|think|leave|move|buy|sell|win|lose|make|give|find|meet|remember|forget|bite|bark"
    "|happen|read|write|swim|earn|prefer|enjoy|still"
)
_MORE_VERBS = (
    f"{_VERBS}|work|call|run|drive|start|end|sing|look|feel|tell|do|be|see|pick|bring|send|train|help|mind|pass|break|fall"
    "|catch|wait|hear|ask|answer|begin|visit|join|stay|arrive|marry|retire|travel|collect|live|quit|show|try|turn|keep"
)
_NO_ONE = rf"(?:{_MORE_VERBS}|not?|every\w+|some\w*|any\w*|nothing|all|both|two|three|four|five|six|ten|\d\w*)\b"
_KIN = (
    "mum|mom|mother|dad|father|son|daughter|wife|husband|partner|boyfriend|girlfriend|sister|brother|aunt|uncle|cousin"
    "|niece|nephew|boss|manager|friend|neighbou?r|colleague|doctor|dentist|teacher|landlord|landlady|flatmate|roommate"
)
_FOLK = r"(?i:mum|mom|mummy|mommy|dad|daddy|gran|granny|grandma|nan|nana|grandpa|grandad)"
_NAME = r"(?!I\b)[A-ZÀ-Þ][a-zß-ÿ][\w'-]*(?<!'s)"
_NAME_BEHIND = re.compile(
    rf"(?i:does|did|can|will|could|would|should|must)(?i:n't)? (?!(?i:{_NO_ONE})){_NAME} (?i:{_MORE_VERBS})\b"
    rf"|(?i:has|have) {_NAME} (?:been|gone|moved|called|phoned|arrived|finished|eaten|come|said|replied|written|paid"
    r"|had|got|lost|found|broken|passed)\b"
    rf"|(?i:is|was|does|did|has|will|can|should) {_FOLK} (?!(?:to|of|and|or)\b)\w"
    rf"|(?i:is|are|was|were) (?!(?:Head|Mayor|Chief|Chair|Captain|President|Manager|Director|Miss)\b){_NAME}"
    r" (?:my|our|your|an?|at|in|still|ok|okay|married|single|coming|here|home|there|allergic|vegan|vegetarian|pregnant"
    r"|ill|sick|better|alive|dead|going|free|open|closed|busy|available|angry|happy|sad|ready|due)\b"
)
_BARE_BEHIND = re.compile(
    rf"(?:does|did) (?!{_NO_ONE})[\w'-]+ (?:{_VERBS})\b"
    r"|has (?!\w+s\b|(?:not|also|always|never|just|already|only|since|now|still|recently|finally|been)\b)[\w'-]+"
    r" (?:been|gone|moved|phoned|arrived|eaten|come|said|replied|written|paid)\b"
    r"|(?:is|are|was|were) (?!(?:also|still|always|now|not|just|only|never|both|like|once|then|all|more|half|almost"
    rf"|really|actually)\b)[\w'-]+ (?:my|our|your) (?:{_KIN})\W*$",
    re.IGNORECASE,
)
_MAY_BE_BEHIND = re.compile(
    rf"(?i:is|are|was|were|can|could|would|should|does|did|has)(?i:n't)? (?!(?i:{_NO_ONE}))(?P<who>[^\W\d_][\w-]{{2,}})"
    rf"(?:'s)? \w|(?i:will) (?!{_NO_ONE})(?P<whom>[a-zß-ÿ][\w-]{{2,}}) \w"
)
_AT_THE_END = re.compile(
    r"[,;] ?(?:so |but |and )?(?:who|what|where|when|which|how much|how many)(?:'s|s| is| was| are| were) "
    r"(?:it|that|this|he|she|they|those)(?: again)?$"
    r"|\b(?:at|in|on|by|for|from|to|of|with) (?:what|which) \w+$"
    r"|[,;:] ?(?:so |but |and )?(?:who|what|where|when)(?:'?s|'re) (?:my|our|the|his|her|their|your)\b[^,;]*$"
    r"|[,;] ?(?:so |but |and )?(?:what|where|when|why|how(?: much| many| old| long)?) "
    r"(?:did|does|do|is|are|was|were|have|has|can|will|would|should)(?:n't)? "
    r"(?:i|we|you|he|she|it|they|my|our|your|his|her|the|this|that|these|those)\b",
    re.IGNORECASE,
)


def is_question(sentence: str) -> bool:
    """Whether a sentence asks: it ends with a question mark or a clause that asks ("they want my number, what is it"),
    or begins as a question or a request to tell does.
    """
    sentence = " ".join(sentence.split()).replace("’", "'")
    bare = sentence.rstrip("!.…")
    if sentence[:1] in OPENERS:
        bare = bare.rstrip(CLOSERS)
    if bare.endswith(("?", "？", "؟", "⁇", "⁈")):
        return True
    filler = _FILLER.match(sentence)
    asked = sentence[filler.end() :] if filler else sentence
    for spelt, word in _SPELT:
        asked = spelt.sub(word, asked)
    asked = _BESIDE.sub("", asked, 1)
    exclaimed = sentence.endswith("!") and asked[:4].lower() in ("how ", "what")
    ends = _AT_THE_END.search(bare)
    ways = (_ASKS, _TELL, _INVERTED, _NAME_BEHIND, _BARE_BEHIND)
    return not exclaimed and bool(ends or any(way.match(asked) for way in ways))


def who_may_be_asked_about(sentence: str) -> str:
    """The word behind the verb of a sentence that asks if it is somebody's name, and tells if not ("can bruno go up the
    stairs", "can walk up the stairs"); "": it asks in any case, or in none.
    """
    sentence = " ".join(sentence.split()).replace("’", "'")
    filler = _FILLER.match(sentence)
    found = _MAY_BE_BEHIND.match(sentence[filler.end() :] if filler else sentence)
    return found["who"] or found["whom"] if found and not is_question(sentence) else ""


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
_ADVICE = re.compile(
    r"\b(?:should|could|would|can|might|may|must|shall|will) (?:i|we)\b|\bhow (?:do|can|to|should|could|would)\b"
    rf"|{_WHY}|\bif\b|\bneed to\b|\bhave to\b"
    r"|\b(?:can|could|would|will) you (?!(?:please )?(?:tell|remind|say|recall|remember))"
    r"|\b(?:help|write|suggest|recommend|explain|translate|draft|compose|mean|means)\b",
    re.IGNORECASE,
)
_FAVOUR = re.compile(
    r"\b(?:should|could|shall) (?:i|we)\b"
    rf"|{_WHY}"
    r"|\b(?:can|could|would|will) you (?!(?:please )?(?:tell|remind|say|recall|remember))"
    r"|\b(?:help|write|suggest|recommend|explain|translate|draft|compose|summari[sz]e|ideas?)\b",
    re.IGNORECASE,
)
_OWN = re.compile(r"\b(?:i|me|my|mine|we|us|our|ours|i'm|i've|i'd)\b", re.IGNORECASE)


_WANTED = re.compile(
    r"\W*(?:(?:so|and|ok|okay|hey|hi|sorry|hello|please|kindly)\b\W*)*"
    r"(?:i(?:'d| would) (?:just |also |really )?(?:need|like)\b|i (?:just |also |really )?(?:need|want)\b"
    r"|i(?:'m| am) looking for\b|i(?:'ve| have)? (?:forgot(?:ten)?|lost)\b"
    r"|i (?:can't|cannot|don't) (?:remember|recall|find)\b|remind\b"
    r"|(?:give|show|get|find) me\b|let me (?:have|know|see)\b)|.*\b(?:please|pls|plz)\W*$|.{8,}\b(?:please|pls|plz),"
    r"|(?:who|what|wot|whit|where|when|which)s?\b(?! an?\b)[^.,;!]*$"
    r"|(?:the )?(?:name|number|code|date|time|address|price) (?:of|for)\b"
    r"(?!.*(?:\b(?:is|was|are|were|has|had|changed)\b|[\d:]))",
    re.IGNORECASE | re.DOTALL,
)
_SAYS = re.compile(
    r"\b(?:i|he|she|we|they|it|you|this|that|there|is|are|was|were|am|be|been|has|have|had|do|does|did|will|would|can"
    r"|could|shall|should|may|might|must|got|get|go|goes|went|let|tells?|died|thanks?|yes|no|not|ok|okay|sure|hi|hello|hey|bye"
    r"|good|sorry|lol|cheers|\w{3,}ed)\b|n't\b|'(?:m|re|ve|ll|d)\b|\d|[.,;:…]",
    re.IGNORECASE,
)
_PHRASE = range(2, 7)  # words of a bare phrase that is looked up
_SHORT, _LOOKED_UP = 80, 240  # characters of such a phrase, and of what is looked up as a question, at most


def may_ask(sentence: str, *, alone: bool = True) -> bool:
    """Whether a sentence that is no question may want what was told ("I need the plumber's number"), or is but a name
    for it ("gate code at work"), where it stands alone in its message.
    """
    sentence = " ".join(sentence.split()).replace("’", "'")
    short = alone and len(sentence) <= _SHORT
    phrase = short and len(sentence.split()) in _PHRASE and _SAYS.search(sentence) is None
    return phrase or _WANTED.match(sentence) is not None


_BEFORE_IT = re.compile(
    r"\W*(?:(?:so|and|ok|okay|hey|hi|sorry|hello|please|kindly|just|really|also|i'd|i'm|i've|i|would|have|am|need|want"
    r"|like|looking for|forgot|forgotten|lost|can't|cannot|don't|remember|recall|remind me of|(?:give|show|get|find) me"
    r"|find|let me (?:have|know|see)|to (?:have|know|see))\b\W*)+",
    re.IGNORECASE,
)
_BEHIND_IT = re.compile(
    r"\W*\b(?:pls|plz|please)\b.*$|(?:\W*\b(?:quick|quickly|asap|again|now|thanks|thx|bro|mate|dear))*\W*$",
    re.IGNORECASE,
)
_ITS = re.compile(r"(?:the|my|our|your|his|her|their|its|this|that|an?|what|who|where|when|which|how)\b", re.IGNORECASE)


def as_question(sentence: str) -> str:
    """What a sentence that `may_ask` is looked up by: "I need my locker code pls" as "What is my locker code?"."""
    sentence = " ".join(sentence.split()).replace("’", "'")
    if len(sentence) > _LOOKED_UP:
        return sentence
    before = _BEFORE_IT.match(sentence)
    wanted = _BEHIND_IT.sub("", sentence[before.end() :] if before else sentence, 1)
    if not wanted:
        return sentence
    its = _ITS.match(wanted)
    if its and its[0].lower().startswith("wh"):
        return f"{wanted}?"
    return f"What is {'' if its or wanted[:1].isupper() else 'the '}{wanted}?"


_LIVING = re.compile(
    r"\bwhat (?P<asks>(?:is|am|are|do|does|did) )?(?P<who>i|we|you|he|she|they|[\w'’. -]{2,40}?)"
    r" (?:do|does|did|doing|work(?:ing)?) (?:for (?:a living|a job|work)|as a job|professionally)\b",
    re.IGNORECASE,
)
_EARNS = re.compile(
    r"\bhow (?P<asks>do|does|did) (?P<who>i|we|he|she|they|[\w'’. -]{2,40}?)"
    r" (?:earn|make) (?:my|our|his|her|their|a) (?:money|living)\b",
    re.IGNORECASE,
)
_OCCUPATION = re.compile(
    r"\bwhat(?P<asks>'s| is) the (?:occupation|profession|line of work) of (?P<who>[^?.!,]{2,40}?)(?=\W*$)",
    re.IGNORECASE,
)
_I_DO = re.compile(r"^(?P<asks>(?:and |so )?what do )i do(?=\W*$)|\bwhat i do(?=\W*$)", re.IGNORECASE)
_WHOSE = {"i": "my", "we": "our", "you": "your", "he": "his", "she": "her", "they": "their"}


def plainer(question: str) -> str:
    """A question with an idiom in plain words: "What do I do for a living?" is "What is my job?"."""

    def job(m: re.Match[str]) -> str:
        whose = _WHOSE.get(m["who"].lower(), f"{m['who']}'s")
        return f"what is {whose} job" if m["asks"] else f"what {whose} job is"

    out = question
    for idiom in (_LIVING, _EARNS, _OCCUPATION):
        out = idiom.sub(job, out)
    out = _I_DO.sub(lambda m: "what is my job" if m["asks"] else "what my job is", out)
    return out[:1].upper() + out[1:] if question[:1].isupper() else out


_OPEN = re.compile(r"\b(?:who|whom|whose|what|where|when|which|why|how)(?:'?s)?\b", re.IGNORECASE)


def asks_yes_or_no(question: str) -> bool:
    """Whether yes or no may be all of the answer ("Do I have a cat?")."""
    return is_question(question) and _OPEN.search(question.replace("’", "'")) is None


_YOU = re.compile(r"\b(?:you|u|ya)\b", re.IGNORECASE)
_WHETHER = re.compile(
    rf"(?:{_FILLER.pattern})?(?:{_BE}|(?:is|are|was|were|do|does|did|ca|wo|has|have|had|could|would|should)nt\b)"
    r"(?! (?:you|u|ya)\b)",
    re.IGNORECASE,
)


def asks_whether(question: str) -> bool:
    """Whether a question is for a yes or no ("Can I eat nuts?", "I can eat nuts, right?"), and is not put as a favour
    ("Can you tell me my code?").
    """
    plain = question.replace("’", "'").strip()
    if not asks_yes_or_no(plain):
        return False
    states = plain.endswith("?") and _SAYS.search(plain) and not (_TELL.match(plain) or _WANTED.match(plain))
    return _WHETHER.match(plain) is not None or (bool(states) and _YOU.search(plain) is None)


_THE = re.compile(r"\b(?:the|my|our|this|that)\b", re.IGNORECASE)


def names_a_thing(question: str) -> bool:
    """Whether a question speaks of one thing as known ("Where is the key?")."""
    return _THE.search(question) is not None


_OF_A_THING = re.compile(
    r"\W*(?:and |so |but )?(?:where|when|who|how (?:much|long|old|big))(?:'s| is| are| was| were) (?:the|my|our) [a-z]+"
    r"\W*$",
    re.IGNORECASE,
)


def asks_for_the_past(question: str) -> bool:
    """Whether a question is about what was before ("Where did I live before?")."""
    return _PAST.search(question) is not None


_AS_OF_NOW = re.compile(r"\b(?:these days|nowadays|at the moment|at present|right now|currently|now)\b", re.IGNORECASE)


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


def asks_what_was_told(question: str) -> bool:
    """Whether a question is about something the user may have told of himself, not for advice or a favour."""
    plain = question.replace("’", "'")
    return is_question(plain) and _OWN.search(plain) is not None and not asks_for_advice(plain)


def is_of_the_known(question: str) -> bool:
    """Whether a question is about what the user may have told of himself, or all it speaks of is one thing as known, by
    one word ("Where is the wedding?").
    """
    return asks_what_was_told(question) or _OF_A_THING.match(question.replace("’", "'")) is not None


_ME = re.compile(r"\b(?:i|me|my|mine|i'm|i've|i'd)\b", re.IGNORECASE)


def asks_of_me(question: str) -> bool:
    """Whether a question has the speaker in it."""
    return _ME.search(question.replace("’", "'")) is not None


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
    r"|\b(?:phone|telephone|mobile|account|seat|room|house|flight|locker|customer|member\w*|pin) number\b"
    r"|\bpin(?: code)?\W*$",
    re.IGNORECASE,
)


def asks_for_an_amount(question: str) -> bool:
    """Whether only something with a number can be the answer ("How much is the rent?")."""
    return _AMOUNT.search(question) is not None


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
