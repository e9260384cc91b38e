"""`amoeba run` from the first check to the last process: what it takes, in order."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from amoeba.app import Application, locate
from amoeba.errors import ConfigurationError, Problem
from amoeba.supervisor.exporting import TraceExporter, make_exporter
from amoeba.supervisor.interpreters import interpreter_problems
from amoeba.supervisor.logs import say
from amoeba.supervisor.replicas import Fatal
from amoeba.supervisor.resources import this_machine
from amoeba.supervisor.rundir import RunDir, RunInfo, acquire
from amoeba.supervisor.supervisor import Supervisor
from amoeba.topology import Topology, topology_problems

if TYPE_CHECKING:
    from collections.abc import Callable

    from amoeba.supervisor.admin import Admin

_BACKLOG = 2048


class RunOptions(msgspec.Struct, frozen=True):
    """What the command line may change. None leaves what `amoeba.toml` says."""

    topology: str = ""
    host: str | None = None
    port: int | None = None
    admin_port: int | None = None
    strict: bool = False
    isolated: bool = False
    evidence: Path | None = None


def run(application: Application, options: RunOptions, banner: Callable[[Supervisor], None]) -> int:
    """Run the application until it is stopped; returns the exit code.

    Raises ConfigurationError or AlreadyRunning before anything is started.
    """
    if options.evidence is not None:
        kept = msgspec.structs.replace(application.evidence, file=str(options.evidence.absolute()))
        application = msgspec.structs.replace(application, evidence=kept)
    topology = application.topology(options.topology)
    check_machine(application, topology)
    exporter = make_exporter(application, topology)
    run_dir = acquire(application, isolated=options.isolated)
    try:
        gateway, admin = _sockets(application, options)
        with gateway, admin:
            coroutine = _supervise(
                application, topology, options, run_dir, gateway, admin, banner, exporter
            )
            with asyncio.Runner() as runner:
                return runner.run(coroutine)
    finally:
        run_dir.close()


def check_machine(application: Application, topology: Topology) -> None:
    """Raise ConfigurationError when this machine lacks what a topology asks for."""
    problems = topology_problems(topology, application.states, this_machine())
    problems += interpreter_problems(application, topology)
    if problems:
        text = Path(application.file).read_text(encoding="utf-8")
        raise ConfigurationError(locate(problems, text, application.file))


async def _supervise(
    application: Application,
    topology: Topology,
    options: RunOptions,
    run_dir: RunDir,
    gateway: socket.socket,
    admin_socket: socket.socket,
    banner: Callable[[Supervisor], None],
    exporter: TraceExporter | None,
) -> int:
    supervisor = Supervisor(
        application,
        topology,
        run_dir,
        strict=options.strict,
        gateway=gateway,
        url=_url(gateway) if application.gateway else "",
        admin_url=_url(admin_socket),
        exporter=exporter,
    )
    _handle_signals(supervisor)
    info = RunInfo(
        pid=os.getpid(),
        application=application.name,
        topology=topology.name,
        token=supervisor.token,
        url=supervisor.url,
        admin_url=supervisor.admin_url,
    )
    run_dir.write(info)
    admin = None
    try:
        await supervisor.start()
        admin = _start_admin(supervisor, admin_socket)
        try:
            await supervisor.ready()
        except Fatal as fatal:
            return fatal.code
        if not supervisor.stopping.is_set():
            banner(supervisor)
        return await supervisor.wait()
    finally:
        await supervisor.stop()
        if admin is not None:
            await admin.stop()


def _start_admin(supervisor: Supervisor, sock: socket.socket) -> Admin:
    from amoeba.supervisor.admin import Admin

    admin = Admin(supervisor, sock)
    admin.start()
    return admin


def _handle_signals(supervisor: Supervisor) -> None:
    """Stop on the first SIGINT or SIGTERM; kill on the second."""

    def stop() -> None:
        if supervisor.stopping.is_set():
            say("stopping at once")
            supervisor.kill()
        supervisor.request_stop()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)


def _sockets(application: Application, options: RunOptions) -> tuple[socket.socket, socket.socket]:
    http = application.http
    free = options.isolated
    port = options.port if options.port is not None else (0 if free else http.port)
    admin_port = (
        options.admin_port if options.admin_port is not None else (0 if free else http.admin_port)
    )
    gateway = _bind(options.host or http.host, port, "--port")
    try:
        return gateway, _bind(http.admin_host, admin_port, "--admin-port")
    except BaseException:
        gateway.close()
        raise


def _bind(host: str, port: int, option: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(_BACKLOG)
    except OSError as error:
        sock.close()
        hint = f"choose another port with {option}, or run beside with --isolated"
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            option, hint = "--host", "choose an address of this machine, such as 127.0.0.1"
        what = f"cannot listen on {host}:{port}: {error.strerror or error}"
        problem = Problem(what=what, where=option, hint=hint)
        raise ConfigurationError([problem]) from None
    sock.setblocking(False)
    return sock


def _url(sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}"
