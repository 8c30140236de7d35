"""Name tables: how Hugging Face calls a tensor or a setting, and how llama.cpp does. Data, one table an architecture.

Knows names, shapes and rope settings. Knows nothing of files.
Sources: `gguf.constants` for llama.cpp's names, the `modeling_*.py` of transformers for the other side.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from titans_edge.errors import ModelError

Config = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """One kind of tensor. shape: names of `Sizes` fields, rows first; rotary: its rows are interleaved, a head at a
    time.
    """

    source: str
    target: str
    shape: tuple[str, ...]
    rotary: str = ""  # "heads" or "kv_heads": whose count the rows are divided by
    optional: bool = False  # a checkpoint may come without it


@dataclass(frozen=True)
class Sizes:
    """A model's dimensions under the names the tables use."""

    layers: int
    embd: int
    ff: int
    heads: int
    kv_heads: int
    head: int  # one head's dimensions
    vocab: int
    context: int

    @property
    def q(self) -> int:
        return self.heads * self.head

    @property
    def kv(self) -> int:
        return self.kv_heads * self.head

    def of(self, part: Part) -> tuple[int, ...]:
        return tuple(getattr(self, s) for s in part.shape)


@dataclass(frozen=True)
class Architecture:
    """gguf: llama.cpp's name. extra_meta: settings only this architecture writes, as (key, Sizes field)."""

    gguf: str
    whole: tuple[Part, ...]
    layer: tuple[Part, ...]  # names follow `model.layers.N.` and `blk.N.`
    extra_meta: tuple[tuple[str, str], ...] = ()


_WHOLE = (
    Part("model.embed_tokens.weight", "token_embd.weight", ("vocab", "embd")),
    Part("model.norm.weight", "output_norm.weight", ("embd",)),
    Part("lm_head.weight", "output.weight", ("vocab", "embd"), optional=True),
)
_FRAME = (
    Part("input_layernorm.weight", "attn_norm.weight", ("embd",)),
    Part("post_attention_layernorm.weight", "ffn_norm.weight", ("embd",)),
    Part("self_attn.o_proj.weight", "attn_output.weight", ("embd", "q")),
    Part("mlp.gate_proj.weight", "ffn_gate.weight", ("ff", "embd")),
    Part("mlp.up_proj.weight", "ffn_up.weight", ("ff", "embd")),
    Part("mlp.down_proj.weight", "ffn_down.weight", ("embd", "ff")),
)


def _attention(*, rotary: bool = False, bias: str) -> tuple[Part, ...]:
    """q, k and v. bias: "always", "maybe"."""
    out: list[Part] = []
    for x, rows, heads in (("q", "q", "heads"), ("k", "kv", "kv_heads"), ("v", "kv", "")):
        turn = heads if rotary else ""
        out.append(Part(f"self_attn.{x}_proj.weight", f"attn_{x}.weight", (rows, "embd"), turn))
        out.append(Part(f"self_attn.{x}_proj.bias", f"attn_{x}.bias", (rows,), turn, optional=bias == "maybe"))
    return tuple(out)


_QK_NORMS = (
    Part("self_attn.q_norm.weight", "attn_q_norm.weight", ("head",)),
    Part("self_attn.k_norm.weight", "attn_k_norm.weight", ("head",)),
)
_HEAD_LENGTHS = (("attention.key_length", "head"), ("attention.value_length", "head"))
_O_BIAS = (Part("self_attn.o_proj.bias", "attn_output.bias", ("embd",), optional=True),)

ARCHITECTURES = {
    "Qwen2ForCausalLM": Architecture("qwen2", _WHOLE, (*_FRAME, *_attention(bias="always"))),
    "Qwen3ForCausalLM": Architecture(
        "qwen3", _WHOLE, (*_FRAME, *_attention(bias="maybe"), *_QK_NORMS),
        _HEAD_LENGTHS,
    ),
    "LlamaForCausalLM": Architecture(
        "llama", _WHOLE, (*_FRAME, *_attention(rotary=True, bias="maybe"), *_O_BIAS),
        (("rope.dimension_count", "head"), ("vocab_size", "vocab"), *_HEAD_LENGTHS),
    ),
}  # fmt: skip

# Buffers old checkpoints carry along; transformers computes them from the configuration, and so does llama.cpp.
BUFFERS = ("rotary_emb.inv_freq", "masked_bias", "attn.bias")

_META = (  # settings every architecture writes, in llama.cpp's order
    ("block_count", "layers"), ("context_length", "context"), ("embedding_length", "embd"),
    ("feed_forward_length", "ff"), ("attention.head_count", "heads"),
    ("attention.head_count_kv", "kv_heads"),
)  # fmt: skip


