"""What this machine offers, and which of it each replica gets."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from amoeba.topology import Machine

if TYPE_CHECKING:
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
    gpus = len(list(_NVIDIA.iterdir())) if _NVIDIA.is_dir() else 0
    return Machine(len(_available_cpus()), gpus, psutil.virtual_memory().total)


class Assigner:
    """Hands out CPUs in turn, and GPUs so that shares of one stay together."""

    def __init__(self) -> None:
        self._cpus = itertools.cycle(_available_cpus())
        self._next_gpu = 0.0

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
            variables["CUDA_VISIBLE_DEVICES"] = ",".join(map(str, self._gpus(process.gpus)))
        return variables | process.environment

    def _gpus(self, share: float) -> list[int]:
        if (share < 1 and self._next_gpu % 1 + share > 1) or (share >= 1 and self._next_gpu % 1):
            self._next_gpu = float(int(self._next_gpu) + 1)
        first = int(self._next_gpu)
        self._next_gpu += share
        return list(range(first, first + max(1, round(share))))


def _available_cpus() -> list[int]:
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))
