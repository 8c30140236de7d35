"""Cuts messages into pieces that a template cannot see into, and puts a rendered conversation together again.

A piece is a text without the blanks at its edges; blanks and the tags of thinking stand beside it, for the template to
keep or to drop. It knows nothing about templates but where their text stands between the pieces.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile


@dataclass(frozen=True)
class Segment:
    """A piece of a rendered conversation.

    message: index of the message whose text this is; None: the template's own text, which may hold control tokens.
    """

    text: str
    message: int | None


@dataclass(frozen=True)
class Piece:
    """What stands between two tags of thinking (mostly a whole message): blanks, text, blanks, the tag behind it."""

    message: int
    text: str
    before: str = ""
    after: str = ""
    tag: str = ""
    needed: bool = True  # False: thinking, which a template may cut

    @property
    def whole(self) -> str:
        return self.before + self.text + self.after + self.tag

    def marked(self, mark: str, *, blanks: bool) -> str:
        """The piece with a mark for its text. An empty text has no mark: the template sees that it is empty."""
        if not self.text or blanks:
            return self.before + (mark if self.text else "") + self.after + self.tag
        return mark + self.tag


def cut_message(index: int, content: str, tags: re.Pattern[str] | None) -> list[Piece]:
    """The pieces of one message. tags: one group, the tags to cut at."""
    cut = tags.split(content) if tags else [content]  # text, tag, text, tag, ..., text
    out = []
    for at in range(0, len(cut), 2):
        text, tag = cut[at].strip(), cut[at + 1] if at + 1 < len(cut) else ""
        start = len(cut[at]) - len(cut[at].lstrip())
        needed = not tag and (at == 0 or "/" in cut[at - 1])  # what follows the end of thinking is the message
        out.append(Piece(index, text, cut[at][:start], cut[at][start + len(text) :], tag, needed))
    return out


def assemble(frames: Sequence[str], bare: Sequence[str], pieces: Sequence[Piece]) -> list[Segment]:
    """Segments of a rendering. frames (n + 1): the text between pieces (n) with blanks; bare: the same without."""
    befores, afters = ["", *(p.after for p in pieces)], [*(p.before for p in pieces), ""]
    gaps = [_blanks(*gap) for gap in zip(frames, bare, befores, afters, strict=True)]
    out = [Segment(gaps[0][1], None)]
    for i, piece in enumerate(pieces):
        text = gaps[i][2] + piece.text + gaps[i + 1][0]
        out += [Segment(text, piece.message), Segment(gaps[i + 1][1], None)]
    return [s for s in out if s.text]


def _blanks(frame: str, bare: str, after: str, before: str) -> tuple[str, str, str]:
    """A frame as three: what is left of the blanks in front, the template's own text, what is left of those behind."""
    extra = len(frame) - len(bare)
    for n in range(min(len(after), extra), -1, -1):
        if frame.startswith(bare, n) and after.startswith(frame[:n]) and before.endswith(frame[n + len(bare) :]):
            return frame[:n], bare, frame[n + len(bare) :]
    return "", frame, ""


def before(cut: Sequence[Segment], message: int) -> str:
    """All text in front of a message's first segment."""
    return "".join(s.text for s in cut[: _place(cut, message)])


def behind(cut: Sequence[Segment], message: int) -> str:
    """The text behind a message's first segment, up to the next message's or the end."""
    rest = cut[_place(cut, message) + 1 :]
    return rest[0].text if rest and rest[0].message is None else ""


def _place(cut: Sequence[Segment], message: int) -> int:
    return next(i for i, s in enumerate(cut) if s.message == message)


def common_start(one: str, other: str) -> str:
    """The longest common start; a control token like <|end|> or [/INST] counts as one letter."""
    same = takewhile(lambda pair: pair[0] == pair[1], zip(_letters(one), _letters(other), strict=False))
    return "".join(letter for letter, _ in same)


def common_end(one: str, other: str) -> str:
    """The longest common end, by the same letters."""
    same = takewhile(lambda pair: pair[0] == pair[1], zip(_letters(one)[::-1], _letters(other)[::-1], strict=False))
    return "".join([letter for letter, _ in same][::-1])


def _letters(text: str) -> list[str]:
    return re.findall(r"<[^<>\s]*>|\[[^\[\]\s]*\]|.", text, re.DOTALL)
