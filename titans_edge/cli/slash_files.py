"""Commands on files: documents into the memory, the conversation out and in."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from titans_edge import conversation
from titans_edge.cli import common
from titans_edge.cli.room import Room, command, file
from titans_edge.documents import read_document
from titans_edge.errors import UsageError
from titans_edge.sources import Source

HELD = 5  # sentences held back that are shown for a file


@command("/read", "FILE…", "read documents into the memory, as `titans-edge read`", "paths")
def read(room: Room, rest: str) -> None:
    client = room.client
    files = _files(rest)
    texts = [read_document(f) for f in files]  # all are checked before the first is read
    for path, text in zip(files, texts, strict=True):
        size, tokens, spans = len(room.talk.backbone.vocab.encode(text)), 0, 0
        with room.whole() as pressed:
            for n, t in room.talk.learn(text, Source("document", path.name)):
                tokens, spans = tokens + t, spans + n
                common.show_progress(min(tokens, size), size, path.name)
                if pressed:
                    break
        rulings = room.talk.rulings if not pressed else client.wait()
        held = [r for r in rulings if r["decision"] == "quarantined"]
        print(f"{path.name}: {spans} sentences read, {len(held)} held back{' (/quarantine)' * bool(held)}")
        for r in held[:HELD]:
            print(f"  [{r['id']}] {common.printable(r['text'])} ({r['reason']})")
        if pressed:
            print("! Stopped there; what was read is kept, /undo takes it back.")
            return


def _files(rest: str) -> list[Path]:
    if not rest:
        raise UsageError("Read which files?", "Write /read FILE…")
    whole = file(rest, "/read FILE…")
    if whole.exists():
        return [whole]
    try:
        names = shlex.split(rest, posix=os.name == "posix")
    except ValueError as e:
        raise UsageError(f"The names cannot be told apart ({e}).", "Put quotes around names with blanks.") from e
    return [file(name, "/read FILE…") for name in names]


@command("/save", "FILE", "write the conversation to a private JSON file", "path")
def save(room: Room, rest: str) -> None:
    path, messages = file(rest, "/save FILE"), room.talk.messages
    if not messages:
        raise UsageError("Nothing was said in this conversation yet.", "There is nothing to save.")
    if _may(room, path):
        conversation.save(path, messages, replace=True)
        print(f"{path}: {_exchanges(messages)}.")


@command("/load", "FILE", "go on with a saved conversation; nothing of it is learnt", "path")
def load(room: Room, rest: str) -> None:
    messages = conversation.load(file(rest, "/load FILE"))
    room.talk.load(messages)
    room.fresh()
    print(f"{_exchanges(messages)}; nothing of it was learnt.")


@command("/export", "FILE", "the conversation to read, as FILE.md; or the memory's sentences, as FILE.jsonl", "path")
def export(room: Room, rest: str) -> None:
    path = file(rest, "/export FILE.md or FILE.jsonl")
    if path.suffix in (".jsonl", ".safetensors"):
        _export_memory(room, path)
        return
    messages = room.talk.messages
    if not messages:
        raise UsageError("Nothing was said in this conversation yet.", "FILE.jsonl writes the memory's sentences.")
    if _may(room, path):
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
