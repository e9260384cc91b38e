"""The rows of what a team has to do and to pay: deployment, development, scaling, operations."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING

from amoeba.advisor.comparing.model import Group
from amoeba.advisor.comparing.rows import Line
from amoeba.topology import GATEWAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from amoeba.advisor.comparing.measured import Measured
    from amoeba.advisor.comparing.measuring import Round
    from amoeba.app.prices import Pricing
    from amoeba.topology import Process

HOURS_A_MONTH = 730.0
_MIB, _GIB = 1 << 20, 1 << 30


def deployment(measured: Measured) -> Group:
    """What is deployed, and how soon it serves."""
    return Group(
        "Deployment",
        [
            Line(
                "deployables",
                "",
                "less",
                "processes of the topology: what is built, released and rolled back by itself",
            ).counted(_topology(measured, lambda processes: len(processes))),
            Line(
                "from command to ready",
                "s",
                "less",
                "from `amoeba run` until every replica is ready",
            ).measured(_rounds(measured, lambda r: r.ready_s)),
        ],
    )


def development(measured: Measured) -> Group | None:
    """From an edit of a module to serving it; None without probes."""
    modules = list(measured.application.modules)
    if not measured.probes or not modules:
        return None

    def mean_took(name: str) -> list[float]:
        by_module = [measured.of_module(name, module, "restart") for module in modules]
        return [
            statistics.fmean(math.nan if p.took_s is None else p.took_s for p in probes)
            for probes in zip(*by_module, strict=True)
        ]

    def restarted(name: str) -> float:
        return statistics.fmean(len(measured.process_of(name, m).modules) for m in modules)

    return Group(
        "Development",
        [
            Line(
                "from an edited module to serving, mean",
                "s",
                "less",
                "`amoeba restart MODULE` under load; mean over the modules",
            ).measured({name: mean_took(name) for name in measured.names}),
            Line(
                "modules that restart for it, mean",
                "",
                "less",
                "modules, and the gateway, in the edited one's process, itself included",
            ).counted({name: restarted(name) for name in measured.names}),
        ],
    )


def scaling(measured: Measured, module: str) -> Group | None:
    """What doubling the busiest module's capacity takes; None when it is unknown."""
    if not module:
        return None
    processes = {name: measured.process_of(name, module) for name in measured.names}
    memory = {
        name: [_memory_of(each, processes[name]) for each in rounds]
        for name, rounds in measured.rounds.items()
    }
    prices = measured.application.prices
    priced = {
        name: [_price(prices, _cpus(process), each, _gpus(process)) for each in memory[name]]
        for name, process in processes.items()
    }
    return Group(
        f"Scaling: twice the capacity for {measured.titled}",
        [
            Line(
                f"share of {module} in the computing",
                "share",
                "",
                "CPU time of its calls, of that of all calls and requests, from those looked at",
            ).measured({name: measured.share(name, module) for name in measured.names}),
            Line(
                "modules that are replicated with it",
                "",
                "less",
                "the other modules, and the gateway, of its process: each copy has them too",
            ).counted(
                {name: float(len(p.modules) - 1) for name, p in processes.items()},
                lambda name: ", ".join(p for p in processes[name].modules if p != module),
            ),
            Line(
                "CPUs to add",
                "CPUs",
                "less",
                "as many copies of its process as there are, each with its `cpus`, otherwise one",
            ).counted({name: float(_cpus(p)) for name, p in processes.items()}),
            Line("GPUs to add", "GPUs", "less", "the same, of `gpus`").counted(
                {name: p.gpus * p.replicas for name, p in processes.items()}
            ),
            Line(
                "memory to add", "MiB", "less", "what its process takes after the load, all copies"
            ).measured({name: [b / _MIB for b in each] for name, each in memory.items()}),
            Line(
                "price of that",
                "money/month",
                "less",
                "CPUs, GPUs and memory to add, at the prices",
            ).measured(priced),
        ],
    )


