"""Pools: which replica takes a call, and what callers see while replicas come and go."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import amoeba
from amoeba.contract import Message
from amoeba.runtime import Endpoint
from amoeba.runtime.retries import RetryBudget
from amoeba.runtime.routing import Pool
from amoeba.wire import Address, Hello, Holding, Limits, Server, bound_address, listen

LIMITS = Limits()


class Counting:
    """A service that says which replica it is."""

    fingerprint = "f"

    def __init__(self, name: str) -> None:
        self.name = name.encode()

    def describe(self) -> dict[str, Any]:
        return {}

    def is_stream(self, method: int) -> bool:
        return False

    async def call(self, method: int, request: Message, metadata: Any) -> Message:
        return Message(self.name)

    def stream(self, *_: Any) -> Any:
        raise AssertionError

    def encode_error(self, error: BaseException) -> bytes:
        return str(error).encode()


@asynccontextmanager
async def replicas(folder: Path, count: int) -> AsyncIterator[list[tuple[Endpoint, Server]]]:
    made = []
    for number in range(count):
        services = {"m": Counting(f"r{number}")}
        server = Server("app", services, LIMITS, Holding(LIMITS.held_bytes))
        sock = listen(Address(path=str(folder / f"{number}.sock")))
        await server.start(sock)
        made.append((Endpoint(f"r{number}", str(bound_address(sock))), server))
    yield made
    for _, server in made:
        await server.close()


def new_pool(*, keyed: bool = False) -> Pool:
    return Pool(Hello("app", "m", "f"), LIMITS, Holding(LIMITS.held_bytes), {}, keyed=keyed)


async def ask(pool: Pool, key: bytes | None = None) -> str:
    client = pool.pick(key) or await pool.connected(key)
    return (await client.call(0, Message(b""), None)).payload.decode()


def test_every_replica_gets_calls(tmp_path):
    async def run() -> Counter[str]:
        async with replicas(tmp_path, 3) as found:
            pool = new_pool()
            pool.update([endpoint for endpoint, _ in found], "")
            seen = Counter([await ask(pool) for _ in range(300)])
            pool.close()
            return seen

    seen = asyncio.run(run())
    assert set(seen) == {"r0", "r1", "r2"}
    assert min(seen.values()) > 50


def test_a_key_stays_with_its_replica_and_keeps_it_when_another_goes(tmp_path):
    async def run() -> tuple[dict[bytes, str], dict[bytes, str]]:
        keys = [f"user-{n}".encode() for n in range(60)]
        async with replicas(tmp_path, 3) as found:
            pool = new_pool(keyed=True)
            pool.update([endpoint for endpoint, _ in found], "")
            before = {key: await ask(pool, key) for key in keys}
            assert before == {key: await ask(pool, key) for key in keys}
            pool.update([endpoint for endpoint, _ in found[:2]], "")
            after = {key: await ask(pool, key) for key in keys}
            pool.close()
            return before, after

    before, after = asyncio.run(run())
    assert set(before.values()) == {"r0", "r1", "r2"}
    moved = {key for key in before if before[key] != after[key]}
    assert moved == {key for key, replica in before.items() if replica == "r2"}


def test_a_pool_without_replicas_fails_at_once_and_says_why():
    async def run() -> None:
        pool = new_pool()
        pool.update([], "crashed 5 times within 60 s")
        await ask(pool)

    with pytest.raises(amoeba.Unavailable, match="'m' is unavailable: crashed 5 times within 60 s"):
        asyncio.run(run())


def test_a_replica_that_nobody_serves_leaves_the_calls_to_the_others(tmp_path):
    async def run() -> set[str]:
        async with replicas(tmp_path, 1) as found:
            pool = new_pool()
            gone = Endpoint("gone", f"unix:{tmp_path}/gone.sock")
            pool.update([gone, found[0][0]], "")
            seen = {await ask(pool) for _ in range(20)}
            pool.close()
            return seen

    assert asyncio.run(run()) == {"r0"}


def test_a_replica_taken_away_while_it_is_being_connected_is_no_cancellation(tmp_path):
    async def run() -> None:
        held = listen(Address(path=str(tmp_path / "silent.sock")))  # accepts, never answers
        pool = new_pool()
        pool.update([Endpoint("silent", f"unix:{tmp_path}/silent.sock")], "")
        waiting = asyncio.create_task(ask(pool))
        while not any(replica._connecting for replica in pool._replicas.values()):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0)
        pool.update([], "")
        try:
            await waiting
        finally:
            held.close()

    with pytest.raises(amoeba.Unavailable, match="the replica was taken away"):
        asyncio.run(run())


def test_a_retry_budget_is_a_tenth_of_the_calls():
    budget = RetryBudget()
    assert sum(budget.spend() for _ in range(100)) == 10
    for _ in range(21):
        budget.earn()
    assert [budget.spend() for _ in range(3)] == [True, True, False]
