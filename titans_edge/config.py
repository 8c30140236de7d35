"""Settings, and where each comes from: flags, environment, a project's file, the user's file, defaults, in that order.

Knows names, types and places; knows no commands (`cli.config` hands the settings to them) and runs nothing.

A project's `titans-edge.toml` may come with somebody else's files, so it is not trusted: it chooses among what the user
has (a memory, a model of the catalogue, how to sample), and cannot name a file to load, switch the guard off, let the
model teach itself or speak in the system prompt. It is looked for in the current folder and above it up to the folder
with `.git` or the home folder; where neither lies above, in the current folder only.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import msgspec
import platformdirs

from titans_edge import library
from titans_edge.errors import UsageError

NAME = "titans-edge.toml"
PREFIX = "TITANS_EDGE_"
OTHERS = {"TITANS_EDGE_API_KEYS"}  # of the environment: no settings, and none of this module's business
MAX_BYTES = 65536  # of a file
Level = Literal["environment", "project", "user", "default"]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting with its type, range and default. The names are those of the commands' parameters."""

    backbone: str = library.DEFAULT
    graft: str | None = None
    memory: str = "default"
    gpu_layers: int | None = None
    context: Annotated[int, msgspec.Meta(ge=128)] = 8192
    recall: Annotated[int, msgspec.Meta(ge=0, le=20)] = 4
    rows: bool = True
    route: Literal["text", "kv"] = "text"
    guard: bool = True
    learn_replies: bool = False
    system: str | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=10)] = 0.0
    top_p: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0
    top_k: Annotated[int, msgspec.Meta(ge=0)] = 0
    min_p: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    repeat_penalty: Annotated[float, msgspec.Meta(gt=0, le=10)] = 1.1
    seed: Annotated[int, msgspec.Meta(ge=0, lt=2**32)] | None = None
    max_tokens: Annotated[int, msgspec.Meta(gt=0)] = 512
    stop: tuple[Annotated[str, msgspec.Meta(min_length=1)], ...] = ()


TYPES = get_type_hints(Settings, include_extras=True)
NOT_A_PROJECTS = {
    "graft": "it would load a file",
    "guard": "whom to doubt is the user's to say",
    "learn_replies": "what is learned is the user's to say",
    "system": "it would speak to the model as the user",
}


@dataclass(frozen=True)
class Found:
    """A setting's value; where: the variable or file it stands in, "" for a default."""

    value: Any
    level: Level
    where: str = ""


def user_file() -> Path:
    """The user's own settings, whether the file is there or not."""
    return Path(platformdirs.user_config_dir("titans-edge")) / NAME


def project_file(folder: Path | None = None) -> Path | None:
    """The nearest project's file at or above a folder (None: the current one), None where there is none."""
    try:
        here = (folder or Path.cwd()).resolve()
    except OSError:  # it was deleted
        return None
    home, folders = Path.home().resolve(), [here, *here.parents]
    end = next((i for i, f in enumerate(folders) if f == home or _holds(f / ".git", os.path.exists)), 0)
    found = next((f / NAME for f in folders[: end + 1] if _holds(f / NAME, os.path.isfile)), None)
    return None if found is None or found == user_file().resolve() else found


def resolve(folder: Path | None = None, environ: Mapping[str, str] | None = None) -> dict[str, Found]:
    """Each setting by name, flags apart. Raises UsageError that names the first thing wrong and where it stands."""
    out = {key: Found(value, "default") for key, value in msgspec.structs.asdict(Settings()).items()}
    levels = [
        _of_file(user_file(), "user"),
        _of_file(project_file(folder), "project"),
        _of_environment(os.environ if environ is None else environ),
    ]
    for found in levels:
        if "backbone" in found:  # a graft belongs to the backbone it was named beside
            out["graft"] = Found(None, "default")
        out |= found
    return out


def _of_environment(environ: Mapping[str, str]) -> dict[str, Found]:
    """TITANS_EDGE_MAX_TOKENS and so on; an empty variable counts as none."""
    out = {}
    for name in sorted(n for n in environ if n.startswith(PREFIX) and n not in OTHERS and environ[n]):
        key, where = name.removeprefix(PREFIX).lower(), f"the environment's {name}"
        _known(key, where, lambda near: f"{PREFIX}{near.upper()}")
        out[key] = Found(_value(key, environ[name], where, strict=False), "environment", name)
    return out


def _of_file(path: Path | None, level: Level) -> dict[str, Found]:
    if path is None or not _holds(path, os.path.isfile):
        return {}
    out = {}
    for key, raw in _table(path).items():
        _known(key, str(path), lambda near: near)
        value = _value(key, raw, str(path), strict=True)
        if level == "project":
            _allowed(key, value, path)
        elif key in ("backbone", "graft") and value not in (None, *library.catalogue()):
            value = str(path.parent / Path(value).expanduser())  # the same file wherever the program is started
        out[key] = Found(value, level, str(path))
    return out


def _table(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as f:
            raw = f.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise UsageError(f"{path} is larger than {MAX_BYTES >> 10} KB.", "It holds a few lines: NAME = VALUE.")
        table: dict[str, Any] = msgspec.toml.decode(raw)
    except OSError as e:
        raise UsageError(f"{path} cannot be read ({e.strerror}).", "Check your rights to it.") from e
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise UsageError(f"{path} is no TOML ({e}).", 'Lines are NAME = VALUE, texts stand in "quotes".') from e
    return table


def _known(key: str, where: str, written: Callable[[str], str]) -> None:
    """Refuse a name that is no setting's, with the nearest that is."""
    if key in TYPES:
        return
    near = get_close_matches(key.lower().replace("-", "_"), TYPES, 1, 0.5)
    hint = f"Did you mean {written(near[0])}?" if near else f"Known: {', '.join(map(written, TYPES))}."
    raise UsageError(f"There is no setting {key[:60]!r} ({where}).", hint)


def converted(key: str, raw: Any, *, strict: bool) -> Any:
    """A value as the setting's type; one text counts as a list of it. Raises msgspec's ValidationError."""
    alone = key == "stop" and isinstance(raw, str)
    return msgspec.convert([raw] if alone else raw, TYPES[key], strict=strict)


def _value(key: str, raw: Any, where: str, *, strict: bool) -> Any:
    try:
        value = converted(key, raw, strict=strict)
        if key == "memory":
            library.memory_path(value)
    except msgspec.ValidationError as e:
        said = str(e)[:1].lower() + str(e)[1:]
        raise UsageError(f"{where} sets {key} to {repr(raw)[:60]}: {said}.", "See `titans-edge config show`.") from e
    except UsageError as e:
        raise UsageError(f"{where}: {e.message}", e.hint) from e
    return value


def _allowed(key: str, value: Any, path: Path) -> None:
    """What a project's file may say: see the module's first lines."""
    why = NOT_A_PROJECTS.get(key, "")
    if key == "backbone" and value not in library.catalogue():
        why = "it may only name a model of `titans-edge models`"
    if why:
        raise UsageError(f"{path} may not set {key}: {why}.", f"Set it in {user_file()}, or by its flag.")


def _holds(path: Path, test: Callable[[Path], bool]) -> bool:
    try:
        return test(path)
    except (OSError, ValueError):
        return False


def lines(found: Mapping[str, Found]) -> Iterator[tuple[str, str, str]]:
    """(name, value, where from) as people read them."""
    for key, f in found.items():
        yield key, _shown(f.value), f"{f.level} {f.where}".strip()


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return " ".join(json.dumps(text, ensure_ascii=False) for text in value) or "-"
    return str(value).lower() if isinstance(value, bool) else "-" if value is None else str(value)
