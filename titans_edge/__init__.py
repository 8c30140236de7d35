"""A neural memory that learns while you use it, for a frozen, quantised Qwen in llama.cpp.

import titans_edge as te

with te.Memory.open("work") as memory:
    memory.tell("The spare key is under the blue flowerpot.")
    print(memory.ask("Where is the spare key?"))

`load` gives the parts (`Engine`: backbone and memory process; `Session`: messages in, events out). Nothing heavy is
imported before one of them is used.
"""

TYPE_CHECKING = False  # what type checkers take for true; nothing is imported here: see `safe_python`
if TYPE_CHECKING:
    from titans_edge.api import Memory, Reply
    from titans_edge.backbone.sampling import Sampling
    from titans_edge.engine import Engine, load
    from titans_edge.session import Session

_WHERE = {
    "Memory": "api",
    "Reply": "api",
    "Engine": "engine",
    "load": "engine",
    "Sampling": "backbone.sampling",
    "Session": "session",
}
__all__ = ["Engine", "Memory", "Reply", "Sampling", "Session", "load"]


def __getattr__(name: str) -> object:
    if name not in _WHERE:
        raise AttributeError(f"module 'titans_edge' has no attribute {name!r}")
    from importlib import import_module

    found: object = getattr(import_module(f"titans_edge.{_WHERE[name]}"), name)
    return found
