"""The chat template a GGUF carries, rendered in Jinja's sandbox (a template is foreign code)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jinja2.exceptions import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from titans_edge.errors import ModelError

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_MARK = "\x02titans-edge-message\x03"  # stands for a message's text while the template is rendered


@dataclass(frozen=True)
class TurnFrame:
    """The template's text around a message: never tokenised together with what the user wrote."""

    before: str
    after: str


class ChatTemplate:
    """Renders the frame of each turn; texts of users go between, so they cannot forge control tokens."""

    def __init__(self, source: str | None, bos: str = "", eos: str = "") -> None:
        env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        env.globals["raise_exception"] = _refuse
        try:
            self._template = env.from_string(source or CHATML)
        except TemplateError as e:
            raise ModelError(f"The model's chat template cannot be used ({e}).", "Pull the model again.") from e
        self._special = {"bos_token": bos, "eos_token": eos}

    def render(self, messages: list[dict[str, str]], *, reply: bool = True) -> str:
        """The whole conversation as the model's own template writes it."""
        try:
            text: str = self._template.render(messages=messages, add_generation_prompt=reply, **self._special)
        except TemplateError as e:
            raise ModelError(f"The model's chat template failed ({e}).", "Pull the model again.") from e
        return text

    def system(self, text: str | None) -> str:
        """What stands before the first user message."""
        messages = [{"role": "system", "content": text}] if text is not None else []
        whole = self.render([*messages, {"role": "user", "content": _MARK}], reply=False)
        return self._user_prefix(whole.partition(_MARK)[0])

    def user(self) -> TurnFrame:
        """Frame of one user message, up to where the reply begins."""
        head = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
        base = self.render(head, reply=False)
        whole = self.render([*head, {"role": "user", "content": _MARK}])
        before, _, after = whole[len(base) :].partition(_MARK)
        return TurnFrame(before, after)

    def reply_end(self) -> str:
        """What closes a reply, after the model's own end token has been left out."""
        ask = [{"role": "user", "content": "a"}]
        opened = self.render(ask)
        closed = self.render([*ask, {"role": "assistant", "content": _MARK}], reply=False)
        return closed[len(opened) :].partition(_MARK)[2] if closed.startswith(opened) else ""

    def _user_prefix(self, text: str) -> str:
        before = self.user().before
        return text[: len(text) - len(before)] if before and text.endswith(before) else text


def _refuse(message: str) -> Any:
    raise TemplateError(message)
