"""titans-edge doctor: is everything there, and does it work?"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from titans_edge import library
from titans_edge.cli import common

MARKS = {"good": "ok", "note": "note", "bad": "BAD"}


def doctor(
    backbone: common.Backbone = library.DEFAULT,
    graft: common.GraftOption = None,
    seconds: Annotated[float, typer.Option(min=1, help="Longest time of the self-test.")] = 10,
    test: Annotated[bool, typer.Option("--test/--no-test", help="Load the model and ask it something.")] = True,
    as_json: common.Json = False,
) -> None:
    """Look at packages, machine, folders, models, grafts and memories, and try it all in a self-test.

    Exit code 0: sound; 1: something is bad, and the line below it says what to do. A self-test that ran out of time
    is a note. Nothing is changed.

    \b
    Example:
      titans-edge doctor --json
    """
    from titans_edge.doctor import examine

    found = []
    for f in examine(backbone, graft, seconds=seconds, test=test, on_stage=common.show_progress):
        found.append(f)
        if not as_json:
            print(common.printable(f"{MARKS[f.verdict]:<5} {f.about:<12} {f.said}"), flush=True)
            if f.next:
                print(common.printable(f"{'':<18} → {f.next}"))
    bad = sum(f.verdict == "bad" for f in found)
    if as_json:
        print(json.dumps({"sound": not bad, "findings": [asdict(f) for f in found]}))
    else:
        notes = sum(f.verdict == "note" for f in found)
        sound = f"Sound, with {notes} to note." if notes else "Sound."
        print(f"Not sound: {bad} of {len(found)} findings are bad." if bad else sound)
    if bad:
        raise typer.Exit(1)
