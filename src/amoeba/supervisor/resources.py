"""What this machine offers, and which of it each replica gets."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from amoeba.topology import GpuPacker, Machine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amoeba.topology import Process

_NVIDIA = Path("/proc/driver/nvidia/gpus")
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def this_machine() -> Machine:
    """CPUs this process may use, GPUs, and memory in bytes."""
    gpus = len(available_gpus(os.environ))
    return Machine(len(_available_cpus()), gpus, psutil.virtual_memory().total)


def available_gpus(environment: Mapping[str, str]) -> list[str]:
    """The GPUs this process may hand out: those it was given itself, else all there are."""
    given = environment.get("CUDA_VISIBLE_DEVICES")
    if given is not None:
        return [each.strip() for each in given.split(",") if each.strip() not in ("", "-1")]
    return [str(number) for number in range(len(list(_NVIDIA.glob("*"))))]


class Assigner:
    """Hands out CPUs in turn, and GPUs so that shares of one stay together."""

    def __init__(self) -> None:
        self._gpu_names = available_gpus(os.environ)
        self._cpus = itertools.cycle(_available_cpus())
        self._gpus = GpuPacker()

    def cpus(self, process: Process) -> tuple[int, ...]:
        """The CPUs of one replica; empty when it may use all."""
        if process.cpus is None:
            return ()
        return tuple(sorted({next(self._cpus) for _ in range(process.cpus)}))

    def environment(self, process: Process) -> dict[str, str]:
        """Variables that keep numeric libraries to the CPUs and GPUs of one replica."""
        variables: dict[str, str] = {}
        if process.cpus is not None:
            variables |= dict.fromkeys(_THREAD_VARIABLES, str(process.cpus))
        if process.gpus > 0:
            names = [self._gpu_names[number] for number in self._gpus.take(process.gpus)]
            variables["CUDA_VISIBLE_DEVICES"] = ",".join(names)
        return variables | process.environment


def _available_cpus() -> list[int]:
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))
