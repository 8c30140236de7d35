"""The state of a conversation's beginning, kept on the disk: the next program need not compute it again.

`Heads`: only what is the same for everybody (our own system prompt and the template's frame), so nothing a user said is
in it. One private file a model and build, in the cache folder; a few of them at most. What is damaged, or of another
model or build, is removed and computed anew. `keep_all`, `take_up`: of all of it, in a file the user names.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from titans_edge.backbone.state import Kept, digest_of
from titans_edge.errors import ContextOverflow, ModelError

if TYPE_CHECKING:
    from titans_edge.backbone.speaker import Speaker

MOST_FILES, MOST_BYTES = 4, 64 << 20
ENDING, PRIVATE = ".head", 0o600


class Heads:
    """A folder of them. Nothing it cannot do is an error: the beginning is computed then."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, speaker: Speaker, ids: Sequence[int]) -> bool:
        """Set the beginning `ids` into an empty speaker, if it is kept. Whether it was."""
        path = self._path(speaker, ids)
        try:
            if not set_in(path, speaker, ids):
                return False
        except (OSError, ModelError):
            self._remove(path)
            return False
        with contextlib.suppress(OSError):
            os.utime(path)
        return True

    def keep(self, speaker: Speaker, ids: Sequence[int]) -> None:
        """Keep the state of a speaker's first tokens, which are `ids`."""
        with contextlib.suppress(OSError, ModelError):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_down(self._path(speaker, ids), speaker, ids)
            self._bound()

    def _bound(self) -> None:
        """The oldest leave, and what a killed program left."""
        found = sorted(self.folder.glob(f"*{ENDING}"), key=lambda p: p.stat().st_mtime)
        for path in [*found[:-MOST_FILES], *self.folder.glob(f"*{ENDING}.*.part")]:
            self._remove(path)

    def _path(self, speaker: Speaker, ids: Sequence[int]) -> Path:
        return self.folder / f"{(speaker.splice.origin + digest_of(ids)).hex()}{ENDING}"

    def _remove(self, path: Path) -> None:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def set_in(path: Path, speaker: Speaker, ids: Sequence[int] | None = None) -> bool:
    """Set the state in a file into an empty speaker, whose tokens are then the file's. Whether there was such a file,
    and room. ids: which they have to be. Raises OSError, ModelError for a file that is damaged or of something else.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ModelError(f"{path} is too large.")
        kept = msgspec.msgpack.decode(path.read_bytes(), type=Kept)
        if kept.start or (ids is not None and kept.tokens != tuple(ids)):
            raise ModelError(f"{path} is of another beginning.")
        speaker.splice.put(kept)
    except (FileNotFoundError, ContextOverflow):
        return False
    except msgspec.DecodeError as e:
        raise ModelError(f"{path} is no kept state.") from e
    speaker.ids = list(kept.tokens)
    return True


def write_down(path: Path, speaker: Speaker, ids: Sequence[int]) -> None:
    """Write the state of a speaker's first tokens, which are `ids`, into a private file, whole or not at all. Raises
    OSError, ModelError.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        kept = Kept.of(speaker.splice.origin, (), ids, speaker.splice.taken(0, len(ids)))
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as f:
            f.write(msgspec.msgpack.encode(kept))
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def keep_all(path: Path, speaker: Speaker) -> None:
    """The whole conversation's state into a private file. A cache: where it cannot be kept, or is too large, there is
    none; a file that is no such state stays as it is.
    """
    with contextlib.suppress(OSError, ModelError):
        if path.exists() and not _is_state(path):
            return
        if speaker.ids and speaker.gap is None and len(speaker.ids) * speaker.splice.form.position <= MOST_BYTES:
            write_down(path, speaker, speaker.ids)
        else:
            path.unlink(missing_ok=True)


def take_up(path: Path, speaker: Speaker) -> bool:
    """Set such a state into an empty speaker. Whether it was there, sound and of this model."""
    try:
        return set_in(path, speaker)
    except (OSError, ModelError):
        return False


def _is_state(path: Path) -> bool:
    try:
        raw = path.read_bytes() if path.stat().st_size <= 2 * MOST_BYTES else b""
        return bool(msgspec.msgpack.decode(raw, type=Kept))
    except (OSError, msgspec.DecodeError):
        return False
