"""What kind of thing a question wants (an amount, a time of day, a name, one thing of many that are numbered), and
whether a text has one. Knows texts only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator

from titans_edge.asked_for import (
    NO_NAME,
    asks_for_a_date,
    asks_for_a_name,
    asks_for_a_time_of_day,
    asks_for_an_amount,
    asks_how_long,
    asks_when,
)
from titans_edge.numerals import (
    says_a_time_of_day,
    says_an_age,
    says_an_amount,
    says_an_ordinal,
    says_how_long,
    says_when,
)
from titans_edge.questions import asks_yes_or_no
from titans_edge.text import stems, words
from titans_edge.when.spans import MONTH, WEEKDAY

Has = Callable[[str], bool]
_NUMBERED = re.compile(r"([^\W\d_]{2,})(?: number| no\.?)? #?(?!\d+(?:[:.]\d| ?[ap]\.?m))([a-z]{0,3}-?\d\w*)")
_DAY = re.compile(
    rf"\b(?<![:.])(?:[12]?\d|3[01])(?:st|nd|rd|th)?\b(?![:.,]?\d)|\b(?:{WEEKDAY}|today|yesterday|tomorrow)\b",
    re.IGNORECASE,
)
_KIN = (
    r"(?:mum|mom|mother|dad|father|parent|son|daughter|kid|child|wife|husband|partner|fianc[eé]e?|boyfriend|girlfriend"
    r"|sister|brother|twin|aunt|auntie|uncle|cousin|niece|nephew|grand\w+|gran|granny|nan|in-law|friend|mate|flatmate"
    r"|roommate|housemate|neighbou?r|colleague|boss)"
)
_KINDRED = """
mum mom mother mam mama
dad father papa
sister
brother
son boy
daughter girl
wife
husband
aunt auntie
uncle
grandmother gran granny nan grandma
grandfather grandad grandpa
grandson
granddaughter
boss
landlord
neighbour
"""
_SAME = [line.split() for line in _KINDRED.strip().splitlines()]  # words for one of the user's
_ONE = "|".join(word for group in _SAME for word in group)
_OF_ONE = re.compile(rf"\bmy (?:\w+ ){{0,2}}?({_ONE})\b(?!-|'s (?:{_ONE})\b)", re.IGNORECASE)
_OF_A_KIN = re.compile(rf"\W*(?:your |my |our )?(?:{_ONE})\b(?!['’]s) \w", re.IGNORECASE)
_DOES_ONE = re.compile(rf"^\W*(?:what|where|when|how)\b.*\b(?:does|do|is|has) my ({_ONE})\b(?!['’]s)", re.IGNORECASE)
_ON_ONE = re.compile(rf"(?:^|[.!?] )(?:my|our) (?:\w+ )?({_ONE})\b(?!-)", re.IGNORECASE)
_CALLED = re.compile(
    r"\bwhat(?:'s|s| is| are| was| were) (?:my|our|the) (?P<called>[\w-]+(?: [\w-]+)??)"
    r"(?: (?:called|named)\b|(?:'s|s'|s)? names?\b)"
    r"|\bnames? of (?:my|our|the) (?P<of>[\w-]+(?: [\w-]+)?)\W*$",
    re.IGNORECASE,
)
_ROLES = """
boss manager supervisor
landlord landlady
neighbour neighbor
roommate flatmate housemate
teacher tutor instructor coach trainer
doctor gp physician
dentist
vet
dog puppy pup
cat kitten
rabbit bunny
horse pony
parrot budgie
hamster
tortoise
hairdresser barber
lawyer solicitor attorney
therapist
nanny babysitter
plumber
electrician
accountant
"""  # one of which has another's name no more than its work
_ROLE_GROUPS = [line.split() for line in _ROLES.strip().splitlines()]
_ROLE = "|".join(word for group in _ROLE_GROUPS for word in group)
_OTHER_WORDS = [group for group in _SAME if len(group) > 1]
_OTHER_WORDS += [["roommate", "flatmate", "housemate"], ["landlord", "landlady"], ["doctor", "gp"]]
_MY_ONE = re.compile(rf"\bmy (?:\w+ )??({'|'.join(w for group in _OTHER_WORDS for w in group)})\b(?!-)", re.IGNORECASE)
_ROLES_NAME = re.compile(
    rf"\bwhat(?:'s|s| is) my (?:\w+ ){{0,2}}?({_ROLE})(?:'s|s)? (?:name|called)\b"
    rf"|\bname of my (?:\w+ ){{0,2}}?({_ROLE})\b(?!')"
    rf"|\bwho(?:'s|s| is) my (?:\w+ ){{0,2}}?({_ROLE})\W*$",
    re.IGNORECASE,
)
_ANOTHERS_NAME = re.compile(
    rf"\b(?:my|our) (?:\w+ )?({_ROLE})(?:'s|s)? (?:name is|name's|is called|is named)\b", re.IGNORECASE
)
SHORT = 3  # letters of a word that is no name in small letters, at most
_ANOTHER = rf"(?:[A-ZÀ-Þ][\w-]+|(?i:{_KIN}))"  # a name, or whose one is
_MINE = re.compile(r"\bmy (?:(?:new|old|first|last|next|spare|own|best|current) )?([a-z]+)\b(?!['’-])", re.IGNORECASE)
_KINS = re.compile(rf"\b(?:my )?({_KIN})'s (?:\w+ )?(\w+)")
_DOING = (
    r"(?:\w+ly |now |still )?(live|living|work|working|study|studying|teach|drive|driving|play|like|love|hate|prefer"
    r"|eat|drink|speak|own|earn|wear|collect)\b"
)
_I_DO = re.compile(rf"\b(?:do|did|am) i {_DOING}", re.IGNORECASE)
_DOES = re.compile(rf"\b(?:does|did|is) (?:my (?:\w+ )?)?({_ANOTHER}) (?i:{_DOING})")


def _has(pattern: str) -> Has:
    found = re.compile(pattern, re.IGNORECASE)
    return lambda text: found.search(text) is not None


_TIMES = _has(rf"\b(?:{MONTH})\b|\b\w*(?:day|week|weekend|month|fortnight|year|eve|christmas|easter|night)s?\b")
_CAPITAL = r"[A-ZÀ-Þ][\w-]+"
_NAMES = rf"((?:(?:Mr|Mrs|Ms|Miss|Dr)\.? )?{_CAPITAL}(?: {_CAPITAL})*)"
_OF_PLACE = r"(?i:to|in|from|at|of|near|for|on|with|by|into|about|and|or|as)"
_CARES = (
    r"(?i:(?:love|like|hate|prefer|speak|want|visit|watch|read|miss|know)(?:s|ed)?|left|went)"  # "my kids love Paris"
)
_NO_VERB = "(?:(?<= is )|(?<= was )|(?<!ed )(?<![^s]s ))"  # just before: "my son plays Minecraft"
_NO_OWNER = "(?:What|Who|Where|When|How|It|That|There|Here|Let)'"
_THEIRS = re.compile(r"\b(?:his|her|their) (?:\w+ )?([a-z]{3,})\b(?!')")
_NAMED = re.compile(rf"\b(?!{_NO_OWNER})({_CAPITAL})'s (?:[\w-]+ )?([a-z]\w+)\b(?!')")
_NOT_A_NAME = rf"{_KIN}|\w*(?:body|one)|to(?:day|night|morrow)|yesterday|mu?mm?[iy]|mama|mam|nana|papa|daddy|baby"
_NAMED_SMALL = re.compile(  # "kuba's teacher" as people type it, and not "everybody's"
    rf"\b(?:of|is|are|does|was|where|who|when) (?!it'|(?:{_NOT_A_NAME})\b)([a-z]\w{{2,}})'s"
    r" (?:[\w-]+ )?([a-z]\w+)\b(?!')"
)
_INTRODUCES = re.compile(
    rf"\b(?i:my|our) (?:(?!{_OF_PLACE}\b|{_CARES}\b)[\w'-]+,? ){{1,4}}?{_NO_VERB}{_NAMES}"
    rf"|\b(?:called|named|name is|name's) {_NAMES}"
    r"|\b(?:called|named|name is|name's) (?!(?:the|so|it|that|this|after|not|my|his|her|for|off|out)\b)([a-z][\w-]{2,})"
    rf"|\b{_NAMES}(?:,| is| was)(?: also| now)? (?:my|our)\b"
)
# "I have two kids, Ella who is seven and Jonas"
_SEVERAL_OF_MINE = re.compile(
    rf"(?i:\b(?:my|our|have|got)\b[^.!?]{{0,40}}?\b(?:{_KIN}|child(?:ren)?|dog|cat|pet)s?\b)"
    rf"(?i:[,:]?(?: are| called| named| who are)*) {_CAPITAL}(?:(?:,| \w+){{0,5}}?(?:,| and) {_CAPITAL})+"
)
_MY_WORK = re.compile(r"\bdo i (?:do|work)\b|\b(?:my|am i by) (?:job|work|profession|occupation)\b", re.IGNORECASE)
_OWN_WORK = re.compile(
    r"\b(?:i|i'm|im|i've|i'd|we|we're)\b|\b(?:my|our) (?:job|work|profession|trade)\b", re.IGNORECASE
)
_WORKS = re.compile(
    rf"\b(?!(?:It|That|There|This|What|Here)\b)(?:{_ANOTHER}|(?i:he|she))\b(?: [\w,']+){{0,8}}?"
    r"(?: (?:works?|teaches|runs|sells|is an?)|'?s an?)\b"
)
_CONTACTS: tuple[tuple[Has, Has], ...] = (
    (_has(r"\bphone number\b|\btelephone number\b|\bmobile number\b"), _has(r"(?:\d[ ()./-]*){4}")),
    (_has(r"\be-?mail(?: address)?\W*$|\be-?mail address\b"), _has(r"@|\bat\b")),
)
_LAST_NAME = re.compile(r"\b(?:last|family|sur|maiden|full) ?name\b", re.IGNORECASE)
_CODES = "code|pin|password|passcode|combination|combo"
_KINDS: tuple[tuple[Has, Has], ...] = (
    (
        _has(rf"\b(?:what(?:'s|s| is)?|tell me|remind me of|which)\b.{{0,30}}\b(?:{_CODES})\b"),
        _has(
            r"\d{3,}|\d[-. ]\d|[a-z_-]\d|\d(?!\d*(?:am|pm|th|st|nd|rd)\b)[a-z]{2,}|@"
            rf"|\b(?:pass|pw|log ?in|wi-?fi|network|{_CODES})\b"
        ),
    ),
    (asks_for_an_amount, says_an_amount),
    (asks_for_a_time_of_day, says_a_time_of_day),
    (asks_when, says_when),
    (asks_how_long, says_how_long),
    (_has(r"\bhow old\b"), says_an_age),
    *_CONTACTS,
    (_has(r"\b(?:what|which) year\b"), lambda text: says_an_amount(text) or _TIMES(text)),
    (asks_for_a_date, lambda text: _DAY.search(text) is not None or _TIMES(text) or says_an_ordinal(text)),
)


def may_answer(text: str, question: str) -> bool:
    """Whether a text has a number where only a number answers, a time of day where only that does, does not speak of
    locker 12 where locker 7 is meant, nor only of another's dog where mine is, has another name where Ann's last one is
    asked for, and says something that the question does not ("gate code at work").
    """
    if of_another(text, question) or _of_another_name(text, question):
        return False
    meant, said = _numbered(question), _numbered(text)
    if any(said[what].isdisjoint(meant[what]) for what in meant.keys() & said.keys()):
        return False
    if not asks_yes_or_no(question) and stems(text) <= stems(question):
        return False
    if _LAST_NAME.search(question) and text != text.lower() and not _names(text, stems(question)):
        return False
    return all(says(text) for asks, says in _KINDS if asks(question))


def other_words(question: str) -> Iterator[tuple[str, list[str]]]:
    """The words that a question has for the user's own ("my mother"), each with other words for such ("mum")."""
    for word in _MY_ONE.findall(question):
        same = (group for group in _OTHER_WORDS if word.lower() in group)
        yield word, [w for group in same for w in group if w != word.lower()]


