"""Reads bAbI files and book sentences from a folder the user names (tar.xz, txt.xz, or unpacked)."""

from __future__ import annotations

import lzma
import random
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from titans_edge.errors import DataError
from titans_edge.text import sentences


@dataclass(frozen=True)
class BabiSample:
    """One question with the facts of its story told before it."""

    task: str
    facts: tuple[str, ...]
    question: str
    target: str


def babi(data: Path, task: str, split: str) -> list[BabiSample]:
    """All samples of a task. split: "train" or "test"; the largest training file there is."""
    texts = sorted(_texts(data, re.compile(rf"(?:^|/){task}_[^/]*{split}[^/]*\.txt$")), key=len)
    if not texts:
        raise DataError(f"No bAbI {split} file of {task} in {data}.", "Name a folder like `babi/` with --data.")
    return list(_samples(task, texts[-1]))


def book_sentences(data: Path, split: str, min_words: int = 6) -> list[list[str]]:
    """Sentences of each book in `data`/books/`split` (or any .txt below it), one list a book, in order."""
    folder = data / "books" / split
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}.", "Put plain-text books there, or leave background text out.")
    books = [[s.text for s in sentences(text)] for text in _texts(folder, re.compile(r"\.txt$"))]
    return [[s for s in book if len(s.split()) >= min_words] for book in books if book]


def background(books: list[list[str]], rng: random.Random) -> Iterator[str]:
    """Sentences in book order from a random place of a random book; on to another book at its end."""
    while True:
        book = rng.choice(books)
        yield from book[rng.randrange(len(book)) :]


def _texts(root: Path, name: re.Pattern[str]) -> Iterator[str]:
    for path in sorted(root.rglob("*")):
        if not path.is_file():
            continue
        try:
            if path.name.endswith(".tar.xz"):
                yield from _members(path, name)
            elif path.name.endswith(".txt.xz") and name.search(str(path.relative_to(root)).removesuffix(".xz")):
                yield lzma.decompress(path.read_bytes()).decode("utf-8")
            elif path.suffix == ".txt" and name.search(str(path.relative_to(root))):
                yield path.read_text("utf-8")
        except (lzma.LZMAError, tarfile.TarError, UnicodeDecodeError, EOFError) as e:
            raise DataError(f"{path} cannot be read ({e}).", "Unpack or fetch it again.") from e


def _members(path: Path, name: re.Pattern[str]) -> Iterator[str]:
    with tarfile.open(path, "r:xz") as tar:
        for member in tar:
            if member.isfile() and name.search(member.name):
                handle = tar.extractfile(member)
                if handle is not None:
                    yield handle.read().decode("utf-8")


def _samples(task: str, text: str) -> Iterator[BabiSample]:
    facts: list[str] = []
    for line in text.splitlines():
        number, _, rest = line.strip().partition(" ")
        if not number.isdigit():
            continue
        if number == "1":
            facts = []
        if "\t" in rest:
            question, target, *_ = rest.split("\t")
            yield BabiSample(task, tuple(facts), question.strip(), target.strip())
        else:
            facts.append(rest.strip())
