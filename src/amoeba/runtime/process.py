"""The process of one replica: `python -m amoeba.runtime.process`, started by a supervisor.

It reads its HostSpec from the environment, announces what it needs, makes its modules, serves
them, follows the routes it is told, and stops when asked to or when its supervisor is gone.
Exit codes: 0 stopped, 1 failed, 2 the configuration or the code cannot work.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import select
import shutil
import signal
import socket
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from amoeba.app import add_paths, locate, print_user_traceback, read_application
from amoeba.errors import AmoebaError, ConfigurationError, ContractError
from amoeba.runtime.control import Announcement, HostSpec
from amoeba.runtime.current import current
from amoeba.runtime.host import Host, StartError
from amoeba.runtime.link import SupervisorLink
from amoeba.runtime.log_records import note_traces
from amoeba.topology import GATEWAY
from amoeba.wire import parse_address

if TYPE_CHECKING:
    from amoeba.app import Application

SPEC_VARIABLE = "AMOEBA_HOST_SPEC"
_REPORT_S = 1.0
_LAST_START_S = 2.0  # for a start that was cancelled to unwind
_ORPHAN_GRACE_S = 1.5
_LAST_BREATH_S = 0.05
_SWITCH_INTERVAL_S = 0.0005  # one busy thread otherwise stalls the loop for 5 ms at a time


class HostProcess:
    """One replica from start to stop."""

    def __init__(self, spec: HostSpec, application: Application) -> None:
        self._spec, self._application = spec, application
        self._link = SupervisorLink(application.name, spec.supervisor, spec.token, spec.replica)
        self._supervision = self._link.supervision
        self._host = Host(
            application, spec.modules, name=spec.replica, strict=spec.strict, token=spec.token
        )
        self._stopping = asyncio.Event()
        self._address = ""
        self._announced = 0
        self._duties: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """Start, serve until told to stop, stop."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        try:
            server = await self._live_until_asked()
        except BaseException:
            await self._host.stop()  # what was entered before the failure is left in order
            raise
        await self._stop(server)
        self._link.close()

    async def _live_until_asked(self) -> Any:
        """Start, and serve until told to stop; returns the gateway's server, if it runs here."""
        gateway = self._load()
        if self._spec.listen:
            self._address = str(await self._host.serve(parse_address(self._spec.listen)))
        await self._announce()
        self._duties = [asyncio.create_task(self._follow()), asyncio.create_task(self._report())]
        started = asyncio.create_task(self._start(gateway))
        asked = asyncio.create_task(self._stopping.wait())
        await asyncio.wait([started, asked], return_when=asyncio.FIRST_COMPLETED)
        if not started.done():
            started.cancel()
            await asyncio.wait([started], timeout=_LAST_START_S)
            return None
        server = started.result()
        await asked
        return server

    def _load(self) -> Any:
        from amoeba.runtime.gateway import load_gateway

        self._host.plan()
        app = load_gateway(self._application) if GATEWAY in self._spec.modules else None
        self._bind_handles()
        return app

    def _bind_handles(self) -> None:
        for handle in list(current.lazy):
            handle.bind(self._host)

    async def _announce(self) -> None:
        """Say what runs here and what it needs; again when a handle was asked for later."""
        spec, needs = self._spec, tuple(self._host.needs.values())
        await self._supervision.announce(
            Announcement(
                replica=spec.replica,
                process=spec.process,
                pid=os.getpid(),
                address=self._address,
                modules=spec.modules,
                blocking=self._host.blocking_modules(),
                needs=needs,
            )
        )
        self._announced = len(needs)

    async def _start(self, app: Any) -> Any:
        async def on_ready(part: str) -> None:
            await self._supervision.ready(self._spec.replica, part)

        await self._host.start(on_ready)
        self._bind_handles()
        if app is None:
            return None
        from amoeba.runtime.gateway import Gateway, edge

        for need in list(self._host.needs.values()):
            if need.caller == GATEWAY:
                await self._host.reachable(need.module)
        sock = socket.socket(fileno=self._spec.gateway_fd)
        http = self._application.http
        host = self._host
        recorder = host.recorder if host.records else None
        served = edge(app, http, self._spec.replica, recorder, host.payloads)
        server = Gateway(served, http.uvicorn, sock)
        await server.start()
        await on_ready(GATEWAY)
        return server

    async def _stop(self, server: Any) -> None:
        timeout_s = self._application.drain_timeout_s
        if server is not None:
            await server.stop(timeout_s)
        await self._host.stop(timeout_s)
        with contextlib.suppress(AmoebaError):
            await self._tell()
        for duty in self._duties:
            duty.cancel()

    async def _follow(self) -> None:
        """Take routes as they come; stop when the supervisor ends them or is gone."""
        with contextlib.suppress(AmoebaError):
            async for routes in self._supervision.orders(self._spec.replica):
                self._host.router.update(routes)
        self._stopping.set()

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(_REPORT_S)
            with contextlib.suppress(AmoebaError):
                await self._tell()
                if len(self._host.needs) != self._announced:
                    await self._announce()

    async def _tell(self) -> None:
        if not self._host.records:
            return
        report = self._host.report()
        try:
            await self._supervision.report(self._spec.replica, report)
        except ContractError as error:  # something in it cannot be encoded, which is not all of it
            _print(f"a report is sent without recorded requests: {error}")
            without = msgspec.structs.replace(report, payloads=[])
            await self._supervision.report(self._spec.replica, without)
        except AmoebaError:
            self._host.take_back(report)
            raise


