"""Measures what measuring costs: the recorder on, off, and no Amoeba at all. `make bench-recorder`.

Everything in one run, in turn, in rounds whose order changes: a local call; a small FastAPI app
with one module call, served by `amoeba run` with `record` on and off and by bare uvicorn, all three
on one CPU with the clients on another; the look at a process's threads; a process that is idle.
Differences are taken within a round. Writes `bench/results/recorder.json` and `recorder.md`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from recorder_table import WAYS, table
from serving import Server, highest, serving, steady

import amoeba
from amoeba.evidence.computing import Computing
from amoeba.runtime.deadlines import Scope, enter_scope, leave_scope
from amoeba.runtime.process import loop_factory

RESULTS = Path(__file__).resolve().parent / "results"
THREADS = (10, 50, 200)
APPLICATION = {
    "bench_shop.py": (
        "class Shop:\n    async def price(self, item: str) -> int:\n        return len(item)\n"
    ),
    "bench_web.py": (
        "import amoeba\nfrom bench_shop import Shop\nfrom fastapi import FastAPI\n\n"
        "shop, app = amoeba.use(Shop), FastAPI()\n\n\n"
        "@app.get('/price/{item}')\nasync def price(item: str) -> int:\n"
        "    return await shop.price(item)\n"
    ),
    "bench_bare.py": (
        "from bench_shop import Shop\nfrom fastapi import FastAPI\n\n"
        "shop, app = Shop(), FastAPI()\n\n\n"
        "@app.get('/price/{item}')\nasync def price(item: str) -> int:\n"
        "    return await shop.price(item)\n"
    ),
}
CONFIG = (
    '[app]\nname = "bench"\ngateway = "bench_web:app"\npaths = [".."]\n\n'
    '[gateway.uvicorn]\nlog_level = "warning"\naccess_log = false\n\n'
    '[modules.shop]\nimplementation = "bench_shop:Shop"\n\n[evidence]\nrecord = {}\n'
)


def write(folder: Path) -> None:
    """The application, with a configuration for each way that needs one."""
    for name, text in APPLICATION.items():
        (folder / name).write_text(text)
    for way, record in (("off", "false"), ("on", "true")):
        (folder / way).mkdir()
        (folder / way / "amoeba.toml").write_text(CONFIG.format(record))


async def mean_us(call: Callable[[], Awaitable[Any]], calls: int) -> float:
    """The mean of many calls, in microseconds: each is shorter than a clock's own cost."""
    start = time.perf_counter()
    for _ in range(calls):
        await call()
    return (time.perf_counter() - start) / calls * 1e6


async def local(folder: Path, rounds: int, calls: int) -> list[dict[str, float]]:
    """A plain await, and the same through handles that record and that do not."""
    off_file, on_file = (folder / way / "amoeba.toml" for way in ("off", "on"))
    async with amoeba.open(off_file, strict=False) as off, amoeba.open(on_file, strict=False) as on:
        from bench_shop import Shop

        plain, unrecorded, recorded = Shop(), off.get("shop"), on.get("shop")
        ways: dict[str, Callable[[], Awaitable[Any]]] = {
            "plain": lambda: plain.price("tea"),
            "off": lambda: unrecorded.price("tea"),
            "on": lambda: recorded.price("tea"),
        }
        found = []
        for number in range(rounds):
            each = {name: await mean_us(ways[name], calls) for name in turned(list(ways), number)}
            token = enter_scope(Scope(decided=True))  # as a request that is not traced has it
            for name in turned(["off", "on"], number):
                each[f"{name}, in a request"] = await mean_us(ways[name], calls)
            leave_scope(token)
            found.append(each)
    return found


async def gateways(
    servers: list[Server], rounds: int, rate: float, for_s: float
) -> list[dict[str, dict[str, float]]]:
    """Each way in turn, in each round in another order; the first round only warms up."""
    found = []
    for number in range(rounds + 1):
        each = {}
        for server in turned(servers, number):
            each[server.way] = await highest(server, for_s) | await steady(server, rate, for_s)
        found.append(each)
    return found[1:]


def idle(servers: list[Server], for_s: float) -> dict[str, float]:
    """CPU of each process in the same idle time, in milliseconds per second."""
    before = [server.cpu_ns() for server in servers]
    time.sleep(for_s)
    pairs = zip(servers, before, strict=True)
    return {server.way: (server.cpu_ns() - cpu) / 1e6 / for_s for server, cpu in pairs}


def looks(rounds: int, times: int = 200) -> dict[int, list[float]]:
    """What one look costs, in microseconds, for a process with so many threads that wait."""
    found: dict[int, list[float]] = {count: [] for count in THREADS}
    for count in THREADS:
        go_on = threading.Event()
        threads = [threading.Thread(target=go_on.wait, daemon=True) for _ in range(count - 1)]
        for thread in threads:
            thread.start()
        computing = Computing(lambda _: "")
        computing.start()
        for _ in range(rounds):
            began = time.thread_time_ns()
            for _ in range(times):
                computing.look(sys._current_frames(), 0)  # noqa: SLF001 - as the recorder does
            found[count].append((time.thread_time_ns() - began) / times / 1e3)
        go_on.set()
        for thread in threads:
            thread.join()
    return found


def turned(things: list[Any], number: int) -> list[Any]:
    """The same in another order for each round."""
    number %= len(things)
    return things[number:] + things[:number]


def main() -> None:
    """Measure, write, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--rate", type=float, default=300.0, help="requests a second")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each phase of a round")
    parser.add_argument("--calls", type=int, default=100_000, help="local calls of a round")
    options = parser.parse_args()
    cpus = sorted(os.sched_getaffinity(0))
    result: dict[str, Any] = {
        "machine": f"{os.cpu_count()} CPUs {platform.machine()}",
        "python": platform.python_version(),
        "date": datetime.now(UTC).date().isoformat(),
        "rounds": options.rounds,
        "rate": options.rate,
    }
    os.sched_setaffinity(0, {cpus[0]})
    result["looks"] = looks(options.rounds)
    with tempfile.TemporaryDirectory() as name, asyncio.Runner(loop_factory=loop_factory()) as loop:
        folder = Path(name)
        write(folder)
        result["local"] = loop.run(local(folder, options.rounds, options.calls))
        with ExitStack() as stack:
            servers = [stack.enter_context(serving(way, folder, cpus)) for way in WAYS]
            found = gateways(servers, options.rounds, options.rate, options.seconds)
            result["gateway"] = loop.run(found)
            result["idle"] = [idle(servers, options.seconds) for _ in range(options.rounds)]
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "recorder.json").write_text(json.dumps(result, indent=2) + "\n")
    (RESULTS / "recorder.md").write_text(table(result))
    print(table(result))


if __name__ == "__main__":
    main()
