"""Files become text: what one sees of each kind, nothing hidden, and one sentence for whatever is none."""

from __future__ import annotations

import io
import os
import struct
import sys
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from titans_edge.documents.files import find, is_gone
from titans_edge.documents.formats import kind_of, text_of
from titans_edge.errors import DocumentError

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def said(raw: bytes | str, name: str, **of: int) -> str:
    return text_of(raw.encode() if isinstance(raw, str) else raw, name, **of).text


# --- text


def test_what_is_not_utf_8_is_latin_1_and_that_is_said() -> None:
    assert text_of("Café “x”".encode("cp1252"), "a.txt").text == "Café “x”"
    (note,) = text_of("Café".encode("latin-1"), "a.txt").notes
    assert note == "a.txt is not UTF-8; it was read as Latin-1."
    assert text_of("Łódź".encode("utf-16"), "a.txt").text == "Łódź"
    damaged = text_of("Łódź, Kraków, Gdańsk. ".encode() * 3 + b"\xff", "a.txt")
    assert damaged.text.startswith("Łódź, Kraków") and "1 characters" in damaged.notes[0]


@pytest.mark.parametrize(
    ("raw", "name", "says"),
    [
        (b"", "a.txt", "is empty"),
        (b"", "a.pdf", "is empty"),
        (b" \n", "a.md", "is empty"),
        (b"---\ntags: [x]\n---\n", "a.md", "is empty"),
        (b"\xef\xbb\xbf", "a.html", "is empty"),
        (b"<script>let a</script>", "a.html", "is empty"),
        (b"a\0b", "a.txt", "is not text"),
        (b"a\0b", "a.md", "is not text"),
        (b"\x89PNG\r\n\x1a\n\x01\x02", "a.txt", "is not text"),
        (b"PK\x03\x04\x00\x00", "a.zip", "is not text"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.docx", "encrypted"),
        (b"{\\rtf1 x}", "a.rtf", "is RTF"),
        (b"%PDF-1.4\n", "a.pdf", "cut short"),
        (b"nonsense", "a.pdf", "no PDF"),
        (b"%PDF-1.4\n%%EOF", "a.pdf", "damaged or cut short"),
        (b"PK\x03\x04", "a.docx", "no DOCX"),
        (b"<div>" * 9000, "a.html", "within each other"),
    ],
)
def test_what_is_no_document_is_one_sentence_and_a_next_step(raw: bytes, name: str, says: str) -> None:
    with pytest.raises(DocumentError, match=says) as e:
        text_of(raw, name)
    assert e.value.message.startswith(name) and e.value.message.count(". ") == 0 and e.value.hint.endswith(".")


@given(st.binary(max_size=300), st.sampled_from(["a.txt", "a.md", "a.html", "a.pdf", "a.docx", "a"]))
def test_whatever_bytes_there_are_they_are_text_or_refused(raw: bytes, name: str) -> None:
    for head in (b"", b"%PDF-1.7\n", b"PK\x03\x04"):
        try:
            found = text_of(head + raw, name)
        except DocumentError:
            continue
        assert found.text.strip() and "\0" not in found.text


# --- Markdown and HTML


def test_markdown_is_its_words_a_blank_line_between_its_blocks() -> None:
    page = """---
title: "On keys"
password: hunter2
---
# Flat

The *spare* key is under
the [blue](http://x.org/secret) flowerpot.

- one
- two

```sh
make chat
make test
```

| who | where |
|---|---|
| Mary | home |
"""
    assert said(page, "a.md").split("\n\n") == [
        "On keys", "Flat", "The spare key is under\nthe blue flowerpot.", "one", "two", "make chat", "make test",
        "who, where", "Mary, home",
    ]  # fmt: skip
    assert said("A ---\nline\n---\n", "a.md").startswith("A ---"), "no front matter"
    mixed = said("One <b>bold</b> word.<!-- no -->\n\n<p hidden>secret</p>\n\nEnd.", "a.md")
    assert "One bold word." in mixed and "End." in mixed and "secret" not in mixed and " no " not in mixed


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>HIDDEN</script>",
        "<style>HIDDEN</style>",
        "<!-- HIDDEN -->",
        "<template>HIDDEN</template>",
        "<noscript>HIDDEN</noscript>",
        "<p hidden>HIDDEN</p>",
        '<p style="display:none">HIDDEN</p>',
        '<p style="color: red; DISPLAY : None !important">HIDDEN <b>HIDDEN</b></p>',
        '<p style="dis/**/play:none;display:/*x*/none">HIDDEN</p>',
        '<span style="visibility:hidden">HIDDEN</span>',
        '<p style="font-size:0px">HIDDEN</p>',
        '<p style="opacity: 0">HIDDEN</p>',
        '<p style="position:absolute;left:-9999px">HIDDEN</p>',
        "<style>.x { display: none }</style><p class='a x'>HIDDEN</p>",
        "<style>@media screen { p.y, #z { visibility: hidden } }</style><p id=z>HIDDEN</p><p class=y>HIDDEN</p>",
        "<style>a::b( {display:none} .w{display:none}</style><p class=w>HIDDEN</p>",
        "<title>Title</title><textarea hidden>HIDDEN</textarea>",
        "<svg><text>HIDDEN</text></svg>",
        "<div style='display:none'><p>HIDDEN<p style='display:block'>HIDDEN</div>",
    ],
)
def test_hidden_text_of_a_page_is_never_read_and_the_rest_is(hidden: str) -> None:
    page = f"<html><body><p>Before <b>this</b>.</p>{hidden}<p>After.</p></body></html>"
    text = said(page, "a.html")
    assert "HIDDEN" not in text and "Before this." in text and "After." in text
    assert "HIDDEN" not in said(f"Before.\n\n{hidden}\n\nAfter.\n", "a.md")


