"""Whether a sentence asks something, or may, and how that is put plainly. Knows the English ways to begin a question;
any script's question mark.

Knows nothing of meaning: a statement typed in a question's order counts as a question.
"""

from __future__ import annotations

import re

from titans_edge.sentence_ends import CLOSERS, OPENERS

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
    rf"|really|actually)\b)[\w'-]+ (?:my|our|your) (?:{_KIN})\W*$"
    r"|(?:is|are) (?!(?:also|now|not|just|only|never|always|both|all|some|any|many|most|more|few|several|two|three|half"
    r"|he|she|it|we|they|there|here|where|what|who|why|how|when|and|but|so|very|too|quite|rather|better|worse|best|ill"
    r"|away|home|out|off|back|up|down|in|on|at|over|asleep|awake|nothing|\w+(?:ly|ing|ed|er|en|ck))\b)[\w'-]+ still"
    r" (?:in|at|with|on|off|away|here|there|alive|married|single|ill|open|closed|available|hard|bad|good|\w+ing)\b",
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


_WANTED = re.compile(
    r"\W*(?:(?:so|and|ok|okay|hey|hi|sorry|hello|please|kindly)\b\W*)*"
    r"(?:i(?:'d| would) (?:just |also |really )?(?:need|like)\b|i (?:just |also |really )?(?:need|want)\b"
    r"|i(?:'m| am) looking for\b"
    r"|i(?:'ve| have)? (?:forgot(?:ten)?|lost) (?:my|our|the|his|her|their|that|this|wh\w+|how|[\w-]+'s)\b"
    r"(?![^?]*(?:,| so| and| but) (?:so |and |but )?(?:i|we|he|she|they|it|that's)\b)"
    r"|i (?:can't|cannot|don't) (?:remember|recall|find)\b|remind\b"
    r"|(?:give|show|get|find) me\b|let me (?:have|know|see)\b)|.*\b(?:please|pls|plz)\W*$|.{8,}\b(?:please|pls|plz),"
    r"|(?:who|what|wot|whit|where|when|which)s?\b(?! an?\b)[^.,;!]*$"
    r"|(?:the )?(?:name|number|code|date|time|address|price) (?:of|for)\b"
    r"(?!.*(?:\b(?:is|was|are|were|has|had|changed)\b|[\d:]))",
    re.IGNORECASE | re.DOTALL,
)
_SAYS = re.compile(
    r"\b(?:i|he|she|we|they|it|you|this|that|there|is|are|was|were|am|be|been|has|have|had|do|does|did|will|would|can"
    r"|could|shall|should|may|might|must|got|get|go|goes|went|let|tells?"
    r"|died|thanks?|yes|no|not|ok|okay|sure|hi|hello|hey|bye"
    r"|ive|thats|hes|shes|theyre|theres|dont|cant|wont|yo|sup|hiya|wanna|gonna|gotta|good|sorry|lol|cheers|\w{3,}ed)\b"
    r"|^(?:(?:yo|just|finally|also|kinda|really|and) )?"
    r"(?:(?:paid|sold|bought|met|made|took|gave|kept|left|saw|lost|found)"
    r" (?:my|our|the|an?|to|him|her|it|\w+ back)|want (?:to|an?)|(?:love|like|hate|hope)(?!['’]))\b"
    r"|^(?:(?:yo|sup|hey|hi) )?(?:its|im)\b(?! (?:population|name|number|old|address|code|price|handle)\b)"
    r"|n't\b|'(?:m|re|ve|ll|d)\b|\d|[.,;:…]",
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
