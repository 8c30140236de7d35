"""The door to Jinja: a chat template is foreign code, so it runs in Jinja's sandbox, with limits, and whatever it
raises becomes a ModelError.

A template finds here what transformers gives it: loop controls, `generation` blocks, strftime_now, raise_exception,
tojson. Nothing here knows about messages.
"""

from __future__ import annotations

import json
from datetime import datetime
from itertools import count
from typing import Any

from jinja2 import nodes
from jinja2.exceptions import SecurityError, TemplateError, TemplateSyntaxError
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from titans_edge.errors import ModelError

MAX_VALUE = 10_000_000  # characters of a string, items of a list; a bit of a number counts as 100 of them
_STEP, _JOIN = " step", " join"  # names with a blank: no template can reach or replace them


class Refusal(TemplateError):
    """The template's own words why it does not take a conversation (raise_exception)."""


class Program:
    """A compiled template. ModelError where it cannot be compiled."""

    def __init__(self, source: str) -> None:
        env = _Sandbox(trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, loopcontrols])
        env.globals["raise_exception"] = _refuse
        env.globals["strftime_now"] = _now
        env.filters["tojson"] = _tojson
        try:
            self._template = env.from_string(_counted(env.parse(source)))
        except Exception as e:  # foreign code: a deep or broken template raises more than Jinja's own errors
            raise ModelError(
                f"The model's chat template cannot be read ({_reason(e)}).", "Pull the model again, or use another one."
            ) from e

    def run(self, variables: dict[str, Any], *, characters: int, steps: int) -> str:
        """The rendered text. ModelError for everything that can go wrong.

        characters: how long it may be; steps: how often loops may turn and macros be called, all in all.
        """
        try:
            return self._run(variables, characters, steps)
        except Refusal as e:
            raise ModelError(
                f"The model's chat template refuses this conversation ({_reason(e)}).",
                "Let user and assistant alternate, beginning with the user, or use another model.",
            ) from e
        except Exception as e:  # foreign code: it can raise anything
            raise ModelError(
                f"The model's chat template failed ({_reason(e)}).", "Pull the model again, or use another one."
            ) from e

    def _run(self, variables: dict[str, Any], characters: int, steps: int) -> str:
        taken = count(1)

        def step() -> None:
            if next(taken) > steps:
                raise SecurityError(f"it takes more than {steps} steps")

        out, size = [], 0
        for chunk in self._template.generate({**variables, _STEP: step, _JOIN: _join}):
            size += len(chunk)
            if size > characters:
                raise SecurityError(f"it writes more than {characters} characters")
            out.append(chunk)
        return "".join(out)


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox (which bounds `range`), with bounds on what a sum, a product or a power may become."""

    intercepted_binops = frozenset({"+", "*", "**"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if _grown(operator, left, right) > MAX_VALUE:
            raise SecurityError("it makes a value that is too large")
        return super().call_binop(context, operator, left, right)


class _Generation(Extension):
    """transformers' {% generation %} block, which marks the model's own text: its body is rendered."""

    tags = {"generation"}  # noqa: RUF012 (Jinja's own declaration)

    def parse(self, parser: Parser) -> nodes.Node:
        lineno = next(parser.stream).lineno
        return nodes.Scope(parser.parse_statements(("name:endgeneration",), drop_needle=True), lineno=lineno)


def _counted(tree: nodes.Template) -> nodes.Template:
    """The template with a step counted in every loop and macro, and with every `~` bounded."""
    for block in tree.find_all((nodes.For, nodes.Macro, nodes.CallBlock)):
        block.body.insert(0, nodes.ExprStmt(_call(_STEP, [])))  # type: ignore[attr-defined]
    for concat in list(tree.find_all(nodes.Concat)):
        concat.nodes = [_call(_JOIN, list(concat.nodes))]
    tree.set_lineno(1)
    return tree.set_environment(tree.environment)  # type: ignore[arg-type,return-value]


def _call(name: str, arguments: list[nodes.Expr]) -> nodes.Call:
    function = nodes.Getitem(nodes.ContextReference(), nodes.Const(name), "load")
    return nodes.Call(function, arguments, [], None, None)


def _join(*parts: Any) -> str:
    texts = [str(p) for p in parts]
    if sum(map(len, texts)) > MAX_VALUE:
        raise SecurityError("it makes a value that is too large")
    return "".join(texts)


def _grown(operator: str, left: Any, right: Any) -> int:
    """At most how large the result is, in _size's units."""
    if operator == "+":
        return _size(left) + _size(right)
    for value, times in ((left, right), (right, left)):
        if isinstance(value, str | list | tuple) and isinstance(times, int):
            return len(value) * times
    if isinstance(left, int) and isinstance(right, int):
        return _size(left) * right if operator == "**" else _size(left) + _size(right)
    return 0


def _size(value: Any) -> int:
    if isinstance(value, int):
        return value.bit_length() * 100
    return len(value) if isinstance(value, str | list | tuple) else 0


def _refuse(message: object) -> None:
    raise Refusal(str(message))


def _now(pattern: str) -> str:
    return datetime.now().strftime(pattern)


def _tojson(value: Any, ensure_ascii: bool = False, indent: Any = None, separators: Any = None, **more: Any) -> str:
    """As in transformers: no HTML escaping, letters as they are."""
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, **more)


def _reason(error: Exception) -> str:
    """One printable line of at most 200 characters."""
    text = str(error).strip() or type(error).__name__
    if isinstance(error, TemplateSyntaxError):
        text = f"line {error.lineno}: {error.message}"
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= 200 else line[:199] + "…"
