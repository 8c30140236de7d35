"""Builds sdist and wheel of what git has here, and says whether they may be released.

    python .github/release.py [--tag v0.2.0] [--out dist]

Checked: nothing is uncommitted; version = the newest one in CHANGELOG.md = the tag (`--tag`, else the one on this
commit); the sdist builds, and the wheel made from it holds every file of the program and no other, with licence and
typing marker; its metadata names what is installed; nothing of this machine (its paths, its package index) is in it.
It prints a line for each check and exits with 1 if one fails. It uploads nothing.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from email.parser import Parser
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]
PLACES = {"titans_edge": "titans_edge", "convert": "titans_edge/convert", "models": "titans_edge/models"}
GRAFTS = ("titans_edge/models/qwen2.5-coder-0.5b/graft.gguf", "titans_edge/models/smollm2-135m/graft.gguf")
WANTED = ("titans_edge/py.typed", "titans_edge/catalogue.json", *GRAFTS)
BESIDE = ("LICENSE", "README.md", "pyproject.toml")  # in the sdist
PUBLIC = "pypi.org"  # an index whose name says nothing of a machine
BUILD = "import sys, setuptools.build_meta as b; print(getattr(b, f'build_{sys.argv[1]}')(sys.argv[2]))"


class Refused(Exception):
    """Why this cannot be released."""


def main(argv: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Exit code 0: may be released; 1: not."""
    parser = argparse.ArgumentParser(description="Build and check a release. Uploads nothing.")
    parser.add_argument("--tag", help="the tag it gets; default: the one on this commit")
    parser.add_argument("--out", type=Path, default=root / "dist", help="folder of sdist and wheel")
    given = parser.parse_args(argv)
    try:
        for said in checks(root, given.tag, given.out):
            print(f"ok  {said}", flush=True)
    except Refused as e:
        print(f"NO  {e}", file=sys.stderr)
        return 1
    return 0


def checks(root: Path, tag: str | None, out: Path) -> Iterator[str]:
    """What holds, one after the other. Raises Refused."""
    if said := git(root, "status", "--porcelain"):
        raise Refused(f"Something is not committed:\n{said}")
    yield "everything is committed"
    version = versions(root, tag if tag is not None else git(root, "tag", "--points-at", "HEAD"))
    yield f"version {version} is that of pyproject.toml, CHANGELOG.md and the tag"
    out.mkdir(parents=True, exist_ok=True)
    files = git(root, "ls-files").splitlines()
    with tempfile.TemporaryDirectory() as folder:
        source = copied(root, files, Path(folder) / "source")
        sdist = build("sdist", source, out)
        yield f"{sdist.name}: {sdist.stat().st_size / 1e6:.1f} MB"
        unpacked = Path(folder) / "unpacked"
        with tarfile.open(sdist) as tar:
            tar.extractall(unpacked)
        (inside,) = unpacked.iterdir()
        if missing := [name for name in BESIDE if not (inside / name).is_file()]:
            raise Refused(f"The sdist lacks {', '.join(missing)}.")
        wheel = build("wheel", inside, out)
        yield f"{wheel.name}, built from the sdist: {wheel.stat().st_size / 1e6:.1f} MB"
    yield from contents(wheel, expected(files), version)
    for file in (sdist, wheel):
        of_this_machine(file, secrets(root))
    yield "nothing of this machine is in them"


def git(root: Path, *args: str) -> str:
    got = subprocess.run(["git", "-C", str(root), *args], capture_output=True, text=True)
    if got.returncode:
        raise Refused(f"git {args[0]} failed: {got.stderr.strip()}")
    return got.stdout.strip()


def versions(root: Path, tags: str) -> str:
    """The one version that all three say."""
    found = re.search(r'^version = "([^"]+)"$', (root / "pyproject.toml").read_text("utf-8"), re.M)
    newest = re.search(r"^## (\S+)", (root / "CHANGELOG.md").read_text("utf-8"), re.M)
    version, changed = found[1] if found else "", newest[1] if newest else ""
    if not version or changed != version:
        raise Refused(f"pyproject.toml has version {version or '?'}, the newest of CHANGELOG.md is {changed or '?'}.")
    if f"v{version}" not in tags.split():
        raise Refused(f"The tag is {tags or 'not there'}, not v{version}.")
    return version


