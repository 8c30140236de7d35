"""A question and the lines it is asked of, read through an inner layer: the question first, so that the lines are read
with it in view.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from titans_edge.backbone.reader import BATCH_TOKENS, Reader
from titans_edge.backbone.vocabulary import Vocabulary
from titans_edge.features import END, FRAME, QUESTION, Looked


def look(reader: Reader, question: str, lines: Sequence[str]) -> Looked | None:
    """None where both together are longer than the reader reads at once."""
    text = _Text(reader.backbone.vocab)
    text.add("Question:", FRAME)
    text.add(f" {question}", QUESTION)
    text.add("\n", FRAME)
    for n, line in enumerate(lines):
        text.add(f"- {line}\n", n, skipped=2)
    text.add("Answer:", END)
    if len(text.ids) > BATCH_TOKENS:
        return None
    (hidden,) = reader.read([text.ids])
    return Looked(hidden.astype(np.float16), np.array(text.where, np.int32), np.array(text.places, np.int32))


class _Text:
    """Token ids of a text made of parts, and where each token stands."""

    def __init__(self, vocab: Vocabulary) -> None:
        self.vocab = vocab
        self.ids: list[int] = []
        self.where: list[int] = []
        self.places: list[tuple[int, int]] = []

    def add(self, part: str, where: int, skipped: int = 0) -> None:
        """skipped: characters in front that are not of the line."""
        raw, at = part.encode("utf-8", "replace"), 0
        for token in self.vocab.encode(part):
            start, at = at, at + len(self.vocab.piece(token))
            places = [max(0, len(raw[:x].decode("utf-8", "ignore")) - skipped) for x in (start, at)]
            self.ids.append(token)
            self.where.append(where)
            self.places.append((places[0], places[1]))
