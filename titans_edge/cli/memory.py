"""titans-edge memory: what is remembered, listed, searched, undone, moved. Needs neither backbone nor graft nor torch.

Parses and prints; what is done to a memory's rows and files is in `journal`.
"""

from __future__ import annotations

import json
import re
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from titans_edge import facts, library, times
from titans_edge.cli import common, memory_files, memory_plot
from titans_edge.cli import documents as read_documents
from titans_edge.cli.stored import Name, Yes, notice, opened, remains
from titans_edge.errors import MemoryStateError, UsageError
from titans_edge.history import History
from titans_edge.rulings import Decision

if TYPE_CHECKING:
    from collections.abc import Sequence

    from titans_edge.journal import Entry, Journal

app = typer.Typer(
    no_args_is_help=True, add_completion=False, rich_markup_mode=None,
    help="What is remembered: list, search, forget, move.",
)  # fmt: skip

SHOWN = 50  # sentences printed before one is asked about them
MAX_ID = 2**63 - 1
Limit = Annotated[int, typer.Option(help="The newest so many (-1: all).")]


@app.command("list")
def list_(
    name: Annotated[str | None, typer.Argument(help="Name of the memory; none: list the memories.")] = None,
    source: Annotated[str, typer.Option(help="Only this source: you, pasted, a document's name.")] = "",
    since: Annotated[str | None, typer.Option(help="Only since: 2026-11-20, yesterday, 2h, 3d.")] = None,
    quarantine: Annotated[bool, typer.Option("--quarantine", help="Only what waits for your word.")] = False,
    documents: Annotated[bool, typer.Option("--documents", help="The documents it has read, not sentences.")] = False,
    limit: Limit = 50,
    as_json: common.Json = False,
) -> None:
    """The memories, or the stored sentences or documents of one.

    \b
    Examples:
      titans-edge memory list
      titans-edge memory list default --since yesterday
      titans-edge memory list default --documents
    """
    if name is None:
        _memories(as_json)
        return
    after = None if since is None else times.since(since)
    with opened(name, write=False) as journal:
        if documents:
            read_documents.print_all(journal, as_json)
            return
        if quarantine:
            found = journal.quarantine(_limit(limit))
        else:
            found = journal.find(source=common.source_named(source), since=after, limit=_limit(limit))
        _print(journal, found, as_json)


@app.command()
def search(
    name: Name,
    words: Annotated[str, typer.Argument(help="All of these words.")],
    limit: Limit = -1,
    as_json: common.Json = False,
) -> None:
    """Stored sentences with all of these words.

    \b
    Example:
      titans-edge memory search default "dog name"
    """
    if not words.strip():
        raise UsageError("There are no words to look for.", "See `titans-edge memory list NAME` for all.")
    with opened(name, write=False) as journal:
        _print(journal, journal.find(text=words, limit=_limit(limit)), as_json)


@app.command()
def show(
    name: Name,
    what: Annotated[str, typer.Argument(help="Number of a sentence, or a document's name or path.")],
    as_json: common.Json = False,
) -> None:
    """Everything known of one sentence: where it is from, when, what was decided and why, and its facts. Or of one
    document: its file, when it was read, and how much of it is there.

    \b
    Example:
      titans-edge memory show default 3
    """
    from titans_edge.journal import changes

    with opened(name, write=False) as journal:
        number = re.fullmatch(r"#?(-?[0-9]{1,30})", what.strip())
        if number is None:
            read_documents.print_one(journal, what, as_json)
            return
        entry = _one(journal, int(number[1]))
        _refuse_damaged(journal, [entry])
        later = changes.changed_by(journal, entry)
    ruling = entry.ruling
    shown = None if entry.record is None else [facts.shown(f) for f in facts.unpack(entry.record)]
    more = {
        "confined": ruling is not None and ruling.confined,
        "policy": None if ruling is None else ruling.policy,
        "answer": entry.answer,
        "facts": shown,
        "changed_by": [e.id for e in later],
    }
    print(json.dumps({**entry.shown(), **more}) if as_json else "\n".join(_told(entry, shown, later)))


