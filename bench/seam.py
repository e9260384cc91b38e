"""Measures the seam: import, start, a local call and a remote one. `make bench-seam`.

One run on one machine; both sides of a remote call on one CPU, then on one each. Ratios to a plain
await and to a raw echo over the same kind of socket in the same run are what travels to another
machine; absolute times are not. Prints a table, and JSON with `--json`.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import amoeba
from amoeba.runtime.process import loop_factory

ROUNDS, CALLS = 7, 5_000

APPLICATION = {
    "bench_echo.py": (
        "from dataclasses import dataclass\nfrom typing import Protocol\n\n\n"
        "@dataclass(frozen=True, slots=True)\nclass Message:\n"
        "    id: int\n    text: str\n    score: float\n    tags: list[str]\n    name: str\n\n\n"
        "class Echo(Protocol):\n    async def echo(self, message: Message) -> Message: ...\n"
    ),
    "bench_here.py": (
        "from bench_echo import Echo, Message\n\n\nclass EchoHere(Echo):\n"
        "    async def echo(self, message: Message) -> Message:\n        return message\n"
    ),
    "bench_web.py": (
        "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n"
        "@app.get('/')\nasync def root() -> str:\n    return 'hello'\n"
    ),
    "amoeba.toml": (
        '[app]\nname = "bench"\ngateway = "bench_web:app"\n\n'
        '[gateway.uvicorn]\nlog_level = "warning"\n\n'
        '[modules.echo]\ncontract = "bench_echo:Echo"\nimplementation = "bench_here:EchoHere"\n\n'
        '[topologies.apart.processes.echo]\nmodules = ["echo"]\n'
    ),
}


def import_ms() -> float:
    """`import amoeba`, in a process of its own, beyond what starting Python takes."""
    return _process_ms("import amoeba") - _process_ms("pass")


def _process_ms(program: str) -> float:
    def once() -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", program], check=True)
        return (time.perf_counter() - start) * 1e3

    return statistics.median(once() for _ in range(ROUNDS))


def start_s(folder: Path) -> float:
    """From `amoeba run` to the first answer, a small FastAPI app."""

    def once() -> float:
        port = _free_port()
        start = time.perf_counter()
        command = [sys.executable, "-m", "amoeba", "run", "--port", str(port), "--admin-port", "0"]
        with subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL) as process:
            try:
                _answered(f"http://127.0.0.1:{port}/")
                return time.perf_counter() - start
            finally:
                process.terminate()

    return statistics.median(once() for _ in range(5))


def _answered(url: str) -> None:
    until = time.perf_counter() + 30
    while time.perf_counter() < until:
        try:
            urllib.request.urlopen(url, timeout=5).read()
        except OSError:
            time.sleep(0.002)
        else:
            return
    raise TimeoutError(url)


def _free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


async def call_us(call: Callable[[], Awaitable[Any]], calls: int = CALLS) -> list[float]:
    """Each call's time, in microseconds."""
    times = []
    for _ in range(calls):
        start = time.perf_counter()
        await call()
        times.append((time.perf_counter() - start) * 1e6)
    return times


async def mean_us(call: Callable[[], Awaitable[Any]], calls: int = 100_000) -> float:
    """The mean of many calls, in microseconds: for calls shorter than a clock's own cost."""
    start = time.perf_counter()
    for _ in range(calls):
        await call()
    return (time.perf_counter() - start) / calls * 1e6


async def local(folder: Path, *, strict: bool) -> dict[str, float]:
    """A local call through a handle beside a plain await, in turn."""
    async with amoeba.open(folder / "amoeba.toml", strict=strict) as app:
        from bench_echo import Message
        from bench_here import EchoHere

        handle, plain = app.get("echo"), EchoHere()
        message = Message(1, "x" * 120, 0.5, ["a", "b"], "name")
        calls = 5_000 if strict else 100_000
        rounds = [
            (
                await mean_us(lambda: plain.echo(message), calls),
                await mean_us(lambda: handle.echo(message), calls),
            )
            for _ in range(ROUNDS)
        ]
    base = statistics.median(each[0] for each in rounds)
    return {"plain_us": base, "added_us": statistics.median(b - a for a, b in rounds)}


