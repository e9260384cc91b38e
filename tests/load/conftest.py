from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from load.target import serving

from amoeba.load import Generator, Overrides, Report, make_report, read_scenario


@pytest.fixture(scope="session")
def url():
    with serving() as url:
        yield url


@pytest.fixture
def scenario(tmp_path: Path, url):
    """Writes a scenario and reads it; its target is the server of these tests."""

    def scenario(text: str, **overrides: float):
        path = tmp_path / "load.toml"
        path.write_text(text)
        return read_scenario(path, Overrides(**{"url": url, **overrides}))

    return scenario


@pytest.fixture
def measure(scenario):
    """Runs a scenario; its report."""

    def measure(text: str, watch=None, **overrides: float) -> Report:
        found = scenario(text, **overrides)
        return make_report(found, asyncio.run(Generator(found, watch).run()))

    return measure
