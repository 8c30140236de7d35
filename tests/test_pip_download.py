"""pip can neither hang for ever nor outlive an interrupt, and what it brings is only looked into."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import psutil
import pytest

from titans_edge import pip_download
from titans_edge.errors import DownloadError

DATA = bytes(range(256)) * 40


@pytest.mark.slow
def test_pip_that_hangs_is_stopped(tmp_path: Path) -> None:
    hangs = [sys.executable, "-c", f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); "
             "time.sleep(600)"]  # fmt: skip
    with pytest.raises(DownloadError, match="did not come in time"):
        pip_download.wheel("a==1", tmp_path / "w", lambda _: None, pip=hangs, limits=pip_download.Limits(2.0, 60.0))
    assert not _alive(int((tmp_path / "pid").read_text()))


@pytest.mark.slow
def test_pip_that_drips_for_ever_is_stopped(tmp_path: Path) -> None:
    drips = [sys.executable, "-u", "-c", "import time\nwhile True: time.sleep(0.05); open('x', 'a').write('x')"]
    came: list[int] = []
    with pytest.raises(DownloadError, match="did not come in time"):
        pip_download.wheel("a==1", tmp_path / "w", came.append, pip=drips, limits=pip_download.Limits(60.0, 3.0))
    assert came and came == sorted(came)


def test_an_interrupt_ends_pip(tmp_path: Path) -> None:
    drips = [sys.executable, "-c", f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\n"
             "while True: time.sleep(0.05); open('x', 'a').write('x')"]  # fmt: skip

    def interrupt(_: int) -> None:
        if (tmp_path / "pid").exists():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pip_download.wheel("a==1", tmp_path / "w", interrupt, pip=drips)
    assert not _alive(int((tmp_path / "pid").read_text()))


def _alive(pid: int) -> bool:
    return psutil.pid_exists(pid)


def test_what_pip_says_is_passed_on_in_one_line(tmp_path: Path) -> None:
    fails = [sys.executable, "-c", "import sys; print('ERROR: no such thing\\nmore'); sys.exit(1)"]
    with pytest.raises(DownloadError, match=r"\(no such thing\)$"):
        pip_download.wheel("a==1", tmp_path / "w", lambda _: None, pip=fails)
    none = [sys.executable, "-m", "no_pip_here"]
    with pytest.raises(DownloadError, match="could not download"):
        pip_download.wheel("a==1", tmp_path / "v", lambda _: None, pip=none)


def test_a_damaged_wheel_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("m", DATA)
    sound = path.read_bytes()
    for raw in (b"", sound[: len(sound) // 2], sound[:60] + b"????????" + sound[68:]):
        path.write_bytes(raw)
        with (tmp_path / "out").open("wb") as out, pytest.raises(DownloadError, match="does not hold"):
            pip_download.copy_member(path, "m", out, len(DATA))
