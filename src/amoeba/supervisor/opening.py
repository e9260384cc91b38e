"""`amoeba.open`: the application inside the calling process, for tests and notebooks.

What shares a process with the gateway runs here; the topology's other processes are started as
they would be by `amoeba run`, without ports of their own.
"""

from __future__ import annotations

import contextlib
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from amoeba.app import add_paths, read_application
from amoeba.errors import AmoebaError
from amoeba.runtime import Endpoint, Host
from amoeba.supervisor.replicas import Fatal
from amoeba.supervisor.rundir import acquire
from amoeba.supervisor.running import check_machine
from amoeba.supervisor.supervisor import Supervisor
from amoeba.topology import GATEWAY, MAIN, Topology
from amoeba.wire import Address

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from typing_extensions import TypeForm

    from amoeba.app import Application

T = TypeVar("T")


class OpenFailed(AmoebaError):  # noqa: N818 - says what is the case
    """A process of the topology did not start; its output says why."""

    reason: str

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)

    def __str__(self) -> str:
        return self.reason


class Opened:
    """A running application."""

    def __init__(
        self, application: Application, host: Host, supervisor: Supervisor | None = None
    ) -> None:
        self.application = application
        self._host, self._supervisor = host, supervisor

    def get(self, contract: TypeForm[T] | str, name: str = "") -> T:
        """A handle of the module that keeps `contract`; or, for a string, of that module."""
        module = contract if isinstance(contract, str) else self._host.provider(contract, name)
        return cast("T", self._host.handle(GATEWAY, module))

    @property
    def gateway(self) -> Any:
        """The ASGI app as `amoeba run` would serve it. Its lifespan is the caller's to run."""
        from amoeba.runtime.gateway import edge, load_gateway

        app, host = load_gateway(self.application), self._host
        recorder = host.recorder if host.records else None
        return edge(app, self.application.http, host.name, recorder)


@asynccontextmanager
async def open(  # noqa: A001 - reads as amoeba.open
    config: str | Path = "amoeba.toml", *, topology: str = "", strict: bool = True
) -> AsyncIterator[Opened]:
    """Run the application of `config` while inside. Strict, as tests want it, unless told not to.

    Raises ConfigurationError, StartError, or OpenFailed when another process does not start.
    """
    application = read_application(config)
    add_paths(application)
    wanted = application.topology(topology)
    check_machine(application, wanted)
    here = wanted.process_of(GATEWAY) or next(
        (process for process in wanted.processes if process.name == MAIN), None
    )
    local = here.modules if here else ()
    rest = tuple(process for process in wanted.processes if process is not here)
    async with contextlib.AsyncExitStack() as stack:
        supervisor = None
        if rest:
            others = Topology(wanted.name, rest)
            supervisor = await _supervise(application, others, stack, strict=strict)
        token = supervisor.token if supervisor else ""
        host = Host(application, local, name="main.0", strict=strict, token=token)
        stack.push_async_callback(host.stop)
        host.plan()
        if supervisor is not None:
            await _join(host, supervisor, local)
        await host.start()
        if supervisor is not None:
            await _ready(supervisor)
        yield Opened(application, host, supervisor)


async def _supervise(
    application: Application, topology: Topology, stack: contextlib.AsyncExitStack, *, strict: bool
) -> Supervisor:
    run_dir = acquire(application, isolated=True)
    stack.callback(run_dir.close)
    supervisor = Supervisor(application, topology, run_dir, strict=strict, embedded=True)
    stack.push_async_callback(supervisor.stop)
    await supervisor.start()
    return supervisor


async def _join(host: Host, supervisor: Supervisor, local: tuple[str, ...]) -> None:
    """Let the hosts of the other processes and this one find each other."""
    supervisor.table.listen(host.router.update)
    address = await host.serve(Address(path=supervisor.run_dir.socket("main.0.sock")))
    for module in local:
        if module != GATEWAY:
            supervisor.external[module] = Endpoint("main.0", str(address))
    supervisor.update()


async def _ready(supervisor: Supervisor) -> None:
    try:
        await supervisor.ready()
    except Fatal as fatal:
        raise OpenFailed(fatal.text) from None
