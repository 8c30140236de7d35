"""What the backbone finds of messages, each read with a question behind a soft prompt of the graft: whether they answer
it, and whether what the user said later changes what they answer.

Knows how a span is put to the backbone, and asks the memory what was said later. Decides nothing: `answers` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from titans_edge.answers import Spans
from titans_edge.asking import Asking
from titans_edge.backbone.injection import Prompt
from titans_edge.backbone.speaker import Speaker
from titans_edge.errors import GraftError, MemoryStateError, SidecarError
from titans_edge.framing import Framed
from titans_edge.judging import whole
from titans_edge.questions import plainer
from titans_edge.routes import TextRoute
from titans_edge.sidecar.client import MemoryClient
from titans_edge.text import calm, tells_a_change

LATER = 4  # later messages that are read with a span, at most: do they change it?
# how likely a message has to change one, at least: one that shares a word with it and tells of a change, or but shares
# a word, or neither
TELLING, OTHERS, APART = 0.9, 0.95, 0.98
NO_ANSWER = (SidecarError, MemoryStateError, GraftError)  # of a memory: a turn goes on without it


@dataclass(frozen=True)
class Prompted:
    """A question, as it stands at the end of a speaker's sequence, and what its spans are put by. message: the token
    ids of what is looked for.
    """

    speaker: Speaker
    route: TextRoute
    prompt: Framed
    message: Sequence[int]

    @classmethod
    def of(cls, speaker: Speaker, route: TextRoute, prompt: Framed) -> Prompted:
        asking = Asking.of(prompt.text)
        put = asking.put if asking.wants else plainer(calm(prompt.text))
        return cls(speaker, route, prompt, prompt.message if put == prompt.text else route.encode(put))

    def untold(self, trained: Prompt, texts: Sequence[Spans]) -> list[float]:
        """How likely (0..1) each of the texts, of one or more spans, does not answer (or the last span of each does not
        change what the others answer, if that is what the prompt was trained on). Empty: the context takes no prompt.
        """
        lines = [self.route.alone(*text) for text in texts]
        return self.speaker.untold(trained, lines, self.message, self.prompt.tail, self.prompt.begin)

    def changes(
        self, trained: Prompt, memory: MemoryClient, span: dict[str, Any], also: Spans
    ) -> list[tuple[dict[str, Any], float]]:
        """What the user said after a span, and of `also` what came after it, that changes what it answers, each with
        how likely (0..1) it does.
        """
        try:
            shares = {whole(s): s for s in memory.later(span["id"], whole(span), LATER)}
        except NO_ANSWER:  # the turn goes on with what was found
            return []
        others = {whole(s): s for s in also if s["id"] > span["id"] and whole(s) not in (*shares, whole(span))}
        later = [*shares.values(), *others.values()]
        ways = [(TELLING if tells_a_change(t) else OTHERS) if t in shares else APART for t in map(whole, later)]
        sure = [max(trained.likely, way) for way in ways]
        same = self.untold(trained, [[span, s] for s in later])
        return [(s, 1 - u) for s, u, p in zip(later, same, sure, strict=False) if 1 - u >= p]