def test_what_only_seems_hidden_is_read() -> None:
    page = (
        "<style>body{opacity:0} @media print {.m{display:none}} .b{opacity:0.9;font-size:0.8em}</style>"
        "<p class=m>One.</p><p class=b>Two.</p><p style='opacity:0.5;left:-10px'>Three.</p>"
    )
    assert said(page, "a.html").split("\n\n") == ["One.", "Two.", "Three."]


def test_a_page_is_read_in_the_encoding_it_names() -> None:
    page = '<meta charset="iso-8859-2"><p>Łódź</p>'
    assert said(page.encode("iso-8859-2"), "a.html") == "Łódź" and said("<p>Łódź</p>", "a.html") == "Łódź"
    for charset in ("rot13", "utf-7", "zlib", "idna", "nonsense", "windows-9999"):
        assert "caf" in said(f"<meta charset={charset}><p>caf\xe9</p>".encode("latin-1"), "a.html")
    assert kind_of(b"<!DOCTYPE html><p>x", "page") == "html" and kind_of(b"<html", "a.txt") == "html"


# --- PDF


def pdf(*lines: str) -> bytes:
    """A small PDF, a page for each line."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"", b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    pages = []
    for line in lines:
        shown = "".join(f"({part}) Tj T* " for part in line.split("\n")).encode("latin-1")
        stream = zlib.compress(b"BT /F1 12 Tf 14 TL 72 720 Td " + shown + b"ET")
        objects.append(b"<</Length %d/Filter/FlateDecode>>stream\n%b\nendstream" % (len(stream), stream))
        page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R/Resources<</Font<</F1 3 0 R>>>>>>"
        objects.append(page % len(objects))
        pages.append(b"%d 0 R" % len(objects))
    objects[1] = b"<</Type/Pages/Count %d/Kids[%b]>>" % (len(pages), b" ".join(pages))
    out, places = bytearray(b"%PDF-1.4\n"), []
    for n, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj%b\nendobj\n" % (n, body)
    table = b"".join(b"%010d 00000 n \n" % at for at in places)
    end = b"xref\n0 %d\n0000000000 65535 f \n%btrailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
    return bytes(out + end % (len(objects) + 1, table, len(objects) + 1, len(out)))


def locked(raw: bytes, password: str) -> bytes:
    import pypdf

    writer, out = pypdf.PdfWriter(clone_from=pypdf.PdfReader(io.BytesIO(raw))), io.BytesIO()
    writer.encrypt(password, "owner", algorithm="RC4-128")
    writer.write(out)
    return out.getvalue()


def test_a_pdf_is_the_text_of_its_pages() -> None:
    raw = pdf("The key is under the blue flower-\npot.", "Page two.")
    assert " ".join(said(raw, "a.pdf").split()) == "The key is under the blue flowerpot. Page two."
    assert "Page two." in said(locked(raw, ""), "a.pdf"), "only its owner's password is set"
    for broken, says in ((locked(raw, "x"), "is encrypted"), (raw[:-40], "cut short"), (raw[:200], "cut short"),
                         (pdf(""), "holds no text")):  # fmt: skip
        with pytest.raises(DocumentError, match=says):
            text_of(broken, "a.pdf")
    with pytest.raises(DocumentError, match="more text than"):
        text_of(pdf("x" * 900), "a.pdf", limit=800)


# --- DOCX


def word(body: str, doctype: str = "", **parts: bytes) -> bytes:
    """A DOCX with this body."""
    import docx

    made = docx.Document()
    out = io.BytesIO()
    made.save(out)
    source, result = zipfile.ZipFile(io.BytesIO(out.getvalue())), io.BytesIO()
    with zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.infolist():
            raw = source.read(part)
            if part.filename == "word/document.xml":
                raw = f'<?xml version="1.0"?>{doctype}<w:document {W}><w:body>{body}</w:body></w:document>'.encode()
            target.writestr(part.filename, raw)
        for name, raw in parts.items():
            target.writestr(name, raw)
    return result.getvalue()


def run(text: str, marks: str = "") -> str:
    return f"<w:r><w:rPr>{marks}</w:rPr><w:t>{text}</w:t></w:r>"


def test_a_docx_is_its_paragraphs_and_tables_as_they_stand_after_all_changes() -> None:
    cell, shown = "<w:tc><w:p>{}</w:p></w:tc>".format, '<w:vanish w:val="0"/>'
    body = (
        f"<w:p>{run('The key is ')}<w:ins>{run('blue')}</w:ins>"
        f"<w:del><w:r><w:delText>GONE</w:delText></w:r>{run('GONE')}</w:del>{run('.')}</w:p>"
        f"<w:p>{run('SECRET', '<w:vanish/>')}{run('seen', shown)}</w:p>"
        f"<w:tbl><w:tr>{cell(run('Mary'))}{cell(run('home'))}</w:tr></w:tbl>"
        f"<w:p><w:hyperlink>{run('a link')}</w:hyperlink><w:r><w:pict><w:txbxContent><w:p>{run('boxed')}</w:p>"
        "</w:txbxContent></w:pict></w:r></w:p>"
    )
    assert said(word(body), "a.docx").split("\n\n") == ["The key is blue.", "seen", "Mary, home", "a link", "boxed"]


def test_a_docx_that_is_a_bomb_encrypted_or_cut_short_is_refused_before_it_is_unpacked() -> None:
    bomb = word("<w:p/>", **{"word/media/a.bin": bytes(40_000_000)})
    assert len(bomb) < 100_000
    with pytest.raises(DocumentError, match=r"would unpack to \d\d MB"):
        text_of(bomb, "a.docx", limit=20_000_000)
    sound = word(f"<w:p>{run('x')}</w:p>")
    with pytest.raises(DocumentError, match="cut short"):
        text_of(sound[: len(sound) // 2], "a.docx")
    flagged = bytearray(sound)
    at = flagged.index(b"PK\x01\x02")
    flagged[at + 8 : at + 10] = struct.pack("<H", 1)
    with pytest.raises(DocumentError, match="encrypted"):
        text_of(bytes(flagged), "a.docx")
    grown = "".join(f"<!ENTITY x{n + 1} '{f'&x{n};' * 10}'>" for n in range(9))
    laughs = word(f"<w:p>{run('&x9;')}{run('kept')}</w:p>", f"<!DOCTYPE x [<!ENTITY x0 'ha'>{grown}]>")
    try:
        assert len(said(laughs, "a.docx")) < 100, "entities are not taken in"
    except DocumentError as e:
        assert "damaged" in e.message


@pytest.mark.parametrize(("name", "module"), [("a.pdf", "pypdf"), ("a.docx", "docx"), ("a.html", "selectolax.lexbor")])
def test_a_missing_library_is_one_sentence_with_the_line_to_run(
    name: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(DocumentError, match=r"not installed\. Run `pip install 'titans-edge\[documents\]'`"):
        text_of(b"<p>x</p>", name)
    assert said("# Markdown needs none.", "a.md") == "Markdown needs none."


# --- which files


def names(folder: Path, *of: str | Path) -> list[str]:
    return [str(f.path.relative_to(folder)) for f in find(of or (folder,)).files]


def test_a_folder_is_all_documents_below_it_and_what_is_passed_over_is_counted(tmp_path: Path) -> None:
    for name, raw in {
        "b.txt": b"x", "a.md": b"x", "sub/c.txt": b"x", ".hidden.txt": b"x", ".git/config": b"x",
        "node_modules/x.js": b"x", "photo.jpg": b"\xff\xd8\0\0", "paper.pdf": b"%PDF-\0",
        "wide.txt": "x".encode("utf-16"),
    }.items():  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(raw)
    (tmp_path / "sub" / "loop").symlink_to(tmp_path)
    (tmp_path / "dead").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe")
    found = find([tmp_path])
    assert names(tmp_path) == ["a.md", "b.txt", "paper.pdf", "wide.txt", "sub/c.txt"]
    assert found.skipped == {
        "hidden or generated": 3, "binary": 1, "links to folders": 1, "broken links": 1, "no files": 1,
    }  # fmt: skip
    assert found.problems == [] and found.folders == [tmp_path.resolve()]


def test_a_file_is_meant_once_however_often_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("a.txt", "b[1].txt", "sub/c.txt", "Łódź 猫.txt"):
        (tmp_path / name).write_text("x")
    (tmp_path / "link.txt").symlink_to(tmp_path / "a.txt")
    monkeypatch.chdir(tmp_path)
    assert names(tmp_path, "a.txt", tmp_path / "a.txt", "./sub/../a.txt", "link.txt", ".") == [
        "a.txt", "b[1].txt", "Łódź 猫.txt", "sub/c.txt",
    ]  # fmt: skip
    assert names(tmp_path, "b[1].txt") == ["b[1].txt"], "a file that is there is no pattern"
    assert names(tmp_path, "**/c*.txt") == names(tmp_path, "s*") == ["sub/c.txt"]
    assert find(["*.nothing", "a\0b"]).problems == [("*.nothing", "matches no file."), ("a?b", "is no name of a file.")]
    assert [f.shown for f in find(["none.txt"]).files] == ["none.txt"]


def test_only_a_file_that_is_certainly_not_there_is_gone(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    assert is_gone(tmp_path / "b") and is_gone(tmp_path / "a" / "b") and not is_gone(tmp_path / "a")
    assert not is_gone(Path("n" * 5000)) and not is_gone(Path("a\0b"))
