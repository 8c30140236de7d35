"""Where something from outside comes in, for `tests.fuzz`: each door makes inputs, and puts them in."""

from __future__ import annotations

import contextlib
import io
import json
import random
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import msgspec

from tests.damaging import open_with_log
from tests.journals import fill
from tests.mutating import as_json, changed, damaged, text
from tests.serving import NearHost, serving
from tests.tiny import make_gguf, make_graft
from titans_edge import gguf_header
from titans_edge.api import Memory
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.reader import Reader
from titans_edge.backbone.sampling import Sampling
from titans_edge.backbone.spans import features
from titans_edge.engine import Engine
from titans_edge.errors import SidecarFailed, TitansError
from titans_edge.journal import Journal, transfer
from titans_edge.journal.salvage import check, salvage
from titans_edge.neural import graft as grafts
from titans_edge.server.settings import Settings
from titans_edge.sidecar import protocol, worker
from titans_edge.sidecar.host import MemoryHost
from titans_edge.sidecar.protocol import Request

SPANS = 20

SAID = [{"role": "user", "content": "Mary is in the box."}]
BODIES: list[tuple[str, Any]] = [
    ("/v1/chat/completions", {"messages": SAID, "max_tokens": 2, "temperature": 1.0, "seed": 1, "stop": ["x"]}),
    ("/v1/chat/completions", {"messages": SAID, "max_tokens": 2, "stream": True, "top_p": 0.9, "top_k": 4}),
    ("/v1/responses", {"input": "Where is Mary?", "max_output_tokens": 2, "instructions": "Be brief."}),
    ("/v1/embeddings", {"input": ["Mary", "box"], "encoding_format": "float", "dimensions": 8}),
    ("/v1/memory/spans", {"text": "Mary is in the box."}),
    ("/v1/memory/forget", {"ids": [1, 2]}),
    ("/v1/memory/forget", {"query": "Mary"}),
    ("/v1/memory/undo", {}),
    ("/v1/memory/quarantine/1/accept", {}),
    ("/v1/surprise", {"text": "Mary is in the box."}),
]
QUERIES = ["/v1/memory/spans?limit=", "/v1/memory/spans?before=", "/v1/memory/search?query=", "/v1/memory/spans/",
           "/v1/memory/growth?steps=", "/v1/models/", "/page/", "/v1/memory?memory="]  # fmt: skip


class Broken(Exception):
    """What was to hold did not."""


class Door:
    """Somewhere something comes in. `made` makes an input, `given` puts it in: True where it was accepted."""

    name = ""

    def __init__(self, world: World) -> None:
        self.world = world

    def made(self, rng: random.Random) -> bytes:
        raise NotImplementedError

    def given(self, raw: bytes, rng: random.Random) -> bool:
        raise NotImplementedError

    def end(self) -> None:
        """Looks whether what was sound still is."""


class World:
    """A tiny backbone, its graft, memory files, and a folder for what comes of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.backbone, self.graft = make_gguf(folder / "tiny.gguf"), folder / "graft.gguf"
        with Backbone(self.backbone, gpu_layers=0, threads=1) as tiny:
            make_graft(tiny, self.graft, keys=True)
            self.spans = list(features(Reader(tiny, 1), ["Mary is in the box.", "Where is Mary?"]))
        self.header = gguf_header.read_header(self.backbone)
        self.memory = folder / "sound.memory"
        fill(self.memory, SPANS)

    def host(self) -> MemoryHost:
        host = MemoryHost()
        host.handle(Request("start", args={"backbone": str(self.backbone), "graft": str(self.graft)}))
        return host


class JournalFile(Door):
    """A memory's file and its log, damaged: looked at, opened as a memory, repaired."""

    name = "journal file"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.host, self.path = world.host(), world.folder / "j" / "a.memory"
        logged = world.folder / "logged.memory"
        with contextlib.closing(open_with_log(logged, SPANS)):
            self.logged = logged.read_bytes(), logged.with_name(f"{logged.name}-wal").read_bytes()
        self.plain = world.memory.read_bytes()

    def made(self, rng: random.Random) -> bytes:
        main, log = (self.plain, b"") if rng.random() < 0.6 else self.logged
        if log and rng.random() < 0.5:
            log = damaged(rng, log, 4096)
        else:
            main = damaged(rng, main, 200)
        return msgspec.msgpack.encode((main, log))

    def given(self, raw: bytes, rng: random.Random) -> bool:
        main, log = msgspec.msgpack.decode(raw, type=tuple[bytes, bytes])
        shutil.rmtree(self.path.parent, ignore_errors=True)
        self.path.parent.mkdir()
        self.path.write_bytes(main)
        if log:
            self.path.with_name(f"{self.path.name}-wal").write_bytes(log)
        errors = [e for e in (error_of(lambda: check(self.path)), error_of(self._opened)) if e is not None]
        found = salvage(self.path)
        if found is not None and check(self.path) != found.kept:
            raise Broken(f"repaired with {found.kept} spans, and it has {check(self.path)}")
        self._opened()
        if errors:
            raise errors[0]
        return True

    def _opened(self) -> None:
        """As a user opens it: read by the graft and asked."""
        try:
            self.host.handle(Request("open", "m", args={"path": str(self.path)}))
            self.host.handle(Request("find", "m", args={"text": "Box"}))
        finally:
            self.host.handle(Request("close", "m"))

    def end(self) -> None:
        self.host.close()


