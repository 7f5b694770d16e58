"""The distribution's Chromium, and how it is kept quiet."""

import shutil
from typing import Final

# What a browser does by itself has no place in a test or a figure: it would try to reach its maker.
QUIET: Final = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",  # where this runs as root, Chromium's sandbox cannot
)


def found() -> str | None:
    """Its program; None where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser")
