"""A graft is trained from nothing, and goes on where it was interrupted."""

from __future__ import annotations

import lzma
import math
import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.tiny import make_gguf
from titans_edge.backbone.model import Backbone
from titans_edge.cli.train import train as command
from titans_edge.errors import UsageError
from titans_edge.gguf_header import read_header
from titans_edge.neural import graft as grafts
from titans_edge.stories.relations import PHRASES
from titans_edge.train import curves, listening
from titans_edge.train.descent import Plan, cosine, descend
from titans_edge.train.pairs import natural_pairs
from titans_edge.train.prompting import Maker, start_states
from titans_edge.train.recipe import Recipe
from titans_edge.train.run import train

pytestmark = pytest.mark.slow
SENTENCES = {
    "persons": 16,
    "writers": 3,
    "key_width": 32,
    "key_batch": 8,
    "match_batch": 4,
    "told_persons": 4,
    "told_writers": 2,
    "told_steps": 3,
}


@pytest.mark.parametrize("architecture", ["qwen2", "qwen3"])
def test_a_graft_is_trained_saved_and_gone_on_with(architecture: str, tmp_path: Path) -> None:
    path = make_gguf(tmp_path / "tiny.gguf", architecture=architecture)
    with Backbone(path, gpu_layers=0, threads=1) as backbone:
        trained_and_gone_on_with(backbone, path, tmp_path)


def trained_and_gone_on_with(tiny: Backbone, tiny_path: Path, tmp_path: Path) -> None:
    small = {
        "layer": 1,
        "dim": 32,
        "stories": 64,
        "noise": 10,
        "surprised": 4,
        "batch": 8,
        "gate_steps": 0,
        "prompt_steps": 0,
        "speak_steps": 0,
        "change_steps": 0,
        "listen_steps": 0,
        **SENTENCES,
    }
    out = tmp_path / "graft.gguf"
    train(tiny, Recipe(steps=2, key_steps=2, match_steps=2, **small), None, tmp_path / "run", out, lambda *_: None)
    two = grafts.load(out, read_header(tiny_path)).state_dict()
    train(tiny, Recipe(steps=4, key_steps=4, match_steps=2, **small), None, tmp_path / "run", out, lambda *_: None)
    four = grafts.load(out, read_header(tiny_path))
    assert four.info.fingerprint["architecture"] == tiny.header.meta["general.architecture"]
    assert [p.text for p in four.memory.relations.phrases] == list(PHRASES.values())
    assert torch.equal(two["basis"], four.state_dict()["basis"])
    assert not torch.equal(two["memory.slot.weight"], four.state_dict()["memory.slot.weight"])
    made = curves.losses(tmp_path / "run")
    assert {part: len(each) for part, each in made.items()} == {
        "stage 1": 4, "keys": 4, "matcher": 2, "told or world": 3
    }  # fmt: skip
    assert all(math.isfinite(x) for each in made.values() for x in each), "each step's, of both runs"
    png, svg = (curves.draw(tmp_path / "run", tmp_path / f"loss.{end}") for end in ("png", "svg"))
    assert png.read_bytes().startswith(b"\x89PNG") and svg.read_text().count('id="axes_') == len(made)


def test_a_checkpoint_of_a_version_that_kept_no_losses_is_gone_on_with(tmp_path: Path) -> None:
    module, path = nn.Linear(2, 1), tmp_path / "part.pt"

    def go(steps: int) -> None:
        plan = Plan(steps, cosine(steps))
        descend("part", module, lambda rng, _: module(torch.ones(2)).square().sum(), plan, 1, path, lambda *_: None)

    go(2)
    saved = torch.load(path, weights_only=True)
    torch.save({k: v for k, v in saved.items() if k not in ("part", "losses")}, path)
    assert curves.losses(tmp_path) == {}
    go(4)
    made = curves.losses(tmp_path)["part"]
    assert [math.isnan(x) for x in made] == [True, True, False, False]
    assert curves.draw(tmp_path, tmp_path / "loss.png").stat().st_size > 1000


def test_curves_that_could_not_be_drawn_are_refused_before_anything_is_trained(tmp_path: Path) -> None:
    for plot in (tmp_path / "loss.pdf", tmp_path / "none" / "loss.png"):
        with pytest.raises(UsageError, match="cannot be drawn"):
            command(backbone=str(tmp_path / "none.gguf"), plot=plot)


