"""A recording of the chat: python -m tests.recording OUT.svg. A real conversation, as a picture that moves.

The lines are some of `demo.txt`, typed into `titans-edge chat` in a home of its own, which is thrown away. Waits are
shortened to a quarter of a second; nothing else is changed. The picture holds each line of the screen as often as it
changed, shown by CSS for its time; where nothing moves (print, reduced motion) it is the last screen.
"""

from __future__ import annotations

import argparse
import os
import re
import select
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

import pyte

LINES = (
    "Hi! I've just moved to Leeds. My landlord is called Mr. Okafor.",
    "The spare key is under the blue flowerpot.",
    "My flight to Oslo leaves on Tuesday at 7:40.",
    "Mary went to the kitchen. Mary took the milk.",
    "/new",
    "Where is the spare key?",
    "/new",
    "Where is the milk?",
    "/why",
    "/forget #6",
)
COMMAND = ("chat", "--memory", "demo", "--no-footer")  # a recording is no measurement of speed
COLUMNS, ROWS, TALL = 84, 20, 120  # what is seen, and how high the terminal is: nothing ever leaves it
KEYS = 3  # typed at a time
KEY, WAIT, PAUSE, HOLD = 0.09, 0.25, 0.9, 4.0  # seconds: of so many keys, of a wait at most, after a reply, at the end
CELL, LINE, SIZE, EDGE, BAR = 8.4, 20, 14, 18, 36  # pixels
COLOURS = {"default": "#d8dee9", "black": "#3b4252", "red": "#e06c75", "green": "#98c379", "brown": "#e5c07b",
           "blue": "#61afef", "magenta": "#c678dd", "cyan": "#56b6c2", "white": "#d8dee9",
           "brightblack": "#8892a5"}  # fmt: skip


class Run(NamedTuple):
    """Characters of one look. colour: as `COLOURS` has it; style: CSS classes; "cursor" among them."""

    text: str
    colour: str
    style: str


Row = tuple[Run, ...]


@dataclass
class Film:
    """What each row showed from when on, and how far it was scrolled. Times are the film's own seconds."""

    now: float = 0.0
    rows: dict[int, list[tuple[float, Row]]] = field(default_factory=dict)
    tops: list[tuple[float, int]] = field(default_factory=lambda: [(0.0, 0)])

    def take(self, screen: pyte.Screen) -> None:
        """A picture of the screen, now."""
        last = 0
        for y in range(screen.lines):
            row = _row(screen, y)
            last = y if row else last
            seen = self.rows.setdefault(y, [(0.0, ())])
            if seen[-1][1] != row:
                seen.append((self.now, row))
        top = max(0, last + 1 - ROWS, self.tops[-1][1])
        if top != self.tops[-1][1]:
            self.tops.append((self.now, top))


