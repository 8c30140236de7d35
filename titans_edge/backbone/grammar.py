"""What a reply has to fit: a grammar in llama.cpp's GBNF, or a JSON schema as one.

Schemas are turned by llama-cpp-python's converter, which passes over what it does not know. Here that is refused, so
that a whole reply does fit its schema. Some grammars make llama.cpp crash or never end: `tried` finds out in a process
of its own. Run as a module this is that process.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import llama_cpp
from llama_cpp.llama_grammar import PRIMITIVE_RULES, BuiltinRule, SchemaConverter

from titans_edge.backbone import logs
from titans_edge.errors import UsageError
from titans_edge.safe_python import module_command

MAX_SCHEMA = 65536  # characters
MOST = 500  # items or characters that a schema may count
SECONDS = 5.0  # in which a grammar is read
_SAID = re.compile(r"(?:error parsing grammar|llama\.cpp): (.*)")
_NOTES = {"$schema", "$id", "$comment", "$defs", "definitions", "title", "description", "default", "examples",
          "deprecated", "readOnly", "writeOnly"}  # fmt: skip
_NEVER = ("pattern", "allOf")  # what the converter makes of them lets wrong texts through
_CHARACTER = BuiltinRule(PRIMITIVE_RULES["char"].content.replace(r'[^"\\]', r'[^"\\\x00-\x1F\x7F]'), [])


def opened(grammar: str, vocab: int | None) -> Any:
    """llama.cpp's sampler of a grammar, to be freed. Raises UsageError where it cannot be read."""
    sampler = llama_cpp.llama_sampler_init_grammar(vocab, grammar.encode(), b"root")
    if not sampler:
        raise UsageError("llama.cpp cannot read the grammar.", "Its rules begin with `root ::=`.")
    return sampler


def tried(grammar: str) -> str:
    """The same grammar, if llama.cpp can read it. Raises UsageError that says why not."""
    command = module_command("titans_edge.backbone.grammar")
    hint = "Its rules are GBNF and begin with `root ::=`."
    try:
        ran = subprocess.run(command, input=grammar.encode(), capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as e:
        raise UsageError(f"llama.cpp has not read the grammar in {SECONDS:.0f} s.", "Make it simpler.") from e
    if ran.returncode:
        said = _SAID.search(ran.stderr.decode("utf-8", "replace"))
        raise UsageError(f"The grammar cannot be read: {said[1].strip() if said else 'llama.cpp failed'}.", hint)
    return grammar


def of_json(text: str) -> str:
    """`of_schema` of a schema as JSON."""
    try:
        return of_schema(json.loads(text))
    except (ValueError, RecursionError) as e:
        raise UsageError(f"The schema is no JSON ({e}).", 'It is an object, such as {"type": "object"}.') from e


def of_schema(schema: Any) -> str:
    """The grammar of all JSON that fits a schema. Raises UsageError where there is none that says all of it."""
    try:
        if len(text := json.dumps(schema)) > MAX_SCHEMA:
            raise ValueError(f"it has more than {MAX_SCHEMA} characters")
        converter = _Converter()
        converter.visit(converter.resolve_refs(json.loads(text), ""), "")
        made = str(converter.format_grammar())
        logs.install()
        llama_cpp.llama_sampler_free(opened(made, None))
    except Exception as e:  # the converter has no errors of its own: whatever is odd in a schema ends in any
        said = e.message if isinstance(e, UsageError) else str(e) or type(e).__name__
        why = " ".join(said.split())[:200].rstrip(".")
        raise UsageError(f"The schema cannot be kept to: {why}.", "Leave that out.") from e
    return made


class _Watched(dict[str, Any]):
    """A schema that knows what of it was looked at."""

    def __init__(self, schema: dict[str, Any]) -> None:
        super().__init__(schema)
        self.seen = set[str]()

    def get(self, key: str, default: Any = None) -> Any:
        self.seen.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        self.seen.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.seen.add(str(key))
        return super().__contains__(key)


class _Converter(SchemaConverter):  # type: ignore[misc]
    """llama-cpp-python's, without what makes a grammar of it that says something else than the schema."""

    def __init__(self) -> None:
        super().__init__(prop_order={}, allow_fetch=False, dotall=False, raw_pattern=False)
        self._named: dict[str, str] = {}

    def visit(self, schema: Any, name: str) -> str:
        if not isinstance(schema, dict):
            raise ValueError(f"a schema is an object, not {json.dumps(schema)[:40]}")
        self._check(schema)
        watched = _Watched(schema)
        rule = str(super().visit(watched, name))
        if passed_over := sorted(schema.keys() - watched.seen - _NOTES):
            raise ValueError(f"a grammar has no way to say {', '.join(passed_over)} here")
        return rule

    @staticmethod
    def _check(schema: dict[str, Any]) -> None:
        if never := [key for key in _NEVER if key in schema]:
            raise ValueError(f"a grammar has no way to say {', '.join(never)}")
        for what in ("Items", "Length"):
            least, most = schema.get(f"min{what}", 0), schema.get(f"max{what}", MOST)
            if not 0 <= least <= most <= MOST:
                raise ValueError(f"min{what} and max{what} are from 0 to {MOST}")
        if schema.get("enum") == []:
            raise ValueError("nothing is in an empty enum")
        if missing := sorted(set(schema.get("required", ())) - schema.get("properties", {}).keys()):
            raise ValueError(f"{', '.join(missing)} is required and has no schema")

    def _format_literal(self, literal: str) -> str:
        text = json.dumps(json.loads(literal), ensure_ascii=False)
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def _add_primitive(self, name: str, rule: BuiltinRule) -> str:
        return str(super()._add_primitive(name, _CHARACTER if rule is PRIMITIVE_RULES["char"] else rule))

    def _resolve_ref(self, ref: str) -> str:
        """By the whole reference: its last word may be another rule's name."""
        if ref not in self._named:
            self._named[ref] = f"ref-{len(self._named)}"
            self._named[ref] = self.visit(self._refs[ref], self._named[ref])
        return self._named[ref]


if __name__ == "__main__":
    try:
        logs.install()
        opened(sys.stdin.buffer.read().decode(), None)
    except UsageError:
        sys.exit(f"llama.cpp: {logs.recent_errors[-1]}")
