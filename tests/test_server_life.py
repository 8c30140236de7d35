"""A server over its life: clients that leave, time-outs, back-pressure, stops, lost processes, OpenAI's client."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx2 as httpx
import psutil
import pytest
from typer.testing import CliRunner

from tests.serving import Server, events, said, serving
from titans_edge.cli import serve as command
from titans_edge.cli.main import app as cli
from titans_edge.errors import UsageError
from titans_edge.journal import Journal
from titans_edge.server import run
from titans_edge.server.settings import KEYS, Settings

MOST = 40
EAGER = Settings(port=0, waiting=2)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path


@pytest.fixture
def server(home: Path, tiny_path: Path, graft_path: Path) -> Iterator[Server]:
    with serving(tiny_path, graft_path, EAGER) as server:
        yield server


class Held:
    """The desk, which waits before each reply until it is let go."""

    def __init__(self, server: Server) -> None:
        self.go, self.running = threading.Event(), threading.Semaphore(0)
        self._answer = server.parts.desk.answer
        server.parts.desk.answer = self.answer  # type: ignore[method-assign]

    def answer(self, *args: Any) -> Any:
        self.running.release()
        assert self.go.wait(60)
        return self._answer(*args)


class Paused:
    """The desk, which once, after the first piece of a reply, waits until it is told that nobody listens."""

    def __init__(self, server: Server) -> None:
        self._lane, self._spoken, self._waited = server.parts.talk, server.parts.desk._spoken, False
        server.parts.desk._spoken = self.spoken  # type: ignore[method-assign]

    def spoken(self, *args: Any) -> Iterator[str]:
        running, first = self._lane._running, not self._waited
        self._waited = True
        for piece in self._spoken(*args):
            yield piece
            if first and running is not None:
                first = False
                running._stop.wait(30)


def tokens(server: Server) -> int:
    """Of all replies so far."""
    found = re.search(r'tokens_total\{kind="reply"\} (\d+)', server.client.get("/metrics").text)
    return int(found[1]) if found else 0


def settled(server: Server) -> None:
    """Every request before this one is over."""
    assert server.ask("Done?", headers={"X-Memory": "none"}, max_tokens=1).status_code == 200


def long(server: Server, message: str) -> dict[str, Any]:
    """What makes the tiny model say MOST tokens to a message."""
    for seed in range(200):
        body = {"temperature": 10, "seed": seed, "max_tokens": MOST}
        if server.ask(message, headers={"X-Learn": "off"}, **body).json()["usage"]["completion_tokens"] == MOST:
            return {"messages": [said(message)], **body}
    raise AssertionError("the tiny model always stops")


@pytest.mark.slow
def test_who_has_a_reply_finds_it_counted(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    add = server.parts.metrics.add_many

    def slow(*args: Any, **labels: str) -> None:
        time.sleep(labels.get("kind") == "reply")
        add(*args, **labels)

    monkeypatch.setattr(server.parts.metrics, "add_many", slow)
    told = server.ask("Hi.", headers={"X-Memory": "none"}).json()["usage"]["completion_tokens"]
    assert tokens(server) == told > 0


# --- clients that leave


@pytest.mark.slow
@pytest.mark.parametrize("stream", [True, False])
def test_a_reply_ends_when_its_client_leaves_and_what_was_said_is_learnt(server: Server, stream: bool) -> None:
    body, before = {**long(server, "My dog is Rex."), "stream": stream}, tokens(server)
    Paused(server)
    if stream:
        with server.client.stream("POST", "/v1/chat/completions", json=body) as answer:
            next(answer.iter_lines())
    else:
        with pytest.raises(httpx.TimeoutException):
            server.client.post("/v1/chat/completions", json=body, timeout=1)
    settled(server)
    assert 0 < tokens(server) - before < MOST
    assert server.texts() == ["My dog is Rex."]
    assert "titans_edge_cancelled_total 1" in server.client.get("/metrics").text


def test_who_leaves_while_waiting_is_never_served(server: Server) -> None:
    held = Held(server)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(server.ask, "First.", headers={"X-Memory": "none"})
        held.running.acquire()
        with pytest.raises(httpx.TimeoutException):
            server.client.post("/v1/chat/completions", json={"messages": [said("I left.")]}, timeout=0.2)
        late = time.monotonic() + 30
        while server.parts.talk.waiting and time.monotonic() < late:  # that somebody left is heard of a moment later
            time.sleep(0.01)
        held.go.set()
        assert first.result().status_code == 200
    settled(server)
    assert server.texts() == []


# --- limits of time and number


def test_who_asks_too_much_at_once_is_told_when_to_come_again(server: Server) -> None:
    held = Held(server)
    with ThreadPoolExecutor(3) as pool:
        running = pool.submit(server.ask, "First.", headers={"X-Memory": "none"})
        held.running.acquire()
        waiting = [pool.submit(server.ask, "Hi.", headers={"X-Memory": "none"}) for _ in range(2)]
        while server.parts.talk.waiting < 2:
            time.sleep(0.01)
        refused = server.ask("One too many.")
        assert refused.status_code == 429 and int(refused.headers["retry-after"]) >= 1
        assert refused.json()["error"]["type"] == "rate_limit_error"
        assert server.client.get("/v1/memories").status_code == 200, "the memories have a lane of their own"
        assert server.client.get("/healthz").json()["waiting"] == 2
        held.go.set()
        assert {f.result().status_code for f in (running, *waiting)} == {200}


def test_who_waits_too_long_is_sent_away_and_not_served(home: Path, tiny_path: Path, graft_path: Path) -> None:
    with serving(tiny_path, graft_path, replace(EAGER, queue_seconds=0.1)) as server, ThreadPoolExecutor(1) as pool:
        held = Held(server)
        first = pool.submit(server.ask, "First.", headers={"X-Memory": "none"})
        held.running.acquire()
        late = server.ask("Late.")
        assert late.status_code == 503 and late.json()["error"]["code"] == "overloaded" and late.headers["retry-after"]
        held.go.set()
        assert first.result().status_code == 200
        settled(server)
        assert server.texts() == []


def test_a_reply_that_takes_too_long_ends_where_it_is(home: Path, tiny_path: Path, graft_path: Path) -> None:
    with serving(tiny_path, graft_path, replace(EAGER, reply_seconds=0.0)) as server:
        body = server.ask("My dog is Rex.", temperature=10, seed=3).json()
        assert body["choices"][0]["finish_reason"] == "length" and body["usage"]["completion_tokens"] == 1
        assert "ended after" in body["titans_edge"]["notices"][0] and server.texts() == ["My dog is Rex."]


@pytest.mark.slow
def test_a_body_that_never_comes_is_not_waited_for(home: Path, tiny_path: Path, graft_path: Path) -> None:
    with serving(tiny_path, graft_path, replace(EAGER, body_seconds=0.1)) as server:

        def slowly() -> Iterator[bytes]:
            yield b"{"
            threading.Event().wait(2)
            yield b"}"

        head = {"Content-Type": "application/json"}
        assert server.client.post("/v1/chat/completions", content=slowly(), headers=head).status_code == 408


def test_many_clients_at_once_are_all_answered_and_nothing_is_lost_or_mixed(
    home: Path, tiny_path: Path, graft_path: Path
) -> None:
    with serving(tiny_path, graft_path, replace(EAGER, waiting=64)) as server, ThreadPoolExecutor(6) as pool:
        jobs = [(f"m{n % 3}", f"Item {n} is here.") for n in range(12)]
        answers = list(pool.map(lambda j: server.ask(j[1], headers={"X-Memory": j[0]}, max_tokens=2), jobs))
        assert {a.status_code for a in answers} == {200}
        for name in ("m0", "m1", "m2"):
            assert sorted(server.texts(name)) == sorted(text for at, text in jobs if at == name)


# --- stopping, and what is lost then


def test_a_stop_lets_the_running_reply_end_and_keeps_what_it_taught(
    home: Path, tiny_path: Path, graft_path: Path
) -> None:
    with ThreadPoolExecutor(1) as pool:
        with serving(tiny_path, graft_path, EAGER) as server:
            held = Held(server)
            asked = pool.submit(server.ask, "My dog is Rex.")
            held.running.acquire()
            server.uvicorn.should_exit = True
            held.go.set()
            server.thread.join(60)
            answer = asked.result()
        assert answer.status_code == 200 and answer.json()["titans_edge"]["learned"]
    assert server.parts.desk.engine.backbone.closed
    with Journal(next(home.rglob("default.memory"))) as journal:  # nobody holds its lock any more
        assert [e.text for e in journal.entries()] == ["My dog is Rex."]


def test_a_stop_with_requests_waiting_answers_them_all(home: Path, tiny_path: Path, graft_path: Path) -> None:
    with ThreadPoolExecutor(3) as pool, serving(tiny_path, graft_path, replace(EAGER, stop_seconds=1)) as server:
        held = Held(server)
        asked = [pool.submit(server.ask, "Item 0.", max_tokens=1)]
        held.running.acquire()
        asked += [pool.submit(server.ask, f"Item {n}.", max_tokens=1) for n in (1, 2)]
        while server.parts.talk.waiting < 2 and not any(f.done() for f in asked):
            time.sleep(0.01)
        server.uvicorn.should_exit = True
        held.go.set()
        assert {f.result().status_code for f in asked} <= {200, 503}


@pytest.mark.slow
def test_a_killed_memory_process_loses_nothing_that_was_acknowledged(
    home: Path, tiny_path: Path, graft_path: Path
) -> None:
    before = {p.pid for p in psutil.Process().children(recursive=True)}
    with serving(tiny_path, graft_path, EAGER, process=True) as server:
        server.ask("My dog is Rex.")
        for child in psutil.Process().children(recursive=True):
            if child.pid not in before:
                child.kill()
        told = server.ask("My cat is Tom.").json()["titans_edge"]
        assert [r["text"] for r in told["learned"]] == ["My cat is Tom."]
        again = server.ask("My dog is Rex.").json()["titans_edge"]
        assert again["repeated"] and server.texts() == ["My dog is Rex.", "My cat is Tom."]


def test_the_same_request_to_a_new_server_learns_once(home: Path, tiny_path: Path, graft_path: Path) -> None:
    for expected in (False, True):
        with serving(tiny_path, graft_path, EAGER) as server:
            assert server.ask("My dog is Rex.").json()["titans_edge"]["repeated"] is expected
            assert server.texts() == ["My dog is Rex."]


# --- OpenAI's own client


@pytest.mark.slow
def test_openai_s_client_chats_streams_embeds_and_meets_errors(server: Server) -> None:
    openai = pytest.importorskip("openai")
    client = openai.OpenAI(base_url=f"{server.url}/v1", api_key="any", max_retries=0)
    (model,) = client.models.list().data
    asked: dict[str, Any] = {"model": model.id, "messages": [said("My dog is Rex.")], "max_tokens": 6, "seed": 3}
    whole = client.chat.completions.create(
        **asked, temperature=1.0, stop=["never"], extra_headers={"X-Memory": "openai"}
    )
    text = whole.choices[0].message.content
    assert whole.usage.completion_tokens == 6 and whole.titans_edge["memory"] == "openai"
    with client.chat.completions.create(
        **asked, temperature=1.0, stream=True, stream_options={"include_usage": True}, user="openai2"
    ) as chunks:
        seen = list(chunks)
    assert "".join(c.choices[0].delta.content or "" for c in seen if c.choices) == text
    assert seen[-1].usage == whole.usage and seen[-2].choices[0].finish_reason == "length"
    assert server.texts("openai") == server.texts("openai2") == ["My dog is Rex."]
    said_again = {"model": model.id, "input": "My dog is Rex.", "max_output_tokens": 6, "user": "openai"}
    response = client.responses.create(**said_again)
    assert response.usage.output_tokens <= 6 and response.titans_edge["repeated"]
    with client.responses.create(**said_again, stream=True) as stream:
        heard = list(stream)
    assert "".join(e.delta for e in heard if e.type == "response.output_text.delta") == response.output_text
    assert heard[-1].response.output_text == response.output_text and heard[-1].response.usage == response.usage
    assert [e.sequence_number for e in heard] == list(range(len(heard)))
    embedded = client.embeddings.create(model=model.id, input=["a", "b c"])
    assert [len(d.embedding) for d in embedded.data] == [64, 64]
    with pytest.raises(openai.BadRequestError, match="Tools") as refused:
        client.chat.completions.create(**asked, tools=[{"type": "function", "function": {"name": "f"}}])
    assert refused.value.param == "tools"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-4o")

    async def streamed() -> str:
        async with openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key="any") as other:
            chunks = await other.chat.completions.create(**asked, temperature=1.0, stream=True, user="openai3")
            return "".join([c.choices[0].delta.content or "" async for c in chunks if c.choices])

    assert asyncio.run(streamed()) == text


# --- the command


def test_the_command_refuses_before_anything_is_loaded(home: Path) -> None:
    for args, what in (
        (["--host", "0.0.0.0"], "no API key"),
        (["--api-key", "sk"], "no memories"),
        (["--memory", "../x"], "no memory name"),
        (["--api-key", "sk=../x"], "no memory name"),
        (["--backbone", "nowhere.gguf"], "no backbone"),
    ):
        result = CliRunner().invoke(cli, ["serve", *args], env={KEYS: ""})
        assert isinstance(result.exception, (UsageError, Exception)) and what in str(result.exception), args


def test_an_address_that_is_taken_is_an_error_of_the_user_s(home: Path) -> None:
    with run.listen(Settings(port=0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"127.0.0.1:{port}"):
            run.listen(Settings(port=port))


@pytest.mark.slow
def test_the_command_serves_and_stops_in_order_when_it_is_told_to(
    home: Path, tiny_path: Path, graft_path: Path
) -> None:
    args = ["serve", "-b", str(tiny_path), "-g", str(graft_path), "--port", "0", "--context", "1024"]
    command = [sys.executable, "-m", "titans_edge", *args]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said_first = next(line for line in process.stderr if "answers at" in line)
        url = re.findall(r"http://\S+", said_first)[0]
        body = {"messages": [said("My dog is Rex.")], "max_tokens": 2}
        answer = httpx.post(f"{url}/chat/completions", json=body, timeout=300, trust_env=False)
        process.terminate()
        lines = [json.loads(line) for line in process.stderr if line.startswith("{")]
    assert answer.status_code == 200 and process.returncode == 0
    assert [line["event"] for line in lines] == ["request", "stopped"] and lines[1]["clean"]
    with Journal(next(home.rglob("default.memory"))) as journal:
        assert [e.text for e in journal.entries()] == ["My dog is Rex."]


def test_without_the_extra_the_command_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(UsageError, match=r"pip install 'titans-edge\[server\]'"):
        command.serve()


@pytest.mark.slow
def test_help_imports_no_server_and_its_examples_name_options_there_are() -> None:
    code = "import sys, titans_edge.cli.main; print([m for m in ('starlette', 'uvicorn', 'torch') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
    shown = CliRunner().invoke(cli, ["serve", "--help"], env={"COLUMNS": "200", "TERM": "dumb"}).output
    examples = re.findall(r"titans-edge serve((?: --?[\w-]+ \S+)+)", shown)
    assert len(examples) >= 2
    for option in re.findall(r"--[\w-]+", " ".join(examples)):
        assert shown.count(option) > 1, option


def page() -> str:
    return files("titans_edge.docs").joinpath("server.md").read_text("utf-8")


CURL = """curl() { command curl -q --noproxy '*' --max-time 300 -w '\\n%{http_code} %{content_type}' "$@"; }"""


@pytest.mark.slow
@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("sh")), reason="there is no curl, or no shell")
def test_every_curl_command_of_the_page_drives_the_server(server: Server) -> None:
    """Each is run by a shell as it stands there; only the address is another one."""
    (at,) = re.findall(r"^T=(\S+)$", page(), re.M)
    assert at == f"http://{Settings().host}:{Settings().port}"
    commands = re.findall(r"^curl (?:[^\\\n]|\\\n)*", page(), re.M)
    said_back = []
    for typed in commands:
        script = f"T={server.url}\n{CURL}\n{typed}\n"
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, encoding="utf-8", timeout=330)
        body, _, end = done.stdout.rpartition("\n")
        status, _, kind = end.partition(" ")
        assert done.returncode == 0 and status == "200", (typed, done.stdout, done.stderr)
        said_back.append(events(iter(body.splitlines())) if kind.startswith("text/event-stream") else json.loads(body))
    told, streamed, found, undone = said_back
    assert told["titans_edge"]["memory"] == "default" and told["choices"][0]["message"]["role"] == "assistant"
    learned = [s["text"] for s in told["titans_edge"]["learned"]]
    assert " ".join(learned) == "My landlord is called Mr. Okafor."
    assert streamed[-1] == "[DONE]" and {c["object"] for c in streamed[:-1]} == {"chat.completion.chunk"}
    assert streamed[-2]["choices"][0]["finish_reason"] and streamed[-2]["titans_edge"]["memory"] == "work"
    assert [s["text"] for s in found["data"]] == [text for text in learned if "landlord" in text]
    assert undone["forgotten"] == len(learned) and server.texts() == []


@pytest.mark.slow
def test_the_page_s_python_example_runs(server: Server) -> None:
    openai = pytest.importorskip("openai")
    assert openai
    (example,) = re.findall(r"```python\n(.*?)```", page(), re.S)
    exec(example.replace("http://127.0.0.1:8484", server.url).replace("MODEL", "tiny"), {})
    assert " ".join(server.texts("work")) == "My landlord is called Mr. Okafor."