class Talk(pyte.Screen):
    """The chat at a pseudo-terminal, filmed."""

    def __init__(self, command: Sequence[str], env: dict[str, str]) -> None:
        import pty

        super().__init__(COLUMNS, TALL)
        self.film, self._stream, self._begun = Film(), pyte.ByteStream(self), time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], list(command), env)
        _resize(self.fd)

    def until(self, seen: Callable[[], bool], wait: float, seconds: float = 300) -> None:
        """Film until this is seen. A wait of the program's takes `wait` seconds of the film at most."""
        end = time.monotonic() + seconds
        while not seen():
            if time.monotonic() > end:
                sys.exit("The chat does not go on:\n" + "\n".join(self.display).rstrip())
            if not select.select([self.fd], [], [], 0.2)[0]:
                continue
            try:
                part = os.read(self.fd, 65536)
            except OSError:
                sys.exit("The chat has ended:\n" + "\n".join(self.display).rstrip())
            self._stream.feed(re.sub(rb"\x1b\[([0-9;]+)m", _dim, part))
            self.film.now += min(wait, time.monotonic() - self._begun)
            self._begun = time.monotonic()
            self.film.take(self)

    def asks(self) -> bool:
        """Whether the prompt stands there, empty."""
        return self.cursor.x == 2 and self._line().rstrip() == ">"

    def _line(self) -> str:
        """The row the cursor stands in."""
        cells = self.buffer[self.cursor.y]
        return "".join(cells[x].data for x in range(self.columns))

    def says(self, line: str) -> None:
        """Somebody types a line, some keys at a time, and waits for what comes of it."""
        for at in range(0, len(line), KEYS):
            os.write(self.fd, line[at : at + KEYS].encode())
            typed = "> " + line[: at + KEYS]
            self.film.now += KEY
            self.until(lambda typed=typed: self._line().startswith(typed), 0.0)  # type: ignore[misc]
        self.film.now += 4 * KEY
        here = self.cursor.y
        os.write(self.fd, b"\r")
        self.until(lambda: self.cursor.y > here and self.asks(), WAIT)
        self.film.now += PAUSE

    def end(self) -> None:
        os.write(self.fd, b"\x04")
        while True:
            try:
                if not os.read(self.fd, 65536):
                    break
            except OSError:
                break
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def _resize(fd: int) -> None:
    import fcntl
    import struct
    import termios

    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", TALL, COLUMNS, 0, 0))


def _dim(found: re.Match[bytes]) -> bytes:
    """pyte knows no dim text: grey in its place."""
    return b"\x1b[" + b";".join(b"90" if n == b"2" else n for n in found[1].split(b";")) + b"m"


def _row(screen: pyte.Screen, y: int) -> Row:
    """A row's runs without the empty end; the cursor where a prompt stands."""
    cells = screen.buffer[y]
    end = max((x + 1 for x in range(screen.columns) if cells[x].data.strip()), default=0)
    at = screen.cursor.x if y == screen.cursor.y and cells[0].data == ">" else -1
    runs: list[Run] = []
    for x in range(max(end, at + 1)):
        c = cells[x]
        style = " ".join(s for s, on in (("b", c.bold), ("i", c.italics), ("cursor", x == at)) if on)
        if runs and runs[-1][1:] == (c.fg, style):
            runs[-1] = runs[-1]._replace(text=runs[-1].text + c.data)
        else:
            runs.append(Run(c.data, c.fg, style))
    return tuple(runs)


# --- the picture


def svg(film: Film, title: str) -> str:
    """A film as SVG."""
    whole = film.now + HOLD
    width, height = round(2 * EDGE + COLUMNS * CELL), BAR + ROWS * LINE + EDGE
    moves, lines = list[str](), list[str]()
    known: dict[tuple[float, float], str] = {}
    for y, seen in sorted(film.rows.items()):
        for n, (since, row) in enumerate(seen):
            to = seen[n + 1][0] if n + 1 < len(seen) else whole
            if not row or to <= since:
                continue
            name = known.setdefault((since, to), f"k{len(known)}")
            last = " z" if to == whole else ""
            lines.append(f'<g class="v {name}{last}">{_drawn(row, y)}</g>')
    for (since, to), name in known.items():
        off = "" if to == whole else f"{_at(to, whole)}{{opacity:0}}"
        on = "0%{opacity:1}" if since == 0 else f"0%{{opacity:0}}{_at(since, whole)}{{opacity:1}}"
        moves.append(f"@keyframes {name}{{{on}{off}}}.{name}{{animation-name:{name}}}")
    tops = "".join(f"{_at(t, whole)}{{transform:translateY({-top * LINE}px)}}" for t, top in film.tops)
    colours = "".join(f".{_class(name)}{{fill:{value}}}" for name, value in COLOURS.items())
    style = (
        f"text{{font:{SIZE}px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;"
        f"white-space:pre;fill:{COLOURS['default']}}}.b{{font-weight:700}}.i{{font-style:italic}}{colours}"
        f".v,.s{{animation:{whole:.2f}s step-end infinite}}.v{{opacity:0}}.z{{opacity:1}}"
        f".s{{animation-name:s;transform:translateY({-film.tops[-1][1] * LINE}px)}}@keyframes s{{{tops}}}"
        f"{''.join(moves)}@media(prefers-reduced-motion:reduce){{.v,.s{{animation:none}}}}"
    )
    size, grey = f'width="{width}" height="{height}"', _class("brightblack")
    dots = "".join(f'<circle cx="{20 + 18 * n}" cy="17" r="5" fill="{COLOURS["black"]}"/>' for n in range(3))
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {size}>',
            f"<title>{escape(title)}</title><style>{style}</style>",
            f'<rect {size} rx="8" fill="#1f2430"/>{dots}',
            f'<text x="{width // 2}" y="21" text-anchor="middle" class="{grey}">{escape(title)}</text>',
            f'<svg x="{EDGE}" y="{BAR}" width="{width - 2 * EDGE}" height="{ROWS * LINE}"><g class="s">',
            *lines,
            "</g></svg></svg>\n",
        )
    )


