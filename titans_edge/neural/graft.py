"""The graft file: everything trained, as one GGUF bound to a backbone. See convert/FORMAT.md for the fields."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from dataclasses import fields as fields_of
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter
from gguf.quants import dequantize, quantize
from torch import Tensor, nn

from titans_edge.errors import GraftError, ModelError, TitansError
from titans_edge.gguf_header import Header, fingerprint, read_header
from titans_edge.neural.cleanup import Cleanup
from titans_edge.neural.contents import Contents
from titans_edge.neural.encoder import EncoderConfig
from titans_edge.neural.gate import Gate
from titans_edge.neural.keys import KeyConfig
from titans_edge.neural.memory import NeuralMemory, Readout
from titans_edge.neural.prompt import PrefixConfig, PromptConfig, SoftPrompt
from titans_edge.neural.relations import Relations
from titans_edge.neural.sentences import SentenceMemory

ARCHITECTURE = "titans-graft"
# 1 numbered its banks; 2 names its relations; 3 may read whole sentences; 4 may speak; 5 may tell changes; 6 may listen
FORMAT = 6
OLDEST = 2  # that is read as it is
Fields = dict[str, Any]  # int: uint32, float: float32, str: string


@dataclass(frozen=True)
class GraftInfo:
    """What a graft says of itself."""

    layer: int  # the backbone's layer it reads
    fingerprint: dict[str, str]
    threshold: float = 0.5  # rows are given when the memory is at least this sure
    recipe: dict[str, Any] = field(default_factory=dict)
    results: dict[str, Any] = field(default_factory=dict)
    licence: str = "MIT"
    replaces: tuple[str, ...] = ()  # ids of earlier files that read the same facts: their memories go on


class Graft(nn.Module):
    """Memory and gate of one backbone. keys None: it reads facts, but no whole sentences; prompt None: nothing judges
    whether lines answer; speaking None: the backbone reads lines as it is; changing None: nothing judges whether a
    later line changes what an earlier one answers; listening None: the backbone replies to what it is told as it is.
    """

    def __init__(
        self,
        config: EncoderConfig,
        contents: Contents,
        relations: Relations,
        info: GraftInfo,
        keys: KeyConfig | None = None,
        prompt: PromptConfig | None = None,
        speaking: PrefixConfig | None = None,
        changing: PromptConfig | None = None,
        listening: PrefixConfig | None = None,
    ) -> None:
        super().__init__()
        self.info = info
        self.memory = NeuralMemory(config, contents, relations)
        self.sentences = None if keys is None else SentenceMemory(keys, contents)
        self.gate = Gate(config.n_embd, config.width)
        self.prompt = None if prompt is None else SoftPrompt(prompt)
        self.speaking = None if speaking is None else SoftPrompt(speaking)
        self.changing = None if changing is None else SoftPrompt(changing)
        self.listening = None if listening is None else SoftPrompt(listening)
        self.register_buffer("mean", contents.mean)
        self.register_buffer("basis", contents.basis)
        self.register_buffer("inverse", contents.inverse)

    def prompts(self) -> dict[str, SoftPrompt[Any] | None]:
        """Its soft prompts, by the names they have in the file."""
        return {name: getattr(self, name) for name in ("prompt", "speaking", "changing", "listening")}

    def sure(self, readout: Readout) -> bool:
        """Is a readout worth giving to the backbone? One of a question without words is not."""
        return readout.asked is not None and not self.gate.closed and readout.confidence >= self.info.threshold

    @torch.no_grad()
    def rows(self, readout: Readout, known: Cleanup | None = None) -> Tensor:
        """Rows (N, n_embd) for the backbone. known: the phrases that were written; None: any short word is possible."""
        contents = self.memory.contents
        nearest = known.nearest(readout.surface) if known is not None else None
        ids = list(nearest.surface) if nearest is not None else contents.decode(readout.surface)
        rows: Tensor = self.gate(torch.from_numpy(contents.table.rows(ids).copy()), readout.asked)
        return rows


def file_id(path: Path) -> str:
    """What a memory remembers its graft by: the first half of the file's SHA-256, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def save(graft: Graft, path: Path, dtype: str = "f16") -> None:
    """Write a graft. dtype: see `write`."""
    config, info = graft.memory.config, graft.info
    fields: Fields = {"titans.format": FORMAT, "titans.layer": info.layer, "titans.threshold": float(info.threshold)}
    fields["general.license"] = info.licence
    fields |= {f"titans.encoder.{key}": value for key, value in asdict(config).items()}
    if graft.sentences is not None:
        fields |= {f"titans.keys.{key}": value for key, value in asdict(graft.sentences.config).items()}
    for name, prompt in graft.prompts().items():
        if prompt is not None:
            fields |= {f"titans.{name}.{key}": value for key, value in asdict(prompt.config).items()}
    fields |= {f"titans.backbone.{key}": text for key, text in info.fingerprint.items()}
    fields["titans.relations"] = graft.memory.relations.dump()
    fields["titans.routes"] = json.dumps(["embed"])
    fields["titans.recipe"] = json.dumps(info.recipe)
    fields["titans.results"] = json.dumps(info.results)
    fields["titans.replaces"] = json.dumps(info.replaces)
    write(path, fields, {name: t.detach().float() for name, t in graft.state_dict().items()}, dtype)


