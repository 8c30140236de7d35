"""A memory as tools for editors and agents: remember, recall, forget, why. Knows no protocol: that is `mcp_server`'s.

The memory is open only while a tool runs, so a chat, or another editor's server, may use the same one in between.

Who said it: what an agent writes counts as pasted, and cannot change what the user said. Only with mine=True, for words
the user typed, is it the user's own; pasted passages among those stay pasted, as in a chat. What is recalled is a
quotation, and the agent is told so.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from titans_edge import library
from titans_edge.engine import Engine
from titans_edge.errors import UsageError
from titans_edge.history import History
from titans_edge.journal.upkeep import leftovers
from titans_edge.session import Session
from titans_edge.sources import PASTED, USER
from titans_edge.suspicion import voices
from titans_edge.text import is_question

MAX_TEXT = 100_000  # characters of one `remember`, and of a question
MAX_K = 20  # sentences of one `recall`
SHOWN = 100  # sentences listed before something is forgotten
CONTEXT = 512  # positions: nothing is answered here, only read
Fields = dict[str, Any]


class Tools:
    """The four tools on one memory, one call at a time; results are plain JSON. All raise TitansError."""

    def __init__(self, engine: Engine, name: str = "default") -> None:
        self.engine, self.name, self.path = engine, name, library.memory_path(name)
        self._one = threading.Lock()  # a backbone answers one at a time
        self._drawn: list[Fields] = []  # what the last recall was drawn from

    def remember(self, text: str, mine: bool = False) -> Fields:
        """Learn a text; it is on disk when this returns. What was decided about each sentence."""
        _sized(text, "The text")
        with self._opened(write=True) as session:
            assert session.memory is not None
            for voice in voices(text) if mine else []:
                _all(session.learn(voice.text, PASTED if voice.pasted else USER))
            if not mine:
                _all(session.learn(text, PASTED))
            rulings, notices = session.memory.wait(), session.memory.notices()
        held = [r["id"] for r in rulings if r["decision"] == "quarantined"]
        if held:
            numbers = ", ".join(f"#{i}" for i in held)
            notices.append(f"Held back until the user accepts: {numbers} (`titans-edge memory accept {self.name} ID`).")
        keys = ("id", "text", "decision", "reason")
        return {"sentences": [{k: r[k] for k in keys} for r in rulings], "notices": notices}

    def recall(self, question: str, k: int = 4) -> Fields:
        """Up to k stored sentences that bear on a question, the nearest first."""
        _sized(question, "The question")
        if not 1 <= k <= MAX_K:
            raise UsageError(f"k is {k}.", f"Give 1 to {MAX_K}.")
        asked = question if is_question(question) else f"{question.rstrip(' .!')}?"
        with self._opened(write=False) as session:
            assert session.memory is not None
            session.k = k
            found = session.retrieve(asked)
            reads = session.memory.why() if len(found.rows) else []
            notices, stale = session.memory.notices(), session.memory.info.get("stale")
        if stale:
            notices.append(f"{stale} sentences are still to be read by this graft; `remember` or a chat reads them.")
        by_text = [{**_told(s), "by": "text"} for s in found.retrieved[:k]]
        by_link = [
            {**_told(r), "by": "association", "share": round(r["share"], 3), "relation": r["relation"], "hop": r["hop"]}
            for r in reads
            if abs(r["share"]) >= 0.01
        ]
        self._drawn = by_link + by_text
        return {"sentences": [_told(s) for s in found.retrieved[:k]], "notices": notices}

    def forget(
        self,
        query: str | None = None,
        ids: Sequence[int] | None = None,
        source: str | None = None,
        confirm: bool = False,
    ) -> Fields:
        """Forget exactly what is meant; more than one sentence only with confirm, otherwise they are listed."""
        found = self._meant(query, ids, source)
        if len(found) > 1 and not confirm:
            said = f"Nothing was forgotten yet: {len(found)} are meant. Ask the user, then call with confirm=true."
            return {"forgotten": 0, "would_forget": [_told(s) for s in found[:SHOWN]], "notices": [said]}
        if not found:
            return {"forgotten": 0, "sentences": [], "notices": ["Nothing stored is meant by that."]}
        with self._opened(write=True) as session:
            assert session.memory is not None
            gone = session.memory.forget([s["id"] for s in found])
            changed, notices = session.memory.changed, session.memory.notices()
        History.of(self.path).forget([s["text"] for s in found])
        hint = f"may still hold it: `titans-edge memory clean {self.name}` removes what repairs left."
        notices += [f"{p.name} {hint}" for p in leftovers(self.path)]
        notices += [f"Decided otherwise now: #{s['id']} is {s['decision']}." for s in changed]
        return {"forgotten": gone, "sentences": [_told(s) for s in found], "notices": notices}

    def why(self) -> Fields:
        """What the last recall was drawn from: by the words, or by the association and with which share."""
        if not self._drawn:
            return {"sentences": []}
        with self._opened(write=False) as session:  # what was forgotten since is not told
            assert session.memory is not None
            there = {s["id"]: s["text"] for s in session.memory.get([s["id"] for s in self._drawn])}
        return {"sentences": [s for s in self._drawn if there.get(s["id"]) == s["text"]]}

    def _meant(self, query: str | None, ids: Sequence[int] | None, source: str | None) -> list[Fields]:
        if sum(given is not None for given in (query, ids, source)) != 1:
            raise UsageError("Say what to forget by one of query, ids and source.", "Give exactly one of them.")
        if not (ids if ids is not None else (query or source or "").strip()):
            raise UsageError("That means nothing in particular.", "Give words, numbers or the name of a source.")
        with self._opened(write=False) as session:
            assert session.memory is not None
            if ids is None:
                return session.memory.find(text=query or "", source=(source or "").strip())
            found = session.memory.get(list(dict.fromkeys(i for i in ids if 0 < i < 2**63)))
        if missing := sorted(set(ids) - {s["id"] for s in found}):
            raise UsageError(f"There is no sentence {', '.join(f'#{i}' for i in missing)}.", "`recall` gives numbers.")
        return found

    @contextmanager
    def _opened(self, *, write: bool) -> Iterator[Session]:
        with (
            self._one,
            self.engine.memory(self.name, write=write) as memory,
            self.engine.session(memory, context=CONTEXT) as session,
        ):
            if write:
                session.catch_up()
            yield session


def _sized(text: str, what: str) -> None:
    if not text.strip():
        raise UsageError(f"{what} is empty.", "Give a sentence.")
    if len(text) > MAX_TEXT:
        raise UsageError(f"{what} has {len(text)} characters, more than {MAX_TEXT}.", "Use `titans-edge read`.")


def _told(span: Fields) -> Fields:
    """A stored span as an agent sees it."""
    when = datetime.fromtimestamp(span["time"]).astimezone().isoformat(timespec="seconds")
    return {"id": span["id"], "text": span["text"], "source": span["source"], "time": when}


def _all(steps: Iterator[tuple[int, int]]) -> None:
    for _ in steps:
        pass
