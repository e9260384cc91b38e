"""Whether evidence is being kept can be asked at any time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from amoeba.app import read_application
from amoeba.evidence.store import Store, evidence_path
from amoeba.runtime import StoreHealth
from amoeba.supervisor import keeping
from amoeba.supervisor.collector import Collector
from amoeba.supervisor.keeping import Keeper

CONFIG = '[app]\nname = "kept"\ngateway = "kept:app"\n\n[evidence]\nsize = "64MiB"\n'


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "INTERVAL_S", 0.01)


async def health(folder: Path, enough: Callable[[StoreHealth], bool]) -> StoreHealth:
    """Keep until the health is as wanted; it then."""
    (folder / "amoeba.toml").write_text(CONFIG)
    (folder / "kept.py").write_text("async def app(scope, receive, send): ...\n")
    application = read_application(folder / "amoeba.toml")
    keeper = Keeper(application, application.topology(""), Collector())
    keeper.start()
    try:
        async with asyncio.timeout(30):
            while not enough(keeper.health()):  # noqa: ASYNC110 - it is asked, and tells nobody
                await asyncio.sleep(0.01)
        return keeper.health()
    finally:
        await keeper.finish()


def test_intervals_that_were_kept_are_counted(tmp_path):
    found = asyncio.run(health(tmp_path, lambda now: now.kept >= 2))
    assert (found.lost, found.trouble, found.limit_bytes) == (0, "", 64 << 20)
    assert found.last_kept_s > 0
    assert found.size_bytes > 1000


def test_intervals_that_nobody_could_keep_are_lost(tmp_path):
    with Store.open(evidence_path(tmp_path)):
        found = asyncio.run(health(tmp_path, lambda now: now.lost >= 2))
    assert (found.kept, found.last_kept_s) == (0, 0)
    assert "another run" in found.trouble
