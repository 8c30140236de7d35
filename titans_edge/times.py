"""Moments as users type them: dates, times and ages. Knows this computer's clock and time zone."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from titans_edge.errors import UsageError

_AGE = re.compile(r"(?:([0-9]+) ?|(an?|last) )(m|min|minute|h|hour|d|day|w|week)s?(?: ago)?")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def since(text: str) -> float:
    """A moment in seconds since 1970: a date or time in ISO 8601, `today`, `yesterday`, or an age (`30m`, `2h`, `3d`,
    `2 weeks ago`). Raises UsageError for anything else, and for a moment before 1970 or after 9999.
    """
    try:
        moment = _moment(text.strip()).timestamp()
    except (ValueError, OverflowError, OSError):  # OSError: a moment Windows cannot place
        moment = -1.0
    if moment < 0:
        raise UsageError(f"{text!r} is no time since 1970.", "Write 2026-11-20, yesterday, or an age such as 2h or 3d.")
    return moment


def _moment(text: str) -> datetime:
    """Raises ValueError or OverflowError for what is no moment."""
    now, low = datetime.now(), text.lower()
    if low in ("today", "yesterday"):
        return now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=low == "yesterday")
    age = _AGE.fullmatch(low)
    if age:
        return now - timedelta(**{_UNITS[age[3][0]]: int(age[1] or 1)})
    return datetime.fromisoformat(re.sub("[zZ]$", "+00:00", text))
