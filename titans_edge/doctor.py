"""What the program stands on, looked at piece by piece: packages, machine, folders, models, grafts, memories, a test.

Each finding is good, a note (it works, but) or bad, and says the next step. Nothing is changed; nothing heavy is loaded
in this process, and a piece that is missing or broken is a finding, never the end of the examination.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
import psutil

from titans_edge import config, library, selftest, versions
from titans_edge.backbone import pace
from titans_edge.errors import TitansError

PACKAGES = ("llama-cpp-python", "torch", "numpy", "gguf", "transformers", "msgspec", "typer")
LITTLE_RAM, LITTLE_ROOM, NO_ROOM = 1.5e9, 2e9, 50e6  # bytes
CHECKED_WHOLE = 64e6  # bytes: a larger memory is only opened here; `memory verify` checks all of it
SEEN_BY = {  # a program that comes with a kind of GPU's driver: llama.cpp's backend, and how that is built
    "nvidia-smi": ("CUDA", "-DGGML_CUDA=on"),
    "rocminfo": ("HIP", "-DGGML_HIP=on"),
    "vulkaninfo": ("Vulkan", "-DGGML_VULKAN=on"),
}
WITHOUT_AMX = " ".join(f"-DCMAKE_{x}_FLAGS='-mno-amx-tile -mno-amx-int8 -mno-amx-bf16'" for x in ("C", "CXX"))
REBUILD = "install --force-reinstall --no-cache-dir --no-deps --no-binary llama-cpp-python llama-cpp-python"
SEE = "Run `titans-edge ask -v hello` to see all that is said."
Verdict = Literal["good", "note", "bad"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. next: the step to take, "" where there is none; data: figures, for programs."""

    about: str
    verdict: Verdict
    said: str
    next: str = ""
    data: dict[str, Any] = field(default_factory=dict)


def examine(
    backbone: str = library.DEFAULT,
    graft: str | None = None,
    *,
    seconds: float = 10.0,
    test: bool = True,
    on_stage: selftest.OnStage = lambda i, of, what: None,
) -> Iterator[Finding]:
    """All findings, the self-test of at most so many seconds last (test False: only llama.cpp is looked at)."""
    for look in (packages, machine, settings, places, models, grafts):
        yield from _safely(look.__name__, look)
    files = list(_safely("model", lambda: wanted(backbone, graft)))
    yield from files
    yield from _safely("memories", memories)
    there = all(f.verdict != "bad" for f in files)
    yield from _safely("self-test", lambda: tested(backbone if there and test else None, graft, seconds, on_stage))
    if not there:
        yield Finding("self-test", "note", "left out: there is no model and graft to test with")


