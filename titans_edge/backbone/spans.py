"""From text to the features the memory learns from: words, their hidden states, their canonical token ids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from titans_edge.backbone.batch import FloatArray
from titans_edge.backbone.reader import BATCH_TOKENS, Reader
from titans_edge.backbone.vocabulary import Vocabulary
from titans_edge.features import MAX_WORDS, WORD_TOKENS, IntArray, SpanFeatures
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
            _ids(vocab, [w.text.lower() for w, _ in keep]),
            _ids(vocab, [w.text for w, _ in keep]),
            float("nan") if surprises is None else surprises[n],
        )


def mean_nll(vocab: Vocabulary, text: str, ids: Sequence[int], nll: FloatArray, spans: Sequence[str]) -> list[float]:
    """Mean nll of each span's tokens, given the nll (T,) of the whole text's tokens."""
    ends = np.cumsum([len(vocab.piece(t)) for t in ids])
    out, at = [], 0
    folded = " ".join(text.split())
    scale = len(text.encode()) / max(1, len(folded.encode()))
    for span in spans:
        start = max(at, folded.encode().find(span.encode(), at))
        at = start + len(span.encode())
        inside = (ends > start * scale) & (ends <= at * scale + 0.5)
        out.append(float(nll[inside].mean()) if inside.any() else float("nan"))
    return out


def _last_tokens(vocab: Vocabulary, span: str, ids: Sequence[int], found: Sequence[Word]) -> list[int]:
    """Index of the token each word ends in, -1 where the tokens do not reach it."""
    pieces = [vocab.piece(t) for t in ids]
    ends = np.cumsum([len(p) for p in pieces]) if pieces else np.empty(0, np.int64)
    shift = 1 if pieces and pieces[0].startswith(b" ") and not span.startswith(" ") else 0
    out = []
    for word in found:
        end = len(span[: word.end].encode()) + shift
        at = int(np.searchsorted(ends, end))
        out.append(at if at < len(ids) else -1)
    return out


def _ids(vocab: Vocabulary, texts: Sequence[str]) -> IntArray:
    out = np.full((len(texts), WORD_TOKENS), -1, np.int32)
    for row, text in zip(out, texts, strict=True):
        ids = vocab.word_ids(text)[:WORD_TOKENS]
        row[: len(ids)] = ids
    return out
