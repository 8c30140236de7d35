"""Commands on the conversation: its text, its settings, its model."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import msgspec

from titans_edge import library
from titans_edge.cli import common
from titans_edge.cli.room import Room, command, nothing
from titans_edge.config import TYPES, converted
from titans_edge.errors import TitansError, UsageError

SAMPLING = ("temperature", "top_p", "top_k", "min_p", "repeat_penalty", "seed", "max_tokens", "stop")
SETTINGS = (*SAMPLING, "recall", "rows", "guard", "learn_replies")
NONE = {"seed": None, "stop": ()}  # settings that may be none
YES_NO = {"on": True, "yes": True, "true": True, "off": False, "no": False, "false": False}


@command("/new", "", "drop the conversation's text, keep the memory")
def new(room: Room, rest: str) -> None:
    nothing(rest, "/new")
    room.talk.new()
    room.fresh()
    print("The conversation's text is gone; the memory stays.")


@command("/undo", "", "take back what was said, told or read last: text and memory")
def undo(room: Room, rest: str) -> None:
    nothing(rest, "/undo")
    done = room.talk.undo()
    if room.talk.client is None:
        why = "The last exchange left the conversation." if done.exchange else "There is nothing to take back."
        raise UsageError("The memory is off.", why)
    for text in done.texts:
        print(f'  "{common.printable(text)}"')
    if done.texts:
        print(f"Taken back.{common.restored(done.restored)}")
    elif done.exchange and not done.before:
        print("The last exchange left the conversation; it had taught nothing.")
    elif done.before:
        print("The exchange left the conversation.\n" * done.exchange, end="")
        print("The last message left nothing to take back; the one before it was:")
        for s in done.before[-20:]:
            print(f"  {common.cite(s)}")
        print("/undo once more takes that back.")
    else:
        print("There is nothing to take back.")
    room.gone(list(done.texts), done.turns)


@command("/retry", "", "the last reply again, with another seed; nothing is learnt twice")
def retry(room: Room, rest: str) -> None:
    nothing(rest, "/retry")
    room.talk.last_message()
    room.say(room.talk.retry())


@command("/edit", "[TEXT]", "take your last message back, text and memory, and send another in its place")
def edit(room: Room, rest: str) -> None:
    before = room.talk.last_message()
    text = (rest or room.lines.edit(before)).strip()
    if not text or text == before.strip():
        print("Nothing was changed.")
        return
    room.talk.session.check([{"role": "user", "content": text}])
    done = room.talk.withdraw()
    if room.talk.client is not None:
        room.gone(list(done.texts), max(0, done.turns - 1))
    else:
        room.history.forget([before])
    room.say(room.talk.turn(text))


@command("/private", "", "talk without learning, until /public")
def private(room: Room, rest: str) -> None:
    nothing(rest, "/private")
    room.talk.private = True
    print("What you say now is not learnt, and not kept for the arrow keys. /public ends that.")


@command("/public", "", "learn again")
def public(room: Room, rest: str) -> None:
    nothing(rest, "/public")
    room.talk.private = False
    print("What you say now is learnt. What was said before stands in the conversation's text; /new drops it.")


@command("/system", "[TEXT]", "show or set the system prompt; `default`: ours, `none`: the model's own")
def system(room: Room, rest: str) -> None:
    from titans_edge.routes import SYSTEM

    talk = room.talk
    if not rest:
        known = {SYSTEM: "default: ", None: "none: the model's own"}.get(talk.system, "")
        print(f"{known}{common.printable(talk.system or '')}")
        return
    chosen = {"default": SYSTEM, "none": None}.get(rest, rest)
    size = len(talk.backbone.vocab.encode(chosen or ""))
    if size > talk.speaker.n_ctx // 2:
        raise UsageError(f"That system prompt has {size} tokens, more than half of the context.", "Make it shorter.")
    before, talk.system = talk.system, chosen
    try:
        talk.session.check([{"role": "user", "content": "Hello"}])
    except TitansError:
        talk.system = before
        raise
    print("It counts from the next message on.")


@command("/set", "[NAME VALUE]", "show all settings, or change one: temperature, top_p, seed, recall, …", "setting")
def set_(room: Room, rest: str) -> None:
    words = rest.split()
    if len(words) == 1 and "=" in rest:
        words = rest.split("=", 1)
    elif words and words[0].lower() == "stop":
        words = rest.split(None, 1)
    name = words[0].lower().replace("-", "_") if words else ""
    if name and name not in SETTINGS:
        raise UsageError(f"There is no setting {words[0][:40]!r}.", f"There are {', '.join(SETTINGS)}.")
    if len(words) > 2:
        raise UsageError("A setting has one value.", "Write /set NAME VALUE.")
    if len(words) == 2:
        _change(room, name, _value(name, words[1], _settings(room)[name]))
    known = _settings(room)
    for each in [name] if name else SETTINGS:
        print(f"{each:<15}{_shown(known[each])}")


def _value(name: str, text: str, before: Any) -> Any:
    """What the user typed as the setting's type. Raises UsageError."""
    raw: Any = YES_NO.get(text.lower(), text) if TYPES[name] is bool else text
    if name in NONE and text.lower() in ("none", "off", "random", "-"):
        return NONE[name]
    try:
        quoted = name == "stop" and text[0] in '"['  # as JSON: "\\n", or a list
        return converted(name, msgspec.json.decode(text) if quoted else raw, strict=False)
    except (msgspec.DecodeError, OverflowError) as e:
        said = str(e)[:1].lower() + str(e)[1:]
        raise UsageError(f"{name} cannot be {text[:40]!r}: {said}.", f"It stays {_shown(before)}.") from e


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return " ".join(json.dumps(text, ensure_ascii=False) for text in value) or "none"
    return ("off", "on")[value] if isinstance(value, bool) else "another one each time" if value is None else str(value)


