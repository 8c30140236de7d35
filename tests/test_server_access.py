"""Who may talk to a server and to which memory: one key never reads what belongs to another, whatever it tries."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from logging import LogRecord
from pathlib import Path
from typing import Any

import pytest

from tests.serving import WARM, Server, said, serving
from titans_edge.errors import UsageError
from titans_edge.server.access import Access
from titans_edge.server.settings import KEYS, Key, Settings, is_loopback, keys

ANN, BOB = {"Authorization": "Bearer sk-ann"}, {"Authorization": "Bearer sk-bob"}
SECRET = "Xylophone"
LIMIT = 64 * 1024


@pytest.fixture(scope="module")
def server(users_home: Path, tiny_path: Path, graft_path: Path) -> Iterator[Server]:
    """Ann has "ann" and "shared", Bob "bob" and "shared"; Ann's memory holds a secret."""
    bound = tuple(keys(["sk-ann=ann,shared", "sk-bob=bob,shared"], environment={}))
    with serving(tiny_path, graft_path, Settings(port=0, keys=bound, max_body=LIMIT)) as server:
        told = server.ask(f"The code word is {SECRET}.", headers=ANN)
        assert told.json()["titans_edge"]["memory"] == "ann", told.text
        yield server


NAMES = [
    "ann", "Ann", "ANN", " ann", "ann ", "ann.memory", "../memories/ann", "./ann", "bob/../ann", "..\\ann",
    "shared/../ann", "/ann", "ann/", "аnn", "ａｎｎ", "ann\u200b", "a\u006e\u0303n", "ann%00", "*", "", "none",
]  # fmt: skip
READING = ["/v1/memory", "/v1/memory/spans", f"/v1/memory/search?query={SECRET}", "/v1/memory/spans/1",
           "/v1/memory/why", "/v1/memory/quarantine", "/v1/memory/export"]  # fmt: skip


def headed(name: str) -> dict[str, bytes]:
    """HTTP itself knows no white space around a value."""
    return {"X-Memory": name.strip().encode()}


@pytest.mark.parametrize("name", NAMES)
def test_another_key_s_memory_is_read_by_no_name(server: Server, name: str) -> None:
    answers = []
    for path in READING:
        mark = "&" if "?" in path else "?"
        answers.append(server.client.get(path, headers={**BOB, **headed(name)}))
        answers.append(server.client.get(f"{path}{mark}memory=", params={"memory": name}, headers=BOB))
    question = {"messages": [said("What is the code word?")], **WARM}
    answers.append(server.client.post("/v1/chat/completions", json=question, headers={**BOB, **headed(name)}))
    answers.append(server.client.post("/v1/chat/completions", json={**question, "user": name}, headers=BOB))
    for answer in answers:
        assert SECRET not in answer.text and answer.status_code < 500
        if answer.status_code == 200 and "titans_edge" in answer.text:
            assert answer.json()["titans_edge"]["memory"] in ("bob", None)
    if name.strip() and name != "none":
        assert all(a.status_code in (400, 403, 404) for a in answers if "spans/1" not in str(a.url)), name


def test_another_key_s_memory_is_changed_by_no_name(server: Server) -> None:
    before = server.texts("ann", **ANN)
    for name in NAMES:
        for how in ({"headers": {**BOB, **headed(name)}}, {"headers": BOB, "params": {"memory": name}}):
            for path, body in (
                ("/v1/memory/forget", {"ids": [1]}),
                ("/v1/memory/forget", {"query": SECRET}),
                ("/v1/memory/undo", {}),
                ("/v1/memory/spans", {"text": "The code word is Banjo."}),
            ):
                server.client.post(path, json=body, **how)
            server.client.delete("/v1/memory/spans/1", **how)
            server.client.post("/v1/memory/quarantine/1/reject", **how)
    assert server.texts("ann", **ANN) == before and SECRET in before[0]


