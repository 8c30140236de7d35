"""What a request teaches: the user's messages since the last reply, each with an id of its own and cut into parts.

Clients send the whole conversation each time, and put texts of their own beside the user's: system messages, search
results, files, instructions. Only messages of the role `user` after the last one of the assistant are learnt. In them
counts as pasted: what stands in tags (<context>…</context>), under a heading that announces a context, in all text
parts but the last, and what `suspicion.voices` takes for pasted in a chat.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from titans_edge.framing import Message
from titans_edge.suspicion import Voice, voices

_FORMATTING = "a|abbr|b|big|br|code|del|em|h[1-6]|hr|i|ins|kbd|mark|p|q|s|small|span|strong|sub|sup|u"
_ASKING = "question|query|user_query|user_question|user_input|user_message|prompt"
_TAG = re.compile(rf"(?<!\w)<(?!/|(?:{_FORMATTING}|{_ASKING})\b)([A-Za-z][\w.-]*)(?:\s[^<>]*)?(?<!/)>", re.I)
_OWN_TAG = re.compile(rf"</?(?:{_ASKING})(?:\s[^<>]*)?>", re.I)
_THINGS = (
    r"(?:context|sources?|documents?|passages?|excerpts?|snippets?|search results?|results?|references?|background"
    r"|files?|attachments?|articles?|pages?|web ?sites?|knowledge(?: base)?|notes?|memor(?:y|ies)|data|information"
    r"|(?:chat |conversation )?history|conversations?|transcripts?|e-?mails?|text)"
)
_HEADED = re.compile(rf"[ \t>*_#\[(]*(?:[A-Za-z'’-]+ ){{0,4}}{_THINGS}[\w ()\"'.,/-]{{0,60}}[*_\])]*\s*:", re.I)
_NUMBERED = re.compile(r"[ \t]*\[(?:document|doc|source|file|context|passage|result|page)\b[^\]]{0,80}\]\s*$", re.I)
_ANNOUNCED = re.compile(
    rf"\b(?:following|below|provided|given|retrieved|attached)\b.{{0,60}}\b{_THINGS}\b"
    rf"|\b{_THINGS}\b.{{0,60}}\b(?:below|follows?|following|provided|retrieved|attached)\b",
    re.I,
)
_ASKED = re.compile(r"[ \t>*_#\[(]*(?:(?:my|the|user|user's|human|new|current|follow[- ]up)\s+)*"
                    r"(?:question|query|request|message|human|user|input)\s*[*_\])]*\s*:", re.I)  # fmt: skip


_TASK = re.compile(r"[ \t]*#+ *(?:task|guidelines?|instructions?|rules|output|format|examples?)\b", re.I)
_OWN, _PASTED, _NOTHING = 0, 1, 2  # of two that disagree the greater counts


@dataclass(frozen=True)
class Told:
    """A message of the user's that no reply has answered: its parts, and the beginning of its operation's id."""

    said: tuple[Voice, ...]
    operation: str


def told(messages: Sequence[Message], parts: Sequence[Sequence[str]]) -> list[Told]:
    """Of the messages after the last reply. parts: of each message, the texts that its content is joined of."""
    last = max((i for i, m in enumerate(messages) if m["role"] == "assistant"), default=-1)
    users = (i for i, m in enumerate(messages) if i > last and m["role"] == "user")
    return [Told(tuple(_said(parts[i])), _operation(messages[: i + 1])) for i in users]


def joined(parts: Sequence[str]) -> str:
    """The content of a message of several texts."""
    return "\n\n".join(parts)


def own_and_pasted(text: str) -> list[Voice]:
    """A user's message as a client sends it, in parts, in order; see the module."""
    kinds = bytearray([_NOTHING]) * len(text)  # of each character
    for voice in voices(text):
        kinds[voice.start : voice.end] = bytes([_PASTED if voice.pasted else _OWN]) * len(voice.text)
    for kind, start, end in _frames(text):
        for at in range(start, end):
            kinds[at] = max(kinds[at], kind)
    out, start = list[Voice](), 0
    for kind, run in groupby(kinds):
        end = start + len(list(run))
        if kind in (_OWN, _PASTED):
            out.append(_stripped(kind == _PASTED, text, start, end))
        start = end
    return [voice for voice in out if voice.text]


def _said(parts: Sequence[str]) -> Iterator[Voice]:
    start = 0
    for n, text in enumerate(parts):
        found = own_and_pasted(text) if n == len(parts) - 1 else [_stripped(True, text, 0, len(text))]
        yield from _moved([v for v in found if v.text], start)
        start += len(text) + len(joined(["", ""]))


def _operation(messages: Sequence[Message]) -> str:
    """The same for the same conversation so far; system texts do not count (they may hold a clock)."""
    said = [(m["role"], m["content"]) for m in messages if m["role"] != "system"]
    return "http-" + hashlib.sha256(repr(said).encode("utf-8", "surrogatepass")).hexdigest()[:40] + "-"


def _frames(text: str) -> Iterator[tuple[int, int, int]]:
    """(kind, start, end) of what a client put beside the user's words: tags, what is in them, headed lines."""
    at = 0
    while match := _TAG.search(text, at):
        close = re.compile(rf"</{re.escape(match[1])}\s*>", re.I).search(text, match.end())
        if close is None and text[: match.start()].rpartition("\n")[2].strip():
            at = match.end()  # never closed, and in the middle of a line: no tag
            continue
        at = close.end() if close else len(text)
        yield _PASTED, match.end(), close.start() if close else at
        yield _NOTHING, match.start(), match.end()
        yield _NOTHING, close.start() if close else at, at
    for match in _OWN_TAG.finditer(text):
        yield _NOTHING, match.start(), match.end()
    yield from _headed(text)


def _headed(text: str) -> Iterator[tuple[int, int, int]]:
    """Lines from a heading that announces a context to the one that brings the question."""
    start, pasted = 0, False
    for line in text.splitlines(keepends=True):
        if _ASKED.match(line):
            pasted = False
        elif any(sign.match(line) for sign in (_HEADED, _NUMBERED, _TASK)) or _ANNOUNCED.search(line):
            pasted = True
        if pasted:
            yield _PASTED, start, start + len(line)
        start += len(line)


def _stripped(pasted: bool, text: str, start: int, end: int) -> Voice:
    part = text[start:end]
    return Voice(pasted, part.strip(), start + len(part) - len(part.lstrip()))


def _moved(found: Sequence[Voice], by: int) -> list[Voice]:
    return [replace(voice, start=voice.start + by) for voice in found]
