"""Was anything lost? Each check compares two ways of knowing the same thing and says what differs; none changes a file.

Tensors: the reopened file against the checkpoint. Tokenizer: llama.cpp against `tokenizers`. Logits: llama.cpp against
transformers (F16), and the quantised file against the F16.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from titans_edge.convert.source import Checkpoint
from titans_edge.convert.strings import strings
from titans_edge.convert.writer import Plan, blocks

from titans_edge.backbone.batch import FloatArray
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.speaker import Speaker
from titans_edge.gguf_header import Header, fingerprint, read_header

STRINGS = 3000
Logits = list[FloatArray]  # (T, vocabulary) each prompt; 20 short prompts of a large vocabulary are 300 MB
Tick = Callable[[], None]


@dataclass(frozen=True)
class Bound:
    """Mean KL in nats a token at most, share of equal top tokens at least."""

    kl: float
    top1: float


# Generous to small models, whose logits move most; a broken conversion is off by whole nats.
BOUNDS = {
    "f16": Bound(1e-3, 0.98), "q8_0": Bound(0.02, 0.93), "q5_k_m": Bound(0.1, 0.85), "q4_k_m": Bound(0.25, 0.75),
    "q4_0": Bound(0.7, 0.55),
}  # fmt: skip


@dataclass(frozen=True)
class Check:
    """One check's outcome. ok None: it could not be made, and `says` tells why."""

    name: str
    ok: bool | None
    says: str
    figures: Mapping[str, float]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def tensors(todo: Plan, checkpoint: Checkpoint, path: Path) -> Check:
    """Every source tensor once, none invented, every value as it should be after rounding to the file's type."""
    have, want = read_header(path).tensors, {s.target: s for s in todo.steps}
    used = [s.source for s in todo.steps if s.source]
    wrong = [f"{n} is missing" for n in want.keys() - have.keys()] + [
        f"{n} is invented" for n in have.keys() - want.keys()
    ]
    wrong += [f"{n} is not used" for n in set(checkpoint.tensors) - set(used) - set(todo.unread)]
    wrong += [f"{n} is used twice" for n in {n for n in used if used.count(n) > 1}]
    for step in todo.steps if not wrong else ():
        at, span = 0, have[step.target]
        raw = span.memmap().reshape(-1)
        for block in blocks(checkpoint, step):
            written = raw[at : at + block.nbytes].view(block.dtype)
            if span.shape != step.shape or not np.array_equal(written, block.reshape(-1)):
                wrong.append(f"{step.target} differs from {step.source or 'what was computed'}")
                break
            at += block.nbytes
    figures = {"source tensors": len(checkpoint.tensors), "written": len(have), "not read": len(todo.unread)}
    return Check(
        "tensors", not wrong, wrong[0] if wrong else "each source tensor used once, all values as written", figures
    )


def tokenizer(checkpoint: Checkpoint, model: Backbone) -> Check:
    """llama.cpp's ids of a few thousand strings against those of the checkpoint's own tokenizer.json, and both back
    to text.
    """
    from tokenizers import Tokenizer

    theirs = Tokenizer.from_file(str(checkpoint.folder / "tokenizer.json"))
    special = [t.content for _, t in sorted(theirs.get_added_tokens_decoder().items())]
    wrong: list[str] = []
    for text in strings(STRINGS, special):
        a, b = theirs.encode(text, add_special_tokens=False).ids, model.vocab.encode(text, special=True)
        if a != b:
            wrong.append(f"{text!r} is {a[:12]} in the source and {b[:12]} in the file")
        elif theirs.decode(a, skip_special_tokens=False).strip() != _decode(model, a).strip():
            wrong.append(f"{text!r} does not come back as itself")
    figures = {"strings": STRINGS, "different": len(wrong)}
    return Check("tokenizer", not wrong, wrong[0] if wrong else f"{STRINGS} strings give the same tokens", figures)


def _decode(model: Backbone, ids: list[int]) -> str:
    return b"".join(model.vocab.piece(i, special=True) for i in ids).decode("utf-8", "replace")


