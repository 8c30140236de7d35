"""A conversation as a backbone's token ids: what stands before the last message, the message, and what follows it up
to where the reply begins. Knows templates and vocabularies; nothing of memories.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from titans_edge.backbone.model import Backbone

Message = Mapping[str, str]  # role: "system", "user" or "assistant"; content


@dataclass
class Framed:
    """Tokens before the last message, of it, and after it up to where the reply begins; the message as the template
    has it.
    """

    head: list[int] = field(default_factory=list)
    message: list[int] = field(default_factory=list)
    tail: list[int] = field(default_factory=list)
    text: str = ""
    begin: int = 0  # tokens before the conversation's first message
    told_system: bool = False  # the messages bring a system prompt of their own

    def __len__(self) -> int:
        return len(self.head) + len(self.message) + len(self.tail)


def framed(backbone: Backbone, messages: Sequence[Message], system: str | None) -> Framed:
    """At least one message, the last one the user's. system: the system prompt where they bring none; None: the
    template's own.
    """
    vocab, ours = backbone.vocab, messages[0].get("role") != "system"
    if system is not None and ours:
        messages = [{"role": "system", "content": system}, *messages]
    out, at = Framed(told_system=not ours), "head"
    first = next(i for i, m in enumerate(messages) if m.get("role") != "system")
    for segment in backbone.template.segments(messages):
        ids = vocab.encode(segment.text, special=segment.message is None)
        if segment.message == first and not out.begin:
            out.begin = len(out.head)
        if segment.message == len(messages) - 1:
            out.message, out.text, at = out.message + ids, out.text + segment.text, "tail"
        else:
            getattr(out, at).extend(ids)
    if vocab.add_bos and out.head[:1] != [vocab.bos]:
        out.head.insert(0, vocab.bos)
        out.begin += 1
    return out
