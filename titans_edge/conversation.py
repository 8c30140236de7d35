"""A conversation in a file: JSON that can be loaded again, or Markdown to read. Private files, whole or not at all.

Knows messages and files; nothing of memories. A file that is loaded is not believed: see `load`.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Literal

import msgspec

from titans_edge.errors import DataError

FORMAT = "titans-edge conversation 1"
MAX_BYTES = 16 * 2**20  # of a file
ROLES = ("user", "assistant")


class _Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    role: Literal["user", "assistant"]
    content: str


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: str
    messages: tuple[_Message, ...]


def save(path: Path, messages: Sequence[Mapping[str, str]], *, replace: bool = False) -> None:
    """Write messages as JSON. Raises DataError where that fails, or where the file is there and not to be replaced."""
    file = _File(FORMAT, tuple(_Message(m["role"], _plain(m["content"])) for m in messages))  # type: ignore[arg-type]
    write(path, msgspec.json.format(msgspec.json.encode(file), indent=1), replace=replace)


def export(path: Path, messages: Sequence[Mapping[str, str]], *, replace: bool = False) -> None:
    """Write messages as Markdown, for people."""
    write(path, markdown(messages).encode(), replace=replace)


def markdown(messages: Sequence[Mapping[str, str]]) -> str:
    """Messages for people to read."""
    names = {"user": "You", "assistant": "Titans Edge"}
    return "\n".join(f"**{names[m['role']]}:**\n\n{_plain(m['content']).strip()}\n" for m in messages)


def load(path: Path) -> list[dict[str, str]]:
    """The messages of a saved file, checked: its size, its form, and that user and assistant take turns, the user
    first. Raises DataError that names the first thing wrong.
    """
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise DataError(f"{path} is no file.", "Name a file of /save.")
        if about.st_size > MAX_BYTES:
            raise DataError(f"{path} is larger than {MAX_BYTES >> 20} MB.", "A saved conversation is not.")
        with path.open("rb") as f:
            raw = f.read(MAX_BYTES + 1)
    except (OSError, ValueError) as e:  # ValueError: a name with a zero byte
        reason = getattr(e, "strerror", None) or e
        raise DataError(f"{path} cannot be read ({reason}).", "Check the name and your rights to it.") from e
    try:
        file = msgspec.json.decode(raw, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise DataError(f"{path} is no saved conversation ({e}).", "Files of /save can be loaded.") from e
    if file.format != FORMAT:
        raise DataError(f"{path} is of the format {file.format[:40]!r}.", f"This version reads {FORMAT!r}.")
    wrong = _wrong(file)
    if wrong:
        raise DataError(f"{path} is no saved conversation: {wrong}.", "Files of /save can be loaded.")
    return [{"role": m.role, "content": m.content} for m in file.messages]


def _wrong(file: _File) -> str:
    """What the types do not say; "" if nothing."""
    if not file.messages or len(file.messages) % 2:
        return f"it has {len(file.messages) or 'no'} messages, and each of the user's needs a reply"
    for n, (message, role) in enumerate(zip(file.messages, cycle(ROLES), strict=False), 1):
        if message.role != role:
            return f"message {n} is the {message.role}'s and should be the {role}'s"
        if role == "user" and not message.content.strip():
            return f"message {n} is empty"
    return ""


def write(path: Path, data: bytes, *, replace: bool = False) -> None:
    """A private file with these bytes, all of them or nothing. Raises DataError."""
    try:
        if path.is_dir() or (path.exists() and not path.is_file()):
            raise DataError(f"{path} is no file.", "Name a file to write.")
        if not replace and (path.exists() or path.is_symlink()):
            raise DataError(f"{path} is there already.", "Name another file.")
        descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:80]}.")  # for its owner only
        try:
            with os.fdopen(descriptor, "wb") as f:
                f.write(data)
                f.flush()
                os.fsync(f.fileno())
            Path(part).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(part).unlink(missing_ok=True)
            raise
    except (OSError, ValueError) as e:
        reason = getattr(e, "strerror", None) or e
        raise DataError(f"{path} cannot be written ({reason}).", "Check the folder and its space.") from e


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
