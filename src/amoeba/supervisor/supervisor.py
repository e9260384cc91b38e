"""The supervisor: keeps the replicas of a topology running and tells hosts where modules are.

    topology → replicas → announcements, readiness → routes → hosts

One task per replica starts, watches and restarts it; whatever changes, the routes are computed
anew from the replicas and pushed. The supervisor imports none of the application's code.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import time
from collections import defaultdict
from typing import TYPE_CHECKING

from amoeba.contract import ExceptionCodec, read_contract
from amoeba.errors import ConfigurationError
from amoeba.runtime import Endpoint, HostSpec, Need, ReplicaStatus, Status, Supervision
from amoeba.runtime.control import MODULE, SOCKET_NAME, RestartFailed
from amoeba.runtime.services import ModuleService
from amoeba.supervisor.collector import Collector
from amoeba.supervisor.control import Control
from amoeba.supervisor.keeping import Keeper
from amoeba.supervisor.logs import say
from amoeba.supervisor.replicas import Fatal, Replica, State
from amoeba.supervisor.resources import Assigner
from amoeba.supervisor.routing import RouteTable
from amoeba.supervisor.wiring_checks import closure, need_problems, stop_order
from amoeba.topology import GATEWAY, Topology
from amoeba.wire import Address, Holding, Limits, Server, listen

if TYPE_CHECKING:
    import socket

    from amoeba.app import Application
    from amoeba.runtime import Announcement
    from amoeba.supervisor.exporting import TraceExporter
    from amoeba.supervisor.rundir import RunDir


class Supervisor:
    """Runs one topology of one application. Use `start`, then `wait`, then `stop`."""

    def __init__(
        self,
        application: Application,
        topology: Topology,
        run_dir: RunDir,
        *,
        strict: bool = False,
        gateway: socket.socket | None = None,
        url: str = "",
        admin_url: str = "",
        embedded: bool = False,
        exporter: TraceExporter | None = None,
    ) -> None:
        self.application, self.topology, self.run_dir = application, topology, run_dir
        self.strict, self.url, self.admin_url = strict, url, admin_url
        self.token = secrets.token_hex(16)
        self.table = RouteTable()
        self.replicas: list[Replica] = []
        self.stopping = asyncio.Event()
        self.needs: dict[str, tuple[Need, ...]] = {}
        self._blocking: dict[str, tuple[str, ...]] = {}  # by process
        self._restarting: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._served = False  # has been ready: from now on only its gateway can end the run
        self.collector = Collector()
        self._began_s = time.time()
        keeps = application.evidence.keep and not embedded
        self.exporter = exporter
        self._keeper = Keeper(application, topology, self.collector) if keeps else None
        self.external: dict[str, Endpoint] = {}  # modules that a host in this process serves
        self._gateway, self._embedded = gateway, embedded
        self._tasks: set[asyncio.Task[None]] = set()
        self._lifeline: tuple[int, int] = (-1, -1)
        self._fatal: Fatal | None = None
        self._change = asyncio.Event()
        self._server: Server | None = None

    async def start(self) -> None:
        """Open the control socket and launch every replica."""
        self._lifeline = os.pipe()
        limits = Limits()
        contract = read_contract(Supervision, MODULE)
        exceptions = ExceptionCodec(Supervision.__module__)
        services = {MODULE: ModuleService(MODULE, contract, Control(self), exceptions)}
        holding = Holding(limits.held_bytes)
        self._server = Server(self.application.name, services, limits, holding, self.token)
        await self._server.start(listen(Address(path=self.run_dir.socket(SOCKET_NAME))))
        if self._keeper is not None:
            self._keeper.start()
        if self.exporter is not None:
            self.exporter.start()
        self.replicas = self._make_replicas()
        for replica in self.replicas:
            self._run(replica)

    async def ready(self) -> None:
        """Wait until no replica is starting. Raises ConfigurationError or Fatal when one cannot."""
        while any(replica.state is State.STARTING for replica in self.replicas):
            if self.stopping.is_set():
                break
            await self._changed()
        self._raise_fatal()
        self._served = True

    async def restart(self, process: str) -> None:
        """Start a process anew, one replica after the other; returns when the last is ready.

        The others answer meanwhile. A replica that was given up is tried again. It goes on when its
        caller goes away. Raises RestartFailed at the first replica that does not become ready.
        """
        task = asyncio.create_task(self._restart(process))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        await asyncio.shield(task)

    async def _restart(self, process: str) -> None:
        async with self._restarting[process]:
            for replica in [each for each in self.replicas if each.process.name == process]:
                if self.stopping.is_set():
                    return
                await self._restart_replica(replica)

    async def _restart_replica(self, replica: Replica) -> None:
        if replica.state is State.FAILED:
            generation = replica.generation + 1
            replica.revive()
            self._run(replica)
        else:
            generation = await replica.restart(self.application.drain_timeout_s)
        while not self.stopping.is_set() and not replica.settled(generation):
            await self._changed()
        if replica.state is not State.READY and not self.stopping.is_set():
            raise RestartFailed(replica.name, replica.detail or "it did not become ready")

    async def wait(self) -> int:
        """Wait until the run ends by itself or is asked to; returns the exit code."""
        await self.stopping.wait()
        return self._fatal.code if self._fatal is not None else 0

    def request_stop(self) -> None:
        """Ask the run to end; nothing that ends from now on is restarted."""
        for replica in self.replicas:
            replica.leave()
        self.stopping.set()
        self.update()

    async def stop(self) -> None:
        """Drain and end every replica, those that need others first; leave nothing behind."""
        self.stopping.set()
        deadline = asyncio.get_running_loop().time() + self.application.drain_timeout_s
        try:
            for name in self._stop_order():
                left = max(0.5, deadline - asyncio.get_running_loop().time())
                stops = [each.stop(left) for each in self.replicas if each.process.name == name]
                await asyncio.gather(*stops)
        finally:
            for replica in self.replicas:
                replica.kill()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self.table.end()
            if self._keeper is not None:
                await self._keeper.finish()
            if self.exporter is not None:
                await self.exporter.finish()
            if self._server is not None:
                await self._server.close()
            for fd in self._lifeline:
                with contextlib.suppress(OSError):
                    os.close(fd)

    def kill(self) -> None:
        """End every replica at once."""
        for replica in self.replicas:
            replica.kill()

    def replica(self, name: str) -> Replica | None:
        """A replica by name."""
        return next((each for each in self.replicas if each.name == name), None)

    def announced(self, host: Announcement) -> None:
        """Check what hosts need of each other once all have said it."""
        self.needs[host.process] = host.needs
        if (replica := self.replica(host.replica)) is not None:
            replica.announced = True
        self._blocking[host.process] = host.blocking
        blocking = {module for modules in self._blocking.values() for module in modules}
        problems = need_problems(self._all_needs(), blocking, self._process_of())
        if problems:
            self._lost(replica, Fatal(2, str(ConfigurationError(problems))))

    def update(self) -> None:
        """Compute the routes anew from the replicas, and wake who waits for a change."""
        modules = {module: [endpoint] for module, endpoint in self.external.items()}
        down: dict[str, str] = {}
        for replica in self.replicas:
            for module in replica.process.modules:
                if module in replica.ready_parts and replica.state is not State.DRAINING:
                    endpoint = Endpoint(f"{replica.name}/{replica.generation}", replica.address)
                    modules.setdefault(module, []).append(endpoint)
                elif replica.state is State.FAILED:
                    down.setdefault(module, replica.detail)
        self.table.publish(modules, {m: why for m, why in down.items() if m not in modules})
        changed, self._change = self._change, asyncio.Event()
        changed.set()

    def missing(self) -> list[str]:
        """The gateway and the modules it needs that cannot be called now."""
        ready = {part for replica in self.replicas for part in replica.ready_parts}
        needed = closure(GATEWAY, self._all_needs())
        wanted = {GATEWAY} | needed if self.application.gateway else set(self.application.modules)
        return sorted(wanted - ready)

    def status(self) -> Status:
        """How the application runs."""
        return Status(
            application=self.application.name,
            topology=self.topology.name,
            strict=self.strict,
            pid=os.getpid(),
            url=self.url,
            admin_url=self.admin_url,
            replicas=[_status(replica) for replica in self.replicas],
            down=self.table.routes.down,
            totals=self.collector.totals(),
            began_s=self._began_s,
            processes=self.collector.processes(),
            lately=self.collector.lately(),
            evidence=self._keeper.health() if self._keeper is not None else None,
        )

    def _run(self, replica: Replica) -> None:
        task = asyncio.create_task(self._keep(replica), name=replica.name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _changed(self) -> None:
        change = asyncio.create_task(self._change.wait())
        stopping = asyncio.create_task(self.stopping.wait())
        await asyncio.wait([change, stopping], return_when=asyncio.FIRST_COMPLETED)
        change.cancel()
        stopping.cancel()

    async def _keep(self, replica: Replica) -> None:
        try:
            await replica.run()
        except Fatal as fatal:
            self._lost(replica, fatal)
        except OSError as error:
            self._lost(replica, Fatal(1, f"{replica.name} could not be started: {error}"))

    def _lost(self, replica: Replica | None, fatal: Fatal) -> None:
        """A replica cannot be run: that ends a run that has not served yet, or its gateway's."""
        if replica is None or replica.essential or not self._served:
            self._end(fatal)
            return
        say(fatal.text)
        replica.refuse(fatal.text.partition("\n")[0])

    def _end(self, fatal: Fatal) -> None:
        if self._fatal is None and not self.stopping.is_set():
            self._fatal = fatal
            say(fatal.text)
        self.request_stop()

    def _raise_fatal(self) -> None:
        if self._fatal is not None:
            raise self._fatal

    def _make_replicas(self) -> list[Replica]:
        assigner = Assigner()
        total = sum(process.replicas for process in self.topology.processes)
        return [
            Replica(
                self.application,
                process,
                index,
                self._spec_maker(assigner.cpus(process)),
                self.update,
                environment=assigner.environment(process),
                essential=GATEWAY in process.modules or total == 1,
                inherits_terminal=total == 1 and not self._embedded,
                waits=self._waits_for_others,
            )
            for process in self.topology.processes
            for index in range(process.replicas)
        ]

    def _spec_maker(self, cpus: tuple[int, ...]) -> _SpecMaker:
        alone = sum(p.replicas for p in self.topology.processes) == 1 and not self._embedded
        return _SpecMaker(self, cpus, alone, self._gateway, self._lifeline[0])

    def _waits_for_others(self, replica: Replica) -> bool:
        """Whether a starting replica has announced a need that no other has met yet."""
        known = {*self.table.routes.modules, *self.table.routes.down, *replica.process.modules}
        needs = self.needs.get(replica.process.name, ())
        return replica.announced and any(need.module not in known for need in needs)

    def _all_needs(self) -> list[Need]:
        return [need for needs in self.needs.values() for need in needs]

    def _process_of(self) -> dict[str, str]:
        return {part: p.name for p in self.topology.processes for part in p.modules}

    def _stop_order(self) -> list[str]:
        process = self.topology.process_of(GATEWAY)
        return stop_order(self._all_needs(), self._process_of(), process.name if process else "")


