"""What a run uses, as the operating system counts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import psutil

from amoeba.advisor.comparing.starting import Running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amoeba.runtime import Status


class Usage(msgspec.Struct, frozen=True):
    """Of the moment, of the supervisor and everything below it.

    Memory is proportional: what several processes share is divided between them (PSS), so the sum
    is what the application takes; by replica it is with what the replica started. `cpu_s` only
    grows while no process ends. `sockets` are those of the run's own folder, `ports` TCP ports that
    are listened on.
    """

    cpu_s: float
    memory_bytes: int
    memory_by_process: dict[str, int]
    processes: int
    sockets: int
    ports: int


def cpu_seconds(pid: int) -> float:
    """CPU time of a process and what is below it."""
    return sum(_cpu(process) for process in _family(pid))


def usage(running: Running, status: Status) -> Usage:
    """What a run uses now; takes some milliseconds for each process."""
    memory = {process.pid: _memory(process) for process in _family(running.pid)}
    by_process: dict[str, int] = {}
    for replica in status.replicas:
        own = sum(memory.get(process.pid, 0) for process in _family(replica.pid))
        by_process[replica.process] = by_process.get(replica.process, 0) + own
    return Usage(
        cpu_s=cpu_seconds(running.pid),
        memory_bytes=sum(memory.values()),
        memory_by_process=by_process,
        processes=len(memory),
        sockets=sum(1 for each in running.folder.glob("*.sock")),
        ports=len({port for process in _family(running.pid) for port in _ports(process)}),
    )


def _family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def _cpu(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)  # not everywhere: only Linux has it
    except (psutil.Error, AttributeError):
        pass
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def _ports(process: psutil.Process) -> Iterator[int]:
    try:
        connections = process.net_connections("tcp")
    except psutil.Error:
        return
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN:
            yield connection.laddr.port
