"""What evaluations measured, as one page: each table of their --json files with the command that made it.

Knows how figures look in those files (shares with intervals, rows), not which evaluation wrote them: a new one's tables
are shown too.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from titans_edge.errors import DataError

RAW = ("answers", "cases", "conversations", "found", "questions", "asked", "withheld", "memory", "auto")
_SHARE, _FIGURE = re.compile(r"([\d.]+) \(([\d.]+)–([\d.]+)\)"), re.compile(r"[\d.]*|–")  # as cells have them
INTERVAL = ("low", "high")
FEW = 2  # points that make no curve
SHARES = ("share", "accuracy")
STYLE = (
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;"
    "padding:0 1rem}table{border-collapse:collapse;display:block;overflow-x:auto}"
    "th,td{border-bottom:1px solid #8886;padding:.2rem .8rem .2rem 0;text-align:left}pre{overflow-x:auto}"
)


@dataclass(frozen=True)
class Table:
    """name: where it stands in its file; heads and rows of texts."""

    name: str
    heads: list[str]
    rows: list[list[str]]

    def curves(self) -> dict[str, list[tuple[str, tuple[float, ...]]]]:
        """What is worth drawing: by mode and kind of share, each row's label, and its share, low and high, in %."""
        out: dict[str, list[tuple[str, tuple[float, ...]]]] = {}
        for row in self.rows:
            cells = dict(zip(self.heads, row, strict=True))
            shares = {
                head: tuple(map(float, m.groups())) for head, cell in cells.items() if (m := _SHARE.fullmatch(cell))
            }
            aside = {*shares, "mode", "n"}
            label = " ".join(cell for head, cell in cells.items() if head not in aside and not _FIGURE.fullmatch(cell))
            label = label or next((cell for head, cell in cells.items() if head not in aside), "")
            for head, share in shares.items():
                out.setdefault(" ".join(filter(None, (cells.get("mode"), head))), []).append((label, share))
        return {name: points for name, points in out.items() if len(points) > FEW}


@dataclass(frozen=True)
class Run:
    """One file: the command that made it ("": not known), whether it was done, single figures, and tables."""

    file: str
    command: str
    complete: bool
    figures: dict[str, str]
    tables: list[Table]


def read(path: Path) -> Run:
    """A file of `eval … --json`. Raises DataError for what is none."""
    try:
        made = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as e:
        raise DataError(f"{path} cannot be read ({e}).", "Name files that --json wrote.") from e
    made = {"rows": made} if isinstance(made, list) else made
    tables = list(_tables(made, "")) if isinstance(made, dict) else []
    if not tables:
        raise DataError(f"{path} has no table.", "Name files that an eval command's --json wrote.")
    known = {"command", "complete"}
    figures = {k: _cell(v) for k, v in made.items() if k not in known and isinstance(v, (str, int, float))}
    return Run(path.name, str(made.get("command", "")), made.get("complete") is not False, figures, tables)


def markdown(runs: Sequence[Run]) -> str:
    """All of it as Markdown."""
    out = ["# What was measured", "", "Per cent, with 95 % intervals in brackets.", ""]
    for run in runs:
        out += [f"## {_plain(run.file)}", "", *map(_plain, _about(run)), ""]
        out += [f"    {' '.join(run.command.splitlines())}", ""] if run.command else []
        for table in run.tables:
            out += [f"**{_plain(table.name)}**", "", _line(table.heads), _line(["---"] * len(table.heads))]
            out += [*map(_line, table.rows), ""]
    return "\n".join(out)


def page(runs: Sequence[Run]) -> str:
    """All of it as one HTML page, which needs nothing beside it."""
    out = [
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>What was measured</title>',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<style>{STYLE}</style></head><body><h1>What was measured</h1>",
        "<p>Per cent, with 95&nbsp;% intervals in brackets.</p>",
    ]
    for run in runs:
        out.append(f"<h2>{_e(run.file)}</h2>")
        out += [f"<p>{_e(line)}</p>" for line in _about(run)]
        out += [f"<pre>{_e(run.command)}</pre>"] if run.command else []
        for table in run.tables:
            heads = "".join(f"<th scope=col>{_e(h)}</th>" for h in table.heads)
            rows = "".join("<tr>" + "".join(f"<td>{_e(c)}</td>" for c in row) + "</tr>\n" for row in table.rows)
            out.append(
                f"<h3>{_e(table.name)}</h3>\n<table><thead><tr>{heads}</tr></thead><tbody>\n{rows}</tbody></table>"
            )
    return "\n".join([*out, "</body></html>", ""])


# --- inside


def _tables(made: dict[str, Any], place: str) -> Iterator[Table]:
    """Lists of rows wherever they stand, but for single answers; a dict of shares is a table of its own."""
    for name, value in made.items():
        where = f"{place} · {name}" if place else name
        if name in RAW:
            continue
        if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
            rows = [_flat({k: v for k, v in row.items() if k not in RAW}) for row in value]
            heads = list(dict.fromkeys(h for row in rows for h in row))
            yield Table(where, heads, [[row.get(h, "") for h in heads] for row in rows])
            for row in value:
                label = next((f"{k} {v}" for k, v in row.items() if isinstance(v, (str, int))), "")
                yield from _tables(row, f"{where} · {label}")
        elif isinstance(value, dict) and not _is_share(value):
            yield from _tables(value, where)
        elif isinstance(value, dict):
            flat = _flat({k: v for k, v in value.items() if k not in RAW})
            yield Table(where, list(flat), [list(flat.values())])


def _flat(row: dict[str, Any]) -> dict[str, str]:
    """A row's cells by their heads: a share and its interval are one cell."""
    out: dict[str, str] = {}
    for name, value in row.items():
        if name in INTERVAL and any(s in row for s in SHARES):
            continue
        if name in SHARES and all(k in row for k in INTERVAL):
            out[f"{name}, %"] = _share(value, row["low"], row["high"])
        elif isinstance(value, dict) and _is_share(value):
            out[f"{name}, %"] = _share(next(value[s] for s in SHARES if s in value), value["low"], value["high"])
        elif isinstance(value, dict):
            out |= {f"{name} {k}" if not k.endswith(", %") else k: v for k, v in _flat(value).items()}
        elif isinstance(value, list) and len(value) == 3 and all(isinstance(x, (int, float)) for x in value):
            out[f"{name}, %"] = _share(*value)
        elif not isinstance(value, list):
            out[name] = _cell(value)
    return out


def _is_share(value: dict[str, Any]) -> bool:
    return all(k in value for k in INTERVAL) and any(s in value for s in SHARES)


def _share(share: Any, low: Any, high: Any) -> str:
    try:
        return f"{float(share):.1f} ({float(low):.1f}–{float(high):.1f})"
    except (TypeError, ValueError):
        return _cell(share)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _about(run: Run) -> list[str]:
    figures = ", ".join(f"{k}: {v}" for k, v in run.figures.items())
    return [*([figures] if figures else []), *([] if run.complete else ["Not all of it was asked."])]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_plain, cells))} |"


def _plain(text: str) -> str:
    """Text that Markdown takes for nothing else."""
    one = " ".join(text.split()).replace("\\", "\\\\")
    for sign in "|<*_`[":
        one = one.replace(sign, f"\\{sign}")
    return one


def _e(text: str) -> str:
    return html.escape(text)
