"""Commands on files: documents into the memory, the conversation out and in."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from titans_edge import conversation
from titans_edge.cli import common
from titans_edge.cli.room import Room, command, file
from titans_edge.errors import UsageError

if TYPE_CHECKING:
    from titans_edge.documents.reading import Outcome

HELD = 5  # sentences held back that are shown for a file


@command("/read", "FILE…", "files, folders, patterns into the memory; a changed one replaces its old version", "paths")
def read(room: Room, rest: str) -> None:
    from titans_edge.documents.files import find
    from titans_edge.documents.reading import read_files

    found, talk = find(_names(rest)), room.talk
    room.client  # noqa: B018 - says so where the memory is off
    with room.whole() as pressed:
        for o in read_files(
            talk.session,
            found,
            on_progress=lambda f, done, of: common.show_progress(done, of, f.path.name),
            stopped=lambda: bool(pressed),
        ):
            talk.noted()
            _tell(o)


def _tell(o: Outcome) -> None:
    """What became of one file."""
    shown, held = common.printable(o.shown), f"{len(o.held)} held back{' (/quarantine)' * bool(o.held)}"
    if o.status == "failed":
        print(f"! {common.printable(' '.join(o.notes))}")
        return
    if o.status == "unchanged":
        print(f"{shown}: as it was read before")
    elif o.status == "moved":
        print(f"{shown}: was {common.printable(o.notes[0])}, and is the same")
    elif o.status == "gone":
        print(f"{shown}: deleted; `titans-edge read --prune` forgets it")
    else:
        print(
            f"{shown}: {o.sentences} sentences read, {held}{', in place of the old version' * (o.status == 'changed')}"
        )
    for r in o.held[:HELD]:
        print(f"  [{r['id']}] {common.printable(r['text'])} ({r['reason']})")
    if o.status == "stopped":
        print("! Stopped there; the same command goes on, /undo takes it back.")


def _names(rest: str) -> list[str]:
    if not rest:
        raise UsageError("Read which files?", "Write /read FILE…")
    whole = file(rest, "/read FILE…")
    if whole.exists():
        return [str(whole)]
    try:
        names = shlex.split(rest, posix=os.name == "posix")
    except ValueError as e:
        raise UsageError(f"The names cannot be told apart ({e}).", "Put quotes around names with blanks.") from e
    return [str(file(name, "/read FILE…")) for name in names]


@command("/save", "FILE", "write the conversation to a private JSON file", "path")
def save(room: Room, rest: str) -> None:
    path, messages = file(rest, "/save FILE"), room.talk.messages
    if not messages:
        raise UsageError("Nothing was said in this conversation yet.", "There is nothing to save.")
    if _may(room, path):
        conversation.save(path, messages, replace=True)
        room.talk.session.keep(_state(path))
        print(f"{path}: {_exchanges(messages)}.")


@command("/load", "FILE", "go on with a saved conversation; nothing of it is learnt", "path")
def load(room: Room, rest: str) -> None:
    path = file(rest, "/load FILE")
    messages = conversation.load(path)
    room.talk.load(messages)
    room.talk.session.go_on(_state(path))
    room.fresh()
    print(f"{_exchanges(messages)}; nothing of it was learnt.")


def _state(path: Path) -> Path:
    """Where the model's state of a saved conversation is kept, so that it need not be read again."""
    return path.with_name(f"{path.name}.state")


@command(
    "/export",
    "FILE",
    "the conversation to read, as FILE.md (- is here); or the memory's sentences, as FILE.jsonl",
    "path",
)
def export(room: Room, rest: str) -> None:
    path = file(rest, "/export FILE.md or FILE.jsonl")
    if path.suffix in (".jsonl", ".safetensors"):
        _export_memory(room, path)
        return
    messages = room.talk.messages
    if not messages:
        raise UsageError("Nothing was said in this conversation yet.", "FILE.jsonl writes the memory's sentences.")
    if str(path) == "-":
        print("\n".join(map(common.printable, conversation.markdown(messages).splitlines())))
    elif _may(room, path):
        conversation.export(path, messages, replace=True)
        print(f"{path}: {_exchanges(messages)}.")


def _export_memory(room: Room, path: Path) -> None:
    from titans_edge.journal import Journal, transfer
    from titans_edge.journal.file import translated

    memory = room.client.path
    if memory is None:
        raise UsageError("This memory is not kept in a file.", "FILE.md writes the conversation.")
    room.client.wait()
    if _may(room, path):
        with Journal(memory, write=False) as journal, translated(memory):
            print(f"{path}: {transfer.export(journal, path)} sentences.")


def _exchanges(messages: Sequence[object]) -> str:
    count = len(messages) // 2
    return f"{count} exchange{'s' * (count != 1)}"


def _may(room: Room, path: Path) -> bool:
    """Whether a file may be written: it is new, or the user says so."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder.", "Name a file in it.")
    if not os.path.lexists(path) or room.confirm(f"{path} is there. Replace it?"):
        return True
    print("Nothing was written.")
    return False
