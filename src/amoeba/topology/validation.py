"""Whether a topology can run: the modules it names, their state, and this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from amoeba.errors import Problem, did_you_mean
from amoeba.topology.gpus import GpuPacker
from amoeba.topology.model import GATEWAY, MAIN, Process, Topology

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Machine(msgspec.Struct, frozen=True):
    """What one host offers."""

    cpus: int
    gpus: int
    memory_bytes: int


def topology_problems(
    topology: Topology, states: Mapping[str, str], machine: Machine | None = None
) -> list[Problem]:
    """What keeps a topology, as written, from running.

    `states` maps each part to `none`, `exclusive` or `keyed`; without `machine` its resources
    are not looked at.
    """
    problems = list(_placement(topology, states))
    complete = {each.name: each for each in topology.complete(tuple(states)).processes}
    for process in topology.processes:
        where = f"topologies.{topology.name}.processes.{process.name}"
        problems += _process(process, where)
        problems += _exclusive(complete.get(process.name, process), where, states)
        if machine is not None:
            problems += _resources(process, where, machine)
    if machine is not None:
        problems += _gpus(topology, machine)
    return problems


def _placement(topology: Topology, states: Mapping[str, str]) -> Iterator[Problem]:
    placed: dict[str, str] = {}
    for process in topology.processes:
        where = f"topologies.{topology.name}.processes.{process.name}.modules"
        for module in process.modules:
            if module == GATEWAY and module not in states:
                yield Problem(
                    what="there is no gateway to place",
                    where=where,
                    expected='gateway = "package.module:app" in [app]',
                )
            elif module not in states:
                yield Problem(
                    what=f"unknown module {module!r}",
                    where=where,
                    expected="a name under [modules], or 'gateway'",
                    hint=did_you_mean(module, states),
                )
            elif module in placed:
                here, there = placed[module] == process.name, placed[module]
                what = "is named twice" if here else f"is placed twice: here and in {there!r}"
                one = "the" if here else "one"
                hint = f"to run several copies, set `replicas` of {one} process"
                yield Problem(what=f"module {module!r} {what}", where=where, hint=hint)
            placed.setdefault(module, process.name)


def _process(process: Process, where: str) -> Iterator[Problem]:
    if not process.modules and process.name != MAIN:
        yield Problem(
            what=f"process {process.name!r} has no modules",
            where=where,
            expected='modules = ["…"]',
            path=(*where.split("."), "modules"),
        )
    if process.replicas < 1:
        yield Problem(
            what=f"replicas = {process.replicas}",
            where=f"{where}.replicas",
            expected="1 or more",
        )


def _exclusive(process: Process, where: str, states: Mapping[str, str]) -> Iterator[Problem]:
    exclusive = [module for module in process.modules if states.get(module) == "exclusive"]
    if process.replicas > 1 and exclusive:
        yield Problem(
            what=f"{process.replicas} replicas of {exclusive[0]!r}, whose state is exclusive",
            where=f"{where}.replicas",
            expected="1: there must never be two copies of it",
            hint=f"move {exclusive[0]!r} to a process of its own"
            if len(process.modules) > 1
            else "",
        )


def _resources(process: Process, where: str, machine: Machine) -> Iterator[Problem]:
    if process.cpus is not None and process.cpus > machine.cpus:
        yield Problem(
            what=f"cpus = {process.cpus}, this machine has {machine.cpus}",
            where=f"{where}.cpus",
            expected=f"at most {machine.cpus}",
        )
    if process.memory_bytes is not None and process.memory_bytes > machine.memory_bytes:
        yield Problem(
            what=f"memory = {process.memory_bytes} bytes, this machine has {machine.memory_bytes}",
            where=f"{where}.memory",
            expected="no more than the machine has",
        )


def _gpus(topology: Topology, machine: Machine) -> Iterator[Problem]:
    asking = [process for process in topology.processes if process.gpus > 0]
    packer = GpuPacker()
    for process in asking:
        for _ in range(process.replicas):
            packer.take(process.gpus)
    if packer.used <= machine.gpus:
        return
    for process in asking:
        wanted = process.gpus * process.replicas
        have = "none" if machine.gpus == 0 else str(machine.gpus)
        yield Problem(
            what=f"GPUs asked for: {wanted:g}; on this machine: {have}",
            where=f"topologies.{topology.name}.processes.{process.name}.gpus",
            expected="no more GPUs, over all processes, than the machine has",
            hint="set gpus = 0, or run this topology where the GPUs are",
        )
