"""GPU memory and use of this process, by NVML, where there is a GPU and it uses it.

NVML is loaded only once CUDA is, which only a process that computes on a GPU does. It comes with
the extra `gpu`; without it, without a GPU, and whatever else fails, nothing is known.
"""

from __future__ import annotations

import importlib
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_DEVICE = Path("/dev/nvidiactl")
_MAPS = Path("/proc/self/maps")
_UNKNOWN = None, None


class GpuReader:
    """Reads what this process uses of GPUs; for one thread. The parameters are for tests."""

    def __init__(
        self,
        load: Callable[[], Any] = lambda: importlib.import_module("pynvml"),
        uses_gpu: Callable[[], bool] = lambda: _uses_gpu(),
    ) -> None:
        self._load, self._uses_gpu = load, uses_gpu
        self._nvml: Any = None
        self._failed = False
        self._devices: list[Any] = []
        self._since_us: dict[int, int] = {}

    def read(self) -> tuple[int | None, float | None]:
        """Bytes of this process on all GPUs, and the share of time, 0 to 1, in which its GPUs ran.

        The share is the process's own where the driver tells it, otherwise the whole device's; of
        several GPUs it is the mean. None for what is not known.
        """
        try:
            if not self._begin():
                return _UNKNOWN
            used = dict(self._used())
            if not used:
                return _UNKNOWN
            known = [size for size in used.values() if size is not None]
            busy = [self._busy(number) for number in used]
            return (sum(known) if known else None), sum(busy) / len(busy)
        except Exception:  # noqa: BLE001 - evidence must not cost the application anything
            return _UNKNOWN

    def _begin(self) -> bool:
        """Load NVML when it is needed; whether it is there."""
        if self._nvml is None and not self._failed and self._uses_gpu():
            self._failed = True  # until it has not
            nvml = self._load()
            nvml.nvmlInit()
            devices = range(nvml.nvmlDeviceGetCount())
            self._devices = [nvml.nvmlDeviceGetHandleByIndex(number) for number in devices]
            self._nvml, self._failed = nvml, False
        return self._nvml is not None

    def _used(self) -> list[tuple[int, int | None]]:
        """The devices that this process uses, and how many bytes of each."""
        pid, processes = os.getpid(), self._nvml.nvmlDeviceGetComputeRunningProcesses
        return [
            (number, each.usedGpuMemory)
            for number, device in enumerate(self._devices)
            for each in processes(device)
            if each.pid == pid
        ]

    def _busy(self, number: int) -> float:
        device, nvml = self._devices[number], self._nvml
        since = self._since_us.get(number, time.time_ns() // 1000 - 1_000_000)
        try:
            samples = nvml.nvmlDeviceGetProcessUtilization(device, since)
        except nvml.NVMLError:  # not told of processes, or of none since then
            return float(nvml.nvmlDeviceGetUtilizationRates(device).gpu) / 100
        self._since_us[number] = max((each.timeStamp for each in samples), default=since)
        own = [each.smUtil for each in samples if each.pid == os.getpid()]
        return sum(own) / len(own) / 100 if own else 0.0


def _uses_gpu() -> bool:
    """Whether this process has loaded CUDA, on a machine with a GPU."""
    with suppress(OSError):
        return _DEVICE.exists() and b"/libcuda.so" in _MAPS.read_bytes()
    return False
