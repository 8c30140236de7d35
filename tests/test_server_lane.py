"""The queue in front of the model: fair between callers, bounded, and nothing is done that nobody waits for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from titans_edge.server.errors import ApiError
from titans_edge.server.lane import Lane, Started, Ticket
from titans_edge.server.watch import Metrics


@pytest.fixture
def lane() -> Iterator[Lane]:
    lane = Lane("test", 3)
    yield lane
    assert lane.close(5)


class Gate:
    """Work that waits until it is let through, and notes who was served."""

    def __init__(self) -> None:
        self.open, self.served = threading.Event(), list[str]()

    def work(self, name: str) -> object:
        def work(ticket: Ticket) -> None:
            self.open.wait(30)
            self.served.append(name)
            ticket.send(name)

        return work


async def end(ticket: Ticket) -> object:
    assert isinstance(await ticket.next(), Started)
    return await ticket.next()


def test_callers_take_turns_however_much_one_of_them_asks(lane: Lane) -> None:
    gate = Gate()

    async def scene() -> None:
        first = lane.submit("a", gate.work("a0"))
        await first.next()  # it runs, the others wait
        asked = [("a", "a1"), ("a", "a2"), ("a", "a3"), ("b", "b1"), ("c", "c1"), ("b", "b2")]
        tickets = [lane.submit(who, gate.work(name)) for who, name in asked]
        assert lane.waiting == 6
        gate.open.set()
        assert [await end(t) for t in tickets] == [name for _, name in asked]

    asyncio.run(scene())
    assert gate.served == ["a0", "a1", "b1", "c1", "a2", "b2", "a3"]


def test_too_many_of_one_caller_are_refused_and_nobody_else_s(lane: Lane) -> None:
    gate = Gate()

    async def scene() -> None:
        await lane.submit("a", gate.work("run")).next()
        for n in range(3):
            lane.submit("a", gate.work(f"a{n}"))
        with pytest.raises(ApiError, match="wait already") as refused:
            lane.submit("a", gate.work("no"))
        assert refused.value.status == 429 and int(refused.value.headers["Retry-After"]) >= 1
        lane.submit("b", gate.work("b"))

    asyncio.run(scene())
    gate.open.set()
    lane.close(5)
    assert "no" not in gate.served


def test_who_left_is_neither_served_nor_counted(lane: Lane) -> None:
    gate = Gate()

    async def scene() -> None:
        await lane.submit("a", gate.work("run")).next()
        left = [lane.submit("a", gate.work("left")) for _ in range(3)]
        for ticket in left:
            ticket.stop()
        assert lane.waiting == 0
        stays = lane.submit("a", gate.work("stays"))
        gate.open.set()
        await end(stays)

    asyncio.run(scene())
    assert gate.served == ["run", "stays"]


def test_an_error_belongs_to_who_asked_and_the_lane_goes_on(lane: Lane) -> None:
    async def scene() -> None:
        def fails(ticket: Ticket) -> None:
            raise SystemExit("no")

        with pytest.raises(RuntimeError, match="SystemExit"):
            await end(lane.submit("a", fails))
        assert await end(lane.submit("a", lambda ticket: ticket.send(1))) == 1

    asyncio.run(scene())


def test_a_closed_lane_ends_what_runs_and_refuses_the_rest(lane: Lane) -> None:
    ended: list[str] = []

    async def scene() -> None:
        def works(ticket: Ticket) -> None:
            while not ticket.stopped:
                pass
            ended.append("stopped")

        await lane.submit("a", works).next()
        waits = lane.submit("a", lambda ticket: ended.append("served"))
        assert await asyncio.to_thread(lane.close, 0.01)
        with pytest.raises(ApiError, match="stopping"):
            await waits.next()
        with pytest.raises(ApiError, match="stopping") as refused:
            lane.submit("b", lambda ticket: None)
        assert refused.value.status == 503

    asyncio.run(scene())
    assert ended == ["stopped"]


def test_metrics_are_prometheus_text() -> None:
    metrics = Metrics()
    metrics.add("titans_edge_requests_total", route='/a"\n', status="200")
    for seconds in (0.02, 2.0, 1000.0):
        metrics.observe("titans_edge_request_seconds", seconds, route="/a")
    text = metrics.text()
    assert 'titans_edge_requests_total{route="/a\\"\\n",status="200"} 1\n' in text
    buckets = [line for line in text.splitlines() if "request_seconds_bucket" in line]
    assert [line.split('"')[1] for line in buckets] == ["0.05", "0.1", "0.5", "1", "5", "10", "30", "60", "300", "+Inf"]
    assert [line.split()[-1] for line in buckets] == ["1"] * 4 + ["2"] * 5 + ["3"]
    assert 'titans_edge_request_seconds_count{route="/a"} 3' in text
