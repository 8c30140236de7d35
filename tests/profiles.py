"""Where the time goes: reading a text into a memory, and questions on it, by function, in one process.

    python -m tests.profiles BOOK.txt [--tokens 4000] [--what reading|asking] [--lines 25] [--model NAME]

The backbone's own work stands in the lines of `llama_decode`; everything else is ours.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import sys
import time
from pathlib import Path

from titans_edge import library
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.sampling import Sampling
from titans_edge.session import Session
from titans_edge.sidecar.client import MemoryClient
from titans_edge.sources import USER

QUESTIONS = ("Where do I keep the spare key?", "What is my brother's name?", "Who was at the door?", "When is it?")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("book", type=Path)
    parser.add_argument("--tokens", type=int, default=4000)
    parser.add_argument("--what", choices=("reading", "asking"), default="reading")
    parser.add_argument("--lines", type=int, default=25)
    parser.add_argument("--model", default=library.DEFAULT)
    options = parser.parse_args()
    model = library.find_backbone(options.model)
    graft = library.find_graft(None, str(model))
    with (
        Backbone(model) as backbone,
        MemoryClient.open(str(model), str(graft), None, local=True) as memory,
        Session(backbone, memory) as session,
    ):
        ids = backbone.vocab.encode(options.book.read_text(encoding="utf-8"))[: 2 * options.tokens]
        first, second = (backbone.vocab.decode(ids[at : at + options.tokens]) for at in (0, options.tokens))
        _read(session, first)  # what is made once is made
        profile, began = cProfile.Profile(), time.perf_counter()
        if options.what == "reading":
            profile.runcall(_read, session, second)
        else:
            profile.runcall(_ask, session)
        took = time.perf_counter() - began
    print(f"{options.what}: {took:.2f} s")
    pstats.Stats(profile, stream=sys.stdout).strip_dirs().sort_stats("tottime").print_stats(options.lines)


def _read(session: Session, text: str) -> None:
    for _ in session.learn(text, USER):
        pass
    assert session.memory is not None
    session.memory.wait()


def _ask(session: Session) -> None:
    for question in QUESTIONS:
        for _ in session.reply([{"role": "user", "content": question}], Sampling(max_tokens=24)):
            pass


if __name__ == "__main__":
    main()
