"""What users type: times, ages, numbers of spans; and the documents they name."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from titans_edge.cli import room
from titans_edge.documents import MAX_DOCUMENT_BYTES, read_document
from titans_edge.errors import DocumentError, UsageError
from titans_edge.times import since

DAY = 86400.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30m", 1800), ("2h", 7200), ("3d", 3 * DAY), ("1w", 7 * DAY), ("0d", 0), ("2 hours ago", 7200),
        ("1 day", DAY), ("an hour ago", 3600), ("a week ago", 7 * DAY), ("Last week", 7 * DAY),
        ("90 minutes ago", 5400), (" 2H ", 7200),
    ],
)  # fmt: skip
def test_an_age_counts_from_now(text: str, seconds: float) -> None:
    elapsed = timedelta(seconds=seconds)
    before = (datetime.now() - elapsed).timestamp()
    assert before <= since(text) <= (datetime.now() - elapsed).timestamp()


def test_days_begin_at_midnight() -> None:
    today = datetime.fromtimestamp(since("today"))
    assert today.time() == datetime.min.time()
    assert datetime.fromtimestamp(since("yesterday")).date() == today.date() - timedelta(days=1)


def test_dates_and_times_of_iso_8601() -> None:
    expected = datetime(2026, 11, 20, 8, tzinfo=timezone.utc).timestamp()
    assert since("2026-11-20T10:00+02:00") == since("2026-11-20T08:00:00Z") == expected
    assert since("2026-11-20") == time.mktime((2026, 11, 20, 0, 0, 0, 0, 0, -1))


BAD_TIMES = [
    *("", " ", "99999999999d", "9" * 5000 + "d", "9999999w", "9" * 30 + " weeks ago", "²d", "٣d", "-3d", "+3d", "1e5d"),
    *("3.5d", "d", "3", "3y", "last", "1000d 2h", "since", "tomorrow", "nan", "inf", "\0", "\ud800d", "2026-13-45"),
    *("2026-02-30", "1969-12-31", "0001-01-01", "0001-01-01T00:00+10:00", "10000-01-01", "99999-01-01"),
    *("2026-11-20T25:00", "2026-11-20T10:00+99:00"),
]


@pytest.mark.parametrize("text", BAD_TIMES)
def test_what_is_no_time_is_said_in_one_sentence(text: str) -> None:
    with pytest.raises(UsageError, match=r"is no time since 1970\.") as e:
        since(text)
    assert e.value.hint


@given(
    st.text()
    | st.from_regex(r"\A[0-9]{1,6}-[0-9]{1,2}-[0-9]{1,2}([T ][0-9:+.Z-]*)?\Z")
    | st.from_regex(r"\A\w{1,40}[mhdw]\Z")
)
def test_any_text_is_a_time_or_a_usage_error(text: str) -> None:
    with suppress(UsageError):
        assert 0 <= since(text) < 253402300800 + DAY  # the end of the year 9999


@pytest.mark.parametrize(("text", "number"), [("7", 7), ("#7", 7), ("#0012", 12), (str(2**63 - 1), 2**63 - 1)])
def test_a_span_is_named_by_its_number(text: str, number: int) -> None:
    assert room.number(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#",
        "##3",
        "²",
        "#²",
        "٣",
        "-1",
        "#-1",
        "+1",
        "1.0",
        "1e3",
        "# 3",
        "3 4",
        "x",
        "3\n",
        str(2**63),
        "9" * 20,
        "9" * 5000,
    ],
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no number of a sentence"):
        room.number(text)


TEXT = "Anna lives in Łódź. 猫\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_document_is_read_as_its_byte_order_mark_says(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(TEXT.encode(encoding))
    assert read_document(path) == TEXT


def test_the_big_ended_marks_are_known(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    for encoding in ("utf-16-be", "utf-32-be"):
        path.write_bytes(f"\ufeff{TEXT}".encode(encoding))
        assert read_document(path) == TEXT


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "empty"),
        (b" \n\t", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\xff\xfe", "empty"),
        (b"a" * 100_000 + b"\0", "not text"),
        (b"PK\x03\x04\0", "not text"),
        ("ab\0c".encode("utf-16"), "not text"),
        (b"caf\xe9", "not UTF-8 text"),
        (b"a\xed\xa0\x80", "not UTF-8 text"),
        (b"\xff\xfea\0b", "not UTF-16 text"),
        (b"\xff\xfe\0\xd8a\0", "not UTF-16 text"),
    ],
)
def test_what_is_no_text_is_said(tmp_path: Path, raw: bytes, says: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(raw)
    with pytest.raises(DocumentError, match=says):
        read_document(path)


def test_a_file_too_large_is_refused_without_being_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    with path.open("wb") as file:
        file.truncate(MAX_DOCUMENT_BYTES * 1000)  # a sparse file: takes no disk
    with pytest.raises(DocumentError, match="larger than 256 MB"):
        read_document(path)


def test_what_cannot_be_opened_is_said(tmp_path: Path) -> None:
    for path in (tmp_path / "none.txt", tmp_path / "a\0b", tmp_path / ("n" * 5000)):
        with pytest.raises(DocumentError, match="cannot be read"):
            read_document(path)
    with pytest.raises(DocumentError, match="is a directory"):
        read_document(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_or_device_is_refused_before_it_blocks(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path(os.devnull)):
        with pytest.raises(DocumentError, match="device or pipe"):
            read_document(path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_without_permission_is_said(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(TEXT, "utf-8")
    path.chmod(0)
    with pytest.raises(DocumentError, match="Permission denied"):
        read_document(path)
