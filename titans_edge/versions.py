"""Which version of a package is installed. Imports none of them."""

from __future__ import annotations

from importlib import metadata


def of(package: str) -> str | None:
    """The version pip knows of, None where the package is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
