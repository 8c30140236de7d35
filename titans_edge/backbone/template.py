"""The chat template a GGUF carries: a conversation as text, and the same cut into the template's and the messages'.

The template is rendered with a mark in place of each message's text, and the result is cut at the marks: no text of a
user is rendered, tested by the template or tokenised together with its control tokens. Nothing here knows about tokens.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from titans_edge.backbone.pieces import Piece, Segment, assemble, before, behind, common_end, common_start, cut_message
from titans_edge.backbone.sandbox import Program
from titans_edge.errors import ModelError

__all__ = ["CHATML", "ChatTemplate", "Segment"]
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
MAX_FRAMES, MAX_STEPS = 2_000_000, 100_000  # characters besides the messages' texts, turns of loops
_TAG = re.compile(r"</?[\w:]*think[\w:]*>|\[/?THINK\]|(?<!<)/(?:no_)?think\b")  # what templates look for inside a text
_TAGGED = ("assistant", "system")  # whose texts may hold such tags: never the user's
_NEXT = "Use another model, or leave such messages out."
_Turns = list[tuple[str, list[Piece]]]  # role, and the pieces its message is made of
_TALK = [{"role": r, "content": t} for r, t in (("user", "a"), ("assistant", "b"), ("user", "c"))]


class ChatTemplate:
    """Renders conversations and cuts them; texts of users stand between frames, so they cannot forge control tokens.

    Of a message only `role` and `content` count. Where the template has no role `system`, such a text goes before that
    of the next user message, with a blank line between. All methods raise ModelError where the template fails.
    """

    def __init__(self, source: str | None, bos: str = "", eos: str = "") -> None:
        source = source or CHATML
        self._program = Program(source)
        self._special = {"bos_token": bos, "eos_token": eos}
        tags = sorted(set(_TAG.findall(source)), key=len, reverse=True)
        self._tags = re.compile(f"({'|'.join(map(re.escape, tags))})") if tags else None
        self._stem = "titansmessage"
        while self._stem in (source + bos + eos).lower():
            self._stem += "x"

    def render(self, messages: Sequence[Mapping[str, str]], *, reply: bool = True) -> str:
        """The conversation as the template writes it, up to where a reply begins or, without `reply`, to its end."""
        said = [(role, "".join(p.whole for p in pieces)) for role, pieces in self._turns(messages)]
        return self._run(said, reply, self._parts)

    def segments(self, messages: Sequence[Mapping[str, str]], *, reply: bool = True) -> list[Segment]:
        """`render`'s text, cut: a message's text is a segment of its own, all else is the template's.

        No segment is empty, so an empty message has none. What the template trims from a text or cuts of its thinking
        is left out; thinking that it keeps is one segment and the answer another. ModelError where the template drops
        a message or writes one twice.
        """
        turns = self._turns(messages)
        pieces = [p for _, said in turns for p in said]
        frames, order = self._cut(turns, reply, blanks=True)
        bare = frames
        if any(p.before or p.after for p in pieces):
            found, same = self._cut(turns, reply, blanks=False)
            bare = found if same == order else frames
        return assemble(frames, bare, [pieces[i] for i in order])

    def reply_end(self) -> str:
        """What closes a reply, after the model's own end token has been left out; whatever follows begins with it."""
        inner = behind(self.segments(_TALK), 1)
        try:
            last = behind(self.segments(_TALK[:2], reply=False), 1)
        except ModelError:  # the template takes no conversation that ends with a reply
            last = ""
        first = before(self.segments(_TALK[:1]), 0)
        return common_start(last, inner) or inner.removesuffix(common_end(inner, first))

    def _turns(self, messages: Sequence[Mapping[str, str]]) -> _Turns:
        """Roles and pieces, checked; a system text is folded into the user's where the template has no such role."""
        turns: _Turns = []
        held: list[Piece] = []  # system texts that wait for a user message
        for i, message in enumerate(messages):
            role, pieces = self._checked(i, message)
            if role == "system" and self._folds:
                held += [*pieces, Piece(i, "", tag="\n\n")]
                continue
            turns.append((role, held + pieces if role == "user" else pieces))
            held = [] if role == "user" else held
        if held:
            raise ModelError("The model's chat template takes a system text only before a user message.", _NEXT)
        return turns

    def _checked(self, index: int, message: Mapping[str, str]) -> tuple[str, list[Piece]]:
        role, content = message.get("role"), message.get("content")
        if not isinstance(role, str) or not role.isidentifier():  # a role is written into the frame as it is
            raise ModelError(f"Message {index + 1} has the role {role!r}.", "Name it system, user or assistant.")
        if not isinstance(content, str):
            raise ModelError(f"Message {index + 1} has no text.", "Give every message a `content` that is text.")
        return role, cut_message(index, content, self._tags if role in _TAGGED else None)

    def _cut(self, turns: _Turns, reply: bool, *, blanks: bool) -> tuple[list[str], list[int]]:
        """Frames (n + 1), and the indices of the pieces (n) that stand between them."""
        text = self._run(self._marked(turns, blanks), reply, self._parts)
        found = re.split(f"{self._stem}([0-9]+)e", text)
        if any(self._stem in frame.lower() for frame in found[::2]):
            raise ModelError("The model's chat template changes the texts of messages.", "Use another model.")
        order = [int(i) for i in found[1::2]]
        seen = Counter(order)
        for i, piece in enumerate(p for _, pieces in turns for p in pieces):
            if seen[i] > 1:
                raise ModelError(f"The model's chat template writes message {piece.message + 1} twice.", _NEXT)
            if not seen[i] and piece.text and piece.needed:
                raise ModelError(f"The model's chat template drops message {piece.message + 1}.", _NEXT)
        return found[::2], order

    def _marked(self, turns: _Turns, blanks: bool) -> list[tuple[str, str]]:
        """Roles and texts with a mark in place of each piece."""
        out, n = [], 0
        for role, pieces in turns:
            marks = [f"{self._stem}{n + i}e" for i in range(len(pieces))]
            out.append((role, "".join(p.marked(m, blanks=blanks) for p, m in zip(pieces, marks, strict=True))))
            n += len(pieces)
        return out

    def _run(self, said: list[tuple[str, str]], reply: bool, parts: bool) -> str:
        """The template's text for roles and contents; tools and documents are none, as in transformers."""
        messages = [{"role": r, "content": [{"type": "text", "text": t}] if parts else t} for r, t in said]
        variables: dict[str, Any] = {**self._special, "messages": messages, "add_generation_prompt": reply}
        variables |= {"tools": None, "documents": None}
        characters = MAX_FRAMES + 2 * sum(len(t) for _, t in said)
        steps = MAX_STEPS + 4 * len(said) ** 2  # some templates look at all messages for each message
        return self._program.run(variables, characters=characters, steps=steps)

    @cached_property
    def _parts(self) -> bool:
        """True where the template takes texts only as lists of parts."""
        return not self._takes("user", parts=False) and self._takes("user", parts=True)

    @cached_property
    def _folds(self) -> bool:
        """True where the template has no role `system`: it refuses such a message or drops it."""
        return not self._takes("system", "user", parts=self._parts) and self._takes("user", parts=self._parts)

    def _takes(self, *roles: str, parts: bool) -> bool:
        """Whether every message of a conversation comes through."""
        try:
            text = self._run([(role, f"{self._stem}{i}e") for i, role in enumerate(roles)], True, parts)
        except ModelError:
            return False
        printed = parts and "'type': 'text'" in text  # a list written out is not taken
        return not printed and all(f"{self._stem}{i}e" in text for i in range(len(roles)))
