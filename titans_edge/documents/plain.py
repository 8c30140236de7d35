"""A file's bytes, and the text in them: UTF-8, what a byte order mark says, or a guess that is told."""

from __future__ import annotations

import codecs
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from titans_edge.errors import DocumentError

MAX_DOCUMENT_BYTES = 256 * 2**20
NO_TEXT = "is not text."
_ENCODINGS = (  # the longer mark first: UTF-32's begins like UTF-16's
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = re.compile(r"[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]")  # not in a text; an escape may be: colours of a log


@dataclass(frozen=True)
class Text:
    """A document's text; notes: what its reader should know of how it was read, one sentence each."""

    text: str
    notes: tuple[str, ...] = ()


def read_document(path: Path) -> str:
    """A document's text, UTF-8 or what its byte order mark says. Raises DocumentError for what is no text."""
    return decode(document_bytes(path), str(path))


def decode(raw: bytes, name: str) -> str:
    """The text of a document's bytes, as `read_document`; name: what the errors call it."""
    encoding = marked(raw) or "utf-8"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as e:
        raise DocumentError(
            f"{name} is not {encoding.upper()} text (byte {e.start}).", "Convert it to UTF-8 first."
        ) from e
    return checked(text, name)


def guessed(raw: bytes, name: str, declared: str = "") -> Text:
    """The same, but bytes that are not UTF-8 are read as `declared` or as Latin-1, and that is a note."""
    encoding = marked(raw)
    if encoding is not None or _is(raw, "utf-8"):
        return Text(decode(raw, name))
    if declared and _is(raw, declared):
        return Text(checked(raw.decode(declared), name))
    damaged = raw.decode("utf-8", "replace")
    lost, foreign = damaged.count("\ufffd"), sum(c > "\x7f" for c in damaged)
    if foreign > 2 * lost:  # mostly sound: a few damaged places
        return Text(checked(damaged, name), (f"{name} is damaged UTF-8: {lost} characters of it are lost.",))
    text = raw.decode("cp1252" if _is(raw, "cp1252") else "latin-1")  # the same letters, and typographic signs
    if _CONTROL.search(text):
        raise not_text(name)
    return Text(checked(text, name), (f"{name} is not UTF-8; it was read as Latin-1.",))


def checked(text: str, name: str) -> str:
    """The text, if it is one and says something. Raises DocumentError."""
    if "\0" in text:
        raise not_text(name)
    if not text.strip("\ufeff \t\r\n\f\v\u00a0"):
        raise DocumentError(f"{name} is empty.", "There is nothing to remember.")
    return text


def not_text(name: str) -> DocumentError:
    return DocumentError(f"{name} {NO_TEXT}", "Convert it to plain text first.")


def document_bytes(path: Path, limit: int = MAX_DOCUMENT_BYTES) -> bytes:
    """The bytes of a regular file (a device or pipe might never end) of at most `limit`. Raises DocumentError."""
    try:
        about = path.stat()
        if stat.S_ISDIR(about.st_mode):
            raise DocumentError(f"{path} is a directory.", "Name text files.")
        if not stat.S_ISREG(about.st_mode):
            raise DocumentError(f"{path} is no file but a device or pipe.", "Write the text to a file first.")
        if about.st_size > limit:
            raise _too_large(path, limit)
        with path.open("rb") as file:  # it may grow meanwhile
            raw = file.read(limit + 1)
    except (OSError, ValueError) as e:  # ValueError: a name with a zero byte
        reason = getattr(e, "strerror", None) or e
        raise DocumentError(f"{path} cannot be read ({reason}).", "Check the name and your rights to it.") from e
    if len(raw) > limit:
        raise _too_large(path, limit)
    return raw


def _too_large(path: Path, limit: int) -> DocumentError:
    return DocumentError(f"{path} is larger than {limit / 2**20:.4g} MB.", "Split it into smaller files.")


def marked(raw: bytes) -> str | None:
    """The encoding a byte order mark names."""
    return next((name for mark, name in _ENCODINGS if raw.startswith(mark)), None)


def _is(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
