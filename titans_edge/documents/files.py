"""Files that are meant by names of files, folders and patterns. Knows the file system; opens nothing but to look at
its first bytes.
"""

from __future__ import annotations

import glob
import os
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from titans_edge.documents.formats import kind_of
from titans_edge.documents.plain import marked

PASSED_OVER = ("node_modules", "__pycache__")  # and whatever begins with a dot
HEAD = 4096  # bytes looked at


@dataclass(frozen=True)
class File:
    """path: absolute, without links; shown: as the user named it; named: it is no find within a folder."""

    path: Path
    shown: str
    named: bool = True


@dataclass
class Found:
    """files: each once, in the order of the names; folders: those that were named, absolute; skipped: how many of what
    was passed over in them; problems: (name, why) of names that mean nothing.
    """

    files: list[File] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    problems: list[tuple[str, str]] = field(default_factory=list)

    def below(self, path: Path) -> bool:
        """Whether a path lies in one of the named folders."""
        return any(path.is_relative_to(folder) for folder in self.folders)


def find(names: Sequence[str | os.PathLike[str]]) -> Found:
    """Everything that is meant, folders with all below them. A name of a file that is there is no pattern."""
    out, met = Found(), set[Path]()
    for name in (os.path.expanduser(os.fspath(n)) for n in names):
        for path in _meant(name, out):
            real = Path(os.path.realpath(path))
            if real.is_dir():
                out.folders.append(real)
                inside = _walk(path, out)
            else:
                inside = iter([File(real, path)])
            for file in inside:
                if file.path not in met:
                    met.add(file.path)
                    out.files.append(file)
    return out


def is_gone(path: Path) -> bool:
    """Whether there is certainly no such file; a disk that cannot be read says nothing."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False


def _meant(name: str, out: Found) -> list[str]:
    """The paths a name stands for."""
    if "\0" in name:
        out.problems.append((name.replace("\0", "?"), "is no name of a file."))
        return []
    if os.path.lexists(name) or not glob.has_magic(name):
        return [name]
    matches = sorted(m for m in glob.glob(name, recursive=True) if os.path.basename(m) not in PASSED_OVER)
    if not matches:
        out.problems.append((name, "matches no file."))
    return matches


def _walk(root: str, out: Found) -> Iterator[File]:
    """The documents below a folder, in the order of their names. Links to folders are not followed."""

    def failed(e: OSError) -> None:
        out.problems.append((str(e.filename), f"cannot be read ({e.strerror})."))

    for folder, inside, names in os.walk(root, onerror=failed):
        links = [d for d in inside if os.path.islink(os.path.join(folder, d))]
        kept = [d for d in inside if not _passed_over(d) and d not in links]
        out.skipped["hidden or generated"] += len(inside) - len(kept) - sum(not _passed_over(d) for d in links)
        out.skipped["links to folders"] += sum(not _passed_over(d) for d in links)
        inside[:] = sorted(kept)
        for name in sorted(names):
            path = os.path.join(folder, name)
            if why := "hidden or generated" if _passed_over(name) else _no_document(path):
                out.skipped[why] += 1
            else:
                yield File(Path(os.path.realpath(path)), path, named=False)


def _passed_over(name: str) -> bool:
    return name.startswith(".") or name in PASSED_OVER


def _no_document(path: str) -> str:
    """Why a file in a folder is passed over; "" for one that may be a document, or says itself why not."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return "no files"
        with open(path, "rb") as f:
            head = f.read(HEAD)
    except OSError:
        return "broken links" if os.path.islink(path) else ""
    binary = b"\0" in head and kind_of(head, path) == "text" and marked(head) is None
    return "binary" if binary else ""
