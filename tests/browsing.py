"""A headless Chromium for tests and screenshots: Debian's, driven by Playwright. Neither downloads anything."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def chromium() -> str | None:
    """The browser's path, None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def why_not() -> str:
    """Why no browser can be driven here; "" where one can."""
    try:
        import playwright  # noqa: F401
    except ImportError:
        return "playwright is not installed (pip install playwright)"
    return "" if chromium() else "there is no Chromium (apt-get install chromium)"


@contextlib.contextmanager
def browser() -> Iterator[Any]:
    """A running browser, closed at the end."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        started = p.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        )
        try:
            yield started
        finally:
            started.close()
