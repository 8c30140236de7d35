"""What is typed while the chat is busy: not shown among what it says, and there at the next prompt."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def unseen() -> Iterator[None]:
    """Keys are not echoed meanwhile, and Ctrl-C, which is a signal as ever, drops none of them. The terminal is as it
    was afterwards, also where SIGTERM ends the program. Nothing where there is no terminal, or on Windows.
    """
    if sys.platform == "win32" or not sys.stdin.isatty():
        yield
        return
    import termios  # noqa: TID251 - POSIX only, as here; prompt_toolkit's modes take Ctrl-C for a key

    keyboard = sys.stdin.fileno()
    before = termios.tcgetattr(keyboard)
    flags = before[3] & ~termios.ECHO | termios.NOFLSH

    def put(attributes: list[int | list[bytes | int]]) -> None:
        with contextlib.suppress(termios.error):  # it was hung up
            termios.tcsetattr(keyboard, termios.TCSANOW, attributes)

    def end(number: int, _: object) -> None:
        put(before)
        signal.signal(number, ends)
        signal.raise_signal(number)

    ends = signal.signal(signal.SIGTERM, end)
    try:
        put([*before[:3], flags, *before[4:]])
        yield
    finally:
        put(before)
        signal.signal(signal.SIGTERM, ends)
