"""Many memories in one process: none reads another's, the least recently used make room, errors stay where they are."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.telling import DOCUMENT, TEXTS, Open, Told
from titans_edge.errors import MemoryStateError, SidecarError, UsageError
from titans_edge.features import SpanFeatures
from titans_edge.sidecar import host as host_module
from titans_edge.sidecar.host import CHANGES, MemoryHost
from titans_edge.sidecar.protocol import Request

NewHost = Callable[..., MemoryHost]


def is_open(c: Told) -> bool:
    return c.name in c.host._open


def test_many_memories_keep_apart_whatever_the_order_of_what_is_said(
    opened: Open, new_host: NewHost, tmp_path: Path
) -> None:
    """Each equals a memory alone in its process that was told the same."""
    host, alone, rng = new_host(max_open=3), new_host(), random.Random(0)
    names = [f"m{n}" for n in range(5)]
    many = [opened(tmp_path / f"{n}.memory" if n % 3 else None, host, n_) for n, n_ in enumerate(names)]
    single = [opened(None, alone, n_) for n_ in names]
    for _ in range(25):
        n, i = rng.randrange(5), rng.randrange(7)
        op = rng.choice(["tell", "tell", "tell", "document", "undo"])
        for each in (many[n], single[n]):
            if op == "undo":
                each.change("undo")
            else:
                each.tell(i, source=DOCUMENT) if op == "document" else each.tell(i)
    for a, b in zip(many, single, strict=True):
        assert a.state() == b.state() and a.texts() == b.texts() and a.decisions() == b.decisions()
        assert a.rows() == b.rows() and a.retrieved("milk in the garden") == b.retrieved("milk in the garden")
    assert len({m.state() for m in many}) == 5


def test_all_share_a_graft_and_its_words(opened: Open, new_host: NewHost, monkeypatch: pytest.MonkeyPatch) -> None:
    host = new_host()
    monkeypatch.setattr(host_module.grafts, "load", lambda *_: pytest.fail("loaded again"))
    many = [opened(None, host, f"m{n}") for n in range(3)]
    for each in many:
        each.tell(0)
    folds = [host._open[m.name].fold for m in many]
    assert len({id(f.memory) for f in folds if f}) == 1 and len({id(f.known.contents) for f in folds if f}) == 1


def test_the_least_recently_used_are_closed_and_come_back_as_they_were(
    opened: Open, new_host: NewHost, tmp_path: Path
) -> None:
    host = new_host(max_open=2)
    a, b = (opened(tmp_path / f"{name}.memory", host, name) for name in "ab")
    a.tell(0, 1)
    b.tell(2)
    state = a.state()
    c = opened(tmp_path / "c.memory", host, "c")
    assert (is_open(a), is_open(b), is_open(c)) == (True, False, True)  # a was asked last
    b.tell(3)
    assert not is_open(a) and is_open(b) and len(host._open) == 2
    assert a.state() == state and a.texts() == TEXTS[:2] and not is_open(c)
    assert c.texts() == [] and len(host._open) == 2


def test_memories_that_are_not_kept_are_never_closed_to_make_room(
    opened: Open, new_host: NewHost, tmp_path: Path
) -> None:
    host = new_host(max_open=2)
    ram = [opened(None, host, f"ram{n}") for n in range(4)]
    for n, each in enumerate(ram):
        each.tell(n)
    kept = [opened(tmp_path / f"{n}.memory", host, f"kept{n}") for n in range(3)]
    for n, each in enumerate(kept):
        each.tell(n)
    assert all(map(is_open, ram)) and sum(map(is_open, kept)) == 1
    assert [m.texts() for m in ram] == [[TEXTS[n]] for n in range(4)]
    assert [m.texts() for m in kept] == [[TEXTS[n]] for n in range(3)]


def test_an_operation_is_known_again_by_a_memory_that_made_room_meanwhile(
    opened: Open, new_host: NewHost, tmp_path: Path
) -> None:
    host = new_host(max_open=1)
    a, b = (opened(tmp_path / f"{name}.memory", host, name) for name in "ab")
    first = a.write([0], operation="x")
    b.write([1], operation="x")  # ids are a memory's own
    assert a.write([0], operation="x") == first
    assert a.change("undo", operation="y")["forgotten"] == 1
    b.tell(2)
    assert a.change("undo", operation="y")["forgotten"] == 1 and a.texts() == [] and b.texts() == TEXTS[1:3]


def test_an_error_of_one_memory_leaves_the_others_alone(opened: Open, new_host: NewHost, tmp_path: Path) -> None:
    host = new_host(max_open=2)
    a = opened(tmp_path / "a.memory", host, "a")
    a.tell(0)
    state = a.state()
    (tmp_path / "bad.memory").write_bytes(b"this is no memory at all, only some bytes of a text")
    for _ in range(3):
        with pytest.raises(MemoryStateError, match="damaged"):
            opened(tmp_path / "bad.memory", host, "bad")
        with pytest.raises(UsageError, match="'bad' is not open"):
            Told.texts(_named(a, "bad"))
    with pytest.raises(UsageError):
        a.change("accept", id=1, accept=True)
    assert a.state() == state and a.texts() == [TEXTS[0]]
    again = opened(tmp_path / "bad2.memory", host, "bad")  # the name is free
    again.tell(1)
    assert a.state() == state


def _named(c: Told, name: str) -> Told:
    other = object.__new__(Told)
    other.host, other.spans, other.path, other.name = c.host, c.spans, None, name
    return other


def test_a_closed_memory_says_so_and_can_be_opened_again(opened: Open, new_host: NewHost, tmp_path: Path) -> None:
    host = new_host()
    for path in (tmp_path / "m.memory", None):
        c = opened(path, host)
        c.tell(0)
        c.close()
        c.close()  # twice is once
        for op in ("get", "retrieve", "stats", "state", "find"):
            with pytest.raises(UsageError, match=r"'m' is not open\. Open it first\."):
                c.ask(op, ids=[1])
        assert opened(path, host).texts() == ([TEXTS[0]] if path else [])


@pytest.mark.parametrize("max_open", [1, 5])
def test_one_file_under_two_names_is_refused_also_while_it_makes_room(
    opened: Open, new_host: NewHost, tmp_path: Path, max_open: int
) -> None:
    host = new_host(max_open=max_open)
    path = tmp_path / "m.memory"
    a = opened(path, host, "a")
    a.tell(0)
    opened(tmp_path / "other.memory", host, "other")
    (tmp_path / "link.memory").symlink_to(path)
    for same in (path, tmp_path / "sub" / ".." / "m.memory", tmp_path / "link.memory"):
        (tmp_path / "sub").mkdir(exist_ok=True)
        with pytest.raises(MemoryStateError, match="in use"):
            opened(same, host, "b")
    assert a.texts() == [TEXTS[0]]
    reader = opened(path, host, "reader", write=False)
    assert reader.texts() == [TEXTS[0]]
    a.close()
    assert opened(path, host, "b").texts() == [TEXTS[0]]


def test_another_process_or_host_may_not_write_the_same_file(opened: Open, tmp_path: Path) -> None:
    path = tmp_path / "m.memory"
    first = opened(path)
    first.tell(0)
    with pytest.raises(MemoryStateError, match="in use"):
        opened(path)
    reader = opened(path, write=False)
    assert reader.state() == first.state()
    reader.close()
    first.close()
    assert opened(path).texts() == [TEXTS[0]]


def test_opening_a_name_again_keeps_what_is_kept(opened: Open, new_host: NewHost, tmp_path: Path) -> None:
    host = new_host()
    for path in (None, tmp_path / "m.memory"):
        opened(path, host).tell(0)
        assert opened(path, host).texts() == ([TEXTS[0]] if path else [])


def test_what_is_not_kept_can_be_said_again_after_a_reset(opened: Open) -> None:
    """A client whose process died repeats what was asked since the last reset; numbers of spans have to fit then."""
    c, again = opened(), opened()
    c.tell(0, 1, 2)
    c.change("reset")
    for each in (c, again):
        each.tell(3, 4, 5)
        each.change("forget", ids=[2])
    assert c.texts() == again.texts() == [TEXTS[3], TEXTS[5]] and c.state() == again.state()


def test_requests_that_cannot_be_are_errors(opened: Open, new_host: NewHost) -> None:
    c = opened()
    with pytest.raises(UsageError, match="knows no request 'dance'"):
        c.ask("dance")
    for op in CHANGES:
        with pytest.raises(UsageError, match="no operation id"):
            c.ask(op, ids=[1], id=1, accept=True, part=0, kind="user", name="", texts=[], offsets=[], guard=True)
    with pytest.raises(UsageError, match="no kind of source"):
        c.ask("write", [c.spans[0]], "x", part=0, kind="god", name="", texts=["x"], offsets=[0], guard=True)
    assert c.texts() == []
    nothing = MemoryHost()
    with pytest.raises(SidecarError, match="no graft"):
        nothing.handle(Request("open", "m", args={"path": None}))
    nothing.close()


def test_closing_the_host_lets_go_of_every_file(opened: Open, new_host: NewHost, tmp_path: Path) -> None:
    host = new_host()
    for n in range(3):
        opened(tmp_path / f"{n}.memory", host, f"m{n}").tell(n)
    host.close()
    host.close()
    for n in range(3):
        assert opened(tmp_path / f"{n}.memory").texts() == [TEXTS[n]]


def test_no_request_leaves_gradients_or_changes_the_graft(opened: Open, spans: list[SpanFeatures]) -> None:
    c = opened()
    graft = c.host._graft
    assert graft is not None
    before = {k: v.clone() for k, v in graft.state_dict().items()}
    c.tell(0, 1, 2)
    c.rows()
    c.ask("explain")
    assert all(torch.equal(v, before[k]) for k, v in graft.state_dict().items())
    assert all(p.grad is None for p in graft.parameters())
    fold = c.host._open["m"].fold
    assert fold is not None and not any(m.requires_grad for m in fold.store.matrices)  # type: ignore[attr-defined]
