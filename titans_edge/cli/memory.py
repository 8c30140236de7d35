"""titans-edge memory: what is remembered, listed, searched, undone, moved. Needs neither backbone nor graft nor torch.

Parses and prints; what is done to a memory's rows and files is in `journal`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from titans_edge import facts, library
from titans_edge.cli import common
from titans_edge.errors import MemoryStateError, UsageError
from titans_edge.rulings import Decision

if TYPE_CHECKING:
    from titans_edge.journal import Entry, Journal
    from titans_edge.journal.salvage import Repair

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="What is remembered: list, search, forget, move.")

SHOWN = 50  # sentences printed before one is asked about them
MAX_ID = 2**63 - 1
Name = Annotated[str, typer.Argument(help="Name of the memory.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Limit = Annotated[int, typer.Option(help="The newest so many (-1: all).")]


@app.command("list")
def list_(
    name: Annotated[str | None, typer.Argument(help="Name of the memory; none: list the memories.")] = None,
    source: Annotated[str, typer.Option(help="Only this source: you, pasted, a document's name.")] = "",
    since: Annotated[str | None, typer.Option(help="Only since: 2026-11-20, yesterday, 2h, 3d.")] = None,
    quarantine: Annotated[bool, typer.Option("--quarantine", help="Only what waits for your word.")] = False,
    limit: Limit = 50,
    as_json: common.Json = False,
) -> None:
    """The memories, or the stored sentences of one.

    Examples: [bold]titans-edge memory list[/bold] · [bold]titans-edge memory list default --since yesterday[/bold]
    """
    if name is None:
        _memories(as_json)
        return
    after = None if since is None else common.since(since)
    with _open(name, write=False) as journal:
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

    Example: [bold]titans-edge memory search default "dog name"[/bold]
    """
    if not words.strip():
        raise UsageError("There are no words to look for.", "See `titans-edge memory list NAME` for all.")
    with _open(name, write=False) as journal:
        _print(journal, journal.find(text=words, limit=_limit(limit)), as_json)