async def remote(folder: Path, callee_cpu: int) -> dict[str, float]:
    """A remote call, beside an echo of as many raw bytes between the same two CPUs."""
    async with amoeba.open(folder / "amoeba.toml", topology="apart", strict=False) as app:
        from bench_echo import Message

        handle = app.get("echo")
        message = Message(1, "x" * 120, 0.5, ["a", "b"], "name")
        await call_us(lambda: handle.echo(message), 500)
        _pin_children(callee_cpu)
        raw = RawEcho(folder, callee_cpu)
        reader, writer = await raw.start()
        data = len(b"x" * 200).to_bytes(4, "little") + b"x" * 200

        async def echo() -> None:
            writer.write(data)
            await reader.readexactly(len(data))

        p50s, raws, p99s = [], [], []
        for _ in range(ROUNDS):
            times = sorted(await call_us(lambda: handle.echo(message)))
            p50s.append(times[len(times) // 2])
            p99s.append(times[len(times) * 99 // 100])
            raws.append(statistics.median(await call_us(echo)))
        writer.close()
        raw.stop()
    return {
        "p50_us": statistics.median(p50s),
        "p99_us": statistics.median(p99s),
        "raw_stream_p50_us": statistics.median(raws),
    }


class RawEcho:
    """Another process that sends back what it receives, with asyncio streams."""

    PROGRAM = (
        "import asyncio, os, sys\n"
        "from amoeba.runtime.process import loop_factory\n"
        "os.sched_setaffinity(0, {int(sys.argv[2])})\n"
        "async def serve(r, w):\n"
        "    while data := await r.read(65536):\n        w.write(data)\n    w.close()\n"
        "async def main():\n"
        "    server = await asyncio.start_unix_server(serve, sys.argv[1])\n"
        "    print('ready', flush=True)\n"
        "    await server.serve_forever()\n"
        "with asyncio.Runner(loop_factory=loop_factory()) as runner: runner.run(main())\n"
    )

    def __init__(self, folder: Path, cpu: int) -> None:
        self._path = str(folder / f"raw-{cpu}.sock")
        command = [sys.executable, "-c", self.PROGRAM, self._path, str(cpu)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)

    async def start(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Wait for it and connect."""
        assert self._process.stdout is not None
        self._process.stdout.readline()
        return await asyncio.open_unix_connection(self._path)

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def _pin_children(cpu: int) -> None:
    import psutil

    for child in psutil.Process().children():
        child.cpu_affinity([cpu])


def main() -> None:
    """Measure, and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, text in APPLICATION.items():
            (folder / file).write_text(text)
        cpus = sorted(os.sched_getaffinity(0))
        result: dict[str, Any] = {
            "machine": f"{platform.machine()}, {len(cpus)} CPUs",
            "python": platform.python_version(),
            "import_ms": import_ms(),
            "start_s": start_s(folder),
        }
        os.sched_setaffinity(0, {cpus[0]})
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            result["local"] = runner.run(local(folder, strict=False))
            result["strict"] = runner.run(local(folder, strict=True))
            result["remote, one CPU"] = runner.run(remote(folder, cpus[0]))
            if len(cpus) > 1:
                result["remote, one CPU each"] = runner.run(remote(folder, cpus[1]))
    if "--json" in sys.argv:
        print(json.dumps(result, indent=2))
        return
    for key, value in result.items():
        parts = value.items() if isinstance(value, dict) else [("", value)]
        for part, figure in parts:
            shown = figure if isinstance(figure, str) else f"{figure:.2f}"
            print(f"{key:22} {part:18} {shown}")


if __name__ == "__main__":
    main()
