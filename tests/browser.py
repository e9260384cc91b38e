"""A headless Chromium for tests of pages."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

QUIET = ["quic", "background-networking", "component-update", "sync"]


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium; skips the test where there is none."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("needs Chromium (Debian: apt-get install chromium)")
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("needs playwright (pip install playwright)")
    from playwright.sync_api import sync_playwright

    options = [f"--disable-{each}" for each in QUIET]
    if os.getuid() == 0:
        options.append("--no-sandbox")  # Chromium's own does not work for root
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, headless=True, args=options)
        try:
            yield browser
        finally:
            browser.close()
