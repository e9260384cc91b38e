"""A small application served in one of several ways, and the clients that measure it.

The server's process is on one CPU, the clients (and a supervisor) on another.
"""

from __future__ import annotations

import asyncio
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

CONNECTIONS = 8
REQUEST = b"GET /price/tea HTTP/1.1\r\nhost: bench\r\n\r\n"
ANSWER = b"\r\n\r\n3"


class Server:
    """One way to serve the application. `pid`: the process that answers."""

    def __init__(self, way: str, port: int, pid: int) -> None:
        self.way, self.port, self.pid = way, port, pid

    def cpu_ns(self) -> int:
        """CPU time that the process has used: by its own clock, as the C library names it."""
        return time.clock_gettime_ns((~self.pid << 3) | 2)


@contextmanager
def serving(way: str, folder: Path, cpus: list[int]) -> Iterator[Server]:
    """The application served, on the last of `cpus`; a supervisor runs on the first."""
    bare = [sys.executable, "-m", "uvicorn", "bench_bare:app", "--port", "0", "--no-access-log"]
    run = [sys.executable, "-m", "amoeba", "run", "--port", "0", "--admin-port", "0"]
    cwd, log = folder if way == "bare" else folder / way, (folder / f"{way}.log").open("w+")
    with log, subprocess.Popen(bare if way == "bare" else run, cwd=cwd, stderr=log) as process:
        try:
            port = _port(process, folder / f"{way}.log")
            parent = psutil.Process(process.pid)
            answers = parent if way == "bare" else parent.children()[0]
            parent.cpu_affinity([cpus[0]])
            for thread in answers.threads():
                os.sched_setaffinity(thread.id, {cpus[-1]})
            yield Server(way, port, answers.pid)
        finally:
            process.terminate()
            process.wait()


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    while process.poll() is None:
        said = log.read_text()
        found = re.search(r"http://[\d.]+:(\d+)", said)
        if found and ("stop with Ctrl-C" in said or "Press CTRL+C" in said):
            return int(found[1])
        time.sleep(0.05)
    raise SystemExit(f"the application did not start:\n{log.read_text()}")


class Connection(asyncio.Protocol):
    """Sends a request at a time; the client is as cheap as it can be."""

    def __init__(self) -> None:
        self._data = b""
        self._transport: Any = None
        self._answered: asyncio.Future[None] | None = None

    def connection_made(self, transport: Any) -> None:
        """Called by asyncio."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        self._data += data
        if self._data.endswith(ANSWER) and self._answered is not None:
            self._answered.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio."""
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(exc or ConnectionError("the server has closed"))

    async def ask(self) -> None:
        """One request and its answer."""
        self._data, self._answered = b"", asyncio.get_running_loop().create_future()
        self._transport.write(REQUEST)
        await self._answered

    def close(self) -> None:
        """End."""
        self._transport.close()


async def connected(port: int) -> list[Connection]:
    """As many connections as are used at once."""
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(Connection, "127.0.0.1", port) for _ in range(CONNECTIONS)]
    return [protocol for _, protocol in made]


async def highest(server: Server, for_s: float) -> dict[str, float]:
    """Closed loop: each connection asks again as soon as it is answered."""
    connections, answers = await connected(server.port), 0
    start, cpu = time.perf_counter(), server.cpu_ns()

    async def client(connection: Connection) -> None:
        nonlocal answers
        while time.perf_counter() - start < for_s:
            await connection.ask()
            answers += 1

    await asyncio.gather(*map(client, connections))
    took = time.perf_counter() - start
    used = server.cpu_ns() - cpu
    for connection in connections:
        connection.close()
    return {"rate": answers / took, "cpu_us": used / answers / 1e3}


async def steady(server: Server, rate: float, for_s: float) -> dict[str, float]:
    """Open loop: a request every `1 / rate` seconds; a latency counts from when it was meant."""
    connections, latencies = await connected(server.port), []
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for connection in connections:
        free.put_nowait(connection)

    async def one(meant: float) -> None:
        connection = await free.get()
        await connection.ask()
        latencies.append((time.perf_counter() - meant) * 1e3)
        free.put_nowait(connection)

    cpu, start = server.cpu_ns(), time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(int(rate * for_s)):
            meant = start + number / rate
            await asyncio.sleep(max(0.0, meant - time.perf_counter()))
            group.create_task(one(meant))
    used = server.cpu_ns() - cpu
    for connection in connections:
        connection.close()
    quantiles = statistics.quantiles(latencies, n=100, method="inclusive")
    return {
        "p50_ms": quantiles[49],
        "p99_ms": quantiles[98],
        "steady_cpu_us": used / len(latencies) / 1e3,
    }
