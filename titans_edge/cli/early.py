"""A chat's first line can be typed while backbone and memory are still being opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from titans_edge.cli.prompt import Terminal

T = TypeVar("T")


@contextmanager
def opened(opening: AbstractContextManager[T], ready: Callable[[T], None], lines: Terminal) -> Iterator[tuple[T, str]]:
    """What is opened, in a thread, and the line that was typed meanwhile ("": none, the input ended). ready: called
    when it is open, above the prompt. Where it cannot be opened, the prompt ends and that is raised.
    """
    with ExitStack() as stack:
        future: Future[T] = stack.enter_context(ThreadPoolExecutor(1)).submit(_enter, opening, ready)
        stack.push(lambda *left: _leave(future, opening, *left))
        line = lines.early(future)
        yield future.result(), line


def _enter(opening: AbstractContextManager[T], ready: Callable[[T], None]) -> T:
    made = opening.__enter__()
    ready(made)
    return made


def _leave(future: Future[T], opening: AbstractContextManager[T], *left: object) -> bool | None:
    """Also where nobody waited for it."""
    return opening.__exit__(*left) if future.exception() is None else None  # type: ignore[arg-type]