def resources(measured: Measured) -> Group:
    """CPU and memory of the whole application, and what they cost."""
    prices = measured.application.prices
    gpus = {n: sum(_gpus(p) for p in measured.topology(n).processes) for n in measured.names}
    reserved = {n: sum(_cpus(p) for p in measured.topology(n).processes) for n in measured.names}

    def price(cpus: Callable[[str, Round], float]) -> dict[str, list[float]]:
        return {
            name: [
                _price(prices, cpus(name, each), each.usage.memory_bytes, gpus[name])
                for each in rounds
            ]
            for name, rounds in measured.rounds.items()
        }

    return Group(
        "Resources and price",
        [
            Line(
                "CPU time of a request",
                "ms",
                "less",
                "CPU time of all its processes while load was on, by requests: what it does in the "
                "background is in it",
            ).measured(_rounds(measured, lambda r: r.cpu_per_request_s * 1e3)),
            Line(
                "memory",
                "MiB",
                "less",
                "of all its processes after the load; what they share is counted once (PSS)",
            ).measured(_rounds(measured, lambda r: r.usage.memory_bytes / _MIB)),
            Line(
                "memory for a request per second",
                "MiB",
                "less",
                "that memory by the rate that was answered",
            ).measured(_rounds(measured, _memory_per_rate)),
            Line(
                "price of what it uses",
                "money/month",
                "less",
                "CPUs in use under this load, memory and GPUs, at the prices, all month",
            ).measured(price(lambda _, each: each.cpus_used)),
            Line(
                "price of what it reserves",
                "money/month",
                "less",
                "the same with the `cpus` of each replica, otherwise one, as containers are billed",
            ).measured(price(lambda name, _: reserved[name])),
        ],
    )


def debugging(measured: Measured) -> Group:
    """Where one request goes."""
    how = "mean over the traced requests, of routes weighted by their calls"
    return Group(
        "Debugging",
        [
            Line("processes that a request goes through", "", "less", how).measured(
                _rounds(measured, lambda r: r.shape.processes), why_not="no traces"
            ),
            Line("hops of a request", "", "less", f"calls to another process; {how}").measured(
                _rounds(measured, lambda r: r.shape.hops), why_not="no traces"
            ),
            Line("spans of a request", "", "", how).measured(
                _rounds(measured, lambda r: r.shape.spans), why_not="no traces"
            ),
        ],
    )


def technology(measured: Measured) -> Group:
    """How free each module is to choose."""
    return Group(
        "Technology",
        [
            Line(
                "Python environments in use", "", "", "different `python` of the processes"
            ).counted(_topology(measured, lambda ps: len({p.python or "" for p in ps}))),
            Line(
                "modules free to choose their own",
                "",
                "more",
                "modules that are alone in their process, and so may have an environment of their "
                "own without asking another",
            ).counted(_topology(measured, lambda ps: sum(map(_is_alone, ps)))),
        ],
    )


def operations(measured: Measured) -> Group:
    """What somebody has to watch."""
    how = "counted while it ran"
    return Group(
        "Operations",
        [
            Line("processes", "", "less", f"with the supervisor; {how}").measured(
                _rounds(measured, lambda r: r.usage.processes)
            ),
            Line("sockets between them", "", "less", f"Unix sockets; {how}").measured(
                _rounds(measured, lambda r: r.usage.sockets)
            ),
            Line("ports", "", "less", f"TCP ports that are listened on; {how}").measured(
                _rounds(measured, lambda r: r.usage.ports)
            ),
            Line(
                "certificates", "", "less", "none on one machine: sockets are private to the user"
            ).counted(_topology(measured, lambda _: 0)),
            Line(
                "scrape targets", "", "less", "the admin port has `/metrics` of all processes"
            ).counted(_topology(measured, lambda _: 1)),
        ],
    )


def _topology(measured: Measured, figure: Callable[[tuple[Process, ...]], int]) -> dict[str, float]:
    return {name: float(figure(measured.topology(name).processes)) for name in measured.names}


def _rounds(measured: Measured, figure: Callable[[Round], float]) -> dict[str, list[float]]:
    return {name: [figure(each) for each in rounds] for name, rounds in measured.rounds.items()}


def _memory_per_rate(each: Round) -> float:
    rate = each.report.overall.achieved_per_s
    return each.usage.memory_bytes / _MIB / rate if rate else math.nan


def _is_alone(process: Process) -> bool:
    """Whether a module, not the gateway, has a process to itself."""
    return len(process.modules) == 1 and GATEWAY not in process.modules


def _cpus(process: Process) -> int:
    return (process.cpus or 1) * process.replicas


def _gpus(process: Process) -> float:
    return process.gpus * process.replicas


def _memory_of(each: Round, process: Process) -> int:
    return each.usage.memory_by_process.get(process.name, 0)


def _price(prices: Pricing, cpus: float, memory_bytes: float, gpus: float) -> float:
    """For a month."""
    hour = (
        cpus * prices.cpu_hour
        + memory_bytes / _GIB * prices.memory_gib_hour
        + gpus * prices.gpu_hour
    )
    return hour * HOURS_A_MONTH