def find(config: Config) -> Architecture:
    """The table of a configuration. Raises ModelError for a model that is not in the tables."""
    names = config.get("architectures") or ["(none named)"]
    if names[0] not in ARCHITECTURES:
        raise ModelError(
            f"The architecture {names[0]} cannot be converted.", f"Known: {', '.join(sorted(ARCHITECTURES))}."
        )
    if config.get("use_sliding_window"):
        raise ModelError(
            "The model uses a sliding window, which llama.cpp's table of it does not have.", "Use a dense model."
        )
    if "quantization_config" in config:
        raise ModelError("The checkpoint is already quantised.", "Name the original F32, F16 or BF16 checkpoint.")
    return ARCHITECTURES[names[0]]


def sizes(config: Config) -> Sizes:
    """Dimensions from a config.json. Raises ModelError naming a missing setting."""
    try:
        heads, embd = int(config["num_attention_heads"]), int(config["hidden_size"])
        return Sizes(
            int(config["num_hidden_layers"]),
            embd,
            int(config["intermediate_size"]),
            heads,
            int(config.get("num_key_value_heads") or heads),
            int(config.get("head_dim") or embd // heads),
            int(config["vocab_size"]),
            int(config["max_position_embeddings"]),
        )
    except (KeyError, TypeError, ValueError) as e:
        raise ModelError(f"config.json has no usable {e}.", "Fetch the checkpoint again.") from e


def parts(arch: Architecture, layers: int) -> list[Part]:
    """Every tensor of a model with full names, the embedding first, then layer by layer."""
    out = list(arch.whole[:1])
    for n in range(layers):
        out += [
            Part(f"model.layers.{n}.{p.source}", f"blk.{n}.{p.target}", p.shape, p.rotary, p.optional)
            for p in arch.layer
        ]
    return out + list(arch.whole[1:])


def metadata(arch: Architecture, config: Config) -> dict[str, int | float | str]:
    """llama.cpp's settings under their full keys. int: uint32, float: float32."""
    s = sizes(config)
    rope = rope_settings(config)
    out: dict[str, int | float | str] = {key: getattr(s, field) for key, field in _META}
    out["rope.freq_base"] = float(rope.get("rope_theta", 10000.0))
    out["attention.layer_norm_rms_epsilon"] = float(config.get("rms_norm_eps", 1e-6))
    out |= {key: getattr(s, field) for key, field in arch.extra_meta}
    return {f"{arch.gguf}.{key}": value for key, value in (out | _scaling(rope, s)).items()}


def rope_settings(config: Config) -> Config:
    """theta and scaling in one table, whether the configuration is of transformers 4 (two keys) or 5
    (`rope_parameters`).
    """
    old = {"rope_theta": config["rope_theta"]} if "rope_theta" in config else {}
    rope: Config = {**old, **(config.get("rope_scaling") or {}), **(config.get("rope_parameters") or {})}
    rope["rope_type"] = rope.get("rope_type") or rope.get("type") or "default"
    return rope


def _scaling(rope: Config, s: Sizes) -> dict[str, int | float | str]:
    kind = rope["rope_type"]
    if kind in ("default", "llama3"):  # llama3's scaling is a tensor: `rope_factors`
        return {}
    if kind == "linear":
        return {"rope.scaling.type": "linear", "rope.scaling.factor": float(rope["factor"])}
    if kind != "yarn":
        raise ModelError(
            f"llama.cpp has no rope scaling {kind!r}.", "Take it out of config.json for texts of the trained length."
        )
    out: dict[str, int | float | str] = {
        "rope.scaling.type": "yarn",
        "rope.scaling.factor": float(rope["factor"]),
        "rope.scaling.original_context_length": int(rope.get("original_max_position_embeddings") or s.context),
    }
    names = (("beta_fast", "yarn_beta_fast"), ("beta_slow", "yarn_beta_slow"))
    out |= {f"rope.scaling.{ours}": float(rope[theirs]) for theirs, ours in names if rope.get(theirs) is not None}
    if rope.get("attention_factor") is not None:  # llama.cpp multiplies what it is told by YaRN's own default
        out["rope.scaling.attn_factor"] = float(rope["attention_factor"]) / (0.1 * math.log(float(rope["factor"])) + 1)
    return out


def rope_factors(config: Config) -> npt.NDArray[np.float32] | None:
    """Llama 3's division of each rope frequency (head/2,), None for other models. Source: transformers' `llama3`
    rope.
    """
    rope = rope_settings(config)
    if rope["rope_type"] != "llama3":
        return None
    head, theta = sizes(config).head, float(rope.get("rope_theta", 10000.0))
    factor, low, high = (float(rope[k]) for k in ("factor", "low_freq_factor", "high_freq_factor"))
    old = float(rope["original_max_position_embeddings"])
    wavelength = 2 * math.pi * theta ** (np.arange(0, head, 2) / head)
    smooth = np.clip((old / wavelength - low) / (high - low), 0, 1)  # 0: divided in full, 1: left alone
    return np.asarray(1 / ((1 - smooth) / factor + smooth), np.float32)


def rotary_rows(rows: int, heads: int) -> npt.NDArray[np.int64]:
    """Which source row becomes each written row: transformers rotates halves of a head, llama.cpp's `llama`
    neighbours.
    """
    return np.arange(rows).reshape(heads, 2, rows // heads // 2).swapaxes(1, 2).reshape(-1)
