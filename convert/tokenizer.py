"""From tokenizer.json to the vocabulary llama.cpp expects: texts, types, merges or scores, special ids, pre-
tokenizer, template.

Knows two kinds: byte-level BPE (llama.cpp's "gpt2") and SentencePiece-style BPE with byte fallback (its "llama").
Special ids and template are found by gguf's own `SpecialVocab`, as llama.cpp's converter does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gguf import GGUFWriter, SpecialVocab, TokenType
from titans_edge.convert.source import read_json

from titans_edge.errors import ModelError

_QWEN2 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
# How a text is cut before merging, in tokenizer.json's terms -> llama.cpp's name for it.
PRE_TOKENIZERS: dict[tuple[str, ...], str] = {
    (_QWEN2,): "qwen2",
    (_QWEN2.replace(r"|\p{N}|", r"|\p{N}{1,3}|"),): "llama-bpe",
    ("gpt2",): "gpt-2",
    ("digits", "gpt2"): "smollm",
}
# Tokens that are control tokens by the look of them, even where a checkpoint forgot to say so.
_LOOKS_SPECIAL = re.compile(r"<\|.*\|>|<｜.*｜>|<pad>|<mask>|<unused\d+>", re.DOTALL)


@dataclass(frozen=True)
class Tokens:
    """A vocabulary as llama.cpp takes it. scores: SentencePiece kind only."""

    model: str  # "gpt2" or "llama"
    pre: str
    texts: list[str]
    types: list[TokenType]
    scores: list[float]
    special: SpecialVocab
    space_first: bool = True  # a text is cut as if a space stood before it; SentencePiece kind only


def read_tokens(folder: Path, rows: int) -> Tokens:
    """The vocabulary of a checkpoint whose embedding has `rows` rows. Raises ModelError where llama.cpp could not
    follow it.
    """
    spec = read_json(folder / "tokenizer.json")
    model = spec.get("model", {})
    if model.get("type", "BPE") != "BPE":
        raise ModelError(
            f"The tokenizer is of the kind {model['type']}; BPE can be converted.", "Use a BPE model such as Qwen."
        )
    if not model.get("merges"):
        raise ModelError(
            f"The tokenizer in {folder} has no merges.", "Save the tokenizer again, tokenizer.json included."
        )
    pieces = bool(model.get("byte_fallback"))
    try:
        special = SpecialVocab(folder, load_merges=not pieces, n_vocab=rows)
    except (ValueError, TypeError, KeyError, AttributeError) as e:
        raise ModelError(f"The special tokens in {folder} make no sense ({e}).", "Save the tokenizer again.") from e
    if not pieces:  # what the source does where it says nothing; llama.cpp's own default depends on the pre-tokenizer
        special.add_special_token.setdefault("bos", False)
    texts, types = _entries(spec, rows, pieces)
    pre = "default" if pieces else pre_tokenizer(spec)
    return Tokens(
        "llama" if pieces else "gpt2",
        pre,
        texts,
        types,
        _scores(model, texts) if pieces else [],
        special,
        _space_first(spec),
    )


def _entries(spec: dict[str, Any], rows: int, pieces: bool) -> tuple[list[str], list[TokenType]]:
    """Text and type of every id; rows of the embedding no token has are unused pads."""
    added = {int(t["id"]): t for t in spec.get("added_tokens", [])}
    by_id = {i: text for text, i in spec["model"]["vocab"].items()} | {i: t["content"] for i, t in added.items()}
    if by_id and max(by_id) >= rows:
        raise ModelError(
            f"The tokenizer has {max(by_id) + 1} tokens and the embedding {rows} rows.",
            "Resize the embedding, or save the right tokenizer.",
        )
    unknown = spec["model"].get("unk_token") if pieces else None
    texts = [by_id.get(i, f"[PAD{i}]") for i in range(rows)]
    types = [_type(by_id.get(i), added.get(i), unknown, pieces) for i in range(rows)]
    return [t.replace("▁", " ") if k == TokenType.USER_DEFINED else t for t, k in zip(texts, types, strict=True)], types


def _type(text: str | None, added: dict[str, Any] | None, unknown: str | None, pieces: bool) -> TokenType:
    if text is None:
        return TokenType.UNUSED
    if text == unknown:
        return TokenType.UNKNOWN
    if added is not None:
        return TokenType.CONTROL if added.get("special") or _LOOKS_SPECIAL.fullmatch(text) else TokenType.USER_DEFINED
    return TokenType.BYTE if pieces and re.fullmatch(r"<0x[0-9A-F]{2}>", text) else TokenType.NORMAL


def _scores(model: dict[str, Any], texts: list[str]) -> list[float]:
    """SentencePiece merges the pair of the highest score first: the earlier a merge is in the list, the higher."""
    rank: dict[str, int] = {}
    for n, merge in enumerate(model["merges"]):
        rank.setdefault("".join(merge.split(" ") if isinstance(merge, str) else merge), n)
    return [-float(rank[t]) if t in rank else (0.0 if len(t) != 1 else -float(len(rank))) for t in texts]


def _space_first(spec: dict[str, Any]) -> bool:
    """Old tokenizers prepend a space in the normalizer, new ones in a Metaspace step."""
    normalizer, pre = spec.get("normalizer") or {}, spec.get("pre_tokenizer") or {}
    steps = [*normalizer.get("normalizers", [normalizer]), *pre.get("pretokenizers", [pre])]
    return any(
        s.get("type") == "Prepend" or (s.get("type") == "Metaspace" and s.get("prepend_scheme") != "never")
        for s in steps
    )


def pre_tokenizer(spec: dict[str, Any]) -> str:
    """llama.cpp's name of the way a text is cut before merging. Raises ModelError for one it is not known to have."""
    pre = spec.get("pre_tokenizer") or {}
    steps = tuple(x for step in pre.get("pretokenizers", [pre]) for x in _step(step))
    if steps not in PRE_TOKENIZERS:
        raise ModelError(
            f"The tokenizer cuts texts in a way that has no known name in llama.cpp: {' then '.join(steps) or 'none'}.",
            "Use a Qwen, Llama 3, GPT-2 or SmolLM tokenizer.",
        )
    return PRE_TOKENIZERS[steps]


def _step(step: dict[str, Any]) -> list[str]:
    kind = step.get("type")
    if kind == "ByteLevel":
        return ["gpt2"] if step.get("use_regex", True) else []
    if kind == "Digits" and step.get("individual_digits"):
        return ["digits"]
    if kind == "Split":
        return [str(step.get("pattern", {}).get("Regex"))]
    return [str(kind)]


def write_tokens(writer: GGUFWriter, tokens: Tokens) -> None:
    """Fields in the order llama.cpp's own converter writes them: the fingerprint's hash depends on it."""
    writer.add_tokenizer_model(tokens.model)
    writer.add_tokenizer_pre(tokens.pre)
    writer.add_token_list(tokens.texts)
    if tokens.scores:
        writer.add_token_scores(tokens.scores)
    writer.add_token_types(tokens.types)
    if tokens.model == "llama":
        writer.add_add_space_prefix(tokens.space_first)
    tokens.special.add_to_gguf(writer, quiet=True)
