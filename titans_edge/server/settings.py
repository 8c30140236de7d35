"""How a server is set up: address, keys with their memories, limits; checked before anything runs."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from titans_edge import library
from titans_edge.backbone.sampling import Sampling
from titans_edge.errors import UsageError

NONE = "none"  # the memory's name that means: without memory
KEYS = "TITANS_EDGE_API_KEYS"  # environment: KEY=mem1,mem2 KEY2=mem3


@dataclass(frozen=True)
class Key:
    """An API key and the memories it may use; the first is its default."""

    secret: str
    memories: tuple[str, ...]


@dataclass(frozen=True)
class Settings:
    """memory: the default one where there are no keys; allowed_hosts: names besides the loopback's in Host headers.

    max_body: bytes; waiting: requests of one key that may wait; the times are seconds: for a body to arrive, in the
    queue, and for one reply.
    """

    host: str = "127.0.0.1"
    port: int = 8484
    keys: tuple[Key, ...] = ()
    memory: str = "default"
    allowed_hosts: tuple[str, ...] = ()
    max_body: int = 2 * 1024 * 1024
    waiting: int = 8
    body_seconds: float = 30.0
    queue_seconds: float = 120.0
    reply_seconds: float = 600.0
    stop_seconds: float = 30.0
    sampling: Sampling = field(default_factory=Sampling)  # where a request says nothing of it

    def __post_init__(self) -> None:
        if not is_loopback(self.host) and not self.keys:
            raise UsageError(
                f"{self.host} can be reached by others, and there is no API key.",
                "Add --api-key KEY=MEMORY, or leave out --host.",
            )
        if self.memory.casefold() != NONE:
            library.memory_path(self.memory)
        _check(self.keys)

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.host)


def keys(options: Sequence[str], file: Path | None = None, environment: Mapping[str, str] = os.environ) -> list[Key]:
    """Keys of `--api-key KEY=a,b`, of a TOML file ([keys] with "KEY" = ["a", "b"]) and of the environment."""
    given = [_pair(text) for text in (*environment.get(KEYS, "").split(), *options)]
    if file is not None:
        given += _of_file(file)
    merged: dict[str, list[str]] = {}
    for secret, memories in given:
        merged.setdefault(secret, []).extend(memories)
    return [Key(secret, tuple(dict.fromkeys(memories))) for secret, memories in merged.items()]


def is_loopback(host: str) -> bool:
    """Whether an address, or every address of a name, is of this machine alone."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(host, None)
    except OSError:
        return False
    return bool(found) and all(ipaddress.ip_address(str(f[4][0]).split("%")[0]).is_loopback for f in found)


def _pair(text: str) -> tuple[str, list[str]]:
    secret, equals, memories = text.rpartition("=")
    names = [name.strip() for name in memories.split(",") if name.strip()]
    if not equals or not secret or not names:
        raise UsageError("An API key has no memories.", "Write --api-key KEY=MEMORY or --api-key KEY=ONE,TWO.")
    return secret, names


def _of_file(path: Path) -> list[tuple[str, list[str]]]:
    try:
        found = _toml(path.expanduser().read_text("utf-8")).get("keys", {})
    except (OSError, ValueError) as e:
        raise UsageError(f"The file of keys {path} cannot be read ({type(e).__name__}).", _FORM) from e
    if not isinstance(found, dict) or not found:
        raise UsageError(f"The file of keys {path} has no [keys].", _FORM)
    out = []
    for secret, names in found.items():
        names = [names] if isinstance(names, str) else names
        if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
            raise UsageError(f"A key in {path} has no list of memories.", _FORM)
        out.append((secret, names))
    return out


_FORM = 'It looks like: [keys], and below it a line "KEY" = ["memory", "another"].'


def _toml(text: str) -> dict[str, Any]:
    if sys.version_info < (3, 11):
        raise UsageError("A file of keys needs Python 3.11.", f"Use --api-key or the environment's {KEYS}.")
    import tomllib

    return tomllib.loads(text)


def _check(given: Iterable[Key]) -> None:
    """Keys that can be sent, memories that can be named, and none that two keys would share by look or by file system.

    The same name under two keys is meant so; "Work" and "work" of two keys would be one file on some systems.
    """
    seen: dict[str, str] = {}
    for key in given:
        if not key.secret.isascii() or not key.secret.isprintable() or " " in key.secret:
            raise UsageError("An API key has characters that cannot be sent.", "Use ASCII without spaces.")
        for name in key.memories:
            if name.casefold() != NONE:
                library.memory_path(name)
            folded = unicodedata.normalize("NFKC", name).casefold()
            if seen.setdefault(folded, name) != name:
                raise UsageError(f"The memories {seen[folded]} and {name} can be confused.", "Rename one of them.")
