"""Opening a stored memory for a command, and what several of those say and ask."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from titans_edge import library
from titans_edge.errors import MemoryStateError, UsageError

if TYPE_CHECKING:
    from titans_edge.journal import Journal

Name = Annotated[str, typer.Argument(help="Name of the memory.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def path_of(name: str, *, bare: bool = False) -> Path:
    """The file of a memory that is there. Raises UsageError, or MemoryStateError for one of format 1, a bare state,
    where that will not do.
    """
    from titans_edge.journal.legacy import is_legacy

    path = library.memory_path(name)
    if not path.exists():
        known = ", ".join(sorted(p.stem for p in library.memories_dir().glob("*.memory"))) or "none yet"
        raise UsageError(f"There is no memory {name!r}.", f"Memories: {known}.")
    if not bare and is_legacy(path):
        hint = f"Open it once: `titans-edge chat --memory {name}`."
        raise MemoryStateError(f"The memory {name} has no journal yet.", hint)
    return path


@contextmanager
def opened(name: str, *, write: bool = True, check: bool = False) -> Iterator[Journal]:
    """A memory's journal; what is read from it is checked row by row, all of it only with `check`."""
    from titans_edge.journal import Journal
    from titans_edge.journal.file import translated

    path = path_of(name)
    with Journal(path, write=write, check=check) as journal, translated(path):
        for said in journal.notices:
            notice(said)
        yield journal


def remains(name: str, why: str) -> None:
    """Say that something forgotten could not be overwritten, where `why` says so."""
    if why:
        notice(
            f"Forgotten, but the file could not be made anew ({why.rstrip('.')}); what its free pages still hold goes"
            f" with `titans-edge memory compact {name}`."
        )


def notice(text: str) -> None:
    """A line beside the result."""
    print(f"! {text}", file=sys.stderr)


def sure(question: str, yes: bool) -> None:
    """Ask, where somebody can answer; where nobody can, only --yes says yes."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("This cannot be undone, and nobody can be asked here.", "Say --yes.")
    typer.confirm(question, abort=True, err=True)