def _settings(room: Room) -> dict[str, Any]:
    from titans_edge.routes import Mode

    talk, mode = room.talk, Mode(room.talk.memory_mode)
    return {
        **{name: getattr(talk.sampling, name) for name in SAMPLING},
        "recall": talk.session.k if mode in (Mode.AUTO, Mode.TEXT, Mode.BOTH) else 0,
        "rows": mode in (Mode.AUTO, Mode.ASSOCIATION, Mode.BOTH),
        "guard": talk.client is not None and talk.client.guard,
        "learn_replies": talk.session.learn_replies,
    }


def _change(room: Room, name: str, value: Any) -> None:
    talk, known = room.talk, _settings(room) | {name: value}
    if name in SAMPLING:
        talk.sampling = replace(talk.sampling, **{name: value})
    elif name == "guard":
        room.client.set_guard(value)
    elif name == "learn_replies":
        talk.session.learn_replies = value
    else:
        talk.memory_mode, talk.session.k = common.mode(known["recall"], known["rows"]), known["recall"]


@command("/model", "[NAME]", "show the model, or go on with another one", "backbone")
def model(room: Room, rest: str) -> None:
    talk = room.talk
    if not rest:
        here = [n for n, e in library.catalogue().items() if e.path.exists()]
        print(f"{talk.backbone.name} ({talk.backbone.path})")
        print(f"here: {', '.join(here) or 'none'}; `titans-edge models` lists all, a .gguf file will do too")
        return
    if talk.switch is None:
        raise UsageError("This chat cannot change its model.", f"Start another: `titans-edge chat -b {rest[:60]}`.")
    try:
        talk.switch(rest)
    except (TitansError, KeyboardInterrupt) as e:
        why = str(e) or "Stopped."
        raise UsageError(f"{why} The chat goes on with {talk.backbone.name}.") from e
    print(f"{talk.backbone.name} speaks now; conversation and memory stay.")


@command("/stats", "", "speed of the last reply")
def stats(room: Room, rest: str) -> None:
    print(room.last or "No reply yet.")