class _SpecMaker:
    """Makes the HostSpec of each new process of one replica."""

    def __init__(
        self,
        supervisor: Supervisor,
        cpus: tuple[int, ...],
        alone: bool,
        gateway: socket.socket | None,
        lifeline: int,
    ) -> None:
        self._supervisor, self._cpus, self._alone = supervisor, cpus, alone
        self._gateway, self._lifeline = gateway, lifeline

    def __call__(self, replica: Replica) -> HostSpec:
        """The spec; the socket has a new name each time, so a stale one is never met."""
        supervisor, application = self._supervisor, self._supervisor.application
        listens = f"unix:{supervisor.run_dir.socket(f'{replica.name}-{replica.generation}.sock')}"
        if application.transport == "tcp":
            listens = "tcp:127.0.0.1:0"
        serves_http = GATEWAY in replica.process.modules and self._gateway is not None
        return HostSpec(
            config=application.file,
            topology=supervisor.topology.name,
            process=replica.process.name,
            replica=replica.name,
            run_dir=str(supervisor.run_dir.path),
            supervisor=f"unix:{supervisor.run_dir.socket(SOCKET_NAME)}",
            token=supervisor.token,
            modules=replica.process.modules,
            listen="" if self._alone else listens,
            strict=supervisor.strict,
            gateway_fd=self._gateway.fileno() if serves_http and self._gateway else -1,
            lifeline_fd=self._lifeline,
            cpus=self._cpus,
        )


def _status(replica: Replica) -> ReplicaStatus:
    return ReplicaStatus(
        replica=replica.name,
        process=replica.process.name,
        modules=replica.process.modules,
        state=str(replica.state),
        pid=replica.pid,
        restarts=replica.restarts,
        rss_bytes=replica.rss_bytes,
        uptime_s=replica.uptime_s,
        detail=replica.detail,
    )
