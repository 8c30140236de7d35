"""The commands inside a chat. Each is a method that prints; what it does is the memory client's business."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from titans_edge.cli import common
from titans_edge.errors import UsageError
from titans_edge.times import since

if TYPE_CHECKING:
    from titans_edge.chat import Chat
    from titans_edge.history import History
    from titans_edge.sidecar.client import MemoryClient

HELP = """\
/new                drop the conversation's text, keep the memory
/memory [WORDS]     what the memory holds, in figures; or the stored sentences with these words
/why                which sentences the last answer was drawn from, and how much from each
/forget             take back what your last message taught (also /undo); or: /forget #ID, /forget WORDS,
                    /forget source NAME, /forget since yesterday|2h|2026-11-20
/quarantine         what the guard held back; /accept #ID and /reject #ID decide
/reset              forget everything
/stats              speed of the last reply
/help               this list
/bye                leave (also Ctrl-D)"""
COMMANDS = ("/new", "/memory", "/why", "/forget", "/undo", "/quarantine", "/accept", "/reject", "/reset", "/stats",
            "/help", "/bye")  # fmt: skip
SHOWN = 20
SURE = 0.5  # of an association that chose what was given
MAX_ID = 2**63 - 1


class Slash:
    """Runs one command line on a chat. last: the figures of the last reply; confirm: asks yes or no."""

    def __init__(self, talk: Chat, history: History, last: Callable[[], str], confirm: Callable[[str], bool]) -> None:
        self.talk, self.history, self._last, self._confirm = talk, history, last, confirm
        self._commands: dict[str, Callable[[str], None]] = {
            "/new": self._new,
            "/memory": self._memory,
            "/why": self._why,
            "/forget": self._forget,
            "/undo": self._undo,
            "/quarantine": self._quarantine,
            "/accept": lambda rest: self._rule(rest, True),
            "/reject": lambda rest: self._rule(rest, False),
            "/reset": self._reset,
            "/stats": lambda _: print(self._last() or "No reply yet."),
            "/help": lambda _: print(HELP),
        }

    def run(self, line: str) -> None:
        name, _, rest = line.partition(" ")
        if name not in self._commands:
            raise UsageError(f"There is no command {name}.", "See /help.")
        self._commands[name](rest.strip())

    @property
    def _client(self) -> MemoryClient:
        if self.talk.client is None:
            raise UsageError("The memory is off.", "Start without --no-memory.")
        return self.talk.client

    def _new(self, _: str) -> None:
        self.talk.new()
        print("The conversation's text is gone; the memory stays.")

    def _memory(self, words: str) -> None:
        if words:
            _print(self._client.find(text=words, limit=SHOWN), "No stored sentence has these words.")
            return
        s = self._client.stats()
        print(f"{s['spans']} sentences read, {s['quarantined']} in quarantine, state of {s['bytes'] / 1e6:.1f} MB")
        if s["stale"]:
            print(f"  {s['stale']} of them are still to be read by this graft; until then only their text answers")
        for r in s["relations"]:
            known = [f"about {s['capacity']} are told apart"] if s.get("capacity") is not None else []
            known = [f"written {r['writes']} times", *known] if r["writes"] > r["facts"] else known
            known += [f"{r['protected']} of yours protected"] if r["protected"] is not None else []
            print(f"  {r['relation']:<22}{r['facts']:>5} facts", *known if r["facts"] else [], sep=", ")

    def _why(self, _: str) -> None:
        given = self.talk.remembered
        chosen = given is not None and given.confidence >= SURE and self.talk.memory_mode == "auto"
        drawn = chosen or (given is not None and given.rows > 0)
        reads = [r for r in self._client.why() if abs(r["share"]) >= 0.01] if drawn else []
        for r in reads[:SHOWN]:
            print(f"  {100 * r['share']:>4.0f} %  {r['relation']}, hop {r['hop']}  {common.cite(r)}")
        for span in given.retrieved if given else ():
            print(f"  as text  {common.cite(span)}")
            for earlier in span.get("replaces", ()):
                print(f"           takes the place of #{earlier}")
        if not reads and not (given and given.retrieved):
            print("The last answer drew on nothing in memory.")

    def _forget(self, rest: str) -> None:
        if not rest:
            self._undo(rest)
            return
        found = self._meant(rest)
        _print(found, "Nothing stored is meant by that.")
        exact = rest.startswith("#")
        if found and (exact or self._confirm(f"Forget {'this' if len(found) == 1 else f'these {len(found)}'}?")):
            gone = self._client.forget([s["id"] for s in found])
            print(f"Forgotten: {gone}.")
            self._gone([s["text"] for s in found])
        elif found:
            print("Nothing was forgotten.")

    def _gone(self, texts: list[str]) -> None:
        """What was forgotten leaves the prompt's history, the conversation and the last answer's sources; what is ruled
        otherwise now.
        """
        self.history.forget(texts)
        if turns := self.talk.forget(texts):
            print(f"{turns} turn{'s' * (turns > 1)} of this conversation held it, and left it too.")
        given = self.talk.remembered
        if given is not None:
            left = tuple(s for s in given.retrieved if not any(text in (s.get("said") or s["text"]) for text in texts))
            self.talk.remembered = replace(given, retrieved=left)
        self._changed()
        if texts and self._client.path is not None:
            from titans_edge.journal.upkeep import leftovers

            for file in leftovers(self._client.path):
                print(f"! {file.name} may still hold it: `titans-edge memory clean` removes what repairs left.")

    def _changed(self) -> None:
        for s in self._client.changed:
            print(f"! {s['decision']} now: {common.cite(s)}")

    def _meant(self, rest: str) -> list[dict[str, Any]]:
        head, _, tail = rest.partition(" ")
        if head.startswith("#"):
            return self._client.get([_number(word) for word in rest.split()])
        if head == "since" and tail:
            return self._client.find(since=since(tail))
        if head == "source" and tail:
            return self._client.find(source=tail)
        return self._client.find(text=rest)

    def _undo(self, _: str) -> None:
        gone = self._client.undo()
        for text in self._client.forgotten:
            print(f'  "{common.printable(text)}"')
        if before := self._client.before:
            print("The last message left nothing to take back; the one before it was:")
            _print(before, "")
            print("/undo once more takes that back.")
        else:
            print("Taken back." if gone else "There is nothing to take back.")
        self._gone(self._client.forgotten)

    def _quarantine(self, _: str) -> None:
        held = self._client.quarantine()
        for s in held:
            print(f"  {common.cite(s)} - {s['reason']}")
        if not held:
            print("Nothing is held back.")

    def _rule(self, rest: str, accept: bool) -> None:
        self._client.accept(_number(rest), accept)
        print("Accepted: it counts as if you had said it then." if accept else "Rejected.")
        self._changed()

    def _reset(self, rest: str) -> None:
        client = self._client
        if rest not in ("yes", "--yes", "-y") and not self._confirm("Forget everything in this memory?"):
            print("Nothing was forgotten. (/reset yes does not ask.)")
            return
        client.reset()
        self.talk.new()
        self.talk.remembered = None
        self.history.clear()
        print("Everything is forgotten.")


def _print(spans: list[dict[str, Any]], otherwise: str) -> None:
    for s in spans[-SHOWN:]:
        print(f"  {common.cite(s)}")
    if len(spans) > SHOWN:
        print(f"  and {len(spans) - SHOWN} older ones")
    if not spans:
        print(otherwise)


def _number(text: str) -> int:
    """The number of a span as the user types it, `12` or `#12`; a number the journal could not hold is none."""
    number = re.fullmatch(r"#?([0-9]{1,19})", text)
    if number is None or int(number[1]) > MAX_ID:
        raise UsageError(
            f"{text[:40]!r} is no number of a sentence.", "Numbers stand in brackets in /memory WORDS and /quarantine."
        )
    return int(number[1])
