"""The recording of the chat shows at every moment what the screen showed."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest.importorskip("pyte")
import pyte

from tests import recording
from tests.recording import COLUMNS, HOLD, LINE, LINES, ROWS, Film, svg

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "titans_edge" / "docs" / "pictures" / "chat.svg"
SVG = "{http://www.w3.org/2000/svg}"


def shown(picture: str, second: float, whole: float) -> list[str]:
    """The rows a picture shows at a moment, from its first: by its rules, as a browser takes them."""

    def value(rules: str, of: str) -> str:
        steps = re.findall(r"([\d.]+)%\{" + of + r":?([^}]*)\}", rules)
        return [v for at, v in steps if float(at) / 100 * whole <= second + 0.005 * whole / 100][-1]

    rules = dict(re.findall(r"@keyframes (\w+)\{((?:[\d.]+%\{[^}]*\})+)\}", picture))
    rows: dict[int, str] = {}
    for group in ElementTree.fromstring(picture).iter(f"{SVG}g"):
        names = group.get("class", "").split()
        if names[0] != "v" or value(rules[names[1]], "opacity") == "0":
            continue
        for text in group.iter(f"{SVG}text"):
            y, x = int(text.get("y", "")) // LINE, round(float(text.get("x", "")) / recording.CELL)
            assert rows.get(y, "") == "" or len(rows[y]) <= x, "two texts in one place"
            rows[y] = rows.get(y, "").ljust(x) + (text.text or "")
    moved = value(rules["s"], "transform")
    assert int(re.findall(r"-?\d+", moved)[0]) % LINE == 0
    return [rows.get(y, "") for y in range(max(rows, default=-1) + 1)]


def test_a_picture_shows_at_every_moment_what_the_screen_showed() -> None:
    screen, film = pyte.Screen(COLUMNS, 60), Film()
    stream, seen = pyte.Stream(screen), list[tuple[float, list[str]]]()
    steps = ["> a", "b", "\r\n<Markdown> & \x1b[1mbold\x1b[0m,\x1b[90m grey\x1b[0m\r\n", "one\r\n",
             "\x1b[1A\x1b[2Ktwo\r\n", *(f"row {n}\r\n" for n in range(30)), "\x1b[2A\x1b[2K", "> end"]  # fmt: skip
    for step in steps:
        film.now += 0.37
        stream.feed(step)
        film.take(screen)
        seen.append((film.now, [row.rstrip() for row in screen.display]))
    picture, whole = svg(film, "a <title>"), film.now + HOLD
    for second, rows in seen:
        for later in (0.0, 0.2):
            want = rows[: max((n + 1 for n, row in enumerate(rows) if row), default=0)]
            assert shown(picture, second + later, whole) == want
    assert film.tops[-1][1] == len(want) - ROWS, "the last row is seen"


def test_dim_text_is_grey_and_nothing_else_changes() -> None:
    for raw, want in ((b"\x1b[2m", b"\x1b[90m"), (b"\x1b[1;2m", b"\x1b[1;90m"), (b"\x1b[22m", b"\x1b[22m")):
        assert re.sub(rb"\x1b\[([0-9;]+)m", recording._dim, raw) == want


def test_the_readme_s_recording_is_small_and_of_lines_of_the_demo() -> None:
    demo = (ROOT / "tests" / "demo.txt").read_text("utf-8").splitlines()
    assert set(LINES) <= set(demo)
    text = KEPT.read_text("utf-8")
    assert len(text.encode()) < 120_000 and "href" not in text and "<script" not in text
    whole = float(re.findall(r"animation:([\d.]+)s", text)[0])
    rows = shown(text, whole - 0.1, whole)
    assert [row[2:] for row in rows if row.startswith("> ")] == list(LINES)
    assert KEPT.name in (ROOT / "README.md").read_text("utf-8")