def has_the_contact(text: str, question: str) -> bool:
    """Whether a question is for somebody's telephone number or e-mail address, and a text has the name and such."""
    named = any(n.lower() in text.lower() for n in asked_names(question))
    return named and any(asks(question) and says(text) for asks, says in _CONTACTS)


def of_another(text: str, question: str) -> bool:
    """Whether a question asks for something of the user's ("my dog", "do I live"), and a text says it of another alone
    ("My sister's dog is called Bella.", "Tom lives in Bath."), or for something of Ann's ("does Ann play"), and a text
    has Ben's, or mine ("I play").
    """
    text, question = text.replace("’", "'"), question.replace("’", "'")
    for what in _MINE.findall(question):
        own = re.search(rf"(?i)\b(?:my|our|the|an?)\b(?: [\w-]+)? {what}\b(?!')|\bmine\b", text)
        if own is None and re.search(rf"(?:\b{_ANOTHER}'s|(?i:\b(?:his|her|their)))(?: [\w-]+)? (?i:{what})\b", text):
            return True
    for whose, what in _KINS.findall(question.lower()):
        same = next((group for group in _SAME if whose in group), [whose])
        others = "|".join(word for group in _SAME for word in group if word not in same)
        own = re.search(rf"(?i)\b(?:{'|'.join(same)})\b", text)
        if own is None and re.search(rf"(?i)\b(?:{others})'s(?: [\w-]+)? {what}\b", text):
            return True
    for whose, what in (*_NAMED.findall(question), *_NAMED_SMALL.findall(question)):
        if _plain(whose) not in _plain(text) and re.search(rf"\b{_CAPITAL}'s (?:[\w-]+ ){{0,2}}?{what}\b", text):
            return True
    if _of_another_one(text, question) or _of_another_role(text, question):
        return True
    if of_nobody_named(text, question):
        theirs = "|".join([*_THEIRS.findall(question), *(what for _, what in _NAMED.findall(question))])
        if theirs and re.search(rf"(?i)\b(?:my|our) (?:\w+ )?(?:{theirs})\b", text):
            return True
    if _MY_WORK.search(question) and not _OWN_WORK.search(text) and _WORKS.search(text):
        return True
    for does in _I_DO.findall(question):
        does = re.sub(r"(?:y?ing|e|y)$", "", does.lower())
        own = re.search(rf"(?i)\b(?:i|we|i'm|i've|we're|me)\b(?: [\w']+){{0,2}} {does}", text)
        if own is None and re.search(rf"(?:\b{_ANOTHER}|(?i:\b(?:he|she)))(?: \w+)? (?i:{does}\w{{0,2}}s)\b", text):
            return True
    for who, does in _DOES.findall(question):
        does = re.sub(r"(?:y?ing|e|y)$", "", does.lower())
        his = re.search(rf"(?i)\b(?:{re.escape(who)}|he|she|they)\b", text)
        if his is None and re.search(rf"(?i)\b(?:i|we|i'm|i've|we're)\b(?: [\w']+){{0,2}} {does}", text):
            return True
    return False


