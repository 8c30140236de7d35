"""titans-edge chat: talk to a model that remembers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from titans_edge import library
from titans_edge.cli import common, models
from titans_edge.cli.room import COMMANDS, Room, interrupts
from titans_edge.cli.slash import run as run_command
from titans_edge.cli.slash_memory import SURE
from titans_edge.questions import is_question

if TYPE_CHECKING:
    from titans_edge.chat import Chat
    from titans_edge.cli.prompt import Lines
    from titans_edge.cli.show import Show
    from titans_edge.events import Done, Event, Remembered
    from titans_edge.history import History
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
    stop: common.Stop = None,
    recall: common.Recall = 4,
    rows: common.Rows = True,
    route: common.Route = "text",
    guard: common.Guard = True,
    learn_replies: Annotated[
        bool, typer.Option("--learn-replies", help="Learn from the model's own replies too.")
    ] = False,
    system: common.System = None,
    plain: Annotated[bool, typer.Option("--plain", help="No Markdown: replies as they come.")] = False,
    footer: Annotated[
        bool | None, typer.Option("--footer/--no-footer", help="What was learnt and how fast; default: at a terminal.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Fetch a missing backbone without asking.")] = False,
) -> None:
    """Talk to a model that remembers. What you tell it goes into memory and outlasts the conversation.

    A backbone that is not here yet is fetched after a question. Where the lines come from a pipe or a file, what fails
    is told and the next line is read; in the end the exit code is the first failure's (a wrong command is none).

    \b
    Examples:
      titans-edge chat
      titans-edge chat --memory work --temperature 0.7
    """
    from titans_edge.backbone.sampling import Sampling
    from titans_edge.cli.early import opened
    from titans_edge.cli.prompt import Piped
    from titans_edge.cli.prompt import lines as fitting
    from titans_edge.cli.show import fitting as formatted
    from titans_edge.history import History

    sampling = Sampling(temperature, top_p, top_k, min_p, repeat_penalty, seed, max_tokens, tuple(stop or ()))
    history = History(None) if no_memory else History.of(library.memory_path(memory))
    if not no_memory:
        library.find_graft(graft, backbone)  # what has no graft is not fetched for nothing
    models.at_hand(backbone, yes=yes)
    opening = common.open_chat(
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
        route=route,
        learn_replies=learn_replies,
    )
    footer = sys.stdout.isatty() if footer is None else footer
    lines = fitting(history, COMMANDS)
    if isinstance(lines, Piped):
        with opening as talk:
            loop = Loop(talk, history, lines, formatted(plain), footer)
            loop.run()
        raise typer.Exit(loop.failed)
    with opened(opening, lambda talk: _greet(talk, "off" if no_memory else memory), lines) as (talk, first):
        Loop(talk, history, lines, formatted(plain), footer).run(first)


def _greet(talk: Chat, memory: str) -> None:
    told = talk.client.info["spans"] if talk.client else 0
    print(f"{talk.backbone.name} · memory {memory} ({told} sentences) · /help for commands")


class Loop:
    """Reads lines, runs commands and turns, prints events. footer: what was learnt and how fast, beneath a reply."""

    def __init__(
        self, talk: Chat, history: History, lines: Lines, show: Show | None = None, footer: bool = False
    ) -> None:
        from titans_edge.cli.show import Plain

        self.talk, self.history, self.footer, self.lines = talk, history, footer, lines
        self.show: Show = show or Plain()
        self.room = Room(talk, history, self.lines, self._say)
        self.failed = 0  # exit code of the first line that failed; a wrong command is told, and no failure
        self._given: Remembered | None = None

    def run(self, first: str | None = None) -> None:
        """To the end of the input. first: a line that was typed already; "": there is no input."""
        if first == "":
            return
        while True:
            self.lines.mark = "private" if self.talk.private else ""
            self.history.private = self.talk.private
            try:
                line, first = (first or self.lines.next()).strip(), None
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
        from titans_edge.cli.prompt import block
        from titans_edge.errors import TitansError, UsageError

        try:
            message = block(line)
            if message is None and line.startswith("/"):
                run_command(self.room, line)
            else:
                self.turn(line if message is None else message)
            self._notices()
        except TitansError as e:
            print(f"! {e}", file=sys.stderr)
            self.failed = self.failed or (0 if isinstance(e, UsageError) else e.exit_code)
            self._notices()
        except KeyboardInterrupt:
            print("\n! Stopped waiting; a change that was sent is made all the same.", file=sys.stderr)

    def _notices(self) -> None:
        if self.talk.client is not None:
            common.show_notices(self.talk.client)

    def turn(self, message: str) -> None:
        """Stream one reply; Ctrl-C stops the reply, and the message is still learned. Then wait until it is kept.

        Ctrl-C while the memory is asked ends the turn before there is a reply, and nothing is learned.
        """
        self._say(self.talk.turn(message))

    def _say(self, events: Iterator[Event]) -> None:
        from titans_edge.events import Done

        client, note, done = self.talk.client, "", None
        restarts = client.restarts if client else 0
        cited = list[str]()
        with interrupts(client) as pressed:
            try:
                for event in events:
                    if pressed:
                        note = " [stopped]"
                        break
                    cited = self._event(event) or cited
                    done = event if isinstance(event, Done) else done
            except KeyboardInterrupt:
                self.show.drop()
                print("\n! Stopped before there was a reply; the message was not learned.", file=sys.stderr)
                return
            except BaseException:
                self.show.drop()
                raise
            events.close()  # type: ignore[attr-defined]
            self.show.end(note, cited)
            self.talk.commit()
        rulings = self._remembered(client, restarts) if client is not None else []
        if self.footer:
            self.show.beneath(self._foot(done, rulings))

    def _event(self, event: Event) -> list[str]:
        """Show an event; the citations it brings."""
        from titans_edge.chat import Dropped, Unlearned
        from titans_edge.events import Done, Notice, Remembered, Text

        if isinstance(event, Text):
            self.show.text(event.text)
        elif isinstance(event, Dropped) and self.room.told_of_window:
            pass
        elif isinstance(event, Notice):
            self.room.told_of_window |= isinstance(event, Dropped)
            self.failed = self.failed or (event.exit_code if isinstance(event, Unlearned) else 0)
            print(f"! {event.text}", file=sys.stderr)
        elif isinstance(event, Remembered):
            self._given = event
            return [common.cite(r) for r in common.telling(event.retrieved)]
        elif isinstance(event, Done):
            self.room.last = self._figures(event)
            self._given = None
        return []

    def _figures(self, done: Done) -> str:
        after = max(1e-9, done.seconds - done.first_token)
        rate = f", {(done.tokens - 1) / after:.0f} tokens/s" if done.tokens > 1 else ""
        sure = self._given is not None and (self._given.rows or self._given.confidence >= SURE)
        note = f", from memory ({100 * self._given.confidence:.0f} % sure)" if self._given and sure else ""
        return f"first token {done.first_token:.2f} s, {done.tokens} token{'s' * (done.tokens != 1)}{rate}{note}"

    def _foot(self, done: Done | None, rulings: list[dict[str, Any]]) -> str:
        """What a reply's message taught (a question teaches nothing), and how fast the reply was."""
        kept = [r for r in rulings if r["decision"] in ("written", "damped", "kept") and not is_question(r["text"])]
        facts = sum(r.get("facts", 0) for r in kept)
        taught = [f"learnt {len(kept)} sentence{'s' * (len(kept) != 1)}, {facts} fact{'s' * (facts != 1)}"]
        taught = ["private: nothing learnt"] if self.talk.private else taught if kept else ["nothing learnt"]
        return " · ".join([*(taught if self.talk.client else []), self.room.last if done else "stopped"])

    def _remembered(self, client: MemoryClient, restarts: int) -> list[dict[str, Any]]:
        rulings = client.wait()
        for r in rulings:
            if r["decision"] == "quarantined":
                why = common.printable(f"({r['reason']}): {r['text']}")
                print(f"! #{r['id']} waits for /accept or /reject {why}", file=sys.stderr)
        if client.restarts > restarts:
            print("! The memory process was started again from its journal; nothing was lost.", file=sys.stderr)
        return rulings