def write(path: Path, fields: Fields, tensors: dict[str, Tensor], dtype: str = "f16") -> None:
    """Write the file, to a temporary name first. dtype of matrices: f32, f16 or q8_0; vectors and `basis` stay F32."""
    writer = GGUFWriter(str(tmp := path.with_suffix(".tmp")), ARCHITECTURE)
    for key, value in fields.items():
        if isinstance(value, str):
            writer.add_string(key, value)
        else:
            (writer.add_float32 if isinstance(value, float) else writer.add_uint32)(key, value)
    for name, tensor in tensors.items():
        array = np.ascontiguousarray(tensor.numpy().reshape(tuple(tensor.shape) or (1,)), np.float32)
        kind = _stored_as(name, array.shape, dtype)
        if kind is GGMLQuantizationType.Q8_0:
            writer.add_tensor(name, quantize(array, kind), raw_dtype=kind)
        else:
            writer.add_tensor(name, array.astype(np.float16) if kind is GGMLQuantizationType.F16 else array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    tmp.replace(path)


def _stored_as(name: str, shape: tuple[int, ...], dtype: str) -> GGMLQuantizationType:
    """Fixed maps between words (`basis`, `inverse`) lose most by rounding and keep more bits."""
    if len(shape) != 2 or name == "basis" or dtype == "f32":
        return GGMLQuantizationType.F32
    block = GGML_QUANT_SIZES[GGMLQuantizationType.Q8_0][0]
    small = dtype == "q8_0" and name != "inverse" and shape[1] % block == 0
    return GGMLQuantizationType.Q8_0 if small else GGMLQuantizationType.F16


def load(path: Path | str, backbone: Header, *, check: bool = True) -> Graft:
    """Read a graft for `backbone`. Raises GraftError when it is damaged or made for another backbone."""
    fields, tensors = read(Path(path))
    try:
        if not OLDEST <= fields["titans.format"] <= FORMAT:
            raise _other_format(path, int(fields["titans.format"]))
        info, relations = _info(fields), Relations.load(fields["titans.relations"])
        config = EncoderConfig(**_group(fields, "titans.encoder."))
        keys = _group(fields, "titans.keys.")
        if check:
            _check(path, info.fingerprint, fingerprint(backbone))
        prompt, changing = (
            PromptConfig(**of) if (of := _group(fields, f"titans.{name}.")) else None for name in ("prompt", "changing")
        )
        speaking, listening = (
            PrefixConfig(**of) if (of := _group(fields, f"titans.{name}.")) else None
            for name in ("speaking", "listening")
        )
        table = backbone.tensors["token_embd.weight"]
        contents = Contents(table, tensors["mean"], tensors["basis"], tensors["inverse"])
        prompts = (prompt, speaking, changing, listening)
        parts = (config, contents, relations, info, KeyConfig(**keys) if keys else None, *prompts)
        if (wrong := _wrong_size(parts, tensors)) or len(relations) != config.banks:
            raise ValueError(wrong or "banks")
        if any(p is not None and not 0 <= p.untold < table.shape[0] for p in (prompt, changing)):
            raise ValueError("untold")
        graft = Graft(*parts)
        _fill(graft, tensors, path)
    except TitansError:
        raise
    except Exception as e:  # torch raises many kinds on sizes that do not go together
        raise GraftError(
            f"{path} is not a usable graft ({e}).", "Fetch it again, or train one with `titans-edge train`."
        ) from e
    return graft.eval()


def _group(fields: Fields, prefix: str) -> Fields:
    return {k.removeprefix(prefix): v for k, v in fields.items() if k.startswith(prefix)}


def _wrong_size(parts: tuple[Any, ...], tensors: dict[str, Tensor]) -> str:
    """The name of a size that is no whole number, or of which the file's numbers could not fill what is made by it: a
    damaged one is not believed, for room would be made for it first.
    """
    numbers = sum(t.numel() for t in tensors.values())
    for config in (c for c in parts if isinstance(c, EncoderConfig | KeyConfig | PrefixConfig)):
        for f in fields_of(config):
            value = getattr(config, f.name)
            if not isinstance(value, int if f.type == "int" else int | float) or value < 0:
                return f.name
        width, layers = config.width, max(1, config.layers)
        if width < 1 or layers > len(tensors):
            return "width or layers"
        if isinstance(config, PrefixConfig):
            most = layers * config.positions * width
        else:
            other = (config.n_embd, config.banks) if isinstance(config, EncoderConfig) else (config.dim, config.told)
            most = width * max(layers * width, *other)
        if most > numbers:
            return f"{type(config).__name__} of {most:,} numbers, and the file has {numbers:,}"
    return ""


def _info(fields: Fields) -> GraftInfo:
    bound = _group(fields, "titans.backbone.")
    if not isinstance(fields["titans.layer"], int) or not isinstance(fields["titans.threshold"], float):
        raise ValueError("layer or threshold")
    return GraftInfo(
        fields["titans.layer"],
        bound,
        fields["titans.threshold"],
        json.loads(fields["titans.recipe"]),
        json.loads(fields["titans.results"]),
        fields["general.license"],
        tuple(json.loads(fields.get("titans.replaces", "[]"))),
    )


def _fill(graft: Graft, tensors: dict[str, Tensor], path: Path | str) -> None:
    """Tensors of a file into a graft; one that is missing, too many or of another size is named."""
    shapes = {k: tuple(v.shape) for k, v in graft.state_dict().items()}
    wrong = [k for k, s in shapes.items() if k not in tensors or tensors[k].numel() != int(np.prod(s))]
    wrong += sorted(set(tensors) - set(shapes))
    if wrong:
        raise GraftError(f"{path}: tensor {wrong[0]} does not fit.", "Fetch the graft again.")
    graft.load_state_dict({k: tensors[k].reshape(s) for k, s in shapes.items()})


def _other_format(path: Path | str, found: int) -> GraftError:
    if found < OLDEST:
        return GraftError(
            f"{path} is a graft of format {found}.", f"Bring it up to date with `titans-edge convert {path} --out DIR`."
        )
    return GraftError(f"{path} was made by a newer Titans Edge.", "Upgrade titans-edge.")


def read(path: Path) -> tuple[Fields, dict[str, Tensor]]:
    """A graft file's scalar fields, and its tensors dequantised to float32. Raises GraftError for another file."""
    if not path.is_file():
        raise GraftError(f"There is no graft {path}.", "Name one with --graft, or train one with `titans-edge train`.")
    try:
        read_header(path)  # GGUFReader believes sizes: an array of 2^60 items in a damaged file would take it for ever
    except ModelError as e:
        raise GraftError(e.message, "Fetch the graft again.") from e
    try:
        reader = GGUFReader(str(path))
        scalars = {k: f for k, f in reader.fields.items() if f.types and f.types[0] != GGUFValueType.ARRAY}
        fields = {
            k: f.contents() for k, f in scalars.items() if not k.startswith("GGUF.")
        }  # the container's own counts
        tensors = {
            t.name: torch.from_numpy(np.array(dequantize(t.data, t.tensor_type), np.float32)) for t in reader.tensors
        }
    except Exception as e:  # gguf raises many kinds on damaged files
        raise GraftError(f"{path} is damaged or no GGUF file ({e}).", "Fetch the graft again.") from e
    if fields.get("general.architecture") != ARCHITECTURE:
        raise GraftError(
            f"{path} is a GGUF, but not a graft.", "Pass backbones with --backbone and grafts with --graft."
        )
    return fields, tensors


def _check(path: Path | str, bound: dict[str, str], have: dict[str, str]) -> None:
    different = [k for k in have if bound.get(k) != have[k]]
    if different:
        k = different[0]
        raise GraftError(
            f"{path} is a graft for another backbone: {k} is {bound.get(k)} in the graft, {have[k]} in the backbone.",
            "Pull the backbone it was made for, or train one with `titans-edge train --backbone …`.",
        )
