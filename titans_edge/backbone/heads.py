"""The state of a conversation's constant beginning, kept on the disk: the next program need not compute it again.

Only what is the same for everybody is kept (our own system prompt and the template's frame), so nothing a user said is
in it. One private file a model and build, in the cache folder; a few of them at most. What is damaged, or of another
model or build, is removed and computed anew. Knows nothing of conversations.
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
            if path.stat().st_size > MOST_BYTES:
                raise ModelError(f"{path} is too large.")
            kept = msgspec.msgpack.decode(path.read_bytes(), type=Kept)
            if kept.tokens != tuple(ids) or kept.start:
                raise ModelError(f"{path} is of another beginning.")
            speaker.splice.put(kept)
        except FileNotFoundError:
            return False
        except ContextOverflow:
            return False
        except (OSError, ModelError, msgspec.DecodeError):
            self._remove(path)
            return False
        speaker.ids = list(ids)
        with contextlib.suppress(OSError):
            os.utime(path)
        return True

    def keep(self, speaker: Speaker, ids: Sequence[int]) -> None:
        """Keep the state of a speaker's first tokens, which are `ids`."""
        path = self._path(speaker, ids)
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            kept = Kept.of(speaker.splice.origin, (), ids, speaker.splice.taken(0, len(ids)))
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as f:
                f.write(msgspec.msgpack.encode(kept))
            os.replace(part, path)
            self._bound()
        except (OSError, ModelError):
            self._remove(part)

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
