"""What a memory is asked: a message as the reader sees it, and what goes with it. Decides nothing of the answer."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from titans_edge.asked_for import asks_for_a_sum
from titans_edge.asking import Asking
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.reader import Reader
from titans_edge.backbone.spans import features
from titans_edge.features import SpanFeatures
from titans_edge.judging import JUDGED
from titans_edge.listing import MOST, Listing, asks_for_all, told_of
from titans_edge.questions import is_question
from titans_edge.routes import Mode
from titans_edge.rulings import RECALLED
from titans_edge.sidecar.client import MemoryClient
from titans_edge.sidecar.readout import MemoryReadout
from titans_edge.text import MAX_SPAN_TOKENS, tells
from titans_edge.when import asked_range

LISTED = 20 * MOST  # of the user's newest sentences, among which those are that are listed


class Recaller:
    """Of a backbone and a memory (None: nothing is recalled, and `reader` is None too). k: how many spans are given as
    text; clock: what time it is, in seconds since 1970.
    """

    backbone: Backbone
    memory: MemoryClient | None
    reader: Reader | None
    k: int
    clock: Callable[[], float]

    def now(self) -> datetime:
        """The moment by `clock`, in this computer's time zone."""
        return datetime.fromtimestamp(self.clock())

    def retrieve(
        self, message: str, mode: Mode = Mode.AUTO, *, before: str = "", reply_id: str | None = ""
    ) -> MemoryReadout:
        """What the memory answers to the message's last question, or to its last sentence. before: what that cannot be
        understood without; reply_id: see `MemoryClient.retrieve`.
        """
        empty = MemoryReadout.empty(self.backbone.n_embd)
        if self.memory is None or self.reader is None or mode is Mode.OFF:
            return empty
        asking = Asking.of(message)
        asked, questions = f"{before} {asking.put}".lstrip(), asking.questions
        wants = asking.wants and mode is Mode.AUTO
        told_of = (questions or wants) and not asks_for_a_sum(asked)
        k = self.k if told_of and mode is not Mode.ASSOCIATION else 0
        told = asked_range(asked, self.now())
        between = (told[0].timestamp(), told[1].timestamp()) if told is not None else None
        judged = bool(k) and mode is Mode.AUTO and between is None and self.memory.prompt is not None
        k = max(k, JUDGED) if judged else k
        wanted = asks_for_all(f"{before} {asking.parts[-1]}".lstrip(), then=between is not None)
        every = self._every(wanted, between) if wanted is not None and mode is Mode.AUTO else []
        listing = bool(every) or (wanted is not None and mode is Mode.AUTO and between is not None and not wanted.topic)
        k = 0 if listing else k  # nothing else need be found
        question: SpanFeatures | None = None
        if len(self.backbone.vocab.encode(asked)) <= 2 * MAX_SPAN_TOKENS:
            (question,) = features(self.reader, [asked])
        if question is None or not len(question):  # too long, or signs and no words
            readout = self.memory.retrieve(None, asked, k, between, reply_id=reply_id) if k or reply_id else empty
        else:
            recite = mode is Mode.ASSOCIATION and bool(questions)
            readout = self.memory.retrieve(question, asked, k, between, recite=recite, reply_id=reply_id)
        if any(is_question(s["text"]) for s in readout.behind):  # as before a question wrote no fact
            readout = replace(readout, rows=readout.rows[:0], behind=())
        if listing:
            return replace(readout, rows=readout.rows[:0], retrieved=tuple(every), listing=True, prompt=None)
        if wants:  # or it tells: only what surely answers is for it
            readout = replace(readout, rows=readout.rows[:0], maybe=True, untold=False)
        return readout if judged else replace(readout.sure(), prompt=None)

    def _every(self, wanted: Listing, between: tuple[float, float] | None) -> list[dict[str, Any]]:
        """What the user told, of what is wanted and between two moments."""
        assert self.memory is not None
        first, last = between or (None, math.inf)
        found = self.memory.find(text=wanted.words, source="you", since=first, limit=LISTED if between is None else -1)
        kept = [s for s in found if s["time"] < last and s["decision"] in RECALLED and tells(s["text"])]
        return told_of(kept, wanted)

    def rank(self, question: str, n: int) -> list[dict[str, Any]]:
        """The n stored spans that most likely answer a question, best first, each with its `match` (0..1; 0 where the
        graft makes no keys). `why` tells of the last reply as before.
        """
        if self.memory is None or self.reader is None:
            return []
        (asked,) = features(self.reader, [question])
        if ranked := self.memory.rank(asked, question, n) if len(asked) else []:
            return ranked
        found = self.memory.retrieve(asked if len(asked) else None, question, n, reply_id=None)
        return list(found.retrieved[:n])