def _safely(about: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """What goes wrong while something is looked at is a finding about it."""
    try:
        yield from look()
    except TitansError as e:
        yield Finding(about, "bad", e.message, e.hint)
    except Exception as e:  # of any library, on any machine
        yield Finding(about, "bad", f"{type(e).__name__}: {e}", "Install Titans Edge again.")


def packages() -> Iterator[Finding]:
    """Which versions are installed, and what is missing."""
    found = {p: versions.of(p) for p in ("titans-edge", *PACKAGES)}
    missing = [p for p in PACKAGES if found[p] is None]
    said = f"Titans Edge {found['titans-edge'] or '(a checkout)'}, Python {platform.python_version()}, "
    said += f"{platform.system()} {platform.machine()}; " + ", ".join(f"{p} {found[p]}" for p in PACKAGES if found[p])
    yield Finding("packages", "good", said, data={**found, "python": sys.version.split()[0]})
    for p in missing:
        yield Finding("packages", "bad", f"{p} is not installed.", f"Run `{_pip()} install {p}`.")


def machine() -> Iterator[Finding]:
    """Cores, threads, memory, and how it reads fastest."""
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    cores, ram = psutil.cpu_count(logical=False) or threads, psutil.virtual_memory()
    said = f"{cores} cores, {threads} threads to use, {_gb(ram.total)} of memory ({_gb(ram.available)} free)"
    data = {"cores": cores, "threads": threads, "ram": ram.total, "ram_free": ram.available}
    if ram.available < LITTLE_RAM:
        yield Finding("machine", "note", said, "Close other programs, or lower --context.", data)
    else:
        yield Finding("machine", "good", said, data=data)
    if (known := pace.recorded(library.heads_dir())) is None:
        yield Finding("reading", "good", "the first long text that is read measures what reads fastest here")
        return
    said = f"{known.tokens} tokens a batch and {known.threads} threads, {known.speed:,.0f} tokens/s"
    usual = "" if known.speed == known.usual else f" ({pace.USUAL} and all threads: {known.usual:,.0f})"
    yield Finding("reading", "good", said + usual, data=msgspec.to_builtins(known))


def settings() -> Iterator[Finding]:
    """Whether the settings can be read. Raises UsageError where one is wrong."""
    found = config.resolve()
    changed = [f"{k} ({v.level})" for k, v in found.items() if v.level != "default"]
    yield Finding("settings", "good", f"set: {', '.join(changed)}" if changed else "all at their defaults")


def places() -> Iterator[Finding]:
    """The folders of models and memories: may they be written, and is there room?"""
    for about, folder in (("models in", library.models_dir()), ("memories in", library.memories_dir())):
        there = next(p for p in (folder, *folder.parents) if os.path.lexists(p))
        try:
            with tempfile.TemporaryFile(dir=there):
                pass
            free = shutil.disk_usage(there).free
        except OSError as e:
            yield Finding(
                about, "bad", f"{folder} cannot be written ({e.strerror}).", f"Look at {there} and its rights."
            )
            continue
        verdict: Verdict = "bad" if free < NO_ROOM else "note" if free < LITTLE_ROOM else "good"
        hint = "" if verdict == "good" else "Free some space."
        yield Finding(about, verdict, f"{folder}, {_gb(free)} free", hint, {"folder": str(folder), "free": free})


def models() -> Iterator[Finding]:
    """The catalogue's models that are here: whole, and checked byte by byte?"""
    from titans_edge import download

    for e in (e for e in library.catalogue().values() if os.path.lexists(e.path)):
        again = f"Run `titans-edge pull {e.name}`."
        try:
            size = library.find_backbone(e.name).stat().st_size
        except TitansError as wrong:
            yield Finding("models", "bad", wrong.message, wrong.hint)
            continue
        checked, data = download.is_checked(e), {"name": e.name, "bytes": size}
        said = f"{e.name}, {size / 1e6:.0f} MB, " + (
            "every byte checked" if checked else "not checked since it changed"
        )
        yield Finding(
            "models", "good" if checked else "note", said, "" if checked else again, {**data, "checked": checked}
        )


def grafts() -> Iterator[Finding]:
    """The grafts that came with the program: are their files whole?"""
    from titans_edge.gguf_header import read_header

    for name, path in library.shipped().items():
        try:
            results = bool(read_header(path).meta.get("titans.results"))
            said = f"{name}, {path.stat().st_size / 1e6:.1f} MB{'' if results else ', without results of a training'}"
            yield Finding("grafts", "good", said, data={"name": name, "path": str(path)})
        except (TitansError, OSError) as e:
            yield Finding("grafts", "bad", f"{name}: {getattr(e, 'message', e)}", "Install Titans Edge again.")


def wanted(backbone: str, graft: str | None) -> Iterator[Finding]:
    """The model that would be used, and the graft that belongs to it. Raises ModelError or GraftError."""
    from titans_edge.gguf_header import fingerprint, read_header

    path = library.find_backbone(backbone)
    have = fingerprint(read_header(path))
    yield Finding("model", "good", f"{backbone} ({path.stat().st_size / 1e6:.0f} MB)", data={"path": str(path)})
    file = library.find_graft(graft, backbone)
    meta = read_header(file).meta
    data = {"path": str(file)}
    if any(meta.get(f"titans.backbone.{k}") != v for k, v in have.items()):
        hint = "Leave out --graft, or train one: `titans-edge train`."
        yield Finding("graft", "bad", f"{file} was not made for {backbone}.", hint, data)
    else:
        yield Finding("graft", "good", f"{file.parent.name}/{file.name}, {file.stat().st_size / 1e6:.1f} MB", data=data)


def memories() -> Iterator[Finding]:
    """Each stored memory: how many sentences, how large, is it sound, does anything lie beside it?"""
    from titans_edge.journal import Journal, upkeep
    from titans_edge.journal.legacy import is_legacy
    from titans_edge.journal.salvage import check

    files = sorted(library.memories_dir().glob("*.memory"))
    for path in files:
        name = path.stem
        try:
            size, data = path.stat().st_size, {"name": name}
            if is_legacy(path):
                hint = f"Open it once: `titans-edge chat --memory {name}`."
                yield Finding("memories", "note", f"{name} is of the first format", hint, data)
                continue
            if size <= CHECKED_WHOLE:
                count, how = check(path), "sound"
            else:
                with Journal(path, write=False, check=False) as journal:
                    count, how = journal.count(), "opened, not checked byte by byte"
            said = f"{name}, {count} sentences, {size / 1e6:.1f} MB, {how}"
            yield Finding("memories", "good", said, data={**data, "sentences": count, "bytes": size})
        except (TitansError, OSError) as e:
            hint = getattr(e, "hint", "") or f"Run `titans-edge memory verify {name} --repair`."
            yield Finding("memories", "bad", f"{name}: {getattr(e, 'message', e)}", hint, {"name": name})
        if left := upkeep.leftovers(path):
            said = f"{name}: beside it lie {', '.join(p.name for p in left)}"
            yield Finding("memories", "note", said, f"`titans-edge memory clean {name}` removes them.")
    if not files:
        yield Finding("memories", "good", "none yet")


def tested(backbone: str | None, graft: str | None, seconds: float, on_stage: selftest.OnStage) -> Iterator[Finding]:
    """llama.cpp's build, its GPU backends, and (backbone not None) an answer from a throw-away memory."""
    out = selftest.run(selftest.command(backbone, graft), seconds, on_stage)
    if out.llama:
        said = f"{out.llama['version']}, CPU features: {' '.join(out.llama['cpu'])}"
        if "AMX_INT8" in out.llama["cpu"]:
            said += "; compiled for AMX, which can crash: it is left out, at a cost"
            hint = f"Compiled without, it is faster: {_rebuild(WITHOUT_AMX)}"
            yield Finding("llama.cpp", "note", said, hint, out.llama)
        else:
            yield Finding("llama.cpp", "good", said, data=out.llama)
        yield _gpu([b for b in out.llama["backends"] if b not in ("CPU", "BLAS", "RPC")])
    about = "self-test" if out.llama else "llama.cpp"
    if out.timed_out:
        longer = f"A slow or busy machine? `titans-edge doctor --seconds {max(60, 4 * seconds):.0f}` waits longer."
        yield Finding(about, "note", out.wrong, longer)
    elif out.wrong:
        again = f"Install it again: `{_pip()} install --force-reinstall --no-cache-dir llama-cpp-python`."
        yield Finding(about, "bad", out.wrong, out.hint or (SEE if out.llama else again))
    elif backbone is not None:
        said = f'a sentence read, a question answered by {" and ".join(out.done["routes"])}: "{out.done["answer"]}"'
        yield Finding("self-test", "good", said, data=out.done)


def _gpu(backends: list[str]) -> Finding:
    if backends:
        return Finding(
            "GPU", "good", f"built for {', '.join(backends)}: all layers go there", data={"backends": backends}
        )
    seen = [(f"{program} is here", *how) for program, how in SEEN_BY.items() if shutil.which(program)]
    if (platform.system(), platform.machine()) == ("Darwin", "arm64"):
        seen.insert(0, ("this is Apple's chip", "Metal", "-DGGML_METAL=on"))
    for what, name, flag in seen:
        hint = f"For {name}: {_rebuild(flag)} (docs/gpu.md has more)"
        return Finding("GPU", "note", f"{what}, but llama.cpp is built for the CPU alone", hint)
    return Finding("GPU", "good", "none seen, none built for: the CPU does it all", data={"backends": []})


def _rebuild(flags: str) -> str:
    """The command that compiles llama.cpp anew, the version that is installed."""
    return f'CMAKE_ARGS="{flags}" {_pip()} {REBUILD}=={versions.of("llama-cpp-python")}'


def _pip() -> str:
    """What is typed for this environment's pip. pipx keeps an environment for each program, with a file of its own."""
    piped = os.path.exists(os.path.join(sys.prefix, "pipx_metadata.json"))
    return f"pipx runpip {os.path.basename(sys.prefix)}" if piped else "pip"


def _gb(n: float) -> str:
    return f"{n / 1e9:.1f} GB"
