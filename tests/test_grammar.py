"""Replies that have to fit a grammar or a schema: that they do, and that what cannot be kept to is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import llama_cpp
import pytest

from tests.answering import answering, client, done, hear, text
from titans_edge.backbone import grammar
from titans_edge.backbone.grammar import of_json, of_schema, opened, tried
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.sampling import WINDOW, Sampling
from titans_edge.backbone.speaker import Speaker
from titans_edge.errors import UsageError
from titans_edge.replying import UNTOLD
from titans_edge.session import Session

SHORT = {"type": "string", "maxLength": 6}
CHAIN = {"type": "object", "properties": {"n": {"enum": [1, 2]}, "next": {"anyOf": [{"$ref": "#/$defs/chain"},
         {"type": "null"}]}}, "required": ["n", "next"], "additionalProperties": False}  # fmt: skip
SCHEMAS = [
    {"type": "object", "properties": {"name": SHORT, "age": {"type": "integer"}, "note": SHORT},
     "required": ["name", "age"], "additionalProperties": False, "description": "Somebody."},
    {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 4},
    {"enum": ['a"b', "back\\slash", "two\nlines", "\x01", "é😀", "\\u0041", 3, None, True, {"a": [1]}]},
    {"type": "object", "properties": {'a "b\\ü': {"const": 1}}, "required": ['a "b\\ü']},
    {"$ref": "#/$defs/chain", "$defs": {"chain": CHAIN}},
    {"type": "object", "properties": {"x": {"enum": ["a"]}, "y": {"$ref": "#/$defs/x"}}, "required": ["x", "y"],
     "$defs": {"x": {"enum": ["b"]}}},
    {"type": "string", "minLength": 3, "maxLength": 5},
    {"type": ["boolean", "null"]},
    {"type": "string", "format": "date-time"},
]  # fmt: skip


@pytest.fixture(scope="module")
def session(tiny: Backbone) -> Any:
    with Session(tiny, context=512) as session:
        yield session


def chance(fits: str, seed: int, temperature: float = 1.0) -> Sampling:
    return Sampling(temperature=temperature, seed=seed, max_tokens=300, grammar=fits)


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda s: json.dumps(s)[:40])
def test_a_whole_reply_is_json_that_fits_its_schema(session: Session, schema: dict[str, Any]) -> None:
    fits, ended = of_schema(schema), 0
    for sampling in (chance(fits, 0, 0.0), *(chance(fits, seed, 2.0) for seed in range(6))):
        events = hear(session, "Who?", sampling=sampling)
        if done(events).stop_reason == "stop" and "\ufffd" not in text(events):  # noise may be no UTF-8
            jsonschema.validate(json.loads(text(events)), schema)
            ended += 1
    assert ended > 3


def test_strings_of_free_length_are_json_too(session: Session) -> None:
    fits = of_schema({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]})
    for seed in range(4):
        events = hear(session, "Who?", sampling=chance(fits, seed))
        said = text(events).rstrip("\ufffd") + '"}' * (done(events).stop_reason == "length")
        assert json.loads(re.sub(r'\\(u[0-9a-fA-F]{0,3})?"}$', '"}', said)).keys() == {"a"}


@pytest.mark.parametrize("penalty", [1.0, 1.5])
def test_the_likeliest_token_that_fits_is_llama_cpp_s_own(tiny: Backbone, penalty: float) -> None:
    fits = of_schema(SCHEMAS[0])
    chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
    for link in (
        opened(fits, tiny.vocab.handle),
        llama_cpp.llama_sampler_init_penalties(tiny.vocab.size, WINDOW, penalty, 0.0, 0.0),
        llama_cpp.llama_sampler_init_greedy(),
    ):
        llama_cpp.llama_sampler_chain_add(chain, link)
    with Speaker(tiny, 512) as ours, Speaker(tiny, 512) as theirs:
        for speaker in (ours, theirs):
            speaker.feed(tiny.vocab.encode("Who?"))
        sampling = Sampling(repeat_penalty=penalty, max_tokens=60, grammar=fits)
        for token in ours.generate(sampling):
            if chr(tiny.vocab.piece(token)[0]).isdigit():
                break  # digits are not penalised here
            want = llama_cpp.llama_sampler_sample(chain, theirs.context, -1)
            assert token == want
            theirs.feed([want])
    llama_cpp.llama_sampler_free(chain)


@pytest.mark.grounded
def test_under_a_grammar_nothing_is_said_in_the_reply_s_place(tiny: Backbone) -> None:
    memory = answering(tiny, texts=("Mary went home.",))
    fits = of_schema(SCHEMAS[7])
    with Session(tiny, client(memory), context=512) as session:
        assert text(hear(session, "Where is Mary?", sampling=Sampling())) not in ("true ", "false", "null")
        assert json.loads(text(hear(session, "Where is Mary?", sampling=Sampling(grammar=fits)))) in (True, False, None)
        memory.spans, memory.untold = (), True
        assert text(hear(session, "Where is Mary?", sampling=Sampling())) == UNTOLD
        assert json.loads(text(hear(session, "Where is Mary?", sampling=Sampling(grammar=fits)))) in (True, False, None)


def test_a_stop_text_ends_a_reply_under_a_grammar(session: Session) -> None:
    sampling = replace(chance('root ::= "one, two"', 0), stop=(", ",))
    assert text(hear(session, "Count.", sampling=sampling)) == "one"


def test_a_grammar_without_a_way_on_is_an_error_and_no_crash(session: Session) -> None:
    with pytest.raises(UsageError, match="no text goes on"):
        hear(session, "Who?", sampling=chance(r'root ::= "a" [^\x00-\U7FFFFFFF]', 0))


@pytest.mark.parametrize(
    ("schema", "word"),
    [
        ({"type": "integer", "minimum": 1}, "minimum"),
        ({"type": "string", "pattern": "^a$"}, "pattern"),
        ({"allOf": [{"type": "string"}]}, "allOf"),
        ({"type": ["string", "null"], "maxLength": 2}, "maxLength"),
        ({"anyOf": [{"type": "string"}], "properties": {}}, "properties"),
        ({"properties": {"a": {"type": "string"}}, "required": ["b"]}, "b is required"),
        ({"type": "array", "items": {"type": "null"}, "maxItems": 10**9}, "maxItems"),
        ({"type": "string", "minLength": 3, "maxLength": 1}, "maxLength"),
        ({"type": "string", "minLength": "3"}, "str"),
        ({"enum": []}, "enum"),
        ({"type": "wizard"}, "wizard"),
        ({"$ref": "https://example.org/a.json"}, "remote"),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}, "cannot"),
        ({"properties": {"a": True}}, "true"),
        ({"const": "x" * 70_000}, "characters"),
        ([], "object"),
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
    ],
)
def test_a_schema_that_cannot_be_kept_to_is_one_sentence(
    schema: Any, word: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError, match=word) as refused:
        of_json(schema) if isinstance(schema, str) else of_schema(schema)
    assert len(str(refused.value)) < 300 and "\n" not in str(refused.value)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("rules", "word"),
    [
        ('root ::= "a', "end of input"),
        ('other ::= "a"', "root"),
        ("root ::= other", "other"),
        ('root ::= root "a" | "b"', "left recursion"),
        ('root ::= "a"{3,1}', "has not read"),  # llama.cpp never ends
        ("root ::= " + "(" * 60_000 + '"a"' + ")" * 60_000, "failed"),  # and crashes
    ],
)
def test_a_bad_grammar_is_one_sentence(
    rules: str, word: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    if word == "has not read":
        monkeypatch.setattr(grammar, "SECONDS", 1.0)
    with pytest.raises(UsageError, match=word) as refused:
        tried(rules)
    assert len(str(refused.value)) < 200 and capfd.readouterr().err == ""


def test_a_sound_grammar_is_given_back() -> None:
    assert tried('root ::= "a"\n') == 'root ::= "a"\n'


Spoken = Callable[..., str]


def test_ask_answers_in_json_by_a_schema_or_by_a_grammar_of_a_file(spoken: Spoken, tmp_path: Path) -> None:
    schema, rules = tmp_path / "schema.json", tmp_path / "rules.gbnf"
    schema.write_text(json.dumps(SCHEMAS[6]))
    rules.write_text('root ::= ("yes" | "no") "!"\n')
    long = ("--max-tokens", "60")
    answer = spoken("--json-schema", str(schema), *long)
    assert 3 <= len(json.loads(answer)) <= 5 and answer == spoken("--json-schema", json.dumps(SCHEMAS[6]), *long)
    assert spoken("--grammar", str(rules)) in ("yes!\n", "no!\n")
    told = json.loads(spoken("--grammar", str(rules), "--json", "--temperature", "2", "--seed", "1"))
    assert told["answer"] in ("yes!", "no!") and told["stop_reason"] == "stop"
    with pytest.raises(UsageError, match="schema and a grammar"):
        spoken("--grammar", str(rules), "--json-schema", str(schema))
