"""titans-edge chat: talk to a model that remembers."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from titans_edge import library
from titans_edge.cli import common, models
from titans_edge.cli.slash import COMMANDS, SURE, Slash

if TYPE_CHECKING:
    from titans_edge.chat import Chat
    from titans_edge.cli.prompt import Lines
    from titans_edge.history import History
    from titans_edge.session import Event
    from titans_edge.sidecar.client import MemoryClient


def chat(
    backbone: common.Backbone = library.DEFAULT,
    graft: common.GraftOption = None,
    memory: common.Memory = "default",
    no_memory: common.NoMemory = False,
    context: common.Context = 8192,
    gpu_layers: common.GpuLayers = None,
    temperature: common.Temperature = 0.0,
    top_p: common.TopP = 1.0,
    top_k: common.TopK = 0,
    min_p: common.MinP = 0.0,
    repeat_penalty: common.RepeatPenalty = 1.1,
    seed: common.Seed = None,
    max_tokens: common.MaxTokens = 512,
    recall: common.Recall = 4,
    rows: common.Rows = True,
    guard: common.Guard = True,
    learn_replies: Annotated[
        bool, typer.Option("--learn-replies", help="Learn from the model's own replies too.")
    ] = False,
    system: common.System = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Fetch a missing backbone without asking.")] = False,
) -> None:
    """Talk to a model that remembers. What you tell it goes into memory and outlasts the conversation.

    A backbone that is not here yet is fetched after a question.

    Examples: [bold]titans-edge chat[/bold] · [bold]titans-edge chat --memory work --temperature 0.7[/bold]
    """
    from titans_edge.backbone.sampling import Sampling
    from titans_edge.history import History

    sampling = Sampling(temperature, top_p, top_k, min_p, repeat_penalty, seed, max_tokens)
    history = History(None) if no_memory else History.of(library.memory_path(memory))
    if not no_memory:
        library.find_graft(graft, backbone)  # what has no graft is not fetched for nothing
    models.at_hand(backbone, yes=yes)
    with common.open_chat(
        backbone,
        graft,
        memory,
        no_memory=no_memory,
        gpu_layers=gpu_layers,
        guard=guard,
        context=context,
        sampling=sampling,
        system=system,
        mode=common.mode(recall, rows),
        k=recall,
        learn_replies=learn_replies,
    ) as talk:
        if sys.stdin.isatty():
            told = talk.client.info["spans"] if talk.client else 0
            name = "off" if no_memory else memory
            print(f"{talk.backbone.name} · memory {name} ({told} sentences) · /help for commands")
        Loop(talk, history).run()


class Loop:
    """Reads lines, runs commands and turns, prints events."""

    def __init__(self, talk: Chat, history: History, lines: Lines | None = None) -> None:
        from titans_edge.cli.prompt import lines as fitting

        self.talk, self.history = talk, history
        self.lines = lines or fitting(history, COMMANDS)
        self.last = ""
        self.slash = Slash(talk, history, lambda: self.last, self.lines.confirm)

    def run(self) -> None:
        while True:
            try:
                line = self.lines.next().strip()
                if line in ("/bye", "/quit", "/exit"):
                    return
                if line:
                    self.handle(line)
            except KeyboardInterrupt:
                continue
            except EOFError:
                return

    def handle(self, line: str) -> None:
        """One line of the user: a command or a message. Neither an error nor Ctrl-C ends the chat."""
        from titans_edge.errors import TitansError

        try:
            if line.startswith("/"):
                self.slash.run(line)
            else:
                self.turn(line)
            if self.talk.client is not None:
                common.show_notices(self.talk.client)
        except TitansError as e:
            print(f"! {e}", file=sys.stderr)
            if self.talk.client is not None:
                common.show_notices(self.talk.client)
        except KeyboardInterrupt:
            print("\n! Stopped waiting; a change that was sent is made all the same.", file=sys.stderr)

    def turn(self, message: str) -> None:
        """Stream one reply; Ctrl-C stops the reply, and the message is still learned. Then wait until it is kept.

        Ctrl-C while the memory is asked ends the turn before there is a reply, and nothing is learned.
        """
        client = self.talk.client
        restarts = client.restarts if client else 0
        cited = list[str]()
        with interrupts(client) as pressed:
            events = self.talk.turn(message)
            try:
                for event in events:
                    if pressed:
                        print(" [stopped]", end="")
                        break
                    cited = self._show(event) or cited
            except KeyboardInterrupt:
                print("\n! Stopped before there was a reply; the message was not learned.", file=sys.stderr)
                return
            events.close()  # type: ignore[attr-defined]
            self.talk.commit()
            print("\n".join(["", *cited]))
        if client is not None:
            self._remembered(client, restarts)

    def _show(self, event: Event) -> list[str]:
        """Print an event; the citations it brings."""
        from titans_edge.session import Done, Notice, Remembered, Text

        if isinstance(event, Text):
            print(event.text, end="", flush=True)
        elif isinstance(event, Notice):
            print(f"! {event.text}", file=sys.stderr)
        elif isinstance(event, Remembered):
            sure = event.rows or event.confidence >= SURE
            self._note = f", from memory ({100 * event.confidence:.0f} % sure)" if sure else ""
            return [common.cite(r) for r in common.telling(event.retrieved)]
        elif isinstance(event, Done):
            rate = event.tokens / max(1e-9, event.seconds - event.first_token)
            self.last = f"first token {event.first_token:.2f} s, {event.tokens} tokens, {rate:.0f} tokens/s{self._note}"
            self._note = ""
        return []

    _note = ""

    def _remembered(self, client: MemoryClient, restarts: int) -> None:
        for r in client.wait():
            if r["decision"] == "quarantined":
                why = common.printable(f"({r['reason']}): {r['text']}")
                print(f"! #{r['id']} waits for /accept or /reject {why}", file=sys.stderr)
        if client.restarts > restarts:
            print("! The memory process was started again from its journal; nothing was lost.", file=sys.stderr)


@contextmanager
def interrupts(client: MemoryClient | None) -> Iterator[list[int]]:
    """Collects Ctrl-C instead of raising it: llama.cpp must not be left in the middle of a step. What waits for the
    memory's answer is in the middle of nothing, and ends.
    """
    pressed: list[int] = []

    def press(number: int, _: object) -> None:
        pressed.append(number)
        if client is not None and client.asking:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, press)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)