def main() -> None:
    """Run the replica that the environment describes."""
    spec = msgspec.json.decode(os.environ.pop(SPEC_VARIABLE), type=HostSpec)
    if spec.lifeline_fd >= 0:
        threading.Thread(target=_outlive_nobody, args=(spec,), daemon=True).start()
    if spec.cpus and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, spec.cpus)
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    code = 1
    with contextlib.suppress(OSError):  # what it prints may go nowhere: the supervisor is gone
        code = _run(spec)
    _flush()
    if _is_orphan(spec):
        _leave_nothing(spec)
    os._exit(code)  # a worker thread of the user's that never ends must not keep the process


def _run(spec: HostSpec) -> int:
    try:
        application = read_application(spec.config)
        add_paths(application)
        note_traces(application.name)

        async def live() -> None:
            await HostProcess(spec, application).run()

        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(live())
    except ConfigurationError as error:
        if error.__cause__ is not None:
            print_user_traceback(error.__cause__)
        _print(_located(error, spec.config))
        return 2
    except StartError as error:
        if error.__cause__ is not None:
            traceback.print_exception(error.__cause__)
        _print(str(error))
        return 1
    except AmoebaError as error:
        _print(str(error))
        return 1
    except Exception:  # noqa: BLE001 - the last resort: shown whole, and the exit code says it
        traceback.print_exc()
        return 1
    return 0


def loop_factory() -> Any:
    """Uvloop's event loop where it exists, the standard one otherwise."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


def _located(error: ConfigurationError, config: str) -> str:
    text = Path(config).read_text(encoding="utf-8")
    problems = [p if p.file else locate([p], text, config)[0] for p in error.problems]
    return str(ConfigurationError(problems))


def _print(text: str) -> None:
    sys.stderr.write(f"amoeba: {text}\n")


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()


def _is_orphan(spec: HostSpec) -> bool:
    """Whether the supervisor is gone: its sockets close a moment before its pipe does."""
    if spec.lifeline_fd < 0:
        return False
    return bool(select.select([spec.lifeline_fd], [], [], _LAST_BREATH_S)[0])


def _outlive_nobody(spec: HostSpec) -> None:
    """End the process by force, a grace after the supervisor's end of the pipe has closed.

    Within the grace the host stops by itself, because the stream of its orders has ended.
    """
    with contextlib.suppress(OSError):
        while os.read(spec.lifeline_fd, 1):
            pass
    time.sleep(_ORPHAN_GRACE_S)
    _leave_nothing(spec)
    os._exit(1)


def _leave_nothing(spec: HostSpec) -> None:
    """What a supervisor would do at the end: no socket stays, nor what this process started."""
    _remove_run_dir(Path(spec.run_dir))
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)


def _remove_run_dir(folder: Path) -> None:
    """Leave no socket behind, unless another supervisor has taken over the folder."""
    with contextlib.suppress(OSError), (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