@app.command()
def show(
    name: Name, span: Annotated[int, typer.Argument(help="Number of a sentence.")], as_json: common.Json = False
) -> None:
    """Everything known of one sentence: where it is from, when, what was decided and why, and its facts.

    Example: [bold]titans-edge memory show default 3[/bold]
    """
    with _open(name, write=False) as journal:
        entry = _one(journal, span)
        _refuse_damaged(journal, [entry])
    ruling = entry.ruling
    shown = None if entry.record is None else [facts.shown(f) for f in facts.unpack(entry.record)]
    more = {
        "confined": ruling is not None and ruling.confined,
        "policy": None if ruling is None else ruling.policy,
        "answer": entry.answer,
        "facts": shown,
    }
    print(json.dumps({**entry.shown(), **more}) if as_json else "\n".join(_told(entry, shown)))


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

    Examples: [bold]titans-edge memory forget default --id 3[/bold] ·
    [bold]titans-edge memory forget default --source notes.txt[/bold]
    """
    if not ((words or "").strip() or span or source or since):
        hint = "Give words, --id, --source or --since; `memory reset` forgets it all."
        raise UsageError("Nothing says what to forget.", hint)
    if words is not None and not words.strip():
        raise UsageError("The words are empty.", "Leave them out, or give some.")
    after = None if since is None else common.since(since)
    with _open(name) as journal:
        found = _by_ids(journal, span or [])
        if words or source or since:
            held = {e.id for e in found}
            more = journal.find(text=words or "", source=common.source_named(source), since=after)
            found = sorted([*found, *(e for e in more if e.id not in held)], key=lambda e: e.id)
        if not as_json:
            _print(journal, found[:SHOWN], False)
            print(f"… and {len(found) - SHOWN} more." if len(found) > SHOWN else "", end="\n" * (len(found) > SHOWN))
        if found and not yes and sys.stdin.isatty():
            typer.confirm(f"Forget these {len(found)}?", abort=True, err=True)
        gone = _forget(name, journal, [e.id for e in found])
    again = " What was decided since then is decided anew." if gone else ""
    print(json.dumps({"forgotten": gone}) if as_json else f"Forgotten: {gone}.{again}")


@app.command()
def undo(name: Name = "default") -> None:
    """Forget the last message or document.

    Example: [bold]titans-edge memory undo[/bold]
    """
    with _open(name) as journal:
        print(f"Forgotten: {_forget(name, journal, journal.last_operation())}.")


@app.command()
def accept(name: Name, span: Annotated[int, typer.Argument(help="Number of a quarantined sentence.")]) -> None:
    """Believe a sentence that was held back, as if you had said it yourself at that time."""
    _answer(name, span, True)


@app.command()
def reject(name: Name, span: Annotated[int, typer.Argument(help="Number of a quarantined sentence.")]) -> None:
    """Leave a sentence that was held back out for good."""
    _answer(name, span, False)


@app.command()
def export(name: Name, file: Annotated[Path, typer.Argument(help="A .jsonl or .safetensors file.")]) -> None:
    """Write a memory to a file: text, sources, times, answers, decisions and facts. It may be in use meanwhile.

    Example: [bold]titans-edge memory export default backup.jsonl[/bold]
    """
    from titans_edge.journal import exchange, transfer

    exchange.check_suffix(file)
    with _open(name, write=False, check=True) as journal:
        print(f"{file}: {transfer.export(journal, file)} sentences.")
        if journal.base() is not None:
            _notice("What this memory held before it kept sentences is in no file of sentences.")


@app.command("import")
def import_(
    name: Name,
    file: Annotated[Path, typer.Argument(help="A file of `memory export`.")],
    mine: Annotated[bool, typer.Option("--mine", help="My own backup: believe its sources and my answers.")] = False,
) -> None:
    """Add an exported file's sentences that are not there yet. They count as imported, whatever the file says of them.

    Examples: [bold]titans-edge memory import default friend.jsonl[/bold] ·
    [bold]titans-edge memory import default backup.jsonl --mine[/bold]
    """
    from titans_edge.journal import transfer

    path = library.memory_path(name)
    found = transfer.import_file(_path(name) if path.exists() else path, file, mine=mine)
    known = f", {found.known} were there already" if found.known else ""
    unread = f"; {found.unread} are read anew when it is opened" if found.unread else ""
    print(f"{name}: {found.added} sentences more{known}{unread}.")


@app.command()
def merge(
    names: Annotated[list[str], typer.Argument(help="Memories to put together.")],
    into: Annotated[str, typer.Option(help="Name of the new memory.")],
) -> None:
    """Put memories together, by time, into a new one; the old ones stay.

    Example: [bold]titans-edge memory merge home work --into both[/bold]
    """
    from titans_edge.journal import transfer

    target = _free(into)
    with ExitStack() as stack:
        journals = [stack.enter_context(_open(n, write=False, check=True)) for n in dict.fromkeys(names)]
        count = transfer.merge(journals, target)
    print(f"{into}: {count} sentences.")


@app.command()
def rename(name: Name, new: Annotated[str, typer.Argument(help="The new name.")]) -> None:
    """Give a memory another name."""
    from titans_edge.journal import upkeep

    path = _path(name)
    upkeep.rename(path, _free(new))
    print(f"{name} is {new} now.")


@app.command()
def delete(name: Name, yes: Yes = False) -> None:
    """Delete a memory: its file, and what repairs and upgrades left beside it."""
    from titans_edge.journal import upkeep

    path = _path(name)
    _sure(f"Delete {name}{_size(path)}?", yes)
    upkeep.delete(path)
    print(f"{name} is deleted.")


@app.command()
def reset(name: Name, yes: Yes = False) -> None:
    """Forget everything, what repairs and upgrades left too, and keep the name."""
    from titans_edge.journal import upkeep

    path = _path(name)
    _sure(f"Forget everything in {name}{_size(path)}?", yes)
    _remains(name, upkeep.reset(path))
    print(f"Everything in {name} is forgotten.")


@app.command()
def clean(name: Name, yes: Yes = False) -> None:
    """Remove what repairs and upgrades left beside a memory (.damaged-1, .format-1): it may hold what was forgotten.

    Example: [bold]titans-edge memory clean default[/bold]
    """
    from titans_edge.journal import upkeep

    path = library.memory_path(name)
    found = upkeep.leftovers(path)
    if not found and not path.exists():
        _path(name)  # says which there are
    if found:
        _sure(f"Remove {', '.join(p.name for p in found)}?", yes)
        found = [path.with_name(n) for n in upkeep.clean(path)]
    print(f"Removed: {', '.join(p.name for p in found) or 'nothing'}.")


@app.command()
def verify(
    name: Name = "default",
    repair: Annotated[
        bool, typer.Option("--repair", help="Keep all that is sound; the damaged file stays beside it.")
    ] = False,
) -> None:
    """Check a memory's file: SQLite's structure, every checksum, every value.

    Example: [bold]titans-edge memory verify default --repair[/bold]
    """
    from titans_edge.journal.salvage import check, salvage

    path = _path(name)
    done = salvage(path) if repair else None
    if done is not None:
        print("\n".join(_repaired(name, done)))
    else:
        print(f"{name} is sound: {check(path)} sentences, {path.stat().st_size / 1e6:.1f} MB.")


@app.command()
def compact(name: Name = "default") -> None:
    """Make a memory's file as small as it can be, and overwrite what was forgotten.

    Example: [bold]titans-edge memory compact[/bold]
    """
    path = _path(name)
    before = path.stat().st_size
    with _open(name) as journal:
        journal.compact()
    print(f"{name}: {before / 1e6:.2f} MB, now {path.stat().st_size / 1e6:.2f} MB.")


# --- inside


def _path(name: str) -> Path:
    from titans_edge.journal.legacy import is_legacy

    path = library.memory_path(name)
    if not path.exists():
        known = ", ".join(sorted(p.stem for p in library.memories_dir().glob("*.memory"))) or "none yet"
        raise UsageError(f"There is no memory {name!r}.", f"Memories: {known}.")
    if is_legacy(path):
        hint = f"Open it once: `titans-edge chat --memory {name}`."
        raise MemoryStateError(f"The memory {name} has no journal yet.", hint)
    return path


def _free(name: str) -> Path:
    path = library.memory_path(name)
    if path.exists() or path.is_symlink():
        raise UsageError(f"There is a memory {name!r} already.", "Choose another name, or delete it first.")
    return path


@contextmanager
def _open(name: str, *, write: bool = True, check: bool = False) -> Iterator[Journal]:
    """A memory's journal; what is read from it is checked row by row, all of it only with `check`."""
    from titans_edge.journal import Journal
    from titans_edge.journal.file import translated

    path = _path(name)
    with Journal(path, write=write, check=check) as journal, translated(path):
        for notice in journal.notices:
            _notice(notice)
        yield journal


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
        _notice(said)
    return found