def same_words(source: Header, path: Path) -> Check:
    """A requantised GGUF: tokenizer, template and tensor names are those of the file it was made from."""
    made = read_header(path)
    a, b = fingerprint(source), fingerprint(made)
    wrong = [k for k in ("architecture", "sizes", "tokenizer") if a[k] != b[k]]
    wrong += (
        ["template"] if source.meta.get("tokenizer.chat_template") != made.meta.get("tokenizer.chat_template") else []
    )
    wrong += [f"tensor {n}" for n in source.tensors.keys() ^ made.tensors.keys()]
    return Check("tokenizer", not wrong, f"{wrong[0]} differs" if wrong else "same tokenizer, template and tensors", {})


def template(tokens_template: Any, path: Path) -> Check:
    """The chat template, character by character."""
    written = read_header(path).meta.get("tokenizer.chat_template")
    wanted = tokens_template
    if isinstance(wanted, list):  # several templates: the one named default is the file's
        wanted = next((t["template"] for t in wanted if t["name"] == "default"), None)
    same = written == wanted
    says = "the chat template is the source's" if same else "the chat template differs from the source's"
    return Check(
        "template", same, says if wanted else "the source has no chat template", {"characters": len(wanted or "")}
    )


def logits(name: str, quant: str, reference: Logits, made: Logits) -> Check:
    """KL of the made file's next-token distributions from the reference's, and how often the top token is the same."""
    kl: list[FloatArray] = []
    same: list[FloatArray] = []
    for x, y in zip(reference, made, strict=True):
        width = min(x.shape[1], y.shape[1])
        a, b = _log_softmax(x[:, :width]), _log_softmax(y[:, :width])
        kl.append((np.exp(a) * (a - b)).sum(-1))
        same.append(a.argmax(-1) == b.argmax(-1))
    bound, all_kl = BOUNDS[quant], np.concatenate(kl)
    figures = {
        "prompts": len(reference),
        "tokens": len(all_kl),
        "mean KL": float(all_kl.mean()),
        "max KL": float(all_kl.max()),
        "top-1": float(np.concatenate(same).mean()),
        "bound KL": bound.kl,
        "bound top-1": bound.top1,
    }
    ok = figures["mean KL"] <= bound.kl and figures["top-1"] >= bound.top1
    top = f"same top token {100 * figures['top-1']:.1f} % (at least {100 * bound.top1:g})"
    return Check(name, bool(ok), f"mean KL {figures['mean KL']:.2g} (at most {bound.kl:g}), {top}", figures)


def _log_softmax(x: FloatArray) -> FloatArray:
    x = x - x.max(-1, keepdims=True)
    return np.asarray(x - np.log(np.exp(x).sum(-1, keepdims=True)), np.float32)


def of_llama_cpp(model: Backbone, prompts: list[list[int]], tick: Tick = lambda: None) -> Logits:
    """Logits by llama.cpp, each prompt from an empty context."""
    speaker, out = Speaker(model, 512), []
    for ids in prompts:
        speaker.clear()
        out.append(speaker.see(ids).logits)
        tick()
    return out


def of_transformers(folder: Path, prompts: list[list[int]], tick: Tick = lambda: None) -> Logits:
    """Logits by transformers in float32: slow, and nothing of llama.cpp in it."""
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    model, out = AutoModelForCausalLM.from_pretrained(str(folder), dtype=torch.float32).eval(), []
    with torch.inference_mode():
        for ids in prompts:
            out.append(np.asarray(model(torch.tensor([ids])).logits[0].numpy(), np.float32))
            tick()
    return out


def fits_in_memory(checkpoint: Checkpoint) -> tuple[bool, float]:
    """Can transformers hold the model in float32? And the GB it takes."""
    need = 4.0 * sum(int(np.prod(t.shape)) for t in checkpoint.tensors.values())
    return need < 0.7 * psutil.virtual_memory().total, need / 1e9
