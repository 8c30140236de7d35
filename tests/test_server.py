"""The server as OpenAI's clients meet it: replies, streams, embeddings, and what is refused and how."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.serving import WARM, Server, events, said, serving
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.reader import Reader
from titans_edge.backbone.sampling import Sampling
from titans_edge.server.settings import Settings

REPLY = {"role": "assistant", "content": "Good."}


@pytest.fixture(scope="module")
def server(users_home: Path, tiny_path: Path, graft_path: Path) -> Iterator[Server]:
    with serving(tiny_path, graft_path) as server:
        yield server


def streamed(server: Server, *messages: Any, **more: Any) -> list[Any]:
    body = {"model": "tiny", "messages": [said(m) for m in messages], "stream": True, **WARM, **more}
    with server.client.stream("POST", "/v1/chat/completions", json=body, headers={"X-Memory": "none"}) as answer:
        assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/event-stream")
        return events(answer.iter_lines())


# --- replies


def test_a_reply_is_a_completion_and_streamed_it_is_the_same_text(server: Server) -> None:
    whole = server.ask("Hello you", headers={"X-Memory": "none"}).json()
    assert whole["object"] == "chat.completion" and whole["model"] == "tiny"
    (choice,) = whole["choices"]
    assert choice["message"]["role"] == "assistant" and choice["finish_reason"] == "length"
    usage = whole["usage"]
    assert usage["completion_tokens"] == 6 and usage["total_tokens"] == usage["prompt_tokens"] + 6
    *chunks, done = streamed(server, "Hello you", stream_options={"include_usage": True})
    *parts, end, figures = chunks
    assert done == "[DONE]" and {c["object"] for c in chunks} == {"chat.completion.chunk"}
    assert len({c["id"] for c in chunks}) == 1 and parts[0]["choices"][0]["delta"]["role"] == "assistant"
    assert "".join(c["choices"][0]["delta"]["content"] for c in parts) == choice["message"]["content"]
    assert end["choices"][0] == {"index": 0, "delta": {}, "logprobs": None, "finish_reason": "length"}
    assert figures["choices"] == [] and figures["usage"] == usage
    assert all("usage" not in c for c in streamed(server, "Hello you") if c != "[DONE]")


def test_a_seed_gives_the_same_reply_and_another_one_another(server: Server) -> None:
    texts = [
        server.ask("Hi", headers={"X-Memory": "none"}, seed=seed, max_tokens=12).json()["choices"][0]["message"][
            "content"
        ]
        for seed in (1, 1, 2, -1, -1, 2**32 - 1, 2**32 - 1)
    ]
    assert texts[0] == texts[1] != texts[2] and texts[3] == texts[4] and texts[5] == texts[6]


def test_what_a_request_does_not_say_of_sampling_is_as_the_server_was_started(
    users_home: Path, tiny_path: Path, graft_path: Path
) -> None:
    usual = Sampling(temperature=1.0, seed=3, max_tokens=5)
    bare = {"messages": [{"role": "user", "content": "Hi"}]}
    with serving(tiny_path, graft_path, Settings(port=0, sampling=usual)) as one:

        def said(**more: Any) -> tuple[str, int]:
            got = one.client.post("/v1/chat/completions", json=bare | more, headers={"X-Memory": "none"}).json()
            return got["choices"][0]["message"]["content"], got["usage"]["completion_tokens"]

        assert said() == said(temperature=1.0, seed=3, max_tokens=5) != said(seed=4)
        assert said(max_tokens=2)[1] == 2 and said()[1] == 5


def test_a_stop_text_ends_the_reply_before_it_whole_and_streamed(server: Server) -> None:
    free = server.ask("Hi", headers={"X-Memory": "none"}, max_tokens=20).json()
    text = free["choices"][0]["message"]["content"]
    stop = text[4:6]
    ended = server.ask("Hi", headers={"X-Memory": "none"}, max_tokens=20, stop=["never", stop]).json()
    assert ended["choices"][0]["message"]["content"] == text[: text.index(stop)]
    assert ended["choices"][0]["finish_reason"] == "stop"
    assert ended["usage"]["prompt_tokens"] == free["usage"]["prompt_tokens"]
    assert 0 < ended["usage"]["completion_tokens"] < 20
    chunks = streamed(server, "Hi", max_tokens=20, stop=stop)[:-1]
    assert "".join(c["choices"][0]["delta"].get("content", "") for c in chunks) == text[: text.index(stop)]


SCHEMA = {"type": "object", "properties": {"a": {"type": "string", "maxLength": 5}, "b": {"enum": [1, 2]}},
          "required": ["a", "b"], "additionalProperties": False}  # fmt: skip


def test_a_reply_is_json_that_fits_the_schema_of_its_request_whole_and_streamed(server: Server) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "ab", "strict": True, "schema": SCHEMA}}
    asked = {"response_format": form, "max_tokens": 100}
    whole = server.ask("Hi", headers={"X-Memory": "none"}, **asked).json()["choices"][0]
    told = json.loads(whole["message"]["content"])
    assert whole["finish_reason"] == "stop" and told.keys() == {"a", "b"} and told["b"] in (1, 2)
    pieces = [c["choices"][0]["delta"].get("content", "") for c in streamed(server, "Hi", **asked)[:-1]]
    assert "".join(pieces) == whole["message"]["content"] and len(pieces) > 4
    newer = {"input": "Hi", "text": {"format": {"type": "json_schema", "name": "ab", "schema": SCHEMA}}, **WARM}
    response = server.client.post("/v1/responses", json=newer | {"max_output_tokens": 100}).json()
    assert json.loads(response["output"][0]["content"][0]["text"]).keys() == {"a", "b"}
    anything = server.ask("Hi", headers={"X-Memory": "none"}, response_format={"type": "json_object"}, max_tokens=3)
    assert anything.json()["choices"][0]["message"]["content"].startswith("{")


def test_parts_of_text_and_the_role_developer_are_read_as_text_and_system(server: Server) -> None:
    plain = server.ask({"role": "system", "content": "Be brief."}, "One\n\nTwo", headers={"X-Memory": "none"}).json()
    parts = [{"type": "text", "text": "One"}, {"type": "text", "text": "Two"}]
    cut = server.ask(
        {"role": "developer", "content": "Be brief."}, {"role": "user", "content": parts}, headers={"X-Memory": "none"}
    ).json()
    assert (plain["choices"], plain["usage"]) == (cut["choices"], cut["usage"])


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"functions": [{}]}, "tools"),
        ({"tool_choice": "required"}, "tools"),
        ({"n": 2}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"response_format": {"type": "xml"}}, "response_format"),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "x"}}}, "response_format"),
        ({"response_format": {"type": "json_schema", "json_schema": {"schema": {"not": {}}}}}, "response_format"),
        ({"frequency_penalty": 0.5}, "frequency_penalty"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]},
         "messages[0].content[0]"),
        ({"messages": [{"role": "tool", "content": "x"}, said("Hi")]}, "messages[0]"),
        ({"messages": [{"role": "wizard", "content": "x"}, said("Hi")]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": []}, "messages"),
        ({"messages": [said("Hi"), REPLY]}, "messages"),
        ({"messages": [said("  ")]}, "messages"),
        ({"messages": "Hi"}, "messages"),
        ({"messages": [{"content": "Hi"}]}, "role"),
        ({"temperature": -1}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"top_p": 1.5}, "top_p"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_completion_tokens": -3}, "max_tokens"),
        ({"stop": [""]}, "stop"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
    ],
)  # fmt: skip
def test_what_is_not_supported_or_wrong_is_refused_by_name(server: Server, body: dict[str, Any], param: str) -> None:
    answer = server.client.post("/v1/chat/completions", json={"messages": [said("Hi")], **WARM, **body})
    error = answer.json()["error"]
    assert answer.status_code == 400 and set(error) == {"message", "type", "param", "code"}
    assert error["type"] == "invalid_request_error" and error["param"] == param and error["message"]


def test_what_changes_nothing_is_passed_over(server: Server) -> None:
    odd = {"tools": [], "tool_choice": "none", "n": 1, "logprobs": False, "presence_penalty": 0, "store": True,
           "metadata": {"a": "b"}, "response_format": {"type": "text"}, "top_p": 0, "unknown": 1}  # fmt: skip
    assert server.ask("Hi", headers={"X-Memory": "none"}, **odd).status_code == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"messages": [}', b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_is_no_request_is_a_400(server: Server, body: bytes) -> None:
    for path in ("/v1/chat/completions", "/v1/embeddings", "/v1/memory/forget", "/v1/memory/spans"):
        answer = server.client.post(path, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400 and answer.json()["error"]["message"], path


def test_messages_that_do_not_fit_are_a_400_and_the_next_ones_are_answered(server: Server) -> None:
    for words in (1500, 400_000):
        answer = server.ask("word " * words)
        assert answer.status_code == 400 and answer.json()["error"]["code"] == "context_length_exceeded"
        chunk = server.ask("word " * words, stream=True)
        assert chunk.status_code == 400
    assert server.ask("Hi", headers={"X-Memory": "none"}).status_code == 200


def test_paths_and_methods_that_are_not_there_are_openai_s_errors(server: Server) -> None:
    for method, path, status in (
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1/chat/completions", 405),
        ("GET", "/page/no.js", 404),
    ):
        answer = server.client.request(method, path)
        assert answer.status_code == status and answer.json()["error"]["code"] in ("not_found", "method_not_allowed")
    missing = server.client.get("/v1/models/gpt-4o")
    assert missing.status_code == 404 and missing.json()["error"]["code"] == "model_not_found"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"previous_response_id": "x"}, "previous_response_id"),
        ({"background": True}, "background"),
        ({"tools": [{"type": "web_search"}]}, "tools"),
        ({"text": {"format": {"type": "json_schema"}}}, "response_format"),
        ({"input": [{"type": "function_call"}]}, "input[0]"),
        ({"input": [{"content": "x"}]}, "input[0]"),
        ({"input": [{"role": "user", "content": [{"type": "input_image"}]}]}, "messages[0].content[0]"),
        ({"input": ""}, "messages"),
        ({"max_output_tokens": 0}, "max_tokens"),
    ],
)
def test_of_responses_what_is_not_supported_is_refused_by_name(
    server: Server, body: dict[str, Any], param: str
) -> None:
    answer = server.client.post("/v1/responses", json={"input": "Hi", **body})
    assert answer.status_code == 400 and answer.json()["error"]["param"] == param


def test_a_response_is_the_reply_a_completion_would_be(server: Server) -> None:
    at = {"X-Memory": "none"}
    chat = server.ask({"role": "system", "content": "Be brief."}, "Hi", headers=at, temperature=0, max_tokens=4).json()
    content = [{"type": "input_text", "text": "Hi"}]
    for given in ("Hi", [{"role": "user", "content": "Hi"}], [{"type": "message", "role": "user", "content": content}]):
        body = {"input": given, "instructions": "Be brief.", "max_output_tokens": 4}
        answer = server.client.post("/v1/responses", json=body, headers=at).json()
        assert answer["output"][0]["content"][0]["text"] == chat["choices"][0]["message"]["content"]
        assert answer["usage"]["total_tokens"] == chat["usage"]["total_tokens"]


# --- models, embeddings


def test_models_and_health(server: Server) -> None:
    (model,) = server.client.get("/v1/models").json()["data"]
    assert model == server.client.get("/v1/models/tiny").json() and model["id"] == "tiny"
    assert server.client.get("/healthz").json()["status"] == "ok"


def test_an_embedding_is_the_mean_of_the_tapped_layer_scaled_to_one(server: Server, tiny: Backbone) -> None:
    texts = ["Mary went home.", "the " * 700]
    layer = server.parts.desk.engine.layer
    with Reader(tiny, layer) as reader:
        expected = []
        for ids in map(tiny.vocab.encode, texts):
            rows = np.concatenate(list(reader.read([ids[at : at + 512] for at in range(0, len(ids), 512)])))
            expected.append(rows.mean(0) / np.linalg.norm(rows.mean(0)))
    body = server.client.post("/v1/embeddings", json={"input": texts, "model": "tiny"}).json()
    assert [d["index"] for d in body["data"]] == [0, 1]
    assert body["usage"]["prompt_tokens"] == sum(len(tiny.vocab.encode(t)) for t in texts)
    np.testing.assert_allclose([d["embedding"] for d in body["data"]], expected, atol=1e-5)
    (packed,) = server.client.post("/v1/embeddings", json={"input": texts[0], "encoding_format": "base64"}).json()[
        "data"
    ]
    np.testing.assert_allclose(np.frombuffer(base64.b64decode(packed["embedding"]), "<f4"), expected[0], atol=1e-5)


@pytest.mark.parametrize(
    "body",
    [{"input": []}, {"input": ""}, {"input": ["a", ""]}, {"input": [1, 2]}, {"input": [[1]]}, {"input": ["a"] * 513},
     {"input": "the " * 60_000}, {"input": "a", "dimensions": 3}, {"input": "a", "encoding_format": "hex"}, {}],
)  # fmt: skip
def test_embeddings_of_nothing_or_too_much_are_refused(server: Server, body: dict[str, Any]) -> None:
    answer = server.client.post("/v1/embeddings", json=body)
    assert answer.status_code == 400 and answer.json()["error"]["type"] == "invalid_request_error"