def of_somebody_introduced(question: str, told: Iterable[str]) -> bool:
    """Whether a question has the name of somebody or something that one of the texts introduces as the user's ("my late
    husband Rupert", "Eino is my friend"), and no other name.
    """
    texts = [text.replace("’", "'") for text in told]
    found = [next(filter(None, m.groups())) for text in texts for m in _INTRODUCES.finditer(text)]
    several = [
        n for text in texts for m in _SEVERAL_OF_MINE.finditer(text) for n in re.findall(rf" ({_CAPITAL})", m[0])
    ]
    names = {n.lower() for of in found for n in re.findall(rf"{_CAPITAL}|^[a-z][\w-]+", of)}
    names = names.union(map(str.lower, several)).difference(NO_NAME)
    asked = [w.text for w in words(question.replace("’", "'"))]
    small = {w for w in asked if w.islower() and len(w) > SHORT and stems(w)}
    names |= {n for w in small for n in (w, w.removesuffix("s")) if is_named(n, texts)}
    known = [w.lower() in names or (w[-1:] == "s" and w[:-1].lower() in names) for w in asked]
    others = [w for w, k in list(zip(asked, known, strict=True))[1:] if w[:1].isupper() and w != "I" and not k]
    return any(known) and not others


def is_named(who: str, texts: Iterable[str]) -> bool:
    """Whether a text introduces a word as somebody's name, in small letters too ("our dog bruno had …", "two kids, ella
    and bruno").
    """
    having = [text for text in texts if who.lower() in text.lower()]
    if not having:  # most words are in none, and a pattern costs more than the look
        return False
    name, one = re.escape(who), rf"(?:{_KIN}|{_ONE}|{_ROLE}|child)"
    several = "(?:kids|children|sons|daughters|boys|girls|twins|brothers|sisters|dogs|cats|friends)"
    behind = "(?:'s|,|;| (?:is|was|has|had|will|who|and))"
    if re.fullmatch(rf"{several}|{one}s?|off|out|up|back|in|on|over|away|for|after", who, re.IGNORECASE):
        return False
    introduces = re.compile(
        rf"\b(?:called|named|name is|name's) {name}(?=\W*$|[.,;!]| (?:and|who|from|but|is|was)\b)"
        rf"|\b(?:my|our) (?:\w+ )?{one},? {name}{behind}|\b{several},? {name}(?:,| and)"
        rf"|\b{several}\b[^.!?]{{0,30}} and {name}(?=\W*$|[.,;!])",
        re.IGNORECASE,
    )
    return any(introduces.search(text.replace("’", "'")) for text in having)


