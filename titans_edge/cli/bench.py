"""titans-edge bench: what the memory costs, beside plain llama.cpp in the same run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from titans_edge import library
from titans_edge.cli import common
from titans_edge.documents import read_document
from titans_edge.errors import UsageError

if TYPE_CHECKING:
    from titans_edge.evaluate.cost import Measured

LENGTHS, LONGER = (512, 2048, 8192), (16384, 32000)
ROOM = 1024  # positions beside a long text


def bench(
    file: Annotated[Path, typer.Argument(help="A text to read, some thousand words; for long lengths, a book.")],
    backbone: common.Backbone = library.DEFAULT,
    graft: common.GraftOption = None,
    tokens: Annotated[int, typer.Option(help="How much of the text to read.", min=256)] = 4000,
    lengths: Annotated[
        str, typer.Option(help="Tokens told before turn 2, with commas; those longer than the text are left out.")
    ] = ",".join(map(str, LENGTHS)),
    long: Annotated[bool, typer.Option("--long", help=f"Lengths of {LONGER[0]} and {LONGER[1]} too.")] = False,
    runs: Annotated[int, typer.Option(help="Of each figure, besides the first.", min=1)] = 5,
    start: Annotated[bool, typer.Option("--start/--no-start", help="Time whole commands too.")] = True,
    plot: Annotated[
        Path | None, typer.Option(help="Draw the first token of turn 2 by length into this PNG or SVG.")
    ] = None,
    as_json: common.Json = False,
) -> None:
    """Reading, first token, decoding, start-up and memory, the first time and later, beside the plain backbone.

    Medians of paired runs, with least and most. Other programs spoil the figures: the machine's load is shown.

    \b
    Examples:
      titans-edge bench book.txt
      titans-edge bench book.txt --long --plot cost.png
    """
    from titans_edge import pictures
    from titans_edge.evaluate import cost_commands, cost_tables, machine, report

    pictures.check(plot)
    here, wanted, text = machine.describe(), _lengths(lengths, long), read_document(file)
    done = _measured(backbone, graft, text, tokens, wanted, runs)
    if start:
        found = cost_commands.fresh(library.find_backbone(backbone), library.find_graft(graft, backbone), runs)
        done.figures += found[0]
        done.sizes |= found[1]
    if plot is not None:
        from titans_edge.evaluate import plots

        plots.draw_cost(done.figures, plot)
    if as_json:
        print(json.dumps({"command": report.command(), **cost_tables.all_of(done), "machine": here.as_json()}))
    else:
        print(f"{here.says()}\n\n{cost_tables.whole_table(done)}")


def _measured(backbone: str, graft: str | None, text: str, tokens: int, wanted: list[int], runs: int) -> Measured:
    """What is taken inside this process, on a memory that is not kept."""
    from titans_edge.backbone.sampling import Sampling
    from titans_edge.chat import Chat
    from titans_edge.evaluate import cost

    done, sampling = cost.Measured(), Sampling(max_tokens=64)
    context = max(8192, *(n + ROOM for n in wanted))
    with common.open_chat(backbone, graft, None, sampling=sampling, context=context) as chat:
        done.figures, done.given = cost.measure(chat, text, tokens, runs=runs)
        assert chat.client is not None
        done.sizes["state of the memory"] = int(chat.client.stats()["bytes"])
        with Chat(chat.backbone, chat.client, sampling=sampling, route="kv") as kv:
            done.figures += cost.four_sentences(chat, kv, runs)
            kept = kv.speaker.kept
            assert kept is not None
            done.sizes["keys and values kept of four sentences"] = kept.bytes
            done.notes += [f"! Read as text instead: {kept.why}"] if kept.why else []
        fit = cost.fitting(chat, text, wanted)
        done.notes += [
            f"! Left out: {n} tokens, for which text or context is too short." for n in wanted if n not in fit
        ]
        for length in fit:
            figures, answered = cost.turn_two(chat, text, length, runs)
            done.figures += figures
            done.answered |= answered
    return done


def _lengths(text: str, long: bool) -> list[int]:
    """Numbers with commas. Raises UsageError for what is none."""
    words = [w.strip() for w in text.split(",") if w.strip()]
    if not all(w.isdecimal() and 64 <= int(w) <= 10**6 for w in words):
        raise UsageError(f"{text!r} are no lengths.", "Write --lengths 512,2048 (64 at least).")
    return sorted({*map(int, words), *(LONGER if long else ())})
