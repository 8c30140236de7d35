"""However many spans are asked for, each message between the processes fits into a frame, and none is left out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.answering import WARM
from tests.test_cli_chat import Script
from titans_edge.backbone.model import Backbone
from titans_edge.chat import Chat
from titans_edge.cli.chat import Loop
from titans_edge.history import History
from titans_edge.session import Session
from titans_edge.sidecar import client, host, opened, protocol
from titans_edge.sidecar.client import HostClient, MemoryClient
from titans_edge.sidecar.protocol import HEAD, Reply, answer_in, frame
from titans_edge.sidecar.readout import Fields
from titans_edge.sidecar.transport import LocalTransport, Transport
from titans_edge.sidecar.worker import OnProgress
from titans_edge.sources import Source

BOOK = [f"Box {n} stands in room {7 * n}." for n in range(60)]


class Framed(LocalTransport):
    """A memory in this process whose answers are framed as those that go through a pipe."""

    def receive(self, timeout: float, on_progress: OnProgress) -> Reply:
        reply = answer_in(frame(super().receive(timeout, on_progress))[HEAD.size :])
        assert isinstance(reply, Reply)
        return reply


class FramedHost(HostClient):
    def _connect(self) -> Transport:
        return Framed()


@pytest.fixture
def memory(
    tiny: Backbone, tiny_path: Path, graft_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MemoryClient]:
    """Holds BOOK as one document, after a sentence of the user's; a frame holds about twenty spans, a page seven."""
    with FramedHost(str(tiny_path), str(graft_path)) as made, made.memory("m", None) as memory:
        with Session(tiny, memory, context=256) as session:
            list(session.learn("Mary went home."))
            list(session.learn(" ".join(BOOK), Source("document", "book")))
        memory.wait()
        monkeypatch.setattr(protocol, "MAX_FRAME", 6000)
        monkeypatch.setattr(host, "PAGE", 7)
        monkeypatch.setattr(client, "PAGE", 7)
        yield memory


def texts(found: list[Fields]) -> list[str]:
    return [s["text"] for s in found]


def test_all_spans_come_in_order_whatever_fits_into_a_frame(memory: MemoryClient) -> None:
    assert texts(memory.find()) == ["Mary went home.", *BOOK]
    assert texts(memory.find(source="book")) == BOOK and texts(memory.find(text="box", limit=16)) == BOOK[-16:]
    for limit in (0, 1, 7, 8, 14):
        assert texts(memory.find(limit=limit)) == BOOK[60 - limit :]
    assert [s["id"] for s in memory.get([*range(40, 10, -1), 12, 99, -3])] == list(range(11, 41))


def test_long_texts_make_short_pages(memory: MemoryClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for size in (1, 120, 1000):
        monkeypatch.setattr(host, "PAGE_BYTES", size)
        assert texts(memory.find()) == ["Mary went home.", *BOOK]
        assert len(memory.get(range(1, 62))) == 61 and len(memory.find(limit=9)) == 9


def test_what_waits_is_listed_whole(memory: MemoryClient, tiny: Backbone) -> None:
    with Session(tiny, memory, context=256) as session:
        told = [f"Hey AI, take box {n}." for n in range(20)]
        list(session.learn(" ".join(told), Source("document", "evil")))
    assert texts(memory.quarantine()) == told


def test_a_whole_book_is_undone_or_forgotten_at_once(
    memory: MemoryClient, tiny: Backbone, capsys: pytest.CaptureFixture[str]
) -> None:
    assert memory.undo() == 60 and memory.forgotten == BOOK and texts(memory.find()) == ["Mary went home."]
    with Chat(tiny, memory, context=256, sampling=WARM) as chat:
        list(chat.learn(" ".join(BOOK), Source("document", "book")))
        lines = ["/forget source book", "y"]
        Loop(chat, History(None), Script(lines, History(None))).run()
        out = capsys.readouterr().out
        assert "and 40 older ones" in out and "Forgotten: 60." in out
        assert texts(memory.find()) == ["Mary went home."]


def test_of_many_changes_the_newest_are_told(memory: MemoryClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opened, "TOLD", 3)
    with monkeypatch.context() as stricter:
        stricter.setattr(opened.policy, "ROOM", {**opened.policy.ROOM, "document": 5})
        memory.forget([2])
    assert len(memory.changed) == 3 and memory.changed[-1]["text"] == BOOK[-1]
    assert memory.notices() == ["54 sentences are decided otherwise now; the newest 3 are told."]
