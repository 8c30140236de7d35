"""A GGUF as a PyTorch folder (`save_pretrained`), with a tokenizer.json that cuts and merges as llama.cpp does.

Weights go through transformers' own GGUF reader, so converting them back compares two pieces of code that never met.
The tokenizer is written here: transformers' drops pads, token kinds and the chat template on the way.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gguf import TokenType
from titans_edge.convert.source import read_json
from titans_edge.convert.tokenizer import PRE_TOKENIZERS

from titans_edge.errors import ModelError
from titans_edge.gguf_header import Header, read_arrays

DTYPES = ("f32", "f16", "bf16")
_SPECIAL = {"bos": "bos_token_id", "eos": "eos_token_id", "unk": "unknown_token_id", "pad": "padding_token_id"}


def to_torch(header: Header, out: Path, dtype: str = "f32") -> None:
    """Write config.json, model.safetensors, tokenizer.json and tokenizer_config.json into `out`. About a minute for
    0.5B.
    """
    import torch

    from titans_edge.train.twin import load_twin

    spec, settings = tokenizer_files(header)  # first: it is the part that may refuse
    twin = load_twin(header.path, {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}[dtype])
    twin.hf_quantizer = None  # the weights are plain by now; transformers would refuse to save what once was quantised
    twin.config.__dict__.pop("quantization_config", None)
    twin.config._name_or_path = str(header.meta.get("general.name", Path(header.path).stem))
    twin.save_pretrained(out, max_shard_size="5GB")
    config = read_json(out / "config.json")
    config |= {"_name_or_path": twin.config._name_or_path}
    config |= {f"{k}_token_id": header.meta.get(f"tokenizer.ggml.{v}") for k, v in _SPECIAL.items() if k != "unk"}
    for name, content in (("config.json", config), ("tokenizer.json", spec), ("tokenizer_config.json", settings)):
        (out / name).write_text(json.dumps(content, ensure_ascii=False, indent=1), "utf-8")


def tokenizer_files(header: Header) -> tuple[dict[str, Any], dict[str, Any]]:
    """tokenizer.json and tokenizer_config.json of a GGUF with a byte-level vocabulary."""
    pre = str(header.meta.get("tokenizer.ggml.pre", ""))
    known = {name: steps for steps, name in PRE_TOKENIZERS.items()}
    if header.meta.get("tokenizer.ggml.model") != "gpt2" or pre not in known:
        raise ModelError(
            f"The tokenizer {pre or 'of this file'} cannot be written for PyTorch.", f"Known: {', '.join(known)}."
        )
    arrays = read_arrays(header.path, "tokenizer.ggml.")
    texts = [str(t) for t in arrays["tokenizer.ggml.tokens"]]
    kinds = [TokenType(int(t)) for t in arrays["tokenizer.ggml.token_type"]]
    spec = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "normalizer": None,
        "post_processor": None,
        "added_tokens": [
            _added(i, texts[i], k) for i, k in enumerate(kinds) if k in (TokenType.CONTROL, TokenType.USER_DEFINED)
        ],
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [_step(s) for s in known[pre]] + _byte_level(known[pre]),
        },
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "",
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": pre == "llama-bpe",
            "vocab": {t: i for i, (t, k) in enumerate(zip(texts, kinds, strict=True)) if k != TokenType.UNUSED},
            "merges": [str(m).split(" ") for m in arrays["tokenizer.ggml.merges"]],
        },
    }
    return spec, _settings(header, texts)


def _settings(header: Header, texts: list[str]) -> dict[str, Any]:
    out: dict[str, Any] = {"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False}
    unused_bos = not header.meta.get("tokenizer.ggml.add_bos_token", True)  # Qwen's kind: config.json alone names one
    for name, key in _SPECIAL.items():
        if f"tokenizer.ggml.{key}" in header.meta and not (name == "bos" and unused_bos):
            out[f"{name}_token"] = texts[int(header.meta[f"tokenizer.ggml.{key}"])]
    for key in ("add_bos_token", "add_eos_token"):
        if f"tokenizer.ggml.{key}" in header.meta:
            out[key] = bool(header.meta[f"tokenizer.ggml.{key}"])
    if "tokenizer.chat_template" in header.meta:
        out["chat_template"] = header.meta["tokenizer.chat_template"]
    return out


def _added(token: int, text: str, kind: TokenType) -> dict[str, Any]:
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    return {"id": token, "content": text, **flags, "special": kind == TokenType.CONTROL}


def _step(name: str) -> dict[str, Any]:
    if name == "gpt2":
        return {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    if name == "digits":
        return {"type": "Digits", "individual_digits": True}
    return {"type": "Split", "pattern": {"Regex": name}, "behavior": "Isolated", "invert": False}


def _byte_level(steps: tuple[str, ...]) -> list[dict[str, Any]]:
    """A cut by a pattern leaves the bytes to be mapped; GPT-2's own step has done so."""
    if "gpt2" in steps:
        return []
    return [{"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}]
