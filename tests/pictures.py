"""The documentation's pictures of pages, made by the tests that look at these pages.

`PICTURES=docs/images python -m pytest tests/package tests/cli/test_record_in_browser.py`
"""

import os
from pathlib import Path

from playwright.sync_api import Locator, Page


def picture(what: Page | Locator, name: str) -> None:
    """Keep what is on the screen, where the environment says so."""
    if folder := os.environ.get("PICTURES"):
        what.screenshot(path=Path(__file__).parents[1] / folder / f"{name}.png")
