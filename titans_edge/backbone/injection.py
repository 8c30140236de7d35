"""What can be put into the backbone's sequence beside the conversation's own tokens, and taken out again.

A route (`titans_edge.routes`) makes injections; the speaker feeds them. A new kind of injection is a class here and a
branch in `Speaker.inject`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from titans_edge.backbone.batch import FloatArray


@dataclass(frozen=True)
class Rows:
    """Embedding rows (n, n_embd) at the input layer."""

    rows: FloatArray

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Tokens:
    """Text as token ids."""

    ids: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Lines:
    """Text in pieces, whose keys and values may be kept: a heading, and lines each read after it by itself."""

    heading: tuple[int, ...]
    lines: tuple[tuple[int, ...], ...]

    @property
    def ids(self) -> tuple[int, ...]:
        """The same as one text."""
        return tuple(chain(self.heading, *self.lines))

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Prefix:
    """Trained keys and values (layers, 2, n, numbers) in 16-bit floats, keys turned as at positions 0 to n - 1. Behind
    lines and a question it makes a backbone read its reply from them.
    """

    states: npt.NDArray[np.float16]

    def __len__(self) -> int:
        return int(self.states.shape[2])


@dataclass(frozen=True)
class Prompt(Prefix):
    """Behind a line and a question it makes a backbone say whether that answers this: it does not, as likely as the
    token `untold` is. likely: from what likelihood on (0..1) nobody told what is asked.
    """

    untold: int
    likely: float = 0.5


@dataclass(frozen=True)
class Injection:
    """Parts in the order they are fed."""

    parts: tuple[Rows | Tokens | Lines, ...] = ()

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    @property
    def ids(self) -> tuple[int, ...]:
        """Of all in it that is text."""
        return tuple(chain.from_iterable(p.ids for p in self.parts if not isinstance(p, Rows)))

    @property
    def end(self) -> tuple[int, ...]:
        """The tokens it ends with: they can be fed together with what comes after them."""
        return self.parts[-1].ids if self.parts and isinstance(self.parts[-1], Tokens) else ()

    def without_end(self) -> Injection:
        """All but those."""
        return Injection(self.parts[:-1]) if self.end else self


@dataclass(frozen=True)
class Handle:
    """Where an injection stands: positions [start, end)."""

    start: int
    end: int
