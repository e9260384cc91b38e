"""`use`, `provider`, `named` and `open`, as an application and its tests use them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import amoeba

PACKAGE = {
    "uses/__init__.py": "",
    "uses/words.py": (
        "from typing import Protocol\n\n\nclass Words(Protocol):\n"
        "    async def say(self) -> str: ...\n"
    ),
    "uses/loud.py": ("class Loud:\n    async def say(self) -> str:\n        return 'LOUD'\n"),
    "uses/quiet.py": ("class Quiet:\n    async def say(self) -> str:\n        return 'quiet'\n"),
    "uses/chooser.py": (
        "from typing import Annotated\n\nimport amoeba\nfrom uses.words import Words\n\n"
        "later = amoeba.use(Words, 'loud')\n\n\nclass Chooser:\n"
        "    def __init__(self, words: Annotated[Words, amoeba.named('quiet')]) -> None:\n"
        "        self._words = words\n\n"
        "    async def both(self) -> list[str]:\n"
        "        return [await self._words.say(), await later.say()]\n"
    ),
    "uses/web.py": (
        "from typing import Annotated\n\nfrom fastapi import Depends, FastAPI\n\nimport amoeba\n"
        "from uses.words import Words\n\napi = FastAPI()\nloud = amoeba.use('loud')\n"
        "Quiet = Annotated[Words, Depends(amoeba.provider(Words, 'quiet'))]\n\n\n"
        "@api.get('/')\nasync def root(quiet: Quiet) -> list[str]:\n"
        "    return [await loud.say(), await quiet.say()]\n"
    ),
    "amoeba.toml": (
        '[app]\nname = "uses"\ngateway = "uses.web:api"\n\n'
        '[modules.loud]\ncontract = "uses.words:Words"\nimplementation = "uses.loud:Loud"\n\n'
        '[modules.quiet]\ncontract = "uses.words:Words"\nimplementation = "uses.quiet:Quiet"\n\n'
        '[modules.chooser]\nimplementation = "uses.chooser:Chooser"\n'
    ),
}


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    for name, text in PACKAGE.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    yield tmp_path / "amoeba.toml"
    sys.path[:] = [path for path in sys.path if path != str(tmp_path)]
    for name in [each for each in sys.modules if each.partition(".")[0] == "uses"]:
        del sys.modules[name]


def opened(config: Path, use: Callable[[Any], Any], **options: Any) -> Any:
    async def run() -> Any:
        async with amoeba.open(config, **options) as app:
            return await use(app)

    return asyncio.run(run())


def test_two_modules_of_one_contract_are_told_apart_by_name(config):
    assert opened(config, lambda app: app.get("chooser").both()) == ["quiet", "LOUD"]


def test_an_edge_is_named_after_the_module_whose_code_asked(config):
    async def use(app: Any) -> set[tuple[str, str]]:
        await app.get("chooser").both()
        totals = app._host.recorder.totals()
        return {(each.caller, each.module) for each in totals}

    assert opened(config, use) == {
        ("gateway", "chooser"),
        ("chooser", "quiet"),
        ("chooser", "loud"),
    }


def test_a_contract_of_several_modules_must_be_named(config):
    async def use(app: Any) -> None:
        from uses.words import Words

        app.get(Words)

    with pytest.raises(amoeba.ConfigurationError, match="several modules keep Words: loud, quiet"):
        opened(config, use)


def test_an_unknown_module_is_named_with_its_nearest(config):
    async def use(app: Any) -> None:
        app.get("chosser")

    with pytest.raises(amoeba.ConfigurationError, match="did you mean 'chooser'"):
        opened(config, use)


def test_the_gateway_can_be_asked_in_a_test_and_a_module_replaced(config):
    async def use(app: Any) -> tuple[list[str], list[str]]:
        transport = httpx.ASGITransport(app.gateway)
        async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
            real = (await client.get("/")).json()
            from uses.web import api
            from uses.words import Words

            class Fake:
                async def say(self) -> str:
                    return "fake"

            api.dependency_overrides[amoeba.provider(Words, "quiet")] = Fake
            return real, (await client.get("/")).json()

    assert opened(config, use) == (["LOUD", "quiet"], ["LOUD", "fake"])


def test_a_handle_of_the_gateway_serves_one_application_after_another(config):
    async def use(app: Any) -> str:
        return await sys.modules["uses.chooser"].later.say()

    assert opened(config, use) == "LOUD"
    assert opened(config, use, strict=False) == "LOUD"


def test_blocking_wants_a_handle():
    with pytest.raises(amoeba.ConfigurationError, match="is no handle"):
        amoeba.blocking(object())


def test_a_topology_with_other_processes_can_be_opened(config):
    config.write_text(config.read_text() + '\n[topologies.two.processes.far]\nmodules = ["loud"]\n')
    assert opened(config, lambda app: app.get("chooser").both(), topology="two") == [
        "quiet",
        "LOUD",
    ]
