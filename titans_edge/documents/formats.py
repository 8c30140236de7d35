"""What a document says, whatever its kind: plain text, Markdown, HTML, PDF or DOCX. Knows bytes; no paths, no memory.

The kind is what the bytes begin with, then what the name ends in. The libraries are optional (`titans-edge[documents]`)
and imported when they are needed. Whatever goes wrong with a document is a DocumentError of one sentence.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

from titans_edge.documents.plain import MAX_DOCUMENT_BYTES, Text, checked, guessed
from titans_edge.errors import DocumentError

INSTALL = "Run `pip install 'titans-edge[documents]'`."
PDF, ZIP, OLE, RTF = b"%PDF-", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"{\\rtf"
HTML = (b"<!doctype html", b"<html")
KINDS = {".md": "markdown", ".markdown": "markdown", ".mdown": "markdown", ".html": "html", ".htm": "html",
         ".xhtml": "html", ".pdf": "pdf", ".docx": "docx"}  # fmt: skip
LIBRARIES = {"pdf": "pypdf", "docx": "python-docx", "html": "selectolax"}


def kind_of(raw: bytes, name: str) -> str:
    """text, markdown, html, pdf, docx, or "": none that is read here."""
    ending = KINDS.get(PurePath(name).suffix.lower(), "text")
    if raw[:1024].lstrip().startswith(PDF) or ending == "pdf":
        return "pdf"
    if ending == "docx" or (raw.startswith(ZIP) and b"word/document.xml" in raw):
        return "docx"
    if ending == "text" and raw[:256].removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(HTML):
        return "html"
    return ending


def text_of(raw: bytes, name: str, limit: int = MAX_DOCUMENT_BYTES) -> Text:
    """The text of a document. name: what it is called in errors, its ending tells its kind; limit: bytes that it may
    unpack to. Raises DocumentError for what is no text or damaged, encrypted, too large or empty.
    """
    kind = kind_of(raw, name)
    if not raw:
        raise DocumentError(f"{name} is empty.", "There is nothing to remember.")
    if raw.startswith(OLE):
        raise DocumentError(f"{name} is encrypted, or of an old Office.", "Save it as .docx without a password first.")
    if raw.startswith(RTF):
        raise DocumentError(f"{name} is RTF.", "Save it as .docx or plain text first.")
    if kind == "text":
        return guessed(raw, name)
    try:
        found = _readers()[kind](raw, name, limit)
    except DocumentError:
        raise
    except ImportError as e:
        raise DocumentError(f"{name} takes {LIBRARIES[kind]}, which is not installed.", INSTALL) from e
    except Exception as e:  # of a library, over a file that may be anything
        why = " ".join(str(e).split())[:100] or type(e).__name__
        raise DocumentError(f"{name} is damaged or cut short ({why}).", "Open and save it anew first.") from e
    checked(found.text.replace("\0", ""), name)
    if len(found.text) > limit:
        raise DocumentError(f"{name} holds more text than {limit / 2**20:.4g} MB.", "Split it into smaller files.")
    return Text(found.text.replace("\0", " "), found.notes)


def _readers() -> dict[str, Callable[[bytes, str, int], Text]]:
    from titans_edge.documents import marked, office

    return {"markdown": marked.markdown, "html": marked.html, "pdf": office.pdf, "docx": office.docx}
