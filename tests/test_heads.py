"""The constant beginning of conversations, kept on the disk: same logits, nobody's words, and damage costs nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.answering import WARM, hear, said, text
from titans_edge.backbone import heads
from titans_edge.backbone.batch import FloatArray
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.speaker import Speaker
from titans_edge.backbone.state import Kept
from titans_edge.routes import SYSTEM
from titans_edge.session import Session


def asked(tiny: Backbone, folder: Path | None, **options: str) -> tuple[str, FloatArray]:
    with Session(tiny, context=512, heads=folder, **options) as session:  # type: ignore[arg-type]
        return text(hear(session, "Where is Mary?")), session.speaker.last_logits()


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*"))


def test_the_second_program_does_not_compute_it_and_gives_the_same_logits_to_the_bit(
    tiny: Backbone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    want = asked(tiny, None)
    first = asked(tiny, tmp_path / "heads")
    (kept,) = files(tmp_path / "heads")
    assert kept.stat().st_mode & 0o777 == 0o600
    fed: list[int] = []
    feed = Speaker.feed
    monkeypatch.setattr(Speaker, "feed", lambda self, ids: (fed.append(len(ids)), feed(self, ids))[1])
    second = asked(tiny, tmp_path / "heads")
    assert fed[:2] == [1, len("Where is Mary?") - 1] and max(fed) < len(SYSTEM), "its last token, the message, ..."
    for got in (first, second):
        assert got[0] == want[0] and np.array_equal(got[1], want[1])


def test_nobodys_words_are_kept(tiny: Backbone, tmp_path: Path) -> None:
    with Session(tiny, context=512, heads=tmp_path) as session:
        list(session.reply(said("Hi", "Yes?", "My name is Anna."), WARM))
        (kept,) = files(tmp_path)
        list(session.reply(said("Hi", system="You are Bob."), WARM))
        session.system = "Call me Carl."
        session.clear()
        list(session.reply(said("Hi"), WARM))
    assert files(tmp_path) == [kept]
    tokens = msgspec.msgpack.decode(kept.read_bytes(), type=Kept).tokens
    shown = b"".join(tiny.vocab.piece(t, special=True) for t in tokens).decode()
    assert SYSTEM in shown and "Hi" not in shown.replace(SYSTEM, "") and "Anna" not in shown


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "half": lambda raw: raw[: len(raw) // 2],
    "nothing": lambda raw: b"",
    "a bit": lambda raw: raw[:-40] + bytes([raw[-40] ^ 1]) + raw[-39:],
    "noise": lambda raw: bytes(range(256)) * 100,
    "another form": lambda raw: msgspec.msgpack.encode({"tokens": [1]}),
    "too large": lambda raw: raw + b"\0" * (65 << 20),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_file_is_computed_anew(tiny: Backbone, tmp_path: Path, how: str) -> None:
    want = asked(tiny, tmp_path)
    (kept,) = files(tmp_path)
    sound = kept.read_bytes()
    kept.write_bytes(DAMAGE[how](sound))
    got = asked(tiny, tmp_path)
    assert got[0] == want[0] and np.array_equal(got[1], want[1]) and kept.read_bytes() == sound


def test_what_is_sealed_for_another_build_is_removed(tiny: Backbone, tmp_path: Path) -> None:
    want = asked(tiny, tmp_path)
    (kept,) = files(tmp_path)
    k = msgspec.msgpack.decode(kept.read_bytes(), type=Kept)
    kept.write_bytes(msgspec.msgpack.encode(Kept.of(b"another build", (), k.tokens, k.state)))
    got = asked(tiny, tmp_path)
    assert np.array_equal(got[1], want[1])
    assert msgspec.msgpack.decode(kept.read_bytes(), type=Kept) == k


def test_a_folder_that_cannot_be_is_no_error_and_few_files_stay(
    tiny: Backbone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    want = asked(tiny, None)
    (tmp_path / "file").write_text("")
    assert np.array_equal(asked(tiny, tmp_path / "file" / "heads")[1], want[1])
    for n in range(6):
        (tmp_path / f"{n}.head").write_text("")
        os.utime(tmp_path / f"{n}.head", (n, n))
    (tmp_path / "x.head.1.part").write_text("")
    asked(tiny, tmp_path)
    left = [p.name for p in files(tmp_path) if p.name != "file"]
    assert len(left) == heads.MOST_FILES and "5.head" in left and "0.head" not in left
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "no space")))
    assert np.array_equal(asked(tiny, tmp_path / "full")[1], want[1]) and files(tmp_path / "full") == []


TALK = ("My name is Anna.", "Nice to meet you, Anna.", "I live in Rome.", "That is a long way.", "Where is Mary?")


def go_on(tiny: Backbone, path: Path | None) -> tuple[str, FloatArray, int]:
    """The reply to the last of these, its logits, and how many tokens were read for it in a new program."""
    with Session(tiny, context=512) as session:
        taken = path is not None and session.go_on(path)
        known = session.speaker.length if taken else 0
        said_so = text(list(session.reply(said(*TALK), WARM)))
        return said_so, session.speaker.last_logits(), known


@pytest.fixture
def kept(tiny: Backbone, tmp_path: Path) -> Path:
    path = tmp_path / "talk.json.state"
    with Session(tiny, context=512) as session:
        list(session.reply(said(*TALK[:3]), WARM))
        session.keep(path)
    return path


def test_a_conversation_goes_on_in_another_program_without_being_read_again(tiny: Backbone, kept: Path) -> None:
    assert kept.stat().st_mode & 0o777 == 0o600
    want, got = go_on(tiny, None), go_on(tiny, kept)
    assert got[2] > 60 and got[0] == want[0] and np.allclose(got[1], want[1], atol=2e-2)
    assert list(kept.parent.glob("*")) == [kept], "no parts are left"


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_state_is_read_anew_and_costs_nothing_else(tiny: Backbone, kept: Path, damage: str) -> None:
    kept.write_bytes(DAMAGE[damage](kept.read_bytes()))
    want, got = go_on(tiny, None), go_on(tiny, kept)
    assert got[2] == 0 and got[0] == want[0]


def test_a_file_that_is_no_state_is_never_replaced_and_an_old_state_is(tiny: Backbone, kept: Path) -> None:
    before = kept.read_bytes()
    with Session(tiny, context=512) as session:
        list(session.reply(said("Hello."), WARM))
        session.keep(kept)
        assert kept.read_bytes() != before
        kept.write_text("my notes")
        session.keep(kept)
    assert kept.read_text() == "my notes"


def test_what_is_too_large_is_not_kept_nor_is_what_was_kept_before(
    tiny: Backbone, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads, "MOST_BYTES", 1000)
    with Session(tiny, context=512) as session:
        list(session.reply(said(*TALK[:3]), WARM))
        session.keep(kept)
    assert kept.exists(), "larger than any of ours: not known as one"
    monkeypatch.setattr(heads, "MOST_BYTES", kept.stat().st_size // 2 + 1)
    with Session(tiny, context=512) as session:
        list(session.reply(said(*TALK), WARM))
        session.keep(kept)
    assert not kept.exists()
