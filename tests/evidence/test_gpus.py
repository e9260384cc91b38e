"""What a process uses of GPUs is read from NVML; wherever that fails, nothing is known."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

import pytest

from amoeba.evidence.gpus import GpuReader

GIB = 1 << 30


@dataclass
class Process:
    pid: int
    usedGpuMemory: int | None  # noqa: N815 - NVML's name


@dataclass
class Sample:
    pid: int
    smUtil: int  # noqa: N815 - NVML's name
    timeStamp: int = 1  # noqa: N815 - NVML's name


@dataclass
class Rates:
    gpu: int


@dataclass
class Device:
    processes: list[Process]
    samples: list[Sample] | None = None
    rate: int = 0
    asked_since: list[int] = field(default_factory=list)


class Nvml:
    """As much of `pynvml` as is used, over the given devices."""

    class NVMLError(Exception):
        pass

    def __init__(self, *devices: Device, works: bool = True) -> None:
        self.devices, self.works, self.begun = devices, works, 0

    def nvmlInit(self) -> None:  # noqa: N802 - NVML's name
        self.begun += 1
        if not self.works:
            raise self.NVMLError

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802 - NVML's name
        return len(self.devices)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> Device:  # noqa: N802 - NVML's name
        return self.devices[index]

    def nvmlDeviceGetComputeRunningProcesses(self, device: Device) -> list[Process]:  # noqa: N802 - NVML's name
        return device.processes

    def nvmlDeviceGetProcessUtilization(self, device: Device, since: int) -> list[Sample]:  # noqa: N802 - NVML's name
        device.asked_since.append(since)
        if device.samples is None:
            raise self.NVMLError
        return device.samples

    def nvmlDeviceGetUtilizationRates(self, device: Device) -> Rates:  # noqa: N802 - NVML's name
        return Rates(device.rate)


def read(*devices: Device) -> tuple[int | None, float | None]:
    return GpuReader(lambda: Nvml(*devices), lambda: True).read()


ME = os.getpid()
OTHER = ME + 1


def test_memory_and_use_are_those_of_this_process():
    device = Device(
        [Process(OTHER, 5 * GIB), Process(ME, 2 * GIB)],
        [Sample(ME, 20), Sample(ME, 40), Sample(OTHER, 90)],
    )
    assert read(device) == (2 * GIB, 0.3)


def test_memory_of_several_gpus_adds_up_and_their_use_is_the_mean():
    one = Device([Process(ME, GIB)], [Sample(ME, 100)])
    two = Device([Process(ME, 3 * GIB)], [Sample(OTHER, 70)])
    anothers = Device([Process(OTHER, 9 * GIB)], [Sample(OTHER, 70)])
    assert read(one, two, anothers) == (4 * GIB, 0.5)


def test_where_use_is_not_told_by_process_it_is_the_devices():
    assert read(Device([Process(ME, None)], None, rate=60)) == (None, 0.6)


def test_a_use_is_asked_for_since_the_last_one():
    device = Device([Process(ME, GIB)], [Sample(ME, 10, 500), Sample(ME, 10, 700)])
    reader = GpuReader(lambda: Nvml(device), lambda: True)
    reader.read()
    reader.read()
    assert device.asked_since[1] == 700


def missing() -> Any:
    raise ImportError


@pytest.mark.parametrize(
    "load",
    [missing, lambda: Nvml(works=False), Nvml, lambda: Nvml(Device([Process(OTHER, GIB)]))],
    ids=["no extra", "no driver", "no device", "not ours"],
)
def test_otherwise_nothing_is_known(load):
    assert GpuReader(load, lambda: True).read() == (None, None)


def test_nvml_is_not_loaded_before_cuda_and_not_again_after_it_failed():
    nvml, cuda = Nvml(works=False), [False]
    reader = GpuReader(lambda: nvml, lambda: cuda[0])
    reader.read()
    assert nvml.begun == 0
    cuda[0] = True
    reader.read()
    reader.read()
    assert nvml.begun == 1


def test_a_process_without_cuda_knows_nothing_of_gpus():
    assert GpuReader(missing).read() == (None, None)


def test_the_real_nvml_knows_nothing_of_a_process_that_computes_on_no_gpu():
    assert GpuReader(uses_gpu=lambda: True).read() == (None, None)