def _of_another_one(text: str, question: str) -> bool:
    """Whether a question is about one of the user's ("my grandson"), and a text about others ("My granddaughter …")."""
    asked = [_same(one) for one in _OF_ONE.findall(question)]
    return (
        len(asked) == 1
        and _ON_ONE.search(text) is not None
        and re.search(rf"\b(?:{'|'.join(asked[0])})s?\b", text, re.IGNORECASE) is None
    )


def _of_another_role(text: str, question: str) -> bool:
    """Whether a question asks for the name of my roommate, and a text has my teacher's and no roommate."""
    asked = [group for m in _ROLES_NAME.findall(question) for group in _ROLE_GROUPS if "".join(m).lower() in group]
    if len(asked) != 1 or re.search(rf"(?i)\b(?:{'|'.join(asked[0])})s?\b", text):
        return False
    return _ANOTHERS_NAME.search(text) is not None


def _of_another_name(text: str, question: str) -> bool:
    """Whether a question asks what my budgies are called, and a text says only of what stands beside them or is theirs
    ("a dog called Rex and two budgies", "my sister has a dog called Rex").
    """
    asked = _CALLED.search(question.replace("’", "'"))
    if asked is None:
        return False
    what = re.escape((asked["called"] or asked["of"]).split()[-1])
    named = r"(?:called|named) [\w'-]+(?: [A-ZÀ-Þ][\w'-]+)*"
    after = r"(?!['’]s\b|s? ?[:(–-]|,? (?:is |are |called|named|[A-Z]))"
    beside = re.search(rf"(?i:\b{named},? (?:and|&|plus) (?:[\w-]+ )?{what}\b){after}", text)
    theirs = re.search(
        rf"(?i:\b{what} (?:has|have|had|got|bought)\b(?!.*\b(?:he|she|it)(?:'s| is)\b)[^.!?]* {named})", text
    )
    been = r"(?:(?:is|are|was|has|have|had|got|been|always|just|now) )*"
    own = re.search(rf"(?i:\b{what}(?:'s name(?: is|'s)|(?:'s|'re)?,? {been}(?:called|named))\b)", text)
    return own is None and (beside is not None or theirs is not None)