class ImportFile(Door):
    """An exported memory's file, changed: imported into a sound memory, which is sound afterwards, and opened."""

    name = "import"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.host, self.path = world.host(), world.folder / "i" / "a.memory"
        self.path.parent.mkdir()
        with Journal(world.memory, write=False) as journal:
            for end in ("jsonl", "safetensors"):
                transfer.export(journal, world.folder / f"out.{end}")
        self.lines = [json.loads(x) for x in (world.folder / "out.jsonl").read_bytes().splitlines()]
        self.packed = (world.folder / "out.safetensors").read_bytes()

    def made(self, rng: random.Random) -> bytes:
        if rng.random() < 0.2:
            return damaged(rng, self.packed, 300)
        lines = [json.dumps(x).encode() for x in self.lines[: rng.randint(1, SPANS)]]
        for _ in range(rng.randint(1, 2)):
            at = rng.randrange(len(lines))
            lines[at] = as_json(rng, self.lines[at])
        whole = b"\n".join(lines)
        return damaged(rng, whole) if rng.random() < 0.2 else whole

    def given(self, raw: bytes, rng: random.Random) -> bool:
        for old in self.path.parent.iterdir():
            old.unlink()
        shutil.copy(self.world.memory, self.path)
        file = self.path.with_name("x.jsonl" if raw.startswith(b"{") or rng.random() < 0.5 else "x.safetensors")
        file.write_bytes(raw)
        added = 0
        try:
            added = transfer.import_file(self.path, file, mine=rng.random() < 0.5).added
        finally:
            if check(self.path) != SPANS + added:
                raise Broken(f"{added} spans were added to {SPANS}, and there are {check(self.path)}")
        self.host.handle(Request("open", "m", args={"path": str(self.path)}))
        self.host.handle(Request("close", "m"))
        return True

    def end(self) -> None:
        self.host.close()


class Header(Door):
    """A backbone's file: its header, and what binds a graft to it."""

    name = "GGUF header"
    first = 2000  # bytes of the tiny one in which all but the vocabulary stands

    def made(self, rng: random.Random) -> bytes:
        return damaged(rng, self.world.backbone.read_bytes(), self.first)

    def given(self, raw: bytes, rng: random.Random) -> bool:
        path = self.world.folder / "x.gguf"
        path.write_bytes(raw)
        gguf_header.fingerprint(gguf_header.read_header(path))
        return True


class GraftFile(Door):
    """A graft's file: bytes, and fields and tensors that are others."""

    name = "graft"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.fields, self.tensors = grafts.read(world.graft)

    def made(self, rng: random.Random) -> bytes:
        if rng.random() < 0.4:
            return damaged(rng, self.world.graft.read_bytes(), 4000)
        fields, tensors, path = dict(self.fields), dict(self.tensors), self.world.folder / "made.gguf"
        for name in rng.sample(sorted(fields), rng.randint(1, 2)):
            if name.startswith("general"):
                continue
            kind, odd = type(fields[name]), (0, 1, 7, 1000, 2**31 - 1, 2**32 - 1)
            if kind is str:
                tree = _tree(fields[name])
                fields[name] = text(rng) if tree is None else json.dumps(changed(rng, tree))
                fields[name] = fields[name].encode("utf-8", "replace").decode()
            else:
                fields[name] = rng.choice((kind(rng.choice(odd)), "x", rng.choice(odd)))
        if rng.random() < 0.2:
            name = rng.choice(sorted(tensors))
            tensors[name] = tensors[name].flatten()[: rng.randrange(1, 9)]
        with contextlib.redirect_stderr(io.StringIO()):
            grafts.write(path, fields, tensors)
        return path.read_bytes()

    def given(self, raw: bytes, rng: random.Random) -> bool:
        path = self.world.folder / "x-graft.gguf"
        path.write_bytes(raw)
        grafts.load(path, self.world.header)
        return True


