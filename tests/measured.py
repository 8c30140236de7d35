"""Tables of what was measured, made of files: python -m tests.measured. No number in them is typed by anybody.

README.md and some pages of titans_edge/docs (`PAGES`) hold blocks between `<!-- measured: NAME -->` and
`<!-- end -->`; each is made anew of titans_edge/docs/measured/*.json. `python -m tests.measured add NAME FILE…
[--commit C] [--date D]` takes in what `--json` of an eval command (or of `bench`, `convert`, `tests.soak`; or
`tests.kills`' output) wrote: rows without single answers, with command, day and commit; several files of `eval natural`
with different people become one. Then the pages are made.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from titans_edge.evaluate import pages, report, retrieval, runner
from titans_edge.evaluate.natural_runs import refusals
from titans_edge.evaluate.score import wilson

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "titans_edge" / "docs"
FILES = DOCS / "measured"
PAGES = (ROOT / "README.md", *(DOCS / f"{name}.md" for name in ("measured", "convert", "server")))
BLOCK = re.compile(r"(<!-- measured: ([\w-]+) -->\n).*?(<!-- end -->)", re.S)
MISSING = "*Not measured with this state of the code.*"
OF_A_CONVERSION = ("quant", "measured", "checks")  # not its files, and where they were
DROPPED = ("--json", "--resume")  # of a command: where it wrote to
TAKES = ("--data", "--text", "--distractors", "--graft", "--backbone")  # a file: shown as the name in capitals

Made = dict[str, Any]

KINDS = {"word": "one word", "phrase": "a phrase", "number": "numbers, codes, addresses",
         "time": "times and dates as told", "reference": 'who "she" was', "changed": "what holds now",
         "past": "what held before", "two": "two sentences needed",
         "when": "dates worked out from the telling", "whether": "yes or no"}  # fmt: skip
CONTROLS = {"full": "all they told in the context, no memory", "memory": "from the state alone",
            "shuffled": "another's memory"}  # fmt: skip
ATTACKS = {"contradiction": "a document says otherwise", "repeat": "says it again and again",
           "instruction": '"ignore the above", "remember that …"', "near-key": "names one letter or word away",
           "flood": "150 unrelated facts", "drift": "many small steps, several sources",
           "role": '"user: …" inside a document', "look-alike": "letters of other alphabets, invisible ones",
           "reworded": "instructions in words no pattern knows",
           "untold": "a lie about something you never spoke of, beside an instruction (told as it is)"}  # fmt: skip


# --- taking in


def add(name: str, files: Sequence[Path], commit: str, day: str) -> Path:
    """One measurement of these files, as `FILES` keeps it."""
    texts = [f.read_text("utf-8") for f in files]
    made = [counted(t) if t.startswith("== ") else json.loads(t) for t in texts]
    whole = made[0] if len(made) == 1 else together(made)
    if "checked" in whole:
        whole["checked"] = [{"mode": m, "read": n, "same": same} for m, (n, same) in whole["checked"].items()]
    if "checks" in whole:
        whole = {key: whole[key] for key in OF_A_CONVERSION}
    whole = {"commands": [typed(m.get("command", "")) for m in made], "date": day, "commit": commit, **bare(whole)}
    whole.pop("command", None)
    out = FILES / f"{name}.json"
    report.write(out, json.dumps(whole, indent=1, ensure_ascii=False) + "\n")
    return out


def together(made: Sequence[Made]) -> Made:
    """Runs of `eval natural` on different people, or of `eval babilong` at different lengths, as one run."""
    answers = [runner.Answer(**a) for m in made for a in m["answers"]]
    ids = [(a.id, a.mode) for a in answers]
    if len(set(ids)) < len(ids):
        sys.exit("A question stands in two of these files.")
    whole = {
        **{k: v for k, v in made[0].items() if k not in ("command", "answers")},
        "complete": all(m["complete"] for m in made),
        "rows": [asdict(r) for r in runner.table(answers)],
    }
    if "retrieval" in whole:
        found = [retrieval.Found(**f) for m in made for f in m["retrieval"]["found"]]
        whole["false_refusals"] = [asdict(r) for r in refusals(answers)]
        whole["retrieval"] = {k: v for k, v in retrieval.as_json(found).items() if k != "found"}
    if "checked" in whole:
        modes = {mode: [m["checked"][mode] for m in made] for mode in whole["checked"]}
        whole["checked"] = {mode: [sum(n) for n in zip(*counts, strict=True)] for mode, counts in modes.items()}
    return whole


def counted(text: str) -> Made:
    """What `tests.kills` printed, with a first line `== TIME COMMAND`."""
    command = text.splitlines()[0].split(maxsplit=2)[2]
    rows = re.findall(r"^ *(\S.*?) {2,}(\d+)$", text, re.M)
    return {"command": command, "rows": [{"what": what, "count": int(n)} for what, n in rows]}


def bare(made: Made) -> Made:
    """Without single answers; of long conversations what their losses were."""
    out: Made = {}
    for name, value in made.items():
        if name == "conversations":
            kept = ("turns", "seed", "loss_off", "moved", "finite", "restarts")
            out["losses"] = [{k: c[k] for k in kept} for c in value]
        elif name not in pages.RAW:
            out[name] = _bare(value)
    return out


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return bare(value)
    return [_bare(v) for v in value] if isinstance(value, list) else value


def typed(command: str) -> str:
    """A command as anybody types it: nothing of where it ran."""
    words, out = shlex.split(command), list[str]()
    for at, word in enumerate(words):
        if word in DROPPED or (at and words[at - 1] == "--json"):
            continue
        before = words[at - 1] if at else ""
        out.append(before.lstrip("-").upper() if before in TAKES else word.rpartition("/")[2])
    return shlex.join(out)


# --- the blocks


def rendered(text: str) -> str:
    """A page with its blocks made anew."""
    return BLOCK.sub(lambda m: f"{m[1]}{block(m[2])}\n{m[3]}", text)


def block(name: str) -> str:
    """A table with what made it, or the table of results."""
    if name == "results":
        return "\n".join(_table(("measured", "n", "result (95 % interval)"), results()))
    made = load(name)
    if made is None:
        return MISSING
    parts = [f"`{c}`" for c in made["commands"]]
    about = f"Measured on {_day(made['date'])}, commit {made['commit']}: {', '.join(parts)}."
    if made.get("complete") is False:
        about += " Not all of it was asked."
    return "\n".join([*TABLES[name](made), "", about])


def load(name: str) -> Made | None:
    path = FILES / f"{name}.json"
    return json.loads(path.read_text("utf-8")) if path.is_file() else None


def natural(made: Made) -> Iterator[str]:
    modes = list(dict.fromkeys(r["mode"] for r in made["rows"]))
    cells = {(r["task"], r["mode"]): r for r in made["rows"]}
    found = {r["kind"]: r for r in made["retrieval"]["rows"]}
    heads = ("questions about", "n", *(f"{m}: right" for m in modes), "its sentence among the first 1 / 4 / 10")
    rows = []
    for kind, name in KINDS.items():
        if (kind, modes[0]) not in cells:
            continue
        shares = [f"{cells[kind, m]['accuracy']:.1f}" for m in modes]
        rows.append([name, str(cells[kind, modes[0]]["n"]), *shares, _found(found.get(kind))])
    told = [told_share(made, m) for m in modes]
    shares = [f"**{_pct(*t[1:])}**" for t in told]
    rows.append(["**all that was told**", str(told[0][0]), *shares, _found(found["all"])])
    never = [cells["untold", m] for m in modes]
    rows.append(["never told: says so", str(never[0]["n"]), *map(_accuracy, never), "–"])
    yield from _table(heads, rows)
    for r in (r for r in made["false_refusals"] if r["refused"]):
        yield f"\n{r['refused']} of {r['answerable']} of what was told got the answer that nobody told ({r['mode']})."


def world(made: Made) -> Iterator[str]:
    rows = [[name, str(made[key]["n"]), _share(made[key])] for key, name in WORLD.items() if key in made]
    yield from _table(("with everybody's messages in one memory", "n", "per cent"), rows)


WORLD = {"world": "questions about the world, answered token for token as with an empty memory",
         "untold": 'questions about what nobody told, answered "You have not told me that."'}  # fmt: skip


def babilong(made: Made) -> Iterator[str]:
    tasks, lengths, cells = _babilong(made)
    modes = list(dict.fromkeys(r["mode"] for r in made["rows"]))
    rows = []
    for length in lengths:
        for mode in modes:
            some = [cells.get((t, length, mode)) for t in tasks]
            shown = [_accuracy(c) if c else "–" for c in some]
            rows.append([length, mode, *shown])
    n = sorted({r["n"] for r in made["rows"] if r["task"] != "all"})
    yield from _table(("length", "mode", *tasks), rows)
    yield f"\nn = {'–'.join(map(str, n))} each."
    for c in made.get("checked", ()):
        yield f"{c['mode']}: {c['same']} of {c['read']} answers the same where all was read plainly."


def poison(made: Made) -> Iterator[str]:
    rows = []
    for r in made["rows"]:
        if r["success"] is None:
            continue
        name = f"{r['kind']}: {ATTACKS[r['kind']]}" if r["kind"] in ATTACKS else f"**{r['kind']} but untold**"
        rows.append([name, str(r["n"]), _pct(*r["success"]), _pct(*r["right"]) if r["kind"] != "untold" else "–"])
    yield from _table(("attack", "n", "success, %", "truth answered, %"), rows)
    for r in made["rows"]:
        if r["kind"] == "all clean":
            yield f"\nHonest texts (told, read, changed, corrected, stories): {_count(r['n'], r['right'][0])} right."


def long(made: Made) -> Iterator[str]:
    heads = ("turns", "asked", "current value, %", "by age in turns, %", "by number of changes, %")
    rows = []
    for s in made["summary"]:
        parts = [", ".join(f"{r['name']}: {r['share']:.0f} of {r['n']}" for r in s[k]) for k in ("age", "changes")]
        rows.append([str(s["turns"]), str(s["all"]["n"]), _share(s["all"]), *parts])
    yield from _table(heads, rows)
    yield ""
    yield from _table(
        ("turns", "seed", "restarts", "loss without memory, nats", "largest change of it, %", "all figures finite"),
        [[str(c["turns"]), str(c["seed"]), str(c["restarts"]), f"{c['loss_off']:.3f}", f"{c['moved']:+.2f}",
          "yes" if c["finite"] else "no"] for c in made["losses"]],
    )  # fmt: skip


def counts(made: Made) -> Iterator[str]:
    yield from _table(("what", "count"), [[r["what"], f"{r['count']:,}"] for r in made["rows"]])


def cost(made: Made) -> Iterator[str]:
    rows = []
    for name, f in made["figures"].items():
        cells = [f"{f[k]:.3g}" if f.get(f"{k}_runs") else "–" for k in ("cold", "warm")]
        ratios = [f"{f[k]:.2f}×" if f.get(k) else "" for k in ("cold_ratio", "warm_ratio")]
        rows.append([name, f["unit"], *cells, *ratios])
    yield from _table(("what", "unit", "cold", "warm", "cold ÷ plain", "warm ÷ plain"), rows)
    m = made["machine"]
    yield f"\n{', '.join(f'{k}: {v}' for k, v in m.items())}. Take the ratios."


def conversion(made: Made) -> Iterator[str]:
    if files := made["measured"]:
        first = files[0]
        rows = []
        for f in files:
            speeds = [f"{f[k]:.1f} ({f[k] / first[k]:.2f}×)" for k in ("prefill", "decode")]
            name = "the source" if f["quant"] == "source" else f["quant"]
            rows.append([name, f"{f['bytes'] / 1e6:.0f}", *speeds, f"{f['perplexity']:.2f}"])
        heads = ("file", "MB", "prefill, tokens/s (÷ the first)", "decode, tokens/s (÷ the first)", "perplexity")
        yield from _table(heads, rows)
        yield ""
    outcomes = {True: "yes", False: "**no**", None: "open"}
    yield from _table(("check", "passed", "found"), [[c["name"], outcomes[c["ok"]], c["says"]] for c in made["checks"]])


def soak(made: Made) -> Iterator[str]:
    kinds = [name for name in made["rows"][0] if name not in ("request", "n")]
    rows = [[r["request"], f"{r['n']:,}", *(f"{r[k]:.3f}" for k in kinds)] for r in made["rows"]]
    yield from _table(("request", "n", *(f"{k}, s" for k in kinds)), rows)
    statuses = ", ".join(f"{n:,} × {status}" for status, n in made["statuses"].items())
    yield f"\nAnswers: {statuses}; broken connections: {made['broken']:,}."
    for name, (first, last) in made["memory_mb"].items():
        grown = f"{100 * (last / first - 1):+.1f} %"
        yield f"The {name}: {first:.1f} MB after the warm-up, {last:.1f} MB at the end ({grown})."
    held = f"{made['acknowledged']:,} sentences acknowledged, {made['forgotten']:,} of them forgotten again"
    yield f"{held}; lost {made['lost']}, twice {made['twice']}, in another's memory {made['foreign']}."


def ablation(made: Made) -> Iterator[str]:
    cells = {(c["switch"], c["task"]): c for c in made["cells"]}
    tasks = list(dict.fromkeys(task for _, task in cells))
    rows = [[switch, *(_accuracy(cells[switch, t]) for t in tasks)] for switch in dict.fromkeys(s for s, _ in cells)]
    yield from _table(("right, %", *tasks), rows)
    n = sorted({c["n"] for c in made["cells"] if c["task"] != "all"})
    yield f"\nn = {'–'.join(map(str, n))} each."


def rows(made: Made) -> Iterator[str]:
    """Of `tests.rows`: what the backbone spells whole of what it is given, by number of rows."""
    cells = {(c["rows"], c["route"], c["kind"], c["steps"]): c for c in made["cells"]}
    steps = max(c["steps"] for c in made["cells"])
    kinds = list(dict.fromkeys(c["kind"] for c in made["cells"]))
    heads = ("N", "rows of", *(f"{kind}: right, %" for kind in kinds), *(f"{kind}: nats a token" for kind in kinds))
    names = {"input": "the input layer", "kv": "every layer's keys and values"}

    def line(n: int, route: str) -> list[str]:
        begun, of = ([cells[n, route, kind, done] for kind in kinds] for done in (0, steps))
        right = [_pct(100 * c["right"] / c["n"], *wilson(c["right"], c["n"])) for c in of]
        nats = [f"{b['nats']:.2f} → {c['nats']:.2f}" for b, c in zip(begun, of, strict=True)]
        return [str(n), names[route], *right, *nats]

    every = sorted({(n, route) for n, route, _, done in cells if done == steps})
    yield from _table(heads, [line(n, route) for n, route in every])
    yield f"\nn = {max(c['n'] for c in made['cells'])} each, held out; nats as begun → after {steps} steps."


TABLES: dict[str, Callable[[Made], Iterator[str]]] = {
    "natural": natural, "plain": natural, "distractors": natural, "stated": natural, "stated-together": natural,
    "typed": natural, "typed-together": natural, "ordinary": natural, "reworded": natural, "talk": natural,
    "asked": natural, "world": world, "babilong": babilong, "long-contexts": babilong,
    "poison": poison, "unguarded": poison, "long": long,
    "kills": counts, "cost": cost, "ablation": ablation, "rows": rows, "quants": conversion, "round-trip": conversion,
    "soak": soak, "soak-killed": soak,
}  # fmt: skip


# --- the README's table


def results() -> Iterator[list[str]]:
    """A line of each measurement that is there."""
    if made := load("natural"):
        n, *share = told_share(made, "auto")
        yield ["ten people's own words, asked about in a new conversation: right", str(n), f"**{_pct(*share)} %**"]
        for mode, what in CONTROLS.items():
            if any(r["mode"] == mode for r in made["rows"]):
                n, *share = told_share(made, mode)
                yield [f"the same questions, {what}: right", str(n), f"{_pct(*share)} %"]
        row = next(r for r in made["rows"] if r["task"] == "untold" and r["mode"] == "auto")
        yield ["asked for what they never told: says so", str(row["n"]), f"{_accuracy(row)} %"]
        row = next(r for r in made["false_refusals"] if r["mode"] == "auto")
        yield ["asked for what they told: says that nobody told it", str(row["answerable"]), f"{_share(row)} %"]
    if made := load("plain"):
        n, *share = told_share(made, "auto")
        yield ["eight people who say plain things plainly, and ask so: right", str(n), f"**{_pct(*share)} %**"]
    if made := load("distractors"):
        n, *share = told_share(made, "auto")
        yield [
            f"the same, among {made['distractors']:,} statements of other people: right",
            str(n),
            f"{_pct(*share)} %",
        ]
    for name, who in (
        ("stated", "twelve people in whole sentences"),
        ("typed", "twelve people as they type in a chat"),
    ):
        if made := load(f"{name}-together"):
            n, *share = told_share(made, "auto")
            never = next(r for r in made["rows"] if r["task"] == "untold")
            yield [f"{who}, all that each asks in one conversation: right", str(n), f"**{_pct(*share)} %**"]
            yield ["asked for what they never told: says so", str(never["n"]), f"{_accuracy(never)} %"]
    for name, who, how in (
        ("ordinary", "twelve", "plainly, in one conversation"),
        ("reworded", "twelve", "in other words, each in a new one"),
        ("talk", "ten", "one thing after another, and for yes or no, in one conversation"),
        ("asked", "twenty", "nearly as much of what they never told, in one conversation"),
    ):
        if made := load(name):
            n, *share = told_share(made, "auto")
            never = next(r for r in made["rows"] if r["task"] == "untold")
            yield [f"{who} people of both kinds, who ask {how}: right", str(n), f"**{_pct(*share)} %**"]
            yield ["asked for what they never told: says so", str(never["n"]), f"{_accuracy(never)} %"]
    if made := load("world"):
        for key, name in WORLD.items():
            if key in made:
                yield [f"everybody's messages in one memory, {name}", str(made[key]["n"]), f"{_share(made[key])} %"]
    for name in ("babilong", "long-contexts"):
        tasks, lengths, cells = _babilong(load(name) or {"rows": []})
        for length in lengths:
            some = [(t, cells[t, length, "memory"]) for t in tasks if (t, length, "memory") in cells]
            shown = ", ".join(f"{t} {r['accuracy']:.0f}" for t, r in some)
            yield [f"BABILong-style, {length}, from the state alone", f"{some[0][1]['n']} each", f"{shown} %"]
    for name, guard in (("poison", "on"), ("unguarded", "off")):
        what = f"attacks of nine kinds that succeed, guard {guard}"
        if made := load(name):
            (row,) = (r for r in made["rows"] if r["kind"] == "all attacks")
            yield [what, str(row["n"]), f"{_pct(*row['success'])} %"]
        elif load("poison" if guard == "off" else "unguarded"):
            yield [what, "–", "not measured with this state of the code"]
    if made := load("long"):
        for s in made["summary"][-1:]:
            yield [f"a conversation of {s['turns']} turns, facts told and changed: current value right",
                   str(s["all"]["n"]), f"{_share(s['all'])} %"]  # fmt: skip
    if made := load("kills"):
        n = {r["what"]: r["count"] for r in made["rows"]}
        killed = sum(v for k, v in n.items() if k.startswith("kill -9"))
        name = f"kill -9, {killed:,} times: acknowledged writes lost, or written twice"
        yield [name, f"{n['acknowledged writes']:,}", f"{n['of them lost']}, {n['written twice']}"]
    if made := load("cost"):
        yield from _cost(made)


def _cost(made: Made) -> Iterator[list[str]]:
    for name, f in made["figures"].items():
        if f.get("warm_ratio") and name in COSTS:
            yield [f"{COSTS[name]} ÷ the plain backbone", f"{len(f['warm_runs'])} runs", f"{f['warm_ratio']:.2f}×"]


COSTS = {"first token, rows": "first token, an association given", "first token, text": "first token, sentences given",
         "decoding, text": "decoding, sentences given"}  # fmt: skip


# --- inside


def told_share(made: Made, mode: str) -> tuple[int, float, float, float]:
    """All questions but those nobody told: how many, per cent right, interval."""
    some = [r for r in made["rows"] if r["mode"] == mode and r["task"] not in ("untold", "all")]
    n, right = sum(r["n"] for r in some), sum(round(r["n"] * r["accuracy"] / 100) for r in some)
    return n, 100 * right / n, *wilson(right, n)


def _babilong(made: Made) -> tuple[list[str], list[str], dict[tuple[str, str, str], Made]]:
    """Tasks, lengths, and the row of each task, length and mode."""
    rows = [(*r["task"].split(), r) for r in made["rows"] if r["task"] != "all"]
    return (list(dict.fromkeys(t for t, _, _ in rows)), list(dict.fromkeys(n for _, n, _ in rows)),
            {(t, n, r["mode"]): r for t, n, r in rows})  # fmt: skip


def _found(row: Made | None) -> str:
    return " / ".join(f"{row[f'at_{k}']['share']:.0f}" for k in (1, 4, 10)) if row else "–"


def _pct(share: float, low: float, high: float) -> str:
    return f"{share:.1f} ({low:.0f}–{high:.0f})"


def _share(row: Made) -> str:
    return _pct(row["share"], row["low"], row["high"])


def _accuracy(row: Made) -> str:
    return _pct(row["accuracy"], row["low"], row["high"])


def _count(n: int, share: float) -> str:
    return f"{round(n * share / 100)} of {n}"


def _day(iso: str) -> str:
    day = date.fromisoformat(iso)
    return f"{day.day} {day:%B %Y}"


def _table(heads: Sequence[str], rows: Iterator[list[str]] | list[list[str]]) -> Iterator[str]:
    """Lines of a table. Cells are our own words and numbers: bold stays bold."""
    for cells in (heads, ["---"] * len(heads), *rows):
        yield f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=["add"])
    parser.add_argument("name", nargs="?", choices=list(TABLES))
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--commit", help="of the code that was measured; default: the newest here")
    parser.add_argument("--date", help="default: the day of the (last) file")
    given = parser.parse_args()
    if given.what:
        if not given.files:
            parser.error("Which files?")
        head = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
        commit = given.commit or subprocess.run(head, capture_output=True, text=True, check=True).stdout.strip()
        day = given.date or date.fromtimestamp(max(f.stat().st_mtime for f in given.files)).isoformat()
        print(add(given.name, given.files, commit, day))
    for page in PAGES:
        report.write(page, rendered(page.read_text("utf-8")))
        print(page)


if __name__ == "__main__":
    main()