def copied(root: Path, files: Sequence[str], to: Path) -> Path:
    """What git has, and nothing that lies around."""
    for name in files:
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        (to / name).write_bytes((root / name).read_bytes())
    return to


def build(kind: str, source: Path, out: Path) -> Path:
    """By the backend that pyproject.toml names, as it is installed here."""
    got = subprocess.run(
        [sys.executable, "-c", BUILD, kind, str(out.resolve())], cwd=source, capture_output=True, text=True
    )
    if got.returncode:
        raise Refused(f"The {kind} cannot be built:\n{got.stderr[-2000:]}")
    return out / got.stdout.strip().splitlines()[-1]


def expected(files: Sequence[str]) -> set[str]:
    """Where the files of the program are in a wheel."""
    out = set()
    for name in files:
        folder, _, rest = name.partition("/")
        if folder in PLACES and rest:
            out.add(f"{PLACES[folder]}/{rest}")
    return out


def contents(wheel: Path, want: set[str], version: str) -> Iterator[str]:
    """The wheel's files and metadata. Raises Refused."""
    with zipfile.ZipFile(wheel) as z:
        have = {i.filename for i in z.infolist() if not i.is_dir()}
        about = next(n for n in have if n.endswith(".dist-info/METADATA")).rpartition("/")[0]
        metadata = Parser().parsestr(z.read(f"{about}/METADATA").decode("utf-8"))
        commands = z.read(f"{about}/entry_points.txt").decode("utf-8")
    program = {n for n in have if not n.startswith(f"{about}/")}
    if missing := sorted((want | set(WANTED)) - program):
        raise Refused(f"The wheel lacks {', '.join(missing)}.")
    if more := sorted(program - want):
        raise Refused(f"The wheel holds what is not of the program: {', '.join(more)}.")
    if f"{about}/licenses/LICENSE" not in have:
        raise Refused("The wheel has no licence.")
    if metadata["Name"] != "titans-edge" or metadata["Version"] != version or not metadata["License-Expression"]:
        raise Refused("The wheel's metadata have another name or version, or no licence.")
    if "titans-edge = titans_edge.__main__:main" not in commands:
        raise Refused("The wheel brings no command.")
    yield f"the wheel holds the {len(program)} files of the program, its licence and its command"


def secrets(root: Path) -> dict[str, str]:
    """What must not be in a release: text → what that is."""
    out = {str(root): "the checkout's path", sys.prefix: "Python's path"}
    home = str(Path.home())
    if home.count("/") > 1 or os.name == "nt":  # "/root" alone stands in honest texts
        out[home] = "the home folder's path"
    asked = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True).stdout
    settings = asked + " ".join(v for k, v in os.environ.items() if k.startswith(("PIP_", "UV_")))
    for url in re.findall(r"https?://[^\s'\",]+", settings):
        host = urlsplit(url).hostname or ""
        if host and host != PUBLIC:
            out[host] = "the package index of this machine"
    return out


def of_this_machine(file: Path, secrets: dict[str, str]) -> None:
    """Raises Refused where one of the secrets is in a file of an archive."""
    for name, raw in members(file):
        for text, what in secrets.items():
            if text.encode() in raw or text in name:
                raise Refused(f"{file.name}: {name} holds {what}.")


def members(file: Path) -> Iterator[tuple[str, bytes]]:
    if file.suffix == ".whl":
        with zipfile.ZipFile(file) as z:
            yield from ((i.filename, z.read(i)) for i in z.infolist() if not i.is_dir())
        return
    with tarfile.open(file) as tar:
        for member in tar:
            if (part := tar.extractfile(member)) is not None:
                yield member.name, part.read()


if __name__ == "__main__":
    sys.exit(main())
