"""A look at the whole thing at work, in a process of its own: load, read a sentence, answer from a throw-away memory.

`main` is that process; it tells each step in a line of JSON. `run` starts it, hands its steps on, and ends it when its
time is over: a build of llama.cpp that does not suit the processor may crash or hang, and only this process with it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from titans_edge.safe_python import module_command

STAGES = ("starting", "finding llama.cpp", "loading the model", "reading a sentence", "answering")
FACT, QUESTION = "The spare key is under the blue flowerpot.", "Where is the spare key?"
LAST_LINES = 3  # of what a process that crashed printed
OnStage = Callable[[int, int, str], None]  # number, of, what


@dataclass
class Outcome:
    """What the process told. llama: version, CPU features and backends of llama.cpp; wrong: "" where all went well."""

    stage: str = STAGES[0]
    llama: dict[str, Any] = field(default_factory=dict)
    done: dict[str, Any] = field(default_factory=dict)  # answer, routes, tokens
    wrong: str = ""
    hint: str = ""
    timed_out: bool = False


def command(backbone: str | None, graft: str | None) -> list[str]:
    """What `run` starts; backbone None: only a look at llama.cpp."""
    return module_command("titans_edge.selftest", backbone or "", graft or "")


def run(command: Sequence[str], seconds: float, on_stage: OnStage = lambda i, of, what: None) -> Outcome:
    """Run the process for at most so many seconds."""
    out, printed = Outcome(), list[str]()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert process.stdout is not None
    reader = threading.Thread(target=_listen, args=(process.stdout, out, printed, on_stage), daemon=True)
    reader.start()
    try:
        process.wait(seconds)
        reader.join(seconds)
    except subprocess.TimeoutExpired:
        out.timed_out, out.wrong = True, f"It was not done after {seconds:g} seconds (step: {out.stage})."
        return out
    finally:
        process.kill()
        process.wait()
    if process.returncode and not out.wrong:
        said = " ".join(printed[-LAST_LINES:])
        out.wrong = f"Its process ended with {process.returncode} while {out.stage}{': ' if said else '.'}{said}"
    return out


def _listen(pipe: IO[bytes], out: Outcome, printed: list[str], on_stage: OnStage) -> None:
    """Take in the process's lines; what is no line of ours was printed by somebody's C code, or is a traceback."""
    for raw in pipe:
        try:
            line = json.loads(raw)
            ours = isinstance(line, dict) and line.pop("selftest") is True
        except (ValueError, KeyError, RecursionError):
            ours = False
        if not ours:
            printed.append(raw.decode("utf-8", "replace").strip())
            continue
        for key, value in line.items():
            setattr(out, key, value)
        if "stage" in line:
            on_stage(STAGES.index(line["stage"]), len(STAGES), f"self-test, {line['stage']}")
    pipe.close()


# --- in the process


def main(backbone: str, graft: str) -> None:
    """Look at llama.cpp, then (backbone not "") answer a question; tells steps on standard output."""
    from titans_edge.errors import TitansError

    try:
        _tell(stage=STAGES[1])
        _tell(llama=_llama())
        if backbone:
            _answer(backbone, graft or None)
    except TitansError as e:
        _tell(wrong=e.message, hint=e.hint)
    except Exception as e:  # whatever it is, it is what the doctor was called for
        _tell(wrong=f"{type(e).__name__}: {e}")


def _llama() -> dict[str, Any]:
    import ctypes

    import llama_cpp
    from llama_cpp import _ggml

    lib = _ggml.libggml
    lib.ggml_backend_reg_count.restype = ctypes.c_size_t
    lib.ggml_backend_reg_get.restype, lib.ggml_backend_reg_get.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    lib.ggml_backend_reg_name.restype, lib.ggml_backend_reg_name.argtypes = ctypes.c_char_p, [ctypes.c_void_p]
    names = [lib.ggml_backend_reg_name(lib.ggml_backend_reg_get(i)) for i in range(lib.ggml_backend_reg_count())]
    said = llama_cpp.llama_print_system_info().decode("utf-8", "replace")
    cpu = [part.split("=")[0].split(":")[-1].strip() for part in said.split("|") if part.strip().endswith("= 1")]
    return {"version": llama_cpp.__version__, "cpu": cpu, "backends": [n.decode() for n in names]}


def _answer(backbone: str, graft: str | None) -> None:
    from titans_edge.backbone.sampling import Sampling
    from titans_edge.engine import Engine
    from titans_edge.events import Done, Remembered, Text

    _tell(stage=STAGES[2])
    with (
        Engine(backbone, graft) as engine,
        engine.memory("selftest", kept=False) as memory,
        engine.session(memory, context=512) as session,
    ):
        _tell(stage=STAGES[3])
        for _ in session.learn(FACT):
            pass
        kept = len(memory.wait())
        _tell(stage=STAGES[4])
        said, routes, tokens = "", tuple[str, ...](), 0
        for event in session.reply([{"role": "user", "content": QUESTION}], Sampling(max_tokens=12)):
            said += event.text if isinstance(event, Text) else ""
            routes = event.routes if isinstance(event, Remembered) else routes
            tokens = event.tokens if isinstance(event, Done) else tokens
    _tell(done={"answer": said.strip(), "routes": routes, "tokens": tokens, "kept": kept})
    if not (kept and routes):
        _tell(wrong=f"It ran, but {'nothing was recalled' if kept else 'the sentence was not kept'}.")


def _tell(**what: Any) -> None:
    print("\n" + json.dumps({"selftest": True, **what}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:3])