class Frames(Door):
    """Frames of the memory process, both ways: what it is sent is answered with a frame, whatever it is."""

    name = "memory process"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.host, self.path = world.host(), world.folder / "frames.memory"
        self.host.handle(Request("open", "m", args={"path": str(self.path)}))
        span = protocol.pack_span(world.spans[0])
        write = {
            "part": 0,
            "kind": "user",
            "name": "you",
            "texts": ["Mary is in the box."],
            "offsets": [0],
            "guard": True,
        }
        self.requests = [
            Request("write", "m", "op", {**write, "time": 1.7e9}, [span]), Request("forget", "m", "op", {"ids": [1]}),
            Request("retrieve", "m", args={"text": "Where is Mary?", "k": 4, "between": [0.0, 2e9]}, spans=[span]),
            Request("rank", "m", args={"text": "Where is Mary?", "n": 3}, spans=[span]), Request("undo", "m", "op", {}),
            Request("find", "m", args={"text": "box", "limit": 3}),
            Request("later", "m", args={"id": 1, "text": "box", "n": 3}), Request("get", "m", args={"ids": [1, 2]}),
            Request("accept", "m", "op", {"id": 1, "accept": True}), Request("explain", "m"), Request("stats", "m"),
            Request("correct", "m", "op", {"id": 1, "text": "Mary is out."}, [span]),
            Request("reread", "m", args={"ids": [1]}, spans=[span]), Request("quarantine", "m", args={"limit": 2}),
            Request("document", "m", "op", {"document": "", "replaced": []}), Request("growth", "m", args={"steps": 9}),
        ]  # fmt: skip

    def made(self, rng: random.Random) -> bytes:
        request = rng.choice(self.requests)
        tree = msgspec.to_builtins(request, builtin_types=(bytes,))
        tree["operation"] = request.operation and f"op-{rng.random()}"
        if rng.random() < 0.3:
            return damaged(rng, msgspec.msgpack.encode(tree))
        tree = changed(rng, tree)
        with contextlib.suppress(TypeError, ValueError, OverflowError):  # what no frame can say
            return msgspec.msgpack.encode(tree)
        return damaged(rng, msgspec.msgpack.encode(request))

    def given(self, raw: bytes, rng: random.Random) -> bool:
        with contextlib.suppress(SidecarFailed):
            protocol.answer_in(raw)
        protocol.id_in(raw)
        request = protocol.request_in(raw)
        if request.op in ("start", "open", "close"):
            return False  # the runtime's own, once
        with contextlib.redirect_stderr(io.StringIO()):  # what nobody foresaw is told there too
            reply = worker.answer(self.host, request, lambda *_: None)
        answer = protocol.answer_in(protocol.frame(reply)[protocol.HEAD.size :])
        if not isinstance(answer, protocol.Reply) or answer.id != request.id:
            raise Broken("the answer is another request's")
        if not answer.ok:
            raise SidecarFailed(answer.error)
        return True

    def end(self) -> None:
        self.host.close()
        check(self.path)


class Talk(Door):
    """Texts that are told and asked."""

    name = "texts"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        with patch("titans_edge.engine.HostClient", NearHost):
            self.engine = Engine(str(world.backbone), str(world.graft), gpu_layers=0)
        self.memory = Memory(self.engine, "talk")

    def made(self, rng: random.Random) -> bytes:
        return text(rng).encode("utf-8", "surrogatepass")

    def given(self, raw: bytes, rng: random.Random) -> bool:
        said = raw.decode("utf-8", "surrogatepass")
        if rng.random() < 0.5:
            self.memory.tell(said)
        else:
            self.memory.ask(said, Sampling(temperature=1.0, seed=1, max_tokens=3))
        return True

    def end(self) -> None:
        path = self.memory.client.path
        self.memory.close()
        self.engine.close()
        check(Path(str(path)))


class Requests(Door):
    """What a server is asked over HTTP."""

    name = "server"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.stack = ExitStack()
        settings = Settings(port=0, sampling=Sampling(max_tokens=2), reply_seconds=5)
        self.server = self.stack.enter_context(serving(world.backbone, world.graft, settings))

    def made(self, rng: random.Random) -> bytes:
        if rng.random() < 0.2:
            wanted = quote(text(rng).encode("utf-8", "surrogatepass") if rng.random() < 0.7 else rng.randbytes(9))
            return msgspec.msgpack.encode(("GET", rng.choice(QUERIES) + wanted, b""))
        path, body = rng.choice(BODIES)
        return msgspec.msgpack.encode(("POST", path, as_json(rng, body)))

    def given(self, raw: bytes, rng: random.Random) -> bool:
        method, path, body = msgspec.msgpack.decode(raw, type=tuple[str, str, bytes])
        headers = {"Content-Type": "application/json"} if body else {}
        answer = self.server.client.request(method, path, content=body, headers=headers)
        if answer.status_code >= 500 or "internal_error" in answer.text:
            raise Broken(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        if answer.status_code >= 400:
            raise TitansError(str(answer.status_code))
        return True

    def end(self) -> None:
        if self.server.client.get("/healthz").status_code != 200:
            raise Broken("the server does not answer any more")
        self.stack.close()
        for path in (self.world.folder / "data").rglob("*.memory"):
            check(path)


DOORS: tuple[type[Door], ...] = (JournalFile, ImportFile, Header, GraftFile, Frames, Talk, Requests)


def error_of(do: Callable[[], object]) -> TitansError | None:
    """What was refused. A door's own answer of False is a refusal too."""
    try:
        return TitansError("no") if do() is False else None
    except TitansError as e:
        return e


def _tree(raw: str) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None
