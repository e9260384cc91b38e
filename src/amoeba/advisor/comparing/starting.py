"""One run of the application with one topology, from outside: as a user would start it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from amoeba.errors import AmoebaError, Unavailable
from amoeba.supervisor import find_runs
from amoeba.supervisor.asking import ask_restart, ask_status

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from amoeba.app import Application
    from amoeba.runtime import Status
    from amoeba.supervisor import RunInfo

POLL_S = 0.01
_STOP_S = 10.0  # beyond the application's own time to drain
_LINES = 12
PLACE = "{scratch}"
_OVERRIDING = ("AMOEBA_STRICT", "AMOEBA_HOST", "AMOEBA_TOPOLOGY", "AMOEBA_CONFIG")


class DidNotStart(AmoebaError):  # noqa: N818 - says what is the case
    """The application did not become ready with a topology. `output`: its last lines."""

    topology: str
    why: str
    output: str

    def __init__(self, topology: str, why: str, output: str) -> None:
        self.topology, self.why, self.output = topology, why, output
        super().__init__(topology, why, output)

    def __str__(self) -> str:
        lines = "".join(f"\n    {line}" for line in self.output.splitlines()[-_LINES:])
        said = f"\n  its last lines:{lines}" if lines else ""
        return (
            f"topology {self.topology!r} {self.why}{said}\n"
            f"  hint: amoeba run --isolated --topology {self.topology}"
        )


class Running:
    """A run that is ready. `ready_s`: from the command to that, in seconds."""

    def __init__(
        self,
        application: Application,
        folder: Path,
        info: RunInfo,
        process: asyncio.subprocess.Process,
        scratch: Path,
        stop_s: float,
    ) -> None:
        self.application = application
        self.folder, self.info, self.scratch = folder, info, scratch
        self.pid = process.pid
        self.ready_s = 0.0
        self._process, self._stop_s = process, stop_s

    @property
    def url(self) -> str:
        """Where the gateway is."""
        return self.info.url

    @property
    def evidence(self) -> Path:
        """Where its evidence is."""
        return self.scratch / "evidence.db"

    async def status(self) -> Status:
        """How it runs now."""
        return await ask_status(self.folder, self.info)

    async def restart(self, process: str) -> None:
        """Start a process anew; returns when all its replicas are ready."""
        await ask_restart(self.folder, self.info, process)

    async def stop(self) -> None:
        """Stop it, after which its evidence is whole."""
        await _end(self._process, self._stop_s)

    async def ready_again(self, timeout_s: float) -> bool:
        """Wait until every replica is ready; whether they were in time."""
        until = time.monotonic() + timeout_s
        while True:
            with contextlib.suppress(AmoebaError):  # it may just be ending
                if _is_ready(await self.status()):
                    return True
            if time.monotonic() > until or self._process.returncode is not None:
                return False
            await asyncio.sleep(POLL_S)


@asynccontextmanager
async def started(
    application: Application, topology: str, environment: Mapping[str, str]
) -> AsyncIterator[Running]:
    """Run it within `async with`, apart from any other run and from what is kept of the real one.

    Raises DidNotStart.
    """
    with tempfile.TemporaryDirectory(prefix="amoeba-compare-") as name:
        scratch = Path(name)
        (scratch / "state").mkdir()
        places = {k: text.replace(PLACE, f"{scratch}/state") for k, text in environment.items()}
        log = scratch / "output"
        began = time.monotonic()
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "amoeba", "run", "--isolated", "--topology", topology),
                *("--config", application.file, "--evidence", str(scratch / "evidence.db")),
                *("--port", "0", "--admin-port", "0"),
                env={**_surroundings(), **places},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            running = await _found(application, topology, process, scratch)
            await _until_ready(running, application, topology, process)
            running.ready_s = time.monotonic() - began
            yield running
        finally:
            await _end(process, application.drain_timeout_s + _STOP_S)


async def _found(
    application: Application, topology: str, process: asyncio.subprocess.Process, scratch: Path
) -> Running:
    limit_s = application.start_timeout_s
    until = time.monotonic() + limit_s
    while process.returncode is None:
        if time.monotonic() > until:
            raise _failed(topology, f"cannot be found running within {limit_s:g} s", scratch)
        for folder, info in find_runs(application):
            if info.pid == process.pid:
                stop_s = application.drain_timeout_s + _STOP_S
                return Running(application, folder, info, process, scratch, stop_s)
        await asyncio.sleep(POLL_S)
    raise _failed(topology, f"ended with exit code {process.returncode}", scratch)


async def _until_ready(
    running: Running, application: Application, topology: str, process: asyncio.subprocess.Process
) -> None:
    limit_s = application.start_timeout_s
    until = time.monotonic() + limit_s
    while process.returncode is None and time.monotonic() < until:
        with contextlib.suppress(Unavailable):
            status = await running.status()
            if _is_ready(status):
                return
            if any(each.state == "failed" for each in status.replicas):
                break
        await asyncio.sleep(POLL_S)
    if process.returncode is not None:
        why = f"ended with exit code {process.returncode}"
    else:
        why = f"was not ready within {limit_s:g} s, or was given up"
    raise _failed(topology, why, running.scratch)


def _surroundings() -> dict[str, str]:
    """The user's environment without what would change the run, or tell others of it."""
    kept = {name: value for name, value in os.environ.items() if name not in _OVERRIDING}
    return kept | {"OTEL_TRACES_EXPORTER": "none"}


def _is_ready(status: Status) -> bool:
    replicas = status.replicas
    return bool(replicas) and all(each.state == "ready" and each.pid for each in replicas)


def _failed(topology: str, why: str, scratch: Path) -> DidNotStart:
    output = (scratch / "output").read_text(encoding="utf-8", errors="replace")
    return DidNotStart(topology, why, output)


async def _end(process: asyncio.subprocess.Process, timeout_s: float) -> None:
    """Stop it in order; at once, with all it started, where that takes too long."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), timeout_s)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its replicas end when it is gone
        await process.wait()
