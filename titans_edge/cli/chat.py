"""titans-edge chat: talk to a model that remembers."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from titans_edge import library
from titans_edge.cli import common
from titans_edge.cli.slash import HELP, Slash

if TYPE_CHECKING:
    from titans_edge.runtime import Chat
    from titans_edge.sidecar.client import MemoryClient


def chat(
    backbone: common.Backbone = library.DEFAULT,
    graft: common.GraftOption = None,
    memory: common.Memory = "default",
    no_memory: common.NoMemory = False,
    context: common.Context = 8192,
    gpu_layers: common.GpuLayers = None,
    temperature: Annotated[float, typer.Option(help="0 is greedy.")] = 0.0,
    top_p: Annotated[float, typer.Option(help="Nucleus sampling.")] = 1.0,
    top_k: Annotated[int, typer.Option(help="0: off.")] = 0,
    min_p: Annotated[float, typer.Option(help="0: off.")] = 0.0,
    repeat_penalty: Annotated[float, typer.Option(help="1: off.")] = 1.1,
    seed: Annotated[int, typer.Option(help="Seed of sampling.")] = 0,
    max_tokens: Annotated[int, typer.Option(help="Longest reply.")] = 512,
    recall: common.Recall = 0,
    rows: common.Rows = True,
    guard: common.Guard = True,
    learn_replies: Annotated[
        bool, typer.Option("--learn-replies", help="Learn from the model's own replies too.")
    ] = False,
    system: Annotated[str | None, typer.Option(help="System prompt; default: the model's own.")] = None,
) -> None:
    """Talk to a model that remembers. Facts you tell go into memory and outlast the conversation.

    Examples: [bold]titans-edge chat[/bold] · [bold]titans-edge chat --memory work --temperature 0.7[/bold]
    """
    from titans_edge.backbone.sampling import Sampling

    sampling = Sampling(temperature, top_p, top_k, min_p, repeat_penalty, seed, max_tokens)
    kept = None if no_memory else memory
    with common.open_chat(
        backbone,
        graft,
        kept,
        no_memory=no_memory,
        gpu_layers=gpu_layers,
        guard=guard,
        context=context,
        sampling=sampling,
        system=system,
        recall=recall,
        rows=rows,
        learn_replies=learn_replies,
    ) as session:
        if sys.stdin.isatty():
            told = session.client.info["spans"] if session.client else 0
            print(f"{session.backbone.name} · memory {memory if kept else 'off'} ({told} spans) · /help for commands")
        Loop(session).run()


class Loop:
    """Reads lines, runs commands and turns, prints events."""

    def __init__(self, session: Chat) -> None:
        self.session = session
        self.last = ""
        self.slash = Slash(session, lambda: self.last)

    def run(self) -> None:
        ask = _prompt()
        while True:
            try:
                line = ask()
            except KeyboardInterrupt:
                continue
            except EOFError:
                return
            if line.strip() in ("/bye", "/quit", "/exit"):
                return
            if line.strip():
                self.handle(line.strip())

    def handle(self, line: str) -> None:
        """One line of the user: a command or a message. Errors of one turn do not end the chat."""
        from titans_edge.errors import TitansError

        try:
            if line.startswith("/"):
                self.slash.run(line)
            else:
                self.turn(line)
        except TitansError as e:
            print(f"! {e}", file=sys.stderr)

    def turn(self, message: str) -> None:
        """Stream one reply; Ctrl-C stops the reply, and the message is still learned. Then wait until it is in the
        journal.
        """
        from titans_edge.runtime import Done, Notice, Remembered, Text

        client, events = self.session.client, self.session.turn(message)
        restarts = client.restarts if client else 0
        note, cited = "", list[str]()
        with _interrupts() as pressed:
            for event in events:
                if pressed:
                    print(" [stopped]", end="")
                    break
                if isinstance(event, Text):
                    print(event.text, end="", flush=True)
                elif isinstance(event, Notice):
                    print(f"! {event.text}", file=sys.stderr)
                elif isinstance(event, Remembered):
                    note = f", from memory ({100 * event.confidence:.0f} % sure)" if event.rows else ""
                    cited = [common.cite(r) for r in event.recalled]
                elif isinstance(event, Done):
                    rate = event.tokens / max(1e-9, event.seconds - event.first_token)
                    self.last = (
                        f"first token {event.first_token:.2f} s, {event.tokens} tokens, {rate:.0f} tokens/s{note}"
                    )
            events.close()  # type: ignore[attr-defined]
            print("\n".join(["", *cited]))
        if client is not None:
            self._remembered(client, restarts)

    def _remembered(self, client: MemoryClient, restarts: int) -> None:
        for v in client.wait():
            if v["decision"] == "quarantined":
                print(f"! #{v['id']} waits for /accept or /reject ({v['reason']}): {v['text']}", file=sys.stderr)
        if client.restarts > restarts:
            print(
                "! The memory process died and was started again from its journal; nothing was lost.", file=sys.stderr
            )


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """Collects Ctrl-C instead of raising it: llama.cpp must not be left in the middle of a step."""
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


def _prompt() -> Callable[[], str]:
    """A function that gives the next line: prompt_toolkit at a terminal, plain lines from a pipe (echoed)."""
    if not sys.stdin.isatty():

        def piped() -> str:
            line = sys.stdin.readline()
            if not line:
                raise EOFError
            print(f"> {line.rstrip()}", flush=True)
            return line

        return piped
    import platformdirs
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import WordCompleter
    from prompt_toolkit.history import FileHistory

    folder = Path(platformdirs.user_data_dir("titans-edge"))
    folder.mkdir(parents=True, exist_ok=True)
    words = WordCompleter([line.split()[0] for line in HELP.splitlines()], sentence=True)
    session: PromptSession[str] = PromptSession(history=FileHistory(str(folder / "history")), completer=words)
    return lambda: session.prompt("> ")