@app.command()
def forget(
    name: Name,
    words: Annotated[str | None, typer.Argument(help="Sentences with all of these words.")] = None,
    span: Annotated[list[int] | None, typer.Option("--id", help="This sentence; may be given several times.")] = None,
    source: Annotated[str, typer.Option(help="All of a source: you, pasted, a document's name.")] = "",
    since: Annotated[str | None, typer.Option(help="Everything since: 2026-11-20, yesterday, 2h.")] = None,
    yes: Yes = False,
    as_json: common.Json = False,
) -> None:
    """Forget sentences exactly: the memory becomes what it would be had it never seen them.

    \b
    Examples:
      titans-edge memory forget default --id 3
      titans-edge memory forget default --source notes.txt
    """
    if not ((words or "").strip() or span or source or since):
        hint = "Give words, --id, --source or --since; `memory reset` forgets it all."
        raise UsageError("Nothing says what to forget.", hint)
    if words is not None and words.strip().lstrip("#").isdecimal() and not span:
        number = words.strip().lstrip("#")
        raise UsageError(f"{words.strip()} may be a word or a sentence's number.", f"Sentence {number}: --id {number}.")
    if words is not None and not words.strip():
        raise UsageError("The words are empty.", "Leave them out, or give some.")
    after = None if since is None else times.since(since)
    with opened(name) as journal:
        found = _by_ids(journal, span or [])
        if words or source or since:
            held = {e.id for e in found}
            more = journal.find(text=words or "", source=common.source_named(source), since=after)
            found = sorted([*found, *(e for e in more if e.id not in held)], key=lambda e: e.id)
        if not as_json:
            _print(journal, found[:SHOWN], False)
            if len(found) > SHOWN:
                print(f"… and {len(found) - SHOWN} more.")
        if found and not yes and sys.stdin.isatty():
            typer.confirm(f"Forget these {len(found)}?", abort=True, err=True)
        gone = _forget(name, journal, [e.id for e in found])
    again = " What was decided since then is decided anew." if gone else ""
    print(json.dumps({"forgotten": gone}) if as_json else f"Forgotten: {gone}.{again}")


@app.command()
def undo(name: Name = "default") -> None:
    """Forget the last message or document. Where that was a changed document, its old version is there again.

    \b
    Example:
      titans-edge memory undo
    """
    with opened(name) as journal:
        texts = [e.text for e in journal.get(journal.last_operation())]
        gone, back = journal.undo()
        if gone:
            _overwrite(name, journal, texts)
        print(f"Forgotten: {gone}.{common.restored(back)}")


@app.command()
def accept(name: Name, span: Annotated[int, typer.Argument(help="Number of a quarantined sentence.")]) -> None:
    """Believe a sentence that was held back, as if you had said it yourself at that time.

    \b
    Example:
      titans-edge memory accept default 5
    """
    _answer(name, span, True)


@app.command()
def reject(name: Name, span: Annotated[int, typer.Argument(help="Number of a quarantined sentence.")]) -> None:
    """Leave a sentence that was held back out for good.

    \b
    Example:
      titans-edge memory reject default 5
    """
    _answer(name, span, False)


app.add_typer(memory_files.app)
app.add_typer(memory_plot.app)


# --- inside


def _limit(limit: int) -> int:
    if not -1 <= limit <= MAX_ID:
        raise UsageError(f"There is no limit {limit}.", "Give a number of sentences, or -1 for all.")
    return limit


def _by_ids(journal: Journal, ids: list[int]) -> list[Entry]:
    """Sentences by their numbers; unknown ones are named, and an error if none is known."""
    found = journal.get(list(dict.fromkeys(i for i in ids if 0 < i <= MAX_ID)))
    unknown = sorted(set(ids) - {e.id for e in found})
    if unknown:
        said = f"There is no sentence {', '.join(f'#{i}' for i in unknown)}."
        if not found:
            raise UsageError(said, "See `titans-edge memory list NAME`.")
        notice(said)
    return found


def _one(journal: Journal, span: int) -> Entry:
    return _by_ids(journal, [span])[0]


def _forget(name: str, journal: Journal, ids: list[int]) -> int:
    texts = [e.text for e in journal.get(ids)]
    gone = journal.forget(ids) if ids else 0
    if gone:
        _overwrite(name, journal, texts)
    return gone


