"""Long evaluations read each sentence once: the same features, the same answers, fewer spans read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from titans_edge.backbone.model import Backbone
from titans_edge.backbone.reader import Reader
from titans_edge.backbone.spans import features
from titans_edge.chat import Chat
from titans_edge.errors import UsageError
from titans_edge.evaluate import reuse, runner
from titans_edge.evaluate.cases import Case
from titans_edge.sidecar.client import MemoryClient

NOISE = "The rain fell on the old roof all night long. Nobody went out before the morning came."
CASES = [Case(str(n), f"{NOISE} Mary went to the {place}.", "Where is Mary?", place, ("kitchen", "garden"), "qa1")
         for n, place in enumerate(("kitchen", "garden", "kitchen"))]  # fmt: skip


@pytest.fixture
def chat(tiny: Backbone, tiny_path: Path, graft_path: Path) -> Iterator[Chat]:
    with MemoryClient.open(str(tiny_path), str(graft_path), None) as client, Chat(tiny, client, context=512) as made:
        yield made


def test_what_is_kept_is_what_is_read(tiny: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["Mary went home.", "It rained.", "Mary went home."]
    computed: list[int] = []
    plainly = Reader.read

    def counted(self: Reader, spans: Sequence[Sequence[int]]) -> Any:
        computed.append(len(spans))
        return plainly(self, spans)

    with Reader(tiny, 1) as plain, reuse.KeepingReader(plain) as keeping:
        wanted = list(features(plain, texts))
        monkeypatch.setattr(Reader, "read", counted)
        for _ in range(2):
            for a, b in zip(wanted, features(keeping, texts), strict=True):
                assert np.array_equal(a.hidden, b.hidden) and np.array_equal(a.address, b.address)
    assert computed == [2, 0]


def test_reused_or_not_the_answers_are_the_same_and_that_is_checked(chat: Chat) -> None:
    plain = chat.session.reader
    for mode in ("memory", "document"):
        wanted = runner.run(chat, CASES, mode)
        with reuse.kept(chat):
            assert isinstance(chat.session.reader, reuse.KeepingReader)
            assert runner.run(chat, CASES, mode) == wanted
        assert chat.session.reader is plain
        assert reuse.agreement(chat, CASES, mode, wanted) == (3, 3)
        other = [replace(a, answer="something else") for a in wanted[:1]] + wanted[1:]
        assert reuse.agreement(chat, CASES, mode, other) == (3, 2)


def test_a_document_is_told_as_one(chat: Chat) -> None:
    runner.run(chat, CASES[:1], "document")
    assert chat.client is not None
    assert {s["kind"] for s in chat.client.find()} == {"document"}


def test_without_a_memory_nothing_is_read(tiny: Backbone) -> None:
    with (
        Chat(tiny, None, context=512) as plain,
        pytest.raises(UsageError, match="without a memory"),
        reuse.kept(plain),
    ):
        pass
