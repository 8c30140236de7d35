"""Text out of PDF and DOCX files, which may be encrypted, cut short, or unpack to more than fits."""

from __future__ import annotations

import io
import logging
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from titans_edge.documents.plain import Text
from titans_edge.errors import DocumentError

_TAIL = 4096  # bytes in which a PDF's end stands
_HYPHEN = re.compile(r"(?<=[a-zà-ÿ])[-\u00ad]\n(?=[a-zà-ÿ])")
_NAMESPACE = re.compile(r"^\{[^}]*\}")
_NOT_READ = frozenset({"del", "moveFrom", "Fallback", "instrText", "delText", "pPr", "rPr", "tblPr", "trPr", "tcPr"})


def pdf(raw: bytes, name: str, limit: int) -> Text:
    """The text of a PDF's pages, in order; a word cut at a line's end is whole again."""
    from pypdf import PdfReader
    from pypdf.errors import DependencyError

    logging.getLogger("pypdf").addHandler(logging.NullHandler())
    if b"%PDF-" not in raw[:1024] or b"%%EOF" not in raw[-_TAIL:]:
        raise DocumentError(f"{name} is no PDF, or is cut short.", "Get it anew, or open and save it first.")
    locked = DocumentError(f"{name} is encrypted.", "Save it without a password first.")
    reader = PdfReader(io.BytesIO(raw))
    try:
        if reader.is_encrypted and not reader.decrypt(""):
            raise locked
        pages, size = list[str](), 0
        for page in reader.pages:
            pages.append(_HYPHEN.sub("", page.extract_text()))
            size += len(pages[-1])
            if size > limit:
                raise DocumentError(f"{name} holds more text than {limit / 2**20:.4g} MB.", "Split it first.")
    except DependencyError as e:  # AES, without the library for it
        raise locked from e
    text = "\n\n".join(pages)
    if not text.strip():
        raise DocumentError(f"{name} holds no text, perhaps pictures of pages.", "Recognise its text first (OCR).")
    return Text(text)


def docx(raw: bytes, name: str, limit: int) -> Text:
    """The paragraphs and tables of a DOCX, in order, as they stand after all changes; no hidden text."""
    import docx as library

    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
    except zipfile.BadZipFile as e:
        raise DocumentError(f"{name} is no DOCX, or is cut short.", "Open and save it anew first.") from e
    with archive:
        parts = archive.infolist()
        if any(part.flag_bits & 1 for part in parts):
            raise DocumentError(f"{name} is encrypted.", "Save it without a password first.")
        if (size := sum(part.file_size for part in parts)) > limit:
            raise DocumentError(
                f"{name} would unpack to {size / 2**20:,.0f} MB, more than {limit / 2**20:.4g}.", "Split it first."
            )
    return Text("\n\n".join(_blocks(library.Document(io.BytesIO(raw)).element.body)))


def _tag(element: Any) -> str:
    return _NAMESPACE.sub("", element.tag) if isinstance(element.tag, str) else ""  # a comment has none


def _blocks(element: Any) -> Iterator[str]:
    """Each paragraph below an element, and each row of a table."""
    for child in element:
        tag = _tag(child)
        if tag == "p":
            boxes = list[Any]()
            if said := "".join(_inline(child, boxes)).strip():
                yield said
            for box in boxes:
                yield from _blocks(box)
        elif tag == "tr":
            cells = [" ".join(_blocks(cell)) for cell in child if _tag(cell) in ("tc", "sdt")]
            if any(cells):
                yield ", ".join(filter(None, cells))
        elif tag not in _NOT_READ:
            yield from _blocks(child)


def _inline(element: Any, boxes: list[Any]) -> Iterator[str]:
    """The text within a paragraph; text boxes that hang on it go to `boxes`."""
    for child in element:
        tag = _tag(child)
        if tag == "t":
            yield child.text or ""
        elif tag in ("tab", "br", "cr"):
            yield " "
        elif tag == "noBreakHyphen":
            yield "-"
        elif tag == "txbxContent":
            boxes.append(child)
        elif tag not in _NOT_READ and not (tag == "r" and _vanishes(child)):
            yield from _inline(child, boxes)


def _vanishes(run: Any) -> bool:
    """Whether a run is marked as hidden."""
    marks = [m for p in run if _tag(p) == "rPr" for m in p if _tag(m) in ("vanish", "webHidden")]
    values = ({_NAMESPACE.sub("", k): v for k, v in m.attrib.items()}.get("val", "1") for m in marks)
    return any(v not in ("0", "false", "off") for v in values)
