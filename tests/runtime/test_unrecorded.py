"""Where nothing is measured, a call keeps all its other promises."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

import amoeba
from amoeba.contract import read_contract
from amoeba.evidence import Edge
from amoeba.runtime.deadlines import Scope, enter_scope
from amoeba.runtime.handles import Handle, bind
from amoeba.runtime.timings import noting
from amoeba.runtime.unrecorded import UNRECORDED


class Here:
    async def now(self) -> str:
        return "here"

    def stock(self) -> str:
        return "here"

    async def ticks(self, count: int) -> AsyncIterator[int]:
        for tick in range(count):
            yield tick


class There(Here):
    async def now(self) -> str:
        return "there"

    def stock(self) -> str:
        return "there"

    async def ticks(self, count: int) -> AsyncIterator[int]:
        for tick in range(count):
            yield -tick


@pytest.fixture
def edges() -> list[Edge]:
    return []


@pytest.fixture
def handle(edges: list[Edge]) -> Handle:
    made = Handle(read_contract(Here), lambda _: pytest.fail, UNRECORDED)
    put(made, Here(), edges)
    return made


def put(handle: Handle, target: object, edges: list[Edge]) -> None:
    def edge_of(method: str) -> Edge:
        edges.append(Edge("web", "clock", method))
        edges[-1].replica = "main.0"
        return edges[-1]

    bind(handle, lambda name: getattr(target, name), edge_of)


async def collect(items: AsyncIterator[int]) -> list[int]:
    return [item async for item in items]


def test_nothing_is_counted(handle, edges):
    assert asyncio.run(handle.now()) == handle.stock() == "here"
    assert asyncio.run(collect(handle.ticks(3))) == [0, 1, 2]
    assert [edge.totals().calls for edge in edges] == [0, 0, 0]


def test_methods_captured_earlier_follow_a_new_target(handle, edges):
    now, stock, ticks = handle.now, handle.stock, handle.ticks
    put(handle, There(), edges)
    assert asyncio.run(now()) == stock() == "there"
    assert asyncio.run(collect(ticks(2))) == [0, -1]


def test_a_deadline_that_has_passed_refuses_calls(handle):
    async def body() -> None:
        enter_scope(Scope(when=0.0))  # in this task's own context
        with pytest.raises(amoeba.DeadlineExceeded):
            await handle.now()
        with pytest.raises(amoeba.DeadlineExceeded):
            handle.stock()

    asyncio.run(body())


def test_who_answered_is_noted_for_whoever_asks(handle):
    async def body() -> list[tuple[str, str]]:
        timings = []
        with noting(timings):
            await handle.now()
            answered = len(timings)
            await collect(handle.ticks(2))
        assert answered == 1
        return [(each.module, each.replica) for each in timings]

    assert asyncio.run(body()) == [("clock", "main.0")]


def test_a_blocking_call_on_an_event_loop_is_logged_once(handle, caplog):
    async def body() -> None:
        handle.stock()
        handle.stock()

    handle.stock()
    assert caplog.messages == []
    asyncio.run(body())
    (message,) = caplog.messages
    assert message.startswith("web → clock.stock blocks the event loop")


GATEWAY = """
import amoeba
from switched.shop import Shop

shop = amoeba.use(Shop)

async def api(scope, receive, send):
    assert scope["type"] == "http"
    price = await shop.price()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(price).encode()})
"""
SHOP = """
class Shop:
    async def price(self) -> int:
        return 3
"""
CONFIG = """
[app]
gateway = "switched.gateway:api"

[modules.shop]
implementation = "switched.shop:Shop"

[evidence]
record = {record}
"""


@pytest.fixture
def application(tmp_path) -> Iterator[object]:
    import sys

    package = tmp_path / "switched"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "gateway.py").write_text(GATEWAY)
    (package / "shop.py").write_text(SHOP)
    yield lambda record: _configured(tmp_path, record)
    for name in [name for name in sys.modules if name.partition(".")[0] == "switched"]:
        del sys.modules[name]
    sys.path.remove(str(tmp_path))


def _configured(folder, record):
    (folder / "amoeba.toml").write_text(CONFIG.format(record=str(record).lower()))
    return folder / "amoeba.toml"


@pytest.mark.parametrize(("record", "edges"), [(True, {"http", "gateway"}), (False, set())])
def test_the_whole_application_is_measured_or_not_at_all(application, record, edges):
    sent = []

    async def receive() -> dict[str, str]:
        return {"type": "http.request"}

    async def send(message) -> None:
        sent.append(message)

    async def body():
        async with amoeba.open(application(record), strict=False) as app:
            scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
            await app.gateway(scope, receive, send)
            return app._host.report(), app._host.application.evidence.keep

    report, kept = asyncio.run(body())
    assert sent[-1]["body"] == b"3"
    assert {edge.caller for edge in report.edges} == edges
    assert (report.process.rss_bytes > 0) is record
    assert kept is record