def _overwrite(name: str, journal: Journal, texts: list[str]) -> None:
    """Overwrite what was forgotten as far as that works; says what may still hold it."""
    from titans_edge.journal import upkeep

    History.of(library.memory_path(name)).forget(texts)
    remains(name, upkeep.tidy(journal))
    if left := upkeep.leftovers(library.memory_path(name)):
        files = ", ".join(p.name for p in left)
        notice(f"{files} may still hold it: `titans-edge memory clean {name}` removes what repairs and upgrades left.")


def _answer(name: str, span: int, accept: bool) -> None:
    with opened(name) as journal:
        ruling = _one(journal, span).ruling
        if ruling is None or ruling.decision is not Decision.QUARANTINED:
            hint = f"See `titans-edge memory list {name} --quarantine`."
            raise UsageError(f"Sentence #{span} is not in quarantine.", hint)
        journal.answer(span, accept)
    print("Accepted: it counts as if you had said it then." if accept else "Rejected.")


def _memories(as_json: bool) -> None:
    from titans_edge.journal import Journal, upkeep
    from titans_edge.journal.legacy import is_legacy

    rows: list[dict[str, Any]] = []
    for path in sorted(library.memories_dir().glob("*.memory")):
        row: dict[str, Any] = {"name": path.stem}
        try:
            if is_legacy(path):
                raise MemoryStateError(
                    f"it has no journal yet; open it once with `titans-edge chat --memory {path.stem}`"
                )
            with Journal(path, write=False, check=False) as journal:
                row |= {"sentences": journal.count(), "bytes": path.stat().st_size}
        except (MemoryStateError, OSError) as e:
            row["error"] = e.message if isinstance(e, MemoryStateError) else f"{path} cannot be read ({e.strerror})."
        rows.append({**row, "leftovers": [p.name for p in upkeep.leftovers(path)]})
    for name, left in upkeep.orphans(library.memories_dir()).items():
        rows.append({"name": name, "error": "there is no such memory", "leftovers": [p.name for p in left]})
    if as_json:
        print(json.dumps(rows))
        return
    for r in rows:
        held = r.get("error") or f"{r['sentences']:>7} sentences  {r['bytes'] / 1e6:.2f} MB"
        beside = f"  (beside it: {', '.join(r['leftovers'])}; see `memory clean`)" if r["leftovers"] else ""
        print(f"{r['name']:<20}{held}{beside}")
    if not rows:
        print("No memories yet.")


def _print(journal: Journal, found: list[Entry], as_json: bool) -> None:
    _refuse_damaged(journal, found)
    for e in found:
        shown = e.shown()
        plain = e.ruling is None or e.ruling.decision is Decision.WRITTEN
        mark = "" if plain else f"  ({shown['decision']}: {shown['reason']})"
        print(json.dumps(shown) if as_json else common.cite(shown) + mark)
    if not found and not as_json:
        print("Nothing.")


def _refuse_damaged(journal: Journal, found: list[Entry]) -> None:
    """Nothing is shown that is not what was stored."""
    from titans_edge.journal.file import damaged

    for span, what in journal.unsound([e.id for e in found]):
        raise damaged(journal.path, f"span #{span}: {what}")


def _told(e: Entry, facts_shown: list[str] | None, later: Sequence[Entry]) -> list[str]:
    """A sentence with what is known of it, in lines. later: what may have taken its place."""
    when, ruling = datetime.fromtimestamp(e.time), e.ruling
    decided = "undecided" if ruling is None else f"{ruling.decision}: {ruling.reason} (policy {ruling.policy})"
    answer = {True: "accepted by you", False: "rejected by you"}.get(e.answer) if e.answer is not None else None
    known = "not read yet" if facts_shown is None else f"\n{'':<12}".join(map(common.printable, facts_shown)) or "none"
    lines = {
        "sentence": f"#{e.id} {common.printable(e.text)}",
        "source": f"{common.printable(e.source.label)}, from character {e.offset}",
        "time": f"{when:%Y-%m-%d %H:%M:%S}",
        "surprise": "unknown" if e.surprise is None else f"{e.surprise:.2f} nats a token",
        "decision": decided if answer is None else f"{decided}; {answer}",
        "facts": known,
        **({"changed by": f"\n{'':<12}".join(f"#{x.id} {common.printable(x.text)}" for x in later)} if later else {}),
    }
    return [f"{k:<12}{v}" for k, v in lines.items()]
