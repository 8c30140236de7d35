"""Keys and values at every layer against rows at the input, as ways from what a state gives to a frozen backbone:

    python -m tests.rows [--steps 60] [--batch 8] [--rows 1,2,4,8,16] [--out rows.json]

What is given is a phrase as a state gives it: the vectors (PLACES, d) of its tokens, each in its place. A generator
makes N rows of it, trained through the twin to have the backbone say the phrase behind a question: N rows of the input
layer, which then pass through all layers, or the keys and values of N positions at every layer, which take no forward
pass (in the manner of prefix tuning: Li and Liang 2021, arXiv 2101.00190). Both begin at what a ridge regression on the
vocabulary makes of a token's vector: its row, or the keys and values the backbone computes of it. Words and phrases are
people's own answers (`stories.written`); a sixth of them is held out, and those are what is scored. A pair that is in
the file already is not trained again.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from titans_edge import library
from titans_edge.backbone.model import Backbone
from titans_edge.framing import framed
from titans_edge.gguf_header import read_header
from titans_edge.neural import graft as grafts
from titans_edge.neural.contents import Contents
from titans_edge.routes import SYSTEM
from titans_edge.stories.written import written
from titans_edge.train.prompting import Maker, rope_of, turned
from titans_edge.train.twin import load_twin

PLACES = 8  # tokens of a phrase, at most
ROUTES = ("input", "kv")
QUESTION = "What is it?"
RANK, FITTED, RIDGE = 64, 2000, 1e-2  # of the trained part; tokens the beginning is fitted on, and its ridge
HELD_OUT, SCORED = 6, 60  # one of so many phrases; of words, and of phrases
IGNORED = -100


class Generator(nn.Module):
    """Vectors (B, PLACES, d) -> rows (B, n, width): each place's, by a fixed linear map, into one row, and what is
    learned. mean (width,), basis (d, width): of that map.
    """

    mean: Tensor
    basis: Tensor

    def __init__(self, n: int, mean: Tensor, basis: Tensor) -> None:
        super().__init__()
        self.n = n
        self.register_buffer("mean", mean)
        self.register_buffer("basis", basis)
        width = len(mean)
        self.bias = nn.Parameter(torch.zeros(n, width))
        self.down = nn.Linear(PLACES * len(basis), RANK)
        self.up = nn.Linear(RANK, n * width, bias=False)
        nn.init.zeros_(self.up.weight)
        self.scale = float(mean.std() + basis.std() * len(basis) ** 0.5)

    def forward(self, given: Tensor) -> Tensor:
        there = given.norm(dim=-1, keepdim=True) > 0
        each = (self.mean + given @ self.basis) * there
        rows = torch.stack([each[:, j :: self.n].sum(1) for j in range(min(self.n, PLACES))], 1)
        rows = F.pad(rows, (0, 0, 0, self.n - rows.shape[1]))
        learned = self.up(F.gelu(self.down(given.flatten(1)))).view(rows.shape)
        return rows + self.scale * (self.bias + learned)


class Bench:
    """Backbone, twin, and what stands before and behind the rows."""

    def __init__(self, model: Path, graft: Path) -> None:
        self.backbone = Backbone(model, gpu_layers=0)
        self.contents: Contents = grafts.load(graft, read_header(model)).memory.contents
        self.twin = load_twin(model, torch.float32)
        maker = Maker(self.backbone)
        asked = framed(self.backbone, [{"role": "user", "content": QUESTION}], SYSTEM)
        self.before = torch.from_numpy(maker.read(asked.head)).float()  # (layers, 2, T, numbers)
        self.after = [*asked.message, *asked.tail]
        maker.speaker.close()

    def given(self, ids: Sequence[Sequence[int]]) -> Tensor:
        """(B, PLACES, d)."""
        out = torch.zeros(len(ids), PLACES, self.contents.dim)
        for row, tokens in zip(out, ids, strict=True):
            row[: len(tokens)] = self.contents.tokens(list(tokens))
        return out

    def beginning(self, route: str) -> tuple[Tensor, Tensor]:
        """Mean and basis of the map from a token's vector to its row, or to its keys (as at position 0) and values."""
        vocab = self.backbone.vocab
        chosen = random.Random(0).sample(range(len(self.twin.get_input_embeddings().weight)), 3 * FITTED)
        tokens = [t for t in chosen if re.fullmatch(rb" ?[\w'-]+", vocab.piece(t))][:FITTED]
        goal = self.twin.get_input_embeddings().weight[tokens] if route == "input" else self.states(tokens)
        x = self.contents.tokens(tokens)
        mean = goal.mean(0)
        basis = torch.linalg.solve(x.T @ x + RIDGE * len(x) * torch.eye(x.shape[1]) / x.shape[1], x.T @ (goal - mean))
        return mean, basis

    @torch.no_grad()
    def states(self, tokens: Sequence[int]) -> Tensor:
        """Keys and values (tokens, layers * 2 * numbers) of each token behind what stands before, turned back."""
        out, length = list[Tensor](), self.before.shape[2]
        for at in range(0, len(tokens), 50):
            some = torch.tensor(tokens[at : at + 50])[:, None]
            cache = self._cache(len(some))
            self.twin.model(input_ids=some, past_key_values=cache, position_ids=torch.full_like(some, length))
            pairs = [(layer.keys[:, :, -1].flatten(1), layer.values[:, :, -1].flatten(1)) for layer in cache.layers]
            states = torch.stack([torch.stack(pair, 1) for pair in pairs], 1)  # (some, layers, 2, numbers)
            states[:, :, 0] = turned(states[:, :, None, 0], torch.full((len(some),), -length), self.backbone)[:, :, 0]
            out.append(states.flatten(1))
        return torch.cat(out)

    def _cache(self, n: int, rows: Tensor | None = None) -> Any:
        """What stands before, n times, and behind it rows (n, N, layers * 2 * numbers) of keys and values."""
        from transformers import DynamicCache

        layers, _, length, numbers = self.before.shape
        both = self.before[:, :, None].expand(-1, -1, n, -1, -1)
        if rows is not None:
            states = rows.view(n, -1, layers, 2, numbers)
            keys = [turned(k[:, :, None], torch.full((n,), length + j), self.backbone) for j, k in
                    enumerate(states[:, :, :, 0].unbind(1))]  # fmt: skip
            made = torch.stack([torch.cat(keys, 2), states[:, :, :, 1].transpose(1, 2)])  # (2, n, layers, N, numbers)
            both = torch.cat([both, made.permute(2, 0, 1, 3, 4)], 3)
        cache, head = DynamicCache(), rope_of(self.backbone).head
        for layer in range(layers):
            k, v = (x.reshape(*x.shape[:-1], -1, head).transpose(1, 2) for x in both[layer])
            cache.update(k, v, layer)
        return cache

    def logits(self, route: str, rows: Tensor, replies: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
        """Of the replies' tokens (B, T, vocabulary), and which they are (B, T), IGNORED where there is none."""
        n, longest, length = len(rows), max(map(len, replies)), self.before.shape[2]
        ids = torch.tensor([[*self.after, *reply, *[0] * (longest - len(reply))] for reply in replies])
        goal = torch.tensor([[*reply, *[IGNORED] * (longest - len(reply))] for reply in replies])
        embeds = self.twin.get_input_embeddings()(ids)
        cache = self._cache(n, rows if route == "kv" else None)
        embeds = embeds if route == "kv" else torch.cat([rows, embeds], 1)
        first = length + (rows.shape[1] if route == "kv" else 0)
        places = torch.arange(first, first + embeds.shape[1]).expand(n, -1)
        hidden = self.twin.model(
            inputs_embeds=embeds,
            past_key_values=cache,
            position_ids=places,
            attention_mask=torch.ones(n, first + embeds.shape[1], dtype=torch.long),
            use_cache=True,
        ).last_hidden_state
        return self.twin.lm_head(hidden[:, -longest - 1 : -1]), goal


def phrases(backbone: Backbone) -> tuple[list[list[int]], dict[str, list[list[int]]]]:
    """Token ids of what is trained on, and of what is scored, by kind."""
    texts = sorted({q.targets[0] for who in written() for q in who.questions if q.told and q.targets})
    random.Random(1).shuffle(texts)
    learnt, scored = list[list[int]](), dict[str, list[list[int]]]({"words": [], "phrases": []})
    for n, text in enumerate(texts):
        ids = backbone.vocab.encode(f" {text}")
        kind = "words" if len(text.split()) == 1 else "phrases"
        if len(ids) > PLACES:
            continue
        if n % HELD_OUT:
            learnt.append(ids)
        elif len(scored[kind]) < SCORED:
            scored[kind].append(ids)
    return learnt, scored


def trained(bench: Bench, route: str, n: int, learnt: list[list[int]], steps: int, batch: int) -> Generator:
    torch.manual_seed(0)
    generator = Generator(n, *bench.beginning(route))
    optimiser = torch.optim.AdamW(generator.parameters(), 1e-3)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * min(1.0, (step + 1) / 10) * (1 - step / steps)
        some, began = random.Random(step).sample(learnt, batch), time.perf_counter()
        logits, goal = bench.logits(
            route, generator(bench.given(some)), [[*ids, bench.backbone.vocab.eos] for ids in some]
        )
        loss = F.cross_entropy(logits.flatten(0, 1), goal.flatten(), ignore_index=IGNORED)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(generator.parameters(), 1.0)
        optimiser.step()
        if step % 10 == 0 or step == steps - 1:
            seconds = time.perf_counter() - began
            print(f"{route} {n}: step {step + 1} of {steps}, loss {loss.item():.3f}, {seconds:.1f} s", file=sys.stderr)
    return generator


@torch.no_grad()
def score(bench: Bench, route: str, generator: Generator, scored: dict[str, list[list[int]]]) -> list[dict[str, Any]]:
    """Of each kind: how many phrases the backbone's likeliest tokens spell whole, and nats a token."""
    out = []
    for kind, every in scored.items():
        right, nats, tokens = 0, 0.0, 0
        for at in range(0, len(every), 10):
            some = [[*ids, bench.backbone.vocab.eos] for ids in every[at : at + 10]]
            logits, goal = bench.logits(route, generator(bench.given(every[at : at + 10])), some)
            there = goal != IGNORED
            right += int(((logits.argmax(-1) == goal) | ~there).all(1).sum())
            nats += float(F.cross_entropy(logits[there], goal[there], reduction="sum"))
            tokens += int(there.sum())
        out.append({"route": route, "kind": kind, "rows": generator.n, "n": len(every), "right": right,
                    "nats": nats / tokens})  # fmt: skip
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rows", default="1,2,4,8,16")
    parser.add_argument("--model", default=library.DEFAULT)
    parser.add_argument("--out", type=Path, default=Path("rows.json"))
    options = parser.parse_args()
    model = library.find_backbone(options.model)
    bench = Bench(Path(model), Path(library.find_graft(None, str(model))))
    learnt, scored = phrases(bench.backbone)
    made: dict[str, Any] = {
        "command": f"python -m tests.rows --steps {options.steps} --batch {options.batch}",
        "cells": [],
    }
    if options.out.exists():
        made = json.loads(options.out.read_text("utf-8"))
    for n in map(int, options.rows.split(",")):
        for route in ROUTES:
            for steps in (0, options.steps):
                if any((c["rows"], c["route"], c["steps"]) == (n, route, steps) for c in made["cells"]):
                    continue
                generator = trained(bench, route, n, learnt, steps, options.batch)
                made["cells"] += [c | {"steps": steps} for c in score(bench, route, generator, scored)]
                options.out.write_text(json.dumps(made), "utf-8")
                print(json.dumps(made["cells"][-2:]), file=sys.stderr)
    print(options.out.read_text("utf-8"))


if __name__ == "__main__":
    main()