def _at(seconds: float, whole: float) -> str:
    return f"{100 * seconds / whole:.2f}%".replace(".00%", "%")


def _class(colour: str) -> str:
    return f"c{list(COLOURS).index(colour)}" if colour in COLOURS else "c0"


def _drawn(row: Row, y: int) -> str:
    """A row's runs, each as wide as its cells."""
    return "".join(_runs(row, y))


def _runs(row: Row, y: int) -> Iterator[str]:
    x = 0
    for run in row:
        if "cursor" in run.style:
            yield f'<rect x="{x * CELL:g}" y="{y * LINE + 3}" width="{CELL:g}" height="{LINE - 3}" fill="#8892a5"/>'
        bare = run.text.rstrip()
        lead = len(bare) - len(bare.lstrip())
        if bare:
            look = " ".join(s for s in (_class(run.colour).replace("c0", ""), run.style.replace("cursor", "")) if s)
            look = f' class="{look.strip()}"' if look.strip() else ""
            wide = f' textLength="{(len(bare) - lead) * CELL:g}"' if len(bare) - lead > 1 else ""
            place = f'x="{(x + lead) * CELL:g}" y="{y * LINE + 14}"'
            yield f"<text {place}{wide}{look}>{escape(bare.strip())}</text>"
        x += len(run.text)


# --- the command


def environment(home: Path) -> dict[str, str]:
    """A user who has nothing yet but the backbones that were pulled here."""
    from titans_edge import library

    kept = {k: v for k, v in os.environ.items() if not k.startswith("TITANS_EDGE_")}
    places = {"HOME": home, "XDG_DATA_HOME": home / "data", "XDG_CONFIG_HOME": home / "config"}
    return {**kept, **{k: str(v) for k, v in places.items()}, "XDG_CACHE_HOME": str(library.models_dir().parents[1]),
            "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", "COLUMNS": str(COLUMNS), "LINES": str(TALL)}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("options", nargs="*", help="more options of chat, after --")
    given = parser.parse_args()
    root = Path(__file__).resolve().parents[1]
    with tempfile.TemporaryDirectory() as home:
        env = {**environment(Path(home)), "PYTHONPATH": str(root)}
        talk = Talk([sys.executable, "-m", "titans_edge", *COMMAND, *given.options], env)
        talk.until(talk.asks, WAIT)
        talk.film.now += PAUSE
        for line in LINES:
            talk.says(line)
        shown = "\n".join(talk.display).rstrip()
        talk.end()
    given.out.write_text(svg(talk.film, f"titans-edge {' '.join(COMMAND)}"), "utf-8")
    print(f"{shown}\n\n{given.out}: {given.out.stat().st_size:,} bytes, {talk.film.now + HOLD:.0f} s")


if __name__ == "__main__":
    main()
