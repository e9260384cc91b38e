"""Metrics of replicas: whether they serve, and what their processes use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.core import SummaryMetricFamily

from amoeba.supervisor.metrics.families import (
    LAG_BOUNDS_S,
    add_durations,
    counter,
    gauge,
    histogram,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prometheus_client import Metric

    from amoeba.evidence import ProcessTotals
    from amoeba.runtime import ReplicaStatus

_REPLICA = ("process", "replica")
_MODULE = (*_REPLICA, "module")
_Used = list[tuple[list[str], "ProcessTotals"]]


def replica_metrics(
    replicas: list[ReplicaStatus], processes: Mapping[str, ProcessTotals]
) -> Iterator[Metric]:
    """All families of replicas."""
    used = [
        (_labels(each), processes[each.replica]) for each in replicas if each.replica in processes
    ]
    living = [
        (_labels(each), processes[each.replica])
        for each in replicas
        if each.replica in processes and each.pid
    ]
    yield from _states(replicas)
    yield from _cpu(used)
    yield from _pauses(used)
    yield from _moment(living)


def _states(replicas: list[ReplicaStatus]) -> Iterator[Metric]:
    ready = gauge("amoeba_replica_ready", "1 when calls are served, else 0", _REPLICA)
    memory = gauge("amoeba_replica_memory_bytes", "Resident memory of the process", _REPLICA)
    restarts = counter("amoeba_replica_restarts", "Times it was started again", _REPLICA)
    for each in replicas:
        labels = _labels(each)
        ready.add_metric(labels, float(each.state == "ready"))
        memory.add_metric(labels, each.rss_bytes)
        restarts.add_metric(labels, each.restarts)
    yield from (ready, memory, restarts)


def _cpu(used: _Used) -> Iterator[Metric]:
    cpu = counter("amoeba_replica_cpu_seconds", "CPU time of all its threads", _REPLICA)
    modules = counter(
        "amoeba_module_cpu_seconds",
        "CPU time in the code of a module; `other` is nobody's",
        _MODULE,
    )
    started = counter(
        "amoeba_replica_start_seconds", "From start until its modules were ready", _REPLICA
    )
    for labels, totals in used:
        cpu.add_metric(labels, totals.cpu_ns / 1e9)
        started.add_metric(labels, totals.start_ns / 1e9)
        for module, cpu_ns in totals.cpu_by_module.items():
            modules.add_metric([*labels, module], cpu_ns / 1e9)
    yield from (cpu, modules, started)


def _pauses(used: _Used) -> Iterator[Metric]:
    collected = SummaryMetricFamily(
        "amoeba_replica_gc_pause_seconds", "Garbage collections", labels=_REPLICA
    )
    lag = histogram("amoeba_replica_loop_lag_seconds", "How late its event loop woke up", _REPLICA)
    blocked = counter(
        "amoeba_module_blocked_loop_seconds",
        "How long a module kept the event loop from running, where it was caught",
        _MODULE,
    )
    for labels, totals in used:
        collected.add_metric(labels, totals.gc_pauses, totals.gc_pause_ns / 1e9)
        add_durations(lag, labels, totals.loop_lag, LAG_BOUNDS_S)
        for module, blocked_ns in totals.blocked_by.items():
            blocked.add_metric([*labels, module], blocked_ns / 1e9)
    yield from (collected, lag, blocked)


def _moment(living: _Used) -> Iterator[Metric]:
    begun = gauge(
        "amoeba_replica_memory_at_start_bytes",
        "Resident memory once its modules were ready",
        _REPLICA,
    )
    descriptors = gauge("amoeba_replica_open_descriptors", "Open file descriptors", _REPLICA)
    gpu = gauge("amoeba_replica_gpu_memory_bytes", "GPU memory of the process", _REPLICA)
    busy = gauge("amoeba_replica_gpu_busy_ratio", "Share of time its GPU ran, 0 to 1", _REPLICA)
    for labels, totals in living:
        begun.add_metric(labels, totals.rss_at_start_bytes)
        descriptors.add_metric(labels, totals.descriptors)
        if totals.gpu_bytes is not None:
            gpu.add_metric(labels, totals.gpu_bytes)
        if totals.gpu_busy is not None:
            busy.add_metric(labels, totals.gpu_busy)
    yield from (begun, descriptors, gpu, busy)


def _labels(replica: ReplicaStatus) -> list[str]:
    return [replica.process, replica.replica]
