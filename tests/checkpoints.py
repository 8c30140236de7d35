"""Tiny random checkpoints as transformers saves them, with a tokenizer trained on the spot: no download."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}{# tiny #}"
)
QWEN_CUT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CORPUS = [
    "Mary went to the kitchen and took the milk. Then she walked to the garden, and John followed her.",
    "def fibonacci(n):\n    if n < 2:\n        return n\n    return fibonacci(n - 1) + fibonacci(n - 2)\n",
    "你好世界 Привет, мир! 🙂 naïve café 12345 the the the and and that this with  two   spaces\t\ttabs",
] * 20
SIZES: dict[str, Any] = {
    "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 512, "rms_norm_eps": 1e-6,
}  # fmt: skip
VOCAB = 512  # rows of the embedding, more than the tokenizer has tokens


def bytes_tokenizer() -> Tokenizer:
    """Byte-level BPE cut as Qwen's is; one added token is no control token."""
    made = Tokenizer(models.BPE())
    made.normalizer = normalizers.NFC()
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN_CUT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    made.decoder = decoders.ByteLevel()
    made.train_from_iterator(
        CORPUS,
        trainers.BpeTrainer(vocab_size=420, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False),
    )
    made.add_special_tokens(SPECIAL)
    made.add_tokens(["<tool_call>"])
    return made


def pieces_tokenizer(space_first: bool) -> Tokenizer:
    """SentencePiece-style BPE with byte fallback, as Llama 2 and TinyLlama have it."""
    made = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    made.normalizer = normalizers.Sequence(
        [*([normalizers.Prepend("▁")] if space_first else []), normalizers.Replace(" ", "▁")]
    )
    made.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    special = ["<unk>", "<s>", "</s>", *(f"<0x{i:02X}>" for i in range(256))]
    made.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=420, special_tokens=special, show_progress=False))
    spec = json.loads(made.to_str())
    spec["added_tokens"] = spec["added_tokens"][:3]  # bytes are ordinary pieces
    return Tokenizer.from_str(json.dumps(spec))


def _random(name: str, p: torch.Tensor) -> torch.Tensor:
    """Queries and keys large enough that attention looks at places: with even attention no test would see a wrong
    rope.
    """
    if "norm" in name:
        return 1 + 0.2 * torch.randn_like(p)
    if p.ndim == 1:
        return 0.3 * torch.randn_like(p)
    return torch.randn_like(p) * ((2.5 if "q_proj" in name or "k_proj" in name else 0.7) / p.shape[-1] ** 0.5)


def save(
    folder: Path,
    config: Any,
    tokenizer: Tokenizer | None = None,
    *,
    dtype: str = "float32",
    shard: str = "1GB",
    seed: int = 0,
) -> Path:
    """A random model of `config` with norms and biases that are not the identity, in `folder`."""
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(_random(name, p))
        model.get_input_embeddings().weight.normal_(0, 0.6)
    model.to(getattr(torch, dtype)).save_pretrained(folder, max_shard_size=shard)
    pieces = tokenizer is not None
    (tokenizer or bytes_tokenizer()).save(str(folder / "tokenizer.json"))
    settings = (
        {"eos_token": "</s>", "bos_token": "<s>", "add_bos_token": True}
        if pieces
        else {"eos_token": "<|im_end|>", "add_bos_token": False}
    )
    (folder / "tokenizer_config.json").write_text(json.dumps({**settings, "chat_template": TEMPLATE}))
    return folder


def qwen2(**more: Any) -> Any:
    from transformers import Qwen2Config

    return Qwen2Config(vocab_size=VOCAB, architectures=["Qwen2ForCausalLM"], **{**SIZES, **more})


def qwen3(**more: Any) -> Any:
    from transformers import Qwen3Config

    return Qwen3Config(vocab_size=VOCAB, architectures=["Qwen3ForCausalLM"], head_dim=32, **{**SIZES, **more})


def llama(**more: Any) -> Any:
    from transformers import LlamaConfig

    return LlamaConfig(vocab_size=VOCAB, architectures=["LlamaForCausalLM"], **{**SIZES, **more})
