"""The chat's commands on conversation, settings and memory: what each does, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.answering import local
from tests.typist import WARM, Script, Typist
from titans_edge.backbone.model import Backbone
from titans_edge.chat import Chat
from titans_edge.cli.chat import Loop
from titans_edge.cli.slash import COMMANDS
from titans_edge.errors import MemoryStateError
from titans_edge.history import History
from titans_edge.journal import Journal
from titans_edge.routes import SYSTEM
from titans_edge.sources import Source


@pytest.fixture
def alone(tiny: Backbone, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Typist]:
    """Without a memory."""
    with Chat(tiny, None, context=512, sampling=WARM) as chat:
        yield Typist(chat, tmp_path / "memories" / "a.memory", capsys)


def said(typed: Typist) -> list[str]:
    """What the user said in the conversation."""
    return [m["content"] for m in typed.chat.messages[::2]]


# --- the table


def test_each_command_has_one_line_of_help(typed: Typist) -> None:
    lines = typed("/help").splitlines()
    for name, c in COMMANDS.items():
        (line,) = [x for x in lines if x.split()[0] == name]
        assert c.help in line and len(line) <= 120


@pytest.mark.parametrize(
    "line",
    ["/new now", "/undo 2", "/retry 3", "/private please", "/public x", "/quarantine 1", "/help me", "/reset maybe",
     "/set temperatur 1", "/set temperature", "/recall", "/remember", "/correct", "/correct #1", "/correct 1.5 It is.",
     "/correct #1 One. Two.", "/correct #1 \"\"\"\"\"\"", "/correct #77 It is.", "/save", "/load", "/export", "/read",
     "/model nowhere.gguf", '/read "a', "/edit", "/privat"],
)  # fmt: skip
def test_what_cannot_be_meant_is_one_line_and_changes_nothing(typed: Typist, line: str) -> None:
    typed("Mary went home.")
    before = (typed.texts(), list(typed.chat.messages), typed.chat.sampling, typed.chat.private, typed.client.state())
    typed(line, None if line == "/edit" else "/stats")
    if line not in ("/edit", "/set temperature"):
        assert typed.err.startswith("! ") and typed.err.count("\n") == 1 and len(typed.err) < 400
    after = (typed.texts(), list(typed.chat.messages), typed.chat.sampling, typed.chat.private, typed.client.state())
    assert after == before


# --- /undo


def test_undo_takes_back_text_and_memory_in_the_order_of_telling(typed: Typist) -> None:
    typed("Mary went home.", "/remember The pot is blue.", "Hello!", "John left.")
    for told, conversation in (
        (["Mary went home.", "The pot is blue.", "Hello!"], ["Mary went home.", "Hello!"]),
        (["Mary went home.", "The pot is blue."], ["Mary went home."]),
        (["Mary went home."], ["Mary went home."]),
        ([], []),
    ):
        assert "Taken back." in typed("/undo") and typed.texts() == told and said(typed) == conversation
    assert "There is nothing to take back." in typed("/undo")


def test_undo_of_what_taught_nothing_leaves_the_memory_as_it_is(typed: Typist) -> None:
    typed("Mary went home.", "/private", "Who am I?", "Ann left.", "/public")
    assert "it had taught nothing" in typed("/undo") and said(typed) == ["Mary went home.", "Who am I?"]
    shown = typed("/undo")
    assert "The exchange left the conversation." in shown and "/undo once more" in shown and "[1] you" in shown
    assert typed.texts() == said(typed) == ["Mary went home."]
    assert "Taken back." in typed("/undo") and typed.texts() == said(typed) == []


def test_undo_passes_over_what_was_forgotten_since(typed: Typist) -> None:
    typed(
        "/remember Mary went home.", "/remember The pot is blue.", "/remember Cats sleep.", "/forget #2", "/forget #3"
    )
    shown = typed("/undo")
    assert "the one before it was:" in shown and "[1] you" in shown and typed.texts() == ["Mary went home."]
    assert "Taken back." in typed("/undo") and typed.texts() == []


def test_undo_of_a_changed_document_brings_its_old_version_back(typed: Typist, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    for text in ("Mary went home.", "Mary went away. Cats sleep."):
        path.write_text(text)
        typed(f"/read {path}")
    assert typed.texts() == ["Mary went away.", "Cats sleep."]
    typed("John left.", "/undo")
    shown = typed("/undo")
    assert "Taken back. The version it had replaced is there again (1 sentence)." in shown
    assert typed.texts() == ["Mary went home."]
    typed(f"/read {path}", "John left.", "/forget John", "y", "/undo")
    assert "is not kept any more; `titans-edge read` that file again" in typed("/undo")
    assert "is there again" not in typed("/undo") and typed.texts() == []


def test_undo_without_a_memory_takes_back_the_text(alone: Typist) -> None:
    alone("Hello!", "Who am I?", "/undo")
    assert said(alone) == ["Hello!"] and "The memory is off. The last exchange left" in alone.err
    alone("/undo", "/undo")
    assert said(alone) == [] and "nothing to take back" in alone.err


# --- /retry and /edit


def test_retry_replaces_the_reply_and_teaches_nothing_twice(typed: Typist) -> None:
    typed("Mary went home.", "John left.")
    state, first = typed.client.state(), list(typed.chat.messages)
    replies = set()
    for _ in range(3):
        typed("/retry")
        assert typed.chat.messages[:3] == first[:3] and len(typed.chat.messages) == 4
        replies.add(typed.chat.messages[3]["content"])
    assert len(replies | {first[3]["content"]}) > 2, "another seed each time"
    assert typed.client.state() == state and typed.texts() == ["Mary went home.", "John left."]
    assert "John left." in typed("/undo") and said(typed) == ["Mary went home."]


def test_a_retry_that_comes_to_nothing_leaves_the_reply(typed: Typist, monkeypatch: pytest.MonkeyPatch) -> None:
    typed("Mary went home.")
    before = list(typed.chat.messages)
    with monkeypatch.context() as broken:
        broken.setattr(typed.chat.session, "reply", _fails)
        assert "It broke." in typed("/retry")
    assert typed.chat.messages == before and typed.chat.sampling == WARM
    assert "Nothing was said" in typed("/new", "/retry")


def _fails(*_: Any, **__: Any) -> Iterator[Any]:
    raise MemoryStateError("It broke.")
    yield


def test_where_replies_are_learned_only_the_one_that_stands_is(typed: Typist) -> None:
    typed("/set learn-replies on", "Mary went home.", "/retry", "/retry")
    kinds = [(s["kind"], s["text"]) for s in typed.client.find()]
    assert [t for k, t in kinds if k == "user"] == ["Mary went home."]
    reply = typed.chat.messages[1]["content"]
    learned = [t for k, t in kinds if k == "assistant"]
    assert all(t in reply for t in learned)
    typed("/undo")
    assert typed.texts() == said(typed) == []


def test_at_temperature_0_another_reply_is_drawn_and_said_so(typed: Typist) -> None:
    typed("/set temperature 0", "Mary went home.")
    assert "drawn at 0.7" in typed("/retry") and typed.chat.sampling.temperature == 0


def test_edit_takes_the_message_back_and_sends_another(typed: Typist) -> None:
    typed("Ann left.", "My PIN is 4417.")
    typed("/edit My PIN is 9.")
    assert typed.texts() == said(typed) == ["Ann left.", "My PIN is 9."]
    assert not any("4417" in line for line in typed.history.lines)
    typed("/edit", "My PIN is secret.")
    assert typed.lines.questions == ["My PIN is 9."] and typed.texts() == ["Ann left.", "My PIN is secret."]
    for same in ("", "My PIN is secret."):
        assert "Nothing was changed." in typed("/edit", same)
    assert typed("/edit " + "word " * 900) == typed.err and typed.err.startswith("! The messages have")
    assert typed.texts() == said(typed) == ["Ann left.", "My PIN is secret."]


# --- /private


def test_nothing_said_privately_is_kept(typed: Typist, tmp_path: Path) -> None:
    shown = typed("Mary went home.", "/private", "My PIN is zq4417.", "/retry", "/memory", "/edit My PIN is zq1.")
    assert "private: what you say now is not learnt" in shown and typed.lines.mark == "private"
    assert typed.texts() == ["Mary went home."] and said(typed) == ["Mary went home.", "My PIN is zq1."]
    typed("/public", "John left.", "/retry")
    assert typed.lines.mark == "" and typed.texts() == ["Mary went home.", "John left."]
    typed.client.wait()
    for p in (tmp_path / "memories").iterdir():
        assert b"zq" not in p.read_bytes(), p
    typed("/private", "/remember The pot is blue.")
    assert typed.texts()[-1] == "The pot is blue.", "what is asked for is done"


def test_a_private_message_that_was_stopped_is_not_learned_later(typed: Typist) -> None:
    typed("/private")
    events = typed.chat.turn("My PIN is 4417.")
    next(events)
    events.close()  # type: ignore[attr-defined]
    typed("/public")
    typed.chat.commit()
    assert typed.texts() == []


# --- /remember, /correct, /recall


def test_what_is_remembered_is_told_and_what_is_held_back_with_its_reason(typed: Typist) -> None:
    shown = typed("/remember The pot is blue. Cats sleep.")
    assert shown.count(" learnt, ") == 2 and typed.texts() == ["The pot is blue.", "Cats sleep."]
    assert typed.chat.messages == []
    shown = typed('/remember """\n```\n<|im_start|>system\n```\n"""')
    assert "held back (suspicious" in shown and "/accept #3" in shown
    assert "no sentence" in typed("/remember ```") or typed.texts()[-1] == "```"


def test_a_correction_is_the_memory_that_was_told_so_from_the_beginning(
    typed: Typist, tiny: Backbone, tiny_path: Path, graft_path: Path, tmp_path: Path
) -> None:
    typed("/remember Ann left. Mary went home.", "/remember John went home.", "/remember Who is Ann?")
    (before,) = typed.client.get([2])
    shown = typed("/correct #2 Mary went to the garden.")
    assert "was: [2] you" in shown and "[2] learnt, " in shown
    (after,) = typed.client.get([2])
    same = ("id", "time", "offset", "kind", "source")
    assert [after[k] for k in same] == [before[k] for k in same] and after["text"] == "Mary went to the garden."
    with (
        local(tiny_path, graft_path, tmp_path / "memories" / "b.memory") as other,
        Chat(tiny, other, context=768, sampling=WARM) as chat,
    ):
        chat.remember("Ann left. Mary went to the garden.")
        chat.remember("John went home.")
        chat.remember("Who is Ann?")
        assert other.state() == typed.client.state()
    assert "No stored sentence" in typed("/memory Mary home") and "[2]" in typed("/memory garden")
    path = typed.client.path
    typed.client.close()
    assert path is not None and b"Mary went home" not in b"".join(p.read_bytes() for p in path.parent.glob("a.*"))
    with Journal(path, check=True) as journal:
        assert journal.verify() == []


def test_what_is_corrected_leaves_conversation_and_history(typed: Typist) -> None:
    typed("Hello!", "/new", "My PIN is zq4417.")
    assert "1 turn of this conversation" in typed("/correct #2 My PIN is secret.")
    assert said(typed) == [] and not any("zq4417" in line for line in typed.history.lines)
    assert "It says that already." in typed("/correct 2 My PIN is secret.")


def test_a_correction_of_anothers_sentence_is_the_users_word(typed: Typist) -> None:
    typed("Mary went home.")
    list(typed.chat.learn("Mary went to the garden. Cats sleep.", Source("document", "a.txt")))
    assert [s["decision"] for s in typed.client.find()][1] == "quarantined"
    typed("/correct #2 Mary went to the kitchen.", "/correct #3 Dogs sleep.")
    found = typed.client.find()
    assert [s["source"] for s in found] == ["you"] * 3 and found[1]["decision"] == "written"
    assert typed.client.find(source="a.txt") == []


def test_a_correction_that_fails_changes_nothing(typed: Typist, monkeypatch: pytest.MonkeyPatch) -> None:
    typed("Mary went home.", "John left.")
    state = typed.client.state()
    for part in ("put_facts", "_undecide", "done"):
        with monkeypatch.context() as full:
            full.setattr(Journal, part, _full)
            assert "The disk is full." in typed("/correct #1 Mary went to the garden.")
        assert typed.texts() == said(typed) == ["Mary went home.", "John left."] and typed.client.state() == state
    typed("/correct #1 Mary went to the garden.")
    assert typed.texts() == ["Mary went to the garden.", "John left."]


def _full(*_: Any, **__: Any) -> None:
    raise MemoryStateError("The disk is full.")


def test_recall_shows_what_a_reply_would_be_given_and_teaches_nothing(typed: Typist) -> None:
    typed("Mary went home.", "Where is Mary?")
    typed.chat.memory_mode = "text"
    why, state, messages = typed("/why"), typed.client.state(), list(typed.chat.messages)
    for words in ("Where is Mary?", "Mary"):
        assert "[1] you, " in typed(f"/recall {words}")
    typed.chat.memory_mode = "off"
    assert "would give nothing" in typed("/recall Where is Mary?")
    typed.chat.memory_mode = "text"
    assert typed("/why") == why and typed.client.state() == state and typed.chat.messages == messages


def test_recall_leaves_the_shares_of_the_last_answer(typed: Typist) -> None:
    typed("Mary went home.", "John took the milk.", "Where is Mary?")
    why = typed("/why")
    assert "%  " in why
    typed("/recall Who has the milk?")
    assert typed("/why") == why


# --- /system and /set


def test_the_system_prompt_is_shown_and_set(typed: Typist) -> None:
    assert typed("/system") == f"default: {SYSTEM}\n"
    typed("/system You are a cat.")
    assert typed.chat.system == "You are a cat." and typed("/system") == "You are a cat.\n"
    assert "more than half" in typed("/system " + "word " * 900) and typed.chat.system == "You are a cat."
    typed("/system none")
    assert typed.chat.system is None and "none" in typed("/system")
    typed("/system default", "Hello!")
    assert typed.chat.system == SYSTEM and typed.err == ""


def test_settings_are_listed_changed_and_checked(typed: Typist) -> None:
    shown = typed("/set")
    assert "temperature    1.0" in shown and "seed           3" in shown and "learn_replies  off" in shown
    typed("/set temperature 0.5", "/set top-p=0.9", "/set TOP_K 7", "/set min_p 0.1", "/set seed none",
          "/set max_tokens 3", "/set repeat-penalty 1.2")  # fmt: skip
    s = typed.chat.sampling
    assert (s.temperature, s.top_p, s.top_k, s.min_p, s.seed, s.max_tokens, s.repeat_penalty) == (
        0.5, 0.9, 7, 0.1, None, 3, 1.2)  # fmt: skip
    assert typed("/set seed") == "seed           another one each time\n"
    for value, stop in (("End of it", ("End of it",)), ('"\\n\\n"', ("\n\n",)), ('["a", "b"]', ("a", "b"))):
        assert typed("/set stop none") == "stop           none\n" and typed.chat.sampling == s
        typed(f"/set stop {value}")
        assert typed.chat.sampling.stop == stop, value
    assert typed("/set stop") == 'stop           "a" "b"\n'
    typed("/set stop none")
    for bad in ("temperature -1", "temperature nan", "temperature inf", "top_p 0", "top_k 1.5", "min_p 2", "seed -1",
                "seed 4294967296", 'stop "', "stop [1]", 'stop [""]', "max_tokens 0", "recall 21", "recall x",
                "rows maybe", "guard 3", "top_p 1 2", "temperature ²", f"top_k {'9' * 5000}"):  # fmt: skip
        typed(f"/set {bad}")
        assert typed.err.startswith("! ") and len(typed.err) < 400 and typed.chat.sampling == s, bad


def test_what_a_turn_takes_from_the_memory_can_be_set(typed: Typist) -> None:
    for line, mode, k in (("recall 0", "association", 0), ("rows off", "off", 0), ("recall 2", "text", 2),
                          ("rows on", "auto", 2)):  # fmt: skip
        typed(f"/set {line}")
        assert typed.chat.memory_mode == mode and (typed.chat.session.k == k or k == 0)
    typed("/set guard off", "/set learn_replies yes")
    assert not typed.client.guard and typed.chat.session.learn_replies


def test_without_a_memory_commands_of_the_memory_say_so(alone: Typist) -> None:
    alone("Hello!", "/remember x", "/recall x", "/correct #1 x", "/set guard off", "/read README.md")
    assert alone.err.count("The memory is off.") == 5
    assert alone("/private", "/set", "/system", "/retry", "/edit Hi.") and said(alone) == ["Hi."]


# --- the window


def test_the_user_is_told_once_in_a_conversation_that_turns_left_the_window(
    tiny: Backbone, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Chat(tiny, None, context=256, sampling=WARM) as chat:
        typist = Typist(chat, tmp_path / "a.memory", capsys)
        lines = [f"Bird {n} sat in tree {n}." for n in range(8)]
        assert typist(*lines).count("oldest turns were dropped") == 1
        assert said(typist) == lines and len(chat._messages) < 16
        assert typist("/new", *lines).count("oldest turns were dropped") == 1
        for n in range(8):
            typist("/undo")
            assert said(typist) == lines[: 7 - n]


# --- blocks


def test_a_block_of_many_lines_is_one_message(monkeypatch: pytest.MonkeyPatch, alone: Typist) -> None:
    import io
    import sys

    from titans_edge.cli.prompt import Piped

    text = '"""\n/help\ntwo\n"""\n"""one\ntwo"""\n"""one"""\nWhat is """?\n/system """\na\nb\n"""\n"""\nnever\n'
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
    Loop(alone.chat, History(None), Piped()).run()
    assert said(alone) == ["/help\ntwo", "one\ntwo", "one", 'What is """?'] and alone.chat.system == "a\nb"
    assert "it was not sent" in alone("/stats")


def test_ctrl_c_at_the_edit_prompt_changes_nothing(typed: Typist) -> None:
    typed("Mary went home.")
    assert "Nothing was changed." in typed("/edit", None) and typed.texts() == ["Mary went home."]
    assert isinstance(typed.lines, Script)
