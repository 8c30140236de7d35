"""A tiny random Qwen2 GGUF with a byte-level vocabulary, and a graft of it, made on the spot: real llama.cpp, no
download.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from gguf import GGUFWriter, TokenType

from titans_edge.backbone.model import Backbone
from titans_edge.facts import Phrase
from titans_edge.neural.contents import Contents, whitening
from titans_edge.neural.encoder import EncoderConfig
from titans_edge.neural.graft import Graft, GraftInfo, save
from titans_edge.neural.keys import KeyConfig
from titans_edge.neural.relations import Relations
from titans_edge.stories.relations import PHRASES, Bank, mirror

DIM = 32

N_EMBD, N_LAYER, HEADS, KV_HEADS, FF = 64, 4, 4, 2, 96
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")


def byte_tokens() -> list[str]:
    """GPT-2's printable stand-ins for the 256 bytes, in byte order."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    extra = iter(range(256, 512))
    return [chr(b) if b in plain else chr(next(extra)) for b in range(256)]


def make_gguf(path: Path, seed: int = 0, architecture: str = "qwen2") -> Path:
    """architecture: qwen2, or one whose tensors are named alike; qwen3 has norms in place of biases."""
    rng = np.random.default_rng(seed)
    w = GGUFWriter(str(path), architecture)
    w.add_name(f"tiny {architecture}")
    w.add_context_length(2048)
    w.add_embedding_length(N_EMBD)
    w.add_block_count(N_LAYER)
    w.add_feed_forward_length(FF)
    w.add_head_count(HEADS)
    w.add_head_count_kv(KV_HEADS)
    head = 128 if architecture == "qwen3" else N_EMBD // HEADS  # transformers knows no others of qwen3 in a GGUF
    if head != N_EMBD // HEADS:
        w.add_key_length(head)
        w.add_value_length(head)
    w.add_layer_norm_rms_eps(1e-6)
    w.add_rope_freq_base(10000.0)
    w.add_rope_dimension_count(head)
    tokens = [*byte_tokens(), "Ġt", "he", *SPECIAL]
    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre("qwen2")
    w.add_token_list(tokens)
    w.add_token_types([TokenType.NORMAL] * (len(tokens) - 3) + [TokenType.CONTROL] * 3)
    w.add_token_merges(["Ġ t", "h e"])
    w.add_eos_token_id(len(tokens) - 1)
    w.add_bos_token_id(len(tokens) - 3)
    w.add_add_bos_token(False)

    def add(name: str, *shape: int) -> None:
        value = np.ones(shape) if name.endswith("norm.weight") else rng.normal(0, 0.5 / np.sqrt(shape[-1]), shape)
        w.add_tensor(name, value.astype(np.float32))

    add("token_embd.weight", len(tokens), N_EMBD)
    add("output_norm.weight", N_EMBD)
    add("output.weight", len(tokens), N_EMBD)
    kv = head * KV_HEADS
    for i in range(N_LAYER):
        add(f"blk.{i}.attn_norm.weight", N_EMBD)
        add(f"blk.{i}.ffn_norm.weight", N_EMBD)
        for part, width in (("q", head * HEADS), ("k", kv), ("v", kv)):
            add(f"blk.{i}.attn_{part}.weight", width, N_EMBD)
            if architecture == "qwen3":
                if part != "v":
                    add(f"blk.{i}.attn_{part}_norm.weight", head)
            else:
                w.add_tensor(f"blk.{i}.attn_{part}.bias", np.zeros(width, np.float32))
        add(f"blk.{i}.attn_output.weight", N_EMBD, head * HEADS)
        add(f"blk.{i}.ffn_gate.weight", FF, N_EMBD)
        add(f"blk.{i}.ffn_up.weight", FF, N_EMBD)
        add(f"blk.{i}.ffn_down.weight", N_EMBD, FF)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()
    return path


def relations(tiny: Backbone) -> Relations:
    """Ten relations, the first tracked, the third and fourth each other's mirror."""
    ids = {b: tuple(tiny.vocab.word_ids(PHRASES[b])) for b in Bank}
    return Relations(tuple(Phrase(PHRASES[b], 0, 0, ids[b], ids[b]) for b in Bank), 0, mirror())


def make_graft(tiny: Backbone, path: Path, seed: int = 0, *, keys: bool = False) -> Path:
    """An untrained graft of the tiny backbone that is eager: it writes every span and answers every question.

    keys: it reads whole sentences too.
    """
    torch.manual_seed(seed)
    rows = torch.from_numpy(tiny.embedding.rows(np.arange(tiny.vocab.size)))
    contents = Contents(tiny.embedding, *whitening(rows, DIM), torch.eye(DIM))
    graft = Graft(
        EncoderConfig(tiny.n_embd, len(Bank), width=32, layers=1),
        contents,
        relations(tiny),
        GraftInfo(1, tiny.fingerprint, threshold=0.0),
        KeyConfig(DIM, width=32, layers=1) if keys else None,
    )
    with torch.no_grad():
        graft.memory.encoder.whole.bias.view(6, len(Bank))[2] = 3.0
        graft.gate.opening.fill_(1.0)
    save(graft.eval(), path)
    return path