def test_stage_3_is_kept_of_a_graft_only() -> None:
    with pytest.raises(UsageError, match="no stage 3 to keep"):
        command(key_steps=0)


def test_a_graft_learns_to_read_sentences_and_keeps_its_memory_and_gate(
    tiny: Backbone, tiny_path: Path, graft_path: Path, tmp_path: Path
) -> None:
    start, out = grafts.load(graft_path, read_header(tiny_path)), tmp_path / "grown.gguf"
    assert start.sentences is None
    small = {"prompt_steps": 3, "prompt_batch": 2, "speak_writers": 1, "speak_questions": 3,
             "speak_steps": 3, "change_steps": 0, "listen_steps": 0}  # fmt: skip
    train(
        tiny,
        Recipe(layer=1, dim=32, key_steps=3, match_steps=3, **small, **SENTENCES),
        None,
        tmp_path / "run",
        out,
        lambda *_: None,
        start,
    )
    grown = grafts.load(out, read_header(tiny_path))
    before, after = start.state_dict(), grown.state_dict()
    assert all(torch.equal(before[k], after[k]) for k in before)
    assert grown.sentences is not None and grown.info.threshold == start.info.threshold
    assert grown.prompt is not None
    assert 0 < float(grown.prompt.moved.detach().abs().max()) < 0.1
    begun = start_states(Maker(tiny), grown.prompt.config.positions)
    assert torch.allclose(grown.prompt.start, begun, atol=1e-2)
    assert grown.speaking is not None and 0 < float(grown.speaking.moved.abs().max()) < 0.2
    made = {part: len(losses) for part, losses in curves.losses(tmp_path / "run").items()}
    assert {"soft prompt": 3, "speaking": 3}.items() <= made.items() and grown.changing is None
    learns_what_changes_a_message_and_keeps_all_else(tiny, tiny_path, grown, tmp_path)


def learns_what_changes_a_message_and_keeps_all_else(
    tiny: Backbone, tiny_path: Path, start: grafts.Graft, folder: Path
) -> None:
    none = {"key_steps": 0, "match_steps": 0, "prompt_steps": 0, "speak_steps": 0}
    steps = {"change_steps": 3, "change_batch": 2, "listen_steps": 3, "listen_batch": 2}
    recipe = Recipe(layer=1, dim=32, **steps, **none, **SENTENCES)
    start.info = replace(start.info, replaces=("an id",))
    train(tiny, recipe, None, folder / "changes", folder / "changing.gguf", lambda *_: None, start)
    grown = grafts.load(folder / "changing.gguf", read_header(tiny_path))
    before, after = start.state_dict(), grown.state_dict()
    assert all(torch.equal(before[k], after[k]) for k in before) and curves.losses(folder / "changes").keys() == {
        "changes",
        "listening",
    }
    assert grown.changing is not None and start.prompt is not None
    assert torch.allclose(grown.changing.start, start.prompt(), atol=1e-2), "it goes on from the one that judges"
    assert 0 < float(grown.changing.moved.abs().max()) < 0.1
    assert grown.listening is not None and 0 < float(grown.listening.moved.abs().max()) < 0.2
    assert torch.allclose(grown.listening.start, start_states(Maker(tiny), 16, listening.START), atol=1e-2)
    assert grown.info.replaces == ("an id",), "it reads the same facts and keys"
    assert grown.info.recipe["change_steps"] == 3 and grown.info.recipe["key_steps"] == start.info.recipe["key_steps"]


def test_questions_of_a_file_are_learned_from_and_no_other_line_is(tmp_path: Path) -> None:
    folder = tmp_path / "qa"
    folder.mkdir()
    (folder / "train_some.jsonl.xz").write_bytes(
        lzma.compress(b'{"sentence": "Ann -LRB- a vet -RRB- left.", "question": "Who left?", "answer": "Ann"}\n')
    )
    (folder / "dev_mixed.jsonl.xz").write_bytes(lzma.compress(b'{"sentence": "No.", "question": "No?"}\n'))
    (pair,) = natural_pairs(tmp_path, random.Random(0))
    assert (pair.sentence, pair.question, pair.answer) == ("Ann ( a vet ) left.", "Who left?", "Ann")
    (folder / "train_bad.jsonl.xz").write_bytes(lzma.compress(b'{"sentence": "No."}\n'))
    with pytest.raises(UsageError, match=r"train_bad\.jsonl\.xz, line 1"):
        natural_pairs(tmp_path, random.Random(0))
