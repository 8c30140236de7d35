"""Commands on the memory. Each asks the memory's client and prints; what they do is the client's business."""

from __future__ import annotations

from typing import Any

from titans_edge.cli import common
from titans_edge.cli.prompt import block
from titans_edge.cli.room import SHOWN, Room, command, listed, nothing, number
from titans_edge.errors import UsageError
from titans_edge.times import since

SURE = 0.5  # of an association that chose what was given


@command("/memory", "[WORDS]", "what the memory holds, in figures; or the stored sentences with these words")
def memory(room: Room, words: str) -> None:
    if words:
        listed(room.client.find(text=words, limit=SHOWN), "No stored sentence has these words.")
        return
    s = room.client.stats()
    print(f"{s['spans']} sentences read, {s['quarantined']} in quarantine, state of {s['bytes'] / 1e6:.1f} MB")
    if s["stale"]:
        print(f"  {s['stale']} of them are still to be read by this graft; until then only their text answers")
    for r in s["relations"]:
        known = [f"about {s['capacity']} are told apart"] if s.get("capacity") is not None else []
        known = [f"written {r['writes']} times", *known] if r["writes"] > r["facts"] else known
        known += [f"{r['protected']} of yours protected"] if r["protected"] is not None else []
        print(f"  {r['relation']:<22}{r['facts']:>5} facts", *known if r["facts"] else [], sep=", ")
    if room.talk.private:
        print("private: what you say now is not learnt; /public ends that")


@command("/recall", "WORDS", "what the memory would give for that; teaches nothing")
def recall(room: Room, words: str) -> None:
    if not words:
        raise UsageError("Recall what?", "Write /recall WORDS, or /recall QUESTION.")
    with room.whole():
        found = room.talk.recall(words)
    if found.rows:
        print(f"an association ({found.relation}, hop {found.hop}, {100 * found.confidence:.0f} % sure)")
    for span in found.retrieved:
        print(f"  {common.cite(span)}")
    if not found.routes:
        print("The memory would give nothing for that.")


@command("/why", "", "which sentences the last answer was drawn from, and how much from each")
def why(room: Room, rest: str) -> None:
    given = room.talk.remembered
    chosen = given is not None and given.confidence >= SURE and room.talk.memory_mode == "auto"
    drawn = chosen or (given is not None and given.rows > 0)
    reads = [r for r in room.client.why() if abs(r["share"]) >= 0.01] if drawn else []
    for r in reads[:SHOWN]:
        print(f"  {100 * r['share']:>4.0f} %  {r['relation']}, hop {r['hop']}  {common.cite(r)}")
    for span in given.retrieved if given else ():
        print(f"  as text  {common.cite(span)}")
        for earlier in span.get("replaces", ()):
            print(f"           takes the place of #{earlier}")
    if not reads and not (given and given.retrieved):
        print("The last answer drew on nothing in memory.")


@command("/remember", "TEXT", "teach the memory without a reply")
def remember(room: Room, text: str) -> None:
    if not text:
        raise UsageError("Remember what?", "Write /remember TEXT.")
    _ = room.client
    with room.whole():
        rulings = room.talk.remember(text)
    learnt(rulings)
    if not rulings:
        print("There is no sentence in that; nothing was learnt.")


def learnt(rulings: list[dict[str, Any]]) -> None:
    """Print what became of sentences."""
    for r in rulings[:SHOWN]:
        facts = r.get("facts", 0)
        what = f"{facts} fact{'s' * (facts != 1)}" if facts else "as text"
        text = common.printable(r["text"])
        if r["decision"] == "quarantined":
            print(f'  [{r["id"]}] held back ({r["reason"]}): "{text}"  /accept #{r["id"]} or /reject #{r["id"]}')
        elif r["decision"] in ("repeated", "rejected"):
            print(f'  [{r["id"]}] not learnt ({r["reason"]}): "{text}"')
        else:
            print(f'  [{r["id"]}] learnt, {what}: "{text}"')
    if len(rulings) > SHOWN:
        print(f"  and {len(rulings) - SHOWN} more")


@command("/correct", "#ID TEXT", "put TEXT in the place of a stored sentence, at its number and time")
def correct(room: Room, rest: str) -> None:
    words = rest.split(None, 1)
    if len(words) < 2:
        raise UsageError("Correct what?", "Write /correct #ID TEXT; /memory WORDS shows the numbers.")
    found = room.client.get([number(words[0])])
    if not found:
        raise UsageError(f"There is no sentence {words[0][:40]}.", "Numbers stand in brackets in /memory WORDS.")
    old, quoted = found[0], block(words[1])
    text = words[1] if quoted is None else quoted
    if old["text"] == text:
        print("It says that already.")
        return
    with room.whole():
        ruling = room.talk.correct(old, text)
    print(f"  was: {common.cite(old)}")
    learnt([ruling] if ruling else [])
    room.gone([old["text"]])


@command("/forget", "[WHAT]", "the last message (as /undo), #ID…, WORDS, source NAME, since yesterday|2h|2026-11-20")
def forget(room: Room, rest: str) -> None:
    if not rest:
        from titans_edge.cli.slash_talk import undo

        undo(room, "")
        return
    found = _meant(room, rest)
    listed(found, "Nothing stored is meant by that.")
    exact = rest.startswith("#")
    if found and (exact or room.confirm(f"Forget {'this' if len(found) == 1 else f'these {len(found)}'}?")):
        gone = room.client.forget([s["id"] for s in found])
        print(f"Forgotten: {gone}.")
        room.gone([s["text"] for s in found])
    elif found:
        print("Nothing was forgotten.")


def _meant(room: Room, rest: str) -> list[dict[str, Any]]:
    head, _, tail = rest.partition(" ")
    if head.startswith("#"):
        return room.client.get([number(word) for word in rest.split()])
    if head == "since" and tail:
        return room.client.find(since=since(tail))
    if head == "source" and tail:
        return room.client.find(source=tail)
    return room.client.find(text=rest)


@command("/quarantine", "", "what the guard held back")
def quarantine(room: Room, rest: str) -> None:
    nothing(rest, "/quarantine")
    held = room.client.quarantine()
    for s in held:
        print(f"  {common.cite(s)} - {s['reason']}")
    if not held:
        print("Nothing is held back.")


@command("/accept", "#ID", "believe what was held back, as if you had said it then")
def accept(room: Room, rest: str) -> None:
    room.client.accept(number(rest), True)
    print("Accepted: it counts as if you had said it then.")
    room.changed()


@command("/reject", "#ID", "never believe it")
def reject(room: Room, rest: str) -> None:
    room.client.accept(number(rest), False)
    print("Rejected.")
    room.changed()


@command("/reset", "[yes]", "forget everything")
def reset(room: Room, rest: str) -> None:
    client = room.client
    if rest not in ("", "yes", "--yes", "-y"):
        raise UsageError(f"/reset {rest[:40]} means nothing.", "/reset asks, /reset yes does not.")
    if not rest and not room.confirm("Forget everything in this memory?"):
        print("Nothing was forgotten. (/reset yes does not ask.)")
        return
    client.reset()
    room.talk.reset()
    room.fresh()
    room.history.clear()
    print("Everything is forgotten.")