def test_paths_hold_no_names(server: Server) -> None:
    for path in ("/v1/memory/ann", "/v1/memory/ann/spans", "/v1/memories/ann", "/v1/memory/../memory/ann/spans",
                 "/v1/memory/%2e%2e/ann", "/v1//memory/spans", "/v1/memory/spans/..%2f..%2fann"):  # fmt: skip
        answer = raw(server, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sk-bob\r\n\r\n")
        assert answer.split()[1] == b"404" and SECRET.encode() not in answer, path


def test_several_names_are_none(server: Server) -> None:
    lines = "Host: localhost\r\nAuthorization: Bearer sk-bob\r\n"
    for path, more in (
        ("/v1/memory/spans", "X-Memory: bob\r\nX-Memory: ann\r\n"),
        ("/v1/memory/spans?memory=bob&memory=ann", ""),
    ):
        assert raw(server, f"GET {path} HTTP/1.1\r\n{lines}{more}\r\n").split()[1] == b"400"
    both = raw(server, f"GET /v1/memory/spans HTTP/1.1\r\n{lines}Authorization: Bearer sk-ann\r\nX-Memory: ann\r\n\r\n")
    assert both.split()[1] == b"401"


def test_a_memory_that_is_not_there_is_refused_as_one_that_is_another_s(server: Server) -> None:
    known, unknown = (
        server.client.get("/v1/memory", headers={**BOB, "X-Memory": name}) for name in ("ann", "no-such-memory")
    )
    assert known.status_code == unknown.status_code == 403 and known.content == unknown.content


def test_a_key_lists_and_uses_its_own_memories_the_first_by_default(server: Server) -> None:
    for who, name in ((ANN, "ann"), (BOB, "bob")):
        body = server.client.get("/v1/memories", headers=who).json()
        assert [m["id"] for m in body["data"]] == [name, "shared"] and body["default"] == name
        assert server.ask("Hi.", headers=who).json()["titans_edge"]["memory"] == name
    server.ask("The shop is shut.", headers={**ANN, "X-Memory": "shared"})
    assert server.texts("shared", **BOB) == ["The shop is shut."]


def test_what_one_key_said_is_not_kept_in_the_context_for_another(server: Server) -> None:
    server.ask(f"{SECRET} again.", headers={**ANN, "X-Memory": "none"})
    desk, ann = server.parts.desk, server.parts.desk._who
    held = b"".join(desk.engine.backbone.vocab.piece(t) for t in desk._seated(ann, None).speaker.ids)
    assert SECRET.encode() in held, "her own next message need not be decoded anew"
    assert desk._seated("another", None).speaker.ids == [], "for another one even the time it takes says nothing"


def test_without_a_key_that_is_known_nothing_is_served(server: Server) -> None:
    for sent in (None, "", "Bearer", "Bearer sk-an", "Bearer sk-ann2", "Bearer SK-ANN", "Basic sk-ann",
                 "sk-ann", "Bearer sk-ann sk-bob", "Bearer sk-ann\u00e9"):  # fmt: skip
        headers = {} if sent is None else {"Authorization": sent.encode("latin-1")}
        for path in ("/v1/models", "/v1/memories", "/v1/memory/spans", "/metrics", "/v1/nothing"):
            answer = server.client.get(path, headers=headers)
            assert answer.status_code == 401 and answer.json()["error"]["code"] == "invalid_api_key", (sent, path)
            assert answer.headers["www-authenticate"] == "Bearer"
        assert server.client.post("/v1/chat/completions", json={}, headers=headers).status_code == 401
    assert server.client.get("/healthz").status_code == 200
    assert server.client.get("/metrics", headers={"Authorization": "bearer sk-bob"}).status_code == 200


def test_neither_log_nor_metrics_hold_a_key(server: Server, logged: list[LogRecord]) -> None:
    server.client.get("/v1/models", headers=ANN)
    server.client.get("/v1/models", headers={"Authorization": "Bearer sk-wrong"})
    text = "\n".join(r.getMessage() for r in logged) + server.client.get("/metrics", headers=BOB).text
    lines = [json.loads(r.getMessage()) for r in logged]  # a request before these may be logged among them
    (known,) = [x["caller"] for x in lines if x["route"] == "/v1/models"]
    (unknown,) = [x["caller"] for x in lines if x["status"] == 401]
    assert known.startswith("key-") and unknown is None and "sk-" not in text


# --- browsers and sizes


def raw(server: Server, request: str | bytes) -> bytes:
    """The answer to bytes as they are."""
    with socket.create_connection(("127.0.0.1", server.port), 30) as s:
        s.sendall(request.encode("utf-8") if isinstance(request, str) else request)
        s.shutdown(socket.SHUT_WR)
        out = b""
        while part := s.recv(65536):
            out += part
    return out


def test_a_host_header_that_names_another_machine_is_refused(server: Server) -> None:
    here = ["localhost", f"127.0.0.1:{server.port}", "[::1]:80", "LOCALHOST.", "127.9.9.9"]
    elsewhere = ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "0.0.0.0", "[::1", ""]
    for host in (*here, *elsewhere, "localhost@evil.example", "evil.example@localhost"):
        answer = raw(server, f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
        assert answer.split()[1] == (b"200" if host in here else b"421"), host


def test_another_site_s_page_can_do_nothing_here(server: Server) -> None:
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1", "http://localhost.evil.example"):
        for method, path in (("POST", "/v1/memory/undo"), ("GET", "/v1/memory/spans"), ("OPTIONS", "/v1/memory/undo")):
            answer = server.client.request(method, path, headers={**ANN, "Origin": origin})
            assert answer.status_code == 403 and "access-control-allow-origin" not in answer.headers
    own = server.client.get("/v1/models", headers={**ANN, "Origin": server.url})
    assert own.status_code == 200 and "access-control-allow-origin" not in own.headers
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        answer = server.client.post("/v1/memory/undo", content=b"{}", headers={**ANN, "Content-Type": kind})
        assert answer.status_code == 415, kind


def test_a_body_over_the_limit_is_refused_whatever_its_length_is_said_to_be(server: Server) -> None:
    body = json.dumps({"messages": [said("x" * LIMIT)]}).encode()
    answer = server.client.post(
        "/v1/chat/completions", content=body, headers={**ANN, "Content-Type": "application/json"}
    )
    assert answer.status_code == 413 and answer.json()["error"]["code"] == "body_too_large"

    def chunks() -> Iterator[bytes]:
        yield from (b" " * 4096 for _ in range(2 * LIMIT // 4096))

    for path in ("/v1/chat/completions", "/v1/memory/forget"):
        sent = server.client.post(path, content=chunks(), headers={**ANN, "Content-Type": "application/json"})
        assert sent.status_code == 413, path
    assert server.client.get("/v1/models", headers=ANN).status_code == 200


# --- settings


def test_another_address_than_this_machine_s_needs_a_key() -> None:
    for host in ("0.0.0.0", "::", "192.168.1.2", "example.invalid"):
        with pytest.raises(UsageError, match="no API key"):
            Settings(host=host)
        assert not Settings(host=host, keys=(Key("sk", ("a",)),)).loopback
    assert all(is_loopback(h) and Settings(host=h).loopback for h in ("127.0.0.1", "127.1.2.3", "::1", "localhost"))


def test_keys_come_from_options_file_and_environment(tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"
    file.write_text('[keys]\n"sk-a" = ["c"]\nsk-c = "d"\n')
    found = keys(["sk-a=a,b", "k=with=e"], file, {KEYS: "sk-e=x sk-a=a"})
    assert found == [Key("sk-e", ("x",)), Key("sk-a", ("a", "b", "c")), Key("k=with", ("e",)), Key("sk-c", ("d",))]
    for wrong in ("sk", "sk=", "=a", "sk= , "):
        with pytest.raises(UsageError, match="no memories"):
            keys([wrong], environment={})
    for text in ("[keys]", "keys = 3", "nonsense", '[keys]\n"a" = []', '[keys]\n"a" = [1]'):
        file.write_text(text)
        with pytest.raises(UsageError):
            keys([], file, {})
    with pytest.raises(UsageError, match="cannot be read"):
        keys([], tmp_path / "none", {})


@pytest.mark.parametrize(
    "given",
    [
        [("sk-a", "../x")],
        [("sk-a", "a/b")],
        [("sk-a", "work"), ("sk-b", "Work")],
        [("sk-a", "work"), ("sk-b", "ｗork")],
        [("sk a", "work")],
        [("sk-é", "work")],
    ],
)
def test_keys_and_memories_that_cannot_be_told_apart_or_sent_are_refused(given: list[tuple[str, str]]) -> None:
    with pytest.raises(UsageError):
        Settings(keys=tuple(Key(k, (m,)) for k, m in given))


def test_every_key_is_compared_and_the_right_one_found() -> None:
    access = Access([Key(f"sk-{n}", (f"m{n}",)) for n in range(5)], "default")
    assert [access.caller(f"Bearer sk-{n}").default for n in range(5)] == [f"m{n}" for n in range(5)]
    anybody: Any = Access([], "default").caller("Bearer whatever")
    assert anybody.memories is None and anybody.default == "default"
