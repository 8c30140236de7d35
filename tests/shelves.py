"""A folder of documents and a memory that reads them: the tiny backbone, and the memory in this process or its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from titans_edge.backbone.model import Backbone
from titans_edge.documents.files import find
from titans_edge.documents.reading import Outcome, read_files
from titans_edge.journal import Journal
from titans_edge.journal.documents import Document, documents
from titans_edge.session import Session
from titans_edge.sidecar.client import HostClient, MemoryClient


class Shelf:
    """memory: its file; folder: where the documents are."""

    def __init__(self, backbone: Backbone, model: Path, graft: Path, folder: Path, memory: Path) -> None:
        self.backbone, self.model, self.graft, self.folder, self.memory = backbone, model, graft, folder, memory
        folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def session(self) -> Iterator[Session]:
        with (
            MemoryClient.open(str(self.model), str(self.graft), str(self.memory), local=True) as client,
            Session(self.backbone, client, context=512) as session,
        ):
            yield session

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def read(self, *names: str | Path, **of: Any) -> list[Outcome]:
        """Without names: the folder."""
        with self.session() as session:
            return list(read_files(session, find(names or (self.folder,)), **of))

    def texts(self, source: str = "") -> list[str]:
        with Journal(self.memory, write=False) as journal:
            return [e.text for e in journal.find(source=source)]

    def documents(self) -> list[Document]:
        with Journal(self.memory, write=False) as journal:
            return documents(journal.db)

    def state(self) -> bytes:
        with self.session() as session:
            assert session.memory is not None
            return session.memory.state()


def statuses(outcomes: list[Outcome]) -> dict[str, str]:
    """By the names files were shown under, without their folders."""
    return {Path(o.shown).name: o.status for o in outcomes}


def hosts(model: Path, graft: Path) -> HostClient:
    """A memory process of its own."""
    return HostClient(str(model), str(graft))
