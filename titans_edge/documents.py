"""Documents that are read into a memory: a file's text in any Unicode encoding. Knows no formats but plain text."""

from __future__ import annotations

import codecs
import stat
from pathlib import Path

from titans_edge.errors import DocumentError

MAX_DOCUMENT_BYTES = 256 * 2**20
_ENCODINGS = (  # the longer mark first: UTF-32's begins like UTF-16's
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_document(path: Path) -> str:
    """A document's text, UTF-8 or what its byte order mark says. Raises DocumentError for what is no text."""
    return decode(_document_bytes(path), str(path))


def decode(raw: bytes, name: str) -> str:
    """The text of a document's bytes, as `read_document`; name: what the errors call it."""
    encoding = next((name for mark, name in _ENCODINGS if raw.startswith(mark)), "utf-8")
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as e:
        raise DocumentError(
            f"{name} is not {encoding.upper()} text (byte {e.start}).", "Convert it to UTF-8 first."
        ) from e
    if "\0" in text:
        raise DocumentError(f"{name} is not text.", "Convert it to plain text first.")
    if not text.strip():
        raise DocumentError(f"{name} is empty.", "There is nothing to remember.")
    return text


def _document_bytes(path: Path) -> bytes:
    """The bytes of a regular file: a device or pipe might never end."""
    try:
        about = path.stat()
        if stat.S_ISDIR(about.st_mode):
            raise DocumentError(f"{path} is a directory.", "Name text files.")
        if not stat.S_ISREG(about.st_mode):
            raise DocumentError(f"{path} is no file but a device or pipe.", "Write the text to a file first.")
        if about.st_size > MAX_DOCUMENT_BYTES:
            raise DocumentError(f"{path} is larger than {MAX_DOCUMENT_BYTES >> 20} MB.", "Split it into smaller files.")
        return path.read_bytes()
    except (OSError, ValueError) as e:  # ValueError: a name with a zero byte
        reason = getattr(e, "strerror", None) or e
        raise DocumentError(f"{path} cannot be read ({reason}).", "Check the name and your rights to it.") from e
