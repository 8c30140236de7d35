"""Stage 7: the soft prompt that stands behind a message which only tells something, while it is replied to. Loss: the
tokens of a friend's short reply. A small model by itself says what it was told again, as if it were its own.
"""

from __future__ import annotations

import random
from pathlib import Path

import torch
from torch import Tensor

from titans_edge.backbone.model import Backbone
from titans_edge.neural.graft import Graft
from titans_edge.stories.replies import replies
from titans_edge.train.descent import descend, done, prompt_plan
from titans_edge.train.prompting import Maker, begin, start_states
from titans_edge.train.recipe import Recipe, Report
from titans_edge.train.speaking import TAUGHT, Spoken, reply_loss
from titans_edge.train.twin import load_twin

START = " (I am only telling you this. Reply like a friend, in a few words.)"  # training begins with its states


def train_listening(graft: Graft, backbone: Backbone, recipe: Recipe, folder: Path, report: Report) -> None:
    """Train `graft.listening`; checkpoints in `folder`, taken up again."""
    prompt, path = graft.listening, folder / "listening.pt"
    if prompt is None or not recipe.listen_steps:
        return
    maker = Maker(backbone)
    begin(prompt, lambda: start_states(maker, prompt.config.positions, START))
    plan = prompt_plan(recipe.listen_steps, recipe.listen_rate)
    if done(path, prompt, plan):
        return
    examples = [Spoken((), message, reply, TAUGHT) for message, reply in replies()]
    twin = load_twin(backbone.path, torch.float32)

    def loss(rng: random.Random, _: int) -> Tensor:
        return reply_loss(prompt(), twin, maker, rng.sample(examples, min(recipe.listen_batch, len(examples))))

    descend("listening", prompt, loss, plan, recipe.seed, path, report)
    maker.speaker.close()
