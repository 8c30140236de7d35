"""The program as a user meets it, on the tiny backbone: commands and errors."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from titans_edge.backbone.model import Backbone
from titans_edge.backbone.sampling import Sampling
from titans_edge.chat import Chat
from titans_edge.errors import ContextOverflow, UsageError
from titans_edge.session import Done, Notice, Remembered, Text
from titans_edge.sidecar.client import MemoryClient, ProcessTransport
from titans_edge.stories.lexicon import Lexicon, held_out
from titans_edge.stories.relations import Bank
from titans_edge.stories.worlds import KINDS, stories
from titans_edge.text import words


def titans(*args: str, home: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    env = {
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "PATH": "/usr/bin:/bin",
    }
    return subprocess.run(
        [sys.executable, "-m", "titans_edge", *args], capture_output=True, text=True, input=stdin, env=env, timeout=120
    )


@pytest.fixture
def chat(tiny: Backbone, tiny_path: Path, graft_path: Path) -> Chat:
    return Chat(
        tiny,
        MemoryClient.open(str(tiny_path), str(graft_path), None, local=True),
        context=512,
        sampling=Sampling(max_tokens=6),
    )


def test_a_turn_streams_and_leaves_no_rows_behind(chat: Chat) -> None:
    events = list(chat.turn("Mary went home. Where is Mary?"))
    assert isinstance(events[0], Remembered) and isinstance(events[-1], Done)
    (rows,) = (e.rows for e in events if isinstance(e, Remembered))
    assert rows > 0
    plain = Chat(chat.backbone, None, context=512, sampling=Sampling(max_tokens=6))
    said = sum(e.tokens for e in events if isinstance(e, Done))
    ids = [*chat._head, *chat._before, *chat._ids("Mary went home. Where is Mary?"), *chat._after]
    assert chat.speaker.length == len(ids) + said + len(chat._end)
    assert any(isinstance(e, Text | Done) for e in plain.turn("Hi"))


def test_an_interrupted_reply_is_still_learned_from(chat: Chat) -> None:
    events = chat.turn("Mary went home.")
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert chat.client is not None and chat.client.stats()["spans"] == 1


def test_a_full_context_drops_the_history_and_says_so(chat: Chat) -> None:
    seen = [e for _ in range(12) for e in chat.turn("Mary went to the kitchen and to the garden and home again.")]
    assert any(isinstance(e, Notice) for e in seen)


def test_a_message_longer_than_the_context_is_refused(chat: Chat) -> None:
    with pytest.raises(ContextOverflow, match="titans-edge read"):
        list(chat.turn("word " * 600))
    with pytest.raises(UsageError):
        list(chat.turn("  "))


def test_a_memory_that_cannot_be_started_again_does_not_end_the_chat(
    tiny: Backbone, tiny_path: Path, graft_path: Path, tmp_path: Path
) -> None:
    graft = tmp_path / "g.gguf"
    graft.write_bytes(graft_path.read_bytes())
    client = MemoryClient.open(str(tiny_path), str(graft), None)
    chat = Chat(tiny, client, context=512, sampling=Sampling(max_tokens=4))
    transport = client._transport
    assert isinstance(transport, ProcessTransport)
    transport.process.kill()
    graft.unlink()
    events = list(chat.turn("Where is Mary?", learn=False))
    assert any(isinstance(e, Notice) and "without memory" in e.text for e in events) and isinstance(events[-1], Done)


def test_reading_a_text_writes_its_spans(chat: Chat) -> None:
    assert sum(n for n, _ in chat.learn("One thing. Another thing! A third?")) == 3
    assert chat.client is not None and chat.client.stats()["spans"] == 3


def test_chat_remembers_across_runs_and_forgets(tiny_path: Path, graft_path: Path, tmp_path: Path) -> None:
    base = ("chat", "-b", str(tiny_path), "-g", str(graft_path), "--max-tokens", "4", "--context", "512")
    first = titans(*base, home=tmp_path, stdin="Mary went home.\n/memory\n/nonsense\n/bye\n")
    assert first.returncode == 0, first.stderr
    assert "1 spans read" in first.stdout and "no command /nonsense" in first.stderr
    lines = "/memory\nJohn left.\n/forget\n/memory\nJohn sat.\n/memory home\n/forget #1\n/memory\n/reset\n/memory\n"
    second = titans(*base, home=tmp_path, stdin=lines)
    assert [line.split()[0] for line in second.stdout.splitlines() if "spans read" in line] == ["1", "1", "1", "0"]
    assert "[1] you, " in second.stdout and '"Mary went home."' in second.stdout and "Forgotten: 1." in second.stdout


def test_ctrl_c_stops_the_reply_and_not_the_program(chat: Chat, capsys: pytest.CaptureFixture[str]) -> None:
    from titans_edge.cli.chat import Loop

    loop = Loop(chat)
    turn = chat.turn

    def interrupted(message: str) -> Iterator[object]:
        for event in turn(message):
            os.kill(os.getpid(), signal.SIGINT)
            yield event

    chat.turn = interrupted  # type: ignore[assignment,method-assign]
    loop.handle("Mary went home.")
    chat.turn = turn  # type: ignore[method-assign]
    loop.handle("Where is Mary?")
    assert "[stopped]" in capsys.readouterr().out
    assert chat.client is not None and chat.client.stats()["spans"] == 2


def test_ask_and_read_speak_json(tiny_path: Path, graft_path: Path, tmp_path: Path) -> None:
    base = ("-b", str(tiny_path), "-g", str(graft_path))
    doc = tmp_path / "d.txt"
    doc.write_text("Mary went home. John stayed.")
    read = titans("read", str(doc), *base, "--json", home=tmp_path)
    assert json.loads(read.stdout)["spans"] == 2
    asked = titans("ask", "Where is Mary?", *base, "--json", "--max-tokens", "4", home=tmp_path)
    assert json.loads(asked.stdout)["rows"] > 0


def test_bad_input_gets_one_line_and_an_exit_code(tiny_path: Path, graft_path: Path, tmp_path: Path) -> None:
    empty, binary, cut = tmp_path / "empty.txt", tmp_path / "x.bin", tmp_path / "cut.gguf"
    empty.write_text(" \n")
    binary.write_bytes(b"\x00\x01\x02")
    cut.write_bytes(tiny_path.read_bytes()[:5000])
    base = ("-b", str(tiny_path), "-g", str(graft_path))
    for args, word in (
        (("read", str(empty), *base), "is empty"),
        (("read", str(binary), *base), "is not text"),
        (("read", str(tmp_path), *base), "is a directory"),
        (("ask", "x", "-b", str(tmp_path), "-g", str(graft_path)), "is a directory"),
        (("ask", "x", "-b", str(cut), "-g", str(graft_path)), "damaged"),
        (("ask", "x", "-b", "unheard-of"), "no backbone"),
        (("ask", "x", "-b", str(tiny_path), "-g", str(tiny_path)), "not a graft"),
        (("ask", "", *base), "empty"),
        (("ask", "word " * 3000, *base, "--context", "512"), "tokens"),
        (("pull", "unheard-of"), "no model named"),
        (("ask", "x", *base, "-m", "../up"), "no memory name"),
    ):
        got = titans(*args, home=tmp_path)
        assert got.returncode not in (0, 1), (args[0], got.stderr)
        assert word in got.stderr and got.stderr.count("\n") == 1, got.stderr


def test_help_needs_neither_torch_nor_llama_cpp() -> None:
    heavy = ("torch", "llama_cpp", "numpy")
    code = f"import sys; import titans_edge.cli.main; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_the_runtime_never_imports_torch() -> None:
    code = "import sys; import titans_edge.chat, titans_edge.evaluate.runner; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"


def test_stories_label_words_that_are_there_and_keep_the_split() -> None:
    for split in ("train", "held-out"):
        for s in stories(KINDS, 240, Lexicon(split), 5):
            for f in s.facts:
                have = {w.text.lower() for w in words(f.text)}
                for w in f.writes:
                    assert {x.lower() for x in (w.key, w.second, w.value) if x} <= have, f
                    if w.bank is Bank.PLACE and split == "held-out":
                        assert held_out(w.key)
    assert [s.question for s in stories(KINDS, 30, Lexicon(), 5)] == [
        s.question for s in stories(KINDS, 30, Lexicon(), 5)
    ]


def test_a_place_question_is_answered_by_the_last_move() -> None:
    for s in stories(("place",), 60, Lexicon(), 3):
        last = [w.value for f in s.facts for w in f.writes if w.bank is Bank.PLACE and w.key == s.question.key][-1]
        assert last == s.question.answer
