import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from lab.worker import Worker


class WorkerHere(Worker):
    async def __aenter__(self) -> "WorkerHere":
        print("worker enters", file=sys.stderr)
        return self

    async def __aexit__(self, *exc: object) -> None:
        print("worker leaves", file=sys.stderr)

    async def pid(self) -> int:
        return os.getpid()

    async def modules(self) -> list[str]:
        return sorted(name for name in sys.modules if name.startswith("lab."))

    async def echo(self, text: str) -> str:
        return text

    async def sleep(self, seconds: str) -> str:
        print("worker sleeps", file=sys.stderr)
        await asyncio.sleep(float(seconds))
        return "slept"

    async def environment(self, name: str) -> str | None:
        return os.environ.get(name)

    async def cpus(self) -> list[int]:
        return sorted(os.sched_getaffinity(0))

    async def prefix(self) -> str:
        return sys.prefix

    async def grow(self, mib: str) -> str:
        self.memory = bytearray(b"x" * (int(mib) << 20))
        return "grown"

    async def die(self, file: str) -> str:
        return self._count_and_die(file)

    async def die_once(self, file: str) -> str:
        return self._count_and_die(file)

    def _count_and_die(self, file: str) -> str:
        with Path(file).open("a") as log:
            log.write("called\n")
        if len(Path(file).read_text().splitlines()) == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return "survived"

    async def spin(self) -> str:
        print("worker spins", file=sys.stderr)
        while True:
            pass

    async def spawn(self) -> int:
        return subprocess.Popen(["sleep", "600"]).pid

    async def numbers_then_die(self) -> AsyncIterator[int]:
        for number in range(100):
            yield number
        await asyncio.sleep(0)
        os.kill(os.getpid(), signal.SIGKILL)
