"""titans-edge memory, the commands on whole memories: moved, checked, emptied, deleted.

Parses and prints; what is done to files is in `journal`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from titans_edge import library
from titans_edge.cli.stored import Name, Yes, notice, opened, path_of, remains, sure
from titans_edge.errors import MemoryStateError, UsageError
from titans_edge.history import History

if TYPE_CHECKING:
    from titans_edge.journal.salvage import Repair

app = typer.Typer()


@app.command()
def export(name: Name, file: Annotated[Path, typer.Argument(help="A .jsonl or .safetensors file.")]) -> None:
    """Write a memory to a file: text, sources, times, answers, decisions and facts. It may be in use meanwhile.

    \b
    Example:
      titans-edge memory export default backup.jsonl
    """
    from titans_edge.journal import exchange, transfer

    exchange.check_suffix(file)
    with opened(name, write=False, check=True) as journal:
        print(f"{file}: {transfer.export(journal, file)} sentences.")
        if journal.base() is not None:
            notice("What this memory held before it kept sentences is in no file of sentences.")


@app.command("import")
def import_(
    name: Name,
    file: Annotated[Path, typer.Argument(help="A file of `memory export`.")],
    mine: Annotated[bool, typer.Option("--mine", help="My own backup: believe its sources and my answers.")] = False,
) -> None:
    """Add an exported file's sentences that are not there yet. They count as imported, whatever the file says of them.

    \b
    Examples:
      titans-edge memory import default friend.jsonl
      titans-edge memory import default backup.jsonl --mine
    """
    from titans_edge.journal import transfer

    path = library.memory_path(name)
    found = transfer.import_file(path_of(name) if path.exists() else path, file, mine=mine)
    known = f", {found.known} were there already" if found.known else ""
    unread = f"; {found.unread} are read anew when it is opened" if found.unread else ""
    print(f"{name}: {found.added} sentences more{known}{unread}.")


@app.command()
def merge(
    names: Annotated[list[str], typer.Argument(help="Memories to put together.")],
    into: Annotated[str, typer.Option(help="Name of the new memory.")],
) -> None:
    """Put memories together, by time, into a new one; the old ones stay.

    \b
    Example:
      titans-edge memory merge home work --into both
    """
    from titans_edge.journal import transfer

    target = _free(into)
    with ExitStack() as stack:
        journals = [stack.enter_context(opened(n, write=False, check=True)) for n in dict.fromkeys(names)]
        count = transfer.merge(journals, target)
    print(f"{into}: {count} sentences.")


@app.command()
def rename(name: Name, new: Annotated[str, typer.Argument(help="The new name.")]) -> None:
    """Give a memory another name.

    \b
    Example:
      titans-edge memory rename default home
    """
    from titans_edge.journal import upkeep

    path = path_of(name, bare=True)
    target = _free(new)
    upkeep.rename(path, target)
    History.of(path).move(target)
    print(f"{name} is {new} now.")


@app.command()
def delete(name: Name, yes: Yes = False) -> None:
    """Delete a memory: its file, and what repairs and upgrades left beside it.

    \b
    Example:
      titans-edge memory delete old --yes
    """
    from titans_edge.journal import upkeep

    path = path_of(name, bare=True)
    sure(f"Delete {name}{_size(path)}?", yes)
    upkeep.delete(path)
    History.of(path).clear()
    print(f"{name} is deleted.")


@app.command()
def reset(name: Name, yes: Yes = False) -> None:
    """Forget everything, what repairs and upgrades left too, and keep the name.

    \b
    Example:
      titans-edge memory reset default --yes
    """
    from titans_edge.journal import upkeep

    path = path_of(name, bare=True)
    sure(f"Forget everything in {name}{_size(path)}?", yes)
    remains(name, upkeep.reset(path))
    History.of(path).clear()
    print(f"Everything in {name} is forgotten.")


@app.command()
def clean(name: Name, yes: Yes = False) -> None:
    """Remove what repairs and upgrades left beside a memory (.damaged-1, .format-1): it may hold what was forgotten.

    \b
    Example:
      titans-edge memory clean default
    """
    from titans_edge.journal import upkeep

    path = library.memory_path(name)
    found = upkeep.leftovers(path)
    if not found and not path.exists():
        path_of(name)  # says which there are
    if found:
        sure(f"Remove {', '.join(p.name for p in found)}?", yes)
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

    \b
    Example:
      titans-edge memory verify default --repair
    """
    from titans_edge.journal.file import log_of
    from titans_edge.journal.salvage import check, salvage

    path = path_of(name)
    if not any(f.stat().st_size for f in (path, log_of(path)) if f.is_file()):
        hint = "`titans-edge memory import NAME FILE --mine` brings a backup back; a chat begins anew in it."
        raise MemoryStateError(f"The file of the memory {name} is empty, which no memory's is.", hint)
    done = salvage(path) if repair else None
    if done is not None:
        print("\n".join(_repaired(name, done)))
    else:
        print(f"{name} is sound: {check(path)} sentences, {path.stat().st_size / 1e6:.1f} MB.")


@app.command()
def compact(name: Name = "default") -> None:
    """Make a memory's file as small as it can be, and overwrite what was forgotten.

    \b
    Example:
      titans-edge memory compact
    """
    path = path_of(name)
    before = path.stat().st_size
    with opened(name) as journal:
        journal.compact()
    print(f"{name}: {before / 1e6:.2f} MB, now {path.stat().st_size / 1e6:.2f} MB.")


# --- inside


def _free(name: str) -> Path:
    path = library.memory_path(name)
    if path.exists() or path.is_symlink():
        raise UsageError(f"There is a memory {name!r} already.", "Choose another name, or delete it first.")
    return path


def _size(path: Path) -> str:
    """with 12 sentences, where they can be counted."""
    from titans_edge.journal import Journal

    try:
        with Journal(path, write=False, check=False) as journal:
            return f" with {journal.count()} sentences"
    except MemoryStateError:
        return ""


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
