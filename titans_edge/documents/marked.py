"""Text out of Markdown and HTML: what one sees, a blank line between its blocks; no markup, scripts or hidden text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from titans_edge.documents.plain import Text, guessed
from titans_edge.errors import DocumentError
from titans_edge.sentence_ends import listed

if TYPE_CHECKING:
    from markdown_it.token import Token

MAX_DEPTH = 2000  # elements within each other; a page has some dozens
_FRONT = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)^(?:---|\.\.\.)[ \t]*\r?$\n?", re.S | re.M)
_TITLE = re.compile(r"^title[ \t]*:[ \t]*(['\"]?)(.+?)\1[ \t]*\r?$", re.I | re.M)
_CHARSET = re.compile(rb"<meta[^>]{1,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]{2,20})", re.I)
_CHARSETS = re.compile(
    r"(?:iso-?8859-|windows-|cp)\d{1,4}|latin-?1|koi8-[ru]|shift[-_]jis|euc-\w{2}|gb\w{2,6}|big5", re.I
)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)")
_OPEN_ENDED = listed(  # have no end, or may lack it
    "area base br col embed hr img input link meta param source track wbr p li dt dd tr td th thead tbody tfoot option"
    " optgroup colgroup html head body rt rp"
)
_UNSEEN = (
    "script, style, noscript, template, head, iframe, object, embed, svg, canvas, audio, video, nav, button, select,"
    " datalist, dialog:not([open]), [hidden]"
)
_BLOCKS = (
    "address, article, aside, blockquote, br, caption, dd, details, div, dl, dt, fieldset, figcaption, figure, footer,"
    " form, h1, h2, h3, h4, h5, h6, header, hr, li, main, ol, p, pre, section, summary, table, tr, ul"
)
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|content-visibility\s*:\s*hidden"
    r"|(?:opacity|font-size|max-height|max-width)\s*:\s*0*(?:\.0+)?(?:px|em|rem|pt|%)?\s*(?:!\s*important\s*)?(?:;|$)"
    r"|(?:left|top|right|bottom|text-indent|margin(?:-\w+)?)\s*:\s*-\d{3,}|(?<![-\w])color\s*:\s*transparent"
    r"|clip\s*:\s*rect\(\s*0|clip-path\s*:\s*inset\(\s*(?:50|100)%|scale\(\s*0\s*[,)]",
    re.I,
)
_ELSEWHERE = re.compile(
    r"@(?:media|supports|container)[^{]*(?:print|width|height|speech)[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}"
)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_COMMENT = re.compile(r"/\*.*?\*/", re.S)


def markdown(raw: bytes, name: str, limit: int) -> Text:
    """Blocks as paragraphs; of a front matter the title; of fenced code its lines, of an image its description."""
    from markdown_it import MarkdownIt

    source = guessed(raw, name)
    front = _FRONT.match(source.text)
    text = source.text[front.end() :] if front else source.text
    title = _TITLE.search(front[1]) if front else None
    reader = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    tokens = reader.parse(text)
    if any(t.type.startswith("html") for t in _all(tokens)):
        body = _seen(reader.render(text), name)
    else:
        body = "\n\n".join(_paragraphs(tokens))
    return Text("\n\n".join(filter(None, [title[2] if title else "", body])), source.notes)


def _all(tokens: Sequence[Token]) -> list[Token]:
    return [t for each in tokens for t in (each, *(each.children or ()))]


def _paragraphs(tokens: Sequence[Token]) -> list[str]:
    """Each block's text; a row of a table is one."""
    out = list[str]()
    row: list[str] | None = None
    for t in tokens:
        if t.type == "tr_open":
            row = []
        elif t.type == "tr_close" and row is not None:
            out.append(", ".join(cell for cell in row if cell))
            row = None
        elif t.type == "inline":
            said = _inline(t.children or ())
            (out if row is None else row).append(said)
        elif t.type in ("fence", "code_block"):
            out += [line.strip() for line in t.content.splitlines() if line.strip()]
    return out


def _inline(tokens: Sequence[Token]) -> str:
    breaks = {"softbreak": "\n", "hardbreak": "\n"}
    return "".join(breaks.get(t.type, t.content) for t in tokens).strip()


def html(raw: bytes, name: str, limit: int) -> Text:
    """What a browser shows of a page without running its scripts, and its title."""
    declared = _CHARSET.search(raw[:4096])
    encoding = declared[1].decode() if declared else ""
    try:
        source = guessed(raw, name, encoding if _CHARSETS.fullmatch(encoding) else "")
    except LookupError:  # an encoding there is not
        source = guessed(raw, name)
    return Text(_seen(source.text, name), source.notes)


def _seen(page: str, name: str) -> str:
    from selectolax.lexbor import LexborHTMLParser

    if _depth(page) > MAX_DEPTH:
        raise DocumentError(f"{name} has more than {MAX_DEPTH} elements within each other.", "Save it as text first.")
    tree = LexborHTMLParser(page)
    title = tree.css_first("head > title")
    said = title.text().strip() if title is not None else ""
    hidden = _hidden_selectors("\n".join(s.text() for s in tree.css("style")))
    for node in tree.css("[style]"):
        if _HIDING.search(_COMMENT.sub("", node.attributes.get("style") or "")) and node.tag not in ("html", "body"):
            node.decompose()
    for selector in (_UNSEEN, *hidden):
        try:
            found = tree.css(selector)
        except Exception:  # a selector of the page that the library does not know
            continue
        for node in found:
            if node.tag not in ("html", "body"):
                node.decompose()
    for node in tree.css("td, th"):
        node.insert_after(", ")
    for node in tree.css("img[alt]"):
        node.insert_after(f" {node.attributes.get('alt') or ''} ")
    for node in tree.css(_BLOCKS):
        node.insert_before("\n\n")
        node.insert_after("\n\n")
    text = tree.body.text(separator="") if tree.body is not None else ""
    blocks = (" ".join(block.split()).strip(" ,") for block in re.split(r"\n\s*\n", text))
    return "\n\n".join(filter(None, [said, *blocks]))


def _hidden_selectors(sheet: str) -> list[str]:
    """Selectors of the rules of a style sheet that hide what they are for, on a screen of any size."""
    plain = _ELSEWHERE.sub("", _COMMENT.sub("", sheet))
    rules = ((selector.rpartition("{")[2].strip(), body) for selector, body in _RULE.findall(plain))
    return [s for s, body in rules if s and not s.startswith("@") and _HIDING.search(body)]


def _depth(page: str) -> int:
    """How deep elements stand within each other, at most; the library takes the square of it."""
    depth = most = 0
    for end, tag in _TAG.findall(page):
        if tag.lower() not in _OPEN_ENDED:
            depth = max(0, depth - 1) if end else depth + 1
            most = max(most, depth)
    return most