def of_nobody_named(text: str, question: str) -> bool:
    """Whether a question has names, and a text none of them."""
    names = asked_names(question)
    return bool(names) and not any(n.lower() in text.lower() for n in names)


def asked_names(question: str) -> list[str]:
    """The words with a capital behind a text's first, but days and titles."""
    found = re.findall(rf"(?<=\S ){_CAPITAL}", question)
    return [n for n in found if n.lower() not in (*NO_NAME, "mr", "mrs", "dr")]


def _numbered(text: str) -> dict[str, set[str]]:
    """The numbers that follow a word that says something, by the word: {"locker": {"7", "k11"}}."""
    out: dict[str, set[str]] = {}
    for word, number in _NUMBERED.findall(text.lower()):
        for what in stems(word):
            out.setdefault(what, set()).add(number)
    return out


def _plain(name: str) -> str:
    """A name in small letters without accents, as people type it."""
    return "".join(c for c in unicodedata.normalize("NFD", name.lower()) if not unicodedata.combining(c))


def _same(one: str) -> list[str]:
    """All words for one of the user's."""
    return next(group for group in _SAME if one.lower() in group)


def of_reply(question: str, told: str) -> Has:
    """What a reply that was read from a text must have: what the question wants, where the text has it. What my dad
    does is not what "Mum does".
    """
    has = [says for asks, says in _KINDS if asks(question) and says(told)]
    if kin := _DOES_ONE.search(question):
        of_it = re.compile(rf"\b(?:{'|'.join(_same(kin[1]))}|he|she|his|him|her|they|them)", re.IGNORECASE)
        has.append(lambda reply: of_it.search(reply) is not None or _OF_A_KIN.match(reply) is None)
    asked = stems(question)
    if asks_for_a_date(question) and _DAY.search(told):
        has.append(lambda reply: _DAY.search(reply) is not None)
    if asks_for_a_name(question) and _names(told, asked):
        has.append(lambda reply: _names(reply, asked))
    return lambda reply: all(says(reply) for says in has)


def _names(text: str, asked: set[str]) -> bool:
    """Whether a text has a word with a capital that says something, and is not the question's."""
    capital = (stems(w.text) for w in words(text) if w.text[0].isupper())
    return any(found and not found <= asked for found in capital)
