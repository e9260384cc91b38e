"""The rules application in three modes; each is opened once and shared by a module's tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

import amoeba
from amoeba.runtime.process import loop_factory

T = TypeVar("T")

CONFIG = Path(__file__).parent / "rules_app" / "amoeba.toml"
MODES = {
    "local": {"strict": False},
    "strict": {"strict": True},
    "remote": {"strict": False, "topology": "apart"},
}


@dataclass
class Rig:
    """An opened application, its mode, and the loop it lives in."""

    mode: str
    app: Any
    run: Callable[[Coroutine[Any, Any, T]], T]

    @property
    def probe(self) -> Any:
        return self.app.get("probe")

    @property
    def crosses(self) -> bool:
        """Whether calls go through the codec: everywhere but in a plain local call."""
        return self.mode != "local"


@pytest.fixture(scope="module", params=MODES)
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    with asyncio.Runner(loop_factory=loop_factory()) as runner:

        def run(coroutine: Coroutine[Any, Any, T]) -> T:
            async def bounded() -> T:
                async with asyncio.timeout(30):
                    return await coroutine

            return runner.run(bounded())

        manager = amoeba.open(CONFIG, **MODES[request.param])
        app = run(manager.__aenter__())
        yield Rig(request.param, app, run)
        run(manager.__aexit__(None, None, None))
