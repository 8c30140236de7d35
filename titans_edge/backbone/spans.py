"""From text to the features the memory learns from: words, their hidden states, their canonical token ids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from titans_edge.backbone.batch import FloatArray
from titans_edge.backbone.reader import BATCH_TOKENS, Reader
from titans_edge.backbone.vocabulary import Vocabulary
from titans_edge.features import MAX_WORDS, IntArray, SpanFeatures, padded
from titans_edge.text import Word, words


def features(reader: Reader, spans: Sequence[str], surprises: Sequence[float] | None = None) -> Iterator[SpanFeatures]:
    """Features of each span, in order. A span without words or tokens gives empty features."""
    vocab = reader.backbone.vocab
    ids = [vocab.encode(s)[:BATCH_TOKENS] for s in spans]
    states = reader.read([i for i in ids if i])
    for n, (span, span_ids) in enumerate(zip(spans, ids, strict=True)):
        hidden = next(states) if span_ids else np.empty((0, reader.backbone.n_embd), np.float32)
        found = words(span)[:MAX_WORDS] if span_ids else []
        last = _last_tokens(vocab, span, span_ids, found)
        keep = [(w, t) for w, t in zip(found, last, strict=True) if t >= 0]
        yield SpanFeatures(
            hidden[[t for _, t in keep]].astype(np.float16),
            padded([vocab.word_ids(w.text.lower()) for w, _ in keep]),
            padded([vocab.word_ids(w.text) for w, _ in keep]),
            _places([w for w, _ in keep]),
            float("nan") if surprises is None else surprises[n],
        )


def mean_nll(
    vocab: Vocabulary, text: str, ids: Sequence[int], nll: FloatArray, places: Sequence[tuple[int, int]]
) -> list[float]:
    """Mean nll of the tokens in each character range [start, end) of `text`, given that (T,) of the whole text's
    tokens.
    """
    ends = np.cumsum([len(vocab.piece(t)) for t in ids])
    out = []
    for start, end in places:
        first, last = (len(text[:at].encode("utf-8", "replace")) for at in (start, end))
        inside = (ends > first) & (ends <= last) & ~np.isnan(nll)
        out.append(float(nll[inside].mean()) if inside.any() else float("nan"))
    return out


def _places(found: Sequence[Word]) -> IntArray:
    return np.array([(w.start, w.end) for w in found], np.int32).reshape(-1, 2)


def _last_tokens(vocab: Vocabulary, span: str, ids: Sequence[int], found: Sequence[Word]) -> list[int]:
    """Index of the token each word ends in, -1 where the tokens do not reach it."""
    pieces = [vocab.piece(t) for t in ids]
    ends = np.cumsum([len(p) for p in pieces]) if pieces else np.empty(0, np.int64)
    shift = 1 if pieces and pieces[0].startswith(b" ") and not span.startswith(" ") else 0
    out = []
    for word in found:
        end = len(span[: word.end].encode("utf-8", "replace")) + shift
        at = int(np.searchsorted(ends, end))
        out.append(at if at < len(ids) else -1)
    return out
