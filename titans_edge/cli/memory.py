"""titans-edge memory: what is remembered, listed, searched, undone, moved. Needs neither backbone nor graft, and no
torch.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from titans_edge import library
from titans_edge.cli import common
from titans_edge.errors import MemoryStateError, UsageError

if TYPE_CHECKING:
    from titans_edge.journal import Entry, Journal

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="What is remembered: list, search, forget, move.")

Name = Annotated[str, typer.Argument(help="Name of the memory.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@app.command("list")
def list_(
    name: Annotated[str | None, typer.Argument(help="Name of the memory; none: list the memories.")] = None,
    source: Annotated[str, typer.Option(help="Only this source: you, or a document's name.")] = "",
    since: Annotated[str | None, typer.Option(help="Only since: 2026-11-20, yesterday, 2h, 3d.")] = None,
    quarantine: Annotated[bool, typer.Option("--quarantine", help="Only what the guard held back.")] = False,
    limit: Annotated[int, typer.Option(help="The newest so many (-1: all).")] = 50,
    as_json: common.Json = False,
) -> None:
    """The memories, or the stored sentences of one.

    Examples: [bold]titans-edge memory list[/bold] · [bold]titans-edge memory list default --since yesterday[/bold]
    """
    if name is None:
        _memories(as_json)
        return
    with _open(name, write=False) as journal:
        after = None if since is None else common.since(since)
        found = (
            journal.quarantine()
            if quarantine
            else journal.find(source=common.source_named(source), since=after, limit=limit)
        )
        _print(found, as_json)


@app.command()
def search(
    name: Name, words: Annotated[str, typer.Argument(help="All of these words.")], as_json: common.Json = False
) -> None:
    """Stored sentences with all of these words.

    Example: [bold]titans-edge memory search default "dog name"[/bold]
    """
    with _open(name, write=False) as journal:
        _print(journal.find(text=words), as_json)


@app.command()
def show(
    name: Name, span: Annotated[int, typer.Argument(help="Number of a sentence.")], as_json: common.Json = False
) -> None:
    """Everything known of one sentence: source, place, time, surprise, the guard's decision and its reason.

    Example: [bold]titans-edge memory show default 3[/bold]
    """
    with _open(name, write=False) as journal:
        shown = _one(journal, span).shown()
        print(json.dumps(shown) if as_json else "\n".join(f"{k:<10}{v}" for k, v in shown.items()))


@app.command()
def forget(
    name: Name,
    words: Annotated[str | None, typer.Argument(help="Sentences with all of these words.")] = None,
    span: Annotated[list[int] | None, typer.Option("--id", help="This sentence; may be given several times.")] = None,
    source: Annotated[str, typer.Option(help="All of a source: you, or a document's name.")] = "",
    since: Annotated[str | None, typer.Option(help="Everything since: 2026-11-20, yesterday, 2h.")] = None,
    yes: Yes = False,
    as_json: common.Json = False,
) -> None:
    """Forget sentences exactly: the memory becomes what it would be had it never seen them.

    Examples: [bold]titans-edge memory forget default --id 3[/bold] ·
    [bold]titans-edge memory forget default --source notes.txt[/bold]
    """
    if not (words or span or source or since):
        raise UsageError(
            "Nothing says what to forget.", "Give words, --id, --source or --since; `memory delete` removes it all."
        )
    with _open(name) as journal:
        after = None if since is None else common.since(since)
        found = journal.get(span or [])
        if words or source or since:
            found += journal.find(text=words or "", source=common.source_named(source), since=after)
        if not as_json:
            _print(found, False)
        if found and not yes and sys.stdin.isatty():
            typer.confirm(f"Forget these {len(found)}?", abort=True)
        gone = journal.forget([e.id for e in found])
        print(
            json.dumps({"forgotten": gone})
            if as_json
            else f"Forgotten: {gone}. What the guard held back since then is judged anew."
        )


@app.command()
def undo(name: Name = "default") -> None:
    """Forget the last message or document.

    Example: [bold]titans-edge memory undo[/bold]
    """
    with _open(name) as journal:
        print(f"Forgotten: {journal.forget(journal.last_event())}.")


@app.command()
def accept(name: Name, span: Annotated[int, typer.Argument(help="Number of a quarantined sentence.")]) -> None:
    """Believe a sentence the guard held back, as if you had said it yourself at that time."""
    _rule(name, span, True)


@app.command()
def reject(name: Name, span: Annotated[int, typer.Argument(help="Number of a quarantined sentence.")]) -> None:
    """Leave a sentence the guard held back out for good."""
    _rule(name, span, False)


@app.command()
def export(name: Name, file: Annotated[Path, typer.Argument(help="A .jsonl or .safetensors file.")]) -> None:
    """Write a memory to a file: text, sources, times, decisions, and the writes themselves.

    Example: [bold]titans-edge memory export default backup.jsonl[/bold]
    """
    from titans_edge import transfer

    _format(file)
    with _open(name, write=False) as journal:
        print(f"{file}: {transfer.save(journal, file)} sentences.")


@app.command("import")
def import_(name: Name, file: Annotated[Path, typer.Argument(help="A file of `memory export`.")]) -> None:
    """Append an exported memory to this one (which is made if it is not there).

    Example: [bold]titans-edge memory import work backup.jsonl[/bold]
    """
    from titans_edge import transfer
    from titans_edge.journal import Journal

    _format(file)
    graft, entries, events = transfer.load(file)
    with Journal(library.memory_path(name)) as journal:
        print(f"{name}: {transfer.add(journal, graft, entries, events)} sentences more, {journal.count()} in all.")


@app.command()
def merge(
    names: Annotated[list[str], typer.Argument(help="Memories to put together.")],
    into: Annotated[str, typer.Option(help="Name of the new memory.")],
) -> None:
    """Put memories together, by time, into a new one; the old ones stay.

    Example: [bold]titans-edge memory merge home work --into both[/bold]
    """
    from contextlib import ExitStack

    from titans_edge import transfer
    from titans_edge.journal import Journal

    target = _free(into)
    with ExitStack() as stack:
        journals = [stack.enter_context(_open(n, write=False)) for n in names]
        made = target.with_suffix(".new")
        made.unlink(missing_ok=True)
        with Journal(made) as journal:
            count = transfer.merge(journals, journal)
            journal.compact()
        made.replace(target)
    made.with_suffix(".lock").unlink(missing_ok=True)
    print(f"{into}: {count} sentences.")


@app.command()
def rename(name: Name, new: Annotated[str, typer.Argument(help="The new name.")]) -> None:
    """Give a memory another name."""
    target = _free(new)
    with _open(name) as journal:
        journal.compact()
        path = journal.path
    assert path is not None
    path.rename(target)
    path.with_suffix(".lock").unlink(missing_ok=True)
    print(f"{name} is {new} now.")


@app.command()
def delete(name: Name, yes: Yes = False) -> None:
    """Delete a memory and its file."""
    with _open(name, check=False) as journal:
        if not yes and sys.stdin.isatty():
            typer.confirm(f"Delete {name} with {journal.count()} sentences?", abort=True)
        journal.clear()
        path = journal.path
    assert path is not None
    for suffix in (".memory", ".memory-wal", ".memory-shm", ".lock"):
        path.with_suffix(suffix).unlink(missing_ok=True)
    print(f"{name} is deleted.")


@app.command()
def verify(
    name: Name = "default",
    repair: Annotated[
        bool, typer.Option("--repair", help="Move a damaged file aside and keep every sound sentence.")
    ] = False,
) -> None:
    """Check a memory's file: SQLite's structure and every sentence's checksum.

    Example: [bold]titans-edge memory verify default --repair[/bold]
    """
    from titans_edge.transfer import salvage

    path = _path(name)
    try:
        with _open(name, write=False) as journal:
            print(f"{name} is sound: {journal.count()} sentences, {path.stat().st_size / 1e6:.1f} MB.")
    except MemoryStateError:
        if not repair:
            raise
        kept, lost, aside = salvage(path)
        missing = "an unknown number" if lost < 0 else str(lost)
        print(f"{name}: {kept} sentences kept, {missing} lost; the damaged file is {aside.name}.")


@app.command()
def compact(name: Name = "default") -> None:
    """Make a memory's file as small as it can be.

    Example: [bold]titans-edge memory compact[/bold]
    """
    path = _path(name)
    before = path.stat().st_size
    with _open(name) as journal:
        journal.compact()
    print(f"{name}: {before / 1e6:.2f} MB, now {path.stat().st_size / 1e6:.2f} MB.")


def _path(name: str) -> Path:
    from titans_edge.sidecar.legacy import is_legacy

    path = library.memory_path(name)
    if not path.exists():
        known = ", ".join(sorted(p.stem for p in library.memories_dir().glob("*.memory"))) or "none yet"
        raise UsageError(f"There is no memory {name!r}.", f"Memories: {known}.")
    if is_legacy(path):
        raise MemoryStateError(
            f"The memory {name} has no journal yet.", f"Open it once: `titans-edge chat --memory {name}`."
        )
    return path


def _free(name: str) -> Path:
    path = library.memory_path(name)
    if path.exists():
        raise UsageError(f"There is a memory {name!r} already.", "Choose another name, or delete it first.")
    return path


def _open(name: str, *, write: bool = True, check: bool = True) -> Journal:
    from titans_edge.journal import Journal

    return Journal(_path(name), write=write, check=check)


def _one(journal: Journal, span: int) -> Entry:
    found = journal.get([span])
    if not found:
        raise UsageError(f"There is no sentence #{span}.", "See `titans-edge memory list NAME`.")
    return found[0]


def _rule(name: str, span: int, accept: bool) -> None:
    with _open(name) as journal:
        if _one(journal, span).decision != "quarantined":
            raise UsageError(
                f"Sentence #{span} is not in quarantine.", f"See `titans-edge memory list {name} --quarantine`."
            )
        journal.rule(span, accept)
    print("Accepted: it counts as if you had said it then." if accept else "Rejected.")


def _memories(as_json: bool) -> None:
    from titans_edge.journal import Journal

    rows: list[dict[str, Any]] = []
    for path in sorted(library.memories_dir().glob("*.memory")):
        try:
            with Journal(path, write=False, check=False) as journal:
                rows.append({"name": path.stem, "sentences": journal.count(), "bytes": path.stat().st_size})
        except MemoryStateError as e:
            rows.append({"name": path.stem, "error": e.message})
    if as_json:
        print(json.dumps(rows))
        return
    for r in rows:
        print(
            f"{r['name']:<20}{r['error']}"
            if "error" in r
            else f"{r['name']:<20}{r['sentences']:>7} sentences  {r['bytes'] / 1e6:.2f} MB"
        )
    if not rows:
        print("No memories yet.")


def _print(found: list[Entry], as_json: bool) -> None:
    for e in found:
        shown = e.shown()
        mark = "" if e.decision in ("", "written") else f"  ({e.decision}: {e.reason})"
        print(json.dumps(shown) if as_json else common.cite(shown) + mark)
    if not found and not as_json:
        print("Nothing.")


def _format(file: Path) -> None:
    from titans_edge.transfer import FORMATS

    if file.suffix not in FORMATS:
        raise UsageError(f"{file} is neither {' nor '.join(FORMATS)}.", "Choose one by the file's ending.")