def _one(journal: Journal, span: int) -> Entry:
    return _by_ids(journal, [span])[0]


def _forget(name: str, journal: Journal, ids: list[int]) -> int:
    """Forget, then overwrite as far as that works; says what may still hold the text."""
    from titans_edge.journal import upkeep

    gone = journal.forget(ids) if ids else 0
    if gone:
        _remains(name, upkeep.tidy(journal))
    if gone and (left := upkeep.leftovers(library.memory_path(name))):
        files = ", ".join(p.name for p in left)
        _notice(f"{files} may still hold it: `titans-edge memory clean {name}` removes what repairs and upgrades left.")
    return gone


def _remains(name: str, why: str) -> None:
    if why:
        _notice(
            f"Forgotten, but the file could not be made anew ({why.rstrip('.')}); what its free pages still hold goes"
            f" with `titans-edge memory compact {name}`."
        )


def _notice(text: str) -> None:
    print(f"! {text}", file=sys.stderr)


def _sure(question: str, yes: bool) -> None:
    """Ask, where somebody can answer; where nobody can, only --yes says yes."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("This cannot be undone, and nobody can be asked here.", "Say --yes.")
    typer.confirm(question, abort=True, err=True)


def _size(path: Path) -> str:
    """with 12 sentences, where they can be counted."""
    from titans_edge.journal import Journal

    try:
        with Journal(path, write=False, check=False) as journal:
            return f" with {journal.count()} sentences"
    except MemoryStateError:
        return ""


def _answer(name: str, span: int, accept: bool) -> None:
    with _open(name) as journal:
        ruling = _one(journal, span).ruling
        if ruling is None or ruling.decision is not Decision.QUARANTINED:
            hint = f"See `titans-edge memory list {name} --quarantine`."
            raise UsageError(f"Sentence #{span} is not in quarantine.", hint)
        journal.answer(span, accept)
    print("Accepted: it counts as if you had said it then." if accept else "Rejected.")


def _repaired(name: str, done: Repair) -> list[str]:
    """What a repair did, in lines."""
    lost = f"{len(done.lost)} lost ({_numbers(done.lost)})" if done.lost else "none known to be lost"
    out = [f"{name}: {done.kept} sentences kept, {lost}; the damaged file is {done.aside.name}."]
    becomes = {"its facts": "read anew", "its ruling": "decided anew", "its answer": "to be answered anew"}
    for part, ids in done.parts.items():
        out.append(f"{part.removeprefix('its ').capitalize()} damaged, {becomes[part]}: {_numbers(ids)}.")
    if done.base_lost:
        out.append("What it held before it kept sentences is lost.")
    return out


def _numbers(ids: Sequence[int]) -> str:
    """#1, #3-7."""
    runs: list[list[int]] = []
    for i in ids:
        if runs and runs[-1][-1] == i - 1:
            runs[-1] = [runs[-1][0], i]
        else:
            runs.append([i])
    return ", ".join(f"#{r[0]}" if len(r) == 1 else f"#{r[0]}-{r[-1]}" for r in runs)


def _memories(as_json: bool) -> None:
    from titans_edge.journal import Journal, upkeep

    rows: list[dict[str, Any]] = []
    for path in sorted(library.memories_dir().glob("*.memory")):
        row: dict[str, Any] = {"name": path.stem}
        try:
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


def _told(e: Entry, facts_shown: list[str] | None) -> list[str]:
    """A sentence with what is known of it, in lines."""
    when, ruling = datetime.fromtimestamp(e.time), e.ruling
    decided = "undecided" if ruling is None else f"{ruling.decision}: {ruling.reason} (policy {ruling.policy})"
    answer = {True: "accepted by you", False: "rejected by you"}.get(e.answer) if e.answer is not None else None
    lines = {
        "sentence": f"#{e.id} {common.printable(e.text)}",
        "source": f"{common.printable(e.source.label)}, from character {e.offset}",
        "time": f"{when:%Y-%m-%d %H:%M:%S}",
        "surprise": "unknown" if e.surprise is None else f"{e.surprise:.2f} nats a token",
        "decision": decided if answer is None else f"{decided}; {answer}",
        "facts": "not read yet"
        if facts_shown is None
        else "\n          ".join(map(common.printable, facts_shown)) or "none",
    }
    return [f"{k:<10}{v}" for k, v in lines.items()]
